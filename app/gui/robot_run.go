package gui

import (
	"slices"
	"strings"

	"winnow/internal/trace"
)

const (
	// viewSide is the side in pixels of the pictures for the person; a larger one takes longer to
	// paint than the policy to think where there is no graphics card.
	viewSide = 320
	// usualChunk is how many actions an answer has, until the policy has said it.
	usualChunk = 8
)

// live: a run of this view is in progress.
func (r *robot) live() bool { return r.w.run != nil && r.w.run.acts }

// submit is Enter in the instruction: a run in progress goes on with what is said now; without one
// it begins, or goes on.
func (r *robot) submit() {
	if r.live() {
		r.apply()
		return
	}
	r.run()
}

func (r *robot) runOrPause() {
	if r.live() {
		r.pause()
	} else {
		r.run()
	}
}

// pause ends the run where it stands; run goes on from there.
func (r *robot) pause() {
	r.stopApplying()
	if r.live() {
		r.w.run.goesOn = false
	}
	r.w.cancel()
	r.showRun()
}

// run begins what the form says, or goes on with the episode that stands in the middle.
func (r *robot) run() { r.begin(0) }

// look lets the policy look once more and carries out its chunk; the expert takes one step.
func (r *robot) look() { r.begin(r.untilLook()) }

// reset begins the same scene anew, and stops after its first step, which shows it.
func (r *robot) reset() {
	r.leave()
	r.begin(1)
}

// leave ends a run in progress and lets go of the episode: the next run begins one. What was recorded
// stays in view until then.
func (r *robot) leave() {
	r.stopApplying()
	if r.live() {
		r.w.abandon()
		r.w.showAsk()
	}
	r.standing = nil
}

// goesOn: the episode that stands is one of what the form says and not over, or it is and others are
// to follow.
func (r *robot) goesOn() bool {
	q := r.standing
	return q != nil && q.Model == r.model() && (scene{q.Act.Suite, q.Act.Task, q.Act.Seed}) == r.form.scene() &&
		(r.half() || len(r.state().Episodes) < r.form.Episodes)
}

// half: the last episode of the run shown is not over.
func (r *robot) half() bool {
	list := r.state().Episodes
	return len(list) > 0 && list[len(list)-1].Done == nil
}

// untilLook is how many steps are left of the chunk, or the steps of one.
func (r *robot) untilLook() int {
	if r.model() == trace.Expert {
		return 1
	}
	chunk := usualChunk
	if p := r.state().Acting.Player(trace.Pruned); p != nil && p.Chunk > 0 && r.goesOn() {
		chunk = p.Chunk
	}
	list := r.state().Episodes
	if !r.goesOn() || !r.half() {
		return chunk
	}
	e := list[len(list)-1]
	t := e.ThoughtAt(trace.Pruned, len(e.Moves))
	if t == nil || t.Instruction != "" && r.form.Instruction != r.standing.Act.Instruction {
		return chunk
	}
	if left := len(t.Actions) - (len(e.Moves) - t.Step); left > 0 && left < chunk {
		return left
	}
	return chunk
}

// begin runs for a number of steps, 0 until the episodes are over.
func (r *robot) begin(moves int) {
	w := r.w
	if r.live() {
		return
	}
	r.form.Instruction = strings.TrimSpace(r.ui.instruction.Text)
	r.remember()
	goesOn := r.goesOn()
	q := r.request()
	q.Act.Continue, q.Act.Moves = goesOn, moves
	if w.prepare != nil {
		w.prepare()
		w.prepare = nil
	}
	w.abandon()
	r.stopPlaying()
	w.ui.banner.Dismiss()
	w.win.Canvas().Unfocus() // Space and the arrows are for the robot now
	var before []trace.Event
	if goesOn {
		before = r.shown.events
		s := r.shown.state.Snapshot()
		s.Apply(trace.Started{Schema: s.Schema, Version: s.Version, Time: s.Time, Request: q})
		r.shown.state, r.shown.done = s, false
		r.since = measuredSince(append(slices.Clip(before), trace.Started{Request: q}))
	} else {
		r.shown = snapshot{state: &trace.State{Request: q, Running: true}}
		r.since, r.episode, r.at, r.noticed = moment{}, 0, 0, 0
	}
	r.standing, r.follow, r.drawn = nil, true, robotDrawn{}
	w.streamAfter(before, q, r.arrived).acts = true
	r.showTask()
	r.showRun()
	w.showAsk()
}

// request is what the form asks for, on the device chosen for all views.
func (r *robot) request() trace.Request {
	f := r.form
	return trace.Request{
		Model: r.model(), Device: r.w.form.Device, Threads: r.w.form.Threads, Methods: r.methods(),
		Act: &trace.Act{Suite: f.Suite, Task: f.Task, Instruction: f.Instruction, Episodes: f.Episodes, Seed: f.Seed, Beside: r.beside(), View: viewSide},
	}
}

// measuredSince is where the last change of methods or of the policies beside happened.
func measuredSince(events []trace.Event) (at moment) {
	var now trace.Request
	moves := moment{}
	for _, e := range events {
		switch e := e.(type) {
		case trace.Started:
			if was, a := now.Act, e.Request.Act; was != nil && a != nil && a.Continue {
				if !slices.EqualFunc(now.Methods, e.Request.Methods, sameSpec) || !slices.Equal(was.Beside, a.Beside) {
					at = moves
				}
			} else {
				at, moves = moment{}, moment{}
			}
			now = e.Request
		case trace.Moved:
			moves = moment{e.Episode, e.Step + 1}
		case trace.EpisodeStarted:
			moves = moment{e.Episode, 0}
		}
	}
	return at
}
