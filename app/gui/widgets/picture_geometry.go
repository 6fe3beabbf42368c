package widgets

import (
	"math"

	"fyne.io/fyne/v2"
)

// frame is a rectangle in units of the canvas.
type frame struct{ x, y, w, h float32 }

// geometry is where things lie in the view: the whole picture, and the part of it (or around
// it) that the model saw.
type pictureGeometry struct{ picture, seen frame }

// geometry fits the picture together with the seen box, which may stick out of it, into a
// size, centred. Both are rounded to device pixels, so that grid lines stay crisp.
func (p *PictureView) geometry(size fyne.Size) pictureGeometry {
	x0, y0, x1, y1 := 0., 0., float64(p.size.X), float64(p.size.Y)
	if p.rows > 0 {
		x0, y0 = math.Min(x0, p.seen.X0), math.Min(y0, p.seen.Y0)
		x1, y1 = math.Max(x1, p.seen.X1), math.Max(y1, p.seen.Y1)
	}
	w, h := x1-x0, y1-y0
	if !(w > 0) || !(h > 0) || size.Width <= 0 || size.Height <= 0 {
		return pictureGeometry{}
	}
	scale := math.Min(float64(size.Width)/w, float64(size.Height)/h)
	left := (float64(size.Width) - w*scale) / 2
	top := (float64(size.Height) - h*scale) / 2
	device := float64(scaleOf(p))
	round := func(v float64) float64 { return math.Round(v*device) / device }
	box := func(bx0, by0, bx1, by1 float64) frame {
		ax, ay := round(left+(bx0-x0)*scale), round(top+(by0-y0)*scale)
		return frame{float32(ax), float32(ay),
			float32(round(left+(bx1-x0)*scale) - ax), float32(round(top+(by1-y0)*scale) - ay)}
	}
	g := pictureGeometry{picture: box(0, 0, float64(p.size.X), float64(p.size.Y))}
	if p.rows > 0 {
		g.seen = box(p.seen.X0, p.seen.Y0, p.seen.X1, p.seen.Y1)
	}
	return g
}

// shades are the up to four strips of the picture outside of the seen box: above, below, left,
// right.
func (g pictureGeometry) shades() [4]frame {
	p, s := g.picture, g.seen
	if s.w <= 0 || s.h <= 0 {
		return [4]frame{}
	}
	top := min(max(s.y, p.y), p.y+p.h)
	bottom := min(max(s.y+s.h, p.y), p.y+p.h)
	left := min(max(s.x, p.x), p.x+p.w)
	right := min(max(s.x+s.w, p.x), p.x+p.w)
	return [4]frame{
		{p.x, p.y, p.w, top - p.y},
		{p.x, bottom, p.w, p.y + p.h - bottom},
		{p.x, top, left - p.x, bottom - top},
		{right, top, p.x + p.w - right, bottom - top},
	}
}

// cell is the frame of one cell.
func (g pictureGeometry) cell(row, col, rows, cols int, device float32) frame {
	edge := func(i, n int, length float32) float32 {
		return float32(math.Round(float64(i)*float64(length*device)/float64(n))) / device
	}
	x, y := edge(col, cols, g.seen.w), edge(row, rows, g.seen.h)
	return frame{g.seen.x + x, g.seen.y + y,
		edge(col+1, cols, g.seen.w) - x, edge(row+1, rows, g.seen.h) - y}
}
