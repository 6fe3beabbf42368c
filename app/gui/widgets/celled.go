package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// celled is what RoutingGrid, LookGrid, MaskGrid and ActionCurves share: one raster, texts beside
// it, a frame around what is chosen, a frame and a tooltip at what the pointer is on, and a sentence
// while there is nothing. It has no panel of its own. Hovering moves rectangles only; the raster is
// painted again when the data or the size change.
type celled struct {
	widget.BaseWidget
	self interface {
		fyne.Widget
		fyne.Focusable
	}
	plot cellPlot

	hint    string
	hovered spot
	chosen  int // -1: none
	width   float32
	focused bool
	beneath bool // the frame at the pointer lies under the raster
	sheet   *image.RGBA
	show    func() // repaints what follows the pointer and the keyboard; nil until shown
}

// spot is what can be pointed at: a column of a line. nowhere is none.
type spot struct{ line, col int }

var nowhere = spot{-1, -1}

// cellPlot is the part of a celled widget that differs.
type cellPlot interface {
	empty() bool
	// least is the smallest size at a width, 0: not laid out yet.
	least(width float32) fyne.Size
	// area is where the raster lies.
	area(size fyne.Size) frame
	// paint draws into the raster, s device pixels a unit.
	paint(dst *image.RGBA, s float32)
	labels(size fyne.Size) []label
	// spot is the one at a position, nowhere where there is none.
	spot(pos fyne.Position, size fyne.Size) spot
	// around is where a spot lies, false where there is none any more.
	around(at spot, size fyne.Size) (frame, bool)
	// framed is where the chosen thing lies, false where there is none.
	framed(size fyne.Size) (frame, bool)
	// tip says a spot, in lines.
	tip(at spot) []string
	// tapped is a click on a spot, arrow a key; far arrows are Home and End.
	tapped(at spot)
	arrow(dx, dy int)
}

// farther than anything: Home and End.
const farther = 1 << 20

func (c *celled) extend(self interface {
	fyne.Widget
	fyne.Focusable
}, plot cellPlot, hint string) {
	c.self, c.plot, c.hint, c.hovered, c.chosen = self, plot, hint, nowhere, -1
	c.ExtendBaseWidget(self)
}

// SetHint is what it says while it has nothing to show.
func (c *celled) SetHint(text string) {
	if c.hint != text {
		c.hint = text
		c.Refresh()
	}
}

// Resize implements fyne.CanvasObject: at another width it needs another height.
func (c *celled) Resize(s fyne.Size) {
	changed := s.Width != c.width
	c.width = s.Width
	c.BaseWidget.Resize(s)
	if changed {
		c.Refresh()
	}
}

// mark chooses without calling back.
func (c *celled) mark(i int) {
	if i != c.chosen {
		c.chosen = i
		c.showMarks()
	}
}

func (c *celled) showMarks() {
	if c.show != nil {
		c.show()
	}
}

func (c *celled) hover(at spot) {
	if at != c.hovered {
		c.hovered = at
		c.showMarks()
	}
}

// Tapped implements fyne.Tappable.
func (c *celled) Tapped(e *fyne.PointEvent) {
	focus(c.self)
	if at := c.plot.spot(e.Position, c.Size()); at != nowhere {
		c.plot.tapped(at)
	}
}

// MouseIn implements desktop.Hoverable.
func (c *celled) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *celled) MouseMoved(e *desktop.MouseEvent) { c.hover(c.plot.spot(e.Position, c.Size())) }

// MouseOut implements desktop.Hoverable.
func (c *celled) MouseOut() { c.hover(nowhere) }

// FocusGained implements fyne.Focusable.
func (c *celled) FocusGained() { c.focused = true; c.showMarks() }

// FocusLost implements fyne.Focusable.
func (c *celled) FocusLost() { c.focused = false; c.showMarks() }

// TypedRune implements fyne.Focusable.
func (c *celled) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (c *celled) TypedKey(e *fyne.KeyEvent) {
	if c.plot.empty() {
		return
	}
	switch e.Name {
	case fyne.KeyLeft:
		c.plot.arrow(-1, 0)
	case fyne.KeyRight:
		c.plot.arrow(1, 0)
	case fyne.KeyUp:
		c.plot.arrow(0, -1)
	case fyne.KeyDown:
		c.plot.arrow(0, 1)
	case fyne.KeyHome:
		c.plot.arrow(-farther, 0)
	case fyne.KeyEnd:
		c.plot.arrow(farther, 0)
	}
}

// reading is the tooltip as it is now; nil where the pointer is on nothing.
func (c *celled) reading() []string {
	if _, ok := c.plot.around(c.hovered, c.Size()); !ok || c.plot.empty() {
		return nil
	}
	lines := c.plot.tip(c.hovered)
	room := c.Size().Width - 2*theme.Inset
	for i, l := range lines {
		lines[i] = truncate(l, tipFace(i), max(room, 20*theme.Step))
	}
	return lines
}

func (c *celled) generate(w, h int) image.Image {
	c.sheet = sheet(c.sheet, w, h)
	if w > 1 && h > 1 && !c.plot.empty() {
		c.plot.paint(c.sheet, scaleOf(c.self))
	}
	return c.sheet
}
