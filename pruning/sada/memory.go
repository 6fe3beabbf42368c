package sada

import "slices"

// memory is what the method knows between steps. It is never changed in place: Decide is pure,
// and the same memory may be seen again.
type memory struct {
	// y1 and y2 are the gradients one and two steps ago, nil before there were any.
	y1, y2 []float64
	// outputs are the last raw predictions, oldest first: up to three in flow matching, where a
	// skipped step adds a copy of the last; otherwise one.
	outputs [][]float64
	// nodes are the last clean estimates on the multistep grid, oldest first.
	nodes []node
	// skipped: the step to come runs no network.
	skipped bool
	// inARow counts the skips up to the step to come.
	inARow int
	// lastSkip is the last skipped step, 0 before there was one.
	lastSkip int
	// stored: an evaluation has filled the blocks' caches.
	stored bool
}

type node struct {
	step  int
	clean []float64
}

// last is the last raw prediction, or nil.
func (m memory) last() []float64 {
	if len(m.outputs) == 0 {
		return nil
	}
	return m.outputs[len(m.outputs)-1]
}

// after adds what a step showed; the caller then says what becomes of the next.
func (m memory) after(p plan, now sight) memory {
	m.y1, m.y2 = now.gradient, m.y1
	keep := 1
	if now.gradient == nil {
		keep = 3
	}
	m.outputs = newest(m.outputs, now.output, keep)
	if now.clean != nil {
		m.nodes = newest(m.nodes, node{p.i, now.clean}, p.LagrangeTerm)
	}
	m.skipped = false
	return m
}

// newest is a copy of list with x added, of at most n.
func newest[T any](list []T, x T, n int) []T {
	out := append(slices.Clone(list), x)
	return out[max(len(out)-n, 0):]
}

// steps lists the nodes' steps, ascending.
func (m memory) steps() []int {
	out := make([]int, len(m.nodes))
	for i, n := range m.nodes {
		out[i] = n.step
	}
	return out
}

// values lists the nodes' clean estimates.
func (m memory) values() [][]float64 {
	out := make([][]float64, len(m.nodes))
	for i, n := range m.nodes {
		out[i] = n.clean
	}
	return out
}
