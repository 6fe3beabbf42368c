package main

import (
	"image"
	"image/color"
	"math"
	"slices"

	"winnow/assets/scenes"
)

// tint gives a shape of one colour a colour that follows from noun and turn, full enough for the
// painter to change it. In every second turn what the shape encloses is filled with a light tone.
// In the others the ground shows through; but the colour fills a hollow shape that encloses much,
// and its lines are darker, because most pictures of things are no mere outlines.
func tint(shape *image.RGBA, noun string, turn int, hollow bool) *image.RGBA {
	i := slices.Index(scenes.Nouns, noun)
	// The golden ratio spreads hues evenly.
	ink := hue(math.Mod(float64(i+7*turn)*0.618034, 1))
	within := color.RGBA{238, 238, 238, 255}
	out := image.NewRGBA(shape.Rect)
	w, h := shape.Rect.Dx(), shape.Rect.Dy()
	var free []bool
	switch {
	case turn%2 == 1:
		free = outside(shape)
	case hollow:
		if free = outside(shape); enclosed(shape, free) {
			within, ink = ink, color.RGBA{ink.R / 2, ink.G / 2, ink.B / 2, 255}
		} else {
			free = nil
		}
	}
	for k := range w * h {
		a := uint32(shape.Pix[4*k+3])
		p := out.Pix[4*k : 4*k+4]
		light := uint32(0)
		if free != nil && !free[k] {
			light = 255 - a
		}
		for c, v := range [][2]uint8{{ink.R, within.R}, {ink.G, within.G}, {ink.B, within.B}} {
			p[c] = uint8((uint32(v[0])*a + uint32(v[1])*light) / 255)
		}
		p[3] = uint8(a + light)
	}
	return out
}

// enclosed tells whether the shape encloses at least half as much as it covers: then it is drawn
// in lines.
func enclosed(shape *image.RGBA, free []bool) bool {
	covers, within := 0, 0
	for k, f := range free {
		switch {
		case shape.Pix[4*k+3] >= 128:
			covers++
		case !f:
			within++
		}
	}
	return 2*within >= covers
}

// backed lays a light tone behind what a drawing encloses.
func backed(drawing *image.RGBA) *image.RGBA {
	free := outside(drawing)
	out := image.NewRGBA(drawing.Rect)
	for k, f := range free {
		p := out.Pix[4*k : 4*k+4]
		copy(p, drawing.Pix[4*k:4*k+4])
		if f {
			continue
		}
		light := 255 - uint32(p[3])
		for c := range 3 {
			p[c] += uint8(238 * light / 255)
		}
		p[3] = 255
	}
	return out
}

// outside marks the pixels that can be reached from the edge without crossing the shape.
func outside(shape *image.RGBA) []bool {
	w, h := shape.Rect.Dx(), shape.Rect.Dy()
	free := make([]bool, w*h)
	var todo []int
	reach := func(x, y int) {
		if k := y*w + x; x >= 0 && y >= 0 && x < w && y < h && !free[k] && shape.Pix[4*k+3] < 128 {
			free[k] = true
			todo = append(todo, k)
		}
	}
	for i := range max(w, h) {
		reach(i, 0)
		reach(i, h-1)
		reach(0, i)
		reach(w-1, i)
	}
	for len(todo) > 0 {
		k := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		x, y := k%w, k/w
		reach(x-1, y)
		reach(x+1, y)
		reach(x, y-1)
		reach(x, y+1)
	}
	// The soft rim of the shape belongs to the outside too.
	for k := range free {
		if !free[k] && shape.Pix[4*k+3] < 255 && slices.ContainsFunc([]int{k - 1, k + 1, k - w, k + w, k - 2, k + 2, k - 2*w, k + 2*w},
			func(n int) bool { return n >= 0 && n < w*h && free[n] && shape.Pix[4*n+3] < 128 }) {
			free[k] = true
		}
	}
	return free
}

// hue gives a full colour of a place (0..1) on the colour circle.
func hue(at float64) color.RGBA {
	level := func(shift float64) uint8 {
		t := math.Abs(math.Mod(6*at+shift, 6)-3) - 1
		return uint8(40 + 170*math.Max(0, math.Min(1, t)))
	}
	return color.RGBA{level(0), level(4), level(2), 255}
}
