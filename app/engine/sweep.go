package engine

import (
	"context"
	"fmt"

	"winnow/app/agreement"
	"winnow/internal/trace"
	"winnow/vlm"
)

// maxFollowed is how many tokens of the dense answer a sweep follows.
const maxFollowed = 64

// sweep computes the dense answer and follows it with each value's stack. Only the points of
// those are seen.
func (l *Local) sweep(ctx context.Context, r trace.Request, p *plan, prompt *vlm.Prompt, emit func(trace.Event)) error {
	var ids []int
	var done trace.SideDone
	if err := l.answer(ctx, r, prompt, trace.Dense, nil, func(e trace.Event) {
		switch e := e.(type) {
		case trace.Word:
			if len(ids) < maxFollowed {
				ids = append(ids, e.ID)
			}
		case trace.SideDone:
			done = e
		}
		emit(e)
	}); err != nil {
		return err
	}
	if len(ids) == 0 {
		return fmt.Errorf("the dense answer is empty, so there is nothing that a pruned model could be compared on; ask something else")
	}
	dense := new(agreement.Reference)
	l.session.Reset()
	if _, err := l.session.Follow(ctx, prompt, nil, r.Sampling.Seed, ids, func(_ int, logits []float32) error { return dense.Add(logits) }); err != nil {
		return err
	}
	for i, methods := range p.values {
		if err := l.warmUp(ctx, prompt, methods, r.Sampling.Seed); err != nil {
			return err
		}
		var a agreement.Agreement
		l.session.Reset()
		sum, err := l.session.Follow(ctx, prompt, methods, r.Sampling.Seed, ids, func(step int, logits []float32) error {
			return a.Add(dense, step, logits)
		})
		if err != nil {
			return err
		}
		sum.Side, sum.Answer = trace.Pruned, done.Answer
		sum.DecodeMS, sum.TokensPerSecond = 0, 0 // comparing was part of that time
		emit(trace.Point{Index: i, Value: r.Sweep.Values[i], KL: a.KL(), Top1: a.Top1(), Steps: a.Steps(), Summary: sum})
	}
	return nil
}
