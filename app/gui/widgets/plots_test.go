package widgets

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func sorted(n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(100 * math.Exp(-float64(4*i)/float64(n)))
	}
	return s
}

func TestPlotsRender(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		c := NewCurveView()
		at := 30.
		w := show(t, c, 240, 150)
		c.SetCurve(Curve{Scores: sorted(64), Kept: 12, Chord: true, Threshold: &at})
		test.AssertRendersToImage(t, "curve_"+name+".png", w.Canvas())
		n := NewNeuronStrip()
		w = show(t, n, 240, 120)
		n.SetRows([]NeuronRow{{Label: "0", N: 40, Dense: true}, {Label: "1", N: 40, Lit: []int{0, 3, 4, 39}}, {Label: "2", N: 4000, Lit: []int{7, 1999}}})
		test.AssertRendersToImage(t, "neurons_"+name+".png", w.Canvas())
	})
}

func TestCurveReadsRankAndScore(t *testing.T) {
	start(t, theme.Dark)
	c := NewCurveView()
	show(t, c, 300, 160)
	var ranks []int
	c.OnHover = func(rank int, inside bool) { ranks = append(ranks, rank) }
	c.MouseMoved(mouseAt(100, 50))
	if len(ranks) != 0 {
		t.Error("an empty curve was read")
	}
	c.SetCurve(Curve{Scores: []float32{9, 8, float32(math.NaN()), 4, 1}, Kept: 99, Unit: "match", Label: "elbow"})
	p := c.plot(c.Size())
	for i, want := range []string{"rank 1  9 match", "rank 2  8 match", "rank 3  not scored", "rank 4  4 match", "rank 5  1 match"} {
		c.MouseMoved(mouseAt(p.x+curveMargin+float32(i)*(p.w-2*curveMargin)/4, 50))
		if got := c.reading(); got != want {
			t.Errorf("reading %q, want %q", got, want)
		}
	}
	c.SetCurve(Curve{Scores: []float32{3}})
	if c.reading() != "" {
		t.Errorf("a curve of one score still reads %q", c.reading())
	}
	c.MouseMoved(mouseAt(200, 50))
	c.MouseOut()
	if want := []int{0, 1, 2, 3, 4, 0, -1}; !slices.Equal(ranks, want) {
		t.Errorf("hovered %v, want %v", ranks, want)
	}
	nan := float32(math.NaN())
	for _, s := range [][]float32{nil, {nan}, {nan, nan}, {5, 5, 5}, {float32(math.Inf(1)), 1}} {
		c.SetCurve(Curve{Scores: s, Kept: 1, Chord: true})
		c.paint(50, 50)
	}
}

func TestCurveIsDrawnFromCornerToCorner(t *testing.T) {
	start(t, theme.Dark)
	c := NewCurveView()
	show(t, c, 300, 160)
	for _, n := range []int{2, 300, 100000} {
		s := make([]float32, n)
		for i := range s {
			s[i] = float32(n - i)
		}
		c.SetCurve(Curve{Scores: s})
		img := c.paint(108, 58).(*image.RGBA)
		for _, at := range [][2]int{{4, 4}, {54, 29}, {103, 53}} {
			near := uint8(0)
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					near = max(near, img.RGBAAt(at[0]+dx, at[1]+dy).A)
				}
			}
			if near < 128 {
				t.Errorf("%d scores: nothing at %v", n, at)
			}
		}
		for _, at := range [][2]int{{90, 10}, {15, 50}} {
			if img.RGBAAt(at[0], at[1]).A != 0 {
				t.Errorf("%d scores: something at %v", n, at)
			}
		}
	}
}

func TestNeuronColumnsShowEveryLitNeuron(t *testing.T) {
	start(t, theme.Dark)
	s := NewNeuronStrip()
	for _, c := range []struct{ n, w int }{{10, 10}, {10, 37}, {11008, 300}, {1, 5}, {513, 512}} {
		for _, lit := range []int{0, c.n / 2, c.n - 1} {
			s.SetRows([]NeuronRow{{N: c.n, Lit: []int{lit, lit, -1, c.n}}})
			share := make([]uint8, c.w)
			s.columns(s.rows[0], share)
			if !slices.ContainsFunc(share, func(v uint8) bool { return v >= 90 }) {
				t.Errorf("%d neurons in %d columns: neuron %d does not show", c.n, c.w, lit)
			}
			if c.n > 1 && !slices.Contains(share, 0) {
				t.Errorf("%d neurons in %d columns: one neuron lights all", c.n, c.w)
			}
			if s.rows[0].count != 1 {
				t.Errorf("counted %d, want 1", s.rows[0].count)
			}
		}
		all := make([]int, c.n)
		for i := range all {
			all[i] = i
		}
		s.SetRows([]NeuronRow{{N: c.n, Lit: all}})
		share := make([]uint8, c.w)
		s.columns(s.rows[0], share)
		if slices.Min(share) != 255 {
			t.Errorf("%d neurons in %d columns: all lit, least %d", c.n, c.w, slices.Min(share))
		}
	}
	s.columns(neuronRow{}, make([]uint8, 4)) // a layer without neurons
}

func TestNeuronStripReadsUnderThePointer(t *testing.T) {
	start(t, theme.Dark)
	s := NewNeuronStrip()
	show(t, s, 300, 120)
	s.SetRows([]NeuronRow{{Label: "0", N: 10, Dense: true}, {Label: "1", N: 10, Lit: []int{9}}})
	p := s.plot(s.Size())
	s.MouseMoved(mouseAt(p.x+p.w-1, p.y+p.h-1))
	if got := s.reading(); got != "layer 1  neuron 9 used  1 of 10" {
		t.Errorf("%q", got)
	}
	s.MouseMoved(mouseAt(p.x+1, p.y+p.h-1))
	if got := s.reading(); got != "layer 1  neuron 0 not used  1 of 10" {
		t.Errorf("%q", got)
	}
	s.SetRows([]NeuronRow{{Label: "0", N: 4, Lit: []int{1}}})
	if got := s.reading(); got != "1 of 4 used, 25 %" {
		t.Errorf("%q", got)
	}
	s.MouseMoved(mouseAt(p.x+1, p.y+1))
	s.SetRows([]NeuronRow{{Label: "0"}})
	if got := s.reading(); got != "" {
		t.Errorf("no neurons: %q", got)
	}
	s.MouseMoved(mouseAt(p.x+1, p.y+1))
	s.SetRows(nil)
}

func largeMap() *NeuronStrip {
	s := NewNeuronStrip()
	var rows []NeuronRow
	for l := range 32 {
		var lit []int
		for i := l % 3; i < 11008; i += 3 {
			lit = append(lit, i)
		}
		rows = append(rows, NeuronRow{Label: fmt.Sprint(l), N: 11008, Lit: lit})
	}
	s.SetRows(rows)
	return s
}

func TestLargeNeuronMapIsPaintedInTime(t *testing.T) {
	start(t, theme.Dark)
	s := largeMap()
	best := time.Hour
	for range 5 {
		at := time.Now()
		s.paint(340, 240)
		best = min(best, time.Since(at))
	}
	if best > 20*time.Millisecond {
		t.Errorf("32 × 11008 neurons take %v, want less than 20 ms", best)
	}
}

func BenchmarkNeurons32x11008(b *testing.B) {
	start(b, theme.Dark)
	s := largeMap()
	for b.Loop() {
		s.paint(340, 240)
	}
}

func TestPaintersTakeAnySize(t *testing.T) {
	start(t, theme.Dark)
	s, c := largeMap(), NewCurveView()
	c.SetCurve(Curve{Scores: sorted(10), Kept: 3, Chord: true})
	for _, size := range [][2]int{{0, 0}, {1, 1}, {3, 200}, {200, 3}, {7, 31}} {
		for _, img := range []image.Image{s.paint(size[0], size[1]), c.paint(size[0], size[1])} {
			if b := img.Bounds(); b.Dx() != size[0] || b.Dy() != size[1] {
				t.Errorf("asked %v, got %v", size, b)
			}
		}
	}
	if lines := texts(c); !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "10 ranks") }) {
		t.Errorf("the curve writes %q", lines)
	}
}

func TestCumulativeCurveGathersShares(t *testing.T) {
	start(t, theme.Dark)
	c := NewCurveView()
	show(t, c, 300, 160)
	target := 0.9
	nan := float32(math.NaN())
	c.SetCurve(Curve{Scores: []float32{5, 3, 1, 1}, Cumulative: true, Kept: 3, Target: &target, Unit: "the attention", Chord: true, Elbow: 2})
	for i, want := range []string{"first 1  50.0 % of the attention", "first 2  80.0 % of the attention", "first 3  90.0 % of the attention", "first 4  100.0 % of the attention"} {
		c.setHovered(i)
		if got := c.reading(); got != want {
			t.Errorf("reading %q, want %q", got, want)
		}
	}
	if lines := texts(c); !slices.Contains(lines, "100 %") || !slices.Contains(lines, "90 %") {
		t.Errorf("writes %q", lines)
	}
	img := c.paint(208, 108).(*image.RGBA)
	// Half under the part that is kept there is colour; beyond the cut there is none.
	if img.RGBAAt(60, 90).A == 0 || img.RGBAAt(180, 90).A != 0 {
		t.Errorf("area %v, beyond the cut %v", img.RGBAAt(60, 90), img.RGBAAt(180, 90))
	}
	if _, _, ok := c.distance(200, 100, 1); ok {
		t.Error("a cumulative curve has an elbow")
	}
	for _, s := range [][]float32{nil, {0, 0}, {nan, nan}, {nan, 2}, {1}} {
		c.SetCurve(Curve{Scores: s, Cumulative: true, Kept: 5, Target: &target})
		c.paint(50, 50)
		if got := c.empty(); got != (len(s) == 0 || s[0] != 1 && (len(s) < 2 || s[1] != 2)) {
			t.Errorf("%v: empty %v", s, got)
		}
	}
}

func TestElbowStandsFarthestFromTheChordAtARightAngle(t *testing.T) {
	start(t, theme.Dark)
	c := NewCurveView()
	show(t, c, 300, 160)
	scores := sorted(64)
	far, best := float32(0), 0
	length := func(i int) float32 {
		c.SetCurve(Curve{Scores: scores, Chord: true, Elbow: i + 1})
		e, f, ok := c.distance(200, 90, 1)
		if !ok {
			t.Fatalf("no distance at %d", i)
		}
		a, b, _ := c.chord(200, 90, 1)
		if dot := (e.x-f.x)*(b.x-a.x) + (e.y-f.y)*(b.y-a.y); dot > 0.5 || dot < -0.5 {
			t.Errorf("rank %d: not at a right angle, %g", i, dot)
		}
		return hypot(e.x-f.x, e.y-f.y)
	}
	for i := range scores {
		if l := length(i); l > far {
			far, best = l, i
		}
	}
	// The same point as that with the largest vertical gap, in the scores' own units.
	gap, want := 0., 0
	for i, s := range scores {
		chord := float64(scores[0]) + (float64(scores[63])-float64(scores[0]))*float64(i)/63
		if g := math.Abs(float64(s) - chord); g > gap {
			gap, want = g, i
		}
	}
	if best != want {
		t.Errorf("farthest on the screen is rank %d, in the data %d", best, want)
	}
	c.SetCurve(Curve{Scores: scores, Chord: true, Elbow: best + 1, Kept: best + 1, Label: "elbow", Distance: "d = 83"})
	if lines := texts(c); !slices.Contains(lines, "d = 83") || !slices.Contains(lines, "elbow") {
		t.Errorf("writes %q", lines)
	}
	for _, e := range []int{-1, 0, 65, 1 << 30} {
		c.SetCurve(Curve{Scores: scores, Chord: true, Elbow: e, Distance: "d"})
		if _, _, ok := c.distance(200, 90, 1); ok || slices.Contains(texts(c), "d") {
			t.Errorf("elbow %d is drawn", e)
		}
	}
}

// Marks on a large picture were rasterized over all of it.
func TestStrokesStayInsideAndCostWhatTheyCover(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	c := color.RGBA{255, 0, 0, 255}
	strokeLine(img, []point{{-50, 15}, {90, 15}}, 2, c)
	if img.RGBAAt(0, 15) != c || img.RGBAAt(39, 14) != c || img.RGBAAt(20, 12).A != 0 {
		t.Error("a line across is not drawn from edge to edge")
	}
	disc(img, point{38, 28}, 6, c)
	if img.RGBAAt(38, 28) != c || img.RGBAAt(30, 28).A != 0 {
		t.Error("a disc at the corner is not whole")
	}
	nan := float32(math.NaN())
	strokeLine(img, []point{{nan, 1}, {5, nan}}, 2, c)
	strokeLine(img, []point{{200, 200}, {300, 300}}, 2, c)
	disc(img, point{nan, 3}, 4, c)
	large := image.NewRGBA(image.Rect(0, 0, 2000, 2000))
	at := time.Now()
	for i := range 500 {
		strokeLine(large, []point{{float32(i), 5}, {float32(i) + 10, 15}}, 2, c)
		disc(large, point{float32(i), 40}, 5, c)
	}
	if took := time.Since(at); took > 500*time.Millisecond {
		t.Errorf("1000 marks take %v", took)
	}
}
