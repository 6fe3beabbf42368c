package sada

import "winnow/pruning"

// estimate sets what stands in for the network in the next step.
func (p plan) estimate(v verdict, now sight, mem memory, step *pruning.Step) {
	next := p.Sigmas[p.i+1]
	switch {
	case p.Family == pruning.FlowMatching:
		// The step would push a copy of the last output: the line runs through the last two.
		f0, f1 := mem.outputs[len(mem.outputs)-2], mem.outputs[len(mem.outputs)-1]
		out := make([]float64, len(f1))
		for e := range out {
			out[e] = ahead(f0[e], f1[e])
		}
		step.Action, step.Output = pruning.SkipStep, float32s(out)
	case v == multistep:
		clean := Lagrange(mem.steps(), mem.values(), p.i+1)
		if p.Family == pruning.VarianceExploding {
			for e := range clean {
				clean[e] *= alpha(next)
			}
		}
		step.Action, step.Clean = pruning.Extrapolate, float32s(clean)
	default:
		clean := make([]float64, len(now.ahead))
		for e := range clean {
			clean[e] = p.clean(next, now.ahead[e], now.next[e], now.output[e])
		}
		step.Action, step.Clean = pruning.SkipStep, float32s(clean)
	}
}

// clean is the estimate at noise level sigma from the state ahead and the last output. With v in
// the ve family the released code takes the solver's state instead.
func (p plan) clean(sigma, ahead float64, state float32, output float64) float64 {
	al := alpha(sigma)
	v := p.Predicts == pruning.VPredict
	switch ve := p.Family == pruning.VarianceExploding; {
	case ve && v:
		return float64(state)*al*al - sigma*al*output
	case ve:
		return ahead - sigma*output
	case v:
		return al*ahead - sigma*al*output
	}
	return (ahead - sigma*al*output) / al
}

// node is a step's clean estimate as multistep remembers it. The ve family's is divided by alpha
// here and multiplied by another alpha in estimate: the released code does so.
func (p plan) node(clean []float32) []float64 {
	scale := 1.0
	if p.Family == pruning.VarianceExploding {
		scale = 1 / alpha(p.Sigmas[p.i])
	}
	out := make([]float64, len(clean))
	for e, v := range clean {
		out[e] = float64(v) * scale
	}
	return out
}

// Lagrange is the value at t of the polynomial through the values at the given steps, which are
// distinct; beyond them it extrapolates.
func Lagrange(steps []int, values [][]float64, t int) []float64 {
	out := make([]float64, len(values[0]))
	for j, tj := range steps {
		w := 1.0
		for k, tk := range steps {
			if k != j {
				w *= float64(t-tk) / float64(tj-tk)
			}
		}
		for e, v := range values[j] {
			out[e] += w * v
		}
	}
	return out
}
