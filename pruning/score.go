package pruning

import (
	"fmt"
	"math"
	"slices"
)

// Share is ⌈keep·n⌉, the number of n candidates that a keep ratio leaves. It forgives the
// rounding of the product: 7 % of 100 is 7, though 0.07·100 is a little more in binary.
func Share(keep float64, n int) int {
	return min(max(int(math.Ceil(keep*float64(n)-1e-9)), 0), n)
}

// Finite is an error naming the probe when a score is NaN.
func Finite(p Probe, scores []float32) error {
	for i, s := range scores {
		if s != s {
			return fmt.Errorf("%v is not a number at row %d: the model's weights or activations are broken there", p, i)
		}
	}
	return nil
}

// Finite is an error naming the probe, the row and the column when an entry is NaN.
func (m Matrix) Finite(p Probe) error {
	for i, v := range m.Data {
		if v != v {
			return fmt.Errorf("%v is not a number at row %d, column %d: the model's weights or activations are broken there",
				p, i/m.Cols, i%m.Cols)
		}
	}
	return nil
}

// Top returns the n best of candidates by score, ascending; ties go to the lower index. The
// candidates' scores must be numbers: check them with Finite.
func Top(scores []float32, candidates []int, n int) []int {
	order := slices.Clone(candidates)
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return a - b
	})
	best := order[:min(max(n, 0), len(order))]
	slices.Sort(best)
	return best
}

// Without returns the candidates that kept lacks, both ascending.
func Without(candidates, kept []int) []int {
	var out []int
	for _, c := range candidates {
		if _, in := slices.BinarySearch(kept, c); !in {
			out = append(out, c)
		}
	}
	return out
}

// NoScores is n NaNs, to be filled where rows are scored.
func NoScores(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(math.NaN())
	}
	return out
}
