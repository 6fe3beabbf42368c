package solver

import "math"

// One network trained for flow matching can serve the other families. At level x = a·clean + s·ε
// (whatever a² + s²) the state x/(a+s) is a flow state (1-σ)·clean + σ·ε of noise level
//
//	σ = s/(a+s)
//
// with the same signal-to-noise ratio, and the network's velocity ε - clean there says both
//
//	clean = x/(a+s) - σ·velocity        ε = x/(a+s) + (1-σ)·velocity
//
// in any combination that the solver wants. Input, Time and Translate do this where the config
// says FlowNetwork, so that the loop of a pipeline is the same for every solver.

// Input is what the network is given for the state x before step i. It may be x itself.
func (r *Run) Input(i int, x []float32) []float32 {
	l := r.levels[i]
	switch {
	case r.c.FlowNetwork:
		return r.combine(1/(l.a+l.s), x, 0, nil)
	case r.c.Class == Euler:
		return r.combine(1/preservingNorm(l), x, 0, nil)
	}
	return x
}

// Time is what the network is told about step i: the training step, or for flow matching σ·T
// (Flux divides by T again). With inverted sigmas it is (1-σ)·T.
func (r *Run) Time(i int) float64 {
	if !r.c.FlowNetwork {
		return r.Timesteps[i]
	}
	l := r.levels[i]
	return l.s / (l.a + l.s) * float64(r.c.TrainSteps)
}

// Translate turns the network's output at Input(i, x) into what the config says it predicts: it
// does something for a FlowNetwork only. Step, and what a pruning method sees, take the result.
func (r *Run) Translate(i int, x, output []float32) []float32 {
	if !r.c.FlowNetwork {
		return output
	}
	l := r.levels[i]
	total := l.a + l.s
	sigma := l.s / total
	p, q := 0.0, 1.0 // Epsilon: p·clean + q·ε
	switch r.c.Prediction {
	case Sample:
		p, q = 1, 0
	case VPredict:
		n := preservingNorm(l)
		p, q = -l.s/n, l.a/n
	}
	// p·(x/total - σ·velocity) + q·(x/total + (1-σ)·velocity)
	return r.combine((p+q)/total, x, q*(1-sigma)-p*sigma, output)
}

// preservingNorm is what a state of level l is divided by to be variance preserving.
func preservingNorm(l level) float64 { return math.Hypot(l.a, l.s) }
