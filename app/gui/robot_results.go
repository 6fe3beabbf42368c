package gui

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

func (r *robot) buildResults() fyne.CanvasObject {
	u := &r.ui
	u.savings, u.gate = widgets.NewSavingsPanel(), widgets.NewSavingsPanel()
	u.savingsTitle, u.medians = widgets.NewSectionTitle(""), widgets.NewNote("")
	u.gate.SetHint("How the instruction weighs the two encoders appears here.")
	u.routing, u.looks, u.mask = widgets.NewRoutingGrid(), widgets.NewLookGrid(), widgets.NewMaskGrid()
	u.routing.OnSelect = r.chooseLayer
	u.routing.Names = r.rowName
	u.looks.OnSelect = r.chooseVector
	u.routingTitle = widgets.NewSectionTitle("Tokens routed through each layer")
	u.looksTitle = widgets.NewSectionTitle("What each aggregation token looks at")
	u.maskTitle = widgets.NewSectionTitle("Attention mask")
	u.cameraTabs = widgets.NewTabs([]string{"front", "wrist"}, func(i int) { r.camera = i; r.showLooks(); r.relay() })
	u.encoderTabs = widgets.NewTabs(encoderTitles[:], func(i int) { r.encoder = i; r.showLooks(); r.relay() })
	u.results = vbox(theme.Gap,
		u.savingsTitle, u.savings, u.medians,
		gap(), u.routingTitle, widgets.NewPanel(u.routing),
		gap(), u.looksTitle, widgets.NewPanel(vbox(theme.Gap, container.NewGridWithColumns(2, u.cameraTabs, u.encoderTabs), u.looks)),
		gap(), widgets.NewSectionTitle("Export"), r.buildExport(),
		gap(), widgets.NewSectionTitle("Encoder gate"), u.gate,
		gap(), u.maskTitle, widgets.NewPanel(u.mask))
	return container.NewVScroll(padded(theme.Inset, theme.Inset, side4, side4, u.results))
}

// measured is what a side took for an answer since the policies and methods of now are asked.
type measured struct {
	n     int
	ms    float64 // median; NaN where nothing was measured
	flops float64 // median; NaN likewise
}

// measure takes the answers of a side, those left out in which something was compiled.
func (r *robot) measure(side string) measured {
	var ms, flops []float64
	for i, e := range r.state().Episodes {
		for _, t := range e.Thoughts {
			if t.Side != side || i < r.since.episode || i == r.since.episode && t.Step < r.since.step {
				continue
			}
			if t.FLOPs > 0 {
				flops = append(flops, float64(t.FLOPs))
			}
			if !t.Cold && t.MS > 0 && !math.IsInf(t.MS, 0) {
				ms = append(ms, t.MS)
			}
		}
	}
	return measured{len(ms), median(ms), median(flops)}
}

// median of a list, which it sorts; NaN of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// showSavings compares what the acting policy took with those asked beside it.
func (r *robot) showSavings() {
	u, s := &r.ui, r.state()
	n := 0
	for _, e := range s.Episodes {
		n += len(e.Thoughts)
	}
	key := fmt.Sprint(n, s.Running, s.Error != "", s.Acting == nil, r.shown.state == nil, r.since)
	if key == r.drawn.results {
		return
	}
	r.drawn.results = key
	rows, notes := r.savings()
	u.savings.SetHint(r.savingsHint())
	u.savings.SetRows(rows)
	title := "What it saves"
	if len(rows) > 0 {
		title += " against " + r.playerTitle(trace.Dense)
	}
	u.savingsTitle.SetText(title)
	if text := strings.Join(notes, "; "); text != u.medians.Text() {
		u.medians.SetText(text)
		u.results.Refresh() // it may have another number of lines
	}
}

// savings are the rows of the panel, and the times behind them: of a call, and of an action where calls give
// different numbers of them.
func (r *robot) savings() (rows []widgets.SavingsRow, notes []string) {
	a := r.state().Acting
	if a == nil {
		return nil, nil
	}
	mine := r.measure(trace.Pruned)
	if mine.n > 0 {
		notes = append(notes, fmt.Sprintf("%s takes %s, median of %s", r.playerTitle(trace.Pruned), callText(a.Player(trace.Pruned), mine.ms), plural(mine.n, "look")))
	}
	for i := range a.Sides {
		p := &a.Sides[i]
		if p.Side == trace.Pruned {
			continue
		}
		other, name, against := r.measure(p.Side), r.playerTitle(p.Side), ""
		if p.Side != trace.Dense { // the title names that one
			against = ", " + short(family(name), 12)
		}
		latency, arithmetic, per := "Latency", "Arithmetic", 1.0
		if acts := a.Player(trace.Pruned); acts != nil && acts.Chunk != p.Chunk && acts.Chunk > 0 && p.Chunk > 0 {
			latency, arithmetic, per = "An action", "An action", float64(p.Chunk)/float64(acts.Chunk)
		}
		if f := per * mine.ms / other.ms; f > 0 && !math.IsInf(f, 0) {
			rows = append(rows, widgets.SavingsRow{Label: latency + against, Basis: widgets.Measured, Text: sooner(1 / f), Fraction: f, Better: f < 0.98})
			notes = append(notes, name+" "+callText(p, other.ms))
		}
		if f := per * mine.flops / other.flops; f > 0 && !math.IsInf(f, 0) {
			rows = append(rows, widgets.SavingsRow{Label: arithmetic + against, Basis: widgets.Counted, Text: fmt.Sprintf("%.0f %%", 100*f), Fraction: f, Better: f < 0.98})
		}
	}
	return rows, notes
}

// family is a policy's title without its size: OpenVLA 3.5M, OpenVLA.
func family(title string) string {
	if i := strings.LastIndexByte(title, ' '); i > 0 && title[i+1:] != "" && title[i+1] >= '0' && title[i+1] <= '9' {
		return title[:i]
	}
	return title
}

// callText is a time with what it brings: 12.4 ms a chunk of 8 actions.
func callText(p *trace.Player, ms float64) string {
	text := fmt.Sprintf("%.3g ms", ms)
	if ms >= 100 {
		text = fmt.Sprintf("%.0f ms", ms)
	}
	switch {
	case p == nil || p.Chunk < 1:
		return text
	case p.Chunk == 1:
		return text + " an action"
	}
	return fmt.Sprintf("%s a chunk of %d actions", text, p.Chunk)
}

func (r *robot) savingsHint() string {
	s := r.state()
	switch {
	case r.shown.state == nil:
		return "What routing saves appears here, measured and counted."
	case s.Running:
		return "Compared when each policy has been asked twice."
	case s.Error != "":
		return "The run ended with an error."
	case s.Acting != nil && s.Acting.Player(trace.Pruned) == nil, s.Request.Model == trace.Expert:
		return "The scripted expert computes nothing; choose a policy to see what it costs."
	case s.Acting != nil && len(s.Acting.Sides) < 2:
		return "No other policy was asked; tick one at the left to compare."
	}
	return "Nothing was measured in this run."
}

// showGate says how the instruction weighs the encoders.
func (r *robot) showGate() {
	t := r.thought(trace.Pruned)
	key := r.thoughtKey(t)
	if key == r.drawn.gate {
		return
	}
	r.drawn.gate = key
	var rows []widgets.SavingsRow
	if t != nil && len(t.Gate) == len(encoderTitles) {
		for i, v := range t.Gate {
			rows = append(rows, widgets.SavingsRow{Label: encoderTitles[i], Text: fmt.Sprintf("%.0f %%", 100*v), Fraction: float64(v), Better: true})
		}
	}
	r.ui.gate.SetRows(rows)
}
