package gui

import (
	"slices"

	"winnow/pruning"
)

// shownParams are the parameters of a method that its card always shows, in this order and under
// these names; the others unfold. A method that is not here shows all.
var shownParams = map[string][][2]string{
	"sada":   {{"lagrange_term", "Lagrange order"}, {"max_interval", "Full step at least every"}, {"tokens", "Token-wise pruning"}},
	"cogvla": {{"max", "Kept in the first layers, at most"}, {"min", "Kept in the last layers, at least"}, {"average", "Average"}},
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

// buildStack makes the cards of the Draw view's methods.
func (d *drawing) buildStack() {
	d.ui.stack = cardStack{
		methods: func() []stage { return d.form.Methods },
		edit: func(key string, f func([]stage) []stage) {
			d.edit(key, func(form *sketchForm) { form.Methods = f(form.Methods) })
		},
		offered: denoising,
		heading: func(n int) string {
			switch n {
			case 0:
				return "Methods: none, the dense picture alone"
			case 1:
				return "Methods"
			}
			return "Methods, in the order they act"
		},
		shown: d.showConflict, popUp: d.w.popUp, single: true,
	}
	d.ui.stack.build()
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
	d.ui.stack.blame(text)
}
