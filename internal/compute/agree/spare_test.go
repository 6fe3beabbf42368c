package agree

import (
	"context"
	"testing"

	"winnow/internal/compute"
)

// Working memory that a freed program leaves serves the next one. A graph with as many operations
// and leaves, alike in each operation, was once laid out as the freed one had been: where that had
// an array as its last leaf and this one an input, the process died.
func TestWorkingMemoryServesAnotherGraphOfTheSameSize(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		var arrays [2]compute.Array
		for i := range arrays {
			var err error
			if arrays[i], err = be.State("s", compute.F32, compute.Dims(64)); err != nil {
				t.Fatal(err)
			}
		}
		l := newLab(t, be)
		x, y := l.normal(64), l.normal(64)
		for _, inputs := range []int{1, 2, 1, 2} { // one input and two arrays, or two inputs and one array
			g := compute.NewGraph()
			first, a := g.Leaf(arrays[0]), g.Input("x", compute.F32, 64)
			in := []compute.Binding{compute.In(a, x)}
			sum := g.Add(first, a)
			if inputs == 1 {
				sum = g.Add(g.Add(sum, g.Leaf(arrays[1])), a)
			} else {
				b := g.Input("y", compute.F32, 64)
				sum, in = g.Add(g.Add(sum, first), b), append(in, compute.In(b, y))
			}
			g.Output(sum)
			p, err := be.Compile(g)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Run(context.Background(), in...); err != nil {
				t.Fatal(err)
			}
			got := make([]float32, 64)
			if err := p.ReadFloats(sum, got); err != nil {
				t.Fatal(err)
			}
			for i := range got { // the arrays are zeros
				want := x[i] + x[i]
				if inputs == 2 {
					want = x[i] + y[i]
				}
				if got[i] != want {
					t.Fatalf("with %d inputs, element %d: %g, want %g", inputs, i, got[i], want)
				}
			}
			p.Free()
		}
	})
}
