package packed

import (
	"fmt"
	"math"
	"slices"
	"sync"
)

// Class is rows stored in the same number of bits.
type Class struct {
	// Rows index the rows given to Pack, in any order.
	Rows []int
	// Bits is 2, 4 or 8.
	Bits int
}

// Block is the result of one Pack. It never changes.
type Block struct {
	kvHeads, dim int
	// scale is s, for each channel.
	scale    []float32
	sections []*section
}

// section is one class of a block.
type section struct {
	layout
	// rows are where the entries came from, ascending.
	rows []int
	// keys and values hold codes segment by segment, see layout.
	keys, values []byte
	keyMin       []float32 // for each channel
	keyStep      []float32
	valueMin     []float32 // for each row
	valueStep    []float32
}

// Pack quantises keys and values [rows × kvHeads·dim]. Rows that no class names are not
// stored, but count in the values' channel scales. An error names a number that is not finite,
// a row that is named twice or not there, and a width that does not fill bytes.
//
// Rounding is half to even. A channel or row whose numbers are all alike has step 0 and
// codes 0; a channel without values has scale 1.
func Pack(k, v []float32, kvHeads, dim int, classes []Class) (*Block, error) {
	width := kvHeads * dim
	if width < 1 || len(k) != len(v) || len(k)%width != 0 {
		return nil, fmt.Errorf("%d keys and %d values are not rows of %d heads of %d", len(k), len(v), kvHeads, dim)
	}
	rows := len(k) / width
	for i, x := range [][]float32{k, v} {
		if at := notFinite(x); at >= 0 {
			what := [...]string{"keys", "values"}[i]
			return nil, fmt.Errorf("row %d of the %s has %v in channel %d and cannot be packed", at/width, what, x[at], at%width)
		}
	}
	b := &Block{kvHeads: kvHeads, dim: dim, scale: channelScales(v, width)}
	named := make([]bool, rows)
	for _, c := range classes {
		l, err := newLayout(c.Bits, kvHeads, dim)
		if err != nil {
			return nil, err
		}
		if len(c.Rows) == 0 {
			continue
		}
		s := &section{layout: l, rows: slices.Sorted(slices.Values(c.Rows))}
		for _, r := range s.rows {
			if r < 0 || r >= rows {
				return nil, fmt.Errorf("row %d is to be packed, where there are %d", r, rows)
			}
			if named[r] {
				return nil, fmt.Errorf("row %d is to be packed twice", r)
			}
			named[r] = true
		}
		b.sections = append(b.sections, s)
	}
	var wg sync.WaitGroup
	for _, s := range b.sections {
		wg.Go(func() { s.packKeys(k) })
		wg.Go(func() { s.packValues(v, b.scale) })
	}
	wg.Wait()
	return b, nil
}

func notFinite(x []float32) int {
	return slices.IndexFunc(x, func(f float32) bool { return f-f != 0 })
}

// channelScales is the square root of each channel's largest magnitude.
func channelScales(v []float32, width int) []float32 {
	scale := make([]float32, width)
	for ; len(v) > 0; v = v[width:] {
		for c, f := range v[:width] {
			if f < 0 {
				f = -f
			}
			if f > scale[c] {
				scale[c] = f
			}
		}
	}
	for c, top := range scale {
		if scale[c] = float32(math.Sqrt(float64(top))); top == 0 {
			scale[c] = 1
		}
	}
	return scale
}

// step is the distance of two codes between the least and the largest number.
func (s *section) step(low, high float32) float32 {
	return (high - low) / float32(int(1)<<s.bits-1)
}

// code rounds to the nearest code, ties to the even one.
func (s *section) code(x, low, step float32) byte {
	if step == 0 {
		return 0
	}
	// x is not below low; a rounded step may put the largest number a little past the last code.
	return byte(min(int(math.RoundToEven(float64((x-low)/step))), 1<<s.bits-1))
}

func (s *section) packKeys(k []float32) {
	s.keys = make([]byte, len(s.rows)*s.rowBytes)
	s.keyMin = slices.Clone(k[s.rows[0]*s.width:][:s.width])
	high := slices.Clone(s.keyMin)
	for _, r := range s.rows {
		for c, f := range k[r*s.width:][:s.width] {
			if f < s.keyMin[c] {
				s.keyMin[c] = f
			}
			if f > high[c] {
				high[c] = f
			}
		}
	}
	s.keyStep = high
	for c := range high {
		s.keyStep[c] = s.step(s.keyMin[c], high[c])
	}
	codes := make([]byte, s.width)
	for i, r := range s.rows {
		for c, f := range k[r*s.width:][:s.width] {
			codes[c] = s.code(f, s.keyMin[c], s.keyStep[c])
		}
		s.store(s.keys, len(s.rows), i, codes)
	}
}

func (s *section) packValues(v, scale []float32) {
	s.values = make([]byte, len(s.rows)*s.rowBytes)
	s.valueMin = make([]float32, len(s.rows))
	s.valueStep = make([]float32, len(s.rows))
	codes, even := make([]byte, s.width), make([]float32, s.width)
	for i, r := range s.rows {
		row := v[r*s.width:][:s.width]
		low, high := row[0]/scale[0], row[0]/scale[0]
		for c, f := range row {
			f /= scale[c]
			even[c] = f
			if f < low {
				low = f
			}
			if f > high {
				high = f
			}
		}
		step := s.step(low, high)
		for c, f := range even {
			codes[c] = s.code(f, low, step)
		}
		s.valueMin[i], s.valueStep[i] = low, step
		s.store(s.values, len(s.rows), i, codes)
	}
}

// Len is the number of entries.
func (b *Block) Len() int {
	n := 0
	for _, s := range b.sections {
		n += len(s.rows)
	}
	return n
}

// Rows gives for each entry the row of Pack's k and v that it came from, in entry order: class
// by class, ascending in each.
func (b *Block) Rows() []int {
	var out []int
	for _, s := range b.sections {
		out = append(out, s.rows...)
	}
	return out
}

// Bits gives each entry's bits a number.
func (b *Block) Bits() []int {
	var out []int
	for _, s := range b.sections {
		out = append(out, slices.Repeat([]int{s.bits}, len(s.rows))...)
	}
	return out
}

// Bytes counts codes and, as float32, minimums, steps and scales.
func (b *Block) Bytes() int64 {
	n := 4 * len(b.scale)
	for _, s := range b.sections {
		n += len(s.keys) + len(s.values) + 4*(len(s.keyMin)+len(s.keyStep)+len(s.valueMin)+len(s.valueStep))
	}
	return int64(n)
}

// read expands all entries, [Len × width] each.
func (b *Block) read(k, v []float32) {
	width := b.kvHeads * b.dim
	room := make([]byte, width)
	for _, s := range b.sections {
		for i := range s.rows {
			s.expand(k, s.keys, len(s.rows), i, room)
			for c := range width {
				k[c] = k[c]*s.keyStep[c] + s.keyMin[c]
			}
			s.expand(v, s.values, len(s.rows), i, room)
			for c := range width {
				v[c] = (v[c]*s.valueStep[i] + s.valueMin[i]) * b.scale[c]
			}
			k, v = k[width:], v[width:]
		}
	}
}

// without makes a block that lacks some entries (ascending), or nil where none remain.
func (b *Block) without(gone []int) *Block {
	out := &Block{kvHeads: b.kvHeads, dim: b.dim, scale: b.scale}
	first := 0
	for _, s := range b.sections {
		var kept []int
		for i := range s.rows {
			if _, out := slices.BinarySearch(gone, first+i); !out {
				kept = append(kept, i)
			}
		}
		first += len(s.rows)
		switch len(kept) {
		case 0:
		case len(s.rows):
			out.sections = append(out.sections, s)
		default:
			out.sections = append(out.sections, s.only(kept))
		}
	}
	if len(out.sections) == 0 {
		return nil
	}
	return out
}

func (s *section) only(kept []int) *section {
	out := &section{layout: s.layout, keyMin: s.keyMin, keyStep: s.keyStep}
	for _, i := range kept {
		out.rows = append(out.rows, s.rows[i])
		out.valueMin = append(out.valueMin, s.valueMin[i])
		out.valueStep = append(out.valueStep, s.valueStep[i])
	}
	for _, c := range []struct {
		to   *[]byte
		from []byte
	}{{&out.keys, s.keys}, {&out.values, s.values}} {
		*c.to = make([]byte, 0, len(kept)*s.rowBytes)
		for seg := range s.segments {
			for _, i := range kept {
				at := s.at(seg, len(s.rows), i)
				*c.to = append(*c.to, c.from[at:at+s.segBytes]...)
			}
		}
	}
	return out
}
