package gui

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// answerLine is what an answerRow says.
type answerLine struct {
	// side is the index in the run, -1 for dense.
	side  int
	label string
	words []answerWord
	// verdict stands beside the label: same as dense, differs from word 3, waiting.
	verdict string
	// hint stands in the place of an answer.
	hint      string
	failed    bool
	streaming bool
}

// answerWord is a piece of an answer as it was generated, spaces included.
type answerWord struct {
	text string
	// differs from the dense answer; first of those that do.
	differs, first bool
}

func (l answerLine) text() string {
	var b strings.Builder
	for _, w := range l.words {
		b.WriteString(w.text)
	}
	return strings.TrimSpace(b.String())
}

func (l answerLine) same(o answerLine) bool {
	if len(l.words) != len(o.words) {
		return false
	}
	for i := range l.words {
		if l.words[i] != o.words[i] {
			return false
		}
	}
	return l.side == o.side && l.label == o.label && l.verdict == o.verdict && l.hint == o.hint && l.failed == o.failed && l.streaming == o.streaming
}

// answerRow is one side's answer in the list of the Compare view: its letter, its name, the words,
// those that differ from dense underlined and the first of them on a ground. A click opens a menu.
type answerRow struct {
	widget.BaseWidget
	onMenu func(r *answerRow)

	line             answerLine
	width            float32
	hovered, focused bool
}

var (
	_ fyne.Tappable          = (*answerRow)(nil)
	_ fyne.SecondaryTappable = (*answerRow)(nil)
	_ fyne.Focusable         = (*answerRow)(nil)
	_ desktop.Hoverable      = (*answerRow)(nil)
	_ desktop.Cursorable     = (*answerRow)(nil)
)

func newAnswerRow(onMenu func(*answerRow)) *answerRow {
	r := &answerRow{onMenu: onMenu}
	r.ExtendBaseWidget(r)
	return r
}

func (r *answerRow) set(l answerLine) {
	if !r.line.same(l) {
		r.line = l
		r.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (r *answerRow) Tapped(*fyne.PointEvent) { r.onMenu(r) }

// TappedSecondary implements fyne.SecondaryTappable.
func (r *answerRow) TappedSecondary(*fyne.PointEvent) { r.onMenu(r) }

// MouseIn implements desktop.Hoverable.
func (r *answerRow) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (r *answerRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *answerRow) MouseOut() { r.hovered = false; r.Refresh() }

// Cursor implements desktop.Cursorable.
func (r *answerRow) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained implements fyne.Focusable.
func (r *answerRow) FocusGained() { r.focused = true; r.Refresh() }

// FocusLost implements fyne.Focusable.
func (r *answerRow) FocusLost() { r.focused = false; r.Refresh() }

// TypedRune implements fyne.Focusable.
func (r *answerRow) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (r *answerRow) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter || e.Name == fyne.KeySpace {
		r.onMenu(r)
	}
}

// Resize implements fyne.CanvasObject: a new width breaks the lines anew.
func (r *answerRow) Resize(s fyne.Size) {
	changed := s.Width != r.width
	r.width = s.Width
	r.BaseWidget.Resize(s)
	if changed {
		r.Refresh()
	}
}

const (
	answerChip  = 20
	answerLeft  = theme.Inset + answerChip + theme.Gap
	answerLineH = 20
)

// piece is a stretch of text at its place.
type piece struct {
	text           string
	x, y, w        float32
	differs, first bool
}

// pieces breaks the words of an answer into lines of a width, from 0, 0.
func pieces(words []answerWord, width float32) (out []piece, lines int) {
	measure := func(s string) float32 { return fyne.MeasureText(s, theme.TextSize, fyne.TextStyle{}).Width }
	space := measure(" ")
	// A whole word is what lies between spaces; it may be made of several tokens.
	var whole [][]answerWord
	for _, w := range words {
		for k, part := range strings.Split(w.text, " ") {
			if k > 0 || len(whole) == 0 {
				whole = append(whole, nil)
			}
			if part != "" {
				whole[len(whole)-1] = append(whole[len(whole)-1], answerWord{strings.ReplaceAll(part, "\n", " "), w.differs, w.first})
			}
		}
	}
	var x, y float32
	for _, parts := range whole {
		var w float32
		for _, p := range parts {
			w += measure(p.text)
		}
		if w == 0 {
			continue
		}
		if x > 0 && x+space+w > width {
			x, y = 0, y+answerLineH
		} else if x > 0 {
			x += space
		}
		for _, p := range parts {
			pw := measure(p.text)
			out = append(out, piece{p.text, x, y, pw, p.differs, p.first})
			x += pw
		}
	}
	if len(out) > 0 {
		lines = int(y/answerLineH) + 1
	}
	return out, lines
}

// answerDrawing holds the canvas objects of a row.
type answerDrawing struct {
	r              *answerRow
	back, chip     *canvas.Rectangle
	letter         *canvas.Text
	label, verdict *canvas.Text
	hint           *canvas.Text
	caret          *canvas.Rectangle
	pieces         []piece
	lines          int
	texts          []*canvas.Text
	grounds, marks []*canvas.Rectangle
	list           []fyne.CanvasObject
}

// CreateRenderer implements fyne.Widget.
func (r *answerRow) CreateRenderer() fyne.WidgetRenderer {
	caption := func(bold bool) *canvas.Text {
		return &canvas.Text{TextSize: theme.CaptionSize, TextStyle: fyne.TextStyle{Bold: bold}}
	}
	d := &answerDrawing{r: r, back: &canvas.Rectangle{CornerRadius: theme.Small}, chip: &canvas.Rectangle{CornerRadius: 5},
		letter: caption(true), label: caption(true), verdict: caption(false), hint: caption(false), caret: canvas.NewRectangle(nil)}
	d.letter.Alignment, d.verdict.Alignment = fyne.TextAlignCenter, fyne.TextAlignTrailing
	d.Refresh()
	return d
}

// Objects implements fyne.WidgetRenderer.
func (d *answerDrawing) Objects() []fyne.CanvasObject { return d.list }

// Destroy implements fyne.WidgetRenderer.
func (d *answerDrawing) Destroy() {}

// MinSize implements fyne.WidgetRenderer.
func (d *answerDrawing) MinSize() fyne.Size {
	return fyne.NewSize(240, theme.Step+18+float32(max(d.lines, 1))*answerLineH+theme.Gap)
}

// Layout implements fyne.WidgetRenderer.
func (d *answerDrawing) Layout(s fyne.Size) {
	put(d.back, theme.Step, 0, s.Width-2*theme.Step, s.Height)
	put(d.chip, theme.Inset, theme.Gap, answerChip, answerChip)
	h := d.letter.MinSize().Height
	put(d.letter, theme.Inset, theme.Gap+(answerChip-h)/2, answerChip, h)
	inner := s.Width - answerLeft - theme.Inset
	v := d.verdict.MinSize()
	put(d.label, answerLeft, theme.Step, inner-v.Width-theme.Gap, v.Height)
	put(d.verdict, answerLeft, theme.Step, inner, v.Height)
	const top = theme.Step + 18
	put(d.hint, answerLeft, top+1, inner, d.hint.MinSize().Height)
	endX, endY := float32(answerLeft), float32(top)
	for i, p := range d.pieces {
		x, y := answerLeft+p.x, top+p.y
		put(d.texts[i], x, y, p.w, answerLineH)
		put(d.marks[i], x, y+answerLineH-2, p.w, 2)
		put(d.grounds[i], x-2, y, p.w+4, answerLineH)
		endX, endY = x+p.w+2, y
	}
	put(d.caret, endX, endY+2, 2, answerLineH-4)
}

// Refresh implements fyne.WidgetRenderer.
func (d *answerDrawing) Refresh() {
	l := d.r.line
	inner := d.r.width - answerLeft - theme.Inset
	d.pieces, d.lines = nil, 0
	if inner > 0 {
		d.pieces, d.lines = pieces(l.words, inner)
	}
	tint := sideColour(l.side)
	d.back.FillColor = color.Transparent
	if d.r.hovered || d.r.focused {
		d.back.FillColor = colour(fynetheme.ColorNameHover)
	}
	d.chip.FillColor, d.letter.Color = tint, colour(fynetheme.ColorNameBackground)
	d.letter.Text = "" // the dense side needs none
	if l.side >= 0 {
		d.letter.Text = letter(l.side)
	}
	d.verdict.Text, d.verdict.Color = l.verdict, colour(theme.ColorFaint)
	room := inner - d.verdict.MinSize().Width - theme.Gap
	d.label.Text = ""
	if room > 0 {
		d.label.Text = cut(l.label, room, d.label)
	}
	d.label.Color = colour(theme.ColorSoft)
	d.hint.Text, d.hint.Color = "", colour(theme.ColorFaint)
	if len(l.words) == 0 && inner > 0 {
		d.hint.Text = cut(l.hint, inner, d.hint)
	}
	if l.failed {
		d.hint.Color, d.verdict.Color = colour(fynetheme.ColorNameError), colour(fynetheme.ColorNameError)
	}
	d.caret.FillColor, d.caret.Hidden = tint, !l.streaming
	d.list = []fyne.CanvasObject{d.back, d.chip, d.letter, d.label, d.verdict, d.hint}
	for len(d.texts) < len(d.pieces) {
		d.texts = append(d.texts, &canvas.Text{TextSize: theme.TextSize})
		d.marks = append(d.marks, &canvas.Rectangle{CornerRadius: 1})
		d.grounds = append(d.grounds, &canvas.Rectangle{CornerRadius: 4})
	}
	for i, p := range d.pieces {
		t, m, g := d.texts[i], d.marks[i], d.grounds[i]
		t.Text, t.Color = p.text, colour(fynetheme.ColorNameForeground)
		m.FillColor, m.Hidden = tint, !p.differs
		g.FillColor, g.Hidden = veil(tint, 0x38), !p.first
		d.list = append(d.list, g, m, t)
	}
	d.list = append(d.list, d.caret)
	d.Layout(d.r.Size())
	for _, o := range d.list {
		o.Refresh()
	}
}

// cut shortens a text at its end until it fits.
func cut(text string, width float32, like *canvas.Text) string {
	fits := func(s string) bool { return fyne.MeasureText(s, like.TextSize, like.TextStyle).Width <= width }
	if fits(text) {
		return text
	}
	r := []rune(text)
	for n := len(r) - 1; n > 0; n-- {
		if s := strings.TrimRight(string(r[:n]), " ") + "…"; fits(s) {
			return s
		}
	}
	return ""
}

// veil is a colour with another opacity.
func veil(c color.Color, alpha uint8) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = alpha
	return n
}
