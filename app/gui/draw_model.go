package gui

import (
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	builtin "winnow/assets/models"
)

// builtIn is a model that draws and is inside the program; an empty name stands for the first.
func builtIn(name string) (m builtin.Drawing, ok bool) {
	for i, b := range builtin.Drawings() {
		if b.Name == name || i == 0 && name == "" {
			return b, true
		}
	}
	return m, false
}

// modelTitle names the model that draws.
func (d *drawing) modelTitle() string {
	if m, ok := builtIn(d.form.Model); ok {
		return m.Title + " · built in"
	}
	return filepath.Base(d.form.Model)
}

// modelNote says what the model is good for, empty where it is a folder.
func (d *drawing) modelNote() string {
	m, ok := builtIn(d.form.Model)
	if !ok || m.Note == "" {
		return ""
	}
	return m.Title + " " + strings.TrimSuffix(m.Note, ".") + "."
}

// openModelMenu lists what can draw: the built-in models, folders chosen before, and another.
func (d *drawing) openModelMenu() {
	var items []*fyne.MenuItem
	chosen, own := builtIn(d.form.Model)
	for i, m := range builtin.Drawings() {
		name := m.Name
		if i == 0 {
			name = ""
		}
		item := fyne.NewMenuItem(m.Title+"  ·  built in", func() { d.chooseModel(name) })
		item.Checked = own && m.Name == chosen.Name
		items = append(items, item)
	}
	folders := d.form.Folders
	if !own && !slices.Contains(folders, d.form.Model) {
		folders = append([]string{d.form.Model}, folders...)
	}
	for _, path := range folders {
		text := path // a name
		if filepath.Base(path) != path {
			text = filepath.Base(path) + "  ·  " + middleOf(filepath.Dir(path), 44)
		}
		item := fyne.NewMenuItem(text, func() { d.chooseModel(path) })
		item.Checked = d.form.Model == path
		items = append(items, item)
	}
	items = append(items, fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Choose a folder in diffusers' layout: a PixArt denoiser and CLIP's text encoder …", d.chooseFolder))
	d.w.popUp(d.w.ui.modelMenu, items)
}

// middleOf shortens a path in its middle to n characters.
func middleOf(path string, n int) string {
	r := []rune(path)
	if len(r) <= n {
		return path
	}
	head := (n - 1) / 3
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}

// chooseModel takes a built-in model by name, or a folder.
func (d *drawing) chooseModel(model string) {
	if _, own := builtIn(model); !own {
		d.form.folder(model)
	}
	if d.form.Model == model {
		return
	}
	d.form.Model = model
	d.remember()
	d.showModel()
	d.w.ui.toast.Say("Draws: " + d.modelTitle())
}

// showModel writes what was chosen on the menu, and what it is good for under the prompt.
func (d *drawing) showModel() {
	d.w.showMenus()
	d.ui.note.SetText(d.modelNote())
	d.ui.suggestions.Refresh()
}

// chooseFolder opens the dialog for a model's folder.
func (d *drawing) chooseFolder() {
	w := d.w
	w.folderDialog(func(u fyne.ListableURI) {
		w.look.Folder = filepath.Dir(u.Path())
		w.remember()
		d.chooseModel(u.Path())
	})
}
