package gui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// either puts what the two views that answer show into one place.
func (c *comparison) either(ask, compare fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(c.w.only(ask, viewAsk), c.w.only(compare, viewCompare))
}

// sideColour is that of a side of the run; -1 is dense.
func sideColour(side int) color.Color { return colour(theme.Side(side)) }

// gone darkens the cells that no side keeps, as the heat-map does those that one drops.
var gone = color.NRGBA{A: 0xb8}

// part is a piece of a partsLine.
type part struct {
	text string
	// side gives the colour: a side's, plainPart, or keptPart.
	side int
	mono bool
}

const (
	plainPart = -2
	keptPart  = -3
)

// partsLine is a line of text in parts of different colours: the longest of its versions that fits.
type partsLine struct {
	widget.BaseWidget
	versions [][]part // longest first
	parts    []part
}

func newPartsLine() *partsLine {
	p := &partsLine{}
	p.ExtendBaseWidget(p)
	return p
}

func (p *partsLine) set(versions ...[]part) {
	p.versions = versions
	p.Refresh()
}

// Resize implements fyne.CanvasObject: another version may fit.
func (p *partsLine) Resize(s fyne.Size) {
	changed := s.Width != p.Size().Width
	p.BaseWidget.Resize(s)
	if changed {
		p.Refresh()
	}
}

// fitting is the longest version that fits a width, else the shortest.
func (p *partsLine) fitting(width float32) []part {
	for i, v := range p.versions {
		total := float32(0)
		for _, x := range v {
			total += fyne.MeasureText(x.text, theme.CaptionSize, x.style()).Width
		}
		if total <= width || i == len(p.versions)-1 {
			return v
		}
	}
	return nil
}

func (x part) style() fyne.TextStyle { return fyne.TextStyle{Monospace: x.mono, Bold: x.side >= -1} }

func (p *partsLine) text() string {
	out := ""
	for _, x := range p.versions[0] {
		out += x.text
	}
	return out
}

type partsDrawing struct {
	p     *partsLine
	texts []*canvas.Text
	list  []fyne.CanvasObject
}

// CreateRenderer implements fyne.Widget.
func (p *partsLine) CreateRenderer() fyne.WidgetRenderer {
	d := &partsDrawing{p: p}
	d.Refresh()
	return d
}

// Objects implements fyne.WidgetRenderer.
func (d *partsDrawing) Objects() []fyne.CanvasObject { return d.list }

// Destroy implements fyne.WidgetRenderer.
func (d *partsDrawing) Destroy() {}

// MinSize implements fyne.WidgetRenderer.
func (d *partsDrawing) MinSize() fyne.Size { return fyne.NewSize(80, 18) }

// Layout implements fyne.WidgetRenderer: the line is centred where it fits.
func (d *partsDrawing) Layout(s fyne.Size) {
	total := float32(0)
	for _, t := range d.texts {
		total += t.MinSize().Width
	}
	x := max((s.Width-total)/2, 0)
	for _, t := range d.texts {
		m := t.MinSize()
		t.Hidden = x+m.Width > s.Width+1
		put(t, x, (s.Height-m.Height)/2, m.Width, m.Height)
		x += m.Width
	}
}

// Refresh implements fyne.WidgetRenderer.
func (d *partsDrawing) Refresh() {
	d.p.parts = d.p.fitting(d.p.Size().Width)
	for len(d.texts) < len(d.p.parts) {
		d.texts = append(d.texts, &canvas.Text{TextSize: theme.CaptionSize})
	}
	d.texts = d.texts[:len(d.p.parts)]
	d.list = d.list[:0]
	for i, x := range d.p.parts {
		t := d.texts[i]
		t.Text, t.TextStyle = x.text, x.style()
		t.Color = partColour(x.side)
		d.list = append(d.list, t)
	}
	d.Layout(d.p.Size())
	for _, t := range d.texts {
		t.Refresh()
	}
	canvas.Refresh(d.p)
}

func partColour(side int) color.Color {
	switch side {
	case plainPart:
		return colour(theme.ColorSoft)
	case keptPart:
		return colour(theme.ColorKept)
	}
	return sideColour(side)
}

const sideLineHeight = 24

// sideLine names a side over its map: its letter in its colour, its label, and what it keeps here.
type sideLine struct {
	widget.BaseWidget
	side        int
	label, kept string
	more        string // after kept, where there is room
}

func newSideLine() *sideLine {
	s := &sideLine{}
	s.ExtendBaseWidget(s)
	return s
}

func (s *sideLine) set(side int, label, kept, more string) {
	if s.side != side || s.label != label || s.kept != kept || s.more != more {
		s.side, s.label, s.kept, s.more = side, label, kept, more
		s.Refresh()
	}
}

type sideLineDrawing struct {
	s                   *sideLine
	chip                *canvas.Rectangle
	letter, label, kept *canvas.Text
}

// CreateRenderer implements fyne.Widget.
func (s *sideLine) CreateRenderer() fyne.WidgetRenderer {
	text := func(style fyne.TextStyle) *canvas.Text {
		return &canvas.Text{TextSize: theme.CaptionSize, TextStyle: style}
	}
	d := &sideLineDrawing{s: s, chip: &canvas.Rectangle{CornerRadius: 4}, letter: text(fyne.TextStyle{Bold: true}),
		label: text(fyne.TextStyle{Bold: true}), kept: text(fyne.TextStyle{Monospace: true})}
	d.letter.Alignment = fyne.TextAlignCenter
	d.Refresh()
	return d
}

// Objects implements fyne.WidgetRenderer.
func (d *sideLineDrawing) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{d.chip, d.letter, d.label, d.kept}
}

// Destroy implements fyne.WidgetRenderer.
func (d *sideLineDrawing) Destroy() {}

// MinSize implements fyne.WidgetRenderer.
func (d *sideLineDrawing) MinSize() fyne.Size { return fyne.NewSize(100, sideLineHeight) }

// Layout implements fyne.WidgetRenderer.
func (d *sideLineDrawing) Layout(s fyne.Size) {
	const high = 16
	h := d.letter.MinSize().Height
	put(d.chip, 0, 2, high, high)
	put(d.letter, 0, 2+(high-h)/2, high, h)
	left := float32(high + theme.Gap - 2)
	if d.s.side < 0 {
		left = 0
	}
	room := s.Width - left - 2
	d.kept.Text = d.s.kept + d.s.more
	if d.kept.MinSize().Width+fyne.MeasureText(d.s.label, theme.CaptionSize, d.label.TextStyle).Width+theme.Gap > room {
		d.kept.Text = d.s.kept
	}
	k := d.kept.MinSize().Width
	if k+40 > room {
		d.kept.Hidden, k = true, 0
	} else {
		d.kept.Hidden = false
	}
	d.label.Text = ""
	if room-k-theme.Gap > 0 {
		d.label.Text = cut(d.s.label, room-k-theme.Gap, d.label)
	}
	put(d.label, left, 2+(high-h)/2, max(room-k-theme.Gap, 0), h)
	put(d.kept, s.Width-k, 2+(high-h)/2, k, h)
}

// Refresh implements fyne.WidgetRenderer.
func (d *sideLineDrawing) Refresh() {
	d.chip.FillColor = sideColour(d.s.side)
	d.chip.Hidden, d.letter.Hidden = d.s.side < 0, d.s.side < 0 // the overlap is no side
	d.letter.Text, d.letter.Color = letter(max(d.s.side, 0)), colour(fynetheme.ColorNameBackground)
	d.label.Color, d.kept.Color = colour(theme.ColorSoft), colour(theme.ColorSoft)
	d.Layout(d.s.Size())
	for _, o := range d.Objects() {
		o.Refresh()
	}
}
