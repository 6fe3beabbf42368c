package llama

import (
	"context"
	"fmt"
	"math"
	"slices"

	"winnow/internal/compute"
	"winnow/pruning"
	"winnow/vlm/kv"
)

// Plan says what a graph computes: layers [From, To) on Rows rows.
type Plan struct {
	From, To, Rows int
	// FromStream starts with rows Kept of the residual stream that the last segment left on the
	// device; otherwise embeddings arrive as input.
	FromStream bool
	// ToStream leaves the result on the device for the next segment.
	ToStream bool
	// Logits applies the final norm and the output matrix to the last Logits rows; 0 means none.
	Logits int
	// Before is the layout of each layer before the new rows, and Cache the cache that already
	// notes them (kv.Cache.Append).
	Before []*kv.Layout
	Cache  *kv.Cache
	// PadKeys rounds the cached length that attention reads up to a multiple, so that a decode
	// graph serves several steps.
	PadKeys int
	// FFN replaces the feed-forward weights of a layer.
	FFN map[int]FFN
	// Probes are read after the run.
	Probes []pruning.Probe
}

// Segment is a compiled plan.
type Segment struct {
	plan    Plan
	program compute.Program
	x, kept *compute.Tensor
	groups  []*group
	// inGroup is the index in groups of each layer's.
	inGroup []int
	logits  *compute.Tensor
	probes  map[pruning.Probe]*compute.Tensor
	// LayerCost counts each layer, HeadCost the output matrix.
	LayerCost []compute.Cost
	HeadCost  compute.Cost
}

// group is the layers that share a layout: one mask, one set of positions, one of indices.
type group struct {
	before, after    *kv.Layout
	keys             int // cached rows that attention reads, padded
	mask, pos, index *compute.Tensor

	maskData  []uint16
	posData   []int32
	indexData []int32
}

// Stream is the residual stream kept on the device between segments.
type Stream struct {
	array compute.Array
	rows  int
}

// Reserve makes room for rows.
func (s *Stream) Reserve(b compute.Backend, hidden, rows int) error {
	if rows <= s.rows {
		return nil
	}
	a, err := b.State("residual stream", compute.F32, compute.Dims(hidden, rows))
	if err != nil {
		return err
	}
	s.Free()
	s.array, s.rows = a, rows
	return nil
}

// Rows is the number that there is room for.
func (s *Stream) Rows() int { return s.rows }

// Free releases it.
func (s *Stream) Free() {
	if s.array != nil {
		s.array.Free()
	}
	s.array, s.rows = nil, 0
}

// Build compiles a plan.
func (d *Decoder) Build(p Plan, stream *Stream) (*Segment, error) {
	g := compute.NewGraph()
	s := &Segment{plan: p, probes: map[pruning.Probe]*compute.Tensor{}}
	var x *compute.Tensor
	if p.FromStream {
		s.kept = g.Input("kept rows", compute.I32, p.Rows)
		x = g.GetRows(g.Leaf(stream.array), s.kept)
	} else {
		s.x = g.Input("embeddings", compute.F32, d.Config.Hidden, p.Rows)
		x = s.x
	}
	for i, index := range p.partition() {
		l := p.From + i
		if index == len(s.groups) {
			s.groups = append(s.groups, d.newGroup(g, p, p.Before[i], p.Cache.Layers[l].Layout))
		}
		gr := s.groups[index]
		s.inGroup = append(s.inGroup, index)
		mark := g.Mark()
		x = d.layer(g, s, l, x, gr)
		s.LayerCost = append(s.LayerCost, g.CostSince(mark))
	}
	if p.ToStream {
		rows := g.Input("stream rows", compute.I32, p.Rows)
		g.SetRows(g.Leaf(stream.array), x, rows)
		s.groups = append(s.groups, &group{index: rows, indexData: upTo(p.Rows)})
	}
	if p.Logits > 0 {
		mark := g.Mark()
		if n := x.Shape[1]; n > p.Logits {
			x = g.Cont(g.Slice(x, 1, n-p.Logits, p.Logits))
		}
		x = g.Mul(g.RMSNorm(x, d.Config.Eps), g.Leaf(d.OutputNorm))
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

// partition numbers the distinct layouts of the plan's layers in the order they appear.
func (p Plan) partition() []int {
	known := map[*kv.Layout]int{}
	out := make([]int, 0, p.To-p.From)
	for l := p.From; l < p.To; l++ {
		layout := p.Cache.Layers[l].Layout
		index, ok := known[layout]
		if !ok {
			index = len(known)
			known[layout] = index
		}
		out = append(out, index)
	}
	return out
}

// keys is the number of cached rows that attention reads.
func (p Plan) keys(after *kv.Layout) int {
	keys := after.Len()
	if p.PadKeys > 0 {
		keys = min((keys+p.PadKeys-1)/p.PadKeys*p.PadKeys, p.Cache.Capacity())
	}
	return keys
}

// Adopt lets a segment serve another plan, where its graph would be the same. The caches and
// the stream must still be the arrays that it was built on.
func (s *Segment) Adopt(p Plan) bool {
	q := s.plan
	if p.From != q.From || p.To != q.To || p.Rows != q.Rows || p.FromStream != q.FromStream || p.ToStream != q.ToStream ||
		p.Logits != q.Logits || p.PadKeys != q.PadKeys || p.Cache != q.Cache || len(p.FFN) > 0 || len(q.FFN) > 0 ||
		!slices.Equal(p.Probes, q.Probes) || !slices.Equal(p.partition(), s.inGroup) {
		return false
	}
	for i, index := range s.inGroup {
		if p.keys(p.Cache.Layers[p.From+i].Layout) != s.groups[index].keys {
			return false
		}
	}
	for i, index := range s.inGroup {
		s.groups[index].before, s.groups[index].after = p.Before[i], p.Cache.Layers[p.From+i].Layout
	}
	s.plan = p
	return true
}

// Keepable reports whether another plan may adopt the segment: its weights must outlive the run.
func (s *Segment) Keepable() bool { return len(s.plan.FFN) == 0 }

var reduceNames = map[pruning.Reduce]string{pruning.None: "no reduction", pruning.ColumnMean: "column sums, mean over heads",
	pruning.ColumnHeads: "column sums of each head", pruning.VisualMass: "mass on the picture"}

func upTo(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

func (d *Decoder) newGroup(g *compute.Graph, p Plan, before, after *kv.Layout) *group {
	keys := p.keys(after)
	gr := &group{before: before, after: after, keys: keys}
	gr.mask = g.Input("mask", compute.F16, keys, p.Rows)
	gr.pos = g.Input("positions", compute.I32, p.Rows)
	gr.index = g.Input("cache rows", compute.I32, p.Rows)
	gr.maskData = make([]uint16, keys*p.Rows)
	gr.posData = make([]int32, p.Rows)
	gr.indexData = make([]int32, p.Rows)
	return gr
}

// layer builds one layer; x is [hidden, rows].
func (d *Decoder) layer(g *compute.Graph, s *Segment, l int, x *compute.Tensor, gr *group) *compute.Tensor {
	c, w, p := d.Config, &d.Layers[l], s.plan
	n := p.Rows
	ffn := w.FFN
	if f, ok := p.FFN[l]; ok {
		ffn = f
	}
	see := func(what pruning.Quantity, t *compute.Tensor) {
		probe := pruning.Probe{What: what, Layer: l}
		if slices.Contains(p.Probes, probe) {
			s.probes[probe] = g.Output(t)
		}
	}
	project := func(m, bias compute.Array, h *compute.Tensor) *compute.Tensor {
		y := g.MulMat(g.Leaf(m), h)
		if bias != nil {
			y = g.Add(y, g.Leaf(bias))
		}
		return y
	}
	rope := func(t *compute.Tensor, heads int) *compute.Tensor { // [dim, heads, rows]
		t = g.Reshape(t, c.HeadDim, heads, n)
		var factors *compute.Tensor
		if d.RoPEFactors != nil {
			factors = g.Leaf(d.RoPEFactors)
		}
		return g.RoPE(t, gr.pos, factors, c.RoPEDims, compute.RoPEPairs, c.RoPEBase, c.RoPEScale)
	}

	h := g.Mul(g.RMSNorm(x, c.Eps), g.Leaf(w.AttentionNorm))
	q, k, v := project(w.Q, w.QBias, h), project(w.K, w.KBias, h), project(w.V, w.VBias, h)
	see(pruning.QueryPre, q)
	see(pruning.KeyPre, k)
	see(pruning.Value, v)
	q, k = rope(q, c.Heads), rope(k, c.KVHeads)
	see(pruning.Query, q)
	see(pruning.Key, k)

	cache := p.Cache.Layers[l]
	width := c.KVHeads * c.HeadDim
	cached := func(a compute.Array, t *compute.Tensor) *compute.Tensor { // [dim, keys, kvheads]
		all := g.SetRows(g.Leaf(a), g.Reshape(t, width, n), gr.index)
		return g.Permute(g.Reshape(g.Slice(all, 1, 0, gr.keys), c.HeadDim, c.KVHeads, gr.keys), [4]int{0, 2, 1, 3})
	}
	keys, values := cached(cache.K, k), cached(cache.V, v)
	q = g.Permute(q, [4]int{0, 2, 1, 3})
	scale := float32(1 / math.Sqrt(float64(c.HeadDim)))
	a := g.Reshape(attend(g, q, keys, values, gr.mask, scale), c.Heads*c.HeadDim, n)
	see(pruning.AttentionOut, a)
	d.attention(g, s, l, q, keys, gr, scale)

	rest := func(x, a *compute.Tensor, see func(pruning.Quantity, *compute.Tensor)) *compute.Tensor {
		x = g.Add(x, g.MulMat(g.Leaf(w.Out), a))
		h := g.Mul(g.RMSNorm(x, c.Eps), g.Leaf(w.FFNNorm))
		gate, up := g.MulMat(g.Leaf(ffn.Gate), h), g.MulMat(g.Leaf(ffn.Up), h)
		if slices.Contains(p.Probes, pruning.Probe{What: pruning.GateAct, Layer: l}) {
			see(pruning.GateAct, g.Unary(compute.SiLU, gate))
		}
		act := g.SwiGLU(gate, up)
		see(pruning.DownInput, act)
		x = g.Add(x, g.MulMat(g.Leaf(ffn.Down), act))
		see(pruning.Hidden, x)
		return x
	}
	if l < c.Layers-1 || p.Logits == 0 || p.Logits >= n {
		return rest(x, a, see)
	}
	// Only the last row goes on to the logits. A probe of the others gets a branch of its own:
	// the logits' arithmetic must be the same bit for bit whether anybody looks on or not.
	if observedAfter(p.Probes, l) {
		rest(x, a, see)
	}
	a = g.Cont(g.Slice(a, 1, n-p.Logits, p.Logits))
	x = g.Cont(g.Slice(x, 1, n-p.Logits, p.Logits))
	return rest(x, a, func(pruning.Quantity, *compute.Tensor) {})
}

// attend is attention, [dim, heads, rows]: fused over an F16 cache, and over an F32 cache, which
// is there to be exact, the plain sequence of operations.
func attend(g *compute.Graph, q, keys, values, mask *compute.Tensor, scale float32) *compute.Tensor {
	if keys.Type != compute.F32 {
		return g.FlashAttn(q, keys, values, mask, scale)
	}
	p := g.SoftMax(g.MulMat(keys, q), mask, scale)                  // [keys, rows, heads]
	a := g.MulMat(g.Cont(g.Permute(values, [4]int{1, 0, 2, 3})), p) // [dim, rows, heads]
	return g.Cont(g.Permute(a, [4]int{0, 2, 1, 3}))
}

// observedAfter: some probe reads all rows of what comes after attention.
func observedAfter(probes []pruning.Probe, layer int) bool {
	return slices.ContainsFunc(probes, func(p pruning.Probe) bool {
		return p.Layer == layer && (p.What == pruning.DownInput || p.What == pruning.GateAct || p.What == pruning.Hidden)
	})
}

// attention adds the reduced probabilities that probes ask for: a second, small product of the
// chosen query rows with all keys, since fused attention keeps no probabilities.
func (d *Decoder) attention(g *compute.Graph, s *Segment, l int, q, keys *compute.Tensor, gr *group, scale float32) {
	for _, probe := range s.plan.Probes {
		if probe.What != pruning.Attention || probe.Layer != l {
			continue
		}
		n, heads := s.plan.Rows, d.Config.Heads
		rows := n
		switch probe.Rows.Kind {
		case pruning.LastRow:
			rows = 1
		case pruning.Tail:
			rows = min(max(probe.Rows.N, 1), n)
		case pruning.TailAndRandom:
			continue // not offered: Build says so
		}
		if probe.Reduce != pruning.ColumnMean && probe.Reduce != pruning.ColumnHeads {
			continue
		}
		some := g.Slice(q, 1, n-rows, rows)
		mask := gr.mask
		if rows < n {
			mask = g.Slice(mask, 1, n-rows, rows)
		}
		p := g.SoftMax(g.MulMat(keys, g.Cont(some)), mask, scale)                 // [keys, rows, heads]
		p = g.SumRows(g.Cont(g.Permute(p, [4]int{1, 0, 2, 3})))                   // [1, keys, heads]
		if p = g.Reshape(p, gr.keys, heads); probe.Reduce == pruning.ColumnMean { // [keys, heads]
			p = g.Scale(g.Reshape(g.SumRows(g.Cont(g.Transpose(p))), gr.keys, 1), 1/float32(heads), 0)
		}
		s.probes[probe] = g.Output(g.Slice(p, 0, 0, gr.after.Len())) // without the padding
	}
}

// Inputs are the values of one run of a segment.
type Inputs struct {
	// X has the embeddings [rows × hidden] when the plan does not start from the stream.
	X []float32
	// Kept lists rows of the stream when it does.
	Kept []int32
	// Positions of the rows; nil means the layouts' own, which is right for consecutive rows.
	Positions []int32
}

// Run computes. Layouts may have grown since Build (Rebind), within the padded length.
func (s *Segment) Run(ctx context.Context, in Inputs) error {
	binds := make([]compute.Binding, 0, 2+3*len(s.groups))
	if s.x != nil {
		binds = append(binds, compute.In(s.x, in.X))
	} else {
		binds = append(binds, compute.In(s.kept, in.Kept))
	}
	for _, gr := range s.groups {
		if gr.mask != nil {
			gr.fill(s.plan.Rows, in.Positions)
			binds = append(binds, compute.In(gr.mask, gr.maskData), compute.In(gr.pos, gr.posData))
		}
		binds = append(binds, compute.In(gr.index, gr.indexData))
	}
	return s.program.Run(ctx, binds...)
}

func (gr *group) fill(n int, positions []int32) {
	before := gr.before.Len()
	gr.after.FillMask(gr.maskData, before, n, gr.keys)
	for i := range n {
		gr.indexData[i] = int32(before + i)
		if positions != nil {
			gr.posData[i] = positions[i]
		} else {
			gr.posData[i] = gr.after.Next - int32(n-i)
		}
	}
}

// Rebind lets the segment serve the cache's layouts after another Append, where each group has
// become one layout again and still fits. It reports whether that is so.
func (s *Segment) Rebind(before []*kv.Layout, cache *kv.Cache) bool {
	next := map[*kv.Layout]*kv.Layout{}
	for i, l := 0, s.plan.From; l < s.plan.To; i, l = i+1, l+1 {
		old, after := before[i], cache.Layers[l].Layout
		if known, ok := next[old]; ok && known != after {
			return false
		}
		next[old] = after
	}
	for _, gr := range s.groups {
		if gr.mask == nil {
			continue
		}
		after, ok := next[gr.after]
		if !ok || after.Len() > gr.keys {
			return false
		}
	}
	for _, gr := range s.groups {
		if gr.mask != nil {
			gr.before, gr.after = gr.after, next[gr.after]
		}
	}
	return true
}

// Logits copies the logits of the last run, [plan.Logits × vocabulary].
func (s *Segment) Logits(dst []float32) error { return s.program.ReadFloats(s.logits, dst) }

// Probe reads what a probe saw, valid until the segment runs again or is freed; a row of the
// matrix is a token, or a head of ColumnHeads. Where it has to be copied, lend gives memory.
func (s *Segment) Probe(p pruning.Probe, lend func(n int) []float32) (pruning.Matrix, error) {
	t := s.probes[p]
	cols := t.Shape[0]
	if p.What == pruning.Query || p.What == pruning.Key {
		cols = t.Shape[0] * t.Shape[1] // [dim, heads, rows]
	}
	n := t.Shape.Elements()
	m := pruning.Matrix{Rows: n / cols, Cols: cols}
	if v, ok := s.program.(compute.Viewer); ok {
		if m.Data, ok = v.ViewFloats(t); ok {
			return m, nil
		}
	}
	m.Data = lend(n)
	return m, s.program.ReadFloats(t, m.Data)
}

// Bytes is the working memory.
func (s *Segment) Bytes() int64 { return s.program.Bytes() }

// Free releases the program.
func (s *Segment) Free() {
	if s.program != nil {
		s.program.Free()
	}
}
