package kv

import (
	"fmt"
	"slices"

	"winnow/internal/compute"
)

// Layout says what the cached rows of some layers are.
type Layout struct {
	// Origins holds, for each entry, the index of its token in the full sequence.
	Origins []int
	// Masked entries get a logit of minus infinity; nil means none.
	Masked []bool
	// Next is the rotary position of the row that comes after.
	Next int32
}

// Len is the number of entries.
func (l *Layout) Len() int { return len(l.Origins) }

// Layer is the cache of one layer.
type Layer struct {
	K, V   compute.Array // [width, capacity]
	Layout *Layout
}

// Cache holds all layers.
type Cache struct {
	Layers []Layer

	backend  compute.Backend
	typ      compute.Type
	width    int
	capacity int
}

// New makes an empty cache for layers of width numbers a key and value, stored as F16 or F32.
func New(backend compute.Backend, layers, width int, typ compute.Type) *Cache {
	c := &Cache{Layers: make([]Layer, layers), backend: backend, typ: typ, width: width}
	c.Reset()
	return c
}

// Reset forgets every entry and keeps the memory.
func (c *Cache) Reset() {
	empty := &Layout{}
	for i := range c.Layers {
		c.Layers[i].Layout = empty
	}
}

// Type is how entries are stored.
func (c *Cache) Type() compute.Type { return c.typ }

// RowBytes is what one key takes, and one value.
func (c *Cache) RowBytes() int { return c.typ.RowBytes(c.width) }

// Bytes counts what the entries of all layers take as stored.
func (c *Cache) Bytes() int64 {
	var n int64
	for _, l := range c.Layers {
		n += 2 * int64(l.Layout.Len()) * int64(c.RowBytes())
	}
	return n
}

// Capacity is the number of rows that there is memory for.
func (c *Cache) Capacity() int { return c.capacity }

// capacityStep: attention over padded lengths reads whole steps, as llama.cpp's does.
const capacityStep = 256

// Reserve makes room for rows entries a layer; what is cached stays.
func (c *Cache) Reserve(rows int) error {
	if rows <= c.capacity {
		return nil
	}
	rows = (rows + capacityStep - 1) / capacityStep * capacityStep
	for i := range c.Layers {
		l := &c.Layers[i]
		for _, a := range []*compute.Array{&l.K, &l.V} {
			bigger, err := c.backend.State(fmt.Sprintf("kv %d", i), c.typ, compute.Dims(c.width, rows))
			if err != nil {
				return err
			}
			if old := *a; old != nil {
				if err := copyRows(bigger, old, l.Layout.Len()*c.RowBytes()); err != nil {
					return err
				}
				old.Free()
			}
			*a = bigger
		}
	}
	c.capacity = rows
	return nil
}

func copyRows(dst, src compute.Array, bytes int) error {
	buf := make([]byte, bytes)
	if err := src.Read(0, buf); err != nil {
		return err
	}
	return dst.Write(0, buf)
}

// Append notes that layers [from, to) get entries for tokens origins, the last of which has
// rotary position last; -1 means that each layer counts on from its Next. Layers that shared a
// layout still do. It returns the layouts before.
func (c *Cache) Append(from, to int, origins []int, last int32) []*Layout {
	before := make([]*Layout, to-from)
	made := map[*Layout]*Layout{}
	for i := from; i < to; i++ {
		old := c.Layers[i].Layout
		before[i-from] = old
		if made[old] == nil {
			made[old] = old.appended(origins, last)
		}
		c.Layers[i].Layout = made[old]
	}
	return before
}

func (l *Layout) appended(origins []int, last int32) *Layout {
	n := &Layout{Origins: append(slices.Clip(l.Origins), origins...), Next: last + 1}
	if last < 0 {
		n.Next = l.Next + int32(len(origins))
	}
	if l.Masked != nil {
		n.Masked = append(slices.Clip(l.Masked), make([]bool, len(origins))...)
	}
	return n
}

// Restore undoes an Append whose graph did not run.
func (c *Cache) Restore(from int, before []*Layout) {
	for i, l := range before {
		c.Layers[from+i].Layout = l
	}
}

// find lists the entries of a layer whose tokens are in origins (ascending).
func (c *Cache) find(layer int, origins []int) []int {
	var out []int
	for i, o := range c.Layers[layer].Layout.Origins {
		if _, in := slices.BinarySearch(origins, o); in {
			out = append(out, i)
		}
	}
	return out
}

// Evict removes the entries of tokens origins (ascending) from layers [from, to] and moves the
// rest together.
func (c *Cache) Evict(from, to int, origins []int) error {
	made := map[*Layout]*Layout{}
	rowBytes := c.RowBytes()
	for i := from; i <= to; i++ {
		l := &c.Layers[i]
		gone := c.find(i, origins)
		if len(gone) == 0 {
			continue
		}
		n := l.Layout.Len()
		for _, a := range []compute.Array{l.K, l.V} {
			buf := make([]byte, n*rowBytes)
			if err := a.Read(0, buf); err != nil {
				return err
			}
			at, next := 0, 0
			for row := range n {
				if next < len(gone) && gone[next] == row {
					next++
					continue
				}
				copy(buf[at*rowBytes:], buf[row*rowBytes:(row+1)*rowBytes])
				at++
			}
			if err := a.Write(0, buf[:at*rowBytes]); err != nil {
				return err
			}
		}
		if made[l.Layout] == nil {
			made[l.Layout] = l.Layout.without(gone)
		}
		l.Layout = made[l.Layout]
	}
	return nil
}

func (l *Layout) without(gone []int) *Layout {
	n := &Layout{Next: l.Next}
	for i, o := range l.Origins {
		if _, out := slices.BinarySearch(gone, i); out {
			continue
		}
		n.Origins = append(n.Origins, o)
		if l.Masked != nil {
			n.Masked = append(n.Masked, l.Masked[i])
		}
	}
	return n
}

// Zero overwrites the keys and values of tokens origins (ascending) in a layer by zeros. They
// stay in the cache and take softmax mass exp(0).
func (c *Cache) Zero(layer int, origins []int) error {
	zeros := make([]byte, c.RowBytes())
	for _, row := range c.find(layer, origins) {
		for _, a := range []compute.Array{c.Layers[layer].K, c.Layers[layer].V} {
			if err := a.Write(row*len(zeros), zeros); err != nil {
				return err
			}
		}
	}
	return nil
}

// Mask hides the entries of tokens origins (ascending) in a layer from later rows.
func (c *Cache) Mask(layer int, origins []int) {
	l := c.Layers[layer].Layout
	n := &Layout{Origins: l.Origins, Next: l.Next, Masked: slices.Clone(l.Masked)}
	if n.Masked == nil {
		n.Masked = make([]bool, l.Len())
	}
	for _, row := range c.find(layer, origins) {
		n.Masked[row] = true
	}
	c.Layers[layer].Layout = n
}

// Free releases the memory.
func (c *Cache) Free() {
	for i := range c.Layers {
		if c.Layers[i].K != nil {
			c.Layers[i].K.Free()
			c.Layers[i].V.Free()
		}
	}
	c.Layers, c.capacity = nil, 0
}

// FillMask writes the attention mask of n new rows over a layout of before entries plus the
// new ones, padded to width: row r sees unmasked entries and the new rows up to itself.
func (l *Layout) FillMask(mask []uint16, before, n, width int) {
	for r := range n {
		row := mask[r*width : (r+1)*width]
		seen := before + r + 1
		for i := range row {
			if i < seen && (l.Masked == nil || !l.Masked[i]) {
				row[i] = 0
			} else {
				row[i] = compute.MinusInfF16
			}
		}
	}
}
