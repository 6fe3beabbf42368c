package pixart

import (
	"context"
	"errors"
	"math"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

var kept = []int{3, 4, 17, 30, 31, 32, 33, 50, 63}

func TestAllTokensIsDense(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		m := smallModel(t, be, tensors.AsStored)
		s := begun(t, m, smallSize)
		x := latents(m, smallSize, 5)
		dense := evaluate(t, s, x, 400, Evaluation{})
		if !same(dense, evaluate(t, s, x, 400, Evaluation{Store: true})) {
			t.Error("storing changes the result")
		}
		if !same(dense, evaluate(t, s, x, 400, Evaluation{Tokens: all(s.Tokens())})) {
			t.Error("with every token kept the result is not the dense one")
		}
	})
}

// TestOneCacheIsEnough compares with the form in words, in which every block has a cache, gathers
// and scatters, over evaluations that keep different tokens. Sums over other numbers of rows may
// be in another order; a row from the wrong evaluation would be off by 0.1 and more.
func TestOneCacheIsEnough(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		m := smallModel(t, be, tensors.Exact)
		s := begun(t, m, smallSize)
		l := newLiteral(t, s)
		for step, e := range []Evaluation{{Store: true}, {Tokens: kept}, {Tokens: []int{0, 3, 40, 41}}, {Tokens: kept[:1]}, {Store: true}, {Tokens: kept}} {
			x := latents(m, smallSize, uint64(step))
			at := float64(900 - 100*step)
			want := l.evaluate(t, x, at, e.Tokens)
			for b, got := range evaluate(t, s, x, at, e) {
				if e := computetest.Worst(got, want[b]); e > 5e-6 {
					t.Errorf("evaluation %d, latent %d: off by %.2g from one with a cache a block", step, b, e)
				}
			}
		}
	})
}

// literal is the session's network with a cache a block.
type literal struct {
	s      *Session
	caches []compute.Array
}

func newLiteral(t *testing.T, s *Session) *literal {
	l := &literal{s: s}
	for range s.model.blocks {
		a, err := s.model.backend.State("cache", compute.F32, s.model.shapes(s.size).cache.Shape())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Free)
		l.caches = append(l.caches, a)
	}
	return l
}

func (l *literal) evaluate(t *testing.T, latents [][]float32, at float64, tokens []int) [][]float32 {
	t.Helper()
	s := l.s
	if tokens == nil {
		tokens = all(s.Tokens())
	}
	b := s.builder()
	g := b.g
	p := &stepProgram{conditions: b.conditions()}
	p.patches = g.Input("patches", compute.F32, small.Patch*small.Patch*small.Channels, s.Tokens()*s.size.Batch)
	p.rows = g.Input("rows", compute.I32, len(tokens)*s.size.Batch)
	p.mask = g.Input("mask", compute.F32, s.size.Text, 1, 1, s.size.Batch)
	embedded, shared := b.modulation(p.conditions)
	x := b.patches(p.patches, g.Leaf(s.state.positions))
	for i := range s.model.blocks {
		y := b.block(i, g.GetRows(x, p.rows), shared, g.Leaf(s.state.text[i]), p.mask)
		x = g.SetRows(g.Leaf(l.caches[i]), y, p.rows)
	}
	p.out = g.Output(b.finish(x, embedded))
	program, err := s.model.backend.Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Free()
	in := s.inputs(p, latents, []float64{at}, all(s.Tokens()))
	for i := range in {
		if in[i].To == p.rows {
			in[i].Data = s.size.batched(tokens)
		}
	}
	rows := make([]float32, p.out.Shape.Elements())
	if err := errors.Join(program.Run(ctx, in...), program.ReadFloats(p.out, rows)); err != nil {
		t.Fatal(err)
	}
	var out [][]float32
	for i := range s.size.Batch {
		out = append(out, s.size.picture(rows[i*len(rows)/s.size.Batch:]))
	}
	return out
}

// TestOnlyKeptTokensAreRead changes the latents outside the kept tokens: nothing may come of it.
func TestOnlyKeptTokensAreRead(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		m := smallModel(t, be, tensors.AsStored)
		s := begun(t, m, smallSize)
		run := func(x [][]float32) [][]float32 {
			evaluate(t, s, latents(m, smallSize, 1), 500, Evaluation{Store: true})
			return evaluate(t, s, x, 450, Evaluation{Tokens: kept})
		}
		x := latents(m, smallSize, 2)
		want := run(x)
		spoilt := latents(m, smallSize, 2)
		nan := float32(math.NaN())
		for b := range spoilt {
			for _, at := range cells(s.size, without(s.Tokens(), kept)) {
				spoilt[b][at] = nan
			}
		}
		if got := run(spoilt); !same(got, want) {
			t.Error("the result depends on tokens that are not kept")
		}
		one := latents(m, smallSize, 2)
		one[0][cells(s.size, kept[:1])[0]] += 1
		got := run(one)
		if same(got, want) {
			t.Error("a change within a kept token changes nothing")
		}
		// Of the first latent the change reaches kept tokens only, of the second none.
		keptCells := map[int]bool{}
		for _, at := range cells(s.size, kept) {
			keptCells[at] = true
		}
		for at := range got[0] {
			if !keptCells[at] && got[0][at] != want[0][at] {
				t.Fatalf("cell %d of a token that is not kept was computed", at)
			}
			if got[1][at] != want[1][at] {
				t.Fatal("one latent of the batch reaches the other")
			}
		}
	})
}

func without(n int, drop []int) []int {
	gone := map[int]bool{}
	for _, d := range drop {
		gone[d] = true
	}
	var out []int
	for i := range n {
		if !gone[i] {
			out = append(out, i)
		}
	}
	return out
}

// cells lists where tokens lie in a latent.
func cells(z geometry, tokens []int) []int {
	p := z.net.Patch
	var out []int
	for _, t := range tokens {
		for c := range z.net.Channels {
			for y := range p {
				for x := range p {
					out = append(out, (c*z.Height+t/z.cols()*p+y)*z.Width+t%z.cols()*p+x)
				}
			}
		}
	}
	return out
}

// TestCostCountsKeptTokens compares the count of the graph with one by hand.
func TestCostCountsKeptTokens(t *testing.T) {
	m := smallModel(t, computetest.Open(t, "ref"), tensors.AsStored)
	c := small
	w, batch, tokens, text := c.Width(), smallSize.Batch, 64, smallSize.Text
	patch := c.Patch * c.Patch * c.Channels
	byHand := func(n int) int64 {
		once := 2 * batch * (sinusoids*w + w*w + 6*w*w) // timestep and modulation
		rows := 2 * batch * n * patch * w               // patches
		block := 2*batch*n*(3+1+1+1+4+4)*w*w +          // products with weights
			2*2*batch*n*n*w + // self-attention: scores and values
			2*2*batch*n*text*w // cross-attention
		return int64(once + rows + c.Layers*block + 2*batch*tokens*w*patch)
	}
	for _, n := range []int{0, 1, len(kept), 63} {
		got, err := m.Cost(smallSize, n)
		if err != nil {
			t.Fatal(err)
		}
		want := byHand(n)
		if n == 0 {
			want = byHand(tokens)
		}
		if got.FLOPs != want {
			t.Errorf("%d tokens kept: %d FLOPs, by hand %d", n, got.FLOPs, want)
		}
	}
	got, err := m.TextCost(smallSize)
	if want := int64(2 * batch * text * (c.Caption*w + w*w + c.Layers*2*w*w)); err != nil || got.FLOPs != want {
		t.Errorf("the text takes %d FLOPs, by hand %d (%v)", got.FLOPs, want, err)
	}
	if _, err := m.Cost(smallSize, 65); err == nil {
		t.Error("more tokens than there are can be kept")
	}
}

// TestCacheBelongsToThePicture: what lies in the cache is used only after a store that came to
// its end since Begin.
func TestCacheBelongsToThePicture(t *testing.T) {
	m := smallModel(t, computetest.Open(t, "ref"), tensors.AsStored)
	s := begun(t, m, smallSize)
	x := latents(m, smallSize, 3)
	refused := func(when string) {
		t.Helper()
		if _, err := s.Evaluate(ctx, x, []float64{1}, Evaluation{Tokens: kept}); err == nil || s.Filled() {
			t.Errorf("%s: some tokens are computed without a cache", when)
		}
	}
	refused("after Begin")
	evaluate(t, s, x, 9, Evaluation{})
	refused("after an evaluation that does not store")
	evaluate(t, s, x, 9, Evaluation{Store: true})
	first := evaluate(t, s, x, 8, Evaluation{Tokens: kept})
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Evaluate(cancelled, x, []float64{8}, Evaluation{Tokens: kept}); !errors.Is(err, compute.ErrCancelled) {
		t.Errorf("a cancelled evaluation returns %v", err)
	}
	refused("after a cancelled evaluation")
	evaluate(t, s, x, 9, Evaluation{Store: true})
	if err := s.Begin(ctx, prompt(m, smallSize)); err != nil {
		t.Fatal(err)
	}
	refused("after the next picture's Begin")
	evaluate(t, s, x, 9, Evaluation{Store: true})
	if !same(first, evaluate(t, s, x, 8, Evaluation{Tokens: kept})) {
		t.Error("the same picture in the same session gives another result")
	}
}
