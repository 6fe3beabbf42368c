package encoder

import (
	"math"

	"winnow/internal/compute"
)

// Output is what an encoder adds to a graph.
type Output struct {
	// Rows is [width, Config.Out()].
	Rows *compute.Tensor
	// Attention of each aggregation vector to the patches in the last block computed, mean over the
	// heads [patches, A]; nil without them.
	Attention *compute.Tensor
}

// Build adds the encoder: patches [3·patch², patches] (see Config.Rows), language [Config.Language] or
// nil without FiLM. watch sees the rows before the first block and after each; nil: nobody does.
func (e *Encoder) Build(g *compute.Graph, patches, language *compute.Tensor, watch func(x *compute.Tensor)) Output {
	x := g.Add(e.patch.Apply(g, patches), g.Leaf(e.positions))
	if e.before != nil {
		x = g.Concat(g.Leaf(e.before), x, 1)
	}
	return e.run(g, x, language, watch)
}

// run is Build from the rows that the blocks get, without the aggregation vectors.
func (e *Encoder) run(g *compute.Graph, x, language *compute.Tensor, watch func(x *compute.Tensor)) Output {
	if e.after != nil {
		x = g.Concat(x, g.Leaf(e.after), 1)
	}
	if watch != nil {
		watch(x)
	}
	var out Output
	for i := range e.blocks {
		var probs *compute.Tensor
		x, probs = e.block(g, &e.blocks[i], x, language)
		if watch != nil {
			watch(x)
		}
		if i == len(e.blocks)-1 && e.after != nil {
			out.Attention = e.attention(g, probs)
		}
	}
	c := e.Config
	from := c.Prefix()
	if e.after != nil {
		from = x.Shape[1] - c.Aggregation
	}
	out.Rows = g.Cont(g.Slice(x, 1, from, x.Shape[1]-from))
	return out
}

func (e *Encoder) block(g *compute.Graph, b *block, x, language *compute.Tensor) (y, probs *compute.Tensor) {
	h, probs := e.attend(g, b.qkv.Apply(g, normed(g, b.norm1, x)))
	x = g.Add(x, scaled(g, b.out.Apply(g, h), b.ls1))
	if b.scale.Weight != nil {
		gain := g.Scale(b.scale.Apply(g, language), 1, 1)
		x = g.Add(g.Mul(x, gain), b.shift.Apply(g, language))
	}
	gelu := compute.GELUErf
	if b.fc2.Weight.Type().Quantized() { // which rounds what it multiplies to 8 bits
		gelu = compute.GELUNear
	}
	h = g.Unary(gelu, b.fc1.Apply(g, normed(g, b.norm2, x)))
	return g.Add(x, scaled(g, b.fc2.Apply(g, h), b.ls2)), probs
}

// attend is attention of rows [3·width, n]; the result is [width, n], probs [keys, n, heads], the keys
// filled up.
func (e *Encoder) attend(g *compute.Graph, qkv *compute.Tensor) (rows, probs *compute.Tensor) {
	c, n := e.Config, qkv.Shape[1]
	d := c.Width / c.Heads
	var mask *compute.Tensor
	if e.blank != nil {
		qkv, mask = g.Concat(qkv, g.Leaf(e.blank), 1), g.Leaf(e.mask)
	}
	all := g.Reshape(qkv, d, 3*c.Heads, qkv.Shape[1])
	part := func(i, n int) *compute.Tensor { // [dim, n, heads]
		return g.Permute(g.Slice(g.Slice(all, 1, i*c.Heads, c.Heads), 2, 0, n), [4]int{0, 2, 1, 3})
	}
	keys := qkv.Shape[1]
	scores := g.MulMat(part(1, keys), g.Cont(part(0, n)))
	probs = g.SoftMax(scores, mask, float32(1/math.Sqrt(float64(d))))
	a := g.MulMat(g.Cont(g.Permute(part(2, keys), [4]int{1, 0, 2, 3})), probs) // [dim, n, heads]
	return g.Reshape(g.Cont(g.Permute(a, [4]int{0, 2, 1, 3})), c.Width, n), probs
}

// attention takes the part of probs [keys, queries, heads] where aggregation vectors look at
// patches, mean over the heads.
func (e *Encoder) attention(g *compute.Graph, probs *compute.Tensor) *compute.Tensor {
	c := e.Config
	n, patches := probs.Shape[1], c.Patches()
	part := g.Slice(g.Slice(probs, 1, n-c.Aggregation, c.Aggregation), 0, c.Prefix(), patches)
	heads := g.Cont(g.Permute(part, [4]int{1, 2, 0, 3})) // [heads, patches, A]
	return g.Reshape(g.Scale(g.SumRows(heads), 1/float32(c.Heads), 0), patches, c.Aggregation)
}

func scaled(g *compute.Graph, x *compute.Tensor, by compute.Array) *compute.Tensor {
	if by == nil {
		return x
	}
	return g.Mul(x, g.Leaf(by))
}

func normed(g *compute.Graph, n norm, x *compute.Tensor) *compute.Tensor {
	return g.Add(g.Mul(g.LayerNorm(x, eps), g.Leaf(n.weight)), g.Leaf(n.bias))
}

// Rows lays a picture [3, side, side] out as one row a patch, in the order of the convolution's
// weights: channel, then y, then x. A strided convolution is then a matrix product.
func (c Config) Rows(pixels []float32) []float32 {
	side, s := c.Side(), c.Patch
	k := 3 * s * s
	out := make([]float32, k*c.Patches())
	for at := range c.Patches() {
		for ch := range 3 {
			for y := range s {
				from := (ch*side+at/c.Grid*s+y)*side + at%c.Grid*s
				copy(out[at*k+(ch*s+y)*s:], pixels[from:from+s])
			}
		}
	}
	return out
}
