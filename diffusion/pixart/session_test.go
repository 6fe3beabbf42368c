package pixart

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

// TestMain lets ggml use the first Vulkan device even where it is a processor.
func TestMain(m *testing.M) {
	if os.Getenv("GGML_VK_VISIBLE_DEVICES") == "" {
		os.Setenv("GGML_VK_VISIBLE_DEVICES", "0")
	}
	os.Exit(m.Run())
}

// TestGuidanceHalvesAreIndependent: a batch of two is two evaluations of one.
func TestGuidanceHalvesAreIndependent(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		m := smallModel(t, be, tensors.Exact)
		x := latents(m, smallSize, 5)
		both, p := begun(t, m, smallSize), prompt(m, smallSize)
		got, err := both.Evaluate(ctx, x, []float64{400, 30}, Evaluation{})
		if err != nil {
			t.Fatal(err)
		}
		one := smallSize
		one.Batch = 1
		single := begun(t, m, one)
		for b := range x {
			if err := single.Begin(ctx, Prompt{Text: p.Text[b : b+1], Mask: p.Mask[b : b+1]}); err != nil {
				t.Fatal(err)
			}
			want := evaluate(t, single, x[b:b+1], []float64{400, 30}[b], Evaluation{})
			if e := computetest.Worst(got[b], want[0]); e > 5e-6 {
				t.Errorf("latent %d in a batch is off by %.2g from the same alone", b, e)
			}
		}
	})
}

// TestMaskedRowsAreNotRead: padding may hold anything.
func TestMaskedRowsAreNotRead(t *testing.T) {
	m := smallModel(t, computetest.Open(t, "ref"), tensors.AsStored)
	s := begun(t, m, smallSize)
	x := latents(m, smallSize, 5)
	want := evaluate(t, s, x, 400, Evaluation{})
	p := prompt(m, smallSize)
	for i := range p.Text[0][2*small.Caption:] {
		p.Text[0][2*small.Caption+i] += 3
	}
	if err := s.Begin(ctx, p); err != nil {
		t.Fatal(err)
	}
	if !same(want, evaluate(t, s, x, 400, Evaluation{})) {
		t.Error("text rows behind the mask change the result")
	}
	p.Mask = nil
	if err := s.Begin(ctx, p); err != nil {
		t.Fatal(err)
	}
	// Without a mask attention is fused, which sums in another order.
	if got := evaluate(t, s, x, 400, Evaluation{}); computetest.Worst(got[0], want[0]) < 1e-2 || computetest.Worst(got[1], want[1]) > 1e-5 {
		t.Error("without a mask the first latent does not read all rows, or the second changes")
	}
}

// counting counts what is compiled and what is still there.
type counting struct {
	compute.Backend
	compiled, freed int
}

func (c *counting) Compile(g *compute.Graph) (compute.Program, error) {
	c.compiled++
	p, err := c.Backend.Compile(g)
	return counted{p, c}, err
}

type counted struct {
	compute.Program
	c *counting
}

func (p counted) Free() { p.c.freed++; p.Program.Free() }

func TestGraphsAreReused(t *testing.T) {
	c := &counting{Backend: computetest.Open(t, "ref")}
	m := smallModel(t, c, tensors.AsStored)
	s := begun(t, m, smallSize)
	for range 3 {
		if err := s.Begin(ctx, prompt(m, smallSize)); err != nil {
			t.Fatal(err)
		}
		for step := range 4 {
			x := latents(m, smallSize, uint64(step))
			evaluate(t, s, x, 100, Evaluation{})
			evaluate(t, s, x, 100, Evaluation{Store: true})
			evaluate(t, s, x, 100, Evaluation{Tokens: kept})
		}
	}
	if c.compiled != 4 {
		t.Errorf("%d graphs were compiled for text, dense, dense with store and some tokens", c.compiled)
	}
	for n := range 10 {
		evaluate(t, s, latents(m, smallSize, 1), 100, Evaluation{Tokens: all(n + 1)})
	}
	evaluate(t, s, latents(m, smallSize, 1), 100, Evaluation{})
	if c.compiled != 14 || c.compiled-c.freed != maxPrograms+1 {
		t.Errorf("%d graphs were compiled and %d are kept, want 14 and %d", c.compiled, c.compiled-c.freed, maxPrograms+1)
	}
	s.Close()
	if c.freed != c.compiled {
		t.Errorf("%d of %d graphs are freed by Close", c.freed, c.compiled)
	}
}

// late ends after some looks at it.
type late struct {
	context.Context
	looks, end int
}

func (l *late) Err() error {
	if l.looks++; l.looks > l.end {
		return context.Canceled
	}
	return nil
}

func TestCancelStopsAmongTheBlocks(t *testing.T) {
	m := smallModel(t, computetest.Open(t, "ref"), tensors.AsStored)
	s := begun(t, m, smallSize)
	l := &late{Context: ctx, end: 60}
	_, err := s.Evaluate(l, latents(m, smallSize, 1), []float64{1}, Evaluation{Store: true})
	if !errors.Is(err, compute.ErrCancelled) || l.looks != l.end+1 || s.Filled() {
		t.Errorf("cancelled amid a block: %v after %d more looks, filled: %v", err, l.looks-l.end, s.Filled())
	}
}

// TestStoragesAreNear: rounded matrices give nearly the same prediction.
func TestStoragesAreNear(t *testing.T) {
	be := computetest.Open(t, "cpu")
	wide := small
	wide.HeadDim = 32
	r := noise(wide)
	predict := func(s tensors.Storage) []float32 {
		m, err := New(wide, r, be, s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Close)
		return evaluate(t, begun(t, m, smallSize), latents(m, smallSize, 5), 400, Evaluation{})[0]
	}
	want := predict(tensors.Exact)
	for _, c := range []struct {
		storage    tensors.Storage
		from, upTo float64
	}{{tensors.AsStored, 0, 1e-2}, {tensors.Halves, 1e-6, 1e-2}, {tensors.Bytes, 1e-4, 0.1}} {
		if e := computetest.Worst(predict(c.storage), want); e < c.from || e > c.upTo {
			t.Errorf("storage %d is off by %.2g, want %.0e to %.0e", c.storage, e, c.from, c.upTo)
		}
	}
}

func TestVulkanAgrees(t *testing.T) {
	be := computetest.Open(t, "vulkan:0")
	run := func(be compute.Backend) (dense, some []float32) {
		m := smallModel(t, be, tensors.Exact)
		s := begun(t, m, smallSize)
		dense = evaluate(t, s, latents(m, smallSize, 5), 400, Evaluation{Store: true})[0]
		return dense, evaluate(t, s, latents(m, smallSize, 6), 300, Evaluation{Tokens: kept})[0]
	}
	dense, some := run(be)
	wantDense, wantSome := run(computetest.Open(t, "ref"))
	if a, b := computetest.Worst(dense, wantDense), computetest.Worst(some, wantSome); a > 1e-2 || b > 1e-2 {
		t.Errorf("off by %.2g dense and %.2g with some tokens", a, b)
	}
}

// TestLearnedPositions: a table in the checkpoint takes the place of the sines.
func TestLearnedPositions(t *testing.T) {
	be := computetest.Open(t, "ref")
	x := latents(smallModel(t, be, tensors.AsStored), smallSize, 5)
	with := func(table []float32) (*Model, []float32) {
		r := noise(small)
		if table != nil {
			r.Put("pos_embed.pos_embed", table, 1, 64, small.Width())
		}
		m, err := New(small, r, be, tensors.AsStored)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Close)
		return m, evaluate(t, begun(t, m, smallSize), x, 400, Evaluation{})[0]
	}
	_, sines := with(nil)
	_, table := with(small.positions(8, 8))
	if !slices.Equal(sines, table) {
		t.Error("a table of the same sines changes the result")
	}
	moved := small.positions(8, 8)
	moved[5] += 1
	m, other := with(moved)
	if slices.Equal(sines, other) {
		t.Error("the checkpoint's table is not read")
	}
	if _, err := m.NewSession(Size{1, 16, 32, 5}); err == nil || !strings.Contains(err.Error(), "8×8") {
		t.Errorf("another grid than the learned one: %v", err)
	}
}

// TestMemoryIsForeseen compares the estimate with what is then reserved.
func TestMemoryIsForeseen(t *testing.T) {
	be := computetest.Open(t, "cpu")
	for _, size := range []Size{smallSize, {2, 128, 128, 5}, {1, 64, 96, 40}} {
		m := smallModel(t, be, tensors.Exact)
		want, err := m.Memory(size)
		if err != nil {
			t.Fatal(err)
		}
		s := begun(t, m, size)
		evaluate(t, s, latents(m, size, 1), 1, Evaluation{Store: true})
		var state int64
		for _, a := range append([]compute.Array{s.state.positions, s.state.cache}, s.state.text...) {
			state += 4 * int64(a.Shape().Elements())
		}
		working := s.steps[0].program.Bytes()
		if want.State != state || float64(working) > 1.1*float64(want.Working) || working < want.Working/3 {
			t.Errorf("%v: foreseen %+v, in truth %d state, %d working", size, want, state, working)
		}
	}
}

func TestBadInputIsNamed(t *testing.T) {
	m := smallModel(t, computetest.Open(t, "ref"), tensors.AsStored)
	for _, c := range []struct {
		size Size
		says string
	}{{Size{2, 30, 32, 5}, "multiples of 4"}, {Size{0, 32, 32, 5}, "at least one"}, {Size{1, 32, 32, 0}, "at least one"}} {
		if _, err := m.NewSession(c.size); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q", c.size, err, c.says)
		}
	}
	s, err := m.NewSession(smallSize)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x := latents(m, smallSize, 1)
	if _, err := s.Evaluate(ctx, x, []float64{1}, Evaluation{}); err == nil || !strings.Contains(err.Error(), "Begin") {
		t.Errorf("an evaluation before Begin: %v", err)
	}
	good := prompt(m, smallSize)
	for _, c := range []struct {
		p    Prompt
		says string
	}{
		{Prompt{Text: good.Text[:1]}, "the batch is 2"},
		{Prompt{Text: [][]float32{good.Text[0], good.Text[1][1:]}}, "5 rows of 12"},
		{Prompt{Text: good.Text, Mask: good.Mask[:1]}, "masks for 1"},
		{Prompt{Text: good.Text, Mask: [][]bool{nil, {true}}}, "1 entries for 5"},
	} {
		if err := s.Begin(ctx, c.p); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("a bad prompt: %v, want %q", err, c.says)
		}
	}
	if err := s.Begin(ctx, good); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		x    [][]float32
		at   []float64
		e    Evaluation
		says string
	}{
		{x[:1], []float64{1}, Evaluation{}, "2 latents at once"},
		{x, []float64{1, 2, 3}, Evaluation{}, "3 timesteps"},
		{[][]float32{x[0], x[1][1:]}, []float64{1}, Evaluation{}, "3 channels of 32×32"},
		{x, []float64{1}, Evaluation{Tokens: []int{}}, "no token is kept"},
		{x, []float64{1}, Evaluation{Tokens: []int{4, 3}}, "not ascending"},
		{x, []float64{1}, Evaluation{Tokens: []int{4, 4}}, "not ascending"},
		{x, []float64{1}, Evaluation{Tokens: []int{4, 64}}, "kept of 64"},
	} {
		if _, err := s.Evaluate(ctx, c.x, c.at, c.e); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("bad input: %v, want %q", err, c.says)
		}
	}
	conditioned := small
	conditioned.Conditioned, conditioned.Heads = true, 3
	r := noise(conditioned)
	for _, name := range []string{"resolution", "aspect_ratio"} {
		p := "adaln_single.emb." + name + "_embedder.linear_"
		r.put(p+"1.weight", 16, sinusoids)
		r.put(p+"2.weight", 16, 16)
	}
	m, err = New(conditioned, r, m.backend, tensors.AsStored)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err = m.NewSession(smallSize)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Begin(ctx, good); err == nil || !strings.Contains(err.Error(), "aspect ratio") {
		t.Errorf("a prompt without resolution: %v", err)
	}
}

// TestWeightsThatDoNotFit: missing, of another shape, damaged.
func TestWeightsThatDoNotFit(t *testing.T) {
	be := computetest.Open(t, "ref")
	for _, c := range []struct {
		change func(r *random)
		says   string
	}{
		{func(r *random) { delete(r.Tensors, "transformer_blocks.1.attn2.to_k.weight") }, `no tensor "transformer_blocks.1.attn2.to_k.weight"`},
		{func(r *random) { r.put("proj_out.weight", 48, 31) }, `"proj_out.weight" has shape [48 31], its configuration says [48 32]`},
		{func(r *random) { r.Put("proj_out.bias", slices.Repeat([]float32{float32(math.NaN())}, 48), 48) }, `"proj_out.bias" holds NaN`},
		{func(r *random) { delete(r.Tensors, "transformer_blocks.0.attn1.to_q.bias") }, "some have a bias"},
	} {
		r := noise(small)
		c.change(r)
		if _, err := New(small, r, be, tensors.AsStored); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %s", err, c.says)
		}
	}
}
