package cliptext

import (
	"context"
	"fmt"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/tensors"
)

// Encoder is the network with its weights on a device. It is not safe for concurrent use.
type Encoder struct {
	Config Config
	// Set counts the parameters on the device and their bytes; token embeddings are read row by row
	// from the file and lie nowhere else.
	Set *tensors.Set

	words     *checkpoint.Tensor
	positions []float32 // [tokens × width]
	layers    []layer
	norm      norm
	project   tensors.Linear // its Weight is nil where the checkpoint has none

	backend  compute.Backend
	exact    bool
	files    *tensors.Files   // opened by Load
	programs map[int]*program // by number of tokens
	watch    bool             // keep intermediate results, for tests
}

type norm struct{ weight, bias compute.Array }

type layer struct {
	norm1, norm2 norm
	qkv          tensors.Linear // queries, keys and values in one product
	out          tensors.Linear
	fc1, fc2     tensors.Linear
}

// Load opens a folder with config.json and model.safetensors.
func Load(dir string, backend compute.Backend, storage tensors.Storage) (*Encoder, error) {
	return LoadFrom(tensors.Dir(dir), backend, storage)
}

// LoadFrom is Load for a folder anywhere.
func LoadFrom(dir tensors.Folder, backend compute.Backend, storage tensors.Storage) (*Encoder, error) {
	c, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	files, err := dir.Open()
	if err != nil {
		return nil, err
	}
	e, err := New(c, files, backend, storage)
	if err != nil {
		files.Close()
		return nil, fmt.Errorf("%s: %w", dir.Name, err)
	}
	e.files = files
	return e, nil
}

// New binds an encoder to tensors of any source, which stays open as long as the encoder.
func New(c Config, source tensors.Source, backend compute.Backend, storage tensors.Storage) (*Encoder, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("the configuration %w", err)
	}
	l := tensors.NewLoader(source, backend, storage)
	prefix := "text_model."
	if !l.Has(prefix + "final_layer_norm.weight") {
		prefix = ""
	}
	w := c.Width
	e := &Encoder{Config: c, backend: backend, exact: storage == tensors.Exact, layers: make([]layer, c.Layers), programs: map[int]*program{}}
	e.positions = l.Floats(prefix+"embeddings.position_embedding.weight", c.MaxTokens, w)
	for i := range e.layers {
		p := fmt.Sprintf("%sencoder.layers.%d.", prefix, i)
		e.layers[i] = layer{
			norm1: readNorm(l, p+"layer_norm1.", w), norm2: readNorm(l, p+"layer_norm2.", w),
			qkv: l.Linear(p+"self_attn.", w, w, "q_proj", "k_proj", "v_proj"), out: l.Linear(p+"self_attn.", w, w, "out_proj"),
			fc1: l.Linear(p+"mlp.", w, c.Inner, "fc1"), fc2: l.Linear(p+"mlp.", c.Inner, w, "fc2"),
		}
	}
	e.norm = readNorm(l, prefix+"final_layer_norm.", w)
	if l.Has("text_projection.weight") {
		e.project = l.Linear("", w, c.Projection, "text_projection")
	}
	e.words = l.Tensor(prefix+"embeddings.token_embedding.weight", c.Vocabulary, w)
	var err error
	if e.Set, err = l.Done(); err != nil {
		return nil, err
	}
	return e, nil
}

func readNorm(l *tensors.Loader, prefix string, width int) norm {
	return norm{l.Vector(prefix+"weight", width), l.Vector(prefix+"bias", width)}
}

// Close frees weights and programs.
func (e *Encoder) Close() {
	for _, p := range e.programs {
		p.Free()
	}
	e.programs = nil
	e.Set.Free()
	if e.files != nil {
		e.files.Close()
	}
}

// Encoding is what one prompt becomes.
type Encoding struct {
	Last   []float32 // [tokens × width], after the final norm
	Pooled []float32 // [width], the row of the end token
	// Projected is the pooled row in the space that CLIP shares with pictures, [projection]; nil for
	// a checkpoint without it.
	Projected []float32
}

// Encode runs the network on prompts, one after another. mask says which tokens may be attended
// to; nil, or a nil entry: all.
func (e *Encoder) Encode(ctx context.Context, ids [][]int, mask [][]bool) ([]Encoding, error) {
	if mask != nil && len(mask) != len(ids) {
		return nil, fmt.Errorf("there are masks for %d of %d prompts", len(mask), len(ids))
	}
	out := make([]Encoding, len(ids))
	for i, prompt := range ids {
		var open []bool
		if mask != nil {
			open = mask[i]
		}
		var err error
		if out[i], err = e.encode(ctx, prompt, open); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *Encoder) encode(ctx context.Context, ids []int, open []bool) (Encoding, error) {
	c, n := e.Config, len(ids)
	if n == 0 || n > c.MaxTokens {
		return Encoding{}, fmt.Errorf("a prompt of %d tokens cannot be encoded: 1 to %d can; cut it", n, c.MaxTokens)
	}
	if open != nil && len(open) != n {
		return Encoding{}, fmt.Errorf("the mask has %d entries for %d tokens", len(open), n)
	}
	x, err := e.embed(ids)
	if err != nil {
		return Encoding{}, err
	}
	p, err := e.program(n)
	if err != nil {
		return Encoding{}, err
	}
	in := []compute.Binding{compute.In(p.x, x), compute.In(p.mask, causal(n, open)), compute.In(p.end, []int32{int32(c.pooledRow(ids))})}
	if err := p.Run(ctx, in...); err != nil {
		return Encoding{}, err
	}
	out := Encoding{Last: make([]float32, n*c.Width), Pooled: make([]float32, c.Width)}
	if err := p.ReadFloats(p.last, out.Last); err != nil {
		return Encoding{}, err
	}
	if err := p.ReadFloats(p.pooled, out.Pooled); err != nil {
		return Encoding{}, err
	}
	if p.projected != nil {
		out.Projected = make([]float32, c.Projection)
		err = p.ReadFloats(p.projected, out.Projected)
	}
	return out, err
}

// embed adds up token and position embeddings.
func (e *Encoder) embed(ids []int) ([]float32, error) {
	w := e.Config.Width
	x := make([]float32, len(ids)*w)
	bytes := e.words.Type.RowBytes(w)
	for i, id := range ids {
		if id < 0 || id >= e.Config.Vocabulary {
			return nil, fmt.Errorf("token %d lies outside the encoder's vocabulary of %d: the tokenizer belongs to another model", id, e.Config.Vocabulary)
		}
		row := x[i*w : (i+1)*w]
		if err := checkpoint.Dequantize(row, e.words.Type, e.words.Data[id*bytes:(id+1)*bytes]); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", e.words.Name, err)
		}
		for j, p := range e.positions[i*w : (i+1)*w] {
			row[j] += p
		}
	}
	return x, nil
}

// pooledRow is where the end token stands: its first place, or the first token where there is
// none. Configurations of the first CLIP models say eos_token_id = 2, which their tokenizers do
// not mean; there it is the largest id.
func (c Config) pooledRow(ids []int) int {
	const oldEnd = 2
	row := 0
	for i, id := range ids {
		if c.End == oldEnd && id > ids[row] {
			row = i
		}
		if c.End != oldEnd && id == c.End {
			return i
		}
	}
	return row
}
