package vasparse

import (
	"slices"

	"winnow/pruning"
)

// memory is what the method knows between its sites. Vectors are indexed by Token.Position, so
// that rows which other methods drop or evict in some layers shift nothing. It is never changed
// in place: Decide is pure, and the same memory may be seen again.
type memory struct {
	// mass is, by row, the attention that it gave to the picture as a query in the last layer; for
	// the newest row, in the last layer that has run. 0 where unknown.
	mass []float32
	// received is, by layer, head and row, the attention that it received from all queries so far.
	received [][][]float32
	// merges counts the sentences that each layer has closed; with merge_layers=one there is one
	// count, as in the code.
	merges []int
}

// at gathers the numbers of the tokens; 0 where there is none.
func at(vector []float32, tokens []pruning.Token) []float32 {
	out := make([]float32, len(tokens))
	for i, t := range tokens {
		if t.Position < len(vector) {
			out[i] = vector[t.Position]
		}
	}
	return out
}

// put returns a copy of the vector in which the tokens have these numbers.
func put(vector []float32, tokens []pruning.Token, values []float32) []float32 {
	n := len(vector)
	for _, t := range tokens {
		n = max(n, t.Position+1)
	}
	out := make([]float32, n)
	copy(out, vector)
	for i, t := range tokens {
		out[t.Position] = values[i]
	}
	return out
}

// of is what the tokens have received in a layer, by head.
func (m memory) of(layer, heads int, tokens []pruning.Token) [][]float32 {
	out := make([][]float32, heads)
	for h := range out {
		var known []float32
		if layer < len(m.received) && h < len(m.received[layer]) {
			known = m.received[layer][h]
		}
		out[h] = at(known, tokens)
	}
	return out
}

// with returns a memory in which a layer's tokens have received these numbers, by head.
func (m memory) with(layer int, tokens []pruning.Token, received [][]float32) memory {
	all := slices.Clone(m.received)
	for len(all) <= layer {
		all = append(all, nil)
	}
	heads := make([][]float32, len(received))
	for h := range heads {
		var known []float32
		if h < len(all[layer]) {
			known = all[layer][h]
		}
		heads[h] = put(known, tokens, received[h])
	}
	all[layer] = heads
	m.received = all
	return m
}
