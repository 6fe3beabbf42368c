package vlm

import (
	"fmt"
	"math"
	"slices"
	"time"

	"winnow/pruning"
	"winnow/vlm/llama"
)

// inAttention visits the sites in an attention of prefill: what methods exclude does not take part
// in it, and what they do to the cache follows it.
func (a *applier) inAttention(sites []site, seg *llama.Segment, at *passing) error {
	tokens := a.s.tokens(at.rows)
	var all []decided
	for _, v := range sites {
		began := time.Now()
		values, err := a.look(v, seg)
		if err != nil {
			return err
		}
		o, err := a.visit(v, at.rows, tokens, values, 0, began)
		if err != nil {
			return err
		}
		for _, d := range o.decisions {
			a.tell(o, d)
		}
		all = append(all, o)
	}
	began := time.Now()
	defer func() { a.s.applying += time.Since(began) }()
	excluded := map[int]bool{}
	for _, o := range all {
		for _, d := range o.decisions {
			if e, ok := d.(*pruning.Exclude); ok {
				if err := inside(e.Rows, len(tokens), o.method.Info.Title); err != nil {
					return err
				}
				for _, r := range e.Rows {
					excluded[r] = true
				}
			}
		}
	}
	for _, o := range all {
		if err := a.follow(o, excluded, at, seg); err != nil {
			return err
		}
	}
	return a.exclude(excluded, sites[0].Site.Layer, at)
}

// follow carries out, or lays down for after the attention, what a method decided beside Exclude.
func (a *applier) follow(o decided, excluded map[int]bool, at *passing, seg *llama.Segment) error {
	rows, title := at.rows, o.method.Info.Title
	later := func(do func() error) { at.after = append(at.after, do) }
	var stores []*pruning.Store
	for _, d := range o.decisions {
		switch d := d.(type) {
		case *pruning.Exclude:
		case *pruning.Store:
			stores = append(stores, d)
		case *pruning.Evict:
			list, err := origins(d.Rows, rows, title)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(d.Rows.Lists[0], func(r int) bool { return !excluded[r] }) {
				// Nobody attends to them any more, so they can go at once: fewer keys to read.
				if err := a.s.cache.Evict(d.From, d.To, list); err != nil {
					return err
				}
				continue
			}
			later(func() error { return a.s.cache.Evict(d.From, d.To, list) })
		case *pruning.Merge, *pruning.Zero, *pruning.Neurons:
			later(func() error { return a.apply(d, rows, title, true) })
		default:
			return fmt.Errorf("%s wants to %s in an attention of prefill, which this pipeline does not offer; choose another method", title, d.Kind())
		}
	}
	if len(stores) > 0 {
		later(func() error { return a.store(stores, rows, title) })
	}
	return nil
}

// exclude puts the rows that attend first in the layer's cache.
func (a *applier) exclude(excluded map[int]bool, layer int, at *passing) error {
	if len(excluded) == 0 {
		return nil
	}
	var attend []int // sequence indices
	at.attending = nil
	for i, r := range at.rows {
		if !excluded[i] {
			at.attending = append(at.attending, int32(i))
			attend = append(attend, r)
		}
	}
	if len(attend) == 0 {
		return fmt.Errorf("every row is left out of the attention of layer %d; keep at least one", layer)
	}
	a.s.keptByLayer[layer] = a.s.countVisual(attend)
	return a.s.cache.Lead(layer, attend)
}

// decideStep visits the sites of a piece of a decode step.
func (a *applier) decideStep(c course, from, to llama.Point, seg *llama.Segment) (resuming, error) {
	defer a.giveBack()
	var res resuming
	first, behind := ended(from, to)
	for l := first; l < behind; l++ {
		for _, v := range c.sites[place{pruning.Decode, l, pruning.LayerEnd}] {
			if !v.due(a.s.chosen) {
				continue
			}
			values, err := a.look(v, seg)
			if err != nil {
				return res, err
			}
			rows := a.s.cache.Layers[l].Layout.Origins
			o, err := a.visit(v, rows, a.s.tokens(rows), values, a.s.chosen, time.Now())
			if err != nil {
				return res, err
			}
			for _, d := range o.decisions {
				if err := a.apply(d, rows, o.method.Info.Title, false); err != nil {
					return res, err
				}
				a.tell(o, d)
			}
		}
	}
	if to.Inside() {
		if err := a.lookEarly(c.sites[place{pruning.Decode, to.Layer(), pruning.LayerEnd}], to.Layer(), seg); err != nil {
			return res, err
		}
		return a.inStepAttention(c, to.Layer(), seg)
	}
	return res, nil
}

// inStepAttention visits the sites in one attention of a decode step.
func (a *applier) inStepAttention(c course, l int, seg *llama.Segment) (resuming, error) {
	var res resuming
	layout := a.s.cache.Layers[l].Layout
	rows := layout.Origins
	tokens := a.s.tokens(rows)
	logits, err := a.attentionLogits(l, seg)
	if err != nil {
		return res, err
	}
	w := weighing{logits: logits, scale: 1 / math.Sqrt(float64(a.s.m.Decoder.Config.HeadDim)), masked: layout.Masked}
	for _, v := range c.sites[place{pruning.Decode, l, pruning.InAttention}] {
		if !v.due(a.s.chosen) {
			continue
		}
		began := time.Now()
		own := v
		own.Probes = slices.DeleteFunc(slices.Clone(v.Probes), func(p pruning.Probe) bool { return p.What == pruning.AttentionLogits })
		values, err := a.look(own, seg)
		if err != nil {
			return res, err
		}
		values[pruning.Probe{What: pruning.AttentionLogits, Layer: l}] = logits
		o, err := a.visit(v, rows, tokens, values, a.s.chosen, began)
		if err != nil {
			return res, err
		}
		var stores []*pruning.Store
		for _, d := range o.decisions {
			title := o.method.Info.Title
			switch d := d.(type) {
			case *pruning.Store:
				stores = append(stores, d)
			case *pruning.Evict, *pruning.Zero, *pruning.Neurons:
				res.after = append(res.after, func() error { return a.apply(d, rows, title, false) })
			case *pruning.Merge:
				if !d.Once {
					res.after = append(res.after, func() error { return a.apply(d, rows, title, false) })
				} else if err := w.add(d, title); err != nil {
					return res, err
				}
			default:
				if err := w.add(d, title); err != nil {
					return res, err
				}
			}
			a.tell(o, d)
		}
		if len(stores) > 0 {
			res.after = append(res.after, func() error { return a.store(stores, rows, o.method.Info.Title) })
		}
	}
	if w.edited {
		res.weights, err = w.probabilities()
	}
	return res, err
}

// attentionLogits are q·k of the new row with every entry of a layer, [heads × entries]. Packed
// entries are unpacked for that: whoever asks does so rarely.
func (a *applier) attentionLogits(l int, seg *llama.Segment) (pruning.Matrix, error) {
	tail, err := seg.Probe(pruning.Probe{What: pruning.AttentionLogits, Layer: l}, a.scratch)
	layer := &a.s.cache.Layers[l]
	if err != nil || layer.Packed == nil {
		return tail, err
	}
	cfg := a.s.m.Decoder.Config
	q, err := a.s.stream.Queries(1)
	if err != nil {
		return tail, err
	}
	width, n := cfg.KVHeads*cfg.HeadDim, layer.Layout.Packed
	k, v := make([]float32, n*width), make([]float32, n*width)
	if err := layer.Packed.Read(k, v); err != nil {
		return tail, err
	}
	out := pruning.Matrix{Rows: cfg.Heads, Cols: n + tail.Cols, Data: a.scratch(cfg.Heads * (n + tail.Cols))}
	for h := range cfg.Heads {
		row, query := out.Row(h), q[h*cfg.HeadDim:(h+1)*cfg.HeadDim]
		at := h / (cfg.Heads / cfg.KVHeads) * cfg.HeadDim
		for i := range n {
			sum := float32(0)
			for j, x := range query {
				sum += x * k[i*width+at+j]
			}
			row[i] = sum
		}
		copy(row[n:], tail.Row(h))
	}
	return out, nil
}
