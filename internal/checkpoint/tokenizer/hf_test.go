package tokenizer

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"winnow/internal/checkpoint"
)

type hfCase struct {
	Text        string `json:"text"`
	IDs         []int  `json:"ids"`
	WithSpecial []int  `json:"ids_with_special"`
	Decoded     string `json:"decoded"`
	SkipSpecial string `json:"decoded_skip_special"`
}

func readTestJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// checkHFCases compares a folder's tokenizer with what the tokenizers library gave for it.
func checkHFCases(t *testing.T, dir string) {
	tok, err := FromHF(dir)
	if err != nil {
		t.Fatal(err)
	}
	var cases []hfCase
	readTestJSON(t, filepath.Join(dir, "tokenizer_cases.json"), &cases)
	if len(cases) < 5 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		if got := tok.Encode(c.Text, false); !slices.Equal(got, c.IDs) {
			t.Errorf("%q\n got %v\nwant %v", c.Text, got, c.IDs)
		}
		if got := tok.Encode(c.Text, true); !slices.Equal(got, c.WithSpecial) {
			t.Errorf("%q with special tokens\n got %v\nwant %v", c.Text, got, c.WithSpecial)
		}
		if got := tok.DecodeSpecial(c.IDs); got != c.Decoded {
			t.Errorf("decoded %q, want %q", got, c.Decoded)
		}
		if got := tok.Decode(c.IDs); got != c.SkipSpecial {
			t.Errorf("decoded without special tokens %q, want %q", got, c.SkipSpecial)
		}
	}
}

func TestGoldenHF(t *testing.T) {
	root := os.Getenv("WINNOW_GOLDEN_HF")
	if root == "" {
		t.Skip("set WINNOW_GOLDEN_HF to the folder of reference checkpoints")
	}
	for _, name := range []string{"llava-1.5", "llama", "qwen2", "smolvlm", "gemma3", "qwen2-vl",
		"idefics3", "internvl", "llava-next", "gemma2", "phi3", "qwen3", "llama3-rope", "qwen3-vl", "paligemma"} {
		t.Run(name, func(t *testing.T) { checkHFCases(t, filepath.Join(root, name)) })
	}
}

// TestHF runs four of them from testdata: a SentencePiece-like BPE in the old and in the new
// writing, and byte-level ones with the splitting of Qwen 2 and of SmolLM.
func TestHF(t *testing.T) {
	for _, name := range []string{"llava-1.5", "llama", "qwen2", "smolvlm"} {
		t.Run(name, func(t *testing.T) { checkHFCases(t, filepath.Join("testdata", name)) })
	}
}

// TestToGGUF: what ToGGUF writes, FromGGUF reads to the same ids.
func TestToGGUF(t *testing.T) {
	for _, name := range []string{"llava-1.5", "qwen2", "smolvlm"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			kv, err := ToGGUF(dir, 512)
			if err != nil {
				t.Fatal(err)
			}
			tok := fromKV(t, kv)
			if tok.VocabSize() != 512 || tok.Token(511) != "[PAD511]" || len(tok.Bytes(511)) != 0 {
				t.Errorf("%d tokens, the last %q", tok.VocabSize(), tok.Token(511))
			}
			var cases []hfCase
			readTestJSON(t, filepath.Join(dir, "tokenizer_cases.json"), &cases)
			for _, c := range cases {
				if !norm.NFC.IsNormalString(c.Text) {
					continue // llama.cpp leaves Qwen's normalisation out, and so do its files
				}
				if got := tok.Encode(c.Text, false); !slices.Equal(got, c.IDs) {
					t.Errorf("%q\n got %v\nwant %v", c.Text, got, c.IDs)
				}
				if got := tok.Encode(c.Text, true); !slices.Equal(got, c.WithSpecial) {
					t.Errorf("%q with special tokens\n got %v\nwant %v", c.Text, got, c.WithSpecial)
				}
				if got := tok.Decode(c.IDs); got != c.SkipSpecial {
					t.Errorf("decoded %q, want %q", got, c.SkipSpecial)
				}
			}
		})
	}
	if _, err := ToGGUF("testdata/qwen2", 100); err == nil {
		t.Error("a vocabulary larger than the model is written")
	}
}

func fromKV(t *testing.T, kv []checkpoint.KV) Tokenizer {
	t.Helper()
	tok, err := tryKV(t, kv)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func tryKV(t *testing.T, kv []checkpoint.KV) (Tokenizer, error) {
	t.Helper()
	var b bytes.Buffer
	if err := checkpoint.Write(&b, kv, nil); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.OpenBytes("m.gguf", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return FromGGUF(f)
}

// TestEmbeddedModel: the embedded decoder's tokenizer gives the ids that transformers gave
// for the reference prompts, <image> written once.
func TestEmbeddedModel(t *testing.T) {
	f, err := checkpoint.Open("../../../assets/models/llava-sprites/llava-sprites-q8_0.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tok, err := FromGGUF(f)
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Prompt string `json:"prompt"`
		IDs    []int  `json:"ids"`
	}
	readTestJSON(t, "testdata/llava-sprites.json", &cases)
	if len(cases) < 3 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		if got := tok.Encode(c.Prompt, true); !slices.Equal(got, c.IDs) {
			t.Errorf("%q\n got %v\nwant %v", c.Prompt, got, c.IDs)
		}
	}
	if tok.BOS() != 1 || tok.EOS() != 2 || !tok.IsEOG(2) || tok.IsEOG(1) || !tok.AddsBOS() || tok.EOT() != -1 {
		t.Errorf("BOS %d, EOS %d, EOT %d", tok.BOS(), tok.EOS(), tok.EOT())
	}
	if id, ok := tok.ID("<image>"); !ok || id != 3 || tok.Token(3) != "<image>" {
		t.Errorf("<image> is %d", id)
	}
	// A person who types a control token gets its letters.
	plain := tok.EncodePlain("</s>", false)
	if slices.Contains(plain, 2) || tok.Decode(plain) != "</s>" {
		t.Errorf("plain </s> is %v", plain)
	}
	if tok.Decode([]int{1, 2, -1, 9999}) != "" || tok.Token(9999) != "" || tok.Bytes(-1) != nil {
		t.Error("ids without text give text")
	}
}

func TestStreamHoldsBack(t *testing.T) {
	tok, err := FromHF("testdata/qwen2")
	if err != nil {
		t.Fatal(err)
	}
	ids := tok.Encode("a🦙é", false)
	if len(ids) != 7 {
		t.Fatalf("this vocabulary should have single bytes only for these, got %v", ids)
	}
	s := NewStream(tok)
	var parts []string
	for _, id := range ids {
		parts = append(parts, s.DecodeToken(id))
	}
	if want := []string{"a", "", "", "", "🦙", "", "é"}; !slices.Equal(parts, want) {
		t.Errorf("streamed %q, want %q", parts, want)
	}
	s.DecodeToken(ids[1])
	s.DecodeToken(ids[2])
	if got := s.Flush(); got != "\uFFFD" || s.Flush() != "" {
		t.Errorf("flushed %q", got)
	}
	s.DecodeToken(ids[1])
	if got := s.DecodeToken(ids[0]); got != "\uFFFDa" {
		t.Errorf("a broken character gives %q", got)
	}
}

func TestBadTokenizers(t *testing.T) {
	model := func(m string) []checkpoint.KV { return []checkpoint.KV{{Key: "tokenizer.ggml.model", Value: m}} }
	tokens := func(kv []checkpoint.KV, s ...string) []checkpoint.KV {
		return append(kv, checkpoint.KV{Key: "tokenizer.ggml.tokens", Value: s})
	}
	for name, c := range map[string]struct {
		kv   []checkpoint.KV
		says string
	}{
		"no tokens":     {model("gpt2"), "no tokenizer.ggml.tokens"},
		"twice":         {tokens(model("gpt2"), "a", "a"), "twice"},
		"another model": {tokens(model("rwkv"), "a"), `"rwkv" is not supported`},
		"no merges":     {tokens(model("gpt2"), "a"), "merges"},
		"no scores":     {tokens(model("llama"), "a"), "scores has 0 entries for 1"},
		"another split": {append(tokens(model("gpt2"), "a"), checkpoint.KV{Key: "tokenizer.ggml.pre", Value: "new"}), `"new" is not supported`},
		"few kinds":     {append(tokens(model("gpt2"), "a", "b"), checkpoint.KV{Key: "tokenizer.ggml.token_type", Value: []int32{1}}), "token_type has 1 entries for 2"},
	} {
		if _, err := tryKV(t, c.kv); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	for name, c := range map[string]struct{ json, says string }{
		"no JSON":    {"{", "not a readable"},
		"unigram":    {`{"model":{"type":"Unigram"}}`, "Unigram"},
		"huge id":    {`{"model":{"type":"BPE","vocab":{"a":1000000000}}}`, "damaged"},
		"negative":   {`{"model":{"type":"BPE","vocab":{"a":-1}}}`, "damaged"},
		"same id":    {`{"model":{"type":"BPE","vocab":{"a":0,"b":0}}}`, "twice"},
		"bad merge":  {`{"model":{"type":"BPE","vocab":{"a":0},"merges":["ab"]}}`, "merge"},
		"bad added":  {`{"added_tokens":[{"id":-4,"content":"x"}],"model":{"type":"BPE","vocab":{"a":0}}}`, "damaged"},
		"odd split":  {`{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"x+"},"behavior":"Isolated"},"model":{"type":"BPE","vocab":{"a":0}}}`, `"x+" is not supported`},
		"odd filter": {`{"normalizer":{"type":"Precompiled"},"model":{"type":"BPE","vocab":{"a":0}}}`, "Precompiled"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "tokenizer.json"), []byte(c.json), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := FromHF(dir); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := FromHF(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no tokenizer.json") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestAnswerEnds(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"tokenizer.json":         `{"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2}},"added_tokens":[{"id":3,"content":"<|im_end|>","special":true}]}`,
		"tokenizer_config.json":  `{"bos_token":{"content":"a"},"eos_token":"c"}`,
		"generation_config.json": `{"eos_token_id":[1,99]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tok, err := FromHF(dir)
	if err != nil {
		t.Fatal(err)
	}
	if tok.BOS() != 0 || tok.EOS() != 2 || tok.EOT() != 3 || tok.IsEOG(0) || !tok.IsEOG(1) || !tok.IsEOG(2) || !tok.IsEOG(3) || tok.IsEOG(99) {
		t.Errorf("BOS %d, EOS %d, EOT %d", tok.BOS(), tok.EOS(), tok.EOT())
	}
}

// TestLongText: one word of 200000 characters and a text without words take time in
// proportion, not its square.
func TestLongText(t *testing.T) {
	for _, name := range []string{"llava-1.5", "qwen2"} {
		tok, err := FromHF(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat("the", 70000)
		start := time.Now()
		ids := tok.Encode(text, false)
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s takes %v", name, d)
		}
		if tok.Decode(ids) != text {
			t.Errorf("%s does not give the text back", name)
		}
	}
}
