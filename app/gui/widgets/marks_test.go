package widgets

import (
	"image"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
	"winnow/internal/trace"
)

func TestForcedCellsAreMarked(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	show(t, p, 160, 160)
	p.SetPicture(photo(160, 160))
	p.SetGridLines(false)
	p.SetGrid(trace.Box{X1: 160, Y1: 160}, 4, 4)
	p.SetForced([]int{5, -1, 16}, []int{10, 99})
	img := p.draw.drawLines(160, 160).(*image.RGBA)
	pin := premultiplied(tint(p, theme.ColorKeptPin))
	for _, at := range []image.Point{{60, 60}, {60, 41}, {41, 60}, {78, 60}} {
		if img.RGBAAt(at.X, at.Y) != pin {
			t.Errorf("the cell forced in is %v at %v, want the pin's colour", img.RGBAAt(at.X, at.Y), at)
		}
	}
	for _, at := range []image.Point{{100, 100}, {94, 94}, {106, 94}} {
		if c := img.RGBAAt(at.X, at.Y); c.A == 0 || c == pin {
			t.Errorf("the cell forced out is %v at %v, want a cross", c, at)
		}
	}
	for _, at := range []image.Point{{50, 50}, {100, 88}, {20, 20}, {140, 140}} {
		if img.RGBAAt(at.X, at.Y).A != 0 {
			t.Errorf("something is drawn at %v", at)
		}
	}
	p.SetPicture(photo(40, 40))
	p.SetGrid(trace.Box{X1: 40, Y1: 40}, 4, 4)
	if img := p.draw.drawLines(160, 160).(*image.RGBA); img.RGBAAt(60, 60).A != 0 {
		t.Error("the marks outlived their picture")
	}
}

func TestCellsAreTappedWithEitherButton(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	w := show(t, p, 80, 80)
	p.SetPicture(photo(80, 80))
	p.SetGrid(trace.Box{X1: 80, Y1: 80}, 4, 4)
	type tap struct {
		row, col  int
		secondary bool
	}
	var got []tap
	cells := 0
	p.OnTapCell = func(row, col int, secondary bool) { got = append(got, tap{row, col, secondary}) }
	p.OnCell = func(int, int) { cells++ }
	test.TapAt(p, fyne.NewPos(70, 10))
	test.TapSecondaryAt(p, fyne.NewPos(10, 70))
	w.Canvas().Focus(p)
	p.SetCursor(1, 1)
	press(p, fyne.KeyReturn)
	p.SetGrid(trace.Box{}, 0, 0)
	test.TapSecondaryAt(p, fyne.NewPos(10, 70))
	if want := []tap{{0, 3, false}, {3, 0, true}, {1, 1, false}}; !slices.Equal(got, want) {
		t.Errorf("tapped %v, want %v", got, want)
	}
	if cells != 2 {
		t.Errorf("OnCell was called %d times, want 2: not for the second button", cells)
	}
}

func TestBadgeNamesTheSideOnThePicture(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	show(t, p, 200, 200)
	p.SetBadge(1, "a label that is too long for so small a picture")
	if p.draw.badge.Visible() {
		t.Error("a badge without a picture")
	}
	p.SetPicture(photo(100, 100))
	b := p.draw.badge
	if !b.Visible() || b.Position().X+b.Size().Width > 200 {
		t.Errorf("visible %v, from %v, %v", b.Visible(), b.Position(), b.Size())
	}
	p.SetBadge(1, "ZipVL")
	if got := texts(b); !slices.Equal(got, []string{"ZipVL"}) {
		t.Errorf("writes %q", got)
	}
	p.SetBadge(0, "")
	if b.Visible() {
		t.Error("an empty badge stays")
	}
}

func TestCompactPictureIsSmallAndSaysOneThing(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	p.SetCompact(true)
	if m := p.MinSize(); m.Width > 200 || m.Height > 200 {
		t.Errorf("needs %v", m)
	}
	show(t, p, 200, 160)
	p.Error("The picture could not be read", "long", "choose another", Action{Label: "Choose"})
	n := p.draw.notice
	if len(n.buttons) != 0 || slices.Contains(texts(n), "long") || !slices.Contains(texts(n), "The picture could not be read") {
		t.Errorf("%d buttons, writes %q", len(n.buttons), texts(n))
	}
	p.SetCompact(false)
	p.Error("Broken", "long", "choose another", Action{Label: "Choose"})
	if len(n.buttons) != 1 || !slices.Contains(texts(n), "Broken") {
		t.Errorf("not compact: %d buttons, writes %q", len(n.buttons), texts(n))
	}
}

func TestLegendWrapsAndOverlapNamesItsSides(t *testing.T) {
	start(t, theme.Dark)
	labels := func(s []Swatch) []string {
		var out []string
		for _, x := range s {
			out = append(out, x.Label)
		}
		return out
	}
	if got := labels(OverlapItems("A", "B")); !slices.Equal(got, []string{"kept by both", "only A", "only B", "none"}) {
		t.Errorf("two sides: %q", got)
	}
	if got := labels(OverlapItems("A", "B", "C")); !slices.Equal(got, []string{"kept by all", "only A", "only B", "only C", "some", "none"}) {
		t.Errorf("three sides: %q", got)
	}
	l := NewLegend(OverlapItems("CoreMatching", "ZipVL", "VASparse")...)
	l.Resize(fyne.NewSize(1000, 20))
	wide := l.MinSize().Height
	l.Resize(fyne.NewSize(200, 20))
	if h := l.MinSize().Height; h < 3*wide {
		t.Errorf("%g high in 200, %g in 1000", h, wide)
	}
	for _, o := range test.WidgetRenderer(l).Objects() {
		if o.Position().X+o.Size().Width > 200 {
			t.Errorf("%T at %v, %v sticks out", o, o.Position(), o.Size())
		}
	}
	l.SetItems()
	if h := l.MinSize().Height; h != 0 {
		t.Errorf("an empty legend is %g high", h)
	}
}

func TestSideBadgeCutsItsLabel(t *testing.T) {
	start(t, theme.Dark)
	b := NewSideBadge(0, "CoreMatching at β 0.4 with ZipVL's cache")
	show(t, b, 90, 24)
	got := texts(b)[0]
	if measure(got, caption).Width > 90 || got == b.Label() || got == "" {
		t.Errorf("writes %q", got)
	}
	b.Set(1, "ZipVL")
	if got := texts(b)[0]; got != "ZipVL" {
		t.Errorf("writes %q", got)
	}
}

func TestTabsShareTheWidth(t *testing.T) {
	start(t, theme.Dark)
	names := []string{"Tokens", "Ratios", "KV", "Neurons", "Match", "Words"}
	var got []int
	s := NewTabs(names, func(i int) { got = append(got, i) })
	if m := s.MinSize(); m.Width > 320-24 {
		t.Errorf("six tabs need %g, more than a narrow column has", m.Width)
	}
	for _, width := range []float32{348, 200} {
		s.SetSelected(0)
		got = nil
		s.Resize(fyne.NewSize(width, 28))
		sum := float32(0)
		for i, w := range s.widths() {
			s.Tapped(pointAt(sum+w/2, 10))
			sum += w
			if s.Selected() != i {
				t.Errorf("width %g: tab %d is found as %d", width, i, s.Selected())
			}
		}
		if sum < width-0.5 || sum > width+0.5 {
			t.Errorf("the tabs are %g wide in %g", sum, width)
		}
		if !slices.Equal(got, []int{1, 2, 3, 4, 5}) {
			t.Errorf("chose %v", got)
		}
	}
}
