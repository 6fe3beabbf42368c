package gui

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// drawing is the Draw view: a prompt, drawn dense and pruned from the same noise, step by step.
//
//	form ─▶ Request with Draw ─▶ engine ─▶ events ─▶ trace.State ─▶ feed ─▶ show…
//
// draw_form.go is what is asked for, _left.go and _cards.go its controls, _model.go the menu of
// models. _middle.go shows the pictures, laid out by _layout.go, and _steps.go the strip of steps
// and the criterion; _images.go decodes what they show, _sides.go names whose it is. _results.go is
// the right column; _export.go writes files, _open.go reads them.
//
// Its parts lie over those of the other views in the same columns (views.go). All fields belong to
// Fyne's thread.
type drawing struct {
	w *window

	form sketchForm
	hist history[sketchForm]

	// shown is the run in progress or the last one, or an opened trace; its state is nil before
	// there is one.
	shown snapshot
	// at is the step under the scrubber; follow moves it along with the run.
	at     int
	follow bool
	// sideAt is the pruned side shown, of a run that has several.
	sideAt int
	// playing stops the playback; nil when it stands.
	playing context.CancelFunc
	images  imageCache
	// drawn says what the widgets hold: the run, and how far it is.
	drawn drawnKeys
	// noticed counts the run's notices that were shown.
	noticed int

	ui drawControls
}

const keyDraw = "draw"

func newDrawing(w *window) *drawing {
	return &drawing{w: w, follow: true, form: parseSketch(w.app.Preferences().String(keyDraw))}
}

func (d *drawing) remember() {
	if b, err := json.Marshal(d.form); err == nil {
		d.w.app.Preferences().SetString(keyDraw, string(b))
	}
}

// state is that of the run shown, an empty one before there is one.
func (d *drawing) state() *trace.State {
	if d.shown.state == nil {
		return &trace.State{}
	}
	return d.shown.state
}

// edit changes how is drawn through f, as one step of undo. Edits with the same key in quick
// succession are one step.
func (d *drawing) edit(key string, f func(*sketchForm)) {
	before, after := d.form.clone(), d.form.clone()
	f(&after)
	if before.same(after) {
		return
	}
	d.hist.edited(before, key, d.w.now())
	d.form = after
	d.remember()
	d.showConflict()
	d.showPlanned()
}

func (d *drawing) undo() { d.back(d.hist.undo(d.form.clone())) }
func (d *drawing) redo() { d.back(d.hist.redo(d.form.clone())) }

func (d *drawing) back(f sketchForm, ok bool) {
	if !ok {
		return
	}
	f = f.clone()
	f.Model, f.Folders, f.Prompt, f.Show, f.Split = d.form.Model, d.form.Folders, d.form.Prompt, d.form.Show, d.form.Split
	d.form = f
	d.showForm()
	d.showPlanned()
	d.remember()
}

// reset returns to how is drawn at the first start; prompt, model and pictures stay.
func (d *drawing) reset() {
	d.edit("", func(f *sketchForm) {
		n := defaultSketch()
		n.Model, n.Folders, n.Prompt = f.Model, f.Folders, f.Prompt
		*f = n
	})
	d.form.Show, d.form.Split = showBoth, 0.5
	d.showForm()
	d.showRun()
	d.remember()
}

// ask starts a drawing of what the form says. It says in place what is missing.
func (d *drawing) ask() {
	w := d.w
	if w.run != nil && w.run.draws {
		return
	}
	d.form.Prompt = strings.TrimSpace(d.ui.prompt.Text)
	d.remember()
	if d.form.Prompt == "" {
		w.ui.banner.Notice("There is no prompt yet: say what to draw, or choose one of those suggested.")
		w.win.Canvas().Focus(d.ui.prompt)
		return
	}
	if why := d.conflict(); why != "" {
		w.ui.banner.Error(sentence(why))
		return
	}
	w.ui.banner.Dismiss()
	w.win.Canvas().Unfocus() // Space and the arrows are for the steps now
	d.ui.suggestions.Hide()  // their room is the methods' until the prompt is changed
	d.begin(d.form.request(w.form.Device, w.form.Threads))
}

func (d *drawing) askOrCancel() {
	if run := d.w.run; run != nil && run.draws {
		d.w.cancel()
	} else {
		d.ask()
	}
}

// begin runs a request; a run of another view in progress ends.
func (d *drawing) begin(r trace.Request) {
	w := d.w
	if w.prepare != nil {
		w.prepare()
		w.prepare = nil
	}
	w.abandon()
	d.stopPlaying()
	w.stream(r, d.arrived).draws = true
	d.at, d.sideAt, d.follow, d.noticed = 0, 0, true, 0
	d.shown = snapshot{state: &trace.State{Request: r, Running: true}}
	d.images = imageCache{}
	d.drawn = drawnKeys{}
	d.showRun()
	w.showAsk()
}

// arrived shows a snapshot of the drawing in progress.
func (d *drawing) arrived(s snapshot) {
	w := d.w
	d.shown = s
	if s.done {
		if w.run.cancelled {
			s.state.Cancelled, s.state.Running = true, false
		}
		w.run = nil
	}
	if d.follow {
		d.at = latestStep(s.state)
	}
	d.showRun()
	w.tell(s.state, &d.noticed)
	if !s.done {
		return
	}
	w.showAsk()
	w.showMenus()
	if s.state.Error != "" {
		acts := []widgets.Action{d.restart()}
		if s.state.Model == nil { // it may be the model that is missing
			acts = append(acts, widgets.Action{Label: "Choose a model", Do: d.openModelMenu})
		}
		w.ui.banner.Error(sentence(s.state.Error), acts...)
	}
}

// restart is the way on after a failure: the engine starts anew with the next run.
func (d *drawing) restart() widgets.Action {
	return widgets.Action{Label: "Draw again", Do: func() {
		d.w.ui.banner.Dismiss()
		if d.w.listErr != nil {
			d.w.listEngine()
		}
		d.ask()
	}}
}

// latestStep is the step that the side in progress has just made, or the last one.
func latestStep(s *trace.State) int {
	d := s.Dense
	for _, x := range s.Sides {
		if x.Started && len(x.Denoised) > 0 {
			d = x
		}
	}
	if d == nil {
		return 0
	}
	return max(len(d.Denoised)-1, 0)
}

// newSeed draws another picture of the same prompt, next time.
func (d *drawing) newSeed() {
	d.edit("seed", func(f *sketchForm) { f.Seed = uint64(rand.IntN(1_000_000)) })
	d.showForm()
}

// typedKey gets the keys that no widget took while this view is in front; false hands them on.
func (d *drawing) typedKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeySpace:
		d.setPlaying(d.playing == nil)
	case fyne.KeyLeft:
		d.step(-1)
	case fyne.KeyRight:
		d.step(1)
	case fyne.KeyHome:
		d.step(-d.at)
	case fyne.KeyEnd:
		d.step(d.steps())
	case fyne.KeyReturn, fyne.KeyEnter:
		d.ask()
	case fyne.KeyEscape:
		if d.w.ui.help != nil || d.w.run != nil || d.playing == nil {
			return false
		}
		d.stopPlaying()
	case fyne.KeyF1:
		return false
	}
	return true // the others are Ask's
}

// typedRune is typedKey for characters.
func (d *drawing) typedRune(r rune) bool {
	switch r {
	case '1', '2', '3', '4':
		d.setShow(showNames[r-'1'])
	case 'n', 'N':
		d.newSeed()
	case '?':
		return false
	}
	return true
}
