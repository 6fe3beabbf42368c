package language

import (
	"math"

	"winnow/internal/compute"
)

// segment is a compiled plan.
type segment struct {
	program compute.Program
	// all has the numbers of all rows; known the first layer's probabilities of its kept rows.
	all, known *compute.Tensor
	// layouts are the different sets of kept rows, each layer's its own; nil kept shares one.
	layouts map[int]*layout // by index in the plan; -1 for all rows
	prob    *compute.Tensor // of every row [1, rows], at the end
	states  *compute.Tensor
	cost    compute.Cost
}

// layout is the inputs that a set of rows asks for. Mask is nil where a row sees all keys; blank are
// zeros that fill the keys up, nil where they are full.
type layout struct{ rows, positions, mask, blank *compute.Tensor }

// keyBlock is what the number of keys is filled up to a multiple of: ggml multiplies other matrices
// of numbers in float32 row by row, and a pass of 311 rows took a third longer than one of 312.
const keyBlock = 4

func filled(keys int) int { return (keys + keyBlock - 1) / keyBlock * keyBlock }

// newLayout adds the inputs of n rows that see each other by a mask.
func (b *builder) newLayout(n int) *layout {
	c, m := b.d.Config, filled(n)
	at := &layout{positions: b.g.Input("positions", compute.I32, n), mask: b.g.Input("mask", compute.F32, m, n)}
	if m > n {
		at.blank = b.g.Input("blank keys", compute.F32, c.KVHeads*c.HeadDim(), m-n)
	}
	return at
}

// bind gives the inputs their values for kept rows of a frame. Rows are counted anew, so positions are
// 0, 1, 2, … whoever they are.
func (at *layout) bind(f Frame, kept []int) []compute.Binding {
	in := []compute.Binding{compute.In(at.positions, narrow(f.all()[:at.positions.Shape[0]])), compute.In(at.mask, f.mask(kept))}
	if at.rows != nil {
		in = append(in, compute.In(at.rows, narrow(kept)))
	}
	if at.blank != nil {
		in = append(in, compute.In(at.blank, make([]float32, at.blank.Shape.Elements())))
	}
	return in
}

type builder struct {
	g *compute.Graph
	d *Decoder
	f Frame
	s *segment
	// cache, where set, is given each layer's keys and values [width, rows], in order, and returns
	// those to attend to.
	cache func(k, v *compute.Tensor) (keys, values *compute.Tensor)
}

func (d *Decoder) build(g *compute.Graph, f Frame, p Plan, hidden compute.Array) *segment {
	b := &builder{g: g, d: d, f: f, s: &segment{layouts: map[int]*layout{}}}
	held := g.Leaf(hidden) // what lies in the array
	x, loose := held, false
	store := func() {
		if loose {
			if b.s.all == nil {
				b.s.all = g.Input("all rows", compute.I32, f.Rows)
			}
			held = g.SetRows(held, x, b.s.all)
			x, loose = held, false
		}
	}
	for i := range p.To - p.From {
		y := &d.layers[p.From+i]
		kept := p.kept(f, i)
		routed := y.router.Weight != nil && !p.Plain
		var prob *compute.Tensor
		switch {
		case routed && i == 0 && p.Known != nil:
			n := f.Rows
			if kept != nil {
				n = len(kept)
			}
			b.s.known = g.Input("router's probabilities", compute.F32, 1, n)
			prob = b.s.known
		case routed:
			prob = b.router(y, x)
		}
		if kept == nil {
			x, loose = b.layer(y, x, b.layout(-1, f.Rows), prob), true
			continue
		}
		at := b.layout(i, len(kept))
		if prob != nil && prob != b.s.known {
			prob = g.GetRows(prob, at.rows)
		}
		store()
		held = g.SetRows(held, b.layer(y, g.GetRows(held, at.rows), at, prob), at.rows)
		x = held
	}
	if p.Router >= 0 {
		b.s.prob = g.Output(b.router(&d.layers[p.Router], x))
	}
	if p.Final && f.States > 0 {
		part := g.Cont(g.Slice(x, 1, f.First, f.States))
		b.s.states = g.Output(b.normed(part, d.norm))
	}
	if store(); held.Op == compute.OpSetRows {
		g.Output(held)
	}
	b.s.cost = g.Cost()
	return b.s
}

func (b *builder) layout(i, n int) *layout {
	at := b.s.layouts[i]
	if at == nil {
		at = b.newLayout(n)
		if i >= 0 {
			at.rows = b.g.Input("kept rows", compute.I32, n)
		}
		b.s.layouts[i] = at
	}
	return at
}

// layer computes rows x [hidden, n]; prob [1, n] scales the feed-forward, or is nil.
func (b *builder) layer(y *layer, x *compute.Tensor, at *layout, prob *compute.Tensor) *compute.Tensor {
	g, c, n := b.g, b.d.Config, x.Shape[1]
	h := b.normed(x, y.norm1)
	heads := func(t *compute.Tensor, count int) *compute.Tensor { return g.Reshape(t, c.HeadDim(), count, n) }
	turn := func(t *compute.Tensor) *compute.Tensor {
		return g.RoPE(t, at.positions, nil, c.HeadDim(), compute.RoPEHalf, c.Theta, 1)
	}
	byHead := [4]int{0, 2, 1, 3}
	q := g.Permute(turn(heads(y.q.Apply(g, h), c.Heads)), byHead)
	k, v := g.Reshape(turn(heads(y.k.Apply(g, h), c.KVHeads)), c.HeadDim()*c.KVHeads, n), y.v.Apply(g, h)
	if b.cache != nil {
		k, v = b.cache(k, v)
	}
	if at.blank != nil {
		k, v = g.Concat(k, at.blank, 1), g.Concat(v, at.blank, 1)
	}
	byKV := func(t *compute.Tensor, axes [4]int) *compute.Tensor {
		return g.Cont(g.Permute(g.Reshape(t, c.HeadDim(), c.KVHeads, t.Shape[1]), axes))
	}
	v = byKV(v, [4]int{1, 2, 0, 3})                // [keys, dim, heads]
	scores := g.MulMat(byKV(k, byHead), g.Cont(q)) // [keys, n, heads]
	p := g.SoftMax(scores, at.mask, float32(1/math.Sqrt(float64(c.HeadDim()))))
	a := g.Reshape(g.Cont(g.Permute(g.MulMat(v, p), byHead)), c.Heads*c.HeadDim(), n)
	x = g.Add(x, y.out.Apply(g, a))
	h = b.normed(x, y.norm2)
	h = y.down.Apply(g, g.SwiGLU(y.gate.Apply(g, h), y.up.Apply(g, h)))
	if prob != nil {
		h = g.Mul(h, prob)
	}
	return g.Add(x, h)
}

// router is what a layer's router says of every row of x [hidden, rows]: [1, rows].
func (b *builder) router(y *layer, x *compute.Tensor) *compute.Tensor {
	g, f, d := b.g, b.f, b.d.Config.Hidden
	n := b.normed(x, y.norm1)
	if b.d.Config.FiLM {
		from, to := 1+f.Visual, f.Rows-f.Actions-f.Pad
		text := g.Cont(g.Transpose(g.Slice(n, 1, from, to-from))) // [text rows, hidden]
		mean := g.Scale(g.Reshape(g.SumRows(text), d, 1), 1/float32(to-from), 0)
		two := func(i int) *compute.Tensor {
			m := y.scale
			if i == 1 {
				m = y.shift
			}
			return m[1].Apply(g, g.Unary(compute.GELUErf, m[0].Apply(g, mean)))
		}
		visual := g.Add(g.Mul(g.Slice(n, 1, 1, f.Visual), g.Scale(two(0), 1, 1)), two(1))
		n = g.Concat(g.Concat(g.Slice(n, 1, 0, 1), visual, 1), g.Slice(n, 1, from, f.Rows-from), 1)
	}
	both := g.SoftMax(y.router.Apply(g, n), nil, 1) // [2, rows]
	return g.Cont(g.Slice(both, 0, 1, 1))
}

func (b *builder) normed(x *compute.Tensor, weight compute.Array) *compute.Tensor {
	return b.g.Mul(b.g.RMSNorm(x, b.d.Config.Eps), b.g.Leaf(weight))
}
