package kv

import (
	"fmt"
	"slices"

	"winnow/internal/compute"
	"winnow/vlm/kv/packed"
)

// Layout says what the cached rows of some layers are.
type Layout struct {
	// Origins holds, for each entry, the index of its token in the full sequence.
	Origins []int
	// Masked entries get a logit of minus infinity; nil means none.
	Masked []bool
	// Next is the rotary position of the row that comes after.
	Next int32
	// Packed is the number of entries, the first ones, that Layer.Packed holds in codes; the others
	// are the rows of the device arrays.
	Packed int
}

// Len is the number of entries.
func (l *Layout) Len() int { return len(l.Origins) }

// Tail is the number of entries in the device arrays.
func (l *Layout) Tail() int { return len(l.Origins) - l.Packed }

// Layer is the cache of one layer.
type Layer struct {
	K, V   compute.Array // [width, capacity]
	Layout *Layout
	// Packed holds the first entries of the layout; nil where none is packed.
	Packed *packed.Store
}

// Cache holds all layers.
type Cache struct {
	Layers []Layer

	backend compute.Backend
	typ     compute.Type
	kvHeads int
	dim     int
	width   int // of a row: kvHeads·dim
}

// New makes an empty cache for layers whose keys and values are kvHeads·dim numbers wide, stored
// as F16 or F32.
func New(backend compute.Backend, layers, kvHeads, dim int, typ compute.Type) *Cache {
	c := &Cache{Layers: make([]Layer, layers), backend: backend, typ: typ, kvHeads: kvHeads, dim: dim, width: kvHeads * dim}
	c.Reset()
	return c
}

// Reset forgets every entry and keeps the memory.
func (c *Cache) Reset() {
	empty := &Layout{}
	for i := range c.Layers {
		c.Layers[i].Layout, c.Layers[i].Packed = empty, nil
	}
}

// Type is how entries are stored.
func (c *Cache) Type() compute.Type { return c.typ }

// RowBytes is what one key takes, and one value.
func (c *Cache) RowBytes() int { return c.typ.RowBytes(c.width) }

// Bytes counts what the entries of all layers take as stored.
func (c *Cache) Bytes() int64 {
	var n int64
	for i := range c.Layers {
		n += c.LayerBytes(i)
	}
	return n
}

// LayerBytes counts what the entries of one layer take as stored.
func (c *Cache) LayerBytes(layer int) int64 {
	l := &c.Layers[layer]
	n := 2 * int64(l.Layout.Tail()) * int64(c.RowBytes())
	if l.Packed != nil {
		n += l.Packed.Bytes()
	}
	return n
}

// capacityStep: attention over padded lengths reads whole steps, as llama.cpp's does.
const capacityStep = 256

func stepped(rows int) int { return (rows + capacityStep - 1) / capacityStep * capacityStep }

// Room reports whether layers [from, to) have memory for more entries.
func (c *Cache) Room(from, to, more int) bool {
	for i := from; i < to; i++ {
		if l := &c.Layers[i]; l.K == nil || l.Layout.Tail()+more > l.K.Shape()[1] {
			return false
		}
	}
	return true
}

// Reserve makes room for more entries in layers [from, to), in other arrays where those there are
// are too small; what is cached stays.
func (c *Cache) Reserve(from, to, more int) error {
	for i := from; i < to; i++ {
		if !c.Room(i, i+1, more) {
			if err := c.resize(i, stepped(c.Layers[i].Layout.Tail()+more)); err != nil {
				return err
			}
		}
	}
	return nil
}

// trimBytes is what trimming a layer must give back to be worth another array.
const trimBytes = 1 << 20

// Trimmable reports whether a layer has far more memory than its entries and more will take.
func (c *Cache) Trimmable(layer, more int) bool {
	l := &c.Layers[layer]
	return l.K != nil && 2*(l.K.Shape()[1]-stepped(l.Layout.Tail()+more))*c.RowBytes() >= trimBytes
}

// Trim gives back the memory that a layer does not need for its entries and more.
func (c *Cache) Trim(layer, more int) error {
	return c.resize(layer, stepped(c.Layers[layer].Layout.Tail()+more))
}

// resize moves a layer's device rows to arrays of so many.
func (c *Cache) resize(layer, rows int) error {
	l := &c.Layers[layer]
	for _, a := range []*compute.Array{&l.K, &l.V} {
		other, err := c.backend.State(fmt.Sprintf("kv %d", layer), c.typ, compute.Dims(c.width, rows))
		if err != nil {
			return err
		}
		if old := *a; old != nil {
			if err := copyRows(other, old, l.Layout.Tail()*c.RowBytes()); err != nil {
				other.Free()
				return err
			}
			old.Free()
		}
		*a = other
	}
	return nil
}

func copyRows(dst, src compute.Array, bytes int) error {
	if bytes == 0 {
		return nil
	}
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
	old := l.Origins
	if len(origins) > 1 {
		old = slices.Clip(old)
	} // else a token of the answer: whoever appends to this layout appends the same, so they share it
	n := &Layout{Origins: append(old, origins...), Next: last + 1, Packed: l.Packed}
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

// Free releases the memory.
func (c *Cache) Free() {
	for i := range c.Layers {
		if c.Layers[i].K != nil {
			c.Layers[i].K.Free()
			c.Layers[i].V.Free()
		}
	}
	c.Layers = nil
}

// FillMask writes the attention mask of n new rows over the device rows of a layout, of which
// before came earlier, padded to width: row r sees unmasked entries and the new rows up to itself.
func (l *Layout) FillMask(mask []uint16, before, n, width int) {
	for r := range n {
		row := mask[r*width : (r+1)*width]
		seen := before + r + 1
		for i := range row {
			if i < seen && (l.Masked == nil || !l.Masked[l.Packed+i]) {
				row[i] = 0
			} else {
				row[i] = compute.MinusInfF16
			}
		}
	}
}
