package trace

import (
	"math"
	"slices"
)

// stream kinds take a row out of the computation, cache kinds take its cached key and value out
// of attention.
func (d *Decision) stream() bool { return d.Kind == "drop" || d.Kind == "skip" || d.Kind == "merge" }

func (d *Decision) cache() bool {
	return d.Kind == "evict" || d.Kind == "zero" || d.Kind == "mask" || d.Kind == "exclude"
}

// after is the decoder layer after which d was made: -1 before the first, and so for all that a
// vision encoder decides, whose own layers are counted separately.
func (d *Decision) after() int {
	if d.Phase == "vision" {
		return -1
	}
	return d.Layer
}

// changes reports whether d acts on a decoder layer. What is dropped stays dropped.
func (d *Decision) changes(layer int) bool {
	switch {
	case d.Phase == "vision":
		return true
	case d.Kind == "drop":
		return layer >= d.From
	}
	return layer >= d.From && layer <= d.To
}

func has(rows []int, row int) bool {
	_, ok := find(rows, row)
	return ok
}

func find(rows []int, row int) (int, bool) { return slices.BinarySearch(rows, row) }

// AliveAt reports whether a layer computed a row of the sequence in prefill. Where the layer has
// not reported, the decisions so far say.
func (d *Side) AliveAt(seqIndex, layer int) bool {
	if d == nil || seqIndex < 0 || seqIndex >= len(d.state.Tokens) {
		return false
	}
	if layer >= 0 && layer < len(d.Layers) && d.Layers[layer].Seen {
		l := &d.Layers[layer]
		return l.Rows == nil || has(l.Rows, seqIndex)
	}
	return d.taken(seqIndex, layer, (*Decision).stream) == nil
}

// taken is the first decision about the prompt of some kind that took a row from a layer, or nil.
func (d *Side) taken(seqIndex, layer int, kind func(*Decision) bool) *Decision {
	for _, i := range d.prompt {
		if e := &d.Decisions[i]; kind(e) && e.changes(layer) && has(e.Rows, seqIndex) && !d.compacts(e, seqIndex, layer) {
			return e
		}
	}
	return nil
}

// compacts reports whether e only tidies the cache of layers that had computed a row before its
// method dropped it: those layers still count it as kept.
func (d *Side) compacts(e *Decision, seqIndex, layer int) bool {
	if e.Kind != "evict" || e.Phase == "vision" || layer > e.Layer {
		return false
	}
	for _, i := range d.prompt {
		if o := &d.Decisions[i]; o.Kind == "drop" && o.Method == e.Method && o.Layer == e.Layer && o.Phase == e.Phase && has(o.Rows, seqIndex) {
			return true
		}
	}
	return false
}

// keeps reports whether a layer computes a row and still attends to its cache entry.
func (d *Side) keeps(seqIndex, layer int) bool {
	return d.AliveAt(seqIndex, layer) && d.taken(seqIndex, layer, (*Decision).cache) == nil
}

// KeptMask says for each cell, row by row, whether its visual token is kept in a layer before the
// first word: the layer computes it, its attention looks at it, and no evict, zero or mask took
// its cache entry there. A token that one layer leaves out may be kept by the next. The cache
// entries that a method evicts behind its own drop do not count: those layers did compute the
// token. What happens while answering is asked of KeptMaskAt. It is nil where there is no grid.
func (d *Side) KeptMask(layer int) []bool {
	if d == nil || len(d.state.cells) == 0 {
		return nil
	}
	mask := make([]bool, len(d.state.cells))
	for c, i := range d.state.cells {
		mask[c] = i >= 0 && d.AliveAt(i, layer)
	}
	for _, k := range d.prompt {
		e := &d.Decisions[k]
		if !e.cache() || !e.changes(layer) {
			continue
		}
		for _, r := range e.Rows {
			if c, ok := d.state.cellOf[r]; ok && mask[c] && !d.compacts(e, r, layer) {
				mask[c] = false
			}
		}
	}
	return mask
}

// KeptCounts is the number of cells kept in each of the model's layers.
func (d *Side) KeptCounts() []int {
	if d == nil {
		return nil
	}
	counts := make([]int, d.state.LayerCount())
	for l := range counts {
		for _, k := range d.KeptMask(l) {
			if k {
				counts[l]++
			}
		}
	}
	return counts
}

// ScoresAt is the score of each cell, row by row, NaN where not scored, and the decision that it
// belongs to: the latest one that scored visual tokens at or before the end of a layer. Both are
// nil where there is none.
func (d *Side) ScoresAt(layer int) (scores []float32, decision *Decision) {
	if d == nil || len(d.state.cells) == 0 {
		return nil, nil
	}
	e := d.scoring(layer)
	if e == nil {
		return nil, nil
	}
	scores = make([]float32, len(d.state.cells))
	for c, i := range d.state.cells {
		scores[c] = e.score(i)
	}
	return scores, e
}

// score of a sequence row, NaN where there is none.
func (d *Decision) score(seqIndex int) float32 {
	if seqIndex < 0 || seqIndex >= len(d.Scores) || math.IsInf(float64(d.Scores[seqIndex]), 0) {
		return float32(math.NaN())
	}
	return d.Scores[seqIndex]
}

// scoring prefers what was decided about the prompt to what was decided while answering, then the
// latest layer, then what took tokens out to what only stored them otherwise.
func (d *Side) scoring(layer int) *Decision {
	var best *Decision
	for _, i := range d.prompt {
		e := &d.Decisions[i]
		if e.speaksFor(layer) && (best == nil || e.after() >= best.after() && (e.Kind != "store" || e.after() > best.after())) && d.scoresVisual(e) {
			best = e
		}
	}
	if best != nil {
		return best
	}
	for _, step := range d.byStep {
		for _, i := range step {
			e := &d.Decisions[i]
			if e.speaksFor(layer) && (best == nil || e.after() > best.after()) && d.scoresVisual(e) {
				best = e
			}
		}
		if best != nil {
			break
		}
	}
	return best
}

// inAttention decisions concern their own layer alone.
const inAttention = "in attention"

// speaksFor reports whether the scores of d are those behind what a layer keeps.
func (d *Decision) speaksFor(layer int) bool {
	if d.after() > layer || !(d.stream() || d.cache() || d.Kind == "store") {
		return false
	}
	return d.At != inAttention && d.Kind != "exclude" && d.Kind != "store" || d.changes(layer)
}

func (d *Side) scoresVisual(e *Decision) bool {
	if len(e.Scores) == 0 {
		return false
	}
	for _, i := range d.state.cells {
		if s := e.score(i); s == s {
			return true
		}
	}
	return false
}

// RankAt is the rank of each cell in ScoresAt, 1 the highest score and of equals the earlier
// cell; 0: not scored.
func (d *Side) RankAt(layer int) (rank []int, decision *Decision) {
	scores, e := d.ScoresAt(layer)
	if e == nil {
		return nil, nil
	}
	rank = make([]int, len(scores))
	for r, c := range descending(scores) {
		rank[c] = r + 1
	}
	return rank, e
}

// descending lists the indices of the scores that are numbers, highest first.
func descending(scores []float32) []int {
	var order []int
	for i, v := range scores {
		if v == v {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return order
}

// Curve is the cells' scores in descending order, with the number of them that were kept.
func (d *Side) Curve(layer int) (sorted []float32, cut int, decision *Decision) {
	scores, e := d.ScoresAt(layer)
	if e == nil {
		return nil, 0, nil
	}
	for _, c := range descending(scores) {
		sorted = append(sorted, scores[c])
		if e.keeps(d.state.cells[c]) {
			cut++
		}
	}
	return sorted, cut, e
}

// keeps reports whether a scored row stays.
func (d *Decision) keeps(seqIndex int) bool {
	if len(d.Kept) > 0 {
		return has(d.Kept, seqIndex)
	}
	return !has(d.Rows, seqIndex)
}
