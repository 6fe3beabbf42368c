package widgets

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func TestSmallWidgetsRender(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		bar := NewStatusBar()
		bar.SetItems("Done in 0.31 s", "Seed 7")
		bar.SetHints("Space play", "←→ layer")
		seg := NewSegmented([]string{"paper", "release"}, nil)
		seg.SetSelected(1)
		slide := NewSlider(0, 1, 0.01)
		slide.SetValue(0.4)
		w := show(t, container.NewVBox(seg, slide, NewTagLabel("measured"), NewMonoLabel("1.8×"), NewSectionTitle("Dense"),
			NewNote("a note that is long enough for two lines of this width"), NewButton("Ask", Primary, nil),
			NewButton("Add", Outline, nil), NewIconButton(IconClose, "close", nil), NewPanel(NewMonoLabel("41")), bar), 260, 420)
		test.AssertRendersToMarkup(t, "small_"+name+".xml", w.Canvas())
	})
}

func TestSegmentedIsChosenByClickAndKeys(t *testing.T) {
	start(t, theme.Dark)
	var got []int
	s := NewSegmented([]string{"Kept", "Score", "Rank"}, func(i int) { got = append(got, i) })
	show(t, s, 300, 40)
	s.SetSelected(1)
	s.SetSelected(7)
	w := s.widths()
	s.Tapped(pointAt(w[0]+w[1]+4, 10))
	s.Tapped(pointAt(w[0]+w[1]+w[2]+40, 10)) // beside the segments
	press(s, fyne.KeyRight, fyne.KeyLeft, fyne.KeyLeft, fyne.KeyLeft)
	if want := []int{2, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v", got, want)
	}
	s.SetSelected(2)
	s.SetOptions([]string{"Kept"})
	if s.Selected() != 0 {
		t.Errorf("option %d of one is selected", s.Selected())
	}
	s.SetOptions(nil)
	s.MouseMoved(mouseAt(4, 4))
	s.Tapped(pointAt(4, 4))
	s.Disable()
	s.SetOptions([]string{"a", "b"})
	s.Tapped(pointAt(s.Size().Width-1, 4))
	if len(got) != 3 {
		t.Error("a disabled one was changed")
	}
}

func TestSliderRoundsWhatTheHandDoes(t *testing.T) {
	start(t, theme.Dark)
	s := NewSlider(0, 1, 0.1)
	show(t, s, 100+thumb, 20)
	var got []float64
	ended := 0
	s.OnChanged = func(v float64) { got = append(got, v) }
	s.OnEnded = func(float64) { ended++ }
	s.SetValue(0.123)
	if s.Value() != 0.123 || len(got) != 0 {
		t.Errorf("SetValue gives %g and %d calls", s.Value(), len(got))
	}
	s.Dragged(&fyne.DragEvent{PointEvent: *pointAt(thumb/2+31, 10)})
	s.Dragged(&fyne.DragEvent{PointEvent: *pointAt(9999, 10)})
	s.DragEnd()
	press(s, fyne.KeyLeft, fyne.KeyHome, fyne.KeyLeft, fyne.KeyEnd)
	if want := []float64{0.3, 1, 0.9, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("changed to %v, want %v", got, want)
	}
	if ended != 5 {
		t.Errorf("ended %d times, want 5", ended)
	}
	s.Disable()
	press(s, fyne.KeyLeft)
	if s.Value() != 1 {
		t.Error("a disabled slider moved")
	}
}

func TestButtonIsPressedByKeysUnlessDisabled(t *testing.T) {
	start(t, theme.Dark)
	n := 0
	b := NewButton("Ask", Primary, func() { n++ })
	show(t, b, 100, 40)
	press(b, fyne.KeySpace, fyne.KeyReturn)
	test.Tap(b)
	b.Disable()
	test.Tap(b)
	press(b, fyne.KeySpace)
	if n != 3 {
		t.Errorf("pressed %d times, want 3", n)
	}
}

func TestNoteGrowsWhereItIsNarrow(t *testing.T) {
	start(t, theme.Dark)
	n := NewNote("visual tokens after an early layer; FFN neurons while decoding")
	n.Resize(fyne.NewSize(600, 20))
	one := n.MinSize().Height
	n.Resize(fyne.NewSize(150, 20))
	if n.MinSize().Height < 3*one {
		t.Errorf("%g high in 150, %g in 600", n.MinSize().Height, one)
	}
	for _, l := range n.lines {
		if measure(l, n.face).Width > 150 {
			t.Errorf("%q is wider than the note", l)
		}
	}
	if got := strings.Join(n.lines, " "); got != n.Text() {
		t.Errorf("the lines say %q", got)
	}
	n.SetText("")
	if h := n.MinSize().Height; h != 0 {
		t.Errorf("an empty note is %g high", h)
	}
}

func TestBannerOffersTheNextStepAndGoesAway(t *testing.T) {
	start(t, theme.Dark)
	b := NewBanner()
	w := show(t, b, 500, 60)
	if b.Visible() {
		t.Error("an empty banner is visible")
	}
	did, dismissed := false, false
	b.OnDismiss = func() { dismissed = true }
	b.Error("the mmproj does not fit", Action{Label: "Choose", Do: func() { did = true }})
	w.Canvas().Capture()
	var buttons []*Button
	for _, o := range test.WidgetRenderer(b).Objects() {
		if x, ok := o.(*Button); ok {
			buttons = append(buttons, x)
		}
	}
	if len(buttons) != 2 {
		t.Fatalf("%d buttons, want close and Choose", len(buttons))
	}
	test.Tap(buttons[1])
	test.Tap(buttons[0])
	if !did || !dismissed || b.Visible() || b.Text() != "" {
		t.Errorf("did %v, dismissed %v, visible %v", did, dismissed, b.Visible())
	}
}

func TestStatusBarDropsHintsWhereItIsNarrow(t *testing.T) {
	start(t, theme.Dark)
	s := NewStatusBar()
	show(t, s, 1000, 24)
	s.SetItems("Done in 0.31 s")
	s.SetHints("Space play", "←→ layer", "click a cell to force it in or out")
	all := joined(s.hints)
	right := func() string { return texts(s)[len(texts(s))-1] }
	if right() != all {
		t.Errorf("wide: %q", right())
	}
	s.Resize(fyne.NewSize(300, 24))
	if got := right(); got == all || !strings.HasPrefix(all, got) || got == "" {
		t.Errorf("narrow: %q", got)
	}
	s.SetItems()
	s.SetHints()
	if right() != "" {
		t.Errorf("empty: %q", right())
	}
}

func TestTruncateEndsWithAnEllipsis(t *testing.T) {
	start(t, theme.Dark)
	for _, width := range []float32{0, 10, 40, 80, 1000} {
		got := truncate("CoreMatching über alles", body, width)
		if measure(got, body).Width > width && got != "" {
			t.Errorf("%q is wider than %g", got, width)
		}
	}
	if got := truncate("short", body, 500); got != "short" {
		t.Errorf("%q", got)
	}
}
