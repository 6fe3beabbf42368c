package vlm

import (
	"math"
	"slices"

	"winnow/internal/trace"
	"winnow/pruning"
)

// maxNumbers bounds the scores that decode steps put into a trace: a long answer of a large model
// would fill it with gigabytes.
const maxNumbers = 400_000

// tell writes a decision to the trace.
func (a *applier) tell(o decided, d pruning.Decision) {
	if a.emit == nil {
		return
	}
	b, at := d.Because(), o.site.Site
	e := trace.Decision{Side: a.side, Method: o.method.Info.Name, Kind: d.Kind(), Phase: at.Phase.String(), Layer: at.Layer,
		From: at.Layer, To: at.Layer, Step: at.Step, Inclusive: b.Inclusive, Unit: b.Unit, Rule: b.Rule, MS: ms(o.took)}
	if at.At != pruning.LayerEnd {
		e.At = at.At.String()
	}
	if t := float64(b.Threshold); !math.IsNaN(t) && b.Scores != nil {
		e.Threshold = &t
	}
	sets := pruning.Set{}
	switch d := d.(type) {
	case *pruning.Drop:
		sets, e.From, e.To = pruning.OfLayer(d.Rows), at.Layer+1, a.s.m.Decoder.Config.Layers-1
	case *pruning.Exclude:
		sets, e.From, e.To = pruning.OfLayer(d.Rows), d.Layer, d.Layer
	case *pruning.Evict:
		sets, e.From, e.To = d.Rows, d.From, d.To
	case *pruning.Zero:
		sets, e.From, e.To = d.Rows, d.Layer, d.Layer
	case *pruning.Mask:
		sets, e.From, e.To = d.Rows, d.Layer, d.Layer
	case *pruning.Store:
		sets, e.From, e.To, e.Bits = d.Rows, d.Layer, d.Layer, d.Bits
	case *pruning.Reweigh:
		e.From, e.To = d.Layer, d.Layer
	case *pruning.Merge:
		var all []int
		for _, g := range d.Groups {
			all = append(all, g...)
		}
		slices.Sort(all)
		sets, e.From, e.To = pruning.OfLayer(all), d.Layer, d.Layer
	case *pruning.Neurons:
		e.From, e.To, e.Phase = d.Layer, d.Layer, d.Phase.String()
		e.Neurons, e.Scores = d.Index.Lists[0], trace.Floats(b.Scores)
	}
	a.tellRows(&e, o, sets, b, d.Kind() == "neurons")
	a.emit(e)
}

// tellRows maps what belongs to the decision's rows to the sequence.
func (a *applier) tellRows(e *trace.Decision, o decided, set pruning.Set, b *pruning.Basis, ofNeurons bool) {
	times := map[int]int{}
	for _, list := range set.Lists {
		for _, r := range list {
			if r >= 0 && r < len(o.rows) {
				times[r]++
			}
		}
	}
	for r := range times {
		e.Rows = append(e.Rows, o.rows[r])
	}
	slices.Sort(e.Rows)
	index := make(map[int]int, len(o.rows))
	for i, r := range o.rows {
		index[r] = i
	}
	if len(set.Lists) > 1 {
		for _, r := range e.Rows {
			e.Share = append(e.Share, float32(times[index[r]])/float32(len(set.Lists)))
		}
	}
	if o.site.Site.Phase == pruning.Decode {
		if a.numbers -= (len(b.Also) + 1) * len(o.rows); a.numbers < 0 {
			return
		}
	}
	if b.Scores != nil && !ofNeurons {
		e.Scores = a.ofSequence(b.Scores, o.rows)
		for i, r := range o.rows {
			if i < len(b.Scores) && times[i] == 0 && !math.IsNaN(float64(b.Scores[i])) {
				e.Kept = append(e.Kept, r)
			}
		}
		slices.Sort(e.Kept)
	}
	for _, s := range b.Also {
		t := trace.Series{Name: s.Name, Unit: s.Unit, Values: a.ofSequence(s.Values, o.rows)}
		if v := float64(s.Target); !math.IsNaN(v) {
			t.Target = &v
		}
		e.Also = append(e.Also, t)
	}
}

// ofSequence has a number for each row of the sequence, NaN where values has none.
func (a *applier) ofSequence(values []float32, rows []int) trace.Floats {
	out := make(trace.Floats, a.s.length)
	for i := range out {
		out[i] = float32(math.NaN())
	}
	for i, r := range rows {
		if i < len(values) {
			out[r] = values[i]
		}
	}
	return out
}
