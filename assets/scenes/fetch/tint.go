package main

import (
	"image"
	"image/color"
	"math"
	"slices"

	"winnow/assets/scenes"
)

// tint gives a shape of one colour a colour that follows from noun and turn, full enough for the
// painter to change it. In every second turn what the shape encloses is filled with a light tone,
// in the others the ground shows through.
func tint(shape *image.RGBA, noun string, turn int) *image.RGBA {
	i := slices.Index(scenes.Nouns, noun)
	// The golden ratio spreads hues evenly.
	ink := hue(math.Mod(float64(i+7*turn)*0.618034, 1))
	out := image.NewRGBA(shape.Rect)
	w, h := shape.Rect.Dx(), shape.Rect.Dy()
	var free []bool
	if turn%2 == 1 {
		free = outside(shape)
	}
	for k := range w * h {
		a := uint32(shape.Pix[4*k+3])
		p := out.Pix[4*k : 4*k+4]
		light := uint32(0)
		if free != nil && !free[k] {
			light = 255 - a
		}
		for c, v := range []uint8{ink.R, ink.G, ink.B} {
			p[c] = uint8((uint32(v)*a + 238*light) / 255)
		}
		p[3] = uint8(a + light)
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
