package vlm

import (
	"fmt"
	"math"

	"winnow/pruning"
)

// weighing turns the attention logits of one new row into probabilities, as methods decided:
//
//	p = softmax over the entries not masked of (factor · q·k) · scale
//
// Groups of masked entries that are merged for once take part through one entry each. Its key is
// a weighted sum of theirs, so its logit is that sum of theirs, and its probability goes to their
// values in the same weights: nothing has to be written into the cache.
type weighing struct {
	logits pruning.Matrix // [heads × entries]
	scale  float64
	// masked entries are out already; nil means none.
	masked []bool
	edited bool

	factors [][]float32 // of all heads, or by head
	hidden  [][]bool    // by head
	groups  []onceGroup
}

type onceGroup struct {
	entries []int
	weight  float64 // of each
}

// add notes one decision.
func (w *weighing) add(d pruning.Decision, method string) error {
	n := w.logits.Cols
	switch d := d.(type) {
	case *pruning.Mask:
		if g := d.Rows.Granularity; g != pruning.PerLayer && g != pruning.PerHead ||
			g == pruning.PerHead && len(d.Rows.Lists) != w.logits.Rows || g == pruning.PerLayer && len(d.Rows.Lists) != 1 {
			return fmt.Errorf("%s masks %d lists of rows in an attention of %d heads", method, len(d.Rows.Lists), w.logits.Rows)
		}
		if w.hidden == nil {
			w.hidden = make([][]bool, w.logits.Rows)
		}
		for h := range w.hidden {
			list := d.Rows.Lists[min(h, len(d.Rows.Lists)-1)]
			if err := inside(list, n, method); err != nil {
				return err
			}
			if w.hidden[h] == nil {
				w.hidden[h] = make([]bool, n)
			}
			for _, i := range list {
				w.hidden[h][i] = true
			}
		}
	case *pruning.Reweigh:
		if len(d.Factors) != 1 && len(d.Factors) != w.logits.Rows || len(d.Factors[0]) != n {
			return fmt.Errorf("%s gives %d lists of factors for %d heads and %d cached rows", method, len(d.Factors), w.logits.Rows, n)
		}
		if w.factors != nil {
			return fmt.Errorf("%s reweighs an attention that another method has reweighed; remove one", method)
		}
		w.factors = d.Factors
	case *pruning.Merge:
		for _, g := range d.Groups {
			if err := inside(g, n, method); err != nil {
				return err
			}
			weight := 1.0
			if !d.Sum {
				weight = 1 / float64(len(g))
			}
			w.groups = append(w.groups, onceGroup{g, weight})
		}
	default:
		return fmt.Errorf("%s wants to %s in an attention of decoding, which this pipeline does not offer; choose another method", method, d.Kind())
	}
	w.edited = true
	return nil
}

// probabilities are [heads × entries].
func (w *weighing) probabilities() ([]float32, error) {
	heads, n := w.logits.Rows, w.logits.Cols
	out := make([]float32, heads*n)
	s := make([]float64, n+len(w.groups))
	for h := range heads {
		w.scores(h, s)
		top := math.Inf(-1)
		for _, v := range s {
			top = max(top, v)
		}
		if math.IsInf(top, -1) || math.IsNaN(top) {
			return nil, fmt.Errorf("no cached row of attention head %d is left to attend to; keep at least one", h)
		}
		sum := 0.0
		for i, v := range s {
			s[i] = math.Exp(v - top)
			sum += s[i]
		}
		row := out[h*n : (h+1)*n]
		for i := range row {
			row[i] = float32(s[i] / sum)
		}
		for g, group := range w.groups {
			for _, i := range group.entries {
				row[i] += float32(group.weight * s[n+g] / sum)
			}
		}
	}
	return out, nil
}

// scores fills the scaled logits of one head: its entries, then the groups.
func (w *weighing) scores(h int, s []float64) {
	row, n := w.logits.Row(h), w.logits.Cols
	for i, v := range row {
		s[i] = float64(v) * w.scale
		if w.factors != nil {
			s[i] *= float64(w.factors[min(h, len(w.factors)-1)][i])
		}
	}
	for g, group := range w.groups {
		s[n+g] = 0
		for _, i := range group.entries {
			s[n+g] += group.weight * s[i]
		}
	}
	for i := range row {
		if w.hidden != nil && w.hidden[h][i] || w.masked != nil && w.masked[i] {
			s[i] = math.Inf(-1)
		}
	}
}
