package corematching

import (
	"fmt"
	"math"

	"winnow/pruning"
)

func init() {
	pruning.Register(pruning.Info{
		Name:   "corematching",
		Title:  "CoreMatching",
		Budget: "beta",
		Paper:  "Wang et al., CoreMatching: A Co-adaptive Sparse Inference Framework with Token and Neuron Pruning, ICML 2025, arXiv 2505.19235",
		Removes: "visual tokens after an early layer and FFN neurons while decoding; " +
			"the released code zeroes cached visual tokens instead",
		Stages:     []pruning.Phase{pruning.Prefill, pruning.Decode},
		Provenance: pruning.AuthorsCode,
	}, func() pruning.Method { return new(CoreMatching) })
}

// CoreMatching holds the parameters of both modes, with the authors' defaults.
type CoreMatching struct {
	Mode string  `param:"mode,paper|release,paper" help:"the paper's rule, or what the released code does"`
	Rho  float64 `param:"rho,0.01..1,0.2" help:"paper: share of the mean number of active neurons that a token names"`
	Beta float64 `param:"beta,0.01..1,0.4" help:"paper: share of the FFN neurons that decode; 1 is all"`

	Tokens  bool   `param:"tokens,,true" help:"decide on visual tokens; false leaves them all"`
	Layer   int    `param:"layer,1..,2" unit:"layers" help:"paper: decide on tokens after this many layers"`
	Reindex bool   `param:"reindex,,false" help:"paper: the rows that stay are renumbered for rotary positions"`
	Cached  string `param:"cached,zero|mask,zero" help:"release: what becomes of a dropped token's cached rows"`

	// First and Last bound the layers that decode with core neurons (paper) or whose cache is
	// zeroed (release).
	First int `param:"first,-1..,-1" help:"first layer with core neurons (paper) or zeroed rows (release), from 0; -1 is the authors' share of the depth"`
	Last  int `param:"last,-1..,-1" help:"last such layer; -1 is the authors' share of the depth"`
}

// The authors' layers in a model of 32, as [from, to).
var (
	coreInferLayers = [2]int{6, 27} // start < l < end with 5 and 27
	releasedLayers  = [2]int{5, 19} // 5 < layers in the cache < 20
)

// layers resolves First and Last, both inclusive. The authors' bounds keep their share of the
// depth: 6..26 of 32 are 1..4 of 6.
func (c *CoreMatching) layers(m pruning.Model) (first, last int, err error) {
	authors := coreInferLayers
	if c.Mode == "release" {
		authors = releasedLayers
	}
	share := func(l int) int { return int(math.Round(float64(l*m.Layers) / 32)) }
	first, last = c.First, c.Last
	if first < 0 {
		first = share(authors[0])
	}
	if last < 0 {
		last = max(share(authors[1])-1, first)
	}
	if first > last || last >= m.Layers {
		return 0, 0, fmt.Errorf("first and last of corematching give layers %d to %d, the model has layers 0 to %d: choose from those, first not after last",
			first, last, m.Layers-1)
	}
	return first, last, nil
}

// plan is what the parameters mean for one model.
type plan struct {
	// tokensAt is the layer after which paper mode decides on tokens, -1 if it does not.
	tokensAt int
	// first and last bound the layers of core neurons or zeroed rows; last < first: none.
	first, last int
}

func (c *CoreMatching) plan(m pruning.Model) (plan, error) {
	none := plan{tokensAt: -1, first: 0, last: -1}
	p := none
	var err error
	if c.Mode == "release" {
		if c.Tokens {
			p.first, p.last, err = c.layers(m)
		}
		return p, err
	}
	if c.Tokens {
		site, err := pruning.After(c.Layer, "corematching", m)
		if err != nil {
			return none, err
		}
		p.tokensAt = site.Layer
	}
	if c.Beta < 1 {
		if p.first, p.last, err = c.layers(m); err != nil {
			return none, err
		}
	}
	if (c.Beta < 1 || c.Tokens) && int(c.Beta*float64(m.FFN)) == 0 {
		return none, fmt.Errorf("beta %g of corematching keeps none of the model's %d FFN neurons: choose at least %g",
			c.Beta, m.FFN, math.Ceil(1000/float64(max(m.FFN, 1)))/1000)
	}
	return p, nil
}

func (p plan) neuronsAt(layer int) bool { return p.first <= layer && layer <= p.last }

func probe(layer int) pruning.Probe {
	return pruning.Probe{What: pruning.DownInput, Layer: layer}
}

// Requests asks for the down-projection input of all rows at each layer of the plan.
func (c *CoreMatching) Requests(m pruning.Model) ([]pruning.Request, error) {
	p, err := c.plan(m)
	if err != nil {
		return nil, err
	}
	var out []pruning.Request
	for l := range m.Layers {
		if l == p.tokensAt || p.neuronsAt(l) {
			out = append(out, pruning.Request{
				Site:   pruning.Site{Phase: pruning.Prefill, Layer: l},
				Probes: []pruning.Probe{probe(l)},
			})
		}
	}
	return out, nil
}

// Claims lists the drop and the eviction behind it and the core neurons, or the zeroed rows.
func (c *CoreMatching) Claims(m pruning.Model) []pruning.Claim {
	p, err := c.plan(m)
	if err != nil {
		return nil // Requests says why
	}
	var out []pruning.Claim
	if p.tokensAt >= 0 {
		out = append(out, pruning.Claim{Kind: "drop", Phase: pruning.Prefill, Layer: p.tokensAt})
		for l := range p.tokensAt + 1 {
			out = append(out, pruning.Claim{Kind: "evict", Phase: pruning.Decode, Layer: l})
		}
	}
	kind := "neurons"
	if c.Mode == "release" {
		kind = c.Cached
	}
	for l := p.first; l <= p.last; l++ {
		out = append(out, pruning.Claim{Kind: kind, Phase: pruning.Decode, Layer: l})
	}
	return out
}

// Decide applies the mode's rules to the activations of the site's layer.
func (c *CoreMatching) Decide(s pruning.Seen) (pruning.Outcome, error) {
	p, err := c.plan(s.Model)
	if err != nil {
		return pruning.Outcome{}, err
	}
	a, active, err := observe(s)
	if err != nil {
		return pruning.Outcome{}, err
	}
	var out pruning.Outcome
	if c.Mode == "release" {
		if d := c.release(s, a, active, p.first); d != nil {
			out.Decisions = append(out.Decisions, d)
		}
		return out, nil
	}
	total := 0
	for _, n := range active {
		total += int(n)
	}
	found := coreNeurons(a, total, c.Rho, c.Beta)
	if found.Limit == 0 {
		// Hardly any neuron is active: no token names one, C would be arbitrary, so stay dense.
		return out, nil
	}
	tokens, restrict := s.Site.Layer == p.tokensAt, p.neuronsAt(s.Site.Layer) && len(found.Neurons) < a.Cols
	if !tokens && !restrict {
		return out, nil
	}
	visual := pruning.Spans(s.Tokens, pruning.Visual)
	match := overlaps(a, visual, found.Neurons)
	if tokens {
		out.Decisions = c.paperTokens(s, a, visual, match, active, len(found.Neurons))
	}
	if restrict {
		d := neurons(s, a, found)
		if len(visual) > 0 {
			d.Also = []pruning.Series{matchSeries(s, visual, match, len(found.Neurons)), activeSeries(s, visual, active)}
		}
		out.Decisions = append(out.Decisions, d)
	}
	return out, nil
}

// observe returns the activations and, by row, how many of them are above zero.
func observe(s pruning.Seen) (pruning.Matrix, []int32, error) {
	p := probe(s.Site.Layer)
	a, err := s.Value(p)
	if err != nil {
		return a, nil, err
	}
	if a.Rows != len(s.Tokens) {
		return a, nil, fmt.Errorf("%v has %d rows for %d tokens, corematching takes one a token", p, a.Rows, len(s.Tokens))
	}
	active := make([]int32, a.Rows)
	var broken [2]bool
	pruning.Halves(a.Rows, func(half, from, to int) {
		for t := from; t < to; t++ {
			n, ok := countActive(a.Row(t))
			active[t] = int32(n)
			broken[half] = broken[half] || !ok
		}
	})
	if broken[0] || broken[1] {
		return a, nil, a.Finite(p)
	}
	return a, active, nil
}

// paperTokens drops the visual tokens whose match is below the elbow, and evicts them from the
// cache of the layers that already ran: decoding sees core tokens only.
func (c *CoreMatching) paperTokens(s pruning.Seen, a pruning.Matrix, visual []int, match []float32, active []int32, core int) []pruning.Decision {
	basis, rows := part(s, visual, match, true)
	if len(rows) == 0 {
		return nil
	}
	basis.Unit = "core neurons matched"
	basis.Rule = fmt.Sprintf("match ≥ %g, the elbow of the sorted curve; %d core neurons", basis.Threshold, core)
	drop := &pruning.Drop{Basis: basis, Rows: rows}
	drop.Also = []pruning.Series{activeSeries(s, visual, active), cosineSeries(s, visual, a)} // once a run
	if c.Reindex {
		drop.Positions = pruning.Renumbered
	}
	return []pruning.Decision{drop,
		&pruning.Evict{Basis: basis, From: 0, To: s.Site.Layer, Rows: pruning.OfLayer(rows)}}
}

// neurons restricts the layer's FFN to its core neurons for the whole answer.
func neurons(s pruning.Seen, a pruning.Matrix, found core) *pruning.Neurons {
	scores := make([]float32, a.Cols)
	for n, count := range found.Counts {
		scores[n] = float32(count)
	}
	return &pruning.Neurons{
		Basis: pruning.Basis{
			Scores:    scores,
			Threshold: float32(found.Lowest),
			Inclusive: true,
			Unit:      "tokens that use it most",
			Rule: fmt.Sprintf("the %d of %d neurons named by most tokens, each token names its %d strongest",
				len(found.Neurons), a.Cols, found.Limit),
		},
		Layer: s.Site.Layer,
		Phase: pruning.Decode,
		Index: pruning.OfLayer(found.Neurons),
	}
}

// release zeroes (or masks) the layer's cached rows of the visual tokens that share at most the
// elbow's number of active neurons with the query row.
func (c *CoreMatching) release(s pruning.Seen, a pruning.Matrix, active []int32, first int) pruning.Decision {
	visual := pruning.Spans(s.Tokens, pruning.Visual)
	q := queryRow(s.Tokens)
	if q < 0 {
		return nil
	}
	basis, rows := part(s, visual, overlaps(a, visual, activeNeurons(a.Row(q))), false)
	if len(rows) == 0 {
		return nil
	}
	basis.Unit = "neurons active together with the answer's header"
	basis.Also = []pruning.Series{activeSeries(s, visual, active)}
	if s.Site.Layer == first {
		basis.Also = append(basis.Also, cosineSeries(s, visual, a)) // costs more than the decision
	}
	basis.Rule = fmt.Sprintf("together > %g, the elbow of the sorted curve", basis.Threshold)
	if c.Cached == "mask" {
		return &pruning.Mask{Basis: basis, Layer: s.Site.Layer, Rows: pruning.OfLayer(rows)}
	}
	return &pruning.Zero{Basis: basis, Layer: s.Site.Layer, Rows: pruning.OfLayer(rows)}
}
