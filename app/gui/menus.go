package gui

import (
	"fmt"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"winnow/app/engine"
	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
	"winnow/vision/heatmap"
)

type modelEntry = engine.ModelEntry

// popUp opens a menu under a widget, moved so that it stays inside of the window.
func (w *window) popUp(under fyne.CanvasObject, items []*fyne.MenuItem) {
	if len(items) == 0 {
		return
	}
	m := widget.NewPopUpMenu(fyne.NewMenu("", items...), w.win.Canvas())
	pos := w.app.Driver().AbsolutePositionForObject(under)
	at := fyne.NewPos(pos.X, pos.Y+under.Size().Height+theme.Step)
	size, room := m.MinSize(), w.win.Canvas().Size()
	at.X = max(min(at.X, room.Width-size.Width-theme.Gap), 0)
	if at.Y+size.Height > room.Height {
		at.Y = max(pos.Y-size.Height-theme.Step, 0)
	}
	m.ShowAtPosition(at)
}

// modelTitle names the model chosen.
func (w *window) modelTitle() string {
	if m := w.model(); m != nil {
		return m.Title
	}
	if w.form.Model == "" {
		return "Model"
	}
	return filepath.Base(w.form.Model)
}

// showMenus writes what is chosen on the menus' buttons.
func (w *window) showMenus() {
	text := w.modelTitle()
	if m := w.model(); m != nil && m.BuiltIn {
		text += " · built in"
	}
	switch {
	case w.inDraw():
		text = w.draw.modelTitle()
	case w.inRobot():
		text = w.robot.modelTitle()
	}
	model, device := 30, 24
	if w.ui.columns.narrow {
		model, device = 12, 10
	}
	w.ui.modelMenu.SetText(short(text, model) + " ▾")
	w.ui.deviceMenu.SetText(short(w.deviceTitle(), device) + " ▾")
}

func short(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n-1]) + "…"
}

// deviceTitle names the device chosen, and the threads where they matter.
func (w *window) deviceTitle() string {
	id := w.form.Device
	if id == "auto" || id == "" {
		text := "auto"
		if m := w.ran(); m != nil && m.Device != "" {
			text += " · " + m.Device
		}
		return text
	}
	for _, d := range w.devices {
		if d.ID == id {
			n := d.Threads
			if w.form.Threads > 0 {
				n = w.form.Threads
			}
			if n > 0 {
				return id + " · " + threadsText(n)
			}
		}
	}
	return id
}

// ran is what the model of the run in front said about itself; nil before.
func (w *window) ran() *trace.Model {
	if s := w.front().state; s != nil {
		return s.Model
	}
	return nil
}

func threadsText(n int) string {
	if n == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", n)
}

func (w *window) openModelMenu() {
	switch {
	case w.inDraw():
		w.draw.openModelMenu()
		return
	case w.inRobot():
		w.robot.openModelMenu()
		return
	}
	var items []*fyne.MenuItem
	chosen := w.model()
	for i, m := range w.models {
		text := m.Title
		switch {
		case m.BuiltIn:
			text += "  ·  built in"
		case m.Installed:
			text += "  ·  installed"
		default:
			text += "  ·  not installed"
		}
		if m.Bytes > 0 {
			text += ", " + trace.Quantity(float64(m.Bytes), "bytes")
		}
		if !m.Vision {
			text += ", text only"
		}
		item := fyne.NewMenuItem(text, func() {
			if m.Installed {
				w.chooseModel(m.Name)
			} else {
				w.notInstalled(m)
			}
		})
		item.Checked = chosen == &w.models[i]
		items = append(items, item)
	}
	if w.form.Model != "" && chosen == nil {
		item := fyne.NewMenuItem(filepath.Base(w.form.Model), func() {})
		item.Checked = true
		items = append(items, item)
	}
	if len(w.models) == 0 {
		item := fyne.NewMenuItem("The engine has not listed its models yet", func() {})
		item.Disabled = true
		items = append(items, item)
	}
	items = append(items, fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Open a checkpoint: a .gguf with its mmproj beside it …", w.chooseCheckpoint))
	w.popUp(w.ui.modelMenu, items)
}

// notInstalled says how to get a model.
func (w *window) notInstalled(m modelEntry) {
	text := m.Title + " is not installed."
	if m.Install != "" {
		text += " Run: " + m.Install
	}
	w.ui.banner.Notice(text, widgets.Action{Label: "Copy the command", Do: func() {
		w.app.Clipboard().SetContent(m.Install)
		w.ui.toast.Say("The command is on the clipboard")
	}}, widgets.Action{Label: "List again", Do: func() { w.ui.banner.Dismiss(); w.listEngine() }})
}

func (w *window) openDeviceMenu() {
	auto := fyne.NewMenuItem("auto: the fastest there is", func() { w.chooseDevice("auto") })
	auto.Checked = w.form.Device == "auto" || w.form.Device == ""
	items := []*fyne.MenuItem{auto}
	for _, d := range w.devices {
		text := d.ID + "  ·  " + d.Description
		if d.MemoryFree > 0 {
			text += ", " + trace.Quantity(float64(d.MemoryFree), "bytes") + " free"
		}
		item := fyne.NewMenuItem(text, func() { w.chooseDevice(d.ID) })
		item.Checked = d.ID == w.form.Device
		items = append(items, item)
	}
	w.popUp(w.ui.deviceMenu, items)
}

func (w *window) chooseDevice(id string) {
	w.form.Device = id
	w.showMenus()
	w.remember()
	w.prepareSoon()
}

func (w *window) openMapMenu() { w.openMapMenuUnder(w.ui.mapMenu) }

func (w *window) openMapMenuUnder(button fyne.CanvasObject) {
	var items []*fyne.MenuItem
	for _, m := range heatmap.Maps {
		item := fyne.NewMenuItem(m.String(), func() { w.setMap(m) })
		item.Checked = m == w.look.colours()
		items = append(items, item)
	}
	w.popUp(button, items)
}

// showNotices says where the built-in model is outside of its world.
func (w *window) showNotices() {
	m := w.model()
	foreign := answers(w.look.View) && m != nil && m.BuiltIn && m.Vision && w.in != nil && w.in.Scene == nil && !w.foreign
	switch {
	case !foreign:
		w.ui.notice.Dismiss()
	case w.ui.notice.Text() == "":
		w.ui.notice.Notice(m.Title+" knows 60 nouns on painted scenes; on photographs it is wrong with confidence.",
			widgets.Action{Label: "Open a real LLaVA checkpoint …", Do: w.chooseCheckpoint})
	}
}

// narrowed shows the switch between picture and results where only one has room, and leaves out of
// the top bar what can be done without.
func (w *window) narrowed(on bool) {
	if on {
		w.ui.pages.Show()
		w.ui.brand.Hide()
	} else {
		w.ui.pages.Hide()
		w.ui.brand.Show()
	}
	w.showMenus()
	w.ui.bar.Layout.Layout(w.ui.bar.Objects, w.ui.bar.Size())
}
