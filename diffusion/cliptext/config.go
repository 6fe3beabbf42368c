package cliptext

import (
	"encoding/json"
	"fmt"

	"winnow/internal/tensors"
)

// Config is what config.json says of the encoder; names in brackets are its keys.
type Config struct {
	Vocabulary int // [vocab_size]
	Width      int // [hidden_size]
	Inner      int // of the feed-forward [intermediate_size]
	Layers     int // [num_hidden_layers]
	Heads      int // [num_attention_heads]
	MaxTokens  int // [max_position_embeddings]
	// QuickGELU: x·σ(1.702x) in place of the exact function [hidden_act].
	QuickGELU bool
	Eps       float32 // [layer_norm_eps]
	// End is the id of the end token [eos_token_id]; 2 has a meaning of its own, see pooledRow.
	End        int
	Projection int // width of Projected [projection_dim]
}

type configFile struct {
	Vocabulary int             `json:"vocab_size"`
	Width      int             `json:"hidden_size"`
	Inner      int             `json:"intermediate_size"`
	Layers     int             `json:"num_hidden_layers"`
	Heads      int             `json:"num_attention_heads"`
	MaxTokens  int             `json:"max_position_embeddings"`
	Activation string          `json:"hidden_act"`
	Eps        float32         `json:"layer_norm_eps"`
	End        int             `json:"eos_token_id"`
	Projection int             `json:"projection_dim"`
	Text       json.RawMessage `json:"text_config"` // of a whole CLIP
}

// ReadConfig reads config.json of a folder, of a text encoder or of a whole CLIP; keys that are
// missing have transformers' defaults. The error names the key that cannot be.
func ReadConfig(dir string) (Config, error) { return readConfig(tensors.Dir(dir)) }

func readConfig(dir tensors.Folder) (Config, error) {
	f := configFile{Vocabulary: 49408, Width: 512, Inner: 2048, Layers: 12, Heads: 8, MaxTokens: 77, Activation: "quick_gelu",
		Eps: 1e-5, End: 49407, Projection: 512}
	if err := dir.Config(&f); err != nil {
		return Config{}, err
	}
	if f.Text != nil {
		if err := json.Unmarshal(f.Text, &f); err != nil {
			return Config{}, fmt.Errorf("%s has no readable text_config: %w", dir.Path("config.json"), err)
		}
	}
	c := Config{Vocabulary: f.Vocabulary, Width: f.Width, Inner: f.Inner, Layers: f.Layers, Heads: f.Heads, MaxTokens: f.MaxTokens,
		QuickGELU: f.Activation == "quick_gelu", Eps: f.Eps, End: f.End, Projection: f.Projection}
	if !c.QuickGELU && f.Activation != "gelu" {
		return Config{}, fmt.Errorf("%s says hidden_act = %q; winnow reads encoders with quick_gelu or gelu", dir.Path("config.json"), f.Activation)
	}
	if err := c.check(); err != nil {
		return Config{}, fmt.Errorf("%s %w", dir.Path("config.json"), err)
	}
	return c, nil
}

// check refuses numbers that cannot be.
func (c Config) check() error {
	for _, field := range []struct {
		name       string
		value, max int
	}{{"vocab_size", c.Vocabulary, 1 << 24}, {"hidden_size", c.Width, 1 << 16}, {"intermediate_size", c.Inner, 1 << 20},
		{"num_hidden_layers", c.Layers, 1 << 10}, {"num_attention_heads", c.Heads, 1 << 10},
		{"max_position_embeddings", c.MaxTokens, 1 << 16}, {"projection_dim", c.Projection, 1 << 16}} {
		if field.value < 1 || field.value > field.max {
			return fmt.Errorf("says %s = %d, which cannot be", field.name, field.value)
		}
	}
	if c.Width%c.Heads != 0 {
		return fmt.Errorf("describes an encoder %d wide, which cannot have %d heads", c.Width, c.Heads)
	}
	if !(c.Eps >= 0) {
		return fmt.Errorf("says layer_norm_eps = %v, which cannot be", c.Eps)
	}
	return nil
}
