package ref

import (
	"math"

	"winnow/internal/compute"
)

// binary is a op b, b repeating.
func (p *program) binary(out, a, b view, op compute.Op) {
	f := map[compute.Op]func(dst, a, b []float32){
		compute.OpAdd: add, compute.OpSub: sub, compute.OpMul: mul, compute.OpDiv: div,
	}[op]
	p.overRows(out.shape, func(lo, hi int) {
		ra, rb := a.reader(), b.reader()
		for r := lo; r < hi; r++ {
			i1, i2, i3 := coords(out.shape, r)
			dst, x := out.dst(r), ra.row(i1, i2, i3)
			y := rb.row(i1%b.shape[1], i2%b.shape[2], i3%b.shape[3])
			if len(y) == 1 { // one number for the whole row
				scalar(dst, x, y[0], op)
				continue
			}
			for i := 0; i < len(dst); i += len(y) {
				f(dst[i:i+len(y)], x[i:i+len(y)], y)
			}
		}
	})
}

func add(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func sub(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func mul(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func div(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

func scalar(dst, a []float32, b float32, op compute.Op) {
	for i, x := range a {
		switch op {
		case compute.OpAdd:
			dst[i] = x + b
		case compute.OpSub:
			dst[i] = x - b
		case compute.OpMul:
			dst[i] = x * b
		case compute.OpDiv:
			dst[i] = x / b
		}
	}
}

// scale is v·factor + shift.
func (p *program) scale(out, v view, factor, shift float32) {
	p.overRows(out.shape, func(lo, hi int) {
		src := v.reader()
		for r := lo; r < hi; r++ {
			dst := out.dst(r)
			for i, x := range src.row(coords(out.shape, r)) {
				dst[i] = x*factor + shift
			}
		}
	})
}

// unary applies f to every element.
func (p *program) unary(out, v view, f compute.Func) {
	fn := funcs[f]
	p.overRows(out.shape, func(lo, hi int) {
		src := v.reader()
		for r := lo; r < hi; r++ {
			dst := out.dst(r)
			for i, x := range src.row(coords(out.shape, r)) {
				dst[i] = fn(x)
			}
		}
	})
}

// swiGLU is silu(gate)·up.
func (p *program) swiGLU(out, gate, up view) {
	p.overRows(out.shape, func(lo, hi int) {
		rg, ru := gate.reader(), up.reader()
		for r := lo; r < hi; r++ {
			i1, i2, i3 := coords(out.shape, r)
			dst, u := out.dst(r), ru.row(i1, i2, i3)
			for i, x := range rg.row(i1, i2, i3) {
				dst[i] = silu(x) * u[i]
			}
		}
	})
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// silu is NaN at -inf, as -inf·0 is.
func silu(x float32) float32 { return float32(float64(x) / (1 + math.Exp(-float64(x)))) }

func gelu(f float32) float32 {
	x := float64(f)
	return float32(x * 0.5 * math.Erfc(-x/math.Sqrt2))
}

// funcs are in the order of compute's Func. NaN stays NaN, except that Step asks whether it
// is above zero.
var funcs = [...]func(float32) float32{
	compute.SiLU: silu,
	compute.GELU: func(f float32) float32 {
		x := float64(f)
		return float32(x * 0.5 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))))
	},
	compute.GELUErf:  gelu,
	compute.GELUNear: gelu,
	compute.GELUQuick: func(f float32) float32 {
		x := float64(f)
		return float32(x / (1 + math.Exp(-1.702*x)))
	},
	compute.ReLU:    func(x float32) float32 { return max(x, 0) },
	compute.Sigmoid: func(x float32) float32 { return float32(sigmoid(float64(x))) },
	compute.Tanh:    func(x float32) float32 { return float32(math.Tanh(float64(x))) },
	compute.Step: func(x float32) float32 {
		if x > 0 {
			return 1
		}
		return 0
	},
	compute.Sqr:  func(x float32) float32 { return x * x },
	compute.Sqrt: func(x float32) float32 { return float32(math.Sqrt(float64(x))) },
	compute.Exp:  func(x float32) float32 { return float32(math.Exp(float64(x))) },
}
