package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// ButtonKind says how much a button asks for attention.
type ButtonKind int

// The kinds. A view has one Primary button.
const (
	Outline ButtonKind = iota // a hairline border
	Primary                   // filled with the accent
	Ghost                     // text only until it is hovered
)

// Button is a text, an icon or both; Enter and Space press it.
type Button struct {
	widget.BaseWidget
	OnTapped func()
	// Hint is shown by whoever shows hints (the status bar) while the pointer is on it.
	Hint string

	text     string
	icon     fyne.Resource
	kind     ButtonKind
	small    bool
	tiny     bool // a caption-sized mark in a line of text
	line     bool // a caption-sized line of text
	onHover  func(in bool)
	disabled bool
	hovered  bool
	focused  bool
}

var (
	_ fyne.Tappable      = (*Button)(nil)
	_ fyne.Focusable     = (*Button)(nil)
	_ fyne.Disableable   = (*Button)(nil)
	_ desktop.Hoverable  = (*Button)(nil)
	_ desktop.Cursorable = (*Button)(nil)
)

// NewButton makes a button with a text.
func NewButton(text string, kind ButtonKind, tapped func()) *Button {
	b := &Button{text: text, kind: kind, OnTapped: tapped}
	b.ExtendBaseWidget(b)
	return b
}

// NewIconButton makes a small square ghost button.
func NewIconButton(icon fyne.Resource, hint string, tapped func()) *Button {
	b := &Button{icon: icon, kind: Ghost, small: true, Hint: hint, OnTapped: tapped}
	b.ExtendBaseWidget(b)
	return b
}

// SetText changes the text.
func (b *Button) SetText(text string) {
	if b.text != text {
		b.text = text
		b.Refresh()
	}
}

// Text is the button's text.
func (b *Button) Text() string { return b.text }

// SetIcon changes the icon; nil removes it.
func (b *Button) SetIcon(icon fyne.Resource) {
	b.icon = icon
	b.Refresh()
}

// SetKind changes how it is drawn.
func (b *Button) SetKind(kind ButtonKind) {
	if b.kind != kind {
		b.kind = kind
		b.Refresh()
	}
}

// Enable implements fyne.Disableable.
func (b *Button) Enable() { b.setDisabled(false) }

// Disable implements fyne.Disableable.
func (b *Button) Disable() { b.setDisabled(true) }

// Disabled implements fyne.Disableable.
func (b *Button) Disabled() bool { return b.disabled }

func (b *Button) setDisabled(on bool) {
	if b.disabled != on {
		b.disabled = on
		b.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (b *Button) Tapped(*fyne.PointEvent) {
	if !b.disabled && b.OnTapped != nil {
		b.OnTapped()
	}
}

// Cursor implements desktop.Cursorable.
func (b *Button) Cursor() desktop.Cursor {
	if b.disabled {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// MouseIn implements desktop.Hoverable.
func (b *Button) MouseIn(*desktop.MouseEvent) { b.hover(true) }

// MouseMoved implements desktop.Hoverable.
func (b *Button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *Button) MouseOut() { b.hover(false) }

func (b *Button) hover(in bool) {
	b.hovered = in
	b.Refresh()
	if b.onHover != nil {
		b.onHover(in)
	}
}

// FocusGained implements fyne.Focusable.
func (b *Button) FocusGained() { b.focused = true; b.Refresh() }

// FocusLost implements fyne.Focusable.
func (b *Button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune implements fyne.Focusable.
func (b *Button) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	}
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	const icon = 16
	box := &canvas.Rectangle{CornerRadius: theme.Small, StrokeWidth: 1}
	over := &canvas.Rectangle{CornerRadius: theme.Small}
	text := newText(body)
	img := canvas.NewImageFromResource(nil)
	r := &renderer{objects: func() []fyne.CanvasObject { return []fyne.CanvasObject{box, over, img, text} }}
	width := func() float32 {
		w := float32(0)
		if b.text != "" {
			w = text.MinSize().Width
		}
		if b.icon != nil {
			w += icon
			if b.text != "" {
				w += theme.Gap
			}
		}
		return w
	}
	r.min = func() fyne.Size {
		if b.tiny {
			return fyne.NewSquareSize(4 * theme.Step)
		}
		if b.small {
			return fyne.NewSquareSize(7 * theme.Step)
		}
		if b.line {
			return fyne.NewSize(width()+2*theme.Gap, 6*theme.Step)
		}
		return fyne.NewSize(width()+2*theme.Inset, 8*theme.Step)
	}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(over, 0, 0, s.Width, s.Height)
		x := (s.Width - width()) / 2
		if b.icon != nil {
			place(img, x, (s.Height-icon)/2, icon, icon)
			x += icon + theme.Gap
		}
		m := text.MinSize()
		place(text, x, (s.Height-m.Height)/2, m.Width, m.Height)
	}
	r.refresh = func() {
		fg := tint(b, foreground)
		box.FillColor, box.StrokeColor = color.Transparent, color.Transparent
		over.FillColor = color.Transparent
		text.TextStyle.Bold = b.kind == Primary
		if b.line {
			text.TextSize = theme.CaptionSize
		}
		if b.tiny {
			text.TextSize, box.CornerRadius, over.CornerRadius = theme.CaptionSize-1, 2*theme.Step, 2*theme.Step
		}
		switch b.kind {
		case Primary:
			box.FillColor = tint(b, fynetheme.ColorNamePrimary)
			fg = tint(b, fynetheme.ColorNameForegroundOnPrimary)
		case Outline:
			box.FillColor, box.StrokeColor = tint(b, theme.ColorPanel), tint(b, fyneInputBorder)
		case Ghost:
			if !b.hovered {
				fg = tint(b, theme.ColorSoft)
			}
			if b.tiny {
				box.StrokeColor = tint(b, theme.ColorHairline)
			}
		}
		switch {
		case b.disabled:
			fg = tint(b, fynetheme.ColorNameDisabled)
			if b.kind == Primary {
				box.FillColor = tint(b, theme.ColorTrack)
			}
		case b.hovered:
			over.FillColor = tint(b, fynetheme.ColorNameHover)
		}
		if b.focused && !b.disabled {
			box.StrokeColor = tint(b, theme.ColorKept)
			if b.kind == Primary {
				box.StrokeColor = tint(b, foreground)
			}
		}
		text.Text, text.Color = b.text, fg
		img.Hidden = b.icon == nil
		if b.icon != nil {
			img.Resource = tinted(b.icon, fg)
			img.Refresh()
		}
		box.Refresh()
		over.Refresh()
		text.Refresh()
		r.layout(b.Size())
	}
	r.refresh()
	return r
}
