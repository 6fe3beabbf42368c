package sada

import (
	"fmt"
	"math"

	"winnow/pruning"
)

// sight is what a step showed.
type sight struct {
	// output is what estimates are made of: the network's epsilon, v or velocity. For a skipped
	// step it is that of the last evaluation; a velocity outside flow matching is turned to epsilon.
	output []float64
	// gradient is y, nil in flow matching.
	gradient []float64
	// clean is the node for multistep skips, nil where this step is none.
	clean []float64
	// ahead is x̂, the next state by extrapolation, in the family's own scale.
	ahead []float64
	// kappa by cell and channel, and its mean K, where known.
	kappa     []float64
	criterion float64
	known     bool
	next      []float32 // the state that the solver made
}

// coefficients of y, y₁ and y₂ in x̂; both sets sum to 1.
func (m *SADA) coefficients() (a, b, c float64) {
	if m.Coefficients == "paper" {
		return 5. / 6, 5. / 6, -2. / 3
	}
	return 0.625, 0.75, -0.375
}

// look reads the probes and computes the criterion.
func (m *SADA) look(s pruning.Seen, p plan, mem memory) (sight, error) {
	var now sight
	x, err := p.shaped(s, latentProbe)
	if err != nil {
		return now, err
	}
	if now.next, err = p.shaped(s, nextProbe); err != nil {
		return now, err
	}
	noise, err := p.shaped(s, noiseProbe)
	if err != nil {
		return now, err
	}
	if m.LagrangeTerm > 0 {
		clean, err := p.shaped(s, cleanProbe)
		if err != nil {
			return now, err
		}
		if p.Family != pruning.FlowMatching && p.i%m.LagrangeInt == 1 {
			now.clean = p.node(clean)
		}
	}
	now.output = mem.last()
	if !mem.skipped || now.output == nil {
		now.output = p.output(x, noise)
	}
	if p.Family == pruning.FlowMatching {
		p.flow(&now, mem)
	} else {
		p.diffusion(&now, mem, x)
	}
	if !now.known {
		return now, nil
	}
	sum := 0.0
	for _, k := range now.kappa {
		sum += k
	}
	now.criterion = sum / float64(len(now.kappa))
	if math.IsNaN(now.criterion) || math.IsInf(now.criterion, 0) {
		return now, fmt.Errorf("the criterion is %v: the latent or the prediction has grown out of range there", now.criterion)
	}
	return now, nil
}

func (p plan) shaped(s pruning.Seen, probe pruning.Probe) ([]float32, error) {
	v, err := s.Value(probe)
	if err != nil {
		return nil, err
	}
	if v.Rows != p.Height*p.Width || v.Cols != p.Channels || len(v.Data) == 0 {
		return nil, fmt.Errorf("%v is %d × %d, sada takes %d cells × %d channels", probe.What, v.Rows, v.Cols, p.Height*p.Width, p.Channels)
	}
	return v.Data, v.Finite(probe)
}

// output is what an evaluation gave. Outside flow matching a velocity v = noise − clean in the
// state x = α·clean + s·noise is the epsilon (x + αv)/(α + s).
func (p plan) output(x, noise []float32) []float64 {
	out := make([]float64, len(noise))
	for e, n := range noise {
		out[e] = float64(n)
	}
	if p.Predicts == pruning.Velocity && p.Family != pruning.FlowMatching {
		sigma := p.Sigmas[p.i]
		for e := range out {
			if p.Family == pruning.VariancePreserving {
				out[e] = (float64(x[e])/alpha(sigma) + out[e]) / (1 + sigma)
			} else {
				out[e] = (float64(x[e]) + out[e]) / (1 + sigma)
			}
		}
	}
	return out
}

// diffusion is the criterion of the vp and ve families: the gradient of the probability flow in
// the vp scale, y = ½βN(ε/s − x), extrapolates the state; kappa = (x' − x̂)·Δ²y.
func (p plan) diffusion(now *sight, mem memory, x []float32) {
	n, sigma := float64(p.steps), p.Sigmas[p.i]
	al := alpha(sigma)
	toVP, fromVP := 1.0, 1.0
	if p.Family == pruning.VarianceExploding {
		toVP, fromVP = al, 1/alpha(p.Sigmas[p.i+1])
	}
	half, s := 0.5*p.Betas[p.i]*n, sigma*al
	now.gradient = make([]float64, len(x))
	for e, v := range x {
		if p.Predicts == pruning.VPredict {
			now.gradient[e] = half / s * al * now.output[e]
		} else {
			now.gradient[e] = half * (now.output[e]/s - toVP*float64(v))
		}
	}
	if mem.y2 == nil || p.Family == pruning.VarianceExploding && p.i+1 == p.steps {
		return // the released code divides 0 by 0 at the last step of ve
	}
	a, b, c := p.coefficients()
	now.known = true
	now.ahead, now.kappa = make([]float64, len(x)), make([]float64, len(x))
	for e, v := range x {
		y, y1, y2 := now.gradient[e], mem.y1[e], mem.y2[e]
		now.ahead[e] = fromVP * (toVP*float64(v) - (a*y+b*y1+c*y2)/n)
		now.kappa[e] = (float64(now.next[e]) - now.ahead[e]) * ((y - y1) - (y1 - y2))
	}
}

// flow is the criterion of flow matching: minus the second difference of the velocities used.
func (p plan) flow(now *sight, mem memory) {
	if len(mem.outputs) < 2 {
		return
	}
	f0, f1 := mem.outputs[len(mem.outputs)-2], mem.outputs[len(mem.outputs)-1]
	now.known = true
	now.kappa = make([]float64, len(now.output))
	if mem.skipped {
		return // it used the line through f0 and f1, whose second difference is 0 but for rounding
	}
	for e, f := range now.output {
		now.kappa[e] = -(f - f1[e]) + (f1[e] - f0[e])
	}
}

// ahead continues a line by one step.
func ahead(f0, f1 float64) float64 { return f1 + (f1 - f0) }
