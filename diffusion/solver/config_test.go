package solver

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

func parse(t *testing.T, text string) Config {
	t.Helper()
	c, err := ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAsKeepsWhatTheFileSays and drops what was only the old class's default.
func TestAsKeepsWhatTheFileSays(t *testing.T) {
	file := parse(t, `{"_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
		"beta_schedule": "scaled_linear", "clip_sample": false, "set_alpha_to_one": false, "steps_offset": 1,
		"skip_prk_steps": true, "note": "-Infinity \" Infinity", "trained_betas": null}`)
	ddim, err := file.As(DDIM)
	if err != nil {
		t.Fatal(err)
	}
	if ddim.Spacing != "leading" || ddim.Clip || ddim.AlphaToOne || ddim.Offset != 1 || ddim.BetaEnd != 0.012 {
		t.Errorf("DDIM reads %+v", ddim)
	}
	dpm, err := ddim.As(DPM)
	if err != nil {
		t.Fatal(err)
	}
	if dpm.Spacing != "linspace" || dpm.Offset != 1 || !math.IsInf(float64(dpm.LambdaMin), -1) {
		t.Errorf("DPM reads %+v", dpm)
	}
	back, err := dpm.As(DDIM)
	if err != nil || back.Clip {
		t.Errorf("clip_sample did not survive the change of class (%v)", err)
	}
}

// TestAsOfAConfigMadeInGo takes every field for said.
func TestAsOfAConfigMadeInGo(t *testing.T) {
	c := Default(DDIM)
	c.BetaSchedule, c.Prediction = "scaled_linear", VPredict
	got, err := c.As(UniPC)
	if err != nil {
		t.Fatal(err)
	}
	if got.Class != UniPC || got.BetaSchedule != "scaled_linear" || got.Prediction != VPredict || got.Type != "bh2" {
		t.Errorf("UniPC reads %+v", got)
	}
}

// TestConfigSurvivesJSON: a trace may keep a config and run it again.
func TestConfigSurvivesJSON(t *testing.T) {
	for name, c := range variants() {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again := parse(t, string(text))
		again.keys = nil
		if !reflect.DeepEqual(again, c) {
			t.Errorf("%s reads back as %+v, was %+v", name, again, c)
		}
	}
}

func TestParseConfigRefusals(t *testing.T) {
	for text, want := range map[string]string{
		`[1]`:               "no JSON object",
		`{"beta_start": 1}`: "_class_name",
		`{"_class_name": "DDIMScheduler", "steps_offset": "one"}`: "steps_offset",
	} {
		if _, err := ParseConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", text, want, err)
		}
	}
}

// TestRefusals: what is not supported is refused before a run, with a sentence.
func TestRefusals(t *testing.T) {
	const C = `"_class_name": "`
	for _, c := range []struct{ config, want string }{
		{C + `LCMScheduler"`, "LCMScheduler is not supported: choose one of flow-euler, ddim"},
		{C + Euler + `", "use_karras_sigmas": true, "use_beta_sigmas": true`, "exclude each other"},
		{C + Euler + `", "prediction_type": "flow_prediction"`, "needs use_flow_sigmas"},
		{C + Euler + `", "prediction_type": "score"`, `"score" is not supported`},
		{C + Euler + `", "interpolation_type": "cubic"`, `"cubic" is not supported`},
		{C + DDIM + `", "beta_schedule": "sigmoid"`, `"sigmoid" is not supported`},
		{C + DDIM + `", "trained_betas": [0.1, 0.2]`, "holds 2 numbers"},
		{C + DDIM + `", "beta_end": 2`, "betas lie between 0 and 1"},
		{C + DPM + `", "algorithm_type": "dpmsolver"`, "cannot end at noise level zero"},
		{C + DPM + `", "solver_order": 4`, "solver_order 4"},
		{C + DPM + `", "use_flow_sigmas": true, "use_karras_sigmas": true`, "use_flow_sigmas alone"},
		{C + DPM + `", "final_sigmas_type": "one"`, `"one" is not supported`},
		{C + UniPC + `", "solver_type": "bh1"`, "cannot end at noise level zero"},
		{C + UniPC + `", "solver_p": {"_class_name": "DDIMScheduler"}`, "solver_p"},
		{C + UniPC + `", "shift_terminal": 0.1`, "needs use_flow_sigmas"},
		{C + Flow + `", "invert_sigmas": true, "stochastic_sampling": true`, "invert_sigmas is not supported"},
		{C + Flow + `", "winnow_flow_network": true`, "switch FlowNetwork off"},
	} {
		if _, err := New(parse(t, "{"+c.config+"}")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", c.config, c.want, err)
		}
	}
	three := []float64{900, 500, 100}
	for _, c := range []struct {
		config string
		plan   Plan
		want   string
	}{
		{C + DDIM + `"`, Plan{}, "at least 1"},
		{C + DDIM + `"`, Plan{Steps: 2000}, "too many"},
		{C + DDIM + `"`, Plan{Timesteps: three}, "number of steps only"},
		{C + DDIM + `", "steps_offset": 1`, Plan{Steps: 1000}, "take fewer"},
		{C + DDIM + `", "rescale_betas_zero_snr": true, "timestep_spacing": "trailing"`, Plan{Steps: 5}, "zero SNR"},
		{C + DDIM + `", "timestep_spacing": "random"`, Plan{Steps: 5}, `"random" is not supported`},
		{C + DDIM + `"`, Plan{Steps: 5, Eta: 2}, "eta is 2"},
		{C + Euler + `", "use_karras_sigmas": true`, Plan{Timesteps: three}, "cannot be listed"},
		{C + Euler + `"`, Plan{Timesteps: three, Sigmas: three}, "only FlowMatch"},
		{C + Euler + `"`, Plan{Sigmas: []float64{3, 0, 0}}, "only the last may be 0"},
		{C + Euler + `"`, Plan{Sigmas: three, Steps: 3}, "leave Steps 0"},
		{C + DPM + `"`, Plan{Sigmas: three}, "no list of sigmas"},
		{C + DPM + `", "lambda_min_clipped": 50`, Plan{Steps: 3}, "leaves no training step"},
		{C + DPM + `", "algorithm_type": "sde-dpmsolver", "solver_order": 3, "final_sigmas_type": "sigma_min"`, Plan{Steps: 20}, "no third order"},
		{C + DPM + `", "timestep_spacing": "leading"`, Plan{Steps: 1000}, "too many"},
		{C + UniPC + `", "lower_order_final": false`, Plan{Steps: 5}, "without lower_order_final"},
		{C + UniPC + `"`, Plan{Sigmas: three}, "use_flow_sigmas only"},
		{C + Flow + `", "use_dynamic_shifting": true`, Plan{Steps: 5}, "needs the plan's Mu"},
		{C + Flow + `", "shift_terminal": 0.1`, Plan{Steps: 1}, "nothing to stretch"},
	} {
		s, err := New(parse(t, "{"+c.config+"}"))
		if err != nil {
			t.Errorf("%s: %v", c.config, err)
			continue
		}
		if _, err := s.StartPlan(c.plan); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", c.config, c.want, err)
		}
	}
}

func TestNamed(t *testing.T) {
	sd := parse(t, `{"_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "use_karras_sigmas": true}`)
	for name, want := range map[string]func(c Config) bool{
		"ddim":           func(c Config) bool { return c.Class == DDIM },
		"euler":          func(c Config) bool { return c.Class == Euler && !c.Karras },
		"euler-karras":   func(c Config) bool { return c.Class == Euler && c.Karras },
		"dpm++2m":        func(c Config) bool { return c.Class == DPM && c.Order == 2 && !c.Karras },
		"DPM++2M-Karras": func(c Config) bool { return c.Class == DPM && c.Order == 2 && c.Karras },
		"dpm++3m":        func(c Config) bool { return c.Class == DPM && c.Order == 3 },
		"unipc":          func(c Config) bool { return c.Class == UniPC && c.Type == "bh2" },
	} {
		c, err := Named(name, sd)
		if err != nil || !want(c) || c.BetaSchedule != "scaled_linear" || c.FlowNetwork {
			t.Errorf("%s: %+v (%v)", name, c, err)
		}
	}
	if _, err := Named("flow-euler", sd); err == nil || !strings.Contains(err.Error(), "choose one of ddim") {
		t.Errorf("flow-euler for a network that predicts noise: %v", err)
	}
	if _, err := Named("plms", sd); err == nil || !strings.Contains(err.Error(), "choose one of flow-euler") {
		t.Errorf("an unknown name: %v", err)
	}
	trained := Default(Flow)
	trained.Shift = 3
	if c, err := Named("flow-euler", trained); err != nil || c.Shift != 3 {
		t.Errorf("flow-euler for a flow network: %+v (%v)", c, err)
	}
	if !slices.Equal(sd.Suits(), Names()[1:]) || !slices.Equal(trained.Suits(), Names()) {
		t.Error("Suits lists the wrong names")
	}
}

func TestDenoising(t *testing.T) {
	flowNetwork := Default(Flow)
	for _, c := range []struct {
		name     string
		trained  Config
		family   pruning.SolverFamily
		predicts pruning.Prediction
	}{
		{"ddim", Default(DDIM), pruning.VariancePreserving, pruning.Epsilon},
		{"euler-karras", Default(Euler), pruning.VarianceExploding, pruning.Epsilon},
		{"dpm++2m", Default(DPM), pruning.VariancePreserving, pruning.Epsilon},
		{"flow-euler", flowNetwork, pruning.FlowMatching, pruning.Velocity},
		{"unipc", flowNetwork, pruning.VariancePreserving, pruning.Epsilon},
		{"euler", flowNetwork, pruning.VarianceExploding, pruning.Epsilon},
	} {
		config, err := Named(c.name, c.trained)
		if err != nil {
			t.Fatal(err)
		}
		r := begin(t, config, Plan{Steps: 12})
		d, err := r.Denoising()
		if err != nil {
			t.Fatal(err)
		}
		if d.Steps != 12 || d.Family != c.family || d.Predicts != c.predicts {
			t.Errorf("%s: %+v", c.name, d)
		}
		if len(d.Sigmas) != 13 || d.Sigmas[12] != 0 || !slices.IsSortedFunc(d.Sigmas, func(a, b float64) int { return int(math.Copysign(1, b-a)) }) {
			t.Errorf("%s: sigmas %v", c.name, d.Sigmas)
		}
		if c.family == pruning.FlowMatching {
			if d.Betas != nil {
				t.Errorf("%s has betas", c.name)
			}
		} else if len(d.Betas) != 12 || d.Betas[0] != r.t.betas[int(math.Round(r.Timesteps[0]))] {
			t.Errorf("%s: betas %v", c.name, d.Betas)
		}
	}
	zero := Default(DDIM)
	zero.ZeroSNR, zero.Spacing, zero.Prediction = true, "trailing", VPredict
	if d, err := begin(t, zero, Plan{Steps: 3}).Denoising(); err != nil || d.Sigmas[0] != 4096 || d.Predicts != pruning.VPredict {
		t.Errorf("zero SNR: %+v (%v)", d, err)
	}
	stochastic, sample := begin(t, Default(DDIM), Plan{Steps: 3, Eta: 1}), Default(DPM)
	sample.Prediction = Sample
	for _, r := range []*Run{stochastic, begin(t, sample, Plan{Steps: 3})} {
		if _, err := r.Denoising(); err == nil {
			t.Errorf("%s with %s, stochastic %v, is not refused", r.c.Class, r.c.Prediction, r.Stochastic())
		}
	}
}

// TestBetaQuantile against scipy.stats.beta.ppf(p, 0.6, 0.6).
func TestBetaQuantile(t *testing.T) {
	for p, want := range map[float64]float64{0.0: 0.0, 1e-06: 1.8558824624053043e-10, 0.01: 0.0008612388215429059, 0.25: 0.17568037865269498, 0.5: 0.5000000000000001, 0.75: 0.824319621347305, 0.9: 0.9604155944112192, 0.999: 0.9999814412614826, 1.0: 1.0} {
		if got := betaQuantile(p, 0.6); math.Abs(got-want) > 1e-12*max(want, 1e-6) {
			t.Errorf("quantile %v is %.15g, want %.15g", p, got, want)
		}
	}
}
