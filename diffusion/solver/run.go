package solver

import (
	"fmt"
	"math"
)

// Plan asks for one run.
type Plan struct {
	Steps int
	// Timesteps to visit in place of Steps, from noise to clean (Euler, DPM-Solver, flow). Flow
	// tells the network these and shifts the levels that it takes from them; Sigmas beside them
	// separate the two.
	Timesteps []float64
	// Sigmas to visit in place of Steps: Euler takes them with the final one; flow, and UniPC
	// with flow sigmas, without it and before the shift.
	Sigmas []float64
	// Mu is the dynamic shift, see Config.Mu; needed where the config sets use_dynamic_shifting.
	Mu *float64
	// Eta is DDIM's share of fresh noise, 0 to 1; ReclipNoise takes ε from the clipped estimate.
	Eta         float64
	ReclipNoise bool
	Churn       Churn
	// Noise gives n unit normal numbers for a step of a stochastic setting.
	Noise func(step, n int) []float32
}

// Churn is Euler's fresh noise (Karras et al. 2022, algorithm 2). Max 0 is no limit, Scale 0 is 1.
type Churn struct{ Amount, Min, Max, Scale float64 }

// Run is the way of one picture (or one batch, if no thresholding is on) from noise to clean.
// A state is a flat slice of any length.
type Run struct {
	Steps     int
	Timesteps []float64 // [Steps] in training steps, as diffusers lists them
	Sigmas    []float64 // [Steps+1] (log_linear interpolation: one more) noise levels in the family's own terms
	// InitialSigma times unit noise is the first state.
	InitialSigma float64

	c      Config
	t      training
	m      method
	plan   Plan
	levels []level // [Steps+1]

	next int // the step that may come; -1 before the first
	size int // numbers of a state, from the first step on

	// What multistep solvers remember. Newest last.
	past      [][]float64 // converted outputs of the steps done, Order at most
	last      []float64   // UniPC: the corrected state before the last prediction
	lastOrder int         // UniPC: the order of that prediction
}

// level is a state x = a·clean + s·noise.
type level struct{ a, s float64 }

// log is ln(a/s), half the logarithmic signal-to-noise ratio; +Inf without noise.
func (l level) log() float64 { return math.Log(l.a / l.s) }

func preserving(sigma float64) level {
	if math.IsInf(sigma, 1) {
		return level{0, 1}
	}
	a := 1 / math.Sqrt(sigma*sigma+1)
	return level{a, sigma * a}
}

func flowing(sigma float64) level { return level{1 - sigma, sigma} }

// Start begins a run of n steps.
func (s *Solver) Start(n int) (*Run, error) { return s.StartPlan(Plan{Steps: n}) }

// StartPlan begins a run.
func (s *Solver) StartPlan(p Plan) (*Run, error) {
	switch {
	case p.Timesteps != nil && p.Sigmas != nil && (s.c.Class != Flow || len(p.Timesteps) != len(p.Sigmas)):
		return nil, fmt.Errorf("a plan lists timesteps or sigmas; only %s takes both, as many of each", Flow)
	case p.Timesteps == nil && p.Sigmas == nil:
		if p.Steps < 1 {
			return nil, fmt.Errorf("%d denoising steps: ask for at least 1", p.Steps)
		}
	default:
		n := max(len(p.Timesteps), len(p.Sigmas))
		if s.c.Class == Euler && p.Sigmas != nil {
			n-- // the final one
		}
		if n < 1 || p.Steps != 0 && p.Steps != n {
			return nil, fmt.Errorf("the plan asks for %d steps and lists %d: leave Steps 0", p.Steps, n)
		}
	}
	for _, v := range append(append([]float64{}, p.Timesteps...), p.Sigmas...) {
		if !(v >= 0) || math.IsInf(v, 1) {
			return nil, fmt.Errorf("the plan lists %v: timesteps and sigmas are numbers from 0 up", v)
		}
	}
	if !(p.Eta >= 0 && p.Eta <= 1) {
		return nil, fmt.Errorf("eta is %v: it is a share between 0 and 1", p.Eta)
	}
	r := &Run{InitialSigma: 1, c: s.c, t: s.t, m: s.m, plan: p, next: -1}
	if err := s.m.start(r, p); err != nil {
		return nil, err
	}
	r.Steps = len(r.Timesteps)
	for i, l := range r.levels {
		if !(l.a >= 0 && l.s >= 0) || math.IsInf(l.a, 0) || math.IsInf(l.s, 0) {
			return nil, fmt.Errorf("level %d of the schedule of %s is %v·clean + %v·noise: these settings do not go together", i, s.c.Class, l.a, l.s)
		}
	}
	return r, nil
}

// scale sets the levels of a schedule that is made of sigmas.
func (r *Run) scale(of func(sigma float64) level) {
	for _, s := range r.Sigmas[:len(r.Timesteps)+1] {
		r.levels = append(r.levels, of(s))
	}
}

// Level tells what a state before step i is made of, a·clean + s·noise; i = Steps is the result.
func (r *Run) Level(i int) (a, s float64) { return r.levels[i].a, r.levels[i].s }

// Initial is the first state of unit noise.
func (r *Run) Initial(noise []float32) []float32 {
	return r.combine(r.InitialSigma, noise, 0, nil)
}

// AddNoise is the state before step i of a picture that exists: to begin a run there.
func (r *Run) AddNoise(i int, clean, noise []float32) []float32 {
	return r.combine(r.levels[i].s, noise, r.levels[i].a, clean)
}

// Stochastic tells whether a step draws fresh noise (from Plan.Noise).
func (r *Run) Stochastic() bool {
	for i := range r.Steps {
		if r.m.noisy(r, i) {
			return true
		}
	}
	return false
}

// Step moves the state x before step i to the one after it. output is what the network predicts
// (Translate it first if the config says FlowNetwork); clean, if not nil, is an estimate of the
// clean latent that takes its place, and then output may be nil. It returns the new state and the
// clean estimate that was used. Steps come in order; the first may be any.
func (r *Run) Step(i int, x, output, clean []float32) (next, used []float32, err error) {
	if err := r.checkStep(i, x, output, clean); err != nil {
		return nil, nil, err
	}
	var noise []float64
	if r.m.noisy(r, i) {
		if r.plan.Noise == nil {
			return nil, nil, fmt.Errorf("%s as set here adds fresh noise at step %d: give the plan a Noise", r.c.Class, i)
		}
		noise = wide(r.plan.Noise(i, len(x)))
		if len(noise) != len(x) {
			return nil, nil, fmt.Errorf("the noise of step %d has %d numbers, the state %d: they must be equal", i, len(noise), len(x))
		}
	}
	n, u, err := r.step(i, wide(x), wide(output), wide(clean), noise)
	return narrow(n), narrow(u), err
}

func (r *Run) checkStep(i int, x, output, clean []float32) error {
	if i < 0 || i >= r.Steps {
		return fmt.Errorf("there is no step %d in a run of %d", i, r.Steps)
	}
	if r.next >= 0 && i != r.next {
		return fmt.Errorf("step %d cannot follow step %d: steps come in order, a new picture is a new run", i, r.next-1)
	}
	if r.next >= 0 && len(x) != r.size {
		return fmt.Errorf("the state at step %d has %d numbers, it had %d before: a run is of one picture", i, len(x), r.size)
	}
	if output == nil && clean == nil {
		return fmt.Errorf("step %d has neither an output of the network nor a clean estimate: give one", i)
	}
	if clean != nil && len(clean) != len(x) {
		return fmt.Errorf("the clean estimate of step %d has %d numbers, the state %d: they must be equal", i, len(clean), len(x))
	}
	if clean == nil && len(output) != len(x) && !(r.learned() && len(output) == 2*len(x)) {
		return fmt.Errorf("the network's output at step %d has %d numbers, the state %d: they must be equal", i, len(output), len(x))
	}
	return nil
}

// learned: the output holds the variance after the mean.
func (r *Run) learned() bool { return r.c.Class == DPM && r.c.Variance != "" }

// step is Step in float64.
func (r *Run) step(i int, x, output, clean, noise []float64) (next, used []float64, err error) {
	if len(output) > len(x) {
		output = output[:len(x)]
	}
	next, used = r.m.step(r, i, x, output, clean, noise)
	for k, v := range next {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil, fmt.Errorf("the state after step %d of %s is %v at %d: either the network's output is not finite or these settings divide by zero here", i, r.c.Class, v, k)
		}
	}
	r.next, r.size = i+1, len(x)
	return next, used, nil
}

// remember keeps the newest converted outputs.
func (r *Run) remember(converted []float64, order int) {
	r.past = append(r.past, converted)
	if len(r.past) > order {
		r.past = r.past[1:]
	}
}

func (r *Run) combine(p float64, x []float32, q float64, y []float32) []float32 {
	out := make([]float32, len(x))
	for k, v := range x {
		sum := p * float64(v)
		if y != nil {
			sum += q * float64(y[k])
		}
		out[k] = float32(sum)
	}
	return out
}
