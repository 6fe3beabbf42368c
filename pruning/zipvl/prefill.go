package zipvl

import (
	"fmt"
	"math"

	"winnow/pruning"
)

// prompt leaves the unimportant tokens out of the layer's attention, and out of its cache or in
// fewer bits there.
func (z *ZipVL) prompt(s pruning.Seen) ([]pruning.Decision, error) {
	n, layer := len(s.Tokens), s.Site.Layer
	p := z.probe(layer)
	attention, err := s.Value(p)
	if err != nil {
		return nil, err
	}
	if attention.Rows != 1 || attention.Cols != n {
		return nil, fmt.Errorf("%v is %d × %d for %d tokens, zipvl takes one number a token", p, attention.Rows, attention.Cols, n)
	}
	a := attention.Data
	if err := pruning.Finite(p, a); err != nil {
		return nil, err
	}
	t := choose(a, z.seen(p, n), z.Tau, z.Last)
	rule := z.ruleOf(t, "")
	basis := pruning.Basis{Scores: t.Scores, Threshold: float32(math.NaN()), Unit: "normalised attention"}
	basis.Rule = "important are " + rule
	var out []pruning.Decision
	if z.Tau < 1 { // said also where it names no row: that all are important is what a view shows then
		out = append(out, &pruning.Exclude{Basis: basis, Layer: layer, Rows: t.Others})
	}
	out = append(out, z.cached(layer, basis, t.Tokens, t.Others, rule)...)
	if len(out) > 0 { // one copy is enough: the decisions of a site share their scores
		out[0].Because().Also = []pruning.Series{received(a, z.Tau)}
	}
	return out, nil
}

// received is a, of which a view draws the cumulative curve with its cut at tau.
func received(a []float32, tau float64) pruning.Series {
	values := make([]float32, len(a)) // what a probe saw is valid only until Decide returns
	copy(values, a)
	return pruning.Series{Name: "attention received", Unit: "rows", Values: values, Target: float32(tau)}
}

// seen is what a is divided by to become ã.
func (z *ZipVL) seen(p pruning.Probe, n int) []int {
	if z.Norm != "causal_len" {
		return seenBy(n, p.Rows.Of(n, p.Layer))
	}
	out := make([]int, n)
	for j := range out {
		out[j] = n - j
	}
	return out
}
