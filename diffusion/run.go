package diffusion

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"time"

	"winnow/diffusion/pixart"
	"winnow/diffusion/solver"
	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
)

// side is one way from noise to a picture.
type side struct {
	*course
	g       *Drawing
	session *pixart.Session
	run     *solver.Run
	// x is the state [3 × height × width] before the step to come; noise the last prediction, as
	// the solver takes it.
	x, noise []float32
	drawn    trace.Drawn
}

// Run draws one side, dense without methods. It emits SideStarted and the steps as they come; the
// summary is the caller's to complete and emit. When ctx ends it stops after the operation under
// way (on a GPU, after the evaluation): then there is no picture, and the error is
// compute.ErrCancelled.
func (g *Drawing) Run(ctx context.Context, methods []pruning.Stacked, name string, emit func(trace.Event)) (*Picture, trace.Drawn, error) {
	s := side{g: g, drawn: trace.Drawn{Side: name}}
	err := s.begin(ctx, methods)
	if err == nil {
		emit(trace.SideStarted{Side: name})
		for i := 0; i < g.plan.Steps && err == nil; i++ {
			err = s.step(ctx, i, emit)
		}
	}
	if errors.Is(err, compute.ErrCancelled) {
		s.drawn.Ended = "cancelled"
	}
	if err != nil {
		return nil, s.drawn, err
	}
	p, err := newPicture(s.x, g.plan.size.Height, g.plan.size.Width)
	if err != nil {
		return nil, s.drawn, err
	}
	s.drawn.Image, s.drawn.Ended = p.PNG, "done"
	return p, s.drawn, nil
}

func (s *side) begin(ctx context.Context, methods []pruning.Stacked) error {
	g := s.g
	var err error
	if s.session, err = g.ready(ctx); err != nil {
		return err
	}
	if s.course, err = g.plan.course(g.model.Pruning(g.plan.Draw), methods); err != nil {
		return err
	}
	if s.run, err = g.plan.start(); err != nil {
		return err
	}
	s.x = s.run.Initial(solver.Noise(g.plan.Seed, g.plan.numbers()))
	return nil
}

// step makes step i and emits it.
func (s *side) step(ctx context.Context, i int, emit func(trace.Event)) error {
	if ctx.Err() != nil {
		return compute.ErrCancelled
	}
	e := trace.Denoised{Side: s.drawn.Side, Step: i, Kind: trace.StepFull}
	began := time.Now()
	clean, err := s.predict(ctx, i, &e)
	if err != nil {
		return err
	}
	output := s.noise
	if clean != nil {
		output = nil
	}
	next, used, err := s.run.Step(i, s.x, output, clean)
	if err != nil {
		return err
	}
	chosen := time.Now()
	said, err := s.decide(i, observed{s.x, next, used, s.noise})
	if err != nil {
		return err
	}
	if i+1 < s.plan.Steps {
		tell(&e, said)
	}
	e.SelectMS = milliseconds(time.Since(chosen))
	e.MS = milliseconds(time.Since(began))
	s.x = next

	// Counting and the preview are in no time.
	if e.Kept > 0 {
		if e.FLOPs, err = s.g.evaluationFLOPs(e.Kept); err != nil {
			return err
		}
		s.drawn.NFE++
	}
	if e.Preview, err = encoded(pixels(used, s.plan.size.Height, s.plan.size.Width), png.BestSpeed); err != nil {
		return err
	}
	s.drawn.MS += e.MS
	s.drawn.SelectMS += e.SelectMS
	s.drawn.FLOPs += e.FLOPs
	emit(e)
	return nil
}

// predict gets step i its prediction as it was decided: it sets noise, or returns the clean
// latent that takes its place. It says in e what was done.
func (s *side) predict(ctx context.Context, i int, e *trace.Denoised) (clean []float32, err error) {
	how := pixart.Evaluation{}
	if d := s.next; d != nil {
		e.Kind, e.Why = string(d.Action), d.Rule
		switch d.Action {
		case pruning.SkipStep, pruning.Extrapolate:
			if d.Clean != nil {
				return channelsFirst(d.Clean), nil
			}
			s.noise = channelsFirst(d.Output)
			return nil, nil
		case pruning.RunTokens:
			how.Tokens, e.Tokens = d.Rows, d.Rows
		default:
			how.Store = d.Store
		}
	}
	if e.Kept = len(s.plan.tokens); how.Tokens != nil {
		e.Kept = len(how.Tokens)
	}
	if how.Store || how.Tokens != nil { // the rows of the last block, see package pixart
		s.drawn.CacheBytes = 4 * int64(s.model.Hidden) * int64(len(s.plan.tokens)*s.plan.size.Batch)
	}
	s.noise, err = s.evaluate(ctx, i, how)
	return nil, err
}

// evaluate runs the network on both halves of guidance at once.
func (s *side) evaluate(ctx context.Context, i int, how pixart.Evaluation) ([]float32, error) {
	latents := make([][]float32, s.plan.size.Batch)
	for b := range latents {
		latents[b] = s.run.Input(i, s.x)
	}
	out, err := s.session.Evaluate(ctx, latents, []float64{s.run.Time(i)}, how)
	if err != nil {
		return nil, err
	}
	v := out[len(out)-1][:s.plan.numbers()] // a learned variance, if any, comes after
	if len(out) == 2 {
		scale := float32(s.plan.Guidance)
		for k, free := range out[0][:len(v)] {
			v[k] = free + scale*(v[k]-free)
		}
	}
	for k, p := range v {
		if math.IsNaN(float64(p)) || math.IsInf(float64(p), 0) {
			why := "the weights are damaged; copy or download the model again"
			if len(s.methods) > 0 {
				why = "a method broke the latent, or " + why
			}
			return nil, fmt.Errorf("the denoiser's prediction at step %d of %d is %v at number %d: %s", i, s.plan.Steps, p, k, why)
		}
	}
	return s.run.Translate(i, s.x, v), nil
}
