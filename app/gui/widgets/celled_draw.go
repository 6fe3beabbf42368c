package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

// celledDrawing holds the canvas objects of a celled widget.
type celledDrawing struct {
	c      *celled
	raster *canvas.Raster
	over   *canvas.Rectangle    // around what is chosen
	cursor [2]*canvas.Rectangle // dark outside, light inside: seen on any cell
	hint   *Note
	tip    *tip
	texts  []*canvas.Text
	list   []fyne.CanvasObject
}

// CreateRenderer implements fyne.Widget.
func (c *celled) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c.self)
	d := &celledDrawing{c: c, raster: canvas.NewRaster(c.generate), hint: NewNote(""), tip: newTip()}
	d.raster.ScaleMode = canvas.ImageScalePixels
	d.over = &canvas.Rectangle{CornerRadius: theme.Step / 2, StrokeWidth: 1.5}
	for i := range d.cursor {
		d.cursor[i] = &canvas.Rectangle{StrokeWidth: float32(2 - i)}
	}
	d.hint.color, d.hint.align = theme.ColorFaint, fyne.TextAlignCenter
	r := &renderer{
		objects: func() []fyne.CanvasObject { return d.list },
		min:     func() fyne.Size { return c.plot.least(c.width) },
		layout:  d.layout,
		refresh: d.refresh,
		destroy: func() { c.show = nil },
	}
	c.show = d.marks
	d.refresh()
	return r
}

func (d *celledDrawing) refresh() {
	empty := d.c.plot.empty()
	d.hint.SetText(d.c.hint)
	d.hint.Hidden, d.raster.Hidden = !empty, empty
	d.layout(d.c.Size())
	d.hint.Refresh()
	d.raster.Refresh()
}

func (d *celledDrawing) layout(s fyne.Size) {
	a := d.c.plot.area(s)
	place(d.raster, a.x, a.y, max(a.w, 0), max(a.h, 0))
	d.hint.Resize(fyne.NewSize(s.Width, d.hint.MinSize().Height))
	h := d.hint.MinSize().Height
	place(d.hint, 0, (s.Height-h)/2, s.Width, h)
	var labels []label
	if !d.c.plot.empty() && s.Width > 0 {
		labels = d.c.plot.labels(s)
	}
	var texts []fyne.CanvasObject
	d.texts, texts = resize(d.texts, len(labels), func() *canvas.Text { return newText(caption) })
	for i, l := range labels {
		placeLabel(d.c, d.texts[i], l)
	}
	d.list = append([]fyne.CanvasObject{d.raster, d.cursor[0], d.cursor[1]}, texts...)
	if d.c.beneath {
		d.list[0], d.list[1], d.list[2] = d.cursor[0], d.cursor[1], d.raster
	}
	d.list = append(d.list, d.over, d.hint, d.tip)
	d.marks()
}

// placeLabel writes a label into a text.
func placeLabel(w themed, t *canvas.Text, l label) {
	t.Text, t.TextSize, t.TextStyle, t.Color = l.text, l.face.size(), l.face.style(), tint(w, l.color)
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

// marks repaints what follows the pointer, the keyboard and the choice.
func (d *celledDrawing) marks() {
	c, s := d.c, d.c.Size()
	f, ok := c.plot.framed(s)
	if d.over.Hidden = !ok; ok {
		place(d.over, f.x, f.y, f.w, f.h)
		d.over.StrokeColor = tint(c, theme.ColorSoft)
		if c.focused {
			d.over.StrokeColor = tint(c, foreground)
		}
	}
	d.over.Refresh()
	lines := c.reading()
	f, ok = c.plot.around(c.hovered, s)
	ok = ok && lines != nil
	for i, o := range d.cursor {
		if o.Hidden = !ok; ok {
			out := float32(1 - i)
			place(o, f.x-out, f.y-out, f.w+2*out, f.h+2*out)
			o.StrokeColor = tint(c, []fyne.ThemeColorName{theme.ColorTip, theme.ColorCursor}[i])
		}
		o.Refresh()
	}
	d.tip.set(lines)
	if lines != nil {
		d.tip.near(f, s)
	}
}
