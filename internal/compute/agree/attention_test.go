package agree

import (
	"fmt"
	"math"
	"testing"

	"winnow/internal/compute"
)

func TestAttentionAgrees(t *testing.T) {
	type size struct{ d, dv, m, n, heads, kv int }
	var cases []opCase
	for _, s := range []size{
		{64, 64, 1, 1, 1, 1}, {64, 64, 1, 33, 4, 2}, {64, 64, 17, 31, 6, 2}, {64, 64, 33, 257, 9, 3},
		{128, 128, 3, 100, 8, 1}, {80, 80, 7, 64, 2, 2}, {96, 96, 2, 65, 3, 3}, {32, 32, 64, 64, 4, 4},
		{16, 16, 5, 9, 2, 1}, {40, 40, 33, 33, 2, 2}, {72, 72, 9, 17, 2, 2}, {24, 24, 3, 7, 2, 1}, {7, 7, 3, 5, 2, 1},
		{64, 32, 3, 7, 2, 1}, {256, 256, 2, 40, 2, 1},
	} {
		for _, typ := range []compute.Type{compute.F32, compute.F16} {
			within := tolerance{rel: 1e-4}
			if typ == compute.F16 {
				// ggml's CPU adds up in half precision: single elements near 0 may be off by
				// more, all together by 5e-3.
				within = tolerance{nmse: 2.5e-5}
			}
			for _, masked := range []bool{false, true} {
				for _, permuted := range []bool{false, true} {
					cases = append(cases, opCase{
						fmt.Sprintf("%v/%+v/mask=%v/permuted=%v", typ, s, masked, permuted), within,
						func(l *lab) *compute.Tensor {
							heads := func(t compute.Type, d, n, h int) *compute.Tensor {
								if permuted { // as a projection gives them: [d, heads, rows]
									return l.Permute(l.typed(t, d, h, n), [4]int{0, 2, 1, 3})
								}
								return l.typed(t, d, n, h)
							}
							q := heads(compute.F32, s.d, s.m, s.heads)
							k, v := heads(typ, s.d, s.n, s.kv), heads(typ, s.dv, s.n, s.kv)
							var mask *compute.Tensor
							if masked {
								mask = l.halfInput(l.mask(s.n, s.m, s.n-s.m), s.n, s.m)
							}
							return l.FlashAttn(q, k, v, mask, float32(1/math.Sqrt(float64(s.d))))
						}})
				}
			}
		}
	}
	// Both halves of guidance at once: keys and values side by side in the rows of one product.
	for _, n := range []int{5, 64, 100} {
		for _, masked := range []bool{false, true} {
			cases = append(cases, opCase{fmt.Sprintf("batch/%d/mask=%v", n, masked), tolerance{rel: 1e-4}, func(l *lab) *compute.Tensor {
				const d, heads, batch = 32, 7, 3
				rows := l.f32(d, 3*heads, n, batch)
				part := func(i int) *compute.Tensor {
					return l.Permute(l.Slice(rows, 1, i*heads, heads), [4]int{0, 2, 1, 3})
				}
				var mask *compute.Tensor
				if masked {
					mask = l.halfInput(l.mask(n, n, 0), n, n)
				}
				return l.Reshape(l.FlashAttn(part(0), part(1), part(2), mask, 0.2), d*heads, n*batch)
			}})
		}
	}
	// The cache of a decoder: rows [d·heads, capacity] of which the first n count.
	cases = append(cases, opCase{"cache", halves, func(l *lab) *compute.Tensor {
		const d, kv, heads, m, n, room = 64, 3, 9, 5, 37, 128
		rows := make([]int32, n)
		for i := range rows {
			rows[i] = int32(i)
		}
		at := l.ints(rows)
		view := func() *compute.Tensor {
			c := l.SetRows(l.Leaf(l.state(compute.F16, d*kv, room)), l.f32(d*kv, n), at)
			return l.Permute(l.Reshape(l.Slice(c, 1, 0, n), d, kv, n), [4]int{0, 2, 1, 3})
		}
		k, v := view(), view()
		mask := l.halfInput(l.mask(n, m, n-m), n, m)
		q := l.Permute(l.f32(d, heads, m), [4]int{0, 2, 1, 3})
		return l.Reshape(l.FlashAttn(q, k, v, mask, 0.125), d*heads, m)
	}})
	agree(t, cases)
}

// TestClosedRowsAgree: a query that may look at nothing.
func TestClosedRowsAgree(t *testing.T) {
	closed := func(keys, rows int) []float32 {
		m := make([]float32, keys*rows)
		for i := range keys {
			m[i] = float32(math.Inf(-1)) // row 0
		}
		return m
	}
	agree(t, []opCase{
		{"flash_attn/f32", tolerance{rel: 1e-4}, func(l *lab) *compute.Tensor {
			return l.FlashAttn(l.f32(64, 3, 2), l.f32(64, 40, 2), l.f32(64, 40, 2), l.halfInput(closed(40, 3), 40, 3), 0.1)
		}},
		{"flash_attn/f16", halves, func(l *lab) *compute.Tensor {
			return l.FlashAttn(l.f32(64, 3, 2), l.typed(compute.F16, 64, 40, 2), l.typed(compute.F16, 64, 40, 2),
				l.halfInput(closed(40, 3), 40, 3), 0.1)
		}},
		{"soft_max", rounding, func(l *lab) *compute.Tensor {
			return l.SoftMax(l.f32(40, 3), l.halfInput(closed(40, 3), 40, 3), 1)
		}},
	})
}

func TestRoPEAgrees(t *testing.T) {
	var cases []opCase
	for _, mode := range []compute.RoPEMode{compute.RoPEPairs, compute.RoPEHalf} {
		for _, s := range [][4]int{{2, 2, 1, 1}, {64, 64, 9, 7}, {128, 128, 2, 33}, {80, 32, 3, 17}, {96, 96, 1, 257}, {6, 4, 3, 2}} {
			d, dims, heads, n := s[0], s[1], s[2], s[3]
			for _, far := range []int{64, 8000} {
				// ggml multiplies float32 angles up, so they are off by position·2⁻²³ and more.
				within := tolerance{rel: 3e-7 * float64(max(far, 300))}
				for _, factors := range []bool{false, true} {
					cases = append(cases, opCase{
						fmt.Sprintf("mode=%d/%v of %d/%d heads/%d rows/to %d/factors=%v", mode, dims, d, heads, n, far, factors),
						within, func(l *lab) *compute.Tensor {
							var f *compute.Tensor
							if factors {
								x := make([]float32, dims/2)
								for i := range x {
									x[i] = 1 + 7*l.rand.Float32()
								}
								f = l.floats(x, dims/2)
							}
							return l.RoPE(l.f32(d, heads, n), l.ints(l.below(n, far)), f, dims, mode, 10000, 1)
						}})
				}
			}
			cases = append(cases, opCase{fmt.Sprintf("mode=%d/%d of %d/slice of q, k and v, scaled", mode, dims, d), tolerance{rel: 1e-4},
				func(l *lab) *compute.Tensor {
					x := l.Slice(l.f32(d, heads+2, n), 1, 1, heads)
					return l.RoPE(x, l.ints(l.below(n, 64)), nil, dims, mode, 500000, 0.25)
				}})
			cases = append(cases, opCase{fmt.Sprintf("mode=%d/%d of %d/permuted", mode, dims, d), tolerance{rel: 1e-4},
				func(l *lab) *compute.Tensor {
					x := l.Permute(l.f32(d, n, heads), [4]int{0, 2, 1, 3})
					return l.RoPE(x, l.ints(l.below(n, 64)), nil, dims, mode, 10000, 1)
				}})
			cases = append(cases, opCase{fmt.Sprintf("mode=%d/%d of %d/transposed", mode, dims, d), tolerance{rel: 1e-4},
				func(l *lab) *compute.Tensor {
					x := l.Transpose(l.f32(heads, d, n))
					return l.RoPE(x, l.ints(l.below(n, 64)), nil, dims, mode, 10000, 1)
				}})
		}
	}
	agree(t, cases)
}
