package gui

import (
	"fmt"
	"math"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/app/judge"
	"winnow/internal/trace"
	"winnow/vision/quality"
)

// resultSide is the side of the small pictures in the right column: without scrolling where the
// window is not too low.
func (d *drawing) resultSide() float32 {
	if d.w.win.Canvas().Size().Height < 820 {
		return 108
	}
	return 164
}

func (d *drawing) buildResults() fyne.CanvasObject {
	u := &d.ui
	u.savings = widgets.NewSavingsPanel()
	u.extra = widgets.NewNote("")
	u.extra.Hide()
	u.psnr, u.ssim = widgets.NewMonoLabel("–"), widgets.NewMonoLabel("–")
	fact := func(name string, value *widgets.MonoLabel) fyne.CanvasObject {
		return container.NewBorder(nil, nil, newCaption(name), value)
	}
	u.diffTitle = widgets.NewSectionTitle(fmt.Sprintf("Difference × %d", quality.Amplified))
	u.difference = widgets.NewEnlarged("")
	u.difference.SetBare(true)
	u.tokensTitle = widgets.NewSectionTitle("")
	u.tokens = widgets.NewTokenGrid("")
	u.why = widgets.NewNote("")
	small := func(o fyne.CanvasObject) fyne.CanvasObject {
		return widgets.NewPanel(container.New(&low{d.resultSide}, o))
	}
	u.seen = newSeenRow()
	u.column = vbox(theme.Gap,
		widgets.NewSectionTitle("What it saves"), u.savings, u.extra,
		gap(), widgets.NewSectionTitle("How close it stays"), widgets.NewPanel(vbox(theme.Step, fact("PSNR", u.psnr), fact("SSIM", u.ssim), u.seen.box)),
		gap(), u.diffTitle, small(u.difference),
		gap(), u.tokensTitle, small(u.tokens), u.why)
	return container.NewVScroll(padded(theme.Inset, theme.Inset, side4, side4, u.column))
}

// showResults compares the finished pictures.
func (d *drawing) showResults() {
	u, s := &d.ui, d.state()
	p := d.prunedSide()
	var dense, pruned *trace.Drawn
	if s.Dense != nil {
		dense = s.Dense.Drawn
	}
	if p != nil {
		pruned = p.Drawn
	}
	sides := d.seenSides()
	key := fmt.Sprint(dense != nil, pruned != nil, len(sides), s.Running, s.Ended, s.Error != "", s.Cancelled, d.sideAt, d.shown.state == nil, len(s.Request.Methods))
	if key != d.drawn.results {
		d.drawn.results = key
		u.savings.SetHint(d.savingsHint())
		u.savings.SetRows(drawSavings(dense, pruned))
		extra := drawExtra(pruned)
		u.extra.SetText(extra)
		if extra == "" {
			u.extra.Hide()
		} else {
			u.extra.Show()
		}
		psnr, ssim := likeness(pruned)
		u.psnr.SetText(psnr)
		u.ssim.SetText(ssim)
		d.ui.seen.set(judge.Sum(sides))
		u.difference.SetHint("Where the two pictures differ appears here.")
		if dense != nil && pruned != nil {
			cache := &imageCache{} // the centre keeps the last pair of its own
			setEnlarged(u.difference, cache.difference(d.finished(s.Dense), d.finished(p)))
		} else {
			u.difference.SetPicture(nil)
		}
		u.column.Refresh()
	}
	d.showTokens()
}

func (d *drawing) savingsHint() string {
	s := d.state()
	switch {
	case s.Running:
		return "Compared when both pictures are there."
	case s.Cancelled:
		return "Cancelled before both pictures were there."
	case s.Error != "":
		return "The run ended with an error; there is nothing to compare."
	case d.shown.state != nil && !d.prunes():
		return "No method was on in this run; add one to see what it saves."
	}
	return "What pruning saves appears here, measured and counted."
}

// drawSavings are the quantities of two finished sides; none while either is missing or was
// cancelled.
func drawSavings(dense, pruned *trace.Drawn) []widgets.SavingsRow {
	if dense == nil || pruned == nil || len(dense.Image) == 0 || len(pruned.Image) == 0 {
		return nil
	}
	var rows []widgets.SavingsRow
	add := func(label, basis string, a, b float64, text string) {
		if a > 0 && b >= 0 && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
			rows = append(rows, widgets.SavingsRow{Label: label, Basis: widgets.Basis(basis), Text: text, Fraction: b / a, Better: b/a < 0.98})
		}
	}
	if pruned.MS > 0 {
		add("Time", trace.Measured, dense.MS, pruned.MS, sooner(dense.MS/pruned.MS))
	}
	add("Evaluations", trace.Counted, float64(dense.NFE), float64(pruned.NFE), fmt.Sprintf("%d of %d", pruned.NFE, dense.NFE))
	add("Arithmetic", trace.Counted, float64(dense.FLOPs), float64(pruned.FLOPs), fmt.Sprintf("%.0f %%", 100*float64(pruned.FLOPs)/float64(dense.FLOPs)))
	return rows
}

// sooner says a ratio of times in words.
func sooner(ratio float64) string {
	switch {
	case ratio > 0.98 && ratio < 1.02:
		return "the same"
	case ratio >= 1:
		return fmt.Sprintf("%.2f× sooner", ratio)
	}
	return fmt.Sprintf("%.2f× later", 1/ratio)
}

// drawExtra says what pruning itself cost.
func drawExtra(pruned *trace.Drawn) string {
	if pruned == nil || len(pruned.Image) == 0 {
		return ""
	}
	var parts []string
	if pruned.SelectMS > 0 {
		parts = append(parts, fmt.Sprintf("choosing took %g ms of it, measured", rounded(pruned.SelectMS)))
	}
	if pruned.CacheBytes > 0 {
		parts = append(parts, "caches held "+trace.Quantity(float64(pruned.CacheBytes), "bytes")+", counted")
	}
	if len(parts) == 0 {
		return ""
	}
	return capital(strings.Join(parts, "; ")) + "."
}

// likeness is how close a side's picture is to the dense one.
func likeness(pruned *trace.Drawn) (psnr, ssim string) {
	psnr, ssim = "–", "–"
	if pruned == nil || len(pruned.Image) == 0 {
		return psnr, ssim
	}
	good := func(v *float64) bool { return v != nil && !math.IsNaN(*v) && !math.IsInf(*v, 0) }
	if good(pruned.SSIM) {
		ssim, psnr = fmt.Sprintf("%.3f", *pruned.SSIM), "equal" // unless there is one
	}
	if good(pruned.PSNR) {
		psnr = fmt.Sprintf("%.1f dB", *pruned.PSNR)
	}
	return psnr, ssim
}

// showTokens is the grid of what the step under the scrubber computed.
func (d *drawing) showTokens() {
	u, s := &d.ui, d.state()
	x := d.stepSide()
	rows, cols := s.Grid()
	kept := computed(s, x, d.at)
	title, hint, why := "Tokens computed at a step", "Which tokens a step computes appears here.", ""
	if kept != nil {
		e := x.Denoised[d.at]
		why = e.Why
		title = fmt.Sprintf("Tokens computed at step %d: %d of %d", d.at, min(max(e.Kept, 0), rows*cols), rows*cols)
		switch e.Kind {
		case trace.StepSkip:
			title = fmt.Sprintf("Tokens computed at step %d: none, skipped", d.at)
		case trace.StepLagrange:
			title = fmt.Sprintf("Tokens computed at step %d: none, extrapolated", d.at)
		}
	} else if d.shown.state != nil && x != nil {
		title = fmt.Sprintf("Tokens computed at step %d", d.at)
		hint = "This step has not been made."
	}
	if why != "" {
		why = capital(strings.TrimSuffix(why, ".")) + "."
	}
	if u.why.Text() != why {
		u.why.SetText(why)
		u.column.Refresh() // it may have another number of lines
	}
	u.tokensTitle.SetText(title)
	u.tokens.SetHint(hint)
	u.tokens.SetTokens(rows, cols, kept)
}

// showStatus is the foot of the window while this view is in front or runs.
func (d *drawing) showStatus() {
	w, s := d.w, d.state()
	var items []string
	switch {
	case w.run != nil && w.run.draws && w.run.cancelled:
		items = append(items, "Ending the run after this evaluation …")
	case w.run != nil && w.run.draws:
		items = append(items, "Drawing: "+d.stage())
	case w.run != nil && w.run.compares:
		items = append(items, "Compare runs: "+comparedStage(w.cmp.state()))
	case w.run != nil && w.run.acts:
		items = append(items, "Robot runs: "+w.robot.stage())
	case w.run != nil:
		items = append(items, "Ask runs: "+stageText(w.state()))
	case s.Error != "":
		items = append(items, "The drawing ended with an error")
	case s.Cancelled:
		items = append(items, fmt.Sprintf("Cancelled after %.2f s", s.TotalMS/1000))
	case s.Ended:
		items = append(items, fmt.Sprintf("Drawn in %.2f s", (s.TotalMS-lookedMS(s))/1000))
	case d.shown.state != nil:
		items = append(items, "The trace ends before the run does")
	case w.listErr != nil:
		items = append(items, "The engine does not answer")
	case len(w.models) == 0:
		items = append(items, "Starting the engine …")
	default:
		items = append(items, "Ready")
	}
	if s.Ended {
		if s.Request.Draw != nil {
			items = append(items, fmt.Sprintf("Seed %d", s.Request.Draw.Seed))
		}
		if s.PeakMemory > 0 {
			items = append(items, "Peak memory "+trace.Quantity(float64(s.PeakMemory), "bytes"))
		}
		if s.Model != nil && s.Model.Backend != "" {
			items = append(items, s.Model.Backend+", "+threadsText(s.Model.Threads))
		}
	}
	w.ui.status.SetItems(items...)
	w.ui.status.SetHints("Space play", "← → step", "1 2 3 4 view", "N seed", "Drop an exported PNG to restore it", "F1 all keys")
}

// stage says how far a drawing is.
func (d *drawing) stage() string {
	s := d.state()
	switch {
	case s.Model == nil:
		return "loading the model"
	case s.Drawing == nil:
		return "reading the prompt"
	}
	x, name := s.Dense, "dense"
	for _, p := range s.Sides {
		if p.Started && len(p.Denoised) > 0 {
			x, name = p, d.prunedName()
		}
	}
	switch {
	case x == nil:
		return "warming up"
	case d.looks():
		return "the built-in VLM looks at the pictures"
	}
	return fmt.Sprintf("%s, %d of %d steps", name, len(x.Denoised), d.steps())
}
