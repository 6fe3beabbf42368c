package pixart

import (
	"context"
	"fmt"

	"winnow/internal/compute"
)

// Products runs the matrix products of an evaluation and nothing else: every linear layer with its
// weights and both products of each attention, at the shapes, types and threads of a Session's
// evaluation of all tokens. What an evaluation takes beside them is norms, modulation, biases,
// softmax and activations. The numbers that come out mean nothing.
type Products struct {
	// FLOPs is counted, and is an evaluation's.
	FLOPs   int64
	program compute.Program
}

// NewProducts compiles them. fused takes each attention as the one fused operation that an
// evaluation on a processor uses: it writes no scores, and so is quicker than its two products.
func (m *Model) NewProducts(size Size, fused bool) (*Products, error) {
	z, err := m.Config.geometry(size)
	if err != nil {
		return nil, err
	}
	b := productBuilder{builder: m.builder(z), fused: fused}
	b.build()
	p := &Products{FLOPs: b.g.Cost().FLOPs}
	if p.program, err = m.backend.Compile(b.g); err != nil {
		return nil, fmt.Errorf("the matrix products of an evaluation: %w", err)
	}
	if err := p.program.Run(context.Background(), b.in...); err != nil { // later runs keep the inputs
		p.Close()
		return nil, err
	}
	return p, nil
}

// Run computes them once.
func (p *Products) Run(ctx context.Context) error { return p.program.Run(ctx) }

// Close frees the program.
func (p *Products) Close() { p.program.Free() }

// productBuilder makes the graph.
type productBuilder struct {
	*builder
	fused bool
	in    []compute.Binding
}

// build lets each block begin with the same rows, so that no number grows or shrinks out of range;
// within a block each product reads what the one before it gave.
func (b *productBuilder) build() {
	g, m, c, z := b.g, b.m, b.m.Config, b.size
	n := z.Tokens() * z.Batch
	b.embedder(m.time, z.Batch)
	if c.Conditioned {
		b.embedder(m.resolution, 2*z.Batch)
		b.embedder(m.aspect, z.Batch)
	}
	g.Output(b.linear(m.modulation.Weight, b.rows(c.Width(), z.Batch)))
	g.Output(b.linear(m.patch.Weight, b.rows(c.Patch*c.Patch*c.Channels, n)))
	x := b.rows(c.Width(), n)
	self, cross := b.attention(z.Tokens()), b.attention(z.Text)
	for i := range m.blocks {
		w := &m.blocks[i]
		qkv := g.Reshape(b.linear(w.qkv.Weight, x), c.Width(), 3*n)
		a := b.linear(w.selfOut.Weight, self(g.Slice(qkv, 1, 0, n)))
		a = b.linear(w.crossOut.Weight, cross(b.linear(w.query.Weight, a)))
		g.Output(b.linear(w.down.Weight, b.linear(w.up.Weight, a)))
	}
	g.Output(b.linear(m.out.Weight, x))
}

// rows is an input of numbers around 0.
func (b *productBuilder) rows(dims ...int) *compute.Tensor {
	t := b.g.Input(fmt.Sprintf("rows %d", len(b.in)), compute.F32, dims...)
	v := make([]float32, t.Shape.Elements())
	for i := range v {
		v[i] = float32(i*37%61-30) / 61
	}
	b.in = append(b.in, compute.In(t, v))
	return t
}

func (b *productBuilder) linear(w compute.Array, x *compute.Tensor) *compute.Tensor {
	return b.g.MulMat(b.g.Leaf(w), x)
}

func (b *productBuilder) embedder(e embedder, n int) {
	b.g.Output(b.linear(e.second.Weight, b.linear(e.first.Weight, b.rows(sinusoids, n))))
}

// attention gives the products of queries [width, tokens·batch] with n keys and values, which lie in
// memory as is best for them.
func (b *productBuilder) attention(n int) func(queries *compute.Tensor) *compute.Tensor {
	g, c, z := b.g, b.m.Config, b.size
	keys := b.rows(c.HeadDim, n, c.Heads, z.Batch)
	values := b.rows(n, c.HeadDim, c.Heads, z.Batch)
	if b.fused {
		values = b.rows(c.HeadDim, n, c.Heads, z.Batch)
	}
	return func(queries *compute.Tensor) *compute.Tensor {
		q := g.Reshape(queries, c.HeadDim, z.Tokens(), c.Heads, z.Batch)
		if b.fused {
			return g.Reshape(g.FlashAttn(q, keys, values, nil, b.scale()), c.Width(), z.Tokens()*z.Batch)
		}
		return g.Reshape(g.MulMat(values, g.MulMat(keys, q)), c.Width(), z.Tokens()*z.Batch)
	}
}
