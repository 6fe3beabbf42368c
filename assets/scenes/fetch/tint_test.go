package main

import (
	"image"
	"image/color"
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
	open, filled := tint(ring, "ball", 0), tint(ring, "ball", 1)
	if open.RGBAAt(10, 10).A != 0 || filled.RGBAAt(10, 10) != (color.RGBA{238, 238, 238, 255}) {
		t.Errorf("inside: %v open, %v filled", open.RGBAAt(10, 10), filled.RGBAAt(10, 10))
	}
	if filled.RGBAAt(0, 0).A != 0 || open.RGBAAt(10, 4).A != 255 || open.RGBAAt(10, 4) == filled.RGBAAt(10, 4) {
		t.Error("the ground is filled, or the ring has no colour of its own in each turn")
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
