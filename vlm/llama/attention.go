package llama

import (
	"math"

	"winnow/internal/compute"
	"winnow/pruning"
)

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

// maxProbabilities bounds the probabilities, in bytes, that exist at a time while they are reduced.
const maxProbabilities = 64 << 20

// observeAttention adds the reduced probabilities that probes ask for: a second product of the
// chosen query rows with all keys, since fused attention keeps no probabilities.
func (b *builder) observeAttention(l int, q, keys *compute.Tensor, gr *group) {
	byRows := map[pruning.Select][]pruning.Probe{}
	var order []pruning.Select // a graph must not depend on the order of a map
	for _, probe := range b.plan.Probes {
		switch {
		case probe.Layer != l:
		case probe.What == pruning.AttentionLogits:
			some := b.g.Cont(b.g.Slice(b.g.Permute(q, [4]int{0, 2, 1, 3}), 1, b.plan.Rows-1, 1))
			logits := b.g.MulMat(keys, some) // [keys, 1, heads]
			b.probes[probe] = b.g.Output(b.g.Reshape(logits, gr.keys, b.d.Config.Heads))
		case probe.What == pruning.Attention:
			if byRows[probe.Rows] == nil {
				order = append(order, probe.Rows)
			}
			byRows[probe.Rows] = append(byRows[probe.Rows], probe)
		}
	}
	for _, rows := range order {
		b.reduce(l, rows, byRows[rows], q, keys, gr)
	}
}

// reduce computes the probabilities of some query rows, a bounded number at a time, and what
// probes want of them.
func (b *builder) reduce(l int, sel pruning.Select, probes []pruning.Probe, q, keys *compute.Tensor, gr *group) {
	g, heads := b.g, b.d.Config.Heads
	rows := sel.Of(b.plan.Rows, l)
	step := max(maxProbabilities/(4*gr.keys*heads), 1)
	sums := map[pruning.Probe]*compute.Tensor{}
	join := func(probe pruning.Probe, t *compute.Tensor, how func(a, b *compute.Tensor) *compute.Tensor) {
		if sums[probe] == nil {
			sums[probe] = t
		} else {
			sums[probe] = how(sums[probe], t)
		}
	}
	for at := 0; at < len(rows); at += step {
		part := rows[at:min(at+step, len(rows))]
		some, mask := b.queryRows(part, q, gr)
		p := g.SoftMax(g.MulMat(keys, some), mask, b.scale()) // [keys, rows, heads]
		var columns, mass *compute.Tensor
		for _, probe := range probes {
			switch probe.Reduce {
			case pruning.ColumnMean, pruning.ColumnHeads:
				if columns == nil {
					columns = g.Reshape(g.SumRows(g.Cont(g.Permute(p, [4]int{1, 0, 2, 3}))), gr.keys, heads)
				}
				join(probe, columns, g.Add)
			case pruning.VisualMass, pruning.VisualMassHeads:
				if mass == nil {
					mass = g.MulMat(gr.needVisual(g), p) // [1, rows, heads]
					mass = g.Cont(g.Transpose(g.Reshape(mass, len(part), heads)))
				}
				join(probe, mass, func(a, b *compute.Tensor) *compute.Tensor { return g.Concat(a, b, 1) })
			}
		}
	}
	for _, probe := range probes {
		t := sums[probe]
		switch probe.Reduce {
		case pruning.ColumnMean:
			t = g.Scale(g.Reshape(g.SumRows(g.Cont(g.Transpose(t))), gr.keys, 1), 1/float32(heads), 0)
			fallthrough
		case pruning.ColumnHeads:
			t = g.Slice(t, 0, 0, gr.after.Tail()) // without the padding
		case pruning.VisualMass:
			t = g.Scale(g.SumRows(t), 1/float32(heads), 0)
		case pruning.VisualMassHeads:
		default:
			continue // not offered: Build says so
		}
		b.probes[probe] = g.Output(t)
	}
}

func (b *builder) scale() float32 { return float32(1 / math.Sqrt(float64(b.d.Config.HeadDim))) }

// queryRows picks query rows [dim, rows, heads] and their mask.
func (b *builder) queryRows(rows []int, q *compute.Tensor, gr *group) (some, mask *compute.Tensor) {
	g, c, n := b.g, b.d.Config, b.plan.Rows
	first, m := rows[0], len(rows)
	if rows[m-1] == first+m-1 { // neighbours
		some = g.Slice(g.Permute(q, [4]int{0, 2, 1, 3}), 1, first, m)
		mask = gr.needMask(g)
		if m < n {
			mask = g.Slice(mask, 1, first, m)
		}
		return g.Cont(some), mask
	}
	index := g.Input("probe rows", compute.I32, m)
	mask = g.Input("mask of probe rows", compute.F16, gr.keys, m)
	list := make([]int32, m)
	for i, r := range rows {
		list[i] = int32(r)
	}
	data := make([]uint16, m*gr.keys)
	gr.needMaskData()
	b.inputs = append(b.inputs, input{index, func() any { return list }}, input{mask, func() any {
		for i, r := range rows {
			copy(data[i*gr.keys:(i+1)*gr.keys], gr.maskData[r*gr.keys:(r+1)*gr.keys])
		}
		return data
	}})
	some = g.GetRows(g.Reshape(q, c.HeadDim*c.Heads, n), index)
	return g.Cont(g.Permute(g.Reshape(some, c.HeadDim, c.Heads, m), [4]int{0, 2, 1, 3})), mask
}
