package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// Segmented offers a choice of few, all visible at once. Left and right move the choice.
type Segmented struct {
	widget.BaseWidget
	OnChanged func(i int)

	options  []string
	selected int
	hovered  int // -1: none
	focused  bool
	disabled bool
	// fills spreads the segments over the width; see NewTabs.
	fills bool
}

var (
	_ fyne.Tappable     = (*Segmented)(nil)
	_ fyne.Focusable    = (*Segmented)(nil)
	_ fyne.Disableable  = (*Segmented)(nil)
	_ desktop.Hoverable = (*Segmented)(nil)
)

// NewSegmented makes one with the first option chosen.
func NewSegmented(options []string, onChanged func(i int)) *Segmented {
	s := &Segmented{options: slices.Clone(options), OnChanged: onChanged, hovered: -1}
	s.ExtendBaseWidget(s)
	return s
}

// NewTabs makes one for the tabs of a column: many short names that share the width they get. Their
// padding shrinks to eight units a name before anything is cut.
func NewTabs(options []string, onChanged func(i int)) *Segmented {
	s := NewSegmented(options, onChanged)
	s.fills = true
	return s
}

// SetOptions replaces the options and keeps the choice where there is still one at its place.
func (s *Segmented) SetOptions(options []string) {
	s.options = slices.Clone(options)
	s.selected = max(min(s.selected, len(options)-1), 0)
	s.hovered = -1
	s.Refresh()
}

// SetSelected chooses without calling OnChanged.
func (s *Segmented) SetSelected(i int) {
	if i >= 0 && i < len(s.options) && i != s.selected {
		s.selected = i
		s.Refresh()
	}
}

// Selected is the index of the choice.
func (s *Segmented) Selected() int { return s.selected }

// Enable implements fyne.Disableable.
func (s *Segmented) Enable() { s.disabled = false; s.Refresh() }

// Disable implements fyne.Disableable.
func (s *Segmented) Disable() { s.disabled = true; s.Refresh() }

// Disabled implements fyne.Disableable.
func (s *Segmented) Disabled() bool { return s.disabled }

func (s *Segmented) choose(i int) {
	if s.disabled || i < 0 || i >= len(s.options) || i == s.selected {
		return
	}
	s.selected = i
	s.Refresh()
	if s.OnChanged != nil {
		s.OnChanged(i)
	}
}

// padding is the room beside a name in a segment.
func (s *Segmented) padding() float32 {
	if !s.fills {
		return 6 * theme.Step
	}
	return 2 * theme.Step
}

// least are the widths of the segments at their smallest.
func (s *Segmented) least() (out []float32, sum float32) {
	out = make([]float32, len(s.options))
	for i, o := range s.options {
		out[i] = measure(o, segmentFace(true)).Width + s.padding()
		sum += out[i]
	}
	return out, sum
}

// widths are those of the segments as they are drawn: tabs share what is left over, and where there
// is too little, what is missing.
func (s *Segmented) widths() []float32 {
	out, sum := s.least()
	width := s.Size().Width
	if !s.fills || len(out) == 0 || width <= 0 {
		return out
	}
	for i := range out {
		if width >= sum {
			out[i] += (width - sum) / float32(len(out))
		} else {
			out[i] *= width / sum
		}
	}
	return out
}

func segmentFace(chosen bool) face {
	if chosen {
		return captionBold
	}
	return caption
}

func (s *Segmented) at(x float32) int {
	for i, w := range s.widths() {
		if x < w {
			return i
		}
		x -= w
	}
	return -1
}

// Tapped implements fyne.Tappable.
func (s *Segmented) Tapped(e *fyne.PointEvent) { s.choose(s.at(e.Position.X)) }

// MouseIn implements desktop.Hoverable.
func (s *Segmented) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *Segmented) MouseMoved(e *desktop.MouseEvent) { s.hover(s.at(e.Position.X)) }

// MouseOut implements desktop.Hoverable.
func (s *Segmented) MouseOut() { s.hover(-1) }

func (s *Segmented) hover(i int) {
	if s.hovered != i {
		s.hovered = i
		s.Refresh()
	}
}

// FocusGained implements fyne.Focusable.
func (s *Segmented) FocusGained() { s.focused = true; s.Refresh() }

// FocusLost implements fyne.Focusable.
func (s *Segmented) FocusLost() { s.focused = false; s.Refresh() }

// TypedRune implements fyne.Focusable.
func (s *Segmented) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (s *Segmented) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		s.choose(s.selected - 1)
	case fyne.KeyRight:
		s.choose(s.selected + 1)
	}
}

// CreateRenderer implements fyne.Widget.
func (s *Segmented) CreateRenderer() fyne.WidgetRenderer {
	box := &canvas.Rectangle{CornerRadius: theme.Small, StrokeWidth: 1}
	chosen := &canvas.Rectangle{CornerRadius: theme.Small - 1}
	var texts []*canvas.Text
	var objects []fyne.CanvasObject
	r := &renderer{objects: func() []fyne.CanvasObject { return objects }}
	r.min = func() fyne.Size {
		_, w := s.least()
		return fyne.NewSize(w, 7*theme.Step)
	}
	r.layout = func(fyne.Size) {
		// Its own size: a row that stretches it would tear the segments apart. Tabs are made for it.
		m := r.min()
		if s.fills && s.Size().Width > 0 {
			m.Width = s.Size().Width
		}
		y := (s.Size().Height - m.Height) / 2
		place(box, 0, y, m.Width, m.Height)
		x := float32(0)
		for i, w := range s.widths() {
			if i >= len(texts) {
				break
			}
			if i == s.selected {
				place(chosen, x+1, y+1, w-2, m.Height-2)
			}
			if s.fills {
				texts[i].Text = truncate(s.options[i], segmentFace(true), w-theme.Step)
			}
			h := texts[i].MinSize().Height
			place(texts[i], x, y+(m.Height-h)/2, w, h)
			x += w
		}
	}
	r.refresh = func() {
		texts, objects = resize(texts, len(s.options), func() *canvas.Text { return newText(caption) })
		objects = append([]fyne.CanvasObject{box, chosen}, objects...)
		box.FillColor, box.StrokeColor = tint(s, theme.ColorPanel), tint(s, fyneInputBorder)
		if s.focused {
			box.StrokeColor = tint(s, theme.ColorKept)
		}
		chosen.FillColor = tint(s, theme.ColorRaised)
		chosen.Hidden = len(s.options) == 0
		for i, t := range texts {
			t.Text, t.Alignment = s.options[i], fyne.TextAlignCenter
			t.TextStyle = segmentFace(i == s.selected).style()
			switch {
			case s.disabled:
				t.Color = tint(s, fynetheme.ColorNameDisabled)
			case i == s.selected || i == s.hovered:
				t.Color = tint(s, foreground)
			default:
				t.Color = tint(s, theme.ColorSoft)
			}
			t.Refresh()
		}
		box.Refresh()
		chosen.Refresh()
		r.layout(s.Size())
	}
	r.refresh()
	return r
}
