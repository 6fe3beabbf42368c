package engine

import (
	"context"

	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm"
)

// carryOut computes the dense answer, and then the pruned ones or the points of a sweep.
func (l *Local) carryOut(ctx context.Context, r trace.Request, p *plan, prompt *vlm.Prompt, emit func(trace.Event)) error {
	if len(p.values) > 0 {
		return l.sweep(ctx, r, p, prompt, emit)
	}
	if err := l.answer(ctx, r, prompt, trace.Dense, nil, emit); err != nil {
		return err
	}
	for i, methods := range p.sides {
		if err := l.answer(ctx, r, prompt, trace.SideName(i), methods, emit); err != nil {
			return err
		}
	}
	return nil
}

// answer computes one side. Each is warmed up by itself, right before it is measured: so none
// pays for what a first run pays, and none profits from what another left in caches.
func (l *Local) answer(ctx context.Context, r trace.Request, prompt *vlm.Prompt, side string, methods []pruning.Stacked, emit func(trace.Event)) error {
	if err := l.warmUp(ctx, prompt, methods, r.Sampling.Seed); err != nil {
		return err
	}
	l.session.Reset()
	_, err := l.session.Generate(ctx, prompt, methods, r.Sampling, side, emit)
	return err
}

// warmUpFLOPs: a prefill below this takes a moment, and then no measured side pays for what a
// first run pays (pages, caches, kernels); a larger one drowns those costs.
const warmUpFLOPs = 20e9

// warmUp computes a side's prefill and its first steps, unmeasured and unseen. There are two: a
// graph that the first one compiles serves the second.
func (l *Local) warmUp(ctx context.Context, p *vlm.Prompt, methods []pruning.Stacked, seed uint64) error {
	if 2*float64(l.model.Parameters())*float64(len(p.Tokens)) > warmUpFLOPs {
		return nil
	}
	l.session.Reset()
	ids := []int{0, 0, 0} // whichever
	_, err := l.session.Follow(ctx, p, methods, seed, ids, func(int, []float32) error { return nil })
	return err
}
