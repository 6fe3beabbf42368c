package trace

import "math"

// A step is a generated word: step 0 is chosen from the prompt's own logits, and what is decided
// at step s > 0 concerns the pass that chooses word s. So words, decisions and these queries share
// their index.

// Steps is the number of generated words.
func (d *Side) Steps() int {
	if d == nil {
		return 0
	}
	return len(d.Words)
}

// DecidesInDecode reports whether a method has decided anything while answering, so that there
// is something to scrub.
func (d *Side) DecidesInDecode() bool { return d != nil && len(d.byStep) > 0 }

// at lists the decisions made at a step.
func (d *Side) at(step int) []int32 {
	if d == nil || step < 0 || step >= len(d.byStep) {
		return nil
	}
	return d.byStep[step]
}

// lasts reports whether a decision made while answering is felt after its step: what hides rows
// from one attention is over with it, what changes the cache stays.
func (d *Decision) lasts() bool {
	switch d.Kind {
	case "exclude", "reweigh", "logits":
		return false
	case "mask":
		return d.At == ""
	}
	return true
}

// felt calls f with each decision made while answering that a layer feels at a step.
func (d *Side) felt(layer, step int, f func(*Decision)) {
	for _, k := range d.lasting {
		if e := &d.Decisions[k]; e.Step <= step && e.changes(layer) {
			f(e)
		}
	}
	for _, k := range d.at(step) {
		if e := &d.Decisions[k]; !e.lasts() && e.changes(layer) {
			f(e)
		}
	}
}

// share of the heads that d happened to at place i of its Rows.
func (d *Decision) share(i int) float32 {
	if i >= len(d.Share) {
		return 1
	}
	v := d.Share[i]
	if !(v >= 0) {
		return 0
	}
	return min(v, 1)
}

// MaskedAt is, for each cell, the share (0 to 1) of the heads that did not see its token while
// word step was chosen: masked, or gone from the layer's cache; NaN where there is no token. Layer
// -1 is the mean over layers, step -1 the mean over the steps after the first. It is nil where
// there is no grid.
func (d *Side) MaskedAt(layer, step int) []float32 {
	if d == nil || len(d.state.cells) == 0 {
		return nil
	}
	out := make([]float32, len(d.state.cells))
	for c, i := range d.state.cells {
		if i < 0 {
			out[c] = float32(math.NaN())
		}
	}
	layers, steps := []int{layer}, []int{step}
	if layer < 0 {
		layers = upTo(d.state.LayerCount())
	}
	if step < 0 {
		if steps = upTo(d.Steps())[min(1, d.Steps()):]; len(steps) == 0 {
			steps = []int{0}
		}
	}
	part := 1 / float32(max(len(layers)*len(steps), 1))
	for _, l := range layers {
		var base []float32 // what the prompt's decisions took, needed after the first word
		for _, s := range steps {
			var gone []float32
			if s == 0 {
				gone = d.goneBefore(l, true)
			} else {
				if base == nil {
					base = d.goneBefore(l, false)
				}
				gone = base
				if later := d.maskedWhile(l, s); later != nil {
					for c, v := range base {
						later[c] = max(later[c], v)
					}
					gone = later
				}
			}
			for c, v := range gone {
				out[c] += v * part
			}
		}
	}
	return out
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// goneBefore is 1 for each cell whose token a layer no longer has after prefill. Those that were
// only left out of its attention are still cached; prefill says whether they count.
func (d *Side) goneBefore(layer int, prefill bool) []float32 {
	out := make([]float32, len(d.state.cells))
	if prefill {
		for c, kept := range d.KeptMask(layer) {
			if !kept {
				out[c] = 1
			}
		}
		return out
	}
	for c, i := range d.state.cells {
		if i >= 0 && !d.AliveAt(i, layer) {
			out[c] = 1
		}
	}
	for _, k := range d.prompt {
		if e := &d.Decisions[k]; e.cache() && e.Kind != "exclude" && e.changes(layer) {
			for i, r := range e.Rows {
				if c, ok := d.state.cellOf[r]; ok {
					out[c] = max(out[c], e.share(i))
				}
			}
		}
	}
	return out
}

// maskedWhile is what the decisions made while answering add at a step; nil where nothing.
func (d *Side) maskedWhile(layer, step int) []float32 {
	var out []float32
	d.felt(layer, step, func(e *Decision) {
		if !(e.cache() || e.stream()) || e.Kind == "merge" && d.once(e) {
			return
		}
		if out == nil {
			out = make([]float32, len(d.state.cells))
		}
		for i, r := range e.Rows {
			if c, ok := d.state.cellOf[r]; ok {
				out[c] = max(out[c], e.share(i))
			}
		}
	})
	return out
}

// once reports whether a merge only stands in for rows that a mask of the same attention hides,
// and leaves the cache alone.
func (d *Side) once(merge *Decision) bool {
	for _, k := range d.at(merge.Step) {
		e := &d.Decisions[k]
		if e.Kind != "mask" || e.Layer != merge.Layer || e.Method != merge.Method {
			continue
		}
		for _, r := range merge.Rows {
			if !has(e.Rows, r) {
				return false
			}
		}
		return true
	}
	return false
}

// KeptMaskAt is KeptMask while word step was chosen: the token is still in the layer's cache and
// at least half of its heads (layer -1: of all layers' heads) saw it.
func (d *Side) KeptMaskAt(layer, step int) []bool {
	share := d.MaskedAt(layer, step)
	if share == nil {
		return nil
	}
	mask := make([]bool, len(share))
	for c, v := range share {
		mask[c] = seen(v)
	}
	return mask
}

// seen forgives the rounding of a mean.
func seen(masked float32) bool { return masked <= 0.5001 }

// ScoresAtStep is the score of each cell, NaN where not scored, in the decision that hid tokens
// from a layer while word step was chosen; both are nil where there is none.
func (d *Side) ScoresAtStep(layer, step int) (scores []float32, decision *Decision) {
	if d == nil || len(d.state.cells) == 0 {
		return nil, nil
	}
	var best *Decision
	for _, k := range d.at(step) {
		e := &d.Decisions[k]
		if (e.cache() || e.stream() || e.Kind == "store") && e.changes(layer) && d.scoresVisual(e) {
			best = e
			if e.Kind == "mask" {
				break
			}
		}
	}
	if best == nil {
		return nil, nil
	}
	scores = make([]float32, len(d.state.cells))
	for c, i := range d.state.cells {
		scores[c] = best.score(i)
	}
	return scores, best
}

// Choice compares the candidates for word step before and after its logits were edited; nil where
// nothing was.
func (d *Side) Choice(step int) *Choices {
	_, c := d.edit(step)
	return c
}

// Edit is the decision behind Choice.
func (d *Side) Edit(step int) *Decision {
	e, _ := d.edit(step)
	return e
}

func (d *Side) edit(step int) (*Decision, *Choices) {
	made := d.at(step)
	for i := len(made) - 1; i >= 0; i-- { // of several the last chose
		if e := &d.Decisions[made[i]]; e.Kind == "logits" && e.Choices != nil {
			return e, e.Choices
		}
	}
	return nil, nil
}
