package sada

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"winnow/pruning"
)

// solver makes step i from the state and the network's output, or from a given clean estimate,
// and returns the estimate it used and the next state.
type solver func(i int, x, out, given []float64) (clean, next []float64)

// dpm is DPM-Solver++(2M), midpoint, with epsilon; the first and the last step are of first order.
func dpm(sigmas []float64) solver {
	var before []float64
	lambda := func(i int) float64 { return -math.Log(sigmas[i]) }
	return func(i int, x, out, given []float64) (clean, next []float64) {
		al, s := alpha(sigmas[i]), sigmas[i]*alpha(sigmas[i])
		al2, s2 := alpha(sigmas[i+1]), sigmas[i+1]*alpha(sigmas[i+1])
		clean, next = make([]float64, len(x)), make([]float64, len(x))
		for e := range x {
			if given != nil {
				clean[e] = given[e]
			} else {
				clean[e] = (x[e] - s*out[e]) / al
			}
			d := clean[e]
			if i == len(sigmas)-2 {
				next[e] = d
				continue
			}
			h := lambda(i+1) - lambda(i)
			if i > 0 {
				r := (lambda(i) - lambda(i-1)) / h
				d += (clean[e] - before[e]) / (2 * r)
			}
			next[e] = s2/s*x[e] - al2*(math.Exp(-h)-1)*d
		}
		before = clean
		return clean, next
	}
}

// euler is the discrete Euler solver with epsilon in the sigma scale.
func euler(sigmas []float64) solver {
	return func(i int, x, out, given []float64) (clean, next []float64) {
		clean, next = make([]float64, len(x)), make([]float64, len(x))
		for e := range x {
			clean[e] = x[e] - sigmas[i]*out[e]
			if given != nil {
				clean[e] = given[e]
			}
			next[e] = x[e] + (sigmas[i+1]-sigmas[i])*(x[e]-clean[e])/sigmas[i]
		}
		return clean, next
	}
}

// flowEuler is the Euler solver of flow matching.
func flowEuler(sigmas []float64) solver {
	return func(i int, x, out, _ []float64) (clean, next []float64) {
		clean, next = make([]float64, len(x)), make([]float64, len(x))
		for e := range x {
			clean[e] = x[e] - sigmas[i]*out[e]
			next[e] = x[e] + (sigmas[i+1]-sigmas[i])*out[e]
		}
		return clean, next
	}
}

func solverOf(d pruning.Denoising) solver {
	switch d.Family {
	case pruning.VariancePreserving:
		return dpm(d.Sigmas)
	case pruning.VarianceExploding:
		return euler(d.Sigmas)
	}
	return flowEuler(d.Sigmas)
}

// course is what a run did.
type course struct {
	states    [][]float64 // N+1
	plans     []*pruning.Step
	did       []pruning.StepAction // what each of the N steps did
	evaluated []int
	skipped   []int
	sights    []sight
	estimates [][]float32 // Output or Clean of skipped steps, by step
	resolved  []plan
}

// drive runs a schedule as a pipeline does: request, run, see, decide, apply to the next step.
// After each decision what it saw is overwritten, and each is made twice.
func drive(m *SADA, d pruning.Denoising, seed uint64, x []float64, network func(i int, x []float64) []float64) (course, error) {
	var c course
	requests, err := m.Requests(pruning.Model{})
	if err != nil {
		return c, err
	}
	tokens := make([]pruning.Token, d.Height/d.Patch*(d.Width/d.Patch))
	solve := solverOf(d)
	var step *pruning.Step
	var last []float64
	var remembered any
	c.states = append(c.states, x)
	for i := range d.Steps {
		action, given := pruning.RunStep, []float64(nil)
		if step != nil {
			action = step.Action
		}
		c.did = append(c.did, action)
		c.estimates = append(c.estimates, nil)
		if action == pruning.SkipStep || action == pruning.Extrapolate {
			c.skipped = append(c.skipped, i)
			if (step.Clean == nil) == (step.Output == nil) {
				return c, fmt.Errorf("step %d: one of clean and output is to be set", i)
			}
			if step.Output != nil {
				last = float64s(step.Output)
			}
			if step.Clean != nil {
				given = float64s(step.Clean)
			}
			c.estimates[i] = append(step.Clean, step.Output...)
		} else {
			c.evaluated = append(c.evaluated, i)
			last = network(i, x)
		}
		clean, next := solve(i, x, last, given)
		values := map[pruning.Probe]pruning.Matrix{}
		all := map[pruning.Quantity][]float64{pruning.Latent: x, pruning.NextLatent: next, pruning.Noise: last, pruning.Clean: clean}
		for _, p := range requests[0].Probes {
			values[p] = pruning.Matrix{Rows: d.Height * d.Width, Cols: d.Channels, Data: float32s(all[p.What])}
		}
		site := requests[0].Site
		site.Step = i
		seen := pruning.NewSeen(site, pruning.Model{}, tokens, values)
		seen.Seed, seen.Denoising, seen.Memory = seed, &d, remembered
		out, err := m.Decide(seen)
		if err != nil {
			return c, err
		}
		again, err := m.Decide(seen)
		if err != nil || text(out) != text(again) {
			return c, fmt.Errorf("step %d: decided twice, differently (%v)", i, err)
		}
		p, err := m.plan(seen)
		if err != nil {
			return c, err
		}
		mem, _ := remembered.(memory)
		now, err := m.look(seen, p, mem)
		if err != nil {
			return c, err
		}
		c.sights, c.resolved = append(c.sights, now), append(c.resolved, p)
		for _, v := range values {
			for e := range v.Data {
				v.Data[e] = float32(math.NaN())
			}
		}
		remembered, step = out.Memory, nil
		if len(out.Decisions) == 1 {
			step = out.Decisions[0].(*pruning.Step)
			c.plans = append(c.plans, step)
			if step.Rule == "" {
				return c, fmt.Errorf("step %d: decided without a reason", i)
			}
		}
		if (step == nil) != (i+1 == d.Steps) {
			return c, fmt.Errorf("step %d: %d decisions", i, len(out.Decisions))
		}
		x = next
		c.states = append(c.states, x)
	}
	return c, nil
}

func text(o pruning.Outcome) string {
	s := fmt.Sprintf("%v", o.Memory)
	for _, d := range o.Decisions {
		s += fmt.Sprintf("%v", *d.(*pruning.Step))
	}
	return s
}

func float64s(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

func made(t *testing.T, params map[string]string) *SADA {
	t.Helper()
	m, _, err := pruning.New(pruning.Spec{Name: "sada", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*SADA)
}

func run(t *testing.T, params map[string]string, d pruning.Denoising, seed uint64, network func(i int, x []float64) []float64) course {
	t.Helper()
	c, err := drive(made(t, params), d, seed, start(d, seed), network)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start is a state of pure noise.
func start(d pruning.Denoising, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, d.Height*d.Width*d.Channels)
	for e := range x {
		x[e] = r.NormFloat64()
		if d.Family == pruning.VarianceExploding {
			x[e] *= d.Sigmas[0]
		}
	}
	return x
}

// toy is a schedule of so many steps over a latent of height × width cells, 2 channels.
func toy(family pruning.SolverFamily, steps, height, width int) pruning.Denoising {
	d := pruning.Denoising{Steps: steps, Family: family, Predicts: pruning.Epsilon, Height: height, Width: width, Channels: 2, Patch: 1}
	if family == pruning.FlowMatching {
		d.Predicts = pruning.Velocity
		for i := range steps {
			s := 1 - float64(i)/float64(steps)
			d.Sigmas = append(d.Sigmas, 3*s/(1+2*s))
		}
		d.Sigmas = append(d.Sigmas, 0)
		return d
	}
	// Stable Diffusion's training schedule: √beta is linear in 1000 steps.
	alphabar, levels, betas := 1.0, make([]float64, 1000), make([]float64, 1000)
	for t := range levels {
		root := math.Sqrt(0.00085) + (math.Sqrt(0.012)-math.Sqrt(0.00085))*float64(t)/999
		betas[t] = root * root
		alphabar *= 1 - betas[t]
		levels[t] = math.Sqrt((1 - alphabar) / alphabar)
	}
	for i := range steps {
		t := 999 - i*999/steps
		d.Sigmas, d.Betas = append(d.Sigmas, levels[t]), append(d.Betas, betas[t])
	}
	d.Sigmas = append(d.Sigmas, 0)
	return d
}

// twoModes is the exact denoiser of data that is ±mu with deviation 0.35, by number of the latent.
func twoModes(d pruning.Denoising, seed uint64) func(i int, x []float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 2))
	mu := make([]float64, d.Height*d.Width*d.Channels)
	for e := range mu {
		mu[e] = 0.5 + 1.5*r.Float64()
	}
	return func(i int, x []float64) []float64 {
		sigma := d.Sigmas[i]
		a, s := alpha(sigma), sigma*alpha(sigma)
		scale := 1.0
		switch d.Family {
		case pruning.VarianceExploding:
			scale = a
		case pruning.FlowMatching:
			a, s = 1-sigma, sigma
		}
		out := make([]float64, len(x))
		for e, v := range x {
			v *= scale
			variance := a*a*0.35*0.35 + s*s
			clean := (0.35*0.35*a*v + s*s*mu[e]*math.Tanh(a*mu[e]*v/variance)) / variance
			out[e] = (v - a*clean) / s
			if d.Family == pruning.FlowMatching {
				out[e] -= clean
			}
		}
		return out
	}
}

// restless is a network whose outputs have nothing to do with each other.
func restless(seed uint64) func(i int, x []float64) []float64 {
	return func(i int, x []float64) []float64 {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		out := make([]float64, len(x))
		for e := range out {
			out[e] = r.NormFloat64()
		}
		return out
	}
}

// bending is a network whose outputs shrink faster and faster, which is unstable, less so where
// noise goes against it; for some steps they grow so, which is stable.
func bending(seed uint64) func(i int, x []float64) []float64 {
	noise := restless(seed)
	level, slope := []float64{1}, 0.0
	for i := range 100 {
		if slope -= 1. / 1800; i >= 23 && i < 27 {
			slope += 0.05
		}
		level = append(level, level[i]+slope)
	}
	return func(i int, x []float64) []float64 {
		out := noise(i, x)
		for e := range out {
			out[e] = level[i] + out[e]*4e-4
		}
		return out
	}
}
