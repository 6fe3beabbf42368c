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

// keepLens copies what a segment's logit lenses saw: the sites on the logits come after the
// segment is gone.
func (a *applier) keepLens(c course, probes []pruning.Probe, seg *llama.Segment) error {
	for _, probe := range c.lens {
		if !slices.Contains(probes, probe) {
			continue
		}
		m, err := seg.Probe(probe, func(n int) []float32 { return make([]float32, n) })
		if err != nil {
			return err
		}
		m.Data = slices.Clone(m.Data)
		a.s.lens[probe] = m
	}
	return nil
}

// onLogits lets methods edit the logits that choose the next token.
func (a *applier) onLogits() error {
	layers := a.s.m.Decoder.Config.Layers
	sites := a.s.course.sites[place{pruning.Decode, layers - 1, pruning.OnLogits}]
	if len(sites) == 0 {
		return nil
	}
	rows := a.s.cache.Layers[layers-1].Layout.Origins
	tokens := a.s.tokens(rows)
	for _, v := range sites {
		if !v.due(a.s.chosen) {
			continue
		}
		began := time.Now()
		values := map[pruning.Probe]pruning.Matrix{}
		for _, probe := range v.Probes {
			if probe.What == pruning.Logits {
				values[probe] = pruning.Matrix{Rows: 1, Cols: len(a.s.logits), Data: a.s.logits}
			} else if m, ok := a.s.lens[probe]; ok {
				values[probe] = m
			}
		}
		o, err := a.visit(v, rows, tokens, values, a.s.chosen, began)
		if err != nil {
			return err
		}
		for _, d := range o.decisions {
			edit, ok := d.(*pruning.EditLogits)
			if !ok {
				return fmt.Errorf("%s wants to %s on the logits, where they can only be edited", o.method.Info.Title, d.Kind())
			}
			if len(edit.Values) != len(a.s.logits) {
				return fmt.Errorf("%s gives %d logits for a vocabulary of %d", o.method.Info.Title, len(edit.Values), len(a.s.logits))
			}
			a.tellLogits(o, edit)
			copy(a.s.logits, edit.Values)
		}
	}
	return nil
}

// tellLogits writes an edit to the trace, as the first candidates before and after.
func (a *applier) tellLogits(o decided, d *pruning.EditLogits) {
	if a.emit == nil {
		return
	}
	e := trace.Decision{Side: a.side, Method: o.method.Info.Name, Kind: d.Kind(), Phase: pruning.Decode.String(),
		At: pruning.OnLogits.String(), Layer: a.s.m.Decoder.Config.Layers - 1, Step: a.s.chosen, Unit: d.Unit, Rule: d.Rule, MS: ms(o.took)}
	e.From, e.To = e.Layer, e.Layer
	e.Choices = &trace.Choices{Before: a.firstChoices(a.s.logits), After: a.firstChoices(d.Values)}
	for _, probe := range o.site.Probes {
		if m, ok := a.s.lens[probe]; ok {
			e.Choices.Against = a.firstChoices(m.Data)
		}
	}
	a.emit(e)
}

// choicesShown is how many candidates a trace lists.
const choicesShown = 5

// firstChoices are the candidates with the highest logits, of equals the lower id.
func (a *applier) firstChoices(logits []float32) []trace.Choice {
	var ids []int
	top := math.Inf(-1)
	for id, v := range logits {
		top = max(top, float64(v))
		if n := len(ids); n == choicesShown && !(v > logits[ids[n-1]]) || math.IsInf(float64(v), -1) {
			continue
		}
		at, _ := slices.BinarySearchFunc(ids, v, func(have int, v float32) int {
			if logits[have] >= v {
				return -1
			}
			return 1
		})
		if ids = slices.Insert(ids, at, id); len(ids) > choicesShown {
			ids = ids[:choicesShown]
		}
	}
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v) - top)
	}
	var out []trace.Choice
	for _, id := range ids {
		out = append(out, trace.Choice{ID: id, Text: a.piece(id), LogProb: float64(logits[id]) - top - math.Log(sum)})
	}
	return out
}
