package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// WordChoice is a candidate for a word, with its probability.
type WordChoice struct {
	Text string
	P    float64
}

// WordRow is a generated word and the candidates for it, best first.
type WordRow struct {
	Text string
	// Before the logits were edited, After, and those of the prior that was held against them. All
	// may be empty.
	Before, After, Against []WordChoice
}

// changed is true where the edit put another candidate first.
func (r WordRow) changed() bool {
	return len(r.Before) > 0 && len(r.After) > 0 && r.Before[0].Text != r.After[0].Text
}

func (r WordRow) equal(o WordRow) bool {
	return r.Text == o.Text && slices.Equal(r.Before, o.Before) && slices.Equal(r.After, o.After) && slices.Equal(r.Against, o.Against)
}

// WordTable lists the words of an answer with the first choice before and after contrast, marked
// where they differ. A chosen row unfolds into the first five of each. It scrolls, and holds
// objects for the rows in view only. Up and down choose.
type WordTable struct {
	widget.BaseWidget
	// OnSelect is called when the person chooses a word's row; -1 when they fold it again.
	OnSelect func(step int)

	rows     []WordRow
	selected int
	focused  bool
	hint     string
	list     *wordList
	scroll   *container.Scroll
	show     func() // repaints the frame; nothing until it is shown
}

var _ fyne.Focusable = (*WordTable)(nil)

// NewWordTable makes an empty one.
func NewWordTable() *WordTable {
	t := &WordTable{selected: -1, hint: "No words yet.", show: func() {}}
	t.list = &wordList{t: t, hovered: -1, place: func() {}, mark: func() {}}
	t.list.ExtendBaseWidget(t.list)
	t.scroll = container.NewVScroll(t.list)
	t.scroll.OnScrolled = func(fyne.Position) { t.list.place() }
	t.ExtendBaseWidget(t)
	return t
}

// SetHint is what it says without words.
func (t *WordTable) SetHint(text string) { t.hint = text; t.Refresh() }

// SetRows replaces the words; while they stream in, call it with all of them.
func (t *WordTable) SetRows(rows []WordRow) {
	if slices.EqualFunc(rows, t.rows, WordRow.equal) {
		return
	}
	t.rows = slices.Clone(rows)
	if t.selected >= len(rows) {
		t.selected = -1
	}
	t.list.hovered = -1
	t.Refresh()
}

// SetSelected unfolds a row without calling OnSelect, and scrolls it into view; -1 folds.
func (t *WordTable) SetSelected(step int) {
	if step < 0 || step >= len(t.rows) {
		step = -1
	}
	if step != t.selected {
		t.selected = step
		t.list.Refresh()
		t.scroll.Refresh()
		t.reveal()
		t.list.place()
	}
}

// Selected is the unfolded row, or -1.
func (t *WordTable) Selected() int { return t.selected }

func (t *WordTable) choose(step int) {
	if len(t.rows) == 0 {
		return
	}
	if step = max(min(step, len(t.rows)-1), -1); step == t.selected {
		return
	}
	t.SetSelected(step)
	if t.OnSelect != nil {
		t.OnSelect(step)
	}
}

// reveal scrolls as little as shows the chosen row whole.
func (t *WordTable) reveal() {
	if t.selected < 0 {
		return
	}
	y0, y1 := t.list.top(t.selected), t.list.top(t.selected+1)
	view, at := t.scroll.Size().Height, t.scroll.Offset.Y
	if y1 > at+view {
		at = y1 - view
	}
	at = min(at, y0)
	if at != t.scroll.Offset.Y && view > 0 {
		t.scroll.ScrollToOffset(fyne.NewPos(0, at))
	}
}

// FocusGained implements fyne.Focusable.
func (t *WordTable) FocusGained() { t.focused = true; t.show() }

// FocusLost implements fyne.Focusable.
func (t *WordTable) FocusLost() { t.focused = false; t.show() }

// TypedRune implements fyne.Focusable.
func (t *WordTable) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (t *WordTable) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyUp:
		t.choose(max(t.selected-1, 0))
	case fyne.KeyDown:
		t.choose(t.selected + 1)
	case fyne.KeyHome:
		t.choose(0)
	case fyne.KeyEnd:
		t.choose(len(t.rows) - 1)
	case fyne.KeyEscape:
		t.choose(-1)
	}
}

const (
	wordRow    = 6 * theme.Step
	wordChoice = 5 * theme.Step // a line of the unfolded part
	wordTop    = 5              // candidates shown
	wordHead   = 7 * theme.Step
	// wordOpen is the height of the unfolded part: heads, five lines, room around them.
	wordOpen = (wordTop+1)*wordChoice + 4*theme.Step
)

// wordColumns are the left edges of word, before and after in a width.
func wordColumns(w float32) [4]float32 {
	in := w - 2*theme.Inset
	return [4]float32{theme.Inset, theme.Inset + in*0.28, theme.Inset + in*0.64, w - theme.Inset}
}

// CreateRenderer implements fyne.Widget.
func (t *WordTable) CreateRenderer() fyne.WidgetRenderer {
	box := newPanelBox()
	rule := canvas.NewRectangle(nil)
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	var heads [3]*canvas.Text
	objects := []fyne.CanvasObject{box, rule, hint, t.scroll}
	for i, text := range []string{"word", "plain", "after contrast"} {
		heads[i] = newText(captionBold)
		heads[i].Text = text
		objects = append(objects, heads[i])
	}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(72*theme.Step, wordHead+8*wordRow+theme.Gap) },
	}
	var last fyne.Size
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(rule, 1, wordHead, s.Width-2, 1)
		at := wordColumns(s.Width)
		for i, h := range heads {
			m := h.MinSize()
			place(h, at[i], (wordHead-m.Height)/2+1, m.Width, m.Height)
		}
		place(t.scroll, 1, wordHead+1, s.Width-2, s.Height-wordHead-theme.Step)
		h := hint.MinSize().Height
		place(hint, theme.Inset, (s.Height-h)/2, s.Width-2*theme.Inset, h)
		if s != last {
			last = s
			t.reveal()
		}
		t.list.place()
	}
	t.show = func() {
		paintPanel(t, box, false)
		if t.focused {
			box.StrokeColor = tint(t, theme.ColorKept)
			box.Refresh()
		}
	}
	r.refresh = func() {
		t.show()
		rule.FillColor = tint(t, theme.ColorHairline)
		hint.SetText(t.hint)
		hint.Refresh()
		hint.Hidden, rule.Hidden = len(t.rows) > 0, len(t.rows) == 0
		if len(t.rows) == 0 {
			t.scroll.Hide()
		} else {
			t.scroll.Show()
		}
		for _, h := range heads {
			h.Color, h.Hidden = tint(t, theme.ColorSoft), len(t.rows) == 0
			h.Refresh()
		}
		t.list.Refresh()
		t.scroll.Refresh()
		r.layout(t.Size())
		rule.Refresh()
	}
	r.refresh()
	return r
}

// wordList is the part of a WordTable that scrolls.
type wordList struct {
	widget.BaseWidget
	t       *WordTable
	hovered int
	place   func() // draws the rows in view; nothing until it is shown
	mark    func() // moves the mark of the hovered row
}

var (
	_ fyne.Tappable     = (*wordList)(nil)
	_ desktop.Hoverable = (*wordList)(nil)
)

// top is where row i begins.
func (l *wordList) top(i int) float32 {
	y := float32(i) * wordRow
	if s := l.t.selected; s >= 0 && i > s {
		y += wordOpen
	}
	return y
}

// at is the row at a height, -1 below the last. open is true in its unfolded part.
func (l *wordList) at(y float32) (row int, open bool) {
	s := l.t.selected
	if s >= 0 && y >= float32(s+1)*wordRow {
		if y < float32(s+1)*wordRow+wordOpen {
			return s, true
		}
		y -= wordOpen
	}
	i := int(y / wordRow)
	if y < 0 || i >= len(l.t.rows) {
		return -1, false
	}
	return i, false
}

// Tapped implements fyne.Tappable: a tap on the unfolded row folds it.
func (l *wordList) Tapped(e *fyne.PointEvent) {
	focus(l.t)
	i, open := l.at(e.Position.Y)
	switch {
	case i < 0 || open:
	case i == l.t.selected:
		l.t.choose(-1)
	default:
		l.t.choose(i)
	}
}

// MouseIn implements desktop.Hoverable.
func (l *wordList) MouseIn(e *desktop.MouseEvent) { l.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (l *wordList) MouseMoved(e *desktop.MouseEvent) {
	i, open := l.at(e.Position.Y)
	if open {
		i = -1
	}
	l.hover(i)
}

// MouseOut implements desktop.Hoverable.
func (l *wordList) MouseOut() { l.hover(-1) }

func (l *wordList) hover(i int) {
	if i != l.hovered {
		l.hovered = i
		l.mark()
	}
}
