package solver

import (
	"math"
	"testing"
)

// gaussian is a flow-trained network for data of one Gaussian (mean, spread) in each number: its
// velocity at flow level sigma is known, and so is the picture that unit noise z flows to from
// σ = 1: mean + spread·z.
func gaussian(mean, spread, sigma float64, x []float32) []float32 {
	out := make([]float32, len(x))
	for k, v := range x {
		a := 1 - sigma
		variance := a*a*spread*spread + sigma*sigma
		clean := mean + a*spread*spread/variance*(float64(v)-a*mean)
		noise := sigma / variance * (float64(v) - a*mean)
		out[k] = float32(noise - clean)
	}
	return out
}

// draw is the loop of a pipeline.
func draw(t *testing.T, r *Run, seed uint64, n int, network func(sigma float64, x []float32) []float32) []float32 {
	t.Helper()
	x := r.Initial(Noise(seed, n))
	for i := range r.Steps {
		output := network(r.Time(i)/1000, r.Input(i, x))
		var err error
		if x, _, err = r.Step(i, x, r.Translate(i, x, output), nil); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// TestOneFlowNetworkServesAllSolvers: with many steps every solver reaches the picture of the
// flow itself, from the same seed.
func TestOneFlowNetworkServesAllSolvers(t *testing.T) {
	const mean, spread, n = 0.4, 0.5, 64
	trained := Default(Flow)
	want := Noise(7, n)
	for k, z := range want {
		want[k] = float32(mean + spread*float64(z))
	}
	// First-order solvers err by about 1/steps. Karras levels begin at σ = 80, where 1/81 of the
	// mean is missing from the noise.
	steps := map[string]int{"flow-euler": 1000, "ddim": 1000, "euler": 1000, "euler-karras": 1000}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			c, err := Named(name, trained)
			if err != nil {
				t.Fatal(err)
			}
			s, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Start(max(steps[name], 200))
			if err != nil {
				t.Fatal(err)
			}
			got := draw(t, r, 7, n, func(sigma float64, x []float32) []float32 { return gaussian(mean, spread, sigma, x) })
			tolerance := 3e-3
			if c.Karras {
				tolerance = 1e-2
			}
			worst := 0.0
			for k := range got {
				worst = max(worst, math.Abs(float64(got[k]-want[k])))
			}
			t.Logf("%d steps: largest error %.1e", r.Steps, worst)
			if !(worst < tolerance) {
				t.Errorf("largest error %v, want below %v", worst, tolerance)
			}
		})
	}
}

// TestMappedStepsAreTheFlowsOwn: the network is asked at the levels that Flux's list and the
// trained shift give, the first but for the rest of a picture that is left in it.
func TestMappedStepsAreTheFlowsOwn(t *testing.T) {
	trained := Default(Flow)
	trained.Shift, trained.TrainSteps = 3, 500
	flow := begin(t, trained, Plan{Sigmas: FluxSigmas(10)})
	for _, name := range []string{"ddim", "euler", "dpm++2m", "unipc"} {
		c, err := Named(name, trained)
		if err != nil {
			t.Fatal(err)
		}
		r := begin(t, c, Plan{Steps: 10})
		for i := range 10 {
			if got, want := r.Time(i), flow.Time(i); math.Abs(got-want) > 0.2 || i > 0 && math.Abs(got-want) > 1e-6 {
				t.Errorf("%s is at %v at step %d, the flow at %v", name, got, i, want)
			}
		}
	}
}

// TestFewStepsOfHigherOrderComeNearer: the reason to have these solvers.
func TestFewStepsOfHigherOrderComeNearer(t *testing.T) {
	const mean, spread, n = 0.4, 0.5, 64
	errorOf := func(name string) float64 {
		c, err := Named(name, Default(Flow))
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Start(25)
		if err != nil {
			t.Fatal(err)
		}
		got := draw(t, r, 7, n, func(sigma float64, x []float32) []float32 { return gaussian(mean, spread, sigma, x) })
		worst := 0.0
		for k, z := range Noise(7, n) {
			worst = max(worst, math.Abs(float64(got[k])-mean-spread*float64(z)))
		}
		return worst
	}
	first := errorOf("ddim")
	for _, name := range []string{"dpm++2m", "unipc"} {
		if e := errorOf(name); e > first/2 {
			t.Errorf("%s errs by %v in 25 steps, ddim by %v: want less than half", name, e, first)
		}
	}
}

// TestTranslateSaysTheSame: at any level the clean estimate that a solver reads from the
// translated output is the network's own, whatever the config predicts.
func TestTranslateSaysTheSame(t *testing.T) {
	const mean, spread = -0.3, 0.7
	for _, class := range []string{DDIM, Euler, DPM, UniPC} {
		for _, prediction := range []string{Epsilon, VPredict, Sample} {
			c := mapped(class, Default(Flow))
			c.Prediction, c.BetaSchedule = prediction, "linear"
			s, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Start(10)
			if err != nil {
				t.Fatal(err)
			}
			x := r.AddNoise(0, Noise(1, 8), Noise(2, 8))
			for i := range r.Steps {
				input, sigma := r.Input(i, x), r.Time(i)/1000
				velocity := gaussian(mean, spread, sigma, input)
				next, used, err := r.Step(i, x, r.Translate(i, x, velocity), nil)
				if err != nil {
					t.Fatal(err)
				}
				want := make([]float64, len(x))
				for k := range x {
					want[k] = float64(input[k]) - sigma*float64(velocity[k])
				}
				near(t, class+" "+prediction+": clean estimate", wide(used), want, 5e-5) // ε in float32, times s/a = 157
				x = next
			}
		}
	}
}
