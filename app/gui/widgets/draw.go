package widgets

import (
	"image"
	"image/color"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// point is a position in pixels of an image.
type point struct{ x, y float32 }

// strokeLine draws a polyline with soft edges. dash holds lengths of line and gap in turn, in
// pixels; empty means solid.
func strokeLine(dst *image.RGBA, pts []point, width float32, c color.Color, dash ...float32) {
	b := around(pts, width+1).Intersect(dst.Bounds())
	if b.Empty() || len(pts) < 2 {
		return
	}
	r := vector.NewRasterizer(b.Dx(), b.Dy())
	pts = shifted(pts, b.Min)
	var left float32 // of the current dash
	on, at := true, 0
	if len(dash) > 0 {
		left = dash[0]
	}
	for i := 1; i < len(pts); i++ {
		p, q := pts[i-1], pts[i]
		length := float32(math.Hypot(float64(q.x-p.x), float64(q.y-p.y)))
		if length == 0 {
			continue
		}
		if len(dash) == 0 {
			quad(r, p, q, width, width/4)
			continue
		}
		for done := float32(0); done < length; {
			step := min(left, length-done)
			if on {
				f, g := done/length, (done+step)/length
				quad(r, point{p.x + f*(q.x-p.x), p.y + f*(q.y-p.y)},
					point{p.x + g*(q.x-p.x), p.y + g*(q.y-p.y)}, width, 0)
			}
			done += step
			if left -= step; left <= 0 {
				at = (at + 1) % len(dash)
				left, on = max(dash[at], 0.5), !on
			}
		}
	}
	r.Draw(dst, b, image.NewUniform(c), image.Point{})
}

// around is the rectangle of whole pixels that holds points with a margin. What is drawn is
// rasterized within it: a mark on a large picture costs as little as on a small one.
func around(pts []point, margin float32) image.Rectangle {
	x0, y0 := float32(math.Inf(1)), float32(math.Inf(1))
	x1, y1 := -x0, -y0
	for _, p := range pts {
		x0, y0, x1, y1 = min(x0, p.x), min(y0, p.y), max(x1, p.x), max(y1, p.y)
	}
	if !(x1-x0 < 1e6 && y1-y0 < 1e6) { // none, or not finite
		return image.Rectangle{}
	}
	floor := func(v float32) int { return int(math.Floor(float64(v))) }
	return image.Rect(floor(x0-margin), floor(y0-margin), floor(x1+margin)+1, floor(y1+margin)+1)
}

// shifted are points seen from a corner.
func shifted(pts []point, corner image.Point) []point {
	out := make([]point, len(pts))
	for i, p := range pts {
		out[i] = point{p.x - float32(corner.X), p.y - float32(corner.Y)}
	}
	return out
}

// quad adds a thick segment, longer by grow at both ends. All quads turn the same way, so that
// overlapping ones add up instead of cancelling.
func quad(r *vector.Rasterizer, p, q point, width, grow float32) {
	dx, dy := q.x-p.x, q.y-p.y
	length := float32(math.Hypot(float64(dx), float64(dy)))
	if length == 0 {
		return
	}
	ux, uy := dx/length, dy/length
	p, q = point{p.x - ux*grow, p.y - uy*grow}, point{q.x + ux*grow, q.y + uy*grow}
	nx, ny := -uy*width/2, ux*width/2
	r.MoveTo(p.x+nx, p.y+ny)
	r.LineTo(q.x+nx, q.y+ny)
	r.LineTo(q.x-nx, q.y-ny)
	r.LineTo(p.x-nx, p.y-ny)
	r.ClosePath()
}

// disc paints a filled circle with a soft edge.
func disc(dst *image.RGBA, at point, radius float32, c color.Color) {
	b := around([]point{at}, radius+1).Intersect(dst.Bounds())
	if b.Empty() || radius <= 0 {
		return
	}
	r := vector.NewRasterizer(b.Dx(), b.Dy())
	at = shifted([]point{at}, b.Min)[0]
	const corners = 24
	for i := range corners {
		s, c := math.Sincos(float64(i) * 2 * math.Pi / corners)
		x, y := at.x+radius*float32(c), at.y+radius*float32(s)
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(dst, b, image.NewUniform(c), image.Point{})
}

// roundRect lists the outline of a rounded rectangle, clockwise from its top left.
func roundRect(x0, y0, x1, y1, radius float32) []point {
	var pts []point
	corner := func(cx, cy float32, from float64) {
		for i := 0; i <= 6; i++ {
			s, c := math.Sincos(from + float64(i)*math.Pi/12)
			pts = append(pts, point{cx + radius*float32(c), cy + radius*float32(s)})
		}
	}
	corner(x0+radius, y0+radius, math.Pi)
	corner(x1-radius, y0+radius, 1.5*math.Pi)
	corner(x1-radius, y1-radius, 0)
	corner(x0+radius, y1-radius, 0.5*math.Pi)
	return append(pts, pts[0])
}

// fill paints a rectangle without blending; it is cut to the image.
func fill(dst *image.RGBA, x0, y0, x1, y1 int, c color.RGBA) {
	r := image.Rect(x0, y0, x1, y1).Intersect(dst.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := dst.Pix[dst.PixOffset(r.Min.X, y):dst.PixOffset(r.Max.X, y)]
		for i := 0; i+3 < len(row); i += 4 {
			row[i], row[i+1], row[i+2], row[i+3] = c.R, c.G, c.B, c.A
		}
	}
}

// sheet gives a cleared image of a size and keeps it for the next call. Fyne copies what a
// raster returns before it asks again, so one buffer is enough.
func sheet(old *image.RGBA, w, h int) *image.RGBA {
	if old == nil || old.Rect.Dx() != w || old.Rect.Dy() != h {
		return image.NewRGBA(image.Rect(0, 0, max(w, 0), max(h, 0)))
	}
	clear(old.Pix)
	return old
}

func premultiplied(c color.Color) color.RGBA { return color.RGBAModel.Convert(c).(color.RGBA) }

// toRGBA copies a picture into the only form that Fyne uploads as it is, at most limit pixels
// on its longer side.
func toRGBA(img image.Image, limit int) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if longest := max(w, h); longest > limit {
		w, h = max(w*limit/longest, 1), max(h*limit/longest, 1)
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if w == b.Dx() && h == b.Dy() {
		draw.Draw(dst, dst.Rect, img, b.Min, draw.Src)
	} else {
		draw.ApproxBiLinear.Scale(dst, dst.Rect, img, b, draw.Src, nil)
	}
	return dst
}

// pulse calls step with 0 to 11, around and around, three times a second until it is stopped. It is slow on
// purpose: each step repaints the window, on the processor that the model is using.
type pulse struct {
	animation *fyne.Animation
	last      int
}

func (p *pulse) start(step func(i int)) {
	if p.animation != nil {
		return
	}
	p.last = -1
	const beats = 12
	p.animation = &fyne.Animation{
		Duration:    beats * time.Second / 3,
		RepeatCount: fyne.AnimationRepeatForever,
		Curve:       fyne.AnimationLinear,
		Tick: func(done float32) {
			i := int(done * beats)
			if i != p.last {
				p.last = i
				step(i)
			}
		},
	}
	p.animation.Start()
}

func (p *pulse) stop() {
	if p.animation != nil {
		p.animation.Stop()
		p.animation = nil
	}
}
