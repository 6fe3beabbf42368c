package figure

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/trace"
)

// Where the overlap of a square run begins: below the header with the picture and a heading.
const overlapTop = margin + 104 + gap + 34

func TestOverlapColoursTellWhoKeeps(t *testing.T) {
	img := render(t, trace.Fold(compared(scene(t, 448, 448), 448, 448, 2)), Options{})
	s := trace.Fold(compared(nil, 448, 448, 2))
	masks := trace.Overlap(s.Sides, 5)
	at := func(c int) color.RGBA {
		return img.RGBAAt(round(margin+(float64(c%16)+0.5)*cellEdge), round(overlapTop+(float64(c/16)+0.5)*cellEdge))
	}
	// A cell of each class, away from the edge of the disc.
	for _, c := range []struct {
		mask uint8
		ok   func(color.RGBA) bool
		want string
	}{
		{0, func(c color.RGBA) bool { return c.R < 60 && c.G < 60 }, "dark"},
		{1, func(c color.RGBA) bool { return near(c, dark.sides[0], 70) && int(c.G)-int(c.R) > 20 }, "the first side's green"},
		{2, func(c color.RGBA) bool { return int(c.B)-int(c.G) > 70 && int(c.R)-int(c.G) > 30 }, "the second side's purple"},
		{3, func(c color.RGBA) bool { return near(c, color.RGBA{250, 250, 240, 255}, 3) }, "the picture's white"},
	} {
		cell := -1
		for i, m := range masks {
			inDisc := math.Hypot(float64(i%16)-10.7, float64(i/16)-9.9) < 2
			if m == c.mask && (c.mask != 3 || inDisc) {
				cell = i
				break
			}
		}
		if cell < 0 {
			t.Fatalf("no cell is kept by %b", c.mask)
		}
		if got := at(cell); !c.ok(got) {
			t.Errorf("cell %d, kept by %02b, is %v, not %s", cell, c.mask, got, c.want)
		}
	}
}

func TestKindFollowsTheRun(t *testing.T) {
	for want, evs := range map[Kind][]trace.Event{OneSide: events(nil, 448, 448), Comparison: compared(nil, 448, 448, 2), Sweep: swept(nil, 3)} {
		s := trace.Fold(evs)
		if got := Auto.of(s); got != want {
			t.Errorf("kind %d, want %d", got, want)
		}
		a, b := render(t, s, Options{Width: 800}), render(t, s, Options{Width: 800, Kind: want})
		if a.Rect != b.Rect || !bytes.Equal(a.Pix, b.Pix) {
			t.Errorf("kind %d is drawn otherwise when asked for", want)
		}
	}
	s := trace.Fold(compared(nil, 448, 448, 3))
	if _, err := Render(s, Options{Kind: OneSide, Side: "pruned4"}); err == nil || !strings.Contains(err.Error(), "pruned4") {
		t.Errorf("a side that is not there: %v", err)
	}
	first := render(t, s, Options{Width: 800, Kind: OneSide})
	other := render(t, s, Options{Width: 800, Kind: OneSide, Side: trace.SideName(1)})
	if first.Rect == other.Rect && bytes.Equal(first.Pix, other.Pix) {
		t.Error("another side looks the same")
	}
}

func TestComparisonAndSweepRestoreTheRun(t *testing.T) {
	for name, evs := range map[string][]trace.Event{"comparison": compared(scene(t, 448, 300), 448, 300, 4), "sweep": swept(scene(t, 448, 448), 5)} {
		path := filepath.Join(t.TempDir(), "figure.png")
		if err := Write(path, nil, evs, Options{Width: 800, Light: true}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		back, err := trace.Open(path)
		if err != nil || len(back) != len(evs) {
			t.Fatalf("%s: %d events, %v", name, len(back), err)
		}
		again := render(t, trace.Fold(back), Options{Width: 800, Light: true})
		if again.Rect != shown.Bounds() {
			t.Fatalf("%s: %v and %v", name, again.Rect, shown.Bounds())
		}
		for y := 0; y < again.Rect.Dy(); y += 2 {
			for x := 0; x < again.Rect.Dx(); x += 2 {
				r, g, b, _ := shown.At(x, y).RGBA()
				if got := again.RGBAAt(x, y); got != (color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}) {
					t.Fatalf("%s: pixel (%d, %d) of the restored run differs", name, x, y)
				}
			}
		}
	}
}

// TestAnswersOfAllSidesAreMarked: of three answers the second is the dense one's.
func TestAnswersOfAllSidesAreMarked(t *testing.T) {
	marks := func(evs []trace.Event) int {
		img, n := render(t, trace.Fold(evs), Options{}), 0
		for i := 0; i < len(img.Pix); i += 4 {
			if (color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], 255}) == dark.keptSoft {
				n++
			}
		}
		return n
	}
	evs := compared(nil, 448, 448, 2)
	two := marks(evs)
	same := slices.DeleteFunc(slices.Clone(evs), func(e trace.Event) bool {
		w, ok := e.(trace.Word)
		return ok && w.Side == trace.Pruned
	})
	var dense []trace.Event
	for _, e := range evs {
		if w, ok := e.(trace.Word); ok && w.Side == trace.Dense {
			w.Side = trace.Pruned
			dense = append(dense, w)
		}
	}
	if n := marks(append(same, dense...)); n != 0 || two < 1000 {
		t.Errorf("marks have %d pixels, those of equal answers %d", two, n)
	}
}

func TestEveryPrefixOfAComparisonCanBeDrawn(t *testing.T) {
	evs := compared(nil, 448, 448, 3)
	last := ""
	for n := range evs {
		if last == evs[n].Type() {
			continue
		}
		last = evs[n].Type()
		s := trace.Fold(evs[:n+1])
		for _, k := range []Kind{Comparison, Sweep} {
			if _, err := Render(s, Options{Width: 800, Kind: k}); err != nil && s.Picture != nil {
				t.Errorf("kind %d after %s: %v", k, last, err)
			}
		}
	}
}

func TestStrangeComparisonsCanBeDrawn(t *testing.T) {
	base := compared(nil, 448, 448, 4)
	without := func(kinds ...string) []trace.Event {
		return slices.DeleteFunc(slices.Clone(base), func(e trace.Event) bool { return slices.Contains(kinds, e.Type()) })
	}
	relabelled := slices.Clone(base)
	start := relabelled[0].(trace.Started)
	start.Request.Label = strings.Repeat("a long label ", 400)
	start.Request.Compare = slices.Clone(start.Request.Compare)
	start.Request.Compare[0].Label = "\x00\n☃"
	relabelled[0] = start
	var wordy []trace.Event
	for _, e := range base {
		if w, ok := e.(trace.Word); ok {
			w.Text = strings.Repeat(" longer words", 30)
			e = w
		}
		wordy = append(wordy, e)
	}
	for name, evs := range map[string][]trace.Event{
		"whole": base, "no picture": without("picture"), "text only": without("picture", "sequence"), "no words": without("word"),
		"unfinished": without("side_done"), "undecided": without("decision"), "no layers": without("layer"),
		"labels": relabelled, "long answers": append(wordy, trace.Failed{Error: strings.Repeat("the device is gone; ", 40)}),
		"wide": compared(scene(t, 900, 200), 900, 200, 3), "tall": compared(scene(t, 100, 700), 100, 700, 2), "one side": compared(nil, 448, 448, 1),
		"many layers": append(slices.Clone(base), trace.Layer{Side: trace.Pruned, Layer: 400}),
		"no dense":    slices.DeleteFunc(slices.Clone(base), func(e trace.Event) bool { s, ok := e.(trace.SideDone); return ok && s.Side == trace.Dense }),
	} {
		img, err := Render(trace.Fold(evs), Options{Width: 800, Kind: Comparison})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if b := img.Bounds(); b.Dy() < 150 || b.Dy() >= 1700 {
			t.Errorf("%s: %v", name, b)
		}
	}
}

func TestStrangeSweepsCanBeDrawn(t *testing.T) {
	inf := math.Inf(1)
	point := func(i int, kl, top1 float64, sum trace.SideDone) trace.Event {
		return trace.Point{Index: i, Value: strings.Repeat("0.123456", i%4), KL: kl, Top1: top1, Summary: sum}
	}
	base := swept(nil, 0)
	sum := trace.SideDone{PrefillFLOPs: 1e9, KVBytes: 1e5, KeptByLayer: []int{256, 10}, Visual: 256}
	for name, more := range map[string][]trace.Event{
		"one point":     {point(0, 0.2, 0.5, sum)},
		"infinite":      {point(0, inf, 0, sum), point(1, 0.5, 1, sum), point(2, inf, 0, trace.SideDone{})},
		"all infinite":  {point(0, inf, 0, sum)},
		"wild":          {point(0, -inf, -9, sum), point(1, math.NaN(), 99, trace.SideDone{PrefillFLOPs: math.MaxInt64, KVBytes: -5, KeptByLayer: []int{-1, 1 << 60}, Visual: 3}), point(3, 1e300, math.NaN(), sum), point(4, 1e-300, inf, sum)},
		"free of costs": {point(0, 1, 1, trace.SideDone{})},
		"many":          swept(nil, 120)[len(base):],
		"none":          nil,
		"failed":        {point(0, 0.2, 0.5, sum), trace.Failed{Error: "the device is gone"}},
	} {
		img, err := Render(trace.Fold(append(slices.Clone(base), more...)), Options{Width: 800, Kind: Sweep})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if b := img.Bounds(); b.Dy() < 150 || b.Dy() >= 1700 {
			t.Errorf("%s: %v", name, b)
		}
	}
	// Without a sweep's request, too.
	if _, err := Render(trace.Fold([]trace.Event{trace.SideStarted{Side: trace.Dense}, point(0, 0.2, 0.5, sum)}), Options{Width: 800}); err != nil {
		t.Error(err)
	}
}

func TestSidesThatMaskLaterShowIt(t *testing.T) {
	s := trace.Fold(compared(scene(t, 448, 448), 448, 448, 3))
	img := render(t, s, Options{Kind: OneSide, Side: trace.SideName(2)})
	share := s.Sides[2].MaskedAt(-1, -1)
	// A masked cell is darker than the picture, an unmasked one is not.
	for _, c := range []int{1, 200} {
		plain, got := 200-90*float64(c/16)/16, float64(middle(img, margin, c/16, c%16).G)
		if want := plain * (1 - 0.9*float64(share[c])); math.Abs(got-want) > 8 {
			t.Errorf("cell %d, masked to %v, has green %v, want %v", c, share[c], got, want)
		}
	}
	if _, whole := (&figure{state: s, layer: 5}).overlapping(s.Sides); len(whole) != 1 || whole[0] != s.Sides[2] {
		t.Error("a side that keeps all of the prompt is in the overlap")
	}
}

func TestLabelsKeepApart(t *testing.T) {
	c, err := newCanvas(400, 200, 1, dark)
	if err != nil {
		t.Fatal(err)
	}
	l := &labelled{f: &figure{canvas: c}, x1: 400, y1: 200}
	for i := range 30 {
		l.put(regular(14), "0.25", 200+float64(i), 100, i%2 == 0, dark.ink)
	}
	if len(l.boxes) < 3 {
		t.Errorf("%d labels found room", len(l.boxes))
	}
	for i, a := range l.boxes {
		if a[0] < 0 || a[0]+a[2] > 400 || a[1] < 0 || a[1]+a[3] > 200 {
			t.Errorf("%v lies outside", a)
		}
		for _, b := range l.boxes[:i] {
			if a[0] < b[0]+b[2] && b[0] < a[0]+a[2] && a[1] < b[1]+b[3] && b[1] < a[1]+a[3] {
				t.Errorf("%v and %v overlap", a, b)
			}
		}
	}
	if got := spread(5); !slices.Equal(got, []int{0, 4, 2, 1, 3}) {
		t.Errorf("spread %v", got)
	}
	for v, want := range map[float64]float64{0: 0.1, 1: 1, 1.05: 1.2, 0.013: 0.016, 9: 10, inf: 0.1} {
		if got := niceAbove(v); math.Abs(got-want) > 1e-12 {
			t.Errorf("above %v comes %v, want %v", v, got, want)
		}
	}
}

var inf = math.Inf(1)
