package recording

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foxglove/mcap/go/mcap"
	"github.com/parquet-go/parquet-go"

	"winnow/internal/trace"
	"winnow/robotics/episode"
	"winnow/robotics/export"
)

// shot is a grey picture of 16 × 12 pixels.
func shot(t *testing.T, grey uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 16, 12))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	img.Set(3, 3, color.Gray{255 - grey})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// acted is a run of two episodes of 5 and 3 steps, asked at every other step, painted at steps 1, 3 …;
// a third one has not moved yet.
func acted(t *testing.T) *trace.State {
	t.Helper()
	s := &trace.State{}
	s.Apply(trace.Started{Request: trace.Request{Model: "robot-cogvla", Act: &trace.Act{Suite: "table", Task: "push", Episodes: 3}}})
	s.Apply(trace.Acting{Suite: "table", Task: "push", Help: "push a cube", Robot: "gantry", ControlHz: 20, MaxSteps: 200,
		Action: []string{"x", "gripper"}, ActionUnits: []string{"1", "1"}, Proprio: []string{"hand x", "gripper"}, ProprioUnits: []string{"m", "1"},
		Cameras: []string{"front", "wrist"},
		Sides:   []trace.Player{{Side: trace.Pruned, Model: "CogVLA", Method: "cogvla", Layers: 2, Rows: 2, Cols: 2, Visual: 2, Chunk: 2}, {Side: trace.Dense, Model: "dense"}}})
	for k, n := range []int{5, 3, 0} {
		s.Apply(trace.EpisodeStarted{Episode: k, Seed: uint64(7 + k), Instruction: "push the red cube"})
		for i := range n {
			if i%2 == 0 {
				told := "push the red cube"
				if k == 1 && i == 2 {
					told = "push the blue cube"
				}
				chunk := []trace.Floats{{float32(i) / 8, 1}, {float32(i+1) / 8, 1}}
				s.Apply(trace.Thought{Side: trace.Pruned, Episode: k, Step: i, Instruction: told, Actions: chunk, MS: 3, FLOPs: 100,
					Layers: []trace.Routed{{}, {Skipped: []int{0, 3}, Probability: trace.Floats{0, 1, 1, 0}}}})
				s.Apply(trace.Thought{Side: trace.Dense, Episode: k, Step: i, Actions: []trace.Floats{{0.5, -1}}, MS: 6, FLOPs: 300})
			}
			m := trace.Moved{Episode: k, Step: i, Time: float64(i) / 20, Proprio: trace.Floats{float32(k), 1}, Action: trace.Floats{float32(i) / 8, 1}, Reward: 0.25, Success: i == 4}
			if i%2 == 1 {
				m.Views = [][]byte{shot(t, uint8(40*i)), shot(t, 200)}
			}
			s.Apply(m)
		}
		if n > 0 {
			s.Apply(trace.EpisodeDone{Episode: k, Steps: n, Success: n == 5})
		}
	}
	return s
}

func TestEpisodeSaysWhatTheTraceSays(t *testing.T) {
	s := acted(t)
	if got := Recorded(s); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("recorded %v", got)
	}
	if got := Repeated(s); got != 5 {
		t.Errorf("%d steps without pictures of their own", got)
	}
	e, err := Episode(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
	if e.Instruction != "push the red cube; from step 2: push the blue cube" || e.FPS != 20 || e.Seed != 8 || e.Robot != "gantry" || e.Model != "CogVLA" || e.Method != "cogvla" {
		t.Errorf("the episode is %+v", e)
	}
	want := []episode.Dim{{Name: "hand_x", Unit: "m", Frame: "world", Kind: episode.Translation}, {Name: "gripper", Unit: "1", Kind: episode.Gripper}}
	if !slices.Equal(e.State, want) || e.Action[0].Kind != episode.Translation {
		t.Errorf("numbers %+v, %+v", e.State, e.Action)
	}
	if want := []episode.Camera{{Name: "front", Width: 16, Height: 12}, {Name: "wrist", Width: 16, Height: 12}}; !slices.Equal(e.Cameras, want) {
		t.Errorf("cameras %+v", e.Cameras)
	}
	a, b, c := e.Steps[0], e.Steps[1], e.Steps[2]
	if !bytes.Equal(a.Pictures[0].Data, b.Pictures[0].Data) || !bytes.Equal(c.Pictures[0].Data, b.Pictures[0].Data) {
		t.Error("steps 0 and 2 do not have the pictures of step 1")
	}
	if len(c.Chunk) != 2 || c.Dense[0] != 0.5 || !reflect.DeepEqual(*c.Pruning, episode.Pruning{Kept: 3, Total: 4, MS: 3, FLOPs: 100}) {
		t.Errorf("asked at step 2: %v, %v, %+v", c.Chunk, c.Dense, c.Pruning)
	}
	if b.Chunk != nil || b.Dense != nil || b.Pruning != nil {
		t.Error("step 1, where nobody was asked, has an answer")
	}
}

// write exports a run and returns what lies at the path.
func write(t *testing.T, s *trace.State, f export.Format) string {
	t.Helper()
	from, err := Source(s)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run."+string(f))
	if err := export.Write(context.Background(), f, path, from, export.Options{}); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRunIsExportedToTables(t *testing.T) {
	s := acted(t)
	rows, err := csv.NewReader(bytes.NewReader(read(t, write(t, s, export.CSV)))).ReadAll()
	if err != nil || len(rows) != 1+5+3 || !slices.ContainsFunc(rows[0], func(c string) bool { return strings.Contains(c, "hand_x") }) {
		t.Errorf("CSV: %d lines, %v", len(rows), err)
	}
	lines := strings.Split(strings.TrimSpace(string(read(t, write(t, s, export.JSONL)))), "\n")
	var last struct {
		Type   string    `json:"type"`
		Step   int       `json:"step"`
		Action []float32 `json:"action"`
		Dense  []float32 `json:"dense_action"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != 2+5+3 {
		t.Fatalf("JSONL: %d lines, %v", len(lines), err)
	}
	if last.Type != "step" || last.Step != 2 || last.Action[0] != 0.25 || last.Dense[0] != 0.5 {
		t.Errorf("JSONL: the last line is %+v", last)
	}
}

func TestRunIsExportedToMCAP(t *testing.T) {
	r, err := mcap.NewReader(bytes.NewReader(read(t, write(t, acted(t), export.MCAP))))
	if err != nil {
		t.Fatal(err)
	}
	it, err := r.Messages()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for {
		_, channel, _, err := it.NextInto(nil)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		count[channel.Topic]++
	}
	pictures := 0
	for topic, n := range count {
		if strings.Contains(topic, "front") || strings.Contains(topic, "wrist") {
			pictures += n
		}
	}
	if pictures < 2*8 {
		t.Errorf("topics %v", count)
	}
}

func TestRunIsExportedToLeRobot(t *testing.T) {
	type row struct {
		Action  []float32 `parquet:"action,list"`
		Episode int64     `parquet:"episode_index"`
		Success bool      `parquet:"next.success"`
		Kept    int64     `parquet:"pruning.kept"`
	}
	s := acted(t)
	v3, v21 := write(t, s, export.LeRobotV3), write(t, s, export.LeRobotV21)
	for _, c := range []struct {
		path string
		want int
	}{{filepath.Join(v3, "data", "chunk-000", "file-000.parquet"), 8}, {filepath.Join(v21, "data", "chunk-000", "episode_000000.parquet"), 5}} {
		rows, err := parquet.ReadFile[row](c.path)
		if err != nil || len(rows) != c.want {
			t.Fatalf("%s: %d rows, %v", c.path, len(rows), err)
		}
		if r := rows[4]; r.Action[0] != 0.5 || r.Episode != 0 || !r.Success || r.Kept != 3 {
			t.Errorf("%s: step 4 is %+v", c.path, r)
		}
	}
	var info struct {
		Episodes int                        `json:"total_episodes"`
		Features map[string]json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(read(t, filepath.Join(v3, "meta", "info.json")), &info); err != nil || info.Episodes != 2 || info.Features["observation.images.wrist"] == nil {
		t.Errorf("info.json: %+v, %v", info, err)
	}
}

func TestWhatCannotBeIsASentence(t *testing.T) {
	if _, err := Source(&trace.State{}); err == nil || !strings.Contains(err.Error(), "no step yet") {
		t.Errorf("without a run: %v", err)
	}
	for says, spoil := range map[string]func(*trace.State){
		"cannot be read":        func(s *trace.State) { s.Episodes[0].Moves[3].Views[0] = []byte("no picture") },
		"control steps":         func(s *trace.State) { s.Acting.ControlHz = -1 },
		"must rise":             func(s *trace.State) { s.Episodes[1].Moves[2].Time = 0 },
		"has 1 numbers":         func(s *trace.State) { s.Episodes[0].Moves[0].Action = trace.Floats{1} },
		"are both named":        func(s *trace.State) { s.Acting.Action = []string{"x", "x"} },
		"no dimensions":         func(s *trace.State) { s.Acting.Action = nil },
		"has 1 pictures":        func(s *trace.State) { s.Episodes[0].Moves[1].Views = s.Episodes[0].Moves[1].Views[:1] },
		"its cameras are":       func(s *trace.State) { s.Episodes[1].Moves[1].Views = nil },
		"has no instruction":    func(s *trace.State) { s.Acting.Help, s.Episodes[0].Instruction, s.Episodes[0].Thoughts = "", " ", nil },
		"two cameras are named": func(s *trace.State) { s.Acting.Cameras = []string{"a b", "a.b"} },
	} {
		s := acted(t)
		spoil(s)
		path := filepath.Join(t.TempDir(), "run.csv")
		from, err := Source(s)
		if err == nil {
			err = export.Write(context.Background(), export.CSV, path, from, export.Options{})
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: something was written", says)
		}
	}
}

func TestNamesBecomeIdentifiers(t *testing.T) {
	for name, want := range map[string]string{"gripperPOV": "gripperPOV", "top view": "top_view", "2": "camera2", "": "camera", "_x": "camera_x"} {
		if got := identifier(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]episode.Kind{"hand x": episode.Translation, "gripper": episode.Gripper, "panda_joint1": episode.Joint, "d yaw": episode.Rotation, " ": episode.Other, "torque": episode.Other} {
		if got := kind(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
