package llama

import (
	"slices"

	"winnow/pruning"
	"winnow/vlm/kv"
)

// Point is a place in the decoder where a graph begins or ends.
type Point int

// Before is the point before a layer; before the layer that does not exist is after the last.
func Before(layer int) Point { return Point(2 * layer) }

// Within is the point in a layer's attention: queries are rotated, keys and values cached.
func Within(layer int) Point { return Point(2*layer + 1) }

// Layer is the layer before or within which the point lies.
func (p Point) Layer() int { return int(p) / 2 }

// Inside reports whether the point lies within its layer.
func (p Point) Inside() bool { return p%2 == 1 }

// Plan says what a graph computes: what lies between two points, on Rows rows.
type Plan struct {
	From, To Point
	Rows     int
	// FromStream starts with rows of the residual stream that the last segment left on the device;
	// otherwise embeddings arrive as input. A plan from within a layer always does.
	FromStream bool
	// Logits applies the final norm and the output matrix to the last Logits rows; 0 means none.
	Logits int
	// Decode: the one row is a new token's, and attends to every entry of the cache.
	Decode bool
	// Cache already notes the new rows (kv.Cache.Append).
	Cache *kv.Cache
	// PadKeys rounds the cached length that attention reads up to a multiple, so that a decode
	// graph serves several steps.
	PadKeys int
	// Attending counts the rows that take part in the attention that the plan begins in, 0 for all
	// of them: their keys are the first entries of the cache. The others get zeros.
	Attending int
	// Weighted: that attention arrives as probabilities (Inputs.Weights).
	Weighted bool
	// FFN replaces the feed-forward weights of a layer.
	FFN map[int]FFN
	// Probes are read after the run.
	Probes []pruning.Probe
}

// Caching is the layers [from, to) whose keys and values the plan computes.
func (p Plan) Caching() (from, to int) { return int(p.From+1) / 2, int(p.To+1) / 2 }

// partition numbers the distinct layouts of the layers that the plan caches, in the order they
// appear.
func (p Plan) partition() []int {
	known := map[*kv.Layout]int{}
	from, to := p.Caching()
	out := make([]int, 0, to-from)
	for l := from; l < to; l++ {
		layout := p.Cache.Layers[l].Layout
		index, ok := known[layout]
		if !ok {
			index = len(known)
			known[layout] = index
		}
		out = append(out, index)
	}
	return out
}

// keys is the number of cached rows that attention reads.
func (p Plan) keys(n int) int {
	if p.PadKeys > 0 {
		n = (n + p.PadKeys - 1) / p.PadKeys * p.PadKeys // no more than a layer's capacity, which comes in larger steps
	}
	return n
}

// entering is the number of cached rows that the attention reads which the plan begins in.
func (p Plan) entering() int {
	if p.Attending > 0 {
		return p.Attending
	}
	return p.Cache.Layers[p.From.Layer()].Layout.Tail()
}

// Adopt lets a segment serve another plan, where its graph would be the same. The caches and
// the stream must still be the arrays that it was built on.
func (s *Segment) Adopt(p Plan) bool {
	q := s.plan
	if p.From != q.From || p.To != q.To || p.Rows != q.Rows || p.FromStream != q.FromStream || p.Decode != q.Decode ||
		p.Logits != q.Logits || p.PadKeys != q.PadKeys || p.Cache != q.Cache || p.Attending != q.Attending || p.Weighted != q.Weighted ||
		!slices.Equal(p.Probes, q.Probes) || !sameFFN(p, q) || !slices.Equal(p.partition(), s.inGroup) {
		return false
	}
	from, _ := p.Caching()
	fits := func(g *group, tail int) bool {
		keys := p.keys(tail)
		return keys == g.keys || p.Decode && keys < g.keys
	}
	for i, index := range s.inGroup {
		l := &p.Cache.Layers[from+i]
		if !fits(s.groups[index], l.Layout.Tail()) || l.Packed != s.stores[from+i] {
			return false
		}
	}
	if s.enter != nil {
		l := p.From.Layer()
		if !fits(s.enter, p.entering()) || p.Cache.Layers[l].Packed != s.stores[l] {
			return false
		}
		s.enter.after = p.Cache.Layers[l].Layout
	}
	for i, index := range s.inGroup {
		s.groups[index].after = p.Cache.Layers[from+i].Layout
	}
	s.plan = p
	return true
}

func sameFFN(p, q Plan) bool {
	if len(p.FFN) != len(q.FFN) {
		return false
	}
	for l, f := range p.FFN {
		if g, ok := q.FFN[l]; !ok || f != g {
			return false
		}
	}
	return true
}

// Keepable reports whether another plan may adopt the segment after this run: its weights and
// packed entries must outlive it.
func (s *Segment) Keepable() bool {
	for _, store := range s.stores {
		if store != nil {
			return false
		}
	}
	return len(s.plan.FFN) == 0
}
