package table

import (
	"testing"

	"winnow/robotics/sim"
	"winnow/robotics/sim/render"
)

// The expert's successes in 20 episodes, measured: all of them, with and without the noise of
// recordings.
func TestExpertsSucceed(t *testing.T) {
	for _, task := range Tasks() {
		e := open(t, task.Name, render.Options{})
		for _, x := range []*Expert{{}, NewExpert()} {
			seeds, won, steps, most := uint64(20), 0, 0, 0.0
			if testing.Short() {
				seeds = 2
			}
			for seed := range seeds {
				ok, n, err := sim.Episode(e, x, seed, 2, func(_ []float32, r sim.Result) error {
					most = max(most, r.Info["disturbed"])
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				steps += n
				if ok {
					won++
				} else {
					t.Logf("%s: seed %d (%s) fails", task.Name, seed, e.last.Instruction)
				}
			}
			t.Logf("%-13s noise %.2f: %d of %d, %d steps on average, other cubes moved %.0f mm at most", task.Name, x.Noise, won, seeds, steps/int(seeds), 1000*most)
			if won < int(seeds) {
				t.Errorf("%s with noise %.2f: %d of %d episodes succeed", task.Name, x.Noise, won, seeds)
			}
		}
	}
}

// Knocked off its plan at many moments, the expert still gets there: a gripper that opens on
// the way drops the cube, which is picked up again.
func TestExpertRecovers(t *testing.T) {
	e := open(t, "put-plate", render.Options{})
	x := &Expert{}
	dropped, won := 0, 0
	for seed := range uint64(10) {
		n := 0
		high := false
		ok, _, err := sim.Episode(e, jolted{x, &n}, seed, 0, func(_ []float32, r sim.Result) error {
			s := State(r.State)
			z := s.cube(s.goal().object)[2]
			high = high || z > 0.06
			if high && z < 0.03 && ground(s.cube(s.goal().object), vec{s.plate(0), s.plate(1)}) > 0.06 {
				dropped++
				high = false
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			won++
		}
	}
	if dropped < 5 || won < 9 {
		t.Errorf("the cube was dropped %d times, and %d of 10 episodes succeed", dropped, won)
	}
}

// jolted opens the fingers once, some steps after they have the cube.
type jolted struct {
	*Expert
	steps *int
}

func (j jolted) Act(o sim.Observation) []float32 {
	a := j.Expert.Act(o)
	if State(o.State).cube(State(o.State).goal().object)[2] > 0.07 {
		*j.steps++
		if *j.steps >= 2 && *j.steps < 6 {
			a[3] = -1
		}
	}
	return a
}
