package scenes

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"github.com/disintegration/imaging"
	"golang.org/x/image/draw"
)

// round are the things that may lie any way up.
var round = set("ball", "donut", "pizza", "orange", "star", "sunflower")

// dress gives a sprite a look of its own, and stretches its warp. Noun and colour stay true.
func dress(r *rand.Rand, q *image.RGBA, l look, w *warp) *image.RGBA {
	q = tone(r, palette(r, q, l), l)
	switch t := r.Float64(); {
	case t < 0.1: // as printed with few inks
		q = posterise(q, 3+r.IntN(5))
	case t < 0.3:
		q = flatten(r, q)
	case t < 0.42:
		q = keepAlpha(q, blur(q, between(r, 0.5, 1.3)))
	case t < 0.55:
		q = sharpen(q, between(r, 0.8, 2.2))
	case t < 0.62: // coarse pixels
		k := 18 + r.IntN(17)
		small, big := Square(q, k), image.NewRGBA(q.Rect)
		draw.NearestNeighbor.Scale(big, big.Rect, small, small.Rect, draw.Src, nil)
		q = big
	}
	if r.Float64() < 0.3 {
		lines(q, between(r, 0.5, 1))
	}
	if r.Float64() < 0.45 {
		light(r, q)
	}
	if r.Float64() < 0.35 {
		q = outline(r, q)
	}
	if r.Float64() < 0.4 {
		sx, sy := 1/between(r, 1, 1.3), 1.0
		if r.Float64() < 0.5 {
			sx, sy = sy, sx
		}
		w.sx, w.sy, w.shear = w.sx*sx, w.sy*sy, between(r, -0.15, 0.15)
	}
	if r.Float64() < 0.3 {
		q = bend(r, q)
	}
	if round[l.noun] && r.Float64() < 0.5 {
		if l.noun != "star" && r.Float64() < 0.5 {
			w.angle += between(r, 0, 2*math.Pi)
		} else {
			w.sy = -w.sy
		}
	}
	return q
}

// tone changes hue, saturation, brightness and contrast: hue only little where it may be asked for.
func tone(r *rand.Rand, q *image.RGBA, l look) *image.RGBA {
	shift, sat, bright, contrast := 0.0, 1.0, 1.0, 1.0
	if r.Float64() < 0.5 {
		switch {
		case colourable[l.noun]:
			shift = between(r, -5, 5)
		case r.Float64() < 0.8:
			shift = between(r, -22, 22)
		default:
			shift = between(r, -60, 60)
		}
	}
	if r.Float64() < 0.7 {
		if l.colour != "" {
			sat = between(r, 0.65, 1.5)
		} else {
			sat = between(r, 0.3, 1.7)
		}
	}
	if r.Float64() < 0.6 {
		bright = between(r, 0.72, 1.25)
	}
	if r.Float64() < 0.5 {
		contrast = between(r, 0.6, 1.5)
	}
	return mapPixels(q, func(r, g, b float64) (float64, float64, float64) {
		h, s, v := toHSV(r, g, b)
		r, g, b = fromHSV(turn(h+shift), math.Min(1, s*sat), v)
		f := func(c float64) float64 { return (c*bright-0.5)*contrast + 0.5 }
		return f(r), f(g), f(b)
	})
}

func mapPixels(q *image.RGBA, f func(r, g, b float64) (float64, float64, float64)) *image.RGBA {
	out := image.NewRGBA(q.Rect)
	copy(out.Pix, q.Pix)
	for i := 0; i < len(out.Pix); i += 4 {
		if p := out.Pix[i : i+4]; p[3] > 0 {
			r, g, b := f(straight(p))
			putStraight(p, r, g, b)
		}
	}
	return out
}

func posterise(q *image.RGBA, levels int) *image.RGBA {
	n := float64(levels - 1)
	f := func(v float64) float64 { return math.Floor(v*n+0.5) / n }
	return mapPixels(q, func(r, g, b float64) (float64, float64, float64) { return f(r), f(g), f(b) })
}

// blur is a Gaussian blur of a premultiplied picture.
func blur(q *image.RGBA, sigma float64) *image.RGBA {
	soft := imaging.Blur(q, sigma)
	out := image.NewRGBA(q.Rect)
	draw.Draw(out, out.Rect, soft, image.Point{}, draw.Src)
	return out
}

// keepAlpha gives the colours of b the outline of a.
func keepAlpha(a, b *image.RGBA) *image.RGBA {
	out := image.NewRGBA(a.Rect)
	for i := 0; i < len(out.Pix); i += 4 {
		if out.Pix[i+3] = a.Pix[i+3]; b.Pix[i+3] > 0 {
			r, g, bl := straight(b.Pix[i : i+4])
			putStraight(out.Pix[i:i+4], r, g, bl)
		}
	}
	return out
}

func sharpen(q *image.RGBA, amount float64) *image.RGBA {
	soft, out := blur(q, 1.5), image.NewRGBA(q.Rect)
	for i := 0; i < len(q.Pix); i += 4 {
		a := q.Pix[i+3]
		out.Pix[i+3] = a
		for k := i; k < i+3; k++ {
			v := float64(q.Pix[k]) + amount*(float64(q.Pix[k])-float64(soft.Pix[k]))
			out.Pix[k] = min(a, level(v))
		}
	}
	return out
}

// lines darkens where the brightness jumps, as drawn icons have inner lines.
func lines(q *image.RGBA, strength float64) {
	n, w := q.Rect.Dx(), q.Stride
	grey := func(i int) float64 {
		return 0.3*float64(q.Pix[i]) + 0.59*float64(q.Pix[i+1]) + 0.11*float64(q.Pix[i+2])
	}
	edge := make([]float64, n*n)
	for y := 1; y < n-1; y++ {
		for x := 1; x < n-1; x++ {
			i := y*w + 4*x
			edge[y*n+x] = math.Min(1, (math.Abs(grey(i+4)-grey(i-4))+math.Abs(grey(i+w)-grey(i-w)))/120)
		}
	}
	for i, e := range edge {
		k := i/n*w + 4*(i%n)
		for c := k; c < k+3; c++ {
			q.Pix[c] = uint8(float64(q.Pix[c]) * (1 - strength*e))
		}
	}
}

// light lays a slope or a spot of light over the thing.
func light(r *rand.Rand, q *image.RGBA) {
	n := q.Rect.Dx()
	sin, cos := math.Sincos(between(r, 0, 2*math.Pi))
	slope, amount := r.Float64() < 0.6, between(r, 0.1, 0.38)
	for y := range n {
		for x := range n {
			u, v := 2*float64(x)/float64(n)-1, 2*float64(y)/float64(n)-1
			g := u*cos + v*sin
			if !slope {
				g = 0.8 - math.Hypot(u-0.5*cos, v-0.5*sin)
			}
			p := q.Pix[y*q.Stride+4*x:][:4]
			for c := range 3 {
				p[c] = min(p[3], level(float64(p[c])*(1+amount*g)))
			}
		}
	}
}

// outline draws a line of one colour around the whole, the thing a little smaller inside.
func outline(r *rand.Rand, q *image.RGBA) *image.RGBA {
	n, w := q.Rect.Dx(), 1+r.IntN(2)
	c := pick(r, []rgb{{0, 0, 0}, {30, 30, 50}, {70, 40, 20}, {255, 255, 255}, anyColour(r)})
	inner := image.NewRGBA(q.Rect)
	small := Square(q, n-2*w-2)
	draw.Draw(inner, small.Rect.Add(image.Pt(w+1, w+1)), small, image.Point{}, draw.Src)
	out := image.NewRGBA(q.Rect)
	across := make([]uint8, n*n) // the greatest alpha near by in the row, then of those in the column
	for y := range n {
		row := inner.Pix[y*inner.Stride:]
		for x := range n {
			var a uint8
			for dx := max(0, x-w); dx <= min(n-1, x+w); dx++ {
				a = max(a, row[4*dx+3])
			}
			across[y*n+x] = a
		}
	}
	for y := range n {
		for x := range n {
			var a uint8
			for dy := max(0, y-w); dy <= min(n-1, y+w); dy++ {
				a = max(a, across[dy*n+x])
			}
			if a > 0 {
				p := out.Pix[y*out.Stride+4*x:][:4]
				p[3] = a
				putStraight(p, c[0]/255, c[1]/255, c[2]/255)
			}
		}
	}
	draw.Draw(out, out.Rect, inner, image.Point{}, draw.Over)
	return out
}

// shadow darkens the ground beside where the sprite will lie.
func (c *canvas) shadow(r *rand.Rand, q *image.RGBA, at image.Point, side int) {
	d := 1 + r.IntN(max(2, side/12))
	dark := image.NewRGBA(q.Rect)
	for i := 3; i < len(q.Pix); i += 4 {
		dark.Pix[i] = uint8(float64(q.Pix[i]) * 0.4)
	}
	dark = blur(dark, between(r, 0.5, 3))
	draw.Draw(c.img, dark.Rect.Add(at.Add(image.Pt(r.IntN(2*d+1)-d, d))), dark, image.Point{}, draw.Over)
}

// weather changes the whole picture as a camera and a file would: light, blur, noise, JPEG.
func weather(r *rand.Rand, img *image.RGBA) *image.RGBA {
	if r.Float64() < 0.4 {
		gamma, gain, lift := between(r, 0.75, 1.35), between(r, 0.8, 1.1), between(r, -0.05, 0.08)
		var table [256]uint8
		for i := range table {
			table[i] = level(255 * (math.Pow(float64(i)/255, gamma)*gain + lift))
		}
		for i, v := range img.Pix {
			if i%4 != 3 {
				img.Pix[i] = table[v]
			}
		}
	}
	if r.Float64() < 0.1 {
		img = blur(img, between(r, 0.4, 1))
	}
	if r.Float64() < 0.15 {
		sd := between(r, 2, 12)
		for i := 0; i < len(img.Pix); i += 4 {
			d := sd * r.NormFloat64()
			for c := i; c < i+3; c++ {
				img.Pix[c] = level(float64(img.Pix[c]) + d)
			}
		}
	}
	if r.Float64() < 0.2 {
		img = throughJPEG(img, 35+r.IntN(56))
	}
	return img
}

func throughJPEG(img *image.RGBA, quality int) *image.RGBA {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // a buffer takes everything, and the size is checked
	}
	back, err := jpeg.Decode(&file)
	if err != nil {
		panic(err) // it was just encoded
	}
	out := image.NewRGBA(img.Rect)
	draw.Draw(out, out.Rect, back, image.Point{}, draw.Src)
	return out
}
