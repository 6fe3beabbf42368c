package cogvla

import (
	"fmt"
	"math"

	"winnow/pruning"
)

func init() {
	pruning.Register(info, func() pruning.Method { return new(CogVLA) })
}

var info = pruning.Info{
	Name:       "cogvla",
	Title:      "CogVLA",
	Budget:     "average",
	Paper:      "Li et al., CogVLA: Cognition-Aligned Vision-Language-Action Model via Instruction-Driven Routing & Sparsification, NeurIPS 2025, arXiv 2508.21046",
	Removes:    "visual tokens from single layers of a robot policy's language model, by the layer's router",
	Stages:     []pruning.Phase{pruning.Act},
	Provenance: pruning.AuthorsCode,
	Needs:      "a policy trained with routers",
}

// CogVLA holds the schedule of the released code.
type CogVLA struct {
	Schedule string  `param:"schedule,shiftedcos|shiftedlinear|deep_all|deep_all_wo_last|interleave,shiftedcos" help:"how the share that is kept falls with depth"`
	Average  float64 `param:"average,0..1,0.5" help:"shifts the curve; the share itself for the last three schedules"`
	Max      float64 `param:"max,0..1,0.85" help:"layers that would keep more than this share are not routed"`
	Min      float64 `param:"min,0..1,0.15" help:"no layer keeps less than this share"`
	Span     int     `param:"span,2..,32" unit:"layers" help:"layers that the curve falls over; 32 in the released code, whatever the model has"`
}

func (c *CogVLA) schedule() Schedule {
	return Schedule{Type: c.Schedule, Max: c.Max, Min: c.Min, Average: c.Average, Span: c.Span}
}

// probe is the router of a layer, which looks at the layer's input: known when the one before ends.
func probe(layer int) pruning.Probe { return pruning.Probe{What: pruning.Router, Layer: layer} }

// Requests asks for every routed layer's probabilities at the end of the layer before; layer 0's
// are known at layer -1.
func (c *CogVLA) Requests(m pruning.Model) ([]pruning.Request, error) {
	var out []pruning.Request
	for l := range m.Layers {
		if c.schedule().Routed(l, m.Layers) {
			out = append(out, pruning.Request{Site: pruning.Site{Phase: pruning.Act, Layer: l - 1}, Probes: []pruning.Probe{probe(l)}})
		}
	}
	return out, nil
}

// Decide lets all visual tokens but the ⌊ratio·n⌋ most probable skip the next layer; ties go to
// the lower index. Other rows are never skipped.
func (c *CogVLA) Decide(s pruning.Seen) (pruning.Outcome, error) {
	layer := s.Site.Layer + 1
	p, err := s.Value(probe(layer))
	if err != nil {
		return pruning.Outcome{}, err
	}
	if p.Rows*p.Cols != len(s.Tokens) {
		return pruning.Outcome{}, fmt.Errorf("%v is %d × %d for %d tokens, cogvla takes one number a token", probe(layer), p.Rows, p.Cols, len(s.Tokens))
	}
	if err := pruning.Finite(probe(layer), p.Data); err != nil {
		return pruning.Outcome{}, err
	}
	visual := pruning.Spans(s.Tokens, pruning.Visual)
	n := c.schedule().Kept(layer, s.Model.Layers, len(visual))
	skipped := pruning.Without(visual, pruning.Top(p.Data, visual, n))
	return pruning.Outcome{Decisions: []pruning.Decision{&pruning.Skip{
		Basis: pruning.Basis{
			Scores:    p.Data, // of all rows: each scales its own feed-forward
			Threshold: float32(math.NaN()),
			Unit:      "router's probability",
			Rule:      fmt.Sprintf("the %d of %d visual tokens that layer %d's router finds most probable (share %.3g)", n, len(visual), layer, c.schedule().Ratio(layer)),
		},
		Rows: skipped, From: layer, To: layer, Positions: pruning.Renumbered,
	}}}, nil
}

// Claims is the skipping of every routed layer.
func (c *CogVLA) Claims(m pruning.Model) []pruning.Claim {
	var out []pruning.Claim
	for l := range m.Layers {
		if c.schedule().Routed(l, m.Layers) {
			out = append(out, pruning.Claim{Kind: "skip", Phase: pruning.Act, Layer: l})
		}
	}
	return out
}
