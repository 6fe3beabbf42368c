package gui

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
	"winnow/vision/grid"
	"winnow/vision/heatmap"
)

// wordScrub is where the person looks in the answer of a run that decides while it answers.
type wordScrub struct {
	// on: the picture shows what word at was chosen from, not a layer of the prompt.
	on bool
	at int
	// layer is the one looked at: w.at, unless all are averaged.
	all bool
}

// hasWords reports whether there are words to scrub through: the pruned side decided something
// while it answered.
func (w *window) hasWords() bool {
	d := w.state().Pruned
	return d.DecidesInDecode() && d.Steps() > 0 && len(w.state().Tokens) > 0
}

// inWords reports whether the picture shows a word's view.
func (w *window) inWords() bool { return w.words.on && !w.dense && w.hasWords() }

// layer is the one shown, -1 for the mean of all.
func (w *window) layer() int {
	if w.inWords() && w.words.all {
		return -1
	}
	return w.at
}

// mask says for each cell whether its token is kept where the person looks.
func (w *window) mask() []bool {
	d := w.side()
	if w.inWords() {
		return d.KeptMaskAt(w.layer(), w.words.at)
	}
	return d.KeptMask(w.at)
}

// scrub is what plays and what the arrow keys move: where it stands, and of how many.
func (w *window) scrub() (at, of int) {
	if w.inWords() {
		return w.words.at, w.state().Pruned.Steps()
	}
	return w.at, w.state().LayerCount()
}

func (w *window) seekScrub(to int) {
	if w.inWords() {
		w.seekWord(to)
	} else {
		w.seek(to)
	}
}

// seekWord shows another word's view.
func (w *window) seekWord(to int) {
	if !w.hasWords() {
		return
	}
	w.words.on, w.dense = true, false
	w.words.at = min(max(to, 0), w.state().Pruned.Steps()-1)
	w.follow = false
	w.showPlace()
}

// scrubWords goes to the words; where it is already, to the mean of the layers and back.
func (w *window) scrubWords() {
	w.stopPlaying()
	switch {
	case !w.hasWords():
		return
	case w.inWords():
		w.words.all = !w.words.all
	default:
		w.words.all = true
	}
	w.seekWord(w.words.at)
}

// scrubLayers goes back to the layers of the prompt.
func (w *window) scrubLayers() {
	if w.words.on {
		w.stopPlaying()
		w.words.on = false
		w.showPlace()
	}
}

// showPlace redraws what depends on the layer and the word looked at.
func (w *window) showPlace() {
	w.showSides()
	at := w.at
	if w.layer() < 0 {
		at = -1
	}
	w.ui.timeline.SetPosition(at)
	w.showWordsAt()
	w.showOverlay()
	w.showInspector()
	w.ui.view.RefreshTooltip()
}

// showWords is the line of words under the timeline: a bar is the share of the visual tokens that
// the heads saw while a word was chosen, in the accent where a contrast changed the word.
func (w *window) showWords() {
	d := w.state().Pruned
	show := w.hasWords()
	if show != w.ui.words.Visible() {
		if show {
			w.ui.words.Show()
		} else {
			w.ui.words.Hide()
			w.words.on = false
		}
		w.ui.relay()
	}
	key := fmt.Sprint(w.drawn.run, d.Steps(), w.state().Running, w.state().Time)
	if !show || key == w.drawn.words {
		return
	}
	w.drawn.words = key
	w.words.at = min(w.words.at, d.Steps()-1)
	blocks := make([]widgets.StepBlock, d.Steps())
	for i, word := range d.Words {
		blocks[i] = widgets.StepBlock{Text: word.Text, Fraction: 1}
		if w.state().Running {
			continue // summing up every step takes longer than a frame may
		}
		if s, ok := d.Step(i); ok {
			if s.Masked == s.Masked {
				blocks[i].Fraction = 1 - s.Masked
			}
			if c := d.Choice(i); c != nil && len(c.Before) > 0 && len(c.After) > 0 {
				blocks[i].Marked = c.Before[0].ID != c.After[0].ID
			}
		}
	}
	w.ui.words.SetBlocks(blocks)
	w.showWordsAt()
}

func (w *window) showWordsAt() {
	at := -1
	if w.inWords() {
		at = w.words.at
	}
	w.ui.words.SetPosition(at)
}

// wordOverlay colours the cells for the word looked at: in the kept view the share of heads that
// did not see a token darkens it.
func wordOverlay(d *trace.Side, layer, step int, g grid.Grid, l look) (*image.RGBA, error) {
	o := heatmap.Options{Mode: l.mode(), Map: l.colours(), Alpha: 1}
	if o.Mode != heatmap.Kept {
		if scores, by := d.ScoresAtStep(layer, step); by != nil {
			return heatmap.Render(scores, d.KeptMaskAt(layer, step), g, o)
		}
	}
	return heatmap.RenderShare(d.MaskedAt(layer, step), g, o.Alpha)
}

// wordCurve is what the decision that hid tokens from the word looked at went by.
func (w *window) wordCurve(d *trace.Side) (sorted []float32, cut int, by *trace.Decision) {
	scores, by := d.ScoresAtStep(w.layer(), w.words.at)
	kept := d.KeptMaskAt(w.layer(), w.words.at)
	var order []int
	for i, v := range scores {
		if v == v {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	for _, i := range order {
		sorted = append(sorted, scores[i])
		if i < len(kept) && kept[i] {
			cut++
		}
	}
	return sorted, cut, by
}

// wordWhere names the word looked at, for a tooltip.
func (w *window) wordWhere() string {
	where := fmt.Sprintf("layer %d", w.at)
	if w.words.all {
		where = "all layers"
	}
	if d := w.state().Pruned; w.words.at < len(d.Words) {
		return fmt.Sprintf("word %d, %q, %s", w.words.at+1, d.Words[w.words.at].Text, where)
	}
	return where
}
