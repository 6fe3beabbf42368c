package vlm

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
)

// TestGoldenHF runs the converter and the pipeline on the tiny LLaVA checkpoint of golden-hf,
// whose weights are noise so that mistakes are loud.
func TestGoldenHF(t *testing.T) {
	root := os.Getenv("WINNOW_GOLDEN_HF")
	if root == "" {
		t.Skip("WINNOW_GOLDEN_HF is not set: the golden-hf checkpoints are not here")
	}
	for _, folder := range []string{"llava-1.5"} {
		dir := filepath.Join(root, folder)
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		out := t.TempDir()
		cmd := exec.Command("go", "run", "winnow/assets/convert", "-type", "f32", dir, out)
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("convert %s: %s", folder, msg)
		}
		found, _ := filepath.Glob(filepath.Join(out, folder+"-f32.gguf"))
		if len(found) != 1 {
			t.Fatalf("convert made no decoder in %s", out)
		}
		cases, _ := filepath.Glob(filepath.Join(dir, "cases", "*.json"))
		for _, dev := range []string{"ref", "cpu"} {
			m := openOn(t, dev, found[0])
			for _, path := range cases {
				name := filepath.Base(path[:len(path)-len(".json")])
				t.Run(folder+"/"+name+"/"+dev, func(t *testing.T) { goldenCase(t, m, path) })
			}
		}
	}
}

type goldenLLaVA struct {
	InputIDs   []int   `json:"input_ids"`
	ImageRuns  [][]int `json:"image_runs"`
	LogitsRows any     `json:"logits_rows"`
	Greedy     struct {
		IDs []int `json:"new_tokens"`
	}
	Tensors map[string]any
}

func goldenCase(t *testing.T, m *Model, path string) {
	var c goldenLLaVA
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	st, err := checkpoint.OpenSafetensors(path[:len(path)-len("json")] + "safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	floats := func(name string) []float32 {
		x, ok := st.Tensor(name)
		if !ok {
			return nil
		}
		v, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if len(c.ImageRuns) > 1 {
		t.Skip("several pictures in one prompt: the pipeline takes one")
	}
	p := goldenPrompt(t, m, c, st, floats)
	s := m.NewSession(compute.F32)
	defer s.Close()
	rows := len(p.Tokens)
	got := lastLogits(t, m, s, p, rows)
	want := floats("logits")
	if list, ok := c.LogitsRows.([]any); ok {
		vocabulary := len(want) / len(list)
		var some []float32
		for _, r := range list {
			i := int(r.(float64)) * m.Decoder.Config.Vocabulary
			some = append(some, got[i:i+vocabulary]...)
		}
		got = some
	}
	near(t, "logits", got, want, 1e-3)

	s.Reset()
	var ids []int
	_, err = s.Generate(context.Background(), p, nil, trace.Sampling{MaxTokens: len(c.Greedy.IDs)}, trace.Dense, func(e trace.Event) {
		if w, ok := e.(trace.Word); ok {
			ids = append(ids, w.ID)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if id != c.Greedy.IDs[i] {
			t.Fatalf("greedy token %d: -want %v +got %v", i, c.Greedy.IDs, ids)
		}
	}
	t.Logf("%d greedy tokens agree", len(ids))
}

// goldenPrompt takes the case's ids as they are and encodes its pixels.
func goldenPrompt(t *testing.T, m *Model, c goldenLLaVA, st *checkpoint.Safetensors, floats func(string) []float32) *Prompt {
	p := &Prompt{}
	if len(c.ImageRuns) == 1 {
		px := floats("pixel_values")
		if u8, ok := st.Tensor("pixel_values_u8"); ok {
			n := m.Encoder.Processor().Norms[0]
			px = preprocessed(u8.Data, n.Mean, n.Std).Data
		}
		enc, err := m.Encoder.Encode(context.Background(), square(px))
		if err != nil {
			t.Fatal(err)
		}
		near(t, "visual embeddings", enc.Embeddings, floats("visual_embeds"), 1e-3)
		p.picture = &Picture{Encoding: enc}
	}
	for i, id := range c.InputIDs {
		if len(c.ImageRuns) == 1 && i >= c.ImageRuns[0][0] && i < c.ImageRuns[0][0]+c.ImageRuns[0][1] {
			row, col := p.picture.Grid.Cell(i - c.ImageRuns[0][0])
			p.add(pruning.Token{Kind: pruning.Visual, Row: row, Col: col, ID: -1})
			continue
		}
		p.add(pruning.Token{Kind: pruning.Text, ID: id})
	}
	return p
}
