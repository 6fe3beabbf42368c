package checkpoint

import (
	"fmt"
	"math"
)

// Quantize stores src as t: F32, F16, BF16, Q8_0, Q5_0 or Q4_0, rounding as ggml does. For the last
// three the number of values must be a multiple of 32.
func Quantize(t Type, src []float32) ([]byte, error) {
	size := t.RowBytes(len(src))
	if size < 0 {
		return nil, fmt.Errorf("%d values are not whole blocks of %v (%d values each)", len(src), t, t.BlockSize())
	}
	dst := make([]byte, size)
	return dst, QuantizeInto(dst, t, src)
}

// QuantizeInto is Quantize into memory of the right size.
func QuantizeInto(dst []byte, t Type, src []float32) error {
	if size := t.RowBytes(len(src)); size < 0 || size != len(dst) {
		return fmt.Errorf("%d values of %v do not fit %d bytes: the sizes given to QuantizeInto disagree", len(src), t, len(dst))
	}
	switch t {
	case F32:
		for i, v := range src {
			le.PutUint32(dst[4*i:], math.Float32bits(v))
		}
	case F16:
		for i, v := range src {
			le.PutUint16(dst[2*i:], f32to16(v))
		}
	case BF16:
		for i, v := range src {
			le.PutUint16(dst[2*i:], f32tobf16(v))
		}
	case Q8_0:
		for i := 0; i*32 < len(src); i++ {
			quant8_0(dst[34*i:34*i+34], src[32*i:32*i+32])
		}
	case Q4_0:
		for i := 0; i*32 < len(src); i++ {
			quant4_0(dst[18*i:18*i+18], src[32*i:32*i+32])
		}
	case Q5_0:
		for i := 0; i*32 < len(src); i++ {
			quant5_0(dst[22*i:22*i+22], src[32*i:32*i+32])
		}
	default:
		return fmt.Errorf("values cannot be stored as %v; choose f32, f16, bf16, q8_0, q5_0 or q4_0", t)
	}
	return nil
}

// quant8_0 scales the block so that its largest magnitude becomes 127. The quotients use
// the float32 scale, the file keeps it as a half: that is ggml's order.
func quant8_0(dst []byte, src []float32) {
	var bits uint32 // of the largest magnitude: without the sign, bits order as numbers do
	for _, v := range src {
		bits = max(bits, math.Float32bits(v)&0x7fffffff)
	}
	top := math.Float32frombits(bits)
	d := top / 127
	var inv float32
	if d != 0 {
		inv = 1 / d
	}
	le.PutUint16(dst, f32to16(d))
	for i, v := range src {
		dst[2+i] = byte(round8(v * inv))
	}
}

// round8 rounds half away from zero, as C's roundf; math.Round is a call, and this is the inner
// loop of packing.
func round8(v float32) int8 {
	n := int32(v)
	return int8(n + int32(2*(v-float32(n)))) // the rest lies in (-1, 1): doubled, its whole part says up, down or stay
}

// quant4_0 scales the block so that the value of largest magnitude becomes -8; see deq4_0.
func quant4_0(dst []byte, src []float32) {
	d, inv := lowest(src, 8)
	le.PutUint16(dst, f32to16(d))
	for i := range 16 {
		dst[2+i] = level(src[i], inv, 8) | level(src[i+16], inv, 8)<<4
	}
}

// quant5_0 does so with -16; see deq5_0.
func quant5_0(dst []byte, src []float32) {
	d, inv := lowest(src, 16)
	le.PutUint16(dst, f32to16(d))
	var fifth uint32
	for i := range 16 {
		a, b := level(src[i], inv, 16), level(src[i+16], inv, 16)
		dst[6+i] = a&15 | b&15<<4
		fifth |= uint32(a>>4)<<i | uint32(b>>4)<<(i+16)
	}
	le.PutUint32(dst[2:], fifth)
}

// lowest gives the scale by which the value of largest magnitude is -low, and its inverse.
func lowest(src []float32, low float32) (d, inv float32) {
	var top, size float32
	for _, v := range src {
		if a := max(v, -v); a > size {
			top, size = v, a
		}
	}
	if d = top / -low; d != 0 {
		inv = 1 / d
	}
	return d, inv
}

// level is a value's step above -low, from 0 to 2·low-1.
func level(v, inv, low float32) byte { return byte(min(v*inv+low+0.5, 2*low-1)) }
