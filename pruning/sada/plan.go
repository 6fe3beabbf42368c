package sada

import (
	"fmt"
	"math"

	"winnow/pruning"
)

// plan is the method's parameters resolved for a schedule, at one of its steps.
type plan struct {
	*SADA
	*pruning.Denoising
	i     int // the step that was just made
	steps int
	// Steps lo ≤ i < hi may have step i+1 skipped; evaluations lo ≤ n < hi may be token-wise.
	lo, hi int
	// From this step on skips lie on the multistep grid; unused where multistep is off.
	lagrange int
	prunes   bool // token-wise
}

func (m *SADA) plan(s pruning.Seen) (plan, error) {
	d := s.Denoising
	if d == nil {
		return plan{}, fmt.Errorf("sada was called without a denoising schedule: it serves diffusion only")
	}
	p := plan{SADA: m, Denoising: d, i: s.Site.Step, steps: d.Steps}
	if p.i < 0 || p.i >= d.Steps || len(d.Sigmas) != d.Steps+1 {
		return plan{}, fmt.Errorf("the schedule that sada sees at step %d has %d steps and %d noise levels: it takes one level more than steps, and a step among them",
			p.i, d.Steps, len(d.Sigmas))
	}
	switch {
	case d.Family == pruning.FlowMatching && d.Predicts != pruning.Velocity:
		return plan{}, fmt.Errorf("sada takes a velocity in flow matching, the network predicts %q", d.Predicts)
	case d.Family == pruning.FlowMatching:
	case d.Family != pruning.VariancePreserving && d.Family != pruning.VarianceExploding:
		return plan{}, fmt.Errorf("sada does not know the solver family %q: choose a solver of vp, ve or flow", d.Family)
	case len(d.Betas) != d.Steps:
		return plan{}, fmt.Errorf("sada needs the training beta at each of the %d steps and got %d", d.Steps, len(d.Betas))
	case d.Predicts != pruning.Epsilon && d.Predicts != pruning.VPredict && d.Predicts != pruning.Velocity:
		return plan{}, fmt.Errorf("sada does not know the prediction %q: it takes epsilon, v or flow", d.Predicts)
	}
	if d.Patch < 1 || d.Height%d.Patch != 0 || d.Width%d.Patch != 0 || len(s.Tokens) != d.Height/d.Patch*(d.Width/d.Patch) {
		return plan{}, fmt.Errorf("%d denoiser tokens of %d cells a side do not tile the %d × %d latent that sada sees",
			len(s.Tokens), d.Patch, d.Height, d.Width)
	}
	if err := p.resolve(); err != nil {
		return plan{}, err
	}
	switch m.Tokens {
	case "on":
		p.prunes = true
	case "auto":
		p.prunes = d.Family != pruning.FlowMatching && d.Patch <= m.MaxDownsample
	}
	return p, nil
}

// resolve sets lo, hi and lagrange. Scaled, they keep their share of the schedule, the last step
// is evaluated, and multistep begins at the nearest step of its grid that has all nodes behind it.
func (p *plan) resolve() error {
	published := 24
	if p.Family == pruning.FlowMatching {
		published = 20
	}
	start := p.LagrangeStep
	if start == 0 {
		start = published
	}
	if p.From >= p.To {
		p.lo, p.hi, p.lagrange = p.steps, p.steps, p.steps
		return nil
	}
	if p.Schedule == "fixed" {
		if p.To > p.steps-1 {
			return fmt.Errorf("to=%d of sada lies beyond the last of %d steps: choose %d or less, or schedule=scaled", p.To, p.steps, p.steps-1)
		}
		if p.LagrangeStep == 0 {
			start -= start % p.LagrangeInt
		}
		p.lo, p.hi, p.lagrange = max(p.From, 3), p.To, start
		return nil
	}
	share := func(step int) float64 { return float64(step) * float64(p.steps) / publishedSteps }
	p.lo = max(int(math.Round(share(p.From))), 3)
	p.hi = min(int(math.Round(share(p.To))), p.steps-2)
	p.lagrange = int(math.Round(share(start)/float64(p.LagrangeInt))) * p.LagrangeInt
	if p.Family != pruning.FlowMatching {
		p.lagrange = max(p.lagrange, (p.LagrangeTerm-1)*p.LagrangeInt)
	}
	return nil
}

// inWindow: step n lies within [lo, hi).
func (p plan) inWindow(n int) bool { return n >= p.lo && n < p.hi }

// alpha and s of a noise level: x = alpha·clean + s·noise.
func alpha(sigma float64) float64 { return 1 / math.Sqrt(sigma*sigma+1) }

// verdict is what becomes of the next step.
type verdict uint8

const (
	evaluate verdict = iota
	stepwise
	multistep
)

// verdict applies the rules in the released code's order, and says which of them spoke.
func (p plan) verdict(now sight, mem memory) (verdict, string) {
	grid := p.LagrangeTerm > 0 && p.i >= p.lagrange
	stable := now.criterion < 0 || now.criterion == 0 && (p.Coefficients == "code" || p.Family == pruning.FlowMatching)
	switch {
	case p.lo >= p.hi:
		return evaluate, "evaluated: no step may be skipped with these settings"
	case !now.known:
		return evaluate, "evaluated: the criterion needs three steps"
	case mem.inARow >= p.MaxInterval:
		return evaluate, fmt.Sprintf("evaluated: %d skips in a row are the most", mem.inARow)
	case !p.inWindow(p.i):
		return evaluate, fmt.Sprintf("evaluated: step %d is outside the accelerated steps %d to %d", p.i, p.lo, p.hi-1)
	case grid && p.i%p.LagrangeInt == 0:
		return evaluate, fmt.Sprintf("evaluated: the one in %d steps of the multistep grid", p.LagrangeInt)
	case grid && p.Family == pruning.FlowMatching:
		return multistep, fmt.Sprintf("skipped: multistep evaluates one in %d steps; the velocity is extrapolated linearly", p.LagrangeInt)
	case grid && len(mem.nodes) < p.LagrangeTerm:
		return evaluate, fmt.Sprintf("evaluated: multistep has %d of its %d nodes", len(mem.nodes), p.LagrangeTerm)
	case grid:
		return multistep, fmt.Sprintf("extrapolated: multistep evaluates one in %d steps; the clean estimate comes from those of steps %v", p.LagrangeInt, mem.steps())
	case stable:
		return stepwise, fmt.Sprintf("skipped: K = %.3g, the trajectory is stable", now.criterion)
	}
	return evaluate, fmt.Sprintf("evaluated: K = %.3g, the trajectory is unstable", now.criterion)
}
