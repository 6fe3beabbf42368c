package pixart

import (
	"fmt"

	"winnow/internal/tensors"
)

// Config is what config.json says of the network; names in brackets are its keys.
type Config struct {
	Layers   int // transformer blocks [num_layers]
	Heads    int // [num_attention_heads]
	HeadDim  int // [attention_head_dim]
	Channels int // of the latent [in_channels]
	// Out is the number of predicted channels [out_channels]: twice Channels where the variance is
	// learned too; the prediction is then the first half.
	Out        int
	Patch      int // cells along the side of a token [patch_size]
	SampleSize int // cells along the side of the latents it was trained on [sample_size]
	Caption    int // width of the text rows [caption_channels, else cross_attention_dim]
	// Projected: text rows pass through a two-layer network first [caption_channels is set].
	Projected bool
	// Conditioned: resolution and aspect ratio join the timestep [use_additional_conditions].
	Conditioned bool
	// Interpolation divides positions [interpolation_scale].
	Interpolation float64
	Eps           float32 // of the blocks' norms [norm_eps]
}

// Width of a token.
func (c Config) Width() int { return c.Heads * c.HeadDim }

// configFile is config.json with diffusers' names; pointers tell null from a number.
type configFile struct {
	Class         string   `json:"_class_name"`
	Heads         int      `json:"num_attention_heads"`
	HeadDim       int      `json:"attention_head_dim"`
	Channels      int      `json:"in_channels"`
	Out           *int     `json:"out_channels"`
	Layers        int      `json:"num_layers"`
	Cross         *int     `json:"cross_attention_dim"`
	SampleSize    int      `json:"sample_size"`
	Patch         int      `json:"patch_size"`
	Activation    string   `json:"activation_fn"`
	NormType      string   `json:"norm_type"`
	Affine        bool     `json:"norm_elementwise_affine"`
	Eps           float32  `json:"norm_eps"`
	Interpolation *float64 `json:"interpolation_scale"`
	Conditioned   *bool    `json:"use_additional_conditions"`
	Caption       *int     `json:"caption_channels"`
	Attention     string   `json:"attention_type"`
}

// ReadConfig reads config.json of a folder; keys that are missing have diffusers' defaults. The
// error names the key that cannot be or that the network here does not have.
func ReadConfig(dir string) (Config, error) { return readConfig(tensors.Dir(dir)) }

func readConfig(dir tensors.Folder) (Config, error) {
	cross, out := 1152, 8
	f := configFile{Heads: 16, HeadDim: 72, Channels: 4, Out: &out, Layers: 28, Cross: &cross, SampleSize: 128, Patch: 2,
		Activation: "gelu-approximate", NormType: "ada_norm_single", Eps: 1e-6, Attention: "default"}
	if err := dir.Config(&f); err != nil {
		return Config{}, err
	}
	c, err := f.config()
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return Config{}, fmt.Errorf("%s %w", dir.Path("config.json"), err)
	}
	return c, nil
}

// config is what the file means; errors continue the words "config.json".
func (f configFile) config() (Config, error) {
	for _, only := range []struct{ key, value, known string }{
		{"activation_fn", f.Activation, "gelu-approximate"}, {"norm_type", f.NormType, "ada_norm_single"},
		{"attention_type", f.Attention, "default"},
	} {
		if only.value != only.known {
			return Config{}, fmt.Errorf("says %s = %q; winnow reads networks with %q", only.key, only.value, only.known)
		}
	}
	switch {
	case f.Class != "" && f.Class != "PixArtTransformer2DModel":
		return Config{}, fmt.Errorf("describes a %s, not a PixArtTransformer2DModel", f.Class)
	case f.Affine:
		return Config{}, fmt.Errorf("says norm_elementwise_affine = true; winnow reads networks whose norms have no weights")
	case f.Cross == nil:
		return Config{}, fmt.Errorf("has no cross_attention_dim: winnow reads networks that attend to text")
	}
	c := Config{Layers: f.Layers, Heads: f.Heads, HeadDim: f.HeadDim, Channels: f.Channels, Out: f.Channels, Patch: f.Patch,
		SampleSize: f.SampleSize, Caption: *f.Cross, Conditioned: f.SampleSize == 128, Interpolation: 1, Eps: f.Eps}
	if f.Out != nil {
		c.Out = *f.Out
	}
	if f.Conditioned != nil {
		c.Conditioned = *f.Conditioned
	}
	if c.Interpolation = max(float64(f.SampleSize/64), 1); f.Interpolation != nil {
		c.Interpolation = *f.Interpolation
	}
	if f.Caption != nil {
		c.Caption, c.Projected = *f.Caption, true
		if *f.Cross != c.Width() {
			return Config{}, fmt.Errorf("says cross_attention_dim = %d, but captions are projected to %d", *f.Cross, c.Width())
		}
	}
	return c, nil
}

// check refuses numbers that cannot be.
func (c Config) check() error {
	for _, field := range []struct {
		name       string
		value, max int
	}{{"num_layers", c.Layers, 1 << 10}, {"num_attention_heads", c.Heads, 1 << 10}, {"attention_head_dim", c.HeadDim, 1 << 12},
		{"in_channels", c.Channels, 1 << 12}, {"out_channels", c.Out, 1 << 12}, {"patch_size", c.Patch, 1 << 8},
		{"sample_size", c.SampleSize, 1 << 14}, {"caption_channels", c.Caption, 1 << 16}} {
		if field.value < 1 || field.value > field.max {
			return fmt.Errorf("says %s = %d, which cannot be", field.name, field.value)
		}
	}
	switch {
	case c.Width()%4 != 0:
		return fmt.Errorf("makes tokens %d wide; sine positions need a multiple of 4", c.Width())
	case c.Conditioned && c.Width()%3 != 0:
		return fmt.Errorf("makes tokens %d wide; height, width and aspect ratio need a third each", c.Width())
	case c.SampleSize < c.Patch:
		return fmt.Errorf("says sample_size = %d, less than a patch of %d", c.SampleSize, c.Patch)
	case !(c.Interpolation > 0) || !(c.Eps >= 0):
		return fmt.Errorf("says interpolation_scale = %v and norm_eps = %v, which cannot be", c.Interpolation, c.Eps)
	}
	return nil
}
