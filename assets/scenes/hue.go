package scenes

import (
	"image"
	"math"
)

// recolour turns a thing's own hue to another, and leaves what is grey, dark or of a far hue as it
// is (tyres, windows, leaves). The spread of hues around the mean shrinks to 0.35 of itself. nil
// means that too little of the thing has a hue for a colour to be true of it.
func recolour(src *image.RGBA, target float64) *image.RGBA {
	type pixel struct{ h, max, sat float64 }
	n := len(src.Pix) / 4
	list, tinted := make([]pixel, n), make([]bool, n)
	var sin, cos float64
	count := 0
	for i := range list {
		p := src.Pix[4*i : 4*i+4]
		if p[3] <= 60 {
			continue
		}
		r, g, b := straight(p)
		h, s, v := toHSV(r, g, b)
		list[i] = pixel{h, v, s}
		if s > 0.25 && v > 0.2 {
			tinted[i] = true
			count++
			y, x := math.Sincos(h * math.Pi / 180)
			sin += y
			cos += x
		}
	}
	if float64(count) < 0.12*float64(n) {
		return nil
	}
	mean := math.Atan2(sin, cos) * 180 / math.Pi
	turned := 0
	out := image.NewRGBA(src.Rect)
	copy(out.Pix, src.Pix)
	for i, p := range list {
		d := turn(p.h-mean+180) - 180
		if !tinted[i] || math.Abs(d) >= 70 {
			continue
		}
		r, g, b := fromHSV(turn(d*0.35+target), p.sat, p.max)
		putStraight(out.Pix[4*i:4*i+4], r, g, b)
		turned++
	}
	if float64(turned) < 0.12*float64(n) { // several hues far apart: no one of them is its colour
		return nil
	}
	return out
}

// straight gives a premultiplied pixel's own colour, each 0..1.
func straight(p []uint8) (r, g, b float64) {
	if p[3] == 0 {
		return 0, 0, 0
	}
	a := float64(p[3])
	return min(1, float64(p[0])/a), min(1, float64(p[1])/a), min(1, float64(p[2])/a)
}

// putStraight writes a colour (cut to 0..1) under the pixel's alpha.
func putStraight(p []uint8, r, g, b float64) {
	a := float64(p[3])
	p[0], p[1], p[2] = uint8(unit(r)*a+0.5), uint8(unit(g)*a+0.5), uint8(unit(b)*a+0.5)
}

// unit cuts to 0..1. Like level it is written out: the math package's Min and Max cost a call each.
func unit(v float64) float64 {
	if v < 0 {
		return 0
	}
	if v > 1 {
		return 1
	}
	return v
}

// turn brings degrees into 0..360.
func turn(h float64) float64 {
	if h >= 0 && h < 360 {
		return h
	}
	if h = math.Mod(h, 360); h < 0 {
		h += 360
	}
	return h
}

func toHSV(r, g, b float64) (h, s, v float64) {
	v = max(r, g, b)
	d := v - min(r, g, b)
	if v <= 0 || d <= 0 {
		return 0, 0, v
	}
	switch v {
	case r:
		h = (g - b) / d
	case g:
		h = (b-r)/d + 2
	default:
		h = (r-g)/d + 4
	}
	return turn(h * 60), d / v, v
}

func fromHSV(h, s, v float64) (r, g, b float64) {
	c := v * s
	k := int(h / 60)
	x := c * (1 - math.Abs(h/60-float64(k&^1)-1)) // h/60 modulo 2
	m := v - c
	switch k % 6 {
	case 0:
		r, g = c, x
	case 1:
		r, g = x, c
	case 2:
		g, b = c, x
	case 3:
		g, b = x, c
	case 4:
		r, b = x, c
	default:
		r, b = c, x
	}
	return r + m, g + m, b + m
}
