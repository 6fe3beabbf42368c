package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// binding is a key with the word Ctrl (Cmd on a Mac), and what it does.
type binding struct {
	key   fyne.KeyName
	shift bool
	do    func(*window)
}

var bindings = []binding{
	{fyne.KeyO, false, (*window).chooseFile},
	{fyne.KeyReturn, false, (*window).submit},
	{fyne.KeyEnter, false, (*window).submit},
	{fyne.Key1, false, func(w *window) { w.setView(viewAsk) }},
	{fyne.Key2, false, func(w *window) { w.setView(viewCompare) }},
	{fyne.Key3, false, func(w *window) { w.setView(viewDraw) }},
	{fyne.Key4, false, func(w *window) { w.setView(viewRobot) }},
	{fyne.KeyS, false, (*window).exportFigure},
	{fyne.KeyS, true, (*window).exportTrace},
	{fyne.KeyZ, true, (*window).redo},
	{fyne.KeyL, false, (*window).focusQuestion},
}

func (b binding) shortcut() *desktop.CustomShortcut {
	m := fyne.KeyModifierShortcutDefault
	if b.shift {
		m |= fyne.KeyModifierShift
	}
	return &desktop.CustomShortcut{KeyName: b.key, Modifier: m}
}

// addShortcuts gives the window its keys. Widgets that have the keyboard see theirs first.
func (w *window) addShortcuts() {
	c := w.win.Canvas()
	for _, b := range bindings {
		c.AddShortcut(b.shortcut(), func(fyne.Shortcut) { b.do(w) })
	}
	c.AddShortcut(&fyne.ShortcutPaste{}, func(fyne.Shortcut) { w.paste() })
	c.AddShortcut(&fyne.ShortcutUndo{}, func(fyne.Shortcut) { w.undo() })
	c.AddShortcut(&fyne.ShortcutRedo{}, func(fyne.Shortcut) { w.redo() })
	c.SetOnTypedKey(w.typedKey)
	c.SetOnTypedRune(w.typedRune)
}

// shortcut runs a window's shortcut that reached a widget; false where it is none.
func (w *window) shortcut(s fyne.Shortcut) bool {
	for _, b := range bindings {
		if b.shortcut().ShortcutName() == s.ShortcutName() {
			b.do(w)
			return true
		}
	}
	return false
}

// typedKey gets the keys that no widget took.
func (w *window) typedKey(e *fyne.KeyEvent) {
	if w.comparing() && w.cmp.typedKey(e) || w.inDraw() && w.draw.typedKey(e) || w.inRobot() && w.robot.typedKey(e) {
		return
	}
	if w.forceKey(e.Name) {
		return
	}
	switch e.Name {
	case fyne.KeySpace:
		w.setPlaying(w.playing == nil)
	case fyne.KeyLeft:
		w.step(-1)
	case fyne.KeyRight:
		w.step(1)
	case fyne.KeyUp:
		w.scrubLayers()
	case fyne.KeyDown:
		w.scrubWords()
	case fyne.KeyHome:
		w.step(-maxTokens)
	case fyne.KeyEnd:
		w.step(maxTokens)
	case fyne.KeyEscape:
		w.escape()
	case fyne.KeyReturn, fyne.KeyEnter:
		w.ask()
	case fyne.KeyF1:
		w.toggleHelp()
	}
}

// escape ends what is in the way: help, a run, playback, a banner.
func (w *window) escape() {
	switch {
	case w.ui.help != nil:
		w.toggleHelp()
	case w.run != nil:
		w.cancel()
	case w.playing != nil:
		w.stopPlaying()
	default:
		w.ui.banner.Dismiss()
	}
}

func (w *window) typedRune(r rune) {
	if w.comparing() && w.cmp.typedRune(r) || w.inDraw() && w.draw.typedRune(r) || w.inRobot() && w.robot.typedRune(r) {
		return
	}
	switch r {
	case '?':
		w.toggleHelp()
	case '[':
		w.nextTab(-1)
	case ']':
		w.nextTab(1)
	case '1', '2', '3':
		w.ui.modes.SetSelected(int(r - '1'))
		w.setMode(modeAt(int(r - '1')))
	case 'd', 'D', 'a', 'A', 'b', 'B':
		switch r {
		case 'a', 'A':
			w.setDense(true)
		case 'b', 'B':
			w.setDense(false)
		default:
			w.setDense(!w.dense)
		}
	}
}

func (w *window) focusQuestion() {
	switch {
	case w.inDraw():
		w.win.Canvas().Focus(w.draw.ui.prompt)
	case w.inRobot():
		w.win.Canvas().Focus(w.robot.ui.instruction)
	default:
		w.win.Canvas().Focus(w.ui.question)
	}
}
