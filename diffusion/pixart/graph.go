package pixart

import (
	"fmt"

	"winnow/internal/compute"
)

// builder makes graphs of the network. Token rows are [width, tokens·batch] throughout.
type builder struct {
	g    *compute.Graph
	m    *Model
	size geometry
	// plainScores is the bound of that name in bytes; a test forces the other way.
	plainScores int
	// watched holds intermediate results by diffusers' module paths, for tests; nil: not kept.
	watched map[string]*compute.Tensor
}

func (m *Model) builder(size geometry) *builder {
	return &builder{g: compute.NewGraph(), m: m, size: size, plainScores: plainScores(m.backend)}
}

// see keeps a result for who watches.
func (b *builder) see(t *compute.Tensor, name string, args ...any) {
	if b.watched != nil {
		b.watched[fmt.Sprintf(name, args...)] = b.g.Output(t)
	}
}

// conditions are the inputs that become the modulation.
type conditions struct {
	time       *compute.Tensor // [256, batch]
	resolution *compute.Tensor // [256, 2·batch]: height and width; nil unless Conditioned
	aspect     *compute.Tensor // [256, batch]
}

func (b *builder) conditions() conditions {
	in := conditions{time: b.g.Input("timestep", compute.F32, sinusoids, b.size.Batch)}
	if b.m.Config.Conditioned {
		in.resolution = b.g.Input("resolution", compute.F32, sinusoids, 2*b.size.Batch)
		in.aspect = b.g.Input("aspect ratio", compute.F32, sinusoids, b.size.Batch)
	}
	return in
}

// modulation is adaLN-single: embedded [width, batch] is what timestep and conditions become, and
// shared [width, 6, batch] what all blocks begin with.
func (b *builder) modulation(in conditions) (embedded, shared *compute.Tensor) {
	g, w := b.g, b.m.Config.Width()
	embedded = b.m.time.embed(g, in.time)
	if in.resolution != nil {
		r := g.Reshape(b.m.resolution.embed(g, in.resolution), w/3*2, b.size.Batch)
		embedded = g.Add(embedded, g.Concat(r, b.m.aspect.embed(g, in.aspect), 0))
	}
	six := b.m.modulation.Apply(g, g.Unary(compute.SiLU, embedded))
	b.see(six, "adaln_single/0")
	b.see(embedded, "adaln_single/1")
	return embedded, g.Reshape(six, w, 6, b.size.Batch)
}

// patches embeds tokens: rows [patch²·channels, tokens·batch], positions [width, tokens].
func (b *builder) patches(rows, positions *compute.Tensor) *compute.Tensor {
	x := b.perLatent(b.m.patch.Apply(b.g, rows))
	x = b.joined(b.g.Add(x, positions))
	b.see(x, "pos_embed")
	return x
}

// block is one transformer block: x and its result are [width, tokens·batch], for any number of
// tokens. text is the block's keys and values of the text, [2·width, rows·batch].
func (b *builder) block(i int, x, shared, text, mask *compute.Tensor) *compute.Tensor {
	g, w := b.g, &b.m.blocks[i]
	six := g.Add(shared, g.Leaf(w.table))
	part := func(n int) *compute.Tensor { return g.Slice(six, 1, n, 1) } // [width, 1, batch]

	norm := g.LayerNorm(x, b.m.Config.Eps)
	b.see(norm, "transformer_blocks.%d.norm1", i)
	qkv := w.qkv.Apply(g, b.modulate(norm, part(1), part(0)))
	a := w.selfOut.Apply(g, b.self(qkv))
	b.see(a, "transformer_blocks.%d.attn1", i)
	x = g.Add(x, b.gated(a, part(2)))

	// No norm before the cross-attention: PixArt has none there.
	a = w.crossOut.Apply(g, b.cross(w.query.Apply(g, x), text, mask))
	b.see(a, "transformer_blocks.%d.attn2", i)
	x = g.Add(x, a)

	f := w.up.Apply(g, b.modulate(g.LayerNorm(x, b.m.Config.Eps), part(4), part(3)))
	f = w.down.Apply(g, b.gelu(f))
	b.see(f, "transformer_blocks.%d.ff", i)
	x = g.Add(x, b.gated(f, part(5)))
	b.see(x, "transformer_blocks.%d", i)
	return x
}

// finish turns the last block's rows into predicted patches, [patch²·out, tokens·batch].
func (b *builder) finish(x, embedded *compute.Tensor) *compute.Tensor {
	const eps = 1e-6 // of the last norm, whatever the configuration says of the others
	g, w := b.g, b.m.Config.Width()
	per := g.Reshape(embedded, w, 1, b.size.Batch)
	part := func(n int) *compute.Tensor { return g.Add(per, g.Slice(g.Leaf(b.m.final), 1, n, 1)) }
	x = b.m.out.Apply(g, b.modulate(g.LayerNorm(x, eps), part(1), part(0)))
	b.see(x, "proj_out")
	return x
}

// modulate is x·scale + shift, both [width, 1, batch]; the 1 of 1 + scale lies in the tables.
func (b *builder) modulate(x, scale, shift *compute.Tensor) *compute.Tensor {
	return b.joined(b.g.Add(b.g.Mul(b.perLatent(x), scale), shift))
}

func (b *builder) gated(x, gate *compute.Tensor) *compute.Tensor {
	return b.joined(b.g.Mul(b.perLatent(x), gate))
}

// perLatent views [width, tokens·batch] as [width, tokens, batch], joined is the way back.
func (b *builder) perLatent(x *compute.Tensor) *compute.Tensor {
	return b.g.Reshape(x, x.Shape[0], x.Shape[1]/b.size.Batch, b.size.Batch)
}

func (b *builder) joined(x *compute.Tensor) *compute.Tensor {
	return b.g.Reshape(x, x.Shape[0], x.Shape[1]*x.Shape[2])
}

// gelu is the tanh approximation. A processor looks it up in a table of halves, number by number,
// and a GPU may; the same formula in parts is exact, and on a processor a third of the time:
// x·σ(2√(2/π)·(x + 0.044715·x³)) = silu(x·p)/p, p = 2√(2/π)·(1 + 0.044715·x²).
func (b *builder) gelu(x *compute.Tensor) *compute.Tensor {
	if !b.m.exact && !onProcessor(b.m.backend) {
		return b.g.Unary(compute.GELU, x)
	}
	const c = 1.5957691216057308 // 2√(2/π)
	p := b.g.Scale(b.g.Unary(compute.Sqr, x), c*0.044715, c)
	return b.g.Div(b.g.Unary(compute.SiLU, b.g.Mul(x, p)), p)
}
