package gui

import (
	"context"
	"slices"
	"strings"
	"time"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// What comes of a run while it goes, and edits that go into it.

// applyDelay lets a slider come to rest before a run in progress takes its value.
const applyDelay = 300 * time.Millisecond

// applySoon sends an edit into the run in progress once the hand is off it.
func (r *robot) applySoon() {
	r.stopApplying()
	if !r.live() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.applying = cancel
	time.AfterFunc(applyDelay, func() {
		r.w.do(func() {
			if ctx.Err() == nil && !r.w.closed {
				r.apply()
			}
		})
	})
}

func (r *robot) stopApplying() {
	if r.applying != nil {
		r.applying()
		r.applying = nil
	}
}

// apply lets the run in progress go on with what the form says now, where that is something else: it
// is paused, and goes on when it has ended.
func (r *robot) apply() {
	r.stopApplying()
	run := r.w.run
	if !r.live() || run.cancelled {
		return
	}
	r.form.Instruction = strings.TrimSpace(r.ui.instruction.Text)
	q, was := r.request(), run.request
	if q.Act.Instruction == was.Act.Instruction && q.Act.Episodes == was.Act.Episodes && slices.Equal(q.Act.Beside, was.Act.Beside) && slices.EqualFunc(q.Methods, was.Methods, sameSpec) {
		return
	}
	r.remember()
	run.goesOn = true
	r.w.cancel()
}

// arrived shows a snapshot of the run in progress.
func (r *robot) arrived(s snapshot) {
	w := r.w
	r.shown = s
	goesOn := false
	if s.done {
		run := w.run
		goesOn = run.goesOn
		if run.cancelled {
			s.state.Cancelled, s.state.Running = true, false
		}
		w.run = nil
		r.stopApplying()
		if stands(s.state) {
			r.standing = &run.request
		}
	}
	r.latest()
	r.showTask()
	if goesOn && r.goesOn() {
		r.run()
		return
	}
	r.showRun()
	w.tell(s.state, &r.noticed)
	if !s.done {
		return
	}
	w.showAsk()
	w.showMenus()
	if s.state.Error != "" {
		w.ui.banner.Error(sentence(s.state.Error), r.ways(s.state)...)
	}
}

// thinking: of the run, policies are being asked now or in a step or two, and their time is measured.
// Redrawing would take the processor from them, and not from each alike.
func thinking(s *trace.State, e trace.Event) bool {
	if _, ok := e.(trace.Thought); ok {
		return true
	}
	if len(s.Episodes) == 0 {
		return false
	}
	last := s.Episodes[len(s.Episodes)-1]
	t := last.ThoughtAt(trace.Pruned, len(last.Moves))
	if t == nil || last.Done != nil || len(t.Actions) < leastQuiet {
		return false // who is asked at every step is never waited for
	}
	return len(last.Moves)-t.Step >= len(t.Actions)-quietMoves
}

const (
	// quietMoves before a look nothing is redrawn any more: a redraw waits for actPause at most.
	quietMoves = 2
	leastQuiet = 2 * quietMoves
)

// stands: the run ended well, and the engine keeps its episode.
func stands(s *trace.State) bool {
	return s.Error == "" && s.Request.Act != nil && len(s.Episodes) > 0
}

// ways are what to do after a failure: the command that it names, another policy, or once more.
func (r *robot) ways(s *trace.State) []widgets.Action {
	acts := []widgets.Action{{Label: "Start anew", Do: func() {
		r.w.ui.banner.Dismiss()
		if r.w.listErr != nil {
			r.w.listEngine()
		}
		r.leave()
		r.run()
	}}}
	if command := commandIn(s.Error); command != "" {
		acts = append(acts, widgets.Action{Label: "Copy the command", Do: func() {
			r.w.app.Clipboard().SetContent(command)
			r.w.ui.toast.Say("The command is on the clipboard")
		}})
	} else if s.Acting == nil {
		acts = append(acts, widgets.Action{Label: "Choose a policy", Do: r.openModelMenu})
	}
	return acts
}

// commandIn is what an error's sentence says to run, between backquotes; empty where it says nothing.
func commandIn(text string) string {
	_, rest, _ := strings.Cut(text, "`winnow ")
	command, _, ok := strings.Cut(rest, "`")
	if !ok {
		return ""
	}
	return "winnow " + command
}
