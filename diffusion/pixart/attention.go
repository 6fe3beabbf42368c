package pixart

import (
	"math"

	"winnow/internal/compute"
)

// gpuScores bounds the scores of one latent's self-attention, in bytes, that a GPU writes out.
// Above it fused attention takes over, which keeps none, but which a GPU has for some head sizes
// only and leaves to the processor for others.
const gpuScores = 64 << 20

// plainScores is that bound for a device. On a processor fused attention is the quicker one at
// any size: of 256 tokens it takes 6.4 ms where the products alone take 11.4.
func plainScores(b compute.Backend) int {
	if onProcessor(b) {
		return 0
	}
	return gpuScores
}

func onProcessor(b compute.Backend) bool { return b.Device().Threads > 0 }

// heads views rows [parts·width, tokens·batch], the part-th width of each, by head:
// [dim, tokens, heads, batch].
func (b *builder) heads(rows *compute.Tensor, part, parts int) *compute.Tensor {
	c := b.m.Config
	n := rows.Shape[1] / b.size.Batch
	t := b.g.Reshape(rows, c.HeadDim, parts*c.Heads, n, b.size.Batch)
	if parts > 1 {
		t = b.g.Slice(t, 1, part*c.Heads, c.Heads)
	}
	return b.g.Permute(t, [4]int{0, 2, 1, 3})
}

// self is the attention of tokens among themselves: rows of queries, keys and values
// [3·width, tokens·batch] give [width, tokens·batch].
func (b *builder) self(qkv *compute.Tensor) *compute.Tensor {
	q, k, v := b.heads(qkv, 0, 3), b.heads(qkv, 1, 3), b.heads(qkv, 2, 3)
	if n := q.Shape[1]; 4*n*n*b.m.Config.Heads > b.plainScores {
		return b.fused(q, k, v)
	}
	return b.plain(q, k, v, nil)
}

// cross is the attention of tokens to text, whose keys and values are [2·width, rows·batch]. mask
// [rows, 1, 1, batch] is added to the scores, or nil.
func (b *builder) cross(queries, text, mask *compute.Tensor) *compute.Tensor {
	q, k, v := b.heads(queries, 0, 1), b.heads(text, 0, 2), b.heads(text, 1, 2)
	if mask == nil && 4*q.Shape[1]*k.Shape[1]*b.m.Config.Heads > b.plainScores {
		return b.fused(q, k, v)
	}
	return b.plain(q, k, v, mask)
}

// plain is attention of q [dim, m, heads, batch] over k and v [dim, n, heads, batch].
func (b *builder) plain(q, k, v, mask *compute.Tensor) *compute.Tensor {
	g, m := b.g, q.Shape[1]
	scores := g.MulMat(k, g.Cont(q)) // [n, m, heads, batch]
	if mask != nil {
		scores = g.Add(scores, mask)
	}
	p := g.SoftMax(scores, nil, b.scale())
	a := g.MulMat(g.Cont(g.Permute(v, [4]int{1, 0, 2, 3})), p) // [dim, m, heads, batch]
	return g.Reshape(g.Cont(g.Permute(a, [4]int{0, 2, 1, 3})), b.m.Config.Width(), m*b.size.Batch)
}

func (b *builder) scale() float32 { return float32(1 / math.Sqrt(float64(b.m.Config.HeadDim))) }

// fused is plain without a mask. A processor reads keys and values where the projection left them; a
// GPU gets them in one piece, as halves unless the numbers are to be exact.
func (b *builder) fused(q, k, v *compute.Tensor) *compute.Tensor {
	g := b.g
	if !onProcessor(b.m.backend) {
		typ := compute.F16
		if b.m.exact {
			typ = compute.F32
		}
		k, v = g.Cast(k, typ), g.Cast(v, typ)
	}
	out := g.FlashAttn(q, k, v, nil, b.scale()) // [dim, heads, tokens, batch]
	return g.Reshape(out, b.m.Config.Width(), q.Shape[1]*b.size.Batch)
}
