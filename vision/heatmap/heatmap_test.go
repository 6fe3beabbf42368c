package heatmap

import (
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/vision/grid"
)

var nan = float32(math.NaN())

func TestColourMapsPassTheirPublishedAnchors(t *testing.T) {
	for m, anchors := range map[Map]map[int][3]int{
		Viridis: {0: {68, 1, 84}, 64: {59, 82, 139}, 128: {33, 145, 140}, 192: {94, 201, 98}, 255: {253, 231, 37}},
		Cividis: {0: {0, 34, 78}, 64: {67, 78, 108}, 128: {125, 124, 120}, 192: {188, 174, 108}, 255: {254, 232, 56}},
		Magma:   {0: {0, 0, 4}, 64: {81, 18, 124}, 128: {183, 55, 121}, 192: {252, 137, 97}, 255: {252, 253, 191}},
		Grey:    {0: {0, 0, 0}, 51: {51, 51, 51}, 255: {255, 255, 255}},
	} {
		for i, want := range anchors {
			c := m.At(float64(i) / 255)
			for k, v := range []uint8{c.R, c.G, c.B} {
				if d := int(v) - want[k]; d < -2 || d > 2 {
					t.Errorf("%v at %d is %v, want %v", m, i, c, want)
				}
			}
		}
	}
}

// TestLightnessRises: what makes the maps readable in grey print and with colour blindness.
func TestLightnessRises(t *testing.T) {
	linear := func(v uint8) float64 { return math.Pow(float64(v)/255, 2.2) }
	for _, m := range Maps {
		last := -1.0
		for i := 0; i <= 255; i += 5 {
			c := m.At(float64(i) / 255)
			l := 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
			if l <= last {
				t.Fatalf("%v: %d is no lighter than the colour before it", m, i)
			}
			last = l
		}
	}
}

func TestMapsClampAndHaveNames(t *testing.T) {
	if Viridis.At(-3) != Viridis.At(0) || Viridis.At(7) != Viridis.At(1) || Viridis.At(math.NaN()) != Viridis.At(0) || Magma.At(math.Inf(1)) != Magma.At(1) {
		t.Error("values outside 0…1 do not take the nearest end")
	}
	for _, m := range Maps {
		if got, err := MapNamed(m.String()); err != nil || got != m {
			t.Errorf("%v: %v, %v", m, got, err)
		}
	}
	for _, m := range []Mode{Kept, Score, Rank} {
		if got, err := ModeNamed(m.String()); err != nil || got != m {
			t.Errorf("%v: %v, %v", m, got, err)
		}
	}
	if _, err := MapNamed("jet"); err == nil || !strings.Contains(err.Error(), "cividis") {
		t.Errorf("jet: %v", err)
	}
	if _, err := ModeNamed("x"); err == nil {
		t.Error("mode x was found")
	}
}

func at(img *image.RGBA, i int) color.RGBA { return img.RGBAAt(i%img.Rect.Dx(), i/img.Rect.Dx()) }

func TestKeptDarkensDroppedCells(t *testing.T) {
	img, err := Render(nil, []bool{true, false, false, true, true, false}, grid.Grid{Rows: 2, Cols: 3}, Options{Mode: Kept, Alpha: 0.6})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint8{0, 153, 153, 0, 0, 153} {
		if got := at(img, i); got != (color.RGBA{A: want}) {
			t.Errorf("cell %d is %v, want black at %d", i, got, want)
		}
	}
}

func TestScoreColoursByValue(t *testing.T) {
	g := grid.Grid{Rows: 1, Cols: 4}
	values := []float32{2, 4, nan, 3}
	img, err := Render(values, nil, g, Options{Mode: Score, Map: Grey, Alpha: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}, {}, {128, 128, 128, 255}} {
		if got := at(img, i); got != want {
			t.Errorf("cell %d is %v, want %v", i, got, want)
		}
	}
	img, _ = Render(values, nil, g, Options{Mode: Score, Map: Grey, Alpha: 0.5, Min: 0, Max: 4})
	if got := at(img, 1); got != (color.RGBA{128, 128, 128, 128}) {
		t.Errorf("white at half opacity is %v; it must be premultiplied", got)
	}
	if got := at(img, 0); got.R != 64 {
		t.Errorf("2 on a scale from 0 to 4 is %v", got)
	}
	img, _ = Render([]float32{7, 7, 7, 7}, nil, g, Options{Mode: Score, Map: Grey, Alpha: 1})
	if got := at(img, 3); got.R != 128 {
		t.Errorf("equal scores are %v, want the middle of the map", got)
	}
	img, _ = Render([]float32{1, float32(math.Inf(1)), float32(math.Inf(-1)), 2}, nil, g, Options{Mode: Score, Map: Grey, Alpha: 1})
	if a, b, c := at(img, 0).R, at(img, 1).R, at(img, 2).R; a != 0 || b != 255 || c != 0 {
		t.Errorf("with infinities: %d, %d, %d", a, b, c)
	}
	img, _ = Render(values, []bool{true, false, true, true}, g, Options{Mode: Score, Map: Grey, Alpha: 1, DimDropped: true})
	if got := at(img, 1); got != (color.RGBA{A: 255}) {
		t.Errorf("a dropped cell is %v, want black", got)
	}
}

func TestRankTiesGoToTheLowerIndex(t *testing.T) {
	img, err := Render([]float32{5, nan, 1000, 5, 1}, nil, grid.Grid{Rows: 1, Cols: 5}, Options{Mode: Rank, Map: Grey, Alpha: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []color.RGBA{{170, 170, 170, 255}, {}, {255, 255, 255, 255}, {85, 85, 85, 255}, {0, 0, 0, 255}} {
		if got := at(img, i); got != want {
			t.Errorf("cell %d is %v, want %v", i, got, want)
		}
	}
}

func TestRenderOverwritesWhatWasThere(t *testing.T) {
	g := grid.Grid{Rows: 2, Cols: 2}
	dst := image.NewRGBA(image.Rect(0, 0, 2, 2))
	for _, o := range []Options{{Mode: Score, Alpha: 0.7}, {Mode: Rank, Alpha: 0.7}, {Mode: Kept, Alpha: 0.7}} {
		for i := range dst.Pix {
			dst.Pix[i] = 99
		}
		values := []float32{1, nan, 3, nan}
		if err := RenderInto(dst, values, []bool{true, true, true, true}, g, o); err != nil {
			t.Fatal(err)
		}
		if got := at(dst, 1); got != (color.RGBA{}) {
			t.Errorf("%v: a cell without a score is %v, want nothing", o.Mode, got)
		}
	}
}

func TestPremultipliedNeverExceedsAlpha(t *testing.T) {
	values := make([]float32, 576)
	for i := range values {
		values[i] = float32(i)
	}
	for _, m := range Maps {
		for _, alpha := range []float64{0, 0.01, 0.33, 0.5, 1} {
			img, err := Render(values, nil, grid.Grid{Rows: 24, Cols: 24}, Options{Mode: Rank, Map: m, Alpha: alpha})
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(img.Pix); i += 4 {
				if p := img.Pix[i : i+4]; max(p[0], p[1], p[2]) > p[3] {
					t.Fatalf("%v at %v: %v is not premultiplied", m, alpha, p)
				}
			}
		}
	}
}

func TestWrongShapesAreRefused(t *testing.T) {
	g := grid.Grid{Rows: 2, Cols: 3}
	dst := image.NewRGBA(image.Rect(0, 0, 3, 2))
	six := make([]float32, 6)
	for name, err := range map[string]error{
		"3 columns":     RenderInto(image.NewRGBA(image.Rect(0, 0, 2, 3)), six, nil, g, Options{Mode: Score}),
		"5 scores":      RenderInto(dst, six[:5], nil, g, Options{Mode: Score}),
		"0 scores":      RenderInto(dst, nil, nil, g, Options{Mode: Rank}),
		"1 entries":     RenderInto(dst, six, []bool{true}, g, Options{}),
		"opacity is 2":  RenderInto(dst, six, nil, g, Options{Alpha: 2}),
		"opacity":       RenderInto(dst, six, nil, g, Options{Alpha: math.NaN()}),
		"no colour map": RenderInto(dst, six, nil, g, Options{Map: 9}),
		"heat-map mode": RenderInto(dst, six, nil, g, Options{Mode: 9}),
		"make no scale": RenderInto(dst, six, nil, g, Options{Mode: Score, Min: 2, Max: 1}),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
}

func TestRenderIntoAllocatesNothing(t *testing.T) {
	g := grid.Grid{Rows: 24, Cols: 24}
	dst := image.NewRGBA(image.Rect(0, 0, 24, 24))
	values, mask := make([]float32, 576), make([]bool, 576)
	for i := range values {
		values[i], mask[i] = float32(i*7919%576), i%3 == 0
	}
	for _, m := range []Mode{Kept, Score, Rank} {
		o := Options{Mode: m, Alpha: 0.7}
		if n := testing.AllocsPerRun(200, func() {
			if err := RenderInto(dst, values, mask, g, o); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations a redraw", m, n)
		}
	}
}

func TestFrames(t *testing.T) {
	g := grid.Grid{Rows: 2, Cols: 3}
	got, err := Frames([]bool{true, true, false, false, true, false}, g)
	want := []Segment{{0, 0, 2, 0}, {0, 1, 1, 1}, {1, 2, 2, 2}, {0, 0, 0, 1}, {1, 1, 1, 2}, {2, 0, 2, 2}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	all, _ := Frames([]bool{true, true, true, true, true, true}, g)
	if want := []Segment{{0, 0, 3, 0}, {0, 2, 3, 2}, {0, 0, 0, 2}, {3, 0, 3, 2}}; !slices.Equal(all, want) {
		t.Errorf("everything kept: %v", all)
	}
	if none, err := Frames(make([]bool, 6), g); err != nil || len(none) != 0 {
		t.Errorf("nothing kept: %v, %v", none, err)
	}
	if _, err := Frames(make([]bool, 5), g); err == nil {
		t.Error("a mask of 5 for 6 cells was taken")
	}
}

// TestFramesCloseAroundEveryRegion: the total length is the number of edges between kept and not kept.
func TestFramesCloseAroundEveryRegion(t *testing.T) {
	g := grid.Grid{Rows: 9, Cols: 7}
	mask := make([]bool, g.Len())
	for i := range mask {
		mask[i] = i*i%5 < 2
	}
	segments, err := Frames(mask, g)
	if err != nil {
		t.Fatal(err)
	}
	length, edges := 0, 0
	for _, s := range segments {
		if (s.X0 == s.X1) == (s.Y0 == s.Y1) {
			t.Fatalf("%v is no line along an axis", s)
		}
		length += s.X1 - s.X0 + s.Y1 - s.Y0
	}
	for i, k := range mask {
		row, col := g.Cell(i)
		for _, d := range [][2]int{{0, 1}, {0, -1}, {1, 0}, {-1, 0}} {
			if r, c := row+d[0], col+d[1]; k && !(g.Contains(r, c) && mask[g.Index(r, c)]) {
				edges++
			}
		}
	}
	if length != edges || edges == 0 {
		t.Errorf("the frames are %d edges long, want %d", length, edges)
	}
}

func plain(w, h int, v uint8) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = v
		if i&3 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}

func TestComposeLaysTheOverlayOverTheBox(t *testing.T) {
	geo := grid.Geometry{SourceW: 40, SourceH: 20, Box: grid.Rect{X0: 10, Y0: 0, X1: 30, Y1: 20}, ModelW: 8, ModelH: 8}
	overlay := image.NewRGBA(image.Rect(0, 0, 2, 2))
	overlay.SetRGBA(1, 0, color.RGBA{A: 255})         // upper right: black
	overlay.SetRGBA(0, 1, color.RGBA{R: 128, A: 128}) // lower left: half red
	img, err := Compose(plain(40, 20, 200), geo, overlay, image.Pt(400, 200))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		x, y int
		want color.RGBA
	}{
		"not seen":    {50, 100, color.RGBA{100, 100, 100, 255}},
		"transparent": {150, 50, color.RGBA{200, 200, 200, 255}},
		"black":       {250, 50, color.RGBA{0, 0, 0, 255}},
		"half red":    {150, 150, color.RGBA{228, 100, 100, 255}},
		"last column": {297, 50, color.RGBA{0, 0, 0, 255}},
		"box":         {100, 100, color.RGBA{255, 255, 255, 255}},
		"box, right":  {299, 100, color.RGBA{255, 255, 255, 255}},
		"rim of box":  {99, 100, color.RGBA{20, 20, 20, 255}},
		"cell edge":   {199, 50, color.RGBA{200, 200, 200, 255}},
		"over edge":   {200, 50, color.RGBA{0, 0, 0, 255}},
	} {
		if got := img.RGBAAt(c.x, c.y); got != c.want {
			t.Errorf("%s: (%d, %d) is %v, want %v", name, c.x, c.y, got, c.want)
		}
	}
}

func TestComposeWithPaddingCutsTheBox(t *testing.T) {
	geo := grid.Geometry{SourceW: 40, SourceH: 20, Box: grid.Rect{X0: 0, Y0: -10, X1: 40, Y1: 30}, ModelW: 8, ModelH: 8}
	overlay := plain(4, 4, 0)
	overlay.SetRGBA(2, 1, color.RGBA{R: 255, A: 255})
	img, err := Compose(plain(40, 20, 200), geo, overlay, image.Pt(40, 20))
	if err != nil {
		t.Fatal(err)
	}
	if got := img.RGBAAt(25, 5); got != (color.RGBA{R: 255, A: 255}) {
		t.Errorf("row 1, column 2 covers source (20…30, 0…10), but (25, 5) is %v", got)
	}
	if got := img.RGBAAt(20, 0); got == (color.RGBA{255, 255, 255, 255}) {
		t.Error("the upper side of the box lies outside the picture, but is drawn")
	}
	if got := img.RGBAAt(0, 10); got != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("the left side of the box is %v", got)
	}
}

func TestComposeRefuses(t *testing.T) {
	geo := grid.Geometry{SourceW: 40, SourceH: 20, Box: grid.Rect{X0: 0, Y0: 0, X1: 40, Y1: 20}, ModelW: 8, ModelH: 8}
	if _, err := Compose(plain(40, 20, 0), geo, nil, image.Pt(0, 20)); err == nil {
		t.Error("a figure without pixels was drawn")
	}
	if _, err := Compose(plain(40, 20, 0), geo, nil, image.Pt(1<<20, 20)); err == nil {
		t.Error("an endless figure was drawn")
	}
	if _, err := Compose(plain(41, 20, 0), geo, nil, image.Pt(40, 20)); err == nil || !strings.Contains(err.Error(), "41 × 20") {
		t.Errorf("another picture: %v", err)
	}
	geo.Box = grid.Rect{}
	if _, err := Compose(plain(40, 20, 0), geo, nil, image.Pt(40, 20)); err == nil {
		t.Error("an empty box was drawn")
	}
}

func BenchmarkRenderInto24x24(b *testing.B) {
	g := grid.Grid{Rows: 24, Cols: 24}
	dst := image.NewRGBA(image.Rect(0, 0, 24, 24))
	values, mask := make([]float32, 576), make([]bool, 576)
	for i := range values {
		values[i], mask[i] = float32(i*7919%576), i%3 == 0
	}
	for _, m := range []Mode{Kept, Score, Rank} {
		b.Run(m.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := RenderInto(dst, values, mask, g, Options{Mode: m, Alpha: 0.7}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
