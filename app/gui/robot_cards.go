package gui

import (
	"slices"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// The cards of the policy and of its methods.

// buildStack makes the cards of the methods that act on policies.
func (r *robot) buildStack() {
	u := &r.ui
	u.stackNote = widgets.NewNote("")
	u.stack = cardStack{
		methods: func() []stage { return r.form.Methods },
		edit: func(key string, f func([]stage) []stage) {
			r.edit(key, func(form *robotForm) { form.Methods = f(form.Methods) })
		},
		offered: acting,
		heading: func(n int) string {
			switch {
			case !r.routed():
				return "Methods: none acts on this policy"
			case n == 0:
				return "Methods: none, every layer computes all tokens"
			}
			return "Methods"
		},
		shown: r.showBlame, popUp: r.w.popUp, single: true,
	}
	u.stack.build()
}

// showBlame says on the cards what the last run had against their methods, and what they do at their
// defaults.
func (r *robot) showBlame() {
	r.ui.stack.blame(r.state().Error)
	text := ""
	if list := specs(r.form.Methods); r.routed() && len(list) > 0 && len(list[0].Params) == 0 {
		text = "As it stands here, the schedule acts that the policy was trained with."
	}
	if r.ui.stackNote.Text() != text {
		r.ui.stackNote.SetText(text)
		r.ui.column.Refresh()
	}
}

func (r *robot) buildPolicy() fyne.CanvasObject {
	u := &r.ui
	u.variant = widgets.NewTabs([]string{""}, func(i int) {
		if i < len(u.variants) {
			r.chooseModel(u.variants[i])
		}
	})
	u.policyNote = widgets.NewNote("")
	u.besides, u.ticks = vbox(theme.Step), map[string]*tick{}
	return widgets.NewPanel(vbox(theme.Gap, u.variant, u.policyNote, u.besides))
}

// choices are the policies of the control: the built-in ones, then the one chosen where it is none of
// them, else the expert.
func (r *robot) choices() (models, labels []string) {
	for _, v := range variants {
		if m := r.listed(v.model); m != nil && m.Installed {
			models, labels = append(models, v.model), append(labels, v.label)
		}
	}
	other, label := trace.Expert, "expert"
	if m := r.model(); !slices.Contains(models, m) && m != trace.Expert {
		other, label = m, short(r.titleOf(m), 12)
	}
	return append(models, other), append(labels, label)
}

// besideTexts say whom the ticks ask.
var besideTexts = map[string]string{policyDense: "Also ask the dense policy", policyDiscrete: "Also ask the autoregressive one"}

// showPolicy writes who acts into the controls.
func (r *robot) showPolicy() {
	u := &r.ui
	if u.variant == nil || u.run == nil {
		return // while the window is built
	}
	models, labels := r.choices()
	u.variants = models
	u.variant.SetOptions(labels)
	u.variant.SetSelected(slices.Index(models, r.model()))
	note := ""
	switch {
	case !r.learned():
		note = "No learned policy is here: the scripted expert acts, which reads the whole state and sees no picture. Choose a checkpoint's folder above to see a policy look."
	case r.model() == trace.Expert:
		note = "The scripted expert reads the whole state and sees no picture."
	case r.listed(r.model()) != nil:
		note = sentenceOrNone(r.listed(r.model()).Note)
	}
	u.policyNote.SetText(note)
	list := r.besides()
	u.besides.Objects = nil
	for _, name := range list {
		if u.ticks[name] == nil {
			u.ticks[name] = newTick(besideTexts[name], func(on bool) { r.setBeside(name, on) })
		}
		u.ticks[name].set(!slices.Contains(r.form.Without, name))
		u.besides.Add(u.ticks[name])
	}
	for _, o := range []struct {
		object fyne.CanvasObject
		on     bool
	}{{u.policyNote, note != ""}, {u.besides, len(list) > 0}, {u.stack.box, r.routed()}, {u.stack.add, r.routed() && len(u.stack.notStacked()) > 0}} {
		if o.on {
			o.object.Show()
		} else {
			o.object.Hide()
		}
	}
	u.stack.show()
	u.besides.Refresh()
	u.column.Refresh()
}

func sentenceOrNone(text string) string {
	if text == "" {
		return ""
	}
	return sentence(text)
}
