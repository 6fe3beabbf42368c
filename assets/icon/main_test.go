package main

import (
	"bytes"
	"image/png"
	"os"
	"testing"
)

func TestThePictureInTheTreeIsTheOneDrawnHere(t *testing.T) {
	have, err := os.ReadFile("../icon.png")
	if err != nil {
		t.Fatal(err)
	}
	shown, err := png.Decode(bytes.NewReader(have))
	if err != nil {
		t.Fatal(err)
	}
	drawn := draw()
	if shown.Bounds() != drawn.Bounds() {
		t.Fatalf("the picture is %v, and %v is drawn: run `go run ./assets/icon assets/icon.png`", shown.Bounds(), drawn.Bounds())
	}
	for y := range size {
		for x := range size {
			r1, g1, b1, a1 := shown.At(x, y).RGBA()
			r2, g2, b2, a2 := drawn.At(x, y).RGBA()
			if r1 != r2 || g1 != g2 || b1 != b2 || a1 != a2 {
				t.Fatalf("pixel %d,%d differs: run `go run ./assets/icon assets/icon.png`", x, y)
			}
		}
	}
}
