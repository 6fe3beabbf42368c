package checkpoint

import (
	"fmt"
	"math"
)

// Type is the storage format of a tensor. The numbers are ggml_type's and are what a GGUF
// file holds, so they never change; gaps are formats that ggml removed.
type Type uint32

// The formats of ggml 0.25. Quantised ones store blocks of 32, 64 or 256 values.
const (
	F32    Type = 0
	F16    Type = 1
	Q4_0   Type = 2
	Q4_1   Type = 3
	Q5_0   Type = 6
	Q5_1   Type = 7
	Q8_0   Type = 8
	Q8_1   Type = 9
	Q2_K   Type = 10
	Q3_K   Type = 11
	Q4_K   Type = 12
	Q5_K   Type = 13
	Q6_K   Type = 14
	Q8_K   Type = 15
	IQ2XXS Type = 16
	IQ2XS  Type = 17
	IQ3XXS Type = 18
	IQ1S   Type = 19
	IQ4NL  Type = 20
	IQ3S   Type = 21
	IQ2S   Type = 22
	IQ4XS  Type = 23
	I8     Type = 24
	I16    Type = 25
	I32    Type = 26
	I64    Type = 27
	F64    Type = 28
	IQ1M   Type = 29
	BF16   Type = 30
	TQ1_0  Type = 34
	TQ2_0  Type = 35
	MXFP4  Type = 39
	NVFP4  Type = 40

	// U8 and Bool exist in safetensors only; ggml has no such types. Their numbers lie
	// outside ggml's range, and a GGUF file that holds them is refused.
	U8   Type = 1<<16 + 0
	Bool Type = 1<<16 + 1
)

// typeInfo is what one block of a format holds and takes.
type typeInfo struct {
	name  string
	block int // values a block
	bytes int // bytes a block
}

var types = map[Type]typeInfo{
	F32: {"f32", 1, 4}, F16: {"f16", 1, 2}, BF16: {"bf16", 1, 2}, F64: {"f64", 1, 8},
	I8: {"i8", 1, 1}, I16: {"i16", 1, 2}, I32: {"i32", 1, 4}, I64: {"i64", 1, 8},
	Q4_0: {"q4_0", 32, 18}, Q4_1: {"q4_1", 32, 20}, Q5_0: {"q5_0", 32, 22}, Q5_1: {"q5_1", 32, 24},
	Q8_0: {"q8_0", 32, 34}, Q8_1: {"q8_1", 32, 36},
	Q2_K: {"q2_K", 256, 84}, Q3_K: {"q3_K", 256, 110}, Q4_K: {"q4_K", 256, 144},
	Q5_K: {"q5_K", 256, 176}, Q6_K: {"q6_K", 256, 210}, Q8_K: {"q8_K", 256, 292},
	IQ2XXS: {"iq2_xxs", 256, 66}, IQ2XS: {"iq2_xs", 256, 74}, IQ3XXS: {"iq3_xxs", 256, 98},
	IQ1S: {"iq1_s", 256, 50}, IQ4NL: {"iq4_nl", 32, 18}, IQ3S: {"iq3_s", 256, 110},
	IQ2S: {"iq2_s", 256, 82}, IQ4XS: {"iq4_xs", 256, 136}, IQ1M: {"iq1_m", 256, 56},
	TQ1_0: {"tq1_0", 256, 54}, TQ2_0: {"tq2_0", 256, 66},
	MXFP4: {"mxfp4", 32, 17}, NVFP4: {"nvfp4", 64, 36},
	U8: {"u8", 1, 1}, Bool: {"bool", 1, 1},
}

// Known reports whether the format is one this package can measure.
func (t Type) Known() bool { _, ok := types[t]; return ok }

// BlockSize returns how many values one block holds; 1 for plain numbers, 0 for unknown types.
func (t Type) BlockSize() int { return types[t].block }

// TypeSize returns how many bytes one block takes; 0 for unknown types.
func (t Type) TypeSize() int { return types[t].bytes }

// Quantised reports whether values are stored in blocks with a shared scale.
func (t Type) Quantised() bool { return types[t].block > 1 }

// String gives ggml's name of the format, in lower case.
func (t Type) String() string {
	if i, ok := types[t]; ok {
		return i.name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// RowBytes returns the bytes that n values take. It returns -1 when n is negative, is not
// a whole number of blocks, or when the type is unknown or the size overflows.
func (t Type) RowBytes(n int) int {
	i, ok := types[t]
	if !ok || n < 0 || n%i.block != 0 || n/i.block > math.MaxInt/i.bytes {
		return -1
	}
	return n / i.block * i.bytes
}
