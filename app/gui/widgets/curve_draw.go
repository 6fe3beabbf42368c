package widgets

import (
	"fmt"
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

// inner is the place of a rank and a value in a raster of w × h device pixels, s of them a unit.
// Lines keep a margin, so that they are not cut at the ends.
func (c *CurveView) inner(rank int, value float64, w, h, s float32) point {
	in := curveMargin * s
	p := c.at(rank, value, w-2*in, h-2*in)
	return point{p.x + in, p.y + in}
}

// paint draws the curve and what explains the cut into w × h device pixels.
func (c *CurveView) paint(w, h int) image.Image {
	c.sheet = sheet(c.sheet, w, h)
	if c.empty() || w < 8 || h < 8 {
		return c.sheet
	}
	s := scaleOf(c)
	fw, fh := float32(w), float32(h)
	in, n := curveMargin*s, len(c.values)
	if c.curve.Cumulative {
		c.paintMass(s)
	} else if c.curve.Threshold != nil && *c.curve.Threshold >= c.lo && *c.curve.Threshold <= c.hi {
		y := c.inner(0, *c.curve.Threshold, fw, fh, s).y
		strokeLine(c.sheet, []point{{in, y}, {fw - in, y}}, s, tint(c, theme.ColorKeptSoft), 2*s, 4*s)
	}
	if a, b, ok := c.chord(fw, fh, s); ok {
		strokeLine(c.sheet, []point{a, b}, 1.2*s, tint(c, theme.ColorFaint), 5*s, 4*s)
	}
	// One or two points a pixel column are enough for a sorted curve.
	step := max(n/(2*w), 1)
	var line []point
	if c.curve.Cumulative {
		line = append(line, point{in, fh - in})
	}
	for i := 0; i < n; i += step {
		if v := c.values[i]; finite(v) {
			line = append(line, c.inner(i, v, fw, fh, s))
		}
	}
	if v := c.values[n-1]; step > 1 && finite(v) {
		line = append(line, c.inner(n-1, v, fw, fh, s))
	}
	strokeLine(c.sheet, line, 1.8*s, tint(c, theme.ColorMeasured))
	if elbow, foot, ok := c.distance(fw, fh, s); ok {
		strokeLine(c.sheet, []point{elbow, foot}, 1.6*s, tint(c, theme.ColorKept))
		c.paintCorner(elbow, foot, s)
	}
	return c.sheet
}

// paintMass fills the area under the part that is kept and draws the target and the cut.
func (c *CurveView) paintMass(s float32) {
	w, h := c.sheet.Rect.Dx(), c.sheet.Rect.Dy()
	fw, fh, in := float32(w), float32(h), curveMargin*s
	soft := tint(c, theme.ColorKeptSoft)
	if k := min(c.curve.Kept, len(c.values)); k > 0 {
		cut := c.inner(k-1, c.values[k-1], fw, fh, s)
		ground := premultiplied(faded(tint(c, theme.ColorKept), 0x26))
		for x := snap(in); x < snap(cut.x); x++ {
			i := min(int((float32(x)-in)/(fw-2*in)*float32(len(c.values)-1)+0.5), k-1)
			fill(c.sheet, x, snap(c.inner(i, c.values[i], fw, fh, s).y), x+1, snap(fh-in), ground)
		}
		strokeLine(c.sheet, []point{{cut.x, cut.y}, {cut.x, fh - in}}, s, soft, 3*s, 3*s)
	}
	if t := c.curve.Target; t != nil && *t >= 0 && *t <= 1 {
		y := c.inner(0, *t, fw, fh, s).y
		strokeLine(c.sheet, []point{{in, y}, {fw - in, y}}, s, soft, 3*s, 3*s)
	}
}

// chord are the ends of the line from the first to the last score.
func (c *CurveView) chord(w, h, s float32) (a, b point, ok bool) {
	n := len(c.values)
	if !c.curve.Chord || c.curve.Cumulative || n < 2 || !finite(c.values[0]) || !finite(c.values[n-1]) {
		return a, b, false
	}
	return c.inner(0, c.values[0], w, h, s), c.inner(n-1, c.values[n-1], w, h, s), true
}

// distance are the ends of the segment from the elbow to the chord.
func (c *CurveView) distance(w, h, s float32) (elbow, foot point, ok bool) {
	i := c.curve.Elbow - 1
	a, b, ok := c.chord(w, h, s)
	if !ok || i < 0 || i >= len(c.values) || !finite(c.values[i]) {
		return elbow, foot, false
	}
	elbow = c.inner(i, c.values[i], w, h, s)
	dx, dy := b.x-a.x, b.y-a.y
	along := ((elbow.x-a.x)*dx + (elbow.y-a.y)*dy) / (dx*dx + dy*dy)
	return elbow, point{a.x + along*dx, a.y + along*dy}, true
}

// paintCorner draws the small square that says right angle, where there is room for it.
func (c *CurveView) paintCorner(elbow, foot point, s float32) {
	a, b, ok := c.chord(float32(c.sheet.Rect.Dx()), float32(c.sheet.Rect.Dy()), s)
	length := hypot(elbow.x-foot.x, elbow.y-foot.y)
	if side := 6 * s; ok && length > 3*side {
		ux, uy := (elbow.x-foot.x)/length*side, (elbow.y-foot.y)/length*side
		l := hypot(b.x-a.x, b.y-a.y)
		vx, vy := (b.x-a.x)/l*side, (b.y-a.y)/l*side
		strokeLine(c.sheet, []point{{foot.x + ux, foot.y + uy}, {foot.x + ux + vx, foot.y + uy + vy}, {foot.x + vx, foot.y + vy}}, s, tint(c, theme.ColorKeptSoft))
	}
}

func hypot(x, y float32) float32 { return float32(math.Hypot(float64(x), float64(y))) }

// layoutFar puts the length of the distance at its far end, beyond the chord.
func (c *CurveView) layoutFar(far *canvas.Text, s fyne.Size) {
	p := c.plot(s)
	elbow, foot, ok := c.distance(p.w, p.h, 1)
	far.Hidden = c.empty() || !ok || far.Text == ""
	if !far.Hidden {
		m := far.MinSize()
		x, y := p.x+foot.x+theme.Gap, p.y+foot.y-m.Height
		if foot.y > elbow.y {
			y = p.y + foot.y + 2
		}
		if x+m.Width > s.Width-theme.Inset {
			x = p.x + foot.x - theme.Gap - m.Width
		}
		place(far, x, y, m.Width, m.Height)
	}
}

// layoutGoal writes the target at the left end of its line, where the curve is low.
func (c *CurveView) layoutGoal(goal *canvas.Text, s fyne.Size) {
	goal.Hidden = c.empty() || !c.curve.Cumulative || c.curve.Target == nil
	if !goal.Hidden {
		p := c.plot(s)
		m := goal.MinSize()
		y := p.y + c.inner(0, clamp01(*c.curve.Target), p.w, p.h, 1).y
		place(goal, p.x+curveMargin, y-m.Height-1, m.Width, m.Height)
	}
}

// CreateRenderer implements fyne.Widget.
func (c *CurveView) CreateRenderer() fyne.WidgetRenderer {
	box := newPanelBox()
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	high, low, last, reading := newText(captionMono), newText(captionMono), newText(captionMono), newText(captionMono)
	low.Text = ""
	dot, here := canvas.NewCircle(nil), canvas.NewCircle(nil)
	ruler := canvas.NewRectangle(nil)
	label, far, goal := newText(caption), newText(captionMono), newText(captionMono)
	objects := []fyne.CanvasObject{box, ruler, c.raster, dot, here, high, low, last, reading, label, far, goal, hint}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(48*theme.Step, 38*theme.Step) },
	}
	// spot is the place of a rank in the widget; ok is false where there is no number.
	spot := func(rank int) (point, bool) {
		if c.empty() || rank < 0 || rank >= len(c.values) || !finite(c.values[rank]) {
			return point{}, false
		}
		p := c.plot(c.Size())
		q := c.at(rank, c.values[rank], p.w-2*curveMargin, p.h-2*curveMargin)
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
			x, y := q.x+2*theme.Step, max(q.y-m.Height-theme.Step, p.y-theme.Step)
			if c.curve.Cumulative { // such a curve bends to the upper left
				y = min(q.y+theme.Step, p.y+p.h-m.Height)
			}
			if elbow, foot, ok := c.distance(p.w, p.h, 1); ok {
				x += max(foot.x-elbow.x, 0) * min((m.Height+theme.Step)/max(elbow.y-foot.y, 1), 1)
			}
			if x+m.Width > s.Width-theme.Inset {
				x = q.x - 2*theme.Step - m.Width
			}
			place(label, x, y, m.Width, m.Height)
		}
		c.layoutFar(far, s)
		c.layoutGoal(goal, s)
		c.hover()
	}
	r.refresh = func() {
		paintPanel(c, box, false)
		hint.SetText(c.hint)
		hint.Refresh()
		hint.Hidden = !c.empty()
		high.Text, low.Text, last.Text = "", "", ""
		if !c.empty() {
			high.Text, low.Text, last.Text = short(c.hi), short(c.lo), fmt.Sprintf("%d ranks", len(c.values))
			if c.curve.Cumulative {
				high.Text, low.Text = "100 %", "0 %"
			}
		}
		for _, t := range []*canvas.Text{high, low, last} {
			t.Color = tint(c, theme.ColorFaint)
			t.Refresh()
		}
		reading.Color, here.FillColor = tint(c, foreground), tint(c, foreground)
		ruler.FillColor = tint(c, theme.ColorHairline)
		dot.FillColor, dot.StrokeColor, dot.StrokeWidth = tint(c, theme.ColorKept), tint(c, theme.ColorPanel), 2
		label.Text, label.Color = c.curve.Label, tint(c, foreground)
		far.Text, far.Color = c.curve.Distance, tint(c, theme.ColorKept)
		goal.Text, goal.Color = "", tint(c, theme.ColorKept)
		if c.curve.Target != nil {
			goal.Text = percent(*c.curve.Target)
		}
		r.layout(c.Size())
		far.Refresh()
		goal.Refresh()
		dot.Refresh()
		label.Refresh()
		c.raster.Refresh()
	}
	r.refresh()
	return r
}
