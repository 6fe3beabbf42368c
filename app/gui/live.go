package gui

import (
	"strings"
	"time"

	"winnow/internal/trace"
)

// live repeats the run shown while the person forces tokens or moves the keep slider. The view
// keeps what it shows until the new run has something, stays at its layer, and plays nothing.
type live struct {
	// since is when the oldest change was made that no run has answered yet; zero: none waits.
	since time.Time
	// timer cuts a run short that takes longer than livePatience while a change waits.
	timer *time.Timer
	// took is how long the last change took from the hand to the answer; 0 after an ordinary run.
	took time.Duration
}

// livePatience is how long a run may go on after the slider has moved on: with a small model each
// value that the hand passes gets its answer, with a large one the old run ends.
const livePatience = 350 * time.Millisecond

// rerun repeats the run at once and ends the one in progress.
func (w *window) rerun() {
	if w.mayRerun() {
		w.note()
		w.beginLive()
	}
}

// rerunSoon repeats the run as soon as the one in progress is over or has had its time.
func (w *window) rerunSoon() {
	if !w.mayRerun() {
		return
	}
	w.note()
	if w.run == nil {
		w.beginLive()
		return
	}
	if w.live.timer != nil {
		return
	}
	wait := max(livePatience-w.now().Sub(w.run.began), 0)
	w.live.timer = time.AfterFunc(wait, func() {
		w.do(func() {
			w.live.timer = nil
			if !w.closed && !w.live.since.IsZero() && w.mayRerun() {
				w.beginLive()
			}
		})
	})
}

// note begins the clock of a change.
func (w *window) note() {
	if w.live.since.IsZero() {
		w.live.since = w.now()
	}
}

// mayRerun reports whether there is a run about this picture to repeat. A change that cannot be
// tried stays in the form for the next question.
func (w *window) mayRerun() bool {
	m := w.model()
	return w.fits() && len(w.state().Tokens) > 0 && !w.in.Grey && strings.TrimSpace(w.form.Question) != "" &&
		(m == nil || m.Installed && m.Vision) && (w.run == nil || w.run.asks()) && w.conflict() == ""
}

func (w *window) beginLive() {
	if w.run != nil {
		w.run.cancel()
		w.run = nil
	}
	if w.live.timer != nil {
		w.live.timer.Stop()
		w.live.timer = nil
	}
	if w.prepare != nil {
		w.prepare()
		w.prepare = nil
	}
	w.stopPlaying()
	w.ui.banner.Dismiss()
	run := w.stream(w.form.request(w.in), w.arrived)
	run.live, run.began, run.since = true, w.now(), w.live.since
	w.live.since = time.Time{}
	w.follow = false
	w.drawn.run++
	w.showAsk()
}

// liveEnded goes on with a change that came during the run.
func (w *window) liveEnded(s *trace.State) {
	if !w.live.since.IsZero() && !s.Cancelled && s.Error == "" {
		w.beginLive()
		return
	}
	w.live.since = time.Time{}
	if c := w.curve(); c != nil && s.Error == "" {
		c.failed = "" // what ended the curve may be over
	}
	w.sweepSoon()
}
