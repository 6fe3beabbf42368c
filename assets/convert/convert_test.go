package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/checkpoint/tokenizer"
)

const tinyConfig = `{"model_type": "llava", "vision_feature_layer": -2,
 "text_config": {"model_type": "llama", "vocab_size": 400, "hidden_size": 64, "intermediate_size": 48, "num_hidden_layers": 2,
  "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128, "rms_norm_eps": 1e-5},
 "vision_config": {"model_type": "clip_vision_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3,
  "num_attention_heads": 2, "image_size": 28, "patch_size": 14, "layer_norm_eps": 1e-5}}`

// tinyShapes are the tensors that tinyConfig promises, named as transformers does.
func tinyShapes() map[string][]int {
	s := map[string][]int{
		"language_model.model.embed_tokens.weight": {400, 64}, "language_model.model.norm.weight": {64}, "language_model.lm_head.weight": {400, 64},
		"vision_tower.vision_model.embeddings.class_embedding":           {32},
		"vision_tower.vision_model.embeddings.patch_embedding.weight":    {32, 3, 14, 14},
		"vision_tower.vision_model.embeddings.position_embedding.weight": {5, 32},
		"vision_tower.vision_model.pre_layrnorm.weight":                  {32}, "vision_tower.vision_model.pre_layrnorm.bias": {32},
		"vision_tower.vision_model.post_layernorm.weight": {32}, "vision_tower.vision_model.post_layernorm.bias": {32},
		"multi_modal_projector.linear_1.weight": {64, 32}, "multi_modal_projector.linear_1.bias": {64},
		"multi_modal_projector.linear_2.weight": {64, 64}, "multi_modal_projector.linear_2.bias": {64},
	}
	for i := range 2 {
		p := fmt.Sprintf("language_model.model.layers.%d.", i)
		maps.Copy(s, map[string][]int{
			p + "input_layernorm.weight": {64}, p + "post_attention_layernorm.weight": {64},
			p + "self_attn.q_proj.weight": {64, 64}, p + "self_attn.k_proj.weight": {32, 64}, p + "self_attn.v_proj.weight": {32, 64},
			p + "self_attn.o_proj.weight": {64, 64}, p + "mlp.gate_proj.weight": {48, 64}, p + "mlp.up_proj.weight": {48, 64}, p + "mlp.down_proj.weight": {64, 48},
		})
	}
	for i := range 3 {
		p := fmt.Sprintf("vision_tower.vision_model.encoder.layers.%d.", i)
		for _, m := range []string{"q_proj", "k_proj", "v_proj", "out_proj"} {
			s[p+"self_attn."+m+".weight"], s[p+"self_attn."+m+".bias"] = []int{32, 32}, []int{32}
		}
		for _, n := range []string{"layer_norm1", "layer_norm2"} {
			s[p+n+".weight"], s[p+n+".bias"] = []int{32}, []int{32}
		}
		maps.Copy(s, map[string][]int{p + "mlp.fc1.weight": {64, 32}, p + "mlp.fc1.bias": {64}, p + "mlp.fc2.weight": {32, 64}, p + "mlp.fc2.bias": {32}})
	}
	return s
}

// tiny makes a folder with random weights, in f32.
func tiny(t *testing.T) (string, map[string][]float32) {
	dir := filepath.Join(t.TempDir(), "tiny-llava")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	values := map[string][]float32{}
	header := map[string]any{}
	var data []byte
	shapes := tinyShapes()
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		n := 1
		for _, d := range shapes[name] {
			n *= d
		}
		start := len(data)
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v[i]))
		}
		values[name] = v
		header[name] = map[string]any{"dtype": "F32", "shape": shapes[name], "data_offsets": []int{start, len(data)}}
	}
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "model.safetensors", string(append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(h))), h...), data...)))
	put(t, dir, "config.json", tinyConfig)
	put(t, dir, "chat_template.jinja", "{{ messages }}")
	for _, f := range []string{"tokenizer.json", "tokenizer_config.json"} {
		b, err := os.ReadFile(filepath.Join("../../internal/checkpoint/tokenizer/testdata/llava-1.5", f))
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, f, string(b))
	}
	return dir, values
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string) *checkpoint.File {
	t.Helper()
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestRoundTrip converts in every type and reads each tensor back: the values are those of
// the source, as exactly as the type allows, and nothing is missing or left over.
func TestRoundTrip(t *testing.T) {
	dir, values := tiny(t)
	for _, kind := range []checkpoint.Type{checkpoint.F32, checkpoint.F16, checkpoint.Q8_0, checkpoint.Q5_0, checkpoint.Q4_0} {
		t.Run(kind.String(), func(t *testing.T) {
			files, err := convert(dir, t.TempDir(), kind)
			if err != nil {
				t.Fatal(err)
			}
			if b := filepath.Base(files[1]); b != "mmproj-tiny-llava-"+kind.String()+".gguf" {
				t.Errorf("the encoder's file is %s", b)
			}
			dec, enc := open(t, files[0]), open(t, files[1])
			if len(dec.Tensors) != 3+2*9 || len(enc.Tensors) != 5+3*16+4 {
				t.Errorf("%d and %d tensors", len(dec.Tensors), len(enc.Tensors))
			}
			same := func(f *checkpoint.File, name, from string, want checkpoint.Type, order func(i int) int) {
				t.Helper()
				v, ok := f.Tensor(name)
				if !ok || v.Type != want {
					t.Errorf("%s is missing or not %v", name, want)
					return
				}
				got, err := v.Float32()
				if err != nil || len(got) != len(values[from]) {
					t.Fatalf("%s: %d values, %v", name, len(got), err)
				}
				limit := map[checkpoint.Type]float64{checkpoint.F32: 0, checkpoint.F16: 2e-3, checkpoint.Q8_0: 2e-2, checkpoint.Q5_0: 0.25, checkpoint.Q4_0: 0.5}[want]
				for i, g := range got {
					if d := math.Abs(float64(g - values[from][order(i)])); d > limit {
						t.Errorf("%s[%d] is %v, want %v", name, i, g, values[from][order(i)])
						return
					}
				}
			}
			asIs := func(i int) int { return i }
			// Row 2i+j of a head of 16 comes from row 8j+i.
			rope := func(i int) int { r := i / 64; return (r/16*16+r%2*8+r%16/2)*64 + i%64 }
			narrow, filters, words := kind, checkpoint.F16, kind
			if kind.BlockSize() > 1 {
				narrow, words = checkpoint.F16, checkpoint.Q8_0 // rows of 48 are no whole blocks
			}
			if kind == checkpoint.F32 {
				filters = checkpoint.F32
			}
			same(dec, "token_embd.weight", "language_model.model.embed_tokens.weight", words, asIs)
			same(dec, "output.weight", "language_model.lm_head.weight", words, asIs)
			same(dec, "output_norm.weight", "language_model.model.norm.weight", checkpoint.F32, asIs)
			p := "language_model.model.layers.1."
			same(dec, "blk.1.attn_norm.weight", p+"input_layernorm.weight", checkpoint.F32, asIs)
			same(dec, "blk.1.ffn_norm.weight", p+"post_attention_layernorm.weight", checkpoint.F32, asIs)
			same(dec, "blk.1.attn_q.weight", p+"self_attn.q_proj.weight", kind, rope)
			same(dec, "blk.1.attn_k.weight", p+"self_attn.k_proj.weight", kind, rope)
			same(dec, "blk.1.attn_v.weight", p+"self_attn.v_proj.weight", kind, asIs)
			same(dec, "blk.1.attn_output.weight", p+"self_attn.o_proj.weight", kind, asIs)
			same(dec, "blk.1.ffn_gate.weight", p+"mlp.gate_proj.weight", kind, asIs)
			same(dec, "blk.1.ffn_up.weight", p+"mlp.up_proj.weight", kind, asIs)
			same(dec, "blk.1.ffn_down.weight", p+"mlp.down_proj.weight", narrow, asIs)
			v := "vision_tower.vision_model."
			same(enc, "v.class_embd", v+"embeddings.class_embedding", checkpoint.F32, asIs)
			same(enc, "v.patch_embd.weight", v+"embeddings.patch_embedding.weight", filters, asIs)
			same(enc, "v.position_embd.weight", v+"embeddings.position_embedding.weight", checkpoint.F32, asIs)
			same(enc, "v.pre_ln.bias", v+"pre_layrnorm.bias", checkpoint.F32, asIs)
			same(enc, "v.blk.2.attn_q.weight", v+"encoder.layers.2.self_attn.q_proj.weight", kind, asIs)
			same(enc, "v.blk.2.attn_out.bias", v+"encoder.layers.2.self_attn.out_proj.bias", checkpoint.F32, asIs)
			same(enc, "v.blk.0.ffn_up.weight", v+"encoder.layers.0.mlp.fc1.weight", kind, asIs)
			same(enc, "v.blk.0.ffn_down.weight", v+"encoder.layers.0.mlp.fc2.weight", kind, asIs)
			same(enc, "v.blk.1.ln2.weight", v+"encoder.layers.1.layer_norm2.weight", checkpoint.F32, asIs)
			same(enc, "mm.0.weight", "multi_modal_projector.linear_1.weight", kind, asIs)
			same(enc, "mm.2.bias", "multi_modal_projector.linear_2.bias", checkpoint.F32, asIs)
		})
	}
}

func TestMetadata(t *testing.T) {
	dir, _ := tiny(t)
	files, err := convert(dir, filepath.Join(t.TempDir(), "new", "folder"), checkpoint.Q8_0)
	if err != nil {
		t.Fatal(err)
	}
	dec, enc := open(t, files[0]), open(t, files[1])
	for key, want := range map[string]uint64{
		"llama.block_count": 2, "llama.embedding_length": 64, "llama.feed_forward_length": 48, "llama.attention.head_count": 4,
		"llama.attention.head_count_kv": 2, "llama.rope.dimension_count": 16, "llama.context_length": 128, "llama.vocab_size": 400,
		"general.file_type": 7, "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
	} {
		if got := dec.Uint(key, 999); got != want {
			t.Errorf("%s is %d, want %d", key, got, want)
		}
	}
	for key, want := range map[string]uint64{
		"clip.vision.block_count": 3, "clip.vision.image_size": 28, "clip.vision.patch_size": 14, "clip.vision.embedding_length": 32,
		"clip.vision.feed_forward_length": 64, "clip.vision.projection_dim": 64, "clip.vision.attention.head_count": 2,
	} {
		if got := enc.Uint(key, 999); got != want {
			t.Errorf("%s is %d, want %d", key, got, want)
		}
	}
	if dec.Arch != "llama" || enc.Arch != "clip" || enc.String("clip.projector_type", "") != "mlp" || enc.Bool("clip.use_gelu", true) ||
		enc.Bool("clip.use_silu", true) || !slices.Equal(enc.Ints("clip.vision.feature_layer"), []int{2}) ||
		dec.Float("llama.rope.freq_base", 0) != 10000 || dec.String("tokenizer.chat_template", "") != "{{ messages }}" ||
		len(enc.Floats("clip.vision.image_mean")) != 3 || enc.Floats("clip.vision.image_std")[0] != 0.26862954 {
		t.Errorf("metadata differs: %v %v", dec.KV["llama.rope.freq_base"], enc.KV)
	}
	tok, err := tokenizer.FromGGUF(dec)
	if err != nil {
		t.Fatal(err)
	}
	if ids := tok.Encode("<image>", true); !slices.Equal(ids, []int{1, 389}) || tok.VocabSize() != 400 {
		t.Errorf("<image> is %v of %d tokens", ids, tok.VocabSize())
	}
}

func TestRefuses(t *testing.T) {
	dir, _ := tiny(t)
	for name, c := range map[string]struct{ old, new, says string }{
		"another family":    {`"llava", "vision`, `"qwen2_vl", "vision`, "qwen2_vl"},
		"another decoder":   {`"llama"`, `"mistral"`, "mistral"},
		"another encoder":   {`clip_vision_model`, `siglip_vision_model`, "siglip_vision_model"},
		"two layers":        {`layer": -2`, `layer": [-2, -5]`, "only one layer"},
		"a layer too deep":  {`layer": -2`, `layer": -9`, "has 3 layers"},
		"the class token":   {`"vision_feature_layer"`, `"vision_feature_select_strategy": "full", "vision_feature_layer"`, "full"},
		"a rotary scaling":  {`"rms_norm_eps"`, `"rope_scaling": {"rope_type": "yarn"}, "rms_norm_eps"`, "yarn"},
		"another shape":     {`"intermediate_size": 48`, `"intermediate_size": 96`, "do not belong together"},
		"more layers":       {`"num_hidden_layers": 2`, `"num_hidden_layers": 4`, "no tensor"},
		"no size":           {`"hidden_size": 64`, `"hidden_size": -64`, "damaged"},
		"odd heads":         {`"num_key_value_heads": 2`, `"num_key_value_heads": 3`, "divide"},
		"biases":            {`"rms_norm_eps"`, `"attention_bias": true, "rms_norm_eps"`, "biases"},
		"an activation":     {`"rms_norm_eps"`, `"hidden_act": "gelu", "rms_norm_eps"`, "silu and relu"},
		"no JSON":           {`{"model_type": "llava"`, `"llava"`, "not readable"},
		"too small a vocab": {`"vocab_size": 400`, `"vocab_size": 300`, "do not belong together"},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, dir, "config.json", strings.Replace(tinyConfig, c.old, c.new, 1))
			out := t.TempDir()
			if _, err := convert(dir, out, checkpoint.F16); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one with %q", err, c.says)
			}
			if left, _ := os.ReadDir(out); len(left) != 0 {
				t.Errorf("%v was left behind", left)
			}
		})
	}
	if _, err := convert(t.TempDir(), t.TempDir(), checkpoint.F16); err == nil || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("an empty folder: %v", err)
	}
}

// TestEmbedded: the files that ship are what this program writes for the model's config.
func TestEmbedded(t *testing.T) {
	dec := open(t, "../models/llava-sprites/llava-sprites-q8_0.gguf")
	enc := open(t, "../models/llava-sprites/mmproj-llava-sprites-q8_0.gguf")
	if len(dec.Tensors) != 2+6*9 || len(enc.Tensors) != 5+6*16+4 || dec.Uint("llama.block_count", 0) != 6 ||
		!slices.Equal(enc.Ints("clip.vision.feature_layer"), []int{5}) {
		t.Errorf("%d and %d tensors", len(dec.Tensors), len(enc.Tensors))
	}
	for _, f := range []*checkpoint.File{dec, enc} {
		for i := range f.Tensors {
			v, err := f.Tensors[i].Float32()
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range v {
				if x != x || math.IsInf(float64(x), 0) {
					t.Fatalf("%s has a value of %v", f.Tensors[i].Name, x)
				}
			}
		}
	}
}
