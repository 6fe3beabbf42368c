package vasparse

import (
	"math"
	"testing"

	"winnow/pruning"
)

func method(t testing.TB, params map[string]string) *VASparse {
	t.Helper()
	m, _, err := pruning.New(pruning.Spec{Name: "vasparse", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*VASparse)
}

func only[D pruning.Decision](t testing.TB, decisions []pruning.Decision) D {
	t.Helper()
	var found D
	n := 0
	for _, d := range decisions {
		if d, ok := d.(D); ok {
			found = d
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d decisions of type %T, want one", n, found)
	}
	return found
}

// edit lets Decide contrast z with e at a step.
func edit(t testing.TB, v *VASparse, z, e []float32, step int) *pruning.EditLogits {
	t.Helper()
	o, err := v.Decide(onLogits(v, z, e, step))
	if err != nil {
		t.Fatal(err)
	}
	return only[*pruning.EditLogits](t, o.Decisions)
}

func onLogits(v *VASparse, z, e []float32, step int) pruning.Seen {
	m := pruning.Model{Layers: 3, Vocabulary: len(z)}
	return pruning.NewSeen(pruning.Site{Phase: pruning.Decode, Layer: 2, At: pruning.OnLogits, Step: step}, m, nil,
		map[pruning.Probe]pruning.Matrix{
			logitsProbe(m): {Rows: 1, Cols: len(z), Data: z},
			v.priorProbe(): {Rows: 1, Cols: len(e), Data: e},
		})
}

// apply is a pipeline's attention: logits × factors (nil: none), hidden rows at −∞, softmax.
func apply(dots []float32, dim int, factors []float32, hidden []int) []float32 {
	logits := make([]float64, len(dots))
	for j, d := range dots {
		logits[j] = float64(d) / math.Sqrt(float64(dim))
		if factors != nil {
			logits[j] *= float64(factors[j])
		}
	}
	for _, j := range hidden {
		logits[j] = math.Inf(-1)
	}
	out := make([]float32, len(dots))
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(l)
	}
	for j, l := range logits {
		out[j] = float32(math.Exp(l) / sum)
	}
	return out
}
