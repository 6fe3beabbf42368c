package export

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"

	"github.com/foxglove/mcap/go/mcap"

	"winnow/robotics/episode"
)

// mcapSink writes one MCAP file of ROS 2's profile: chunks compressed by zstd, with checksums and
// indexes, so that a player can seek. Several episodes follow each other with a second between;
// /task tells where one begins.
//
//	/task                        std_msgs/String                 at step 0: the instruction
//	/observation/state           std_msgs/Float64MultiArray      where there is a state
//	/joint_states                sensor_msgs/JointState          those of it that are rad or m
//	/camera/NAME/compressed      sensor_msgs/CompressedImage
//	/policy/action               JointTrajectory of one point, TwistStamped or Float64MultiArray
//	/policy/gripper              std_msgs/Float64                beside a TwistStamped
//	/policy/chunk                JointTrajectory or Float64MultiArray [K×A], where it was predicted
//	/policy/action_dense, /policy/gripper_dense                  where the dense policy ran too
//	/reward, /success            std_msgs/Float64, std_msgs/Bool
//	/sparsity/stats              winnow_msgs/SparsityStats       at each call of the policy
//	/sparsity/kept_mask          sensor_msgs/Image, mono8        one pixel a patch, 255 for kept
//
// Metadata "dimensions" states names, units, frames and kinds; metadata and a JSON attachment for
// each episode hold the rest.
type mcapSink struct {
	f        *os.File
	buffer   *bufio.Writer
	w        *mcap.Writer
	channels map[string]uint16 // by topic
	schemas  map[string]uint16 // by message
	sequence map[uint16]uint32
	episodes int
	next     int64 // ns, where the next episode may begin
}

func openMCAP(p *pending, _ Options) (sink, error) {
	f, err := reopen(p.tmp)
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriterSize(f, 1<<20)
	w, err := mcap.NewWriter(buffer, &mcap.WriterOptions{
		Chunked: true, ChunkSize: 4 << 20, Compression: mcap.CompressionZSTD, IncludeCRC: true,
	})
	if err == nil {
		err = w.WriteHeader(&mcap.Header{Profile: "ros2", Library: "winnow"})
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &mcapSink{f: f, buffer: buffer, w: w, channels: map[string]uint16{},
		schemas: map[string]uint16{}, sequence: map[uint16]uint32{}}, nil
}

// channel makes a topic known on its first use.
func (s *mcapSink) channel(topic, message string) (uint16, error) {
	if id, ok := s.channels[topic]; ok {
		return id, nil
	}
	schema, ok := s.schemas[message]
	if !ok {
		text, err := definition(message)
		if err != nil {
			return 0, err
		}
		schema = uint16(len(s.schemas) + 1) // 0 means "no schema"
		pkg, name, _ := bytes.Cut([]byte(message), []byte("/"))
		if err := s.w.WriteSchema(&mcap.Schema{
			ID: schema, Name: fmt.Sprintf("%s/msg/%s", pkg, name), Encoding: "ros2msg", Data: []byte(text),
		}); err != nil {
			return 0, err
		}
		s.schemas[message] = schema
	}
	id := uint16(len(s.channels))
	s.channels[topic] = id
	return id, s.w.WriteChannel(&mcap.Channel{
		ID: id, SchemaID: schema, Topic: topic, MessageEncoding: "cdr",
		Metadata: map[string]string{"offered_qos_profiles": ""},
	})
}

func (s *mcapSink) send(ns int64, topic, message string, data []byte) error {
	id, err := s.channel(topic, message)
	if err != nil {
		return err
	}
	s.sequence[id]++
	return s.w.WriteMessage(&mcap.Message{
		ChannelID: id, Sequence: s.sequence[id] - 1, LogTime: uint64(ns), PublishTime: uint64(ns), Data: data,
	})
}

// start is the time of the episode's step 0 in ns since 1970: its wall clock where it has one that
// does not overlap with the episode before.
func (s *mcapSink) start(e *episode.Episode) int64 {
	if !e.Started.IsZero() {
		if ns := e.Started.UnixNano(); ns >= s.next {
			return ns
		}
	}
	return s.next
}

func (s *mcapSink) add(e *episode.Episode, report func(int) error) error {
	start := s.start(e)
	last := start + nanoseconds(e.Steps[len(e.Steps)-1].Time)
	// A stamp of ROS 2 has 31 bits of seconds.
	if last/1e9 > math.MaxInt32 {
		return fmt.Errorf("episode %d ends at second %d, and a ROS 2 stamp reaches only to %d; record it with an earlier start", s.episodes, last/1e9, math.MaxInt32)
	}
	if s.episodes == 0 {
		if err := s.dimensions(e); err != nil {
			return err
		}
	}
	if err := s.about(e, start); err != nil {
		return err
	}
	for i := range e.Steps {
		if err := s.step(start+nanoseconds(e.Steps[i].Time), e, i); err != nil {
			return err
		}
		if err := report(i + 1); err != nil {
			return err
		}
	}
	s.episodes++
	s.next = last + 1e9
	return nil
}

func nanoseconds(seconds float64) int64 { return int64(math.Round(seconds * 1e9)) }

// dimensions states what the numbers mean: keys "action.0", "state.0" … and "camera.0" hold JSON.
func (s *mcapSink) dimensions(e *episode.Episode) error {
	m := map[string]string{"fps": strconv.Itoa(e.FPS), "robot": e.Robot}
	put := func(key string, v any) error {
		b, err := json.Marshal(v)
		m[key] = string(b)
		return err
	}
	for i, d := range e.Action {
		if err := put(fmt.Sprintf("action.%d", i), d); err != nil {
			return err
		}
	}
	for i, d := range e.State {
		if err := put(fmt.Sprintf("state.%d", i), d); err != nil {
			return err
		}
	}
	for i, c := range e.Cameras {
		if err := put(fmt.Sprintf("camera.%d", i), c); err != nil {
			return err
		}
	}
	return s.w.WriteMetadata(&mcap.Metadata{Name: "dimensions", Metadata: m})
}

// about writes the episode's metadata, and its JSON lines as an attachment.
func (s *mcapSink) about(e *episode.Episode, start int64) error {
	name := fmt.Sprintf("episode_%06d", s.episodes)
	if err := s.w.WriteMetadata(&mcap.Metadata{Name: name, Metadata: map[string]string{
		"suite": e.Suite, "task": e.Task, "instruction": e.Instruction, "model": e.Model, "method": e.Method,
		"keep_ratio": strconv.FormatFloat(e.Keep, 'g', -1, 64), "seed": strconv.FormatInt(e.Seed, 10),
		"steps": strconv.Itoa(len(e.Steps)), "success": strconv.FormatBool(e.Success()),
		"start_ns": strconv.FormatInt(start, 10),
	}}); err != nil {
		return err
	}
	var trace bytes.Buffer
	if err := writeJSONL(&trace, s.episodes, e, false, func(int) error { return nil }); err != nil {
		return err
	}
	return s.w.WriteAttachment(&mcap.Attachment{
		LogTime: uint64(start), CreateTime: uint64(start), Name: name + ".jsonl",
		MediaType: "application/jsonl", DataSize: uint64(trace.Len()), Data: &trace,
	})
}

func (s *mcapSink) finish() error {
	if err := s.w.Close(); err != nil {
		return err
	}
	if err := s.buffer.Flush(); err != nil {
		return err
	}
	return s.f.Close()
}

func (s *mcapSink) close() { s.f.Close() }
