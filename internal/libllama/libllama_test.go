package libllama

import (
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/models"
	"winnow/internal/native"
)

func load(t *testing.T) *Library {
	t.Helper()
	libs, err := native.Find("cpu")
	if err != nil {
		t.Skip(err)
	}
	l, err := Load(libs)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func openSmol(t *testing.T) *Model {
	t.Helper()
	path, err := models.Path("smollm2-135m")
	if err != nil {
		t.Skip(err)
	}
	m, err := load(t).Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// A field that lies elsewhere than params.go says is refused, not written to.
func TestDefaultsOfAnotherVersionAreRefused(t *testing.T) {
	l := load(t)
	m, c := l.modelDefaults(), l.contextDefaults()
	if err := checkDefaults(m, c); err != nil {
		t.Fatal(err)
	}
	moved := m
	moved.loadMode, moved.lazyMode = m.lazyMode, m.loadMode
	if err := checkDefaults(moved, c); err == nil || !strings.Contains(err.Error(), "llama_model_params") {
		t.Errorf("two swapped fields pass: %v", err)
	}
	shifted := c
	shifted.threads, shifted.maxOutputsPer = 1, 4
	if err := checkDefaults(m, shifted); err == nil || !strings.Contains(err.Error(), "llama_context_params") {
		t.Errorf("a shifted field passes: %v", err)
	}
}

func TestBatchesAddUp(t *testing.T) {
	m := openSmol(t)
	ids, err := m.Tokenize("The quick brown fox jumps over the lazy dog", true, true)
	if err != nil || len(ids) < 9 {
		t.Fatalf("tokens %v, %v", ids, err)
	}
	c, err := m.NewContext(Options{Context: 64, Threads: 2, KV: compute.F32, Flash: FlashAuto})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Decode(Batch{Tokens: ids, Every: true}); err != nil {
		t.Fatal(err)
	}
	whole := make([][]float32, len(ids))
	for i := range ids {
		row, err := c.Logits(i)
		if err != nil {
			t.Fatal(err)
		}
		whole[i] = append([]float32(nil), row...)
	}
	c.Clear()
	for i, id := range ids {
		if err := c.Decode(Batch{Tokens: []int{id}}); err != nil {
			t.Fatal(err)
		}
		row, err := c.Logits(0)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := top(whole[i]), top(row); a != b {
			t.Errorf("row %d: best token %d in one batch, %d token by token", i, a, b)
		}
	}
}

func top(logits []float32) int {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	return best
}

func TestRefusals(t *testing.T) {
	m := openSmol(t)
	c, err := m.NewContext(Options{Context: 16, Threads: 1, KV: compute.F16})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, b := range map[string]Batch{
		"nothing":         {},
		"both":            {Tokens: []int{1}, Embeddings: make([]float32, m.Hidden)},
		"part of a row":   {Embeddings: make([]float32, m.Hidden-1)},
		"no such token":   {Tokens: []int{m.Vocabulary}},
		"a token below 0": {Tokens: []int{-1}},
		"more than fit":   {Tokens: make([]int, c.Length()+1)},
	} {
		if err := c.Decode(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := c.Logits(0); err == nil {
		t.Error("logits of no batch")
	}
	if _, err := m.NewContext(Options{Context: 16, Threads: 1, KV: compute.Q8_0}); err == nil {
		t.Error("a cache of q8_0 is made")
	}
	if _, err := m.l.Open(filepath.Join(t.TempDir(), "none.gguf")); err == nil {
		t.Error("a file that is not there opens")
	}
	if _, err := Load(native.Libs{}); err != nil {
		t.Errorf("a second Load gives the first library: %v", err)
	}
}
