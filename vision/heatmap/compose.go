package heatmap

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"

	"winnow/vision/grid"
)

const maxComposed = 16384 // pixels a side of a figure

// Compose draws the picture at size pixels, the overlay (one pixel a cell, as Render gives it) over the box
// that the model saw, and the box itself. What the model did not see is dimmed to half. overlay may be nil.
// Cells keep sharp edges at any size; parts of the box outside the picture, where a model pads, are cut off.
func Compose(picture *image.RGBA, geo grid.Geometry, overlay *image.RGBA, size image.Point) (*image.RGBA, error) {
	switch {
	case size.X < 1 || size.Y < 1 || size.X > maxComposed || size.Y > maxComposed:
		return nil, fmt.Errorf("a figure of %d × %d pixels cannot be drawn; each side must lie between 1 and %d", size.X, size.Y, maxComposed)
	case picture.Rect.Dx() != geo.SourceW || picture.Rect.Dy() != geo.SourceH:
		return nil, fmt.Errorf("the picture is %d × %d pixels, the run was made from one of %d × %d", picture.Rect.Dx(), picture.Rect.Dy(), geo.SourceW, geo.SourceH)
	case geo.Box.Empty() || picture.Rect.Empty():
		return nil, fmt.Errorf("the model's box %+v in a picture of %d × %d pixels is empty", geo.Box, geo.SourceW, geo.SourceH)
	}
	dst := image.NewRGBA(image.Rectangle{Max: size})
	draw.CatmullRom.Scale(dst, dst.Rect, picture, picture.Rect, draw.Src, nil)

	// Columns and rows of the figure, by the middle of each pixel: the cell it lies in, or -1 outside the box.
	cells := grid.Grid{Rows: 1, Cols: 1}
	if overlay != nil {
		cells = grid.Grid{Rows: overlay.Rect.Dy(), Cols: overlay.Rect.Dx()}
	}
	cols := lookup(size.X, geo.SourceW, geo.Box.X0, geo.Box.X1, cells.Cols)
	rows := lookup(size.Y, geo.SourceH, geo.Box.Y0, geo.Box.Y1, cells.Rows)
	for y, row := range rows {
		line := dst.Pix[y*dst.Stride:][:4*size.X]
		for x, col := range cols {
			p := line[4*x : 4*x+4 : 4*x+4]
			switch {
			case row < 0 || col < 0:
				p[0], p[1], p[2] = p[0]/2, p[1]/2, p[2]/2
			case overlay != nil:
				over(p, overlay.Pix[row*overlay.Stride+4*col:][:4:4])
			}
		}
	}
	drawBox(dst, geo)
	return dst, nil
}

// lookup gives the cell of each of n pixels that show a side of length source, -1 outside lo…hi.
func lookup(n, source int, lo, hi float64, cells int) []int {
	at := make([]int, n)
	for i := range at {
		s := (float64(i) + 0.5) * float64(source) / float64(n)
		at[i] = -1
		if s >= lo && s < hi {
			at[i] = min(int((s-lo)/(hi-lo)*float64(cells)), cells-1)
		}
	}
	return at
}

// over composes the premultiplied colour c on the opaque p.
func over(p, c []uint8) {
	rest := 255 - uint32(c[3])
	for k := range 3 {
		p[k] = uint8(min(uint32(c[k])+(uint32(p[k])*rest+127)/255, 255))
	}
}

// drawBox draws the model's box as a white line with a dark one outside it, so that it shows on any picture.
// A side of the box outside the picture is not drawn.
func drawBox(dst *image.RGBA, geo grid.Geometry) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	px := func(v float64, source, n int) int { return int(math.Round(v * float64(n) / float64(source))) }
	x0, x1 := px(geo.Box.X0, geo.SourceW, w), px(geo.Box.X1, geo.SourceW, w)
	y0, y1 := px(geo.Box.Y0, geo.SourceH, h), px(geo.Box.Y1, geo.SourceH, h)
	thick := max(1, min(w, h)/400)
	for _, l := range []struct {
		grow int // how far outside the box's edge the line begins
		grey uint8
	}{{thick, 20}, {0, 255}} {
		o := image.Rect(x0-l.grow, y0-l.grow, x1+l.grow, y1+l.grow)
		fill(dst, image.Rect(o.Min.X, o.Min.Y, o.Max.X, o.Min.Y+thick), l.grey)
		fill(dst, image.Rect(o.Min.X, o.Max.Y-thick, o.Max.X, o.Max.Y), l.grey)
		fill(dst, image.Rect(o.Min.X, o.Min.Y, o.Min.X+thick, o.Max.Y), l.grey)
		fill(dst, image.Rect(o.Max.X-thick, o.Min.Y, o.Max.X, o.Max.Y), l.grey)
	}
}

func fill(dst *image.RGBA, r image.Rectangle, grey uint8) {
	r = r.Intersect(dst.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		line := dst.Pix[y*dst.Stride+4*r.Min.X : y*dst.Stride+4*r.Max.X]
		for i := range line {
			line[i] = grey
			if i&3 == 3 {
				line[i] = 255
			}
		}
	}
}
