package gui

import (
	"slices"

	"winnow/pruning"
)

// edits is what undo goes back to: the methods, and the tokens forced by hand.
type edits struct {
	Methods []stage
	Force   []forced
}

// edits is a copy of what can be undone.
func (f form) edits() edits { return edits{cloneStages(f.Methods), slices.Clone(f.Force)} }

func (e edits) same(as edits) bool {
	return sameStages(e.Methods, as.Methods) && slices.Equal(e.Force, as.Force)
}

// edit changes the method stack through f, as one step of undo. Edits with the same key in quick
// succession are one step.
func (w *window) edit(key string, f func([]stage) []stage) {
	w.editBoth(key, func(e *edits) { e.Methods = f(e.Methods) })
}

// editBoth changes methods or forced tokens; false where nothing came out different.
func (w *window) editBoth(key string, f func(*edits)) bool {
	before, after := w.form.edits(), w.form.edits()
	f(&after)
	if before.same(after) {
		return false
	}
	w.hist.edited(before, key, w.now())
	w.form.Methods, w.form.Force = after.Methods, after.Force
	w.edited(before)
	w.remember()
	return true
}

func (w *window) undo() {
	switch {
	case w.comparing():
		w.cmp.undo()
		return
	case w.inDraw():
		w.draw.undo()
		return
	case w.inRobot():
		w.robot.undo()
		return
	}
	w.restoreEdits(w.hist.undo(w.form.edits()))
}

func (w *window) redo() {
	switch {
	case w.comparing():
		w.cmp.redo()
		return
	case w.inDraw():
		w.draw.redo()
		return
	case w.inRobot():
		w.robot.redo()
		return
	}
	w.restoreEdits(w.hist.redo(w.form.edits()))
}

func (w *window) restoreEdits(e edits, ok bool) {
	if !ok {
		return
	}
	before := w.form.edits()
	w.form.Methods, w.form.Force = cloneStages(e.Methods), slices.Clone(e.Force)
	w.ui.stack.show()
	w.edited(before)
	w.remember()
	if !slices.EqualFunc(before.Force, e.Force, sameForced) {
		w.rerun()
	}
}

// edited brings up to date what depends on methods and forced tokens.
func (w *window) edited(before edits) {
	w.showAsk()
	w.showForced()
	if !sameStages(before.Methods, w.form.Methods) {
		w.showConflict()
		w.showKeep()
	}
	w.stopSweep()
	w.sweepSoon()
}

// buildStack makes the cards of the Ask view's methods.
func (w *window) buildStack() {
	w.ui.stack = cardStack{
		methods: func() []stage { return w.form.Methods }, edit: w.edit, offered: pruning.Answering,
		heading: func(n int) string {
			if n == 0 {
				return "Methods: none, the dense run alone"
			}
			return "Methods, in the order they act"
		},
		shown: func() {
			w.showConflict()
			w.showKeep()
		},
		popUp: w.popUp,
	}
	w.ui.stack.build()
}
