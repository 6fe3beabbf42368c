package agree

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"winnow/internal/compute"
	"winnow/internal/compute/ref"
)

// everywhere runs a test on ref too.
func everywhere(t *testing.T, test func(t *testing.T, be compute.Backend)) {
	t.Run("ref", func(t *testing.T) {
		be := ref.New(2)
		defer be.Close()
		test(t, be)
	})
	onEach(t, test)
}

func same(t *testing.T, what string, got []float32, want ...float32) {
	t.Helper()
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
}

func TestSecondRunUsesNewInputsAndKeepsTheOthers(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		l := newLab(t, be)
		a := l.Input("a", compute.F32, 3)
		b := l.Input("b", compute.F32, 3)
		x := a
		for range 6 { // results that could take an input's memory
			x = l.Scale(l.Unary(compute.ReLU, x), 1, 1)
		}
		out := l.Sub(l.Mul(x, b), a)
		p := l.compile(out)
		ctx := context.Background()
		for i, c := range []struct {
			in   []compute.Binding
			want []float32
		}{
			{[]compute.Binding{compute.In(a, []float32{1, 2, 3}), compute.In(b, []float32{1, 1, 2})}, []float32{6, 6, 15}},
			{[]compute.Binding{compute.In(a, []float32{0, 0, 1})}, []float32{6, 6, 13}},
			{[]compute.Binding{compute.In(b, []float32{0, 1, 0})}, []float32{0, 6, -1}},
			{nil, []float32{0, 6, -1}},
		} {
			if err := p.Run(ctx, c.in...); err != nil {
				t.Fatalf("run %d: %v", i, err)
			}
			same(t, "run", l.read(p, out), c.want...)
		}
	})
}

// TestLateInputKeepsItsData: ref once gave an input that stands after results the memory of one
// of them, which then overwrote it.
func TestLateInputKeepsItsData(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		l := newLab(t, be)
		a := l.Scale(l.Scale(l.floats([]float32{1, 2, 3}, 3), 2, 0), 2, 0)
		a = l.Scale(a, 2, 0)
		out := l.Add(a, l.floats([]float32{100, 200, 300}, 3))
		same(t, "sum", l.run(out), 108, 216, 324)
	})
}

func TestSeveralOutputsKeepTheirValues(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		l := newLab(t, be)
		x := l.floats([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
		base := l.Scale(x, 10, 0)
		cut := l.Output(l.Slice(base, 1, 1, 1)) // wanted through a view of memory not wanted itself
		turned := l.Output(l.Transpose(l.Scale(x, 2, 0)))
		y := base
		for range 8 {
			y = l.Scale(y, 1, 1)
		}
		top := l.Output(l.Argmax(y))
		out := l.Scale(y, 1, 1)
		p := l.compile(out)
		if err := p.Run(context.Background(), l.in...); err != nil {
			t.Fatal(err)
		}
		same(t, "last", l.read(p, out), 19, 29, 39, 49, 59, 69)
		same(t, "slice", l.read(p, cut), 40, 50, 60)
		same(t, "transposed", l.read(p, turned), 2, 8, 4, 10, 6, 12)
		same(t, "argmax", l.read(p, top), 2, 2)
	})
}

func TestStateLastsBetweenPrograms(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		l := newLab(t, be)
		cache := l.state(compute.F16, 2, 5)
		raw := make([]byte, 20)
		if err := cache.Read(0, raw); err != nil {
			t.Fatal(err)
		}
		for _, b := range raw {
			if b != 0 {
				t.Fatalf("a new state holds %v", raw)
			}
		}
		rows := l.Input("rows", compute.I32, 2)
		x := l.Input("x", compute.F32, 2, 2)
		seen := l.Cast(l.SetRows(l.Leaf(cache), x, rows), compute.F32)
		p := l.compile(seen)
		ctx := context.Background()
		step := func(at []int32, data ...float32) {
			if err := p.Run(ctx, compute.In(rows, at), compute.In(x, data)); err != nil {
				t.Fatal(err)
			}
		}
		step([]int32{0, 1}, 1, 2, 3, 4)
		step([]int32{4, 1}, 5, 6, 7, 8)
		same(t, "after two steps", l.read(p, seen), 1, 2, 7, 8, 0, 0, 0, 0, 5, 6)

		// Written from outside, read by another program, rows chosen as pruning does.
		half := make([]byte, 2)
		binary.LittleEndian.PutUint16(half, compute.ToF16(0.5))
		if err := cache.Write(4, half); err != nil {
			t.Fatal(err)
		}
		next := newLab(t, be)
		got := next.run(next.GetRows(next.Leaf(cache), next.ints([]int32{1, 4})))
		same(t, "another program", got, 0.5, 8, 5, 6)

		// Rows are moved within the cache: what is read before a write is what was there.
		move := newLab(t, be)
		leaf := move.Leaf(cache)
		kept := move.GetRows(leaf, move.ints([]int32{4, 1}))
		after := move.SetRows(leaf, kept, move.ints([]int32{1, 2}))
		same(t, "compacted", move.run(move.Cast(after, compute.F32)), 1, 2, 5, 6, 0.5, 8, 0, 0, 5, 6)
	})
}

// TestReadBeforeWrite: operations on an array happen in the order they were asked for.
func TestReadBeforeWrite(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		l := newLab(t, be)
		leaf := l.Leaf(l.state(compute.F32, 2, 2))
		before := l.GetRows(leaf, l.ints([]int32{0}))
		after := l.SetRows(leaf, l.floats([]float32{1, 2}, 2), l.ints([]int32{0}))
		both := l.Concat(l.Scale(before, 1, 0), l.GetRows(after, l.ints([]int32{0})), 1)
		same(t, "before and after", l.run(both), 0, 0, 1, 2)
	})
}

// TestWeightWithoutAlignment: data in a mapped file may lie at any address.
func TestWeightWithoutAlignment(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		data := make([]byte, 4*64+64)
		for off := range 34 {
			for i := range 64 {
				binary.LittleEndian.PutUint32(data[off+4*i:], math.Float32bits(float32(i)))
			}
			l := newLab(t, be)
			w, err := be.Weight("w", compute.F32, compute.Dims(32, 2), data[off:off+256], compute.UseAny)
			if err != nil {
				t.Fatal(err)
			}
			one := make([]float32, 32)
			one[3] = 1
			l.release(w)
			same(t, "product", l.run(l.MulMat(l.Leaf(w), l.floats(one, 32))), 3, 35)
		}
	})
}

// long is a program of many operations that takes far longer than a cancellation may.
func long(t *testing.T, be compute.Backend) (compute.Program, []compute.Binding) {
	l := newLab(t, be)
	const k = 384
	x, w := l.f32(k, k), l.Scale(l.f32(k, k), 0.05, 0)
	for range 300 {
		x = l.MulMat(w, x)
	}
	return l.compile(x), l.in
}

func TestCancelledRunStopsAndTheProgramRunsAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		p, in := long(t, be)
		ctx, stop := context.WithCancel(context.Background())
		stop()
		if err := p.Run(ctx, in...); !errors.Is(err, compute.ErrCancelled) {
			t.Fatalf("a run whose context has ended gives %v", err)
		}
		start := time.Now()
		if err := p.Run(context.Background(), in...); err != nil {
			t.Fatal(err)
		}
		whole := time.Since(start)
		ctx, stop = context.WithTimeout(context.Background(), whole/10)
		defer stop()
		start = time.Now()
		err := p.Run(ctx)
		if took := time.Since(start); !errors.Is(err, compute.ErrCancelled) || took > whole*7/10 {
			t.Fatalf("cancelled after %v of %v, the run ended after %v with %v", whole/10, whole, took, err)
		}
		if err := p.Run(context.Background()); err != nil {
			t.Fatalf("after a cancelled run: %v", err)
		}
	})
}

// A context may end at the moment at which its run does: that must not reach the run that follows.
func TestALateCancelLeavesTheNextRunAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		l := newLab(t, be)
		x := l.f32(64)
		for range 20 {
			x = l.Add(x, x)
		}
		l.Output(x)
		p, err := be.Compile(l.Graph)
		if err != nil {
			t.Fatal(err)
		}
		l.release(p)
		if err := p.Run(context.Background(), l.in...); err != nil {
			t.Fatal(err)
		}
		for i := range 3000 {
			ctx, stop := context.WithCancel(context.Background())
			go stop()
			if err := p.Run(ctx); err != nil && !errors.Is(err, compute.ErrCancelled) {
				t.Fatal(err)
			}
			stop()
			if err := p.Run(context.Background()); err != nil {
				t.Fatalf("after the run of turn %d, whose context ended about when it did: %v", i, err)
			}
		}
	})
}

// TestRowNumbersOutsideAreAnError: they come from decisions at run time, after all checks.
func TestRowNumbersOutsideAreAnError(t *testing.T) {
	everywhere(t, func(t *testing.T, be compute.Backend) {
		for _, bad := range []int32{-1, 4, math.MaxInt32} {
			l := newLab(t, be)
			rows := l.Input("rows", compute.I32, 1)
			p := l.compile(l.GetRows(l.f32(2, 4), rows))
			err := p.Run(context.Background(), append(l.in, compute.In(rows, []int32{bad}))...)
			if err == nil || !strings.Contains(err.Error(), "rows") {
				t.Errorf("get_rows of row %d of 4 gives %v", bad, err)
			}
			l = newLab(t, be)
			rows = l.Input("rows", compute.I32, 1)
			p = l.compile(l.SetRows(l.Leaf(l.state(compute.F32, 2, 4)), l.f32(2, 1), rows))
			err = p.Run(context.Background(), append(l.in, compute.In(rows, []int32{bad}))...)
			if err == nil || !strings.Contains(err.Error(), "rows") {
				t.Errorf("set_rows to row %d of 4 gives %v", bad, err)
			}
		}
	})
}
