package diffusion

import (
	"fmt"
	"strings"

	"winnow/diffusion/pixart"
	"winnow/diffusion/solver"
	"winnow/internal/trace"
	"winnow/pruning"
)

const (
	channels = 3 // red, green, blue
	// MaxSide bounds a picture's side, in pixels.
	MaxSide = 2048
	// maxGuidance: beyond it pictures are burnt long since.
	maxGuidance = 100
)

// plan is a request that can be drawn.
type plan struct {
	trace.Draw
	size   pixart.Size // Batch 1 without guidance, else 2: the empty prompt, then the prompt
	solver *solver.Solver
	tokens []pruning.Token // of the denoiser
	// denoising is what methods may know of the schedule, or unknown says why there are none.
	denoising pruning.Denoising
	unknown   error
}

// Admit is a sentence why a picture cannot be drawn, or not with these methods; nil if it can.
func (m *Model) Admit(d trace.Draw, methods []pruning.Stacked) error {
	p, err := m.plan(d)
	if err != nil {
		return err
	}
	_, err = p.course(m.Pruning(d), methods)
	return err
}

// plan checks a request.
func (m *Model) plan(d trace.Draw) (plan, error) {
	p := plan{Draw: d}
	if d.Steps < 1 || d.Steps > trace.MaxDrawSteps {
		return p, fmt.Errorf("%d denoising steps: choose 1 to %d", d.Steps, trace.MaxDrawSteps)
	}
	if !(d.Guidance >= 1 && d.Guidance <= maxGuidance) {
		return p, fmt.Errorf("guidance is %v: choose a number from 1, which is none, to %d", d.Guidance, maxGuidance)
	}
	if err := m.sized(&p); err != nil {
		return p, err
	}
	c, err := solver.Named(d.Solver, m.trained)
	if err != nil {
		return p, err
	}
	if p.solver, err = solver.New(c); err != nil {
		return p, err
	}
	run, err := p.start()
	if err != nil {
		return p, fmt.Errorf("%s cannot make %d steps: %w", d.Solver, d.Steps, err)
	}
	p.denoising, p.unknown = run.Denoising()
	p.denoising.Height, p.denoising.Width = p.size.Height, p.size.Width
	p.denoising.Channels, p.denoising.Patch = channels, m.net.Config.Patch
	return p, nil
}

// sized sets the size and the tokens.
func (m *Model) sized(p *plan) error {
	c := m.net.Config
	side := p.Size
	if side == 0 {
		side = c.SampleSize
	}
	if side < c.Patch || side > MaxSide || side%c.Patch != 0 {
		return fmt.Errorf("a picture of %d pixels a side: choose a multiple of the patch of %d, up to %d; the network was trained for %d",
			side, c.Patch, MaxSide/c.Patch*c.Patch, c.SampleSize)
	}
	p.size = pixart.Size{Batch: 2, Height: side, Width: side, Text: m.textRows()}
	if p.Guidance == 1 {
		p.size.Batch = 1
	}
	if m.net.Learned() && side != c.SampleSize {
		return fmt.Errorf("the network has learned positions for %d pixels a side, %d were asked for: choose %d", c.SampleSize, side, c.SampleSize)
	}
	need, err := m.net.Memory(p.size)
	if err != nil {
		return err
	}
	if free := m.backend.Device().MemoryFree; free > 0 && need.State+need.Working > free {
		return fmt.Errorf("a picture of %d pixels a side needs about %s, %s has %s free: choose a smaller size",
			side, trace.Quantity(float64(need.State+need.Working), "bytes"), m.backend.Device().ID, trace.Quantity(float64(free), "bytes"))
	}
	cols := side / c.Patch
	for i := range cols * cols {
		p.tokens = append(p.tokens, pruning.Token{Kind: pruning.Visual, Row: i / cols, Col: i % cols, Position: i, ID: -1})
	}
	return nil
}

// start begins the solver's way for one side.
func (p *plan) start() (*solver.Run, error) {
	c := p.solver.Config()
	how := solver.Plan{Steps: p.Steps, Noise: solver.StepNoise(p.Seed)}
	if c.DynamicShift {
		mu := c.Mu(len(p.tokens))
		how.Mu = &mu
	}
	return p.solver.StartPlan(how)
}

// numbers of a latent.
func (p *plan) numbers() int { return channels * p.size.Height * p.size.Width }

// denoisers names the registered methods that serve drawing.
func denoisers() string {
	var names []string
	for _, i := range pruning.Infos() {
		if i.Denoises() {
			names = append(names, i.Name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, " or ")
}
