package grid

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// clip is what CLIP at 224 sees of a 448 × 298 picture: resized to 336 × 224, cropped at (56, 0).
var clip = Geometry{SourceW: 448, SourceH: 298, Box: Rect{56 * 448. / 336, 0, 280 * 448. / 336, 298}, ModelW: 224, ModelH: 224}

// padded is what LLaVA-1.5 with padding sees of the same picture.
var padded = Geometry{SourceW: 448, SourceH: 298, Box: Rect{0, -75, 448, 373}, ModelW: 336, ModelH: 336}

func TestIndexAndCellAreInverse(t *testing.T) {
	g := Grid{Rows: 3, Cols: 5}
	for i := range g.Len() {
		r, c := g.Cell(i)
		if got := g.Index(r, c); got != i {
			t.Fatalf("token %d is cell (%d, %d), which is token %d", i, r, c, got)
		}
	}
	if r, c := g.Cell(7); r != 1 || c != 2 {
		t.Fatalf("token 7 of 3 × 5 is (%d, %d), want (1, 2)", r, c)
	}
}

func TestOutOfRangeCellPanics(t *testing.T) {
	g := Grid{Rows: 2, Cols: 2}
	for name, f := range map[string]func(){
		"index": func() { g.Index(2, 0) }, "negative": func() { g.Index(0, -1) }, "cell": func() { g.Cell(4) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(r.(string), "grid: ") {
					t.Errorf("%s: recovered %v", name, r)
				}
			}()
			f()
		}()
	}
}

func TestEveryCellIsHitAtItsCentre(t *testing.T) {
	for name, geo := range map[string]Geometry{"crop": clip, "pad": padded} {
		for _, g := range []Grid{{16, 16}, {24, 24}, {7, 13}, {1, 1}} {
			for i := range g.Len() {
				row, col := g.Cell(i)
				r := g.Rect(geo, row, col)
				gr, gc, ok := g.At(geo, (r.X0+r.X1)/2, (r.Y0+r.Y1)/2)
				if !ok || gr != row || gc != col {
					t.Fatalf("%s %v: centre of (%d, %d) hits (%d, %d) %v", name, g, row, col, gr, gc, ok)
				}
			}
		}
	}
}

func TestCellsTileTheBox(t *testing.T) {
	g := Grid{Rows: 24, Cols: 24}
	for i := range g.Rows {
		for j := range g.Cols - 1 {
			if a, b := g.Rect(padded, i, j).X1, g.Rect(padded, i, j+1).X0; a != b {
				t.Fatalf("gap between (%d, %d) and its neighbour: %v, %v", i, j, a, b)
			}
		}
	}
	first, last := g.Rect(padded, 0, 0), g.Rect(padded, 23, 23)
	if (Rect{first.X0, first.Y0, last.X1, last.Y1}) != padded.Box {
		t.Fatalf("the corners of the grid are %v and %v, the box %v", first, last, padded.Box)
	}
}

func TestOutsideTheBoxHitsNothing(t *testing.T) {
	g := Grid{Rows: 16, Cols: 16}
	for _, p := range [][2]float64{{74, 10}, {374, 10}, {100, -1}, {100, 298}, {math.NaN(), 1}} {
		if r, c, ok := g.At(clip, p[0], p[1]); ok {
			t.Errorf("(%v, %v) hits cell (%d, %d)", p[0], p[1], r, c)
		}
	}
	if _, _, ok := (Grid{}).At(clip, 100, 100); ok {
		t.Error("an empty grid was hit")
	}
	if r, c, ok := g.At(clip, math.Nextafter(clip.Box.X1, 0), 297.999999); !ok || r != 15 || c != 15 {
		t.Errorf("the last point of the box is (%d, %d) %v", r, c, ok)
	}
}

func TestModelAndSourceAreInverse(t *testing.T) {
	for _, geo := range []Geometry{clip, padded} {
		x, y := geo.ToSource(17.5, 200.25)
		mx, my := geo.ToModel(x, y)
		if math.Abs(mx-17.5) > 1e-9 || math.Abs(my-200.25) > 1e-9 {
			t.Errorf("(17.5, 200.25) comes back as (%v, %v)", mx, my)
		}
	}
	if x, y := clip.ToSource(0, 0); math.Abs(x-74.6666666) > 1e-6 || y != 0 {
		t.Errorf("the model's corner lies at (%v, %v)", x, y)
	}
}

func TestVisibleIsTheBoxInsideThePicture(t *testing.T) {
	if v := padded.Visible(); v != padded.Picture() {
		t.Errorf("with padding %v is visible", v)
	}
	if s := padded.SeenShare(); s != 1 {
		t.Errorf("with padding a share of %v is seen", s)
	}
	if s := clip.SeenShare(); math.Abs(s-2./3) > 1e-12 {
		t.Errorf("with the crop a share of %v is seen, want 2/3", s)
	}
	if r := (Rect{0, 0, 1, 1}).Intersect(Rect{2, 2, 3, 3}); r != (Rect{}) {
		t.Errorf("disjoint rectangles intersect in %v", r)
	}
}

func TestOf(t *testing.T) {
	if g, err := Of(336, 336, 14); err != nil || g != (Grid{24, 24}) {
		t.Errorf("336 by 14: %v, %v", g, err)
	}
	if g, err := Of(380, 224, 14); err != nil || g != (Grid{16, 27}) {
		t.Errorf("380 × 224 by 14: %v, %v (pixels that fill no patch are left over)", g, err)
	}
	for _, bad := range [][3]int{{224, 224, 0}, {10, 224, 14}, {224, 13, 14}, {224, 224, -1}} {
		if g, err := Of(bad[0], bad[1], bad[2]); err == nil || !strings.Contains(err.Error(), "patch_size") {
			t.Errorf("%v gives %v, %v", bad, g, err)
		}
	}
}

func TestGeometrySurvivesJSON(t *testing.T) {
	b, err := json.Marshal(clip)
	if err != nil {
		t.Fatal(err)
	}
	var got Geometry
	if err := json.Unmarshal(b, &got); err != nil || got != clip {
		t.Fatalf("%s became %+v, %v", b, got, err)
	}
}
