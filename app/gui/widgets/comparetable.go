package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// CompareColumn heads a column: a side's label and its colour (theme.Side; -1 is dense).
type CompareColumn struct {
	Label string
	Side  int
}

// CompareMark says how a text compares with the dense one.
type CompareMark int

// The marks of a cell.
const (
	MarkNone CompareMark = iota
	MarkSame
	MarkDiffers
)

// CompareCell is a value in the table.
type CompareCell struct {
	// Text is the value with its unit; empty: a dash.
	Text string
	// Ratio is set small under it: 1.8× sooner, 38 % of dense.
	Ratio string
	// Best marks the best of the row.
	Best bool
	// Mark, for texts: the same as dense, or not.
	Mark CompareMark
}

// CompareRow is a metric, a value a column.
type CompareRow struct {
	Label string
	// Basis tags it measured or counted; empty: no tag.
	Basis Basis
	Cells []CompareCell
	// Words is true for a row of texts: they are set in the text face and wrap to three lines.
	Words bool
}

// CompareTable sets metrics of several sides beside each other. A click on a column, or left and
// right, chooses a side.
type CompareTable struct {
	widget.BaseWidget
	// OnSelect is called when the person chooses a column; without it none can be chosen.
	OnSelect func(column int)

	columns  []CompareColumn
	rows     []CompareRow
	selected int // column, -1: none
	hovered  int // row, -1: none
	focused  bool
	hint     string
	width    float32
	show     func() // repaints what follows the pointer and the keyboard; nothing until shown
}

var (
	_ fyne.Tappable     = (*CompareTable)(nil)
	_ fyne.Focusable    = (*CompareTable)(nil)
	_ desktop.Hoverable = (*CompareTable)(nil)
)

// NewCompareTable makes an empty one.
func NewCompareTable() *CompareTable {
	t := &CompareTable{selected: -1, hovered: -1, hint: "Nothing to compare yet.", show: func() {}}
	t.ExtendBaseWidget(t)
	return t
}

// SetHint is what it says without columns.
func (t *CompareTable) SetHint(text string) { t.hint = text; t.Refresh() }

// SetColumns replaces the columns.
func (t *CompareTable) SetColumns(columns []CompareColumn) {
	if slices.Equal(columns, t.columns) {
		return
	}
	t.columns = slices.Clone(columns)
	if t.selected >= len(columns) {
		t.selected = -1
	}
	t.Refresh()
}

// SetRows replaces the rows. Cells beyond the columns are left out, missing ones are dashes.
func (t *CompareTable) SetRows(rows []CompareRow) {
	same := func(a, b CompareRow) bool {
		return a.Label == b.Label && a.Basis == b.Basis && a.Words == b.Words && slices.Equal(a.Cells, b.Cells)
	}
	if slices.EqualFunc(rows, t.rows, same) {
		return
	}
	t.rows = slices.Clone(rows)
	for i := range t.rows {
		t.rows[i].Cells = slices.Clone(rows[i].Cells)
	}
	t.hovered = -1
	t.Refresh()
}

// SetSelected marks a column without calling OnSelect; -1 marks none.
func (t *CompareTable) SetSelected(column int) {
	if column < 0 || column >= len(t.columns) {
		column = -1
	}
	if column != t.selected {
		t.selected = column
		t.show()
	}
}

// Selected is the marked column, or -1.
func (t *CompareTable) Selected() int { return t.selected }

func (t *CompareTable) choose(column int) {
	if t.OnSelect == nil || column < 0 || column >= len(t.columns) || column == t.selected {
		return
	}
	t.SetSelected(column)
	t.OnSelect(column)
}

// Resize implements fyne.CanvasObject: a new width wraps the texts anew.
func (t *CompareTable) Resize(s fyne.Size) {
	changed := s.Width != t.width
	t.width = s.Width
	t.BaseWidget.Resize(s)
	if changed {
		t.Refresh()
	}
}

const (
	compareHead = 9 * theme.Step
	compareLine = 17 // of text
	comparePad  = 7  // above and below a row's text
	compareMost = 3  // lines of a text
)

// labelWidth is the room for the metrics' names and tags.
func (t *CompareTable) labelWidth() float32 {
	w := float32(16 * theme.Step)
	for _, r := range t.rows {
		w = max(w, measure(r.Label, caption).Width, tagSize(string(r.Basis)).Width)
	}
	return min(w+theme.Gap, max(t.width*0.36, 16*theme.Step))
}

// compareNarrow is the width of a column below which the metrics' names stand above the values,
// which then have the whole width.
const compareNarrow = 44

// span is where column i lies.
func (t *CompareTable) span(i int) (x, w float32) {
	n := float32(max(len(t.columns), 1))
	left := theme.Inset + t.labelWidth()
	if t.stacked() {
		left = theme.Step
	}
	each := (t.width - left - theme.Step) / n
	return left + float32(i)*each, each
}

// stacked tells whether the names stand above the values.
func (t *CompareTable) stacked() bool {
	room := t.width - theme.Inset - t.labelWidth() - theme.Step
	return t.width > 0 && room < compareNarrow*float32(len(t.columns))
}

// lines are a cell's text broken for its column.
func (t *CompareTable) lines(r CompareRow, c CompareCell) []string {
	_, w := t.span(0)
	if !r.Words {
		return []string{truncate(c.Text, captionMono, w-theme.Inset)}
	}
	all := wrap(fields(c.Text), " ", caption, w-2*theme.Inset)
	if len(all) > compareMost {
		all = all[:compareMost]
		all[compareMost-1] = truncate(all[compareMost-1]+" …", caption, w-2*theme.Inset)
	}
	for i := range all {
		all[i] = truncate(all[i], caption, w-2*theme.Inset)
	}
	return all
}

// height of a row: the most lines of a cell, its ratio or mark among them.
func (t *CompareTable) height(r CompareRow) float32 {
	n, above := 1, 0
	if r.Basis != "" {
		n = 2
	}
	if t.stacked() {
		n, above = 1, 1
	}
	for i, c := range r.Cells {
		if i >= len(t.columns) {
			break
		}
		k := max(len(t.lines(r, c)), 1)
		if c.Ratio != "" || c.Mark != MarkNone {
			k++
		}
		n = max(n, k)
	}
	return float32(n+above)*compareLine + 2*comparePad
}

// top is where row i begins.
func (t *CompareTable) top(i int) float32 {
	y := float32(compareHead)
	for _, r := range t.rows[:min(i, len(t.rows))] {
		y += t.height(r)
	}
	return y
}

func (t *CompareTable) columnAt(x float32) int {
	for i := range t.columns {
		if x0, w := t.span(i); x >= x0 && x < x0+w {
			return i
		}
	}
	return -1
}

func (t *CompareTable) rowAt(y float32) int {
	for i := range t.rows {
		if y >= t.top(i) && y < t.top(i+1) {
			return i
		}
	}
	return -1
}

// Tapped implements fyne.Tappable.
func (t *CompareTable) Tapped(e *fyne.PointEvent) {
	focus(t)
	t.choose(t.columnAt(e.Position.X))
}

// MouseIn implements desktop.Hoverable.
func (t *CompareTable) MouseIn(e *desktop.MouseEvent) { t.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (t *CompareTable) MouseMoved(e *desktop.MouseEvent) { t.hover(t.rowAt(e.Position.Y)) }

// MouseOut implements desktop.Hoverable.
func (t *CompareTable) MouseOut() { t.hover(-1) }

func (t *CompareTable) hover(row int) {
	if row != t.hovered {
		t.hovered = row
		t.show()
	}
}

// FocusGained implements fyne.Focusable.
func (t *CompareTable) FocusGained() { t.focused = true; t.show() }

// FocusLost implements fyne.Focusable.
func (t *CompareTable) FocusLost() { t.focused = false; t.show() }

// TypedRune implements fyne.Focusable.
func (t *CompareTable) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (t *CompareTable) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		t.choose(max(t.selected-1, 0))
	case fyne.KeyRight:
		t.choose(t.selected + 1)
	case fyne.KeyHome:
		t.choose(0)
	case fyne.KeyEnd:
		t.choose(len(t.columns) - 1)
	}
}
