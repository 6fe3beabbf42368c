package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"winnow/internal/tensors"
	"winnow/robotics/policy/encoder"
	"winnow/robotics/policy/language"
)

// Config is the shape of a policy.
type Config struct {
	// Vision: DINOv2 first, SigLIP second.
	Vision [2]encoder.Config
	// Gated: a gate weighs the encoders; otherwise their features are joined.
	Gated    bool
	Language language.Config
	// Bidirectional attention is OpenVLA-OFT's; otherwise it is CAtten.
	Bidirectional bool
	// Schedule is text_config.lfp_type and Average lfp_average_factor, for the method that routes;
	// "" without routers.
	Schedule string
	Average  float64
	// Images are the cameras, Chunk the actions of a pass, Action and Proprio the numbers of an action
	// and of the robot's state (0: it is not read).
	Images, Chunk, Action, Proprio int
	// HeadWidth is the inner width of the action head; 0 without one.
	HeadWidth int
	// Bins, where not 0, make a policy like OpenVLA: it says each number of an action as a token, of
	// which the last Bins ids stand for −1 … 1; Padding ids come after them and mean nothing.
	Bins, Padding int
	// MinMax: statistics are read as min and max, not as q01 and q99.
	MinMax bool
}

// Visual is the number of visual rows.
func (c Config) Visual() int { return c.Images * c.Vision[0].Out() }

// Platform is what training fixes and no tensor tells.
type Platform struct {
	Name                           string
	Action, Proprio, Chunk, Images int
	MinMax                         bool
}

// Platforms are those of the released recipes.
var Platforms = []Platform{
	{"LIBERO", 7, 8, 8, 2, false}, {"ALOHA", 14, 14, 25, 3, true}, {"Bridge", 7, 7, 5, 1, false}, {"CALVIN", 7, 15, 8, 2, false},
}

// configFile is config.json; defaults are those of the authors' classes.
type configFile struct {
	Fused     *bool    `json:"use_fused_vision_backbone"`
	Aggregate *string  `json:"vision_aggregate_type"`
	UseAggr   *bool    `json:"use_aggr"`
	UseFiLM   *bool    `json:"use_film"`
	Vectors   int      `json:"num_vision_aggr"`
	Models    []string `json:"timm_model_ids"`
	// Args are timm's options of each encoder, for sizes that no name stands for.
	Args []struct {
		Heads int `json:"num_heads"`
	} `json:"timm_model_args"`
	Statistics json.RawMessage `json:"norm_stats"`
	// Bins and Padding are for actions said as tokens.
	Bins    int `json:"n_action_bins"`
	Padding int `json:"pad_to_multiple_of"`
	// Policy has what the recipes keep in code.
	Policy struct {
		Chunk   int    `json:"chunk"`
		Images  int    `json:"images"`
		Action  int    `json:"action"`
		Bounds  string `json:"bounds"`
		Variant string `json:"variant"`
	} `json:"winnow_policy"`
	Text struct {
		Hidden     int      `json:"hidden_size"`
		Layers     int      `json:"num_hidden_layers"`
		Heads      int      `json:"num_attention_heads"`
		KVHeads    int      `json:"num_key_value_heads"`
		Inner      int      `json:"intermediate_size"`
		Vocabulary int      `json:"vocab_size"`
		Eps        float32  `json:"rms_norm_eps"`
		Theta      float32  `json:"rope_theta"`
		LFP        *bool    `json:"use_lfp"`
		Type       string   `json:"lfp_type"`
		Average    *float64 `json:"lfp_average_factor"`
	} `json:"text_config"`
}

func newConfigFile() configFile {
	var f configFile
	t := &f.Text
	t.Hidden, t.Layers, t.Heads, t.Inner, t.Vocabulary, t.Eps, t.Theta = 4096, 32, 32, 11008, 32000, 1e-6, 10000
	t.Type = "shiftedcos_decay_0.85_0.15"
	f.Bins, f.Padding = 256, 64
	return f
}

// heads of the encoders that recipes use, by the beginning of timm's name.
var heads = map[string]int{"vit_large_": 16, "vit_so400m_": 16, "vit_base_": 12, "vit_small_": 6}

// The names of the encoders' tensors and of their aggregation vectors.
var (
	encoderPrefixes  = [2]string{"vision_backbone.featurizer.", "vision_backbone.fused_featurizer."}
	aggregationNames = [2]string{"vision_aggr_featurizer", "vision_aggr_fused_featurizer"}
)

// detect joins what config.json says with what the tensors show. Errors are sentences about them.
func (f configFile) detect(s tensors.Source) (Config, error) {
	if f.Fused != nil && !*f.Fused {
		return Config{}, fmt.Errorf("config.json describes a policy with one vision encoder; winnow reads those with two")
	}
	var c Config
	for i := range c.Vision {
		n := 16
		if i < len(f.Models) {
			for name, h := range heads {
				if strings.HasPrefix(f.Models[i], name) {
					n = h
				}
			}
		}
		if i < len(f.Args) && f.Args[i].Heads > 0 {
			n = f.Args[i].Heads
		}
		var err error
		if c.Vision[i], err = encoder.Detect(s, encoderPrefixes[i], aggregationNames[i], n); err != nil {
			return Config{}, err
		}
		if err = f.sees(c.Vision[i]); err != nil {
			return Config{}, err
		}
	}
	t := f.Text
	c.Language = language.Config{Layers: t.Layers, Hidden: t.Hidden, Heads: t.Heads, KVHeads: t.KVHeads, Inner: t.Inner, Vocabulary: t.Vocabulary, Eps: t.Eps, Theta: t.Theta}
	if t.KVHeads == 0 {
		c.Language.KVHeads = t.Heads
	}
	if t.Layers > 0 && t.Layers <= 1<<10 {
		c.Language.Routers, c.Language.FiLM = language.FindRouters(s, t.Layers)
	}
	if lfp := t.LFP != nil && *t.LFP; lfp != (len(c.Language.Routers) > 0) {
		return Config{}, fmt.Errorf("config.json says use_lfp = %v, but the checkpoint has routers in %d layers: they do not belong together; take both from one export", lfp, len(c.Language.Routers))
	} else if lfp {
		c.Schedule, c.Average = t.Type, 0.5
		if t.Average != nil {
			c.Average = *t.Average
		}
	}
	_, c.Gated = s.Tensor("aggregation_router.router.0.weight")
	// OpenVLA-OFT's configuration knows none of these keys.
	c.Bidirectional = f.Aggregate == nil && f.UseAggr == nil && t.LFP == nil
	if f.discrete(s) {
		return c, c.readBins(f, s)
	}
	return c, c.readHead(f, s)
}

// sees compares an encoder with what config.json says of it: merged shards hold encoders without what
// training added, and with these alone a policy would run, but blindly.
func (f configFile) sees(c encoder.Config) error {
	for _, claim := range []struct {
		key  string
		says *bool
		has  bool
	}{{"use_aggr", f.UseAggr, c.Aggregation > 0}, {"use_film", f.UseFiLM, c.Language > 0}} {
		if claim.says != nil && *claim.says != claim.has {
			return fmt.Errorf("config.json says %s = %v, its vision encoders say otherwise: put vision_backbone--N_checkpoint.pt of the training run beside it", claim.key, *claim.says)
		}
	}
	if c.Aggregation > 0 && f.Vectors > 0 && c.Aggregation != f.Vectors {
		return fmt.Errorf("config.json says num_vision_aggr = %d, the checkpoint has %d: they do not belong together; take both from one export", f.Vectors, c.Aggregation)
	}
	return nil
}

// readHead sizes the action head and the state's projector.
func (c *Config) readHead(f configFile, s tensors.Source) error {
	in, out := dims(s, "action_head.model.fc1.weight"), dims(s, "action_head.model.fc2.weight")
	if len(in) != 2 || len(out) != 2 {
		return fmt.Errorf("the checkpoint has no L1 action head (action_head.model.fc1 in action_head--N_checkpoint.pt): put the file of the training run beside the shards")
	}
	c.HeadWidth, c.Action = in[1], out[1]
	if p := dims(s, "proprio_projector.fc1.weight"); len(p) == 2 {
		c.Proprio = p[0]
	}
	c.Chunk, c.Images, c.MinMax = f.Policy.Chunk, f.Policy.Images, f.Policy.Bounds == "min_max"
	at := slices.IndexFunc(Platforms, func(p Platform) bool { return p.Action == c.Action && p.Proprio == c.Proprio })
	if at >= 0 && c.Chunk == 0 {
		c.Chunk, c.MinMax = Platforms[at].Chunk, Platforms[at].MinMax
	}
	if at >= 0 && c.Images == 0 {
		c.Images = Platforms[at].Images
	}
	return c.check()
}

// check refuses numbers that cannot be, or do not go together.
func (c Config) check() error {
	if c.Chunk < 1 || c.Images < 1 {
		return fmt.Errorf("nothing tells how many actions a pass predicts and how many cameras there are, with %d numbers an action and %d of state: put winnow_policy {chunk, images, bounds} into config.json", c.Action, c.Proprio)
	}
	if c.Chunk > 1<<12 || c.Images > 16 || c.Action < 1 || c.Action > 1<<10 || c.Proprio > 1<<10 || c.Bins == 0 && c.HeadWidth < 1 {
		return fmt.Errorf("%d actions of %d numbers from %d pictures and %d numbers of state cannot be", c.Chunk, c.Action, c.Images, c.Proprio)
	}
	if err := c.Language.Check(); err != nil {
		return fmt.Errorf("config.json %w", err)
	}
	if err := c.checkBins(); err != nil {
		return err
	}
	if c.Vision[0].Out() != c.Vision[1].Out() {
		return fmt.Errorf("the two encoders give %d and %d rows a picture, which cannot be put together", c.Vision[0].Out(), c.Vision[1].Out())
	}
	for i, v := range c.Vision {
		if v.Language != 0 && v.Language != c.Language.Hidden {
			return fmt.Errorf("FiLM of encoder %d reads embeddings of %d numbers, the language model's have %d: they do not belong together", i, v.Language, c.Language.Hidden)
		}
	}
	return nil
}

func dims(s tensors.Source, name string) []int {
	if t, ok := s.Tensor(name); ok {
		return t.Dims
	}
	return nil
}
