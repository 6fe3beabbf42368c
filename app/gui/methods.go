package gui

import (
	"maps"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/app/gui/widgets"
	"winnow/pruning"
)

// edit changes the method stack through f, as one step of undo. Edits with the same key in quick
// succession are one step.
func (w *window) edit(key string, f func([]stage) []stage) {
	before := cloneStages(w.form.Methods)
	after := f(cloneStages(before))
	if sameStages(before, after) {
		return
	}
	w.hist.edited(before, key, w.now())
	w.form.Methods = after
	w.remember()
	w.showAsk()
}

func (w *window) undo() { w.restoreStages(w.hist.undo(w.form.Methods)) }
func (w *window) redo() { w.restoreStages(w.hist.redo(w.form.Methods)) }

func (w *window) restoreStages(s []stage, ok bool) {
	if !ok {
		return
	}
	w.form.Methods = cloneStages(s)
	w.showMethods()
	w.showAsk()
	w.remember()
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
		Name: info.Name, Title: info.Title, Provenance: string(info.Provenance),
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
	return slices.DeleteFunc(pruning.Infos(), func(i pruning.Info) bool {
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

// blameMethods shows an error of a run on the cards of the methods that it names.
func (w *window) blameMethods(text string) {
	for i, c := range w.ui.cards {
		info := infoOf(w.form.Methods[i].Name)
		if text != "" && (strings.Contains(text, info.Title) || strings.Contains(text, info.Name)) {
			c.SetError(text)
		} else {
			c.SetError("")
		}
	}
}
