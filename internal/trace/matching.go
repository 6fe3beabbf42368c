package trace

// Match is how a layer's core neurons and the active neurons of visual tokens lie to each other:
// the three parts of a Venn diagram, as means over N tokens.
type Match struct {
	N                         int
	CoreOnly, Both, TokenOnly float64
	// Chance is what Both would be if active neurons were drawn at random: |Γ|·|C|/D.
	Chance float64
}

// Matching is Match for the visual tokens that are kept to the end and for those that are not, as
// far as the layer still computed them.
type Matching struct {
	Layer int
	// Core is the number of core neurons, Of that of all FFN neurons of the layer.
	Core, Of      int
	Kept, Dropped Match
}

// Matching compares core neurons and active neurons in a layer, from the series SeriesActive and
// SeriesActiveCore of the decision that chose its neurons; ok is false where there is none.
func (d *Side) Matching(layer int) (m Matching, ok bool) {
	if d == nil {
		return Matching{}, false
	}
	var by *Decision
	for _, k := range d.prompt {
		if e := &d.Decisions[k]; e.Kind == "neurons" && e.changes(layer) && e.series(SeriesActive) != nil && e.series(SeriesActiveCore) != nil {
			by = e
		}
	}
	if by == nil {
		return Matching{}, false
	}
	active, core := by.series(SeriesActive), by.series(SeriesActiveCore)
	m = Matching{Layer: layer, Core: len(by.Neurons), Of: len(by.Scores)}
	if s := d.state.Model; s != nil && s.FFN > 0 {
		m.Of = s.FFN
	}
	last := d.state.LayerCount() - 1
	for _, i := range d.state.cells {
		a, c := float64(active.at(i)), float64(core.at(i))
		if !(a >= c && c >= 0 && c <= float64(m.Core)) {
			continue
		}
		part := &m.Dropped
		if d.keeps(i, last) {
			part = &m.Kept
		}
		part.N++
		part.CoreOnly += float64(m.Core) - c
		part.Both += c
		part.TokenOnly += a - c
		if m.Of > 0 {
			part.Chance += a * float64(m.Core) / float64(m.Of)
		}
	}
	for _, p := range []*Match{&m.Kept, &m.Dropped} {
		if n := float64(p.N); n > 0 {
			p.CoreOnly, p.Both, p.TokenOnly, p.Chance = p.CoreOnly/n, p.Both/n, p.TokenOnly/n, p.Chance/n
		}
	}
	return m, m.Kept.N+m.Dropped.N > 0
}

// Matchings lists the layers that have a Matching, in order.
func (d *Side) Matchings() []Matching {
	if d == nil {
		return nil
	}
	var out []Matching
	for l := range d.state.LayerCount() {
		if m, ok := d.Matching(l); ok {
			out = append(out, m)
		}
	}
	return out
}
