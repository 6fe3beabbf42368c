package checkpoint

import "math"

// f16to32 widens an IEEE half, exactly.
func f16to32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10)&31, uint32(h&0x3ff)
	switch exp {
	case 0: // zero and subnormals: frac · 2⁻²⁴
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// f32to16 narrows to an IEEE half, rounding to nearest, ties to even; what is too large
// becomes infinite and a NaN stays one.
func f32to16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN
		return sign | 0x7e00
	case b >= 0x477ff000: // rounds to 65520 or more
		return sign | 0x7c00
	case b < 0x38800000: // below 2⁻¹⁴: subnormal, in steps of 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(b))*(1<<24)))
	}
	// Rebias the exponent, then round away 13 bits; a carry moves into the exponent.
	return sign | uint16((b-112<<23+0xfff+(b>>13&1))>>13)
}

// bf16to32 widens a bfloat16, exactly.
func bf16to32(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// f32tobf16 narrows to bfloat16, rounding to nearest, ties to even; a NaN stays one.
func f32tobf16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 64
	}
	return uint16((b + 0x7fff + (b >> 16 & 1)) >> 16)
}
