package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// tip is the panel beside a cell.
type tip struct {
	widget.BaseWidget
	lines []string
}

func newTip() *tip {
	t := &tip{}
	t.ExtendBaseWidget(t)
	t.Hide()
	return t
}

func (t *tip) set(lines []string) {
	t.lines = append(t.lines[:0], lines...)
	if len(lines) == 0 {
		if t.Visible() {
			t.Hide()
		}
		return
	}
	t.Refresh()
	t.Resize(t.MinSize())
	if !t.Visible() {
		t.Show()
	}
}

// near moves the panel to the lower right of a frame, or to another side where that would
// leave the view.
func (t *tip) near(f frame, view fyne.Size) {
	s := t.MinSize()
	const off = theme.Gap
	x, y := f.x+f.w+off, f.y+f.h+off
	if x+s.Width > view.Width {
		x = f.x - off - s.Width
	}
	if y+s.Height > view.Height {
		y = f.y - off - s.Height
	}
	t.Move(fyne.NewPos(max(x, 0), max(y, 0)))
}

// CreateRenderer implements fyne.Widget.
func (t *tip) CreateRenderer() fyne.WidgetRenderer {
	box := &canvas.Rectangle{CornerRadius: theme.Small, StrokeWidth: 1}
	var texts []*canvas.Text
	var objects []fyne.CanvasObject
	height := measure("Ag", caption).Height + 2
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min: func() fyne.Size {
			w := float32(0)
			for i, l := range t.lines {
				w = max(w, measure(l, tipFace(i)).Width)
			}
			return fyne.NewSize(w+2*theme.Inset, float32(len(t.lines))*height+2*theme.Gap)
		},
		layout: func(s fyne.Size) {
			place(box, 0, 0, s.Width, s.Height)
			for i, x := range texts {
				place(x, theme.Inset, theme.Gap+float32(i)*height, s.Width-2*theme.Inset, height)
			}
		},
	}
	r.refresh = func() {
		texts, objects = resize(texts, len(t.lines), func() *canvas.Text { return newText(caption) })
		objects = append([]fyne.CanvasObject{box}, objects...)
		for i, x := range texts {
			x.Text, x.TextStyle, x.Color = t.lines[i], tipFace(i).style(), tint(t, theme.ColorOnTipSoft)
			if i == 0 {
				x.Color = tint(t, theme.ColorOnTip)
			}
			x.Refresh()
		}
		box.FillColor, box.StrokeColor = tint(t, theme.ColorTip), tint(t, theme.ColorTipEdge)
		box.Refresh()
		r.layout(t.Size())
	}
	r.refresh()
	return r
}

func tipFace(line int) face {
	if line == 0 {
		return captionBold
	}
	return caption
}
