package kernels

import "github.com/klauspost/cpuid/v2"

// fast: the assembly runs on this processor. The tests turn it off to have both.
var fast = cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C)

func unpackFast(dst []float32, codes []byte, bits, rowBytes, rows int) {
	switch bits {
	case 2:
		unpack2AVX2(&dst[0], &codes[0], rowBytes, rows)
	case 4:
		unpack4AVX2(&dst[0], &codes[0], rowBytes, rows)
	case 8:
		unpack8AVX2(&dst[0], &codes[0], rowBytes, rows)
	}
}

func dotsFast(dst []float32, ld int, q, x []float32, stride, dim, rows, queries int) {
	if queries == 2 {
		dots2AVX2(&dst[0], ld, &q[0], &x[0], stride, dim, rows)
	} else {
		dots1AVX2(&dst[0], ld, &q[0], &x[0], stride, dim, rows)
	}
}

func axpyFast(acc, w, x []float32, stride, dim, rows int) {
	axpyAVX2(&acc[0], &w[0], &x[0], stride, dim, rows)
}

// The functions below return how many numbers they have dealt with.

func halvesFast(dst []float32, src []uint16) int {
	if len(src) >= vector {
		halvesAVX2(&dst[0], &src[0], len(src))
	}
	return len(src) &^ (vector - 1)
}

func expFast(x []float32, shift float32) (int, float32) {
	if len(x) < vector {
		return 0, 0
	}
	return len(x) &^ (vector - 1), expAVX2(&x[0], len(x), shift)
}

func maxFast(x []float32) (int, float32) {
	return len(x) &^ (vector - 1), maxAVX2(&x[0], len(x))
}

func weighFast(dst, a, b, c []float32) (int, float32) {
	if len(a) < vector {
		return 0, 0
	}
	return len(a) &^ (vector - 1), weighAVX2(&dst[0], &a[0], &b[0], &c[0], len(a))
}

func foldFast(o, acc, s []float32, keep, shift float32) int {
	if len(o) >= vector {
		foldAVX2(&o[0], &acc[0], &s[0], len(o), keep, shift)
	}
	return len(o) &^ (vector - 1)
}
