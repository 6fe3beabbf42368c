package llama

import (
	"fmt"
	"slices"

	"winnow/internal/compute"
	"winnow/internal/kernels"
	"winnow/pruning"
	"winnow/vlm/kv/packed"
)

// builder makes the graph of a plan.
type builder struct {
	*Segment
	d *Decoder
	g *compute.Graph
}

// Build compiles a plan.
func (d *Decoder) Build(p Plan, stream *Stream) (*Segment, error) {
	g := compute.NewGraph()
	s := &Segment{plan: p, probes: map[pruning.Probe]*compute.Tensor{}, stores: map[int]*packed.Store{}, Costs: map[int]compute.Cost{}}
	b := &builder{s, d, g}
	var x *compute.Tensor
	if p.FromStream {
		s.kept = g.Input("kept rows", compute.I32, p.Rows)
		x = g.GetRows(g.Leaf(stream.array), s.kept)
	} else {
		s.x = g.Input("embeddings", compute.F32, d.Config.Hidden, p.Rows)
		x = s.x
	}
	from, to := p.Caching()
	for i, index := range p.partition() {
		if index == len(s.groups) {
			tail := p.Cache.Layers[from+i].Layout.Tail()
			s.groups = append(s.groups, &group{after: p.Cache.Layers[from+i].Layout, rows: p.Rows, keys: p.keys(tail), base: -1})
		}
		s.inGroup = append(s.inGroup, index)
	}
	if p.From == Before(0) {
		b.lens(-1, x)
	}
	if p.From.Inside() {
		x = b.count(p.From.Layer(), func() *compute.Tensor { return b.enterAttention(x, stream) })
	}
	for l := from; l < to; l++ {
		x = b.count(l, func() *compute.Tensor {
			q, keys, values := b.project(l, x)
			if p.To == Within(l) {
				b.leave(x, q, stream)
				return x
			}
			gr := s.groups[s.inGroup[l-from]]
			a := b.attend(l, q, keys, values, gr.needMask(g))
			b.see(pruning.AttentionOut, l, a)
			return b.finish(l, x, a)
		})
	}
	if !p.To.Inside() && p.To.Layer() < d.Config.Layers {
		b.leave(x, nil, stream)
	}
	if p.Logits > 0 {
		mark := g.Mark()
		x = g.Mul(g.RMSNorm(b.last(x, p.Logits), d.Config.Eps), g.Leaf(d.OutputNorm))
		s.logits = g.Output(g.MulMat(g.Leaf(d.head()), x))
		s.HeadCost = g.CostSince(mark)
	}
	for _, probe := range p.Probes {
		if s.probes[probe] == nil {
			return nil, fmt.Errorf("the llama pipeline cannot observe %v with %v: the method needs another model", probe, reduceNames[probe.Reduce])
		}
	}
	var err error
	s.program, err = d.Backend.Compile(g)
	return s, err
}

var reduceNames = map[pruning.Reduce]string{pruning.None: "no reduction", pruning.ColumnMean: "column sums, mean over heads",
	pruning.ColumnHeads: "column sums of each head", pruning.VisualMass: "mass on the picture", pruning.VisualMassHeads: "mass on the picture of each head"}

// count adds the cost of what do builds to a layer's.
func (b *builder) count(layer int, do func() *compute.Tensor) *compute.Tensor {
	mark := b.g.Mark()
	x := do()
	b.Costs[layer] = b.Costs[layer].Add(b.g.CostSince(mark))
	return x
}

// last is the last n rows.
func (b *builder) last(x *compute.Tensor, n int) *compute.Tensor {
	if x.Shape[1] <= n {
		return x
	}
	return b.g.Cont(b.g.Slice(x, 1, x.Shape[1]-n, n))
}

// leave writes rows, and queries [dim, heads, rows] in the midst of an attention, to the device.
func (b *builder) leave(x, q *compute.Tensor, stream *Stream) {
	b.streamRows = b.g.Input("stream rows", compute.I32, b.plan.Rows)
	b.g.SetRows(b.g.Leaf(stream.array), x, b.streamRows)
	if q != nil {
		b.g.SetRows(b.g.Leaf(stream.queries), b.g.Reshape(q, q.Shape[0]*q.Shape[1], b.plan.Rows), b.streamRows)
	}
}

// see makes an output of what a probe over all rows asks for.
func (b *builder) see(what pruning.Quantity, l int, t *compute.Tensor) {
	probe := pruning.Probe{What: what, Layer: l}
	if slices.Contains(b.plan.Probes, probe) {
		b.probes[probe] = b.g.Output(t)
	}
}

// lens is the output matrix on the last row after a layer.
func (b *builder) lens(l int, x *compute.Tensor) {
	probe := pruning.Probe{What: pruning.LogitLens, Layer: l}
	if slices.Contains(b.plan.Probes, probe) {
		b.probes[probe] = b.g.Output(b.g.MulMat(b.g.Leaf(b.d.head()), b.last(x, 1)))
	}
}

// project is a layer up to its attention: x [hidden, rows] gives queries [dim, heads, rows], and
// keys and values [kvheads·dim, keys] with the new rows cached.
func (b *builder) project(l int, x *compute.Tensor) (q, keys, values *compute.Tensor) {
	g, c, w, n := b.g, b.d.Config, &b.d.Layers[l], b.plan.Rows
	from, _ := b.plan.Caching()
	gr := b.groups[b.inGroup[l-from]]
	times := func(m, bias compute.Array, h *compute.Tensor) *compute.Tensor {
		y := g.MulMat(g.Leaf(m), h)
		if bias != nil {
			y = g.Add(y, g.Leaf(bias))
		}
		return y
	}
	rope := func(t *compute.Tensor, heads int) *compute.Tensor { // [dim, heads, rows]
		t = g.Reshape(t, c.HeadDim, heads, n)
		var factors *compute.Tensor
		if b.d.RoPEFactors != nil {
			factors = g.Leaf(b.d.RoPEFactors)
		}
		return g.RoPE(t, gr.needPos(g), factors, c.RoPEDims, compute.RoPEPairs, c.RoPEBase, c.RoPEScale)
	}
	h := g.Mul(g.RMSNorm(x, c.Eps), g.Leaf(w.AttentionNorm))
	q, k, v := times(w.Q, w.QBias, h), times(w.K, w.KBias, h), times(w.V, w.VBias, h)
	b.see(pruning.QueryPre, l, q)
	b.see(pruning.KeyPre, l, k)
	b.see(pruning.Value, l, v)
	q, k = rope(q, c.Heads), rope(k, c.KVHeads)
	b.see(pruning.Query, l, q)
	b.see(pruning.Key, l, k)

	cache := b.plan.Cache.Layers[l]
	b.stores[l] = cache.Packed
	cached := func(a compute.Array, t *compute.Tensor) *compute.Tensor {
		return g.Slice(g.SetRows(g.Leaf(a), g.Reshape(t, c.KVHeads*c.HeadDim, n), gr.needIndex(g)), 1, 0, gr.keys)
	}
	keys, values = cached(cache.K, k), cached(cache.V, v)
	b.observeAttention(l, q, b.heads(keys), gr)
	return q, keys, values
}

// heads views cached rows [kvheads·dim, n] by head: [dim, n, kvheads].
func (b *builder) heads(rows *compute.Tensor) *compute.Tensor {
	c := b.d.Config
	return b.g.Permute(b.g.Reshape(rows, c.HeadDim, c.KVHeads, rows.Shape[1]), [4]int{0, 2, 1, 3})
}

// attend is the attention of q [dim, heads, rows], the result [heads·dim, rows].
func (b *builder) attend(l int, q, keys, values, mask *compute.Tensor) *compute.Tensor {
	g, c := b.g, b.d.Config
	scale := b.scale()
	n := q.Shape[2]
	var a *compute.Tensor
	store := b.stores[l]
	if store == nil && b.plan.Decode && keys.Type == compute.F16 && b.d.Backend.Device().Threads > 0 && ownAttention(keys.Shape[1], c) {
		store = packed.NewStore(c.KVHeads, c.HeadDim)
	}
	if store != nil {
		a = packed.Attend(g, q, keys, values, mask, store, c.Heads, scale)
	} else {
		a = attend(g, g.Permute(q, [4]int{0, 2, 1, 3}), b.heads(keys), b.heads(values), mask, scale)
	}
	return g.Reshape(a, c.Heads*c.HeadDim, n)
}

// ownAttention reports whether our kernels attend sooner than ggml's fused attention over one row
// of a cache where nothing is packed. What they save a key and channel, in nanoseconds as measured
// on two cores at 4096 keys (packed's benchmarks), has to make up for calling back into Go.
func ownAttention(keys int, c Config) bool {
	const callback = 50e3 // ns
	saves := 2.0
	switch {
	case c.HeadDim >= 128:
		saves = 0.35
	case c.HeadDim >= 64:
		saves = 0.05
	}
	return kernels.Fast() && saves*float64(keys*c.Heads*c.HeadDim) > callback
}

// enterAttention takes up a layer in the midst of its attention and carries it to its end.
func (b *builder) enterAttention(x *compute.Tensor, stream *Stream) *compute.Tensor {
	g, c, p, l := b.g, b.d.Config, b.plan, b.plan.From.Layer()
	cache, n := p.Cache.Layers[l], p.Rows
	m := n
	if p.Attending > 0 {
		m = p.Attending
	}
	b.enter = &group{after: cache.Layout, rows: m, keys: p.keys(p.entering())}
	if p.Decode {
		b.enter.base = -1
	}
	b.stores[l] = cache.Packed
	keys, values := g.Slice(g.Leaf(cache.K), 1, 0, b.enter.keys), g.Slice(g.Leaf(cache.V), 1, 0, b.enter.keys)
	if p.Weighted {
		b.weights = g.Input("attention", compute.F32, b.enter.keys, 1, c.Heads)
		a := g.MulMat(g.Cont(g.Permute(b.heads(values), [4]int{1, 0, 2, 3})), b.weights) // [dim, 1, heads]
		a = g.Reshape(a, c.Heads*c.HeadDim, 1)
		b.see(pruning.AttentionOut, l, a)
		return b.finish(l, x, a)
	}
	rows := b.kept
	if m < n {
		b.attending = g.Input("attending rows", compute.I32, m)
		rows = b.attending
	}
	q := g.Reshape(g.GetRows(g.Leaf(stream.queries), rows), c.HeadDim, c.Heads, m)
	a := b.attend(l, q, keys, values, b.enter.needMask(g))
	if m < n {
		b.scatter = g.Input("attention results", compute.I32, n)
		zeros := g.Scale(g.Slice(a, 1, 0, 1), 0, 0)
		a = g.GetRows(g.Concat(a, zeros, 1), b.scatter)
	}
	b.see(pruning.AttentionOut, l, a)
	return b.finish(l, x, a)
}

// finish is a layer from its attention's result a [heads·dim, rows] on.
func (b *builder) finish(l int, x, a *compute.Tensor) *compute.Tensor {
	p, w, g := b.plan, &b.d.Layers[l], b.g
	ffn := w.FFN
	if f, ok := p.FFN[l]; ok {
		ffn = f
	}
	rest := func(x, a *compute.Tensor, see func(pruning.Quantity, int, *compute.Tensor)) *compute.Tensor {
		x = g.Add(x, g.MulMat(g.Leaf(w.Out), a))
		h := g.Mul(g.RMSNorm(x, b.d.Config.Eps), g.Leaf(w.FFNNorm))
		gate, up := g.MulMat(g.Leaf(ffn.Gate), h), g.MulMat(g.Leaf(ffn.Up), h)
		if slices.Contains(p.Probes, pruning.Probe{What: pruning.GateAct, Layer: l}) {
			see(pruning.GateAct, l, b.activate(gate))
		}
		act := b.gated(gate, up)
		see(pruning.DownInput, l, act)
		x = g.Add(x, g.MulMat(g.Leaf(ffn.Down), act))
		see(pruning.Hidden, l, x)
		return x
	}
	see := b.see
	if l == b.d.Config.Layers-1 && p.Logits > 0 && p.Logits < p.Rows {
		// Only the last row goes on to the logits. A probe of the others gets a branch of its own:
		// the logits' arithmetic must be the same bit for bit whether anybody looks on or not.
		if observedAfter(p.Probes, l) {
			rest(x, a, see)
		}
		a, x = b.last(a, p.Logits), b.last(x, p.Logits)
		see = func(pruning.Quantity, int, *compute.Tensor) {}
	}
	x = rest(x, a, see)
	b.lens(l, x)
	return x
}

func (b *builder) activate(gate *compute.Tensor) *compute.Tensor {
	if b.d.Config.Activation == "relu" {
		return b.g.Unary(compute.ReLU, gate)
	}
	return b.g.Unary(compute.SiLU, gate)
}

// gated is activate(gate) ⊙ up, fused where the device can.
func (b *builder) gated(gate, up *compute.Tensor) *compute.Tensor {
	if b.d.Config.Activation == "silu" {
		return b.g.SwiGLU(gate, up)
	}
	return b.g.Mul(b.activate(gate), up)
}

// observedAfter: some probe reads all rows of what comes after attention.
func observedAfter(probes []pruning.Probe, layer int) bool {
	return slices.ContainsFunc(probes, func(p pruning.Probe) bool {
		return p.Layer == layer && (p.What == pruning.DownInput || p.What == pruning.GateAct || p.What == pruning.Hidden)
	})
}
