package widgets

import (
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func threeBars(r *RatioBars) {
	r.SetBars([]RatioBar{{Label: "0", None: true, Of: 133}, {Label: "1", Share: 0.5, Of: 133}, {Label: "2", Share: 0.622, Of: 133, Note: "τ 0.975"}})
}

func threeCaches(k *KVStrip) {
	k.SetRows([]KVRow{{Label: "0", Full: 100, Bytes: 51200}, {Label: "1", Full: 25, Bits4: 50, Evicted: 25, Bytes: 20100}, {Label: "2", Bits2: 50, Bytes: 4500}})
}

func twoMatches(m *MatchStrip) {
	m.SetRows([]MatchRow{{Label: "0", Kept: MatchSets{Core: 50, Both: 25, Active: 25, Chance: 10}},
		{Label: "1", Kept: MatchSets{Core: 40, Both: 20, Active: 20, Chance: 15}, Dropped: &MatchSets{Core: 55, Both: 5, Active: 40, Chance: 14}}})
}

func fivePoints(t *TradeoffCurve) {
	t.SetPoints([]TradeoffPoint{
		{Value: "0.2"},
		{Value: "0.4", Ready: true, Cost: 0.4, KL: 0.5, Top1: 0.6, FLOPs: "1.2 GFLOPs", Bytes: "72 kB"},
		{Value: "0.6"},
		{Value: "0.8", Ready: true, Cost: 0.8, KL: 0.1, Top1: 0.9},
		{Value: "1", Ready: true, Cost: 1, KL: 0, Top1: 1},
	})
}

func TestChartsRender(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		r, k, m, c := NewRatioBars("tokens"), NewKVStrip(), NewMatchStrip(), NewTradeoffCurve()
		threeBars(r)
		r.SetGhost([]float64{1, 0.8, 0.4})
		r.SetSelected(1)
		threeCaches(k)
		twoMatches(m)
		fivePoints(c)
		c.SetCurrent(1)
		c.SetBusy("3 of 5")
		w := show(t, container.NewVBox(r, k, m, c), 320, 740)
		k.MouseMoved(mouseAt(100, k.lay().y+2))
		test.AssertRendersToImage(t, "charts_"+name+".png", w.Canvas())
	})
}

// lay is where the strip's raster lies.
func (k *KVStrip) lay() frame { return k.plot.area(k.Size()) }

func TestRatioBarsAreReadAndChosen(t *testing.T) {
	start(t, theme.Dark)
	r := NewRatioBars("tokens")
	show(t, r, 372, 160)
	r.Tapped(pointAt(100, 50))
	press(r, fyne.KeyRight, fyne.KeyEnd)
	threeBars(r)
	var got []int
	r.OnSelect = func(i int) { got = append(got, i) }
	a := r.plot.area(r.Size())
	at := func(i int) float32 { return a.x + (float32(i)+0.5)*a.w/3 }
	for i, want := range []string{"layer 0: nothing decided", "layer 1: 50 % of 133 tokens", "layer 2: 62 % of 133 tokens, τ 0.975"} {
		r.MouseMoved(mouseAt(at(i), 60))
		if r.line() != want {
			t.Errorf("reads %q, want %q", r.line(), want)
		}
	}
	r.MouseOut()
	r.Tapped(pointAt(at(2), 60))
	press(r, fyne.KeyLeft, fyne.KeyHome, fyne.KeyLeft, fyne.KeyEnd)
	if want := []int{2, 1, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v", got, want)
	}
	r.SetGhost([]float64{0.1, 0.2, 0.3})
	if r.line() != "layer 2: 62 % of 133 tokens, before 30 %, τ 0.975" {
		t.Errorf("without the pointer it reads %q", r.line())
	}
	r.SetBars([]RatioBar{{Label: "0", Share: 1, Of: 3}})
	if r.Selected() != -1 {
		t.Error("the choice outlived its layer")
	}
	if len(got) != 4 {
		t.Error("a setter called back")
	}
}

func TestRatioBarsAreAsHighAsTheirShares(t *testing.T) {
	start(t, theme.Dark)
	r := NewRatioBars("tokens")
	show(t, r, 372, 160)
	r.SetBars([]RatioBar{{Share: 0}, {Share: 0.25}, {Share: 1}, {Share: 0.001}, {Share: math.NaN()}, {Share: 0.5, None: true}})
	img := r.generate(600, 200).(*image.RGBA)
	kept := premultiplied(tint(r, theme.ColorKept))
	for i, want := range []int{0, 50, 200, 2, 0, 0} {
		if got := column(img, i*100+50, kept); got != want {
			t.Errorf("bar %d is %d pixels high, want %d", i, got, want)
		}
	}
}

// column counts the pixels of a colour in a column.
func column(img *image.RGBA, x int, c color.RGBA) int {
	n := 0
	for y := range img.Rect.Dy() {
		if img.RGBAAt(x, y) == c {
			n++
		}
	}
	return n
}

// row counts the pixels of a colour in a row.
func row(img *image.RGBA, y int, c color.RGBA) int {
	n := 0
	for x := range img.Rect.Dx() {
		if img.RGBAAt(x, y) == c {
			n++
		}
	}
	return n
}

func TestKVStripIsAsLongAsItsRows(t *testing.T) {
	start(t, theme.Dark)
	k := NewKVStrip()
	show(t, k, 372, 160)
	threeCaches(k)
	img := k.generate(400, 90).(*image.RGBA)
	colours := k.colours()
	for _, c := range []struct{ y, class, want int }{{15, 0, 400}, {45, 0, 99}, {45, 2, 199}, {75, 3, 199}, {75, 0, 0}} {
		if got := row(img, c.y, colours[c.class]); got != c.want {
			t.Errorf("at %d, %s: %d pixels, want %d", c.y, kvNames[c.class], got, c.want)
		}
	}
	if plain, lines := row(img, 45, colours[4]), row(img, 45, premultiplied(tint(k, theme.ColorBlock))); plain+lines != 100 || lines < 10 {
		t.Errorf("evicted: %d pixels and %d of the hatching, want 100 together", plain, lines)
	}
	if a, b := colours[3], premultiplied(tint(k, theme.ColorTrack)); a == b {
		t.Error("2 bit looks as evicted")
	}
}

func TestKVStripReadsItsLayers(t *testing.T) {
	start(t, theme.Dark)
	k := NewKVStrip()
	show(t, k, 372, 160)
	threeCaches(k)
	if got := k.line(); !strings.HasPrefix(got, "75.8 kB in all") {
		t.Errorf("at rest %q", got)
	}
	a := k.lay()
	k.MouseMoved(mouseAt(a.x+4, a.y+a.h/2))
	if got := k.line(); got != "layer 1  20.1 kB  evicted 25\nfull 25  4 bit 50" {
		t.Errorf("%q", got)
	}
	var got []int
	k.OnSelect = func(i int) { got = append(got, i) }
	k.Tapped(pointAt(a.x+4, a.y+1))
	press(k, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyUp)
	if want := []int{0, 1, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v", got, want)
	}
	names := []string{}
	for _, s := range k.plot.legend() {
		names = append(names, s.Label)
	}
	if want := []string{"full", "4 bit", "2 bit", "evicted"}; !slices.Equal(names, want) {
		t.Errorf("legend %v, want %v", names, want)
	}
	k.SetRows(nil)
	if k.line() != "" {
		t.Errorf("without layers %q", k.line())
	}
}

func TestMatchStripPutsBothBetweenCoreAndActive(t *testing.T) {
	start(t, theme.Dark)
	m := NewMatchStrip()
	show(t, m, 372, 160)
	twoMatches(m)
	img := m.generate(400, 80).(*image.RGBA)
	kept := premultiplied(tint(m, theme.ColorKept))
	if img.RGBAAt(195, 20) == kept || img.RGBAAt(205, 20) != kept || img.RGBAAt(295, 20) != kept || img.RGBAAt(305, 20) == kept {
		t.Error("both does not lie from 200 to 300")
	}
	// By chance 10 of the 75 core neurons: the tick stands 10 before their end.
	if img.RGBAAt(260, 20) != premultiplied(tint(m, foreground)) {
		t.Error("no tick at 260")
	}
	a := m.plot.area(m.Size())
	m.MouseMoved(mouseAt(a.x, a.y+a.h-2))
	if got := m.line(); got != "layer 1  kept 20 of 60 core, by chance 15\ndropped 5 of 60 core, by chance 14" {
		t.Errorf("%q", got)
	}
	m.MouseMoved(mouseAt(a.x, a.y+2))
	if got := m.line(); got != "layer 0  kept 25 of 75 core, by chance 10" {
		t.Errorf("%q", got)
	}
	nan := math.NaN()
	m.SetRows([]MatchRow{{Kept: MatchSets{nan, nan, nan, nan}}, {}})
	m.generate(100, 50)
}

func TestTradeoffFindsTheNearestPoint(t *testing.T) {
	start(t, theme.Dark)
	c := NewTradeoffCurve()
	show(t, c, 372, 210)
	fivePoints(c)
	a := c.plot.area(c.Size())
	at := func(cost float32) float32 { return a.x + tradeoffMargin + cost*(a.w-2*tradeoffMargin) }
	var got []int
	c.OnChoose = func(i int) { got = append(got, i) }
	for _, v := range []struct {
		cost float32
		want string
	}{
		{0.41, "0.4  KL 0.5  top-1 60 %\n40 % of dense  1.2 GFLOPs  72 kB"},
		{0.62, "0.6  still to come"}, // between its neighbours
		{0.97, "1  KL 0  top-1 100 %\n100 % of dense"},
		{0.02, "0.2  still to come"},
	} {
		c.MouseMoved(mouseAt(at(v.cost), a.y+a.h-10))
		if c.line() != v.want {
			t.Errorf("at %g reads %q, want %q", v.cost, c.line(), v.want)
		}
		c.Tapped(pointAt(at(v.cost), a.y+a.h-10))
	}
	if want := []int{1, 4}; !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v: points to come cannot be chosen", got, want)
	}
	c.MouseOut()
	c.SetSelected(-1)
	c.SetCurrent(3)
	if !strings.HasPrefix(c.line(), "0.8 ") {
		t.Errorf("without the pointer it reads %q, want the value in use", c.line())
	}
}

func TestTradeoffAxes(t *testing.T) {
	start(t, theme.Dark)
	c := NewTradeoffCurve()
	show(t, c, 372, 210)
	c.SetBusy("2 of 5")
	fivePoints(c)
	if lo, hi := c.span(); lo != 0 || hi != 0.5 {
		t.Errorf("KL from %g to %g, want 0 to 0.5", lo, hi)
	}
	c.SetQuality(QualityTop1)
	if lo, hi := c.span(); math.Abs(lo-0.5) > 1e-9 || hi != 1 {
		t.Errorf("agreement from %g to %g, want 0.5 to 1", lo, hi)
	}
	if p := c.spot(4, 100, 100, 0); p != (point{100, 0}) {
		t.Errorf("dense lies at %v, want the upper right corner", p)
	}
	if lines := texts(c); !slices.Contains(lines, "2 of 5") || !slices.Contains(lines, "same first choice, %") {
		t.Errorf("writes %q", lines)
	}
	for v, want := range map[float64]float64{0: 0.01, 0.011: 0.02, 0.02: 0.02, 0.3: 0.5, 0.6: 1, 7: 10, math.NaN(): 0.01} {
		if got := roundUp(v); math.Abs(got-want) > 1e-12 {
			t.Errorf("%g is rounded up to %g, want %g", v, got, want)
		}
	}
	// Before anything is ready the points stand in a row.
	c.SetPoints([]TradeoffPoint{{Value: "a"}, {Value: "b"}})
	if c.x(0) != 0.25 || c.x(1) != 0.75 {
		t.Errorf("at %g and %g", c.x(0), c.x(1))
	}
	// Costs may fall with the value.
	c.SetPoints([]TradeoffPoint{{Value: "a"}, {Ready: true, Cost: 0.6}, {Ready: true, Cost: 0.4}, {Value: "d"}})
	if !(c.x(0) > 0.6 && c.x(3) < 0.4) {
		t.Errorf("at %g and %g, want outside of 0.4 to 0.6", c.x(0), c.x(3))
	}
	c.SetPoints([]TradeoffPoint{{Ready: true, Cost: math.NaN(), KL: math.Inf(1), Top1: math.NaN()}})
	c.generate(50, 50)
}

func TestChartsTakeAnySize(t *testing.T) {
	start(t, theme.Dark)
	r, k, m, c := NewRatioBars("tokens"), NewKVStrip(), NewMatchStrip(), NewTradeoffCurve()
	box := container.New(layout.NewGridLayout(2), r, k, m, c)
	w := show(t, box, 320, 640)
	for range 2 {
		for _, size := range [][2]int{{0, 0}, {1, 1}, {3, 90}, {90, 3}, {33, 47}} {
			for _, x := range []*chart{&r.chart, &k.chart, &m.chart, &c.chart} {
				if b := x.generate(size[0], size[1]).Bounds(); b.Dx() != size[0] || b.Dy() != size[1] {
					t.Errorf("asked %v, got %v", size, b)
				}
				x.MouseMoved(mouseAt(float32(size[0]), float32(size[1])))
				x.Tapped(pointAt(float32(size[0]), float32(size[1])))
			}
		}
		w.Canvas().Capture()
		threeBars(r)
		threeCaches(k)
		twoMatches(m)
		fivePoints(c)
	}
}

func TestChartsFitTheColumn(t *testing.T) {
	start(t, theme.Dark)
	r, k, m, c := NewRatioBars("tokens"), NewKVStrip(), NewMatchStrip(), NewTradeoffCurve()
	s, wt, ct := NewStepScrubber(), NewWordTable(), NewCompareTable()
	var caches []KVRow
	var bars []RatioBar
	for range 48 {
		caches = append(caches, KVRow{Label: "47", Full: 1, Bytes: 999999})
		bars = append(bars, RatioBar{Label: "47"})
	}
	k.SetRows(caches)
	r.SetBars(bars)
	twoMatches(m)
	fivePoints(c)
	ct.SetColumns([]CompareColumn{{"Dense", -1}, {"CoreMatching", 0}})
	for i, o := range []fyne.CanvasObject{r, k, m, c, s, wt, ct} {
		if size := o.MinSize(); size.Width > 320 || size.Height > 400 {
			t.Errorf("widget %d needs %v", i, size)
		}
	}
}
