package pruning

// Granularity says what one list of a Set belongs to.
type Granularity uint8

// The four granularities.
const (
	PerLayer     Granularity = iota // one list
	PerHead                         // a list a head
	PerHeadQuery                    // a list a head and query row, queries fastest
	PerBlock                        // a list a block of query rows
)

// Set is index lists at one granularity, each ascending.
type Set struct {
	Granularity Granularity
	Lists       [][]int
}

// OfLayer is one list for a whole layer.
func OfLayer(indices []int) Set { return Set{PerLayer, [][]int{indices}} }

// Positions says what rotary positions the rows that stay have from here on.
type Positions uint8

// Original positions stay; Renumbered become 0..n-1. Cached keys are never renumbered.
const (
	Original Positions = iota
	Renumbered
)

// Basis is what a decision came from, so that a view can show rank and reason.
type Basis struct {
	// Scores has one number a row of Seen.Tokens (a neuron, for Neurons); NaN where not scored.
	Scores []float32
	// Threshold that separated kept from not; NaN where the rule is a count.
	Threshold float32
	// Inclusive: a score equal to the threshold is kept.
	Inclusive bool
	// Unit of the scores: "core neurons matched".
	Unit string
	// Rule in one line: "match ≥ 121, the elbow of the sorted curve".
	Rule string
	// Also are further numbers behind the decision that a view can show.
	Also []Series
}

// Series has one number a row of Seen.Tokens, NaN where there is none.
type Series struct {
	Name, Unit string
	Values     []float32
	// Target is the share or value that the series was measured against; NaN where none was.
	Target float32
}

// Decision is one of the types below. Rows are indices into Seen.Tokens, ascending, and name
// the rows that the action happens to (not those that stay).
type Decision interface {
	// Kind is the action's name in traces and on screen.
	Kind() string
	// Because is what it came from.
	Because() *Basis
}

type (
	// Drop takes rows out of the residual stream after the site's layer.
	Drop struct {
		Basis
		Rows      []int
		Positions Positions
	}
	// Skip lets rows bypass the layers [From, To]; they may return after.
	Skip struct {
		Basis
		Rows      []int
		From, To  int
		Positions Positions
	}
	// Exclude leaves rows out of attention in one layer; their attention output is zero.
	Exclude struct {
		Basis
		Layer int
		Rows  []int
	}
	// Mask gives cached rows a logit of minus infinity: in this attention alone where it is
	// decided InAttention, otherwise in all later steps.
	Mask struct {
		Basis
		Layer int
		Rows  Set
	}
	// Zero overwrites cached keys and values by zeros; they still take softmax mass exp(0).
	Zero struct {
		Basis
		Layer int
		Rows  Set
	}
	// Evict removes cached rows of the layers [From, To]. A layer that ran before an earlier Drop
	// holds more rows than Seen.Tokens: the cache finds those named by their Position.
	Evict struct {
		Basis
		From, To int
		Rows     Set
	}
	// Reweigh multiplies the attention logits (before their scale) of cached rows, in the
	// attention of an InAttention site.
	Reweigh struct {
		Basis
		Layer int
		// Factors has one list for all heads, or one a head; a number a row of Seen.Tokens.
		Factors [][]float32
	}
	// Merge replaces each group of cached rows or stream rows by one, which stands where the
	// group's first row stood.
	Merge struct {
		Basis
		Layer  int
		Groups [][]int
		// Sum adds the rows up; otherwise their mean.
		Sum bool
		// Once: what rows that a Mask of the same site hides are worth together, in this attention
		// alone; the cache keeps its rows.
		Once bool
		// Positions Renumbered: rows that come later count on from the number of cached rows.
		Positions Positions
	}
	// Store keeps cached rows of a layer in Bits bits (2, 4 or 8), packed as ZipCache does. The
	// decisions of one site share the value's channel scales.
	Store struct {
		Basis
		Layer int
		Rows  Set
		Bits  int
	}
	// Neurons computes only these FFN neurons of a layer during Phase.
	Neurons struct {
		Basis
		Layer int
		Phase Phase
		// Index lists the neurons used (here, unlike Rows, those that stay).
		Index Set
	}
	// Blocks computes only these key blocks for each block of queries.
	Blocks struct {
		Basis
		Layer, QueryBlock, KeyBlock int
		Keys                        Set
	}
	// EditLogits replaces the next-token logits.
	EditLogits struct {
		Basis
		Values []float32
	}
	// Step says how the next denoising step gets its prediction.
	Step struct {
		Basis
		Action StepAction
		// Rows of the denoiser computed when Action is RunTokens.
		Rows []int
		// Store: a dense evaluation fills the blocks' caches, which RunTokens reads.
		Store bool
		// Clean and Output replace the network when Action is SkipStep or Extrapolate [cells × channels]: the
		// clean latent beside the last prediction, or the prediction itself. One is set.
		Clean, Output []float32
	}
)

// Because returns the basis of the decision.
func (b *Basis) Because() *Basis { return b }

// The names of the actions.
func (*Drop) Kind() string       { return "drop" }
func (*Skip) Kind() string       { return "skip" }
func (*Exclude) Kind() string    { return "exclude" }
func (*Mask) Kind() string       { return "mask" }
func (*Zero) Kind() string       { return "zero" }
func (*Evict) Kind() string      { return "evict" }
func (*Reweigh) Kind() string    { return "reweigh" }
func (*Merge) Kind() string      { return "merge" }
func (*Store) Kind() string      { return "store" }
func (*Neurons) Kind() string    { return "neurons" }
func (*Blocks) Kind() string     { return "blocks" }
func (*EditLogits) Kind() string { return "logits" }
func (*Step) Kind() string       { return "step" }

// Outcome is what Decide returns.
type Outcome struct {
	Decisions []Decision
	// Memory comes back in Seen.Memory at the method's next site of the run.
	Memory any
}
