package widgets

import (
	"fmt"
	"image"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// StripLabel names a step of an EpisodeStrip: grasp, release.
type StripLabel struct {
	Step int
	Text string
}

// EpisodeMarks is what an EpisodeStrip shows.
type EpisodeMarks struct {
	// Steps so far, and the room for them: at least Steps.
	Steps, Of int
	// Looks are the steps at which the policy was asked, ascending.
	Looks []int
	// Labels stand above their steps.
	Labels []StripLabel
	// Success: the last step brought it.
	Success bool
}

// EpisodeStrip is the timeline of an episode: a tick a step, longer where the policy looked.
// Click or drag to scrub; with the keyboard: left, right, Home, End, Page Up and Page Down from look
// to look, and Space to play.
type EpisodeStrip struct {
	widget.BaseWidget
	// OnScrub is called when the person moves to another step.
	OnScrub func(step int)
	// OnPlay asks to play or to pause; whoever plays answers with SetPlaying.
	OnPlay func()

	marks   EpisodeMarks
	at      int // -1: none
	hovered int // -1: none
	playing bool
	focused bool
	play    *Button
	sheet   *image.RGBA
	show    func() // repaints what follows the position and the pointer; nil until shown
	redraw  func() // repaints the ticks too
}

var (
	_ fyne.Tappable     = (*EpisodeStrip)(nil)
	_ fyne.Draggable    = (*EpisodeStrip)(nil)
	_ fyne.Focusable    = (*EpisodeStrip)(nil)
	_ desktop.Hoverable = (*EpisodeStrip)(nil)
)

// NewEpisodeStrip makes one without steps.
func NewEpisodeStrip() *EpisodeStrip {
	s := &EpisodeStrip{at: -1, hovered: -1}
	s.play = NewButton("", Outline, s.togglePlay)
	s.play.small = true
	s.play.SetIcon(IconPlay)
	s.play.Disable()
	s.ExtendBaseWidget(s)
	return s
}

// episodeMost bounds the steps, episodeNamed their labels, whatever a trace claims.
const (
	episodeMost  = 1 << 20
	episodeNamed = 64
)

// Set replaces the marks; a position beyond the last step moves to the last. Labels and looks
// outside of the steps are left out.
func (s *EpisodeStrip) Set(m EpisodeMarks) {
	m.Steps = max(min(m.Steps, episodeMost), 0)
	m.Of = max(min(m.Of, episodeMost), m.Steps)
	outside := func(step int) bool { return step < 0 || step >= m.Steps }
	m.Looks = slices.DeleteFunc(slices.Clone(m.Looks), outside)
	slices.Sort(m.Looks)
	m.Labels = slices.DeleteFunc(slices.Clone(m.Labels), func(l StripLabel) bool { return outside(l.Step) })
	slices.SortStableFunc(m.Labels, func(a, b StripLabel) int { return a.Step - b.Step })
	m.Labels = m.Labels[:min(len(m.Labels), episodeNamed)]
	s.marks = m
	s.at, s.hovered = min(s.at, m.Steps-1), min(s.hovered, m.Steps-1)
	if m.Steps == 0 != s.play.Disabled() {
		s.play.setDisabled(m.Steps == 0)
	}
	if s.redraw != nil {
		s.redraw()
	}
}

// SetAt moves the scrubber without calling OnScrub; -1 hides it.
func (s *EpisodeStrip) SetAt(step int) {
	if step = max(min(step, s.marks.Steps-1), -1); step != s.at {
		s.at = step
		s.showAt()
	}
}

// At is the step under the scrubber, -1: none.
func (s *EpisodeStrip) At() int { return s.at }

// SetPlaying shows the button to pause, or to play.
func (s *EpisodeStrip) SetPlaying(on bool) {
	if s.playing != on {
		s.playing = on
		icon := IconPlay
		if on {
			icon = IconPause
		}
		s.play.SetIcon(icon)
	}
}

func (s *EpisodeStrip) showAt() {
	if s.show != nil {
		s.show()
	}
}

func (s *EpisodeStrip) togglePlay() {
	if s.OnPlay != nil && s.marks.Steps > 0 {
		s.OnPlay()
	}
}

func (s *EpisodeStrip) scrub(step int) {
	step = max(min(step, s.marks.Steps-1), 0)
	if s.marks.Steps == 0 || step == s.at {
		return
	}
	s.SetAt(step)
	if s.OnScrub != nil {
		s.OnScrub(step)
	}
}

// look scrubs to the policy's next look, or to the one before.
func (s *EpisodeStrip) look(forward bool) {
	i, found := slices.BinarySearch(s.marks.Looks, s.at)
	switch {
	case !forward:
		i--
	case found:
		for i < len(s.marks.Looks) && s.marks.Looks[i] <= s.at {
			i++
		}
	}
	if i >= 0 && i < len(s.marks.Looks) {
		s.scrub(s.marks.Looks[i])
	}
}

// step is the one at a place, cut to those there are; -1 without any.
func (s *EpisodeStrip) step(x float32) int {
	if s.marks.Steps == 0 {
		return -1
	}
	each := max(s.Size().Width-stepLeft, 1) / float32(s.marks.Of)
	return max(min(int((x-stepLeft)/each), s.marks.Steps-1), 0)
}

// Tapped implements fyne.Tappable.
func (s *EpisodeStrip) Tapped(e *fyne.PointEvent) {
	focus(s)
	if e.Position.X >= stepLeft {
		s.scrub(s.step(e.Position.X))
	}
}

// Dragged implements fyne.Draggable.
func (s *EpisodeStrip) Dragged(e *fyne.DragEvent) { s.scrub(s.step(e.Position.X)) }

// DragEnd implements fyne.Draggable.
func (s *EpisodeStrip) DragEnd() {}

// MouseIn implements desktop.Hoverable.
func (s *EpisodeStrip) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *EpisodeStrip) MouseMoved(e *desktop.MouseEvent) {
	step := -1
	if e.Position.X >= stepLeft {
		step = s.step(e.Position.X)
	}
	s.hover(step)
}

// MouseOut implements desktop.Hoverable.
func (s *EpisodeStrip) MouseOut() { s.hover(-1) }

func (s *EpisodeStrip) hover(step int) {
	if step != s.hovered {
		s.hovered = step
		s.showAt()
	}
}

// reading says the step under the pointer, nil: none.
func (s *EpisodeStrip) reading() []string {
	if s.hovered < 0 || s.hovered >= s.marks.Steps {
		return nil
	}
	says := []string{fmt.Sprintf("step %d of %d", s.hovered, s.marks.Steps)}
	if _, looked := slices.BinarySearch(s.marks.Looks, s.hovered); looked {
		says = append(says, "the policy looked")
	}
	for _, l := range s.marks.Labels {
		if l.Step == s.hovered {
			says = append(says, l.Text)
		}
	}
	return []string{strings.Join(says, ", ")}
}

// FocusGained implements fyne.Focusable.
func (s *EpisodeStrip) FocusGained() { s.focused = true; s.showAt() }

// FocusLost implements fyne.Focusable.
func (s *EpisodeStrip) FocusLost() { s.focused = false; s.showAt() }

// TypedRune implements fyne.Focusable.
func (s *EpisodeStrip) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (s *EpisodeStrip) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		s.scrub(s.at - 1)
	case fyne.KeyRight:
		s.scrub(s.at + 1)
	case fyne.KeyHome:
		s.scrub(0)
	case fyne.KeyEnd:
		s.scrub(s.marks.Steps - 1)
	case fyne.KeyPageUp:
		s.look(false)
	case fyne.KeyPageDown:
		s.look(true)
	case fyne.KeySpace:
		s.togglePlay()
	}
}
