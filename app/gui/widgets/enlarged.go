package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// Enlarged shows a small picture as large as there is room, in its proportions and smooth, and on
// it, with sharp edges, an image of one pixel a token.
type Enlarged struct {
	widget.BaseWidget
	picture, over image.Image
	alpha         float64
	hint          string
	bare          bool
	draw          func() // repaints what changed; nil until it is shown
}

// NewEnlarged makes one that says a hint until it has a picture.
func NewEnlarged(hint string) *Enlarged {
	e := &Enlarged{hint: hint, alpha: 1}
	e.ExtendBaseWidget(e)
	return e
}

// SetPicture replaces the picture; nil shows the hint.
func (e *Enlarged) SetPicture(img image.Image) {
	if img != e.picture {
		e.picture = img
		e.changed()
	}
}

// Picture is what it shows.
func (e *Enlarged) Picture() image.Image { return e.picture }

// SetOverlay lays an image over the picture, alpha 0 to 1; nil takes it away.
func (e *Enlarged) SetOverlay(img image.Image, alpha float64) {
	if img != e.over || alpha != e.alpha {
		e.over, e.alpha = img, alpha
		e.changed()
	}
}

// SetHint is what it says in place of a picture.
func (e *Enlarged) SetHint(text string) {
	if e.hint != text {
		e.hint = text
		e.changed()
	}
}

// SetBare leaves out the frame around the hint, for one that lies in a panel.
func (e *Enlarged) SetBare(on bool) {
	e.bare = on
	e.changed()
}

// Hint is what it says in place of a picture.
func (e *Enlarged) Hint() string { return e.hint }

func (e *Enlarged) changed() {
	if e.draw != nil {
		e.draw()
	}
}

// fitted is the largest box of an image's proportions in a size, centred.
func fitted(img image.Image, s fyne.Size) frame {
	w, h := float32(1), float32(1)
	if img != nil && !img.Bounds().Empty() {
		w, h = float32(img.Bounds().Dx()), float32(img.Bounds().Dy())
	}
	f := min(s.Width/w, s.Height/h)
	return frame{(s.Width - f*w) / 2, (s.Height - f*h) / 2, f * w, f * h}
}

// CreateRenderer implements fyne.Widget.
func (e *Enlarged) CreateRenderer() fyne.WidgetRenderer {
	box := &canvas.Rectangle{CornerRadius: theme.Radius, StrokeWidth: 1}
	pic, over := canvas.NewImageFromImage(nil), canvas.NewImageFromImage(nil)
	pic.FillMode, pic.ScaleMode, pic.CornerRadius = canvas.ImageFillStretch, canvas.ImageScaleSmooth, theme.Small
	over.FillMode, over.ScaleMode = canvas.ImageFillStretch, canvas.ImageScalePixels
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	objects := []fyne.CanvasObject{box, hint, pic, over}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(20*theme.Step, 20*theme.Step) },
		destroy: func() { e.draw = nil },
	}
	r.layout = func(s fyne.Size) {
		f := fitted(e.picture, s)
		place(box, f.x, f.y, f.w, f.h)
		place(pic, f.x, f.y, f.w, f.h)
		place(over, f.x, f.y, f.w, f.h)
		if e.picture == nil && e.bare {
			f = frame{0, 0, s.Width, s.Height}
		}
		w := f.w - 2*theme.Inset
		hint.Resize(fyne.NewSize(w, hint.MinSize().Height))
		place(hint, f.x+theme.Inset, f.y+(f.h-hint.MinSize().Height)/2, w, hint.MinSize().Height)
	}
	e.draw = func() {
		set := func(to *canvas.Image, img image.Image, on bool) {
			if to.Image != img || to.Hidden == on {
				to.Image, to.Hidden = img, !on
				to.Refresh()
			}
		}
		hint.SetText(e.hint)
		hint.Hidden = e.picture != nil
		box.Hidden = e.picture != nil || e.bare
		fade := 1 - e.alpha
		if over.Translucency != fade {
			over.Translucency = fade
			over.Refresh()
		}
		r.layout(e.Size())
		set(pic, e.picture, e.picture != nil)
		set(over, e.over, e.picture != nil && e.over != nil)
		box.Refresh()
		hint.Refresh()
	}
	r.refresh = func() {
		box.FillColor, box.StrokeColor = tint(e, theme.ColorPanel), tint(e, theme.ColorHairline)
		e.draw()
		for _, o := range objects {
			o.Refresh()
		}
	}
	r.refresh()
	return r
}
