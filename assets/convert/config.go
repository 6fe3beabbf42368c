package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// config is what is read of config.json, with the defaults that transformers gives to keys
// that a file leaves out.
type config struct {
	ModelType    string          `json:"model_type"`
	FeatureLayer json.RawMessage `json:"vision_feature_layer"`
	Select       string          `json:"vision_feature_select_strategy"`
	ProjectorAct string          `json:"projector_hidden_act"`
	Tied         *bool           `json:"tie_word_embeddings"`
	Text         textConfig      `json:"text_config"`
	Vision       visionConfig    `json:"vision_config"`

	feature int     // blocks that run before the features are taken
	image   imaging // from preprocessor_config.json
}

type textConfig struct {
	ModelType     string   `json:"model_type"`
	Hidden        int      `json:"hidden_size"`
	FFN           int      `json:"intermediate_size"`
	Layers        int      `json:"num_hidden_layers"`
	Heads         int      `json:"num_attention_heads"`
	KVHeads       int      `json:"num_key_value_heads"`
	HeadDim       int      `json:"head_dim"`
	Vocab         int      `json:"vocab_size"`
	Context       int      `json:"max_position_embeddings"`
	Eps           float32  `json:"rms_norm_eps"`
	Theta         float32  `json:"rope_theta"`
	Act           string   `json:"hidden_act"`
	AttentionBias bool     `json:"attention_bias"`
	MLPBias       bool     `json:"mlp_bias"`
	Tied          *bool    `json:"tie_word_embeddings"`
	Scaling       *scaling `json:"rope_scaling"`
	Rope          *scaling `json:"rope_parameters"` // transformers 5 keeps theta here
}

type scaling struct {
	Type    string  `json:"rope_type"`
	OldType string  `json:"type"`
	Factor  float32 `json:"factor"`
	Theta   float32 `json:"rope_theta"`
}

type visionConfig struct {
	ModelType string  `json:"model_type"`
	Hidden    int     `json:"hidden_size"`
	FFN       int     `json:"intermediate_size"`
	Layers    int     `json:"num_hidden_layers"`
	Heads     int     `json:"num_attention_heads"`
	Image     int     `json:"image_size"`
	Patch     int     `json:"patch_size"`
	Act       string  `json:"hidden_act"`
	Eps       float32 `json:"layer_norm_eps"`
}

type imaging struct {
	Mean []float32 `json:"image_mean"`
	Std  []float32 `json:"image_std"`
	Crop bool      `json:"do_center_crop"`
}

func readConfig(dir string) (*config, error) {
	c := &config{
		Select: "default", ProjectorAct: "gelu", FeatureLayer: json.RawMessage("-2"),
		Text: textConfig{ModelType: "llama", Hidden: 4096, FFN: 11008, Layers: 32, Heads: 32, Vocab: 32000,
			Context: 2048, Eps: 1e-6, Theta: 10000, Act: "silu"},
		Vision: visionConfig{ModelType: "clip_vision_model", Hidden: 1024, FFN: 4096, Layers: 24, Heads: 16,
			Image: 336, Patch: 14, Act: "quick_gelu", Eps: 1e-5},
		image: imaging{Mean: []float32{0.48145466, 0.4578275, 0.40821073}, Std: []float32{0.26862954, 0.26130258, 0.27577711}},
	}
	if err := readJSON(filepath.Join(dir, "config.json"), c); err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(dir, "preprocessor_config.json"), &c.image); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return c, c.check()
}

// architectures leads the gate's activation to general.architecture; vlm/llama says why relu has
// one of its own.
var architectures = map[string]string{"silu": "llama", "relu": "llama-relu"}

// check refuses what the GGUF pair cannot say, and fills in what follows from other keys.
func (c *config) check() error {
	t, v := &c.Text, &c.Vision
	if t.KVHeads == 0 {
		t.KVHeads = t.Heads
	}
	if t.HeadDim == 0 && t.Heads > 0 {
		t.HeadDim = t.Hidden / t.Heads
	}
	if t.Rope != nil {
		if t.Rope.Theta > 0 {
			t.Theta = t.Rope.Theta
		}
		t.Scaling = t.Rope
	}
	switch {
	case c.ModelType != "llava":
		return fmt.Errorf("config.json says model_type %q; only llava can be converted", c.ModelType)
	case t.ModelType != "llama":
		return fmt.Errorf("the language model is of type %q; only llama can be converted", t.ModelType)
	case v.ModelType != "clip_vision_model":
		return fmt.Errorf("the picture encoder is of type %q; only clip_vision_model can be converted", v.ModelType)
	case t.AttentionBias || t.MLPBias:
		return errors.New("the language model has biases, which cannot be converted")
	case architectures[t.Act] == "":
		return fmt.Errorf("the language model has the activation %q; silu and relu can be converted", t.Act)
	case c.ProjectorAct != "gelu":
		return fmt.Errorf("the projector has the activation %q; only gelu can be converted", c.ProjectorAct)
	case c.Select != "default":
		return fmt.Errorf("vision_feature_select_strategy is %q; only default, which drops the class token, can be converted", c.Select)
	case v.Act != "quick_gelu" && v.Act != "gelu" && v.Act != "silu":
		return fmt.Errorf("the picture encoder has the activation %q; quick_gelu, gelu and silu can be converted", v.Act)
	case len(c.image.Mean) != 3 || len(c.image.Std) != 3:
		return errors.New("preprocessor_config.json does not have three values each in image_mean and image_std")
	}
	for _, n := range []int{t.Hidden, t.FFN, t.Layers, t.Heads, t.KVHeads, t.HeadDim, t.Vocab, v.Hidden, v.FFN, v.Layers, v.Heads, v.Patch, v.Image} {
		if n <= 0 || n > 1<<24 {
			return fmt.Errorf("config.json has a size of %d: it is damaged", n)
		}
	}
	if t.HeadDim%2 != 0 || t.Heads%t.KVHeads != 0 || v.Hidden%v.Heads != 0 || v.Image%v.Patch != 0 {
		return errors.New("config.json has sizes that do not divide each other: heads, head_dim, image_size or patch_size is damaged")
	}
	return c.checkFeature()
}

// checkFeature turns vision_feature_layer, an index into the list (input of the first block,
// output of the first, …, output of the last), into a number of blocks.
func (c *config) checkFeature() error {
	var layers []int
	if err := json.Unmarshal(c.FeatureLayer, &c.feature); err != nil {
		if err := json.Unmarshal(c.FeatureLayer, &layers); err != nil || len(layers) != 1 {
			return fmt.Errorf("vision_feature_layer is %s; only one layer can be converted", c.FeatureLayer)
		}
		c.feature = layers[0]
	}
	if c.feature < 0 {
		c.feature += c.Vision.Layers + 1
	}
	if c.feature < 1 || c.feature > c.Vision.Layers {
		return fmt.Errorf("vision_feature_layer is %s, but the encoder has %d layers", c.FeatureLayer, c.Vision.Layers)
	}
	return nil
}

// tied reports whether the output matrix is the embedding matrix.
func (c *config) tied() bool {
	if c.Text.Tied != nil {
		return *c.Text.Tied
	}
	return c.Tied != nil && *c.Tied
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the model folder: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is not readable: %w", path, err)
	}
	return nil
}
