package widgets

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// Slider is a thin track with a round thumb; the part up to the thumb is in the accent. Arrow
// keys move it by Step, Page keys by ten, Home and End to the ends.
type Slider struct {
	widget.BaseWidget
	// Min and Max are the ends; a Step of 0 is a hundredth of their distance.
	Min, Max, Step float64
	// OnChanged is called at every change by hand, OnEnded when a drag or a key press is over.
	OnChanged func(v float64)
	OnEnded   func(v float64)

	value    float64
	hovered  bool
	focused  bool
	disabled bool
	dragged  bool
}

var (
	_ fyne.Tappable      = (*Slider)(nil)
	_ fyne.Draggable     = (*Slider)(nil)
	_ fyne.Focusable     = (*Slider)(nil)
	_ fyne.Disableable   = (*Slider)(nil)
	_ desktop.Hoverable  = (*Slider)(nil)
	_ desktop.Cursorable = (*Slider)(nil)
)

// NewSlider makes one that stands at its lower end.
func NewSlider(lo, hi, step float64) *Slider {
	s := &Slider{Min: lo, Max: hi, Step: step, value: lo}
	s.ExtendBaseWidget(s)
	return s
}

// Value is where the thumb stands.
func (s *Slider) Value() float64 { return s.value }

// SetValue moves the thumb without calling OnChanged. The value is kept within the ends and is
// not rounded to a step: an exact number typed elsewhere stays exact.
func (s *Slider) SetValue(v float64) {
	if v = s.inside(v); v != s.value {
		s.value = v
		s.Refresh()
	}
}

func (s *Slider) inside(v float64) float64 {
	if math.IsNaN(v) {
		return s.Min
	}
	return math.Max(s.Min, math.Min(v, s.Max))
}

func (s *Slider) step() float64 {
	if s.Step > 0 {
		return s.Step
	}
	return (s.Max - s.Min) / 100
}

// move sets a value by hand.
func (s *Slider) move(v float64) {
	if s.disabled || s.Max <= s.Min {
		return
	}
	step := s.step()
	// Rounded in decimal too, or 0.30000000000000004 would stand beside the slider.
	v = s.inside(math.Round((s.Min+math.Round((v-s.Min)/step)*step)*1e9) / 1e9)
	if v == s.value {
		return
	}
	s.value = v
	s.Refresh()
	if s.OnChanged != nil {
		s.OnChanged(v)
	}
}

func (s *Slider) ended() {
	if s.OnEnded != nil && !s.disabled {
		s.OnEnded(s.value)
	}
}

const thumb = 14

func (s *Slider) moveTo(x float32) {
	w := s.Size().Width - thumb
	if w > 0 {
		s.move(s.Min + float64((x-thumb/2)/w)*(s.Max-s.Min))
	}
}

// Tapped implements fyne.Tappable.
func (s *Slider) Tapped(e *fyne.PointEvent) {
	s.moveTo(e.Position.X)
	s.ended()
}

// Dragged implements fyne.Draggable.
func (s *Slider) Dragged(e *fyne.DragEvent) { s.dragged = true; s.moveTo(e.Position.X) }

// DragEnd implements fyne.Draggable.
func (s *Slider) DragEnd() {
	s.dragged = false
	s.ended()
	s.Refresh()
}

// MouseIn implements desktop.Hoverable.
func (s *Slider) MouseIn(*desktop.MouseEvent) { s.hovered = true; s.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (s *Slider) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (s *Slider) MouseOut() { s.hovered = false; s.Refresh() }

// Cursor implements desktop.Cursorable.
func (s *Slider) Cursor() desktop.Cursor {
	if s.disabled {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// FocusGained implements fyne.Focusable.
func (s *Slider) FocusGained() { s.focused = true; s.Refresh() }

// FocusLost implements fyne.Focusable.
func (s *Slider) FocusLost() { s.focused = false; s.Refresh() }

// TypedRune implements fyne.Focusable.
func (s *Slider) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (s *Slider) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyDown:
		s.move(s.value - s.step())
	case fyne.KeyRight, fyne.KeyUp:
		s.move(s.value + s.step())
	case fyne.KeyPageDown:
		s.move(s.value - 10*s.step())
	case fyne.KeyPageUp:
		s.move(s.value + 10*s.step())
	case fyne.KeyHome:
		s.move(s.Min)
	case fyne.KeyEnd:
		s.move(s.Max)
	default:
		return
	}
	s.ended()
}

// Enable implements fyne.Disableable.
func (s *Slider) Enable() { s.disabled = false; s.Refresh() }

// Disable implements fyne.Disableable.
func (s *Slider) Disable() { s.disabled = true; s.Refresh() }

// Disabled implements fyne.Disableable.
func (s *Slider) Disabled() bool { return s.disabled }

// CreateRenderer implements fyne.Widget.
func (s *Slider) CreateRenderer() fyne.WidgetRenderer {
	const thick = 4
	track := &canvas.Rectangle{CornerRadius: thick / 2}
	active := &canvas.Rectangle{CornerRadius: thick / 2}
	halo := canvas.NewCircle(nil)
	knob := canvas.NewCircle(nil)
	knob.StrokeWidth = 1
	objects := []fyne.CanvasObject{track, active, halo, knob}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(20*theme.Step, 5*theme.Step) },
	}
	r.layout = func(size fyne.Size) {
		y, share := (size.Height-thick)/2, float64(0)
		if s.Max > s.Min {
			share = clamp01((s.value - s.Min) / (s.Max - s.Min))
		}
		x := float32(share) * (size.Width - thumb)
		place(track, 0, y, size.Width, thick)
		place(active, 0, y, x+thumb/2, thick)
		place(knob, x, (size.Height-thumb)/2, thumb, thumb)
		place(halo, x-3, (size.Height-thumb)/2-3, thumb+6, thumb+6)
	}
	r.refresh = func() {
		track.FillColor = tint(s, theme.ColorTrack)
		active.FillColor, knob.FillColor = tint(s, theme.ColorKept), tint(s, theme.ColorThumb)
		knob.StrokeColor = tint(s, theme.ColorThumbEdge)
		halo.FillColor = tint(s, fynetheme.ColorNameFocus)
		halo.Hidden = s.disabled || !(s.focused || s.dragged)
		if s.disabled {
			active.FillColor, knob.FillColor = tint(s, theme.ColorBlock), tint(s, theme.ColorFaint)
		}
		r.layout(s.Size())
		for _, o := range objects {
			o.Refresh()
		}
	}
	r.refresh()
	return r
}
