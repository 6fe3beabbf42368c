package gui

import (
	"slices"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// The widths of the outer columns, and where they give way to a narrower window.
const (
	leftWidth, rightWidth           = 288, 372
	leftWidthSmall, rightWidthSmall = 264, 312
	smallBelow                      = 1240
	// narrowBelow hides the results behind a switch in the top bar.
	narrowBelow = 960
)

// columns lays out left, centre, right and two rules between them. In a narrow window the centre
// and the right column take turns.
type columns struct {
	// resized is called at each new size, narrowed whenever it becomes narrow or wide.
	resized  func()
	narrowed func(bool)

	narrow bool
	page   int // 0 the picture, 1 the results
	relay  func()
}

// show chooses what a narrow window shows.
func (c *columns) show(page int) {
	c.page = page
	if c.relay != nil {
		c.relay()
	}
}

// MinSize implements fyne.Layout.
func (c *columns) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(leftWidthSmall+max(o[1].MinSize().Width, 440)+2, 440)
}

// Layout implements fyne.Layout.
func (c *columns) Layout(o []fyne.CanvasObject, s fyne.Size) {
	left, centre, right, rule1, rule2 := o[0], o[1], o[2], o[3], o[4]
	c.relay = func() { c.Layout(o, s) }
	l, r := float32(leftWidth), float32(rightWidth)
	if s.Width < smallBelow {
		l, r = leftWidthSmall, rightWidthSmall
	}
	if narrow := s.Width < narrowBelow; narrow != c.narrow {
		c.narrow = narrow
		c.narrowed(narrow)
	}
	put(left, 0, 0, l, s.Height)
	put(rule1, l, 0, 1, s.Height)
	rest := s.Width - l - 1
	if c.narrow {
		rule2.Hide()
		shown, hidden := centre, right
		if c.page == 1 {
			shown, hidden = right, centre
		}
		hidden.Hide()
		shown.Show()
		put(shown, l+1, 0, rest, s.Height)
	} else {
		centre.Show()
		right.Show()
		rule2.Show()
		put(centre, l+1, 0, rest-r-1, s.Height)
		put(rule2, s.Width-r-1, 0, 1, s.Height)
		put(right, s.Width-r, 0, r, s.Height)
	}
	c.resized()
}

func put(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(max(w, 0), max(h, 0)))
}

// topBar puts one thing left, one in the middle and one right.
type topBar struct{}

// MinSize implements fyne.Layout.
func (topBar) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, x := range o {
		if x.Visible() {
			m := x.MinSize()
			s = fyne.NewSize(s.Width+m.Width+theme.Gap, max(s.Height, m.Height))
		}
	}
	return s
}

// Layout implements fyne.Layout.
func (topBar) Layout(o []fyne.CanvasObject, s fyne.Size) {
	a, b, c := o[0].MinSize(), o[1].MinSize(), o[2].MinSize()
	put(o[0], 0, (s.Height-a.Height)/2, a.Width, a.Height)
	put(o[2], s.Width-c.Width, (s.Height-c.Height)/2, c.Width, c.Height)
	x := a.Width + theme.Inset
	put(o[1], x, (s.Height-b.Height)/2, b.Width, b.Height)
}

// toolRow lays out the controls over the picture: the last at the right end, the slider taking
// what room there is up to a limit. Optional ones go where there is none, and the slider with them
// where the chip, which others show and hide, needs its place.
type toolRow struct {
	slider, chip fyne.CanvasObject
	optional     []fyne.CanvasObject
}

const sliderLeast, sliderMost = 56, 120

// width of an object: a slider has the least that it can be used at.
func toolWidth(o fyne.CanvasObject) float32 { return max(o.MinSize().Width, sliderLeast) }

// MinSize implements fyne.Layout. The chip takes its room from the others.
func (t *toolRow) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, x := range o {
		s.Height = max(s.Height, x.MinSize().Height)
		if x != t.chip && !slices.Contains(t.optional, x) {
			s.Width += toolWidth(x) + theme.Gap
		}
	}
	s.Width -= theme.Gap
	return s
}

// Layout implements fyne.Layout.
func (t *toolRow) Layout(o []fyne.CanvasObject, s fyne.Size) {
	room := s.Width - t.MinSize(o).Width
	t.slider.Show()
	if t.chip != nil && t.chip.Visible() {
		if room -= t.chip.MinSize().Width + theme.Gap; room < 0 {
			t.slider.Hide()
			room += toolWidth(t.slider) + theme.Gap
		}
	}
	for _, x := range t.optional {
		need := x.MinSize().Width + theme.Inset
		if room >= need && t.slider.Visible() {
			room -= need
			x.Show()
		} else {
			x.Hide()
		}
	}
	// What is left over spreads the controls and widens the slider.
	n := float32(-1)
	for _, c := range o {
		if c.Visible() {
			n++
		}
	}
	between := theme.Gap + min(max(room/max(n, 1), 0), theme.Inset-theme.Gap)
	room -= (between - theme.Gap) * n
	x := float32(0)
	for i, c := range o {
		if !c.Visible() {
			continue
		}
		m := c.MinSize()
		w := m.Width
		switch {
		case c == t.slider:
			w = max(m.Width, min(sliderMost, sliderLeast+room))
		case i == len(o)-1:
			x = s.Width - w
		}
		put(c, x, (s.Height-m.Height)/2, w, m.Height)
		x += w + between
	}
}

// centreLayout stacks tools, banners, picture and timeline; the picture takes what is left.
type centreLayout struct{}

// MinSize implements fyne.Layout. Banners do not count: they wrap to the width they get, and their
// height is known only then.
func (centreLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	tools, timeline := o[0].MinSize(), o[3].MinSize()
	return fyne.NewSize(max(tools.Width, 200), tools.Height+timeline.Height+200)
}

// Layout implements fyne.Layout.
func (centreLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	tools, banners, view, timeline := o[0], o[1], o[2], o[3]
	h := tools.MinSize().Height
	put(tools, 0, 0, s.Width, h)
	y := h + theme.Inset
	// Twice: the height of wrapped text is known once its width is.
	for range 2 {
		banners.Resize(fyne.NewSize(s.Width, banners.MinSize().Height))
	}
	if b := banners.MinSize().Height; b > 0 {
		put(banners, 0, y, s.Width, b)
		y += b + theme.Inset
	}
	t := timeline.MinSize().Height
	put(view, 0, y, s.Width, s.Height-y-t-theme.Inset)
	put(timeline, 0, s.Height-t, s.Width, t)
}

// frame puts a head and a foot around a body that takes the rest, with nothing between them.
type frame struct{}

// MinSize implements fyne.Layout.
func (frame) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, x := range o {
		m := x.MinSize()
		s = fyne.NewSize(max(s.Width, m.Width), s.Height+m.Height)
	}
	return s
}

// Layout implements fyne.Layout.
func (frame) Layout(o []fyne.CanvasObject, s fyne.Size) {
	head, foot := o[0].MinSize().Height, o[2].MinSize().Height
	put(o[0], 0, 0, s.Width, head)
	put(o[1], 0, head, s.Width, s.Height-head-foot)
	put(o[2], 0, s.Height-foot, s.Width, foot)
}

// low gives what it holds a height below its own wish.
type low struct{ height func() float32 }

// MinSize implements fyne.Layout.
func (l low) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(o[0].MinSize().Width, l.height())
}

// Layout implements fyne.Layout.
func (l low) Layout(o []fyne.CanvasObject, s fyne.Size) { put(o[0], 0, 0, s.Width, s.Height) }

// anyWidth lets a text be as wide as there is room, so that a long one does not widen the column.
type anyWidth struct{}

// MinSize implements fyne.Layout.
func (anyWidth) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, o[0].MinSize().Height)
}

// Layout implements fyne.Layout.
func (anyWidth) Layout(o []fyne.CanvasObject, s fyne.Size) { put(o[0], 0, 0, s.Width, s.Height) }
