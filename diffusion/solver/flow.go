package solver

import (
	"fmt"
	"slices"
)

// flow is Euler's method on dx/dσ = velocity (Esser et al. 2024, "Scaling Rectified Flow
// Transformers", with their shift of the levels).
type flow struct{}

func (flow) check(c Config) error {
	if c.Shift <= 0 {
		return fmt.Errorf("shift is %v: it must be above 0 (1 shifts nothing)", c.Shift)
	}
	if c.Invert && c.Stochastic {
		return fmt.Errorf("stochastic_sampling with invert_sigmas is not supported: switch one off")
	}
	if c.Terminal != nil && !(*c.Terminal >= 0 && *c.Terminal < 1) {
		return fmt.Errorf("shift_terminal is %v: it is a noise level below 1", *c.Terminal)
	}
	return nil
}

// FluxSigmas are the n levels 1 … 1/n that Flux's pipeline asks for (Plan.Sigmas).
func FluxSigmas(n int) []float64 { return linspace(1, 1/float64(n), n) }

func (flow) start(r *Run, p Plan) error {
	T := float64(r.c.TrainSteps)
	if r.c.DynamicShift && p.Mu == nil {
		return fmt.Errorf("use_dynamic_shifting needs the plan's Mu: Config.Mu gives it for a number of image tokens")
	}
	sigmas := append([]float64(nil), p.Sigmas...)
	switch {
	case p.Sigmas != nil:
	case p.Timesteps != nil:
		for _, t := range p.Timesteps {
			sigmas = append(sigmas, t/T)
		}
	default:
		ends := []float64{1, 1 / T}
		if !r.c.DynamicShift {
			ends = shifted(ends, r.c.Shift) // so the lower end is shifted twice, as SD3 has it
		}
		sigmas = linspace(ends[0]*T, ends[1]*T, p.Steps)
		for i := range sigmas {
			sigmas[i] /= T
		}
	}
	if r.c.DynamicShift {
		sigmas = r.c.dynamic(sigmas, *p.Mu)
	} else {
		sigmas = shifted(sigmas, r.c.Shift)
	}
	sigmas, err := r.c.stretched(sigmas)
	if err != nil {
		return err
	}
	if levels, ok := r.c.remap(sigmas[0], sigmas[len(sigmas)-1], len(sigmas)); ok {
		sigmas = levels
	}
	last := 0.0
	if r.c.Invert {
		last = 1
		for i := range sigmas {
			sigmas[i] = 1 - sigmas[i]
		}
	}
	if p.Timesteps != nil && !r.c.Invert {
		r.Timesteps = append([]float64(nil), p.Timesteps...)
	} else {
		for _, s := range sigmas {
			r.Timesteps = append(r.Timesteps, s*T)
		}
	}
	r.Sigmas = append(sigmas, last)
	r.scale(func(sigma float64) level {
		if r.c.Invert {
			return flowing(1 - sigma)
		}
		return flowing(sigma)
	})
	for i, l := range r.levels[:len(sigmas)] {
		if l.s <= 0 {
			return fmt.Errorf("level %d of the flow schedule is without noise: only the last may be", i)
		}
	}
	return nil
}

func (flow) noisy(r *Run, i int) bool { return r.c.Stochastic }

func (flow) step(r *Run, i int, x, output, clean, noise []float64) (next, used []float64) {
	l, to := r.levels[i], r.levels[i+1]
	velocity := output
	if r.c.Invert && output != nil {
		velocity = sum(term{-1, output})
	}
	if clean != nil {
		used = slices.Clone(clean)
		velocity = sum(term{1 / l.s, x}, term{-1 / l.s, clean})
	} else {
		used = sum(term{1, x}, term{-l.s, velocity})
	}
	if noise != nil {
		return sum(term{to.a, used}, term{to.s, noise}), used
	}
	return sum(term{1, x}, term{to.s - l.s, velocity}), used
}
