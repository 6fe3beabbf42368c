package gui

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
)

// colour looks a colour up in the theme in use.
func colour(name fyne.ThemeColorName) color.Color {
	s := fyne.CurrentApp().Settings()
	return s.Theme().Color(name, s.ThemeVariant())
}

// painted is a widget of a few canvas objects whose colours follow the theme.
type painted struct {
	widget.BaseWidget
	content fyne.CanvasObject
	paint   func()
}

// CreateRenderer implements fyne.Widget.
func (p *painted) CreateRenderer() fyne.WidgetRenderer {
	p.paint()
	return &paintedRenderer{widget.NewSimpleRenderer(p.content), p}
}

type paintedRenderer struct {
	fyne.WidgetRenderer
	p *painted
}

// Refresh implements fyne.WidgetRenderer.
func (r *paintedRenderer) Refresh() {
	r.p.paint()
	r.WidgetRenderer.Refresh()
}

// newRule is a hairline, one unit wide or high.
func newRule() fyne.CanvasObject {
	line := canvas.NewRectangle(nil)
	line.SetMinSize(fyne.NewSize(1, 1))
	p := &painted{content: line}
	p.paint = func() { line.FillColor = colour(theme.ColorHairline) }
	p.ExtendBaseWidget(p)
	return p
}

// brand is the name, with its grain of wheat in the accent.
type brand struct{ painted }

func newBrand() *brand {
	b := &brand{}
	var parts []fyne.CanvasObject
	for _, t := range []string{"win", "n", "ow"} {
		parts = append(parts, &canvas.Text{Text: t, TextSize: theme.TextSize + 2, TextStyle: fyne.TextStyle{Bold: true}})
	}
	b.content = hbox(0, parts...)
	b.paint = func() {
		for i, p := range parts {
			name := fynetheme.ColorNameForeground
			if i == 1 {
				name = theme.ColorKept
			}
			p.(*canvas.Text).Color = colour(name)
		}
	}
	b.ExtendBaseWidget(b)
	return b
}

// newCaption is a grey name in one line.
func newCaption(text string) fyne.CanvasObject {
	t := &canvas.Text{Text: text, TextSize: theme.CaptionSize}
	p := &painted{content: t}
	p.paint = func() { t.Color = colour(theme.ColorSoft) }
	p.ExtendBaseWidget(p)
	return p
}

// banner is a widgets.Banner that has what is around it laid out anew when it comes or goes, which
// Fyne does not do by itself for what counts in no minimum size.
type banner struct {
	*widgets.Banner
	relay func()
}

// Notice says something that stopped nothing.
func (b banner) Notice(text string, acts ...widgets.Action) {
	b.Banner.Notice(text, acts...)
	b.relay()
}

// Error says what went wrong; the actions are what to do next.
func (b banner) Error(text string, acts ...widgets.Action) {
	b.Banner.Error(text, acts...)
	b.relay()
}

// Dismiss takes it away.
func (b banner) Dismiss() {
	if b.Visible() {
		b.Banner.Dismiss()
		b.relay()
	}
}

// tappable is a painted widget that can be clicked, and pressed with Enter or Space.
type tappable struct {
	painted
	tapped           func()
	hovered, focused bool
}

var (
	_ fyne.Tappable      = (*tappable)(nil)
	_ fyne.Focusable     = (*tappable)(nil)
	_ desktop.Hoverable  = (*tappable)(nil)
	_ desktop.Cursorable = (*tappable)(nil)
)

// Tapped implements fyne.Tappable.
func (t *tappable) Tapped(*fyne.PointEvent) { t.tapped() }

// MouseIn implements desktop.Hoverable.
func (t *tappable) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (t *tappable) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (t *tappable) MouseOut() { t.hovered = false; t.Refresh() }

// Cursor implements desktop.Cursorable.
func (t *tappable) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained implements fyne.Focusable.
func (t *tappable) FocusGained() { t.focused = true; t.Refresh() }

// FocusLost implements fyne.Focusable.
func (t *tappable) FocusLost() { t.focused = false; t.Refresh() }

// TypedRune implements fyne.Focusable.
func (t *tappable) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (t *tappable) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter || e.Name == fyne.KeySpace {
		t.tapped()
	}
}

// thumb is a small picture to choose.
type thumb struct {
	tappable
	pic    *canvas.Image
	chosen bool
}

func newThumb(img image.Image, side float32, tapped func()) *thumb {
	pic := canvas.NewImageFromImage(img)
	t := &thumb{pic: pic}
	t.tapped = tapped
	pic.FillMode, pic.ScaleMode = canvas.ImageFillContain, canvas.ImageScaleFastest
	pic.CornerRadius = theme.Small
	pic.SetMinSize(fyne.NewSize(side, side))
	edge := canvas.NewRectangle(color.Transparent)
	edge.CornerRadius, edge.StrokeWidth = theme.Small, 2
	t.content = container.NewStack(pic, edge)
	t.paint = func() {
		switch {
		case t.chosen:
			edge.StrokeColor = colour(theme.ColorKept)
		case t.hovered || t.focused:
			edge.StrokeColor = colour(theme.ColorSoft)
		default:
			edge.StrokeColor = color.Transparent
		}
		edge.Refresh()
	}
	t.ExtendBaseWidget(t)
	return t
}

func (t *thumb) setImage(img image.Image) {
	t.pic.Image = img
	t.pic.Refresh()
}

func (t *thumb) setChosen(on bool) {
	if t.chosen != on {
		t.chosen = on
		t.Refresh()
	}
}

// suggestion is a question that can be chosen.
type suggestion struct{ tappable }

func newSuggestion(text string, tapped func()) *suggestion {
	s := &suggestion{}
	s.tapped = tapped
	label := &canvas.Text{Text: text, TextSize: theme.CaptionSize}
	back := canvas.NewRectangle(color.Transparent)
	back.CornerRadius = theme.Small
	s.content = container.NewStack(back, padded(3, 3, 6, 6, label))
	s.paint = func() {
		label.Color, back.FillColor = colour(theme.ColorSoft), color.Transparent
		if s.hovered || s.focused {
			label.Color, back.FillColor = colour(fynetheme.ColorNameForeground), colour(fynetheme.ColorNameHover)
		}
		label.Refresh()
		back.Refresh()
	}
	s.ExtendBaseWidget(s)
	return s
}

// foldLine is a line of text that unfolds what is under it.
type foldLine struct {
	tappable
	text string
	open bool
}

func newFoldLine(tapped func()) *foldLine {
	f := &foldLine{}
	f.tapped = tapped
	label := &canvas.Text{TextSize: theme.CaptionSize}
	back := canvas.NewRectangle(color.Transparent)
	back.CornerRadius = theme.Small
	f.content = container.NewStack(back, padded(3, 3, 6, 6, label))
	f.paint = func() {
		mark := "▸ "
		if f.open {
			mark = "▾ "
		}
		label.Text = mark + f.text
		label.Color, back.FillColor = colour(theme.ColorSoft), color.Transparent
		if f.hovered || f.focused {
			label.Color, back.FillColor = colour(fynetheme.ColorNameForeground), colour(fynetheme.ColorNameHover)
		}
		label.Refresh()
		back.Refresh()
	}
	f.ExtendBaseWidget(f)
	return f
}

func (f *foldLine) set(text string, open bool) {
	if f.text != text || f.open != open {
		f.text, f.open = text, open
		f.Refresh()
	}
}

// pictureCard shows the picture chosen; a click opens another.
type pictureCard struct {
	tappable
	pic   *canvas.Image
	name  *canvas.Text
	lines [2]*widgets.Note
}

func newPictureCard(tapped func()) *pictureCard {
	c := &pictureCard{
		pic:   canvas.NewImageFromImage(nil),
		name:  &canvas.Text{TextSize: theme.TextSize, TextStyle: fyne.TextStyle{Bold: true}},
		lines: [2]*widgets.Note{widgets.NewNote(""), widgets.NewNote("")},
	}
	c.tapped = tapped
	c.pic.FillMode, c.pic.ScaleMode = canvas.ImageFillContain, canvas.ImageScaleFastest
	c.pic.CornerRadius = theme.Small
	c.pic.SetMinSize(fyne.NewSize(thumbSide/2, thumbSide/2))
	hole := canvas.NewRectangle(nil)
	hole.CornerRadius = theme.Small
	box := canvas.NewRectangle(nil)
	box.CornerRadius, box.StrokeWidth = theme.Radius, 1
	c.content = container.NewStack(box, padded(theme.Gap, theme.Gap, theme.Gap, theme.Gap,
		container.NewBorder(nil, nil, container.NewStack(hole, c.pic), nil,
			padded(0, 0, theme.Gap, 0, vbox(2, c.name, c.lines[0], c.lines[1])))))
	c.paint = func() {
		box.FillColor, box.StrokeColor = colour(theme.ColorPanel), colour(theme.ColorHairline)
		if c.hovered || c.focused {
			box.StrokeColor = colour(theme.ColorFaint)
		}
		c.name.Color = colour(fynetheme.ColorNameForeground)
		hole.FillColor = color.Transparent
		if c.pic.Image == nil {
			hole.FillColor = colour(theme.ColorTrack)
		}
		hole.Refresh()
		box.Refresh()
	}
	c.ExtendBaseWidget(c)
	return c
}

// nameWidth is the room for a name beside the thumbnail in the narrower column.
const nameWidth = leftWidthSmall - 2*side4 - thumbSide/2 - 4*theme.Gap

func (c *pictureCard) set(img image.Image, name, first, second string) {
	c.pic.Image = img
	c.pic.Refresh()
	c.name.Text = middle(name, nameWidth, c.name)
	c.lines[0].SetText(first)
	c.lines[1].SetText(second)
	c.Refresh()
}

// middle shortens a name in its middle, so that its end stays, until it fits.
func middle(name string, width float32, like *canvas.Text) string {
	fits := func(s string) bool { return fyne.MeasureText(s, like.TextSize, like.TextStyle).Width <= width }
	if fits(name) {
		return name
	}
	r := []rune(name)
	for n := len(r) - 1; n > 4; n-- {
		head := (n + 1) / 2
		if s := string(r[:head]) + "…" + string(r[len(r)-(n-head):]); fits(s) {
			return s
		}
	}
	return string(r[:1]) + "…"
}
