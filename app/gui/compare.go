package gui

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
	"winnow/pruning"
)

// comparison is the Compare view: up to four stacks on the picture and the question that it shares
// with Ask, in one run.
//
//	plan ─▶ Request with Methods and Compare ─▶ engine ─▶ events ─▶ trace.State ─▶ feed ─▶ show…
//
// compare_plan.go is what is asked for, _cards.go its controls; _maps.go, _overlap.go and _layers.go
// draw what was kept, _answers.go, _results.go and _table.go what came of it, _export.go writes it.
//
// Its parts lie over those of Ask in the same columns (see either); which of them are seen is
// setView's business. All fields belong to Fyne's thread.
type comparison struct {
	w *window

	plan plan
	hist history[plan]
	// open is the method that is unfolded: its stack and its place there; -1, -1: none.
	open [2]int

	// shown is the run in progress or the last one, or an opened trace; its state is nil before
	// there is one. asked are the stacks that it was asked with.
	shown snapshot
	asked []stack
	// at is the layer under the scrubber; follow moves it along with the run.
	at      int
	follow  bool
	playing context.CancelFunc
	// pointed is the map under the pointer, -1: none.
	pointed int
	drawn   comparedDrawn

	cards []*stackCard
	ui    comparedControls
}

const keyPlan = "compare"

func newComparison(w *window) *comparison {
	return &comparison{w: w, open: [2]int{-1, -1}, pointed: -1, follow: true, plan: parsePlan(w.app.Preferences().String(keyPlan))}
}

// state is the run shown where it is about the picture in the window, else an empty one.
func (c *comparison) state() *trace.State {
	if s := c.shown.state; s != nil && (s.Picture == nil || c.w.in != nil && (s.Picture.SHA256 == c.w.in.SHA256 || c.w.in.SHA256 == "")) {
		return s
	}
	return &trace.State{}
}

// model is what the model chosen said about itself in a run of either view; nil before.
func (c *comparison) model() *trace.Model {
	for _, s := range []*trace.State{c.shown.state, c.w.shown.state} {
		if s != nil && s.Model != nil && s.Request.Model == c.w.form.Model {
			return s.Model
		}
	}
	return nil
}

// edit changes the stacks through f, as one step of undo. Edits with the same key in quick
// succession are one step.
func (c *comparison) edit(key string, f func(*plan)) {
	before := c.plan.clone()
	after := c.plan.clone()
	f(&after)
	if !sameStacks(before.Stacks, after.Stacks) {
		c.hist.edited(before, key, c.w.now())
	}
	c.plan = after
	c.changed()
}

func (c *comparison) changed() {
	c.plan.Pair = validPair(c.plan.Pair, maxStacks)
	c.remember()
	c.showStacks()
	c.showButton()
	if c.shown.state == nil {
		c.showRun() // the maps' captions follow the stacks until there is a run
	}
}

func (c *comparison) undo() { c.back(c.hist.undo(c.plan.clone())) }
func (c *comparison) redo() { c.back(c.hist.redo(c.plan.clone())) }

func (c *comparison) back(p plan, ok bool) {
	if ok {
		c.plan.Stacks = p.clone().Stacks
		c.open = [2]int{-1, -1}
		c.changed()
	}
}

func (c *comparison) remember() {
	if b, err := json.Marshal(c.plan); err == nil {
		c.w.app.Preferences().SetString(keyPlan, string(b))
	}
}

// reset returns to the stacks of the first start, as one step of undo.
func (c *comparison) reset() {
	c.open = [2]int{-1, -1}
	c.edit("", func(p *plan) { *p = parsePlan("") })
}

// ask starts a comparison of what the stacks say. It says in place what is missing.
func (c *comparison) ask() {
	w := c.w
	if w.run != nil && w.run.compares {
		return
	}
	on := c.plan.on()
	why := ""
	for _, i := range on {
		if text := c.refusal(i); text != "" && why == "" {
			why = fmt.Sprintf("stack %s cannot run: %s", letter(slices.Index(on, i)), lower(text))
		}
	}
	in, ok := w.ready(why)
	switch {
	case !ok:
		return
	case len(on) == 0:
		w.ui.banner.Notice("No stack takes part: add one, or switch one on by its letter.",
			widgets.Action{Label: "Start with the methods", Do: func() { w.ui.banner.Dismiss(); c.reset() }})
		return
	}
	w.ui.banner.Dismiss()
	w.win.Canvas().Unfocus()
	c.begin(c.plan.request(w.form.request(in)))
}

// begin runs a request; a run of Ask's in progress ends.
func (c *comparison) begin(r trace.Request) {
	w := c.w
	if w.prepare != nil {
		w.prepare()
	}
	w.abandon()
	c.stopPlaying()
	w.stream(r, c.arrived).compares = true
	c.follow = true
	c.at = 0
	c.asked = c.plan.clone().Stacks
	c.shown = snapshot{state: &trace.State{Request: r, Running: true}}
	c.drawn = comparedDrawn{}
	c.showRun()
	c.showStacks()
}

// arrived shows a snapshot of the comparison in progress.
func (c *comparison) arrived(s snapshot) {
	w := c.w
	c.shown = s
	if s.done {
		if w.run.cancelled {
			s.state.Cancelled, s.state.Running = true, false
		}
		w.run = nil
	}
	if c.follow {
		c.at = latestCompared(s.state)
	}
	c.showRun()
	if !s.done {
		return
	}
	c.showStacks()
	w.showAsk()
	switch {
	case s.state.Error != "":
		w.ui.banner.Error(sentence(s.state.Error), widgets.Action{Label: "Restart and compare again", Do: func() {
			w.ui.banner.Dismiss()
			if w.listErr != nil {
				w.listEngine()
			}
			c.ask()
		}})
	case c.follow && !s.state.Cancelled && s.state.TotalMS < replayBelow && w.comparing():
		c.replay()
	}
}

// latestCompared is the layer that the side in progress has just computed, or the last one.
func latestCompared(s *trace.State) int {
	for _, d := range append([]*trace.Side{s.Dense}, s.Sides...) {
		if d != nil && d.Started && !d.Done {
			return max(len(d.Layers)-1, 0)
		}
	}
	return max(s.LayerCount()-1, 0)
}

// newPicture is called when another picture was chosen: what was compared is not about it.
func (c *comparison) newPicture() {
	c.stopPlaying()
	if s := c.shown.state; s != nil && (c.w.in == nil || s.Picture == nil || s.Picture.SHA256 != c.w.in.SHA256) {
		c.shown, c.asked = snapshot{}, nil
		c.at = 0
	}
	c.drawn = comparedDrawn{}
	c.showRun()
	c.showStacks()
}

// restore shows a run that was recorded in the view that it is for.
func (c *comparison) restore(o opened, s *trace.State, in *input) {
	w := c.w
	if len(s.Request.Stacks()) < 2 || s.Request.Sweep != nil {
		w.setView(viewAsk)
		w.restore(o, s, in)
		c.newPicture()
		return
	}
	w.setView(viewCompare)
	w.abandonOthers()
	w.cancel()
	w.run = nil
	c.shown, c.asked = snapshot{}, nil
	if in != nil {
		if s.Picture != nil {
			// The run is about this picture even where it carries a smaller copy of it.
			in.Name, in.SHA256 = s.Picture.Name, s.Picture.SHA256
		}
		w.setInput(in)
	} else {
		w.in, w.shown, w.drawn = nil, snapshot{}, drawn{}
		w.showRun()
	}
	w.form.Force = forcedOf(s.Request.Force)
	w.form.Question = s.Request.Question()
	w.form.Sampling = s.Request.Sampling
	if slices.ContainsFunc(w.models, func(m modelEntry) bool { return m.Name == s.Request.Model && m.Installed }) {
		w.form.Model = s.Request.Model
	}
	w.showForm()
	c.open = [2]int{-1, -1}
	c.edit("", func(p *plan) { p.Stacks = stacksOf(s.Request) })
	c.shown = snapshot{state: s, events: o.events, done: true}
	c.asked = c.plan.clone().Stacks
	c.at, c.follow = max(s.LayerCount()-1, 0), false
	c.drawn = comparedDrawn{}
	w.showInput()
	c.showRun()
	c.showStacks()
	missing := ""
	if in != nil && in.Grey {
		missing = "the trace carries no picture; the grey one has its size"
	}
	if s.Error != "" {
		w.ui.banner.Error(sentence(s.Error))
	} else {
		w.say(join(o.notice, missing))
	}
	w.ui.toast.Say("Opened the comparison in " + o.name)
}

// openInAsk carries a stack over to the other view, as a step of its undo.
func (c *comparison) openInAsk(methods []stage) {
	w := c.w
	w.edit("", func([]stage) []stage { return cloneStages(methods) })
	w.setView(viewAsk)
	w.ui.stack.show()
	w.ui.toast.Say("The stack is in Ask; Enter asks with it")
}

// typedKey gets the keys that no widget took while this view is in front; false hands them on.
func (c *comparison) typedKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeySpace:
		c.setPlaying(c.playing == nil)
	case fyne.KeyLeft:
		c.step(-1)
	case fyne.KeyRight:
		c.step(1)
	case fyne.KeyHome:
		c.step(-c.at)
	case fyne.KeyEnd:
		c.step(c.state().LayerCount())
	case fyne.KeyReturn, fyne.KeyEnter:
		c.ask()
	case fyne.KeyEscape:
		if c.w.ui.help != nil || c.w.run != nil || c.playing == nil {
			return false
		}
		c.stopPlaying()
	case fyne.KeyF1:
		return false
	}
	return true
}

// typedRune is typedKey for characters.
func (c *comparison) typedRune(r rune) bool {
	switch r {
	case 'o', 'O':
		c.setOverlap(!c.plan.Overlap)
	case '?', '1', '2', '3':
		return false
	}
	return true // the others are Ask's
}

// lower begins a sentence in the middle of another, unless it begins with a method's name.
func lower(text string) string {
	text = strings.TrimSuffix(text, ".")
	word, _, _ := strings.Cut(text, " ")
	if text == "" || slices.ContainsFunc(pruning.Answering(), func(i pruning.Info) bool { return i.Title == word }) {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}
