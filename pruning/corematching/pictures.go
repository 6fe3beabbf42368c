package corematching

import (
	"math"

	"winnow/pruning"
)

// What views show of the geometry behind a match. For one layer and visual token:
//
//	     core neurons C          Γ(i), active in token i
//	  ┌───────────────────┬─────────────┬──────────────┐
//	  │ core only         │ both        │ token only   │   chance alone gives |Γ(i)|·|C|/D of both
//	  └───────────────────┴─────────────┴──────────────┘
//
// and the cosine between its activations and the query row's, with which the number of neurons
// active in both grows about linearly.

// spread puts a number a visual row among NaNs for the others.
func spread(s pruning.Seen, visual []int, name, unit string, value func(i, row int) float32) pruning.Series {
	out := pruning.Series{Name: name, Unit: unit, Values: pruning.NoScores(len(s.Tokens)), Target: float32(math.NaN())}
	for i, row := range visual {
		out.Values[row] = value(i, row)
	}
	return out
}

// activeSeries is |Γ(i)|.
func activeSeries(s pruning.Seen, visual []int, active []int32) pruning.Series {
	return spread(s, visual, "active neurons", "neurons", func(_, row int) float32 { return float32(active[row]) })
}

// matchSeries is |Γ(i) ∩ C|, out of |C|.
func matchSeries(s pruning.Seen, visual []int, match []float32, core int) pruning.Series {
	out := spread(s, visual, "active core neurons", "neurons", func(i, _ int) float32 { return match[i] })
	out.Target = float32(core)
	return out
}

// cosineSeries is the cosine with the query row's activations.
func cosineSeries(s pruning.Seen, visual []int, a pruning.Matrix) pruning.Series {
	q := queryRow(s.Tokens)
	cosines := make([]float32, len(visual))
	_, length := dots(a.Row(q), a.Row(q))
	pruning.Halves(len(visual), func(_, from, to int) {
		for i := from; i < to; i++ {
			with, own := dots(a.Row(visual[i]), a.Row(q))
			cosines[i] = float32(float64(with) / math.Sqrt(float64(own)*float64(length))) // NaN where one is zero
		}
	})
	return spread(s, visual, "cosine with the answer's header", "", func(i, _ int) float32 { return cosines[i] })
}

// dots is x·q and x·x. Four sums each, so that they need not wait for one another.
func dots(x, q []float32) (with, own float32) {
	var w0, w1, w2, w3, o0, o1, o2, o3 float32
	for len(x) >= 4 && len(q) >= 4 {
		a, b := (*[4]float32)(x), (*[4]float32)(q)
		w0, w1, w2, w3 = w0+a[0]*b[0], w1+a[1]*b[1], w2+a[2]*b[2], w3+a[3]*b[3]
		o0, o1, o2, o3 = o0+a[0]*a[0], o1+a[1]*a[1], o2+a[2]*a[2], o3+a[3]*a[3]
		x, q = x[4:], q[4:]
	}
	for i, v := range x {
		w0, o0 = w0+v*q[i], o0+v*v
	}
	return w0 + w1 + w2 + w3, o0 + o1 + o2 + o3
}
