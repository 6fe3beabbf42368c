package llama

import (
	"fmt"
	"path/filepath"

	"winnow/internal/checkpoint"
)

// Config is what the file says of the network.
type Config struct {
	Layers, Hidden, Heads, KVHeads, HeadDim, FFN, Vocabulary, Context int
	RoPEDims                                                          int
	RoPEBase, RoPEScale                                               float32
	Eps                                                               float32
	Activation                                                        string // of the gate: silu or relu
}

// activations leads general.architecture to the gate's activation. "llama-relu" is our name for a
// Llama with ReGLU (Mirzadeh et al. 2023): programs that only know SwiGLU then refuse the file
// instead of computing something else.
var activations = map[string]string{"llama": "silu", "llama-relu": "relu"}

func readConfig(f *checkpoint.File) (Config, error) {
	base := filepath.Base(f.Path)
	activation, known := activations[f.Arch]
	if !known {
		what := fmt.Sprintf("is of architecture %q", f.Arch)
		if f.Arch == "" {
			what = "names no architecture"
		} else if f.Arch == "clip" {
			what = "is a vision encoder (mmproj), not a language model"
		}
		return Config{}, fmt.Errorf("%s %s; winnow runs \"llama\" decoders (Llama, Mistral, SmolLM2, Vicuna, LLaVA) so far", base, what)
	}
	if n := f.Int(f.Arch+".expert_count", 0); n > 0 {
		return Config{}, fmt.Errorf("%s is a mixture of %d experts, which winnow does not run yet", base, n)
	}
	k := func(key string, def int) int { return f.Int(f.Arch+"."+key, def) }
	c := Config{
		Layers: k("block_count", 0), Hidden: k("embedding_length", 0), FFN: k("feed_forward_length", 0),
		Heads: k("attention.head_count", 0), Context: k("context_length", 0),
		Eps:      float32(f.Float(f.Arch+".attention.layer_norm_rms_epsilon", 1e-5)),
		RoPEBase: float32(f.Float(f.Arch+".rope.freq_base", 10000)), RoPEScale: 1,
		Activation: activation,
	}
	c.KVHeads = k("attention.head_count_kv", c.Heads)
	for _, field := range []struct {
		name  string
		value int
	}{{"block_count", c.Layers}, {"embedding_length", c.Hidden}, {"feed_forward_length", c.FFN},
		{"attention.head_count", c.Heads}, {"attention.head_count_kv", c.KVHeads}, {"context_length", c.Context}} {
		if field.value < 1 || field.value > 1<<24 {
			return Config{}, fmt.Errorf("%s says %s.%s = %d, which cannot be", base, f.Arch, field.name, field.value)
		}
	}
	if c.Layers > 4096 || c.Heads > 4096 {
		return Config{}, fmt.Errorf("%s says it has %d layers of %d heads, which cannot be", base, c.Layers, c.Heads)
	}
	if c.Heads%c.KVHeads != 0 {
		return Config{}, fmt.Errorf("%s: %d heads cannot share %d key-value heads", base, c.Heads, c.KVHeads)
	}
	if c.HeadDim = k("attention.key_length", 0); c.HeadDim == 0 {
		if c.Hidden%c.Heads != 0 {
			return Config{}, fmt.Errorf("%s: a model %d wide cannot have %d heads", base, c.Hidden, c.Heads)
		}
		c.HeadDim = c.Hidden / c.Heads
	}
	if v := k("attention.value_length", c.HeadDim); v != c.HeadDim {
		return Config{}, fmt.Errorf("%s has values of %d beside keys of %d, which winnow does not run yet", base, v, c.HeadDim)
	}
	c.RoPEDims = k("rope.dimension_count", c.HeadDim)
	if c.RoPEDims < 2 || c.RoPEDims > c.HeadDim || c.RoPEDims%2 != 0 {
		return Config{}, fmt.Errorf("%s rotates %d of %d head dimensions, which cannot be", base, c.RoPEDims, c.HeadDim)
	}
	switch scaling := f.String(f.Arch+".rope.scaling.type", "none"); scaling {
	case "none", "":
	case "linear":
		factor := float32(f.Float(f.Arch+".rope.scaling.factor", 1))
		if !(factor > 0) {
			return Config{}, fmt.Errorf("%s says %s.rope.scaling.factor = %g, which cannot be", base, f.Arch, factor)
		}
		c.RoPEScale = 1 / factor
	default:
		return Config{}, fmt.Errorf("%s scales its rotary positions by %q, which winnow does not run yet", base, scaling)
	}
	return c, nil
}
