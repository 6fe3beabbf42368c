package gui

import (
	"context"
	"fmt"
	"image"
	"math"
	"time"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// setEnlarged shows a picture; a nil one of its type is none.
func setEnlarged(e *widgets.Enlarged, img *image.RGBA) {
	if img == nil {
		e.SetPicture(nil)
	} else {
		e.SetPicture(img)
	}
}

// steps is how many the run shown has, 0 before there is one.
func (d *drawing) steps() int {
	s := d.state()
	n := 0
	if s.Request.Draw != nil {
		n = s.Request.Draw.Steps
	}
	if s.Drawing != nil {
		n = s.Drawing.Steps
	}
	return min(max(n, 0), trace.MaxDrawSteps)
}

// stepSide is whose steps the strip shows: the pruned side's once it has begun.
func (d *drawing) stepSide() *trace.Side {
	if p := d.prunedSide(); p != nil && p.Started {
		return p
	}
	return d.state().Dense
}

// stepKinds are the marks of the kinds that a trace names.
var stepKinds = map[string]widgets.StepKind{
	trace.StepFull: widgets.StepFull, trace.StepToken: widgets.StepTokens,
	trace.StepSkip: widgets.StepSkipped, trace.StepLagrange: widgets.StepExtrapolated,
}

// showSteps writes how each step was made, and what was gone by.
func (d *drawing) showSteps() {
	u, s := &d.ui, d.state()
	x := d.stepSide()
	name, done := "", 0
	if x != nil {
		name, done = x.Name, len(x.Denoised)
	}
	n := d.steps()
	if d.shown.state == nil {
		n = d.form.Steps // none of them made yet
	}
	key := fmt.Sprint(name, done, n, s.Running, s.Ended, d.sideAt, d.shown.state == nil, s.Drawing != nil, d.w.look.Theme)
	if key == d.drawn.steps {
		d.showAt()
		return
	}
	d.drawn.steps = key
	rows, cols := s.Grid()
	marks, values := make([]widgets.StepMark, n), make([]float64, n)
	threshold, window := 0.0, []int(nil)
	for i := range values {
		values[i] = math.NaN()
	}
	if x != nil {
		for i, e := range x.Denoised {
			if i >= n {
				break
			}
			marks[i].Kind = stepKinds[e.Kind]
			if e.Kind == trace.StepToken && rows*cols > 0 {
				marks[i].Share = float64(e.Kept) / float64(rows*cols)
			}
			if e.Criterion != nil {
				values[i] = *e.Criterion
			}
			if e.Threshold != nil && !math.IsNaN(*e.Threshold) {
				threshold = *e.Threshold
			}
			if len(e.Window) == 2 {
				window = e.Window
			}
		}
	}
	title := "Steps: what was computed"
	switch {
	case x == nil:
	case x.Index < 0 && d.prunes():
		title = "Steps, dense"
	case x.Index >= 0:
		title = "Steps, " + d.prunedName()
	}
	u.strip.SetTitle(title)
	u.strip.SetSteps(marks)
	u.curve.SetTitle("Stability criterion: at or below the line a step may be skipped")
	u.curve.SetHint(d.curveHint(x))
	u.curve.SetValues(values, threshold, window)
	d.showAt()
}

// showPlanned follows the form until there is a run.
func (d *drawing) showPlanned() {
	if d.shown.state == nil {
		d.showRun()
	}
}

// curveHint says why there is no curve.
func (d *drawing) curveHint(x *trace.Side) string {
	switch {
	case d.shown.state == nil:
		return "What a method went by appears here, step by step; what counts is shaded."
	case !d.prunes():
		return "No method was on in this run."
	case d.state().Running && (x == nil || x.Index < 0):
		return "The dense picture is drawn first; it goes by nothing."
	case x != nil && x.Index >= 0 && len(x.Denoised) > 0:
		return d.prunedName() + " goes by no criterion that changes from step to step."
	}
	return "No criterion yet."
}

// showAt moves both scrubbers to the step looked at.
func (d *drawing) showAt() {
	at := d.at
	if d.stepSide() == nil {
		at = -1
	}
	d.ui.strip.SetPosition(at)
	d.ui.curve.SetPosition(at)
}

// seek shows another step.
func (d *drawing) seek(step int) {
	n := d.steps()
	if n == 0 || d.stepSide() == nil {
		d.showAt() // the scrubber goes again
		return
	}
	d.follow = false
	d.at = min(max(step, 0), n-1)
	d.showAt()
	d.showPictures()
	d.showTokens()
	d.w.showStatus()
}

func (d *drawing) step(by int) {
	d.stopPlaying()
	d.seek(d.at + by)
}

// A playback of all steps takes about playWhole, but no step longer or shorter than these.
const (
	playWhole                 = 6 * time.Second
	shortestStep, longestStep = 60 * time.Millisecond, playPause
)

// setPlaying plays the steps once, from the first where the scrubber stands at the last.
func (d *drawing) setPlaying(on bool) {
	d.stopPlaying()
	n := d.steps()
	if !on || n < 2 || d.stepSide() == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	d.playing = stop
	d.ui.strip.SetPlaying(true)
	if d.at >= n-1 {
		d.seek(0)
	}
	d.playOn(ctx, min(max(playWhole/time.Duration(n), shortestStep), longestStep))
}

func (d *drawing) playOn(ctx context.Context, pause time.Duration) {
	time.AfterFunc(pause, func() {
		d.w.do(func() {
			if ctx.Err() != nil || d.w.closed {
				return
			}
			d.seek(d.at + 1)
			if d.at >= d.steps()-1 {
				d.stopPlaying()
				return
			}
			d.playOn(ctx, pause)
		})
	})
}

func (d *drawing) stopPlaying() {
	if d.playing != nil {
		d.playing()
		d.playing = nil
		d.ui.strip.SetPlaying(false)
	}
}
