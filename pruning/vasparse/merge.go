package vasparse

import (
	"fmt"
	"math"
	"slices"

	"winnow/pruning"
)

// sentence closes a sentence: when the number of generated rows that a layer has cached is a
// multiple of the sentence length, and a higher one than at the merges before, the first of them
// become their mean. With merge_layers=one all layers share one count of merges, as in the code:
// the first layer to arrive takes the event, and the next event is another layer's.
func (v *VASparse) sentence(s pruning.Seen, mem memory) pruning.Outcome {
	var generated []int
	for i, t := range s.Tokens {
		if t.Part == pruning.Answer {
			generated = append(generated, i)
		}
	}
	count := s.Site.Layer
	if v.MergeLayers == "one" {
		count = 0
	}
	done := 0
	if count < len(mem.merges) {
		done = mem.merges[count]
	}
	g := len(generated)
	if g == 0 || g%v.Sentence != 0 || g/v.Sentence <= done {
		return pruning.Outcome{Memory: mem}
	}
	merges := slices.Clone(mem.merges)
	for len(merges) <= count {
		merges = append(merges, 0)
	}
	merges[count]++
	mem.merges = merges
	out := pruning.Outcome{Memory: mem}
	n := merged(g, v.Keep)
	if n < 2 {
		return out
	}
	d := &pruning.Merge{
		Basis: pruning.Basis{Threshold: float32(math.NaN()),
			Rule: fmt.Sprintf("%d generated rows are cached, a multiple of %d: the first ⌊(1 − %g)·%d⌋ = %d become their mean", g, v.Sentence, v.Keep, g, n)},
		Layer:  s.Site.Layer,
		Groups: [][]int{generated[:n]},
	}
	if v.Positions == "length" {
		d.Positions = pruning.Renumbered
	}
	out.Decisions = append(out.Decisions, d)
	return out
}

// merged is how many of g generated rows become one. The subtraction and the truncation are the
// code's, and matter: (1 − 0.9)·32 is 3.19…, so 3.
func merged(g int, keep float64) int { return min(int((1-keep)*float64(g)), g) }
