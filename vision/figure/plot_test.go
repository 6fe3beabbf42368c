package figure

import (
	"strings"
	"testing"
)

func TestPlotDrawsEverySide(t *testing.T) {
	p := Plot{Title: "t", Names: []string{"fastv"}, Panels: []Panel{{Title: "right", Cost: "FLOPs", Spots: []Spot{
		{Side: -1, Cost: 1, Value: 0.8, Low: 0.7, High: 0.9}, {Side: 0, Cost: 0.4, Value: 0.5, Low: 0.4, High: 0.6}}}}}
	img, err := RenderPlot(p, Options{Light: true, Width: 800})
	if err != nil || img.Bounds().Dx() != 800 {
		t.Fatal(err)
	}
	colours := func() map[[3]uint32]int {
		n := map[[3]uint32]int{}
		for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
			for x := range 800 {
				r, g, b, _ := img.At(x, y).RGBA()
				n[[3]uint32{r >> 8, g >> 8, b >> 8}]++
			}
		}
		return n
	}
	side := [3]uint32{uint32(light.sides[0].R), uint32(light.sides[0].G), uint32(light.sides[0].B)}
	with := colours()[side]
	p.Panels[0].Spots = p.Panels[0].Spots[:1]
	if img, err = RenderPlot(p, Options{Light: true, Width: 800}); err != nil {
		t.Fatal(err)
	}
	if without := colours()[side]; with <= without || without == 0 { // its letter stays in the legend
		t.Errorf("%d pixels of the side's colour with its point, %d without", with, without)
	}
	for sentence, p := range map[string]Plot{"no panel": {}, "do not fit": {Names: make([]string, 27), Panels: p.Panels}} {
		if _, err := RenderPlot(p, Options{}); err == nil || !strings.Contains(err.Error(), sentence) {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestTicksSpanTheValues(t *testing.T) {
	for _, c := range []struct{ lo, hi, most float64 }{{0, 1, 1}, {0.5, 0.5, 1}, {1, 1, 1}, {0, 0, 1}, {0.38, 1.12, 9}, {0.731, 0.742, 1}, {1, 40, 1e9}} {
		v := ticks(c.lo, c.hi, c.most)
		if n := len(v); n < 2 || n > 45 || v[0] > c.lo+1e-9 || v[n-1] < c.hi-1e-9 || v[0] < 0 || v[n-1] > c.most+1e-9 {
			t.Errorf("%+v: %v", c, v)
		}
	}
}
