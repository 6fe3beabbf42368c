package trace

import "math"

// StepInfo is what happened while a word was chosen.
type StepInfo struct {
	Word Word
	// Masked is the mean share (0 to 1) of the heads that did not see a visual token, over all of
	// them and all layers; NaN without a picture.
	Masked float64
	// Masks, Merges, Evictions and Stores count the rows that decisions of this step name, summed
	// over layers: hidden in any head, replaced by their group, removed, stored in other precision.
	Masks, Merges, Evictions, Stores int
	// Edited: the logits were changed.
	Edited bool
	// KVBytes is what the cache takes, counted as stored; 0 where not known.
	KVBytes int64
}

// Step sums up a step; ok is false where there is no such word.
func (d *Side) Step(step int) (info StepInfo, ok bool) {
	if step < 0 || step >= d.Steps() {
		return StepInfo{}, false
	}
	info = StepInfo{Word: d.Words[step], Masked: math.NaN(), KVBytes: d.Words[step].KVBytes}
	for _, k := range d.at(step) {
		e := &d.Decisions[k]
		switch e.Kind {
		case "mask", "exclude":
			info.Masks += len(e.Rows)
		case "merge":
			info.Merges += len(e.Rows)
		case "evict", "zero", "drop":
			info.Evictions += len(e.Rows)
		case "store":
			info.Stores += len(e.Rows)
		case "logits":
			info.Edited = true
		}
	}
	sum, n := 0.0, 0
	for _, v := range d.MaskedAt(-1, step) {
		if v == v {
			sum, n = sum+float64(v), n+1
		}
	}
	if n > 0 {
		info.Masked = sum / float64(n)
	}
	return info, true
}

// CacheRows is the number of rows that a layer's cache holds while word step is chosen, merged
// groups counting as one; layer -1 sums over layers. It is 0 where the trace does not tell.
func (d *Side) CacheRows(layer, step int) int {
	if d == nil || step < 0 {
		return 0
	}
	if layer < 0 {
		n := 0
		for l := range d.state.LayerCount() {
			n += d.CacheRows(l, step)
		}
		return n
	}
	if layer >= len(d.Layers) || !d.Layers[layer].Seen {
		return 0
	}
	bits := d.stored(layer, step)
	n := 0
	for _, b := range bits {
		if b > 0 {
			n++
		}
	}
	d.felt(layer, step, func(e *Decision) {
		if e.Kind == "merge" && len(e.Rows) > 0 && !d.once(e) {
			n++ // the group's one row
		}
	})
	return n
}
