package solver

import (
	"fmt"
	"math"
	"strings"
)

// dpm is DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095), multistep, orders 1 to 3; with it the
// older DPM-Solver (arXiv 2206.00927), which integrates the noise in place of the clean estimate,
// and the stochastic variants of both.
type dpm struct{}

func (dpm) check(c Config) error {
	noise := !strings.HasSuffix(c.Algorithm, "++")
	switch c.Algorithm {
	case "dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver":
	default:
		return fmt.Errorf("algorithm_type %q is not supported: choose dpmsolver++, sde-dpmsolver++, dpmsolver or sde-dpmsolver", c.Algorithm)
	}
	switch {
	case c.Type != "midpoint" && c.Type != "heun":
		return fmt.Errorf("solver_type %q is not supported by %s: choose midpoint or heun", c.Type, c.Class)
	case c.Order < 1 || c.Order > 3:
		return fmt.Errorf("solver_order %d is not supported by %s: choose 1, 2 or 3", c.Order, c.Class)
	case noise && c.Final == "zero":
		return fmt.Errorf("%s cannot end at noise level zero: set final_sigmas_type to sigma_min, or choose dpmsolver++", c.Algorithm)
	case noise && c.Prediction == Velocity:
		return fmt.Errorf("%s takes no network that predicts velocity: choose dpmsolver++", c.Algorithm)
	case c.FlowSigmas && (c.Karras || c.LuLambdas || c.Exponential || c.Beta):
		return fmt.Errorf("%s takes use_flow_sigmas alone: switch Karras, lu, exponential and beta sigmas off", c.Class)
	case c.Variance != "" && c.Variance != "learned" && c.Variance != "learned_range":
		return fmt.Errorf("variance_type %q is not supported by %s: choose learned, learned_range or none", c.Variance, c.Class)
	case c.DynamicShift && c.ShiftType != "exponential":
		return fmt.Errorf("%s shifts exponentially only: time_shift_type is %q", c.Class, c.ShiftType)
	}
	return nil
}

func (dpm) start(r *Run, p Plan) error {
	n := p.Steps
	switch {
	case p.Sigmas != nil:
		return fmt.Errorf("%s takes a number of steps or timesteps, no list of sigmas", r.c.Class)
	case p.Mu != nil && !r.c.DynamicShift:
		return fmt.Errorf("the plan has a Mu, but the config of %s does not set use_dynamic_shifting", r.c.Class)
	case p.Timesteps != nil:
		if r.c.Karras || r.c.LuLambdas || r.c.Exponential || r.c.Beta {
			return fmt.Errorf("timesteps cannot be listed with Karras, lu, exponential or beta sigmas")
		}
		n = len(p.Timesteps)
		r.Timesteps = append([]float64(nil), p.Timesteps...)
		truncated(r.Timesteps, 0)
	default:
		last := len(r.t.sigma) // steps whose ln(a/s) is below LambdaMin are clipped off
		for last > 0 && -math.Log(r.t.sigma[last-1]) < float64(r.c.LambdaMin) {
			last--
		}
		if last == 0 {
			return fmt.Errorf("lambda_min_clipped %v leaves no training step: lower it", r.c.LambdaMin)
		}
		var err error
		if r.Timesteps, err = r.c.intervals(n, last); err != nil {
			return err
		}
	}
	high, low := r.t.sigma[len(r.t.sigma)-1], r.t.sigma[0]
	levels, remapped := r.c.remap(high, low, n)
	if r.c.LuLambdas && !r.c.Karras {
		levels, remapped = exponential(high, low, n), true
	}
	switch {
	case remapped:
		r.Sigmas, r.Timesteps = levels, r.t.timesOf(levels)
		if (r.c.Karras || r.c.LuLambdas) && r.c.BetaSchedule != "squaredcos_cap_v2" {
			rounded(r.Timesteps)
		}
		truncated(r.Timesteps, 1e-9)
	case r.c.FlowSigmas:
		r.flowLevels(n, p)
	default:
		for _, t := range r.Timesteps {
			r.Sigmas = append(r.Sigmas, at(r.t.sigma, t))
		}
	}
	r.Sigmas = append(r.Sigmas, r.finalSigma())
	if r.c.FlowSigmas {
		r.scale(flowing)
	} else {
		r.scale(preserving)
	}
	if r.c.Algorithm == "sde-dpmsolver" {
		for i := range r.Timesteps {
			if r.order(i, i) == 3 {
				return fmt.Errorf("sde-dpmsolver has no third order, which step %d of %d would take: choose solver_order 2 or sde-dpmsolver++", i, len(r.Timesteps))
			}
		}
	}
	return nil
}

// flowLevels are n levels below 1, so that ln(1-σ) stays finite, shifted.
func (r *Run) flowLevels(n int, p Plan) {
	shift := r.c.FlowShift
	if p.Mu != nil {
		shift = math.Exp(*p.Mu)
	}
	sigmas := linspace(1, 1/float64(r.c.TrainSteps), n+1)
	for i, a := range sigmas {
		sigmas[i] = 1 - a
	}
	r.Sigmas = reversed(shifted(sigmas, shift))[:n]
	r.Timesteps = make([]float64, n)
	for i, s := range r.Sigmas {
		r.Timesteps[i] = s * float64(r.c.TrainSteps)
	}
	truncated(r.Timesteps, 0)
}

func (dpm) noisy(r *Run, i int) bool { return strings.HasPrefix(r.c.Algorithm, "sde-") }

func (dpm) step(r *Run, i int, x, output, clean, noise []float64) (next, used []float64) {
	l := r.levels[i]
	used = r.c.estimate(l, x, output, clean)
	m := used
	if !strings.HasSuffix(r.c.Algorithm, "++") {
		m = output
		if clean != nil || r.c.Prediction != Epsilon || r.c.Threshold {
			m = toNoise(l, x, used)
		}
	}
	order := r.order(i, len(r.past))
	r.remember(m, r.c.Order)
	return r.update(i, order, x, noise), used
}

// order is that of step i after so many others: lower where outputs are missing, and at the end.
func (r *Run) order(i, done int) int {
	if r.still(i) {
		return 1
	}
	n := len(r.Timesteps)
	few := r.c.LowerFinal && n < 15
	switch {
	case i == n-1 && (r.c.EulerFinal || few || r.c.Final == "zero"):
		return 1
	case i == n-2 && few:
		return min(2, r.c.Order, done+1)
	}
	return min(r.c.Order, done+1)
}

// still tells whether step i does not change the level, as the last one of a schedule that ends
// where it was going to anyway: slopes over it have no meaning.
func (r *Run) still(i int) bool {
	return math.Abs(r.levels[i+1].log()-r.levels[i].log()) < 1e-12
}

// update is x·keep + d0·D0 + d1·D1 + d2·D2 (+ noise): D0 the newest output, D1 and D2 its slope
// and curvature over λ = ln(a/s) in units of the step h. The weights are the integrals of the
// exponential over the step; the stochastic ones have 2h in place of h.
func (r *Run) update(i, order int, x, noise []float64) []float64 {
	s, t := r.levels[i], r.levels[i+1]
	h := t.log() - s.log()
	w := r.weights(s, t, h, order)
	m := func(k int) []float64 { return r.past[len(r.past)-1-k] }
	terms := []term{{w.keep, x}, {w.d0, m(0)}}
	if order > 1 {
		r0 := (s.log() - r.levels[i-1].log()) / h
		d := sum(term{1 / r0, m(0)}, term{-1 / r0, m(1)})
		if order == 2 {
			terms = append(terms, term{w.d1, d})
		} else {
			r1 := (r.levels[i-1].log() - r.levels[i-2].log()) / h
			e := sum(term{1 / r1, m(1)}, term{-1 / r1, m(2)})
			bend := sum(term{1 / (r0 + r1), d}, term{-1 / (r0 + r1), e})
			terms = append(terms, term{w.d1, sum(term{1, d}, term{r0, bend})}, term{w.d2, bend})
		}
	}
	if noise != nil {
		terms = append(terms, term{w.noise, noise})
	}
	return sum(terms...)
}

type weights struct{ keep, d0, d1, d2, noise float64 }

func (r *Run) weights(s, t level, h float64, order int) weights {
	var w weights
	// The integrals are c times e^z - 1, (e^z-1)/z - 1, ((e^z-1)/z - 1)/z - ½.
	var c, z float64
	switch r.c.Algorithm {
	case "dpmsolver++":
		w.keep, c, z = t.s/s.s, -t.a, -h
	case "dpmsolver":
		w.keep, c, z = t.a/s.a, -t.s, h
	case "sde-dpmsolver++":
		w.keep, c, z = t.s/s.s*math.Exp(-h), -t.a, -2*h
		w.noise = t.s * math.Sqrt(-math.Expm1(-2*h))
	case "sde-dpmsolver":
		w.keep, c, z = t.a/s.a, -2*t.s, h
		w.noise = t.s * math.Sqrt(math.Expm1(2*h))
	}
	phi1 := math.Expm1(z)
	w.d0 = c * phi1
	if order == 1 {
		return w
	}
	if order == 2 && r.c.Type == "midpoint" {
		w.d1 = w.d0 / 2
		return w
	}
	phi2 := phi1/z - 1
	w.d1 = c * phi2
	w.d2 = c * (phi2/z - 0.5)
	if r.c.Algorithm == "sde-dpmsolver++" {
		w.d2 = c * (phi2/z + 0.5) // diffusers' sign, kept to give its pictures; the integral has -½
	}
	return w
}
