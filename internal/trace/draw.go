package trace

// Draw asks for a picture instead of an answer: a request that has one has no Messages and no
// Picture.
type Draw struct {
	Prompt string `json:"prompt"`
	Seed   uint64 `json:"seed"`
	// Steps is the number of solver steps, at most MaxDrawSteps.
	Steps int `json:"steps"`
	// Solver is one of diffusion/solver's names: flow-euler, ddim, dpm++2m …
	Solver string `json:"solver"`
	// Guidance is the scale of classifier-free guidance; 1 leaves it out.
	Guidance float64 `json:"guidance"`
	// Size is the picture's side in pixels, 0 what the model was trained for.
	Size int `json:"size,omitempty"`
	// Blind: nobody looks at the pictures afterwards, so there are no Seen.
	Blind bool `json:"blind,omitempty"`
}

// MaxDrawSteps bounds Draw.Steps.
const MaxDrawSteps = 1000

// How a denoising step got its prediction.
const (
	StepFull     = "full"
	StepToken    = "token"    // some tokens computed, the others from the blocks' caches
	StepSkip     = "skip"     // the last prediction again, or extrapolated from it
	StepLagrange = "lagrange" // extrapolated from several earlier steps
)

type (
	// Drawing opens a drawing run, after Model: what all its sides share.
	Drawing struct {
		Width  int `json:"width"` // of the picture, pixels
		Height int `json:"height"`
		// Rows × Cols is the denoiser's token grid.
		Rows   int    `json:"rows"`
		Cols   int    `json:"cols"`
		Steps  int    `json:"steps"`
		Solver string `json:"solver"`
		// Sigmas are the steps' noise levels, the last of them 0.
		Sigmas Floats `json:"sigmas"`
		// Words are the prompt's tokens as the text encoder sees them; Cut is how many more there were.
		Words []string `json:"words"`
		Cut   int      `json:"cut,omitempty"`
		// TextMS is measured: encoding the prompt and the empty one; TextFLOPs is counted.
		TextMS    float64 `json:"text_ms"`
		TextFLOPs int64   `json:"text_flops"`
	}
	// Denoised is a step of one side.
	Denoised struct {
		Side string `json:"side"`
		Step int    `json:"step"` // from 0
		Kind string `json:"kind"`
		// Kept counts the tokens computed: Rows·Cols when full, 0 when skipped. Tokens lists them for
		// StepToken.
		Kept   int   `json:"kept"`
		Tokens []int `json:"tokens,omitempty"`
		// Why is the rule by which the step before chose Kind.
		Why string `json:"why,omitempty"`
		// Criterion is what this step said of the next, which may be skipped at or below Threshold;
		// absent where no method looked. Window is the steps in which it counts.
		Criterion *float64 `json:"criterion,omitempty"`
		Threshold *float64 `json:"threshold,omitempty"`
		Window    []int    `json:"window,omitempty"`
		// Unstable has one number a token: above 0 it may not be skipped. Absent like Criterion.
		Unstable Floats `json:"unstable,omitempty"`
		// Preview is the clean picture predicted at this step, a PNG file.
		Preview []byte `json:"preview,omitempty"`
		// MS and SelectMS (within MS: probes and deciding) are measured; FLOPs is counted.
		MS       float64 `json:"ms"`
		SelectMS float64 `json:"select_ms,omitempty"`
		FLOPs    int64   `json:"flops"`
	}
	// Drawn sums up one side.
	Drawn struct {
		Side string `json:"side"`
		// Image is a PNG file; absent when cancelled.
		Image []byte `json:"image,omitempty"`
		// Ended says why: done, cancelled.
		Ended string `json:"ended"`
		// NFE counts the network's evaluations, each over both halves of guidance; a token-wise one
		// counts whole.
		NFE int `json:"nfe"`
		// MS is measured, text encoding left out, and SelectMS within it.
		MS       float64 `json:"ms"`
		SelectMS float64 `json:"select_ms"`
		// FLOPs and CacheBytes (what the method made the network keep) are counted.
		FLOPs      int64 `json:"flops"`
		CacheBytes int64 `json:"cache_bytes,omitempty"`
		// PSNR (dB; absent where the pictures are equal) and SSIM are against the dense side.
		PSNR *float64 `json:"psnr,omitempty"`
		SSIM *float64 `json:"ssim,omitempty"`
	}
	// Seen is what a model that sees says of a side's picture; it comes after all sides are drawn.
	Seen struct {
		Side  string `json:"side"`
		Judge string `json:"judge"` // the model
		Facts []Fact `json:"facts"`
		// MS is measured, and in no side's time: looking and, with the first side, loading the judge.
		MS float64 `json:"ms"`
	}
	// Fact is something that the prompt asked for.
	Fact struct {
		Kind     string `json:"kind"` // exist, where, colour
		Noun     string `json:"noun"`
		Question string `json:"question"`
		// Asked is the answer that the prompt wants, Answer the one given; Right: they agree.
		Asked  string `json:"asked"`
		Answer string `json:"answer"`
		Right  bool   `json:"right"`
	}
)

// The names of the events.
func (Drawing) Type() string  { return "drawing" }
func (Denoised) Type() string { return "denoised" }
func (Drawn) Type() string    { return "drawn" }
func (Seen) Type() string     { return "seen" }

// MaxPreviews is how many bytes of previews a picture's run carries at most.
const MaxPreviews = 8 << 20

// Lighter leaves out a drawing's previews where they are more than MaxPreviews in all.
func Lighter(events []Event) []Event {
	total := 0
	for _, e := range events {
		if d, ok := e.(Denoised); ok {
			total += len(d.Preview)
		}
	}
	if total <= MaxPreviews {
		return events
	}
	out := make([]Event, len(events))
	for i, e := range events {
		if d, ok := e.(Denoised); ok {
			d.Preview = nil
			e = d
		}
		out[i] = e
	}
	return out
}
