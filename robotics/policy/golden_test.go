package policy

import (
	"strings"
	"testing"

	"winnow/internal/compute/computetest"
	cases "winnow/internal/golden"
)

type golden struct {
	Params struct {
		Normalisation string
		Eps           float64
	}
	Inputs, Outputs map[string]struct{ Data []float64 }
	Tolerance       float64
}

// TestGolden runs the cases of normalisation in testdata and in $WINNOW_GOLDEN/cogvla; the rest of
// that folder is pruning/cogvla's, encoder's and language's. Numbers are written with nine digits.
func TestGolden(t *testing.T) {
	about := func(file string) bool { return strings.HasPrefix(file, "action_unnormalise") }
	cases.Each(t, "cogvla", about, func(t *testing.T, g golden) {
		in := func(name string) []float64 { return g.Inputs[name].Data }
		minMax := g.Params.Normalisation == "bounds"
		if (!minMax && g.Params.Normalisation != "bounds_q99") || g.Params.Eps != eps {
			t.Fatalf("unknown normalisation %+v", g.Params)
		}
		read := func(prefix string) Range {
			return Range{Q01: in(prefix + "q01"), Q99: in(prefix + "q99"), Min: in(prefix + "min"), Max: in(prefix + "max")}
		}
		action, state := read(""), read("proprio_")
		for _, m := range in("mask") {
			action.Mask = append(action.Mask, m == 1)
		}
		var actions, env []float64
		u := in("normalised_actions")
		for n := len(action.Mask); len(u) > 0; u = u[n:] {
			a := action.Unnormalise(u[:n], minMax)
			actions = append(actions, a...)
			env = append(env, Gripper(a)...)
		}
		for name, got := range map[string][]float64{"actions": actions, "env_actions": env, "proprio_normalised": state.Normalise(in("proprio"), minMax)} {
			if e := computetest.Apart(got, g.Outputs[name].Data); e > g.Tolerance+5e-9 {
				t.Errorf("%s is off by %.2g", name, e)
			}
		}
	})
}
