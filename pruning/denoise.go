package pruning

// StepAction is what a denoising step does for its prediction.
type StepAction string

// The actions. A skipped step runs no network; the solver runs all the same.
const (
	RunStep   StepAction = "full"
	RunTokens StepAction = "token" // blocks compute some rows; the others come from their caches
	SkipStep  StepAction = "skip"
	// Extrapolate is SkipStep with an estimate out of several earlier steps.
	Extrapolate StepAction = "lagrange"
)

// SolverFamily says in which scale the state is kept.
type SolverFamily string

// The families. α = 1/√(σ²+1), s = σα.
const (
	VariancePreserving SolverFamily = "vp"   // x = α·clean + s·noise: DDIM, DPM-Solver++, UniPC
	VarianceExploding  SolverFamily = "ve"   // x = clean + σ·noise: Euler
	FlowMatching       SolverFamily = "flow" // x = (1-σ)·clean + σ·noise
)

// Prediction is what the network predicts.
type Prediction string

// The predictions.
const (
	Epsilon  Prediction = "epsilon"
	VPredict Prediction = "v"
	Velocity Prediction = "flow" // noise - clean
)

// Denoising is what a method may know of the schedule. A Denoise site of step i lies after the
// solver's update of step i, before it is known how step i+1 gets its prediction.
type Denoising struct {
	Steps    int       // N
	Sigmas   []float64 // [N+1] noise levels of the scheduler, the last 0
	Betas    []float64 // [N] training beta at each step's timestep; nil for FlowMatching
	Family   SolverFamily
	Predicts Prediction
	// Height and Width of the latent in cells, of Channels each; a token is Patch cells a side.
	Height, Width, Channels, Patch int
}

// DenoiseSite is where a method asks to be called after every denoising step; the probes it asks
// for there have layer 0 and all rows.
var DenoiseSite = Site{Phase: Denoise}

// Names of series in Basis.Also that belong to a Step as a whole: they hold one number (a window
// two), not one a token.
const (
	// CriterionSeries is what decided on skipping the next step, and Target where that begins.
	CriterionSeries = "criterion"
	// WindowSeries is the first of the steps that may decide to skip, and the one after the last.
	WindowSeries = "accelerated steps"
)
