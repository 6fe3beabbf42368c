package robotics

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/native"
	"winnow/pruning"
	"winnow/pruning/cogvla"
	"winnow/robotics/episode"
	"winnow/robotics/policy"
)

// simulator skips a test where there is none.
func simulator(t *testing.T) {
	t.Helper()
	if _, err := native.FindMuJoCo(); err != nil {
		t.Skip(err)
	}
}

// halves is the schedule that the checkpoint names.
var halves = &cogvla.CogVLA{Schedule: "interleave", Average: 0.5, Max: 1, Span: 32}

var folder = filepath.Join("testdata", "tiny")

// TestANetworkActs in a world without physics: with cogvla half of the rows skip the routed layers,
// which costs less, and the actions are others.
func TestANetworkActs(t *testing.T) {
	b, err := OpenBrain(Folder(folder), "ref", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	w := &world{goal: 1e9, max: 6}
	var asked []int
	run := func(method pruning.Method) (*Report, [][]float32) {
		t.Helper()
		n, err := NewNetwork(t.Context(), b.Policy, w.Task(), NetworkOptions{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		w.sent = nil
		var rec *episode.Episode
		asked = nil
		r, err := Run(t.Context(), w, n, Options{Episodes: 1, Record: func(e *episode.Episode) error { rec = e; return nil },
			Watch: func(m Moment) {
				if m.Asked != nil {
					asked = append(asked, m.Step)
					if x := m.Asked.Thought.Result; len(x.Gate) != 2 || len(x.Layers) != 4 || len(m.Pictures) != 2 {
						t.Errorf("what is watched is %+v", m)
					}
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
		if len(rec.Steps[4].Chunk) != 4 || rec.Steps[3].Chunk != nil || rec.Cameras[0].Name != "front" || rec.Cameras[1].Name != "wrist" {
			t.Errorf("the recording is %+v", rec.Steps[4])
		}
		return r, w.sent
	}
	dense, plainly := run(nil)
	routed, routedly := run(halves)
	if k := dense.Kept(); !slices.Equal(k, []float64{8, 8, 8, 8}) {
		t.Errorf("dense keeps %v", k)
	}
	if k := routed.Kept(); !slices.Equal(k, []float64{8, 4, 8, 4}) {
		t.Errorf("cogvla keeps %v", k)
	}
	a, _ := dense.FLOPs()
	c, _ := routed.FLOPs()
	if !(c < a && c > 0) || len(dense.Thoughts()) != 2 || !slices.Equal(asked, []int{0, 4}) || dense.Thoughts()[0].MS <= 0 {
		t.Errorf("%v and %v FLOPs, %d calls", a, c, len(dense.Thoughts()))
	}
	if slices.EqualFunc(plainly, routedly, slices.Equal) {
		t.Error("what is skipped does not matter")
	}
	if len(plainly) != 6 {
		t.Errorf("%d actions", len(plainly))
	}
}

// TestJobsInTheSimulator: the expert and a checkpoint act on the table.
func TestJobsInTheSimulator(t *testing.T) {
	simulator(t)
	s, err := Job{Suite: "table", Task: "press-button", Policy: Expert}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := Run(t.Context(), s.Env, s.Actor, Options{Episodes: 4})
	if err != nil || r.Successes() != 4 || len(r.Thoughts()) != 0 {
		t.Errorf("the expert: %+v, %v", r, err)
	}
	job := Job{Suite: "table", Task: "press-button", Policy: folder, Method: func(policy.Config) (pruning.Method, error) { return halves, nil }, Device: "ref", Threads: 1}
	b, err := job.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var recorded int
	r, err = Run(t.Context(), b.Env, b.Actor, Options{Episodes: 1, Record: func(e *episode.Episode) error { recorded = len(e.Steps); return e.Validate() }})
	if err != nil || r.Suite != "table" || recorded != r.Episodes[0].Steps || len(r.Thoughts()) != (recorded+3)/4 {
		t.Errorf("the policy: %+v, %v", r.Episodes, err)
	}
	if ms, ok := r.Latency(); !ok || ms <= 0 {
		t.Errorf("latency %v", ms)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(cancelled, b.Env, b.Actor, Options{Episodes: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestStatisticsAreTheSuites where there are several, and the suite's name finds its own.
func TestStatisticsAreTheSuites(t *testing.T) {
	b, err := OpenBrain(Folder(folder), "ref", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	task := (&world{}).Task()
	noise := b.Statistics["noise"]
	narrow := noise
	narrow.Action.Q01, narrow.Action.Q99 = make([]float64, 4), make([]float64, 4) // all actions 0
	act := func(o NetworkOptions) ([][]float32, error) {
		n, err := NewNetwork(t.Context(), b.Policy, task, o)
		if err != nil {
			return nil, err
		}
		w := &world{goal: 1e9, max: 1}
		_, err = Run(t.Context(), w, n, Options{Episodes: 1})
		return w.sent, err
	}
	b.Statistics = map[string]policy.Statistics{"noise": noise, "fake": narrow}
	still, err := act(NetworkOptions{})
	if err != nil || math.Abs(float64(still[0][0])) > 1e-6 {
		t.Errorf("by the suite's statistics: %v, %v", still, err)
	}
	moving, err := act(NetworkOptions{DataSet: "noise"})
	if err != nil || math.Abs(float64(moving[0][0])) < 1e-6 {
		t.Errorf("by those of noise: %v, %v", moving, err)
	}
	b.Statistics = map[string]policy.Statistics{"noise": noise, "other": noise}
	if _, err := act(NetworkOptions{}); err == nil || !strings.Contains(err.Error(), "tried on black pictures: there are no statistics") {
		t.Errorf("got %v", err)
	}
}

func TestJobsThatCannotBe(t *testing.T) {
	if _, err := (Job{Suite: "table", Task: "fly", Policy: Expert}).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "choose from pick-colour") {
		t.Errorf("got %v", err)
	}
	b, err := OpenBrain(Folder(folder), "ref", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for want, j := range map[string]Job{
		"looks at pictures of 12 × 12 pixels, not 96":  {Suite: "table", Task: "push", Size: 96},
		`there are no statistics of data set "libero"`: {Suite: "table", Task: "push", DataSet: "libero"},
		"no such method": {Suite: "table", Task: "push", Method: func(policy.Config) (pruning.Method, error) { return nil, errors.New("no such method") }},
		"looks through 2 cameras, and 1 were chosen for table push": {Suite: "table", Task: "push", Cameras: []string{"top"}},
	} {
		if _, err := j.With(t.Context(), b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	simulator(t)
	if _, err := (Job{Suite: "table", Task: "push", Policy: t.TempDir(), Device: "ref"}).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("an empty folder: %v", err)
	}
}
