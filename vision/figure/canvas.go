package figure

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"winnow/assets/fonts"
)

// canvas draws in units of a figure 1600 wide; scale makes pixels of them.
type canvas struct {
	img   *image.RGBA
	scale float64
	style style
	faces map[typeface]font.Face
}

type typeface struct {
	font *opentype.Font
	size float64
}

var parsed = sync.OnceValues(func() (f struct{ regular, bold, mono *opentype.Font }, err error) {
	for _, p := range []struct {
		to   **opentype.Font
		data []byte
	}{{&f.regular, fonts.Regular}, {&f.bold, fonts.SemiBold}, {&f.mono, fonts.Mono}} {
		if *p.to, err = opentype.Parse(p.data); err != nil {
			return f, fmt.Errorf("an embedded typeface is damaged: %w", err)
		}
	}
	return f, nil
})

// The typefaces: two weights for words, one for numbers.
func regular(size float64) typeface { f, _ := parsed(); return typeface{f.regular, size} }
func bold(size float64) typeface    { f, _ := parsed(); return typeface{f.bold, size} }
func mono(size float64) typeface    { f, _ := parsed(); return typeface{f.mono, size} }

func newCanvas(width, height float64, scale float64, st style) (*canvas, error) {
	if _, err := parsed(); err != nil {
		return nil, err
	}
	c := &canvas{image.NewRGBA(image.Rect(0, 0, round(width*scale), round(height*scale))), scale, st, map[typeface]font.Face{}}
	draw.Draw(c.img, c.img.Rect, image.NewUniform(st.paper), image.Point{}, draw.Src)
	return c, nil
}

func round(v float64) int { return int(math.Round(v)) }

func (c *canvas) face(t typeface) font.Face {
	f, ok := c.faces[t]
	if !ok {
		// At 72 dpi a point is a pixel. NewFace has no way to fail but a nil font.
		f, _ = opentype.NewFace(t.font, &opentype.FaceOptions{Size: t.size * c.scale, DPI: 72, Hinting: font.HintingNone})
		c.faces[t] = f
	}
	return f
}

// width of a text, in units.
func (c *canvas) width(t typeface, s string) float64 {
	return c.glyphs(t, fixed.Point26_6{}, s, func(fixed.Point26_6, rune) {})
}

// text draws s with its left end at x and its baseline at y; it returns the right end.
func (c *canvas) text(t typeface, col color.RGBA, x, y float64, s string) float64 {
	f, src := c.face(t), image.NewUniform(col)
	dot := fixed.Point26_6{X: fixed.Int26_6(math.Round(x * c.scale * 64)), Y: fixed.I(round(y * c.scale))}
	return x + c.glyphs(t, dot, s, func(at fixed.Point26_6, r rune) {
		if dr, mask, maskp, _, ok := f.Glyph(at, r); ok {
			draw.DrawMask(c.img, dr, src, image.Point{}, mask, maskp, draw.Over)
		}
	})
}

// glyphs calls draw with each rune where it belongs and returns the width of all, in units.
// Only letters are kerned: the pairs that Inter has for figures and stops are meant for its
// contextual alternates, which package opentype does not apply, and would run "0.1.0" together.
func (c *canvas) glyphs(t typeface, dot fixed.Point26_6, s string, draw func(fixed.Point26_6, rune)) float64 {
	f, from, before := c.face(t), dot.X, rune(-1)
	for _, r := range s {
		if unicode.IsLetter(before) && unicode.IsLetter(r) {
			dot.X += f.Kern(before, r)
		}
		draw(dot, r)
		if a, ok := f.GlyphAdvance(r); ok {
			dot.X += a
		}
		before = r
	}
	return float64(dot.X-from) / 64 / c.scale
}

// textRight is text with its right end at x.
func (c *canvas) textRight(t typeface, col color.RGBA, x, y float64, s string) {
	c.text(t, col, x-c.width(t, s), y, s)
}

// fit shortens s to a width, with an ellipsis.
func (c *canvas) fit(t typeface, s string, width float64) string {
	s = plain(s)
	if c.width(t, s) <= width {
		return s
	}
	r := []rune(s)
	lo, hi := 0, len(r)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if c.width(t, string(r[:mid])+"…") <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return strings.TrimRight(string(r[:lo]), " ") + "…"
}

// maxText bounds the text that is laid out: more fills no figure.
const maxText = 4000

// plain makes one line of a text.
func plain(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s))
}

// rect fills a rectangle, its edges on whole pixels, at least one apart.
func (c *canvas) rect(col color.RGBA, x, y, w, h float64) {
	r := image.Rect(round(x*c.scale), round(y*c.scale), round((x+w)*c.scale), round((y+h)*c.scale))
	r.Max.X, r.Max.Y = max(r.Max.X, r.Min.X+1), max(r.Max.Y, r.Min.Y+1)
	draw.Draw(c.img, r, image.NewUniform(col), image.Point{}, draw.Src)
}

// panel fills a rectangle with round corners.
func (c *canvas) panel(col color.RGBA, x, y, w, h, radius float64) {
	radius = min(radius, w/2, h/2)
	if w <= 0 || h <= 0 {
		return
	}
	x, y, w, h, radius = x*c.scale, y*c.scale, w*c.scale, h*c.scale, radius*c.scale
	x0, y0 := math.Floor(x), math.Floor(y)
	z := vector.NewRasterizer(int(math.Ceil(x+w-x0))+1, int(math.Ceil(y+h-y0))+1)
	l, t := float32(x-x0), float32(y-y0)
	r, b, q := l+float32(w), t+float32(h), float32(radius)
	const k = 0.4477 // 1 - the cubic's arm for a quarter circle
	z.MoveTo(l+q, t)
	z.LineTo(r-q, t)
	z.CubeTo(r-k*q, t, r, t+k*q, r, t+q)
	z.LineTo(r, b-q)
	z.CubeTo(r, b-k*q, r-k*q, b, r-q, b)
	z.LineTo(l+q, b)
	z.CubeTo(l+k*q, b, l, b-k*q, l, b-q)
	z.LineTo(l, t+q)
	z.CubeTo(l, t+k*q, l+k*q, t, l+q, t)
	z.ClosePath()
	z.Draw(c.img, z.Bounds().Add(image.Pt(int(x0), int(y0))), image.NewUniform(col), image.Point{})
}

// stroke draws a line of some width through points, dashed where dash > 0.
func (c *canvas) stroke(col color.RGBA, width, dash float64, points ...[2]float64) {
	if len(points) < 2 {
		return
	}
	// The rasterizer covers the line's surroundings only.
	lo, hi := points[0], points[0]
	for _, p := range points {
		lo = [2]float64{min(lo[0], p[0]), min(lo[1], p[1])}
		hi = [2]float64{max(hi[0], p[0]), max(hi[1], p[1])}
	}
	box := image.Rect(round((lo[0]-width)*c.scale)-1, round((lo[1]-width)*c.scale)-1, round((hi[0]+width)*c.scale)+1, round((hi[1]+width)*c.scale)+1)
	z := vector.NewRasterizer(box.Dx(), box.Dy())
	for i := 1; i < len(points); i++ {
		p, q := points[i-1], points[i]
		length := math.Hypot(q[0]-p[0], q[1]-p[1])
		if length == 0 {
			continue
		}
		step, on := length, length
		if dash > 0 {
			step, on = dash, dash/2
		}
		for at := 0.0; at < length; at += step {
			c.segment(z, box.Min, p, q, at/length, min(at+on, length)/length, width/2)
		}
	}
	z.Draw(c.img, box, image.NewUniform(col), image.Point{})
}

// segment adds the part from a to b (shares of its length) of the line p–q, half its width thick
// on each side and lengthened by that much, so that joints close.
func (c *canvas) segment(z *vector.Rasterizer, origin image.Point, p, q [2]float64, a, b, half float64) {
	dx, dy := q[0]-p[0], q[1]-p[1]
	l := math.Hypot(dx, dy)
	ux, uy := dx/l*half, dy/l*half
	x0, y0, x1, y1 := p[0]+dx*a-ux/2, p[1]+dy*a-uy/2, p[0]+dx*b+ux/2, p[1]+dy*b+uy/2
	pt := func(x, y float64) (float32, float32) {
		return float32(x*c.scale - float64(origin.X)), float32(y*c.scale - float64(origin.Y))
	}
	z.MoveTo(pt(x0-uy, y0+ux))
	z.LineTo(pt(x0+uy, y0-ux))
	z.LineTo(pt(x1+uy, y1-ux))
	z.LineTo(pt(x1-uy, y1+ux))
	z.ClosePath()
}

// disc fills a circle.
func (c *canvas) disc(col color.RGBA, x, y, radius float64) {
	c.panel(col, x-radius, y-radius, 2*radius, 2*radius, radius)
}
