package desk

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

func TestFewColoursStayExactAndManyStayClose(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 200, 100))
	for y := range 100 {
		for x := range 200 {
			c := color.RGBA{20, 22, 26, 255} // half of it: the window's background
			if x >= 100 {
				c = color.RGBA{uint8(2 * (x - 100)), uint8(2 * y), uint8(x), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := WritePNG(&b, img); err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if r, g, bl, _ := got.At(3, 3).RGBA(); r>>8 != 20 || g>>8 != 22 || bl>>8 != 26 {
		t.Errorf("the background became %v", got.At(3, 3))
	}
	worst := 0
	for y := range 100 {
		for x := 100; x < 200; x++ {
			r, g, bl, _ := got.At(x, y).RGBA()
			want := img.RGBAAt(x, y)
			for _, d := range []int{int(r>>8) - int(want.R), int(g>>8) - int(want.G), int(bl>>8) - int(want.B)} {
				worst = max(worst, d, -d)
			}
		}
	}
	if worst > 24 {
		t.Errorf("a colour is off by %d", worst)
	}
}
