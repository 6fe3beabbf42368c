package zipvl

import (
	"slices"

	"winnow/pruning"
)

// slack forgives the rounding of sums that should meet the target exactly.
const slack = 1e-12

// important is T, with what it came from.
type important struct {
	// Tokens is T, ascending; Others is U.
	Tokens, Others []int
	// Scores is ã, one a token.
	Scores []float32
	// Swapped: the last token took the place of T's lowest.
	Swapped bool
}

// choose finds T from a, the attention that each token receives, and seen, the number of probe
// rows that may look at it (ã = a/seen, 0 where there is none). Equal ã go to the lower index.
func choose(a []float32, seen []int, tau float64, protectLast bool) important {
	normalised := make([]float64, len(a))
	out := important{Scores: make([]float32, len(a))}
	order := make([]int, len(a))
	for j := range a {
		if seen[j] > 0 {
			normalised[j] = float64(a[j]) / float64(seen[j])
		}
		out.Scores[j], order[j] = float32(normalised[j]), j
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case normalised[i] > normalised[j]:
			return -1
		case normalised[i] < normalised[j]:
			return 1
		}
		return i - j
	})
	out.Tokens = order[:count(a, tau)]
	if last := len(a) - 1; protectLast && last >= 0 && !slices.Contains(out.Tokens, last) {
		out.Tokens[len(out.Tokens)-1], out.Swapped = last, true
	}
	slices.Sort(out.Tokens)
	all := make([]int, len(a))
	for j := range all {
		all[j] = j
	}
	out.Others = pruning.Without(all, out.Tokens)
	return out
}

// count is p, the fewest tokens whose attention reaches tau of the total: at least one, and all
// when tau is 1, also where some receive none.
func count(a []float32, tau float64) int {
	if tau >= 1 || len(a) == 0 {
		return len(a)
	}
	down := slices.Clone(a)
	slices.Sort(down)
	slices.Reverse(down)
	total := 0.0
	for _, v := range down {
		total += float64(v)
	}
	sum := 0.0
	for i, v := range down {
		if sum += float64(v); sum >= tau*total-slack {
			return i + 1
		}
	}
	return len(a)
}

// seenBy counts for each of n tokens the probe rows (ascending) that may look at it.
func seenBy(n int, probes []int) []int {
	out := make([]int, n)
	left := len(probes)
	for j := range out {
		for left > 0 && probes[len(probes)-left] < j {
			left--
		}
		out[j] = left
	}
	return out
}
