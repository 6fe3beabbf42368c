package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// drawForced marks the forced cells: in with a thick frame and a pin in its middle, out with a cross.
// Both have a dark edge, so that they are seen on any picture.
func (d *pictureDrawing) drawForced(edge func(i, n, length int) int, w, h, thick int) {
	p := d.p
	dark, kept, cross := tint(p, theme.ColorTip), tint(p, theme.ColorKeptPin), tint(p, theme.ColorCursor)
	bounds := func(i int) (x0, y0, x1, y1 float32, ok bool) {
		if i < 0 || i >= p.rows*p.cols {
			return 0, 0, 0, 0, false
		}
		row, col := i/p.cols, i%p.cols
		return float32(edge(col, p.cols, w)), float32(edge(row, p.rows, h)),
			float32(edge(col+1, p.cols, w) + thick), float32(edge(row+1, p.rows, h) + thick), true
	}
	s := float32(thick)
	for _, i := range p.forcedIn {
		x0, y0, x1, y1, ok := bounds(i)
		if !ok {
			continue
		}
		box := func(in, width float32) {
			pts := []point{{x0 + in, y0 + in}, {x1 - in, y0 + in}, {x1 - in, y1 - in}, {x0 + in, y1 - in}, {x0 + in, y0 + in}}
			c := dark
			if width > s*2 {
				c = kept
			}
			strokeLine(d.sheet, pts, width, c)
		}
		box(3.5*s, s)
		box(1.5*s, 3*s)
		mid := point{(x0 + x1) / 2, (y0 + y1) / 2}
		r := min(max((x1-x0)*0.13, 2*s), 5*s)
		disc(d.sheet, mid, r+1.2*s, dark)
		disc(d.sheet, mid, r, kept)
	}
	for _, i := range p.forcedOut {
		x0, y0, x1, y1, ok := bounds(i)
		if !ok {
			continue
		}
		in := max((x1-x0)*0.28, 2*s)
		lines := [][]point{{{x0 + in, y0 + in}, {x1 - in, y1 - in}}, {{x1 - in, y0 + in}, {x0 + in, y1 - in}}}
		for _, l := range lines {
			strokeLine(d.sheet, l, 4*s, dark)
		}
		for _, l := range lines {
			strokeLine(d.sheet, l, 2*s, cross)
		}
	}
}

// refreshBadge puts the side's name into the upper left corner of the picture.
func (d *pictureDrawing) refreshBadge() {
	p := d.p
	show := p.badge != "" && d.showsPicture()
	if !show {
		if d.badge.Visible() {
			d.badge.Hide()
		}
		return
	}
	g := d.geo.picture
	d.badge.room = g.w - 2*theme.Gap
	d.badge.side, d.badge.label = p.badgeSide, p.badge
	m := d.badge.MinSize()
	place(d.badge, max(g.x, 0)+theme.Gap, max(g.y, 0)+theme.Gap, m.Width, m.Height)
	d.badge.Refresh()
	if !d.badge.Visible() {
		d.badge.Show()
	}
}

// cornerBadge is a dark pill with a dot in a side's colour and its label, readable on any picture.
type cornerBadge struct {
	widget.BaseWidget
	side  int
	label string
	room  float32
}

func newCornerBadge() *cornerBadge {
	b := &cornerBadge{}
	b.ExtendBaseWidget(b)
	b.Hide()
	return b
}

// CreateRenderer implements fyne.Widget.
func (b *cornerBadge) CreateRenderer() fyne.WidgetRenderer {
	const dot, high = theme.Gap, 6 * theme.Step
	box := &canvas.Rectangle{CornerRadius: high / 2, StrokeWidth: 1}
	circle := canvas.NewCircle(nil)
	text := newText(captionBold)
	shown := func() string {
		return truncate(b.label, captionBold, b.room-dot-2*theme.Inset)
	}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return []fyne.CanvasObject{box, circle, text} },
		min: func() fyne.Size {
			return fyne.NewSize(measure(shown(), captionBold).Width+dot+2*theme.Inset, high)
		},
		layout: func(s fyne.Size) {
			place(box, 0, 0, s.Width, s.Height)
			place(circle, theme.Gap+1, (s.Height-dot)/2, dot, dot)
			m := text.MinSize()
			place(text, theme.Gap+dot+7, (s.Height-m.Height)/2, m.Width, m.Height)
		},
	}
	r.refresh = func() {
		box.FillColor, box.StrokeColor = tint(b, theme.ColorTip), tint(b, theme.ColorTipEdge)
		circle.FillColor = tint(b, theme.SideOnTip(b.side))
		text.Text, text.Color = shown(), tint(b, theme.ColorOnTip)
		r.layout(b.Size())
		box.Refresh()
		circle.Refresh()
		text.Refresh()
	}
	r.refresh()
	return r
}
