package solver

import (
	"fmt"
	"math"
	"slices"
)

// ddim is Song et al., "Denoising Diffusion Implicit Models", ICLR 2021, equations 12 and 16.
type ddim struct{}

func (ddim) check(c Config) error {
	if c.Prediction == Velocity {
		return fmt.Errorf("%s takes no network that predicts velocity: mark the config FlowNetwork", c.Class)
	}
	return nil
}

func (ddim) start(r *Run, p Plan) error {
	if p.Timesteps != nil || p.Sigmas != nil {
		return fmt.Errorf("%s takes a number of steps only: its way back counts on even steps", r.c.Class)
	}
	if p.Steps > r.c.TrainSteps {
		return r.c.tooMany(p.Steps)
	}
	var err error
	if r.Timesteps, err = r.c.points(p.Steps, true); err != nil {
		return err
	}
	if t := r.Timesteps[0]; int(t) >= len(r.t.alpha) {
		return fmt.Errorf("%d steps with steps_offset %d begin at training step %v of %d: take fewer steps or no offset", p.Steps, r.c.Offset, t, len(r.t.alpha))
	}
	for _, t := range r.Timesteps {
		r.levels = append(r.levels, levelOf(r.t.alpha[int(t)]))
	}
	r.levels = append(r.levels, levelOf(r.before(len(r.Timesteps)-1)))
	if r.levels[0].a == 0 && r.c.Prediction == Epsilon {
		return fmt.Errorf("a schedule of zero SNR says nothing about the picture at its first step to a network that predicts noise: it needs %s or %s", VPredict, Sample)
	}
	for _, l := range r.levels {
		r.Sigmas = append(r.Sigmas, l.s/l.a)
	}
	return nil
}

func levelOf(alpha float64) level { return level{math.Sqrt(alpha), math.Sqrt(1 - alpha)} }

// before is ᾱ of the step before i's: T div n earlier whatever the spacing.
func (r *Run) before(i int) float64 {
	t := int(r.Timesteps[i]) - r.c.TrainSteps/len(r.Timesteps)
	switch {
	case t >= 0:
		return r.t.alpha[t]
	case r.c.AlphaToOne:
		return 1
	}
	return r.t.alpha[0]
}

func (ddim) noisy(r *Run, i int) bool { return r.plan.Eta > 0 }

func (ddim) step(r *Run, i int, x, output, clean, noise []float64) (next, used []float64) {
	from, to := r.t.alpha[int(r.Timesteps[i])], r.before(i)
	l := levelOf(from)
	var eps []float64
	if clean != nil {
		used = slices.Clone(clean)
		eps = toNoise(l, x, used)
	} else {
		used = r.c.toClean(l, x, output)
		switch r.c.Prediction {
		case Epsilon:
			eps = output
		case VPredict:
			eps = sum(term{l.a, output}, term{l.s, x})
		default:
			eps = toNoise(l, x, used)
		}
		switch {
		case r.c.Threshold:
			r.c.threshold(used)
		case r.c.Clip:
			for k, v := range used {
				used[k] = min(max(v, -r.c.ClipRange), r.c.ClipRange)
			}
		}
		if r.plan.ReclipNoise {
			eps = toNoise(l, x, used)
		}
	}
	spread := 0.0
	if r.plan.Eta > 0 {
		spread = r.plan.Eta * math.Sqrt((1-to)/(1-from)*(1-from/to))
	}
	next = sum(term{math.Sqrt(to), used}, term{math.Sqrt(max(1-to-spread*spread, 0)), eps})
	if noise != nil {
		next = sum(term{1, next}, term{spread, noise})
	}
	return next, used
}
