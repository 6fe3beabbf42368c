package packed

import (
	"fmt"
	"slices"
)

// Store is the packed entries of one layer. Entries are numbered block by block in the order
// of Append, within a block as Block.Rows says. It must not be changed while a graph that
// attends to it runs.
type Store struct {
	kvHeads, dim int
	blocks       []*Block
}

// NewStore makes an empty store for kvHeads heads of dim channels.
func NewStore(kvHeads, dim int) *Store { return &Store{kvHeads: kvHeads, dim: dim} }

// Width is the number of channels of a row.
func (s *Store) Width() int { return s.kvHeads * s.dim }

// Append adds a block's entries after those that are there.
func (s *Store) Append(b *Block) error {
	if b.kvHeads != s.kvHeads || b.dim != s.dim {
		return fmt.Errorf("a block of %d heads of %d cannot join a store of %d heads of %d", b.kvHeads, b.dim, s.kvHeads, s.dim)
	}
	if b.Len() > 0 {
		s.blocks = append(s.blocks, b)
	}
	return nil
}

// Len is the number of entries; a nil store has none.
func (s *Store) Len() int {
	n := 0
	for _, b := range s.list() {
		n += b.Len()
	}
	return n
}

// Bytes counts what is stored: codes, and as float32 their minimums, steps and scales; not the
// list of rows.
func (s *Store) Bytes() int64 {
	var n int64
	for _, b := range s.list() {
		n += b.Bytes()
	}
	return n
}

// Rows gives for each entry the row that it came from, counted within the Pack of its block.
func (s *Store) Rows() []int {
	var out []int
	for _, b := range s.list() {
		out = append(out, b.Rows()...)
	}
	return out
}

// Bits gives for each entry the bits of a number.
func (s *Store) Bits() []int {
	var out []int
	for _, b := range s.list() {
		out = append(out, b.Bits()...)
	}
	return out
}

// Remove takes entries out, in any order; those after them move up. Scales and steps stay.
func (s *Store) Remove(entries []int) error {
	gone := slices.Compact(slices.Sorted(slices.Values(entries)))
	if n := s.Len(); len(gone) > 0 && (gone[0] < 0 || gone[len(gone)-1] >= n) {
		return fmt.Errorf("entries %d to %d are to be removed, where there are %d", gone[0], gone[len(gone)-1], n)
	}
	var blocks []*Block
	first := 0
	for _, b := range s.list() {
		var here []int
		for len(gone) > 0 && gone[0] < first+b.Len() {
			here = append(here, gone[0]-first)
			gone = gone[1:]
		}
		first += b.Len()
		if len(here) > 0 {
			b = b.without(here)
		}
		if b != nil {
			blocks = append(blocks, b)
		}
	}
	s.blocks = blocks
	return nil
}

// Read expands all entries in order: keys and values, [Len × Width] each.
func (s *Store) Read(dstK, dstV []float32) error {
	if need := s.Len() * s.Width(); len(dstK) < need || len(dstV) < need {
		return fmt.Errorf("%d entries take %d numbers, there is room for %d keys and %d values", s.Len(), need, len(dstK), len(dstV))
	}
	for _, b := range s.list() {
		b.read(dstK, dstV)
		n := b.Len() * s.Width()
		dstK, dstV = dstK[n:], dstV[n:]
	}
	return nil
}

// Clone makes a store with the same entries; changing one leaves the other.
func (s *Store) Clone() *Store {
	return &Store{kvHeads: s.kvHeads, dim: s.dim, blocks: slices.Clone(s.blocks)}
}

// list lets a nil store be an empty one.
func (s *Store) list() []*Block {
	if s == nil {
		return nil
	}
	return s.blocks
}
