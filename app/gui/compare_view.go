package gui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
	"winnow/vision/heatmap"
)

// comparedControls are the widgets of the view that are written to after they were built.
type comparedControls struct {
	// Left.
	stacks            *fyne.Container
	addStack, presets *widgets.Button
	// forced says that tokens forced in Ask act here too, and clears them.
	forced *widgets.Button
	button *widgets.Button

	// Centre.
	shape, modes *widgets.Segmented
	alpha        *widgets.Slider
	mapMenu      *widgets.Button
	grid         *fyne.Container
	places       mapGrid // of grid
	maps         [maxStacks]*mapCell
	fourth       *mapCell // the overlap, beside three maps
	overlap      *widgets.PictureView
	overlapBox   *fyne.Container
	legend       *partsLine
	blank        *widgets.PictureView
	layers       *layerBars

	// Right.
	answers    [1 + maxStacks]*answerRow
	answerList *fyne.Container
	truth      *widgets.Note
	table      *widgets.CompareTable
}

func (c *comparison) buildStacks() fyne.CanvasObject {
	u := &c.ui
	u.stacks = vbox(theme.Gap)
	u.addStack = widgets.NewButton("+ Add a stack", widgets.Outline, c.openAddMenu)
	u.presets = widgets.NewButton("Presets ▾", widgets.Outline, c.openPresetMenu)
	u.forced = widgets.NewButton("", widgets.Ghost, func() {
		c.w.clearForced()
		c.showStacks()
	})
	u.forced.Hide()
	return vbox(theme.Gap, widgets.NewSectionTitle("Stacks, each a side of the run"), u.stacks, u.forced,
		container.NewGridWithColumns(2, u.addStack, u.presets))
}

func (c *comparison) buildButton() fyne.CanvasObject {
	c.ui.button = widgets.NewButton("Compare", widgets.Primary, func() {
		if run := c.w.run; run != nil && run.compares {
			c.w.cancel()
		} else {
			c.ask()
		}
	})
	return c.ui.button
}

func (c *comparison) buildTools() fyne.CanvasObject {
	u, w := &c.ui, c.w
	u.shape = widgets.NewSegmented([]string{"Side by side", "Overlap"}, func(i int) { c.setOverlap(i == 1) })
	u.modes = widgets.NewSegmented([]string{"Kept", "Score", "Rank"}, func(i int) { w.setMode(heatmap.Mode(i)); w.ui.modes.SetSelected(i) })
	u.alpha = widgets.NewSlider(0, 1, 0.01)
	u.alpha.OnChanged = func(a float64) { w.setAlpha(a); w.ui.alpha.SetValue(a) }
	u.mapMenu = widgets.NewButton("", widgets.Outline, func() { c.w.openMapMenuUnder(c.ui.mapMenu) })
	label := widgets.NewSectionTitle("Overlay")
	return container.New(&toolRow{slider: u.alpha, optional: []fyne.CanvasObject{label, u.mapMenu}}, u.modes, label, u.alpha, u.mapMenu, u.shape)
}

func (c *comparison) buildLayers() fyne.CanvasObject {
	l := newLayerBars(c.openPairMenu)
	l.onSeek = func(layer int) { c.stopPlaying(); c.seek(layer) }
	l.onPlay = c.setPlaying
	c.ui.layers = l
	return l
}

func (c *comparison) buildResults() fyne.CanvasObject {
	u := &c.ui
	u.answerList = vbox(0)
	for i := range u.answers {
		u.answers[i] = newAnswerRow(c.openAnswerMenu)
		if i > 0 {
			rule := newRule()
			u.answerList.Add(padded(0, 0, answerLeft, 0, rule))
		}
		u.answerList.Add(u.answers[i])
	}
	u.truth = widgets.NewNote("")
	u.truth.Hide()
	u.table = widgets.NewCompareTable()
	column := vbox(theme.Gap, widgets.NewSectionTitle("Answers"), newAnswerPanel(u.answerList), u.truth,
		widgets.NewSectionTitle("What each saves"), u.table)
	return container.NewVScroll(padded(theme.Inset, theme.Inset, side4, side4, column))
}

// newAnswerPanel is a panel without insets, for rows that have their own.
func newAnswerPanel(content fyne.CanvasObject) fyne.CanvasObject {
	box := &canvas.Rectangle{CornerRadius: theme.Radius, StrokeWidth: 1}
	p := &painted{content: box}
	p.paint = func() {
		box.FillColor, box.StrokeColor = colour(theme.ColorPanel), colour(theme.ColorHairline)
		box.Refresh()
	}
	p.ExtendBaseWidget(p)
	return container.NewStack(p, padded(theme.Step, theme.Step, 0, 0, content))
}

// showRun writes the run shown into the centre and the right column.
func (c *comparison) showRun() {
	if c.ui.table == nil {
		return // while the window is built
	}
	c.showMaps()
	c.showLayers()
	c.showAnswers()
	c.showTable()
	c.showButton()
	c.w.showStatus()
}

// showLook writes how the view is set into its controls.
func (c *comparison) showLook() {
	u, look := &c.ui, c.w.look
	if u.table == nil {
		return
	}
	u.modes.SetSelected(int(look.mode()))
	shape := 0
	if c.plan.Overlap {
		shape = 1
	}
	u.shape.SetSelected(shape)
	if c.plan.Overlap {
		u.modes.Disable()
		u.mapMenu.Disable()
	} else {
		u.modes.Enable()
		u.mapMenu.Enable()
	}
	u.alpha.SetValue(look.Alpha)
	u.mapMenu.SetText(look.colours().String() + " ▾")
	u.overlap.SetAlpha(look.Alpha)
	for _, m := range c.cells() {
		m.view.SetAlpha(look.Alpha)
	}
	c.showMaps()
}

func (c *comparison) setOverlap(on bool) {
	c.plan.Overlap = on
	c.remember()
	c.showLook()
}

// showButton is the one that compares or cancels.
func (c *comparison) showButton() {
	b := c.ui.button
	if b == nil {
		return
	}
	switch {
	case c.w.run != nil && c.w.run.cancelled:
		b.SetText("Ending the run …")
		b.SetKind(widgets.Outline)
		b.Disable()
	case c.w.run != nil && c.w.run.compares:
		b.SetText("Cancel   Esc")
		b.SetKind(widgets.Outline)
		b.Enable()
	default:
		text := "Compare   ⏎"
		if n := len(c.plan.on()); n > 1 {
			text = fmt.Sprintf("Compare %d   ⏎", n)
		}
		b.SetText(text)
		b.SetKind(widgets.Primary)
		b.Enable()
	}
}

// showStatus is the foot of the window while this view is in front or runs.
func (c *comparison) showStatus() {
	w, s := c.w, c.state()
	var items []string
	switch {
	case w.run != nil && w.run.cancelled:
		items = append(items, "Ending the run between two layers …")
	case w.run != nil && w.run.compares:
		items = append(items, "Comparing: "+comparedStage(s))
	case w.run != nil && w.run.acts:
		items = append(items, "Robot runs: "+w.robot.stage())
	case w.run != nil:
		items = append(items, "Ask runs: "+stageText(w.state()))
	case s.Error != "":
		items = append(items, "The comparison ended with an error")
	case s.Cancelled:
		items = append(items, fmt.Sprintf("Cancelled after %.2f s", s.TotalMS/1000))
	case s.Ended:
		items = append(items, fmt.Sprintf("Compared %d with dense in %.2f s", len(s.Sides), s.TotalMS/1000))
	case w.listErr != nil:
		items = append(items, "The engine does not answer")
	case len(w.models) == 0:
		items = append(items, "Starting the engine …")
	default:
		items = append(items, "Ready")
	}
	if s.Ended {
		items = append(items, fmt.Sprintf("Seed %d", s.Request.Sampling.Seed))
		if s.PeakMemory > 0 {
			items = append(items, "Peak memory "+trace.Quantity(float64(s.PeakMemory), "bytes"))
		}
		if s.Model != nil && s.Model.Backend != "" {
			items = append(items, s.Model.Backend+", "+threadsText(s.Model.Threads))
		}
	}
	w.ui.status.SetItems(items...)
	w.ui.status.SetHints("Ctrl+⏎ compare", "Space play", "← → layer", "1 2 3 view", "O overlap", "F1 all keys")
}

// comparedStage says how far a comparison is.
func comparedStage(s *trace.State) string {
	of := len(s.Request.Stacks())
	if s.Model == nil {
		return "loading the model"
	}
	if s.Dense == nil && s.Picture == nil {
		return "encoding the picture"
	}
	d, name := s.Dense, "dense"
	for _, x := range s.Sides {
		if x.Started && !x.Done || s.Dense == nil || s.Dense.Done && x.Done {
			d, name = x, fmt.Sprintf("%s %s, side %d of %d", letter(x.Index), x.Label, x.Index+1, of)
		}
	}
	switch {
	case d == nil:
		return "picture encoded"
	case len(d.Words) > 0:
		return fmt.Sprintf("%s, word %d", name, len(d.Words))
	}
	return fmt.Sprintf("%s, layer %d of %d", name, len(d.Layers), s.LayerCount())
}
