package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// stepAxis is what StepStrip and CriterionCurve share: a place for each denoising step, in the same
// columns where both are equally wide, and a scrubber that the mouse and the keyboard move.
type stepAxis struct {
	widget.BaseWidget
	// OnSeek is called when the person moves to another step.
	OnSeek func(step int)
	// OnPlay asks to play or to pause; whoever plays answers with SetPlaying.
	OnPlay func(play bool)

	self interface {
		fyne.Widget
		fyne.Focusable
	}
	n, position int // position -1: none
	playing     bool
	focused     bool
	show        func() // repaints the scrubber; nil until it is shown
}

// stepLeft is the room left of the steps: for the play button, and for the numbers of the curve.
const stepLeft = timelineLeft

// stepSpan is where step i of n lies in a width.
func stepSpan(i, n int, width float32) (x, w float32) {
	each := max(width-stepLeft, 1) / float32(max(n, 1))
	gap := float32(0)
	switch {
	case each >= 8:
		gap = 2
	case each >= 3:
		gap = 1
	}
	return stepLeft + float32(i)*each + gap/2, each - gap
}

func (a *stepAxis) setLength(n int) {
	a.n = n
	a.position = min(a.position, n-1)
}

// SetPosition moves the scrubber without calling OnSeek; -1 hides it.
func (a *stepAxis) SetPosition(step int) {
	step = max(min(step, a.n-1), -1)
	if step != a.position {
		a.position = step
		a.showScrubber()
	}
}

// At is the step under the scrubber, or -1.
func (a *stepAxis) At() int { return a.position }

func (a *stepAxis) showScrubber() {
	if a.show != nil {
		a.show()
	}
}

func (a *stepAxis) seek(step int) {
	step = max(min(step, a.n-1), 0)
	if a.n == 0 || step == a.position {
		return
	}
	a.SetPosition(step)
	if a.OnSeek != nil {
		a.OnSeek(step)
	}
}

func (a *stepAxis) seekTo(x float32) {
	if a.n > 0 {
		a.seek(int((x - stepLeft) / (max(a.Size().Width-stepLeft, 1) / float32(a.n))))
	}
}

func (a *stepAxis) togglePlay() {
	if a.OnPlay != nil && a.n > 0 {
		a.OnPlay(!a.playing)
	}
}

// Tapped implements fyne.Tappable.
func (a *stepAxis) Tapped(e *fyne.PointEvent) {
	focus(a.self)
	if e.Position.X >= stepLeft {
		a.seekTo(e.Position.X)
	}
}

// Dragged implements fyne.Draggable.
func (a *stepAxis) Dragged(e *fyne.DragEvent) { a.seekTo(max(e.Position.X, stepLeft)) }

// DragEnd implements fyne.Draggable.
func (a *stepAxis) DragEnd() {}

// FocusGained implements fyne.Focusable.
func (a *stepAxis) FocusGained() { a.focused = true; a.showScrubber() }

// FocusLost implements fyne.Focusable.
func (a *stepAxis) FocusLost() { a.focused = false; a.showScrubber() }

// TypedRune implements fyne.Focusable.
func (a *stepAxis) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (a *stepAxis) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		a.seek(a.position - 1)
	case fyne.KeyRight:
		a.seek(a.position + 1)
	case fyne.KeyHome:
		a.seek(0)
	case fyne.KeyEnd:
		a.seek(a.n - 1)
	case fyne.KeySpace:
		a.togglePlay()
	}
}

// placeScrubber puts the scrubber over its step, from one height to another.
func (a *stepAxis) placeScrubber(o *canvas.Rectangle, y0, y1 float32) {
	o.Hidden = a.position < 0 || a.position >= a.n
	if o.Hidden {
		return
	}
	x, w := stepSpan(a.position, a.n, a.Size().Width)
	thick := float32(2)
	if a.focused {
		thick = 4
	}
	place(o, x+(w-thick)/2, y0, thick, y1-y0)
}

// stepTicks numbers every fifth step, or as many as there is room for.
func stepTicks(n int, width, y float32) []label {
	if n == 0 || width <= stepLeft {
		return nil
	}
	every := 5
	x0, _ := stepSpan(0, n, width)
	x1, _ := stepSpan(1, n, width)
	for float32(every)*(x1-x0) < 5*theme.Inset {
		every *= 2
	}
	var out []label
	for i := 0; i < n; i += every {
		x, w := stepSpan(i, n, width)
		out = append(out, label{stepNumber(i), x + w/2, y, captionMono, theme.ColorFaint, fyne.TextAlignCenter})
	}
	return out
}
