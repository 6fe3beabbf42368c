package bpe

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestGoldenHF compares ids with transformers', for the tokenizers in testdata and those under
// $WINNOW_GOLDEN_HF.
func TestGoldenHF(t *testing.T) {
	for name, dir := range map[string]string{"clip": "sd15", "clip_pad0": "sdxl"} {
		t.Run("tokenizers/"+name, func(t *testing.T) { golden(t, filepath.Join("testdata", name+".json"), filepath.Join("testdata", dir)) })
		if root := os.Getenv("WINNOW_GOLDEN_HF"); root != "" {
			path := filepath.Join(root, "diffusion", "tokenizers", name+".json")
			t.Run("diffusion/tokenizers/"+name, func(t *testing.T) { golden(t, path, "") })
		}
	}
}

func golden(t *testing.T, path, dir string) {
	var g struct {
		Folder string
		Cases  []struct {
			Text   string
			IDs    []int
			Padded []int `json:"ids_padded_77"`
		}
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil || len(g.Cases) == 0 {
		t.Fatalf("%s holds no case (%v)", path, err)
	}
	if dir == "" {
		dir = filepath.Join(filepath.Dir(path), g.Folder)
	}
	tok, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if tok.Max() != 77 || tok.Size() != 694 {
		t.Errorf("%d ids at most of %d, want 77 of 694", tok.Max(), tok.Size())
	}
	for _, c := range g.Cases {
		if got := tok.Encode(c.Text); !slices.Equal(got, c.IDs) {
			t.Errorf("%q becomes %v, want %v", c.Text, got, c.IDs)
		}
		got, cut := tok.Padded(c.Text, 77)
		if !slices.Equal(got, c.Padded) || cut != max(0, len(c.IDs)-77) {
			t.Errorf("%q becomes %v with %d cut, want %v", c.Text, got, cut, c.Padded)
		}
	}
}

func TestBadFoldersAreNamed(t *testing.T) {
	for _, c := range []struct{ file, text, says string }{
		{"vocab.json", "", "vocabulary"},
		{"vocab.json", "[", "not a readable vocabulary"},
		{"vocab.json", `{"a":0}`, "merges.txt: line 2"},
		{"merges.txt", "", "merges"},
		{"merges.txt", "#version: 0.2\nt h\nzz\n", "line 3"},
		{"merges.txt", "#version: 0.2\nt qqq\n", "line 2"},
		{"special_tokens_map.json", `{"pad_token":{"content":"<pad>"}}`, `"<pad>"`},
		{"tokenizer_config.json", `{`, "tokenizer_config.json"},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("testdata/sd15")); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, c.file)
		err := os.Remove(path)
		if err == nil && c.text != "" {
			err = os.WriteFile(path, []byte(c.text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s = %q: %v, want %q", c.file, c.text, err, c.says)
		}
	}
	// Words without their bytes, and without the frame.
	for says, drop := range map[string]string{"byte 120": "x", "not CLIP's": start} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("testdata/sd15")); err != nil {
			t.Fatal(err)
		}
		var vocab map[string]int
		data, err := os.ReadFile(filepath.Join(dir, "vocab.json"))
		if err == nil {
			err = json.Unmarshal(data, &vocab)
		}
		delete(vocab, drop)
		if err == nil {
			data, err = json.Marshal(vocab)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "vocab.json"), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("without %q: %v, want %q", drop, err, says)
		}
	}
}

// TestLongAndBrokenTexts: a text of megabytes without a space takes no time, and bytes that are
// no UTF-8 no panic.
func TestLongAndBrokenTexts(t *testing.T) {
	tok, err := Open("testdata/sd15")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	ids, cut := tok.Padded(strings.Repeat("thecat", 1<<20), 77)
	if len(ids) != 77 || ids[76] != tok.end || cut == 0 || time.Since(began) > 20*time.Second {
		t.Errorf("%d ids, %d cut after %v", len(ids), cut, time.Since(began))
	}
	if got := tok.Encode("a\xff\xfeb"); len(got) < 4 {
		t.Errorf("broken bytes become %v", got)
	}
}

// TestSpecialTokensAreCutOutFirst: punctuation beside one does not swallow it.
func TestSpecialTokensAreCutOutFirst(t *testing.T) {
	for dir, text := range map[string]string{"sd15": "a..<|endoftext|>", "sdxl": "a..!"} {
		tok, err := Open("testdata/" + dir)
		if err != nil {
			t.Fatal(err)
		}
		dots := tok.Encode("a..")
		want := append(dots[:len(dots)-1], tok.pad, tok.end)
		if got := tok.Encode(text); !slices.Equal(got, want) {
			t.Errorf("%q becomes %v, want %v", text, got, want)
		}
	}
}

// TestWordsAreThePromptAsSeen: the tokens between the frame, as text.
func TestWordsAreThePromptAsSeen(t *testing.T) {
	tok, err := Open("testdata/sd15")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "A red  Apple!", "naïve 漢"} {
		words := tok.Words(text)
		if len(words) != len(tok.Encode(text))-2 {
			t.Errorf("%q has %d words and %d ids", text, len(words), len(tok.Encode(text)))
		}
		if text != "naïve 漢" && strings.Join(words, "") != strings.ReplaceAll(strings.ToLower(text), " ", "") {
			t.Errorf("%q is seen as %q", text, words)
		}
	}
	if words := tok.Words("漢"); words[0] != "\uFFFD" {
		t.Errorf("a byte that is no text alone is %q", words[0])
	}
}
