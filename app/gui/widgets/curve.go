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
}

// CurveView draws sorted scores: x is the rank, y the score. The pointer reads both.
type CurveView struct {
	widget.BaseWidget
	// OnHover says which rank (from 0) the pointer is on; inside is false when it left.
	OnHover func(rank int, inside bool)

	curve   Curve
	lo, hi  float64 // of the finite scores and the threshold
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
	c.lo, c.hi = math.Inf(1), math.Inf(-1)
	for _, s := range v.Scores {
		if f := float64(s); !math.IsNaN(f) && !math.IsInf(f, 0) {
			c.lo, c.hi = math.Min(c.lo, f), math.Max(c.hi, f)
		}
	}
	if v.Threshold != nil && c.lo <= c.hi && !math.IsNaN(*v.Threshold) && !math.IsInf(*v.Threshold, 0) {
		c.lo, c.hi = math.Min(c.lo, *v.Threshold), math.Max(c.hi, *v.Threshold)
	}
	if c.hovered >= len(v.Scores) {
		c.hovered = -1
	}
	c.Refresh()
}

// SetHint is what the view says without scores.
func (c *CurveView) SetHint(text string) { c.hint = text; c.Refresh() }

func (c *CurveView) empty() bool { return len(c.curve.Scores) == 0 || !(c.lo <= c.hi) }

// plot is where the curve is drawn.
func (c *CurveView) plot(s fyne.Size) frame {
	return frame{theme.Inset, 7 * theme.Step, s.Width - 2*theme.Inset, s.Height - 14*theme.Step}
}

// at is a rank's and a score's place in a plot of w × h.
func (c *CurveView) at(rank int, score float64, w, h float32) point {
	x, y := float32(0), float32(0.5)
	if n := len(c.curve.Scores); n > 1 {
		x = float32(rank) / float32(n-1)
	}
	if c.hi > c.lo {
		y = float32((c.hi - score) / (c.hi - c.lo))
	}
	return point{x * w, y * h}
}

// paint draws the curve, the chord and the threshold into w × h device pixels. Lines keep a
// margin, so that they are not cut at the ends.
func (c *CurveView) paint(w, h int) image.Image {
	c.sheet = sheet(c.sheet, w, h)
	if c.empty() || w < 8 || h < 8 {
		return c.sheet
	}
	s := scaleOf(c)
	in := curveMargin * s
	pw, ph := float32(w)-2*in, float32(h)-2*in
	place := func(rank int, score float64) point {
		p := c.at(rank, score, pw, ph)
		return point{p.x + in, p.y + in}
	}
	n := len(c.curve.Scores)
	if c.curve.Threshold != nil && *c.curve.Threshold >= c.lo && *c.curve.Threshold <= c.hi {
		y := place(0, *c.curve.Threshold).y
		strokeLine(c.sheet, []point{{in, y}, {in + pw, y}}, s, tint(c, theme.ColorKeptSoft), 2*s, 4*s)
	}
	if first, last := float64(c.curve.Scores[0]), float64(c.curve.Scores[n-1]); c.curve.Chord && n > 1 && finite(first) && finite(last) {
		strokeLine(c.sheet, []point{place(0, first), place(n-1, last)}, 1.2*s, tint(c, theme.ColorFaint), 5*s, 4*s)
	}
	// One or two points a pixel column are enough for a sorted curve.
	step := max(n/(2*w), 1)
	var line []point
	for i := 0; i < n; i += step {
		if v := float64(c.curve.Scores[i]); finite(v) {
			line = append(line, place(i, v))
		}
	}
	if v := float64(c.curve.Scores[n-1]); step > 1 && finite(v) {
		line = append(line, place(n-1, v))
	}
	strokeLine(c.sheet, line, 1.8*s, tint(c, theme.ColorMeasured))
	return c.sheet
}

const curveMargin = 4

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// MouseIn implements desktop.Hoverable.
func (c *CurveView) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *CurveView) MouseMoved(e *desktop.MouseEvent) {
	p := c.plot(c.Size())
	n := len(c.curve.Scores)
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
	if c.hovered < 0 || c.hovered >= len(c.curve.Scores) {
		return ""
	}
	v := float64(c.curve.Scores[c.hovered])
	if !finite(v) {
		return fmt.Sprintf("rank %d  not scored", c.hovered+1)
	}
	text := fmt.Sprintf("rank %d  %s", c.hovered+1, short(v))
	if c.curve.Unit != "" {
		text += " " + c.curve.Unit
	}
	return text
}

// short writes a number with four digits.
func short(v float64) string { return fmt.Sprintf("%.4g", v) }

// CreateRenderer implements fyne.Widget.
func (c *CurveView) CreateRenderer() fyne.WidgetRenderer {
	box := newPanelBox()
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	high, low, last, reading := newText(captionMono), newText(captionMono), newText(captionMono), newText(captionMono)
	low.Text = ""
	dot, here := canvas.NewCircle(nil), canvas.NewCircle(nil)
	ruler := canvas.NewRectangle(nil)
	label := newText(caption)
	objects := []fyne.CanvasObject{box, ruler, c.raster, dot, here, high, low, last, reading, label, hint}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(48*theme.Step, 38*theme.Step) },
	}
	// spot is the place of a rank in the widget; ok is false where there is no number.
	spot := func(rank int) (point, bool) {
		if c.empty() || rank < 0 || rank >= len(c.curve.Scores) || !finite(float64(c.curve.Scores[rank])) {
			return point{}, false
		}
		p := c.plot(c.Size())
		q := c.at(rank, float64(c.curve.Scores[rank]), p.w-2*curveMargin, p.h-2*curveMargin)
		return point{p.x + curveMargin + q.x, p.y + curveMargin + q.y}, true
	}
	c.hover = func() {
		q, ok := spot(c.hovered)
		here.Hidden, ruler.Hidden = !ok, !ok
		reading.Text = c.reading()
		s, m := c.Size(), reading.MinSize()
		place(reading, s.Width-theme.Inset-m.Width, 2*theme.Step, m.Width, m.Height)
		if ok {
			p := c.plot(s)
			place(here, q.x-3, q.y-3, 6, 6)
			place(ruler, q.x-0.5, p.y, 1, p.h)
		}
		here.Refresh()
		ruler.Refresh()
		reading.Refresh()
	}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		p := c.plot(s)
		place(c.raster, p.x, p.y, p.w, p.h)
		m := high.MinSize()
		place(high, theme.Inset, 2*theme.Step, m.Width, m.Height)
		m = low.MinSize()
		place(low, theme.Inset, s.Height-2*theme.Step-m.Height, m.Width, m.Height)
		m = last.MinSize()
		place(last, s.Width-theme.Inset-m.Width, s.Height-2*theme.Step-m.Height, m.Width, m.Height)
		place(hint, theme.Inset, (s.Height-hint.MinSize().Height)/2, s.Width-2*theme.Inset, hint.MinSize().Height)
		q, ok := spot(c.curve.Kept - 1)
		dot.Hidden, label.Hidden = !ok, !ok
		if ok {
			place(dot, q.x-5, q.y-5, 10, 10)
			m := label.MinSize()
			x := q.x + 2*theme.Step
			if x+m.Width > s.Width-theme.Inset {
				x = q.x - 2*theme.Step - m.Width
			}
			place(label, x, max(q.y-m.Height-theme.Step, p.y-theme.Step), m.Width, m.Height)
		}
		c.hover()
	}
	r.refresh = func() {
		paintPanel(c, box, false)
		hint.SetText(c.hint)
		hint.Refresh()
		hint.Hidden = !c.empty()
		high.Text, low.Text, last.Text = "", "", ""
		if !c.empty() {
			high.Text, low.Text, last.Text = short(c.hi), short(c.lo), fmt.Sprintf("%d ranks", len(c.curve.Scores))
		}
		for _, t := range []*canvas.Text{high, low, last} {
			t.Color = tint(c, theme.ColorFaint)
			t.Refresh()
		}
		reading.Color, here.FillColor = tint(c, foreground), tint(c, foreground)
		ruler.FillColor = tint(c, theme.ColorHairline)
		dot.FillColor, dot.StrokeColor, dot.StrokeWidth = tint(c, theme.ColorKept), tint(c, theme.ColorPanel), 2
		label.Text, label.Color = c.curve.Label, tint(c, foreground)
		r.layout(c.Size())
		dot.Refresh()
		label.Refresh()
		c.raster.Refresh()
	}
	r.refresh()
	return r
}
