package widgets

import (
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// Swatch is an entry of a Legend: a small patch of colour and what it stands for.
type Swatch struct {
	Label string
	Color fyne.ThemeColorName
	// Strength is how much of the colour there is over the panel; 0 stands for 1.
	Strength float64
	// Hatched draws diagonals of Over on the patch.
	Hatched bool
	Over    fyne.ThemeColorName
	// Line draws a thin upright line, Outline a frame, in place of a patch.
	Line, Outline bool
}

// Legend lists what colours mean. It wraps where it is narrow.
type Legend struct {
	widget.BaseWidget
	items []Swatch
	width float32
}

// NewLegend makes one.
func NewLegend(items ...Swatch) *Legend {
	l := &Legend{items: slices.Clone(items)}
	l.ExtendBaseWidget(l)
	return l
}

// SetItems replaces the entries.
func (l *Legend) SetItems(items ...Swatch) {
	if !slices.Equal(items, l.items) {
		l.items = slices.Clone(items)
		l.Refresh()
	}
}

// OverlapItems are the entries of the overlap view of so many sides, with the names of the sides:
// kept by all, by one alone, by some (three sides or more), by none.
func OverlapItems(sides ...string) []Swatch {
	all := "kept by all"
	if len(sides) == 2 {
		all = "kept by both"
	}
	out := []Swatch{{Label: all, Color: theme.ColorKept}}
	for i, s := range sides {
		out = append(out, Swatch{Label: "only " + s, Color: theme.Side(i)})
	}
	if len(sides) > 2 {
		out = append(out, Swatch{Label: "some", Color: theme.ColorSoft})
	}
	return append(out, Swatch{Label: "none", Color: theme.ColorTrack})
}

// Resize implements fyne.CanvasObject: a new width breaks the lines anew.
func (l *Legend) Resize(s fyne.Size) {
	changed := s.Width != l.width
	l.width = s.Width
	l.BaseWidget.Resize(s)
	if changed {
		l.Refresh()
	}
}

const (
	swatchSide = 10
	legendLine = 5 * theme.Step
)

func (l *Legend) places() (at []fyne.Position, height float32) { return legendPlaces(l.items, l.width) }

// legendPlaces are the upper left corners of entries that wrap at a width.
func legendPlaces(items []Swatch, width float32) (at []fyne.Position, height float32) {
	var x, y float32
	for _, it := range items {
		w := swatchSide + 6 + measure(it.Label, caption).Width
		if x > 0 && width > 0 && x+w > width {
			x, y = 0, y+legendLine
		}
		at = append(at, fyne.NewPos(x, y))
		x += w + theme.Inset
	}
	if len(at) > 0 {
		y += legendLine
	}
	return at, y
}

// CreateRenderer implements fyne.Widget.
func (l *Legend) CreateRenderer() fyne.WidgetRenderer {
	var patches []*canvas.Rectangle
	var texts []*canvas.Text
	var hatched []*canvas.Raster
	var objects []fyne.CanvasObject
	r := &renderer{objects: func() []fyne.CanvasObject { return objects }}
	r.min = func() fyne.Size {
		_, h := l.places()
		return fyne.NewSize(0, h)
	}
	r.layout = func(fyne.Size) {
		at, _ := l.places()
		next := 0
		for i, p := range at {
			if i >= len(patches) {
				break
			}
			y := p.Y + (legendLine-swatchSide)/2
			place(patches[i], p.X, y, swatchSide, swatchSide)
			if l.items[i].Line {
				place(patches[i], p.X+swatchSide/2-1, y-1, 2, swatchSide+2)
			}
			if l.items[i].Hatched && next < len(hatched) {
				place(hatched[next], p.X, y, swatchSide, swatchSide)
				next++
			}
			m := measure(l.items[i].Label, caption)
			place(texts[i], p.X+swatchSide+6, p.Y+(legendLine-m.Height)/2, m.Width, m.Height)
		}
	}
	r.refresh = func() {
		patches, _ = resize(patches, len(l.items), func() *canvas.Rectangle { return canvas.NewRectangle(nil) })
		texts, _ = resize(texts, len(l.items), func() *canvas.Text { return newText(caption) })
		hatched, objects = hatched[:0], objects[:0]
		for i, it := range l.items {
			c := tint(l, it.Color)
			if it.Strength > 0 && it.Strength < 1 {
				c = mixed(tint(l, theme.ColorPanel), c, it.Strength)
			}
			p := patches[i]
			p.CornerRadius, p.FillColor, p.StrokeWidth, p.StrokeColor = 2, c, 0, nil
			if it.Line {
				p.CornerRadius = 0
			}
			if it.Outline {
				p.FillColor, p.StrokeColor, p.StrokeWidth = nil, c, 1.5
			}
			texts[i].Text, texts[i].Color = it.Label, tint(l, theme.ColorSoft)
			objects = append(objects, p, texts[i])
			if it.Hatched {
				over := premultiplied(tint(l, it.Over))
				h := canvas.NewRaster(func(w, h int) image.Image {
					img := image.NewRGBA(image.Rect(0, 0, w, h))
					hatch(img, 0, 0, w, h, scaleOf(l), over)
					return img
				})
				hatched = append(hatched, h)
				objects = append(objects, h)
			}
		}
		r.layout(l.Size())
		for _, o := range objects {
			o.Refresh()
		}
	}
	r.refresh()
	return r
}

// SideBadge names a side of a comparison: a dot in its colour and its label.
type SideBadge struct {
	widget.BaseWidget
	side  int
	label string
}

// NewSideBadge makes one; side as in theme.Side, -1 for dense.
func NewSideBadge(side int, label string) *SideBadge {
	b := &SideBadge{side: side, label: label}
	b.ExtendBaseWidget(b)
	return b
}

// Set changes side and label.
func (b *SideBadge) Set(side int, label string) {
	if b.side != side || b.label != label {
		b.side, b.label = side, label
		b.Refresh()
	}
}

// Label is its text.
func (b *SideBadge) Label() string { return b.label }

// CreateRenderer implements fyne.Widget. A long label is cut to the width that it gets.
func (b *SideBadge) CreateRenderer() fyne.WidgetRenderer {
	const dot = theme.Gap
	box := &canvas.Rectangle{CornerRadius: 3 * theme.Step, StrokeWidth: 1}
	circle := canvas.NewCircle(nil)
	text := newText(caption)
	r := &renderer{
		objects: func() []fyne.CanvasObject { return []fyne.CanvasObject{box, circle, text} },
		min: func() fyne.Size {
			w := min(measure(b.label, caption).Width, 28*theme.Step)
			return fyne.NewSize(w+dot+2*theme.Inset-2, 6*theme.Step)
		},
	}
	r.layout = func(s fyne.Size) {
		h := float32(6 * theme.Step)
		y := (s.Height - h) / 2
		room := s.Width - dot - 2*theme.Inset + 2
		text.Text = truncate(b.label, caption, room+0.5)
		m := text.MinSize()
		place(box, 0, y, min(s.Width, m.Width+dot+2*theme.Inset-2), h)
		place(circle, theme.Gap+1, y+(h-dot)/2, dot, dot)
		place(text, theme.Gap+dot+6, y+(h-m.Height)/2, m.Width, m.Height)
	}
	r.refresh = func() {
		box.FillColor, box.StrokeColor = tint(b, theme.ColorPanel), tint(b, fyneInputBorder)
		circle.FillColor = tint(b, theme.Side(b.side))
		text.Color = tint(b, foreground)
		r.layout(b.Size())
		box.Refresh()
		circle.Refresh()
		text.Refresh()
	}
	r.refresh()
	return r
}
