package heatmap

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"sync"

	"winnow/vision/grid"
)

// Mode says what the colour of a cell means.
type Mode int

// The modes.
const (
	Kept  Mode = iota // dropped cells dark, kept ones clear
	Score             // colour by value between Min and Max
	Rank              // colour by order, the highest score lightest
)

var modeNames = [...]string{"kept", "score", "rank"}

func (m Mode) String() string {
	if m < 0 || int(m) >= len(modeNames) {
		return fmt.Sprintf("mode %d", int(m))
	}
	return modeNames[m]
}

// ModeNamed finds a mode by name.
func ModeNamed(name string) (Mode, error) {
	for i, n := range modeNames {
		if n == name {
			return Mode(i), nil
		}
	}
	return 0, fmt.Errorf("there is no heat-map mode %q; choose %s", name, strings.Join(modeNames[:], ", "))
}

// Options say how cells become colours.
type Options struct {
	Mode Mode
	Map  Map // of Score and Rank
	// Alpha is the opacity of a coloured or darkened cell, 0 to 1.
	Alpha float64
	// Min and Max are the scores at the ends of the colour map in mode Score. Where Min == Max they are
	// taken from the values; scores that are all equal then take the middle of the map.
	Min, Max float64
	// DimDropped darkens the cells that mask drops in modes Score and Rank too.
	DimDropped bool
}

// Render is RenderInto with a new image.
func Render(values []float32, mask []bool, g grid.Grid, o Options) (*image.RGBA, error) {
	img := image.NewRGBA(image.Rect(0, 0, g.Cols, g.Rows))
	return img, RenderInto(img, values, mask, g, o)
}

// RenderInto draws one premultiplied pixel a cell into dst, which must be g.Cols × g.Rows.
//
// values holds a score a cell in token order (row by row); mode Kept does not need them and takes nil.
// NaN means that the cell has no score: it stays transparent. mask says which cells are kept; nil keeps all.
// In mode Rank equal scores are ranked by position, the lower index first, as everywhere.
// Nothing is allocated once the scratch space for ranks exists.
func RenderInto(dst *image.RGBA, values []float32, mask []bool, g grid.Grid, o Options) error {
	n := g.Len()
	switch {
	case dst.Rect.Dx() != g.Cols || dst.Rect.Dy() != g.Rows:
		return fmt.Errorf("the image is %d × %d, the grid has %d columns and %d rows", dst.Rect.Dx(), dst.Rect.Dy(), g.Cols, g.Rows)
	case len(values) != n && (o.Mode != Kept || values != nil):
		return fmt.Errorf("there are %d scores for %d cells", len(values), n)
	case mask != nil && len(mask) != n:
		return fmt.Errorf("the mask has %d entries for %d cells", len(mask), n)
	case !(o.Alpha >= 0 && o.Alpha <= 1):
		return fmt.Errorf("the opacity is %v; it must lie between 0 and 1", o.Alpha)
	case o.Map < 0 || int(o.Map) >= len(tables):
		return fmt.Errorf("there is no colour map %d", int(o.Map))
	case math.IsNaN(o.Min) || math.IsInf(o.Min, 0) || math.IsNaN(o.Max) || math.IsInf(o.Max, 0) || o.Max < o.Min:
		return fmt.Errorf("scores from %v to %v make no scale", o.Min, o.Max)
	}
	alpha := uint32(o.Alpha*255 + 0.5)
	switch o.Mode {
	case Kept:
		for i := range n {
			set(dst, g, i, [3]uint8{}, dark(alpha, mask != nil && !mask[i]))
		}
	case Score:
		lo, scale := limits(values, o)
		for i, v := range values {
			t := 0.5
			if scale > 0 {
				t = (float64(v) - lo) * scale
			}
			cell(dst, mask, g, i, v, t, alpha, o)
		}
	case Rank:
		ranks.Lock()
		defer ranks.Unlock()
		ranks.order = rankOrder(ranks.order[:0], values)
		order := ranks.order
		for at, i := range order {
			t := 1.0
			if len(order) > 1 {
				t = 1 - float64(at)/float64(len(order)-1)
			}
			cell(dst, mask, g, int(i), values[i], t, alpha, o)
		}
		for i, v := range values {
			if v != v {
				cell(dst, mask, g, i, v, 0, alpha, o)
			}
		}
	default:
		return fmt.Errorf("there is no heat-map %v", o.Mode)
	}
	return nil
}

// ranks is the scratch space of mode Rank, shared by all: a redraw holds it for some microseconds.
var ranks struct {
	sync.Mutex
	order []int32
}

// rankOrder lists the cells that have a score, highest first, ties in position order.
func rankOrder(order []int32, values []float32) []int32 {
	for i, v := range values {
		if v == v {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch va, vb := values[a], values[b]; {
		case va > vb:
			return -1
		case va < vb:
			return 1
		}
		return int(a - b)
	})
	return order
}

// limits gives the lower end of the scale and the factor that brings scores to 0…1, 0 if all are equal.
func limits(values []float32, o Options) (lo, scale float64) {
	lo, hi := o.Min, o.Max
	if lo == hi {
		lo, hi = math.Inf(1), math.Inf(-1)
		for _, v := range values {
			if f := float64(v); !math.IsInf(f, 0) && f == f {
				lo, hi = min(lo, f), max(hi, f)
			}
		}
	}
	if !(hi > lo) {
		return 0, 0
	}
	return lo, 1 / (hi - lo)
}

// cell draws one cell of modes Score and Rank.
func cell(dst *image.RGBA, mask []bool, g grid.Grid, i int, v float32, t float64, alpha uint32, o Options) {
	switch {
	case o.DimDropped && mask != nil && !mask[i]:
		set(dst, g, i, [3]uint8{}, alpha)
	case v != v:
		set(dst, g, i, [3]uint8{}, 0)
	default:
		set(dst, g, i, o.Map.rgb(t), alpha)
	}
}

func dark(alpha uint32, dropped bool) uint32 {
	if dropped {
		return alpha
	}
	return 0
}

// set writes colour c at opacity alpha, premultiplied.
func set(dst *image.RGBA, g grid.Grid, i int, c [3]uint8, alpha uint32) {
	p := dst.Pix[i/g.Cols*dst.Stride+i%g.Cols*4:][:4:4]
	for k, v := range c {
		p[k] = uint8((uint32(v)*alpha + 127) / 255)
	}
	p[3] = uint8(alpha)
}
