package widgets

import (
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func TestRobotWidgetsRender(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		test.AssertRendersToImage(t, "robot_"+name+".png", newRobotWidgets().lay(t).Canvas())
	})
}

// cellAt is the middle of a cell of a routing grid.
func (g *RoutingGrid) cellAt(layer, row int) fyne.Position {
	f, _ := g.plot.around(spot{layer, row}, g.Size())
	return fyne.NewPos(f.x+f.w/2, f.y+f.h/2)
}

func TestRoutingIsReadAndChosen(t *testing.T) {
	start(t, theme.Dark)
	g := NewRoutingGrid()
	show(t, g, 300, 70)
	var got []int
	g.OnSelect = func(i int) { got = append(got, i) }
	press(g, fyne.KeyDown, fyne.KeyEnd)
	g.Tapped(pointAt(100, 30))
	if lines := texts(g); !slices.Equal(lines, []string{"No routing yet."}) {
		t.Errorf("empty, it writes %q", lines)
	}
	g.Set([]RoutingRow{
		{Kept: []bool{true, true, true, true}},
		{Kept: []bool{true, false, true, true}, Probability: []float32{0.9, 0.31, float32(math.NaN())}, Note: "the best three"},
		{Kept: []bool{false, false}},
	})
	for _, want := range []string{"0", "4", "1", "3", "2"} {
		if !slices.Contains(texts(g), want) {
			t.Errorf("%q is not among %q", want, texts(g))
		}
	}
	hover := func(layer, row int) string {
		at := g.cellAt(layer, row)
		g.MouseMoved(mouseAt(at.X, at.Y))
		return strings.Join(g.reading(), "; ")
	}
	for _, c := range []struct {
		layer, row int
		want       string
	}{
		{0, 3, "layer 0, row 3; computed"},
		{1, 1, "layer 1, row 1; skipped, router 0.31; the best three"},
		{1, 2, "layer 1, row 2; computed; the best three"},
		{2, 0, "layer 2, row 0; skipped"},
	} {
		if got := hover(c.layer, c.row); got != c.want {
			t.Errorf("reads %q, want %q", got, c.want)
		}
	}
	g.MouseMoved(mouseAt(g.plot.area(g.Size()).x+g.plot.area(g.Size()).w-1, 68)) // layer 2 has no row 3
	if g.reading() != nil {
		t.Errorf("reads %q where there is no row", g.reading())
	}
	g.Names = func(row int) string { return "row 1 of camera front" }
	if got := hover(1, 1); !strings.HasPrefix(got, "layer 1, row 1 of camera front;") {
		t.Errorf("reads %q", got)
	}
	g.Tapped(pointAt(2, 68)) // on a number
	g.Tapped(pointAt(100, 68))
	press(g, fyne.KeyDown, fyne.KeyUp, fyne.KeyHome, fyne.KeyUp, fyne.KeyEnd)
	if want := []int{2, 2, 1, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v", got, want)
	}
	g.Set(eightLayers()[:2])
	if g.Selected() != -1 {
		t.Error("the choice outlived its layer")
	}
	g.SetSelected(99)
	g.MouseOut()
	g.Set(nil)
	if g.Selected() != -1 || len(got) != 5 || g.reading() != nil {
		t.Errorf("chose %d, called back %d times, reads %q", g.Selected(), len(got), g.reading())
	}
}

func TestRoutingPaintsEachRowOnce(t *testing.T) {
	start(t, theme.Dark)
	for _, n := range []int{1, 7, 72, 99, 100, 300} {
		kept := make([]bool, n)
		for i := range kept {
			kept[i] = i%2 == 0
		}
		share := make([]float32, 300)
		shares(kept, n, share, 1)
		for x, v := range share {
			if row := x * n / 300; v >= 0 && (v == 1) != kept[row] {
				t.Errorf("%d rows: column %d is %g, row %d computed %v", n, x, v, row, kept[row])
			}
		}
		gaps := 0
		for _, v := range share {
			if v < 0 {
				gaps++
			}
		}
		if want := map[bool]int{true: n}[n <= 100]; gaps != want {
			t.Errorf("%d rows: %d gaps, want %d", n, gaps, want)
		}
	}
	share := make([]float32, 10)
	shares(slices.Repeat([]bool{true, false, false, false}, 1000), 4000, share, 1)
	for _, v := range share {
		if v < 0.2 || v > 0.3 {
			t.Errorf("a quarter of many rows is as bright as %g", v)
		}
	}
}

// Each painter takes whatever size it gets and whatever a trace claims.
func TestRobotWidgetsTakeAnything(t *testing.T) {
	start(t, theme.Dark)
	r := newRobotWidgets()
	r.lay(t)
	paint := func() {
		for _, size := range [][2]int{{0, 0}, {1, 1}, {3, 200}, {200, 3}, {7, 31}} {
			for _, f := range []func(w, h int) image.Image{r.routing.generate, r.looks.generate, r.actions.generate, r.strip.generate, r.mask.generate, r.front.lines} {
				if b := f(size[0], size[1]).Bounds(); b.Dx() != size[0] || b.Dy() != size[1] {
					t.Errorf("asked %v, got %v", size, b)
				}
			}
		}
		for _, o := range []fyne.Widget{r.routing, r.looks, r.actions, r.strip, r.mask, r.front} {
			for _, s := range []fyne.Size{{}, {Width: 3, Height: 900}, {Width: 900, Height: 3}, {Width: 300, Height: 200}} {
				o.Resize(s)
				if m := o.MinSize(); !(m.Width <= 400 && m.Height <= 2400) {
					t.Errorf("%T needs %v in %v", o, m, s)
				}
				if h, ok := o.(desktop.Hoverable); ok {
					h.MouseMoved(mouseAt(s.Width/2, s.Height/2))
				}
				if f, ok := o.(fyne.Focusable); ok {
					press(f, fyne.KeyRight, fyne.KeyDown, fyne.KeyEnd, fyne.KeyHome, fyne.KeyPageDown)
				}
			}
		}
	}
	paint()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	r.routing.Set(slices.Repeat([]RoutingRow{{Kept: make([]bool, 5000), Probability: []float32{nan, inf}}, {}}, 500))
	r.looks.Set(slices.Repeat([]LookMap{{}, {Image: &image.RGBA{Rect: image.Rect(0, 0, 1<<20, 1<<20)}}, {Image: image.NewRGBA(image.Rect(5, 5, 5, 9))}, {Image: image.NewRGBA(image.Rect(-3, 2, 900, 3))}}, 1000))
	many := slices.Repeat([][]float32{{nan, inf, -inf, 1e30}, nil, slices.Repeat([]float32{0.5}, 500)}, 1000)
	r.actions.Set(ActionPlot{Names: slices.Repeat([]string{strings.Repeat("long ", 99)}, 500), Lines: many, Dots: many[:7], At: 1 << 40, LineLabel: "a", DotLabel: "b"})
	r.strip.Set(EpisodeMarks{Steps: math.MaxInt, Of: math.MinInt, Looks: []int{-5, 9, 3, math.MaxInt}, Labels: slices.Repeat([]StripLabel{{7, strings.Repeat("w", 500)}, {-1, "x"}}, 5000)})
	r.strip.SetAt(math.MaxInt)
	r.mask.Set([]MaskGroup{{"a", math.MaxInt}, {"b", math.MaxInt}}, make([]bool, 4))
	r.front.SetOverlay(&image.RGBA{Rect: image.Rect(0, 0, 9, 9)}, math.MaxInt, 2, [4]float64{math.NaN(), 9, -1, math.Inf(1)})
	paint()
	r.mask.Set(slices.Repeat([]MaskGroup{{"g", 1}, {"", 0}}, 900), make([]bool, 900*900))
	r.front.SetOverlay(glow(3, 1, 1), 3, 3, [4]float64{0.9, 0.9, 0.1, 0.1})
	r.front.SetPicture(&image.RGBA{Rect: image.Rect(0, 0, 9, 9)})
	paint()
}
