package llama

import (
	"context"

	"winnow/internal/compute"
	"winnow/pruning"
	"winnow/vlm/kv"
	"winnow/vlm/kv/packed"
)

// Segment is a compiled plan.
type Segment struct {
	plan    Plan
	program compute.Program
	// x or kept, where the rows come from; streamRows where they go.
	x, kept, streamRows *compute.Tensor
	groups              []*group
	// inGroup is the index in groups of each layer's that the plan caches.
	inGroup []int
	// enter is the group of the attention that the plan begins in, attending its query rows,
	// scatter where their results go, weights its probabilities; nil where there is none.
	enter                       *group
	attending, scatter, weights *compute.Tensor
	logits                      *compute.Tensor
	probes                      map[pruning.Probe]*compute.Tensor
	inputs                      []input // of probes, the same in every run
	stores                      map[int]*packed.Store
	// Costs counts each layer, or the half of it that is in the plan; HeadCost the output matrix.
	Costs    map[int]compute.Cost
	HeadCost compute.Cost
}

type input struct {
	to   *compute.Tensor
	data func() any
}

// group is the layers that share a layout: one mask, one set of positions, one of indices; each
// is an input of the graph once a layer has asked for it.
type group struct {
	after      *kv.Layout
	rows, keys int
	// base is the number of entries that the first row sees beside itself; -1: those before it.
	base                     int
	mask, pos, index, visual *compute.Tensor

	maskData   []uint16
	posData    []int32
	indexData  []int32
	visualData []float32
}

func (gr *group) needMask(g *compute.Graph) *compute.Tensor {
	if gr.mask == nil {
		gr.mask = g.Input("mask", compute.F16, gr.keys, gr.rows)
		gr.needMaskData()
	}
	return gr.mask
}

// needMaskData is the mask for a part of it that is an input of its own.
func (gr *group) needMaskData() {
	if gr.maskData == nil {
		gr.maskData = make([]uint16, gr.keys*gr.rows)
	}
}

func (gr *group) needPos(g *compute.Graph) *compute.Tensor {
	if gr.pos == nil {
		gr.pos = g.Input("positions", compute.I32, gr.rows)
		gr.posData = make([]int32, gr.rows)
	}
	return gr.pos
}

func (gr *group) needIndex(g *compute.Graph) *compute.Tensor {
	if gr.index == nil {
		gr.index = g.Input("cache rows", compute.I32, gr.rows)
		gr.indexData = make([]int32, gr.rows)
	}
	return gr.index
}

// needVisual is 1 at the cached rows of visual tokens.
func (gr *group) needVisual(g *compute.Graph) *compute.Tensor {
	if gr.visual == nil {
		gr.visual = g.Input("visual rows", compute.F32, gr.keys, 1)
		gr.visualData = make([]float32, gr.keys)
	}
	return gr.visual
}

// Stream is what the device keeps between segments: the residual stream and, in the midst of an
// attention, its queries.
type Stream struct {
	array, queries compute.Array
	rows           int
}

// Reserve makes room for rows.
func (s *Stream) Reserve(d *Decoder, rows int) error {
	if rows <= s.rows {
		return nil
	}
	a, err := d.Backend.State("residual stream", compute.F32, compute.Dims(d.Config.Hidden, rows))
	if err != nil {
		return err
	}
	q, err := d.Backend.State("queries", compute.F32, compute.Dims(d.Config.Heads*d.Config.HeadDim, rows))
	if err != nil {
		a.Free()
		return err
	}
	s.Free()
	s.array, s.queries, s.rows = a, q, rows
	return nil
}

// Rows is the number that there is room for.
func (s *Stream) Rows() int { return s.rows }

// Free releases it.
func (s *Stream) Free() {
	if s.array != nil {
		s.array.Free()
		s.queries.Free()
	}
	s.array, s.queries, s.rows = nil, nil, 0
}

// Queries reads the rotated queries of n rows that a plan ending in attention left, [n × heads·dim].
func (s *Stream) Queries(n int) ([]float32, error) {
	out := make([]float32, n*s.queries.Shape()[0])
	return out, kv.ReadFloats(s.queries, 0, out)
}

// Inputs are the values of one run of a segment.
type Inputs struct {
	// X has the embeddings [rows × hidden] when the plan does not start from the stream.
	X []float32
	// Kept lists rows of the stream when it does; nil means the first ones.
	Kept []int32
	// Positions of the rows; nil means the layouts' own, which is right for consecutive rows.
	Positions []int32
	// Attending lists the rows (ascending) of Plan.Attending.
	Attending []int32
	// Weights has the probabilities of a Weighted plan [heads × cached].
	Weights []float32
	// Visual reports whether the token of a sequence index is visual, for probes that ask.
	Visual func(origin int) bool
}

// Run computes. Layouts may have grown since Build (Adopt), within the padded length.
func (s *Segment) Run(ctx context.Context, in Inputs) error {
	n := s.plan.Rows
	binds := make([]compute.Binding, 0, 8+3*len(s.groups))
	if s.x != nil {
		binds = append(binds, compute.In(s.x, in.X))
	} else {
		kept := in.Kept
		if kept == nil {
			kept = upTo(n)
		}
		binds = append(binds, compute.In(s.kept, kept))
	}
	if s.streamRows != nil {
		binds = append(binds, compute.In(s.streamRows, upTo(n)))
	}
	if s.attending != nil {
		binds = append(binds, compute.In(s.attending, in.Attending), compute.In(s.scatter, scattered(in.Attending, n)))
	}
	if s.weights != nil {
		binds = append(binds, compute.In(s.weights, s.padded(in.Weights)))
	}
	groups := s.groups
	if s.enter != nil {
		groups = append(groups[:len(groups):len(groups)], s.enter)
	}
	for _, gr := range groups {
		gr.fill(in)
		if gr.mask != nil {
			binds = append(binds, compute.In(gr.mask, gr.maskData))
		}
		if gr.pos != nil {
			binds = append(binds, compute.In(gr.pos, gr.posData))
		}
		if gr.index != nil {
			binds = append(binds, compute.In(gr.index, gr.indexData))
		}
		if gr.visual != nil {
			binds = append(binds, compute.In(gr.visual, gr.visualData))
		}
	}
	for _, i := range s.inputs {
		binds = append(binds, compute.Binding{To: i.to, Data: i.data()})
	}
	return s.program.Run(ctx, binds...)
}

// scattered says for each of n rows which result it takes: those not attending the zeros behind.
func scattered(attending []int32, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(len(attending))
	}
	for i, r := range attending {
		out[r] = int32(i)
	}
	return out
}

// padded widens the rows of weights to the padded number of keys.
func (s *Segment) padded(w []float32) []float32 {
	heads, keys := s.weights.Shape[2], s.enter.keys
	cached := len(w) / heads
	out := make([]float32, heads*keys)
	for h := range heads {
		copy(out[h*keys:(h+1)*keys], w[h*cached:(h+1)*cached])
	}
	return out
}

func (gr *group) fill(in Inputs) {
	before := gr.base
	if before < 0 {
		before = gr.after.Tail() - gr.rows
	}
	if gr.maskData != nil {
		gr.after.FillMask(gr.maskData, before, gr.rows, gr.keys)
	}
	for i := range gr.indexData {
		gr.indexData[i] = int32(before + i)
	}
	for i := range gr.posData {
		if in.Positions != nil {
			gr.posData[i] = in.Positions[i]
		} else {
			gr.posData[i] = gr.after.Next - int32(gr.rows-i)
		}
	}
	if gr.visual != nil {
		clear(gr.visualData)
		for i, o := range gr.after.Origins[gr.after.Packed:] {
			if in.Visual(o) {
				gr.visualData[i] = 1
			}
		}
	}
}

// Logits copies the logits of the last run, [plan.Logits × vocabulary].
func (s *Segment) Logits(dst []float32) error { return s.program.ReadFloats(s.logits, dst) }

// Probe reads what a probe saw, valid until the segment runs again or is freed; a row of the
// matrix is a token, or a head of ColumnHeads and AttentionLogits. Where it has to be copied,
// lend gives memory.
func (s *Segment) Probe(p pruning.Probe, lend func(n int) []float32) (pruning.Matrix, error) {
	t := s.probes[p]
	cols := t.Shape[0]
	if p.What == pruning.Query || p.What == pruning.Key {
		cols = t.Shape[0] * t.Shape[1] // [dim, heads, rows]
	}
	n := t.Shape.Elements()
	m := pruning.Matrix{Rows: n / cols, Cols: cols}
	viewed := false
	if v, ok := s.program.(compute.Viewer); ok {
		m.Data, viewed = v.ViewFloats(t)
	}
	if !viewed {
		m.Data = lend(n)
		if err := s.program.ReadFloats(t, m.Data); err != nil {
			return m, err
		}
	}
	if p.What == pruning.AttentionLogits {
		from, _ := s.plan.Caching()
		m = narrowed(m, s.groups[s.inGroup[p.Layer-from]].after.Tail(), lend)
	}
	return m, nil
}

// narrowed copies the first cols columns: what lies behind is padding.
func narrowed(m pruning.Matrix, cols int, lend func(n int) []float32) pruning.Matrix {
	out := pruning.Matrix{Rows: m.Rows, Cols: cols, Data: lend(m.Rows * cols)}
	for r := range m.Rows {
		copy(out.Row(r), m.Row(r)[:cols])
	}
	return out
}

// Bytes is the working memory.
func (s *Segment) Bytes() int64 { return s.program.Bytes() }

// Free releases the program.
func (s *Segment) Free() {
	if s.program != nil {
		s.program.Free()
	}
}

func upTo(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}
