package pruning

import "fmt"

// Phase is the stage of a run.
type Phase uint8

// The phases.
const (
	Vision  Phase = iota // inside the vision encoder
	Prefill              // all prompt rows at once
	Decode               // one new row a step
	Denoise              // one denoising step
)

var phaseNames = [...]string{"vision", "prefill", "decode", "denoise"}

func (p Phase) String() string { return phaseNames[p] }

// Quantity is a tensor inside a layer. Matrices have one row a token.
type Quantity uint8

// What can be observed.
const (
	Hidden         Quantity = iota // residual stream after the layer [rows × hidden]
	QueryPre                       // queries before rotary [rows × heads·dim]
	KeyPre                         // keys before rotary [rows × kvheads·dim]
	Query                          // queries after rotary
	Key                            // keys after rotary
	Value                          // values [rows × kvheads·dim]
	Attention                      // probabilities, only ever reduced: see Reduce
	AttentionOut                   // attention output before the output projection
	AttentionGated                 // the same after an output gate
	GateAct                        // FFN gate after its activation [rows × ffn]
	DownInput                      // input of the down projection [rows × ffn]
	Router                         // expert or neuron router scores
	Logits                         // next-token logits [rows × vocabulary]
	Embeddings                     // input embeddings of the rows
	LMHead                         // the output matrix, for methods that project with it
	Noise                          // noise or velocity prediction after guidance
)

var quantityNames = [...]string{"hidden", "query before rotary", "key before rotary", "query", "key",
	"value", "attention", "attention output", "gated attention output", "gate activation",
	"down-projection input", "router scores", "logits", "embeddings", "LM head", "noise prediction"}

func (q Quantity) String() string { return quantityNames[q] }

// Select says which rows a probe looks at; for Attention, which query rows.
type Select struct {
	Kind SelectKind
	// N is the number of rows of Tail, or of TailAndRandom's each half.
	N int
	// Seed fixes the draw of TailAndRandom, per layer.
	Seed uint64
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
	None        Reduce = iota
	ColumnMean         // Σ over the query rows, mean over heads: [1 × keys]
	ColumnHeads        // Σ over the query rows, each head apart: [heads × keys]
	VisualMass         // per query row, Σ over visual keys, mean over heads: [rows × 1]
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

// Site is a moment at which a method decides.
type Site struct {
	Phase Phase
	// Layer: after this layer has run (Prefill, Decode), counted from 0; -1 is before the first.
	Layer int
	// Step counts generated tokens or denoising steps.
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
	// Tokens are the rows still alive, in order; row i of a probe over AllRows is Tokens[i].
	Tokens []Token
	// Seed is the run's; a method that draws numbers derives them from it and the site.
	Seed uint64
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
