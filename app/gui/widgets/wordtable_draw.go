package widgets

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

// wordListDrawing places the rows in view. Its pools of objects grow to what a view needs and are
// used from the start at every draw.
type wordListDrawing struct {
	l      *wordList
	boxes  []*canvas.Rectangle
	texts  []*canvas.Text
	over   *canvas.Rectangle // the hovered row
	b, t   int               // of each pool, used so far
	behind []fyne.CanvasObject
	before []fyne.CanvasObject
}

// CreateRenderer implements fyne.Widget.
func (l *wordList) CreateRenderer() fyne.WidgetRenderer {
	d := &wordListDrawing{l: l, over: canvas.NewRectangle(nil)}
	l.place, l.mark = d.draw, d.mark
	return &renderer{
		objects: func() []fyne.CanvasObject { return append(append([]fyne.CanvasObject{}, d.behind...), d.before...) },
		min:     func() fyne.Size { return fyne.NewSize(0, l.top(len(l.t.rows))) },
		layout:  func(fyne.Size) { d.draw() },
		refresh: d.draw,
	}
}

func (d *wordListDrawing) box(x, y, w, h float32, name fyne.ThemeColorName) *canvas.Rectangle {
	if d.b == len(d.boxes) {
		d.boxes = append(d.boxes, &canvas.Rectangle{})
	}
	o := d.boxes[d.b]
	d.b++
	o.FillColor, o.CornerRadius = tint(d.l, name), 0
	place(o, x, y, w, h)
	d.behind = append(d.behind, o)
	return o
}

// text writes into a line of a height, at the left or ending at the right of its room.
func (d *wordListDrawing) text(text string, f face, name fyne.ThemeColorName, x, y, w, h float32, right bool) {
	if d.t == len(d.texts) {
		d.texts = append(d.texts, newText(f))
	}
	o := d.texts[d.t]
	d.t++
	o.Text, o.TextSize, o.TextStyle, o.Color = truncate(text, f, w), f.size(), f.style(), tint(d.l, name)
	m := measure(o.Text, f)
	if right {
		x += w - m.Width
	}
	place(o, x, y+(h-m.Height)/2, m.Width, m.Height)
	d.before = append(d.before, o)
}

// mark lays a shade on the hovered row.
func (d *wordListDrawing) mark() {
	l := d.l
	d.over.Hidden = l.hovered < 0 || l.hovered >= len(l.t.rows) || l.hovered == l.t.selected
	if !d.over.Hidden {
		d.over.FillColor = tint(l, fyneHover)
		place(d.over, 0, l.top(l.hovered), l.Size().Width, wordRow)
	}
	d.over.Refresh()
}

func (d *wordListDrawing) draw() {
	l := d.l
	d.b, d.t, d.behind, d.before = 0, 0, d.behind[:0], d.before[:0]
	from := l.t.scroll.Offset.Y
	to := from + l.t.scroll.Size().Height
	first, _ := l.at(from)
	d.behind = append(d.behind, d.over)
	d.mark()
	for i := max(first, 0); i < len(l.t.rows) && l.top(i) < to; i++ {
		d.row(i)
		if i == l.t.selected {
			d.open(l.t.rows[i], l.top(i)+wordRow)
		}
	}
	for _, o := range d.behind {
		o.Refresh()
	}
	for _, o := range d.before {
		o.Refresh()
	}
}

func (d *wordListDrawing) row(i int) {
	l := d.l
	r, y, at := l.t.rows[i], l.top(i), wordColumns(l.Size().Width)
	if i == l.t.selected {
		d.box(0, y, l.Size().Width, wordRow, theme.ColorRaised)
	}
	after, plain := theme.ColorSoft, theme.ColorSoft
	if r.changed() {
		d.box(theme.Step, y+(wordRow-12)/2, 3, 12, theme.ColorKept).CornerRadius = 1.5
		after, plain = theme.ColorKept, theme.ColorMeasured
	}
	d.text(visible(r.Text), caption, foreground, at[0], y, at[1]-at[0]-theme.Gap, wordRow, false)
	d.first(r.Before, plain, at[1], y, at[2]-at[1]-theme.Inset)
	d.first(r.After, after, at[2], y, at[3]-at[2])
}

// first writes the best candidate and its probability.
func (d *wordListDrawing) first(c []WordChoice, name fyne.ThemeColorName, x, y, w float32) {
	if len(c) == 0 {
		d.text("–", caption, theme.ColorFaint, x, y, w, wordRow, false)
		return
	}
	p := probability(c[0].P)
	room := measure("100 %", captionMono).Width + theme.Step
	d.text(visible(c[0].Text), caption, name, x, y, w-room, wordRow, false)
	d.text(p, captionMono, theme.ColorSoft, x, y, w, wordRow, true)
}

// probability writes one as a share; below a thousandth it says so.
func probability(p float64) string {
	switch {
	case !finite(p):
		return "–"
	case p > 0 && p < 0.001:
		return "<0.1 %"
	case p < 0.0995:
		return fmt.Sprintf("%.1f %%", 100*p)
	}
	return fmt.Sprintf("%.0f %%", 100*p)
}

// open writes the first candidates of each list side by side, a bar of its probability behind each.
func (d *wordListDrawing) open(r WordRow, y float32) {
	w := d.l.Size().Width
	d.box(0, y, w, wordOpen, theme.ColorRaised).FillColor = faded(tint(d.l, theme.ColorRaised), 0x60)
	type list struct {
		name  string
		c     []WordChoice
		color fyne.ThemeColorName
	}
	lists := []list{{"plain", r.Before, theme.ColorMeasured}, {"after", r.After, theme.ColorKept}}
	if len(r.Against) > 0 {
		lists = append(lists, list{"prior", r.Against, theme.ColorFaint})
	}
	each := (w - 2*theme.Inset + theme.Gap) / float32(len(lists))
	for k, s := range lists {
		x, in := theme.Inset+float32(k)*each, each-theme.Gap
		d.text(s.name, captionBold, theme.ColorSoft, x, y+theme.Step, in, wordChoice, false)
		if len(s.c) == 0 {
			d.text("not recorded", caption, theme.ColorFaint, x, y+theme.Step+wordChoice, in, wordChoice, false)
		}
		for j, c := range s.c[:min(len(s.c), wordTop)] {
			line := y + theme.Gap + float32(j+1)*wordChoice
			b := d.box(x, line+1, max(in*float32(clamp01(c.P)), 2), wordChoice-2, s.color)
			b.FillColor, b.CornerRadius = faded(tint(d.l, s.color), 0x48), 2
			p := probability(c.P)
			d.text(visible(c.Text), caption, foreground, x+theme.Step, line, in-measure(p, captionMono).Width-2*theme.Step, wordChoice, false)
			d.text(p, captionMono, theme.ColorSoft, x, line, in-theme.Step, wordChoice, true)
		}
	}
}
