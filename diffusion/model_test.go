package diffusion

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/trace"
)

// TestFolderAndProgramAreOneModel: safetensors and GGUF, on disk and carried along.
func TestFolderAndProgramAreOneModel(t *testing.T) {
	be := open(t, "ref")
	floats := drawn(t, begun(t, tiny(t, be), request(3)), nil)
	packed := files()
	for name, set := range map[string]tensorSet{"transformer/diffusion_pytorch_model": denoiser(), "text_encoder/model": encoder(len(vocabulary()))} {
		delete(packed, name+".safetensors")
		packed[name+".gguf"] = gguf(t, set)
	}
	var first []float32
	for what, set := range map[string]map[string][]byte{"f32": files(), "q8_0": packed} {
		dir := write(t, set)
		disk := loaded(t, dir, be)
		carried, err := LoadFS(os.DirFS(dir), "carried", be)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { carried.Close() })
		a, b := drawn(t, begun(t, disk, request(3)), nil), drawn(t, begun(t, carried, request(3)), nil)
		if !slices.Equal(a.picture.Latent, b.picture.Latent) {
			t.Errorf("%s: the folder on disk and the carried one draw apart", what)
		}
		e := disk.Describe("draw")
		if e.Name != "draw" || e.File != "tiny" || e.Layers != layers || e.Hidden != width || e.Heads != heads || e.FFN != 4*width || e.Vocabulary != 516 || !strings.EqualFold(e.Types, what) || e.Device != "ref" {
			t.Errorf("described as %+v", e)
		}
		want := int64(0)
		for _, s := range []tensorSet{denoiser(), encoder(516)} {
			for _, x := range s {
				want += int64(len(x.data))
			}
		}
		if e.Parameters != want {
			t.Errorf("%d parameters, the files hold %d", e.Parameters, want)
		}
		if what == "q8_0" {
			first = a.picture.Latent
		}
	}
	if off := worst(first, floats.picture.Latent); off == 0 || off > 1 {
		t.Errorf("q8_0 is off by %.2g from f32", off)
	}
}

func TestClosedModelsFreeAll(t *testing.T) {
	be := open(t, "ref")
	before := be.MemoryUsed()
	m := tiny(t, be)
	begun(t, m, request(2))
	m.Close()
	m.Close()
	if after := be.MemoryUsed(); after != before {
		t.Errorf("%d bytes stay", after-before)
	}
}

func TestBrokenFoldersAreNamed(t *testing.T) {
	be := open(t, "ref")
	slashed := filepath.FromSlash
	for _, c := range []struct{ file, text, says string }{
		{"scheduler/scheduler_config.json", "", slashed("scheduler/scheduler_config.json: no such file")},
		{"scheduler/scheduler_config.json", "{", slashed("scheduler/scheduler_config.json")},
		{"scheduler/scheduler_config.json", `{"_class_name":"HeunDiscreteScheduler"}`, "HeunDiscreteScheduler is not supported"},
		{"transformer/config.json", "", slashed("transformer/config.json: no such file")},
		{"transformer/config.json", `{"_class_name":"FluxTransformer2DModel"}`, slashed("transformer/config.json describes a Flux")},
		{"transformer/diffusion_pytorch_model.safetensors", "", slashed("transformer has no weights")},
		{"transformer/diffusion_pytorch_model.safetensors", "short", "diffusion_pytorch_model.safetensors has 5 bytes"},
		{"text_encoder/config.json", `{"vocab_size":0}`, slashed("text_encoder/config.json says vocab_size")},
		{"text_encoder/model.safetensors", "", slashed("text_encoder has no weights")},
		{"tokenizer/vocab.json", "", "vocabulary"},
		{"tokenizer/vocab.json", "", "copy or download the whole folder again"},
		{"tokenizer/merges.txt", "", "merges"},
		{"tokenizer/merges.txt", "#version\nx y\n", "merges.txt: line 2"},
		{"tokenizer/tokenizer_config.json", `{"model_max_length":1}`, slashed("tokenizer/tokenizer_config.json leaves room for 1")},
		{"model_index.json", `{"vae":["diffusers","AutoencoderKL"]}`, "model_index.json names an autoencoder (AutoencoderKL)"},
		{"model_index.json", `{"text_mask":true}`, "model_index.json says text_mask"},
		{"model_index.json", `{"value_range":[0,1]}`, "model_index.json says value_range"},
		{"model_index.json", `[`, "model_index.json is not a readable index"},
		{"vae/config.json", "{}", "has an autoencoder"},
	} {
		set := files()
		if c.text == "" {
			delete(set, c.file)
		} else {
			set[c.file] = []byte(c.text)
		}
		m, err := Load(write(t, set), be)
		if err == nil {
			m.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s = %q: %v, want %q", c.file, c.text, err, c.says)
		}
	}
	const weights = "transformer/diffusion_pytorch_model.safetensors"
	cut := func(b []byte) []byte { return b[:len(b)-9] }
	without := func(name string) tensorSet {
		set := denoiser()
		delete(set, name)
		return set
	}
	for says, change := range map[string]func(set map[string][]byte){
		"diffusion_pytorch_model.safetensors: tensor \"transformer_blocks.1.scale_shift_table\" needs data bytes": func(set map[string][]byte) {
			set[weights] = cut(set[weights])
		},
		"diffusion_pytorch_model.gguf: tensor \"transformer_blocks.1.scale_shift_table\" needs bytes": func(set map[string][]byte) {
			delete(set, weights)
			set["transformer/diffusion_pytorch_model.gguf"] = cut(gguf(t, denoiser()))
		},
		"no tensor \"transformer_blocks.1.attn1.to_v.weight\", which its configuration asks for": func(set map[string][]byte) {
			set[weights] = safetensors(without("transformer_blocks.1.attn1.to_v.weight"))
		},
		"no tensor \"transformer_blocks.0.ff.net.2.weight\", which its configuration asks for": func(set map[string][]byte) {
			delete(set, weights)
			set["transformer/diffusion_pytorch_model.gguf"] = gguf(t, without("transformer_blocks.0.ff.net.2.weight"))
		},
		"tensor \"proj_out.weight\" has shape [47 64], its configuration says [48 64]": func(set map[string][]byte) {
			odd := denoiser()
			odd["proj_out.weight"] = tensor{[]int{47, width}, odd["proj_out.weight"].data[:47*width]}
			set[weights] = safetensors(odd)
		},
		"takes text rows of 64 numbers, the text encoder gives 32": func(set map[string][]byte) {
			set["text_encoder/config.json"] = []byte(strings.Replace(string(set["text_encoder/config.json"]), `"hidden_size":64`, `"hidden_size":32`, 1))
			set["text_encoder/model.safetensors"] = narrow()
		},
		"vocab.json has 517 tokens, the text encoder knows 516": func(set map[string][]byte) {
			set["tokenizer/vocab.json"] = []byte(strings.Replace(string(set["tokenizer/vocab.json"]), "{", `{"more":516,`, 1))
		},
		`"proj_out.bias"`: func(set map[string][]byte) {
			set[weights] = withTensor("proj_out.bias", float32(math.NaN()))
		},
	} {
		set := files()
		change(set)
		m, err := Load(write(t, set), be)
		if err == nil {
			m.Close()
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "nothing"), be); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("a folder that is not there: %v", err)
	}
	if used := be.MemoryUsed(); used != 0 {
		t.Errorf("%d bytes stay after errors", used)
	}
}

// withTensor is the denoiser with one tensor filled with a value.
func withTensor(name string, v float32) []byte {
	set := denoiser()
	for i := range set[name].data {
		set[name].data[i] = v
	}
	return safetensors(set)
}

// narrow is a text encoder of half the width.
func narrow() []byte {
	set := encoder(516)
	for name, x := range set {
		n := 1
		for i, d := range x.shape {
			if d == textWidth {
				x.shape[i] = textWidth / 2
			}
			n *= x.shape[i]
		}
		set[name] = tensor{x.shape, x.data[:n]}
	}
	return safetensors(set)
}

// TestPredictionsThatAreNoNumbers: the step is named.
func TestPredictionsThatAreNoNumbers(t *testing.T) {
	set := files()
	set["transformer/diffusion_pytorch_model.safetensors"] = withTensor("proj_out.weight", 3e38)
	m := loaded(t, write(t, set), open(t, "ref"))
	_, _, err := begun(t, m, request(4)).Run(t.Context(), nil, "x", func(trace.Event) {})
	if err == nil || !strings.Contains(err.Error(), "prediction at step 0 of 4") || !strings.HasSuffix(err.Error(), "the weights are damaged; copy or download the model again") {
		t.Errorf("error %v", err)
	}
	_, _, err = begun(t, m, request(40)).Run(t.Context(), stack(t, m, "sada"), "x", func(trace.Event) {})
	if err == nil || !strings.Contains(err.Error(), "prediction at step 0 of 40") || !strings.Contains(err.Error(), "a method broke the latent, or") {
		t.Errorf("with a method: %v", err)
	}
}

// cramped is a device with so much memory free.
type cramped struct {
	compute.Backend
	free int64
}

func (c cramped) Device() compute.Device {
	d := c.Backend.Device()
	d.MemoryFree = c.free
	return d
}

// TestMemoryIsAskedForBefore: a picture that needs more than is free is refused before anything runs,
// and one that fits is not.
func TestMemoryIsAskedForBefore(t *testing.T) {
	dir := write(t, files())
	be := &stopping{Backend: open(t, "ref"), cancel: func() {}}
	m := loaded(t, dir, cramped{be, 3 << 20})
	if err := m.Admit(request(4), nil); err != nil {
		t.Errorf("a picture of %d pixels: %v", edge, err)
	}
	d := request(4)
	d.Size = 1024
	err := m.Admit(d, nil)
	if _, _, also := m.Begin(t.Context(), d); err == nil || also == nil || also.Error() != err.Error() || be.left != 0 {
		t.Errorf("admitted with %v, begun with %v, %d programs ran", err, also, -be.left)
	}
	for _, says := range []string{"a picture of 1024 pixels a side needs about", "ref has 3.15 MB free: choose a smaller size"} {
		if err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if m := loaded(t, dir, cramped{be, 0}); m.Admit(d, nil) != nil { // unknown
		t.Error("a device that does not tell its memory refuses")
	}
}

func TestWhatCannotBeDrawn(t *testing.T) {
	m := tiny(t, open(t, "ref"))
	if err := m.Admit(request(50), stack(t, m, "sada")); err != nil {
		t.Errorf("sada with its defaults: %v", err)
	}
	for _, c := range []struct {
		says   string
		change func(d *trace.Draw)
		method string
	}{
		{"0 denoising steps", func(d *trace.Draw) { d.Steps = 0 }, ""},
		{"1001 denoising steps", func(d *trace.Draw) { d.Steps = 1001 }, ""},
		{"a multiple of the patch of 4", func(d *trace.Draw) { d.Size = 30 }, ""},
		{"up to 2048", func(d *trace.Draw) { d.Size = 4096 }, ""},
		{"-4 pixels", func(d *trace.Draw) { d.Size = -4 }, ""},
		{`no solver "heun"`, func(d *trace.Draw) { d.Solver = "heun" }, ""},
		{"guidance is 0.5", func(d *trace.Draw) { d.Guidance = 0.5 }, ""},
		{"guidance is NaN", func(d *trace.Draw) { d.Guidance = math.NaN() }, ""},
		{"choose sada or stepcache", func(d *trace.Draw) {}, "fastv,layer=1"},
		{"to=47 of sada lies beyond", func(d *trace.Draw) {}, "sada,schedule=fixed,lagrange_step=8"},
	} {
		d := request(10)
		c.change(&d)
		var err error
		if c.method == "" {
			err = m.Admit(d, nil)
			if _, _, also := m.Begin(t.Context(), d); err == nil || also == nil || also.Error() != err.Error() {
				t.Errorf("admitted with %v, begun with %v", err, also)
			}
		} else {
			err = m.Admit(d, stack(t, m, c.method))
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
}
