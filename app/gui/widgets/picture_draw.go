package widgets

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

// pictureDrawing holds the canvas objects of a PictureView. What changes while a model runs is
// the overlay (one texture of rows × cols) and the lines (one texture as large as the seen box);
// each is refreshed alone, the photo's texture stays.
type pictureDrawing struct {
	p       *PictureView
	photo   *canvas.Image
	shade   [4]*canvas.Rectangle
	overlay *canvas.Image
	lines   *canvas.Raster
	// sheet is the buffer that lines are drawn into.
	sheet  *image.RGBA
	cursor [2]*canvas.Rectangle // dark outside, light inside: seen on any picture
	tip    *tip
	busy   *busy
	notice *notice
	badge  *cornerBadge
	geo    pictureGeometry
}

// CreateRenderer implements fyne.Widget.
func (p *PictureView) CreateRenderer() fyne.WidgetRenderer {
	d := &pictureDrawing{p: p, photo: &canvas.Image{}, overlay: &canvas.Image{}, tip: newTip(), busy: newBusy(), notice: newNotice(), badge: newCornerBadge()}
	d.photo.FillMode, d.photo.ScaleMode = canvas.ImageFillStretch, canvas.ImageScaleSmooth
	d.overlay.FillMode, d.overlay.ScaleMode = canvas.ImageFillStretch, canvas.ImageScalePixels
	d.lines = canvas.NewRaster(d.drawLines)
	d.lines.ScaleMode = canvas.ImageScaleFastest
	objects := []fyne.CanvasObject{d.photo}
	for i := range d.shade {
		d.shade[i] = canvas.NewRectangle(nil)
		objects = append(objects, d.shade[i])
	}
	objects = append(objects, d.overlay, d.lines)
	for i := range d.cursor {
		d.cursor[i] = canvas.NewRectangle(nil)
		d.cursor[i].StrokeWidth = float32(3 - 2*i)
		objects = append(objects, d.cursor[i])
	}
	objects = append(objects, d.badge, d.tip, d.busy, d.notice)
	p.draw = d
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min: func() fyne.Size {
			if p.compact {
				return fyne.NewSquareSize(25 * theme.Step)
			}
			return fyne.NewSquareSize(60 * theme.Step)
		},
		layout:  d.layout,
		refresh: d.refreshAll,
		destroy: func() {
			d.busy.set(false, "")
			if p.draw == d {
				p.draw = nil
			}
		},
	}
	r.refresh()
	return r
}

func (d *pictureDrawing) refreshAll() {
	d.photo.Image = nil
	if d.p.picture != nil {
		d.photo.Image = d.p.picture
	}
	for _, s := range d.shade {
		s.FillColor = tint(d.p, theme.ColorShade)
		s.Refresh()
	}
	d.layout(d.p.Size())
	d.photo.Refresh()
	d.refreshOverlay()
	d.refreshAlpha()
	d.refreshLines()
	d.refreshState()
}

func (d *pictureDrawing) layout(size fyne.Size) {
	d.geo = d.p.geometry(size)
	at := func(o fyne.CanvasObject, f frame) { place(o, f.x, f.y, f.w, f.h) }
	at(d.photo, d.geo.picture)
	for i, f := range d.geo.shades() {
		at(d.shade[i], f)
	}
	at(d.overlay, d.geo.seen)
	at(d.lines, d.geo.seen)
	place(d.notice, 0, 0, size.Width, size.Height)
	d.refreshBadge()
	d.layoutBusy()
	d.refreshCursor()
}

// layoutBusy puts the busy pill over the top of the picture, or the middle where there is none.
func (d *pictureDrawing) layoutBusy() {
	m, size := d.busy.MinSize(), d.p.Size()
	y := (size.Height - m.Height) / 2
	if d.p.picture != nil && !d.p.compact {
		y = max(d.geo.picture.y, 0) + 4*theme.Step
	}
	place(d.busy, (size.Width-m.Width)/2, y, m.Width, m.Height)
}

func (d *pictureDrawing) refreshOverlay() {
	d.overlay.Image = nil
	show := d.p.overlay != nil && d.p.rows > 0
	if show {
		d.overlay.Image = d.p.overlay
	}
	d.overlay.Hidden = !show || !d.showsPicture()
	d.overlay.Refresh()
}

func (d *pictureDrawing) refreshAlpha() {
	d.overlay.Translucency = 1 - d.p.alpha
	canvas.Refresh(d.overlay)
}

func (d *pictureDrawing) refreshLines() {
	d.lines.Hidden = d.p.rows == 0 || !d.showsPicture()
	d.lines.Refresh()
}

func (d *pictureDrawing) showsPicture() bool {
	return d.p.picture != nil && (d.p.state == pictureReady || d.p.state == pictureBusy)
}

// refreshState shows the state's own objects and hides what does not belong to it.
func (d *pictureDrawing) refreshState() {
	p := d.p
	shows := d.showsPicture()
	d.photo.Hidden = !shows
	for _, s := range d.shade {
		s.Hidden = !shows || p.rows == 0
	}
	d.overlay.Hidden = !shows || p.overlay == nil
	d.lines.Hidden = !shows || p.rows == 0
	d.notice.set(p, p.state == pictureEmpty || p.state == pictureError)
	d.busy.set(p.state == pictureBusy, p.title)
	d.refreshBadge()
	d.layoutBusy()
	d.refreshCursor()
	canvas.Refresh(d.shade[0]) // repaints the window; a rectangle has no texture to upload
}

// refreshCursor moves the cursor's frame and the tooltip to the cell, or hides them.
func (d *pictureDrawing) refreshCursor() {
	p := d.p
	row, col, ok := p.Cursor()
	ok = ok && d.showsPicture() && (p.pointing || p.focused)
	var lines []string
	if ok {
		f := d.geo.cell(row, col, p.rows, p.cols, scaleOf(p))
		for i, c := range d.cursor {
			out := float32(1 - i)
			place(c, f.x-out, f.y-out, f.w+2*out, f.h+2*out)
			c.StrokeColor = tint(p, []fyne.ThemeColorName{theme.ColorTip, theme.ColorCursor}[i])
		}
		if p.Tooltip != nil {
			lines = p.Tooltip(row, col)
		}
		d.tip.set(lines)
		d.tip.near(f, p.Size())
	} else {
		d.tip.set(nil)
	}
	for _, c := range d.cursor {
		c.Hidden = !ok
		c.Refresh()
	}
}

// drawLines paints the grid and the frames of kept cells for a seen box of w × h device pixels.
// Neighbours share a line.
func (d *pictureDrawing) drawLines(w, h int) image.Image {
	p := d.p
	d.sheet = sheet(d.sheet, w, h)
	if p.rows == 0 || w <= 0 || h <= 0 {
		return d.sheet
	}
	thick := max(int(math.Round(float64(scaleOf(p)))), 1)
	// edge i of n is the first of its thick pixels; the last edge stays inside.
	edge := func(i, n, length int) int {
		return min((2*i*length+n)/(2*n), length-thick)
	}
	if p.gridLines && min(w/p.cols, h/p.rows) >= 6 {
		c := premultiplied(tint(p, theme.ColorGrid))
		for i := 1; i < p.rows; i++ {
			y := edge(i, p.rows, h)
			fill(d.sheet, 0, y, w, y+thick, c)
		}
		for i := 1; i < p.cols; i++ {
			x := edge(i, p.cols, w)
			fill(d.sheet, x, 0, x+thick, h, c)
		}
	}
	if d.cropped() {
		c := premultiplied(tint(p, theme.ColorCrop))
		fill(d.sheet, 0, 0, w, thick, c)
		fill(d.sheet, 0, h-thick, w, h, c)
		fill(d.sheet, 0, 0, thick, h, c)
		fill(d.sheet, w-thick, 0, w, h, c)
	}
	c := premultiplied(tint(p, theme.ColorKeptFrame))
	for i := range min(len(p.kept), p.rows*p.cols) {
		if !p.kept[i] {
			continue
		}
		row, col := i/p.cols, i%p.cols
		x0, x1 := edge(col, p.cols, w), edge(col+1, p.cols, w)
		y0, y1 := edge(row, p.rows, h), edge(row+1, p.rows, h)
		fill(d.sheet, x0, y0, x1+thick, y0+thick, c)
		fill(d.sheet, x0, y1, x1+thick, y1+thick, c)
		fill(d.sheet, x0, y0, x0+thick, y1+thick, c)
		fill(d.sheet, x1, y0, x1+thick, y1+thick, c)
	}
	d.drawForced(edge, w, h, thick)
	return d.sheet
}

// cropped is true where the model saw another box than the picture: then the box has a border.
func (d *pictureDrawing) cropped() bool {
	s := d.p.seen
	return s.X0 != 0 || s.Y0 != 0 || s.X1 != float64(d.p.size.X) || s.Y1 != float64(d.p.size.Y)
}
