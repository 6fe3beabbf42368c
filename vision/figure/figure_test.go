package figure

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/trace"
	"winnow/vision/heatmap"
)

func render(t *testing.T, s *trace.State, opt Options) *image.RGBA {
	t.Helper()
	img, err := Render(s, opt)
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.RGBA)
}

// Where the pictures of a square run begin: below a header of one line and a heading.
const (
	pictureTop = 178.0
	cellEdge   = column / 16
)

// middle is the pixel in the middle of a cell of the picture that begins at x.
func middle(img *image.RGBA, x float64, row, col int) color.RGBA {
	return img.RGBAAt(round(x+(float64(col)+0.5)*cellEdge), round(pictureTop+(float64(row)+0.5)*cellEdge))
}

func near(a, b color.RGBA, by int) bool {
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		if d > by || d < -by {
			return false
		}
	}
	return true
}

func TestKeptCellsAreClearAndDroppedOnesDark(t *testing.T) {
	s := trace.Fold(events(scene(t, 448, 448), 448, 448))
	img := render(t, s, Options{Map: heatmap.Magma})
	if got := img.Bounds().Dx(); got != 1600 {
		t.Fatalf("the figure is %d wide", got)
	}
	// Cell (10, 11) lies in the bright disc and is kept, (1, 1) on the gradient and dropped.
	if got := middle(img, margin, 10, 11); !near(got, color.RGBA{250, 250, 240, 255}, 2) {
		t.Errorf("a kept cell is %v", got)
	}
	if got := middle(img, margin, 1, 1); got.G > 60 || got.G < 30 {
		t.Errorf("a dropped cell is %v", got)
	}
	// The best score is at the light end of the map, low ones at the dark end, 14 % picture below.
	if best, low := middle(img, right, 10, 11), middle(img, right, 1, 1); int(best.R) < 200 || int(low.R) > 110 {
		t.Errorf("scores are %v and %v", best, low)
	}
	amber := 0
	for y := range round(column) {
		for x := range round(column) {
			if img.RGBAAt(round(margin)+x, round(pictureTop)+y) == dark.kept {
				amber++
			}
		}
	}
	if amber < 1000 {
		t.Errorf("the frame around what is kept has %d pixels", amber)
	}

	first := 0
	img = render(t, s, Options{Layer: &first})
	if got := middle(img, margin, 1, 1); got.G < 150 {
		t.Errorf("in layer 0 nothing is dropped, but a cell is %v", got)
	}
}

func TestLightFigureIsOnWhite(t *testing.T) {
	img := render(t, trace.Fold(events(nil, 448, 448)), Options{Light: true, Width: 800})
	if got := img.RGBAAt(2, 2); got != (color.RGBA{255, 255, 255, 255}) || img.Bounds().Dx() != 800 {
		t.Errorf("%v, %v", got, img.Bounds())
	}
}

func TestSameRunSamePixels(t *testing.T) {
	data := scene(t, 300, 200)
	a := render(t, trace.Fold(events(data, 300, 200)), Options{})
	b := render(t, trace.Fold(events(data, 300, 200)), Options{})
	if a.Rect != b.Rect || !bytes.Equal(a.Pix, b.Pix) {
		t.Error("two figures of one run differ")
	}
}

// TestDifferingWordsAreMarked counts the ground of the marks, which nothing else has.
func TestDifferingWordsAreMarked(t *testing.T) {
	marks := func(evs []trace.Event) int {
		img, n := render(t, trace.Fold(evs), Options{}), 0
		for i := 0; i < len(img.Pix); i += 4 {
			if (color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], 255}) == dark.keptSoft {
				n++
			}
		}
		return n
	}
	evs := events(nil, 448, 448)
	if n := marks(evs); n < 2000 {
		t.Errorf("marks of differing words have %d pixels", n)
	}
	var dense []string
	for i, e := range evs {
		if w, ok := e.(trace.Word); ok {
			if w.Side == trace.Dense {
				dense = append(dense, w.Text)
			} else {
				w.Text = dense[w.Step]
				evs[i] = w
			}
		}
	}
	if n := marks(evs); n != 0 {
		t.Errorf("equal answers have marks of %d pixels", n)
	}
}

func TestFigureRestoresTheRun(t *testing.T) {
	evs := events(scene(t, 448, 300), 448, 300)
	path := filepath.Join(t.TempDir(), "figure.png")
	if err := Write(path, nil, evs, Options{}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	shown, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := trace.Open(path)
	if err != nil || len(back) != len(evs) {
		t.Fatalf("%d events, %v", len(back), err)
	}
	again := render(t, trace.Fold(back), Options{})
	if again.Rect != shown.Bounds() {
		t.Fatalf("%v and %v", again.Rect, shown.Bounds())
	}
	for y := 0; y < again.Rect.Dy(); y += 3 {
		for x := 0; x < again.Rect.Dx(); x += 3 {
			r, g, b, _ := shown.At(x, y).RGBA()
			if got := again.RGBAAt(x, y); got != (color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}) {
				t.Fatalf("pixel (%d, %d) of the restored run differs", x, y)
			}
		}
	}
	if err := Write(filepath.Join(t.TempDir(), "no", "f.png"), nil, evs, Options{}); err == nil {
		t.Error("a missing folder is no error")
	}
}

func TestWhatCannotBeDrawnIsSaid(t *testing.T) {
	s := trace.Fold(events(nil, 448, 448))
	six := 6
	for name, c := range map[string]struct {
		s    *trace.State
		opt  Options
		want string
	}{
		"nothing":  {nil, Options{}, "nothing to draw"},
		"empty":    {new(trace.State), Options{}, "nothing to draw"},
		"no layer": {s, Options{Layer: &six}, "layers 0 to 5"},
		"width":    {s, Options{Width: 9999}, "800 to 3200"},
		"map":      {s, Options{Map: heatmap.Map(99)}, "colour map"},
	} {
		if _, err := Render(c.s, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryPrefixCanBeDrawn: a run may be exported while it runs, or after it was cut.
func TestEveryPrefixCanBeDrawn(t *testing.T) {
	evs := events(nil, 448, 448)
	last := ""
	for n := range evs {
		// Words one by one look alike.
		if last == evs[n].Type() {
			continue
		}
		last = evs[n].Type()
		s := trace.Fold(evs[:n+1])
		if _, err := Render(s, Options{Width: 800}); err != nil && s.Picture != nil {
			t.Errorf("after %s: %v", last, err)
		}
	}
}

func TestStrangeRunsCanBeDrawn(t *testing.T) {
	replace := func(f func(e trace.Event) trace.Event) []trace.Event {
		var out []trace.Event
		for _, e := range events(nil, 448, 448) {
			if e = f(e); e != nil {
				out = append(out, e)
			}
		}
		return out
	}
	onPicture := func(f func(p *trace.Picture)) []trace.Event {
		return replace(func(e trace.Event) trace.Event {
			if p, ok := e.(trace.Picture); ok {
				f(&p)
				return p
			}
			return e
		})
	}
	inf := math.Inf(1)
	for name, evs := range map[string][]trace.Event{
		"text only": replace(func(e trace.Event) trace.Event {
			if e.Type() == "picture" || e.Type() == "sequence" {
				return nil
			}
			return e
		}),
		"padded":       onPicture(func(p *trace.Picture) { p.Height = 200; p.Seen = trace.Box{Y0: -124, X1: 448, Y1: 324} }),
		"needle":       onPicture(func(p *trace.Picture) { p.Width, p.Height = 1<<40, 1 }),
		"no size":      onPicture(func(p *trace.Picture) { p.Width, p.Height = -1, 0 }),
		"endless box":  onPicture(func(p *trace.Picture) { p.Seen = trace.Box{X0: -inf, X1: inf, Y1: 1} }),
		"far box":      onPicture(func(p *trace.Picture) { p.Seen = trace.Box{X0: -1e300, X1: 1e300, Y1: 1} }),
		"broken data":  onPicture(func(p *trace.Picture) { p.Data = []byte("\x89PNG\r\n\x1a\nno") }),
		"smaller copy": onPicture(func(p *trace.Picture) { p.Data = scene(t, 100, 100) }),
		"no picture yet": replace(func(e trace.Event) trace.Event {
			if e.Type() == "picture" {
				return nil
			}
			return e
		}),
		"equal scores": replace(func(e trace.Event) trace.Event {
			if d, ok := e.(trace.Decision); ok {
				d.Scores = make(trace.Floats, len(d.Scores))
				return d
			}
			return e
		}),
		"wild scores": replace(func(e trace.Event) trace.Event {
			if d, ok := e.(trace.Decision); ok {
				d.Scores = append(trace.Floats(nil), d.Scores...)
				d.Scores[20], d.Scores[21], d.Scores[22] = math.MaxFloat32, -math.MaxFloat32, float32(inf)
				d.Unit, d.Rule = strings.Repeat("unit ", 900), "\x00\n"+strings.Repeat("☃", 5000)
				return d
			}
			return e
		}),
		"many layers": append(events(nil, 448, 448), trace.Layer{Side: trace.Pruned, Layer: 1500}),
		"long words": append(replace(func(e trace.Event) trace.Event {
			if w, ok := e.(trace.Word); ok {
				w.Text = strings.Repeat("longer\n", 3) + strings.Repeat("w", 900)
				return w
			}
			return e
		}), trace.Failed{Error: "the device is gone; choose another"}),
	} {
		img, err := Render(trace.Fold(evs), Options{Width: 800})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if b := img.Bounds(); b.Dy() < 150 || b.Dy() > 1600 {
			t.Errorf("%s: %v", name, b)
		}
	}
}

func TestWordsWrapAndAreCut(t *testing.T) {
	c, err := newCanvas(100, 100, 1, dark)
	if err != nil {
		t.Fatal(err)
	}
	face := regular(10)
	at := c.lay(face, runsOf([]trace.Word{{Text: " one"}, {Text: " tele"}, {Text: "vision"}, {Text: "\ntwo"}}, []bool{false, false, true, false}, ""), 50, 9)
	if len(at) != 4 || at[0].x != 0 || at[1].line != 1 || at[2].line != 1 || at[3].line != 2 || at[1].marked || !at[2].marked {
		t.Errorf("%+v", at)
	}
	at = c.lay(face, runsOf(nil, nil, strings.Repeat("word ", 50)), 50, 3)
	if last := at[len(at)-1]; last.line != 2 || !strings.HasSuffix(last.text, "…") {
		t.Errorf("%+v", last)
	}
	if got := c.fit(face, "a sentence that is too long", 60); !strings.HasSuffix(got, "…") || c.width(face, got) > 60 {
		t.Errorf("%q", got)
	}
}
