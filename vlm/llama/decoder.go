package llama

import (
	"fmt"
	"path/filepath"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/weights"
	"winnow/pruning"
)

// Decoder is the network with its weights on a device.
type Decoder struct {
	Layers      []Layer       `gguf:"blk.%d."`
	OutputNorm  compute.Array `gguf:"output_norm.weight"`
	Output      compute.Array `gguf:"output.weight,matrix,optional"`
	RoPEFactors compute.Array `gguf:"rope_freqs.weight,optional"`

	Config  Config
	Backend compute.Backend

	file       *checkpoint.File
	set        *weights.Set
	embeddings *checkpoint.Tensor // read row by row from the mapped file, never on the device
	tied       compute.Array      // the embeddings as output matrix, where the file has no other
}

// Layer is one decoder layer.
type Layer struct {
	AttentionNorm compute.Array `gguf:"attn_norm.weight"`
	Q             compute.Array `gguf:"attn_q.weight,matrix"`
	K             compute.Array `gguf:"attn_k.weight,matrix"`
	V             compute.Array `gguf:"attn_v.weight,matrix"`
	QBias         compute.Array `gguf:"attn_q.bias,optional"`
	KBias         compute.Array `gguf:"attn_k.bias,optional"`
	VBias         compute.Array `gguf:"attn_v.bias,optional"`
	Out           compute.Array `gguf:"attn_output.weight,matrix"`
	FFNNorm       compute.Array `gguf:"ffn_norm.weight"`
	FFN           FFN           `gguf:""`
}

// FFN is the feed-forward part: all neurons, or some.
type FFN struct {
	Gate compute.Array `gguf:"ffn_gate.weight,matrix"` // [hidden, neurons]
	Up   compute.Array `gguf:"ffn_up.weight,matrix"`   // [hidden, neurons]
	Down compute.Array `gguf:"ffn_down.weight,matrix"` // [neurons, hidden]
}

// Load reads a decoder; the file stays open as long as the decoder.
func Load(f *checkpoint.File, backend compute.Backend) (*Decoder, error) {
	c, err := readConfig(f)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(f.Path)
	d := &Decoder{Config: c, Backend: backend, file: f, Layers: make([]Layer, c.Layers)}
	emb, ok := f.Tensor("token_embd.weight")
	if !ok || len(emb.Dims) != 2 || emb.Dims[0] != c.Hidden {
		return nil, fmt.Errorf("%s has no embedding table (token_embd.weight) %d wide: the file is incomplete", base, c.Hidden)
	}
	d.embeddings = emb
	d.Config.Vocabulary = emb.Dims[1]
	if d.set, err = weights.Bind(d, f, backend); err != nil {
		return nil, err
	}
	if d.Output == nil {
		d.tied, err = backend.Weight(emb.Name, compute.Type(emb.Type), compute.Dims(emb.Dims...), emb.Data, compute.UseMatrix)
		if err != nil {
			d.Close()
			return nil, fmt.Errorf("%s: %w", base, err)
		}
		if d.tied.Bytes() > 0 {
			f.Spare(emb)
		}
	}
	if err := d.check(base); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Decoder) check(base string) error {
	c := d.Config
	kv := c.KVHeads * c.HeadDim
	type want struct {
		a     compute.Array
		shape compute.Shape
	}
	wants := []want{{d.OutputNorm, compute.Dims(c.Hidden)}, {d.head(), compute.Dims(c.Hidden, c.Vocabulary)}}
	for _, l := range d.Layers {
		wants = append(wants, want{l.AttentionNorm, compute.Dims(c.Hidden)}, want{l.Q, compute.Dims(c.Hidden, c.Heads*c.HeadDim)},
			want{l.K, compute.Dims(c.Hidden, kv)}, want{l.V, compute.Dims(c.Hidden, kv)},
			want{l.Out, compute.Dims(c.Heads*c.HeadDim, c.Hidden)}, want{l.FFNNorm, compute.Dims(c.Hidden)},
			want{l.FFN.Gate, compute.Dims(c.Hidden, c.FFN)}, want{l.FFN.Up, compute.Dims(c.Hidden, c.FFN)},
			want{l.FFN.Down, compute.Dims(c.FFN, c.Hidden)})
	}
	for _, w := range wants {
		if w.a.Shape() != w.shape {
			return fmt.Errorf("%s: tensor %q has shape %v, its configuration says %v", base, w.a.Name(), w.a.Shape(), w.shape)
		}
	}
	return nil
}

// head is the output matrix.
func (d *Decoder) head() compute.Array {
	if d.Output != nil {
		return d.Output
	}
	return d.tied
}

// Embed widens the embeddings of token ids into dst, one row each.
func (d *Decoder) Embed(ids []int, dst []float32) error {
	n := d.Config.Hidden
	bytes := d.embeddings.Type.RowBytes(n)
	for i, id := range ids {
		if id < 0 || id >= d.Config.Vocabulary {
			return fmt.Errorf("token %d lies outside the vocabulary of %d", id, d.Config.Vocabulary)
		}
		if err := checkpoint.Dequantize(dst[i*n:(i+1)*n], d.embeddings.Type, d.embeddings.Data[id*bytes:(id+1)*bytes]); err != nil {
			return err
		}
	}
	return nil
}

// Describe is what methods may know.
func (d *Decoder) Describe() pruning.Model {
	c := d.Config
	return pruning.Model{Layers: c.Layers, Hidden: c.Hidden, Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim,
		FFN: c.FFN, Vocabulary: c.Vocabulary, Activation: c.Activation, Gated: true}
}

// MainType is the type that most weights are stored in.
func (d *Decoder) MainType() string { return d.set.MainType() }

// Close frees the weights.
func (d *Decoder) Close() {
	if d.tied != nil {
		d.tied.Free()
		d.tied = nil
	}
	d.set.Free()
}
