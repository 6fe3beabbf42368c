package widgets

import (
	"image"
	"math"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

func TestActionsAreReadByPointerAndKeys(t *testing.T) {
	start(t, theme.Dark)
	c := NewActionCurves()
	show(t, c, 500, 220)
	press(c, fyne.KeyRight)
	if got := texts(c); !slices.Equal(got, []string{"No actions yet."}) {
		t.Errorf("empty, it writes %q", got)
	}
	nan := float32(math.NaN())
	c.Set(ActionPlot{Names: []string{"x"}, LineLabel: "dense", DotLabel: "CogVLA", At: 1,
		Lines: [][]float32{{0.5, -0.25}, {1.5, nan}, {0, 0}}, Dots: [][]float32{{0.25, -0.004}, {nan}}})
	p := actionPlot{c}
	b := p.box(c.Size())
	for i, want := range [][]string{
		{"action 1 of 3", "x: dense 0.50, CogVLA 0.25", "number 1: dense −0.25, CogVLA 0.00"},
		{"action 2 of 3, carried out now", "x: dense 1.50"},
		{"action 3 of 3", "x: dense 0.00", "number 1: dense 0.00"},
	} {
		c.MouseMoved(mouseAt(p.x(i, b), b.y+20))
		if got := c.reading(); !slices.Equal(got, want) {
			t.Errorf("reads %q, want %q", got, want)
		}
	}
	press(c, fyne.KeyLeft, fyne.KeyLeft, fyne.KeyLeft)
	if got := c.reading(); got[0] != "action 1 of 3" {
		t.Errorf("with the keys it reads %q", got)
	}
	for _, want := range []string{"dense", "CogVLA", "x", "number 1"} {
		if !slices.Contains(texts(c), want) {
			t.Errorf("the legend lacks %q: %q", want, texts(c))
		}
	}
	c.Set(ActionPlot{Dots: [][]float32{{0.5}}, At: -1})
	if got := c.reading(); !slices.Equal(got, []string{"action 1 of 1", "number 0: 0.50"}) {
		t.Errorf("without labels it reads %q", got)
	}
	c.Set(ActionPlot{})
	if c.reading() != nil {
		t.Errorf("empty again it reads %q", c.reading())
	}
}

func TestActionsStandWhereTheirValuesAre(t *testing.T) {
	start(t, theme.Dark)
	c := NewActionCurves()
	show(t, c, 400, 200)
	c.Set(ActionPlot{Lines: [][]float32{{1, -1}, {1, -9}}, Dots: [][]float32{{0.5}, {0.5}}, At: -1})
	a := c.plot.area(c.Size())
	img := c.generate(int(a.w), int(a.h)).(*image.RGBA)
	p := actionPlot{c}
	b := p.box(c.Size())
	mid := int(b.x + b.w/2)
	for _, at := range []struct {
		x, number int
		value     float32
	}{{mid, 0, 1}, {mid, 1, -1}, {int(p.x(0, b)), 0, 0.5}, {int(p.x(1, b)), 0, 0.5}} {
		want := premultiplied(tint(c, actionColor(at.number)))
		got := img.RGBAAt(at.x, int(p.y(at.value, b)))
		off := max(want.R-min(got.R, want.R), want.G-min(got.G, want.G), want.B-min(got.B, want.B))
		if got.A < 220 || off > 35 { // a line's edge is soft
			t.Errorf("at %d for %g it is %v, want %v", at.x, at.value, got, want)
		}
	}
	if got := img.RGBAAt(mid, int(p.y(0.5, b))); got.A != 0 {
		t.Errorf("between two dots it is %v", got)
	}
}

func TestActionLegendWraps(t *testing.T) {
	start(t, theme.Dark)
	c := NewActionCurves()
	c.Set(ActionPlot{Lines: [][]float32{make([]float32, 12)}})
	p := actionPlot{c}
	_, wide := p.places(2000)
	at, narrow := p.places(260)
	if wide != legendLine || narrow < 3*legendLine {
		t.Errorf("%g high in 2000, %g in 260", wide, narrow)
	}
	for i, k := range p.keys() {
		if end := at[i].X + actionGlyph + theme.Step + measure(k.text, caption).Width; end > 260 {
			t.Errorf("%q ends at %g", k.text, end)
		}
	}
}
