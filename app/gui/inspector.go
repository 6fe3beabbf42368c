package gui

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// tab is a view of the inspector, which shows what is a method's own.
type tab struct {
	name string
	view fyne.CanvasObject
	// has reports whether a pruned side has something for it.
	has func(*trace.Side) bool
	// show writes the side's part into the view and returns a title.
	show func(*window, *trace.Side) string
}

// inspector is one view in the right column for all methods: tabs come as a run has something for
// them.
type inspector struct {
	tabs    []tab
	choice  *widgets.Segmented
	row     *fyne.Container // of choice
	title   *widgets.SectionTitle
	note    *widgets.Note // under the view, wraps
	box     *fyne.Container
	names   []string // in choice
	curve   *widgets.CurveView
	ratios  *widgets.RatioBars
	strip   *widgets.KVStrip
	words   *widgets.WordTable
	neurons *widgets.NeuronStrip
	match   *widgets.MatchStrip
	// before are the ratios of the question asked before, and asked that question.
	before []float64
	asked  string
}

const scoresTab = "Scores"

func (w *window) buildInspector() fyne.CanvasObject {
	v := &w.ui.inspector
	v.title = widgets.NewSectionTitle("Scores, sorted")
	v.curve = widgets.NewCurveView()
	v.ratios = widgets.NewRatioBars("tokens")
	v.ratios.OnSelect = w.chooseLayer
	v.strip = widgets.NewKVStrip()
	v.strip.OnSelect = w.chooseLayer
	v.words = widgets.NewWordTable()
	v.words.OnSelect = func(step int) { w.stopPlaying(); w.seekWord(step) }
	v.neurons = widgets.NewNeuronStrip()
	v.match = widgets.NewMatchStrip()
	v.match.OnSelect = w.chooseLayer
	v.tabs = []tab{
		{scoresTab, container.New(&low{func() float32 { return 160 }}, v.curve), func(*trace.Side) bool { return true }, (*window).showScores},
		{"Layers", v.ratios, func(d *trace.Side) bool { return d.Ratios() != nil }, (*window).showRatios},
		{"KV", v.strip, changesCache, (*window).showStrip},
		{"Words", v.words, contrasts, (*window).showChoices},
		{"Neurons", v.neurons, func(d *trace.Side) bool { return len(d.Neurons()) > 0 }, (*window).showNeurons},
		{"Match", v.match, func(d *trace.Side) bool { return len(d.Matchings()) > 0 }, (*window).showMatching},
	}
	v.choice = widgets.NewTabs(nil, func(i int) { w.chooseTab(v.names[i]) })
	v.box = container.NewStack()
	for _, t := range v.tabs {
		t.view.Hide()
		v.box.Add(t.view)
	}
	v.note = widgets.NewNote("")
	v.note.Hide()
	v.row = container.New(&anyWidth{}, v.choice)
	v.row.Hide()
	return vbox(theme.Gap, v.row, container.New(&anyWidth{}, v.title), v.box, v.note)
}

// changesCache reports whether a side's cache holds other rows or bits than the dense one's.
func changesCache(d *trace.Side) bool {
	if d == nil {
		return false
	}
	for _, e := range d.Decisions {
		switch e.Kind {
		case "drop", "evict", "zero", "store", "merge":
			return true
		}
	}
	return false
}

// contrasts reports whether any word's logits were edited.
func contrasts(d *trace.Side) bool {
	for i := range d.Steps() {
		if d.Choice(i) != nil {
			return true
		}
	}
	return false
}

// chooseTab shows another tab, which is remembered.
func (w *window) chooseTab(name string) {
	w.look.Tab = name
	w.showInspector()
	w.remember()
}

// nextTab goes along the tabs there are, round at the ends.
func (w *window) nextTab(by int) {
	names := w.ui.inspector.names
	if n := len(names); n > 1 {
		w.chooseTab(names[(w.ui.inspector.choice.Selected()+by+n)%n])
	}
}

// chooseLayer is a click on a layer in the inspector.
func (w *window) chooseLayer(layer int) {
	w.stopPlaying()
	w.seek(layer)
}

// showInspector writes the chosen tab; where the run has nothing for it, the first.
func (w *window) showInspector() {
	v := &w.ui.inspector
	d := w.state().Pruned
	n, steps := 0, 0
	if d != nil {
		n, steps = len(d.Decisions), d.Steps()
	}
	s := w.state()
	key := fmt.Sprint(w.drawn.run, w.look.Tab, w.at, w.words, n, steps, s.LayerCount(), s.Ended, s.Time)
	if key == w.drawn.inspector {
		return
	}
	w.drawn.inspector = key
	var names []string
	chosen := 0
	for _, t := range v.tabs {
		if !t.has(d) {
			continue
		}
		if t.name == w.look.Tab {
			chosen = len(names)
		}
		names = append(names, t.name)
	}
	if strings.Join(names, " ") != strings.Join(v.names, " ") {
		v.names = names
		v.choice.SetOptions(names)
	}
	v.choice.SetSelected(chosen)
	moved := v.row.Visible() != (len(names) > 1)
	if moved && len(names) > 1 {
		v.row.Show()
	} else if moved {
		v.row.Hide()
	}
	for _, t := range v.tabs {
		show := t.name == names[chosen]
		if show {
			v.say("")
			v.title.SetText(t.show(w, d))
		}
		if show != t.view.Visible() {
			moved = true
			if show {
				t.view.Show()
			} else {
				t.view.Hide()
			}
		}
	}
	if moved {
		v.box.Refresh()
	}
}

// say writes a note under the view; none takes no room.
func (v *inspector) say(text string) {
	v.note.SetText(text)
	if text == "" {
		v.note.Hide()
	} else {
		v.note.Show()
	}
}
