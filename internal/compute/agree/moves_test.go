package agree

import (
	"fmt"
	"math"
	"testing"

	"winnow/internal/compute"
)

var orders = [][4]int{{1, 0, 2, 3}, {0, 2, 1, 3}, {2, 0, 1, 3}, {1, 2, 0, 3}, {3, 2, 1, 0}, {0, 1, 3, 2}}

func TestMovesAgree(t *testing.T) {
	var cases []opCase
	add := func(within tolerance, build func(l *lab) *compute.Tensor, name string, args ...any) {
		cases = append(cases, opCase{fmt.Sprintf(name, args...), within, build})
	}
	for i, k := range sizes {
		n := sizes[(i+3)%len(sizes)]
		for _, o := range orders {
			add(exact, func(l *lab) *compute.Tensor { return l.Cont(l.Permute(l.f32(k, n, 3, 2), o)) },
				"cont/%dx%d/order=%v", k, n, o)
		}
		add(exact, func(l *lab) *compute.Tensor {
			return l.Cont(l.Slice(l.Slice(l.f32(k+2, n+3), 0, 1, k), 1, 2, n))
		}, "slice/%dx%d", k, n)
		add(exact, func(l *lab) *compute.Tensor {
			return l.Cont(l.Slice(l.Transpose(l.f32(k, n+3)), 0, 2, n))
		}, "slice of transposed/%dx%d", k, n)
		for _, to := range []compute.Type{compute.F16, compute.BF16} {
			add(exact, func(l *lab) *compute.Tensor { return l.Cast(l.Cast(l.f32(k, n), to), compute.F32) },
				"cast/%v/%dx%d", to, k, n)
		}
		add(exact, func(l *lab) *compute.Tensor {
			return l.Cast(l.Cast(l.Permute(l.f32(k, n, 3), [4]int{0, 2, 1, 3}), compute.F16), compute.F32)
		}, "cast permuted/%dx%d", k, n)
		for dim := range 4 {
			add(exact, func(l *lab) *compute.Tensor {
				a, b := [4]int{k, n, 2, 3}, [4]int{k, n, 2, 3}
				a[dim], b[dim] = 3, k
				return l.Concat(l.f32(a[:]...), l.f32(b[:]...), dim)
			}, "concat/%dx%d/dim=%d", k, n, dim)
		}
		add(exact, func(l *lab) *compute.Tensor {
			return l.Concat(l.Transpose(l.f32(k, n)), l.Slice(l.f32(n+1, k), 0, 1, n), 0)
		}, "concat views/%dx%d", k, n)
		add(exact, func(l *lab) *compute.Tensor { return l.GetRows(l.f32(k, 9), l.ints(l.below(n, 9))) },
			"get_rows/f32/%dx%d", k, n)
		add(exact, func(l *lab) *compute.Tensor {
			return l.GetRows(l.Slice(l.f32(k+1, 9), 0, 1, k), l.ints(l.below(n, 9)))
		}, "get_rows of slice/%dx%d", k, n)
		add(exact, func(l *lab) *compute.Tensor {
			return l.GetRows(l.Transpose(l.f32(9, k)), l.ints(l.below(n, 9)))
		}, "get_rows of transposed/%dx%d", k, n)
		for _, typ := range []compute.Type{compute.F32, compute.F16} {
			add(exact, func(l *lab) *compute.Tensor {
				rows := make([]int32, n) // a rotation: no row twice
				for i := range rows {
					rows[i] = int32((i*2 + 5) % (2*n + 3))
				}
				after := l.SetRows(l.Leaf(l.state(typ, k, 2*n+3)), l.f32(k, n), l.ints(rows))
				return l.Cast(after, compute.F32)
			}, "set_rows/%v/%dx%d", typ, k, n)
			add(exact, func(l *lab) *compute.Tensor {
				s := l.SetRows(l.Leaf(l.state(typ, k, 4)), l.f32(k, 2), l.ints([]int32{1, 3}))
				s = l.SetRows(s, l.Slice(l.f32(k+1, 1), 0, 0, k), l.ints([]int32{1}))
				return l.GetRows(s, l.ints([]int32{3, 1, 0}))
			}, "set_rows twice/%v/%d", typ, k)
		}
		add(exact, func(l *lab) *compute.Tensor {
			return l.Cast(l.SetRows(l.Leaf(l.state(compute.F32, n, 9)), l.Transpose(l.f32(1, n)), l.ints([]int32{4})), compute.F32)
		}, "set_rows of transposed/%d", n)
		add(exact, func(l *lab) *compute.Tensor { return l.Reshape(l.f32(k, n, 2), 2, k*n) }, "reshape/%dx%d", k, n)
		add(exact, func(l *lab) *compute.Tensor { return l.Transpose(l.Scale(l.f32(k, n), 1, 0)) },
			"output is a strided view/%dx%d", k, n)
		add(exact, func(l *lab) *compute.Tensor { return l.Slice(l.Scale(l.f32(k+1, n), 1, 0), 0, 1, k) },
			"output is a slice/%dx%d", k, n)
	}
	for typ := range scales {
		k := 2 * typ.BlockSize()
		add(rounding, func(l *lab) *compute.Tensor {
			return l.GetRows(l.weight(typ, compute.UseAny, k, 33), l.ints(l.below(17, 33)))
		}, "get_rows/%v", typ)
	}
	for _, typ := range []compute.Type{compute.F16, compute.BF16} {
		add(exact, func(l *lab) *compute.Tensor {
			return l.GetRows(l.weight(typ, compute.UseAny, 33, 17), l.ints(l.below(7, 17)))
		}, "get_rows/%v", typ)
	}
	for dim, name := range []string{"columns", "rows"} {
		add(exact, func(l *lab) *compute.Tensor {
			w := l.Slice(l.weight(compute.Q8_0, compute.UseAny, 96, 64), dim, 32, 32)
			return l.GetRows(w, l.ints(l.below(9, w.Shape[1])))
		}, "get_rows/slice %s of q8_0", name)
	}
	agree(t, cases)
}

func TestIntegersMove(t *testing.T) {
	agree(t, []opCase{
		{"slice of indices", exact, func(l *lab) *compute.Tensor {
			return l.GetRows(l.f32(3, 9), l.Slice(l.ints(l.below(8, 9)), 0, 2, 5))
		}},
		{"argmax as indices", exact, func(l *lab) *compute.Tensor {
			return l.GetRows(l.f32(3, 33), l.Argmax(l.f32(33, 7)))
		}},
	})
}

// TestSpecialNumbersPass: moves and sums must not lose infinities, NaN or the sign of zero.
func TestSpecialNumbersPass(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x := []float32{inf, -inf, nan, 0, 1, -1, 65504, 1e30}
	y := []float32{1, inf, 2, 0, nan, -inf, 1e30, 1e30}
	agree(t, []opCase{
		{"cont", exact, func(l *lab) *compute.Tensor { return l.Cont(l.Transpose(l.floats(x, 4, 2))) }},
		{"cast", exact, func(l *lab) *compute.Tensor { return l.Cast(l.Cast(l.floats(x, 8), compute.F16), compute.F32) }},
		{"add", exact, func(l *lab) *compute.Tensor { return l.Add(l.floats(x, 8), l.floats(y, 8)) }},
		{"sub", exact, func(l *lab) *compute.Tensor { return l.Sub(l.floats(x, 8), l.floats(y, 8)) }},
		{"mul", exact, func(l *lab) *compute.Tensor { return l.Mul(l.floats(x, 8), l.floats(y, 8)) }},
		{"div", rounding, func(l *lab) *compute.Tensor { return l.Div(l.floats(x, 8), l.floats(y, 8)) }},
	})
}
