package kv

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"winnow/internal/compute"
	"winnow/vlm/kv/packed"
)

// find lists the entries of a layout whose tokens are in origins (ascending).
func (l *Layout) find(origins []int) []int {
	var out []int
	for i, o := range l.Origins {
		if _, in := slices.BinarySearch(origins, o); in {
			out = append(out, i)
		}
	}
	return out
}

// picked is the layout of the entries listed, the first packed of which are packed.
func (l *Layout) picked(entries []int, packed int) *Layout {
	n := &Layout{Next: l.Next, Packed: packed, Origins: make([]int, 0, len(entries))}
	for _, i := range entries {
		n.Origins = append(n.Origins, l.Origins[i])
		if l.Masked != nil {
			n.Masked = append(n.Masked, l.Masked[i])
		}
	}
	return n
}

// without lists the entries that are not in gone (ascending), and how many of them are packed.
func (l *Layout) without(gone []int) (entries []int, packed int) {
	for i := range l.Origins {
		if _, out := slices.BinarySearch(gone, i); out {
			continue
		}
		entries = append(entries, i)
		if i < l.Packed {
			packed++
		}
	}
	return entries, packed
}

// rewrite makes the layer's device rows those of the entries listed, which lie behind the packed
// ones, in that order.
func (c *Cache) rewrite(layer int, entries []int) error {
	l := &c.Layers[layer]
	size := c.RowBytes()
	for _, a := range []compute.Array{l.K, l.V} {
		old := make([]byte, l.Layout.Tail()*size)
		if err := a.Read(0, old); err != nil {
			return err
		}
		rows := make([]byte, 0, len(entries)*size)
		for _, e := range entries {
			at := (e - l.Layout.Packed) * size
			rows = append(rows, old[at:at+size]...)
		}
		if len(rows) > 0 {
			if err := a.Write(0, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// Evict removes the entries of tokens origins (ascending) from layers [from, to] and moves the
// rest together.
func (c *Cache) Evict(from, to int, origins []int) error {
	made := map[*Layout]*Layout{}
	for i := from; i <= to; i++ {
		l := &c.Layers[i]
		gone := l.Layout.find(origins)
		if len(gone) == 0 {
			continue
		}
		stay, packed := l.Layout.without(gone)
		if packed < l.Layout.Packed {
			if err := l.Packed.Remove(gone[:l.Layout.Packed-packed]); err != nil {
				return err
			}
		}
		if len(stay)-packed < l.Layout.Tail() {
			if err := c.rewrite(i, stay[packed:]); err != nil {
				return err
			}
		}
		if made[l.Layout] == nil {
			made[l.Layout] = l.Layout.picked(stay, packed)
		}
		l.Layout = made[l.Layout]
	}
	return nil
}

// Lead moves the entries of tokens origins (ascending) of a layer, none of which is packed, to
// the front of its device rows; both parts keep their order.
func (c *Cache) Lead(layer int, origins []int) error {
	l := &c.Layers[layer]
	if err := unpacked(l, layer, "put in another order"); err != nil {
		return err
	}
	first := l.Layout.find(origins)
	rest, _ := l.Layout.without(first)
	order := append(first, rest...)
	if slices.IsSorted(order) {
		return nil
	}
	if err := c.rewrite(layer, order); err != nil {
		return err
	}
	l.Layout = l.Layout.picked(order, 0)
	return nil
}

func unpacked(l *Layer, layer int, what string) error {
	if l.Layout.Packed > 0 {
		return fmt.Errorf("%d cached rows of layer %d are packed and cannot be %s", l.Layout.Packed, layer, what)
	}
	return nil
}

// Zero overwrites the keys and values of tokens origins (ascending) in a layer by zeros. They
// stay in the cache and take softmax mass exp(0).
func (c *Cache) Zero(layer int, origins []int) error {
	l := &c.Layers[layer]
	if err := unpacked(l, layer, "zeroed"); err != nil {
		return err
	}
	zeros := make([]byte, c.RowBytes())
	for _, row := range l.Layout.find(origins) {
		for _, a := range []compute.Array{l.K, l.V} {
			if err := a.Write(row*len(zeros), zeros); err != nil {
				return err
			}
		}
	}
	return nil
}

// Mask hides the entries of tokens origins (ascending) in a layer from later rows.
func (c *Cache) Mask(layer int, origins []int) error {
	l := &c.Layers[layer]
	if err := unpacked(l, layer, "masked"); err != nil {
		return err
	}
	n := *l.Layout
	if n.Masked = slices.Clone(n.Masked); n.Masked == nil {
		n.Masked = make([]bool, n.Len())
	}
	for _, row := range l.Layout.find(origins) {
		n.Masked[row] = true
	}
	l.Layout = &n
	return nil
}

// Merge replaces each group of entries of a layer by their mean, or sum, in the place of its
// first. With renumber the rows that come later count on from the number of entries.
func (c *Cache) Merge(layer int, groups [][]int, sum, renumber bool) error {
	l := &c.Layers[layer]
	if err := unpacked(l, layer, "merged"); err != nil {
		return err
	}
	var gone []int
	for _, group := range groups {
		if len(group) == 0 || len(group) == 1 && !renumber {
			continue
		}
		for _, a := range []compute.Array{l.K, l.V} {
			if err := c.mergeRows(a, group, sum); err != nil {
				return err
			}
		}
		gone = append(gone, group[1:]...)
	}
	slices.Sort(gone)
	stay, _ := l.Layout.without(gone)
	if len(gone) > 0 {
		if err := c.rewrite(layer, stay); err != nil {
			return err
		}
	}
	l.Layout = l.Layout.picked(stay, 0)
	if renumber {
		l.Layout.Next = int32(len(stay))
	}
	return nil
}

func (c *Cache) mergeRows(a compute.Array, group []int, sum bool) error {
	total, row := make([]float32, c.width), make([]float32, c.width)
	for _, e := range group {
		if err := ReadFloats(a, e*c.width, row); err != nil {
			return err
		}
		for i, v := range row {
			total[i] += v
		}
	}
	if !sum {
		for i := range total {
			total[i] /= float32(len(group))
		}
	}
	return a.Write(group[0]*c.RowBytes(), stored(total, c.typ))
}

// Class is entries to be packed in Bits bits, named by the tokens they stand for (ascending).
type Class struct {
	Origins []int
	Bits    int
}

// Pack moves entries of a layer from the device rows behind the entries packed already, class by
// class. The values of all classes share their channel scales.
func (c *Cache) Pack(layer int, classes []Class) error {
	l := &c.Layers[layer]
	n := l.Layout.Tail()
	k, v := make([]float32, n*c.width), make([]float32, n*c.width)
	if err := ReadFloats(l.K, 0, k); err != nil {
		return err
	}
	if err := ReadFloats(l.V, 0, v); err != nil {
		return err
	}
	// The quantiser sees the rows that are packed, no others: scales are over those alone.
	var moved []int
	var rowsK, rowsV []float32
	var parts []packed.Class
	for _, class := range classes {
		part := packed.Class{Bits: class.Bits}
		for _, e := range l.Layout.find(class.Origins) {
			at := e - l.Layout.Packed
			if at < 0 {
				continue // packed already
			}
			part.Rows = append(part.Rows, len(moved))
			moved = append(moved, e)
			rowsK = append(rowsK, k[at*c.width:(at+1)*c.width]...)
			rowsV = append(rowsV, v[at*c.width:(at+1)*c.width]...)
		}
		if len(part.Rows) > 0 {
			parts = append(parts, part)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	block, err := packed.Pack(rowsK, rowsV, c.kvHeads, c.dim, parts)
	if err != nil {
		return fmt.Errorf("layer %d: %w", layer, err)
	}
	if l.Packed == nil {
		l.Packed = packed.NewStore(c.kvHeads, c.dim)
	}
	if err := l.Packed.Append(block); err != nil {
		return fmt.Errorf("layer %d: %w", layer, err)
	}
	gone := slices.Sorted(slices.Values(moved))
	stay, before := l.Layout.without(gone)
	if err := c.rewrite(layer, stay[before:]); err != nil {
		return err
	}
	order := slices.Concat(stay[:before], moved, stay[before:])
	l.Layout = l.Layout.picked(order, before+len(moved))
	return nil
}

// ReadFloats reads len(dst) elements of an F32 or F16 array from element from on.
func ReadFloats(a compute.Array, from int, dst []float32) error {
	size := a.Type().RowBytes(1)
	buf := make([]byte, len(dst)*size)
	if len(buf) == 0 {
		return nil
	}
	if err := a.Read(from*size, buf); err != nil {
		return err
	}
	for i := range dst {
		if size == 2 {
			dst[i] = compute.FromF16(binary.LittleEndian.Uint16(buf[2*i:]))
		} else {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(buf[4*i:]))
		}
	}
	return nil
}

func stored(row []float32, typ compute.Type) []byte {
	size := typ.RowBytes(1)
	out := make([]byte, len(row)*size)
	for i, v := range row {
		if size == 2 {
			binary.LittleEndian.PutUint16(out[2*i:], compute.ToF16(v))
		} else {
			binary.LittleEndian.PutUint32(out[4*i:], math.Float32bits(v))
		}
	}
	return out
}
