package agree

// These tests free arrays on every backend, and so stand in the file that runs last: see
// lab.release.

import (
	"context"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/ref"
)

func TestMemoryIsCountedAndGivenBack(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		before := be.MemoryUsed()
		g := compute.NewGraph()
		s, err := be.State("s", compute.F32, compute.Dims(1000))
		if err != nil {
			t.Fatal(err)
		}
		out := g.Output(g.Scale(g.Leaf(s), 1, 1))
		p, err := be.Compile(g)
		if err != nil {
			t.Fatal(err)
		}
		if p.Bytes() < 4000 || be.MemoryUsed()-before < 8000 || s.Bytes() < 4000 {
			t.Fatalf("4000 bytes of state and of result: program %d, array %d, backend %d more", p.Bytes(), s.Bytes(), be.MemoryUsed()-before)
		}
		p.Free()
		p.Free() // twice does no harm
		s.Free()
		s.Free()
		if now := be.MemoryUsed(); now != before {
			t.Fatalf("%d bytes remain", now-before)
		}
		if err := p.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "freed") {
			t.Fatalf("a freed program runs: %v", err)
		}
		if err := p.ReadFloats(out, make([]float32, 1000)); err == nil {
			t.Fatal("a freed program is read")
		}
	})
}

// TestMisuseIsAnError: what would end the process or read strange memory inside a library.
func TestMisuseIsAnError(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		l := newLab(t, be)
		x := l.Input("x", compute.F32, 3)
		mid := l.Scale(x, 1, 0)
		out := l.Output(l.Scale(mid, 1, 0))
		p := l.compile(out)
		other := newLab(t, be)
		foreign := other.Input("foreign", compute.F32, 3)
		three, ctx := []float32{1, 2, 3}, context.Background()
		if err := p.Run(ctx, compute.In(x, three)); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{
			"too few numbers":       p.Run(ctx, compute.In(x, three[:2])),
			"no numbers":            p.Run(ctx, compute.In(x, []float32{})),
			"integers for floats":   p.Run(ctx, compute.In(x, []int32{1, 2, 3})),
			"input of other graph":  p.Run(ctx, compute.In(foreign, three)),
			"binding to a result":   p.Run(ctx, compute.In(mid, three)),
			"reading no output":     p.ReadFloats(mid, three),
			"reading with no room":  p.ReadFloats(out, three[:2]),
			"reading as integers":   p.ReadInts(out, make([]int32, 3)),
			"reading another graph": p.ReadFloats(foreign, three),
		} {
			if err == nil {
				t.Errorf("%s is not refused", what)
			}
		}
		if _, err := be.Weight("w", compute.Q8_0, compute.Dims(31), make([]byte, 34), compute.UseAny); err == nil {
			t.Error("a row of part of a block is not refused")
		}
		if _, err := be.Weight("w", compute.F32, compute.Dims(31), make([]byte, 100), compute.UseAny); err == nil {
			t.Error("a weight with too little data is not refused")
		}
		if _, err := be.State("s", compute.Type(16), compute.Dims(256)); err == nil {
			t.Error("a type that is not in the contract is not refused")
		}
		a := l.state(compute.F32, 4)
		if a.Write(8, make([]byte, 12)) == nil || a.Read(-4, make([]byte, 4)) == nil {
			t.Error("bytes outside an array are not refused")
		}
		freed := newLab(t, be)
		leaf := freed.Leaf(a)
		a.Free()
		freed.Output(freed.Scale(leaf, 1, 0))
		if _, err := be.Compile(freed.Graph); err == nil {
			t.Error("a freed array is not refused")
		}
		mixed := newLab(t, be)
		alien := ref.New(1)
		mixed.Output(mixed.Scale(mixed.Leaf((&lab{T: t, be: alien}).state(compute.F32, 4)), 1, 0))
		if _, err := be.Compile(mixed.Graph); err == nil {
			t.Error("an array of another backend is not refused")
		}
	})
}
