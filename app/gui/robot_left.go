package gui

import (
	"fmt"
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
)

// robotControls are the widgets of the view that are written to after they were built.
type robotControls struct {
	// Left.
	column          *fyne.Container
	suite, task     *widgets.Button
	instruction     *questionEntry
	suggestions     *fyne.Container
	suggested       []string // in it
	saidNote        *widgets.Note
	seed, episodes  *widget.Entry
	refusal         *widgets.Note
	variant         *widgets.Segmented
	variants        []string // the policies of its segments
	policyNote      *widgets.Note
	besides         *fyne.Container
	ticks           map[string]*tick
	stack           cardStack
	stackNote       *widgets.Note
	run, once, back *widgets.Button

	// Centre.
	tools, middle *fyne.Container
	heat          *widgets.Segmented
	where         *widgets.MonoLabel
	episode       *widgets.Button
	cameras       [2]*widgets.Camera
	curvesTitle   *widgets.SectionTitle
	units         *widgets.Note
	curves        *widgets.ActionCurves
	strip         *widgets.EpisodeStrip

	// Right.
	results                             *fyne.Container
	savingsTitle                        *widgets.SectionTitle
	savings, gate                       *widgets.SavingsPanel
	medians                             *widgets.Note
	routing                             *widgets.RoutingGrid
	routingTitle, looksTitle, maskTitle *widgets.SectionTitle
	cameraTabs, encoderTabs             *widgets.Segmented
	looks                               *widgets.LookGrid
	mask                                *widgets.MaskGrid
	exported                            *widgets.Note
	exportButtons, exportRunning        fyne.CanvasObject
	formats                             []*widgets.Button
	saveTrace                           *widgets.Button
}

func (r *robot) buildLeft() fyne.CanvasObject {
	u := &r.ui
	r.buildStack()
	u.run = widgets.NewButton("Run", widgets.Primary, r.runOrPause)
	u.once = widgets.NewButton("Step", widgets.Outline, r.look)
	u.back = widgets.NewButton("Reset", widgets.Outline, r.reset)
	u.column = vbox(theme.Gap,
		widgets.NewSectionTitle("Task"), r.buildTask(),
		gap(), widgets.NewSectionTitle("Policy"), r.buildPolicy(),
		gap(), u.stack.title, u.stack.box, u.stackNote, u.stack.add)
	scroll := container.NewVScroll(padded(theme.Inset, theme.Inset, side4, side4, u.column))
	foot := vbox(0, newRule(), padded(theme.Inset, theme.Inset, side4, side4,
		container.NewBorder(nil, nil, nil, hbox(theme.Gap, gap(), u.once, u.back), u.run)))
	r.showForm()
	return container.New(&frame{}, vbox(0), scroll, foot)
}

// labelled is a control with its name before it.
func labelled(name string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, container.NewCenter(newCaption(name)), o)
}

func (r *robot) buildTask() fyne.CanvasObject {
	u := &r.ui
	u.suite = widgets.NewButton("", widgets.Outline, r.openSuiteMenu)
	u.task = widgets.NewButton("", widgets.Outline, r.openTaskMenu)
	u.instruction = newTextEntry(r.w, "")
	u.instruction.SetText(r.form.Instruction)
	u.instruction.OnChanged = r.said
	u.suggestions = vbox(0)
	u.saidNote, u.refusal = widgets.NewNote(""), widgets.NewNote("")
	u.refusal.Hide()
	u.seed, u.episodes = widget.NewEntry(), widget.NewEntry()
	u.seed.OnChanged = func(text string) {
		v, err := seedOf(text)
		if r.refuse(err); err == nil {
			r.edit("seed", func(f *robotForm) { f.Seed = v })
		}
	}
	u.episodes.OnChanged = func(text string) {
		v, err := episodesOf(text)
		if r.refuse(err); err == nil {
			r.edit("episodes", func(f *robotForm) { f.Episodes = v })
		}
	}
	u.seed.OnSubmitted = func(string) { r.submit() }
	u.episodes.OnSubmitted = u.seed.OnSubmitted
	dice := widgets.NewIconButton(widgets.IconAgain, "a new scene", r.newScene)
	return widgets.NewPanel(vbox(theme.Gap,
		labelled("Suite", u.suite), labelled("Task", u.task),
		u.instruction, u.suggestions, u.saidNote,
		container.New(&shares{2, 1}, labelledEntry("Scene", u.seed, dice), labelledEntry("Episodes", u.episodes, nil)),
		u.refusal))
}

// labelledEntry is an entry with its name above it and a button at its right.
func labelledEntry(name string, e *widget.Entry, button fyne.CanvasObject) fyne.CanvasObject {
	return vbox(theme.Step, newCaption(name), container.NewBorder(nil, nil, nil, button, e))
}

// shares gives each object its part of the width.
type shares []float32

// MinSize implements fyne.Layout.
func (shares) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, x := range o {
		m := x.MinSize()
		s = fyne.NewSize(s.Width+m.Width+theme.Gap, max(s.Height, m.Height))
	}
	return s
}

// Layout implements fyne.Layout.
func (p shares) Layout(o []fyne.CanvasObject, s fyne.Size) {
	sum, x := float32(0), float32(0)
	for _, v := range p {
		sum += v
	}
	room := s.Width - float32(len(p)-1)*theme.Gap
	for i, v := range p {
		put(o[i], x, 0, room*v/sum, s.Height)
		x += room*v/sum + theme.Gap
	}
}

// refuse says what is wrong with a number that was typed; the last good one stays in force.
func (r *robot) refuse(err error) {
	if err == nil {
		r.ui.refusal.Hide()
		return
	}
	r.ui.refusal.SetText(capital(err.Error()) + ".")
	r.ui.refusal.Show()
}

func episodesOf(s string) (int, error) {
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 || v > mostEpisodes {
		return 0, fmt.Errorf("a run here has 1 to %d episodes; `winnow act` runs more", mostEpisodes)
	}
	return v, nil
}

// showForm writes the form into its controls.
func (r *robot) showForm() {
	if r.ui.instruction.Text != r.form.Instruction {
		r.ui.instruction.SetText(r.form.Instruction)
	}
	r.showTask()
	r.showPolicy()
	r.showButton()
}

// showButton is the one that runs, pauses or goes on.
func (r *robot) showButton() {
	b := r.ui.run
	if b == nil {
		return
	}
	text, kind, on := "Run   ⏎", widgets.Primary, true
	switch {
	case r.live() && r.w.run.cancelled && !r.w.run.goesOn:
		text, kind, on = "Pausing …", widgets.Outline, false
	case r.live():
		text, kind = "Pause   Space", widgets.Outline
	case r.goesOn():
		text = "Go on   ⏎"
	}
	b.SetText(text)
	b.SetKind(kind)
	for _, x := range []struct {
		b  *widgets.Button
		on bool
	}{{b, on}, {r.ui.once, !r.live()}, {r.ui.back, on}} {
		if x.on {
			x.b.Enable()
		} else {
			x.b.Disable()
		}
	}
}

// tick is a line of text with a small square before it that is filled where it is on.
type tick struct {
	tappable
	on bool
}

func newTick(text string, changed func(on bool)) *tick {
	t := &tick{}
	label := &canvas.Text{Text: text, TextSize: theme.CaptionSize}
	box := &canvas.Rectangle{CornerRadius: theme.Step, StrokeWidth: 1}
	box.SetMinSize(fyne.NewSquareSize(tickSide))
	mark := canvas.NewImageFromResource(fynetheme.NewColoredResource(widgets.IconDone, fynetheme.ColorNameForegroundOnPrimary))
	mark.SetMinSize(fyne.NewSquareSize(tickSide - 4))
	t.content = hbox(theme.Gap, container.NewStack(container.NewCenter(box), container.NewCenter(mark)), container.NewCenter(label))
	t.tapped = func() {
		t.set(!t.on)
		changed(t.on)
	}
	t.paint = func() {
		box.FillColor, box.StrokeColor, label.Color = color.Transparent, colour(theme.ColorFaint), colour(theme.ColorSoft)
		mark.Hidden = !t.on
		if t.on {
			box.FillColor, box.StrokeColor, label.Color = colour(theme.ColorKept), colour(theme.ColorKept), colour(fynetheme.ColorNameForeground)
		}
		if t.hovered || t.focused {
			box.StrokeColor = colour(fynetheme.ColorNameForeground)
		}
		box.Refresh()
		mark.Refresh()
		label.Refresh()
	}
	t.ExtendBaseWidget(t)
	return t
}

const tickSide = 14

func (t *tick) set(on bool) {
	if t.on != on {
		t.on = on
		t.Refresh()
	}
}
