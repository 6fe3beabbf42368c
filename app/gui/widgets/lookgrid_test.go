package widgets

import (
	"image"
	"image/color"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

func TestLooksAreReadAndChosen(t *testing.T) {
	start(t, theme.Dark)
	g := NewLookGrid()
	show(t, g, 300, 160)
	var got []int
	g.OnSelect = func(i int) { got = append(got, i) }
	press(g, fyne.KeyRight)
	g.Set(glows(8))
	cols, _, _ := lookPlot{g}.tiles(300)
	if cols != 4 {
		t.Fatalf("%d tiles beside each other in 300, want 4", cols)
	}
	middle := func(i int) fyne.Position {
		f := lookPlot{g}.tile(i, g.Size())
		return fyne.NewPos(f.x+f.w/2, f.y+f.h/2)
	}
	g.MouseMoved(mouseAt(middle(5).X, middle(5).Y))
	if lines := g.reading(); !slices.Equal(lines, []string{"vector 5 of camera front", "peak 0.12"}) {
		t.Errorf("reads %q", lines)
	}
	for _, i := range []int{5, 5, 6} {
		g.Tapped(&fyne.PointEvent{Position: middle(i)})
	}
	press(g, fyne.KeyUp, fyne.KeyLeft, fyne.KeyDown, fyne.KeyEnd, fyne.KeyRight, fyne.KeyHome)
	if want := []int{5, -1, 6, 2, 1, 5, 7, 0}; !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v", got, want)
	}
	last := lookPlot{g}.tile(7, g.Size())
	g.MouseMoved(mouseAt(last.x+last.w+100, last.y))
	if g.reading() != nil {
		t.Errorf("reads %q beside the tiles", g.reading())
	}
	g.SetSelected(7)
	g.Set(glows(3))
	if g.Selected() != -1 || len(got) != 8 {
		t.Errorf("chose %d, called back %d times", g.Selected(), len(got))
	}
}

func TestLooksFitIntoTheirHeight(t *testing.T) {
	start(t, theme.Dark)
	g := NewLookGrid()
	show(t, g, 300, 160)
	for _, n := range []int{1, 8, 16, 36} {
		g.Set(glows(n))
		if h := g.MinSize().Height; h > lookTallest {
			t.Errorf("%d maps are %g high, want at most %d", n, h, lookTallest)
		}
		f := lookPlot{g}.tile(n-1, g.Size())
		if f.w < lookSmallest || f.x+f.w > 300.5 || f.y+f.h > g.MinSize().Height+0.5 {
			t.Errorf("%d maps: the last lies at %v", n, f)
		}
	}
	g.Set(slices.Repeat(glows(1), lookMost+44))
	if !slices.Contains(texts(g), "and 44 more") {
		t.Errorf("writes %q", texts(g))
	}
}

// A map of one bright patch is bright there, and has sharp edges.
func TestLookPaintsAPatchSharply(t *testing.T) {
	start(t, theme.Dark)
	g := NewLookGrid()
	show(t, g, 300, 160)
	img := image.NewRGBA(image.Rect(0, 0, 2, 2))
	bright := color.RGBA{200, 100, 0, 255}
	img.SetRGBA(1, 0, bright)
	g.Set([]LookMap{{Image: img}, {}})
	out := g.generate(300, 160).(*image.RGBA)
	f := lookPlot{g}.tile(0, g.Size())
	ground := premultiplied(tint(g, theme.ColorTrack))
	half, side := int(f.w/2), int(f.w)
	for _, c := range []struct {
		x, y int
		want color.RGBA
	}{{half + 1, 1, bright}, {side - 2, half - 2, bright}, {half - 2, 1, ground}, {side - 2, half + 2, ground}, {side + 3, 3, color.RGBA{}}} {
		if got := out.RGBAAt(c.x, c.y); got != c.want {
			t.Errorf("at %d, %d it is %v, want %v", c.x, c.y, got, c.want)
		}
	}
}
