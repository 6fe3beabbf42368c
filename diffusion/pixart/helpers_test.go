package pixart

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

var ctx = context.Background()

// random is a source of noise for every tensor that a configuration asks for.
type random struct {
	rand *rand.Rand
	computetest.Tensors
}

// put adds a tensor of the given PyTorch shape, rows scaled to keep sizes about 1.
func (r *random) put(name string, shape ...int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(r.rand.NormFloat64() / math.Sqrt(float64(n/shape[0])))
		if len(shape) == 1 {
			data[i] = float32(r.rand.NormFloat64() / 10)
		}
	}
	r.Put(name, data, shape...)
}

// noise makes the weights of a network.
func noise(c Config) *random {
	r := &random{rand.New(rand.NewPCG(4, 2)), computetest.Tensors{}}
	w := c.Width()
	linear := func(name string, in, out int) {
		r.put(name+".weight", out, in)
		r.put(name+".bias", out)
	}
	r.put("pos_embed.proj.weight", w, c.Channels, c.Patch, c.Patch)
	r.put("pos_embed.proj.bias", w)
	linear("adaln_single.emb.timestep_embedder.linear_1", sinusoids, w)
	linear("adaln_single.emb.timestep_embedder.linear_2", w, w)
	linear("adaln_single.linear", w, 6*w)
	linear("caption_projection.linear_1", c.Caption, w)
	linear("caption_projection.linear_2", w, w)
	for i := range c.Layers {
		p := "transformer_blocks." + string(rune('0'+i)) + "."
		for _, a := range []string{"attn1.", "attn2."} {
			for _, q := range []string{"to_q", "to_k", "to_v", "to_out.0"} {
				linear(p+a+q, w, w)
			}
		}
		linear(p+"ff.net.0.proj", w, 4*w)
		linear(p+"ff.net.2", 4*w, w)
		r.put(p+"scale_shift_table", 6, w)
	}
	r.put("scale_shift_table", 2, w)
	linear("proj_out", w, c.Patch*c.Patch*c.Out)
	return r
}

// small is the layout of the built-in model, less wide: pixels in patches of 4.
var small = Config{Layers: 3, Heads: 2, HeadDim: 16, Channels: 3, Out: 3, Patch: 4, SampleSize: 32, Caption: 12, Projected: true, Interpolation: 1, Eps: 1e-6}

var smallSize = Size{Batch: 2, Height: 32, Width: 32, Text: 5}

func smallModel(t *testing.T, be compute.Backend, storage tensors.Storage) *Model {
	t.Helper()
	m, err := New(small, noise(small), be, storage)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// begun is a session with a prompt, the first half of guidance masked but for two rows.
func begun(t *testing.T, m *Model, size Size) *Session {
	t.Helper()
	s, err := m.NewSession(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Begin(ctx, prompt(m, size)); err != nil {
		t.Fatal(err)
	}
	return s
}

func prompt(m *Model, size Size) Prompt {
	p := Prompt{Text: normal(1, size.Batch, size.Text*m.Config.Caption), Mask: make([][]bool, size.Batch)}
	p.Mask[0] = make([]bool, size.Text)
	p.Mask[0][0], p.Mask[0][1] = true, true
	return p
}

func latents(m *Model, size Size, seed uint64) [][]float32 {
	return normal(seed, size.Batch, m.Config.Channels*size.Height*size.Width)
}

func normal(seed uint64, rows, n int) [][]float32 {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([][]float32, rows)
	for b := range out {
		out[b] = make([]float32, n)
		for i := range out[b] {
			out[b][i] = float32(r.NormFloat64())
		}
	}
	return out
}

func evaluate(t *testing.T, s *Session, x [][]float32, at float64, e Evaluation) [][]float32 {
	t.Helper()
	out, err := s.Evaluate(ctx, x, []float64{at}, e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(a, b [][]float32) bool { return slices.EqualFunc(a, b, slices.Equal[[]float32]) }
