package vlm

import (
	"context"
	"fmt"

	"winnow/internal/compute"
	"winnow/pruning"
	"winnow/vlm/llama"
)

// piece is a part of a decode step, between two places where methods decide.
type piece struct {
	from, to llama.Point
	weighted bool
}

// resuming is what a decode step takes up in the midst of an attention.
type resuming struct {
	// weights are the attention's probabilities [heads × cached]; nil: as computed.
	weights []float32
	after   []func() error
}

// Step appends one generated token and computes the logits after it.
func (s *Session) Step(ctx context.Context, id int) error {
	cfg := s.m.Decoder.Config
	if s.length >= cfg.Context {
		return fmt.Errorf("the conversation fills the model's context of %d tokens; start a new one", cfg.Context)
	}
	if !s.cache.Room(0, cfg.Layers, 1) {
		if err := s.reserve(0, cfg.Layers, padKeys); err != nil {
			return err
		}
	}
	x := make([]float32, cfg.Hidden)
	if err := s.m.Decoder.Embed([]int{id}, x); err != nil {
		return err
	}
	before := s.cache.Append(0, cfg.Layers, []int{s.length}, -1)
	s.rows = append(s.rows, pruning.Token{Kind: pruning.Text, Part: pruning.Answer, Picture: -1, Position: s.length, ID: id})
	s.length++
	s.chosen++
	s.perStep = compute.Cost{}
	if err := s.pieces(ctx, x); err != nil {
		s.length--
		s.chosen--
		s.rows = s.rows[:s.length]
		if s.course.decides {
			return err // methods may have changed the layouts since: the conversation ends here
		}
		s.cache.Restore(0, before)
		s.dropSteps()
		return err
	}
	s.decoded = s.decoded.Add(s.perStep)
	if s.run != nil {
		return s.run.onLogits()
	}
	return nil
}

// pieces computes a decode step from one decision to the next.
func (s *Session) pieces(ctx context.Context, x []float32) error {
	end := llama.Before(s.m.Decoder.Config.Layers)
	// Threads that wait awake for the next graph would take the processor from who decides.
	s.streak(s.stepEnd(s.course, llama.Before(0), s.chosen) == end)
	var res resuming
	for from := llama.Before(0); from < end; {
		to := s.stepEnd(s.course, from, s.chosen)
		plan := llama.Plan{From: from, To: to, Rows: 1, FromStream: x == nil, Decode: true, Cache: s.cache, PadKeys: padKeys,
			Weighted: res.weights != nil, FFN: s.ffn, Probes: s.course.probes(pruning.Decode, from, to, s.chosen)}
		if to == end {
			plan.Logits = 1
		}
		seg, err := s.stepSegment(plan)
		if err != nil {
			return err
		}
		if err := seg.Run(ctx, llama.Inputs{X: x, Weights: res.weights, Visual: s.visual}); err != nil {
			return err
		}
		for _, cost := range seg.Costs {
			s.perStep = s.perStep.Add(cost)
		}
		if plan.Logits > 0 {
			s.perStep = s.perStep.Add(seg.HeadCost)
			if err := seg.Logits(s.logits); err != nil {
				return err
			}
		}
		for _, do := range res.after {
			if err := do(); err != nil {
				return err
			}
		}
		res = resuming{}
		if s.course.decides {
			if err := s.run.keepLens(s.course, plan.Probes, seg); err != nil {
				return err
			}
			if res, err = s.run.decideStep(s.course, from, to, seg); err != nil {
				return err
			}
		}
		from, x = to, nil
	}
	return nil
}

// stepSegment is the compiled piece of a step: the one that served the last step, while it fits.
func (s *Session) stepSegment(p llama.Plan) (*llama.Segment, error) {
	key := piece{p.From, p.To, p.Weighted}
	if seg := s.steps[key]; seg != nil {
		if seg.Adopt(p) {
			return seg, nil
		}
		delete(s.steps, key)
		s.release(seg)
	}
	seg, err := s.build(p)
	if err != nil {
		return nil, err
	}
	s.steps[key] = seg
	return seg, nil
}
