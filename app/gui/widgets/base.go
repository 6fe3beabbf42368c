package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"

	"winnow/app/gui/theme"
)

// renderer is a fyne.WidgetRenderer made of functions, since most widgets here place a handful
// of canvas objects by hand.
type renderer struct {
	// objects lists what is drawn now, back to front; it may change between two refreshes.
	objects func() []fyne.CanvasObject
	min     func() fyne.Size
	layout  func(fyne.Size)
	// refresh reads the widget's state and the theme into the objects.
	refresh func()
	destroy func()
}

func (r *renderer) Objects() []fyne.CanvasObject { return r.objects() }
func (r *renderer) MinSize() fyne.Size           { return r.min() }
func (r *renderer) Layout(s fyne.Size)           { r.layout(s) }
func (r *renderer) Refresh()                     { r.refresh() }
func (r *renderer) Destroy() {
	if r.destroy != nil {
		r.destroy()
	}
}

// themed is what every widget.BaseWidget offers.
type themed interface{ Theme() fyne.Theme }

// tint looks a colour up in a widget's own theme.
func tint(w themed, name fyne.ThemeColorName) color.Color {
	return w.Theme().Color(name, fyne.CurrentApp().Settings().ThemeVariant())
}

// face is one of the few ways text is set: two sizes, two weights, and numbers in mono.
type face int

const (
	body face = iota
	bodyBold
	caption
	captionBold
	bodyMono
	captionMono
)

func (f face) size() float32 {
	if f == caption || f == captionBold || f == captionMono {
		return theme.CaptionSize
	}
	return theme.TextSize
}

func (f face) style() fyne.TextStyle {
	return fyne.TextStyle{
		Bold:      f == bodyBold || f == captionBold,
		Monospace: f == bodyMono || f == captionMono,
	}
}

// newText makes a canvas.Text; its colour is set by the widget's refresh.
func newText(f face) *canvas.Text {
	return &canvas.Text{TextSize: f.size(), TextStyle: f.style(), Color: color.Transparent}
}

// measure is the size of a text in a face.
func measure(text string, f face) fyne.Size {
	return fyne.MeasureText(text, f.size(), f.style())
}

// place moves and resizes an object.
func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
}

// scaleOf is the number of device pixels in a unit of the canvas that shows an object; 1 where
// it is not shown yet.
func scaleOf(o fyne.CanvasObject) float32 {
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil {
		return c.Scale()
	}
	return 1
}

// focus gives a widget the keyboard when it is clicked.
func focus(w interface {
	fyne.CanvasObject
	fyne.Focusable
}) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(w); c != nil {
		c.Focus(w)
	}
}

// truncate cuts a text to a width and ends it with an ellipsis.
func truncate(text string, f face, width float32) string {
	if measure(text, f).Width <= width {
		return text
	}
	runes := []rune(text)
	lo, hi := 0, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if measure(string(runes[:mid])+"…", f).Width <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if lo == 0 {
		return ""
	}
	return string(runes[:lo]) + "…"
}

// wrap sets pieces in lines of at most a width, with a separator between two of a line; a piece
// that is wider stands alone.
func wrap(pieces []string, between string, f face, width float32) []string {
	var lines []string
	line := ""
	for _, piece := range pieces {
		next := piece
		if line != "" {
			next = line + between + piece
		}
		if line != "" && measure(next, f).Width > width {
			lines = append(lines, line)
			next = piece
		}
		line = next
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

const (
	foreground      = fynetheme.ColorNameForeground
	fyneInputBorder = fynetheme.ColorNameInputBorder
	fyneHover       = fynetheme.ColorNameHover
)

// faded is a colour with another opacity.
func faded(c color.Color, alpha uint8) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = alpha
	return n
}
