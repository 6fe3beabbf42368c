package vasparse

import (
	"cmp"
	"math"
	"slices"

	"winnow/pruning"
)

// nearestForDensity is k of the density, a row itself among them, as in the authors' code.
const nearestForDensity = 5

// clusters groups rows by density peaks (DPC-kNN): a row is a centre when many rows are near and
// the next denser one is far; the others join the nearest centre. A row's features are its
// logits over the heads (column of dots). Groups are ascending, also among each other; at most n.
//
//	ρ_i = exp(−mean of the k smallest d_ij²)    d_ij = ‖x_i − x_j‖ / √heads
//	gap_i = min d_ij over denser j, the largest distance if none is denser
//	centres: the n largest ρ·gap; equal densities rank by index
func clusters(dots pruning.Matrix, rows []int, n int) [][]int {
	if len(rows) == 0 {
		return nil
	}
	if n = min(n, len(rows)); n == 1 {
		return [][]int{slices.Clone(rows)}
	}
	d := distances(dots, rows)
	density := make([]float64, len(rows))
	for i := range rows {
		near := slices.Clone(d[i])
		slices.Sort(near)
		near = near[:min(nearestForDensity, len(near))]
		sum := 0.0
		for _, v := range near {
			sum += v * v
		}
		density[i] = math.Exp(-sum / float64(len(near)))
	}
	peak := make([]float64, len(rows))
	order := make([]int, len(rows))
	for i := range rows {
		order[i] = i
		gap := math.Inf(1)
		for j := range rows {
			if density[j] > density[i] || density[j] == density[i] && j < i {
				gap = min(gap, d[i][j])
			}
		}
		if math.IsInf(gap, 1) {
			gap = slices.Max(d[i])
		}
		peak[i] = density[i] * gap
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(peak[j], peak[i]) })
	centres := order[:n]
	slices.Sort(centres)
	out := make([][]int, n)
	for i, row := range rows {
		best := 0
		for c, centre := range centres {
			if centre == i { // also where another centre lies at the same place
				best = c
				break
			}
			if d[i][centre] < d[i][centres[best]] {
				best = c
			}
		}
		out[best] = append(out[best], row)
	}
	slices.SortFunc(out, func(a, b []int) int { return a[0] - b[0] })
	return out
}

func distances(dots pruning.Matrix, rows []int) [][]float64 {
	out := make([][]float64, len(rows))
	for i := range out {
		out[i] = make([]float64, len(rows))
	}
	for h := range dots.Rows {
		x := dots.Row(h)
		for i, a := range rows {
			for j, b := range rows {
				diff := float64(x[a]) - float64(x[b])
				out[i][j] += diff * diff
			}
		}
	}
	for i := range out {
		for j := range out[i] {
			out[i][j] = math.Sqrt(out[i][j] / float64(dots.Rows))
		}
	}
	return out
}
