package language

import (
	"fmt"
	"slices"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/tensors"
)

// Config is the shape of the model.
type Config struct {
	Layers, Hidden, Heads, KVHeads int
	Inner                          int // of the feed-forward
	Vocabulary                     int
	Eps, Theta                     float32
	// Routers are the layers that have one, ascending; FiLM: with FiLM.
	Routers []int
	FiLM    bool
	// Head: there is an lm_head, which says what token follows a row.
	Head bool
}

// HeadDim is the width of a head.
func (c Config) HeadDim() int { return c.Hidden / c.Heads }

// Routed reports whether a layer has a router.
func (c Config) Routed(layer int) bool { return slices.Contains(c.Routers, layer) }

// prefix of the names in a checkpoint of the whole policy.
const prefix = "language_model.model."

// headPrefix stands before lm_head.
const headPrefix = "language_model."

// HeadName is the tensor that a model which says tokens has.
const HeadName = headPrefix + "lm_head.weight"

// LayerPrefix is what the names of a layer's tensors begin with.
func LayerPrefix(i int) string { return fmt.Sprintf("%slayers.%d.", prefix, i) }

// FindRouters reads off the tensors which layers have routers, and whether with FiLM.
func FindRouters(s tensors.Source, layers int) (routers []int, film bool) {
	for i := range layers {
		if _, ok := s.Tensor(LayerPrefix(i) + "router.router.weight"); ok {
			routers = append(routers, i)
			_, film = s.Tensor(LayerPrefix(i) + "router.scale.0.weight")
		}
	}
	return routers, film
}

// Check refuses numbers that cannot be; the error continues "the configuration".
func (c Config) Check() error {
	for _, f := range []struct {
		name       string
		value, max int
	}{{"num_hidden_layers", c.Layers, 1 << 10}, {"hidden_size", c.Hidden, 1 << 16}, {"num_attention_heads", c.Heads, 1 << 10},
		{"num_key_value_heads", c.KVHeads, 1 << 10}, {"intermediate_size", c.Inner, 1 << 20}, {"vocab_size", c.Vocabulary, 1 << 24}} {
		if f.value < 1 || f.value > f.max {
			return fmt.Errorf("says text_config.%s = %d, which cannot be", f.name, f.value)
		}
	}
	if c.Hidden%c.Heads != 0 || c.Heads%c.KVHeads != 0 || c.HeadDim()%2 != 0 {
		return fmt.Errorf("describes a model %d wide with %d heads and %d of keys, which do not go together", c.Hidden, c.Heads, c.KVHeads)
	}
	if !(c.Eps >= 0) || !(c.Theta > 0) {
		return fmt.Errorf("says rms_norm_eps = %v and rope_theta = %v, which cannot be", c.Eps, c.Theta)
	}
	return nil
}

// Decoder is the model's weights on a device. Token embeddings are read row by row from the file.
type Decoder struct {
	Config Config

	words   *checkpoint.Tensor
	layers  []layer
	norm    compute.Array
	head    tensors.Linear // its Weight is nil where there is none
	backend compute.Backend
}

type layer struct {
	norm1, norm2   compute.Array
	q, k, v, out   tensors.Linear
	gate, up, down tensors.Linear
	router         tensors.Linear    // its Weight is nil where there is none
	scale, shift   [2]tensors.Linear // of its FiLM
}

// Read binds the model; errors are the loader's.
func Read(l *tensors.Loader, b compute.Backend, c Config) *Decoder {
	d, h := c.Hidden, c.HeadDim()
	m := &Decoder{Config: c, backend: b}
	m.words = l.Tensor(prefix+"embed_tokens.weight", c.Vocabulary, d)
	for i := range c.Layers {
		p := LayerPrefix(i)
		y := layer{
			norm1: l.Vector(p+"input_layernorm.weight", d), norm2: l.Vector(p+"post_attention_layernorm.weight", d),
			q: l.Linear(p+"self_attn.", d, c.Heads*h, "q_proj"), k: l.Linear(p+"self_attn.", d, c.KVHeads*h, "k_proj"),
			v: l.Linear(p+"self_attn.", d, c.KVHeads*h, "v_proj"), out: l.Linear(p+"self_attn.", c.Heads*h, d, "o_proj"),
			gate: l.Linear(p+"mlp.", d, c.Inner, "gate_proj"), up: l.Linear(p+"mlp.", d, c.Inner, "up_proj"),
			down: l.Linear(p+"mlp.", c.Inner, d, "down_proj"),
		}
		if c.Routed(i) {
			y.router = l.Linear(p+"router.", d, 2, "router")
			if c.FiLM {
				y.scale = [2]tensors.Linear{l.Linear(p+"router.scale.", d, d/2, "0"), l.Linear(p+"router.scale.", d/2, d, "2")}
				y.shift = [2]tensors.Linear{l.Linear(p+"router.shift.", d, d/2, "0"), l.Linear(p+"router.shift.", d/2, d, "2")}
			}
		}
		m.layers = append(m.layers, y)
	}
	m.norm = l.Vector(prefix+"norm.weight", d)
	if c.Head {
		m.head = l.Linear(headPrefix, d, c.Vocabulary, "lm_head")
	}
	return m
}

// Words are the embeddings of token ids [ids × hidden].
func (m *Decoder) Words(ids []int) ([]float32, error) {
	d := m.Config.Hidden
	out := make([]float32, len(ids)*d)
	bytes := m.words.Type.RowBytes(d)
	for i, id := range ids {
		if id < 0 || id >= m.Config.Vocabulary {
			return nil, fmt.Errorf("token %d lies outside the policy's vocabulary of %d: the tokenizer belongs to another model", id, m.Config.Vocabulary)
		}
		if err := checkpoint.Dequantize(out[i*d:(i+1)*d], m.words.Type, m.words.Data[id*bytes:(id+1)*bytes]); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", m.words.Name, err)
		}
	}
	return out, nil
}
