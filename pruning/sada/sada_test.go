package sada

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

var families = []pruning.SolverFamily{pruning.VariancePreserving, pruning.VarianceExploding, pruning.FlowMatching}

// TestNeutralSettingIsDense: with an empty range every step is full, and the states are the bits
// of a run without the method.
func TestNeutralSettingIsDense(t *testing.T) {
	for _, family := range families {
		for _, params := range []map[string]string{
			{"to": "0"}, {"from": "47", "to": "47"}, {"from": "60"}, {"to": "0", "tokens": "on", "max_fix": "0"},
			{"to": "10", "schedule": "fixed", "lagrange_step": "12"},
		} {
			d := toy(family, 50, 3, 3)
			c := run(t, params, d, 1, twoModes(d, 1))
			for i, p := range c.plans {
				if p.Action != pruning.RunStep || p.Store || p.Rows != nil || p.Clean != nil || p.Output != nil {
					t.Fatalf("%s %v: step %d decides %q, store %v", family, params, i, p.Action, p.Store)
				}
			}
			x, solve, network := start(d, 1), solverOf(d), twoModes(d, 1)
			for i := range d.Steps {
				_, x = solve(i, x, network(i, x), nil)
			}
			if !slices.Equal(x, c.states[d.Steps]) {
				t.Errorf("%s %v: the last state differs from the dense one", family, params)
			}
		}
	}
}

// TestSkipsStayInBounds: over families, lengths, settings and networks, skips and evaluations make
// up the run, no more follow each other than allowed, and the ends are evaluated.
func TestSkipsStayInBounds(t *testing.T) {
	actions := map[pruning.StepAction]int{}
	for _, family := range families {
		for _, steps := range []int{4, 7, 12, 20, 25, 50, 100} {
			for _, params := range []map[string]string{
				{}, {"lagrange_term": "0"}, {"max_interval": "1"}, {"max_interval": "7", "lagrange_int": "6"},
				{"from": "0", "to": "99"}, {"coefficients": "paper", "tokens": "on"}, {"from": "30", "lagrange_step": "16"},
			} {
				for seed, network := range []func(d pruning.Denoising) func(int, []float64) []float64{
					func(d pruning.Denoising) func(int, []float64) []float64 { return twoModes(d, 1) },
					func(pruning.Denoising) func(int, []float64) []float64 { return restless(1) },
					func(pruning.Denoising) func(int, []float64) []float64 { return restless(2) },
				} {
					d := toy(family, steps, 3, 3)
					m := made(t, params)
					c := run(t, params, d, uint64(seed), network(d))
					what := fmt.Sprintf("%s, %d steps, %v", family, steps, params)
					if len(c.skipped)+len(c.evaluated) != steps {
						t.Fatalf("%s: %d skips and %d evaluations", what, len(c.skipped), len(c.evaluated))
					}
					p := c.resolved[0]
					inARow := 0
					for i, did := range c.did {
						actions[did]++
						skip := did == pruning.SkipStep || did == pruning.Extrapolate
						if inARow++; !skip {
							inARow = 0
						}
						if inARow > m.MaxInterval {
							t.Fatalf("%s: %d skips in a row at step %d", what, inARow, i)
						}
						if skip && (i <= p.lo || i > p.hi || i == steps-1) {
							t.Fatalf("%s: step %d is skipped, accelerated are %d to %d", what, i, p.lo, p.hi-1)
						}
					}
				}
			}
		}
	}
	for _, a := range []pruning.StepAction{pruning.RunStep, pruning.RunTokens, pruning.SkipStep, pruning.Extrapolate} {
		if actions[a] == 0 {
			t.Errorf("no run had a step %q, so nothing was tested of it", a)
		}
	}
}

// TestPublishedPattern: 26 evaluations of 50 with Lagrange on a smooth problem, and from
// lagrange_step on the same pattern whatever the picture.
func TestPublishedPattern(t *testing.T) {
	for _, family := range families {
		d := toy(family, 50, 3, 3)
		grid := []int{25, 29, 33, 37, 41, 45, 48, 49}
		if family == pruning.FlowMatching {
			grid = []int{21, 25, 29, 33, 37, 41, 45, 48, 49}
		}
		for seed, network := range []func(int, []float64) []float64{twoModes(d, 1), twoModes(d, 2), restless(3)} {
			c := run(t, nil, d, uint64(seed), network)
			var late []int
			for _, i := range c.evaluated {
				if i >= grid[0] {
					late = append(late, i)
				}
			}
			if !slices.Equal(late, grid) {
				t.Errorf("%s: evaluates %v from lagrange_step on, want %v", family, late, grid)
			}
			if seed == 0 && family == pruning.VariancePreserving && len(c.evaluated) != 26 {
				t.Errorf("%d evaluations %v, want 26", len(c.evaluated), c.evaluated)
			}
		}
	}
}

// TestStaysNearDense: on exact denoisers the accelerated run ends where the dense one does.
func TestStaysNearDense(t *testing.T) {
	for _, family := range families {
		for _, params := range []map[string]string{{}, {"lagrange_term": "0"}, {"coefficients": "paper"}} {
			d := toy(family, 50, 8, 8)
			dense := run(t, map[string]string{"to": "0"}, d, 5, twoModes(d, 5))
			c := run(t, params, d, 5, twoModes(d, 5))
			sum := 0.0
			for e, v := range c.states[50] {
				sum += math.Pow(v-dense.states[50][e], 2)
			}
			rmse := math.Sqrt(sum / float64(len(c.states[50])))
			t.Logf("%s %v: %d evaluations, root mean square error %.4f", family, params, len(c.evaluated), rmse)
			if rmse > 0.08 || len(c.evaluated) > 40 {
				t.Errorf("%s %v: error %v with %d evaluations", family, params, rmse, len(c.evaluated))
			}
		}
	}
}

// TestFlowExtrapolatesLines: a velocity linear in the step is met by a skip after evaluations;
// equal ones are stable, and met by every skip.
func TestFlowExtrapolatesLines(t *testing.T) {
	d := toy(pruning.FlowMatching, 50, 2, 2)
	for _, slope := range []float64{0, 0.25} {
		line := func(i int, x []float64) []float64 {
			out := make([]float64, len(x))
			for e := range out {
				out[e] = float64(e) - 3 + slope*float64(i)
			}
			return out
		}
		c := run(t, map[string]string{"max_interval": "1", "lagrange_term": "0"}, d, 1, line)
		if len(c.skipped) < 18 {
			t.Errorf("slope %v: %d skips, want every second step of 37", slope, len(c.skipped))
		}
		met := 0
		for _, i := range c.skipped {
			if slope != 0 && (slices.Contains(c.skipped, i-2) || slices.Contains(c.skipped, i-1)) {
				continue // the code counts a skipped step's output as if it were new
			}
			met++
			if want := float32s(line(i, c.states[i])); !slices.Equal(c.estimates[i], want) {
				t.Errorf("slope %v: step %d is given %v, want %v", slope, i, c.estimates[i], want)
			}
		}
		if met == 0 {
			t.Errorf("slope %v: no skip was looked at", slope)
		}
		for i, s := range c.sights[2:12] { // steps 2 to 11, the first skip
			if !s.known || s.criterion != 0 {
				t.Errorf("slope %v: K of step %d is %v, want 0", slope, i+2, s.criterion)
			}
		}
	}
}

// TestLagrangeIsExactOnPolynomials of a degree below the number of nodes.
func TestLagrangeIsExactOnPolynomials(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for term := 1; term <= 6; term++ {
		poly := make([]float64, term)
		for k := range poly {
			poly[k] = r.NormFloat64()
		}
		at := func(t float64) (v float64) {
			for k := len(poly) - 1; k >= 0; k-- {
				v = v*t/10 + poly[k]
			}
			return v
		}
		var steps []int
		var values [][]float64
		for j := range term {
			steps = append(steps, 1+4*j)
			values = append(values, []float64{at(float64(1 + 4*j)), 7})
		}
		for ahead := 1; ahead <= 3; ahead++ {
			x := steps[term-1] + ahead
			got := Lagrange(steps, values, x)
			if want := at(float64(x)); math.Abs(got[0]-want) > 1e-9*(1+math.Abs(want)) || math.Abs(got[1]-7) > 1e-9 {
				t.Errorf("%d nodes at %d: %v, want %v and 7", term, x, got, want)
			}
		}
	}
}

// TestBrokenNumbersNameTheStep.
func TestBrokenNumbersNameTheStep(t *testing.T) {
	for _, family := range families {
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			d := toy(family, 50, 3, 3)
			good := twoModes(d, 1)
			_, err := drive(made(t, nil), d, 1, start(d, 1), func(i int, x []float64) []float64 {
				out := good(i, x)
				if i == 5 {
					out[4] = bad
				}
				return out
			})
			if err == nil || !strings.Contains(err.Error(), "denoising step 5 of 50") {
				t.Errorf("%s, %v at step 5: error %v", family, bad, err)
			}
		}
	}
}

// TestSeenMustFit: what does not fit the method is refused with a sentence.
func TestSeenMustFit(t *testing.T) {
	for want, change := range map[string]func(*pruning.Denoising, map[string]string){
		"one level more than steps":  func(d *pruning.Denoising, _ map[string]string) { d.Sigmas = d.Sigmas[1:] },
		"training beta":              func(d *pruning.Denoising, _ map[string]string) { d.Betas = nil },
		"solver family":              func(d *pruning.Denoising, _ map[string]string) { d.Family = "sde" },
		"does not know the predicti": func(d *pruning.Denoising, _ map[string]string) { d.Predicts = "sample" },
		"takes a velocity":           func(d *pruning.Denoising, _ map[string]string) { d.Family = pruning.FlowMatching },
		"do not tile":                func(d *pruning.Denoising, _ map[string]string) { d.Patch = 3 },
		"choose 19 or less": func(d *pruning.Denoising, p map[string]string) {
			*d = toy(pruning.VariancePreserving, 20, 4, 4)
			p["schedule"] = "fixed"
		},
		"choose 20 or 24": func(_ *pruning.Denoising, p map[string]string) {
			p["schedule"], p["lagrange_step"] = "fixed", "22"
		},
	} {
		d, params := toy(pruning.VariancePreserving, 50, 4, 4), map[string]string{}
		change(&d, params)
		_, err := drive(made(t, params), d, 1, start(d, 1), restless(1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	if _, err := made(t, nil).Decide(pruning.NewSeen(pruning.DenoiseSite, pruning.Model{}, nil, nil)); err == nil {
		t.Error("no schedule is no error")
	}
}
