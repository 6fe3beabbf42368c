package widgets

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/draw"

	"winnow/app/gui/theme"
)

// Wipe shows two pictures in one place: A left of a divider, B right of it. The divider is dragged,
// or moved with the arrow keys, Home and End.
type Wipe struct {
	widget.BaseWidget
	// OnMoved is called when the person moved the divider: the share of the width that is A's.
	OnMoved func(share float64)

	a, b    image.Image
	labels  [2]string
	share   float64
	hint    string
	focused bool
	sheet   *image.RGBA
	// large are the two pictures in device pixels, made anew when the picture or the size changes.
	large [2]enlargement
	show  func() // repaints; nil until it is shown
}

type enlargement struct {
	of  image.Image
	img *image.RGBA
}

var (
	_ fyne.Tappable      = (*Wipe)(nil)
	_ fyne.Draggable     = (*Wipe)(nil)
	_ fyne.Focusable     = (*Wipe)(nil)
	_ desktop.Cursorable = (*Wipe)(nil)
)

// NewWipe makes one whose divider stands in the middle.
func NewWipe(hint string) *Wipe {
	w := &Wipe{share: 0.5, hint: hint}
	w.ExtendBaseWidget(w)
	return w
}

// SetPictures replaces both; while either is missing the hint is shown.
func (w *Wipe) SetPictures(a, b image.Image) {
	if w.a != a || w.b != b {
		w.a, w.b = a, b
		w.repaint()
	}
}

// SetLabels names the two.
func (w *Wipe) SetLabels(a, b string) {
	if l := [2]string{a, b}; l != w.labels {
		w.labels = l
		w.repaint()
	}
}

// SetHint is what it says while there are no two pictures.
func (w *Wipe) SetHint(text string) {
	if w.hint != text {
		w.hint = text
		w.repaint()
	}
}

// SetShare moves the divider without calling OnMoved.
func (w *Wipe) SetShare(share float64) {
	if share = clamp01(share); share != w.share {
		w.share = share
		w.repaint()
	}
}

// Share is the part of the width that is A's.
func (w *Wipe) Share() float64 { return w.share }

func (w *Wipe) repaint() {
	if w.show != nil {
		w.show()
	}
}

func (w *Wipe) both() bool { return w.a != nil && w.b != nil }

func (w *Wipe) move(share float64) {
	before := w.share
	w.SetShare(share)
	if w.share != before && w.OnMoved != nil {
		w.OnMoved(w.share)
	}
}

func (w *Wipe) moveTo(x float32) {
	if f := fitted(w.a, w.Size()); f.w > 0 && w.both() {
		w.move(float64((x - f.x) / f.w))
	}
}

// Tapped implements fyne.Tappable.
func (w *Wipe) Tapped(e *fyne.PointEvent) {
	focus(w)
	w.moveTo(e.Position.X)
}

// Dragged implements fyne.Draggable.
func (w *Wipe) Dragged(e *fyne.DragEvent) { w.moveTo(e.Position.X) }

// DragEnd implements fyne.Draggable.
func (w *Wipe) DragEnd() {}

// Cursor implements desktop.Cursorable.
func (w *Wipe) Cursor() desktop.Cursor {
	if w.both() {
		return desktop.HResizeCursor
	}
	return desktop.DefaultCursor
}

// FocusGained implements fyne.Focusable.
func (w *Wipe) FocusGained() { w.focused = true; w.repaint() }

// FocusLost implements fyne.Focusable.
func (w *Wipe) FocusLost() { w.focused = false; w.repaint() }

// TypedRune implements fyne.Focusable.
func (w *Wipe) TypedRune(rune) {}

// wipeStep is how far an arrow key moves the divider.
const wipeStep = 0.02

// TypedKey implements fyne.Focusable.
func (w *Wipe) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		w.move(w.share - wipeStep)
	case fyne.KeyRight:
		w.move(w.share + wipeStep)
	case fyne.KeyHome:
		w.move(0)
	case fyne.KeyEnd:
		w.move(1)
	}
}

// enlarge scales a picture smoothly to a size, once.
func (w *Wipe) enlarge(i int, img image.Image, width, height int) *image.RGBA {
	l := &w.large[i]
	if l.of != img || l.img == nil || l.img.Rect.Dx() != width || l.img.Rect.Dy() != height {
		l.of, l.img = img, image.NewRGBA(image.Rect(0, 0, width, height))
		draw.CatmullRom.Scale(l.img, l.img.Rect, img, img.Bounds(), draw.Src, nil)
	}
	return l.img
}

func (w *Wipe) generate(width, height int) image.Image {
	w.sheet = sheet(w.sheet, width, height)
	if !w.both() || width < 2 || height < 2 {
		return w.sheet
	}
	a, b := w.enlarge(0, w.a, width, height), w.enlarge(1, w.b, width, height)
	cut := int(w.share*float64(width) + 0.5)
	draw.Draw(w.sheet, image.Rect(0, 0, cut, height), a, image.Point{}, draw.Src)
	draw.Draw(w.sheet, image.Rect(cut, 0, width, height), b, image.Pt(cut, 0), draw.Src)
	return w.sheet
}

// CreateRenderer implements fyne.Widget.
func (w *Wipe) CreateRenderer() fyne.WidgetRenderer {
	box := &canvas.Rectangle{CornerRadius: theme.Radius, StrokeWidth: 1}
	raster := canvas.NewRaster(w.generate)
	raster.ScaleMode = canvas.ImageScaleFastest
	line := canvas.NewRectangle(color.White)
	knob := canvas.NewCircle(color.White)
	knob.StrokeWidth = 2
	var names [2]*canvas.Text
	var backs [2]*canvas.Rectangle
	for i := range names {
		names[i] = newText(captionBold)
		backs[i] = &canvas.Rectangle{CornerRadius: theme.Small}
	}
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	objects := []fyne.CanvasObject{box, hint, raster, backs[0], names[0], backs[1], names[1], line, knob}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(20*theme.Step, 20*theme.Step) },
		destroy: func() { w.show = nil },
	}
	r.layout = func(s fyne.Size) {
		f := fitted(w.a, s)
		place(box, f.x, f.y, f.w, f.h)
		place(raster, f.x, f.y, f.w, f.h)
		wide := f.w - 2*theme.Inset
		hint.Resize(fyne.NewSize(wide, hint.MinSize().Height))
		place(hint, f.x+theme.Inset, f.y+(f.h-hint.MinSize().Height)/2, wide, hint.MinSize().Height)
		x := f.x + float32(w.share)*f.w
		place(line, x-1, f.y, 2, f.h)
		const k = 16
		place(knob, x-k/2, f.y+f.h/2-k/2, k, k)
		for i, t := range names {
			t.Text = truncate(w.labels[i], captionBold, f.w/2-3*theme.Gap)
			m := measure(t.Text, captionBold)
			at := f.x + theme.Gap
			if i == 1 {
				at = f.x + f.w - theme.Gap - m.Width - 2*theme.Gap
			}
			place(backs[i], at, f.y+theme.Gap, m.Width+2*theme.Gap, m.Height+theme.Step)
			place(t, at+theme.Gap, f.y+theme.Gap+theme.Step/2, m.Width, m.Height)
			// A name goes when the divider has left nothing of its picture under it.
			gone := i == 0 && x < at+m.Width+2*theme.Gap || i == 1 && x > at
			t.Hidden, backs[i].Hidden = !w.both() || gone || t.Text == "", !w.both() || gone || t.Text == ""
		}
	}
	w.show = func() {
		hint.SetText(w.hint)
		hint.Hidden, box.Hidden = w.both(), w.both()
		raster.Hidden, line.Hidden, knob.Hidden = !w.both(), !w.both(), !w.both()
		knob.StrokeColor = tint(w, theme.ColorTip)
		if w.focused {
			knob.StrokeColor = tint(w, theme.ColorKept)
		}
		r.layout(w.Size())
		for _, o := range objects {
			o.Refresh()
		}
	}
	r.refresh = func() {
		box.FillColor, box.StrokeColor = tint(w, theme.ColorPanel), tint(w, theme.ColorHairline)
		for i := range names {
			names[i].Color, backs[i].FillColor = tint(w, theme.ColorOnTip), tint(w, theme.ColorTip)
		}
		w.show()
	}
	r.refresh()
	return r
}
