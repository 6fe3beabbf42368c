package encoder

import (
	"testing"

	"winnow/internal/compute"
)

// run computes a graph's outputs.
func run(t *testing.T, be compute.Backend, g *compute.Graph, outputs []*compute.Tensor, in ...compute.Binding) [][]float32 {
	t.Helper()
	for _, o := range outputs {
		g.Output(o)
	}
	p, err := be.Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Free()
	if err := p.Run(t.Context(), in...); err != nil {
		t.Fatal(err)
	}
	out := make([][]float32, len(outputs))
	for i, o := range outputs {
		out[i] = make([]float32, o.Shape.Elements())
		if err := p.ReadFloats(o, out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
