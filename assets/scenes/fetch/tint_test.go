package main

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"winnow/assets/scenes"
)

func TestTintFillsWhatTheShapeEncloses(t *testing.T) {
	ring := image.NewRGBA(image.Rect(0, 0, 20, 20))
	for y := range 20 {
		for x := range 20 {
			if d := max(x-10, 10-x, y-10, 10-y); d >= 5 && d <= 7 {
				ring.SetRGBA(x, y, color.RGBA{A: 255})
			}
		}
	}
	open, filled := tint(ring, "ball", 0, false), tint(ring, "ball", 1, false)
	if open.RGBAAt(10, 10).A != 0 || filled.RGBAAt(10, 10) != (color.RGBA{238, 238, 238, 255}) {
		t.Errorf("inside: %v open, %v filled", open.RGBAAt(10, 10), filled.RGBAAt(10, 10))
	}
	if filled.RGBAAt(0, 0).A != 0 || open.RGBAAt(10, 4).A != 255 || open.RGBAAt(10, 4) == filled.RGBAAt(10, 4) {
		t.Error("the ground is filled, or the ring has no colour of its own in each turn")
	}
}

func TestTintColoursWhatHollowShapesEnclose(t *testing.T) {
	ring := image.NewRGBA(image.Rect(0, 0, 20, 20))
	for y := range 20 {
		for x := range 20 {
			if d := max(x-10, 10-x, y-10, 10-y); d == 6 || d == 7 {
				ring.SetRGBA(x, y, color.RGBA{A: 255})
			}
		}
	}
	whole, plain := tint(ring, "ball", 0, true), tint(ring, "ball", 0, false)
	line, within := whole.RGBAAt(10, 3), whole.RGBAAt(10, 10)
	if within != plain.RGBAAt(10, 3) || line.A != 255 || max(line.R, line.G, line.B) >= max(within.R, within.G, within.B) {
		t.Errorf("within %v, the line %v", within, line)
	}
	if whole.RGBAAt(0, 0).A != 0 || tint(ring, "ball", 1, true).RGBAAt(10, 10) != (color.RGBA{238, 238, 238, 255}) {
		t.Error("the ground is filled, or every second turn is not light within")
	}
	if b := backed(ring); b.RGBAAt(0, 0).A != 0 || b.RGBAAt(10, 3) != (color.RGBA{A: 255}) || b.RGBAAt(10, 10) != (color.RGBA{238, 238, 238, 255}) {
		t.Error("backed changes more than what the drawing encloses")
	}
}

func TestFirstPathIsLeftOut(t *testing.T) {
	s := iconSet{Width: 48, Height: 48, disc: true, Icons: map[string]icon{
		"key": {Body: `<g fill="none"><path fill="#abc" d="M24 48"/><path d="M1 1"/></g>`},
	}}
	svg, _, err := s.find("key")
	if err != nil || strings.Contains(svg, "M24 48") || !strings.Contains(svg, `viewBox="6 6 36 36"><g fill="none"><path d="M1 1"/>`) {
		t.Errorf("%s, %v", svg, err)
	}
}

func TestAlternatesNameNouns(t *testing.T) {
	known := map[string]bool{}
	for _, n := range scenes.Nouns {
		known[n] = true
	}
	for n := range alternates {
		if !known[n] {
			t.Errorf("alternates of %q, which is no noun", n)
		}
	}
	for style, s := range sources {
		for _, list := range []map[string]string{s.names, s.also} {
			for n := range list {
				if !known[n] {
					t.Errorf("%s names %q, which is no noun", style, n)
				}
			}
		}
		for _, n := range s.lacks {
			if !known[n] || s.also[n] != "" {
				t.Errorf("%s lacks %q, which is no noun or has other icons", style, n)
			}
		}
	}
}
