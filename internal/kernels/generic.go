package kernels

import "math"

// unpack widens the codes of bytes from `from` on in each row.
func unpack(dst []float32, codes []byte, bits, rowBytes, rows, from int) {
	lanes, mask := 8/bits, byte(1<<bits-1)
	for r := range rows {
		row := codes[r*rowBytes : (r+1)*rowBytes]
		for l := range lanes {
			out := dst[(r*lanes+l)*rowBytes:][:rowBytes]
			for k := from; k < rowBytes; k++ {
				out[k] = float32(row[k] >> (l * bits) & mask)
			}
		}
	}
}

// dots multiplies from number `from` on and adds to what is there, unless that is the first.
func dots(dst []float32, ld int, q, x []float32, stride, dim, rows, from int) {
	for j := range len(q) / dim {
		query := q[j*dim : (j+1)*dim]
		for r := range rows {
			row := x[r*stride:][:dim]
			sum := float32(0)
			for i := from; i < dim; i++ {
				sum += query[i] * row[i]
			}
			if from > 0 {
				sum += dst[j*ld+r]
			}
			dst[j*ld+r] = sum
		}
	}
}

func axpys(acc, w []float32, ld int, x []float32, stride, dim, rows, from int) {
	for j := range len(acc) / dim {
		sums := acc[j*dim : (j+1)*dim]
		for r := range rows {
			weight, row := w[j*ld+r], x[r*stride:][:dim]
			for i := from; i < dim; i++ {
				sums[i] += weight * row[i]
			}
		}
	}
}

func halves(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = half(h)
	}
}

func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h&0x8000)<<16, uint32(h>>10)&0x1f, uint32(h&0x3ff)
	switch exponent {
	case 0: // 0 and the numbers below 2⁻¹⁴
		f := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 0x1f: // infinity; a NaN becomes a quiet one, as the processor makes it
		if fraction != 0 {
			fraction |= 0x200
		}
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

func exp(x []float32, shift float32) float32 {
	sum := float32(0)
	for i, v := range x {
		e := float32(0)
		if d := v - shift; !(d < -87) {
			e = float32(math.Exp(float64(d)))
		}
		x[i] = e
		sum += e
	}
	return sum
}

func largest(x []float32) float32 {
	top := x[0]
	for _, v := range x[1:] {
		top = max(top, v)
	}
	return top
}

func weigh(dst, a, b, c []float32) float32 {
	sum := float32(0)
	for i, v := range a {
		dst[i] = v * b[i]
		sum += v * c[i]
	}
	return sum
}

func fold(o, acc, s []float32, keep, shift float32) {
	for i := range o {
		o[i] = o[i]*keep + s[i]*(acc[i]+shift)
	}
}
