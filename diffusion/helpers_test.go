package diffusion

import (
	"bytes"
	"context"
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
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/native"
	"winnow/internal/trace"
	"winnow/pruning"
	_ "winnow/pruning/fastv"
	_ "winnow/pruning/sada"
	_ "winnow/pruning/stepcache"
)

// The tiny model: pixels of 24 × 24 in patches of 4, so 6 × 6 tokens; captions of 12 tokens.
const (
	width, heads, layers, patch, edge = 64, 2, 2, 4, 24
	textWidth, textInner, textLayers  = 64, 128, 1
	textTokens                        = 12
)

// open gives a backend, or skips the test where its libraries are not installed.
func open(t *testing.T, id string) compute.Backend {
	t.Helper()
	if id != "ref" {
		if _, err := native.Find(id); err != nil {
			if text := err.Error(); strings.Contains(text, "not installed") || strings.Contains(text, "no native libraries") {
				t.Skip(err) // names the command
			}
			t.Fatal(err)
		}
	}
	be, _, err := device.Open(id, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return be
}

// onEach runs a test on the processor through ggml and in plain Go.
func onEach(t *testing.T, test func(t *testing.T, be compute.Backend)) {
	for _, id := range []string{"ref", "cpu"} {
		t.Run(id, func(t *testing.T) { test(t, open(t, id)) })
	}
}

// tensor is float32 in PyTorch's shape.
type tensor struct {
	shape []int
	data  []float32
}

type tensorSet map[string]tensor

// random fills tensors; rows keep sizes about 1.
type random struct {
	*rand.Rand
	set tensorSet
}

func (r random) put(name string, shape ...int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64() / math.Sqrt(float64(n/shape[0])))
		if len(shape) == 1 {
			v[i] = float32(r.NormFloat64() / 10)
		}
	}
	r.set[name] = tensor{shape, v}
}

func (r random) linear(name string, in, out int) {
	r.put(name+".weight", out, in)
	r.put(name+".bias", out)
}

func denoiser() tensorSet {
	r := random{rand.New(rand.NewPCG(4, 2)), tensorSet{}}
	r.put("pos_embed.proj.weight", width, 3, patch, patch)
	r.put("pos_embed.proj.bias", width)
	r.linear("adaln_single.emb.timestep_embedder.linear_1", 256, width)
	r.linear("adaln_single.emb.timestep_embedder.linear_2", width, width)
	r.linear("adaln_single.linear", width, 6*width)
	r.linear("caption_projection.linear_1", textWidth, width)
	r.linear("caption_projection.linear_2", width, width)
	for i := range layers {
		p := fmt.Sprintf("transformer_blocks.%d.", i)
		for _, a := range []string{"attn1.", "attn2."} {
			for _, q := range []string{"to_q", "to_k", "to_v", "to_out.0"} {
				r.linear(p+a+q, width, width)
			}
		}
		r.linear(p+"ff.net.0.proj", width, 4*width)
		r.linear(p+"ff.net.2", 4*width, width)
		r.put(p+"scale_shift_table", 6, width)
	}
	r.put("scale_shift_table", 2, width)
	r.linear("proj_out", width, patch*patch*3)
	return r.set
}

func encoder(vocabulary int) tensorSet {
	r := random{rand.New(rand.NewPCG(5, 2)), tensorSet{}}
	r.put("text_model.embeddings.token_embedding.weight", vocabulary, textWidth)
	r.put("text_model.embeddings.position_embedding.weight", textTokens, textWidth)
	for i := range textLayers {
		p := fmt.Sprintf("text_model.encoder.layers.%d.", i)
		for _, q := range []string{"q_proj", "k_proj", "v_proj", "out_proj"} {
			r.linear(p+"self_attn."+q, textWidth, textWidth)
		}
		r.linear(p+"mlp.fc1", textWidth, textInner)
		r.linear(p+"mlp.fc2", textInner, textWidth)
		for _, n := range []string{"layer_norm1", "layer_norm2"} {
			r.put(p+n+".weight", textWidth)
			r.put(p+n+".bias", textWidth)
		}
	}
	r.put("text_model.final_layer_norm.weight", textWidth)
	r.put("text_model.final_layer_norm.bias", textWidth)
	return r.set
}

// vocabulary is CLIP's bytes with and without a word's end, one merged word, and the two marks.
func vocabulary() map[string]int {
	v := map[string]int{}
	add := func(s string) { v[s] = len(v) }
	for _, end := range []string{"", "</w>"} {
		next := rune(256)
		for b := range 256 {
			if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
				add(string(rune(b)) + end)
			} else {
				add(string(next) + end)
				next++
			}
		}
	}
	for _, s := range []string{"re", "red</w>", "<|startoftext|>", "<|endoftext|>"} {
		add(s)
	}
	return v
}

// safetensors writes a set as such a file.
func safetensors(set tensorSet) []byte {
	header, data := map[string]any{}, []byte{}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		t := set[name]
		from := len(data)
		for _, v := range t.data {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		header[name] = map[string]any{"dtype": "F32", "shape": t.shape, "data_offsets": []int{from, len(data)}}
	}
	h, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(h))), h...), data...)
}

// gguf writes a set as the export of the built-in model does: matrices whose rows are whole blocks
// in q8_0, tables not.
func gguf(t *testing.T, set tensorSet) []byte {
	t.Helper()
	var out []checkpoint.WriteTensor
	for _, name := range slices.Sorted(maps.Keys(set)) {
		x, typ := set[name], checkpoint.F32
		if len(x.shape) == 2 && x.shape[1]%32 == 0 && !strings.HasSuffix(name, "scale_shift_table") {
			typ = checkpoint.Q8_0
		}
		data, err := checkpoint.Quantize(typ, x.data)
		if err != nil {
			t.Fatal(err)
		}
		dims := slices.Clone(x.shape)
		slices.Reverse(dims)
		out = append(out, checkpoint.WriteTensor{Name: name, Type: typ, Dims: dims, Data: data})
	}
	var b bytes.Buffer
	if err := checkpoint.Write(&b, []checkpoint.KV{{Key: "general.architecture", Value: "pixart"}}, out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// files are those of the tiny model, by path.
func files() map[string][]byte {
	text := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return b
	}
	words := vocabulary()
	end := words["<|endoftext|>"]
	return map[string][]byte{
		"model_index.json": text(map[string]any{"vae": []any{nil, nil}, "value_range": []float64{-1, 1}, "text_mask": false}),
		"transformer/config.json": text(map[string]any{"_class_name": "PixArtTransformer2DModel", "num_layers": layers,
			"num_attention_heads": heads, "attention_head_dim": width / heads, "in_channels": 3, "out_channels": 3, "patch_size": patch,
			"sample_size": edge, "caption_channels": textWidth, "cross_attention_dim": width, "norm_elementwise_affine": false,
			"interpolation_scale": 1, "use_additional_conditions": false}),
		"transformer/diffusion_pytorch_model.safetensors": safetensors(denoiser()),
		"text_encoder/config.json": text(map[string]any{"vocab_size": len(words), "hidden_size": textWidth, "intermediate_size": textInner,
			"num_hidden_layers": textLayers, "num_attention_heads": 2, "max_position_embeddings": textTokens, "eos_token_id": end,
			"projection_dim": textWidth}),
		"text_encoder/model.safetensors":  safetensors(encoder(len(words))),
		"tokenizer/vocab.json":            text(words),
		"tokenizer/merges.txt":            []byte("#version: 0.2\nr e\nre d</w>\n"),
		"tokenizer/tokenizer_config.json": text(map[string]any{"pad_token": "<|endoftext|>", "model_max_length": textTokens}),
		"scheduler/scheduler_config.json": text(map[string]any{"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, "shift": 1.0}),
	}
}

func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tiny")
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func tiny(t *testing.T, be compute.Backend) *Model {
	t.Helper()
	return loaded(t, write(t, files()), be)
}

func loaded(t *testing.T, dir string, be compute.Backend) *Model {
	t.Helper()
	m, err := Load(dir, be)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func request(steps int) trace.Draw {
	return trace.Draw{Prompt: "red ab", Seed: 7, Steps: steps, Solver: "flow-euler", Guidance: 3}
}

func begun(t *testing.T, m *Model, d trace.Draw) *Drawing {
	t.Helper()
	g, _, err := m.Begin(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// stack makes methods as the engine does.
func stack(t *testing.T, m *Model, specs ...string) []pruning.Stacked {
	t.Helper()
	var list []pruning.Spec
	for _, s := range specs {
		spec, err := pruning.ParseSpec(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, spec)
	}
	out, err := pruning.Stack(list, m.Pruning(trace.Draw{}))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// result is one side.
type result struct {
	picture *Picture
	drawn   trace.Drawn
	steps   []trace.Denoised
}

func drawn(t *testing.T, g *Drawing, methods []pruning.Stacked) result {
	t.Helper()
	var r result
	var err error
	started := false
	r.picture, r.drawn, err = g.Run(context.Background(), methods, "side", func(e trace.Event) {
		switch e := e.(type) {
		case trace.SideStarted:
			started = e.Side == "side"
		case trace.Denoised:
			r.steps = append(r.steps, e)
		default:
			t.Errorf("a side emits %s", e.Type())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !started || len(r.steps) != g.plan.Steps || r.drawn.Ended != "done" || r.drawn.Side != "side" || !bytes.Equal(r.drawn.Image, r.picture.PNG) {
		t.Fatalf("started %v, %d steps, %q", started, len(r.steps), r.drawn.Ended)
	}
	return r
}

// count is the number of steps of a kind.
func (r result) count(kind string) (n int) {
	for _, s := range r.steps {
		if s.Kind == kind {
			n++
		}
	}
	return n
}
