package widgets

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

// CriterionCurve draws, step by step, what a method went by when it chose what the next step does:
// at or below the threshold that may be skipped. The steps in which it counts are shaded.
type CriterionCurve struct {
	stepAxis
	values    []float64 // NaN: not looked at
	threshold float64
	from, to  int // of the window; from == to: none
	title     string
	hint      string
	sheet     *image.RGBA
}

var (
	_ fyne.Tappable  = (*CriterionCurve)(nil)
	_ fyne.Draggable = (*CriterionCurve)(nil)
	_ fyne.Focusable = (*CriterionCurve)(nil)
)

// NewCriterionCurve makes an empty one.
func NewCriterionCurve() *CriterionCurve {
	c := &CriterionCurve{hint: "No criterion yet."}
	c.self, c.position = c, -1
	c.ExtendBaseWidget(c)
	return c
}

// SetTitle names what is drawn.
func (c *CriterionCurve) SetTitle(text string) {
	if c.title != text {
		c.title = text
		c.Refresh()
	}
}

// SetHint is what it says while there is nothing to draw.
func (c *CriterionCurve) SetHint(text string) {
	if c.hint != text {
		c.hint = text
		c.Refresh()
	}
}

// SetValues replaces the curve, one value a step, NaN where no method looked. window is the first
// step in which it counts and the one after the last; nil or empty for none.
func (c *CriterionCurve) SetValues(values []float64, threshold float64, window []int) {
	same := func(a, b float64) bool { return a == b || a != a && b != b }
	from, to := 0, 0
	if len(window) == 2 && window[0] < window[1] {
		from, to = max(window[0], 0), min(window[1], len(values))
	}
	if slices.EqualFunc(values, c.values, same) && same(threshold, c.threshold) && from == c.from && to == c.to {
		return
	}
	c.values, c.threshold, c.from, c.to = slices.Clone(values), threshold, from, to
	c.setLength(len(values))
	c.Refresh()
}

func (c *CriterionCurve) empty() bool {
	return !slices.ContainsFunc(c.values, finite)
}

const (
	curveHead = 5 * theme.Step
	// CriterionLeast is the height below which the curve says nothing.
	CriterionLeast = curveHead + 18*theme.Step
)

// bound is half the range drawn: what holds nine tenths of the curve within the window, so that the
// large values of the first steps do not flatten the rest; they are cut.
func (c *CriterionCurve) bound() float64 {
	var all []float64
	for i, v := range c.values {
		if finite(v) && (c.from == c.to || i >= c.from && i < c.to) {
			all = append(all, math.Abs(v-c.threshold))
		}
	}
	if len(all) == 0 {
		for _, v := range c.values {
			if finite(v) {
				all = append(all, math.Abs(v-c.threshold))
			}
		}
	}
	if len(all) == 0 {
		return 1
	}
	slices.Sort(all)
	b := 1.25 * all[(len(all)-1)*9/10]
	if !(b > 0) || math.IsInf(b, 0) {
		return 1
	}
	return b
}

// y is where a value lies in a height, cut to it.
func (c *CriterionCurve) y(v, bound float64, h float32) float32 {
	return h/2 - float32(max(min((v-c.threshold)/bound, 1), -1))*(h/2-2)
}

func (c *CriterionCurve) generate(w, h int) image.Image {
	c.sheet = sheet(c.sheet, w, h)
	if w < 2 || h < 2 || c.empty() || c.Size().Width <= 0 {
		return c.sheet
	}
	scale := float32(w) / c.Size().Width
	tall := float32(h) / scale
	bound := c.bound()
	thin := max(snap(scale), 1)
	mid := func(i int) float32 {
		x, wide := stepSpan(i, len(c.values), c.Size().Width)
		return (x + wide/2) * scale
	}
	if c.from < c.to {
		x0, _ := stepSpan(c.from, len(c.values), c.Size().Width)
		x1, w1 := stepSpan(c.to-1, len(c.values), c.Size().Width)
		fill(c.sheet, snap(x0*scale), 0, snap((x1+w1)*scale), h, premultiplied(faded(tint(c, theme.ColorTrack), 0x80)))
	}
	zero := snap(c.y(c.threshold, bound, tall) * scale)
	fill(c.sheet, snap(stepLeft*scale), zero, w, zero+thin, premultiplied(tint(c, theme.ColorFaint)))
	var run []point
	flush := func() {
		strokeLine(c.sheet, run, 1.6*scale, tint(c, theme.ColorMeasured))
		run = nil
	}
	for i, v := range c.values {
		if !finite(v) {
			flush()
			continue
		}
		run = append(run, point{mid(i), c.y(v, bound, tall) * scale})
	}
	flush()
	for i, v := range c.values {
		if !finite(v) {
			continue
		}
		name := theme.ColorMeasured
		if v <= c.threshold && i >= c.from && i < c.to {
			name = theme.ColorKept
		}
		disc(c.sheet, point{mid(i), c.y(v, bound, tall) * scale}, 2.4*scale, tint(c, name))
	}
	return c.sheet
}

// reading says what the step under the scrubber found.
func (c *CriterionCurve) reading() string {
	i := c.position
	if i < 0 || i >= len(c.values) || c.empty() {
		return ""
	}
	v := c.values[i]
	switch {
	case !finite(v):
		return fmt.Sprintf("step %s: nothing looked", stepNumber(i))
	case i < c.from || i >= c.to:
		return fmt.Sprintf("step %s: %s, not counted", stepNumber(i), signed(v))
	case v <= c.threshold:
		return fmt.Sprintf("step %s: %s, stable", stepNumber(i), signed(v))
	}
	return fmt.Sprintf("step %s: %s, unstable", stepNumber(i), signed(v))
}

// signed writes a number with a real minus, in three digits.
func signed(v float64) string {
	text := fmt.Sprintf("%.3g", v)
	if strings.HasPrefix(text, "-") {
		text = "−" + text[1:]
	}
	return text
}

// CreateRenderer implements fyne.Widget.
func (c *CriterionCurve) CreateRenderer() fyne.WidgetRenderer {
	raster := canvas.NewRaster(c.generate)
	raster.ScaleMode = canvas.ImageScaleFastest
	scrubber := &canvas.Rectangle{CornerRadius: 1}
	title, reading := newText(captionBold), newText(captionMono)
	var axis [3]*canvas.Text
	for i := range axis {
		axis[i] = newText(captionMono)
	}
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	objects := []fyne.CanvasObject{raster, title, reading, axis[0], axis[1], axis[2], hint, scrubber}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(90*theme.Step, CriterionLeast) },
		destroy: func() { c.show = nil },
	}
	h := measure("Ag", caption).Height
	c.show = func() {
		size := c.Size()
		scrubber.FillColor = tint(c, foreground)
		c.placeScrubber(scrubber, curveHead, size.Height)
		scrubber.Hidden = scrubber.Hidden || c.empty()
		reading.Text, reading.Color = c.reading(), tint(c, theme.ColorSoft)
		m := measure(reading.Text, captionMono)
		place(reading, size.Width-m.Width, (curveHead-h)/2, m.Width, h)
		title.Text = truncate(c.title, captionBold, size.Width-m.Width-theme.Gap)
		place(title, 0, (curveHead-h)/2, size.Width-m.Width-theme.Gap, h)
		for _, o := range []fyne.CanvasObject{reading, title, scrubber} {
			o.Refresh()
		}
	}
	r.layout = func(size fyne.Size) {
		tall := size.Height - curveHead - theme.Step
		place(raster, 0, curveHead+theme.Step, size.Width, tall)
		hint.Resize(fyne.NewSize(size.Width, hint.MinSize().Height))
		place(hint, 0, curveHead+(tall-hint.MinSize().Height)/2, size.Width, hint.MinSize().Height)
		b := c.bound()
		for i, v := range [3]float64{c.threshold + b, c.threshold, c.threshold - b} {
			axis[i].Text, axis[i].Hidden = signed(v), c.empty()
			if i != 1 {
				axis[i].Text = rough(v)
			}
			m := measure(axis[i].Text, captionMono)
			y := curveHead + theme.Step + c.y(v, b, tall)
			y = min(max(y-m.Height/2, curveHead+theme.Step), size.Height-m.Height)
			place(axis[i], stepLeft-theme.Step-m.Width, y, m.Width, m.Height)
		}
		c.show()
	}
	r.refresh = func() {
		title.Color = tint(c, theme.ColorSoft)
		for _, t := range axis {
			t.Color = tint(c, theme.ColorFaint)
		}
		hint.SetText(c.hint)
		hint.Hidden, raster.Hidden = !c.empty(), c.empty()
		r.layout(c.Size())
		for _, o := range objects {
			o.Refresh()
		}
	}
	r.refresh()
	return r
}

// rough writes an end of the axis in few characters.
func rough(v float64) string {
	sign := ""
	if v < 0 {
		sign, v = "−", -v
	}
	return sign + strings.Replace(strings.Replace(fmt.Sprintf("%.1g", v), "e-0", "e-", 1), "e+0", "e", 1)
}
