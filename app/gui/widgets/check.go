package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// check is a small square that is filled with the accent when on: the switch of a method and
// the control of a bool. Space turns it.
type check struct {
	widget.BaseWidget
	on      bool
	changed func(on bool)
	hovered bool
	focused bool
}

var (
	_ fyne.Tappable     = (*check)(nil)
	_ fyne.Focusable    = (*check)(nil)
	_ desktop.Hoverable = (*check)(nil)
)

func newCheck(on bool, changed func(on bool)) *check {
	c := &check{on: on, changed: changed}
	c.ExtendBaseWidget(c)
	return c
}

func (c *check) set(on bool) {
	if c.on != on {
		c.on = on
		c.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (c *check) Tapped(*fyne.PointEvent) {
	c.set(!c.on)
	if c.changed != nil {
		c.changed(c.on)
	}
}

// Cursor implements desktop.Cursorable.
func (c *check) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn implements desktop.Hoverable.
func (c *check) MouseIn(*desktop.MouseEvent) { c.hovered = true; c.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (c *check) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *check) MouseOut() { c.hovered = false; c.Refresh() }

// FocusGained implements fyne.Focusable.
func (c *check) FocusGained() { c.focused = true; c.Refresh() }

// FocusLost implements fyne.Focusable.
func (c *check) FocusLost() { c.focused = false; c.Refresh() }

// TypedRune implements fyne.Focusable.
func (c *check) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (c *check) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		c.Tapped(nil)
	}
}

// CreateRenderer implements fyne.Widget.
func (c *check) CreateRenderer() fyne.WidgetRenderer {
	const side = 16
	box := &canvas.Rectangle{CornerRadius: theme.Step, StrokeWidth: 1}
	tick := canvas.NewImageFromResource(nil)
	r := &renderer{
		objects: func() []fyne.CanvasObject { return []fyne.CanvasObject{box, tick} },
		min:     func() fyne.Size { return fyne.NewSquareSize(side) },
		layout: func(s fyne.Size) {
			x, y := (s.Width-side)/2, (s.Height-side)/2
			place(box, x, y, side, side)
			place(tick, x+2, y+2, side-4, side-4)
		},
	}
	r.refresh = func() {
		box.FillColor, box.StrokeColor = color.Transparent, tint(c, theme.ColorFaint)
		tick.Hidden = !c.on
		if c.on {
			box.FillColor, box.StrokeColor = tint(c, fynetheme.ColorNamePrimary), tint(c, fynetheme.ColorNamePrimary)
			tick.Resource = tinted(IconDone, tint(c, fynetheme.ColorNameForegroundOnPrimary))
			tick.Refresh()
		}
		if c.focused || c.hovered && !c.on {
			box.StrokeColor = tint(c, foreground)
		}
		box.Refresh()
		canvas.Refresh(tick)
	}
	r.refresh()
	return r
}

// numberEntry is the exact value beside a slider: it looks like a number until it is clicked.
type numberEntry struct {
	widget.Entry
	// box is what is laid out: the entry in its small theme.
	box *container.ThemeOverride
	// shown is the value that the text is put back to on Escape.
	shown     string
	committed func(text string)
}

func newNumberEntry(committed func(text string)) *numberEntry {
	e := &numberEntry{committed: committed}
	e.TextStyle = fyne.TextStyle{Monospace: true}
	e.Scroll = fyne.ScrollNone
	e.ExtendBaseWidget(e)
	e.OnSubmitted = func(text string) { e.committed(text) }
	e.box = container.NewThemeOverride(e, compact{})
	return e
}

func (e *numberEntry) show(value string) {
	e.shown = value
	if e.Text != value {
		e.SetText(value)
	}
}

// width fits the text, so that the number stands at the right without an alignment.
func (e *numberEntry) width() float32 {
	return measure(e.Text, captionMono).Width + 3*theme.Step
}

// FocusLost implements fyne.Focusable: leaving the entry takes what was typed.
func (e *numberEntry) FocusLost() {
	e.Entry.FocusLost()
	if e.Text != e.shown {
		e.committed(e.Text)
	}
}

// TypedKey implements fyne.Focusable: Escape puts the value back.
func (e *numberEntry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		e.SetText(e.shown)
		return
	}
	e.Entry.TypedKey(k)
}

// compact is a theme for an entry that sits in a line of captions.
type compact struct{}

func (c compact) outer() fyne.Theme { return fyne.CurrentApp().Settings().Theme() }

// Color implements fyne.Theme.
func (c compact) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if n == fynetheme.ColorNameInputBackground {
		n = theme.ColorTrack
	}
	if n == fyneInputBorder {
		return color.Transparent
	}
	return c.outer().Color(n, v)
}

// Font implements fyne.Theme.
func (c compact) Font(s fyne.TextStyle) fyne.Resource { return c.outer().Font(s) }

// Icon implements fyne.Theme.
func (c compact) Icon(n fyne.ThemeIconName) fyne.Resource { return c.outer().Icon(n) }

// Size implements fyne.Theme.
func (c compact) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case fynetheme.SizeNameText:
		return theme.CaptionSize
	case fynetheme.SizeNameInnerPadding:
		return theme.Step
	case fynetheme.SizeNameInputRadius:
		return theme.Step
	}
	return c.outer().Size(n)
}
