package gui

import (
	"maps"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/app/gui/widgets"
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
	}
	w.restoreEdits(w.hist.redo(w.form.edits()))
}

func (w *window) restoreEdits(e edits, ok bool) {
	if !ok {
		return
	}
	before := w.form.edits()
	w.form.Methods, w.form.Force = cloneStages(e.Methods), slices.Clone(e.Force)
	w.showMethods()
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

// showMethods builds a card a method. Where only values or switches differ the cards stay, so that
// the keyboard stays where it is.
func (w *window) showMethods() {
	u := &w.ui
	same := len(u.cards) == len(w.form.Methods)
	for i := 0; same && i < len(u.cards); i++ {
		same = u.cards[i].Name() == w.form.Methods[i].Name
	}
	if same {
		for i, s := range w.form.Methods {
			u.cards[i].SetValues(valuesOf(s))
			u.cards[i].SetOn(!s.Off)
		}
	} else {
		u.cards, u.methods.Objects = nil, nil
		for i, s := range w.form.Methods {
			c := w.newCard(i, s)
			u.cards = append(u.cards, c)
			u.methods.Add(c)
		}
		u.methods.Refresh()
	}
	title := "Methods, in the order they act"
	if len(w.form.Methods) == 0 {
		title = "Methods: none, the dense run alone"
	}
	u.methodsTitle.SetText(title)
	w.showConflict()
	w.showKeep()
	if len(w.notStacked()) == 0 {
		u.addMethod.Disable()
	} else {
		u.addMethod.Enable()
	}
}

// valuesOf gives every parameter its value.
func valuesOf(s stage) map[string]string {
	out := map[string]string{}
	for _, p := range pruning.Params(s.Name) {
		out[p.Name] = p.Default
	}
	maps.Copy(out, s.Params)
	return out
}

func infoOf(name string) pruning.Info {
	for _, i := range pruning.Infos() {
		if i.Name == name {
			return i
		}
	}
	return pruning.Info{Name: name, Title: name}
}

func (w *window) newCard(i int, s stage) *widgets.MethodCard {
	info := infoOf(s.Name)
	c := widgets.NewMethodCard(widgets.MethodCardOptions{
		Name: info.Name, Title: info.Title, Order: i + 1, Provenance: string(info.Provenance),
		Removes: info.Removes, Needs: info.Needs,
		Params: pruning.Params(s.Name), Values: valuesOf(s),
	})
	c.SetOn(!s.Off)
	c.OnChanged = func(values map[string]string) {
		key := s.Name
		for name, v := range values {
			if valuesOf(w.form.Methods[i])[name] != v {
				key += " " + name
			}
		}
		w.edit(key, func(st []stage) []stage { st[i].Params = maps.Clone(values); return st })
	}
	c.OnToggled = func(on bool) {
		w.edit("", func(st []stage) []stage { st[i].Off = !on; return st })
	}
	restack := func(f func([]stage) []stage) func() {
		return func() {
			w.edit("", f)
			w.showMethods()
		}
	}
	c.OnRemove = restack(func(st []stage) []stage { return slices.Delete(st, i, i+1) })
	if i > 0 {
		c.OnMoveUp = restack(func(st []stage) []stage { st[i-1], st[i] = st[i], st[i-1]; return st })
	}
	if i < len(w.form.Methods)-1 {
		c.OnMoveDown = restack(func(st []stage) []stage { st[i], st[i+1] = st[i+1], st[i]; return st })
	}
	return c
}

// notStacked are the methods that can still be added: one twice would claim the same thing twice.
func (w *window) notStacked() []pruning.Info {
	return slices.DeleteFunc(pruning.Answering(), func(i pruning.Info) bool {
		return slices.ContainsFunc(w.form.Methods, func(s stage) bool { return s.Name == i.Name })
	})
}

func (w *window) openMethodMenu() {
	var items []*fyne.MenuItem
	for _, i := range w.notStacked() {
		items = append(items, fyne.NewMenuItem(i.Title+"  ·  "+string(i.Provenance), func() { w.addStage(i.Name) }))
	}
	w.popUp(w.ui.addMethod, items)
}

func (w *window) addStage(name string) {
	w.edit("", func(st []stage) []stage { return append(st, stage{Name: name}) })
	w.showMethods()
}

// blameMethods shows an error on the cards of the methods that it names.
func (w *window) blameMethods(text string) {
	for i, c := range w.ui.cards {
		if i >= len(w.form.Methods) {
			return // the cards are about to be built anew
		}
		info := infoOf(w.form.Methods[i].Name)
		if text != "" && !w.form.Methods[i].Off && (strings.Contains(text, info.Title) || strings.Contains(text, info.Name)) {
			c.SetError(text)
		} else {
			c.SetError("")
		}
	}
}
