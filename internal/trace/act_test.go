package trace

import (
	"reflect"
	"testing"
)

// acted is an episode of three steps: the acting policy is asked at steps 0 and 2, the dense one at
// the first.
func acted() []Event {
	look := Look{Camera: 0, Encoder: 1, Vectors: 2, Share: []byte{255, 0, 0, 0, 0, 0, 0, 51}, Peak: 0.5}
	return []Event{
		Started{Schema: Schema, Request: Request{Model: "cogvla", Act: &Act{Suite: "table", Task: "push", Episodes: 1, Beside: []string{"dense"}, View: 64}}},
		Model{Name: "CogVLA", Layers: 2},
		Acting{Suite: "table", Task: "push", Help: "push the cube", Action: []string{"x", "gripper"}, Proprio: []string{"hand x"}, ControlHz: 20, MaxSteps: 90,
			Cameras: []string{"front"}, Sides: []Player{{Side: Pruned, Model: "CogVLA", Layers: 2, Rows: 2, Cols: 2, Visual: 2, Aggregates: true, Chunk: 2},
				{Side: Dense, Model: "dense", Layers: 2, Rows: 2, Cols: 2, Visual: 4, Chunk: 2}}},
		EpisodeStarted{Episode: 0, Seed: 5, Instruction: "push the red cube"},
		Thought{Side: Pruned, Instruction: "push the red cube", Actions: []Floats{{0.5, 1}, {0.25, 0}}, Gate: Floats{0.75, 0.25}, Looks: []Look{look},
			Layers: []Routed{{}, {Skipped: []int{1}, Probability: Floats{0.75, 0.25}, Rule: "half"}}, Text: 9, Slots: 5, MS: 2, FLOPs: 100},
		Thought{Side: Dense, Actions: []Floats{{0.5, 1}, {0.25, 0}}, MS: 4, FLOPs: 300, Bidirectional: true},
		Moved{Step: 0, Proprio: Floats{0.5}, Action: Floats{0.5, 1}, Reward: 0.5, Views: [][]byte{{1}}, MS: 9},
		Moved{Step: 1, Time: 0.0625, Proprio: Floats{0.5}, Action: Floats{0.25, 0}},
		Thought{Side: Pruned, Step: 2, Actions: []Floats{{0, 0}, {0, 0}}},
		Moved{Step: 2, Time: 0.125, Proprio: Floats{0.75}, Action: Floats{0, 0}, Success: true},
		EpisodeDone{Seed: 5, Steps: 3, Success: true, Reward: 0.5, Views: [][]byte{{2}}},
		Acted{Episodes: 1, Successes: 1, Low: 0.25, High: 1},
		Ended{MS: 30},
	}
}

func TestStateOfActing(t *testing.T) {
	s := Fold(acted())
	if len(s.Episodes) != 1 || s.Acted == nil || s.Acting.Player(Dense).Visual != 4 || s.Acting.Player("gone") != nil {
		t.Fatalf("%+v", s)
	}
	e := s.Episodes[0]
	if len(e.Moves) != 3 || e.Done == nil || !e.Done.Success {
		t.Errorf("the episode is %+v", e)
	}
	if a, b := e.ThoughtAt(Pruned, 1), e.ThoughtAt(Pruned, 2); a == nil || a.Step != 0 || b == nil || b.Step != 2 || e.ThoughtAt(Pruned, -1) != nil {
		t.Errorf("thoughts %+v, %+v", a, b)
	}
	if v, end := e.ViewsAt(1), e.ViewsAt(2); len(v) != 1 || v[0][0] != 1 || len(end) != 1 || end[0][0] != 2 {
		t.Errorf("views %v, at the end %v", v, end)
	}
	h := e.ThoughtAt(Pruned, 0)
	if got := h.Kept(2); !reflect.DeepEqual(got, []int{2, 1}) {
		t.Errorf("kept %v", got)
	}
	l := h.Look(0, 1)
	if got := l.Map(1); !reflect.DeepEqual(got, []float32{0, 0, 0, 0.1}) {
		t.Errorf("the second vector looks at %v", got)
	}
	if got := l.Map(-1); !reflect.DeepEqual(got, []float32{0.25, 0, 0, 0.05}) {
		t.Errorf("the mean is %v", got)
	}
	if h.Look(1, 1) != nil || l.Map(2) != nil || (Look{Vectors: 3, Share: make([]byte, 4)}).Map(0) != nil {
		t.Error("there is a map of what was not looked at")
	}
}

func TestActingContinues(t *testing.T) {
	half := acted()[:8]
	s := Fold(append(half, Ended{Cancelled: true}))
	snap := s.Snapshot()
	r := s.Request
	act := *r.Act
	act.Continue, act.Instruction = true, "push the blue cube"
	r.Act = &act
	s.Apply(Started{Schema: Schema, Request: r})
	if !s.Running || s.Cancelled || len(s.Episodes) != 1 {
		t.Fatalf("%+v", s)
	}
	s.Apply(Moved{Step: 2})
	s.Apply(Moved{Step: 7}) // out of turn
	if got, was := len(s.Episodes[0].Moves), len(snap.Episodes[0].Moves); got != 3 || was != 2 {
		t.Errorf("%d steps, the snapshot has %d", got, was)
	}
	other := act
	other.Seed++
	r.Act = &other
	s.Apply(Started{Schema: Schema, Request: r})
	if len(s.Episodes) != 0 {
		t.Error("another seed is another episode")
	}
}

func TestAHostileActing(t *testing.T) {
	s := Fold([]Event{Started{Schema: Schema}, Acting{Sides: []Player{{Rows: 1 << 40, Cols: 1 << 40, Visual: -1}}}, Moved{Episode: 3}, EpisodeStarted{Episode: 2}, EpisodeStarted{Episode: -1},
		Thought{Episode: -1}, EpisodeDone{Episode: 1}})
	if len(s.Episodes) != 0 || len(s.Notices) != 1 || s.Acting.Sides[0].Rows != 0 {
		t.Errorf("%+v", s)
	}
}
