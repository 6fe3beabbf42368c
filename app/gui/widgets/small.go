package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// line is a text of one face and one colour name: the base of the labels below.
type line struct {
	widget.BaseWidget
	text  string
	face  face
	color fyne.ThemeColorName
	align fyne.TextAlign
}

// SetText changes the text.
func (l *line) SetText(text string) {
	if l.text != text {
		l.text = text
		l.Refresh()
	}
}

// Text is what it shows.
func (l *line) Text() string { return l.text }

// CreateRenderer implements fyne.Widget.
func (l *line) CreateRenderer() fyne.WidgetRenderer {
	t := newText(l.face)
	r := &renderer{
		objects: func() []fyne.CanvasObject { return []fyne.CanvasObject{t} },
		min:     func() fyne.Size { return measure(l.text, l.face) },
		layout:  func(s fyne.Size) { t.Resize(s) },
		refresh: func() {
			t.Text, t.Color, t.Alignment = l.text, tint(l, l.color), l.align
			t.Refresh()
		},
	}
	r.refresh()
	return r
}

// MonoLabel is a number or a line of numbers, in the monospaced face.
type MonoLabel struct{ line }

// NewMonoLabel makes one.
func NewMonoLabel(text string) *MonoLabel {
	l := &MonoLabel{line{text: text, face: captionMono, color: foreground}}
	l.ExtendBaseWidget(l)
	return l
}

// SectionTitle heads a group of controls or a panel.
type SectionTitle struct{ line }

// NewSectionTitle makes one.
func NewSectionTitle(text string) *SectionTitle {
	l := &SectionTitle{line{text: text, face: captionBold, color: theme.ColorSoft}}
	l.ExtendBaseWidget(l)
	return l
}

// TagLabel is a small outlined tag: measured, counted, authors' code.
type TagLabel struct {
	widget.BaseWidget
	text string
}

// NewTagLabel makes one.
func NewTagLabel(text string) *TagLabel {
	t := &TagLabel{text: text}
	t.ExtendBaseWidget(t)
	return t
}

// SetText changes the tag; an empty one takes no room.
func (t *TagLabel) SetText(text string) {
	if t.text != text {
		t.text = text
		t.Refresh()
	}
}

// Text is what it shows.
func (t *TagLabel) Text() string { return t.text }

// CreateRenderer implements fyne.Widget.
func (t *TagLabel) CreateRenderer() fyne.WidgetRenderer {
	tag := newTag()
	r := &renderer{
		objects: tag.objects,
		min: func() fyne.Size {
			if t.text == "" {
				return fyne.Size{}
			}
			return tagSize(t.text)
		},
		layout: func(s fyne.Size) { tag.place(0, 0, s) },
		refresh: func() {
			tag.set(t, t.text)
			tag.place(0, 0, t.Size())
		},
	}
	r.refresh()
	return r
}

// tag is the drawing of a TagLabel, for widgets that draw many.
type tag struct {
	box  *canvas.Rectangle
	text *canvas.Text
}

// tagText is a little smaller than a caption: a tag is a footnote brought to its number.
const tagText = theme.CaptionSize - 1

func newTag() *tag {
	t := &tag{box: canvas.NewRectangle(nil), text: newText(caption)}
	t.text.TextSize = tagText
	t.text.Alignment = fyne.TextAlignCenter
	t.box.CornerRadius = theme.Step
	t.box.StrokeWidth = 1
	return t
}

func tagSize(text string) fyne.Size {
	s := fyne.MeasureText(text, tagText, fyne.TextStyle{})
	return fyne.NewSize(s.Width+3*theme.Step, s.Height+theme.Step)
}

func (t *tag) objects() []fyne.CanvasObject { return []fyne.CanvasObject{t.box, t.text} }

func (t *tag) set(w themed, text string) {
	t.text.Text, t.text.Color = text, tint(w, theme.ColorSoft)
	t.box.StrokeColor = tint(w, fyneInputBorder)
	t.box.Hidden, t.text.Hidden = text == "", text == ""
	t.box.Refresh()
	t.text.Refresh()
}

func (t *tag) place(x, y float32, s fyne.Size) {
	place(t.box, x, y, s.Width, s.Height)
	h := t.text.MinSize().Height
	place(t.text, x, y+(s.Height-h)/2, s.Width, h)
}

// Note is caption-sized grey text that wraps to the width it is given.
type Note struct {
	widget.BaseWidget
	text  string
	color fyne.ThemeColorName
	face  face
	align fyne.TextAlign
	// whole keeps the stretches between " · " in one piece when lines are broken.
	whole bool
	// width is the one its lines are broken for; lines the result.
	width float32
	lines []string
}

// NewNote makes one.
func NewNote(text string) *Note {
	n := &Note{text: text, color: theme.ColorSoft, face: caption}
	n.ExtendBaseWidget(n)
	return n
}

// SetText changes the text.
func (n *Note) SetText(text string) {
	if n.text != text {
		n.text = text
		n.Refresh()
	}
}

// Text is what it shows.
func (n *Note) Text() string { return n.text }

// Resize implements fyne.CanvasObject: a new width breaks the lines anew.
func (n *Note) Resize(s fyne.Size) {
	changed := s.Width != n.width
	n.width = s.Width
	n.BaseWidget.Resize(s)
	if changed {
		n.Refresh()
	}
}

func (n *Note) broken() []string {
	if n.whole {
		return wrap(strings.Split(n.text, " · "), " · ", n.face, n.width)
	}
	return wrap(strings.Fields(n.text), " ", n.face, n.width)
}

// CreateRenderer implements fyne.Widget.
func (n *Note) CreateRenderer() fyne.WidgetRenderer {
	var texts []*canvas.Text
	var objects []fyne.CanvasObject
	height := measure("Ag", n.face).Height
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min: func() fyne.Size {
			rows := max(len(n.lines), 1)
			if n.text == "" {
				rows = 0
			}
			return fyne.NewSize(0, float32(rows)*height)
		},
		layout: func(fyne.Size) {
			for i, t := range texts {
				place(t, 0, float32(i)*height, n.width, height)
			}
		},
	}
	r.refresh = func() {
		if n.width > 0 {
			n.lines = n.broken()
		}
		texts, objects = resize(texts, len(n.lines), func() *canvas.Text { return newText(n.face) })
		for i, t := range texts {
			t.Text, t.Color, t.Alignment = n.lines[i], tint(n, n.color), n.align
			t.Refresh()
		}
		r.layout(n.Size())
	}
	r.refresh()
	return r
}

// resize grows or cuts a pool of canvas objects to n and lists them for a renderer.
func resize[T fyne.CanvasObject](pool []T, n int, make func() T) ([]T, []fyne.CanvasObject) {
	for len(pool) < n {
		pool = append(pool, make())
	}
	pool = pool[:n]
	out := []fyne.CanvasObject{}
	for _, o := range pool {
		out = append(out, o)
	}
	return pool, out
}

// Panel is a rounded card with a hairline border around content.
type Panel struct {
	widget.BaseWidget
	content fyne.CanvasObject
	accent  bool
	inset   float32
}

// NewPanel makes one.
func NewPanel(content fyne.CanvasObject) *Panel {
	p := &Panel{content: content, inset: theme.Inset}
	p.ExtendBaseWidget(p)
	return p
}

// SetAccent gives the border the colour of what is kept.
func (p *Panel) SetAccent(on bool) {
	if p.accent != on {
		p.accent = on
		p.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	box := newPanelBox()
	r := &renderer{
		objects: func() []fyne.CanvasObject { return []fyne.CanvasObject{box, p.content} },
		min:     func() fyne.Size { return p.content.MinSize().AddWidthHeight(2*p.inset, 2*p.inset) },
		layout: func(s fyne.Size) {
			place(box, 0, 0, s.Width, s.Height)
			place(p.content, p.inset, p.inset, s.Width-2*p.inset, s.Height-2*p.inset)
		},
		refresh: func() {
			paintPanel(p, box, p.accent)
			p.content.Refresh()
		},
	}
	paintPanel(p, box, p.accent)
	return r
}

func newPanelBox() *canvas.Rectangle {
	return &canvas.Rectangle{CornerRadius: theme.Radius, StrokeWidth: 1}
}

func paintPanel(w themed, box *canvas.Rectangle, accent bool) {
	box.FillColor = tint(w, theme.ColorPanel)
	box.StrokeColor = tint(w, theme.ColorHairline)
	if accent {
		box.StrokeColor = tint(w, theme.ColorKeptSoft)
	}
	box.Refresh()
}
