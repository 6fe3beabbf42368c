package gui

import "fyne.io/fyne/v2"

// still is an application whose widgets do not animate by themselves. Fyne's text cursor fades in
// and out for as long as an entry has the keyboard, each time painting the whole window: on a
// machine that draws without a graphics card an idle window takes 15 % of a core that way, and the
// clock of a run is not what it would be.
type still struct{ fyne.App }

// Settings implements fyne.App.
func (s still) Settings() fyne.Settings { return stillSettings{s.App.Settings()} }

type stillSettings struct{ fyne.Settings }

// ShowAnimations implements fyne.Settings.
func (stillSettings) ShowAnimations() bool { return false }
