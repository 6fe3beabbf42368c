package scenes

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// canvas is a scene in the making.
type canvas struct {
	img *image.RGBA
	// top is for each pixel the number of the object seen there, -1 for none.
	top []int8
	// area counts each object's pixels as painted, seen those that nothing covers.
	area, seen []int
}

// howMany is drawn from for the number of objects.
var howMany = []int{1, 2, 2, 3, 3, 4, 4, 5, 6}

// paint fills in the picture, the background, the theme and the objects.
func (g *Generator) paint(r *rand.Rand, o Options, s *Scene) *canvas {
	n := o.Size
	b := pick(r, g.backgrounds)
	c := &canvas{img: b.Paint(r, n), top: make([]int8, n*n)}
	s.Background = b.Name
	for i := range c.top {
		c.top[i] = -1
	}
	t := pick(r, themes)
	if !o.Broken {
		s.Theme = t.name
	}
	main := pick(r, o.Styles)
	near := 0.42 // how much of two sides may lie between the centres before they are too close
	if r.Float64() < 0.25 {
		near = 0.3
	}
	want := pick(r, howMany)
	if o.Crowded {
		want = 5 + r.IntN(5)
	}
	for tries := 0; len(s.Objects) < want && (tries < 3*want || len(s.Objects) == 0); tries++ {
		if tries > 200 { // sprites of one strange set: show what there is
			t = theme{nouns: g.nouns[main]}
		}
		l := g.choose(r, o, t, main, s.Objects)
		p := g.sprite(l)
		if p == nil {
			l.colour = ""
			if p = g.sprite(l); p == nil {
				continue
			}
		}
		g.place(r, o, c, s, l, p, near)
	}
	for i := range s.Objects {
		s.Objects[i].Hidden = 1 - float64(c.seen[i])/float64(c.area[i])
	}
	if o.Augment {
		c.img = weather(r, c.img)
	}
	s.Image = c.img
	return c
}

// place looks for room for a sprite and paints it there; without room nothing happens.
func (g *Generator) place(r *rand.Rand, o Options, c *canvas, s *Scene, l look, p *image.RGBA, near float64) {
	n := o.Size
	lo, hi := n*17/100, n*36/100
	for range 14 {
		side := lo + r.IntN(hi-lo+1)
		x := float64(r.IntN(n-side+1)) + float64(side)/2
		y := float64(r.IntN(n-side+1)) + float64(side)/2
		free := true
		for _, other := range s.Objects {
			d := (float64(side) + other.Size) * near
			if math.Abs(x-other.X) <= d && math.Abs(y-other.Y) <= d {
				free = false
				break
			}
		}
		if !free {
			continue
		}
		q := c.prepare(r, o, l, p, side)
		at := image.Pt(int(x)-q.Rect.Dx()/2, int(y)-q.Rect.Dy()/2)
		if !c.fits(q, at, len(s.Objects)) {
			continue
		}
		if o.Augment && r.Float64() < 0.2 {
			c.shadow(r, q, at, side)
		}
		c.put(q, at)
		s.Objects = append(s.Objects, Object{Name: l.noun, Colour: l.colour, Style: l.style,
			X: x, Y: y, Size: float64(side), Cell: cellOf(x, y, n)})
		return
	}
}

// prepare gives the sprite at its size, turned up to 15 degrees and mirrored in half the cases, on
// a ground wide enough that no corner is cut.
func (c *canvas) prepare(r *rand.Rand, o Options, l look, p *image.RGBA, side int) *image.RGBA {
	q := Square(p, side)
	w := warp{angle: between(r, -15, 15) * math.Pi / 180, sx: 1, sy: 1}
	if r.Float64() < 0.5 {
		w.sx = -1
	}
	if o.Augment && r.Float64() < 0.7 {
		q = dress(r, q, l, &w)
	}
	return w.apply(q)
}

// warp is a change of shape about the centre: scaling, shear, then a turn (radians).
type warp struct{ angle, sx, sy, shear float64 }

func (w warp) apply(q *image.RGBA) *image.RGBA {
	s := q.Rect.Dx()
	side := s*5/4 + 2
	sin, cos := math.Sincos(w.angle)
	m := f64.Aff3{
		cos * w.sx, cos*w.shear - sin*w.sy, 0,
		sin * w.sx, sin*w.shear + cos*w.sy, 0,
	}
	h, c := float64(s)/2, float64(side)/2
	m[2] = c - m[0]*h - m[1]*h
	m[5] = c - m[3]*h - m[4]*h
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.BiLinear.Transform(out, m, q, q.Rect, draw.Src, nil)
	return out
}

// Square scales a picture into a square, its longer side filling it.
func Square(p *image.RGBA, side int) *image.RGBA {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	if w == side && h == side {
		return p
	}
	long := max(w, h)
	dw, dh := max(1, w*side/long), max(1, h*side/long)
	x, y := (side-dw)/2, (side-dh)/2
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.BiLinear.Scale(out, image.Rect(x, y, x+dw, y+dh), p, p.Rect, draw.Src, nil)
	return out
}

// fits tells whether the sprite would be seen whole enough inside the picture and leave at least
// half of every other object to be seen.
func (c *canvas) fits(q *image.RGBA, at image.Point, objects int) bool {
	covered, inside, all := make([]int, objects), 0, 0
	c.each(q, func(x, y int, p []uint8) {
		if p[3] <= solid {
			return
		}
		all++
		if i := c.index(x, y); i >= 0 {
			inside++
			if k := c.top[i]; k >= 0 {
				covered[k]++
			}
		}
	}, at)
	if all == 0 || inside*10 < all*9 {
		return false
	}
	for k, n := range covered {
		if 2*(c.seen[k]-n) < c.area[k] {
			return false
		}
	}
	return true
}

func (c *canvas) put(q *image.RGBA, at image.Point) {
	k := int8(len(c.area))
	c.area, c.seen = append(c.area, 0), append(c.seen, 0)
	c.each(q, func(x, y int, p []uint8) {
		i := c.index(x, y)
		if i < 0 || p[3] <= solid {
			return
		}
		if old := c.top[i]; old >= 0 {
			c.seen[old]--
		}
		c.top[i] = k
		c.area[k]++
		c.seen[k]++
	}, at)
	draw.Draw(c.img, q.Rect.Add(at), q, image.Point{}, draw.Over)
}

// each calls f for every pixel of q with where it falls.
func (c *canvas) each(q *image.RGBA, f func(x, y int, p []uint8), at image.Point) {
	for y := range q.Rect.Dy() {
		row := q.Pix[y*q.Stride:]
		for x := range q.Rect.Dx() {
			f(x+at.X, y+at.Y, row[4*x:4*x+4])
		}
	}
}

func (c *canvas) index(x, y int) int {
	n := c.img.Rect.Dx()
	if x < 0 || y < 0 || x >= n || y >= n {
		return -1
	}
	return y*n + x
}

// cellOf gives the place of a point in a picture of n pixels.
func cellOf(x, y float64, n int) int {
	third := float64(n) / 3
	return min(2, int(y/third))*3 + min(2, int(x/third))
}

// labels reads the patches off: the object with most pixels, if they are more than 0.3 of it.
func (c *canvas) labels(objects []Object, o Options) Labels {
	g := o.Size / o.Patch
	l := Labels{Rows: g, Cols: g, Noun: make([]int16, g*g), Colour: make([]int16, g*g), Cell: make([]int16, g*g)}
	for i := range l.Noun {
		count := make([]int, len(objects))
		x0, y0 := i%g*o.Patch, i/g*o.Patch
		for y := y0; y < y0+o.Patch; y++ {
			for _, k := range c.top[y*o.Size+x0 : y*o.Size+x0+o.Patch] {
				if k >= 0 {
					count[k]++
				}
			}
		}
		best := 0
		for k, n := range count {
			if n > count[best] {
				best = k
			}
		}
		l.Noun[i], l.Colour[i], l.Cell[i] = -1, -1, -1
		if 10*count[best] <= 3*o.Patch*o.Patch {
			continue
		}
		obj := objects[best]
		l.Noun[i], l.Cell[i] = int16(nounIndex[obj.Name]), int16(obj.Cell)
		if obj.Colour != "" {
			l.Colour[i] = int16(colourIndex[obj.Colour])
		}
	}
	return l
}
