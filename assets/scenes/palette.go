package scenes

import (
	"image"
	"math"
	"math/rand/v2"
)

// ownHue are the things that their colour makes, beside those whose colour may be asked for.
var ownHue = set("orange")

// palette gives a thing that is never asked for its colour other colours, so that its shape has to
// tell what it is. In most cases, and for all others, it gives q itself.
func palette(r *rand.Rand, q *image.RGBA, l look) *image.RGBA {
	if l.colour != "" || colourable[l.noun] || ownHue[l.noun] {
		return q
	}
	switch t := r.Float64(); {
	case t < 0.1:
		return tones(r, q)
	case t < 0.4:
		return rehue(r, q)
	}
	return q
}

// change is what becomes of one family of hues.
type change struct{ turn, sat, bright float64 }

const (
	families = 4
	bins     = 72 // of 5 degrees
	width    = bins / families
)

// rehue turns each quarter of the colour circle, and the greys, in a way of its own. The quarters
// begin where the sprite has fewest pixels, so that no shading is torn.
func rehue(r *rand.Rand, q *image.RGBA) *image.RGBA {
	var count [bins]int
	for i := 0; i < len(q.Pix); i += 4 {
		if p := q.Pix[i : i+4]; p[3] > solid {
			if h, s, _ := toHSV(straight(p)); s > 0.15 {
				count[int(h/5)%bins]++
			}
		}
	}
	start, least := 0, math.MaxInt
	for k := range width {
		n := 0
		for b := k; b < bins; b += width {
			n += count[b] + count[(b+bins-1)%bins]
		}
		if n < least {
			start, least = k, n
		}
	}
	var family [families]change
	for i := range family {
		family[i] = change{between(r, 0, 360), between(r, 0.5, 1.3), between(r, 0.6, 1.15)}
	}
	grey := change{between(r, 0, 360), 0, between(r, 0.6, 1.05)}
	if r.Float64() < 0.6 {
		grey.sat = between(r, 0.1, 0.6)
	}
	return mapPixels(q, func(r, g, b float64) (float64, float64, float64) {
		h, s, v := toHSV(r, g, b)
		r, g, b = 0, 0, 0
		own := unit((s - 0.1) / 0.1) // how far the pixel has a hue at all
		if own > 0 {
			f := family[(int(h/5)+bins-start)%bins/width]
			r, g, b = fromHSV(turn(h+f.turn), math.Min(1, s*f.sat), math.Min(1, v*f.bright))
		}
		if own < 1 {
			x, y, z := fromHSV(grey.turn, grey.sat, v*grey.bright)
			r, g, b = x+(r-x)*own, y+(g-y)*own, z+(b-z)*own
		}
		return r, g, b
	})
}

// tones draws the sprite in two to four colours, from dark to light; seldom from light to dark.
func tones(r *rand.Rand, q *image.RGBA) *image.RGBA {
	var count [256]int
	all := 0
	for i := 0; i < len(q.Pix); i += 4 {
		if p := q.Pix[i : i+4]; p[3] > solid {
			count[lightness(p)]++
			all++
		}
	}
	n := 2 + r.IntN(3)
	colours := make([]rgb, n)
	lo, hi := between(r, 10, 90), between(r, 170, 250)
	for i := range colours {
		v := lo + (hi-lo)*float64(i)/float64(n-1)
		for c := range 3 {
			colours[i][c] = math.Max(0, math.Min(255, v+between(r, -75, 75)))
		}
	}
	if r.Float64() < 0.15 {
		for i := range n / 2 {
			colours[i], colours[n-1-i] = colours[n-1-i], colours[i]
		}
	}
	var of [256]int // a tone for each lightness: every tone covers about as much
	sum := 0
	for v := range of {
		of[v] = min(n-1, n*(sum+count[v]/2)/max(1, all))
		sum += count[v]
	}
	out := image.NewRGBA(q.Rect)
	for i := 0; i < len(q.Pix); i += 4 {
		if p := q.Pix[i : i+4]; p[3] > 0 {
			c := colours[of[lightness(p)]]
			out.Pix[i+3] = p[3]
			putStraight(out.Pix[i:i+4], c[0]/255, c[1]/255, c[2]/255)
		}
	}
	return out
}

// lightness is the brightness (0..255) of a premultiplied pixel's own colour.
func lightness(p []uint8) int {
	return min(255, (77*int(p[0])+151*int(p[1])+28*int(p[2]))/max(1, int(p[3])))
}

// bend moves the pixels a little along slow waves, and draws one side larger than the other, as
// things seen at an angle are.
func bend(r *rand.Rand, q *image.RGBA) *image.RGBA {
	n := q.Rect.Dx()
	c := float64(n) / 2
	amount := between(r, 0, 0.035) * float64(n)
	px, py, f := between(r, 0, 2*math.Pi), between(r, 0, 2*math.Pi), between(r, 0.8, 1.6)*math.Pi/c
	kx, ky := between(r, -0.2, 0.2), between(r, -0.2, 0.2)
	out := image.NewRGBA(q.Rect)
	const room = 1.15 // the sprite is drawn smaller, so that nothing leaves the square
	waveX, waveY := make([]float64, n), make([]float64, n)
	for i := range n {
		waveX[i], waveY[i] = amount*math.Sin(f*float64(i)+px), amount*math.Sin(f*float64(i)+py)
	}
	for y := range n {
		v := (float64(y) + 0.5 - c) * room
		for x := range n {
			u := (float64(x) + 0.5 - c) * room
			sample(q, out.Pix[y*out.Stride+4*x:][:4], c+u*(1+kx*v/c)+waveX[y]-0.5, c+v*(1+ky*u/c)+waveY[x]-0.5)
		}
	}
	return out
}

// sample reads the colour between pixels into p; outside it is transparent.
func sample(q *image.RGBA, p []uint8, x, y float64) {
	n := q.Rect.Dx()
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	fx, fy := int(256*(x-float64(x0))), int(256*(y-float64(y0)))
	var sum [4]int
	for k, w := range [4]int{(256 - fx) * (256 - fy), fx * (256 - fy), (256 - fx) * fy, fx * fy} {
		i, j := x0+k%2, y0+k/2
		if i < 0 || j < 0 || i >= n || j >= n {
			continue
		}
		for c, v := range q.Pix[j*q.Stride+4*i:][:4] {
			sum[c] += w * int(v)
		}
	}
	for c := range sum {
		p[c] = uint8((sum[c] + 1<<15) >> 16)
	}
}
