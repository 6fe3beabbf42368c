package vasparse

import (
	"fmt"
	"math"

	"winnow/pruning"
)

// prefill remembers what a layer's rows received and, at the last layer, gave to the picture; with
// prefill=mask it also hides visual tokens of low rank.
func (v *VASparse) prefill(s pruning.Seen, mem memory) (pruning.Outcome, error) {
	out := pruning.Outcome{Memory: mem}
	var received, mass pruning.Matrix
	for _, p := range v.prefillProbes(s.Model, s.Site.Layer) {
		var err error
		if p.Reduce == pruning.ColumnHeads {
			received, err = shaped(s, p, s.Model.Heads, len(s.Tokens))
		} else {
			mass, err = shaped(s, p, len(s.Tokens), s.Model.Heads)
		}
		if err != nil {
			return pruning.Outcome{}, err
		}
	}
	var gave []float32 // by row
	if mass.Data != nil {
		gave = v.massOf(mass)
	}
	p := v.plan()
	if p.masks {
		if d := v.maskPrompt(s, received, gave); d != nil {
			out.Decisions = append(out.Decisions, d)
		}
		return out, nil
	}
	if p.reweighs {
		heads := make([][]float32, received.Rows)
		for h := range heads {
			heads[h] = received.Row(h)
		}
		mem = mem.with(s.Site.Layer, s.Tokens, heads)
	}
	if gave != nil {
		mem.mass = put(mem.mass, s.Tokens, gave)
	}
	out.Memory = mem
	return out, nil
}

// massOf picks the last head, or the mean, of [rows × heads].
func (v *VASparse) massOf(m pruning.Matrix) []float32 {
	out := make([]float32, m.Rows)
	for i := range out {
		row := m.Row(i)
		out[i] = row[len(row)-1]
		if v.Saliency == "mean" {
			sum := 0.0
			for _, x := range row {
				sum += float64(x)
			}
			out[i] = float32(sum / float64(len(row)))
		}
	}
	return out
}

// maskPrompt hides a layer's cached visual tokens of low rank from all later steps.
func (v *VASparse) maskPrompt(s pruning.Seen, received pruning.Matrix, gave []float32) pruning.Decision {
	visual := pruning.Spans(s.Tokens, pruning.Visual)
	if len(visual) == 0 {
		return nil
	}
	relation, mass := make([]float32, len(visual)), make([]float32, len(visual))
	for i, row := range visual {
		sum := 0.0
		for h := range received.Rows {
			sum += float64(received.Row(h)[row])
		}
		relation[i] = float32(sum / float64(received.Rows*len(s.Tokens)))
		if gave != nil {
			mass[i] = gave[row]
		}
	}
	p := softmax(mass, 1)
	scores, kept := rank(relation, p, v.Lambda, v.PrefillKeep)
	b := pruning.Basis{Scores: pruning.NoScores(len(s.Tokens)), Threshold: float32(math.NaN()), Unit: "score r² + λP",
		Rule: fmt.Sprintf("the %d of %d visual tokens with the highest score stay visible, λ = %g", len(kept), len(visual), v.Lambda)}
	saliency := pruning.NoScores(len(s.Tokens))
	for i, row := range visual {
		b.Scores[row], saliency[row] = scores[i], p[i]
	}
	if gave != nil {
		b.Also = []pruning.Series{series("visual saliency", "P", saliency)}
	}
	for i, k := range kept {
		kept[i] = visual[k]
	}
	return &pruning.Mask{Basis: b, Layer: s.Site.Layer, Rows: pruning.OfLayer(pruning.Without(visual, kept))}
}

// rank is the released selection among visual tokens: r² + λP, where r is the attention received,
// mean over heads and queries. It keeps min(⌊n·ratio⌋, n−1), ascending.
func rank(relation, p []float32, lambda, ratio float64) (scores []float32, kept []int) {
	n := len(relation)
	scores, all := make([]float32, n), make([]int, n)
	for i, r := range relation {
		scores[i] = float32(float64(r)*float64(r) + lambda*float64(p[i]))
		all[i] = i
	}
	return scores, pruning.Top(scores, all, min(int(float64(n)*ratio), n-1))
}

func series(name, unit string, values []float32) pruning.Series {
	return pruning.Series{Name: name, Unit: unit, Values: values, Target: float32(math.NaN())}
}
