package widgets

import (
	"image"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

func (c *chart) generate(w, h int) image.Image {
	c.sheet = sheet(c.sheet, w, h)
	if c.plot.things() > 0 && w > 1 && h > 1 {
		c.plot.paint(c.sheet, scaleOf(c.self))
	}
	return c.sheet
}

// CreateRenderer implements fyne.Widget.
func (c *chart) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c.self)
	box := newPanelBox()
	raster := canvas.NewRaster(c.generate)
	raster.ScaleMode = canvas.ImageScaleFastest
	under, over := &canvas.Rectangle{CornerRadius: theme.Step}, &canvas.Rectangle{CornerRadius: theme.Step, StrokeWidth: 1.5}
	legend := NewLegend()
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	var reading [2]*canvas.Text
	for i := range reading {
		reading[i] = newText(captionMono)
	}
	var texts []*canvas.Text
	var objects []fyne.CanvasObject
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     c.plot.least,
		destroy: func() { c.show = nil },
	}
	mark := func(o *canvas.Rectangle, i int) {
		o.Hidden = i < 0 || i >= c.plot.things()
		if !o.Hidden {
			f := c.plot.around(i, c.Size())
			place(o, f.x, f.y, f.w, f.h)
			o.CornerRadius = theme.Step
			if f.w == f.h { // a point
				o.CornerRadius = f.w / 2
			}
		}
	}
	c.show = func() {
		mark(under, c.hovered)
		mark(over, c.chosen)
		under.FillColor = tint(c, fyneHover)
		over.StrokeColor = tint(c, theme.ColorSoft)
		box.StrokeColor = tint(c, theme.ColorHairline)
		if c.focused {
			over.StrokeColor = tint(c, foreground)
			box.StrokeColor = tint(c, theme.ColorKept)
		}
		lines := strings.SplitN(c.line(), "\n", len(reading))
		for i, t := range reading {
			t.Text, t.Color = "", tint(c, theme.ColorSoft)
			if i < len(lines) {
				t.Text = truncate(lines[i], captionMono, c.Size().Width-2*theme.Inset)
			}
			if i == 0 && (c.hovered >= 0 || c.chosen >= 0) {
				t.Color = tint(c, foreground)
			}
			t.Refresh()
		}
		for _, o := range []fyne.CanvasObject{box, under, over} {
			o.Refresh()
		}
	}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		a := c.plot.area(s)
		place(raster, a.x, a.y, a.w, a.h)
		place(legend, theme.Inset, theme.Gap, s.Width-2*theme.Inset, legend.MinSize().Height)
		h := hint.MinSize().Height
		place(hint, theme.Inset, (s.Height-h)/2, s.Width-2*theme.Inset, h)
		for i, t := range reading {
			place(t, theme.Inset, s.Height-chartFoot(c.plot.footLines())+2+float32(i)*chartLine, s.Width-2*theme.Inset, chartLine)
		}
		var labels []label
		if c.plot.things() > 0 {
			labels = c.plot.labels(s)
		}
		texts, objects = resize(texts, len(labels), func() *canvas.Text { return newText(caption) })
		for i, l := range labels {
			t := texts[i]
			t.Text, t.TextSize, t.TextStyle, t.Color = l.text, l.face.size(), l.face.style(), tint(c, l.color)
			m := measure(l.text, l.face)
			x := l.x
			switch l.align {
			case fyne.TextAlignTrailing:
				x -= m.Width
			case fyne.TextAlignCenter:
				x -= m.Width / 2
			}
			place(t, x, l.y, m.Width, m.Height)
			t.Refresh()
		}
		objects = append([]fyne.CanvasObject{box, under, raster, over, legend, reading[0], reading[1], hint}, objects...)
		c.show()
	}
	r.refresh = func() {
		paintPanel(c, box, false)
		hint.SetText(c.hint)
		hint.Refresh()
		hint.Hidden = c.plot.things() > 0
		raster.Hidden, legend.Hidden = c.plot.things() == 0, c.plot.things() == 0
		legend.SetItems(c.plot.legend()...)
		legend.Refresh()
		r.layout(c.Size())
		raster.Refresh()
	}
	r.refresh()
	return r
}

// ink is a colour of the theme for a painter.
func (c *chart) ink(name fyne.ThemeColorName) color.RGBA { return premultiplied(tint(c, name)) }

// mixed mixes a share of one colour into another, both opaque.
func mixed(ground, c color.Color, share float64) color.RGBA {
	a, b := color.NRGBAModel.Convert(ground).(color.NRGBA), color.NRGBAModel.Convert(c).(color.NRGBA)
	return blend(a, b, int(255*clamp01(share)))
}

// snap rounds to a whole pixel.
func snap(v float32) int { return int(v + 0.5) }
