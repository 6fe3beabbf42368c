package diffusion

import (
	"errors"
	"fmt"
	"math"

	"winnow/internal/trace"
	"winnow/pruning"
)

// course is the methods of one side with what they keep between steps.
type course struct {
	plan    *plan
	model   pruning.Model
	methods []pruning.Stacked
	sites   []site // visited after every step, in order
	memory  []any  // by method

	// next says how the step to come gets its prediction; nil: in full.
	next *pruning.Step
	// by is the title of the method that said so.
	by string
}

type site struct {
	method int
	pruning.Request
}

// course checks that methods can serve, and lets each decide once about a blank latent: what a
// schedule rules out is so said before the run.
func (p *plan) course(model pruning.Model, methods []pruning.Stacked) (*course, error) {
	c := &course{plan: p, model: model, methods: methods, memory: make([]any, len(methods))}
	for i, m := range methods {
		requests, err := m.Method.Requests(model)
		if err != nil {
			return nil, err
		}
		for _, r := range requests {
			if err := serves(m, r); err != nil {
				return nil, err
			}
			c.sites = append(c.sites, site{i, r})
		}
		if len(requests) == 0 {
			if err := idle(m); err != nil {
				return nil, err
			}
		}
	}
	if len(c.sites) == 0 {
		return c, nil
	}
	if p.unknown != nil {
		return nil, fmt.Errorf("%s cannot serve %s: %w", c.methods[c.sites[0].method].Info.Title, p.Solver, p.unknown)
	}
	blank := make([]float32, p.numbers())
	if _, err := c.decide(0, observed{blank, blank, blank, blank}); err != nil {
		return nil, err
	}
	c.next, c.by = nil, ""
	clear(c.memory)
	return c, nil
}

// serves refuses a site or probe that a drawing does not have.
func serves(m pruning.Stacked, r pruning.Request) error {
	if r.Site.Phase != pruning.Denoise {
		return fmt.Errorf("%s decides during %v, which a drawing does not have: choose %s", m.Info.Title, r.Site.Phase, denoisers())
	}
	for _, p := range r.Probes {
		switch p.What {
		case pruning.Latent, pruning.NextLatent, pruning.Clean, pruning.Noise:
		default:
			return fmt.Errorf("%s asks for %v, which a drawing does not show: choose %s", m.Info.Title, p, denoisers())
		}
		if p.Layer != 0 || p.Rows != (pruning.Select{}) || p.Reduce != pruning.None {
			return fmt.Errorf("%s asks for %v of some rows or layers: a drawing shows it whole, at layer 0", m.Info.Title, p.What)
		}
	}
	return nil
}

// idle refuses a method that asks for nothing because it is meant for something else; one at its
// neutral setting may stay.
func idle(m pruning.Stacked) error {
	for _, stage := range m.Info.Stages {
		if stage == pruning.Denoise {
			return nil
		}
	}
	return fmt.Errorf("%s removes %s: a drawing has none of it; choose %s", m.Info.Title, m.Info.Removes, denoisers())
}

// observed is what a step showed, each [channels × cells].
type observed struct{ latent, next, clean, noise []float32 }

func (o observed) of(q pruning.Quantity) []float32 {
	switch q {
	case pruning.Latent:
		return o.latent
	case pruning.NextLatent:
		return o.next
	case pruning.Clean:
		return o.clean
	}
	return o.noise
}

// decide lets the methods see step i and keeps what they say of the next, which it returns.
func (c *course) decide(i int, o observed) (*pruning.Step, error) {
	c.next, c.by = nil, ""
	values := map[pruning.Probe]pruning.Matrix{}
	for _, s := range c.sites {
		for _, p := range s.Probes {
			if _, ok := values[p]; !ok {
				values[p] = pruning.Matrix{Rows: c.plan.size.Height * c.plan.size.Width, Cols: channels, Data: cellsFirst(o.of(p.What))}
			}
		}
	}
	for _, s := range c.sites {
		m, at := c.methods[s.method], s.Site
		at.Step = i
		seen := pruning.NewSeen(at, c.model, c.plan.tokens, values)
		seen.Seed, seen.Denoising, seen.Memory = c.plan.Seed, &c.plan.denoising, c.memory[s.method]
		out, err := m.Method.Decide(seen)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Info.Title, err)
		}
		c.memory[s.method] = out.Memory
		for _, d := range out.Decisions {
			if err := c.take(d, m.Info.Title); err != nil {
				return nil, fmt.Errorf("%s, after denoising step %d: %w", m.Info.Title, i, err)
			}
		}
	}
	return c.next, nil
}

// take keeps a decision that can be carried out.
func (c *course) take(d pruning.Decision, by string) error {
	step, ok := d.(*pruning.Step)
	if !ok {
		return fmt.Errorf("a drawing cannot carry out %q", d.Kind())
	}
	if c.next != nil {
		return fmt.Errorf("%s has decided about the next step already; remove one of them", c.by)
	}
	n := c.plan.numbers()
	switch step.Action {
	case pruning.RunStep:
	case pruning.RunTokens:
		if len(step.Rows) == 0 {
			return errors.New("it keeps no token: skip the step instead")
		}
	case pruning.SkipStep, pruning.Extrapolate:
		if (step.Clean == nil) == (step.Output == nil) || len(step.Clean)+len(step.Output) != n {
			return fmt.Errorf("a skipped step takes a clean latent or a prediction of %d numbers, not %d and %d", n, len(step.Clean), len(step.Output))
		}
	default:
		return fmt.Errorf("there is no denoising action %q", step.Action)
	}
	c.next, c.by = step, by
	return nil
}

// tell writes what a step said of the next into its event.
func tell(e *trace.Denoised, said *pruning.Step) {
	if said == nil {
		return
	}
	for _, s := range said.Also {
		switch {
		case s.Name == pruning.CriterionSeries && len(s.Values) == 1 && !isNaN(s.Values[0]):
			k := float64(s.Values[0])
			if e.Criterion = &k; !isNaN(s.Target) { // JSON has no NaN
				target := float64(s.Target)
				e.Threshold = &target
			}
		case s.Name == pruning.WindowSeries && len(s.Values) == 2:
			e.Window = []int{int(s.Values[0]), int(s.Values[1])}
		}
	}
	if e.Criterion != nil && len(said.Scores) > 0 && !isNaN(said.Threshold) {
		e.Unstable = make(trace.Floats, len(said.Scores))
		for i, s := range said.Scores {
			e.Unstable[i] = s - said.Threshold
		}
	}
}

func isNaN(v float32) bool { return math.IsNaN(float64(v)) }
