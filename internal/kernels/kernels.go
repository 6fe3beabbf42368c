package kernels

// Unpack widens rows of codes of 2, 4 or 8 bits to float32: codes holds whole rows of rowBytes
// bytes, dst takes 8/bits·rowBytes numbers for each.
func Unpack(dst []float32, codes []byte, bits, rowBytes int) {
	if len(codes) == 0 {
		return
	}
	rows := len(codes) / rowBytes
	width := rowBytes * (8 / bits)
	dst, codes = dst[:rows*width], codes[:rows*rowBytes]
	from := 0
	if fast && rowBytes >= vector {
		unpackFast(dst, codes, bits, rowBytes, rows)
		from = rowBytes &^ (vector - 1)
	}
	if from < rowBytes {
		unpack(dst, codes, bits, rowBytes, rows, from)
	}
}

// Dots multiplies queries with rows: dst[j·ld+r] = Σ q[j·dim+i]·x[r·stride+i] over i < dim, for
// the len(q)/dim queries j and all r < rows.
func Dots(dst []float32, ld int, q, x []float32, stride, dim, rows int) {
	queries := len(q) / dim
	if queries == 0 || rows == 0 {
		return
	}
	dst, x = dst[:(queries-1)*ld+rows], x[:(rows-1)*stride+dim]
	from := 0
	if fast && dim >= vector {
		for j := 0; j < queries; j += 2 {
			dotsFast(dst[j*ld:], ld, q[j*dim:], x, stride, dim, rows, min(2, queries-j))
		}
		from = dim &^ (vector - 1)
	}
	if from < dim {
		dots(dst, ld, q, x, stride, dim, rows, from)
	}
}

// Axpys adds weighted rows to sums: acc[j·dim+i] += Σ w[j·ld+r]·x[r·stride+i] over r < rows, for
// the len(acc)/dim sums j and all i < dim.
func Axpys(acc, w []float32, ld int, x []float32, stride, dim, rows int) {
	sums := len(acc) / dim
	if sums == 0 || rows == 0 {
		return
	}
	w, x = w[:(sums-1)*ld+rows], x[:(rows-1)*stride+dim]
	from := 0
	if fast && dim >= vector {
		for j := range sums {
			axpyFast(acc[j*dim:(j+1)*dim], w[j*ld:], x, stride, dim, rows)
		}
		from = dim &^ (vector - 1)
	}
	if from < dim {
		axpys(acc, w, ld, x, stride, dim, rows, from)
	}
}

// Halves widens IEEE half-precision numbers; dst is as long as src.
func Halves(dst []float32, src []uint16) {
	dst = dst[:len(src)]
	n := 0
	if fast {
		n = halvesFast(dst, src)
	}
	halves(dst[n:], src[n:])
}

// Exp replaces every x by exp(x-shift) and returns their sum. What is 87 or more below the
// shift becomes 0; x-shift must not exceed 88. A NaN stays one.
func Exp(x []float32, shift float32) float32 {
	n, sum := 0, float32(0)
	if fast {
		n, sum = expFast(x, shift)
	}
	return sum + exp(x[n:], shift)
}

// Max returns the largest of at least one number.
func Max(x []float32) float32 {
	if fast && len(x) >= vector {
		n, top := maxFast(x)
		if n == len(x) {
			return top
		}
		return max(top, largest(x[n:]))
	}
	return largest(x)
}

// Weigh sets dst to a·b element by element and returns Σ a·c; all are as long as a.
func Weigh(dst, a, b, c []float32) float32 {
	dst, b, c = dst[:len(a)], b[:len(a)], c[:len(a)]
	n, sum := 0, float32(0)
	if fast {
		n, sum = weighFast(dst, a, b, c)
	}
	return sum + weigh(dst[n:], a[n:], b[n:], c[n:])
}

// Fold sets o to o·keep + s·(acc+shift) element by element; all are as long as o.
func Fold(o, acc, s []float32, keep, shift float32) {
	acc, s = acc[:len(o)], s[:len(o)]
	n := 0
	if fast {
		n = foldFast(o, acc, s, keep, shift)
	}
	fold(o[n:], acc[n:], s[n:], keep, shift)
}

// vector is how many numbers the assembly takes at once.
const vector = 8

// Fast reports whether the assembly runs on this processor; otherwise the kernels are plain Go.
func Fast() bool { return fast }
