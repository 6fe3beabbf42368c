package vlm

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vision/picture"
	"winnow/vlm/llama"
)

// The reference tests compare with what transformers computed from the Hugging Face folder that
// the built-in model was made from; WINNOW_MODELS names the folder of such folders.

func referenceDir(t *testing.T) string {
	dir := os.Getenv("WINNOW_MODELS")
	if dir == "" {
		t.Skip("WINNOW_MODELS is not set: the transformers references of llava-sprites are not here")
	}
	return filepath.Join(dir, "llava-sprites")
}

var f32Dir string // made by f32Once

var f32Once = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "winnow-f32-")
	if err != nil {
		return "", err
	}
	f32Dir = dir
	cmd := exec.Command("go", "run", "winnow/assets/convert", "-type", "f32", filepath.Join(os.Getenv("WINNOW_MODELS"), "llava-sprites"), dir)
	cmd.Stderr = os.Stderr
	return dir, cmd.Run()
})

func TestMain(m *testing.M) {
	// lavapipe, with products in float32: half precision would be the shader's error, not ours
	os.Setenv("GGML_VK_VISIBLE_DEVICES", "0")
	os.Setenv("GGML_VK_DISABLE_F16", "1")
	code := m.Run()
	if f32Dir != "" {
		os.RemoveAll(f32Dir)
	}
	os.Exit(code)
}

// openF32 loads the float32 conversion of llava-sprites on a device.
func openF32(t *testing.T, id string) *Model {
	t.Helper()
	referenceDir(t)
	dir, err := f32Once()
	if err != nil {
		t.Fatal(err)
	}
	return openOn(t, id, filepath.Join(dir, "llava-sprites-f32.gguf"))
}

func openOn(t *testing.T, id, decoder string) *Model {
	t.Helper()
	b, _, err := device.Open(id, 0)
	if err != nil {
		t.Skipf("device %s: %v", id, err)
	}
	files, err := OpenFiles(decoder, "")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(files, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(); b.Close() })
	return m
}

type referenceCase struct {
	Picture, Question, Prompt string
	InputIDs                  []int `json:"input_ids"`
	Argmax                    []int
	Greedy                    struct {
		IDs  []int
		Text string
	}
	tensors *checkpoint.Safetensors
}

func readCase(t *testing.T, dir, name string) referenceCase {
	t.Helper()
	var c referenceCase
	data, err := os.ReadFile(filepath.Join(dir, "cases", name+".json"))
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err == nil {
		c.tensors, err = checkpoint.OpenSafetensors(filepath.Join(dir, "cases", name+".safetensors"))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.tensors.Close() })
	return c
}

func (c referenceCase) floats(t *testing.T, name string) []float32 {
	t.Helper()
	x, ok := c.tensors.Tensor(name)
	if !ok {
		t.Fatalf("the case has no tensor %q", name)
	}
	f, err := x.Float32()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// relative is the largest difference over the largest magnitude.
func relative(got, want []float32) float64 {
	worst, top := 0.0, 0.0
	for i, w := range want {
		worst = max(worst, math.Abs(float64(got[i]-w)))
		top = max(top, math.Abs(float64(w)))
	}
	return worst / top
}

func near(t *testing.T, what string, got, want []float32, limit float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: -want %d numbers, +got %d", what, len(want), len(got))
	}
	if r := relative(got, want); !(r <= limit) {
		t.Errorf("%s differs by %.2g of its largest value; the limit is %g", what, r, limit)
	} else {
		t.Logf("%s: relative difference %.2g", what, r)
	}
}

func TestReference(t *testing.T) {
	dir := referenceDir(t)
	for _, dev := range []string{"ref", "cpu", "vulkan:0"} {
		t.Run(dev, func(t *testing.T) {
			m := openF32(t, dev)
			for _, name := range []string{"scene1", "scene2", "scene3", "photo"} {
				t.Run(name, func(t *testing.T) { checkCase(t, m, dir, readCase(t, dir, name)) })
			}
		})
	}
}

// pixels of a case are the bytes that the reference processor made, so that JPEG decoders and
// resampling, which have tests of their own, stay out of the comparison.
func encodeCase(t *testing.T, m *Model, c referenceCase) *Picture {
	t.Helper()
	u8, _ := c.tensors.Tensor("pixel_values_u8")
	p := m.Encoder.Processor()
	n := p.Norms[0]
	px := preprocessed(u8.Data, n.Mean, n.Std)
	enc, err := m.Encoder.Encode(context.Background(), px)
	if err != nil {
		t.Fatal(err)
	}
	return &Picture{Encoding: enc, Source: &picture.Picture{}}
}

func checkCase(t *testing.T, m *Model, dir string, c referenceCase) {
	pic := encodeCase(t, m, c)
	near(t, "projector output", pic.Embeddings, c.floats(t, "projector_out"), 1e-3)

	p, err := m.Prompt([]trace.Message{{Role: "user", Text: c.Question}}, pic)
	if err != nil {
		t.Fatal(err)
	}
	if p.Text != c.Prompt {
		t.Fatalf("prompt:\n-want %q\n+got  %q", c.Prompt, p.Text)
	}
	image, _ := m.Tokens.ID("<image>")
	for i, tok := range p.Tokens {
		id := tok.ID
		if tok.Kind == pruning.Visual {
			id = image
		}
		if id != c.InputIDs[i] {
			t.Fatalf("token %d: -want %d +got %d", i, c.InputIDs[i], id)
		}
	}

	s := m.NewSession(compute.F32)
	defer s.Close()
	got := lastLogits(t, m, s, p, 8)
	near(t, "logits of the last 8 rows", got, c.floats(t, "logits_last8"), 1e-3)

	s.Reset()
	done, err := s.Generate(context.Background(), p, nil, trace.Sampling{MaxTokens: len(c.Greedy.IDs) + 4}, trace.Dense, func(trace.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	if done.Answer != c.Greedy.Text {
		t.Errorf("greedy answer: -want %q +got %q", c.Greedy.Text, done.Answer)
	}
}

// lastLogits computes a prompt in one segment, with the logits of its last rows.
func lastLogits(t *testing.T, m *Model, s *Session, p *Prompt, rows int) []float32 {
	t.Helper()
	cfg := m.Decoder.Config
	n := len(p.Tokens)
	if err := s.cache.Reserve(0, cfg.Layers, n); err != nil {
		t.Fatal(err)
	}
	x, err := m.embed(p, p.Tokens)
	if err != nil {
		t.Fatal(err)
	}
	origins := make([]int, n)
	for i := range origins {
		origins[i] = i
	}
	s.cache.Append(0, cfg.Layers, origins, int32(n-1))
	seg, err := m.Decoder.Build(llama.Plan{To: llama.Before(cfg.Layers), Rows: n, Logits: rows, Cache: s.cache, PadKeys: padKeys}, &s.stream)
	if err != nil {
		t.Fatal(err)
	}
	defer seg.Free()
	if err := seg.Run(context.Background(), llama.Inputs{X: x}); err != nil {
		t.Fatal(err)
	}
	out := make([]float32, rows*cfg.Vocabulary)
	if err := seg.Logits(out); err != nil {
		t.Fatal(err)
	}
	return out
}
