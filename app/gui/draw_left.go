package gui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/diffusion/solver"
)

// drawControls are the widgets of the view that are written to after they were built.
type drawControls struct {
	// Left.
	prompt          *questionEntry
	suggestions     *fyne.Container
	note            *widgets.Note // in the suggestions
	solver          *widgets.Button
	steps, guidance *valueSlider
	seed            *widget.Entry
	refusal         *widgets.Note
	size            *widgets.Button
	stack           cardStack
	button          *widgets.Button

	// Centre.
	show          *widgets.Segmented
	where         *widgets.MonoLabel
	side          *widgets.Button
	titles        [2]*pictureTitle
	dense, pruned *widgets.Enlarged
	single        *widgets.Enlarged
	wipe          *widgets.Wipe
	strip         *widgets.StepStrip
	curve         *widgets.CriterionCurve
	middle, tools *fyne.Container

	// Right.
	savings                *widgets.SavingsPanel
	extra                  *widgets.Note
	psnr, ssim             *widgets.MonoLabel
	difference             *widgets.Enlarged
	tokens                 *widgets.TokenGrid
	why                    *widgets.Note
	tokensTitle, diffTitle *widgets.SectionTitle
	column                 *fyne.Container
	seen                   *seenRow
}

// prompts are suggested; the built-in model knows such things at such places.
var prompts = []string{
	"a red apple on the left and a dog",
	"a dog above a boat",
	"a cat and a blue balloon",
}

func (d *drawing) buildLeft() fyne.CanvasObject {
	u, w := &d.ui, d.w
	u.prompt = newTextEntry(w, "Say what to draw")
	u.prompt.OnChanged = func(text string) { d.form.Prompt = text }
	u.prompt.gained = func() { u.suggestions.Show() }
	u.suggestions = vbox(2)
	for _, p := range prompts {
		u.suggestions.Add(newSuggestion(p, func() {
			u.prompt.SetText(p)
			d.ask()
		}))
	}
	u.note = widgets.NewNote(d.modelNote())
	u.suggestions.Add(padded(theme.Step, 0, 6, 6, u.note))
	d.buildStack()
	u.button = widgets.NewButton("Draw", widgets.Primary, d.askOrCancel)
	column := vbox(theme.Gap,
		widgets.NewSectionTitle("Prompt"), u.prompt, u.suggestions,
		gap(), widgets.NewSectionTitle("Sampler"), d.buildSampler(),
		gap(), u.stack.title, u.stack.box, u.stack.add)
	scroll := container.NewVScroll(padded(theme.Inset, theme.Inset, side4, side4, column))
	foot := vbox(0, newRule(), padded(theme.Inset, theme.Inset, side4, side4, u.button))
	d.showForm()
	return container.New(&frame{}, vbox(0), scroll, foot)
}

func (d *drawing) buildSampler() fyne.CanvasObject {
	u := &d.ui
	u.solver = widgets.NewButton("", widgets.Outline, d.openSolverMenu)
	u.steps = newValueSlider("Steps", leastSteps, mostSteps, 1, func(v float64) string { return strconv.Itoa(int(v)) }, func(v float64) {
		d.edit("steps", func(f *sketchForm) { f.Steps = int(v) })
	})
	u.guidance = newValueSlider("Guidance", 1, mostGuidance, 0.1, func(v float64) string {
		if v == 1 {
			return "none"
		}
		return strconv.FormatFloat(v, 'f', 1, 64)
	}, func(v float64) {
		d.edit("guidance", func(f *sketchForm) { f.Guidance = guidanceStep(v) })
	})
	u.seed = widget.NewEntry()
	u.refusal = widgets.NewNote("")
	u.refusal.Hide()
	u.seed.OnChanged = func(text string) {
		v, err := seedOf(text)
		if err != nil {
			u.refusal.SetText(capital(err.Error()) + ".")
			u.refusal.Show()
			return
		}
		u.refusal.Hide()
		d.edit("seed", func(f *sketchForm) { f.Seed = v })
	}
	u.seed.OnSubmitted = func(string) { d.ask() }
	again := widgets.NewIconButton(widgets.IconAgain, "another seed", d.newSeed)
	u.size = widgets.NewButton("", widgets.Ghost, func() {
		d.edit("", func(f *sketchForm) { f.Size = 0 })
		d.showForm()
	})
	u.size.Hide()
	return widgets.NewPanel(vbox(theme.Gap,
		container.NewBorder(nil, nil, container.NewCenter(newCaption("Solver")), u.solver),
		u.steps.box, u.guidance.box,
		container.NewBorder(nil, nil, container.NewCenter(newCaption("Seed")), again, padded(0, 0, theme.Inset, theme.Step, u.seed)),
		u.refusal, u.size))
}

func (d *drawing) openSolverMenu() {
	var items []*fyne.MenuItem
	for _, name := range solver.Names() {
		item := fyne.NewMenuItem(solverTitle(name), func() {
			d.edit("", func(f *sketchForm) { f.Solver = name })
			d.showForm()
		})
		item.Checked = name == d.form.Solver
		items = append(items, item)
	}
	d.w.popUp(d.ui.solver, items)
}

// showForm writes the form into its controls.
func (d *drawing) showForm() {
	u, f := &d.ui, d.form
	if u.prompt.Text != f.Prompt {
		u.prompt.SetText(f.Prompt)
	}
	u.solver.SetText(solverTitle(f.Solver) + " ▾")
	u.steps.slider.Min, u.steps.slider.Max = min(leastSteps, float64(f.Steps)), max(mostSteps, float64(f.Steps))
	u.steps.set(float64(f.Steps))
	u.guidance.slider.Max = max(mostGuidance, f.Guidance)
	u.guidance.set(f.Guidance)
	if v, err := seedOf(u.seed.Text); err != nil || v != f.Seed {
		u.seed.SetText(strconv.FormatUint(f.Seed, 10))
	}
	if f.Size > 0 {
		u.size.SetText("Size " + strconv.Itoa(f.Size) + " px: back to the model's own")
		u.size.Show()
	} else {
		u.size.Hide()
	}
	u.stack.show()
}

// showButton is the one that draws or cancels.
func (d *drawing) showButton() {
	b := d.ui.button
	if b == nil {
		return
	}
	run := d.w.run
	switch {
	case run != nil && run.draws && run.cancelled:
		b.SetText("Ending the run …")
		b.SetKind(widgets.Outline)
		b.Disable()
	case run != nil && run.draws:
		b.SetText("Cancel   Esc")
		b.SetKind(widgets.Outline)
		b.Enable()
	default:
		b.SetText("Draw   ⏎")
		b.SetKind(widgets.Primary)
		b.Enable()
	}
}
