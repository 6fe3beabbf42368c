package corematching

import (
	"math"
	"slices"

	"winnow/pruning"
)

// overlaps counts, for each of the rows, the listed neurons that are active in it: with the core
// neurons it is the paper's match, with a query's active neurons the released co-activation.
func overlaps(a pruning.Matrix, rows, neurons []int) []float32 {
	out := make([]float32, len(rows))
	pruning.Halves(len(rows), func(_, from, to int) {
		for i := from; i < to; i++ {
			row := a.Row(rows[i])
			var n uint64
			for _, j := range neurons {
				n += aboveZero(math.Float32bits(row[j]))
			}
			out[i] = float32(n)
		}
	})
	return out
}

// activeNeurons lists the neurons above zero, ascending.
func activeNeurons(row []float32) []int {
	var out []int
	for n, v := range row {
		if v > 0 {
			out = append(out, n)
		}
	}
	return out
}

// queryRow is the text token that stands for the answer to come: the first of the header that
// asks for it ("ASSISTANT:"), which the released code finds five rows before the end of its one
// template. Earlier turns have headers too, so the last one counts. Without a header it is the
// last row; -1 when there is no row.
func queryRow(tokens []pruning.Token) int {
	q := len(tokens) - 1
	for q >= 0 && tokens[q].Part != pruning.Header {
		q--
	}
	if q < 0 {
		return len(tokens) - 1
	}
	for q > 0 && tokens[q-1].Part == pruning.Header {
		q--
	}
	return q
}

// elbow is the point of the sorted curve farthest from the chord between its ends, "maximum
// geometric distance" in the paper:
//
//	y0 ●╲
//	   │ ╲ · .            all distances are to one line, so the largest vertical gap is at the
//	   │ ●  · .  chord    same point; the gap is unsigned, the first of equal ones counts
//	   │    ●    · .
//	   │ elbow ●───●──●
//	   └──────────────── i
//
// There is none when the curve is straight, all equal or fewer than three scores among it.
func elbow(scores []float32) (index int, value float32, ok bool) {
	if len(scores) == 0 {
		return 0, 0, false
	}
	y := slices.Clone(scores)
	slices.SortFunc(y, func(a, b float32) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	// Multiplied by N−1 the gap of counts is a whole number and exact, so equal gaps compare equal.
	last := len(y) - 1
	first, fall := float64(y[0]), float64(y[last])-float64(y[0])
	farthest := 0.0
	for i, v := range y {
		gap := math.Abs((float64(v)-first)*float64(last) - fall*float64(i))
		if gap > farthest {
			index, farthest = i, gap
		}
	}
	return index, y[index], farthest > 0
}

// part splits the visual rows at the elbow of their scores and returns those that go, with the
// basis of the decision. Without an elbow nothing goes: a strict comparison with the highest
// score would otherwise drop every visual token.
func part(s pruning.Seen, visual []int, scores []float32, inclusive bool) (pruning.Basis, []int) {
	_, tau, ok := elbow(scores)
	if !ok {
		return pruning.Basis{}, nil
	}
	b := pruning.Basis{Scores: pruning.NoScores(len(s.Tokens)), Threshold: tau, Inclusive: inclusive}
	var rows []int
	for i, r := range visual {
		b.Scores[r] = scores[i]
		if scores[i] < tau || (scores[i] == tau && !inclusive) {
			rows = append(rows, r)
		}
	}
	return b, rows
}
