package solver

import (
	"fmt"
	"math"

	"winnow/pruning"
)

// Denoising tells a pruning method what it may know of the schedule; the size of the latent is
// the caller's to add. Betas are those of the training step nearest to each step's noise.
// An infinite sigma (DDIM at zero SNR) is given as 4096, as Euler has it. It is an error where methods that
// skip steps are not defined: fresh noise, networks that predict the clean latent.
func (r *Run) Denoising() (pruning.Denoising, error) {
	d := pruning.Denoising{Steps: r.Steps}
	switch {
	case r.Stochastic():
		return d, fmt.Errorf("%s as set here adds fresh noise at its steps: methods that skip steps need a deterministic solver", r.c.Class)
	case r.c.Invert:
		return d, fmt.Errorf("methods that skip steps are not defined for inverted sigmas")
	}
	switch r.c.Prediction {
	case Epsilon:
		d.Predicts = pruning.Epsilon
	case VPredict:
		d.Predicts = pruning.VPredict
	case Velocity:
		d.Predicts = pruning.Velocity
	default:
		return d, fmt.Errorf("methods that skip steps are not defined for a network that predicts the clean latent (prediction_type %s)", r.c.Prediction)
	}
	for _, s := range r.Sigmas[:r.Steps+1] {
		if math.IsInf(s, 1) {
			s = 4096
		}
		d.Sigmas = append(d.Sigmas, s)
	}
	switch {
	case r.c.flowState():
		d.Family = pruning.FlowMatching
		return d, nil
	case r.c.Class == Euler:
		d.Family = pruning.VarianceExploding
	default:
		d.Family = pruning.VariancePreserving
	}
	for i, t := range r.Timesteps {
		if r.c.TimeType == "continuous" {
			t = r.t.timeOf(r.Sigmas[i])
		}
		at := min(max(int(math.RoundToEven(t)), 0), len(r.t.betas)-1)
		d.Betas = append(d.Betas, r.t.betas[at])
	}
	return d, nil
}
