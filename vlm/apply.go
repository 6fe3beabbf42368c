package vlm

import (
	"fmt"
	"math"
	"slices"
	"time"

	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm/llama"
)

// applier lets methods decide and carries out what they decided.
type applier struct {
	s       *Session
	methods []pruning.Stacked
	memory  []any // by method, between its sites
	seed    uint64
	side    string
	emit    func(trace.Event)
	// lent lists buffers of the session's that hold what probes saw, until decide returns.
	lent [][]float32
}

// scratch lends a buffer of n numbers: fresh memory for each probe would be paid for in page
// faults and collections.
func (a *applier) scratch(n int) []float32 {
	for i, b := range a.s.spare {
		if cap(b) >= n {
			a.s.spare = slices.Delete(a.s.spare, i, i+1)
			a.lent = append(a.lent, b)
			return b[:n]
		}
	}
	b := make([]float32, n)
	a.lent = append(a.lent, b)
	return b
}

// decide visits the sites of layers [from, to), whose segment has run on the rows in at, and
// leaves in at the rows that go on.
func (a *applier) decide(c course, from, to int, seg *llama.Segment, at *passing) error {
	defer func() { a.s.spare, a.lent = append(a.s.spare, a.lent...), nil }()
	tokens := make([]pruning.Token, len(at.rows))
	for i, r := range at.rows {
		tokens[i] = a.s.rows[r]
	}
	dropped := map[int]bool{} // indices into at.rows
	renumber := false
	for l := from; l < to; l++ {
		for _, v := range c.sites[l] {
			started := time.Now()
			values := map[pruning.Probe]pruning.Matrix{}
			for _, probe := range v.Probes {
				m, err := seg.Probe(probe, a.scratch)
				if err != nil {
					return err
				}
				values[probe] = m
			}
			seen := pruning.NewSeen(v.Site, a.s.m.Decoder.Describe(), tokens, values)
			seen.Seed, seen.Memory = a.seed, a.memory[v.method]
			st := a.methods[v.method]
			out, err := st.Method.Decide(seen)
			if err != nil {
				return fmt.Errorf("%s after layer %d: %w", st.Info.Title, l, err)
			}
			a.memory[v.method] = out.Memory
			chosen := time.Now()
			a.s.selecting += chosen.Sub(started)
			for _, d := range out.Decisions {
				if drop, ok := d.(*pruning.Drop); ok {
					if err := inside(drop.Rows, len(tokens), st.Info.Title); err != nil {
						return err
					}
					if !c.cut[l] {
						return fmt.Errorf("%s drops rows after layer %d without having claimed it", st.Info.Title, l)
					}
					for _, r := range drop.Rows {
						dropped[r] = true
					}
					renumber = renumber || drop.Positions == pruning.Renumbered
				} else if err := a.apply(d, at.rows, st.Info.Title); err != nil {
					return err
				}
				a.emit(a.event(d, v, at.rows, tokens, st.Spec.Name, chosen.Sub(started)))
			}
			a.s.applying += time.Since(chosen)
		}
	}
	return a.cutStream(at, dropped, renumber)
}

// cutStream takes the dropped rows out of what goes on.
func (a *applier) cutStream(at *passing, dropped map[int]bool, renumber bool) error {
	if len(dropped) == 0 && !renumber {
		return nil
	}
	var next passing
	for i, r := range at.rows {
		if dropped[i] {
			continue
		}
		next.rows = append(next.rows, r)
		next.inStream = append(next.inStream, int32(i))
		pos := at.positions[i]
		if renumber {
			pos = int32(len(next.rows) - 1)
		}
		next.positions = append(next.positions, pos)
	}
	if len(next.rows) == 0 || next.rows[len(next.rows)-1] != at.rows[len(at.rows)-1] {
		return fmt.Errorf("a method dropped the last row of the prompt, which the answer starts from")
	}
	*at = next
	return nil
}

func inside(rows []int, n int, method string) error {
	for i, r := range rows {
		if r < 0 || r >= n || i > 0 && r <= rows[i-1] {
			return fmt.Errorf("%s decided on row %d of %d, out of order or range", method, r, n)
		}
	}
	return nil
}

// apply carries out what concerns the cache or decoding. rows maps the method's indices to the
// sequence.
func (a *applier) apply(d pruning.Decision, rows []int, method string) error {
	origins := func(set pruning.Set) ([]int, error) {
		if set.Granularity != pruning.PerLayer || len(set.Lists) != 1 {
			return nil, fmt.Errorf("%s decides per head or block, which this cache does not hold; choose another method", method)
		}
		list := set.Lists[0]
		if err := inside(list, len(rows), method); err != nil {
			return nil, err
		}
		out := make([]int, len(list))
		for i, r := range list {
			out[i] = rows[r]
		}
		return out, nil
	}
	switch d := d.(type) {
	case *pruning.Evict:
		list, err := origins(d.Rows)
		if err != nil {
			return err
		}
		return a.s.cache.Evict(d.From, d.To, list)
	case *pruning.Zero:
		list, err := origins(d.Rows)
		if err != nil {
			return err
		}
		a.s.keptByLayer[d.Layer] -= a.s.countVisual(list)
		return a.s.cache.Zero(d.Layer, list)
	case *pruning.Mask:
		list, err := origins(d.Rows)
		if err != nil {
			return err
		}
		a.s.keptByLayer[d.Layer] -= a.s.countVisual(list)
		a.s.cache.Mask(d.Layer, list)
		return nil
	case *pruning.Neurons:
		if d.Phase != pruning.Decode || d.Index.Granularity != pruning.PerLayer || len(d.Index.Lists) != 1 {
			return fmt.Errorf("%s chooses neurons per token or in phase %v, which this pipeline does not offer; choose another method", method, d.Phase)
		}
		f, err := a.s.m.Decoder.Gather(d.Layer, d.Index.Lists[0])
		if err != nil {
			return err
		}
		if old, ok := a.s.ffn[d.Layer]; ok {
			old.Free()
		}
		a.s.ffn[d.Layer] = f
		return nil
	}
	return fmt.Errorf("%s wants to %s, which this pipeline does not offer; choose another method", method, d.Kind())
}

// event describes a decision for the trace.
func (a *applier) event(d pruning.Decision, v site, rows []int, tokens []pruning.Token, method string, took time.Duration) trace.Decision {
	b := d.Because()
	e := trace.Decision{Side: a.side, Method: method, Kind: d.Kind(), Phase: v.Site.Phase.String(), Layer: v.Site.Layer,
		From: v.Site.Layer, To: v.Site.Layer, Step: v.Site.Step, Inclusive: b.Inclusive, Unit: b.Unit, Rule: b.Rule,
		MS: ms(took)}
	if t := float64(b.Threshold); !math.IsNaN(t) && b.Scores != nil {
		e.Threshold = &t
	}
	var on []int
	switch d := d.(type) {
	case *pruning.Drop:
		on, e.From, e.To = d.Rows, v.Site.Layer+1, a.s.m.Decoder.Config.Layers-1
	case *pruning.Evict:
		on, e.From, e.To = d.Rows.Lists[0], d.From, d.To
	case *pruning.Zero:
		on, e.From, e.To = d.Rows.Lists[0], d.Layer, d.Layer
	case *pruning.Mask:
		on, e.From, e.To = d.Rows.Lists[0], d.Layer, d.Layer
	case *pruning.Neurons:
		e.From, e.To, e.Phase = d.Layer, d.Layer, d.Phase.String()
		e.Neurons, e.Scores = d.Index.Lists[0], trace.Floats(b.Scores)
		return e
	}
	for _, r := range on {
		e.Rows = append(e.Rows, rows[r])
	}
	if b.Scores == nil {
		return e
	}
	e.Scores = make(trace.Floats, a.s.length)
	for i := range e.Scores {
		e.Scores[i] = float32(math.NaN())
	}
	for i := range tokens {
		if i >= len(b.Scores) {
			break
		}
		e.Scores[rows[i]] = b.Scores[i]
		if _, gone := slices.BinarySearch(on, i); !gone && !math.IsNaN(float64(b.Scores[i])) {
			e.Kept = append(e.Kept, rows[i])
		}
	}
	return e
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
