package trace

import (
	"math"
	"slices"
)

// FullBits is what BitsAt says of rows that no decision stored otherwise, in whatever float type
// the cache has.
const FullBits = 16

// stored is the bits in which each row of the sequence, generated words included, is cached by a
// layer while word step is chosen: 0 where the layer does not have it.
func (d *Side) stored(layer, step int) []int {
	prompt := len(d.state.Tokens)
	rows := make([]int, prompt+min(max(step, 0), len(d.Words)))
	for i := range rows {
		if i >= prompt || d.AliveAt(i, layer) {
			rows[i] = FullBits
		}
	}
	put := func(e *Decision, bits int) {
		for _, r := range e.Rows {
			if r >= 0 && r < len(rows) && rows[r] > 0 {
				rows[r] = bits
			}
		}
	}
	apply := func(e *Decision) {
		switch e.Kind {
		case "evict", "zero":
			put(e, 0)
		case "store":
			put(e, min(max(e.Bits, 1), FullBits))
		case "merge":
			if e.Phase == "decode" && !d.once(e) {
				put(e, 0)
			}
		}
	}
	for _, k := range d.prompt {
		if e := &d.Decisions[k]; e.changes(layer) {
			apply(e)
		}
	}
	d.felt(layer, step, apply)
	return rows
}

// BitsAt is, for each cell, the bits in which a layer caches its token after prefill: FullBits
// where nothing stored it otherwise, 0 where the cache lacks it or holds zeros, -1 where there is
// no token. It is nil where there is no grid.
func (d *Side) BitsAt(layer int) []int { return d.BitsAtStep(layer, 0) }

// BitsAtStep is BitsAt while word step is chosen.
func (d *Side) BitsAtStep(layer, step int) []int {
	if d == nil || len(d.state.cells) == 0 {
		return nil
	}
	rows := d.stored(layer, step)
	out := make([]int, len(d.state.cells))
	for c, i := range d.state.cells {
		if out[c] = -1; i >= 0 && i < len(rows) {
			out[c] = rows[i]
		}
	}
	return out
}

// Strip counts the prompt's rows in a layer's cache by how they are stored.
type Strip struct {
	// Full, Eight, Four and Two are rows in that precision, Gone those dropped, evicted or zeroed.
	Full, Eight, Four, Two, Gone int
	// Bytes of the layer after prefill, counted as stored; 0 where the trace does not tell.
	Bytes int64
}

// Rows is the number of all rows.
func (s Strip) Rows() int { return s.Full + s.Eight + s.Four + s.Two + s.Gone }

// KVStrip is the cache of a layer after prefill.
func (d *Side) KVStrip(layer int) Strip {
	var s Strip
	if d == nil || layer < 0 || layer >= d.state.LayerCount() {
		return s
	}
	for _, b := range d.stored(layer, 0) {
		switch {
		case b == 0:
			s.Gone++
		case b <= 2:
			s.Two++
		case b <= 4:
			s.Four++
		case b <= 8:
			s.Eight++
		default:
			s.Full++
		}
	}
	if d.Summary != nil && layer < len(d.Summary.KVByLayer) {
		s.Bytes = max(d.Summary.KVByLayer[layer], 0)
	}
	return s
}

// exclusion is the decision that left rows out of a layer's attention over the prompt; where it
// left out none, a method that looked and kept all.
func (d *Side) exclusion(layer int) *Decision {
	if d == nil {
		return nil
	}
	for i := len(d.prompt) - 1; i >= 0; i-- {
		if e := &d.Decisions[d.prompt[i]]; e.Kind == "exclude" && e.changes(layer) {
			return e
		}
	}
	return nil
}

// Ratio is the share of the prompt's rows that a layer's attention kept, with the number of rows
// it chose from; ok is false where no method excludes rows there.
func (d *Side) Ratio(layer int) (ratio float64, of int, ok bool) {
	e := d.exclusion(layer)
	if e == nil {
		return 0, 0, false
	}
	for i := range e.Scores {
		if s := e.score(i); s == s {
			of++
		}
	}
	if of < len(e.Rows) || of == 0 {
		of = len(d.state.Tokens)
	}
	if of == 0 || len(e.Rows) > of {
		return 0, 0, false
	}
	return 1 - float64(len(e.Rows))/float64(of), of, true
}

// Ratios is Ratio for each of the model's layers, NaN where there is none; nil where no layer has.
func (d *Side) Ratios() []float64 {
	if d == nil {
		return nil
	}
	out, any := make([]float64, d.state.LayerCount()), false
	for l := range out {
		r, _, ok := d.Ratio(l)
		if out[l] = r; !ok {
			out[l] = math.NaN()
		}
		any = any || ok
	}
	if !any {
		return nil
	}
	return out
}

// The names that methods give to the series behind their decisions.
const (
	// SeriesAttention: the attention that a row receives, summed over the probe rows; its target is
	// the share of all of it that the kept rows must hold.
	SeriesAttention = "attention received"
	// SeriesActive and SeriesActiveCore, of a neurons decision: how many FFN neurons are active in
	// a row, and how many of them are core neurons.
	SeriesActive     = "active neurons"
	SeriesActiveCore = "active core neurons"
	// SeriesCosine: the cosine between a row's FFN activation and that of the query row.
	SeriesCosine = "cosine with the answer's header"
	// SeriesSaliency and SeriesSink, while decoding: P, how much a visual row looks at the picture,
	// and W, the softmax of the attention that a cached row has received so far.
	SeriesSaliency = "visual saliency"
	SeriesSink     = "sink weight"
)

// Also finds a series by name behind what a layer does: of a decision that acts on that layer
// alone, else of the latest one before it that took rows out; what was decided while answering
// comes last, the first step before later ones. Both are nil where there is none.
func (d *Side) Also(layer int, name string) (*Series, *Decision) {
	if d == nil {
		return nil, nil
	}
	var own, before *Decision
	look := func(list []int32) {
		for _, k := range list {
			e := &d.Decisions[k]
			switch local := e.Kind == "neurons" || e.At != "" || !e.stream(); {
			case e.series(name) == nil:
			case local && e.changes(layer):
				own = e
			case !local && e.after() <= layer && (before == nil || e.after() >= before.after()):
				before = e
			}
		}
	}
	look(d.prompt)
	for step := 0; own == nil && before == nil && step < len(d.byStep); step++ {
		look(d.byStep[step])
	}
	if own == nil {
		own = before
	}
	if own == nil {
		return nil, nil
	}
	return own.series(name), own
}

func (d *Decision) series(name string) *Series {
	for i := range d.Also {
		if d.Also[i].Name == name {
			return &d.Also[i]
		}
	}
	return nil
}

// at is the value of a sequence row, NaN where there is none.
func (s *Series) at(seqIndex int) float32 {
	if s == nil || seqIndex < 0 || seqIndex >= len(s.Values) || math.IsInf(float64(s.Values[seqIndex]), 0) {
		return float32(math.NaN())
	}
	return s.Values[seqIndex]
}

// Cumulative is the share of a layer's attention that its best-attended 1, 2, 3 … rows hold
// together, in descending order of attention; cut is the number of rows kept and target the share
// that they must hold. It is nil where no method says.
func (d *Side) Cumulative(layer int) (shares []float32, cut int, target float32) {
	e := d.exclusion(layer)
	if e == nil {
		return nil, 0, 0
	}
	s := e.series(SeriesAttention)
	if s == nil {
		return nil, 0, 0
	}
	var values []float64
	total := 0.0
	for i := range s.Values {
		if v := float64(s.at(i)); v >= 0 {
			values, total = append(values, v), total+v
		}
	}
	if !(total > 0) {
		return nil, 0, 0
	}
	slices.SortFunc(values, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	sum := 0.0
	for _, v := range values {
		sum += v
		shares = append(shares, float32(sum/total))
	}
	cut = min(max(len(values)-len(e.Rows), 0), len(values))
	if s.Target != nil && *s.Target >= 0 && *s.Target <= 1 {
		target = float32(*s.Target)
	}
	return shares, cut, target
}
