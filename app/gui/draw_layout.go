package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
)

// How the centre of the Draw view is laid out, and the titles over its pictures.

// pictureTitle names a picture over it, in grey or in the accent.
type pictureTitle struct {
	painted
	text   *canvas.Text
	full   string // of which text shows what fits
	accent bool
}

func newPictureTitle(accent bool) *pictureTitle {
	t := &pictureTitle{text: &canvas.Text{TextSize: theme.CaptionSize, TextStyle: fyne.TextStyle{Bold: true}}, accent: accent}
	t.content = t.text
	t.paint = func() {
		t.text.Color = colour(theme.ColorSoft)
		if t.accent {
			t.text.Color = colour(theme.ColorKept)
		}
		t.text.Refresh()
	}
	t.ExtendBaseWidget(t)
	return t
}

func (t *pictureTitle) set(text string, accent bool) {
	if t.full != text || t.accent != accent {
		t.full, t.accent = text, accent
		t.fit()
		t.Refresh()
	}
}

func (t *pictureTitle) fit() {
	t.text.Text = t.full
	if w := t.Size().Width; w > 0 {
		t.text.Text = cut(t.full, w, t.text)
	}
}

// Resize implements fyne.CanvasObject: another part of the title may fit.
func (t *pictureTitle) Resize(s fyne.Size) {
	changed := s.Width != t.Size().Width
	t.painted.Resize(s)
	if changed {
		t.fit()
		t.Refresh()
	}
}

// drawTools lays out the control at the left, the menu of sides at the right and, where it has
// room, the text between them at the right.
type drawTools struct{}

// showPadding widens the names of the control beyond the least, to how the other views' are.
const showPadding = 4 * 4 * theme.Step

// MinSize implements fyne.Layout. The text takes its room from the others, the menu from the
// control, whose names are cut then.
func (drawTools) MinSize(o []fyne.CanvasObject) fyne.Size {
	m := o[0].MinSize()
	if o[2].Visible() {
		m.Height = max(m.Height, o[2].MinSize().Height)
	}
	return m
}

// Layout implements fyne.Layout.
func (drawTools) Layout(o []fyne.CanvasObject, s fyne.Size) {
	show, where, side := o[0].MinSize(), o[1].MinSize(), o[2].MinSize()
	right := s.Width
	if o[2].Visible() {
		put(o[2], right-side.Width, (s.Height-side.Height)/2, side.Width, side.Height)
		right -= side.Width + theme.Inset
	}
	show.Width = min(show.Width+showPadding, right)
	put(o[0], 0, (s.Height-show.Height)/2, show.Width, show.Height)
	x := right - where.Width
	if x < show.Width+theme.Inset {
		x = s.Width + 10*where.Width // out of sight
	}
	put(o[1], x, (s.Height-where.Height)/2, where.Width, where.Height)
}

// drawLayout puts the pictures over the steps and the curve: two beside each other, or one as large
// as there is room; the curve takes what is left, up to a limit.
type drawLayout struct{ d *drawing }

const (
	pictureTitleHeight         = 24
	leastPicture               = 120
	mostCurve                  = 260
	drawGap                    = 2 * theme.Gap
	titleBaseline      float32 = 2
)

// MinSize implements fyne.Layout.
func (l *drawLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	u := &l.d.ui
	return fyne.NewSize(u.strip.MinSize().Width, pictureTitleHeight+leastPicture+2*drawGap+u.strip.MinSize().Height+widgets.CriterionLeast)
}

// Layout implements fyne.Layout.
func (l *drawLayout) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	u := &l.d.ui
	below := u.strip.MinSize().Height + widgets.CriterionLeast + 2*drawGap
	room := s.Height - pictureTitleHeight - below
	x, side := float32(0), min(s.Width, room)
	if l.d.form.Show == showBoth {
		side = min((s.Width-drawGap)/2, room)
		x = (s.Width - 2*side - drawGap) / 2
		for i, p := range []fyne.CanvasObject{u.dense, u.pruned} {
			at := x + float32(i)*(side+drawGap)
			put(p, at, pictureTitleHeight, side, side)
			put(u.titles[i], at, titleBaseline, side, pictureTitleHeight-titleBaseline)
		}
	} else {
		x = (s.Width - side) / 2
		put(u.single, x, pictureTitleHeight, side, side)
		put(u.wipe, x, pictureTitleHeight, side, side)
		put(u.titles[0], x, titleBaseline, s.Width-x, pictureTitleHeight-titleBaseline)
	}
	y := pictureTitleHeight + side + drawGap
	h := u.strip.MinSize().Height
	put(u.strip, 0, y, s.Width, h)
	y += h + drawGap
	put(u.curve, 0, y, s.Width, min(s.Height-y, mostCurve))
}
