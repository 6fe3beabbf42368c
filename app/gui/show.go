package gui

import (
	"fmt"
	"math"
	"strings"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// drawn says what the widgets hold of the run shown. Refreshing one uploads its textures again,
// so a snapshot redraws only what it changed.
type drawn struct {
	// run counts the runs that repeat one: their traces may begin in the same second.
	run       int
	picture   *trace.Picture // whose grid the view has
	overlay   string
	inspector string
	words     string
	forced    string
	savings   string
	busy      string
	emptyView bool
	small     bool // the window has no room for long labels
}

// showAll brings every widget up to date.
func (w *window) showAll() {
	w.drawn = drawn{}
	w.showForm()
	w.showMenus()
	w.showLook()
	w.showInput()
	w.showRun()
}

// showForm writes the form into its controls.
func (w *window) showForm() {
	if w.ui.question.Text != w.form.Question {
		w.ui.question.SetText(w.form.Question)
	}
	w.showSampling()
	w.ui.stack.show()
	w.cmp.showStacks()
	w.showAsk()
	w.showMenus()
}

// showRun writes the run shown into the centre and the right column.
func (w *window) showRun() {
	w.showView()
	w.showTimeline()
	w.showWords()
	w.showOverlay()
	w.showForced()
	w.showAnswers()
	w.showSavings()
	w.showInspector()
	w.showStatus()
	w.showAsk()
	w.showNotices()
	w.showConflict()
	w.showKeep()
}

// showAsk is the button that asks or cancels.
func (w *window) showAsk() {
	w.cmp.showButton()
	w.draw.showButton()
	w.robot.showButton()
	b := w.ui.askButton
	switch {
	case w.run != nil && w.run.cancelled && !w.run.live:
		b.SetText("Ending the run …")
		b.SetKind(widgets.Outline)
		b.Disable()
	case w.run != nil && !w.run.live: // one that repeats is over before the eye could follow
		b.SetText("Cancel   Esc")
		b.SetKind(widgets.Outline)
		b.Enable()
	default:
		b.SetText("Ask   ⏎")
		b.SetKind(widgets.Primary)
		b.Enable()
	}
}

func (w *window) askOrCancel() {
	if w.run != nil && !w.run.live {
		w.cancel()
	} else {
		w.ask()
	}
}

// showInput is the card of the picture chosen, and what goes with it.
func (w *window) showInput() {
	if w.in == nil {
		w.ui.card.set(nil, "No picture yet", "Drop one anywhere, or click here to choose one", "")
	} else {
		b := w.in.Image.Bounds()
		size := fmt.Sprintf("%d × %d %s", b.Dx(), b.Dy(), w.in.Format)
		if w.in.Grey {
			size = "not in the trace"
		}
		lines := size
		if s := w.state(); s.Picture != nil && s.Picture.SHA256 == w.in.SHA256 && s.VisualCount() > 0 {
			lines = fmt.Sprintf("%s, %d visual tokens", size, s.VisualCount())
		}
		w.ui.card.set(w.in.Thumb, w.in.Name, lines, "Drop another anywhere")
	}
	w.showSuggestions()
	title := "Winnow"
	if w.in != nil {
		title = w.in.Name + " · Winnow"
	}
	w.win.SetTitle(title)
}

// showAnswers fills both cards, the words marked that differ.
func (w *window) showAnswers() {
	s := w.state()
	marksD, marksP := make([]bool, 0), make([]bool, 0)
	if s.Dense != nil && s.Pruned != nil && len(s.Dense.Words) > 0 && len(s.Pruned.Words) > 0 && (s.Pruned.Done || s.Ended) {
		marksD, marksP, _ = trace.Diff(s.Dense.Words, s.Pruned.Words)
	}
	w.showAnswer(w.ui.denseCard, s.Dense, marksD, "Ask, and the answer with all visual tokens appears here.")
	empty := "The answer with few of them appears here."
	switch {
	case len(specs(w.form.Methods)) == 0 && s.Pruned == nil && w.run == nil:
		empty = "No method is on: add one, or switch one on, to see what the model can do without."
	case s.Ended && s.Pruned == nil && s.Dense != nil && len(s.Request.Methods) == 0:
		empty = "No method was on in this run."
	}
	w.showAnswer(w.ui.prunedCard, s.Pruned, marksP, empty)

	truth := ""
	if s.Dense != nil && s.Dense.Done && w.in != nil && s.Picture != nil && s.Picture.SHA256 == w.in.SHA256 {
		if a := trueAnswer(w.in.Scene, s.Request.Question()); a != "" {
			truth = "The scene's list says: " + a
		}
	}
	w.ui.truth.SetText(truth)
	if truth == "" {
		w.ui.truth.Hide()
	} else {
		w.ui.truth.Show()
	}
}

func (w *window) showAnswer(c *widgets.AnswerCard, d *trace.Side, marks []bool, empty string) {
	s := w.state()
	var words []widgets.AnswerWord
	if d != nil {
		for i, t := range d.Words {
			words = append(words, widgets.AnswerWord{Text: t.Text, Differs: i < len(marks) && marks[i]})
		}
		if len(words) == 0 && d.Text != "" {
			words = []widgets.AnswerWord{{Text: d.Text}}
		}
	}
	c.SetWords(words)
	stats := ""
	if d != nil && d.Summary != nil {
		stats = statsText(d.Summary)
	}
	c.SetStats(stats)
	running := s.Running
	switch {
	case d != nil && d.Done && d.Summary.Ended != "cancelled":
		c.SetState(widgets.AnswerDone, "")
	case d != nil && s.Cancelled:
		c.SetState(widgets.AnswerCancelled, "cancelled")
	case s.Cancelled:
		c.SetState(widgets.AnswerEmpty, "Cancelled before this side had begun.")
	case s.Error != "":
		c.SetState(widgets.AnswerError, "no answer: the run ended with an error")
	case d != nil && len(d.Words) > 0 && running:
		c.SetState(widgets.AnswerStreaming, "")
	case running && (d != nil || len(s.Request.Methods) > 0 || c == w.ui.denseCard):
		c.SetState(widgets.AnswerWaiting, "")
	default:
		c.SetState(widgets.AnswerEmpty, empty)
	}
}

// statsText is the line of numbers under an answer.
func statsText(d *trace.SideDone) string {
	var parts []string
	if n := len(d.KeptByLayer); n > 0 && d.Visual > 0 {
		parts = append(parts, fmt.Sprintf("%d tokens", d.KeptByLayer[n-1]))
	}
	if d.TTFTMS > 0 {
		parts = append(parts, "TTFT "+trace.Quantity(rounded(d.TTFTMS), "ms"))
	}
	if d.TokensPerSecond > 0 {
		parts = append(parts, fmt.Sprintf("%.0f tokens/s", d.TokensPerSecond))
	}
	if d.Ended == "length" {
		parts = append(parts, "cut at the most tokens")
	}
	return strings.Join(parts, " · ")
}

// rounded keeps what a clock can tell: tenths below ten, whole numbers above.
func rounded(v float64) float64 {
	if v < 10 {
		return math.Round(10*v) / 10
	}
	return math.Round(v)
}

// showSavings compares the sides once both are done.
func (w *window) showSavings() {
	s := w.state()
	all := trace.Savings(s)
	key := fmt.Sprint(w.drawn.run, len(all), s.Time, s.Ended)
	if key == w.drawn.savings {
		return
	}
	w.drawn.savings = key
	var rows []widgets.SavingsRow
	head := widgets.Headline{Measured: math.NaN(), Counted: math.NaN()}
	var texts []string
	for _, v := range all {
		fraction, text := 1/v.Ratio, v.Text
		switch v.Label {
		case "First token":
			head.Measured = fraction
			texts = append(texts, v.Text)
			continue // the headline's bar says it
		case "Prefill arithmetic":
			head.Counted = fraction
			texts = append(texts, fmt.Sprintf("%.0f %% of the arithmetic", 100*fraction))
			continue
		case "Visual tokens kept":
			text = fmt.Sprintf("%.0f of %.0f", v.Pruned, v.Dense) // the timeline says where
		}
		rows = append(rows, widgets.SavingsRow{
			Label: label(v.Label), Basis: widgets.Basis(v.Basis), Text: text, Fraction: fraction, Better: v.Ratio > 1.02,
		})
	}
	if len(texts) > 0 {
		head.Text = capital(strings.Join(texts, ", with "))
	}
	w.ui.savings.SetHeadline(head)
	hint := "What pruning saves appears here, measured and counted."
	if s.Running {
		hint = "Compared when both answers are there."
	}
	w.ui.savings.SetHint(hint)
	w.ui.savings.SetRows(rows)
	// Cards have grown, if only by a line of numbers: a column whose own size stays is not laid out
	// anew by Fyne.
	w.ui.column.Refresh()
}

// shortLabels are for the width of the right column.
var shortLabels = map[string]string{
	"Weights read a decode step": "Weights a step",
	"Decode":                     "Decode speed",
	"Visual tokens kept":         "Tokens kept",
}

func label(of string) string {
	if s, ok := shortLabels[of]; ok {
		return s
	}
	return of
}

func capital(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// sentence makes one of an error's text, unless it begins with the name of a file.
func sentence(text string) string {
	word, _, _ := strings.Cut(text, " ")
	if !strings.ContainsAny(word, "._-/\\:") {
		text = capital(text)
	}
	return strings.TrimSuffix(text, ".") + "."
}

// showStatus is the foot of the window.
func (w *window) showStatus() {
	switch {
	case w.inRobot() || !w.comparing() && !w.inDraw() && w.run != nil && w.run.acts:
		w.robot.showStatus()
		return
	case w.inDraw() || !w.comparing() && w.run != nil && w.run.draws:
		w.draw.showStatus()
		return
	case w.comparing() || w.run != nil && w.run.compares:
		w.cmp.showStatus()
		return
	}
	s := w.state()
	var items []string
	switch {
	case w.run != nil && w.run.live && s.Ended:
		items = append(items, "Repeating the run …")
	case w.run != nil && w.run.cancelled:
		items = append(items, "Ending the run between two layers …")
	case w.run != nil:
		items = append(items, "Running: "+stageText(s))
	case s.Error != "":
		items = append(items, "The run ended with an error")
	case s.Cancelled:
		items = append(items, fmt.Sprintf("Cancelled after %.2f s", s.TotalMS/1000))
	case s.Ended:
		items = append(items, fmt.Sprintf("Done in %.2f s", s.TotalMS/1000))
		if w.live.took > 0 {
			items[len(items)-1] = fmt.Sprintf("Repeated in %d ms", w.live.took.Milliseconds())
		}
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
	hints := []string{"Space play", "← → layer", "1 2 3 view", "A B side", "F force a token", "F1 all keys"}
	if w.hasWords() {
		hints[1] = "← → ↑ ↓ layer, word"
	}
	w.ui.status.SetHints(hints...)
}

// stageText says how far a run is.
func stageText(s *trace.State) string {
	d, name := s.Dense, "dense"
	if s.Pruned != nil && s.Pruned.Started && (!s.Pruned.Done || s.Dense == nil) {
		d, name = s.Pruned, "pruned"
	}
	switch {
	case s.Model == nil:
		return "loading the model"
	case d == nil && s.Picture == nil:
		return "encoding the picture"
	case d == nil:
		return "picture encoded"
	case len(d.Words) > 0:
		return fmt.Sprintf("%s, word %d", name, len(d.Words))
	}
	return fmt.Sprintf("%s, layer %d of %d", name, len(d.Layers), s.LayerCount())
}
