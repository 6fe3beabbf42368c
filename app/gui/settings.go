package gui

import (
	"fmt"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/vision/heatmap"
)

var themeNames = []string{"dark", "light", "system"}

func (w *window) applyTheme() { w.app.Settings().SetTheme(theme.New(w.look.theme())) }

func (w *window) setTheme(name string) {
	w.look.Theme = name
	w.applyTheme()
	w.cmp.showLook()
	w.draw.showLook()
	w.robot.showLook()
	w.remember()
}

// openSettings shows what is set once for all pictures, under the gear.
func (w *window) openSettings() {
	themes := widgets.NewSegmented([]string{"Dark", "Light", "System"}, func(i int) { w.setTheme(themeNames[i]) })
	themes.SetSelected(int(w.look.theme()))
	var names []string
	for _, m := range heatmap.Maps {
		names = append(names, m.String())
	}
	maps := widgets.NewSegmented(names, func(i int) { w.setMap(heatmap.Maps[i]) })
	maps.SetSelected(int(w.look.colours()))
	threads := widget.NewEntry()
	threads.SetPlaceHolder("as many as cores")
	if w.form.Threads > 0 {
		threads.SetText(strconv.Itoa(w.form.Threads))
	}
	refusal := widgets.NewNote("")
	threads.OnChanged = func(s string) {
		n, err := threadsOf(s)
		if err != nil {
			refusal.SetText(capital(err.Error()) + ".")
			return
		}
		refusal.SetText("")
		w.form.Threads = n
		w.showMenus()
		w.remember()
	}
	var pop *widget.PopUp
	reset := widgets.NewButton("Reset all settings", widgets.Outline, func() {
		pop.Hide()
		w.reset()
	})
	keys := widgets.NewButton("Keyboard   F1", widgets.Ghost, func() {
		pop.Hide()
		w.toggleHelp()
	})
	box := vbox(theme.Gap,
		widgets.NewSectionTitle("Appearance"), themes,
		gap(), widgets.NewSectionTitle("Colours of scores and ranks"), maps,
		gap(), widgets.NewSectionTitle("Threads"), threads, refusal,
		gap(), container.NewGridWithColumns(2, keys, reset))
	pop = widget.NewPopUp(padded(theme.Inset, theme.Inset, theme.Inset, theme.Inset, box), w.win.Canvas())
	pos := w.app.Driver().AbsolutePositionForObject(w.ui.settingsBtn)
	size := pop.MinSize()
	pop.ShowAtPosition(fyne.NewPos(max(w.win.Canvas().Size().Width-size.Width-side4, 0), pos.Y+w.ui.settingsBtn.Size().Height+theme.Step))
}

func threadsOf(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > maxThreads {
		return 0, fmt.Errorf("threads are a whole number up to %d", maxThreads)
	}
	return n, nil
}
