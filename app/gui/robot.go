package gui

import (
	"context"
	"encoding/json"
	"image"

	"fyne.io/fyne/v2"

	"winnow/app/engine"
	"winnow/internal/trace"
)

// robot is the Robot view: a policy or an expert carries out a task in the simulator, step by step.
//
//	form ─▶ Request with Act ─▶ engine ─▶ events ─▶ trace.State ─▶ feed ─▶ show…
//	         ▲ Continue                                │
//	         └ pause, step, another instruction ◀──────┘ the episode that stands
//
// robot_form.go is what is asked for; _left.go, _task.go, _model.go and _cards.go are its controls.
// _run.go runs, pauses, steps and goes on; _live.go takes what comes. _middle.go shows the cameras and
// _curves.go the next actions, laid out by _layout.go; _heat.go paints where the policy looks,
// _pictures.go decodes, _scrub.go is the strip and moves along it. _results.go and _routing.go are the
// right column, _status.go the foot of the window; _export.go writes files, _open.go reads them.
//
// Its parts lie over those of the other views in the same columns (views.go). All fields belong to
// Fyne's thread.
type robot struct {
	w *window

	form robotForm
	hist history[robotForm]
	// policies are what can act, as the engine lists them.
	policies []engine.ModelEntry

	// shown is the run in progress or the last one, or an opened trace; its state is nil before
	// there is one.
	shown snapshot
	// standing is the request of the run shown where the engine keeps its episode, which can go on; nil
	// where it does not.
	standing *trace.Request
	// since is where the policies and methods asked now began to be asked: what was measured before
	// is of others.
	since moment
	// episode and at are the step under the scrubber; follow moves it along with the run.
	episode, at int
	follow      bool
	// layer is the one whose mask is shown, -1: the last; camera, encoder and vector choose an
	// aggregation vector, vector -1: their mean.
	layer, camera, encoder, vector int
	// playing stops the playback; nil when it stands.
	playing context.CancelFunc
	// noticed counts the run's notices that were shown.
	noticed int
	// applying cancels the wait before an edit is sent into a run in progress.
	applying context.CancelFunc
	// writing cancels the export in progress; nil when there is none.
	writing context.CancelFunc
	written string // how far it is

	views viewCache
	drawn robotDrawn
	ui    robotControls
}

// moment is a step of an episode.
type moment struct{ episode, step int }

// robotDrawn says what the widgets hold, so that a snapshot redraws only what it changed.
type robotDrawn struct {
	heat    [2]string
	shot    [2]image.Image
	curves  string
	strip   string
	results string
	gate    string
	routing string
	looks   string
	mask    string
	tabs    []string // over the looks
	// lines is what the height of the right column depends on.
	lines string
}

const keyRobot = "robot"

func newRobot(w *window) *robot {
	return &robot{w: w, follow: true, layer: -1, vector: -1, form: parseRobot(w.app.Preferences().String(keyRobot))}
}

func (r *robot) remember() {
	if b, err := json.Marshal(r.form); err == nil {
		r.w.app.Preferences().SetString(keyRobot, string(b))
	}
}

// state is that of the run shown, an empty one before there is one.
func (r *robot) state() *trace.State {
	if r.shown.state == nil {
		return &trace.State{}
	}
	return r.shown.state
}

// now is the episode shown, nil before there is one.
func (r *robot) now() *trace.Episode {
	if e := r.state().Episodes; r.episode >= 0 && r.episode < len(e) {
		return e[r.episode]
	}
	return nil
}

// thought is a side's answer whose chunk the step shown is of, nil where there is none.
func (r *robot) thought(side string) *trace.Thought {
	if e := r.now(); e != nil {
		return e.ThoughtAt(side, r.at)
	}
	return nil
}

// edit changes what is asked for through f, as one step of undo. Edits with the same key in quick
// succession are one step.
func (r *robot) edit(key string, f func(*robotForm)) {
	before, after := r.form.clone(), r.form.clone()
	f(&after)
	if before.same(after) {
		return
	}
	r.hist.edited(before, key, r.w.now())
	r.form = after
	r.edited(before)
}

// edited brings up to date what depends on the form. An edit of the scene ends the episode; one of
// methods or of the policies beside goes into it.
func (r *robot) edited(before robotForm) {
	r.remember()
	if before.scene() != r.form.scene() {
		r.leave()
	} else {
		r.applySoon()
	}
	r.showTask()
	r.showPolicy()
	r.showRun()
}

func (r *robot) undo() { r.back(r.hist.undo(r.form.clone())) }
func (r *robot) redo() { r.back(r.hist.redo(r.form.clone())) }

func (r *robot) back(f robotForm, ok bool) {
	if !ok {
		return
	}
	before := r.form
	f = f.clone()
	f.Model, f.Folders, f.Instruction, f.Heat = before.Model, before.Folders, before.Instruction, before.Heat
	r.form = f
	r.showForm()
	r.edited(before)
}

// defaults returns to what is asked at the first start; model and instruction stay.
func (r *robot) defaults() {
	r.edit("", func(f *robotForm) {
		n := defaultRobot()
		n.Model, n.Folders, n.Instruction = f.Model, f.Folders, f.Instruction
		*f = n
	})
	r.form.Heat = heatBoth
	r.showForm()
	r.showRun()
	r.remember()
}

// typedKey gets the keys that no widget took while this view is in front; false hands them on.
func (r *robot) typedKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeySpace:
		r.space()
	case fyne.KeyReturn, fyne.KeyEnter:
		r.runOrPause()
	case fyne.KeyLeft:
		r.step(-1)
	case fyne.KeyRight:
		r.step(1)
	case fyne.KeyHome:
		r.seek(0)
	case fyne.KeyEnd:
		r.seek(r.steps() - 1)
	case fyne.KeyPageUp:
		r.showEpisode(r.episode - 1)
	case fyne.KeyPageDown:
		r.showEpisode(r.episode + 1)
	case fyne.KeyUp:
		r.chooseLayer(r.layerShown() - 1)
	case fyne.KeyDown:
		r.chooseLayer(r.layerShown() + 1)
	case fyne.KeyEscape:
		if r.w.ui.help != nil || r.w.run != nil || r.playing == nil {
			return false
		}
		r.stopPlaying()
	case fyne.KeyF1:
		return false
	}
	return true // the others are Ask's
}

// typedRune is typedKey for characters.
func (r *robot) typedRune(c rune) bool {
	switch c {
	case '.':
		r.look()
	case 'r', 'R':
		r.reset()
	case 'n', 'N':
		r.newScene()
	case 'h', 'H':
		r.nextHeat()
	case '?':
		return false
	}
	return true
}

// space pauses a run, plays one that is over, and begins or goes on otherwise.
func (r *robot) space() {
	switch {
	case r.live():
		r.pause()
	case r.shown.state != nil && !r.goesOn():
		r.setPlaying(r.playing == nil)
	default:
		r.run()
	}
}
