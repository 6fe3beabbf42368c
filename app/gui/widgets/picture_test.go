package widgets

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
	"winnow/internal/trace"
)

func TestPictureGeometryFitsCentredAndKeepsAspect(t *testing.T) {
	start(t, theme.Dark)
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		p := NewPictureView()
		p.size = image.Pt(20+r.IntN(1000), 20+r.IntN(1000))
		p.rows, p.cols = 1+r.IntN(30), 1+r.IntN(30)
		x, y := r.Float64()*1200-300, r.Float64()*1200-300
		p.seen = trace.Box{X0: x, Y0: y, X1: x + 20 + r.Float64()*900, Y1: y + 20 + r.Float64()*900}
		size := fyne.NewSize(100+r.Float32()*800, 100+r.Float32()*800)
		g := p.geometry(size)
		for _, f := range []frame{g.picture, g.seen} {
			if f.x < -1 || f.y < -1 || f.x+f.w > size.Width+1 || f.y+f.h > size.Height+1 {
				t.Fatalf("%v sticks out of %v", f, size)
			}
		}
		scale := float64(g.picture.w) / float64(p.size.X)
		if s := float64(g.picture.h) / float64(p.size.Y); math.Abs(s-scale) > 2/float64(min(p.size.X, p.size.Y)) {
			t.Fatalf("scales %g and %g differ", scale, s)
		}
		want := float64(g.picture.x) + p.seen.X0*scale
		if math.Abs(float64(g.seen.x)-want) > 1.5+math.Abs(p.seen.X0)*2/float64(p.size.X) {
			t.Fatalf("seen begins at %g, want %g", g.seen.x, want)
		}
	}
}

func TestShadesCoverWhatTheModelDidNotSee(t *testing.T) {
	start(t, theme.Dark)
	for _, box := range []trace.Box{{X0: 30, Y0: 0, X1: 90, Y1: 60}, {X0: 0, Y0: -20, X1: 120, Y1: 100}, {X0: 10, Y0: 10, X1: 110, Y1: 50}, {X0: 0, Y0: 0, X1: 120, Y1: 60}} {
		p := NewPictureView()
		p.size, p.rows, p.cols, p.seen = image.Pt(120, 60), 4, 4, box
		g := p.geometry(fyne.NewSize(240, 240))
		in := func(f frame, x, y float32) bool { return x >= f.x && y >= f.y && x < f.x+f.w && y < f.y+f.h }
		for y := float32(0.5); y < 240; y++ {
			for x := float32(0.5); x < 240; x++ {
				want := 0
				if in(g.picture, x, y) && !in(g.seen, x, y) {
					want = 1
				}
				got := 0
				for _, s := range g.shades() {
					if in(s, x, y) {
						got++
					}
				}
				if got != want {
					t.Fatalf("box %v: %g, %g is shaded %d times, want %d", box, x, y, got, want)
				}
			}
		}
	}
}

func TestEveryCellIsFoundUnderThePointer(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	show(t, p, 500, 333)
	p.SetPicture(photo(300, 200))
	p.SetGrid(trace.Box{X0: 50, Y0: -10, X1: 270, Y1: 210}, 24, 17)
	g := p.geometry(p.Size())
	for row := range 24 {
		for col := range 17 {
			f := g.cell(row, col, 24, 17, 1)
			if r, c := p.cellAt(fyne.NewPos(f.x+f.w/2, f.y+f.h/2)); r != row || c != col {
				t.Errorf("the middle of %d, %d is found as %d, %d", row, col, r, c)
			}
		}
	}
	for _, pos := range []fyne.Position{{X: 0, Y: 0}, {X: g.seen.x - 1, Y: 100}, {X: g.seen.x + g.seen.w + 1, Y: 100}} {
		if r, c := p.cellAt(pos); r != -1 || c != -1 {
			t.Errorf("%v is outside, found as %d, %d", pos, r, c)
		}
	}
}

// The strips were hidden for good when the grid came after the picture was on screen.
func TestGridThatComesLaterShadesThePicture(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	show(t, p, 200, 100)
	p.SetPicture(photo(200, 100))
	p.SetOverlay(image.NewRGBA(image.Rect(0, 0, 4, 4)))
	if p.draw.shade[2].Visible() {
		t.Error("shaded without a grid")
	}
	p.SetGrid(trace.Box{X0: 50, X1: 150, Y1: 100}, 4, 4)
	if s := p.draw.shade[2]; !s.Visible() || s.Size().Width != 50 {
		t.Errorf("the left strip is %v, visible %v", s.Size(), s.Visible())
	}
	if !p.draw.overlay.Visible() || p.draw.overlay.Size().Width != 100 {
		t.Error("the overlay does not lie on the seen box")
	}
}

func TestFramesEncloseKeptCellsOnly(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	show(t, p, 100, 100)
	p.SetPicture(photo(80, 80))
	p.SetGridLines(false)
	p.SetGrid(trace.Box{X1: 80, Y1: 80}, 4, 4)
	mask := make([]bool, 16)
	mask[5], mask[6], mask[15] = true, true, true
	p.SetKept(mask)
	img := p.draw.drawLines(80, 80).(*image.RGBA)
	lit := func(x, y int) bool { return img.RGBAAt(x, y).A != 0 }
	for _, at := range [][2]int{{20, 20}, {40, 30}, {60, 30}, {30, 40}, {79, 79}, {60, 70}} {
		if !lit(at[0], at[1]) {
			t.Errorf("%v has no frame", at)
		}
	}
	for _, at := range [][2]int{{30, 30}, {50, 30}, {70, 70}, {10, 10}, {0, 0}, {61, 30}, {19, 25}} {
		if lit(at[0], at[1]) {
			t.Errorf("%v has a frame", at)
		}
	}
}

func TestStaleDataDoesNotPanic(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	w := show(t, p, 200, 200)
	p.SetPicture(photo(64, 64))
	p.SetGrid(trace.Box{X1: 64, Y1: 64}, 8, 8)
	p.SetKept(make([]bool, 500))
	p.SetOverlay(image.NewRGBA(image.Rect(0, 0, 8, 8)))
	p.Tooltip = func(row, col int) []string { return []string{"cell", "two"}[:1+row%2] }
	p.MouseMoved(mouseAt(199, 199))
	if row, col, ok := p.Cursor(); !ok || row != 7 || col != 7 {
		t.Fatalf("cursor %d, %d, %v", row, col, ok)
	}
	p.SetGrid(trace.Box{X1: 64, Y1: 64}, 2, 2)
	if _, _, ok := p.Cursor(); ok {
		t.Error("the cursor outlived its cell")
	}
	w.Canvas().Capture()
	p.SetKept([]bool{true})
	p.SetOverlay(nil)
	w.Canvas().Capture()
	p.SetGrid(trace.Box{}, 0, 0)
	p.MouseMoved(mouseAt(100, 100))
	p.SetPicture(nil)
	w.Canvas().Capture()
	p.SetGrid(trace.Box{X1: math.NaN(), Y1: 3}, 3, 3)
	w.Canvas().Capture()
	if p.rows != 0 {
		t.Error("a box that is not a number made a grid")
	}
}

func TestHoverTellsEachCellOnce(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	show(t, p, 80, 80)
	p.SetPicture(photo(80, 80))
	p.SetGrid(trace.Box{X1: 80, Y1: 80}, 4, 4)
	var got [][2]int
	p.OnHover = func(row, col int, inside bool) { got = append(got, [2]int{row, col}) }
	p.Tooltip = func(row, col int) []string { return []string{"row"} }
	for _, x := range []float32{5, 10, 15, 25, 30} {
		p.MouseMoved(mouseAt(x, 5))
	}
	if !p.draw.tip.Visible() {
		t.Error("no tooltip")
	}
	p.MouseOut()
	if want := [][2]int{{0, 0}, {0, 1}, {-1, -1}}; !slices.Equal(got, want) {
		t.Errorf("hovered %v, want %v", got, want)
	}
	if p.draw.tip.Visible() {
		t.Error("the tooltip stays")
	}
}

func TestArrowsMoveTheCursorAndEnterChooses(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	w := show(t, p, 80, 80)
	p.SetPicture(photo(80, 80))
	p.SetGrid(trace.Box{X1: 80, Y1: 80}, 4, 4)
	w.Canvas().Focus(p)
	var chosen [][2]int
	var other []fyne.KeyName
	p.OnCell = func(row, col int) { chosen = append(chosen, [2]int{row, col}) }
	p.OnKey = func(e *fyne.KeyEvent) { other = append(other, e.Name) }
	press(p, fyne.KeyReturn)
	press(p, fyne.KeyRight, fyne.KeyUp, fyne.KeyLeft, fyne.KeyReturn, fyne.KeySpace)
	press(p, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyEnter)
	if want := [][2]int{{2, 2}, {1, 2}, {3, 2}}; !slices.Equal(chosen, want) {
		t.Errorf("chose %v, want %v", chosen, want)
	}
	if !slices.Equal(other, []fyne.KeyName{fyne.KeySpace}) {
		t.Errorf("passed on %v, want space", other)
	}
	p.Tapped(pointAt(70, 10))
	if chosen[len(chosen)-1] != [2]int{0, 3} {
		t.Errorf("tapped %v", chosen[len(chosen)-1])
	}
	p.MouseMoved(mouseAt(5, 5))
	p.MouseOut()
	if _, _, ok := p.Cursor(); !ok {
		t.Error("the pointer took the keyboard's cursor away")
	}
	w.Canvas().Unfocus()
	if _, _, ok := p.Cursor(); ok {
		t.Error("the cursor stays without the keyboard")
	}
}

func TestPictureStatesReplaceEachOther(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	w := show(t, p, 500, 400)
	pressed := ""
	act := func(s string) func() { return func() { pressed = s } }
	p.Empty("Drop a picture", "any", Action{Label: "Open", Do: act("open"), Primary: true}, Action{Label: "Sample", Do: act("sample")})
	test.Tap(p.draw.notice.buttons[1])
	if pressed != "sample" {
		t.Errorf("pressed %q", pressed)
	}
	p.Error("Broken", "cut short", "choose another", Action{Label: "Choose", Do: act("choose")})
	if n := len(p.draw.notice.buttons); n != 1 {
		t.Fatalf("%d buttons after the error, want 1", n)
	}
	p.SetPicture(photo(40, 40))
	if p.draw.notice.Visible() || !p.draw.photo.Visible() {
		t.Error("a picture does not end the error")
	}
	p.Busy("Encoding")
	if !p.draw.busy.Visible() || !p.draw.photo.Visible() {
		t.Error("busy hides the picture, or does not show")
	}
	p.Busy("")
	if p.draw.busy.Visible() || p.draw.busy.pulse.animation != nil {
		t.Error("busy goes on")
	}
	w.Canvas().Capture()
}

func TestPictureViewRenders(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		p := NewPictureView()
		w := show(t, p, 240, 160)
		p.SetPicture(photo(240, 120))
		p.SetGrid(trace.Box{X0: 60, X1: 180, Y1: 120}, 4, 4)
		over := image.NewRGBA(image.Rect(0, 0, 4, 4))
		mask := make([]bool, 16)
		for i := range mask {
			mask[i] = i%5 == 0
			if !mask[i] {
				over.SetRGBA(i%4, i/4, color.RGBA{0, 0, 0, 160})
			}
		}
		p.SetOverlay(over)
		p.SetKept(mask)
		p.pointing = true
		p.SetCursor(2, 3)
		test.AssertRendersToImage(t, "picture_"+name+".png", w.Canvas())
	})
}

func BenchmarkLines672(b *testing.B) {
	start(b, theme.Dark)
	p := NewPictureView()
	show(b, p, 672, 672)
	p.SetPicture(photo(672, 672))
	p.SetGrid(trace.Box{X1: 672, Y1: 672}, 24, 24)
	mask := make([]bool, 576)
	for i := range mask {
		mask[i] = i%3 == 0
	}
	p.SetKept(mask)
	for b.Loop() {
		p.draw.drawLines(672, 672)
	}
}
