package zipvl

import (
	"fmt"
	"math"

	"winnow/pruning"
)

// window judges the answer's rows that have gathered since the last time, by the new row's
// attention. They are told by their positions, so that nothing need be remembered: the site comes
// every `recompress` tokens, and rows of so many latest positions were in no earlier window,
// whatever has been evicted in the meantime.
func (z *ZipVL) window(s pruning.Seen) ([]pruning.Decision, error) {
	rows := latest(s.Tokens, z.Recompress)
	if len(rows) == 0 {
		return nil, nil
	}
	p := logitsProbe(s.Site.Layer)
	logits, err := s.Value(p)
	if err != nil {
		return nil, err
	}
	if logits.Rows < 1 || logits.Cols != len(s.Tokens) || s.Model.HeadDim < 1 {
		return nil, fmt.Errorf("%v is %d × %d for %d cached rows of %d-wide heads, zipvl takes one number a head and row",
			p, logits.Rows, logits.Cols, len(s.Tokens), s.Model.HeadDim)
	}
	if err := logits.Finite(p); err != nil {
		return nil, err
	}
	attention := headMean(logits, s.Model.HeadDim)
	if err := pruning.Finite(p, attention); err != nil {
		return nil, err
	}
	a, once := make([]float32, len(rows)), make([]int, len(rows))
	scores := pruning.NoScores(len(s.Tokens))
	for i, r := range rows {
		a[i], once[i] = attention[r], 1
		scores[r] = attention[r]
	}
	t := choose(a, once, z.Tau, false)
	basis := pruning.Basis{Scores: scores, Threshold: float32(math.NaN()), Unit: "attention of the new row"}
	rule := z.ruleOf(t, " within the answer's latest rows")
	return z.cached(s.Site.Layer, basis, at(rows, t.Tokens), at(rows, t.Others), rule), nil
}

// latest lists the answer's rows whose positions are among the n latest.
func latest(tokens []pruning.Token, n int) []int {
	var out []int
	for i, t := range tokens {
		if t.Part == pruning.Answer && t.Position > tokens[len(tokens)-1].Position-n {
			out = append(out, i)
		}
	}
	return out
}

// headMean is the mean over the heads of the softmax over all cached rows; logits [heads × rows]
// are not scaled yet.
func headMean(logits pruning.Matrix, headDim int) []float32 {
	scale := 1 / math.Sqrt(float64(headDim))
	sum, one := make([]float64, logits.Cols), make([]float64, logits.Cols)
	for h := range logits.Rows {
		highest := math.Inf(-1)
		for _, v := range logits.Row(h) {
			highest = max(highest, float64(v))
		}
		total := 0.0
		for j, v := range logits.Row(h) {
			one[j] = math.Exp((float64(v) - highest) * scale)
			total += one[j]
		}
		for j, v := range one {
			sum[j] += v / total
		}
	}
	out := make([]float32, len(sum))
	for j, v := range sum {
		out[j] = float32(v / float64(logits.Rows))
	}
	return out
}

func at(rows, indices []int) []int {
	out := make([]int, len(indices))
	for i, j := range indices {
		out[i] = rows[j]
	}
	return out
}
