package widgets

import (
	"fmt"
	"image"
	"math"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// Curve is a method's scores in their order, and where it cut.
type Curve struct {
	// Scores, best first. Those that are not numbers are left out of the picture.
	Scores []float32
	// Kept of them stay: the dot stands at this rank. 0 draws none.
	Kept int
	// Chord draws the straight line from the first to the last score, whose distance to the
	// curve finds an elbow.
	Chord bool
	// Threshold is drawn as a level line; nil: none.
	Threshold *float64
	// Label stands at the dot: elbow: 41 kept.
	Label string
	// Unit of the scores, for the hover line.
	Unit string
	// Elbow draws the distance from the chord of the score at this rank, counted from 1, and
	// Distance labels it: d = 97. 0 draws none. It is drawn at a right angle on the screen: which
	// point is farthest from the chord does not depend on the scales of the axes.
	Elbow    int
	Distance string
	// Cumulative plots, in place of the scores, the share of their sum that the best so many have,
	// from 0 to 1, and Target the share to be reached. Scores must not be negative.
	Cumulative bool
	Target     *float64
}

// CurveView draws sorted scores: x is the rank, y the score. The pointer reads both.
type CurveView struct {
	widget.BaseWidget
	// OnHover says which rank (from 0) the pointer is on; inside is false when it left.
	OnHover func(rank int, inside bool)

	curve   Curve
	values  []float64 // what is plotted: the scores, or shares of their sum
	lo, hi  float64   // of the finite values and the threshold
	hint    string
	hovered int // rank, -1: none

	raster *canvas.Raster
	sheet  *image.RGBA
	hover  func() // repaints what follows the pointer; nil until it is shown
}

var _ desktop.Hoverable = (*CurveView)(nil)

// NewCurveView makes an empty one.
func NewCurveView() *CurveView {
	c := &CurveView{hovered: -1, hint: "No scores yet."}
	c.raster = canvas.NewRaster(c.paint)
	c.ExtendBaseWidget(c)
	return c
}

// SetCurve replaces the curve.
func (c *CurveView) SetCurve(v Curve) {
	v.Scores = slices.Clone(v.Scores)
	c.curve = v
	c.values = plotted(v)
	c.lo, c.hi = math.Inf(1), math.Inf(-1)
	for _, f := range c.values {
		if finite(f) {
			c.lo, c.hi = math.Min(c.lo, f), math.Max(c.hi, f)
		}
	}
	switch {
	case c.lo > c.hi:
	case v.Cumulative:
		c.lo, c.hi = 0, 1
	case v.Threshold != nil && finite(*v.Threshold):
		c.lo, c.hi = math.Min(c.lo, *v.Threshold), math.Max(c.hi, *v.Threshold)
	}
	if c.hovered >= len(c.values) {
		c.hovered = -1
	}
	c.Refresh()
}

// SetHint is what the view says without scores.
func (c *CurveView) SetHint(text string) { c.hint = text; c.Refresh() }

// plotted are the values of a curve: its scores, or the shares of their sum. Without a sum there are
// no shares.
func plotted(v Curve) []float64 {
	out := make([]float64, len(v.Scores))
	sum := 0.
	for i, s := range v.Scores {
		out[i] = float64(s)
		if finite(out[i]) {
			sum += out[i]
		}
	}
	if !v.Cumulative {
		return out
	}
	if !(sum > 0) {
		return nil
	}
	have := 0.
	for i, f := range out {
		if finite(f) {
			have += f
		}
		out[i] = have / sum
	}
	return out
}

func (c *CurveView) empty() bool { return len(c.values) == 0 || !(c.lo <= c.hi) }

// plot is where the curve is drawn.
func (c *CurveView) plot(s fyne.Size) frame {
	return frame{theme.Inset, 7 * theme.Step, s.Width - 2*theme.Inset, s.Height - 14*theme.Step}
}

// at is a rank's and a score's place in a plot of w × h.
func (c *CurveView) at(rank int, score float64, w, h float32) point {
	x, y := float32(0), float32(0.5)
	if n := len(c.values); n > 1 {
		x = float32(rank) / float32(n-1)
	}
	if c.hi > c.lo {
		y = float32((c.hi - score) / (c.hi - c.lo))
	}
	return point{x * w, y * h}
}

const curveMargin = 4

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// MouseIn implements desktop.Hoverable.
func (c *CurveView) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *CurveView) MouseMoved(e *desktop.MouseEvent) {
	p := c.plot(c.Size())
	n := len(c.values)
	rank := -1
	if !c.empty() && p.w > 2*curveMargin && e.Position.X >= 0 && e.Position.X <= c.Size().Width {
		x := (e.Position.X - p.x - curveMargin) / (p.w - 2*curveMargin)
		rank = int(math.Round(clamp01(float64(x)) * float64(n-1)))
	}
	c.setHovered(rank)
}

// MouseOut implements desktop.Hoverable.
func (c *CurveView) MouseOut() { c.setHovered(-1) }

func (c *CurveView) setHovered(rank int) {
	if rank == c.hovered {
		return
	}
	c.hovered = rank
	if c.OnHover != nil {
		c.OnHover(rank, rank >= 0)
	}
	if c.hover != nil {
		c.hover()
	}
}

// reading is what the pointer reads off the curve.
func (c *CurveView) reading() string {
	if c.hovered < 0 || c.hovered >= len(c.values) {
		return ""
	}
	v, unit := c.values[c.hovered], c.curve.Unit
	switch {
	case c.curve.Cumulative && unit == "":
		return fmt.Sprintf("first %d  %.1f %%", c.hovered+1, 100*v)
	case c.curve.Cumulative:
		return fmt.Sprintf("first %d  %.1f %% of %s", c.hovered+1, 100*v, unit)
	case !finite(v):
		return fmt.Sprintf("rank %d  not scored", c.hovered+1)
	case unit == "":
		return fmt.Sprintf("rank %d  %s", c.hovered+1, short(v))
	}
	return fmt.Sprintf("rank %d  %s %s", c.hovered+1, short(v), unit)
}

// short writes a number with four digits.
func short(v float64) string { return fmt.Sprintf("%.4g", v) }
