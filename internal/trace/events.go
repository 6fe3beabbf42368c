package trace

import "strconv"

// Schema is the version of the event types. A reader refuses a higher one.
const Schema = 1

// Sides of a run: the first pruned one is called Pruned, the next ones pruned2 … (SideName).
const (
	Dense  = "dense"
	Pruned = "pruned"
)

// SideName is the side of stack i of Request.Stacks.
func SideName(i int) string {
	if i == 0 {
		return Pruned
	}
	return Pruned + strconv.Itoa(i+1)
}

// Event is one of the types below.
type Event interface {
	// Type is the event's name in JSON.
	Type() string
}

// Box is a rectangle in pixels of the picture as decoded; it may stick out of it where a model
// pads.
type Box struct {
	X0 float64 `json:"x0"`
	Y0 float64 `json:"y0"`
	X1 float64 `json:"x1"`
	Y1 float64 `json:"y1"`
}

// Token is a row of the sequence.
type Token struct {
	Kind     string `json:"kind"` // text, visual, action, proprio, special
	Part     string `json:"part"` // system, user, header, answer
	Row      int    `json:"row,omitempty"`
	Col      int    `json:"col,omitempty"`
	Position int    `json:"position"`
	ID       int    `json:"id,omitempty"`
	Text     string `json:"text,omitempty"`
}

// Series has one number a sequence row, NaN (in JSON null) where there is none.
type Series struct {
	Name   string   `json:"name"`
	Unit   string   `json:"unit,omitempty"`
	Values Floats   `json:"values"`
	Target *float64 `json:"target,omitempty"`
}

// Choice is a candidate for the next token.
type Choice struct {
	ID      int     `json:"id"`
	Text    string  `json:"text"`
	LogProb float64 `json:"log_prob"`
}

// Choices are the first candidates before and after logits were edited, and those of the prior
// that was held against them, where there was one.
type Choices struct {
	Before  []Choice `json:"before"`
	After   []Choice `json:"after"`
	Against []Choice `json:"against,omitempty"`
}

type (
	// Started opens every trace.
	Started struct {
		Schema  int     `json:"schema"`
		Version string  `json:"version"` // of winnow
		Time    string  `json:"time"`    // RFC 3339
		Request Request `json:"request"`
	}
	// Model describes what runs, and where.
	Model struct {
		Name       string `json:"name"`
		File       string `json:"file"` // base name
		Layers     int    `json:"layers"`
		Hidden     int    `json:"hidden"`
		Heads      int    `json:"heads"`
		KVHeads    int    `json:"kv_heads"`
		FFN        int    `json:"ffn"`
		Vocabulary int    `json:"vocabulary"`
		Parameters int64  `json:"parameters"`
		Types      string `json:"types"` // of the weights: q8_0
		Device     string `json:"device"`
		Backend    string `json:"backend"`
		Threads    int    `json:"threads"`
		// LoadMS is measured; 0 when the model was loaded already.
		LoadMS float64 `json:"load_ms"`
	}
	// Picture is what the model saw of the picture.
	Picture struct {
		Name   string `json:"name"`
		Width  int    `json:"width"` // after EXIF orientation
		Height int    `json:"height"`
		SHA256 string `json:"sha256"`
		// Seen is the part of the picture that became tokens.
		Seen Box `json:"seen"`
		// Rows × Cols is the patch grid.
		Rows int `json:"rows"`
		Cols int `json:"cols"`
		// EncodeMS is measured and 0 when the encoding was reused; FLOPs is counted.
		EncodeMS float64 `json:"encode_ms"`
		FLOPs    int64   `json:"flops"`
		Reused   bool    `json:"reused"`
		// Data is the file as dropped, up to a few megabytes, else a smaller copy.
		Data []byte `json:"data,omitempty"`
	}
	// Sequence lists the prompt's rows before anything is dropped; Layer and Decision refer to
	// them by index.
	Sequence struct {
		Tokens []Token `json:"tokens"`
	}
	// SideStarted opens the events of one side.
	SideStarted struct {
		Side string `json:"side"`
	}
	// Layer says what a decoder layer computed in prefill.
	Layer struct {
		Side  string `json:"side"`
		Layer int    `json:"layer"`
		// Rows lists the sequence rows that it computed; nil means all of them.
		Rows []int `json:"rows"`
		// N is their number.
		N     int   `json:"n"`
		FLOPs int64 `json:"flops"`
	}
	// Decision is what a method decided.
	Decision struct {
		Side   string `json:"side"`
		Method string `json:"method"`
		// Kind is drop, evict, zero, mask, neurons …
		Kind  string `json:"kind"`
		Phase string `json:"phase"`
		// At is empty for after the layer, else "in attention" or "on the logits".
		At string `json:"at,omitempty"`
		// Layer after which it was decided; From and To are the layers that it changes.
		Layer int `json:"layer"`
		From  int `json:"from"`
		To    int `json:"to"`
		Step  int `json:"step,omitempty"`
		// Rows are the sequence rows that it happened to; Kept the rows scored that stay.
		Rows []int `json:"rows,omitempty"`
		Kept []int `json:"kept,omitempty"`
		// Scores has one number a sequence row (NaN, in JSON null: not scored), or one a neuron.
		Scores    Floats   `json:"scores,omitempty"`
		Threshold *float64 `json:"threshold,omitempty"`
		Inclusive bool     `json:"inclusive,omitempty"`
		Unit      string   `json:"unit,omitempty"`
		Rule      string   `json:"rule,omitempty"`
		// Neurons is the set used, for kind neurons.
		Neurons []int `json:"neurons,omitempty"`
		// Bits that Rows are stored in, for kind store.
		Bits int `json:"bits,omitempty"`
		// Share, parallel to Rows, is the share of the heads that it happened to; nil means all.
		Share Floats `json:"share,omitempty"`
		// Also are further numbers behind the decision, each with one a sequence row.
		Also []Series `json:"also,omitempty"`
		// Choices compares the next-token candidates, for kind logits.
		Choices *Choices `json:"choices,omitempty"`
		// MS is measured: reading the probes and choosing.
		MS float64 `json:"ms"`
	}
	// Word is a generated token.
	Word struct {
		Side string `json:"side"`
		Step int    `json:"step"`
		ID   int    `json:"id"`
		Text string `json:"text"`
		// LogProb is the natural logarithm of its probability before sampling.
		LogProb float64 `json:"log_prob"`
		// MS is measured: from the question to this token.
		MS float64 `json:"ms"`
		// KVBytes is what the cache's entries take when the token is chosen, counted as stored.
		KVBytes int64 `json:"kv_bytes,omitempty"`
	}
	// Point is one value of a sweep. All but TTFTMS is counted or computed.
	Point struct {
		Index int    `json:"index"`
		Value string `json:"value"`
		// KL is Σ p_dense·ln(p_dense/p_pruned) in nats, the mean over the answer's tokens, and Top1
		// the share of them at which both put the same token first. What pruning rules out counts as
		// of probability 1e-9 (see app/agreement).
		KL    float64 `json:"kl"`
		Top1  float64 `json:"top1"`
		Steps int     `json:"steps"`
		// Summary has the costs; its answer is the dense one that was followed.
		Summary SideDone `json:"summary"`
	}
	// SideDone sums up one side.
	SideDone struct {
		Side   string `json:"side"`
		Answer string `json:"answer"`
		// Ended says why: end token, length, cancelled.
		Ended string `json:"ended"`
		// Measured. TTFTMS leaves the vision encoding out: both sides share it.
		TTFTMS    float64 `json:"ttft_ms"`
		PrefillMS float64 `json:"prefill_ms"`
		// SelectMS is reading probes and deciding, ApplyMS carrying it out: moving cache rows,
		// gathering neurons. Both lie within PrefillMS.
		SelectMS        float64 `json:"select_ms"`
		ApplyMS         float64 `json:"apply_ms"`
		DecodeMS        float64 `json:"decode_ms"`
		Tokens          int     `json:"tokens"`
		TokensPerSecond float64 `json:"decode_tokens_per_s"`
		// Counted.
		PrefillFLOPs int64 `json:"prefill_flops"`
		DecodeFLOPs  int64 `json:"decode_flops"`
		// KVBytes is what the rows in the cache take at the end of prefill.
		KVBytes int64 `json:"kv_bytes"`
		// DecodeWeightBytes is what one decode step reads of the weights.
		DecodeWeightBytes int64 `json:"decode_weight_bytes"`
		// KeptByLayer counts the visual tokens that each layer computed or kept in its cache.
		KeptByLayer []int `json:"kept_by_layer"`
		Visual      int   `json:"visual"`
		// KVByLayer is KVBytes layer by layer.
		KVByLayer []int64 `json:"kv_by_layer,omitempty"`
	}
	// Notice is something the person should know that stopped nothing.
	Notice struct {
		Text string `json:"text"`
	}
	// Failed says why the run has no result.
	Failed struct {
		Error string `json:"error"`
	}
	// Ended closes every trace.
	Ended struct {
		Cancelled bool `json:"cancelled"`
		// MS and PeakMemory (bytes) are measured.
		MS         float64 `json:"ms"`
		PeakMemory int64   `json:"peak_memory"`
	}
)

// The names of the events.
func (Started) Type() string     { return "started" }
func (Model) Type() string       { return "model" }
func (Picture) Type() string     { return "picture" }
func (Sequence) Type() string    { return "sequence" }
func (SideStarted) Type() string { return "side_started" }
func (Layer) Type() string       { return "layer" }
func (Decision) Type() string    { return "decision" }
func (Word) Type() string        { return "word" }
func (Point) Type() string       { return "point" }
func (SideDone) Type() string    { return "side_done" }
func (Notice) Type() string      { return "notice" }
func (Failed) Type() string      { return "failed" }
func (Ended) Type() string       { return "ended" }
