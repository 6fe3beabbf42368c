package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

// cameraDrawing holds the canvas objects of a Camera. A new picture uploads its texture alone.
type cameraDrawing struct {
	c                *Camera
	title            *canvas.Text
	box              *canvas.Rectangle // in place of a picture
	picture, overlay *canvas.Image
	lines            *canvas.Raster
	hint             *Note
}

// CreateRenderer implements fyne.Widget.
func (c *Camera) CreateRenderer() fyne.WidgetRenderer {
	d := &cameraDrawing{c: c, title: newText(captionBold), box: newPanelBox(), picture: &canvas.Image{}, overlay: &canvas.Image{},
		lines: canvas.NewRaster(c.lines), hint: NewNote("")}
	// Fastest leaves scaling to the window's painter: smooth there costs a moment of the processor
	// for every picture.
	d.picture.FillMode, d.picture.ScaleMode, d.picture.CornerRadius = canvas.ImageFillStretch, canvas.ImageScaleFastest, theme.Small
	d.overlay.FillMode, d.overlay.ScaleMode = canvas.ImageFillStretch, canvas.ImageScalePixels
	d.lines.ScaleMode = canvas.ImageScaleFastest
	d.hint.color, d.hint.align = theme.ColorFaint, fyne.TextAlignCenter
	objects := []fyne.CanvasObject{d.box, d.hint, d.picture, d.overlay, d.lines, d.title}
	c.draw = d
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(30*theme.Step, c.head()+30*theme.Step) },
		layout:  d.layout,
		refresh: d.refresh,
		destroy: func() {
			if c.draw == d {
				c.draw = nil
			}
		},
	}
	d.refresh()
	return r
}

func (d *cameraDrawing) refresh() {
	d.title.Color = tint(d.c, theme.ColorSoft)
	paintPanel(d.c, d.box, false)
	d.layout(d.c.Size())
	d.pictureChanged(false)
	d.overlayChanged()
}

func (d *cameraDrawing) layout(s fyne.Size) {
	picture, part := d.c.frames(s)
	at := func(o fyne.CanvasObject, f frame) { place(o, f.x, f.y, f.w, f.h) }
	h := measure("Ag", captionBold).Height
	d.title.Text = truncate(d.c.title, captionBold, max(s.Width-picture.x, 0))
	place(d.title, picture.x, (cameraHead-h)/2-1, max(s.Width-picture.x, 0), h)
	at(d.box, picture)
	at(d.picture, picture)
	at(d.overlay, part)
	at(d.lines, part)
	d.overlay.CornerRadius = 0
	if d.c.part == wholePicture {
		d.overlay.CornerRadius = theme.Small
	}
	w := max(picture.w-2*theme.Inset, 0)
	d.hint.SetText(d.c.hint)
	d.hint.Resize(fyne.NewSize(w, d.hint.MinSize().Height))
	place(d.hint, picture.x+theme.Inset, picture.y+(picture.h-d.hint.MinSize().Height)/2, w, d.hint.MinSize().Height)
	d.title.Refresh()
}

// pictureChanged shows another picture, or the sentence; reshaped where its proportions may differ.
func (d *cameraDrawing) pictureChanged(reshaped bool) {
	none := d.c.picture == nil
	if reshaped {
		d.layout(d.c.Size())
		d.overlayChanged()
	}
	d.picture.Image, d.picture.Hidden = nil, none
	if !none {
		d.picture.Image = d.c.picture
	}
	d.picture.Refresh()
	if d.box.Hidden == none {
		d.box.Hidden, d.hint.Hidden = !none, !none
		d.box.Refresh()
	}
	d.hint.Refresh()
}

func (d *cameraDrawing) overlayChanged() {
	d.layout(d.c.Size())
	none := d.c.picture == nil
	d.overlay.Image, d.overlay.Hidden = nil, none || d.c.overlay == nil
	if d.c.overlay != nil {
		d.overlay.Image = d.c.overlay
	}
	d.lines.Hidden = none || d.c.rows == 0
	d.overlay.Refresh()
	d.lines.Refresh()
}
