package bench

import (
	"math"
	"slices"
	"strconv"

	"winnow/internal/trace"
	"winnow/pruning"
)

// What an equal budget is the same share of.
const (
	ofTokens = "visual tokens" // kept, mean over the layers
	ofBytes  = "cache bytes"   // after prefill
	ofRows   = "cached rows"   // that a decode step attends to
)

// size is what a share is of.
type size struct {
	layers, rows, visual int
	kvBytes, flops       int64 // of the dense prefill
}

// budget is what a method left, and the baseline with the same.
type budget struct {
	what  string
	share float64
	// random is the baseline, and left the share that it leaves: it cannot go below one layer's
	// tokens.
	random func(pruning.Model) ([]pruning.Stacked, error)
	left   float64
}

// late tells of a stack that changes nothing before the first token of the answer but its logits.
func late(stack []pruning.Stacked, m pruning.Model) bool {
	for _, s := range stack {
		for _, c := range s.Method.Claims(m) {
			if c.Phase == pruning.Prefill {
				return false
			}
		}
	}
	return true
}

// kindOf is what a stack leaves less of than dense, by one of its runs: ofTokens, ofBytes, or "".
func kindOf(done trace.SideDone, of size) string {
	for _, n := range done.KeptByLayer {
		if n < of.visual {
			return ofTokens
		}
	}
	if done.KVBytes < of.kvBytes {
		return ofBytes
	}
	return ""
}

// match finds what a stack's run left of a prompt, and gives chance the same share of the same
// thing: random, which drops tokens in prefill, or where the stack is late a lot of cached rows.
func match(what string, late bool, done trace.SideDone, stack []pruning.Stacked, m pruning.Model, of size) budget {
	b := budget{what: what}
	layers := float64(of.layers)
	switch what {
	case ofTokens:
		b.share = keptShare(done, of)
	case ofBytes:
		b.share = float64(done.KVBytes) / float64(of.kvBytes)
	case ofRows:
		b.share, _ = declared(stack, m)
	}
	if late {
		l := lot{make([]int, of.layers)}
		for i := range l.gone {
			if what == ofTokens {
				l.gone[i] = of.visual - done.KeptByLayer[i]
			} else {
				l.gone[i] = min(int(math.Round((1-b.share)*float64(of.rows))), of.visual)
			}
			b.left += float64(of.visual-l.gone[i]) / (layers * float64(of.visual))
		}
		if what != ofTokens {
			b.left = (b.left*float64(of.visual) + float64(of.rows-of.visual)) / float64(of.rows)
		}
		b.random = func(pruning.Model) ([]pruning.Stacked, error) { return l.stacked(), nil }
		return b
	}
	layer, keep := 1, 0.0
	if what == ofTokens { // from the layer on that the method begins in
		layer = min(max(firstLess(done.KeptByLayer, of.visual), 1), of.layers-1)
		keep = (b.share*layers - float64(layer)) / (layers - float64(layer))
	} else {
		keep = of.keepForRows(b.share)
	}
	keep = min(max(keep, 0), 1)
	b.left = (float64(layer) + (layers-float64(layer))*float64(pruning.Share(keep, of.visual))/float64(of.visual)) / layers
	if what != ofTokens {
		b.left = (b.left*float64(of.visual) + float64(of.rows-of.visual)) / float64(of.rows)
	}
	spec := pruning.Spec{Name: "random", Params: map[string]string{"layer": strconv.Itoa(layer), "keep": strconv.FormatFloat(keep, 'g', -1, 64)}}
	b.random = func(m pruning.Model) ([]pruning.Stacked, error) { return pruning.Stack([]pruning.Spec{spec}, m) }
	return b
}

func keptShare(done trace.SideDone, of size) float64 {
	sum := 0
	for _, n := range done.KeptByLayer {
		sum += n
	}
	return float64(sum) / float64(of.layers*of.visual)
}

// firstLess is the first layer that keeps fewer than all, -1 where none does.
func firstLess(kept []int, all int) int {
	for l, n := range kept {
		if n < all {
			return l
		}
	}
	return -1
}

// keepForRows is the share of the visual tokens that layers 1.. must keep, so that all layers
// together cache a share of all rows.
func (s size) keepForRows(share float64) float64 {
	l, n := float64(s.layers), float64(s.rows)
	rest := (share*l*n - n) / (l - 1)
	return (rest - (n - float64(s.visual))) / float64(s.visual)
}

// masks tells of a method that hides cached rows from decode steps.
func masks(s pruning.Stacked, m pruning.Model) bool {
	return slices.ContainsFunc(s.Method.Claims(m), func(c pruning.Claim) bool { return c.Kind == "mask" && c.Phase == pruning.Decode })
}

// declared is the share of the cached rows that a method says its steps attend to.
func declared(stack []pruning.Stacked, m pruning.Model) (float64, bool) {
	for _, s := range stack {
		if !masks(s, m) {
			continue
		}
		for _, p := range pruning.Params(s.Info.Name) {
			if p.Name != s.Info.Budget || p.Max == nil || *p.Max != 1 {
				continue
			}
			text, given := s.Spec.Params[p.Name]
			if !given {
				text = p.Default
			}
			if v, err := strconv.ParseFloat(text, 64); err == nil && v > 0 && v < 1 {
				return v, true
			}
		}
	}
	return 0, false
}
