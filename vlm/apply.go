package vlm

import (
	"fmt"
	"slices"
	"time"

	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm/kv"
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
	// lent lists buffers of the session's that hold what probes saw, until the decision is made.
	lent [][]float32
	// early holds what sites at the end of a layer want to see, of a graph that ended in it.
	early map[pruning.Probe]pruning.Matrix
	// numbers is how many scores the trace still takes from decode steps.
	numbers int
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

func (a *applier) giveBack() { a.s.spare, a.lent = append(a.s.spare, a.lent...), nil }

// decided is what one method decided at a site about rows.
type decided struct {
	site   site
	method pruning.Stacked
	// rows are the sequence indices behind the decision's, tokens what stands there.
	rows      []int
	tokens    []pruning.Token
	decisions []pruning.Decision
	took      time.Duration
}

// visit lets one method decide.
func (a *applier) visit(v site, rows []int, tokens []pruning.Token, values map[pruning.Probe]pruning.Matrix, step int, began time.Time) (decided, error) {
	st := a.methods[v.method]
	at := v.Site
	at.Step = step
	seen := pruning.NewSeen(at, a.s.m.Decoder.Describe(), tokens, values)
	seen.Seed, seen.Memory, seen.Piece = a.seed, a.memory[v.method], a.piece
	out, err := st.Method.Decide(seen)
	if err != nil {
		return decided{}, fmt.Errorf("%s %v %d: %w", st.Info.Title, at.At, at.Layer, err)
	}
	a.memory[v.method] = out.Memory
	v.Site = at
	took := time.Since(began)
	if at.Phase == pruning.Prefill {
		a.s.selecting += took
	}
	return decided{v, st, rows, tokens, out.Decisions, took}, nil
}

func (a *applier) piece(id int) string { return a.s.m.Tokens.DecodeSpecial([]int{id}) }

// look reads the probes of a site from a segment.
func (a *applier) look(v site, seg *llama.Segment) (map[pruning.Probe]pruning.Matrix, error) {
	values := map[pruning.Probe]pruning.Matrix{}
	for _, probe := range v.Probes {
		m, ok := a.early[probe]
		if !ok {
			var err error
			if m, err = seg.Probe(probe, a.scratch); err != nil {
				return nil, err
			}
		}
		values[probe] = m
	}
	return values, nil
}

// lookEarly copies what the sites at the end of a layer want to see of a segment that ends within
// it; the next segment will not know.
func (a *applier) lookEarly(sites []site, l int, seg *llama.Segment) error {
	a.early = nil
	for _, v := range sites {
		for _, probe := range v.Probes {
			if !early(probe, l) || !v.due(a.s.chosen) {
				continue
			}
			m, err := seg.Probe(probe, a.scratch)
			if err != nil {
				return err
			}
			if a.early == nil {
				a.early = map[pruning.Probe]pruning.Matrix{}
			}
			m.Data = slices.Clone(m.Data)
			a.early[probe] = m
		}
	}
	return nil
}

// beforeFirst visits the sites before the first layer and takes the embeddings x of rows dropped
// there out.
func (a *applier) beforeFirst(c course, x []float32, at *passing) ([]float32, error) {
	sites := c.sites[place{pruning.Prefill, -1, pruning.LayerEnd}]
	if len(sites) == 0 {
		return x, nil
	}
	if err := a.atLayerEnd(sites, nil, at, true); err != nil || at.inStream == nil {
		return x, err
	}
	h := a.s.m.Decoder.Config.Hidden
	out := make([]float32, 0, len(at.rows)*h)
	for _, i := range at.inStream {
		out = append(out, x[int(i)*h:(int(i)+1)*h]...)
	}
	at.inStream = nil
	return out, nil
}

// decide visits the sites of a prefill segment that has run on the rows in at, and leaves in at
// the rows that go on.
func (a *applier) decide(c course, from, to llama.Point, seg *llama.Segment, at *passing) error {
	defer a.giveBack()
	first, behind := ended(from, to)
	for l := first; l < behind; l++ {
		p := place{pruning.Prefill, l, pruning.LayerEnd}
		if sites := c.sites[p]; len(sites) > 0 {
			if err := a.atLayerEnd(sites, seg, at, c.cut[p]); err != nil {
				return err
			}
		}
	}
	if to.Inside() {
		if err := a.lookEarly(c.sites[place{pruning.Prefill, to.Layer(), pruning.LayerEnd}], to.Layer(), seg); err != nil {
			return err
		}
		return a.inAttention(c.sites[place{pruning.Prefill, to.Layer(), pruning.InAttention}], seg, at)
	}
	return nil
}

// atLayerEnd visits sites at the end of one layer of prefill.
func (a *applier) atLayerEnd(sites []site, seg *llama.Segment, at *passing, cut bool) error {
	tokens := a.s.tokens(at.rows)
	dropped := map[int]bool{} // indices into at.rows
	renumber := false
	for _, v := range sites {
		began := time.Now()
		var values map[pruning.Probe]pruning.Matrix
		if seg != nil {
			var err error
			if values, err = a.look(v, seg); err != nil {
				return err
			}
		}
		o, err := a.visit(v, at.rows, tokens, values, 0, began)
		if err != nil {
			return err
		}
		chosen := time.Now()
		for _, d := range o.decisions {
			if drop, ok := d.(*pruning.Drop); ok {
				if err := inside(drop.Rows, len(tokens), o.method.Info.Title); err != nil {
					return err
				}
				if !cut {
					return fmt.Errorf("%s drops rows after layer %d without having claimed it", o.method.Info.Title, v.Site.Layer)
				}
				for _, r := range drop.Rows {
					dropped[r] = true
				}
				renumber = renumber || drop.Positions == pruning.Renumbered
			} else if err := a.apply(d, at.rows, o.method.Info.Title, true); err != nil {
				return err
			}
			a.tell(o, d)
		}
		a.s.applying += time.Since(chosen)
	}
	return a.cutStream(at, dropped, renumber)
}

// cutStream takes the dropped rows out of what goes on.
func (a *applier) cutStream(at *passing, dropped map[int]bool, renumber bool) error {
	if len(dropped) == 0 && !renumber {
		return nil
	}
	next := passing{costs: at.costs}
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

// origins are the sequence indices of a set that belongs to a whole layer.
func origins(set pruning.Set, rows []int, method string) ([]int, error) {
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
	slices.Sort(out) // the cache's order need not be the sequence's
	return out, nil
}

// apply carries out what concerns the cache or decoding. rows maps the method's indices to the
// sequence.
func (a *applier) apply(d pruning.Decision, rows []int, method string, prefill bool) error {
	lost := func(layer int, list []int) {
		if prefill {
			a.s.keptByLayer[layer] -= a.s.countVisual(list)
		}
	}
	switch d := d.(type) {
	case *pruning.Evict:
		list, err := origins(d.Rows, rows, method)
		if err != nil {
			return err
		}
		return a.s.cache.Evict(d.From, d.To, list)
	case *pruning.Zero:
		list, err := origins(d.Rows, rows, method)
		if err != nil {
			return err
		}
		lost(d.Layer, list)
		return a.s.cache.Zero(d.Layer, list)
	case *pruning.Mask:
		list, err := origins(d.Rows, rows, method)
		if err != nil {
			return err
		}
		lost(d.Layer, list)
		return a.s.cache.Mask(d.Layer, list)
	case *pruning.Store:
		return a.store([]*pruning.Store{d}, rows, method)
	case *pruning.Merge:
		return a.merge(d, rows, method)
	case *pruning.Neurons:
		return a.neurons(d, method)
	}
	return fmt.Errorf("%s wants to %s, which this pipeline does not offer there; choose another method", method, d.Kind())
}

func (a *applier) neurons(d *pruning.Neurons, method string) error {
	if d.Phase != pruning.Decode || d.Index.Granularity != pruning.PerLayer || len(d.Index.Lists) != 1 {
		return fmt.Errorf("%s chooses neurons per token or in phase %v, which this pipeline does not offer; choose another method", method, d.Phase)
	}
	f, err := a.s.m.Decoder.Gather(d.Layer, d.Index.Lists[0])
	if err != nil {
		return err
	}
	a.s.dropSteps() // they compute with the weights that are replaced
	if old, ok := a.s.ffn[d.Layer]; ok {
		old.Free()
	}
	a.s.ffn[d.Layer] = f
	return nil
}

// store packs the rows of one layer that decisions of one site name.
func (a *applier) store(list []*pruning.Store, rows []int, method string) error {
	var classes []kv.Class
	for _, d := range list {
		if d.Layer != list[0].Layer {
			return fmt.Errorf("%s stores rows of layers %d and %d at one site", method, list[0].Layer, d.Layer)
		}
		from, err := origins(d.Rows, rows, method)
		if err != nil {
			return err
		}
		classes = append(classes, kv.Class{Origins: from, Bits: d.Bits})
	}
	return a.s.cache.Pack(list[0].Layer, classes)
}

// merge replaces cached rows for good.
func (a *applier) merge(d *pruning.Merge, rows []int, method string) error {
	if d.Once {
		return fmt.Errorf("%s merges rows for one attention outside of an attention", method)
	}
	entry := map[int]int{}
	for i, o := range a.s.cache.Layers[d.Layer].Layout.Origins {
		entry[o] = i
	}
	groups := make([][]int, 0, len(d.Groups))
	for _, g := range d.Groups {
		if err := inside(g, len(rows), method); err != nil {
			return err
		}
		var group []int
		for _, r := range g {
			if e, ok := entry[rows[r]]; ok { // else another method evicted it
				group = append(group, e)
			}
		}
		slices.Sort(group)
		groups = append(groups, group)
	}
	return a.s.cache.Merge(d.Layer, groups, d.Sum, d.Positions == pruning.Renumbered)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
