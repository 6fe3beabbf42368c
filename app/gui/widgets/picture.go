package widgets

import (
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"winnow/internal/trace"
)

// maxSide bounds the copy of the picture that is kept for drawing, in pixels.
const maxSide = 2048

// PictureView shows the picture large: letterboxed, what the model did not see of it dimmed,
// the patch grid over what it saw, an overlay of one pixel a cell, and frames around the cells
// that are kept. The pointer or the arrow keys choose a cell.
//
// In place of the picture, or over it, it shows one of three states: Empty, Busy, Error.
type PictureView struct {
	widget.BaseWidget

	// OnHover says which cell the pointer is on; inside is false when it left the grid.
	OnHover func(row, col int, inside bool)
	// OnCell is called when a cell is clicked, or Enter is pressed on the cursor's cell.
	OnCell func(row, col int)
	// OnTapCell is called when a cell is clicked, with which button; also after OnCell.
	OnTapCell func(row, col int, secondary bool)
	// OnKey gets the keys that the view has no use for while it has the keyboard.
	OnKey func(*fyne.KeyEvent)
	// Tooltip gives the lines of the panel beside a cell, the first in bold; none hide it.
	Tooltip func(row, col int) []string

	picture *image.RGBA // nil: none
	// size is that of the picture given, in pixels; picture may be a smaller copy.
	size image.Point
	// seen is the part that the model saw, in pixels of the picture given.
	seen       trace.Box
	rows, cols int
	gridLines  bool
	overlay    *image.RGBA
	alpha      float64
	kept       []bool
	// forcedIn and forcedOut are the cells that a person has decided on.
	forcedIn, forcedOut []int
	// badge names the side in a corner, in the colour badgeSide; empty: none.
	badge     string
	badgeSide int
	compact   bool

	// cursor is the cell under the pointer or the keyboard cursor; -1, -1 where there is none.
	cursorRow, cursorCol int
	// pointing is true while the pointer is over a cell, focused while the view has the keyboard.
	pointing, focused bool

	state pictureState
	title string // of Empty and Error, the text of Busy
	text  string
	next  string
	acts  []Action

	draw *pictureDrawing // nil until it is shown
}

type pictureState int

const (
	pictureReady pictureState = iota
	pictureEmpty
	pictureBusy
	pictureError
)

var (
	_ fyne.Tappable          = (*PictureView)(nil)
	_ fyne.SecondaryTappable = (*PictureView)(nil)
	_ fyne.Focusable         = (*PictureView)(nil)
	_ desktop.Hoverable      = (*PictureView)(nil)
)

// NewPictureView makes a view with no picture.
func NewPictureView() *PictureView {
	p := &PictureView{alpha: 1, gridLines: true, cursorRow: -1, cursorCol: -1}
	p.ExtendBaseWidget(p)
	return p
}

// SetPicture shows a picture, and forgets the grid, overlay and frames of the one before. Nil
// shows none. A picture of more than 2048 pixels a side is copied smaller; SetGrid still counts
// in pixels of the one given.
func (p *PictureView) SetPicture(img image.Image) {
	p.picture, p.size = nil, image.Point{}
	if img != nil && !img.Bounds().Empty() {
		p.picture, p.size = toRGBA(img, maxSide), img.Bounds().Size()
	}
	p.seen, p.rows, p.cols, p.overlay, p.kept = trace.Box{}, 0, 0, nil, nil
	p.forcedIn, p.forcedOut = nil, nil
	p.cursorRow, p.cursorCol = -1, -1
	p.state = pictureReady
	p.Refresh()
}

// SetGrid says which part of the picture became rows × cols patches; 0 rows take the grid away.
// The box may stick out of the picture, where a model pads.
func (p *PictureView) SetGrid(seen trace.Box, rows, cols int) {
	if rows <= 0 || cols <= 0 || !(seen.X1 > seen.X0) || !(seen.Y1 > seen.Y0) {
		seen, rows, cols = trace.Box{}, 0, 0
	}
	if seen == p.seen && rows == p.rows && cols == p.cols {
		return
	}
	p.seen, p.rows, p.cols = seen, rows, cols
	if p.cursorRow >= rows || p.cursorCol >= cols {
		p.cursorRow, p.cursorCol = -1, -1
	}
	if p.draw != nil {
		p.draw.layout(p.Size())
		p.draw.refreshState()
		p.draw.refreshLines()
	}
}

// SetOverlay lays an image of one pixel a cell over what the model saw, premultiplied; nil
// takes it away. The view keeps the image: do not write to it afterwards.
func (p *PictureView) SetOverlay(img *image.RGBA) {
	p.overlay = img
	if p.draw != nil {
		p.draw.refreshOverlay()
	}
}

// SetAlpha is the opacity of the overlay, 0 to 1.
func (p *PictureView) SetAlpha(a float64) {
	if a = clamp01(a); a != p.alpha {
		p.alpha = a
		if p.draw != nil {
			p.draw.refreshAlpha()
		}
	}
}

// SetKept frames the cells that are true, row by row; nil frames none.
func (p *PictureView) SetKept(mask []bool) {
	p.kept = append(p.kept[:0], mask...)
	if p.draw != nil {
		p.draw.refreshLines()
	}
}

// SetForced marks the cells (row·columns + column) that a person forced in, with a pin, and those
// forced out, with a cross.
func (p *PictureView) SetForced(in, out []int) {
	if slices.Equal(in, p.forcedIn) && slices.Equal(out, p.forcedOut) {
		return
	}
	p.forcedIn, p.forcedOut = slices.Clone(in), slices.Clone(out)
	if p.draw != nil {
		p.draw.refreshLines()
	}
}

// SetBadge names the side that is shown, in the upper left corner of the picture: -1 is dense, as in
// theme.Side. An empty label takes it away.
func (p *PictureView) SetBadge(side int, label string) {
	if side != p.badgeSide || label != p.badge {
		p.badgeSide, p.badge = side, label
		if p.draw != nil {
			p.draw.refreshBadge()
		}
	}
}

// SetCompact is for small pictures beside each other: notices are one line, and the view shrinks to
// 100 units.
func (p *PictureView) SetCompact(on bool) {
	if on != p.compact {
		p.compact = on
		p.Refresh()
	}
}

// SetGridLines shows or hides the thin grid.
func (p *PictureView) SetGridLines(on bool) {
	if p.gridLines != on {
		p.gridLines = on
		if p.draw != nil {
			p.draw.refreshLines()
		}
	}
}

// Cursor is the cell that is pointed at, by pointer or keyboard.
func (p *PictureView) Cursor() (row, col int, ok bool) {
	return p.cursorRow, p.cursorCol, p.inGrid(p.cursorRow, p.cursorCol)
}

// SetCursor moves the cursor; a cell outside of the grid hides it. It calls OnHover.
func (p *PictureView) SetCursor(row, col int) {
	if !p.inGrid(row, col) {
		row, col = -1, -1
	}
	if row == p.cursorRow && col == p.cursorCol {
		return
	}
	p.cursorRow, p.cursorCol = row, col
	if p.OnHover != nil {
		p.OnHover(row, col, row >= 0)
	}
	if p.draw != nil {
		p.draw.refreshCursor()
	}
}

// RefreshTooltip asks Tooltip again for the cell under the cursor, after the data behind it
// changed.
func (p *PictureView) RefreshTooltip() {
	if p.draw != nil {
		p.draw.refreshCursor()
	}
}

// Empty shows, instead of a picture, where to drop one.
func (p *PictureView) Empty(title, hint string, acts ...Action) {
	p.show(pictureEmpty, title, hint, "", acts)
}

// Busy lays a text with a pulse over the picture; an empty text is the same as Ready.
func (p *PictureView) Busy(text string) {
	if text == "" {
		p.Ready()
		return
	}
	p.show(pictureBusy, text, "", "", nil)
}

// Error says in place what went wrong and what to do next. An action without a label has no
// button.
func (p *PictureView) Error(title, text, next string, act Action) {
	var acts []Action
	if act.Label != "" {
		acts = []Action{act}
	}
	p.show(pictureError, title, text, next, acts)
}

// Ready ends Empty, Busy and Error.
func (p *PictureView) Ready() { p.show(pictureReady, "", "", "", nil) }

func (p *PictureView) show(s pictureState, title, text, next string, acts []Action) {
	if p.state == s && s == pictureReady {
		return
	}
	p.state, p.title, p.text, p.next, p.acts = s, title, text, next, acts
	if p.draw != nil {
		p.draw.refreshState()
	}
}

func (p *PictureView) inGrid(row, col int) bool {
	return row >= 0 && col >= 0 && row < p.rows && col < p.cols
}

// cellAt is the cell at a position in the widget, or -1, -1.
func (p *PictureView) cellAt(pos fyne.Position) (row, col int) {
	if p.rows == 0 || p.state == pictureEmpty || p.state == pictureError {
		return -1, -1
	}
	g := p.geometry(p.Size())
	x, y := (pos.X-g.seen.x)/g.seen.w, (pos.Y-g.seen.y)/g.seen.h
	if !(x >= 0 && x < 1 && y >= 0 && y < 1) {
		return -1, -1
	}
	return min(int(y*float32(p.rows)), p.rows-1), min(int(x*float32(p.cols)), p.cols-1)
}

// Tapped implements fyne.Tappable.
func (p *PictureView) Tapped(e *fyne.PointEvent) {
	p.tapped(e, false)
}

// TappedSecondary implements fyne.SecondaryTappable.
func (p *PictureView) TappedSecondary(e *fyne.PointEvent) { p.tapped(e, true) }

func (p *PictureView) tapped(e *fyne.PointEvent, secondary bool) {
	row, col := p.cellAt(e.Position)
	if row < 0 {
		return
	}
	if p.OnCell != nil && !secondary {
		p.OnCell(row, col)
	}
	if p.OnTapCell != nil {
		p.OnTapCell(row, col, secondary)
	}
}

// MouseIn implements desktop.Hoverable.
func (p *PictureView) MouseIn(e *desktop.MouseEvent) { p.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (p *PictureView) MouseMoved(e *desktop.MouseEvent) {
	row, col := p.cellAt(e.Position)
	p.pointing = row >= 0
	p.SetCursor(row, col)
}

// MouseOut implements desktop.Hoverable.
func (p *PictureView) MouseOut() {
	p.pointing = false
	if !p.focused { // the keyboard keeps its cursor
		p.SetCursor(-1, -1)
	}
}

// FocusGained implements fyne.Focusable: the cursor appears in the middle, unless it is somewhere.
func (p *PictureView) FocusGained() {
	p.focused = true
	if _, _, ok := p.Cursor(); !ok {
		p.SetCursor(p.rows/2, p.cols/2)
	}
	if p.draw != nil {
		p.draw.refreshCursor()
	}
}

// FocusLost implements fyne.Focusable.
func (p *PictureView) FocusLost() {
	p.focused = false
	if !p.pointing {
		p.SetCursor(-1, -1)
	}
	if p.draw != nil {
		p.draw.refreshCursor()
	}
}

// TypedRune implements fyne.Focusable.
func (p *PictureView) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: arrows move the cursor, Enter chooses its cell.
func (p *PictureView) TypedKey(e *fyne.KeyEvent) {
	row, col, ok := p.Cursor()
	dr, dc := 0, 0
	switch e.Name {
	case fyne.KeyUp:
		dr = -1
	case fyne.KeyDown:
		dr = 1
	case fyne.KeyLeft:
		dc = -1
	case fyne.KeyRight:
		dc = 1
	case fyne.KeyReturn, fyne.KeyEnter:
		if ok && p.OnCell != nil {
			p.OnCell(row, col)
		}
		if ok && p.OnTapCell != nil {
			p.OnTapCell(row, col, false)
		}
		return
	default:
		if p.OnKey != nil {
			p.OnKey(e)
		}
		return
	}
	if p.rows == 0 {
		return
	}
	if !ok {
		p.SetCursor(p.rows/2, p.cols/2)
		return
	}
	p.SetCursor(min(max(row+dr, 0), p.rows-1), min(max(col+dc, 0), p.cols-1))
}
