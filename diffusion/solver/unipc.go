package solver

import (
	"fmt"
	"math"
	"slices"
)

// unipc is Zhao et al., "UniPC", NeurIPS 2023: each new output first corrects the state that it
// was computed at, then predicts the next one. B(h) version.
type unipc struct{}

func (unipc) check(c Config) error {
	switch {
	case c.Type != "bh1" && c.Type != "bh2":
		return fmt.Errorf("solver_type %q is not supported by %s: choose bh1 or bh2", c.Type, c.Class)
	case c.Order < 1:
		return fmt.Errorf("solver_order is %d: it is at least 1", c.Order)
	case c.Predictor != nil:
		return fmt.Errorf("%s with another scheduler as solver_p is not supported: leave solver_p empty", c.Class)
	case c.Prediction == Velocity && !c.PredictClean:
		return fmt.Errorf("%s takes a network that predicts velocity only with predict_x0", c.Class)
	case c.Terminal != nil && !(*c.Terminal >= 0 && *c.Terminal < 1):
		return fmt.Errorf("shift_terminal is %v: it is a noise level below 1", *c.Terminal)
	case c.Terminal != nil && !c.FlowSigmas:
		return fmt.Errorf("shift_terminal needs use_flow_sigmas")
	case c.FlowSigmas && (c.Exponential || c.Beta):
		return fmt.Errorf("%s takes use_flow_sigmas alone or with Karras sigmas: switch exponential and beta sigmas off", c.Class)
	case c.Final == "zero" && (c.Type == "bh1" || !c.PredictClean):
		return fmt.Errorf("%s cannot end at noise level zero with bh1 or without predict_x0: set final_sigmas_type to sigma_min, or choose bh2 with predict_x0", c.Class)
	}
	return nil
}

func (unipc) start(r *Run, p Plan) error {
	n := p.Steps
	if p.Timesteps != nil {
		return fmt.Errorf("%s takes a number of steps, or sigmas with use_flow_sigmas, no list of timesteps", r.c.Class)
	}
	if r.c.DynamicShift && p.Mu == nil {
		return fmt.Errorf("use_dynamic_shifting needs the plan's Mu: Config.Mu gives it for a number of image tokens")
	}
	if p.Sigmas != nil {
		if !r.c.FlowSigmas || r.c.Karras {
			return fmt.Errorf("%s takes a list of sigmas with use_flow_sigmas only, and without Karras sigmas", r.c.Class)
		}
		n = len(p.Sigmas)
	}
	if r.c.Final == "zero" && !r.c.LowerFinal && r.c.Order > 1 && n > 1 {
		return fmt.Errorf("%s without lower_order_final cannot end at noise level zero: set final_sigmas_type to sigma_min", r.c.Class)
	}
	var err error
	if r.Timesteps, err = r.c.intervals(n, r.c.TrainSteps); err != nil {
		return err
	}
	T := float64(r.c.TrainSteps)
	levels, remapped := r.c.remap(r.t.sigma[len(r.t.sigma)-1], r.t.sigma[0], n)
	last := 0.0
	switch {
	case remapped && r.c.FlowSigmas: // Karras
		r.Sigmas = levels
		for i, s := range levels {
			r.Sigmas[i] = s / (s + 1)
			r.Timesteps[i] = r.Sigmas[i] * T
		}
	case remapped:
		r.Sigmas, r.Timesteps = levels, r.t.timesOf(levels)
		if r.c.Karras {
			rounded(r.Timesteps)
		}
	case r.c.FlowSigmas:
		if err := r.uniFlow(n, p); err != nil {
			return err
		}
	default:
		for _, t := range r.Timesteps {
			r.Sigmas = append(r.Sigmas, at(r.t.sigma, t))
		}
	}
	if r.c.Final == "sigma_min" {
		last = r.Sigmas[n-1]
		if !remapped && !r.c.FlowSigmas {
			last = r.t.sigma[0]
		}
	}
	if !r.c.FlowSigmas || remapped {
		truncated(r.Timesteps, 1e-9)
	} else {
		truncated(r.Timesteps, 0)
	}
	r.Sigmas = append(r.Sigmas, last)
	if r.c.FlowSigmas {
		r.scale(flowing)
	} else {
		r.scale(preserving)
	}
	return nil
}

// uniFlow are n shifted flow levels from nearly 1.
func (r *Run) uniFlow(n int, p Plan) error {
	sigmas := append([]float64(nil), p.Sigmas...)
	if p.Sigmas == nil {
		sigmas = linspace(1, 1/float64(r.c.TrainSteps), n+1)[:n]
	}
	if r.c.DynamicShift {
		sigmas = r.c.dynamic(sigmas, *p.Mu)
	} else {
		sigmas = shifted(sigmas, r.c.FlowShift)
	}
	sigmas, err := r.c.stretched(sigmas)
	if err != nil {
		return err
	}
	if math.Abs(sigmas[0]-1) < 1e-6 {
		sigmas[0] -= 1e-6 // ln(1-σ) must be finite
	}
	r.Sigmas, r.Timesteps = sigmas, make([]float64, n)
	for i, s := range sigmas {
		r.Timesteps[i] = s * float64(r.c.TrainSteps)
	}
	return nil
}

func (unipc) noisy(*Run, int) bool { return false }

func (unipc) step(r *Run, i int, x, output, clean, noise []float64) (next, used []float64) {
	l := r.levels[i]
	var m []float64
	if r.c.PredictClean {
		used = r.c.estimate(l, x, output, clean)
		m = used
	} else {
		if used = slices.Clone(clean); clean == nil {
			used = r.c.toClean(l, x, output)
		}
		m = output
		if clean != nil || r.c.Prediction != Epsilon {
			m = toNoise(l, x, used)
		}
	}
	if i > 0 && r.last != nil && !slices.Contains(r.c.NoCorrector, i-1) {
		x = r.multistep(i-1, r.lastOrder, r.last, m)
	}
	order := min(r.c.Order, len(r.past)+1)
	if r.c.LowerFinal {
		order = min(order, len(r.Timesteps)-i)
	}
	if r.still(i) {
		order = 1
	}
	r.remember(m, r.c.Order)
	r.last, r.lastOrder = x, order
	return r.multistep(i, order, x, nil), used
}

// multistep moves x from level i to i+1 with the outputs of steps i, i-1, … . The predictor
// (arrived nil) interpolates them; the corrector adds the output at the state arrived at.
func (r *Run) multistep(i, order int, x, arrived []float64) []float64 {
	s, t := r.levels[i], r.levels[i+1]
	h := t.log() - s.log()
	m0 := r.past[len(r.past)-1]
	var rk []float64  // place of an output in λ, from s in units of h
	var d [][]float64 // its slope to m0
	slope := func(m []float64, place float64) {
		rk = append(rk, place)
		d = append(d, sum(term{1 / place, m}, term{-1 / place, m0}))
	}
	for k := 1; k < order; k++ {
		slope(r.past[len(r.past)-1-k], (r.levels[i-k].log()-s.log())/h)
	}
	if arrived != nil {
		slope(arrived, 1)
	}
	z, keep, c := -h, t.s/s.s, -t.a // the clean estimate is integrated, or the noise
	if !r.c.PredictClean {
		z, keep, c = h, t.a/s.a, -t.s
	}
	phi := math.Expm1(z)
	scale := phi // B(h)
	if r.c.Type == "bh1" {
		scale = z
	}
	terms := []term{{keep, x}, {c * phi, m0}}
	for k, rho := range uniWeights(rk, z, scale) {
		terms = append(terms, term{c * scale * rho, d[k]})
	}
	return sum(terms...)
}

// uniWeights are the weights ρ of the slopes: Σ_k rk^(j-1) ρ_k = j! φ_(j+1)(z) / B, one equation
// a slope. A single slope has weight ½: the authors' simplification.
func uniWeights(rk []float64, z, scale float64) []float64 {
	n := len(rk)
	if n == 0 {
		return nil
	}
	if n == 1 {
		return []float64{0.5}
	}
	rows := make([][]float64, n) // [n, n+1], the right-hand side last
	phi, factorial := math.Expm1(z)/z-1, 1.0
	for j := range rows {
		for _, place := range rk {
			rows[j] = append(rows[j], math.Pow(place, float64(j)))
		}
		rows[j] = append(rows[j], phi*factorial/scale)
		factorial *= float64(j + 2)
		phi = phi/z - 1/factorial
	}
	return solve(rows)
}

// solve is Gauss's elimination with the largest pivot of a column.
func solve(rows [][]float64) []float64 {
	n := len(rows)
	for c := range n {
		best := c
		for k := c + 1; k < n; k++ {
			if math.Abs(rows[k][c]) > math.Abs(rows[best][c]) {
				best = k
			}
		}
		rows[c], rows[best] = rows[best], rows[c]
		for k := c + 1; k < n; k++ {
			f := rows[k][c] / rows[c][c]
			for j := c; j <= n; j++ {
				rows[k][j] -= f * rows[c][j]
			}
		}
	}
	out := make([]float64, n)
	for c := n - 1; c >= 0; c-- {
		v := rows[c][n]
		for j := c + 1; j < n; j++ {
			v -= rows[c][j] * out[j]
		}
		out[c] = v / rows[c][c]
	}
	return out
}
