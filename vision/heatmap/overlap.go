package heatmap

import (
	"fmt"
	"image"
	"image/color"
	"math/bits"

	"winnow/vision/grid"
)

// noToken is the bit that marks a cell without a token (trace.NoToken).
const noToken uint8 = 1 << 7

// Class says how many of the compared sides keep a cell.
type Class int

// The classes of a cell.
const (
	NoCell     Class = iota // no token stands for it
	KeptByNone              // by no side
	KeptByOne               // by one side of two or more
	KeptBySome              // by two or more, not all
	KeptByAll               // by every side
)

// ClassOf is the class of a cell whose bits 0 … sides-1 say which sides keep it; only is the one
// side of KeptByOne, else -1.
func ClassOf(mask uint8, sides int) (c Class, only int) {
	if mask&noToken != 0 {
		return NoCell, -1
	}
	mask &= uint8(1)<<min(max(sides, 0), 7) - 1
	switch n := bits.OnesCount8(mask); {
	case n == 0:
		return KeptByNone, -1
	case n == sides:
		return KeptByAll, -1
	case n == 1:
		return KeptByOne, bits.TrailingZeros8(mask)
	}
	return KeptBySome, -1
}

// Overlap says how the cells that several sides keep become colours, each with its opacity.
type Overlap struct {
	// Only has a colour a side, for what that side alone keeps; at most seven.
	Only            []color.NRGBA
	All, Some, None color.NRGBA
}

// Of is the colour of a cell by the sides that keep it.
func (o Overlap) Of(mask uint8) color.NRGBA {
	switch c, only := ClassOf(mask, len(o.Only)); c {
	case KeptByAll:
		return o.All
	case KeptBySome:
		return o.Some
	case KeptByOne:
		return o.Only[only]
	case KeptByNone:
		return o.None
	}
	return color.NRGBA{}
}

// RenderOverlap is RenderOverlapInto with a new image.
func RenderOverlap(masks []uint8, g grid.Grid, o Overlap) (*image.RGBA, error) {
	img := image.NewRGBA(image.Rect(0, 0, g.Cols, g.Rows))
	return img, RenderOverlapInto(img, masks, g, o)
}

// RenderOverlapInto draws one premultiplied pixel a cell into dst, which must be g.Cols × g.Rows.
// Bit i of a cell's mask says that side i keeps it, bit 7 that no token stands for it: it stays
// transparent.
func RenderOverlapInto(dst *image.RGBA, masks []uint8, g grid.Grid, o Overlap) error {
	switch {
	case dst.Rect.Dx() != g.Cols || dst.Rect.Dy() != g.Rows:
		return fmt.Errorf("the image is %d × %d, the grid has %d columns and %d rows", dst.Rect.Dx(), dst.Rect.Dy(), g.Cols, g.Rows)
	case len(masks) != g.Len():
		return fmt.Errorf("there are %d masks for %d cells", len(masks), g.Len())
	case len(o.Only) < 1 || len(o.Only) > 7:
		return fmt.Errorf("an overlap of %d sides cannot be drawn; choose 1 to 7", len(o.Only))
	}
	for i, m := range masks {
		c := o.Of(m)
		set(dst, g, i, [3]uint8{c.R, c.G, c.B}, uint32(c.A))
	}
	return nil
}

// RenderShare is RenderShareInto with a new image.
func RenderShare(shares []float32, g grid.Grid, alpha float64) (*image.RGBA, error) {
	img := image.NewRGBA(image.Rect(0, 0, g.Cols, g.Rows))
	return img, RenderShareInto(img, shares, g, alpha)
}

// RenderShareInto darkens each cell by its share in 0…1: 0 is clear, 1 is as dark as mode Kept
// draws a dropped cell at that opacity. It shows what some heads see and others do not. NaN is
// transparent; shares outside take the nearest end.
func RenderShareInto(dst *image.RGBA, shares []float32, g grid.Grid, alpha float64) error {
	switch {
	case dst.Rect.Dx() != g.Cols || dst.Rect.Dy() != g.Rows:
		return fmt.Errorf("the image is %d × %d, the grid has %d columns and %d rows", dst.Rect.Dx(), dst.Rect.Dy(), g.Cols, g.Rows)
	case len(shares) != g.Len():
		return fmt.Errorf("there are %d shares for %d cells", len(shares), g.Len())
	case !(alpha >= 0 && alpha <= 1):
		return fmt.Errorf("the opacity is %v; it must lie between 0 and 1", alpha)
	}
	for i, v := range shares {
		if !(v > 0) {
			v = 0
		}
		set(dst, g, i, [3]uint8{}, uint32(float64(min(v, 1))*alpha*255+0.5))
	}
	return nil
}
