package vasparse

import (
	"fmt"
	"math"

	"winnow/pruning"
)

// step decides on one layer's attention of the new row, and remembers what comes of it.
func (v *VASparse) step(s pruning.Seen, mem memory) (pruning.Outcome, error) {
	if len(s.Tokens) == 0 {
		return pruning.Outcome{}, fmt.Errorf("layer %d has no cached row for the new one to attend to", s.Site.Layer)
	}
	layer := s.Site.Layer
	dots, err := shaped(s, dotProbe(layer), s.Model.Heads, len(s.Tokens))
	if err != nil {
		return pruning.Outcome{}, err
	}
	p := v.plan()
	x := view{dots: dots, dim: s.Model.HeadDim, mass: at(mem.mass, s.Tokens)}
	if p.reweighs {
		x.received = mem.of(layer, dots.Rows, s.Tokens)
	}
	c := v.choose(x)
	var out pruning.Outcome
	if d := v.mask(s, c); d != nil {
		out.Decisions = append(out.Decisions, d)
	}
	if len(c.groups) > 0 {
		out.Decisions = append(out.Decisions, &pruning.Merge{
			Basis: pruning.Basis{Threshold: float32(math.NaN()),
				Rule: fmt.Sprintf("the hidden rows take part as the %s of each of %d clusters", v.Recycle, len(c.groups))},
			Layer: layer, Groups: c.groups, Sum: v.Recycle == "sum", Once: true})
	}
	if p.reweighs {
		d := &pruning.Reweigh{
			Basis: pruning.Basis{
				Scores:    meanOf(c.attention),
				Threshold: float32(math.NaN()),
				Unit:      "attention, mean over the heads",
				Rule:      fmt.Sprintf("logits × (1 + β − βW), β = %g: all but sinks gain", v.Beta),
				Also:      []pruning.Series{series("attention without the method", "mean over the heads", meanOf(c.plain))},
			},
			Layer: layer, Factors: c.factors}
		if c.hidden == nil { // else the mask says it
			d.Also = append(d.Also, c.sinks())
		}
		out.Decisions = append(out.Decisions, d)
	}
	out.Memory = v.remember(mem, s, x, c)
	return out, nil
}

func (c *chosen) sinks() pruning.Series {
	return series("sink weight", "W, mean over the heads", meanOf(c.W))
}

// mask hides what the heads did not choose, from this attention alone.
func (v *VASparse) mask(s pruning.Seen, c chosen) pruning.Decision {
	most := 0
	for _, rows := range c.hidden {
		most = max(most, len(rows))
	}
	if most == 0 {
		return nil
	}
	squared := map[string]string{"prob": "a²", "raw": "(q·k)²", "scaled": "(q·k/√d)²"}[v.Score]
	rows := pruning.OfLayer(c.hidden[0])
	who := "all heads see"
	if v.Sets == "heads" {
		rows = pruning.Set{Granularity: pruning.PerHead, Lists: c.hidden}
		who = "each head sees"
	}
	b := pruning.Basis{
		Scores:    c.mean,
		Threshold: float32(math.NaN()),
		Unit:      "δ, mean over the heads",
		Rule: fmt.Sprintf("%s the %d of %d cached rows with the largest δ = %s + %gP",
			who, len(s.Tokens)-most, len(s.Tokens), squared, v.Lambda),
	}
	if v.salient() {
		b.Also = append(b.Also, series("visual saliency", "P", c.P))
	}
	if c.W != nil {
		b.Also = append(b.Also, c.sinks())
	}
	return &pruning.Mask{Basis: b, Layer: s.Site.Layer, Rows: rows}
}

// remember adds the new row's attention to what the rows received, and notes what of it went to
// the picture. Later layers of the step overwrite the latter, so that the last one's stays.
func (v *VASparse) remember(mem memory, s pruning.Seen, x view, c chosen) memory {
	if v.plan().reweighs {
		received := make([][]float32, len(c.attention))
		for h, a := range c.attention {
			received[h] = make([]float32, len(a))
			for j := range a {
				received[h][j] = x.received[h][j] + a[j]
			}
		}
		mem = mem.with(s.Site.Layer, s.Tokens, received)
	}
	if v.salient() {
		visual := pruning.Spans(s.Tokens, pruning.Visual)
		heads := c.attention
		if v.Saliency == "last_head" {
			heads = heads[len(heads)-1:]
		}
		sum := 0.0
		for _, a := range heads {
			for _, j := range visual {
				sum += float64(a[j])
			}
		}
		newest := s.Tokens[len(s.Tokens)-1:]
		mem.mass = put(mem.mass, newest, []float32{float32(sum / float64(len(heads)))})
	}
	return mem
}
