package widgets

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
	"winnow/pruning"
)

// tenSteps has each kind.
func tenSteps() []StepMark {
	kinds := []StepKind{StepFull, StepFull, StepSkipped, StepTokens, StepFull, StepExtrapolated, StepExtrapolated, StepFull, StepPending, StepPending}
	var out []StepMark
	for _, k := range kinds {
		out = append(out, StepMark{Kind: k})
	}
	out[3].Share = 0.25
	return out
}

func tenValues() []float64 {
	return []float64{math.NaN(), 9, 0.5, -0.4, 0.1, -0.6, -0.2, 0.3, math.NaN(), math.NaN()}
}

func TestDrawWidgetsRender(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		strip, curve, wipe, tokens, picture := NewStepStrip(), NewCriterionCurve(), NewWipe("none"), NewTokenGrid("none"), NewEnlarged("none")
		strip.SetTitle("Steps")
		strip.SetSteps(tenSteps())
		strip.SetPosition(3)
		curve.SetTitle("Criterion")
		curve.SetValues(tenValues(), 0, []int{2, 7})
		curve.SetPosition(3)
		wipe.SetLabels("A", "B")
		wipe.SetPictures(flat(color.RGBA{200, 40, 40, 255}), flat(color.RGBA{40, 40, 200, 255}))
		wipe.SetShare(0.25)
		kept := make([]bool, 16)
		kept[5], kept[6] = true, true
		tokens.SetTokens(4, 4, kept)
		picture.SetPicture(flat(color.RGBA{90, 90, 90, 255}))
		all := container.NewWithoutLayout(strip, curve, wipe, tokens, picture)
		w := show(t, all, 480, 400)
		place(strip, 8, 8, 464, strip.MinSize().Height)
		place(curve, 8, 100, 464, 120)
		place(wipe, 8, 230, 150, 150)
		place(tokens, 168, 230, 150, 150)
		place(picture, 328, 230, 144, 150)
		test.AssertRendersToImage(t, "draw_"+name+".png", w.Canvas())
	})
}

func flat(c color.RGBA) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		img.SetRGBA(i%8, i/8, c)
	}
	return img
}

func TestStepsAreSoughtByPointerAndKeys(t *testing.T) {
	start(t, theme.Dark)
	strip, curve := NewStepStrip(), NewCriterionCurve()
	var sought []int
	played := 0
	strip.OnSeek = func(i int) { sought = append(sought, i) }
	strip.OnPlay = func(on bool) { played++; strip.SetPlaying(on) }
	curve.OnSeek = strip.OnSeek
	show(t, container.NewWithoutLayout(strip, curve), 460, 300)
	for _, o := range []fyne.CanvasObject{strip, curve} {
		o.Resize(fyne.NewSize(stepLeft+400, 120))
	}
	press(strip, fyne.KeyRight, fyne.KeySpace)
	if len(sought) != 0 || played != 0 {
		t.Errorf("without steps: sought %v, played %d", sought, played)
	}
	strip.SetSteps(tenSteps())
	curve.SetValues(tenValues(), 0, nil)
	strip.Tapped(pointAt(stepLeft+3*40+20, 40))
	strip.Tapped(pointAt(stepLeft/2, 40)) // the play button's place
	press(strip, fyne.KeyRight, fyne.KeyLeft, fyne.KeyEnd, fyne.KeyEnd, fyne.KeyHome, fyne.KeySpace)
	curve.Tapped(pointAt(stepLeft+7*40+1, 40))
	curve.Dragged(&fyne.DragEvent{PointEvent: *pointAt(9999, 40)})
	if want := []int{3, 4, 3, 9, 0, 7, 9}; !slices.Equal(sought, want) {
		t.Errorf("sought %v, want %v", sought, want)
	}
	if played != 1 || !strip.playing {
		t.Errorf("played %d times", played)
	}
	strip.SetSteps(tenSteps()[:2])
	if strip.At() != 0 {
		t.Errorf("at %d of 2", strip.At())
	}
	for i := range 10 { // both draw a step in the same columns
		x, w := stepSpan(i, 10, stepLeft+400)
		if x < stepLeft+40*float32(i) || x+w > stepLeft+40*float32(i+1) {
			t.Errorf("step %d lies from %v to %v", i, x, x+w)
		}
	}
}

func TestKindsOfStepsAreTold(t *testing.T) {
	start(t, theme.Dark)
	s := NewStepStrip()
	show(t, s, stepLeft+400, stripTall)
	s.Resize(fyne.NewSize(stepLeft+400, stripTall))
	s.SetSteps(tenSteps())
	img := s.generate(stepLeft+400, stripTop+stripBlock).(*image.RGBA)
	// inked counts the pixels of a colour in a step's column.
	inked := func(i int, name fyne.ThemeColorName) int {
		c, n := premultiplied(tint(s, name)), 0
		for y := stripTop; y < stripTop+stripBlock; y++ {
			for x := stepLeft + 40*i; x < stepLeft+40*(i+1); x++ {
				if img.RGBAAt(x, y) == c {
					n++
				}
			}
		}
		return n
	}
	if n := inked(0, theme.ColorMeasured); n < 38*stripBlock-100 {
		t.Errorf("a full step has %d blue pixels", n)
	}
	if n := inked(3, theme.ColorKept); n != 38*stripBlock/4 {
		t.Errorf("a quarter of the tokens has %d amber pixels, want %d", n, 38*stripBlock/4)
	}
	if full, kept, line := inked(2, theme.ColorMeasured), inked(2, theme.ColorKept), inked(2, theme.ColorFaint); full != 0 || kept != 0 || line < 80 || line > 200 {
		t.Errorf("a skipped step: %d, %d, %d", full, kept, line)
	}
	if kept := inked(5, theme.ColorKept); kept == 0 || kept > 60 {
		t.Errorf("an extrapolated step has %d amber pixels", kept)
	}
}

func TestCriterionSaysWhatAStepFound(t *testing.T) {
	start(t, theme.Dark)
	c := NewCriterionCurve()
	show(t, c, 460, 140)
	if got := texts(c); !slices.Contains(got, "No criterion yet.") {
		t.Errorf("empty: %q", got)
	}
	c.SetValues(tenValues(), 0, []int{2, 7})
	for step, want := range map[int]string{0: "nothing looked", 1: "9, not counted", 2: "0.5, unstable", 3: "−0.4, stable", 7: "0.3, not counted"} {
		c.SetPosition(step)
		if got := strings.Join(texts(c), "|"); !strings.Contains(got, want) {
			t.Errorf("step %d: %q", step, got)
		}
	}
	// The 9 of the first steps does not flatten what counts.
	if b := c.bound(); b < 0.5 || b > 1 {
		t.Errorf("the range is ±%v", b)
	}
	if y := c.y(0, c.bound(), 100); y != 50 {
		t.Errorf("zero lies at %v of 100", y)
	}
	if up, down := c.y(9, 1, 100), c.y(-9, 1, 100); up != 2 || down != 98 {
		t.Errorf("cut at %v and %v", up, down)
	}
	c.SetValues([]float64{math.NaN(), math.Inf(1)}, 0, []int{5, 900})
	c.generate(300, 100)
}

func TestWipeShowsAOnItsLeftAndBOnItsRight(t *testing.T) {
	start(t, theme.Dark)
	red, blue := color.RGBA{200, 40, 40, 255}, color.RGBA{40, 40, 200, 255}
	w := NewWipe("draw first")
	moved := 0
	w.OnMoved = func(float64) { moved++ }
	show(t, w, 200, 100)
	if got := texts(w); !slices.Contains(got, "draw first") {
		t.Errorf("empty: %q", got)
	}
	w.Tapped(pointAt(60, 10))
	if moved != 0 {
		t.Error("an empty one moves")
	}
	w.SetPictures(flat(red), flat(blue))
	w.SetLabels("dense", "pruned")
	at := func(x int) color.RGBA { return w.generate(100, 100).(*image.RGBA).RGBAAt(x, 50) }
	if at(10) != red || at(90) != blue || at(48) != red || at(52) != blue {
		t.Errorf("in the middle: %v, %v", at(48), at(52))
	}
	w.Tapped(pointAt(50+20, 10)) // a square lies in the middle of 200 × 100
	if math.Abs(w.Share()-0.2) > 1e-6 || at(18) != red || at(22) != blue || moved != 1 {
		t.Errorf("share %v, moved %d", w.Share(), moved)
	}
	press(w, fyne.KeyRight)
	if math.Abs(w.Share()-0.22) > 1e-6 {
		t.Errorf("share %v", w.Share())
	}
	press(w, fyne.KeyHome)
	if w.Share() != 0 || at(1) != blue || slices.Contains(texts(w), "dense") {
		t.Errorf("share %v, texts %q", w.Share(), texts(w))
	}
	press(w, fyne.KeyEnd, fyne.KeyEnd)
	if w.Share() != 1 || at(98) != red || moved != 4 {
		t.Errorf("share %v, moved %d", w.Share(), moved)
	}
	w.SetPictures(nil, flat(blue))
	w.Dragged(&fyne.DragEvent{PointEvent: *pointAt(60, 10)})
	if moved != 4 || at(50) != (color.RGBA{}) {
		t.Error("one picture alone is compared")
	}
}

func TestEnlargedKeepsProportionsAndLaysTokensOn(t *testing.T) {
	start(t, theme.Dark)
	e := NewEnlarged("nothing yet")
	show(t, e, 200, 100)
	if got := texts(e); !slices.Contains(got, "nothing yet") {
		t.Errorf("empty: %q", got)
	}
	e.SetPicture(photo(20, 20))
	e.SetOverlay(image.NewRGBA(image.Rect(0, 0, 4, 4)), 0.7)
	var images []*canvas.Image
	for _, o := range test.WidgetRenderer(e).Objects() {
		if i, ok := o.(*canvas.Image); ok && i.Visible() {
			images = append(images, i)
		}
	}
	if len(images) != 2 {
		t.Fatalf("%d images", len(images))
	}
	for _, i := range images {
		if i.Position().X != 50 || i.Size() != fyne.NewSize(100, 100) {
			t.Errorf("at %v, %v", i.Position(), i.Size())
		}
	}
	if images[0].ScaleMode != canvas.ImageScaleSmooth || images[1].ScaleMode != canvas.ImageScalePixels || math.Abs(images[1].Translucency-0.3) > 1e-9 {
		t.Errorf("scaled by %v and %v, through %v", images[0].ScaleMode, images[1].ScaleMode, images[1].Translucency)
	}
	e.SetPicture(nil)
	if got := texts(e); !slices.Contains(got, "nothing yet") || images[0].Visible() {
		t.Errorf("emptied: %q", got)
	}
}

func TestTokenGridOfAnotherSizeSaysItsHint(t *testing.T) {
	start(t, theme.Dark)
	g := NewTokenGrid("no tokens")
	show(t, g, 100, 100)
	g.SetTokens(2, 3, make([]bool, 6))
	if got := texts(g); len(got) != 0 {
		t.Errorf("with a grid: %q", got)
	}
	g.SetTokens(2, 3, make([]bool, 5))
	if got := texts(g); !slices.Contains(got, "no tokens") || g.Kept() != 0 {
		t.Errorf("texts %q", got)
	}
}

// manyParams are p0, p1 …
func manyParams(n int) []pruning.Param {
	var out []pruning.Param
	for i := range n {
		out = append(out, pruning.Param{Name: fmt.Sprint("p", i), Type: "int", Default: "1"})
	}
	return out
}

func TestCardUnfoldsItsOtherSettings(t *testing.T) {
	start(t, theme.Dark)
	o := MethodCardOptions{Name: "sada", Title: "SADA", Params: manyParams(5), Shown: 2}
	m := NewMethodCard(o)
	w := show(t, m, 260, 600)
	folded := m.MinSize().Height
	if got := texts(m); !slices.Contains(got, "▸ 3 more settings") || slices.Contains(got, "P4") {
		t.Errorf("folded: %q", got)
	}
	m.unfolded = true
	m.Refresh()
	w.Canvas().Capture()
	if got := texts(m); !slices.Contains(got, "▾ fewer settings") || !slices.Contains(got, "P4") || m.MinSize().Height <= folded {
		t.Errorf("unfolded: %q", got)
	}
	o.Params = manyParams(3)
	m = NewMethodCard(o)
	show(t, m, 260, 600)
	if got := texts(m); !slices.Contains(got, "P2") {
		t.Errorf("one more is not worth a line: %q", got)
	}
}
