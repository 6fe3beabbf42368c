package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Dequantize converts src, stored as t, to float32. dst sets the number of values, and src
// must hold exactly that many. Formats: F32, F16, BF16, F64, the integers, Q4_0, Q4_1, Q5_0,
// Q5_1, Q8_0, Q2_K to Q6_K, IQ4_NL and IQ4_XS; any other is an error.
func Dequantize(dst []float32, t Type, src []byte) error {
	if want := t.RowBytes(len(dst)); want < 0 || want != len(src) {
		return fmt.Errorf("%d values of %v do not fit %d bytes: the sizes given to Dequantize disagree", len(dst), t, len(src))
	}
	if f := plain[t]; f != nil {
		size := t.TypeSize()
		for i := range dst {
			dst[i] = f(src[i*size:])
		}
		return nil
	}
	f := blocks[t]
	if f == nil {
		return fmt.Errorf("values of type %v cannot be converted to float32; choose a file in q8_0, q6_K, q5_K, q4_K or f16", t)
	}
	n, size := t.BlockSize(), t.TypeSize()
	for len(dst) > 0 {
		f(dst[:n:n], src[:size:size])
		dst, src = dst[n:], src[size:]
	}
	return nil
}

var le = binary.LittleEndian

// plain reads one number of each format without blocks.
var plain = map[Type]func([]byte) float32{
	F32:  func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) },
	F16:  func(b []byte) float32 { return f16to32(le.Uint16(b)) },
	BF16: func(b []byte) float32 { return bf16to32(le.Uint16(b)) },
	F64:  func(b []byte) float32 { return float32(math.Float64frombits(le.Uint64(b))) },
	I8:   func(b []byte) float32 { return float32(int8(b[0])) },
	I16:  func(b []byte) float32 { return float32(int16(le.Uint16(b))) },
	I32:  func(b []byte) float32 { return float32(int32(le.Uint32(b))) },
	I64:  func(b []byte) float32 { return float32(int64(le.Uint64(b))) },
	U8:   func(b []byte) float32 { return float32(b[0]) },
	Bool: func(b []byte) float32 { return float32(min(b[0], 1)) },
}

// blocks converts one block of each quantised format. In the drawings below a field's
// width is in bytes, d and m are halves, and a nibble pair is low first.
var blocks = map[Type]func(y []float32, b []byte){
	Q4_0: deq4_0, Q4_1: deq4_1, Q5_0: deq5_0, Q5_1: deq5_1, Q8_0: deq8_0,
	Q2_K: deq2K, Q3_K: deq3K, Q4_K: deq4K, Q5_K: deq5K, Q6_K: deq6K,
	IQ4NL: deq4NL, IQ4XS: deq4XS,
}

func halfAt(b []byte, i int) float32 { return f16to32(le.Uint16(b[i:])) }

// deq4_0: | d 2 | nibbles 16 |, value = d·(nibble−8); low nibbles are values 0–15.
func deq4_0(y []float32, b []byte) {
	d := halfAt(b, 0)
	for i, q := range b[2:18] {
		y[i] = d * float32(int(q&15)-8)
		y[i+16] = d * float32(int(q>>4)-8)
	}
}

// deq4_1: | d 2 | m 2 | nibbles 16 |, value = d·nibble + m.
func deq4_1(y []float32, b []byte) {
	d, m := halfAt(b, 0), halfAt(b, 2)
	for i, q := range b[4:20] {
		y[i] = d*float32(q&15) + m
		y[i+16] = d*float32(q>>4) + m
	}
}

// deq5_0: | d 2 | fifth bits 4 | nibbles 16 |, value = d·(q−16).
func deq5_0(y []float32, b []byte) {
	d, h := halfAt(b, 0), le.Uint32(b[2:])
	for i, q := range b[6:22] {
		y[i] = d * float32(int(q&15)|int(h>>i&1)<<4-16)
		y[i+16] = d * float32(int(q>>4)|int(h>>(i+16)&1)<<4-16)
	}
}

// deq5_1: | d 2 | m 2 | fifth bits 4 | nibbles 16 |, value = d·q + m.
func deq5_1(y []float32, b []byte) {
	d, m, h := halfAt(b, 0), halfAt(b, 2), le.Uint32(b[4:])
	for i, q := range b[8:24] {
		y[i] = d*float32(int(q&15)|int(h>>i&1)<<4) + m
		y[i+16] = d*float32(int(q>>4)|int(h>>(i+16)&1)<<4) + m
	}
}

// deq8_0: | d 2 | int8 ×32 |, value = d·q.
func deq8_0(y []float32, b []byte) {
	d := halfAt(b, 0)
	for i, q := range b[2:34] {
		y[i] = d * float32(int8(q))
	}
}

// iq4 are the 16 levels of the non-linear 4-bit formats.
var iq4 = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

// deq4NL: | d 2 | nibbles 16 |, value = d·iq4[nibble].
func deq4NL(y []float32, b []byte) {
	d := halfAt(b, 0)
	for i, q := range b[2:18] {
		y[i] = d * iq4[q&15]
		y[i+16] = d * iq4[q>>4]
	}
}

// deq4XS: | d 2 | high scale bits 2 | low scale nibbles 4 | nibbles 128 |: 8 groups of 32
// with a 6-bit scale s each, value = d·(s−32)·iq4[nibble].
func deq4XS(y []float32, b []byte) {
	d, high := halfAt(b, 0), le.Uint16(b[2:])
	for g := range 8 {
		s := int(b[4+g/2]>>(4*(g&1))&15) | int(high>>(2*g)&3)<<4
		dl := d * float32(s-32)
		for i, q := range b[8+16*g : 24+16*g] {
			y[32*g+i] = dl * iq4[q&15]
			y[32*g+i+16] = dl * iq4[q>>4]
		}
	}
}

// Pick widens the values at places of one row, ascending, into dst: Dequantize without those in
// between. For Q8_0, which gathers are made of, it reads nothing else.
func Pick(dst []float32, t Type, row []byte, places []int) error {
	if t == Q8_0 {
		block, scale := -1, float32(0)
		for i, at := range places {
			if b := at / 32; b != block {
				block, scale = b, halfAt(row, 34*b)
			}
			dst[i] = scale * float32(int8(row[34*block+2+at%32]))
		}
		return nil
	}
	n := len(row) / t.TypeSize() * t.BlockSize()
	wide := make([]float32, n)
	if err := Dequantize(wide, t, row); err != nil {
		return err
	}
	for i, at := range places {
		dst[i] = wide[at]
	}
	return nil
}
