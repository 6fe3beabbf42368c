package solver

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func begin(t *testing.T, c Config, p Plan) *Run {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.StartPlan(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// variants are configs of every way in which a clean estimate is used.
func variants() map[string]Config {
	set := func(class string, change func(*Config)) Config {
		c := Default(class)
		c.Clip = false
		if change != nil {
			change(&c)
		}
		return c
	}
	return map[string]Config{
		"ddim":        set(DDIM, nil),
		"ddim v":      set(DDIM, func(c *Config) { c.Prediction = VPredict }),
		"euler":       set(Euler, nil),
		"euler v":     set(Euler, func(c *Config) { c.Prediction = VPredict }),
		"dpm++2m":     set(DPM, nil),
		"dpm++3m v":   set(DPM, func(c *Config) { c.Order, c.Prediction = 3, VPredict }),
		"dpmsolver":   set(DPM, func(c *Config) { c.Algorithm, c.Final = "dpmsolver", "sigma_min" }),
		"dpm flow":    set(DPM, func(c *Config) { c.FlowSigmas, c.Prediction = true, Velocity }),
		"unipc":       set(UniPC, nil),
		"unipc noise": set(UniPC, func(c *Config) { c.PredictClean, c.Final = false, "sigma_min" }),
		"flow":        set(Flow, nil),
		"flow invert": set(Flow, func(c *Config) { c.Invert = true }),
	}
}

// TestCleanEstimateTakesThePlaceOfTheOutput: a step with the estimate that an output implies
// goes where the output goes, without the output; another estimate goes elsewhere and comes back
// as the one used.
func TestCleanEstimateTakesThePlaceOfTheOutput(t *testing.T) {
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			a, b, other := begin(t, c, Plan{Steps: 6}), begin(t, c, Plan{Steps: 6}), begin(t, c, Plan{Steps: 6})
			x := sum(term{a.InitialSigma, wide(Noise(1, 8))})
			for i := range a.Steps {
				output := wide(Noise(uint64(i+2), 8))
				next, used, err := a.step(i, x, output, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				again, same, err := b.step(i, x, nil, used, nil)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "state by the estimate", again, next, 1e-9)
				near(t, "estimate used", same, used, 0)
				half := sum(term{0.5, used})
				moved, back, err := other.step(i, x, output, half, nil)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "estimate used", back, half, 0)
				if last := c.Final == "sigma_min" && i == a.Steps-1; !last && slices.Equal(moved, next) {
					t.Errorf("step %d: another estimate leads to the same state", i)
				}
				x = next
			}
		})
	}
}

// TestStepDoesNotWriteIntoItsInputs, since methods keep them.
func TestStepDoesNotWriteIntoItsInputs(t *testing.T) {
	for name, c := range variants() {
		c.Threshold = true
		r := begin(t, c, Plan{Steps: 3})
		x, output, clean := Noise(1, 8), Noise(2, 8), Noise(3, 8)
		for i := range 3 {
			var given []float32
			if i == 1 {
				given = clean
			}
			if _, _, err := r.Step(i, x, output, given); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(x, Noise(1, 8)) || !slices.Equal(output, Noise(2, 8)) || !slices.Equal(clean, Noise(3, 8)) {
				t.Fatalf("%s changes its inputs at step %d", name, i)
			}
		}
	}
}

func TestStepRefusals(t *testing.T) {
	x := Noise(1, 8)
	bad := slices.Clone(x)
	bad[3] = float32(math.NaN())
	for _, c := range []struct {
		want string
		do   func(r *Run) error
	}{
		{"no step 5", func(r *Run) error { _, _, err := r.Step(5, x, x, nil); return err }},
		{"neither", func(r *Run) error { _, _, err := r.Step(0, x, nil, nil); return err }},
		{"7 numbers", func(r *Run) error { _, _, err := r.Step(0, x, x[:7], nil); return err }},
		{"clean estimate of step 0 has 7", func(r *Run) error { _, _, err := r.Step(0, x, nil, x[:7]); return err }},
		{"not finite", func(r *Run) error { _, _, err := r.Step(0, x, bad, nil); return err }},
		{"steps come in order", func(r *Run) error {
			if _, _, err := r.Step(0, x, x, nil); err != nil {
				return err
			}
			_, _, err := r.Step(0, x, x, nil)
			return err
		}},
		{"a run is of one picture", func(r *Run) error {
			if _, _, err := r.Step(0, x, x, nil); err != nil {
				return err
			}
			_, _, err := r.Step(1, x[:4], x[:4], nil)
			return err
		}},
	} {
		err := c.do(begin(t, Default(DPM), Plan{Steps: 5}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want an error with %q, got %v", c.want, err)
		}
	}
}

// TestBeginInTheMiddle: a run may start at a later step, as from a picture that exists.
func TestBeginInTheMiddle(t *testing.T) {
	for name, c := range variants() {
		r := begin(t, c, Plan{Steps: 6})
		x := r.AddNoise(3, Noise(4, 8), Noise(5, 8))
		for i := 3; i < 6; i++ {
			var err error
			if x, _, err = r.Step(i, x, nil, Noise(4, 8)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		// The estimate was right all the time; the state must be it, up to the noise of the last level.
		a, s := r.Level(6)
		want := sum(term{a, wide(Noise(4, 8))}, term{s, wide(Noise(5, 8))})
		near(t, name+": result", wide(x), want, 1e-5)
	}
}

func TestLearnedVarianceIsSetAside(t *testing.T) {
	c := Default(DPM)
	c.Variance = "learned_range"
	x, output := Noise(1, 8), Noise(2, 8)
	with := begin(t, c, Plan{Steps: 2})
	got, _, err := with.Step(0, x, append(slices.Clone(output), Noise(3, 8)...), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := begin(t, Default(DPM), Plan{Steps: 2}).Step(0, x, output, nil)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, want %v (%v)", got, want, err)
	}
}

func TestStochasticNeedsNoise(t *testing.T) {
	c := Default(DPM)
	c.Algorithm = "sde-dpmsolver++"
	r := begin(t, c, Plan{Steps: 3})
	if _, _, err := r.Step(0, Noise(1, 8), Noise(2, 8), nil); err == nil || !strings.Contains(err.Error(), "give the plan a Noise") {
		t.Errorf("got %v", err)
	}
	r = begin(t, c, Plan{Steps: 3, Noise: StepNoise(5)})
	first, _, err := r.Step(0, Noise(1, 8), Noise(2, 8), nil)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := begin(t, c, Plan{Steps: 3, Noise: StepNoise(5)}).Step(0, Noise(1, 8), Noise(2, 8), nil)
	if err != nil || !slices.Equal(first, again) {
		t.Error("the same seed gives another step")
	}
	if !r.Stochastic() || begin(t, Default(DPM), Plan{Steps: 3}).Stochastic() {
		t.Error("Stochastic does not tell the variants apart")
	}
}

// TestNoise pins the numbers: a seed names a picture, on every machine and in every version.
func TestNoise(t *testing.T) {
	long, short := Noise(42, 20000), Noise(42, 10)
	if !slices.Equal(long[:10], short) {
		t.Error("a longer row does not begin with the shorter one")
	}
	if slices.Equal(short, Noise(43, 10)) || slices.Equal(short, StepNoise(42)(0, 10)) || slices.Equal(StepNoise(42)(0, 10), StepNoise(42)(1, 10)) {
		t.Error("two streams are the same")
	}
	mean, square := 0.0, 0.0
	for _, v := range long {
		mean += float64(v) / 20000
		square += float64(v) * float64(v) / 20000
	}
	if math.Abs(mean) > 0.03 || math.Abs(square-1) > 0.04 {
		t.Errorf("mean %v, variance %v: want 0 and 1", mean, square)
	}
	pinned := []float32{-0.7006294, 1.1840345, -0.63055193, -0.066029795}
	if !slices.Equal(short[:4], pinned) {
		t.Errorf("seed 42 begins %v, want %v", short[:4], pinned)
	}
}
