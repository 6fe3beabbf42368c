package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// questionEntry is where the question is typed: it wraps, Enter asks, and Shift+Enter begins a
// line. What it has no use for goes to the window's shortcuts, which Fyne does not do by itself.
type questionEntry struct {
	widget.Entry
	w     *window
	shift bool
	// gained is called when it gets the keyboard; may be nil.
	gained func()
}

func newQuestionEntry(w *window) *questionEntry {
	e := newTextEntry(w, "Ask about the picture")
	e.OnChanged = func(text string) { w.form.Question = text; w.showAsk() }
	e.gained = func() { w.offerQuestions(true) }
	return e
}

// newTextEntry makes one for another text that Enter submits.
func newTextEntry(w *window, placeholder string) *questionEntry {
	e := &questionEntry{w: w}
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapWord
	e.SetPlaceHolder(placeholder)
	e.SetMinRowsVisible(2)
	e.ExtendBaseWidget(e)
	return e
}

// KeyDown implements desktop.Keyable.
func (e *questionEntry) KeyDown(k *fyne.KeyEvent) {
	if k.Name == desktop.KeyShiftLeft || k.Name == desktop.KeyShiftRight {
		e.shift = true
	}
	e.Entry.KeyDown(k)
}

// KeyUp implements desktop.Keyable.
func (e *questionEntry) KeyUp(k *fyne.KeyEvent) {
	if k.Name == desktop.KeyShiftLeft || k.Name == desktop.KeyShiftRight {
		e.shift = false
	}
	e.Entry.KeyUp(k)
}

// FocusGained implements fyne.Focusable.
func (e *questionEntry) FocusGained() {
	e.Entry.FocusGained()
	if e.gained != nil {
		e.gained()
	}
}

// FocusLost implements fyne.Focusable: the key may be released elsewhere.
func (e *questionEntry) FocusLost() {
	e.shift = false
	e.Entry.FocusLost()
}

// TypedKey implements fyne.Focusable.
func (e *questionEntry) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if !e.shift {
			e.w.submit()
			return
		}
	case fyne.KeyEscape:
		if e.w.run != nil {
			e.w.cancel()
		} else {
			e.w.win.Canvas().Unfocus() // so that Space plays and the arrows scrub
		}
		return
	case fyne.KeyF1:
		e.w.toggleHelp()
		return
	}
	e.Entry.TypedKey(k)
}

// TypedShortcut implements fyne.Shortcutable. Text is pasted as text, unless it is the path of a
// file or there is none.
func (e *questionEntry) TypedShortcut(s fyne.Shortcut) {
	switch s.(type) {
	case *fyne.ShortcutPaste:
		if text := e.w.app.Clipboard().Content(); text != "" && len(pathsIn(text)) == 0 {
			e.Entry.TypedShortcut(s)
			return
		}
		e.w.paste()
		return
	case *desktop.CustomShortcut:
		if e.w.shortcut(s) {
			return
		}
	}
	e.Entry.TypedShortcut(s)
}
