package gui

import (
	"context"
	"slices"
	"time"

	"winnow/internal/trace"
)

// sweep computes the curve under the keep slider while nothing else runs: for some values of the
// first method's budget, how far the pruned model is from the dense one, and what it costs.
//
//	a run ends, the machine is idle ─▶ sweepSoon ─▶ Request.Sweep ─▶ points ─▶ the curve
//	a run begins, something is edited ─▶ stopSweep; what has come stays, the rest is asked later
type sweep struct {
	// curves are those of earlier questions and settings, newest last, at most maxCurves.
	curves []*curve
	// soon waits until the machine is idle.
	soon *time.Timer
	// job is what the engine works on, nil while it does not.
	job *sweepJob
}

type sweepJob struct {
	curve  *curve
	cancel context.CancelFunc
}

const (
	// sweepPoints over a parameter's range make a curve.
	sweepPoints = 12
	// maxPoints it has with the values at which the slider came to rest.
	maxPoints = 40
	maxCurves = 24
	// sweepIdle is how long nothing must have happened.
	sweepIdle = 700 * time.Millisecond
)

// curve is the one of what the form says now, an empty one where nothing of it is known.
func (w *window) curve() *curve {
	c, ok := sweepOf(w.form, w.in)
	if !ok {
		return nil
	}
	for _, have := range w.sweep.curves {
		if have.key == c.key {
			return have
		}
	}
	return c
}

// hold keeps a curve for later.
func (s *sweep) hold(c *curve) {
	if slices.Contains(s.curves, c) {
		return
	}
	s.curves = slices.DeleteFunc(s.curves, func(o *curve) bool { return o.key == c.key })
	s.curves = append(s.curves, c)
	if len(s.curves) > maxCurves {
		s.curves = s.curves[1:]
	}
}

// sweepSoon computes what is missing of the curve once nothing has happened for a moment.
func (w *window) sweepSoon() {
	if w.sweep.soon != nil {
		w.sweep.soon.Stop()
		w.sweep.soon = nil
	}
	c := w.curve()
	if c == nil || c.failed != "" || !w.maySweep() || !w.sweepable(c) {
		return
	}
	w.sweep.soon = time.AfterFunc(sweepIdle, func() {
		w.do(func() {
			w.sweep.soon = nil
			switch {
			case w.closed || w.sweep.job != nil:
			case w.run != nil || w.look.View != viewAsk:
				w.sweepSoon()
			default:
				w.beginSweep()
			}
		})
	})
}

// sweepable reports whether a curve lacks points.
func (w *window) sweepable(c *curve) bool {
	return len(c.missing("")) > 0 || len(c.values) < maxPoints && !slices.Contains(c.values, w.budgetNow())
}

// budgetNow is the value that the slider stands at.
func (w *window) budgetNow() string {
	at, p, ok := budget(w.form.Methods)
	if !ok {
		return ""
	}
	return valuesOf(w.form.Methods[at])[p.Name]
}

// maySweep: the dense answer to this question about this picture is known to work.
func (w *window) maySweep() bool {
	s := w.state()
	m := w.model()
	return !w.closed && w.fits() && s.Error == "" && !s.Cancelled && s.Request.Question() == w.form.Question &&
		s.Request.Model == w.form.Model && (m == nil || m.Installed && m.Vision) && w.conflict() == "" && !w.look.Flat
}

// beginSweep asks the engine for the points that are missing.
func (w *window) beginSweep() {
	c := w.curve()
	if c == nil || c.failed != "" || !w.maySweep() {
		return
	}
	now := w.budgetNow()
	if len(c.values) < maxPoints {
		c.values, c.points = c.with(now)
	}
	missing := c.missing(now)
	if len(missing) == 0 {
		return
	}
	w.sweep.hold(c)
	r := c.request
	r.Sweep = c.sweep(missing)
	ctx, cancel := context.WithCancel(context.Background())
	job := &sweepJob{c, cancel}
	w.sweep.job = job
	f := &feed{do: w.do, pause: framePause}
	f.show = func(s snapshot) {
		if !w.closed {
			w.swept(job, s)
		}
	}
	w.showCurveBelow()
	go func() {
		defer cancel()
		var events []trace.Event
		err := w.engine.Run(ctx, r, func(e trace.Event) {
			events = append(events, e)
			if _, ok := e.(trace.Point); ok {
				f.put(snapshot{events: events[:len(events):len(events)]})
			}
		})
		f.put(snapshot{events: events[:len(events):len(events)], done: true, err: err})
	}()
}

// swept takes what has come of a sweep; points count even where it has been stopped meanwhile.
func (w *window) swept(job *sweepJob, s snapshot) {
	c := job.curve
	if c.take(s.events) && len(c.head) == 0 {
		c.keepHead(s.events)
	}
	if s.done && w.sweep.job == job {
		w.sweep.job = nil
		defer w.sweepSoon() // the slider may have come to rest elsewhere
		switch {
		case s.err != nil:
			c.failed = s.err.Error()
		case len(c.missing("")) > 0:
			c.failed = "the engine ended the curve before its last point"
		}
	}
	w.showCurveBelow()
}

// recallSweep takes the curve of a sweep that was opened, whose values may be others than ours;
// false where the slider moves something else.
func (w *window) recallSweep(s *trace.State, events []trace.Event) bool {
	c, ok := sweepOf(w.form, w.in)
	swept := s.Request.Sweep
	if !ok || swept == nil || swept.Method != c.request.Sweep.Method || swept.Param != c.param.Name || len(s.Points) == 0 {
		return false
	}
	c.values = slices.Clone(swept.Values)
	c.points = make([]*trace.Point, len(c.values))
	if !c.take(events) {
		return false
	}
	c.keepHead(events)
	w.sweep.hold(c)
	return true
}

// stopSweep ends the engine's sweep at once.
func (w *window) stopSweep() {
	if w.sweep.soon != nil {
		w.sweep.soon.Stop()
		w.sweep.soon = nil
	}
	if job := w.sweep.job; job != nil {
		job.cancel()
		w.sweep.job = nil
		w.showCurveBelow()
	}
}
