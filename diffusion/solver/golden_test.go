package solver

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goldenRun is one sampling run of diffusers in float64 with an analytic denoiser.
type goldenRun struct {
	Name         string
	Scheduler    string
	Config       json.RawMessage
	SetTimesteps struct {
		N         int       `json:"num_inference_steps"`
		Timesteps []float64 `json:"timesteps"`
		Sigmas    []float64 `json:"sigmas"`
		Mu        *float64  `json:"mu"`
	} `json:"set_timesteps"`
	StepArgs struct {
		Eta    float64 `json:"eta"`
		Reclip bool    `json:"use_clipped_model_output"`
		Churn  float64 `json:"s_churn"`
		TMin   float64 `json:"s_tmin"`
		TMax   float64 `json:"s_tmax"`
		Noise  float64 `json:"s_noise"`
	} `json:"step_args"`
	Kind         string    `json:"model_output_kind"`
	Noise0       []float64 `json:"noise0"`
	InitialSigma float64   `json:"init_noise_sigma"`
	Timesteps    []float64
	Sigmas       []float64
	Sample       []float64
	Steps        []goldenStep
}

type goldenStep struct {
	T, Alpha, Sigma      float64
	Input                []float64 `json:"model_input"`
	Output               []float64 `json:"model_output"`
	Noise, X0            []float64
	Converted, Corrected []float64
	Next                 []float64 `json:"prev_sample"`
}

// goldenFiles are the cases in testdata and all those in $WINNOW_GOLDEN_HF, if it is set.
func goldenFiles(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata holds no %s (%v)", pattern, err)
	}
	if root := os.Getenv("WINNOW_GOLDEN_HF"); root != "" {
		found := 0
		for _, dir := range []string{"diffusion/schedulers", "schedulers"} {
			more, err := filepath.Glob(filepath.Join(root, dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			found += len(more)
			files = append(files, more...)
		}
		if found == 0 && !strings.Contains(pattern, "/") {
			t.Errorf("WINNOW_GOLDEN_HF is set, but there is no schedulers/%s in it", pattern)
		}
	}
	return files
}

func readGolden(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

var ours = []string{DDIM, Euler, DPM, UniPC, Flow}

// TestGoldenHF compares whole runs with diffusers'. Cases of other schedulers must be refused.
func TestGoldenHF(t *testing.T) {
	t.Run("schedulers", func(t *testing.T) {
		refused := 0
		for _, file := range goldenFiles(t, "*.json") {
			var g goldenRun
			readGolden(t, file, &g)
			if !slices.Contains(ours, g.Scheduler) {
				refused++
				c, err := ParseConfig(g.Config)
				if err != nil {
					t.Error(err)
				}
				if _, err := New(c); err == nil || !strings.Contains(err.Error(), "not supported") {
					t.Errorf("%s is of %s, which is not ours, and is not refused: %v", file, g.Scheduler, err)
				}
				continue
			}
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), g.compare)
		}
		t.Logf("%d cases are of schedulers that are refused", refused)
	})
}

func (g goldenRun) start(t *testing.T) *Run {
	t.Helper()
	c, err := ParseConfig(g.Config)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{Steps: g.SetTimesteps.N, Timesteps: g.SetTimesteps.Timesteps, Sigmas: g.SetTimesteps.Sigmas, Mu: g.SetTimesteps.Mu,
		Eta: g.StepArgs.Eta, ReclipNoise: g.StepArgs.Reclip,
		Churn: Churn{g.StepArgs.Churn, g.StepArgs.TMin, g.StepArgs.TMax, g.StepArgs.Noise},
		Noise: func(step, n int) []float32 { return narrow(g.Steps[step].Noise) }}
	r, err := s.StartPlan(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (g goldenRun) compare(t *testing.T) {
	r := g.start(t)
	near(t, "timesteps", r.Timesteps, g.Timesteps, 1e-9)
	if g.Sigmas != nil {
		near(t, "sigmas", r.Sigmas, g.Sigmas, 1e-9)
	}
	near(t, "initial sigma", []float64{r.InitialSigma}, []float64{g.InitialSigma}, 1e-9)
	if r.Steps != len(g.Steps) {
		t.Fatalf("%d steps, want %d", r.Steps, len(g.Steps))
	}
	g.recorded(t, r)
	g.whole(t, g.start(t))
	g.public(t, g.start(t))
}

// recorded feeds the recorded states and outputs: every step stands alone but for the history.
func (g goldenRun) recorded(t *testing.T, r *Run) {
	x, loose, magnified := g.Sample, 0.0, 0.0
	for i, s := range g.Steps {
		a, sigma := r.preserved(i)
		near(t, "level", []float64{a, sigma}, []float64{s.Alpha, s.Sigma}, 1e-9)
		input := s.Input
		if input == nil {
			input = x
		}
		near(t, "input", r.input(i, x), input, 1e-9)
		if r.m.noisy(r, i) != (s.Noise != nil) {
			t.Errorf("step %d draws noise: %v, diffusers: %v", i, r.m.noisy(r, i), s.Noise != nil)
		}
		next, used, err := r.step(i, x, s.Output, nil, s.Noise)
		if err != nil {
			t.Fatal(err)
		}
		// Recorded numbers have 11 digits; a clean estimate from noise has 1/a times their error,
		// and an extrapolation over a long last step a few times that of its estimates.
		loose, magnified = 1e-9+1e-10/a, max(magnified, 5e-12/a)
		near(t, "next state", next, s.Next, 3e-9+magnified)
		if s.X0 != nil {
			near(t, "clean estimate", used, s.X0, loose)
		}
		if s.Converted != nil {
			near(t, "converted output", r.past[len(r.past)-1], s.Converted, loose)
		}
		if s.Corrected != nil {
			near(t, "corrected state", r.last, s.Corrected, 1e-9)
		}
		x = s.Next
	}
}

// whole runs on its own states and the denoiser itself.
func (g goldenRun) whole(t *testing.T, r *Run) {
	x := sum(term{r.InitialSigma, g.Noise0})
	for i, s := range g.Steps {
		a, sigma := r.preserved(i)
		var err error
		if x, _, err = r.step(i, x, g.denoise(r, a, sigma, r.input(i, x)), nil, s.Noise); err != nil {
			t.Fatal(err)
		}
		near(t, "state of the whole run", x, s.Next, 1e-9)
	}
}

// public is the whole run as a pipeline has it, in float32.
func (g goldenRun) public(t *testing.T, r *Run) {
	tolerance := 5e-5
	if r.c.Prediction == Epsilon { // a clean estimate from noise has s/a times its rounding
		for _, l := range r.levels[:r.Steps] {
			tolerance = max(tolerance, 1e-7*l.s/l.a)
		}
	}
	x := r.Initial(narrow(g.Noise0))
	for i, s := range g.Steps {
		a, sigma := r.preserved(i)
		output := narrow(g.denoise(r, a, sigma, wide(r.Input(i, x))))
		var err error
		if x, _, err = r.Step(i, x, r.Translate(i, x, output), nil); err != nil {
			t.Fatal(err)
		}
		near(t, "float32 state", wide(x), s.Next, tolerance)
	}
}

// denoise is the network of the case: with inverted sigmas it predicts clean - noise.
func (g goldenRun) denoise(r *Run, a, sigma float64, x []float64) []float64 {
	out := denoise(g.Kind, a, sigma, x)
	if r.c.Invert {
		out = sum(term{-1, out})
	}
	return out
}

// preserved is the level that the network sees: normed for the families whose states are not.
func (r *Run) preserved(i int) (a, s float64) {
	a, s = r.Level(i)
	if r.c.Class == Euler {
		n := math.Hypot(a, s)
		a, s = a/n, s/n
	}
	return a, s
}

// input is Input in float64.
func (r *Run) input(i int, x []float64) []float64 {
	if r.c.Class == Euler {
		a, s := r.Level(i)
		return sum(term{1 / math.Hypot(a, s), x})
	}
	return x
}

// near compares within tolerance times the largest number wanted, or 1.
func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", what, len(got), len(want))
	}
	size := 1.0
	for _, v := range want {
		size = max(size, math.Abs(v))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*size) {
			t.Fatalf("%s [%d] is %.12g, want %.12g", what, i, got[i], want[i])
		}
	}
}

// mixture is the denoiser's data: three Gaussians in eight dimensions.
var mixture = []struct {
	weight, variance float64
	mean             [8]float64
}{
	{0.5, 0.04, [8]float64{1.00, -0.50, 0.25, 0.75, -1.00, 0.50, -0.25, 0.00}},
	{0.3, 0.09, [8]float64{-0.75, 0.50, 1.00, -0.25, 0.50, -1.25, 0.75, 0.25}},
	{0.2, 0.25, [8]float64{0.00, 1.25, -0.75, -1.00, 0.25, 0.25, 1.00, -0.50}},
}

// denoise is the exact posterior mean of the mixture given x = a·clean + s·noise, in the words
// of a prediction.
func denoise(kind string, a, s float64, x []float64) []float64 {
	logits := make([]float64, len(mixture))
	for k, m := range mixture {
		v := a*a*m.variance + s*s
		logits[k] = math.Log(m.weight) - 4*math.Log(v)
		for i := range x {
			d := x[i] - a*m.mean[i]
			logits[k] -= d * d / (2 * v)
		}
	}
	top, total := slices.Max(logits), 0.0
	for k := range logits {
		logits[k] = math.Exp(logits[k] - top)
		total += logits[k]
	}
	out := make([]float64, len(x))
	for i := range x {
		clean := 0.0
		for k, m := range mixture {
			v := a*a*m.variance + s*s
			clean += logits[k] / total * (m.mean[i] + a*m.variance/v*(x[i]-a*m.mean[i]))
		}
		eps := (x[i] - a*clean) / s
		switch kind {
		case "epsilon":
			out[i] = eps
		case "v_prediction":
			out[i] = a*eps - s*clean
		case "sample":
			out[i] = clean
		case "flow":
			out[i] = eps - clean
		default:
			panic(kind)
		}
	}
	return out
}
