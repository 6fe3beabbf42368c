package ref

import "math"

// rmsNorm divides every row by sqrt(mean of squares + eps).
func (p *program) rmsNorm(out, v view, eps float32) {
	p.overRows(out.shape, func(lo, hi int) {
		src := v.reader()
		for r := lo; r < hi; r++ {
			x, dst := src.row(coords(out.shape, r)), out.dst(r)
			var sq float64
			for _, f := range x {
				sq += float64(f) * float64(f)
			}
			by := 1 / math.Sqrt(sq/float64(len(x))+float64(eps))
			for i, f := range x {
				dst[i] = float32(float64(f) * by)
			}
		}
	})
}

// layerNorm takes the mean off every row and divides by sqrt(variance + eps).
func (p *program) layerNorm(out, v view, eps float32) {
	p.overRows(out.shape, func(lo, hi int) {
		src := v.reader()
		for r := lo; r < hi; r++ {
			x, dst := src.row(coords(out.shape, r)), out.dst(r)
			mean := sum(x) / float64(len(x))
			var sq float64
			for _, f := range x {
				sq += (float64(f) - mean) * (float64(f) - mean)
			}
			by := 1 / math.Sqrt(sq/float64(len(x))+float64(eps))
			for i, f := range x {
				dst[i] = float32((float64(f) - mean) * by)
			}
		}
	})
}

// sumRows adds up every row.
func (p *program) sumRows(out, v view) {
	p.overRows(v.shape, func(lo, hi int) {
		src := v.reader()
		for r := lo; r < hi; r++ {
			out.floats[r] = float32(sum(src.row(coords(v.shape, r))))
		}
	})
}

func sum(x []float32) float64 {
	var s float64
	for _, f := range x {
		s += float64(f)
	}
	return s
}

// argmax gives the first index of the largest element of every row; NaN is never the largest.
func (p *program) argmax(out, v view) {
	src := v.reader()
	for r := range v.shape.Rows() {
		best, top := 0, math.Inf(-1)
		for i, f := range src.row(coords(v.shape, r)) {
			if float64(f) > top {
				best, top = i, float64(f)
			}
		}
		out.ints[r] = int32(best)
	}
}

// softMax is softmax over every row of v·scale + mask.
func (p *program) softMax(out, v view, mask *view, scale float32) {
	p.overRows(out.shape, func(lo, hi int) {
		src := v.reader()
		var m *reader
		if mask != nil {
			m = mask.reader()
		}
		for r := lo; r < hi; r++ {
			i1, i2, i3 := coords(out.shape, r)
			dst := out.dst(r)
			for i, f := range src.row(i1, i2, i3) {
				dst[i] = f * scale
			}
			if m != nil {
				add(dst, dst, m.row(i1, 0, 0))
			}
			total := exps(dst)
			for i := range dst {
				dst[i] = float32(float64(dst[i]) / total)
			}
		}
	})
}

// exps replaces x by exp(x - largest) and returns the sum. A row of -inf becomes NaN.
func exps(x []float32) float64 {
	top := float32(math.Inf(-1))
	for _, f := range x {
		top = max(top, f) // NaN if any is
	}
	var total float64
	for i, f := range x {
		e := math.Exp(float64(f) - float64(top))
		x[i] = float32(e)
		total += e
	}
	return total
}
