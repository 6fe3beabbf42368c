package pruning

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Phase is the stage of a run.
type Phase uint8

// The phases.
const (
	Vision  Phase = iota // inside the vision encoder
	Prefill              // all prompt rows at once
	Decode               // one new row a step
	Denoise              // one denoising step
	Act                  // the one pass of a robot policy: all rows at once
)

var phaseNames = [...]string{"vision", "prefill", "decode", "denoise", "act"}

func (p Phase) String() string { return phaseNames[p] }

// Quantity is a tensor inside a layer. Matrices have one row a token.
type Quantity uint8

// What can be observed.
const (
	Hidden          Quantity = iota // residual stream after the layer [rows × hidden]
	QueryPre                        // queries before rotary [rows × heads·dim]
	KeyPre                          // keys before rotary [rows × kvheads·dim]
	Query                           // queries after rotary
	Key                             // keys after rotary
	Value                           // values [rows × kvheads·dim]
	Attention                       // probabilities, only ever reduced: see Reduce
	AttentionOut                    // attention output before the output projection
	AttentionGated                  // the same after an output gate
	GateAct                         // FFN gate after its activation [rows × ffn]
	DownInput                       // input of the down projection [rows × ffn]
	Router                          // expert or neuron router scores
	Logits                          // next-token logits [rows × vocabulary]
	Embeddings                      // input embeddings of the rows
	LMHead                          // the output matrix, for methods that project with it
	Noise                           // noise or velocity prediction after guidance [cells × channels]
	AttentionLogits                 // q·k of the last row with every cached row, not scaled [heads × cached]
	Latent                          // the noisy state that a denoising step began from [cells × channels]
	NextLatent                      // the state that the solver's step led to
	Clean                           // the estimate of the clean latent that the solver's step used
	LogitLens                       // LM head on the last row's residual stream after the layer, no final norm [1 × vocabulary]; layer -1: its embedding
)

var quantityNames = [...]string{"hidden", "query before rotary", "key before rotary", "query", "key",
	"value", "attention", "attention output", "gated attention output", "gate activation",
	"down-projection input", "router scores", "logits", "embeddings", "LM head", "noise prediction", "attention logits", "latent", "next latent", "clean latent", "logit lens"}

func (q Quantity) String() string { return quantityNames[q] }

// Select says which rows a probe looks at; for Attention, which query rows.
type Select struct {
	Kind SelectKind
	// N is the number of rows of Tail, or of TailAndRandom's each half.
	N int
	// Above: with at most so many rows there are, all are looked at.
	Above int
	// Seed fixes the draw of TailAndRandom, per layer.
	Seed uint64
}

// Of lists the rows chosen among n in a layer, ascending. Pipelines and methods both call it, so
// that a method knows which rows a reduction came from.
func (s Select) Of(n, layer int) []int {
	from := 0
	switch s.Kind {
	case LastRow:
		from = n - 1
	case Tail, TailAndRandom:
		if n > s.Above {
			from = max(n-s.N, 0)
		}
	}
	out := make([]int, 0, n-from)
	if s.Kind == TailAndRandom && from > 0 {
		r := rand.New(rand.NewPCG(s.Seed, uint64(layer)))
		out = append(out, r.Perm(from)[:min(s.N, from)]...)
		slices.Sort(out)
	}
	for i := max(from, 0); i < n; i++ {
		out = append(out, i)
	}
	return out
}

// SelectKind is a way to choose rows.
type SelectKind uint8

// The ways to choose rows.
const (
	AllRows SelectKind = iota
	LastRow
	Tail          // the last N rows
	TailAndRandom // the last N and N distinct others, drawn with Seed
)

// Reduce says how attention probabilities [heads × queries × keys] are reduced before they
// leave the device; a full map is never stored.
type Reduce uint8

// The reductions.
const (
	None            Reduce = iota
	ColumnMean             // Σ over the query rows, mean over heads: [1 × keys]
	ColumnHeads            // Σ over the query rows, each head apart: [heads × keys]
	VisualMass             // per query row, Σ over visual keys, mean over heads: [rows × 1]
	VisualMassHeads        // the same, each head apart: [rows × heads]
)

// Probe asks for one quantity at one layer. It is comparable: two methods that ask for the
// same thing share it.
type Probe struct {
	What   Quantity
	Layer  int
	Rows   Select
	Reduce Reduce
}

func (p Probe) String() string { return fmt.Sprintf("%v of layer %d", p.What, p.Layer) }

// Moment is where within a layer a site lies.
type Moment uint8

// The moments.
const (
	// LayerEnd is after the layer has run.
	LayerEnd Moment = iota
	// InAttention is between rotary and attention: queries, keys and values of the layer's new
	// rows are known, keys and values cached. Exclude, Mask and Reweigh act on this attention;
	// what changes the cache (Evict, Store, Merge) follows it.
	InAttention
	// OnLogits is when the next token's logits are known, in phase Decode: step 0 chooses the
	// first token of the answer. The site's layer is the model's last.
	OnLogits
)

var momentNames = [...]string{"after the layer", "in attention", "on the logits"}

func (m Moment) String() string { return momentNames[m] }

// Site is a moment at which a method decides.
type Site struct {
	Phase Phase
	// Layer, counted from 0; -1 is before the first.
	Layer int
	At    Moment
	// Step counts generated tokens or denoising steps; in a Request it is 0 (see Every).
	Step int
}

// After is the prefill site after n layers. There must be a layer left that profits.
func After(n int, method string, m Model) (Site, error) {
	if n < 1 || n >= m.Layers {
		return Site{}, fmt.Errorf("%s would decide after %d of the model's %d layers, where no layer is left to profit: choose a layer from 1 to %d",
			method, n, m.Layers, m.Layers-1)
	}
	return Site{Phase: Prefill, Layer: n - 1}, nil
}

// Request is a site with what the method wants to have seen there.
type Request struct {
	Site   Site
	Probes []Probe
	// Every: a decode site is visited when the number of tokens chosen so far is a multiple of it;
	// 0 and 1 mean at every step.
	Every int
}

// Matrix is row-major.
type Matrix struct {
	Rows, Cols int
	Data       []float32
}

// Row is row i, not copied.
func (m Matrix) Row(i int) []float32 { return m.Data[i*m.Cols : (i+1)*m.Cols] }

// Model is what a method may know of the network.
type Model struct {
	Layers, Hidden, Heads, KVHeads, HeadDim, FFN, Vocabulary int
	// Activation is the FFN's: silu, gelu, relu.
	Activation string
	// Gated: the FFN has a gate and an up projection.
	Gated bool
}

// Seen is what a method gets at a site. It must not change anything in it.
type Seen struct {
	Site  Site
	Model Model
	// Tokens are the rows still alive, in order; row i of a probe over AllRows is Tokens[i]. While
	// decoding they are the layer's cached rows in the order of the cache, the new row last.
	Tokens []Token
	// Piece is the text of a vocabulary id, with the space that it begins with; nil in tests.
	Piece func(id int) string
	// Seed is the run's; a method that draws numbers derives them from it and the site.
	Seed uint64
	// Denoising is set at Denoise sites; Tokens are then the denoiser's, all of them.
	Denoising *Denoising
	// Memory is what the method itself returned at its last site of this run (see Outcome).
	Memory any

	values map[Probe]Matrix
}

// NewSeen is for pipelines and tests.
func NewSeen(site Site, m Model, tokens []Token, values map[Probe]Matrix) Seen {
	return Seen{Site: site, Model: m, Tokens: tokens, values: values}
}

// Value returns what a probe saw, valid until Decide returns and not to be changed; asking for what was not requested is a mistake in the method.
func (s Seen) Value(p Probe) (Matrix, error) {
	m, ok := s.values[p]
	if ok && len(m.Data) != m.Rows*m.Cols {
		return Matrix{}, fmt.Errorf("%v came as %d numbers for %d × %d: the pipeline cut it wrongly", p, len(m.Data), m.Rows, m.Cols)
	}
	if !ok {
		return Matrix{}, fmt.Errorf("%v was not observed at %v layer %d: the method did not request it there", p, s.Site.Phase, s.Site.Layer)
	}
	return m, nil
}
