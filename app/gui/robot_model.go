package gui

import (
	"maps"
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"

	"winnow/app/engine"
	"winnow/internal/trace"
)

// The built-in policies, as the engine names them. All are trained on the same episodes.
const (
	policyDense    = "robot-dense"
	policyStage1   = "robot-stage1"
	policyCogVLA   = "robot-cogvla"
	policyDiscrete = "robot-autoregressive"
)

// variants are the built-in policies that the control offers, with the words on it.
var variants = []struct{ model, label string }{{policyDense, "dense"}, {policyStage1, "stage 1"}, {policyCogVLA, "CogVLA"}}

// list takes what the engine lists.
func (r *robot) list(models []engine.ModelEntry) {
	r.policies = slices.DeleteFunc(slices.Clone(models), func(m engine.ModelEntry) bool { return !m.Acts })
	r.showPolicy()
	r.showRun()
}

// listed is a policy known by name; nil for a folder.
func (r *robot) listed(name string) *engine.ModelEntry {
	for i := range r.policies {
		if r.policies[i].Name == name {
			return &r.policies[i]
		}
	}
	return nil
}

// model is the policy that acts: the one chosen, else the sparsest built-in one, else the expert.
func (r *robot) model() string {
	if r.form.Model != "" {
		return r.form.Model
	}
	for _, name := range []string{policyCogVLA, policyStage1, policyDense} {
		if m := r.listed(name); m != nil && m.Installed {
			return name
		}
	}
	return trace.Expert
}

// learned reports whether any policy was trained; without one only the expert can act.
func (r *robot) learned() bool {
	return r.model() != trace.Expert || slices.ContainsFunc(r.policies, func(m engine.ModelEntry) bool { return m.Name != trace.Expert && m.Installed })
}

// titleOf names a policy.
func (r *robot) titleOf(name string) string {
	if m := r.listed(name); m != nil && m.Title != "" {
		return m.Title
	}
	if name == trace.Expert {
		return "Scripted expert"
	}
	return filepath.Base(name)
}

func (r *robot) modelTitle() string {
	name := r.model()
	title := r.titleOf(name)
	if m := r.listed(name); m != nil && m.BuiltIn && name != trace.Expert {
		title += " · built in"
	}
	return title
}

// routed: the policy may have routers, on which methods act. Of the built-in ones only CogVLA has
// them; of a folder the engine knows.
func (r *robot) routed() bool {
	switch r.model() {
	case trace.Expert, policyDense, policyStage1, policyDiscrete:
		return false
	}
	return true
}

// methods are those that the request has.
func (r *robot) methods() []trace.Spec {
	if !r.routed() {
		return nil
	}
	return specs(r.form.Methods)
}

// besides are the policies that can be asked beside the acting one. They were trained for the robots
// here, as the built-in ones; a folder's may be for another, and is compared with itself.
func (r *robot) besides() []string {
	if m := r.listed(r.model()); m == nil || m.Name == trace.Expert {
		return nil
	}
	var out []string
	for _, name := range []string{policyDense, policyDiscrete} {
		if m := r.listed(name); m != nil && m.Installed && r.model() != name {
			out = append(out, name)
		}
	}
	return out
}

// beside are those that are asked.
func (r *robot) beside() []string {
	return slices.DeleteFunc(r.besides(), func(name string) bool { return slices.Contains(r.form.Without, name) })
}

// setBeside asks a policy beside the acting one, or no more.
func (r *robot) setBeside(name string, on bool) {
	r.edit("", func(f *robotForm) {
		f.Without = slices.DeleteFunc(slices.Clone(f.Without), func(s string) bool { return s == name })
		if !on {
			f.Without = append(f.Without, name)
		}
	})
}

func sameSpec(a, b trace.Spec) bool { return a.Name == b.Name && maps.Equal(a.Params, b.Params) }

// openModelMenu lists what can act: the built-in policies, the expert, folders chosen before, another.
func (r *robot) openModelMenu() {
	var items []*fyne.MenuItem
	chosen := r.model()
	for _, m := range r.policies {
		text := r.titleOf(m.Name)
		switch {
		case m.Name == trace.Expert:
			text += "  ·  reads the whole state, sees no picture"
		case m.BuiltIn:
			text += "  ·  built in"
		}
		if m.Bytes > 0 {
			text += ", " + trace.Quantity(float64(m.Bytes), "bytes")
		}
		item := fyne.NewMenuItem(text, func() {
			if m.Installed {
				r.chooseModel(m.Name)
			} else {
				r.w.notInstalled(m)
			}
		})
		item.Checked = m.Name == chosen
		items = append(items, item)
	}
	folders := r.form.Folders
	if r.listed(chosen) == nil && chosen != trace.Expert && !slices.Contains(folders, chosen) {
		folders = append([]string{chosen}, folders...)
	}
	for _, path := range folders {
		text := path // a name
		if filepath.Base(path) != path {
			text = filepath.Base(path) + "  ·  " + middleOf(filepath.Dir(path), 44)
		}
		item := fyne.NewMenuItem(text, func() { r.chooseModel(path) })
		item.Checked = chosen == path
		items = append(items, item)
	}
	if len(items) == 0 {
		item := fyne.NewMenuItem("The engine has not listed its policies yet", func() {})
		item.Disabled = true
		items = append(items, item)
	}
	items = append(items, fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Choose a checkpoint's folder: CogVLA or OpenVLA-OFT …", r.chooseFolder))
	r.w.popUp(r.w.ui.modelMenu, items)
}

// chooseModel takes a policy by name, or a folder. The episode ends.
func (r *robot) chooseModel(model string) {
	if r.listed(model) == nil && model != trace.Expert {
		r.form.folder(model)
	}
	if r.form.Model == model || r.form.Model == "" && r.model() == model {
		return
	}
	r.leave()
	r.form.Model = model
	r.remember()
	r.w.showMenus()
	r.showPolicy()
	r.showRun()
	r.w.ui.toast.Say("Acts: " + r.modelTitle())
}

// chooseFolder opens the dialog for a policy's folder.
func (r *robot) chooseFolder() {
	w := r.w
	w.folderDialog(func(u fyne.ListableURI) {
		w.look.Folder = filepath.Dir(u.Path())
		w.remember()
		r.chooseModel(u.Path())
	})
}
