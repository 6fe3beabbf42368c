package sada

import (
	"math"
	"slices"
	"testing"

	"winnow/pruning"
)

// resolved is the plan that a method makes of a schedule.
func resolved(t *testing.T, params map[string]string, d pruning.Denoising) plan {
	t.Helper()
	seen := pruning.NewSeen(pruning.DenoiseSite, pruning.Model{}, make([]pruning.Token, d.Height*d.Width/d.Patch/d.Patch), nil)
	seen.Denoising = &d
	p, err := made(t, params).plan(seen)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDefaultsArePublished at 50 steps, and keep their share of others.
func TestDefaultsArePublished(t *testing.T) {
	for _, c := range []struct {
		family               pruning.SolverFamily
		steps                int
		lo, hi, lagrangeStep int
	}{
		{pruning.VariancePreserving, 50, 10, 47, 24},
		{pruning.VarianceExploding, 50, 10, 47, 24},
		{pruning.FlowMatching, 50, 10, 47, 20},
		{pruning.VariancePreserving, 100, 20, 94, 48},
		{pruning.VariancePreserving, 25, 5, 23, 12},
		{pruning.VariancePreserving, 20, 4, 18, 12}, // four nodes: 1, 5, 9, 13
		{pruning.FlowMatching, 20, 4, 18, 8},
		{pruning.FlowMatching, 10, 3, 8, 4},
	} {
		p := resolved(t, nil, toy(c.family, c.steps, 3, 3))
		if p.lo != c.lo || p.hi != c.hi || p.lagrange != c.lagrangeStep {
			t.Errorf("%s, %d steps: (%d, %d), multistep from %d; want (%d, %d), %d", c.family, c.steps, p.lo, p.hi, p.lagrange, c.lo, c.hi, c.lagrangeStep)
		}
		if p.LagrangeTerm != 4 || p.LagrangeInt != 4 || p.MaxInterval != 4 || p.Window != 3 || p.MaxFix != 5120 || p.MaxDownsample != 1 {
			t.Errorf("defaults are %+v", p.SADA)
		}
		if p.prunes != (c.family != pruning.FlowMatching) {
			t.Errorf("%s prunes tokens: %v", c.family, p.prunes)
		}
	}
	fixed := resolved(t, map[string]string{"schedule": "fixed", "from": "2", "to": "18", "lagrange_step": "8"}, toy(pruning.VariancePreserving, 20, 3, 3))
	if fixed.lo != 3 || fixed.hi != 18 || fixed.lagrange != 8 {
		t.Errorf("fixed: (%d, %d), %d", fixed.lo, fixed.hi, fixed.lagrange)
	}
	d := toy(pruning.VariancePreserving, 50, 4, 4)
	d.Patch = 2
	for params, want := range map[string]bool{"auto": false, "on": true, "off": false} {
		if p := resolved(t, map[string]string{"tokens": params}, d); p.prunes != want {
			t.Errorf("tokens=%s prunes tokens of 2 cells a side: %v", params, p.prunes)
		}
	}
}

// TestMultistepWaitsForItsNodes: a grid that begins before there are four estimates does not
// extrapolate from fewer.
func TestMultistepWaitsForItsNodes(t *testing.T) {
	d := toy(pruning.VariancePreserving, 20, 3, 3)
	c := run(t, map[string]string{"schedule": "fixed", "from": "3", "to": "18", "lagrange_step": "4"}, d, 1, restless(1))
	first := slices.Index(c.did, pruning.Extrapolate)
	if first != 14 {
		t.Errorf("the first extrapolated step is %d, want 14: nodes are 1, 5, 9, 13", first)
	}
}

// TestCoefficients: both sets by hand on one number, both exact where the gradient is constant,
// and what each calls stable.
func TestCoefficients(t *testing.T) {
	d := toy(pruning.VariancePreserving, 50, 1, 1)
	d.Channels = 1
	mem := memory{y1: []float64{2}, y2: []float64{-1}, outputs: [][]float64{{1}}}
	for params, want := range map[string][3]float64{"code": {0.625, 0.75, -0.375}, "paper": {5. / 6, 5. / 6, -2. / 3}} {
		p := resolved(t, map[string]string{"coefficients": params}, d)
		p.i = 20
		if a, b, c := p.coefficients(); math.Abs(a+b+c-1) > 1e-15 {
			t.Errorf("%s: the coefficients sum to %v", params, a+b+c)
		}
		now := sight{output: []float64{0.5}, next: []float32{0.75}}
		p.diffusion(&now, mem, []float32{1.5})
		s := d.Sigmas[20] / math.Sqrt(1+d.Sigmas[20]*d.Sigmas[20])
		y := -0.5*d.Betas[20]*50*1.5 + 0.5*d.Betas[20]*50/s*0.5
		ahead := 1.5 - (want[0]*y+want[1]*2+want[2]*-1)/50
		kappa := (0.75 - ahead) * ((y - 2) - (2 - -1))
		if math.Abs(now.gradient[0]-y) > 1e-12 || math.Abs(now.ahead[0]-ahead) > 1e-12 || math.Abs(now.kappa[0]-kappa) > 1e-12 {
			t.Errorf("%s: y %v, x̂ %v, κ %v; want %v, %v, %v", params, now.gradient[0], now.ahead[0], now.kappa[0], y, ahead, kappa)
		}
		still := sight{known: true}
		if v, _ := p.verdict(still, memory{}); (v == stepwise) != (params == "code") {
			t.Errorf("%s: K = 0 is verdict %d", params, v)
		}
	}
}

// TestPredictionsAgree: from one state, clean latent and noise, the three predictions give the
// same gradient and clean estimate.
func TestPredictionsAgree(t *testing.T) {
	const clean, noise = 0.7, -1.3
	ve := resolved(t, nil, toy(pruning.VarianceExploding, 50, 1, 1))
	if ve.clean(2, 5, 3, 0) != 5 {
		t.Error("ve: the estimate does not come from x̂")
	}
	ve.Predicts = pruning.VPredict
	if got := ve.clean(2, 5, 3, 0); math.Abs(got-3./5) > 1e-12 {
		t.Errorf("ve, v: the estimate is %v, not of the solver's state as in the code", got)
	}
	for _, family := range families[:2] {
		d := toy(family, 50, 1, 1)
		d.Channels = 1
		sigma := d.Sigmas[20]
		al, s := alpha(sigma), sigma*alpha(sigma)
		x := al*clean + s*noise
		if family == pruning.VarianceExploding {
			x = clean + sigma*noise
		}
		var gradients []float64
		for prediction, out := range map[pruning.Prediction]float64{
			pruning.Epsilon: noise, pruning.VPredict: al*noise - s*clean, pruning.Velocity: noise - clean,
		} {
			d.Predicts = prediction
			p := resolved(t, nil, d)
			p.i = 20
			now := sight{output: p.output([]float32{float32(x)}, []float32{float32(out)})}
			p.diffusion(&now, memory{}, []float32{float32(x)})
			gradients = append(gradients, now.gradient[0])
			if got := p.clean(sigma, x, float32(x), now.output[0]); math.Abs(got-clean) > 1e-5 {
				t.Errorf("%s, %s: the clean estimate is %v, want %v", family, prediction, got, clean)
			}
		}
		for _, y := range gradients {
			if math.Abs(y-gradients[0]) > 1e-5*(1+math.Abs(y)) {
				t.Errorf("%s: gradients %v differ", family, gradients)
			}
		}
	}
}
