package policy

import (
	"context"
	"fmt"
	"math"

	"winnow/internal/compute"
	"winnow/internal/tensors"
	"winnow/robotics/policy/language"
)

// A policy like OpenVLA says an action as tokens, one a number, the best one each time:
//
//	token id → bin = vocabulary − padding − 1 − id, cut to 0 … bins−2 → the middle of the bin
//
// 256 values from −1 to 1 are the edges of 255 bins, so the lowest value is said by the highest id.
// The formula is that of OpenVLA's predict_action; Kim et al., "OpenVLA", 2024, section 3.2.

// variantDiscrete is what config.json of our training says of such a policy.
const variantDiscrete = "autoregressive"

// discrete tells whether a checkpoint says its actions as tokens: it has an lm_head and no action
// head. The merged shards of OpenVLA-OFT and CogVLA have an lm_head, too; that their action head
// lies elsewhere shows by the state's projector, and by what config.json says of aggregation, FiLM
// and routing, none of which OpenVLA has.
func (f configFile) discrete(s tensors.Source) bool {
	if dims(s, language.HeadName) == nil || dims(s, "action_head.model.fc1.weight") != nil {
		return false
	}
	if f.Policy.Variant != "" {
		return f.Policy.Variant == variantDiscrete
	}
	set := func(v *bool) bool { return v != nil && *v }
	return dims(s, "proprio_projector.fc1.weight") == nil && !set(f.UseAggr) && !set(f.UseFiLM) && !set(f.Text.LFP)
}

// readBins sizes what such a policy says.
func (c *Config) readBins(f configFile, s tensors.Source) error {
	c.Bins, c.Padding, c.Language.Head, c.Bidirectional = f.Bins, f.Padding, true, false
	c.Chunk, c.Images, c.Action, c.MinMax = 1, max(f.Policy.Images, 1), f.Policy.Action, f.Policy.Bounds == "min_max"
	if p := dims(s, "proprio_projector.fc1.weight"); len(p) == 2 {
		c.Proprio = p[0]
	}
	if c.Bins < 2 {
		return fmt.Errorf("config.json says n_action_bins = %d; actions said as tokens take 2 or more", c.Bins)
	}
	if c.Action < 1 {
		return fmt.Errorf("nothing tells how many numbers an action has, since the policy says them one after the other: put dataset_statistics.json of the training run beside config.json, or, where its data sets differ, winnow_policy {action} into it")
	}
	return c.check()
}

func (c Config) checkBins() error {
	if c.Bins == 0 {
		return nil
	}
	if c.Bins < 2 || c.Padding < 0 || c.Bins+c.Padding > c.Language.Vocabulary {
		return fmt.Errorf("%d bins (n_action_bins) and %d ids of padding (pad_to_multiple_of) do not fit a vocabulary of %d: config.json belongs to another checkpoint", c.Bins, c.Padding, c.Language.Vocabulary)
	}
	if c.Chunk != 1 || !c.Language.Head || c.Bidirectional || len(c.Language.Routers) > 0 {
		return fmt.Errorf("a policy that says its actions as tokens has an lm_head, one action a pass, a causal mask and no routers; this one is of two kinds: take config.json and the shards from one export")
	}
	return nil
}

// width is that of all data sets' actions; 0 where they differ or there are none.
func width(stats map[string]Statistics) int {
	n := 0
	for _, s := range stats {
		w := max(len(s.Action.Q01), len(s.Action.Min))
		if n != 0 && w != n {
			return 0
		}
		n = w
	}
	return n
}

// Value is what a token means, in −1 … 1. An id that is no bin's means the nearest one's.
func (c Config) Value(id int) float64 {
	bin := min(max(c.Language.Vocabulary-c.Padding-1-id, 0), c.Bins-2)
	return (2*float64(bin)+1)/float64(c.Bins-1) - 1
}

// readyToSay readies the cache for a prompt.
func (p *Policy) readyToSay(f language.Frame) (err error) {
	if p.causal != nil && p.causal.Frame() == f {
		return nil
	}
	if p.causal != nil {
		p.causal.Close()
		p.causal = nil
	}
	p.causal, err = p.language.NewCausal(f, p.Config.Action)
	return err
}

// say computes an action token after token.
func (p *Policy) say(ctx context.Context, o Observation, opt Options, stats Statistics) (*Result, error) {
	c := p.Config
	if opt.Method != nil || opt.Bidirectional != nil && *opt.Bidirectional {
		return nil, fmt.Errorf("the policy says its actions token after token, and neither lets rows skip layers nor sees what comes later: leave the method out, or choose a policy of CogVLA")
	}
	if err := p.ready(c.frame(len(o.Prompt), opt)); err != nil {
		return nil, err
	}
	r := &Result{Config: c, Frame: p.causal.Frame(), Layers: make([]Layer, c.Language.Layers)}
	x, err := p.embed(ctx, o, stats, r)
	if err != nil {
		return nil, err
	}
	said, err := p.causal.Begin(ctx, x)
	r.LanguageCost = said.Cost
	if s, ok := p.backend.(compute.Streaker); ok && err == nil {
		s.Streak(true)
		defer s.Streak(false)
	}
	var flat []float32
	for i := 0; err == nil; i++ {
		id, sure := best(said.Logits)
		if !sure {
			return nil, fmt.Errorf("number %d of the action cannot be told, since the scores of its tokens are no numbers: the checkpoint's weights or the input are broken, and no robot should follow it", i+1)
		}
		r.Tokens, r.Logits, flat = append(r.Tokens, id), append(r.Logits, said.Logits), append(flat, float32(c.Value(id)))
		if i+1 == c.Action {
			return r, r.actions(flat, stats)
		}
		said, err = p.causal.Next(ctx, i+1, id)
		r.DecodeCost = r.DecodeCost.Add(said.Cost)
	}
	return nil, err
}

// best is the id of the highest score, the lowest of equals; false where one is no number.
func best(scores []float32) (id int, ok bool) {
	for i, v := range scores {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return 0, false
		}
		if v > scores[id] {
			id = i
		}
	}
	return id, true
}
