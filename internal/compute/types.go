package compute

import (
	"fmt"
	"math"
)

// Type is the storage type of a tensor's elements; the numbers are ggml's.
type Type int32

// The types that a program's tensors may have. Weights may be in any of them; what is
// computed is F32.
const (
	F32  Type = 0
	F16  Type = 1
	Q4_0 Type = 2
	Q4_1 Type = 3
	Q5_0 Type = 6
	Q5_1 Type = 7
	Q8_0 Type = 8
	Q2_K Type = 10
	Q3_K Type = 11
	Q4_K Type = 12
	Q5_K Type = 13
	Q6_K Type = 14
	I32  Type = 26
	BF16 Type = 30
)

type layout struct {
	name         string
	block, bytes int // elements in a block and bytes it takes
}

var layouts = map[Type]layout{
	F32: {"f32", 1, 4}, F16: {"f16", 1, 2}, BF16: {"bf16", 1, 2}, I32: {"i32", 1, 4},
	Q4_0: {"q4_0", 32, 18}, Q4_1: {"q4_1", 32, 20}, Q5_0: {"q5_0", 32, 22},
	Q5_1: {"q5_1", 32, 24}, Q8_0: {"q8_0", 32, 34}, Q2_K: {"q2_K", 256, 84},
	Q3_K: {"q3_K", 256, 110}, Q4_K: {"q4_K", 256, 144}, Q5_K: {"q5_K", 256, 176},
	Q6_K: {"q6_K", 256, 210},
}

// Known reports whether the backends can compute with the type.
func (t Type) Known() bool { _, ok := layouts[t]; return ok }

// Quantized reports whether elements are stored in blocks with shared scales.
func (t Type) Quantized() bool { return layouts[t].block > 1 }

// BlockSize is the number of elements stored together (1 for plain types).
func (t Type) BlockSize() int { return layouts[t].block }

// RowBytes is what n elements take, n being a multiple of BlockSize.
func (t Type) RowBytes(n int) int {
	l := layouts[t]
	if l.block == 0 {
		return 0
	}
	return n / l.block * l.bytes
}

func (t Type) String() string {
	if l, ok := layouts[t]; ok {
		return l.name
	}
	return fmt.Sprintf("type %d", int32(t))
}

// Shape holds the sizes of four dimensions, fastest first; unused ones are 1.
type Shape [4]int

// Dims fills missing dimensions with 1.
func Dims(d ...int) Shape {
	s := Shape{1, 1, 1, 1}
	copy(s[:], d)
	return s
}

// Elements is the product of the dimensions.
func (s Shape) Elements() int { return s[0] * s[1] * s[2] * s[3] }

// Rows is the number of runs along dimension 0.
func (s Shape) Rows() int { return s[1] * s[2] * s[3] }

func (s Shape) String() string {
	n := 4
	for n > 1 && s[n-1] == 1 {
		n--
	}
	out := "["
	for i := range n {
		if i > 0 {
			out += " "
		}
		out += fmt.Sprint(s[i])
	}
	return out + "]"
}

// ToF16 rounds to IEEE half precision, ties to even.
func ToF16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	exp := int(b>>23) & 0xff
	man := b & 0x7fffff
	switch {
	case exp == 0xff:
		if man != 0 {
			return sign | 0x7e00
		}
		return sign | 0x7c00
	case exp > 142: // beyond 65504 after rounding
		return sign | 0x7c00
	case exp < 103: // below half of the smallest subnormal
		if exp == 102 && man > 0 {
			return sign | 1
		}
		return sign
	case exp < 113: // subnormal
		man |= 0x800000
		shift := uint(126 - exp)
		half := uint32(1) << (shift - 1)
		v := man >> shift
		rest := man & (1<<shift - 1)
		if rest > half || rest == half && v&1 == 1 {
			v++
		}
		return sign | uint16(v)
	}
	v := uint32(exp-112)<<10 | man>>13
	rest := man & 0x1fff
	if rest > 0x1000 || rest == 0x1000 && v&1 == 1 {
		v++ // may carry into the exponent and so to infinity, which is right
	}
	return sign | uint16(v)
}

// FromF16 widens an IEEE half.
func FromF16(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 0x1f
	man := uint32(h & 0x3ff)
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | man<<13)
	case exp == 0:
		f := float32(man) * float32(math.Pow(2, -24))
		if sign != 0 {
			f = -f
		}
		return f
	}
	return math.Float32frombits(sign | (exp+112)<<23 | man<<13)
}

// MinusInfF16 is the half-precision -inf that attention masks use.
const MinusInfF16 uint16 = 0xfc00
