package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	builtin "winnow/assets/models"
	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vision/grid"
	"winnow/vlm"
)

// shape is that of a decoder and its picture.
type shape struct {
	Layers int `json:"layers"`
	Hidden int `json:"hidden"`
	FFN    int `json:"ffn"`
	Heads  int `json:"heads"`
	Side   int `json:"side"` // of the square grid of visual tokens
}

// llava is the shape of LLaVA-1.5-7B, with three of its 32 layers, which all methods can decide
// in. The weights are noise: what a method costs hardly depends on what it sees.
var llava = shape{Layers: 3, Hidden: 4096, FFN: 11008, Heads: 32, Side: 24}

// selectionJob measures what the methods' decisions cost beside the layers they decide in.
type selectionJob struct {
	Shape   shape `json:"shape"`
	Runs    int   `json:"runs"`
	Threads int   `json:"threads"`
}

// Selection is what one method's decisions cost.
type Selection struct {
	Name string `json:"name"`
	// Layers is the number of layers that it decides in.
	Layers int `json:"layers"`
	// SelectMS is the time of reading the probes and deciding, ApplyMS that of carrying it out;
	// LayersMS that of the Layers without any method.
	SelectMS Stat `json:"select_ms"`
	ApplyMS  Stat `json:"apply_ms"`
	LayersMS Stat `json:"layers_ms"`
	// Overhead is the median of SelectMS / LayersMS, Applied that of ApplyMS / LayersMS. They are
	// told apart because gathering the neurons of a layer, most of what applying can cost, is
	// paid once for all decode steps and serves none of the layers of the prefill.
	Overhead float64 `json:"overhead"`
	Applied  float64 `json:"applied"`
	Refused  string  `json:"refused,omitempty"`
}

func (r *Report) selection(ctx context.Context, o Options) error {
	j := selectionJob{Shape: llava, Runs: max(5, min(o.Runs, 7)), Threads: o.Threads}
	if err := delegate(ctx, o.Child, job{Selection: &j}, &r.Selection); err != nil {
		return err
	}
	for _, s := range r.Selection {
		if s.Refused != "" {
			continue
		}
		if r.Ratios.Selection == nil || s.Overhead > *r.Ratios.Selection {
			r.Ratios.Selection = &s.Overhead
		}
		for i := range r.Methods {
			if r.Methods[i].Name == s.Name {
				r.Methods[i].Overhead, r.Methods[i].Applied = &s.Overhead, &s.Applied
			}
		}
	}
	return nil
}

func (j *selectionJob) run(ctx context.Context) ([]Selection, error) {
	backend, _, err := device.Open("cpu", j.Threads)
	if err != nil {
		return nil, err
	}
	defer backend.Close()
	file, err := noiseModel(j.Shape)
	if err != nil {
		return nil, err
	}
	m, err := vlm.Load(vlm.Files{Decoder: file}, backend)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	r := rand.New(rand.NewPCG(1, 1))
	s := &scene{Question: "What is in the picture?", Grid: grid.Grid{Rows: j.Shape.Side, Cols: j.Shape.Side}}
	s.Embeddings = make([]float32, s.Grid.Len()*j.Shape.Hidden)
	for i := range s.Embeddings {
		s.Embeddings[i] = float32(r.NormFloat64()) * 0.02
	}
	t, err := pictureTask(m, s)
	if err != nil {
		return nil, err
	}
	session := m.NewSession(compute.F16)
	defer session.Close()
	if _, err := prefillOnce(ctx, session, t, nil); err != nil { // warm-up
		return nil, err
	}
	infos := pruning.Answering()
	out := make([]Selection, len(infos))
	took := make([]struct{ choosing, applying, layers, share, applied []float64 }, len(infos))
	for range j.Runs {
		dense, err := prefillOnce(ctx, session, t, nil)
		if err != nil {
			return nil, err
		}
		for i, info := range infos {
			stack, err := pruning.Stack([]pruning.Spec{{Name: info.Name}}, m.Decoder.Describe())
			if err != nil {
				out[i] = Selection{Name: info.Name, Refused: err.Error()}
				continue
			}
			got, err := prefillOnce(ctx, session, t, stack)
			if err != nil {
				return nil, err
			}
			layers := dense.prefill / float64(j.Shape.Layers) * float64(got.decides)
			if got.decides == 0 {
				out[i] = Selection{Name: info.Name, Refused: "it decides nowhere"}
				continue
			}
			out[i] = Selection{Name: info.Name, Layers: got.decides}
			took[i].choosing = append(took[i].choosing, got.selecting)
			took[i].applying = append(took[i].applying, got.applying)
			took[i].layers = append(took[i].layers, layers)
			took[i].share = append(took[i].share, got.selecting/layers)
			took[i].applied = append(took[i].applied, got.applying/layers)
		}
	}
	for i := range out {
		t := took[i]
		out[i].SelectMS, out[i].ApplyMS, out[i].LayersMS = stat(t.choosing), stat(t.applying), stat(t.layers)
		out[i].Overhead, out[i].Applied = stat(t.share).Median, stat(t.applied).Median
	}
	return out, nil
}

// prefilled is what one prefill took, in milliseconds.
type prefilled struct {
	prefill, selecting, applying float64
	decides                      int // layers with a decision
}

func prefillOnce(ctx context.Context, s *vlm.Session, t *task, methods []pruning.Stacked) (prefilled, error) {
	s.Reset()
	layers := map[int]bool{}
	done, err := s.Generate(ctx, t.prompt, methods, trace.Sampling{MaxTokens: 1}, trace.Pruned, func(e trace.Event) {
		if d, ok := e.(trace.Decision); ok {
			layers[d.Layer] = true
		}
	})
	return prefilled{done.PrefillMS, done.SelectMS, done.ApplyMS, len(layers)}, err
}

// noiseModel is a GGUF file in memory: a decoder of a shape, with noise in q8_0 as
// weights and the built-in model's tokenizer.
func noiseModel(s shape) (*checkpoint.File, error) {
	b := builtin.All()[0]
	small, err := checkpoint.OpenBytes(b.DecoderName, b.Decoder)
	if err != nil {
		return nil, err
	}
	kv := []checkpoint.KV{{Key: "general.architecture", Value: "llama"},
		{Key: "llama.block_count", Value: uint32(s.Layers)}, {Key: "llama.context_length", Value: uint32(s.Side*s.Side + 256)},
		{Key: "llama.embedding_length", Value: uint32(s.Hidden)}, {Key: "llama.feed_forward_length", Value: uint32(s.FFN)},
		{Key: "llama.attention.head_count", Value: uint32(s.Heads)}}
	for _, key := range small.Keys {
		if strings.HasPrefix(key, "tokenizer.") {
			kv = append(kv, checkpoint.KV{Key: key, Value: small.KV[key]})
		}
	}
	words, ok := small.Tensor("token_embd.weight")
	if !ok {
		return nil, fmt.Errorf("%s has no embedding table", b.DecoderName)
	}
	n := newNoise()
	ones := make([]float32, s.Hidden)
	for i := range ones {
		ones[i] = 1
	}
	norm, err := checkpoint.Quantize(checkpoint.F32, ones)
	if err != nil {
		return nil, err
	}
	vector := func(name string) checkpoint.WriteTensor {
		return checkpoint.WriteTensor{Name: name, Type: checkpoint.F32, Dims: []int{s.Hidden}, Data: norm}
	}
	tensors := []checkpoint.WriteTensor{n.matrix("token_embd.weight", s.Hidden, words.Dims[1]), vector("output_norm.weight")}
	for l := range s.Layers {
		p := fmt.Sprintf("blk.%d.", l)
		tensors = append(tensors, vector(p+"attn_norm.weight"), vector(p+"ffn_norm.weight"),
			n.matrix(p+"attn_q.weight", s.Hidden, s.Hidden), n.matrix(p+"attn_k.weight", s.Hidden, s.Hidden),
			n.matrix(p+"attn_v.weight", s.Hidden, s.Hidden), n.matrix(p+"attn_output.weight", s.Hidden, s.Hidden),
			n.matrix(p+"ffn_gate.weight", s.Hidden, s.FFN), n.matrix(p+"ffn_up.weight", s.Hidden, s.FFN),
			n.matrix(p+"ffn_down.weight", s.FFN, s.Hidden))
	}
	var buf bytes.Buffer
	if err := checkpoint.Write(&buf, kv, tensors); err != nil {
		return nil, err
	}
	return checkpoint.OpenBytes("noise.gguf", buf.Bytes())
}

// noise gives matrices quickly: rows are cut from a pool of random blocks at random places.
type noise struct {
	random *rand.Rand
	pool   []byte
}

const noiseBlocks = 1 << 16

func newNoise() *noise {
	n := &noise{random: rand.New(rand.NewPCG(2, 2))}
	x := make([]float32, 32*noiseBlocks)
	for i := range x {
		x[i] = float32(n.random.NormFloat64()) * 0.02
	}
	n.pool, _ = checkpoint.Quantize(checkpoint.Q8_0, x) // whole blocks: it cannot fail
	return n
}

func (n *noise) matrix(name string, in, out int) checkpoint.WriteTensor {
	const typ = checkpoint.Q8_0
	load := func() ([]byte, error) {
		row := typ.RowBytes(in)
		data := make([]byte, out*row)
		block := typ.RowBytes(32)
		for r := range out {
			at := n.random.IntN(noiseBlocks-in/32) * block
			copy(data[r*row:(r+1)*row], n.pool[at:])
		}
		return data, nil
	}
	return checkpoint.WriteTensor{Name: name, Type: typ, Dims: []int{in, out}, Load: load}
}
