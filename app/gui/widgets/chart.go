package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// chart is what the plots share that show one thing a layer or a point: a panel, one raster, a few
// texts, a frame around what is chosen, one around what is hovered, a line at the foot that reads
// it, and a sentence while there is nothing. Hovering moves rectangles and changes a text; the
// raster is painted again only when the data or the size change.
type chart struct {
	widget.BaseWidget
	self interface {
		fyne.Widget
		fyne.Focusable
	}
	plot plotter

	hint            string
	hovered, chosen int // index of a thing, -1: none
	focused         bool
	sheet           *image.RGBA
	show            func() // repaints what follows the pointer and the keyboard; nil until shown
}

// plotter is the part of a chart that differs.
type plotter interface {
	// things is how many there are to point at.
	things() int
	// thing is the one at a position, -1 where there is none.
	thing(pos fyne.Position, size fyne.Size) int
	// around is where a thing lies.
	around(i int, size fyne.Size) frame
	// choose is called when the person chooses a thing; false where nothing can be chosen.
	choose(i int) bool
	// reading says a thing in one line or two; -1 asks for what is said at rest.
	reading(i int) string
	// footLines is how many lines readings may have.
	footLines() int
	// area is where the raster lies.
	area(size fyne.Size) frame
	// paint draws into the raster, s device pixels a unit.
	paint(dst *image.RGBA, s float32)
	// labels are the texts beside it.
	labels(size fyne.Size) []label
	// least is the smallest size.
	least() fyne.Size
	// legend says what the colours mean, above the raster; none for no room.
	legend() []Swatch
}

// label is a text in a chart; x is its left, middle or right by its alignment.
type label struct {
	text  string
	x, y  float32
	face  face
	color fyne.ThemeColorName
	align fyne.TextAlign
}

// chartLine is the height of a line of the reading.
const chartLine = 4 * theme.Step

// chartFoot is the room for the reading under a chart.
func chartFoot(lines int) float32 { return float32(lines)*chartLine + theme.Inset }

// legendHeight is the room that entries take in a chart of a width.
func legendHeight(items []Swatch, width float32) float32 {
	if width <= 0 {
		width = 80 * theme.Step
	}
	_, h := legendPlaces(items, width-2*theme.Inset)
	return h
}

func (c *chart) extend(self interface {
	fyne.Widget
	fyne.Focusable
}, plot plotter, hint string) {
	c.self, c.plot, c.hint, c.hovered, c.chosen = self, plot, hint, -1, -1
	c.ExtendBaseWidget(self)
}

// SetHint is what the view says while it has nothing to show.
func (c *chart) SetHint(text string) {
	if c.hint != text {
		c.hint = text
		c.Refresh()
	}
}

// changed is called when the data did.
func (c *chart) changed() {
	n := c.plot.things()
	if c.hovered >= n {
		c.hovered = -1
	}
	if c.chosen >= n {
		c.chosen = -1
	}
	c.Refresh()
}

// SetSelected marks one layer or point without calling back; -1 marks none.
func (c *chart) SetSelected(i int) {
	if i < 0 || i >= c.plot.things() {
		i = -1
	}
	if i != c.chosen {
		c.chosen = i
		c.showMarks()
	}
}

// Selected is the marked one, -1 where there is none.
func (c *chart) Selected() int { return c.chosen }

func (c *chart) showMarks() {
	if c.show != nil {
		c.show()
	}
}

func (c *chart) choose(i int) {
	n := c.plot.things()
	if n == 0 {
		return
	}
	i = max(min(i, n-1), 0)
	if i != c.chosen && c.plot.choose(i) {
		c.chosen = i
		c.showMarks()
	}
}

// Tapped implements fyne.Tappable.
func (c *chart) Tapped(e *fyne.PointEvent) {
	focus(c.self)
	if i := c.plot.thing(e.Position, c.Size()); i >= 0 {
		c.choose(i)
	}
}

// MouseIn implements desktop.Hoverable.
func (c *chart) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *chart) MouseMoved(e *desktop.MouseEvent) { c.hover(c.plot.thing(e.Position, c.Size())) }

// MouseOut implements desktop.Hoverable.
func (c *chart) MouseOut() { c.hover(-1) }

func (c *chart) hover(i int) {
	if i != c.hovered {
		c.hovered = i
		c.showMarks()
	}
}

// FocusGained implements fyne.Focusable.
func (c *chart) FocusGained() { c.focused = true; c.showMarks() }

// FocusLost implements fyne.Focusable.
func (c *chart) FocusLost() { c.focused = false; c.showMarks() }

// TypedRune implements fyne.Focusable.
func (c *chart) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: all arrows move, Home and End go to the ends.
func (c *chart) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyUp:
		c.choose(c.chosen - 1)
	case fyne.KeyRight, fyne.KeyDown:
		c.choose(c.chosen + 1)
	case fyne.KeyHome:
		c.choose(0)
	case fyne.KeyEnd:
		c.choose(c.plot.things() - 1)
	}
}

// line is what the foot says: the hovered thing, else the chosen one, else the line at rest.
func (c *chart) line() string {
	n := c.plot.things()
	switch {
	case n == 0:
		return ""
	case c.hovered >= 0 && c.hovered < n:
		return c.plot.reading(c.hovered)
	case c.chosen >= 0 && c.chosen < n:
		return c.plot.reading(c.chosen)
	}
	return c.plot.reading(-1)
}
