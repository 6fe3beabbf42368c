package kv

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/ref"
)

// filled is a cache of layers whose key and value rows all hold their token's number.
func filled(t *testing.T, layers, tokens int) *Cache {
	t.Helper()
	c := New(ref.New(1), layers, 1, 4, compute.F32)
	if err := c.Reserve(0, layers, tokens); err != nil {
		t.Fatal(err)
	}
	origins := make([]int, tokens)
	for i := range origins {
		origins[i] = i
	}
	c.Append(0, layers, origins, int32(tokens-1))
	for l := range layers {
		for i := range tokens {
			row := make([]byte, 16)
			for j := range 4 {
				binary.LittleEndian.PutUint32(row[4*j:], math.Float32bits(float32(i)))
			}
			if c.Layers[l].K.Write(16*i, row) != nil || c.Layers[l].V.Write(16*i, row) != nil {
				t.Fatal("write")
			}
		}
	}
	return c
}

func first(t *testing.T, a compute.Array, row int) float32 {
	t.Helper()
	b := make([]byte, 4)
	if err := a.Read(16*row, b); err != nil {
		t.Fatal(err)
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(b))
}

func TestEvictMovesRowsTogether(t *testing.T) {
	c := filled(t, 3, 6)
	if err := c.Evict(0, 1, []int{1, 2, 5}); err != nil {
		t.Fatal(err)
	}
	for l, want := range [][]int{{0, 3, 4}, {0, 3, 4}, {0, 1, 2, 3, 4, 5}} {
		if got := c.Layers[l].Layout.Origins; !slices.Equal(got, want) {
			t.Errorf("layer %d: -want %v +got %v", l, want, got)
		}
		for i, o := range want {
			if k, v := first(t, c.Layers[l].K, i), first(t, c.Layers[l].V, i); k != float32(o) || v != float32(o) {
				t.Errorf("layer %d entry %d holds %g and %g, want token %d", l, i, k, v, o)
			}
		}
	}
	if c.Layers[0].Layout != c.Layers[1].Layout || c.Layers[0].Layout == c.Layers[2].Layout {
		t.Error("layers with the same rows must share a layout, others must not")
	}
	if got, want := c.Bytes(), int64(2*16*(3+3+6)); got != want {
		t.Errorf("bytes: -want %d +got %d", want, got)
	}
	if c.Layers[0].Layout.Next != 6 {
		t.Error("evicting must not renumber what comes next")
	}
}

func TestGrowingKeepsRows(t *testing.T) {
	c := filled(t, 1, 6)
	if err := c.Reserve(0, 1, 500); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		if got := first(t, c.Layers[0].K, i); got != float32(i) {
			t.Errorf("entry %d holds %g", i, got)
		}
	}
}

func TestRestoreUndoesAppend(t *testing.T) {
	c := filled(t, 2, 3)
	was := c.Layers[0].Layout
	before := c.Append(0, 2, []int{3}, -1)
	if c.Layers[1].Layout.Len() != 4 || c.Layers[1].Layout.Next != 4 {
		t.Errorf("after append: %+v", c.Layers[1].Layout)
	}
	c.Restore(0, before)
	if c.Layers[0].Layout != was || was.Len() != 3 {
		t.Error("the layout before append is not back")
	}
}

func TestMaskIsCausalPaddedAndHides(t *testing.T) {
	c := filled(t, 1, 3)
	if err := c.Mask(0, []int{1}); err != nil {
		t.Fatal(err)
	}
	before := c.Append(0, 1, []int{3, 4}, -1)
	mask := make([]uint16, 2*8)
	c.Layers[0].Layout.FillMask(mask, before[0].Len(), 2, 8)
	want := "0-00---- 0-000---"
	got := ""
	for i, m := range mask {
		if i == 8 {
			got += " "
		}
		if m == 0 {
			got += "0"
		} else {
			got += "-"
		}
	}
	if got != want {
		t.Errorf("-want %s\n+got  %s", want, got)
	}
}
