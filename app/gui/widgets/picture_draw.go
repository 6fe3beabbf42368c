package widgets

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

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
	geo    pictureGeometry
}

// CreateRenderer implements fyne.Widget.
func (p *PictureView) CreateRenderer() fyne.WidgetRenderer {
	d := &pictureDrawing{p: p, photo: &canvas.Image{}, overlay: &canvas.Image{}, tip: newTip(), busy: newBusy(), notice: newNotice()}
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
	objects = append(objects, d.tip, d.busy, d.notice)
	p.draw = d
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSquareSize(60 * theme.Step) },
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
	d.layoutBusy()
	d.refreshCursor()
}

// layoutBusy puts the busy pill over the top of the picture, or the middle where there is none.
func (d *pictureDrawing) layoutBusy() {
	m, size := d.busy.MinSize(), d.p.Size()
	y := (size.Height - m.Height) / 2
	if d.p.picture != nil {
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
	return d.sheet
}

// cropped is true where the model saw another box than the picture: then the box has a border.
func (d *pictureDrawing) cropped() bool {
	s := d.p.seen
	return s.X0 != 0 || s.Y0 != 0 || s.X1 != float64(d.p.size.X) || s.Y1 != float64(d.p.size.Y)
}

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
