package clip

import (
	"fmt"
	"path/filepath"
	"slices"

	"winnow/internal/checkpoint"
	"winnow/vision/preprocess"
)

// config is what the file says of the network.
type config struct {
	image, patch      int
	width, heads, ffn int
	layers            int // that are computed: up to the feature layer
	eps               float32
	mlpGELU           bool // exact GELU instead of the quick one
	mlpSiLU           bool
	processor         *preprocess.Processor
}

func readConfig(f *checkpoint.File) (config, error) {
	base := filepath.Base(f.Path)
	if f.Arch != "clip" {
		return config{}, fmt.Errorf("%s is a %q file, not a vision encoder (mmproj): choose the mmproj file that came with the model", base, f.Arch)
	}
	if !f.Bool("clip.has_vision_encoder", false) {
		return config{}, fmt.Errorf("%s has no vision encoder (clip.has_vision_encoder is not set)", base)
	}
	if p := f.String("clip.projector_type", f.String("clip.vision.projector_type", "mlp")); p != "mlp" {
		return config{}, fmt.Errorf("%s has a %q projector; winnow reads LLaVA's \"mlp\" so far", base, p)
	}
	v := func(key string) int { return f.Int("clip.vision."+key, 0) }
	c := config{
		image: v("image_size"), patch: v("patch_size"), width: v("embedding_length"),
		heads: v("attention.head_count"), ffn: v("feed_forward_length"), layers: v("block_count"),
		eps:     float32(f.Float("clip.vision.attention.layer_norm_epsilon", 1e-5)),
		mlpGELU: f.Bool("clip.use_gelu", false), mlpSiLU: f.Bool("clip.use_silu", false),
	}
	for _, field := range []struct {
		name  string
		value int
		max   int
	}{{"image_size", c.image, 4096}, {"patch_size", c.patch, 256}, {"embedding_length", c.width, 1 << 16},
		{"attention.head_count", c.heads, 1 << 10}, {"feed_forward_length", c.ffn, 1 << 20}, {"block_count", c.layers, 1 << 10}} {
		if field.value < 1 || field.value > field.max {
			return config{}, fmt.Errorf("%s says clip.vision.%s = %d, which cannot be", base, field.name, field.value)
		}
	}
	if c.width%c.heads != 0 {
		return config{}, fmt.Errorf("%s: an encoder %d wide cannot have %d heads", base, c.width, c.heads)
	}
	if c.image < c.patch {
		return config{}, fmt.Errorf("%s: pictures of %d pixels hold no patch of %d", base, c.image, c.patch)
	}
	// llama.cpp's rule: explicit feature layers, else the last layer but one for LLaVA.
	if features := f.Ints("clip.vision.feature_layer"); len(features) > 0 {
		if len(features) > 1 {
			return config{}, fmt.Errorf("%s joins %d feature layers; winnow reads encoders with one", base, len(features))
		}
		c.layers = features[0]
	} else {
		c.layers--
	}
	if c.layers < 1 || c.layers > v("block_count") {
		return config{}, fmt.Errorf("%s takes its features after layer %d of %d", base, c.layers, v("block_count"))
	}
	var err error
	c.processor, err = processor(f, c.image)
	if err != nil {
		return config{}, fmt.Errorf("%s: %w", base, err)
	}
	return c, nil
}

// processor follows llama.cpp, which pads a picture to a square with the mean colour, unless the
// file says that the model was trained on the middle square (winnow.preprocess = crop).
func processor(f *checkpoint.File, size int) (*preprocess.Processor, error) {
	s := preprocess.Settings{ImageSize: size, Filter: preprocess.Bicubic,
		Mean: preprocess.OpenAI.Mean, Std: preprocess.OpenAI.Std}
	if m := f.Floats("clip.vision.image_mean"); len(m) == 3 {
		s.Mean = three(m)
	}
	if d := f.Floats("clip.vision.image_std"); len(d) == 3 {
		s.Std = three(d)
	}
	if slices.Contains(s.Std[:], 0) {
		return nil, fmt.Errorf("clip.vision.image_std has a zero")
	}
	s.Pad = f.String("winnow.preprocess", "pad") != "crop"
	return preprocess.FromSettings(s)
}

func three(v []float32) [3]float64 {
	return [3]float64{float64(v[0]), float64(v[1]), float64(v[2])}
}
