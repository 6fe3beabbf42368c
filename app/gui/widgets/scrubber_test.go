package widgets

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func someSteps(n int) []StepBlock {
	var out []StepBlock
	for i := range n {
		out = append(out, StepBlock{Text: fmt.Sprintf(" word%d", i), Fraction: float64(i%10) / 10, Marked: i%2 == 0})
	}
	return out
}

func TestScrubberSeeksByClickDragAndKeys(t *testing.T) {
	start(t, theme.Dark)
	s := NewStepScrubber()
	show(t, s, 372, 76)
	var got []int
	var plays []bool
	s.OnSeek = func(i int) { got = append(got, i) }
	s.OnPlay = func(on bool) { plays = append(plays, on) }
	press(s, fyne.KeyRight, fyne.KeySpace)
	s.SetBlocks(someSteps(5))
	x0, x1 := s.span(2)
	s.strip.Tapped(pointAt((x0+x1)/2, 10))
	s.strip.Dragged(&fyne.DragEvent{PointEvent: *pointAt(x1+5, 10)})
	press(s, fyne.KeyRight, fyne.KeyRight, fyne.KeyHome, fyne.KeyLeft, fyne.KeyEnd, fyne.KeyLeft)
	if want := []int{2, 3, 4, 0, 4, 3}; !slices.Equal(got, want) {
		t.Errorf("sought %v, want %v", got, want)
	}
	press(s, fyne.KeySpace)
	s.SetPlaying(true)
	test.Tap(s.play)
	if !slices.Equal(plays, []bool{true, false}) {
		t.Errorf("asked to play %v", plays)
	}
	s.SetBlocks(someSteps(2))
	if s.At() != 1 {
		t.Errorf("at %d of two", s.At())
	}
	s.SetBlocks(nil)
	if s.At() != -1 || len(got) != 6 {
		t.Errorf("at %d, called back %d times", s.At(), len(got))
	}
}

func TestScrubberReadsTheStep(t *testing.T) {
	start(t, theme.Dark)
	s := NewStepScrubber()
	show(t, s, 500, 76)
	s.SetUnit("masked")
	s.SetBlocks([]StepBlock{{Text: " two", Fraction: 0.5}, {Text: "\n", Fraction: 1}, {Text: " ", Fraction: 0}})
	s.SetPosition(0)
	if s.foot.Text != "step 1 of 3  two  50 % masked" {
		t.Errorf("%q", s.foot.Text)
	}
	var hovered []int
	s.OnHover = func(i int, inside bool) { hovered = append(hovered, i) }
	for i, want := range []string{"step 1 of 3  two  50 % masked", "step 2 of 3  ↵  100 % masked", "step 3 of 3  ␣  0 % masked"} {
		x0, _ := s.span(i)
		s.strip.MouseMoved(mouseAt(x0+1, 4))
		if s.foot.Text != want {
			t.Errorf("%q, want %q", s.foot.Text, want)
		}
	}
	s.strip.MouseOut()
	if !slices.Equal(hovered, []int{0, 1, 2, -1}) {
		t.Errorf("hovered %v", hovered)
	}
}

func TestScrubberShowsTheCurrentStepAndDrawsOnlyWhatIsInView(t *testing.T) {
	start(t, theme.Dark)
	s := NewStepScrubber()
	s.SetBlocks(someSteps(1000))
	s.SetPosition(500) // before it has a size
	show(t, s, 372, 76)
	inView := func(i int) bool {
		x0, x1 := s.span(i)
		at, w := s.scroll.Offset.X, s.scroll.Size().Width
		return x0 >= at-0.1 && x1 <= at+w+0.1
	}
	for _, i := range []int{500, 0, 999, 998, 3} {
		s.SetPosition(i)
		if !inView(i) {
			t.Errorf("step %d is not in view: offset %g", i, s.scroll.Offset.X)
		}
		if lines := texts(s.strip); !slices.Contains(lines, fmt.Sprintf("word%d", i)) {
			t.Errorf("step %d is not written: %v", i, lines)
		}
	}
	if n := len(test.WidgetRenderer(s.strip).Objects()); n > 60 {
		t.Errorf("%d objects for 1000 steps, want what is in view", n)
	}
}
