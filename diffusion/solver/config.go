package solver

import "math"

// The classes that New knows, under the names that scheduler_config.json gives them.
const (
	DDIM  = "DDIMScheduler"
	Euler = "EulerDiscreteScheduler"
	DPM   = "DPMSolverMultistepScheduler"
	UniPC = "UniPCMultistepScheduler"
	Flow  = "FlowMatchEulerDiscreteScheduler"
)

// What a network predicts (prediction_type).
const (
	Epsilon  = "epsilon"
	VPredict = "v_prediction"
	Sample   = "sample"
	Velocity = "flow_prediction"
)

// Config says how a network was trained and how its states are to be solved. The fields and
// their meaning are diffusers'; a class reads those that are its own. Make one with Default,
// ParseConfig or Named: the zero value is not usable.
type Config struct {
	Class string `json:"_class_name"`

	// Training schedule: T noise levels with ᾱ_t = Π(1-β).
	TrainSteps   int       `json:"num_train_timesteps"`
	BetaStart    float64   `json:"beta_start"`
	BetaEnd      float64   `json:"beta_end"`
	BetaSchedule string    `json:"beta_schedule"` // linear, scaled_linear, squaredcos_cap_v2
	TrainedBetas []float64 `json:"trained_betas"` // [T], in place of the three above
	ZeroSNR      bool      `json:"rescale_betas_zero_snr"`

	// The network.
	Prediction string `json:"prediction_type"`
	Variance   string `json:"variance_type"` // learned, learned_range: the second half of the output is unused
	// FlowNetwork: the network was trained for flow matching, this config's class is not; see Run.Translate.
	FlowNetwork bool `json:"winnow_flow_network"`

	// Which noise levels are visited.
	Spacing      string   `json:"timestep_spacing"` // linspace, leading, trailing
	Offset       int      `json:"steps_offset"`
	Karras       bool     `json:"use_karras_sigmas"`
	Exponential  bool     `json:"use_exponential_sigmas"`
	Beta         bool     `json:"use_beta_sigmas"`
	LuLambdas    bool     `json:"use_lu_lambdas"`
	FlowSigmas   bool     `json:"use_flow_sigmas"`
	FlowShift    float64  `json:"flow_shift"`
	SigmaMin     *float64 `json:"sigma_min"` // ends of the Karras, exponential and beta schedules
	SigmaMax     *float64 `json:"sigma_max"`
	Final        string   `json:"final_sigmas_type"`  // zero, sigma_min
	Interpolate  string   `json:"interpolation_type"` // Euler: linear, log_linear
	TimeType     string   `json:"timestep_type"`      // Euler: discrete, continuous
	LambdaMin    Number   `json:"lambda_min_clipped"` // DPM: no level with ln(a/s) below
	AlphaToOne   bool     `json:"set_alpha_to_one"`   // DDIM: the last step ends without noise
	Shift        float64  `json:"shift"`              // Flow
	DynamicShift bool     `json:"use_dynamic_shifting"`
	ShiftType    string   `json:"time_shift_type"` // exponential, linear
	BaseShift    float64  `json:"base_shift"`
	MaxShift     float64  `json:"max_shift"`
	BaseTokens   int      `json:"base_image_seq_len"`
	MaxTokens    int      `json:"max_image_seq_len"`
	Terminal     *float64 `json:"shift_terminal"`
	Invert       bool     `json:"invert_sigmas"` // Flow: σ counts the clean share, the network predicts clean - noise

	// The solver.
	Algorithm    string  `json:"algorithm_type"` // DPM: dpmsolver++, dpmsolver, sde-dpmsolver++, sde-dpmsolver
	Order        int     `json:"solver_order"`
	Type         string  `json:"solver_type"` // DPM: midpoint, heun; UniPC: bh1, bh2
	LowerFinal   bool    `json:"lower_order_final"`
	EulerFinal   bool    `json:"euler_at_final"`
	PredictClean bool    `json:"predict_x0"`        // UniPC
	NoCorrector  []int   `json:"disable_corrector"` // UniPC: after these steps
	Predictor    any     `json:"solver_p"`          // UniPC: not supported
	Stochastic   bool    `json:"stochastic_sampling"`
	Clip         bool    `json:"clip_sample"`
	ClipRange    float64 `json:"clip_sample_range"`
	Threshold    bool    `json:"thresholding"` // dynamic thresholding of the clean estimate
	Ratio        float64 `json:"dynamic_thresholding_ratio"`
	MaxValue     float64 `json:"sample_max_value"`

	keys keys // what the file said; As starts again from it
}

// Default is the config of a class when its file says nothing.
func Default(class string) Config {
	c := Config{
		Class: class, TrainSteps: 1000, BetaStart: 0.0001, BetaEnd: 0.02, BetaSchedule: "linear",
		Prediction: Epsilon, Spacing: "linspace", FlowShift: 1, Final: "zero",
		Interpolate: "linear", TimeType: "discrete", LambdaMin: Number(math.Inf(-1)),
		AlphaToOne: true, Shift: 1, ShiftType: "exponential", BaseShift: 0.5, MaxShift: 1.15,
		BaseTokens: 256, MaxTokens: 4096, Algorithm: "dpmsolver++", Order: 2, Type: "midpoint",
		LowerFinal: true, PredictClean: true, Clip: true, ClipRange: 1, Ratio: 0.995, MaxValue: 1,
	}
	switch class {
	case DDIM:
		c.Spacing = "leading"
	case UniPC:
		c.Type = "bh2"
	case Flow:
		c.Prediction = Velocity
	}
	return c
}

// Mu is the dynamic shift for a picture of so many packed tokens (Flux: 0.5 at 256, 1.15 at 4096).
func (c Config) Mu(tokens int) float64 {
	slope := (c.MaxShift - c.BaseShift) / float64(c.MaxTokens-c.BaseTokens)
	return float64(tokens)*slope + c.BaseShift - slope*float64(c.BaseTokens)
}

// flowState tells whether states are kept as (1-σ)·clean + σ·noise.
func (c Config) flowState() bool {
	return c.Class == Flow || c.FlowSigmas && (c.Class == DPM || c.Class == UniPC)
}
