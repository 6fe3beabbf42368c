package agree

import (
	"fmt"
	"math"
	"testing"

	"winnow/internal/compute"
)

func TestElementwiseAgrees(t *testing.T) {
	var cases []opCase
	add := func(within tolerance, build func(l *lab) *compute.Tensor, name string, args ...any) {
		cases = append(cases, opCase{fmt.Sprintf(name, args...), within, build})
	}
	ops := map[string]func(*lab, *compute.Tensor, *compute.Tensor) *compute.Tensor{
		"add": func(l *lab, a, b *compute.Tensor) *compute.Tensor { return l.Add(a, b) },
		"sub": func(l *lab, a, b *compute.Tensor) *compute.Tensor { return l.Sub(a, b) },
		"mul": func(l *lab, a, b *compute.Tensor) *compute.Tensor { return l.Mul(a, b) },
		"div": func(l *lab, a, b *compute.Tensor) *compute.Tensor { return l.Div(a, b) },
	}
	for i, k := range sizes {
		n := sizes[(i+4)%len(sizes)]
		for name, op := range ops {
			for _, b := range [][4]int{{k, n, 2, 3}, {k, 1, 1, 1}, {1, n, 1, 1}, {k, n, 1, 1}, {1, 1, 2, 3}, {1, 1, 1, 1}} {
				add(rounding, func(l *lab) *compute.Tensor { return op(l, l.f32(k, n, 2, 3), l.f32(b[:]...)) },
					"%s/%dx%dx2x3/with %v", name, k, n, compute.Shape(b))
			}
			add(rounding, func(l *lab) *compute.Tensor { return op(l, l.f32(3*k, 2*n), l.f32(k, n)) }, "%s/repeat %dx%d", name, k, n)
			add(rounding, func(l *lab) *compute.Tensor { return op(l, l.Transpose(l.f32(k, n)), l.f32(n, k)) }, "%s/transposed first/%dx%d", name, k, n)
			add(rounding, func(l *lab) *compute.Tensor { return op(l, l.f32(n, k), l.Transpose(l.f32(k, n))) }, "%s/transposed second/%dx%d", name, k, n)
			add(rounding, func(l *lab) *compute.Tensor {
				return op(l, l.Slice(l.f32(k+1, n), 0, 1, k), l.Slice(l.f32(k+3, 1), 0, 2, k))
			}, "%s/slices/%dx%d", name, k, n)
		}
		add(rounding, func(l *lab) *compute.Tensor { return l.Scale(l.f32(k, n), 1.7, -0.3) }, "scale/%dx%d", k, n)
		add(rounding, func(l *lab) *compute.Tensor { return l.Scale(l.Transpose(l.f32(k, n)), 1.7, -0.3) }, "scale transposed/%dx%d", k, n)
		add(rounding, func(l *lab) *compute.Tensor { return l.Scale(l.Slice(l.f32(k+1, n), 0, 0, k), 1.7, -0.3) }, "scale slice/%dx%d", k, n)
		add(tolerance{rel: 2e-5}, func(l *lab) *compute.Tensor { return l.SwiGLU(l.f32(k, n), l.f32(k, n)) }, "swiglu/%dx%d", k, n)
	}
	agree(t, cases)
}

func TestFunctionsAgree(t *testing.T) {
	var cases []opCase
	for f := compute.SiLU; f <= compute.GELUNear; f++ {
		within := tolerance{rel: 2e-5}
		switch f {
		case compute.GELU, compute.GELUQuick:
			within = halves // ggml's CPU looks them up in a table of halves
		case compute.GELUNear:
			within = tolerance{rel: 1e-4}
		}
		for _, k := range sizes {
			cases = append(cases, opCase{fmt.Sprintf("%v/%d", f, k), within, func(l *lab) *compute.Tensor {
				x := l.normal(3 * k)
				for i := range x {
					x[i] *= 4
					if f == compute.Sqrt {
						x[i] = float32(math.Abs(float64(x[i])))
					}
				}
				x[0] = 0
				return l.Unary(f, l.floats(x, k, 3))
			}})
		}
	}
	agree(t, cases)
}

func TestReductionsAgree(t *testing.T) {
	var cases []opCase
	add := func(within tolerance, build func(l *lab) *compute.Tensor, name string, args ...any) {
		cases = append(cases, opCase{fmt.Sprintf(name, args...), within, build})
	}
	for i, k := range append(sizes, 1025, 4100) {
		n := sizes[(i+5)%len(sizes)]
		add(rounding, func(l *lab) *compute.Tensor { return l.RMSNorm(l.f32(k, n, 2), 1e-5) }, "rms_norm/%dx%d", k, n)
		add(tolerance{rel: 5e-5}, func(l *lab) *compute.Tensor { return l.LayerNorm(l.f32(k, n, 2), 1e-5) }, "layer_norm/%dx%d", k, n)
		add(rounding, func(l *lab) *compute.Tensor { return l.SumRows(l.f32(k, n, 2)) }, "sum_rows/%dx%d", k, n)
		add(rounding, func(l *lab) *compute.Tensor { return l.SumRows(l.Transpose(l.f32(n, k))) }, "sum_rows transposed/%dx%d", k, n)
		add(exact, func(l *lab) *compute.Tensor { return l.Argmax(l.f32(k, n)) }, "argmax/%dx%d", k, n)
		add(exact, func(l *lab) *compute.Tensor {
			x := make([]float32, k*n) // ties: the first of the largest
			for i := range x {
				x[i] = float32(l.rand.IntN(2))
			}
			return l.Argmax(l.floats(x, k, n))
		}, "argmax ties/%dx%d", k, n)
		add(rounding, func(l *lab) *compute.Tensor { return l.SoftMax(l.f32(k, n, 3), nil, 0.7) }, "soft_max/%dx%d", k, n)
		for _, typ := range []compute.Type{compute.F16, compute.F32} {
			add(tolerance{rel: 2e-5}, func(l *lab) *compute.Tensor {
				mask := l.mask(k, n+3, 0)
				if typ == compute.F32 {
					return l.SoftMax(l.f32(k, n, 3), l.floats(mask, k, n+3), 0.7)
				}
				return l.SoftMax(l.f32(k, n, 3), l.halfInput(mask, k, n+3), 0.7)
			}, "soft_max/%v mask/%dx%d", typ, k, n)
		}
	}
	agree(t, cases)
}

// mask closes keys after row j+past, and a third of the others, never the first.
func (l *lab) mask(keys, rows, past int) []float32 {
	m := make([]float32, keys*rows)
	for j := range rows {
		for i := range keys {
			switch {
			case i == 0:
			case i > j+past || l.rand.IntN(3) == 0:
				m[j*keys+i] = float32(math.Inf(-1))
			case l.rand.IntN(3) == 0:
				m[j*keys+i] = -1.5
			}
		}
	}
	return m
}

func TestMatrixProductsAgree(t *testing.T) {
	var cases []opCase
	add := func(within tolerance, build func(l *lab) *compute.Tensor, name string, args ...any) {
		cases = append(cases, opCase{fmt.Sprintf(name, args...), within, build})
	}
	for i, k := range sizes {
		n, m := sizes[(i+3)%len(sizes)], sizes[(i+7)%len(sizes)]
		for _, typ := range []compute.Type{compute.F32, compute.F16, compute.BF16} {
			within := product
			if typ != compute.F32 { // ggml rounds the other side to the weight's type
				within = tolerance{rel: 2e-2, nmse: 2e-5}
			}
			if typ == compute.F16 {
				within = halfProduct
			}
			for _, use := range []compute.Use{compute.UseMatrix, compute.UseAny} {
				add(within, func(l *lab) *compute.Tensor { return l.MulMat(l.weight(typ, use, k, n), l.f32(k, m)) },
					"%v weight/%dx%d·%d/use=%d", typ, k, n, m, use)
			}
		}
		add(product, func(l *lab) *compute.Tensor { return l.MulMat(l.f32(k, n, 2), l.f32(k, m, 6)) }, "grouped/%dx%d·%d", k, n, m)
		add(product, func(l *lab) *compute.Tensor { return l.MulMat(l.f32(k, n, 1, 2), l.f32(k, m, 3, 4)) }, "grouped over two/%dx%d·%d", k, n, m)
		add(product, func(l *lab) *compute.Tensor {
			heads := [4]int{0, 2, 1, 3}
			return l.MulMat(l.Permute(l.f32(k, 2, n), heads), l.Permute(l.f32(k, 4, m), heads))
		}, "heads permuted/%dx%d·%d", k, n, m)
		add(product, func(l *lab) *compute.Tensor {
			return l.MulMat(l.Slice(l.f32(k+2, n+1), 0, 1, k), l.Slice(l.Slice(l.f32(k+1, m+2), 1, 1, m), 0, 0, k))
		}, "slices/%dx%d·%d", k, n, m)
		add(product, func(l *lab) *compute.Tensor { return l.MulMat(l.Cont(l.Transpose(l.f32(n, k))), l.f32(k, m)) }, "transposed made contiguous/%dx%d·%d", k, n, m)
		add(product, func(l *lab) *compute.Tensor { return l.MulMat(l.Transpose(l.f32(n, 1)), l.Transpose(l.f32(m, 1))) }, "outer product of views/%d·%d", n, m)
		add(halfProduct, func(l *lab) *compute.Tensor {
			return l.MulMat(l.Permute(l.Cast(l.f32(k, 2, n), compute.F16), [4]int{0, 2, 1, 3}), l.f32(k, m, 4))
		}, "f16 heads permuted/%dx%d·%d", k, n, m)
	}
	for typ := range scales {
		for _, s := range [][3]int{{1, 1, 33}, {1, 33, 1}, {2, 17, 3}, {3, 31, 2}, {1, 64, 9}, {2, 100, 33}, {1, 7, 64}, {2, 256, 257}} {
			k, n, m := s[0]*typ.BlockSize(), s[1], s[2]
			for _, use := range []compute.Use{compute.UseMatrix, compute.UseAny} {
				add(quantised, func(l *lab) *compute.Tensor { return l.MulMat(l.weight(typ, use, k, n), l.f32(k, m)) },
					"%v weight/%dx%d·%d/use=%d", typ, k, n, m, use)
			}
		}
		add(quantised, func(l *lab) *compute.Tensor {
			b := typ.BlockSize()
			return l.MulMat(l.Slice(l.Slice(l.weight(typ, compute.UseAny, 3*b, 40), 0, b, b), 1, 3, 33), l.f32(b, 5))
		}, "%v weight sliced", typ)
	}
	agree(t, cases)
}
