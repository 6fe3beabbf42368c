package gui

import (
	"runtime"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
)

// helpPanel is the list of keys while it is open.
type helpPanel struct{ pop *widget.PopUp }

var helpKeys = [][2]string{
	{"Enter", "ask, draw or run, from the text; Shift+Enter begins a line"},
	{"Ctrl+Enter", "ask, compare, draw or run, from anywhere"},
	{"Ctrl+1  –  4", "the views Ask, Compare, Draw and Robot; O: the overlap of the sides compared"},
	{"Esc", "cancel the run; leave the question, so that the keys below work"},
	{"Ctrl+O", "open a picture, a figure, a trace or a model"},
	{"Ctrl+V", "paste a picture, or the path of a file"},
	{"Ctrl+L", "go to the question"},
	{"Space", "play the layers, the words or the steps, or pause"},
	{"← →", "one layer, word or step back or on; Home and End"},
	{"↑ ↓", "from the layers to the words of the answer and back; ↓ again: all layers"},
	{"F", "force the token under the pointer in or out, as a click does; Shift+click: a block"},
	{"Del", "leave that token to the methods again"},
	{"[  ]", "the tab before and after in the inspector"},
	{"1  2  3", "show what is kept, the scores, the ranks"},
	{"1  –  4", "in Draw: side by side, slider, difference, unstable tokens; N: another seed"},
	{"Space  .  R", "in Robot: run or pause; one look; the same scene anew; N: another scene, H: where it looks"},
	{"A  B  D", "dense side, pruned side, the other side"},
	{"Tab", "to the next control; arrows move its value"},
	{"Ctrl+Z", "undo a change of the methods or of forced tokens; Ctrl+Shift+Z: again"},
	{"Ctrl+S", "export the figure, the picture drawn or the episodes; Ctrl+Shift+S: the trace"},
	{"F1  ?", "this list"},
}

// toggleHelp opens or closes the list of keys.
func (w *window) toggleHelp() {
	if h := w.ui.help; h != nil {
		w.ui.help = nil
		h.pop.Hide()
		return
	}
	grid := container.New(&pairs{})
	for _, k := range helpKeys {
		key := k[0]
		if runtime.GOOS == "darwin" {
			key = strings.ReplaceAll(key, "Ctrl", "Cmd")
		}
		grid.Add(widgets.NewMonoLabel(key))
		grid.Add(widgets.NewNote(k[1]))
	}
	done := widgets.NewButton("Close", widgets.Outline, w.toggleHelp)
	box := vbox(theme.Inset, widgets.NewSectionTitle("Keyboard"), grid, container.NewHBox(done),
		widgets.NewNote("Drop a picture, a figure, a trace or a model anywhere on the window."))
	pop := widget.NewModalPopUp(padded(side4, side4, side4, side4, box), w.win.Canvas())
	w.ui.help = &helpPanel{pop}
	pop.Resize(fyne.NewSize(min(600, w.win.Canvas().Size().Width-40), pop.MinSize().Height))
	pop.Show() // nothing has the keyboard then, so that Esc and F1 reach the window
}

// pairs lays out a key and its text a line.
type pairs struct{}

const helpKeyWidth = 120

// MinSize implements fyne.Layout.
func (pairs) MinSize(o []fyne.CanvasObject) fyne.Size {
	h := float32(0)
	for i := 0; i+1 < len(o); i += 2 {
		h += max(o[i].MinSize().Height, o[i+1].MinSize().Height) + theme.Step
	}
	return fyne.NewSize(helpKeyWidth+360, h)
}

// Layout implements fyne.Layout.
func (pairs) Layout(o []fyne.CanvasObject, s fyne.Size) {
	y := float32(0)
	for i := 0; i+1 < len(o); i += 2 {
		h := max(o[i].MinSize().Height, o[i+1].MinSize().Height)
		put(o[i], 0, y, helpKeyWidth, h)
		put(o[i+1], helpKeyWidth, y, s.Width-helpKeyWidth, h)
		y += h + theme.Step
	}
}
