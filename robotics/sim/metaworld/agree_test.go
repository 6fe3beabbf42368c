package metaworld

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"testing"

	"winnow/internal/native"
	"winnow/robotics/sim"
	"winnow/robotics/sim/render"
)

// rollout is what testdata/record.py has written.
type rollout struct {
	Task    string      `json:"task"`
	Noise   float64     `json:"noise"`
	Rand    []float64   `json:"rand"`
	Reset   []float64   `json:"reset"`
	Goal    []float64   `json:"goal"`
	Actions [][]float32 `json:"actions"`
	Experts [][]float32 `json:"experts"`
	States  [][]float64 `json:"states"`
	Rewards []float64   `json:"rewards"`
	Info    [][]float64 `json:"info"`
}

func rollouts(t *testing.T) (out []rollout) {
	t.Helper()
	f, err := os.Open("testdata/rollouts.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t testing.TB, name string) *Env {
	t.Helper()
	if found, err := native.FindMuJoCo(); err != nil || found.Assets == "" {
		t.Skip("the simulator or its scenes are not installed: ", err)
	}
	e, err := Open(name, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// worst keeps the largest difference and where it is.
type worst struct {
	diff float64
	step int
	at   int
}

func (w *worst) see(step int, got, want []float64) {
	for i := range want {
		if d := math.Abs(got[i] - want[i]); d > w.diff || math.IsNaN(d) {
			*w = worst{d, step, i}
		}
	}
}

// Every step of the Python package's rollouts: observation, reward, success, measures, and the
// expert's action from the same observation.
//
// Rewards may differ in the seventh digit: Python computes some of them in 32 bits.
func TestRolloutsAgreeWithPython(t *testing.T) {
	const states, rewards = 1e-9, 5e-6
	all := rollouts(t)
	if len(all) != 20 {
		t.Fatalf("%d rollouts, not 20", len(all))
	}
	for _, r := range all {
		e := open(t, r.Task)
		expert, err := NewExpert(r.Task)
		if err != nil {
			t.Fatal(err)
		}
		obs, err := e.begin(r.Rand)
		if err != nil {
			t.Fatal(err)
		}
		var state, reward, action, info worst
		state.see(-1, obs.State, r.Reset)
		before := obs.State[:18]
		for i, a := range r.Actions {
			mine := expert.Act(obs)
			for k := range mine {
				action.see(i, []float64{float64(mine[k])}, []float64{float64(r.Experts[i][k])})
			}
			got, err := e.Step(a)
			if err != nil {
				t.Fatal(err)
			}
			obs = got.Observation
			want := append(append(append([]float64{}, r.States[i]...), before...), r.Goal...)
			if i == 0 {
				// The first stacked observation is that of the reset.
				copy(want[18:36], r.Reset[:18])
				for k := range 3 {
					want[18+k] = min(max(want[18+k], seenLow[k]), seenHigh[k])
				}
			}
			state.see(i, obs.State, want)
			before = r.States[i]
			reward.see(i, []float64{got.Reward}, r.Rewards[i:i+1])
			m := got.Info
			info.see(i, []float64{number(got.Success), m["near_object"], m["grasp_success"], m["grasp_reward"], m["in_place_reward"], m["obj_to_target"]}, r.Info[i])
		}
		t.Logf("%-21s noise %.1f, %3d steps: state %.1e, reward %.1e, expert %.1e, info %.1e", r.Task, r.Noise, len(r.Actions), state.diff, reward.diff, action.diff, info.diff)
		if !(state.diff < states) {
			t.Errorf("%s: number %d of the observation differs by %v in step %d", r.Task, state.at, state.diff, state.step)
		}
		if !(reward.diff < rewards) || !(info.diff < rewards) {
			t.Errorf("%s: the reward differs by %v in step %d, measure %d by %v in step %d", r.Task, reward.diff, reward.step, info.at, info.diff, info.step)
		}
		if !(action.diff < 1e-6) {
			t.Errorf("%s: the expert's action differs by %v in step %d", r.Task, action.diff, action.step)
		}
	}
}

// rates are the expert's successes in 20 episodes. The Python package's experts, run on the
// same random numbers, fail in the same six and two episodes and need the same steps in the
// others.
var rates = map[string]int{"reach": 20, "push": 20, "pick-place": 20, "door-open": 18, "drawer-open": 20, "drawer-close": 20,
	"button-press-topdown": 20, "peg-insert-side": 14, "window-open": 20, "window-close": 20}

func TestExpertsSucceed(t *testing.T) {
	for _, task := range Tasks() {
		e := open(t, task.Name)
		expert, err := NewExpert(task.Name)
		if err != nil {
			t.Fatal(err)
		}
		seeds, won, steps := uint64(20), 0, 0
		if testing.Short() {
			seeds = 2
		}
		for seed := range seeds {
			ok, n, err := sim.Episode(e, expert, seed, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			steps += n
			if ok {
				won++
			}
		}
		t.Logf("%-21s %d of %d, %d steps on average", task.Name, won, seeds, steps/int(seeds))
		if won*20 < rates[task.Name]*int(seeds) {
			t.Errorf("%s: %d of %d episodes succeed, %d of 20 did before", task.Name, won, seeds, rates[task.Name])
		}
	}
}
