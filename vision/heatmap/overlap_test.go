package heatmap

import (
	"image"
	"image/color"
	"testing"

	"winnow/vision/grid"
)

var two = Overlap{
	Only: []color.NRGBA{{200, 0, 0, 255}, {0, 200, 0, 128}},
	All:  color.NRGBA{10, 20, 30, 255}, Some: color.NRGBA{1, 1, 1, 255}, None: color.NRGBA{0, 0, 0, 100},
}

func TestOverlapTellsTheClassesApart(t *testing.T) {
	g := grid.Grid{Rows: 1, Cols: 5}
	img, err := RenderOverlap([]uint8{0, 1, 2, 3, 1 << 7}, g, two)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []color.RGBA{{0, 0, 0, 100}, {200, 0, 0, 255}, {0, 100, 0, 128}, {10, 20, 30, 255}, {}} {
		if got := img.RGBAAt(i, 0); got != want {
			t.Errorf("cell %d is %v, want %v", i, got, want)
		}
	}
	three := Overlap{Only: make([]color.NRGBA, 3), All: two.All, Some: two.Some, None: two.None}
	for mask, want := range map[uint8]color.NRGBA{0: two.None, 3: two.Some, 6: two.Some, 7: two.All, 15: two.All, 4: {}} {
		if got := three.Of(mask); got != want {
			t.Errorf("of three sides, %b is %v, want %v", mask, got, want)
		}
	}
	for _, c := range []struct {
		mask  uint8
		sides int
		class Class
		only  int
	}{{4, 3, KeptByOne, 2}, {1, 1, KeptByAll, -1}, {0x80, 2, NoCell, -1}, {0, 4, KeptByNone, -1}, {5, 3, KeptBySome, -1}, {127, 7, KeptByAll, -1}, {3, -1, KeptByNone, -1}} {
		if class, only := ClassOf(c.mask, c.sides); class != c.class || only != c.only {
			t.Errorf("%b of %d sides: %v, %d", c.mask, c.sides, class, only)
		}
	}
}

func TestShareDarkens(t *testing.T) {
	g := grid.Grid{Rows: 1, Cols: 5}
	img, err := RenderShare([]float32{0, 0.5, 1, nan, 9}, g, 0.8)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint8{0, 102, 204, 0, 204} {
		if got := img.RGBAAt(i, 0); got != (color.RGBA{0, 0, 0, want}) {
			t.Errorf("cell %d is %v, want opacity %d", i, got, want)
		}
	}
}

func TestOverlapAndShareRefuseWhatDoesNotFit(t *testing.T) {
	g := grid.Grid{Rows: 2, Cols: 2}
	img, other := image.NewRGBA(image.Rect(0, 0, 2, 2)), image.NewRGBA(image.Rect(0, 0, 3, 2))
	for name, err := range map[string]error{
		"size":     RenderOverlapInto(other, make([]uint8, 4), g, two),
		"count":    RenderOverlapInto(img, make([]uint8, 3), g, two),
		"no sides": RenderOverlapInto(img, make([]uint8, 4), g, Overlap{}),
		"sides":    RenderOverlapInto(img, make([]uint8, 4), g, Overlap{Only: make([]color.NRGBA, 8)}),
		"shares":   RenderShareInto(img, make([]float32, 5), g, 1),
		"image":    RenderShareInto(other, make([]float32, 4), g, 1),
		"opacity":  RenderShareInto(img, make([]float32, 4), g, 2),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRedrawsAllocateNothing(t *testing.T) {
	g := grid.Grid{Rows: 24, Cols: 24}
	img, masks, shares := image.NewRGBA(image.Rect(0, 0, 24, 24)), make([]uint8, 576), make([]float32, 576)
	if n := testing.AllocsPerRun(10, func() {
		RenderOverlapInto(img, masks, g, two)
		RenderShareInto(img, shares, g, 0.7)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
