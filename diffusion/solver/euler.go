package solver

import (
	"fmt"
	"math"
	"slices"
)

// euler follows dx/dσ = (x - clean)/σ (Karras et al. 2022, algorithm 2 without the second order).
type euler struct{}

func (euler) check(c Config) error {
	if c.Prediction == Velocity {
		return fmt.Errorf("%s takes no network that predicts velocity: mark the config FlowNetwork", c.Class)
	}
	if c.Interpolate != "linear" && c.Interpolate != "log_linear" {
		return fmt.Errorf("interpolation_type %q is not supported: choose linear or log_linear", c.Interpolate)
	}
	if c.TimeType != "discrete" && c.TimeType != "continuous" {
		return fmt.Errorf("timestep_type %q is not supported: choose discrete or continuous", c.TimeType)
	}
	return nil
}

func (euler) start(r *Run, p Plan) error {
	continuous := r.c.TimeType == "continuous" && r.c.Prediction == VPredict
	if p.Sigmas != nil {
		r.Sigmas = append([]float64(nil), p.Sigmas...)
		r.Timesteps = r.t.timesOf(r.Sigmas[:len(p.Sigmas)-1])
	} else {
		if err := eulerSchedule(r, p, continuous); err != nil {
			return err
		}
	}
	for i, s := range r.Sigmas[:len(r.Timesteps)] {
		if s <= 0 {
			return fmt.Errorf("sigma %d of the schedule is %v: only the last may be 0", i, s)
		}
	}
	if continuous { // with log_linear interpolation one more than asked for
		r.Timesteps = nil
		for _, s := range r.Sigmas[:len(r.Sigmas)-1] {
			r.Timesteps = append(r.Timesteps, 0.25*math.Log(s))
		}
	}
	r.InitialSigma = slices.Max(r.Sigmas)
	if r.c.Spacing == "leading" {
		r.InitialSigma = math.Sqrt(r.InitialSigma*r.InitialSigma + 1)
	}
	r.scale(func(sigma float64) level { return level{1, sigma} })
	return nil
}

func eulerSchedule(r *Run, p Plan, continuous bool) error {
	n := p.Steps
	if p.Timesteps != nil {
		if r.c.Karras || r.c.Exponential || r.c.Beta || continuous {
			return fmt.Errorf("timesteps cannot be listed with Karras, exponential or beta sigmas, nor with continuous times")
		}
		n = len(p.Timesteps)
		r.Timesteps = append([]float64(nil), p.Timesteps...)
	} else {
		var err error
		if r.Timesteps, err = r.c.points(n, false); err != nil {
			return err
		}
	}
	if r.c.Interpolate == "log_linear" {
		high, low := r.t.sigma[len(r.t.sigma)-1], r.t.sigma[0]
		r.Sigmas = torchLinspace(math.Log(high), math.Log(low), n+1)
		for i, v := range r.Sigmas {
			r.Sigmas[i] = math.Exp(v)
		}
	} else {
		for _, t := range r.Timesteps {
			r.Sigmas = append(r.Sigmas, at(r.t.sigma, t))
		}
	}
	if levels, ok := r.c.remap(r.Sigmas[0], r.Sigmas[len(r.Sigmas)-1], n); ok {
		r.Sigmas, r.Timesteps = levels, r.t.timesOf(levels)
	}
	r.Sigmas = append(r.Sigmas, r.finalSigma())
	return nil
}

// finalSigma is the level after the last step.
func (r *Run) finalSigma() float64 {
	if r.c.Final == "sigma_min" {
		return r.t.sigma[0]
	}
	return 0
}

// churn is the share by which step i raises the noise before it goes down.
func (r *Run) churn(i int) float64 {
	c, sigma := r.plan.Churn, r.Sigmas[i]
	if sigma < c.Min || c.Max > 0 && sigma > c.Max {
		return 0
	}
	return min(c.Amount/float64(len(r.Sigmas)-1), math.Sqrt2-1)
}

func (euler) noisy(r *Run, i int) bool { return r.churn(i) > 0 }

func (euler) step(r *Run, i int, x, output, clean, noise []float64) (next, used []float64) {
	sigma := r.Sigmas[i]
	raised := sigma * (r.churn(i) + 1)
	if noise != nil {
		w := math.Sqrt(raised*raised - sigma*sigma)
		if r.plan.Churn.Scale != 0 {
			w *= r.plan.Churn.Scale
		}
		x = sum(term{1, x}, term{w, noise})
	}
	at := level{1, raised}
	if r.c.Prediction == VPredict {
		at.s = sigma // the class reads v at the level that the network saw
	}
	if used = slices.Clone(clean); clean == nil {
		used = r.c.toClean(at, x, output)
	}
	slope := toNoise(level{1, raised}, x, used)
	return sum(term{1, x}, term{r.Sigmas[i+1] - raised, slope}), used
}
