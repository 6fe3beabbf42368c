package gui

import (
	"maps"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/app/gui/widgets"
	"winnow/pruning"
)

// shownParams are the parameters of a method that its card always shows, in this order and under
// these names; the others unfold. A method that is not here shows all.
var shownParams = map[string][][2]string{
	"sada": {{"lagrange_term", "Lagrange order"}, {"max_interval", "Full step at least every"}, {"tokens", "Token-wise pruning"}},
}

// orderedParams are a method's parameters with the shown ones first.
func orderedParams(name string) (params []pruning.Param, shown int, labels map[string]string) {
	params, labels = slices.Clone(pruning.Params(name)), map[string]string{}
	for _, s := range shownParams[name] {
		i := slices.IndexFunc(params, func(p pruning.Param) bool { return p.Name == s[0] })
		if i < shown {
			continue // the method has it no more
		}
		p := params[i]
		params = slices.Insert(slices.Delete(params, i, i+1), shown, p)
		labels[p.Name] = s[1]
		shown++
	}
	return params, shown, labels
}

// showMethods builds a card a method. Where only values or switches differ the cards stay, so that
// the keyboard stays where it is.
func (d *drawing) showMethods() {
	u := &d.ui
	same := len(d.cards) == len(d.form.Methods)
	for i := 0; same && i < len(d.cards); i++ {
		same = d.cards[i].Name() == d.form.Methods[i].Name
	}
	if same {
		for i, s := range d.form.Methods {
			d.cards[i].SetValues(valuesOf(s))
			d.cards[i].SetOn(!s.Off)
		}
	} else {
		d.cards, u.methods.Objects = nil, nil
		for i, s := range d.form.Methods {
			c := d.newCard(i, s)
			d.cards = append(d.cards, c)
			u.methods.Add(c)
		}
		u.methods.Refresh()
	}
	title := "Methods"
	switch len(d.form.Methods) {
	case 0:
		title = "Methods: none, the dense picture alone"
	case 1:
	default:
		title = "Methods, in the order they act"
	}
	u.methodsTitle.SetText(title)
	if len(d.notStacked()) == 0 {
		u.addMethod.Disable()
	} else {
		u.addMethod.Enable()
	}
	d.showConflict()
}

func (d *drawing) newCard(i int, s stage) *widgets.MethodCard {
	info := infoOf(s.Name)
	params, shown, labels := orderedParams(s.Name)
	order := 0
	if len(d.form.Methods) > 1 {
		order = i + 1
	}
	c := widgets.NewMethodCard(widgets.MethodCardOptions{
		Name: info.Name, Title: info.Title, Order: order, Provenance: string(info.Provenance),
		Removes: info.Removes, Needs: info.Needs, Params: params, Shown: shown, Labels: labels, Values: valuesOf(s),
	})
	c.SetOn(!s.Off)
	c.OnChanged = func(values map[string]string) {
		key := s.Name
		for name, v := range values {
			if valuesOf(d.form.Methods[i])[name] != v {
				key += " " + name
			}
		}
		d.edit(key, func(f *sketchForm) { f.Methods[i].Params = maps.Clone(values) })
	}
	c.OnToggled = func(on bool) {
		d.edit("", func(f *sketchForm) { f.Methods[i].Off = !on })
	}
	restack := func(g func([]stage) []stage) func() {
		return func() {
			d.edit("", func(f *sketchForm) { f.Methods = g(f.Methods) })
			d.showMethods()
		}
	}
	c.OnRemove = restack(func(st []stage) []stage { return slices.Delete(st, i, i+1) })
	if i > 0 {
		c.OnMoveUp = restack(func(st []stage) []stage { st[i-1], st[i] = st[i], st[i-1]; return st })
	}
	if i < len(d.form.Methods)-1 {
		c.OnMoveDown = restack(func(st []stage) []stage { st[i], st[i+1] = st[i+1], st[i]; return st })
	}
	return c
}

func (d *drawing) notStacked() []pruning.Info {
	return slices.DeleteFunc(denoising(), func(i pruning.Info) bool {
		return slices.ContainsFunc(d.form.Methods, func(s stage) bool { return s.Name == i.Name })
	})
}

func (d *drawing) openMethodMenu() {
	var items []*fyne.MenuItem
	for _, i := range d.notStacked() {
		items = append(items, fyne.NewMenuItem(i.Title+"  ·  "+string(i.Provenance), func() {
			d.edit("", func(f *sketchForm) { f.Methods = append(f.Methods, stage{Name: i.Name}) })
			d.showMethods()
		}))
	}
	d.w.popUp(d.ui.addMethod, items)
}

// conflict is why the methods cannot act together, empty where they can: what one alone has against
// the model only the engine knows.
func (d *drawing) conflict() string { return standInConflict(d.form.Methods) }

// showConflict says on the cards why methods cannot act together or, where they can, what the last
// run had against them.
func (d *drawing) showConflict() {
	text := d.conflict()
	if text == "" {
		text = d.state().Error
	}
	for i, c := range d.cards {
		if i >= len(d.form.Methods) {
			return // the cards are about to be built anew
		}
		info := infoOf(d.form.Methods[i].Name)
		if text != "" && !d.form.Methods[i].Off && (strings.Contains(text, info.Title) || strings.Contains(text, info.Name)) {
			c.SetError(sentence(text))
		} else {
			c.SetError("")
		}
	}
}
