package gui

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// What the inspector's tabs show. Each function writes its view and returns the title over it.

// showScores draws the sorted scores of the decision at the layer or word looked at. What keeps
// a share of the attention is drawn as that share, added up.
func (w *window) showScores(d *trace.Side) string {
	v := w.ui.inspector.curve
	if !w.inWords() {
		if shares, cut, target := d.Cumulative(w.at); len(shares) > 0 {
			t := float64(target)
			parts := slices.Clone(shares)
			for i := len(parts) - 1; i > 0; i-- {
				parts[i] = max(parts[i]-parts[i-1], 0)
			}
			v.SetCurve(widgets.Curve{Scores: parts, Kept: cut, Cumulative: true, Target: &t, Unit: "of the attention", Label: fmt.Sprintf("%d kept", cut)})
			return fmt.Sprintf("Attention received, added up, layer %d", w.at)
		}
	}
	scores, cut, by := d.Curve(w.at)
	if w.inWords() {
		scores, cut, by = w.wordCurve(d)
	}
	if by == nil {
		v.SetHint("No method has scored the visual tokens here.")
		v.SetCurve(widgets.Curve{})
		return "Scores, sorted"
	}
	unit := by.Unit
	if unit == "" {
		unit = "score"
	}
	c := widgets.Curve{Scores: scores, Kept: cut, Threshold: by.Threshold, Unit: by.Unit, Label: fmt.Sprintf("%d kept", cut)}
	if n := len(scores); strings.Contains(by.Rule, "elbow") && cut > 0 && cut < n {
		c.Chord, c.Elbow = true, cut
		chord := float64(scores[0]) + float64(scores[n-1]-scores[0])*float64(cut)/float64(n-1)
		// The label of a short distance would lie on that of the cut.
		if far := chord - float64(scores[cut]); far > 0.15*float64(scores[0]-scores[n-1]) {
			c.Distance = trace.Number(math.Round(far)) + " below"
		}
	}
	v.SetCurve(c)
	return fmt.Sprintf("%s, sorted, %s", capital(unit), where(by))
}

// where says at which layer, and word, a decision was made.
func where(d *trace.Decision) string {
	switch {
	case d.Phase == "vision":
		return fmt.Sprintf("vision layer %d", d.Layer)
	case d.Phase == "decode":
		return fmt.Sprintf("layer %d, word %d", d.Layer, d.Step+1)
	case d.Layer < 0:
		return "before layer 0"
	case d.At != "":
		return fmt.Sprintf("layer %d", d.Layer)
	}
	return fmt.Sprintf("after layer %d", d.Layer)
}

// keepRatios sets the shares of the run shown aside, to be drawn behind those of the next.
func (w *window) keepRatios() {
	v := &w.ui.inspector
	s := w.state()
	if r := s.Pruned.Ratios(); r != nil && s.Ended && !s.Cancelled {
		v.before, v.asked = r, s.Request.Question()
	}
}

// showRatios has a bar a layer: the share of the prompt's rows that its attention kept.
func (w *window) showRatios(d *trace.Side) string {
	v := &w.ui.inspector
	var bars []widgets.RatioBar
	for l := range w.state().LayerCount() {
		r, of, ok := d.Ratio(l)
		bars = append(bars, widgets.RatioBar{Label: fmt.Sprint(l), Share: r, Of: of, None: !ok})
	}
	v.ratios.SetBars(bars)
	v.ratios.SetSelected(w.layer())
	v.ratios.SetGhost(nil)
	if len(v.before) == len(bars) {
		v.ratios.SetGhost(v.before)
		v.say("Outlined: " + v.asked)
	}
	return "Share of the rows that a layer attends to"
}

// showNeurons lights the FFN neurons that decoding uses.
func (w *window) showNeurons(d *trace.Side) string {
	reduced := map[int]trace.NeuronLayer{}
	most := 0
	for _, l := range d.Neurons() {
		reduced[l.Layer] = l
		most = max(most, l.Of)
	}
	var rows []widgets.NeuronRow
	for l := range w.state().LayerCount() {
		row := widgets.NeuronRow{Label: fmt.Sprint(l), N: most, Dense: true}
		if r, ok := reduced[l]; ok {
			row.N, row.Lit, row.Dense = r.Of, r.Index, false
		}
		rows = append(rows, row)
	}
	w.ui.inspector.neurons.SetRows(rows)
	return fmt.Sprintf("FFN neurons, %d a layer; the core set lit", most)
}

// showStrip has a row a layer: how its cache stores the prompt.
func (w *window) showStrip(d *trace.Side) string {
	v := w.ui.inspector.strip
	var rows []widgets.KVRow
	for l := range w.state().LayerCount() {
		s := d.KVStrip(l)
		rows = append(rows, widgets.KVRow{
			Label: fmt.Sprint(l), Full: s.Full, Bits8: s.Eight, Bits4: s.Four, Bits2: s.Two, Evicted: s.Gone, Bytes: s.Bytes,
		})
	}
	v.SetRows(rows)
	v.SetSelected(w.layer())
	return "KV cache after the prompt, counted"
}

// showMatching has a row a layer: core neurons, and the active ones of tokens kept and dropped.
func (w *window) showMatching(d *trace.Side) string {
	v := w.ui.inspector.match
	sets := func(m trace.Match) widgets.MatchSets {
		return widgets.MatchSets{Core: m.CoreOnly, Both: m.Both, Active: m.TokenOnly, Chance: m.Chance}
	}
	var rows []widgets.MatchRow
	chosen := -1
	for _, m := range d.Matchings() {
		r := widgets.MatchRow{Label: fmt.Sprint(m.Layer), Kept: sets(m.Kept)}
		if m.Dropped.N > 0 {
			dropped := sets(m.Dropped)
			r.Dropped = &dropped
		}
		if m.Layer == w.layer() {
			chosen = len(rows)
		}
		rows = append(rows, r)
	}
	v.SetRows(rows)
	v.SetSelected(chosen)
	return "Core neurons and a token's active ones"
}

// showChoices has a row a word: what was likeliest before and after the contrast.
func (w *window) showChoices(d *trace.Side) string {
	v := w.ui.inspector.words
	choices := func(list []trace.Choice) []widgets.WordChoice {
		var out []widgets.WordChoice
		for _, c := range list {
			out = append(out, widgets.WordChoice{Text: c.Text, P: math.Exp(c.LogProb)})
		}
		return out
	}
	var rows []widgets.WordRow
	for i, word := range d.Words {
		r := widgets.WordRow{Text: word.Text}
		if c := d.Choice(i); c != nil {
			r.Before, r.After, r.Against = choices(c.Before), choices(c.After), choices(c.Against)
		}
		rows = append(rows, r)
	}
	v.SetRows(rows)
	if w.inWords() {
		v.SetSelected(w.words.at)
	} else {
		v.SetSelected(-1)
	}
	return "Each word before and after the contrast"
}
