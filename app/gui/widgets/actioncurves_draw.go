package widgets

import (
	"image"

	"winnow/app/gui/theme"
)

func (c actionPlot) paint(dst *image.RGBA, s float32) {
	b := c.box(c.Size())
	if c.p.At >= 0 && c.p.At < c.n {
		f := c.column(c.p.At, b)
		fill(dst, snap(f.x*s), snap(f.y*s), snap((f.x+f.w)*s), snap((f.y+f.h)*s), premultiplied(faded(tint(c, theme.ColorTrack), 0xa0)))
	}
	thin := max(snap(s), 1)
	for _, v := range []float32{1, 0, -1} {
		name := theme.ColorHairline
		if v == 0 {
			name = theme.ColorBlock
		}
		y := snap(c.y(v, b) * s)
		fill(dst, snap(b.x*s), y, snap((b.x+b.w)*s), y+thin, premultiplied(tint(c, name)))
	}
	c.paintKeys(dst, s)
	for i := range c.numbers {
		c.paintLine(dst, i, b, s)
	}
	for i := range c.numbers {
		c.paintDots(dst, i, b, s)
	}
}

// paintKeys draws the marks of the legend.
func (c actionPlot) paintKeys(dst *image.RGBA, s float32) {
	at, _ := c.places(c.Size().Width)
	for i, k := range c.keys() {
		x, y := at[i].X, at[i].Y
		switch {
		case k.line:
			strokeLine(dst, []point{{x * s, y * s}, {(x + actionGlyph) * s, y * s}}, 1.8*s, tint(c, k.color))
		case k.dot:
			disc(dst, point{(x + actionGlyph/2) * s, y * s}, 3*s, tint(c, k.color))
		default:
			fill(dst, snap((x+1)*s), snap((y-4)*s), snap((x+actionGlyph-2)*s), snap((y+5)*s), premultiplied(tint(c, k.color)))
		}
	}
}

// paintLine draws a number of the action in the prediction that is lines; it breaks where there is
// no value.
func (c actionPlot) paintLine(dst *image.RGBA, number int, b frame, s float32) {
	var run []point
	flush := func() {
		if len(run) == 1 { // a value between two gaps
			run = append(run, point{run[0].x + 2*s, run[0].y})
		}
		strokeLine(dst, run, 1.8*s, tint(c, actionColor(number)))
		run = nil
	}
	for i := range c.p.Lines {
		if v, ok := value(c.p.Lines, i, number); ok {
			run = append(run, point{c.x(i, b) * s, c.y(v, b) * s})
		} else {
			flush()
		}
	}
	flush()
}

// paintDots draws a number of the action in the other one, every so many where they would touch.
func (c actionPlot) paintDots(dst *image.RGBA, number int, b frame, s float32) {
	every := 1
	for every < c.n && float32(every)*(b.w-2*actionPad)/float32(c.n-1) < theme.Step {
		every *= 2
	}
	for i := 0; i < len(c.p.Dots); i += every {
		if v, ok := value(c.p.Dots, i, number); ok {
			disc(dst, point{c.x(i, b) * s, c.y(v, b) * s}, 3.2*s, tint(c, actionColor(number)))
		}
	}
}
