package language

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/pruning/cogvla"
)

// TestBackendsAgree: ggml and plain Go compute the same pass, rows skipping.
func TestBackendsAgree(t *testing.T) {
	plan := Plan{To: 4, Router: -1, Final: true, Skipped: [][]int{nil, {2, 5}, {1, 2, 3}, {1, 8}}}
	want := pass(t, begun(t, computetest.Open(t, "ref"), small, noise(small, 1), frame), plan).States
	got := pass(t, begun(t, computetest.Open(t, "cpu"), small, noise(small, 1), frame), plan).States
	if len(want) != frame.States*small.Hidden || computetest.Apart(got, want) > 1e-4 {
		t.Errorf("the backends differ by %.2g", computetest.Apart(got, want))
	}
}

// TestCutsDoNotMatter: a pass in one graph is the pass in many, with the probabilities handed over.
func TestCutsDoNotMatter(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		skipped := [][]int{nil, {2, 5}, nil, {1, 8}}
		whole := begun(t, be, small, noise(small, 1), frame)
		want := pass(t, whole, Plan{To: 4, Router: -1, Final: true, Skipped: skipped})
		s := begun(t, be, small, noise(small, 1), frame)
		var known []float32
		var got Outcome
		for i := range 4 {
			p := Plan{From: i, To: i + 1, Router: -1, Skipped: skipped[i : i+1], Known: known, Final: i == 3}
			if i < 3 {
				p.Router = i + 1
			}
			got = pass(t, s, p)
			known = got.Probability
		}
		if e := computetest.Apart(got.States, want.States); e > 1e-5 {
			t.Errorf("the states differ by %.2g", e)
		}
		if e := computetest.Apart(hidden(t, s), hidden(t, whole)); e > 1e-5 {
			t.Errorf("the rows differ by %.2g", e)
		}
	})
}

// TestFullRatioIsNotDense: with all rows kept p still scales; with p = 1 the layer is plain Llama.
func TestFullRatioIsNotDense(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		s := begun(t, be, small, noise(small, 1), frame)
		x := hidden(t, s)
		run := func(p Plan) []float32 {
			begin(t, s, x)
			p.From, p.To, p.Router = 2, 3, -1
			pass(t, s, p)
			return hidden(t, s)
		}
		ones := make([]float32, frame.Rows)
		for i := range ones {
			ones[i] = 1
		}
		plain := run(Plan{Plain: true})
		if e := computetest.Apart(run(Plan{Known: ones}), plain); e > 1e-6 {
			t.Errorf("with p = 1 the layer differs from a plain one by %.2g", e)
		}
		if e := computetest.Apart(run(Plan{}), plain); e < 1e-2 {
			t.Errorf("the router moves the rows by %.2g only", e)
		}
	})
}

// TestPaddingReachesNobody: other numbers in padding rows leave all real rows alone, bit for bit.
func TestPaddingReachesNobody(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		f := frame
		f.Rows, f.Pad = frame.Rows+3, 3
		real := frame.Rows * small.Hidden
		plan := Plan{To: 4, Router: -1, Skipped: [][]int{nil, {2, 5}}}
		s := begun(t, be, small, noise(small, 1), f)
		x := rows(f.Rows * small.Hidden)
		pass(t, s, plan)
		want := hidden(t, s)
		for i := real; i < len(x); i++ {
			x[i] = 3
		}
		begin(t, s, x)
		pass(t, s, plan)
		if !slices.Equal(hidden(t, s)[:real], want[:real]) {
			t.Error("padding reaches real rows")
		}
		bare := begun(t, be, small, noise(small, 1), frame)
		begin(t, bare, x[:real])
		pass(t, bare, plan)
		if e := computetest.Apart(hidden(t, bare), want[:real]); e > 1e-5 {
			t.Errorf("without padding the rows differ by %.2g", e)
		}
	})
}

// TestMaskIsTheMethods: what the decoder lets attend is CAtten as the method's package has it.
func TestMaskIsTheMethods(t *testing.T) {
	f := Frame{Rows: 26, Pad: 2, Visual: 8, Actions: 7}
	kept := Plan{Skipped: [][]int{{1, 4, 5}}}.kept(f, 0)
	if !slices.Equal(f.Sees(kept), cogvla.Attend(len(kept), f.Pad, f.Actions)) {
		t.Error("the masks differ")
	}
	f.Bidirectional = true
	for i, open := range f.Sees(nil) {
		if want := i%f.Rows < 24; open != want {
			t.Fatalf("row %d sees %d: %v", i/f.Rows, i%f.Rows, open)
		}
	}
}

// TestCostByHand counts a routed layer and a router.
func TestCostByHand(t *testing.T) {
	s := begun(t, computetest.Open(t, "ref"), small, noise(small, 1), frame)
	const d, kv, inner, n, k, keys = 32, 16, 48, 24, 22, 24 // keys are filled up to a multiple of 4
	got := pass(t, s, Plan{From: 1, To: 2, Router: 2, Skipped: [][]int{{2, 5}}, Known: make([]float32, n)}).Cost
	layer := 2*k*(2*d*d+2*d*kv+3*d*inner) + 2*2*k*keys*d
	router := 2*n*2*d + 2*2*2*d*(d/2)
	if want := int64(layer + router); got.FLOPs != want {
		t.Errorf("%d FLOPs, by hand %d", got.FLOPs, want)
	}
}

func TestBadPlansAreNamed(t *testing.T) {
	be := computetest.Open(t, "ref")
	s := begun(t, be, small, noise(small, 1), frame)
	for says, p := range map[string]Plan{
		"no part of the model's 4":          {To: 5, Router: -1},
		"layer 0 has no router":             {Router: 0},
		"3 probabilities for 24 rows":       {From: 1, To: 2, Router: -1, Known: make([]float32, 3)},
		"row 9 would skip layer 1":          {From: 1, To: 2, Router: -1, Skipped: [][]int{{9}}},
		"row 0 would skip layer 1":          {From: 1, To: 2, Router: -1, Skipped: [][]int{{0}}},
		"row 3 would skip layer 1: only th": {From: 1, To: 2, Router: -1, Skipped: [][]int{{3, 3}}},
	} {
		if _, err := s.Run(t.Context(), p); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	for _, f := range []Frame{{Rows: 10, Visual: 8, Actions: 2}, {Rows: 24, Visual: 8, Actions: 7, First: 20, States: 5}, {Rows: 24, Actions: 7}} {
		if _, err := s.d.NewSession(f); err == nil {
			t.Errorf("the layout %+v is taken", f)
		}
	}
	if _, err := s.d.Words([]int{3, 20}); err == nil || !strings.Contains(err.Error(), "token 20 lies outside") {
		t.Errorf("error %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Run(cancelled, Plan{To: 2, Router: -1}); !errors.Is(err, compute.ErrCancelled) {
		t.Errorf("a cancelled pass returns %v", err)
	}
}
