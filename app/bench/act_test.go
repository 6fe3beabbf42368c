package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/robotics"
	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

// hall is a task without physics that is fulfilled in the second step of an even seed's episode.
type hall struct {
	sim.Env
	task  sim.Task
	seed  uint64
	steps int
}

func (h *hall) Task() sim.Task { return h.task }
func (h *hall) Reset(seed uint64) (sim.Observation, error) {
	h.seed, h.steps = seed, 0
	return sim.Observation{Instruction: "go", Proprio: make([]float64, 4)}, nil
}
func (h *hall) Step([]float32) (sim.Result, error) {
	h.steps++
	return sim.Result{Success: h.seed%2 == 0 && h.steps == 2, Truncated: h.steps == 3, Observation: sim.Observation{Proprio: make([]float64, 4)}}, nil
}
func (h *hall) Size() (int, int)                       { return 2, 2 }
func (h *hall) Picture(string, []byte) ([]byte, error) { return make([]byte, 12), nil }
func (h *hall) Simulation() *mujoco.Data               { return nil }
func (h *hall) Close()                                 {}

// fakePlayer takes ms for a call, which gives so many actions, at least one.
type fakePlayer struct {
	ms      float64
	order   *[]float64
	closed  bool
	fail    error
	actions int
}

func (f *fakePlayer) stage(_ context.Context, t sim.Task) (sim.Env, robotics.Actor, error) {
	return &hall{task: t}, f, nil
}
func (f *fakePlayer) close()                     { f.closed = true }
func (f *fakePlayer) Cameras() []string          { return nil }
func (f *fakePlayer) Begin(string, uint64) error { return nil }
func (f *fakePlayer) Act(context.Context, robotics.Seen) (robotics.Chunk, error) {
	*f.order = append(*f.order, f.ms)
	return robotics.Chunk{Actions: slices.Repeat([][]float32{{0, 0, 0, 0}}, max(f.actions, 1)), Thought: &robotics.Thought{MS: f.ms, FLOPs: int64(1000 * f.ms), Kept: []int{4, int(f.ms)}, Visual: 4}}, f.fail
}

// TestActingIsComparedByTurns: success by suite, medians, and the one ratio that there can be.
func TestActingIsComparedByTurns(t *testing.T) {
	var order []float64
	players := map[string]*fakePlayer{"dense": {ms: 4, order: &order}, "cogvla": {ms: 2, order: &order}}
	var done int
	o := ActOptions{Policies: []ActPolicy{{"dense", "d"}, {"cogvla", "c"}}, Tasks: []string{"push", "reach-v3"}, Episodes: 3, Rounds: 4,
		Progress: func(n, of int) { done = n*100 + of },
		open:     func(p ActPolicy, _ string, _ int) (player, error) { return players[p.Name], nil }}
	r, err := RunAct(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := order[2:10]; len(order) < 10 || got[0] != 4 || got[1] != 2 || got[2] != 2 || got[3] != 4 {
		t.Errorf("the calls were %v", got)
	}
	d, c := r.Policies[0], r.Policies[1]
	// metaworld has both tasks, the table push alone: two of three seeds each.
	if math.Abs(d.Success["metaworld"]-2./3) > 1e-9 || math.Abs(d.Success["table"]-2./3) > 1e-9 || len(d.Tasks["metaworld"]) != 2 || len(d.Tasks["table"]) != 1 {
		t.Errorf("%+v", d)
	}
	if low := d.Success95["table"][0]; math.Abs(low-0.2077) > 1e-3 || c.LatencyMS != 2 || c.FLOPs != 2000 || c.KeptByLayer[1] != 2 {
		t.Errorf("%v, %+v", low, c)
	}
	if r.Ratios.Dense == nil || *r.Ratios.Dense != 2 || r.Ratios.Autoregressive != nil || done != 1818 {
		t.Errorf("%+v, progress %d", r.Ratios, done)
	}
	if !players["dense"].closed || !players["cogvla"].closed {
		t.Error("a policy stays open")
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil || !strings.Contains(out.String(), "cogvla over dense: 2.00") || !strings.Contains(out.String(), "66.7 % (20.8 to 93.9)") {
		t.Errorf("%v\n%s", err, out.String())
	}
	data, err := json.Marshal(r)
	if err != nil || !bytes.Contains(data, []byte(`"ratios":{"cogvla_vs_autoregressive":null,"cogvla_vs_dense":2,"cogvla_vs_autoregressive_per_action":null}`)) {
		t.Errorf("%v %s", err, data)
	}
}

func TestActingThatCannotBe(t *testing.T) {
	two := []ActPolicy{{"dense", "d"}, {"cogvla", "c"}}
	for want, o := range map[string]ActOptions{
		"two policies are named dense":                  {Policies: []ActPolicy{{"dense", "a"}, {"dense", "b"}}},
		"give both, as NAME=DIR":                        {Policies: []ActPolicy{{"dense", ""}}},
		"give at least 1 of each":                       {Policies: two, Episodes: -1},
		`no suite is called "lab"`:                      {Policies: two, Suites: []string{"lab"}},
		`no task of metaworld or table is called "fly"`: {Policies: two, Tasks: []string{"push", "fly"}},
		"policy dense: cannot open the checkpoint's":    {Policies: two, open: func(ActPolicy, string, int) (player, error) { return nil, errors.New("cannot open the checkpoint's") }},
		"policy dense: out of memory": {Policies: two, open: func(ActPolicy, string, int) (player, error) {
			return &fakePlayer{order: new([]float64), fail: errors.New("out of memory")}, nil
		}},
	} {
		if r, err := RunAct(t.Context(), o); r != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := RunAct(ctx, ActOptions{Policies: two, open: func(ActPolicy, string, int) (player, error) { return &fakePlayer{order: new([]float64)}, nil }}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestAnAutoregressivePolicyIsCompared by the call and by the action: it gives one a call.
func TestAnAutoregressivePolicyIsCompared(t *testing.T) {
	var order []float64
	players := map[string]*fakePlayer{"autoregressive": {ms: 6, order: &order}, "cogvla": {ms: 2, order: &order, actions: 3}}
	r, err := RunAct(t.Context(), ActOptions{Policies: []ActPolicy{{"autoregressive", "a"}, {"cogvla", "c"}}, Suites: []string{"table"}, Tasks: []string{"push"}, Episodes: 1, Rounds: 2,
		open: func(p ActPolicy, _ string, _ int) (player, error) { return players[p.Name], nil }})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if want := `"ratios":{"cogvla_vs_autoregressive":3,"cogvla_vs_dense":null,"cogvla_vs_autoregressive_per_action":9}`; err != nil || !bytes.Contains(data, []byte(want)) {
		t.Errorf("%v %s, want %s", err, data, want)
	}
	if a, c := r.Policies[0], r.Policies[1]; a.LatencyMS != 6 || a.ActionsPerCall != 1 || a.LatencyPerAction != 6 || c.LatencyMS != 2 || c.ActionsPerCall != 3 || math.Abs(c.LatencyPerAction-2./3) > 1e-9 {
		t.Errorf("%+v, %+v", a, c)
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil || !strings.Contains(out.String(), "cogvla over autoregressive: 3.00") || !strings.Contains(out.String(), "9.00") || strings.Contains(out.String(), "over dense") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestRealPoliciesAreCompared: checkpoints of noise, one that says tokens and one that gives chunks, in
// the simulator; and names that promise another kind are refused.
func TestRealPoliciesAreCompared(t *testing.T) {
	robots := filepath.Join("..", "..", "robotics")
	tokens, chunks := filepath.Join(robots, "policy", "testdata", "autoregressive"), filepath.Join(robots, "testdata", "tiny")
	for want, p := range map[string]ActPolicy{"name it autoregressive": {"cogvla", tokens}, "so it is not autoregressive": {"autoregressive", chunks}} {
		if _, err := openPlayer(p, "ref", 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	r, err := RunAct(t.Context(), ActOptions{Policies: []ActPolicy{{"cogvla", chunks}, {"autoregressive", tokens}}, Suites: []string{"table"}, Tasks: []string{"press-button"}, Episodes: 1, Rounds: 3, Device: "ref", Threads: 1})
	if err != nil {
		for _, missing := range []string{"winnow native install", "cannot be painted here"} {
			if strings.Contains(err.Error(), missing) {
				t.Skip(err)
			}
		}
		t.Fatal(err)
	}
	c, a := r.Policies[0], r.Policies[1]
	if a.ActionsPerCall != 1 || c.ActionsPerCall != 4 || a.LatencyMS <= 0 || a.FLOPs <= 0 || !slices.Equal(a.KeptByLayer, []int{8, 8}) || c.KeptByLayer[1] != c.Visual/2 {
		t.Errorf("%+v, %+v", c, a)
	}
	if r.Ratios.Autoregressive == nil || !(*r.Ratios.PerAction > 3**r.Ratios.Autoregressive) {
		t.Errorf("%+v", r.Ratios)
	}
}
