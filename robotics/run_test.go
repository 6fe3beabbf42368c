package robotics

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/robotics/episode"
	"winnow/robotics/export"
)

var steps = [][]float32{{0.5, 0, 0, 0}, {0.25, 9, 0, 0}, {0.125, 0, 0, -3}}

// TestChunksAreCarriedOutOpenLoop: nobody looks before the last action of a chunk, and actions are cut
// to what the simulator takes.
func TestChunksAreCarriedOutOpenLoop(t *testing.T) {
	w, p := &world{goal: 1, max: 50}, &puppet{cameras: []string{"wrist", "front"}, chunk: steps}
	r, err := Run(t.Context(), w, p, Options{Episodes: 1, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	// 0.875 after three, 1.375 after four: the episode ends in the middle of the second chunk.
	if e := r.Episodes[0]; !e.Success || e.Steps != 4 || e.Reward != 1.375 || e.Seed != 7 || e.Instruction != "walk" {
		t.Errorf("the episode is %+v", e)
	}
	if len(p.seen) != 2 || p.seen[1].Proprio[0] != 0.875 || !slices.Equal(w.painted, []string{"wrist", "front", "wrist", "front"}) {
		t.Errorf("it looked %d times, at %v", len(p.seen), w.painted)
	}
	if w.sent[1][1] != 1 || w.sent[2][3] != -1 || steps[1][1] != 9 {
		t.Errorf("sent were %v", w.sent)
	}
	if got := p.seen[1].Pictures[0].RGBAAt(3, 3); got.R != 3+5 || got.A != 255 {
		t.Errorf("the wrist's pixel is %v", got)
	}
}

func TestEveryEpisodeHasItsSeedAndItsEnd(t *testing.T) {
	w, p := &world{goal: 10, max: 5}, &puppet{chunk: steps}
	var seen []int
	r, err := Run(t.Context(), w, p, Options{Episodes: 3, Seed: 40, Instruction: "run", Progress: func(done, _ int) { seen = append(seen, done) }})
	if err != nil || r.Successes() != 0 || r.Steps() != 15 || !slices.Equal(w.seeds, []uint64{40, 41, 42}) || !slices.Equal(p.told, []string{"run", "run", "run"}) {
		t.Errorf("%+v, %v, seeds %v, told %v", r, err, w.seeds, p.told)
	}
	if len(w.painted) != 0 {
		t.Errorf("nobody looks, and %v were painted", w.painted)
	}
	if len(seen) != 15 || seen[14] != 2 || p.seen[1].Instruction != "run" {
		t.Errorf("progress %v", seen)
	}
}

// TestErrorsNameEpisodeAndStep, and what was finished before stays in the report.
func TestErrorsNameEpisodeAndStep(t *testing.T) {
	nan := float32(math.NaN())
	for want, c := range map[string]struct {
		w *world
		p *puppet
	}{
		"fake walk, episode 1 (seed 5), step 1: number 2 (y) of action 2 of 2 is NaN, which no robot can follow": {&world{}, &puppet{chunk: [][]float32{{1, 0, 0, 0}, {0, nan, 0, 0}}}},
		"step 1: number 4 (gripper) of action 1 of 1 is +Inf":                                                    {&world{}, &puppet{chunk: [][]float32{{1, 0, 0, float32(math.Inf(1))}}}},
		"step 1: action 1 of 1 has 3 numbers, the robot takes 4 ([x y z gripper])":                               {&world{}, &puppet{chunk: [][]float32{{1, 0, 0}}}},
		"step 1: the actor gave no action":                                                                       {&world{}, &puppet{}},
		"step 1: there is no light":                                                                              {&world{blind: true}, &puppet{cameras: []string{"top"}}},
		"step 1: the camera top gave 431 bytes for a picture of 12 × 12 pixels":                                  {&world{pictured: 1}, &puppet{cameras: []string{"top"}}},
		`fake walk has no camera "left": choose from front, top, wrist`:                                          {&world{}, &puppet{cameras: []string{"left"}}},
	} {
		if _, err := Run(t.Context(), c.w, c.p, Options{Episodes: 1, Seed: 5}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	p := &puppet{chunk: [][]float32{{1, 0, 0, 0}}}
	p.before = func() {
		if len(p.seen) == 4 {
			p.chunk = [][]float32{{nan, 0, 0, 0}}
		}
	}
	r, err := Run(t.Context(), &world{goal: 2, max: 9}, p, Options{Episodes: 3})
	if err == nil || !strings.Contains(err.Error(), "episode 2 (seed 1), step 2: number 1 (x)") || len(r.Episodes) != 1 || !r.Episodes[0].Success {
		t.Errorf("%v, %+v", err, r)
	}
	if _, err := Run(t.Context(), &world{}, p, Options{}); err == nil || !strings.Contains(err.Error(), "at least 1") {
		t.Errorf("no episodes: %v", err)
	}
}

func TestCancelledBetweenTwoSteps(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, p := &world{goal: 100, max: 1000}, &puppet{chunk: steps}
	p.before = func() {
		if len(p.seen) == 3 {
			cancel()
		}
	}
	var recorded int
	r, err := Run(ctx, w, p, Options{Episodes: 2, Record: func(*episode.Episode) error { recorded++; return nil }})
	if !errors.Is(err, context.Canceled) || len(r.Episodes) != 0 || recorded != 0 || len(w.sent) != 7 {
		t.Errorf("%v, %d episodes, %d recorded, %d steps", err, len(r.Episodes), recorded, len(w.sent))
	}
}

// TestARecordingIsWhatWasSeenAndDone and can be exported.
func TestARecordingIsWhatWasSeenAndDone(t *testing.T) {
	thought := &Thought{MS: 2, FLOPs: 100, Kept: []int{8, 3}, Visual: 8}
	p := &puppet{cameras: []string{"wrist"}, chunk: steps, thought: thought}
	var all []*episode.Episode
	r, err := Run(t.Context(), &world{goal: 1, max: 50}, p, Options{Episodes: 2, Seed: 3, Cameras: []string{"front", "wrist"}, Model: "puppet", Method: "strings",
		Record: func(e *episode.Episode) error { all = append(all, e); return nil }})
	if err != nil || len(all) != 2 {
		t.Fatal(err, len(all))
	}
	e := all[1]
	if e.Suite != "fake" || e.Task != "walk" || e.Instruction != "walk" || e.Seed != 4 || e.FPS != 20 || e.Model != "puppet" || e.Method != "strings" || len(e.Steps) != 4 || !e.Success() {
		t.Errorf("the recording is %+v", e)
	}
	if len(e.Cameras) != 2 || e.Cameras[0].Name != "wrist" || e.Cameras[1].Width != 12 || episode.Names(e.State)[0] != "hand_x" || e.State[0].Unit != "m" || e.Action[3].Kind != episode.Gripper {
		t.Errorf("%+v %+v %+v", e.Cameras, e.State, e.Action)
	}
	s := e.Steps[3]
	if s.State[0] != 0.875 || s.Action[0] != 0.5 || s.Reward != 0.5 || !s.Success || s.Time != 0.15 || len(s.Chunk) != 3 || s.Pruning == nil || s.Pruning.Kept != 6 || s.Pruning.Total != 8 {
		t.Errorf("the last step is %+v", s)
	}
	if s := e.Steps[2]; s.Chunk != nil || s.Pruning != nil || s.Success || s.Action[3] != -1 {
		t.Errorf("nobody was asked in step 2: %+v", s)
	}
	img, err := s.Pictures[0].RGBA()
	if err != nil || img.RGBAAt(0, 0).R != 3+5 {
		t.Errorf("the picture is not of before the step: %v, %v", img.RGBAAt(0, 0), err)
	}
	if err := export.Write(t.Context(), export.LeRobotV3, t.TempDir()+"/data", export.Memory(all...), export.Options{}); err != nil {
		t.Error(err)
	}
	if thoughts := r.Thoughts(); len(thoughts) != 4 || thoughts[0].Result != nil {
		t.Errorf("thoughts %v", thoughts)
	}
}
