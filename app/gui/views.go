package gui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/widgets"
)

// The views, as look names them.
const (
	viewAsk     = "ask"
	viewCompare = "compare"
	viewDraw    = "draw"
	viewRobot   = "robot"
)

// views lists them as the switch in the top bar does.
var views = []string{viewAsk, viewCompare, viewDraw, viewRobot}

// viewPart is an object that only some views show.
type viewPart struct {
	object fyne.CanvasObject
	views  []string
}

// only has an object shown by some views.
func (w *window) only(o fyne.CanvasObject, views ...string) fyne.CanvasObject {
	w.parts = append(w.parts, viewPart{o, views})
	return o
}

// perView puts what the views that answer show and what the others show into one place.
func (w *window) perView(answering, drawing, acting fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(w.only(answering, viewAsk, viewCompare), w.only(drawing, viewDraw), w.only(acting, viewRobot))
}

func (w *window) comparing() bool { return w.look.View == viewCompare }

func (w *window) inDraw() bool { return w.look.View == viewDraw }

func (w *window) inRobot() bool { return w.look.View == viewRobot }

// answers tells the views of pictures and questions from the others.
func answers(view string) bool { return view != viewDraw && view != viewRobot }

// buildViews is the switch between the views in the top bar.
func (w *window) buildViews() fyne.CanvasObject {
	w.ui.views = widgets.NewSegmented([]string{"Ask", "Compare", "Draw", "Robot"}, func(i int) { w.setView(views[i]) })
	return w.ui.views
}

// setView brings a view to the front. A run goes on behind it.
func (w *window) setView(name string) {
	i := max(slices.Index(views, name), 0)
	name = views[i]
	was := w.look.View
	w.look.View = name
	if name != viewAsk {
		w.stopPlaying()
	}
	if name != viewCompare {
		w.cmp.stopPlaying()
	}
	if name != viewDraw {
		w.draw.stopPlaying()
	}
	if name != viewRobot {
		w.robot.stopPlaying()
	}
	w.ui.views.SetSelected(i)
	for _, p := range w.parts {
		if !slices.Contains(p.views, name) {
			p.object.Hide()
		}
	}
	for _, p := range w.parts {
		if slices.Contains(p.views, name) {
			p.object.Show()
		}
	}
	if w.ui.status == nil || w.ui.banner.Banner == nil || w.win.Content() == nil {
		return // while the window is built
	}
	if was != name && !(answers(was) && answers(name)) {
		w.ui.banner.Dismiss() // what it says is about the other kind of run
		w.showMenus()
		w.showNotices()
	}
	w.showAsk()
	w.showStatus()
	switch name {
	case viewCompare:
		w.cmp.showStacks()
		w.cmp.showRun()
	case viewDraw:
		w.draw.showRun()
	case viewRobot:
		w.robot.showRun()
	}
	w.ui.banner.relay()
	w.win.Content().Refresh()
	w.remember()
}

// front is the run that the view in front shows.
func (w *window) front() snapshot {
	switch {
	case w.comparing():
		return w.cmp.shown
	case w.inDraw():
		return w.draw.shown
	case w.inRobot():
		return w.robot.shown
	}
	return w.shown
}

// submit asks what the view in front is for.
func (w *window) submit() {
	switch {
	case w.comparing():
		w.cmp.ask()
	case w.inDraw():
		w.draw.ask()
	case w.inRobot():
		w.robot.submit()
	default:
		w.ask()
	}
}
