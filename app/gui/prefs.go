package gui

import (
	"encoding/json"

	"fyne.io/fyne/v2"
)

// The keys in Fyne's store of settings.
const (
	keyForm   = "form"
	keyLook   = "look"
	keyWidth  = "window.width"
	keyHeight = "window.height"
)

// The size at first, and the smallest that is worth returning to.
const (
	firstWidth, firstHeight = 1440, 900
	leastWidth, leastHeight = 760, 560
)

// recall reads what the last session left.
func (w *window) recall() {
	p := w.app.Preferences()
	w.form = parseForm(p.String(keyForm))
	w.look = defaultLook()
	if text := p.String(keyLook); text != "" {
		got := w.look
		if json.Unmarshal([]byte(text), &got) == nil {
			got.Mode, got.Map = got.mode().String(), got.colours().String()
			if !(got.Alpha >= 0 && got.Alpha <= 1) {
				got.Alpha = defaultLook().Alpha
			}
			w.look = got
		}
	}
}

func (w *window) recalledSize() fyne.Size {
	p := w.app.Preferences()
	return fyne.NewSize(
		float32(max(p.FloatWithFallback(keyWidth, firstWidth), leastWidth)),
		float32(max(p.FloatWithFallback(keyHeight, firstHeight), leastHeight)))
}

// remember writes what the next session will find. Fyne gathers changes before it writes the file.
func (w *window) remember() {
	p := w.app.Preferences()
	if b, err := json.Marshal(w.form); err == nil {
		p.SetString(keyForm, string(b))
	}
	if b, err := json.Marshal(w.look); err == nil {
		p.SetString(keyLook, string(b))
	}
}

// rememberSize is called with each size that the window takes.
func (w *window) rememberSize() {
	s := w.win.Canvas().Size()
	if small := s.Width < smallBelow; small != w.drawn.small {
		w.drawn.small = small
		w.showForced()
	}
	if s.Width < leastWidth || s.Height < leastHeight {
		return
	}
	p := w.app.Preferences()
	if p.Float(keyWidth) != float64(s.Width) || p.Float(keyHeight) != float64(s.Height) {
		p.SetFloat(keyWidth, float64(s.Width))
		p.SetFloat(keyHeight, float64(s.Height))
	}
}

// reset returns to how Winnow is when it starts for the first time; picture and results stay.
func (w *window) reset() {
	question := w.form.Question
	before := w.form.edits()
	w.hist.edited(before, "", w.now())
	w.form, w.look = defaultForm(), defaultLook()
	w.form.Question, w.form.Force = question, before.Force
	w.foreign = false
	w.setView(w.look.View)
	w.cmp.reset()
	w.draw.reset()
	w.robot.defaults()
	w.applyTheme()
	w.showAll()
	w.showForm()
	w.remember()
	w.ui.toast.Say("Settings are as at the first start; Ctrl+Z brings the methods back")
}
