package widgets

import (
	"image"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func TestEpisodeIsScrubbedByPointerAndKeys(t *testing.T) {
	start(t, theme.Dark)
	s := NewEpisodeStrip()
	show(t, s, stepLeft+200, episodeTall)
	var got []int
	played := 0
	s.OnScrub = func(i int) { got = append(got, i) }
	s.OnPlay = func() { played++ }
	press(s, fyne.KeyRight, fyne.KeySpace, fyne.KeyPageDown)
	s.Tapped(pointAt(100, 30))
	test.Tap(s.play)
	if len(got) != 0 || played != 0 || !s.play.Disabled() {
		t.Fatalf("without steps: scrubbed %v, played %d", got, played)
	}
	s.Set(EpisodeMarks{Steps: 10, Of: 20, Looks: []int{8, 0, 4}})
	x := func(i int) float32 { return stepLeft + float32(i)*10 + 5 }
	s.Tapped(pointAt(x(3), 30))
	s.Tapped(pointAt(stepLeft/2, 30)) // the play button's place
	s.Dragged(&fyne.DragEvent{PointEvent: *pointAt(x(15), 30)})
	s.Dragged(&fyne.DragEvent{PointEvent: *pointAt(-50, 30)})
	press(s, fyne.KeyRight, fyne.KeyPageDown, fyne.KeyPageDown, fyne.KeyPageDown, fyne.KeyEnd, fyne.KeyPageUp, fyne.KeyPageUp, fyne.KeyLeft, fyne.KeyHome, fyne.KeyLeft)
	if want := []int{3, 9, 0, 1, 4, 8, 9, 8, 4, 3, 0}; !slices.Equal(got, want) {
		t.Errorf("scrubbed %v, want %v", got, want)
	}
	press(s, fyne.KeySpace)
	s.SetPlaying(true)
	test.Tap(s.play)
	if played != 2 {
		t.Errorf("played %d times", played)
	}
	n := len(got)
	s.SetAt(7)
	s.Set(EpisodeMarks{Steps: 3})
	if s.At() != 2 {
		t.Errorf("at %d of three", s.At())
	}
	s.SetAt(-7)
	s.Set(EpisodeMarks{})
	if s.At() != -1 || len(got) != n || !s.play.Disabled() {
		t.Errorf("at %d, setters called back %d times", s.At(), len(got)-n)
	}
}

func TestEpisodeReadsItsSteps(t *testing.T) {
	start(t, theme.Dark)
	s := NewEpisodeStrip()
	show(t, s, stepLeft+200, episodeTall)
	s.Set(EpisodeMarks{Steps: 20, Looks: []int{0, 8}, Labels: []StripLabel{{19, "success"}, {8, "grasp"}, {9, "a name that is as long as the strip"}, {-1, "before"}, {20, "after"}}})
	for i, want := range map[int]string{0: "step 0 of 20, the policy looked", 8: "step 8 of 20, the policy looked, grasp", 5: "step 5 of 20", 19: "step 19 of 20, success"} {
		s.MouseMoved(mouseAt(stepLeft+float32(i)*10+5, 30))
		if got := s.reading(); !slices.Equal(got, []string{want}) {
			t.Errorf("reads %q, want %q", got, want)
		}
	}
	s.MouseMoved(mouseAt(3, 30))
	if s.reading() != nil {
		t.Errorf("on the button it reads %q", s.reading())
	}
	lines := texts(s)
	for name, want := range map[string]bool{"grasp": true, "success": true, "before": false, "after": false} {
		if slices.Contains(lines, name) != want {
			t.Errorf("%q is written: %v; %q", name, !want, lines)
		}
	}
	end := float32(0)
	for _, l := range s.labels(stepLeft + 200) {
		if l.x < end || l.x+measure(l.text, caption).Width > stepLeft+200.5 {
			t.Errorf("%q at %g lies on another or sticks out", l.text, l.x)
		}
		end = l.x + measure(l.text, caption).Width
	}
}

func TestEpisodeTicksAreLongerWhereThePolicyLooked(t *testing.T) {
	start(t, theme.Dark)
	s := NewEpisodeStrip()
	show(t, s, stepLeft+200, episodeTall)
	s.Set(EpisodeMarks{Steps: 10, Of: 20, Looks: []int{4}, Success: true})
	img := s.generate(stepLeft+200, episodeLook).(*image.RGBA)
	room := premultiplied(faded(tint(s, theme.ColorTrack), 0x70))
	for i, want := range map[int]struct {
		name fyne.ThemeColorName
		tall int
	}{3: {theme.ColorBlock, episodeTick}, 4: {theme.ColorSoft, episodeLook}, 9: {theme.ColorKept, episodeLook}} {
		if got := column(img, stepLeft+10*i+5, premultiplied(tint(s, want.name))); got != want.tall {
			t.Errorf("step %d is %d high, want %d", i, got, want.tall)
		}
	}
	if column(img, stepLeft+155, room) != episodeTick {
		t.Error("the room for more steps is not drawn")
	}
}
