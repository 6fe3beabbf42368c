package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/foxglove/mcap/go/mcap"

	"winnow/robotics/episode"
)

type sent struct {
	schema string
	ns     uint64
	fields map[string]any
}

// messages reads a file back: every message decoded by its schema, by topic.
func messages(t *testing.T, b []byte) (map[string][]sent, *mcap.Reader) {
	t.Helper()
	r, err := mcap.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if h := r.Header(); h.Profile != "ros2" {
		t.Errorf("the profile is %q", h.Profile)
	}
	// File order, not that of the index: times must rise in the file itself.
	it, err := r.Messages(mcap.UsingIndex(false))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]sent{}
	last := uint64(0)
	for {
		schema, channel, message, err := it.NextInto(nil)
		if errors.Is(err, io.EOF) {
			return out, r
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := channel.Metadata["offered_qos_profiles"]; !ok || channel.MessageEncoding != "cdr" || schema.Encoding != "ros2msg" {
			t.Fatalf("channel %+v with schema %s in %s is not of the ROS 2 profile", channel, schema.Name, schema.Encoding)
		}
		fields, err := decode(string(schema.Data), message.Data)
		if err != nil {
			t.Fatalf("%s: %v", channel.Topic, err)
		}
		if message.LogTime < last {
			t.Fatalf("%s goes back in time", channel.Topic)
		}
		last = message.LogTime
		if int(message.Sequence) != len(out[channel.Topic]) {
			t.Errorf("message %d of %s has the sequence number %d", len(out[channel.Topic]), channel.Topic, message.Sequence)
		}
		out[channel.Topic] = append(out[channel.Topic], sent{schema.Name, message.LogTime, fields})
	}
}

func TestMCAPOfJointPositions(t *testing.T) {
	got, r := messages(t, read(t, exported(t, MCAP, jointDims, Options{})))
	for topic, want := range map[string]struct {
		schema string
		n      int
	}{
		"/task":                    {"std_msgs/msg/String", 2},
		"/observation/state":       {"std_msgs/msg/Float64MultiArray", 8},
		"/joint_states":            {"sensor_msgs/msg/JointState", 8},
		"/camera/front/compressed": {"sensor_msgs/msg/CompressedImage", 8},
		"/camera/wrist/compressed": {"sensor_msgs/msg/CompressedImage", 8},
		"/policy/action":           {"trajectory_msgs/msg/JointTrajectory", 8},
		"/policy/action_dense":     {"trajectory_msgs/msg/JointTrajectory", 5},
		"/policy/chunk":            {"trajectory_msgs/msg/JointTrajectory", 5},
		"/reward":                  {"std_msgs/msg/Float64", 8},
		"/success":                 {"std_msgs/msg/Bool", 8},
		"/sparsity/stats":          {"winnow_msgs/msg/SparsityStats", 5},
		"/sparsity/kept_mask":      {"sensor_msgs/msg/Image", 5},
	} {
		if len(got[topic]) != want.n || got[topic][0].schema != want.schema {
			t.Errorf("%s has %d messages, want %d of %s", topic, len(got[topic]), want.n, want.schema)
		}
	}
	if len(got) != 12 {
		t.Errorf("%d topics, want 12", len(got))
	}
	// Step 1 of episode 1 is at 0.1 s of its own clock.
	js := got["/joint_states"][6]
	if js.ns != 1_700_000_100_100_000_000 {
		t.Errorf("step 1 of episode 1 is at %d", js.ns)
	}
	if s := fmt.Sprint(js.fields); s != "map[effort:[] header:map[frame_id: stamp:map[nanosec:100000000 sec:1700000100]] name:[panda_joint1 panda_joint2 panda_finger] position:[-1.125 -1.140625 -1.15625] velocity:[]]" {
		t.Error(s)
	}
	points := got["/policy/chunk"][0].fields["points"].([]any)
	if s := fmt.Sprint(points[1]); s != "map[accelerations:[] effort:[] positions:[0.125 0.140625 0.15625] time_from_start:map[nanosec:100000000 sec:0] velocities:[]]" {
		t.Error(s)
	}
	image := got["/camera/front/compressed"][7].fields
	want := run(t, 1, 3, jointDims).Steps[2].Pictures[0].Data
	if s := fmt.Sprint(image["data"]); s != fmt.Sprint(want) || image["format"] != "png" {
		t.Error("the last picture differs")
	}
	if s := fmt.Sprint(got["/sparsity/stats"][0].fields); s != "map[flops:1e+09 header:map[frame_id: stamp:map[nanosec:0 sec:1700000000]] kept:3 ms:2.5 total:6]" {
		t.Error(s)
	}
	info, err := r.Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.Statistics.MessageCount != 78 || info.Statistics.ChunkCount == 0 || len(info.AttachmentIndexes) != 2 || len(info.MetadataIndexes) != 3 {
		t.Errorf("%+v, %d attachments, %d metadata", info.Statistics, len(info.AttachmentIndexes), len(info.MetadataIndexes))
	}
	metadata, err := r.GetMetadata(info.MetadataIndexes[0].Offset)
	if err != nil {
		t.Fatal(err)
	}
	var d episode.Dim
	if err := json.Unmarshal([]byte(metadata.Metadata["action.2"]), &d); err != nil || d != jointDims[2] || metadata.Name != "dimensions" {
		t.Errorf("the action's third dimension is told as %+v, %v", d, err)
	}
	a, err := r.GetAttachmentReader(info.AttachmentIndexes[1].Offset)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := io.ReadAll(a.Data())
	if err != nil || bytes.Count(trace, []byte("\n")) != 4 {
		t.Errorf("the attached trace has %d lines, %v", bytes.Count(trace, []byte("\n")), err)
	}
}

func TestMCAPOfAnEndEffector(t *testing.T) {
	got, _ := messages(t, read(t, exported(t, MCAP, deltaDims, Options{})))
	a := got["/policy/action"][1]
	if s := fmt.Sprintf("%v %v %v", a.schema, a.fields["twist"], a.fields["header"].(map[string]any)["frame_id"]); s != "geometry_msgs/msg/TwistStamped map[angular:map[x:0.171875 y:0.1875 z:0.203125] linear:map[x:0.125 y:0.140625 z:0.15625]] panda_link0" {
		t.Error(s)
	}
	if g := got["/policy/gripper"][1]; g.schema != "std_msgs/msg/Float64" || g.fields["data"] != 0.21875 {
		t.Errorf("the gripper's message is %+v", g)
	}
	c := got["/policy/chunk"][0]
	dims := c.fields["layout"].(map[string]any)["dim"].([]any)
	if s := fmt.Sprint(dims); s != "[map[label:step size:2 stride:14] map[label:dx [1], dy [1], dz [1], droll [1], dpitch [1], dyaw [1], grip [1] size:7 stride:7]]" || len(c.fields["data"].([]any)) != 14 {
		t.Error(s)
	}
}

// Episodes without a wall clock, and those whose clocks overlap, follow each other all the same.
func TestEpisodesInAnMCAPNeverOverlap(t *testing.T) {
	dir := t.TempDir()
	w, err := Begin(MCAP, dir+"/out.mcap", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k := range 3 {
		e := run(t, k, 3, jointDims)
		if k != 1 {
			e.Started = run(t, 0, 1, jointDims).Started
		}
		if k == 1 {
			e.Started = e.Started.AddDate(-3, 0, 0)
		}
		if err := w.Add(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	got, _ := messages(t, read(t, dir, "out.mcap")) // fails where times fall
	first := got["/task"][0].ns
	for k, s := range got["/task"] {
		if want := first + uint64(k)*1_200_000_000; s.ns != want {
			t.Errorf("episode %d begins at %d, want %d", k, s.ns, want)
		}
	}
}

func TestAnMCAPBeyondTheStampsReachIsRefused(t *testing.T) {
	e := run(t, 0, 2, jointDims)
	e.Started = e.Started.AddDate(100, 0, 0)
	dir := t.TempDir()
	if err := Write(t.Context(), MCAP, dir+"/out", Memory(e), Options{}); err == nil {
		t.Error("a stamp beyond 2038 was written")
	}
	if got := left(t, dir); len(got) > 0 {
		t.Errorf("left %v", got)
	}
}
