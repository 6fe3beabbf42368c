package gui

import (
	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// robotLayout puts the cameras beside each other over the next actions and the strip; the cameras
// take what is left of the height, the curves what the cameras have no use for, up to a limit.
type robotLayout struct{ r *robot }

const (
	leastCamera                     = 120
	leastCurves, mostCurves float32 = 150, 300
	curvesShare                     = 0.28 // of a window that is low
	robotGap                        = 2 * theme.Gap
)

// MinSize implements fyne.Layout.
func (l *robotLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	u := &l.r.ui
	return fyne.NewSize(u.strip.MinSize().Width, pictureTitleHeight+leastCamera+pictureTitleHeight+leastCurves+u.strip.MinSize().Height+2*robotGap)
}

// Layout implements fyne.Layout.
func (l *robotLayout) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	u := &l.r.ui
	strip := u.strip.MinSize().Height
	room := s.Height - 2*pictureTitleHeight - min(leastCurves, curvesShare*s.Height) - strip - 3*robotGap
	n := 1
	if u.cameras[1].Visible() {
		n = 2
	}
	side := max(min((s.Width-float32(n-1)*robotGap)/float32(n), room), 0)
	x := (s.Width - float32(n)*side - float32(n-1)*robotGap) / 2
	for i := range n {
		put(u.cameras[i], x+float32(i)*(side+robotGap), 0, side, pictureTitleHeight+side)
	}
	y := pictureTitleHeight + side + robotGap
	line := u.curvesTitle.MinSize().Height
	y += (pictureTitleHeight - line) / 2
	put(u.curvesTitle, 0, y, s.Width, line)
	units := fyne.MeasureText(u.units.Text(), theme.CaptionSize, fyne.TextStyle{}).Width + 1
	if u.curvesTitle.MinSize().Width+theme.Inset+units > s.Width {
		u.units.Hide() // there is no room beside the title
	} else {
		u.units.Show()
	}
	put(u.units, s.Width-units, y, units, line)
	y += (pictureTitleHeight + line) / 2
	h := min(s.Height-y-strip-robotGap, mostCurves)
	put(u.curves, 0, y, s.Width, h)
	put(u.strip, 0, y+h+robotGap, s.Width, strip)
}

// flow puts objects one after the other, in as many lines as their width needs.
type flow struct {
	gap   float32
	width float32 // as laid out last; 0 before
}

// MinSize implements fyne.Layout: like a note's, its height follows the width that it has.
func (f *flow) MinSize(o []fyne.CanvasObject) fyne.Size {
	widest, height := float32(0), float32(0)
	f.each(o, func(x fyne.CanvasObject, _, y float32) {
		m := x.MinSize()
		widest, height = max(widest, m.Width), max(height, y+m.Height)
	})
	return fyne.NewSize(widest, height)
}

// Layout implements fyne.Layout.
func (f *flow) Layout(o []fyne.CanvasObject, s fyne.Size) {
	f.width = s.Width
	f.each(o, func(x fyne.CanvasObject, at, y float32) {
		m := x.MinSize()
		put(x, at, y, m.Width, m.Height)
	})
}

// each calls place with where an object goes.
func (f *flow) each(o []fyne.CanvasObject, place func(x fyne.CanvasObject, at, y float32)) {
	at, y, line := float32(0), float32(0), float32(0)
	for _, x := range o {
		if !x.Visible() {
			continue
		}
		m := x.MinSize()
		if at > 0 && f.width > 0 && at+m.Width > f.width {
			at, y, line = 0, y+line+f.gap, 0
		}
		place(x, at, y)
		at, line = at+m.Width+f.gap, max(line, m.Height)
	}
}
