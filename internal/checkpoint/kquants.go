package checkpoint

// The k-quants share a super-block of 256 values: groups of 16 or 32 with a small integer
// scale each, which a half d of the whole super-block turns into a number.

// deq2K: | scale and min nibbles 16 | 2-bit values 64 | d 2 | dmin 2 |: 16 groups of 16,
// value = d·scale·q − dmin·min. Bytes 32h…32h+31 hold, from low bits to high, the four
// groups of 32 of half h.
func deq2K(y []float32, b []byte) {
	d, m := halfAt(b, 80), halfAt(b, 82)
	for i := range y {
		half, shift, at := i/128, i/32%4, i%32
		s := b[i/16]
		q := b[16+32*half+at] >> (2 * shift) & 3
		y[i] = d*float32(s&15)*float32(q) - m*float32(s>>4)
	}
}

// deq3K: | third bits 32 | 2-bit values 64 | scales 12 | d 2 |: 16 groups of 16,
// value = d·(scale−32)·(q − 4 where the third bit is clear).
func deq3K(y []float32, b []byte) {
	d := halfAt(b, 108)
	sc := b[96:108]
	var scale [16]float32
	for g := range scale {
		low := sc[g%8] >> (4 * (g / 8)) & 15
		high := sc[8+g%4] >> (2 * (g / 4)) & 3
		scale[g] = d * float32(int(low|high<<4)-32)
	}
	for i := range y {
		half, shift, at := i/128, i/32%4, i%32
		q := int(b[32+32*half+at] >> (2 * shift) & 3)
		if b[at]>>(i/32)&1 == 0 {
			q -= 4
		}
		y[i] = scale[i/16] * float32(q)
	}
}

// scaleMin unpacks the 6-bit scale and min of group g from the 12 bytes that Q4_K and Q5_K
// share: groups 0–3 in the low six bits of bytes g and g+4; groups 4–7 as nibbles of byte
// g+4 with their upper two bits on top of bytes g−4 and g.
func scaleMin(s []byte, g int) (scale, min float32) {
	if g < 4 {
		return float32(s[g] & 63), float32(s[g+4] & 63)
	}
	return float32(s[g+4]&15 | s[g-4]>>6<<4), float32(s[g+4]>>4 | s[g]>>6<<4)
}

// deq4K: | d 2 | dmin 2 | scales and mins 12 | nibbles 128 |: 8 groups of 32, value =
// d·scale·q − dmin·min. Bytes 32p…32p+31 hold group 2p low and group 2p+1 high.
func deq4K(y []float32, b []byte) {
	d, m := halfAt(b, 0), halfAt(b, 2)
	for g := range 8 {
		s, mn := scaleMin(b[4:16], g)
		dl, ml := d*s, m*mn
		for i, q := range b[16+g/2*32 : 48+g/2*32] {
			y[32*g+i] = dl*float32(q>>(4*(g&1))&15) - ml
		}
	}
}

// deq5K: | d 2 | dmin 2 | scales and mins 12 | fifth bits 32 | nibbles 128 |: as Q4_K;
// bit g of byte i is the fifth bit of value i of group g.
func deq5K(y []float32, b []byte) {
	d, m := halfAt(b, 0), halfAt(b, 2)
	for g := range 8 {
		s, mn := scaleMin(b[4:16], g)
		dl, ml := d*s, m*mn
		for i, q := range b[48+g/2*32 : 80+g/2*32] {
			v := q>>(4*(g&1))&15 | b[16+i]>>g&1<<4
			y[32*g+i] = dl*float32(v) - ml
		}
	}
}

// deq6K: | low nibbles 128 | high pairs 64 | int8 scales 16 | d 2 |: 16 groups of 16,
// value = d·scale·(q−32). Within each half of 128 values, value v has its low bits in
// nibble v/64 of byte v%64 and its high bits in pair v/32 of byte v%32.
func deq6K(y []float32, b []byte) {
	d := halfAt(b, 208)
	for i := range y {
		half, v := i/128, i%128
		low := b[64*half+v%64] >> (4 * (v / 64)) & 15
		high := b[128+32*half+v%32] >> (2 * (v / 32)) & 3
		y[i] = d * float32(int8(b[192+i/16])) * float32(int(low|high<<4)-32)
	}
}
