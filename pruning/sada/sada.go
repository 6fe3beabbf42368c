package sada

import (
	"fmt"
	"math"

	"winnow/pruning"
)

func init() {
	pruning.Register(pruning.Info{
		Name:  "sada",
		Title: "SADA",
		Paper: "Jiang et al., SADA: Stability-guided Adaptive Diffusion Acceleration, ICML 2025, arXiv 2507.17135",
		Removes: "whole network evaluations where the denoising trajectory is smooth, and stable tokens of " +
			"the evaluations between",
		Stages:     []pruning.Phase{pruning.Denoise},
		Provenance: pruning.AuthorsCode,
	}, func() pruning.Method { return new(SADA) })
}

// SADA holds the parameters of the released code, with those of its SD-2.1 demo as defaults.
type SADA struct {
	From     int    `param:"from,0..,10" unit:"steps" help:"first step that may have the next one skipped, at least 3 (acc_range)"`
	To       int    `param:"to,0..,47" unit:"steps" help:"one after the last such step; not above from, nothing is skipped (acc_range)"`
	Schedule string `param:"schedule,scaled|fixed,scaled" help:"from, to and lagrange_step are meant for 50 steps and scaled to the run's, or are taken as they are"`

	MaxInterval int `param:"max_interval,1..,4" unit:"steps" help:"most skips in a row, and how often pruned tokens' caches are filled anew"`

	LagrangeTerm int `param:"lagrange_term,0..8,4" help:"earlier clean estimates that a multistep skip extrapolates from; 0 turns multistep off"`
	LagrangeStep int `param:"lagrange_step,0..,0" unit:"steps" help:"multistep begins at this step; 0 is as published, 24 of 50, in flow matching 20"`
	LagrangeInt  int `param:"lagrange_int,2..,4" unit:"steps" help:"multistep evaluates one step in so many"`

	Tokens        string `param:"tokens,auto|on|off,auto" help:"compute only unstable tokens in evaluations between full ones; auto as the authors: not in flow matching, not above max_downsample"`
	MaxDownsample int    `param:"max_downsample,0..,1" unit:"cells" help:"tokens=auto prunes tokens of at most so many latent cells a side"`
	Window        int    `param:"window,1..,3" unit:"tokens" help:"one token drawn in each window of so many a side is always computed"`
	MaxFix        int    `param:"max_fix,0..,5120" unit:"cells" help:"most latent cells that count as unstable"`

	Coefficients string `param:"coefficients,code|paper,code" help:"the released code's third-order extrapolation with stable at 0, or the paper's with unstable at 0; alike in flow matching"`
}

// publishedSteps is the length of the schedules that the defaults are published for.
const publishedSteps = 50

// What the method asks to see of a step.
var (
	latentProbe = pruning.Probe{What: pruning.Latent}
	nextProbe   = pruning.Probe{What: pruning.NextLatent}
	noiseProbe  = pruning.Probe{What: pruning.Noise}
	cleanProbe  = pruning.Probe{What: pruning.Clean}
)

// Requests asks, after every denoising step, for the state before and after, the prediction, and
// the clean estimate that multistep skips are made of.
func (m *SADA) Requests(pruning.Model) ([]pruning.Request, error) {
	if m.LagrangeTerm > 0 && m.Schedule == "fixed" && m.LagrangeStep%m.LagrangeInt != 0 {
		below := m.LagrangeStep - m.LagrangeStep%m.LagrangeInt
		return nil, fmt.Errorf("lagrange_step of sada is %d, not a multiple of lagrange_int=%d: choose %d or %d, or schedule=scaled",
			m.LagrangeStep, m.LagrangeInt, below, below+m.LagrangeInt)
	}
	probes := []pruning.Probe{latentProbe, nextProbe, noiseProbe}
	if m.LagrangeTerm > 0 {
		probes = append(probes, cleanProbe)
	}
	return []pruning.Request{{Site: pruning.DenoiseSite, Probes: probes}}, nil
}

// Claims is the choice of what each step does.
func (m *SADA) Claims(pruning.Model) []pruning.Claim {
	return []pruning.Claim{{Kind: "step", Phase: pruning.Denoise}}
}

// Decide says how step s.Site.Step+1 gets its prediction; after the last step it decides nothing.
func (m *SADA) Decide(s pruning.Seen) (pruning.Outcome, error) {
	p, err := m.plan(s)
	if err != nil {
		return pruning.Outcome{}, err
	}
	mem, _ := s.Memory.(memory)
	now, err := m.look(s, p, mem)
	if err != nil {
		return pruning.Outcome{}, fmt.Errorf("denoising step %d of %d: %w", p.i, p.steps, err)
	}
	mem = mem.after(p, now)
	if p.i+1 == p.steps {
		return pruning.Outcome{Memory: mem}, nil
	}
	step := &pruning.Step{Action: pruning.RunStep}
	step.Basis = now.basis(s, p)
	switch v, rule := p.verdict(now, mem); v {
	case evaluate:
		step.Rule = rule
		mem.inARow = 0
		p.tokens(s, now, &mem, step)
	default:
		step.Rule = rule
		mem.inARow++
		mem.skipped, mem.lastSkip = true, p.i+1
		p.estimate(v, now, mem, step)
	}
	return pruning.Outcome{Decisions: []pruning.Decision{step}, Memory: mem}, nil
}

// basis is what every decision shows: the criterion, the window, and kappa by token.
func (n sight) basis(s pruning.Seen, p plan) pruning.Basis {
	nan := float32(math.NaN())
	b := pruning.Basis{
		Scores:    pruning.NoScores(len(s.Tokens)),
		Threshold: 0,
		Inclusive: true,
		Unit:      "κ, unstable from 0 on",
		Also: []pruning.Series{
			{Name: pruning.CriterionSeries, Unit: "K", Values: []float32{nan}, Target: 0},
			{Name: pruning.WindowSeries, Unit: "step", Values: []float32{float32(p.lo), float32(p.hi)}, Target: nan},
		},
	}
	if n.known {
		b.Also[0].Values[0] = float32(n.criterion)
		b.Scores = p.byToken(n.kappa)
	}
	return b
}

// float32s rounds to what tensors hold.
func float32s(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}
