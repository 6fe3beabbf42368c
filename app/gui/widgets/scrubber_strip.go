package widgets

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// stepStrip is the part that scrolls. It holds objects for the blocks in view only.
type stepStrip struct {
	widget.BaseWidget
	s       *StepScrubber
	hovered int
	place   func() // nothing until it is shown
}

var (
	_ fyne.Tappable     = (*stepStrip)(nil)
	_ fyne.Draggable    = (*stepStrip)(nil)
	_ desktop.Hoverable = (*stepStrip)(nil)
)

// Tapped implements fyne.Tappable.
func (t *stepStrip) Tapped(e *fyne.PointEvent) {
	focus(t.s)
	if i := t.s.at(e.Position.X); i >= 0 {
		t.s.seek(i)
	}
}

// Dragged implements fyne.Draggable.
func (t *stepStrip) Dragged(e *fyne.DragEvent) {
	if i := t.s.at(max(e.Position.X, 0)); i >= 0 {
		t.s.seek(i)
	}
}

// DragEnd implements fyne.Draggable.
func (t *stepStrip) DragEnd() {}

// MouseIn implements desktop.Hoverable.
func (t *stepStrip) MouseIn(e *desktop.MouseEvent) { t.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (t *stepStrip) MouseMoved(e *desktop.MouseEvent) { t.hover(t.s.at(e.Position.X)) }

// MouseOut implements desktop.Hoverable.
func (t *stepStrip) MouseOut() { t.hover(-1) }

func (t *stepStrip) hover(i int) {
	if i == t.hovered {
		return
	}
	t.hovered = i
	t.place()
	if t.s.OnHover != nil {
		t.s.OnHover(i, i >= 0)
	}
}

// CreateRenderer implements fyne.Widget.
func (t *stepStrip) CreateRenderer() fyne.WidgetRenderer {
	var ghosts, bars []*canvas.Rectangle
	var words []*canvas.Text
	box := &canvas.Rectangle{CornerRadius: theme.Step, StrokeWidth: 1}
	var objects []fyne.CanvasObject
	s := t.s
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min: func() fyne.Size {
			w := float32(0)
			if n := len(s.ends); n > 0 {
				w = s.ends[n-1]
			}
			return fyne.NewSize(w, stepHigh)
		},
		layout: func(fyne.Size) { t.place() },
	}
	t.place = func() {
		first := max(s.at(s.scroll.Offset.X), 0)
		last := s.at(s.scroll.Offset.X + s.scroll.Size().Width)
		if last < 0 {
			last = len(s.ends) - 1
		}
		n := min(last+1, len(s.blocks)) - first
		if n < 0 || len(s.blocks) == 0 {
			n = 0
		}
		rectangle := func() *canvas.Rectangle { return &canvas.Rectangle{CornerRadius: 2} }
		ghosts, _ = resize(ghosts, n, rectangle)
		bars, _ = resize(bars, n, rectangle)
		words, _ = resize(words, n, func() *canvas.Text {
			x := newText(caption)
			x.Alignment = fyne.TextAlignCenter
			return x
		})
		objects = append(objects[:0], box)
		box.Hidden = true
		for k := range n {
			i := first + k
			b := s.blocks[i]
			x0, x1 := s.span(i)
			here := i == s.position
			ghosts[k].FillColor, bars[k].FillColor = faded(tint(t, theme.ColorTrack), 0x70), tint(t, theme.ColorBlock)
			if b.Marked {
				bars[k].FillColor = tint(t, theme.ColorKept)
			}
			place(ghosts[k], x0, theme.Step, x1-x0, stepBar)
			h := float32(math.Round(clamp01(b.Fraction) * stepBar))
			if b.Fraction > 0 {
				h = max(h, 2)
			}
			place(bars[k], x0, theme.Step+stepBar-h, x1-x0, h)
			words[k].Text, words[k].Color = truncate(visible(b.Text), caption, 24*theme.Step), tint(t, theme.ColorSoft)
			if here || i == t.hovered {
				words[k].Color = tint(t, foreground)
			}
			m := measure("Ag", caption).Height
			place(words[k], x0, stepBar+theme.Step+3, x1-x0, m)
			if here {
				box.Hidden = false
				place(box, x0-1, 0, x1-x0+2, stepBar+theme.Step+m+6)
			}
			objects = append(objects, ghosts[k], bars[k], words[k])
			ghosts[k].Refresh()
			bars[k].Refresh()
			words[k].Refresh()
		}
		box.FillColor, box.StrokeColor = tint(t, theme.ColorRaised), tint(t, theme.ColorFaint)
		if s.focused {
			box.StrokeColor = tint(t, theme.ColorKept)
		}
		box.Refresh()
		s.foot.Text = truncate(s.reading(), captionMono, s.foot.Size().Width)
		s.foot.Color = tint(s, theme.ColorSoft)
		s.foot.Refresh()
	}
	r.refresh = t.place
	r.refresh()
	return r
}
