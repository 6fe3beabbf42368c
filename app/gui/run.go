package gui

import (
	"context"
	"errors"
	"strings"
	"time"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// running is a run in progress.
type running struct {
	request trace.Request
	cancel  context.CancelFunc
	// compares: it belongs to the Compare view; draws: to the Draw view; acts: to the Robot view.
	compares, draws, acts bool
	// cancelled: the person ended it, and its last events are still to come.
	cancelled bool
	// goesOn: it was cancelled only to go on at once, with what the form says then.
	goesOn bool
	// live: it repeats the run shown, began then, for a change made at since.
	live         bool
	began, since time.Time
}

// ask starts a run of what the form says. It says in place what is missing.
func (w *window) ask() {
	if w.run != nil && !w.run.live {
		return
	}
	in, ok := w.ready(w.conflict())
	if !ok {
		return
	}
	w.ui.banner.Dismiss()
	w.stopPlaying()
	// Space and the arrows are for the timeline now, and no cursor blinks while time is measured.
	w.win.Canvas().Unfocus()
	w.begin(w.form.request(in))
}

// ready checks, for either view, that there is something to ask and somebody to ask; conflict is
// why its methods cannot run. It says in place what is missing. in is nil for a model of text.
func (w *window) ready(conflict string) (in *input, ok bool) {
	w.form.Question = strings.TrimSpace(w.ui.question.Text)
	w.remember()
	switch m := w.model(); {
	case w.form.Question == "":
		w.ui.banner.Notice("There is no question yet: type one, or choose one of those suggested.")
		w.win.Canvas().Focus(w.ui.question)
		return nil, false
	case w.in == nil && (m == nil || m.Vision):
		w.ui.banner.Notice("There is no picture yet: drop one anywhere, or choose a sample scene.",
			widgets.Action{Label: "Open a picture", Do: w.chooseFile})
		return nil, false
	case w.in != nil && w.in.Grey && (m == nil || m.Vision):
		w.ui.banner.Notice("The trace does not carry its picture, "+w.in.Name+": drop it here to ask about it again.",
			widgets.Action{Label: "Open it", Do: w.chooseFile})
		return nil, false
	case m != nil && !m.Installed:
		w.notInstalled(*m)
		return nil, false
	case conflict != "":
		w.ui.banner.Error(sentence(conflict))
		return nil, false
	}
	w.offerQuestions(false)
	if m := w.model(); m != nil && !m.Vision {
		return nil, true // it would refuse the picture
	}
	return w.in, true
}

// begin runs a request and shows it as it goes.
func (w *window) begin(r trace.Request) {
	if w.prepare != nil {
		w.prepare()
	}
	if w.run != nil {
		w.run.cancel()
	}
	w.keepRatios()
	w.stream(r, w.arrived).began = w.now()
	w.live.since, w.live.took = time.Time{}, 0
	w.follow, w.dense, w.words.on = true, false, false
	// The view changes at once, before the engine says anything.
	w.shown = snapshot{state: &trace.State{Request: r, Running: true}}
	w.drawn = drawn{}
	w.showRun()
}

// asks reports whether it is a run of the Ask view.
func (r *running) asks() bool { return r != nil && !r.compares && !r.draws && !r.acts }

// abandon ends the run in progress, of whichever view, without waiting for its last events.
func (w *window) abandon() {
	run := w.run
	if run == nil {
		return
	}
	run.cancel()
	w.run = nil
	ended := func(s *snapshot) bool {
		if s.state == nil || !s.state.Running {
			return false
		}
		c := s.state.Snapshot()
		c.Running, c.Cancelled = false, true
		s.state, s.done = c, true
		return true
	}
	switch {
	case run.draws:
		if ended(&w.draw.shown) {
			w.draw.showRun()
		}
	case run.acts:
		w.robot.standing = nil
		if ended(&w.robot.shown) {
			w.robot.showRun()
		}
	case run.compares:
		if ended(&w.cmp.shown) {
			w.cmp.drawn = comparedDrawn{}
			w.cmp.showRun()
		}
	case ended(&w.shown):
		w.drawn = drawn{}
		w.showRun()
	}
}

// abandonOthers ends a drawing or an acting run in progress, whose place another run takes.
func (w *window) abandonOthers() {
	if w.run != nil && (w.run.draws || w.run.acts) {
		w.abandon()
	}
}

// failure is the sentence for a run that ended badly without saying so in its events.
func failure(s *trace.State, err error, cancelled bool) string {
	switch {
	case s.Error != "" || cancelled:
		return ""
	case err != nil && !errors.Is(err, context.Canceled):
		return err.Error()
	case !s.Ended:
		return "the engine stopped before the run had ended; ask again, which starts it anew"
	}
	return ""
}

// arrived shows a snapshot of the run in progress.
func (w *window) arrived(s snapshot) {
	w.shown = s
	run := w.run
	if s.done {
		if run.cancelled {
			s.state.Cancelled, s.state.Running = true, false
		}
		w.run = nil
	}
	if w.follow {
		w.at = latestLayer(s.state)
	}
	if s.done {
		if run.live {
			w.live.took = w.now().Sub(run.since)
		}
		defer w.liveEnded(s.state)
	}
	w.showRun()
	switch {
	case s.done && s.state.Error != "":
		w.ui.banner.Error(sentence(s.state.Error), w.restart())
	case s.done && w.follow && !s.state.Cancelled && s.state.TotalMS < replayBelow && s.state.Pruned != nil:
		w.replay()
	}
}

// replayBelow is how long a run, in milliseconds, must take to be watched as it goes; a shorter one
// is played once when it is done.
const replayBelow = 1500

// latestLayer is the one that a run has just computed: of the pruned side once it has begun.
func latestLayer(s *trace.State) int {
	d := s.Pruned
	if d == nil || len(d.Layers) == 0 {
		d = s.Dense
	}
	if d == nil {
		return 0
	}
	return max(len(d.Layers)-1, 0)
}

// restart is the way on after a failure: the engine starts anew with the next run.
func (w *window) restart() widgets.Action {
	return widgets.Action{Label: "Restart and ask again", Do: func() {
		w.ui.banner.Dismiss()
		if w.listErr != nil {
			w.listEngine()
		}
		w.ask()
	}}
}

// cancel ends the run in progress.
func (w *window) cancel() {
	if w.run == nil || w.run.cancelled {
		return
	}
	w.run.cancelled = true
	w.run.cancel()
	w.showStatus()
	w.showAsk()
}

// prepareDelay lets a person click through samples without an encoding for each.
const prepareDelay = 250 * time.Millisecond

// prepareSoon has the engine load the model and encode the picture while the person still types.
func (w *window) prepareSoon() {
	if w.prepare != nil {
		w.prepare()
		w.prepare = nil
	}
	m := w.model()
	if w.run != nil || w.in == nil || w.in.Grey || w.closed || m != nil && (!m.Installed || !m.Vision) || len(w.models) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.prepare = cancel
	r := w.form.request(w.in)
	go func() {
		select {
		case <-ctx.Done():
		case <-time.After(prepareDelay):
			w.engine.Prepare(ctx, r)
		}
	}()
}
