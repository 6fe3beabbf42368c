package bench

import (
	"math/rand/v2"
	"slices"

	"winnow/pruning"
)

// lot is what random is for methods that act on the cache alone: once the prompt is computed, drawn
// visual rows leave the cache. The first token of the answer is then the dense model's, as theirs
// is. It is a baseline of the bench and not in the catalogue.
type lot struct {
	// gone is the number of rows that leave each layer's cache. A layer that loses fewer loses some
	// of those that the others lose.
	gone []int
}

// Requests asks for the end of prefill.
func (l lot) Requests(m pruning.Model) ([]pruning.Request, error) {
	if slices.Max(l.gone) == 0 {
		return nil, nil
	}
	return []pruning.Request{{Site: pruning.Site{Phase: pruning.Prefill, Layer: m.Layers - 1}}}, nil
}

// Decide draws.
func (l lot) Decide(s pruning.Seen) (pruning.Outcome, error) {
	rows := pruning.Spans(s.Tokens, pruning.Visual)
	r := rand.New(rand.NewPCG(s.Seed, 2))
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	var out pruning.Outcome
	for layer, n := range l.gone {
		if n > 0 {
			out.Decisions = append(out.Decisions, &pruning.Evict{From: layer, To: layer, Rows: pruning.OfLayer(slices.Sorted(slices.Values(rows[:n])))})
		}
	}
	return out, nil
}

// Claims the cached rows.
func (l lot) Claims(m pruning.Model) []pruning.Claim {
	var out []pruning.Claim
	for layer := range m.Layers {
		out = append(out, pruning.Claim{Kind: "evict", Phase: pruning.Decode, Layer: layer})
	}
	return out
}

func (l lot) stacked() []pruning.Stacked {
	return []pruning.Stacked{{Spec: pruning.Spec{Name: "lot"}, Info: pruning.Info{Name: "lot", Title: "Lot"}, Method: l}}
}
