package widgets

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// StepBlock is one generated word of a StepScrubber.
type StepBlock struct {
	Text string
	// Fraction is the height of its bar, 0 to 1: the share of cache entries kept at that step.
	Fraction float64
	// Marked is true where something was decided: the bar is in the accent.
	Marked bool
}

// StepScrubber walks through an answer word by word. Click or drag to seek; with the keyboard:
// left, right, Home, End, and Space to play. A long answer scrolls.
type StepScrubber struct {
	widget.BaseWidget
	// OnSeek is called when the person moves to another step.
	OnSeek func(step int)
	// OnPlay asks to play or to pause; whoever plays answers with SetPlaying.
	OnPlay func(play bool)
	// OnHover says which step the pointer is on; inside is false when it left.
	OnHover func(step int, inside bool)

	blocks   []StepBlock
	ends     []float32 // right edges, gap included
	position int       // -1: none
	playing  bool
	focused  bool
	hint     string
	unit     string
	play     *Button
	strip    *stepStrip
	foot     *canvas.Text
	scroll   *container.Scroll
}

var _ fyne.Focusable = (*StepScrubber)(nil)

// NewStepScrubber makes one without words.
func NewStepScrubber() *StepScrubber {
	s := &StepScrubber{position: -1, hint: "No words yet."}
	s.play = NewButton("", Outline, s.togglePlay)
	s.play.small = true
	s.play.SetIcon(IconPlay)
	s.strip = &stepStrip{s: s, hovered: -1, place: func() {}}
	s.strip.ExtendBaseWidget(s.strip)
	s.scroll = container.NewHScroll(s.strip)
	s.scroll.OnScrolled = func(fyne.Position) { s.strip.place() }
	s.foot = newText(captionMono)
	s.ExtendBaseWidget(s)
	return s
}

// SetHint is what it says without words.
func (s *StepScrubber) SetHint(text string) { s.hint = text; s.Refresh() }

// SetUnit says of what a fraction is, for the line that reads a step: of the cache entries masked.
func (s *StepScrubber) SetUnit(text string) {
	if s.unit != text {
		s.unit = text
		s.Refresh()
	}
}

// reading says the step under the pointer, else the current one.
func (s *StepScrubber) reading() string {
	i := s.strip.hovered
	if i < 0 || i >= len(s.blocks) {
		i = s.position
	}
	if i < 0 || i >= len(s.blocks) {
		return ""
	}
	b := s.blocks[i]
	text := fmt.Sprintf("step %d of %d  %s  %s", i+1, len(s.blocks), visible(b.Text), percent(b.Fraction))
	if s.unit != "" {
		text += " " + s.unit
	}
	return text
}

// SetBlocks replaces the words; a position beyond the last moves to the last.
func (s *StepScrubber) SetBlocks(blocks []StepBlock) {
	if slices.Equal(blocks, s.blocks) {
		return
	}
	s.blocks = slices.Clone(blocks)
	s.ends = s.ends[:0]
	x := float32(0)
	for _, b := range blocks {
		w := min(measure(visible(b.Text), caption).Width, 24*theme.Step) + 3*theme.Step
		x += max(w, 5*theme.Step) + stepGap
		s.ends = append(s.ends, x)
	}
	s.position = min(s.position, len(blocks)-1)
	s.Refresh()
}

// visible is a token as it can be seen: without the space before it, and never empty.
func visible(text string) string {
	t := strings.TrimSpace(text)
	switch {
	case t != "":
		return t
	case strings.Contains(text, "\n"):
		return "↵"
	}
	return "␣"
}

// SetPosition moves to a step without calling OnSeek and scrolls it into view; -1 marks none.
func (s *StepScrubber) SetPosition(step int) {
	step = max(min(step, len(s.blocks)-1), -1)
	if step != s.position {
		s.position = step
		s.reveal()
		s.strip.place()
	}
}

// At is the current step, or -1.
func (s *StepScrubber) At() int { return s.position }

// SetPlaying shows the button to pause, or to play.
func (s *StepScrubber) SetPlaying(on bool) {
	if s.playing != on {
		s.playing = on
		icon := IconPlay
		if on {
			icon = IconPause
		}
		s.play.SetIcon(icon)
	}
}

// Playing says what the button shows.
func (s *StepScrubber) Playing() bool { return s.playing }

func (s *StepScrubber) togglePlay() {
	if s.OnPlay != nil && len(s.blocks) > 0 {
		s.OnPlay(!s.playing)
	}
}

func (s *StepScrubber) seek(step int) {
	step = max(min(step, len(s.blocks)-1), 0)
	if len(s.blocks) == 0 || step == s.position {
		return
	}
	s.SetPosition(step)
	if s.OnSeek != nil {
		s.OnSeek(step)
	}
}

// reveal scrolls as little as shows the current step whole.
func (s *StepScrubber) reveal() {
	if s.position < 0 || s.position >= len(s.ends) {
		return
	}
	x0, x1 := s.span(s.position)
	view := s.scroll.Size().Width
	if view <= stepGap { // not laid out
		return
	}
	at := s.scroll.Offset.X
	if x0 < at {
		at = x0
	} else if x1 > at+view {
		at = x1 - view
	}
	if at != s.scroll.Offset.X {
		s.scroll.ScrollToOffset(fyne.NewPos(at, 0))
	}
}

// span is where a block lies in the strip.
func (s *StepScrubber) span(i int) (x0, x1 float32) {
	if i > 0 {
		x0 = s.ends[i-1]
	}
	return x0, s.ends[i] - stepGap
}

// at is the block at a place in the strip, -1 beyond the last.
func (s *StepScrubber) at(x float32) int {
	i, _ := slices.BinarySearchFunc(s.ends, x, func(end, x float32) int {
		if end <= x {
			return -1
		}
		return 1
	})
	if x < 0 || i >= len(s.ends) {
		return -1
	}
	return i
}

// FocusGained implements fyne.Focusable.
func (s *StepScrubber) FocusGained() { s.focused = true; s.strip.place() }

// FocusLost implements fyne.Focusable.
func (s *StepScrubber) FocusLost() { s.focused = false; s.strip.place() }

// TypedRune implements fyne.Focusable.
func (s *StepScrubber) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (s *StepScrubber) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		s.seek(s.position - 1)
	case fyne.KeyRight:
		s.seek(s.position + 1)
	case fyne.KeyHome:
		s.seek(0)
	case fyne.KeyEnd:
		s.seek(len(s.blocks) - 1)
	case fyne.KeySpace:
		s.togglePlay()
	}
}

const (
	stepGap  = 2
	stepBar  = 7 * theme.Step         // height of a full bar
	stepHigh = stepBar + 8*theme.Step // bars, words and a scroll bar
	stepFoot = 4 * theme.Step
)

// CreateRenderer implements fyne.Widget.
func (s *StepScrubber) CreateRenderer() fyne.WidgetRenderer {
	hint := newText(caption)
	const button = 8 * theme.Step
	r := &renderer{
		objects: func() []fyne.CanvasObject { return []fyne.CanvasObject{s.play, s.scroll, s.foot, hint} },
		min:     func() fyne.Size { return fyne.NewSize(60*theme.Step, stepHigh+stepFoot) },
		layout: func(size fyne.Size) {
			place(s.play, 0, (stepBar+6*theme.Step-button)/2, button, button)
			place(s.scroll, button+theme.Gap, 0, size.Width-button-theme.Gap, size.Height-stepFoot)
			place(s.foot, button+theme.Gap, size.Height-stepFoot, size.Width-button-theme.Gap, stepFoot)
			m := hint.MinSize()
			place(hint, button+theme.Inset, (stepBar+6*theme.Step-m.Height)/2, m.Width, m.Height)
			s.reveal()
			s.strip.place()
		},
	}
	r.refresh = func() {
		hint.Text, hint.Color, hint.Hidden = s.hint, tint(s, theme.ColorFaint), len(s.blocks) > 0
		hint.Refresh()
		if len(s.blocks) == 0 {
			s.play.Disable()
		} else {
			s.play.Enable()
		}
		s.strip.Refresh()
		s.scroll.Refresh()
		r.layout(s.Size())
	}
	r.refresh()
	return r
}
