package widgets

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// Camera shows a picture for a person under a title: as large as there is room, in its proportions.
// Over the part of it that the policy saw lie a heat-map of a pixel a patch, with sharp edges, and
// faint lines between the patches.
type Camera struct {
	widget.BaseWidget
	title      string
	picture    *image.RGBA // nil: none
	overlay    *image.RGBA // nil: none
	rows, cols int         // of the lines; 0: none
	part       [4]float64
	hint       string
	sheet      *image.RGBA
	draw       *cameraDrawing // nil until shown
}

// NewCamera makes one without a picture.
func NewCamera(title string) *Camera {
	c := &Camera{title: title, hint: "No picture yet.", part: wholePicture}
	c.ExtendBaseWidget(c)
	return c
}

var wholePicture = [4]float64{0, 0, 1, 1}

// cameraMost bounds the picture's longer side in pixels, cameraLines the patches in a direction.
const (
	cameraMost  = 1024
	cameraLines = 256
)

// SetTitle changes the title.
func (c *Camera) SetTitle(text string) {
	if c.title != text {
		c.title = text
		c.Refresh()
	}
}

// SetPicture replaces the picture; nil or an empty one shows the sentence. A picture whose longer
// side has more than 1024 pixels is scaled down. It must not change afterwards.
func (c *Camera) SetPicture(img image.Image) {
	was := c.picture
	c.picture = nil
	if img != nil && !img.Bounds().Empty() {
		c.picture = uploadable(img)
	}
	if c.draw != nil {
		same := was != nil && c.picture != nil && was.Rect.Size() == c.picture.Rect.Size()
		c.draw.pictureChanged(!same)
	}
}

// SetOverlay lays a heat-map over a part of the picture, x0, y0, x1, y1 in 0…1 of it, and lines
// between rows × cols patches; a nil one leaves the lines alone, 0 rows leave those out too. A part
// that is none is taken for all of the picture, one that sticks out is cut.
func (c *Camera) SetOverlay(overlay *image.RGBA, rows, cols int, part [4]float64) {
	if overlay != nil {
		overlay = uploadable(overlay)
	}
	if rows < 1 || cols < 1 || rows > cameraLines || cols > cameraLines {
		rows, cols = 0, 0
	}
	for i, v := range part {
		part[i] = clamp01(v)
	}
	if !(part[0] < part[2] && part[1] < part[3]) {
		part = wholePicture
	}
	c.overlay, c.rows, c.cols, c.part = overlay, rows, cols, part
	if c.draw != nil {
		c.draw.overlayChanged()
	}
}

// uploadable is an image in the form that Fyne uploads as it is, nil where its pixels are not there.
func uploadable(img image.Image) *image.RGBA {
	m, ok := img.(*image.RGBA)
	if ok && !paintable(m) {
		return nil
	}
	if ok && max(m.Rect.Dx(), m.Rect.Dy()) <= cameraMost && m.Rect.Min == (image.Point{}) && m.Stride == 4*m.Rect.Dx() {
		return m
	}
	return toRGBA(img, cameraMost)
}

// Empty takes the picture away and says why there is none.
func (c *Camera) Empty(text string) {
	c.hint = text
	c.SetPicture(nil)
}

// Picture is what it shows, nil: none.
func (c *Camera) Picture() image.Image {
	if c.picture == nil {
		return nil
	}
	return c.picture
}

// cameraHead is the room for the title.
const cameraHead = 6 * theme.Step

func (c *Camera) head() float32 {
	if c.title == "" {
		return 0
	}
	return cameraHead
}

// frames are where the picture and the part that the policy saw lie, on whole device pixels. The
// picture stands under its title, in the middle of the width.
func (c *Camera) frames(s fyne.Size) (picture, part frame) {
	s.Height -= c.head()
	picture = frame{0, c.head(), max(s.Width, 0), max(s.Height, 0)}
	if c.picture != nil {
		picture = fitted(c.picture, fyne.NewSize(picture.w, picture.h))
		picture.y = c.head()
	}
	scale := float64(scaleOf(c))
	whole := func(v float64) float32 { return float32(math.Round(v*scale) / scale) }
	edge := func(from, length float32, share float64) float32 { return whole(float64(from) + float64(length)*share) }
	x0, y0 := edge(picture.x, picture.w, c.part[0]), edge(picture.y, picture.h, c.part[1])
	x1, y1 := edge(picture.x, picture.w, c.part[2]), edge(picture.y, picture.h, c.part[3])
	return picture, frame{x0, y0, x1 - x0, y1 - y0}
}

// lines paints the lines between the patches, and the border of a part that is not all.
func (c *Camera) lines(w, h int) image.Image {
	c.sheet = sheet(c.sheet, w, h)
	if w < 2 || h < 2 {
		return c.sheet
	}
	thick := max(snap(scaleOf(c)), 1)
	if c.rows > 0 && min(w/c.cols, h/c.rows) >= 6 {
		ink := premultiplied(tint(c, theme.ColorGrid))
		for i := 1; i < c.rows; i++ {
			y := i * h / c.rows
			fill(c.sheet, 0, y, w, y+thick, ink)
		}
		for i := 1; i < c.cols; i++ {
			x := i * w / c.cols
			fill(c.sheet, x, 0, x+thick, h, ink)
		}
	}
	if c.rows > 0 && c.part != wholePicture {
		ink := premultiplied(tint(c, theme.ColorCrop))
		fill(c.sheet, 0, 0, w, thick, ink)
		fill(c.sheet, 0, h-thick, w, h, ink)
		fill(c.sheet, 0, 0, thick, h, ink)
		fill(c.sheet, w-thick, 0, w, h, ink)
	}
	return c.sheet
}
