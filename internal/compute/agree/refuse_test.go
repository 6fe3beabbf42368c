package agree

import (
	"strings"
	"testing"

	"winnow/internal/compute"
)

// TestWrongGraphsAreRefused: a library would end the process over these. The error names the
// operation and the shapes at odds, and it is the graph's first mistake.
func TestWrongGraphsAreRefused(t *testing.T) {
	type T = compute.Tensor
	cases := []struct {
		name  string
		build func(l *lab) *T
		words []string
	}{
		{"reshape", func(l *lab) *T { return l.Reshape(l.f32(3, 5), 4, 4) }, []string{"reshape", "[3 5]", "[4 4]"}},
		{"reshape of a view", func(l *lab) *T { return l.Reshape(l.Transpose(l.f32(3, 5)), 15) }, []string{"reshape", "[5 3]", "contiguous"}},
		{"permute", func(l *lab) *T { return l.Permute(l.f32(3, 5), [4]int{0, 0, 1, 2}) }, []string{"permute", "[0 0 1 2]"}},
		{"permute blocks", func(l *lab) *T { return l.Transpose(l.weight(compute.Q8_0, compute.UseAny, 32, 5)) }, []string{"permute", "q8_0", "[32 5]"}},
		{"slice outside", func(l *lab) *T { return l.Slice(l.f32(3, 5), 1, 4, 2) }, []string{"slice", "[4, 6)", "[3 5]"}},
		{"slice below", func(l *lab) *T { return l.Slice(l.f32(3, 5), 0, -1, 2) }, []string{"slice", "[-1, 1)", "[3 5]"}},
		{"slice of nothing", func(l *lab) *T { return l.Slice(l.f32(3, 5), 0, 1, 0) }, []string{"slice", "[1, 1)", "[3 5]"}},
		{"slice dimension", func(l *lab) *T { return l.Slice(l.f32(3, 5), 4, 0, 1) }, []string{"slice", "dimension 4", "[3 5]"}},
		{"slice blocks", func(l *lab) *T { return l.Slice(l.weight(compute.Q4_0, compute.UseAny, 64, 2), 0, 16, 32) }, []string{"slice", "block of 32", "[64 2]"}},
		{"cast", func(l *lab) *T { return l.Cast(l.f32(32, 5), compute.Q8_0) }, []string{"cast", "[32 5]", "q8_0"}},
		{"concat", func(l *lab) *T { return l.Concat(l.f32(3, 5), l.f32(4, 5), 1) }, []string{"concat", "[3 5]", "[4 5]"}},
		{"concat dimension", func(l *lab) *T { return l.Concat(l.f32(3, 5), l.f32(3, 7), 4) }, []string{"concat", "[3 5]", "[3 7]", "dimension 4"}},
		{"concat halves", func(l *lab) *T { return l.Concat(l.f32(3, 5), l.typed(compute.F16, 3, 7), 1) }, []string{"concat", "f16", "[3 7]"}},
		{"get_rows by floats", func(l *lab) *T { return l.GetRows(l.f32(3, 5), l.f32(2)) }, []string{"get_rows", "[3 5]", "[2]"}},
		{"get_rows of a cube", func(l *lab) *T { return l.GetRows(l.f32(3, 5, 2), l.ints([]int32{0, 1})) }, []string{"get_rows", "[3 5 2]", "[2]"}},
		{"get_rows of integers", func(l *lab) *T { return l.GetRows(l.ints([]int32{1, 2, 3}), l.ints([]int32{0, 0})) }, []string{"get_rows", "i32", "[3]", "[2]"}},
		{"set_rows width", func(l *lab) *T {
			return l.SetRows(l.Leaf(l.state(compute.F32, 3, 9)), l.f32(4, 2), l.ints([]int32{0, 1}))
		}, []string{"set_rows", "[3 9]", "[4 2]"}},
		{"set_rows count", func(l *lab) *T {
			return l.SetRows(l.Leaf(l.state(compute.F32, 3, 9)), l.f32(3, 4), l.ints([]int32{0, 1}))
		}, []string{"set_rows", "[3 9]", "[3 4]", "[2]"}},
		{"set_rows of a cube", func(l *lab) *T {
			return l.SetRows(l.Leaf(l.state(compute.F32, 3, 9, 2)), l.f32(3, 1), l.ints([]int32{0}))
		}, []string{"set_rows", "[3 9 2]", "[3]"}},
		{"set_rows type", func(l *lab) *T {
			return l.SetRows(l.Leaf(l.state(compute.BF16, 3, 9)), l.f32(3, 1), l.ints([]int32{0}))
		}, []string{"set_rows", "bf16", "[3 9]"}},
		{"set_rows of a result", func(l *lab) *T { return l.SetRows(l.f32(3, 9), l.f32(3, 1), l.ints([]int32{0})) }, []string{"set_rows", "[3 9]", "not a device array"}},
		{"add", func(l *lab) *T { return l.Add(l.f32(6, 5), l.f32(4, 5)) }, []string{"add", "[6 5]", "[4 5]"}},
		{"sub", func(l *lab) *T { return l.Sub(l.f32(1, 5), l.f32(3, 5)) }, []string{"sub", "[1 5]", "[3 5]"}},
		{"mul", func(l *lab) *T { return l.Mul(l.f32(3, 5), l.f32(3, 2)) }, []string{"mul", "[3 5]", "[3 2]"}},
		{"div", func(l *lab) *T { return l.Div(l.f32(3, 5), l.f32(3, 5, 2)) }, []string{"div", "[3 5]", "[3 5 2]"}},
		{"add halves", func(l *lab) *T { return l.Add(l.f32(3), l.typed(compute.F16, 3)) }, []string{"add", "f16", "[3]"}},
		{"scale", func(l *lab) *T { return l.Scale(l.typed(compute.F16, 3, 7), 1, 0) }, []string{"scale", "f16", "[3 7]"}},
		{"unary", func(l *lab) *T { return l.Unary(compute.SiLU, l.Transpose(l.f32(3, 7))) }, []string{"silu", "[7 3]", "contiguous"}},
		{"swiglu", func(l *lab) *T { return l.SwiGLU(l.f32(3, 7), l.f32(7, 3)) }, []string{"swiglu", "[3 7]", "[7 3]"}},
		{"rms_norm", func(l *lab) *T { return l.RMSNorm(l.Slice(l.f32(3, 7), 0, 0, 2), 0) }, []string{"rms_norm", "[2 7]", "contiguous"}},
		{"layer_norm", func(l *lab) *T { return l.LayerNorm(l.f32(3, 7), -1) }, []string{"layer_norm", "-1"}},
		{"sum_rows", func(l *lab) *T { return l.SumRows(l.ints([]int32{1, 2})) }, []string{"sum_rows", "i32", "[2]"}},
		{"argmax", func(l *lab) *T { return l.Argmax(l.f32(3, 7, 2)) }, []string{"argmax", "[3 7 2]"}},
		{"mul_mat inner", func(l *lab) *T { return l.MulMat(l.f32(3, 7), l.f32(4, 5)) }, []string{"mul_mat", "[3 7]", "[4 5]"}},
		{"mul_mat heads", func(l *lab) *T { return l.MulMat(l.f32(3, 7, 2), l.f32(3, 5, 3)) }, []string{"mul_mat", "[3 7 2]", "[3 5 3]"}},
		{"mul_mat transposed", func(l *lab) *T { return l.MulMat(l.Transpose(l.f32(7, 3)), l.f32(3, 5)) }, []string{"mul_mat", "[3 7]", "[3 5]", "contiguous"}},
		{"mul_mat of integers", func(l *lab) *T { return l.MulMat(l.ints([]int32{1, 2}), l.f32(2, 5)) }, []string{"mul_mat", "integers", "[2]"}},
		{"mul_mat halves", func(l *lab) *T { return l.MulMat(l.f32(3, 7), l.typed(compute.F16, 3, 5)) }, []string{"mul_mat", "f16", "[3 5]"}},
		{"soft_max", func(l *lab) *T { return l.SoftMax(l.f32(3, 7), l.f32(3, 6), 1) }, []string{"soft_max", "[3 7]", "[3 6]"}},
		{"flash_attn width", func(l *lab) *T { return l.FlashAttn(l.f32(8, 1, 2), l.f32(7, 4, 2), l.f32(8, 4, 2), nil, 1) }, []string{"flash_attn", "[8 1 2]", "[7 4 2]", "[8 4 2]"}},
		{"flash_attn heads", func(l *lab) *T { return l.FlashAttn(l.f32(8, 1, 3), l.f32(8, 4, 2), l.f32(8, 4, 2), nil, 1) }, []string{"flash_attn", "[8 1 3]", "[8 4 2]"}},
		{"flash_attn rows", func(l *lab) *T { return l.FlashAttn(l.f32(8, 1, 2), l.f32(8, 4, 2), l.f32(8, 5, 2), nil, 1) }, []string{"flash_attn", "[8 4 2]", "[8 5 2]"}},
		{"flash_attn types", func(l *lab) *T {
			return l.FlashAttn(l.f32(8, 1, 2), l.typed(compute.F16, 8, 4, 2), l.f32(8, 4, 2), nil, 1)
		}, []string{"flash_attn", "f16", "f32", "[8 4 2]"}},
		{"flash_attn batch", func(l *lab) *T { return l.FlashAttn(l.f32(8, 1, 2, 2), l.f32(8, 4, 2), l.f32(8, 4, 2), nil, 1) }, []string{"flash_attn", "[8 1 2 2]", "[8 4 2]"}},
		{"flash_attn mask", func(l *lab) *T {
			return l.FlashAttn(l.f32(8, 3, 2), l.f32(8, 4, 2), l.f32(8, 4, 2), l.typed(compute.F16, 4, 2), 1)
		}, []string{"flash_attn", "[4 2]", "[8 4 2]"}},
		{"rope positions", func(l *lab) *T {
			return l.RoPE(l.f32(8, 2, 3), l.ints([]int32{1, 2}), nil, 8, compute.RoPEHalf, 1e4, 1)
		}, []string{"rope", "[8 2 3]", "[2]"}},
		{"rope dims", func(l *lab) *T { return l.RoPE(l.f32(8, 2, 1), l.ints([]int32{1}), nil, 10, compute.RoPEHalf, 1e4, 1) }, []string{"rope", "10", "[8 2]"}},
		{"rope factors", func(l *lab) *T {
			return l.RoPE(l.f32(8, 2, 1), l.ints([]int32{1}), l.f32(3), 8, compute.RoPEHalf, 1e4, 1)
		}, []string{"rope", "[3]", "4"}},
		{"input", func(l *lab) *T { return l.Input("pixels", compute.F32, 3, 0) }, []string{"pixels", "[3 0]"}},
		{"leaf", func(l *lab) *T { return l.Leaf(nil) }, []string{"leaf", "no array"}},
		{"the first mistake is told", func(l *lab) *T {
			return l.MulMat(l.Add(l.f32(6, 5), l.f32(4, 5)), l.f32(9, 2))
		}, []string{"add", "[6 5]", "[4 5]"}},
	}
	everywhere(t, func(t *testing.T, be compute.Backend) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				l := newLab(t, be)
				l.Output(c.build(l))
				p, err := be.Compile(l.Graph)
				if err == nil {
					p.Free()
					t.Fatal("is not refused")
				}
				for _, w := range c.words {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("the error does not say %q: %v", w, err)
					}
				}
			})
		}
	})
}
