package tokenizer

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
)

// originalIDs is the metadata of a reduced vocabulary that gives each token's id in the full
// one, so that llama.cpp's own expected ids, copied unchanged, still serve.
const originalIDs = "winnow.original_ids"

// checkVocabulary compares every id with llama.cpp's test file beside the vocabulary: texts
// in .inp, one line of ids for each in .out.
func checkVocabulary(t *testing.T, path string) {
	f, err := checkpoint.Open(path)
	if err != nil && bytes.Contains(read(t, path), []byte("\uFFFD")) {
		t.Skipf("this copy went through a text filter that put U+FFFD in place of bytes: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tok, err := FromGGUF(f)
	if err != nil && strings.Contains(err.Error(), "not supported") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	original := f.Ints(originalIDs)
	texts, lines := vocabularyCases(t, path)
	for i, text := range texts {
		var want []int
		for _, s := range strings.Fields(lines[i]) {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, n)
		}
		ids := tok.EncodePlain(text, false)
		got := slices.Clone(ids)
		if original != nil {
			for j, id := range got {
				got[j] = original[id]
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q\n got %v\nwant %v", text, got, want)
		}
		if back := tok.Decode(ids); back != text {
			t.Errorf("decoding gives %q, want %q", back, text)
		}
		s := NewStream(tok)
		var streamed strings.Builder
		for _, id := range ids {
			streamed.WriteString(s.DecodeToken(id))
		}
		streamed.WriteString(s.Flush())
		// An answer continues a prompt, so a stream keeps SentencePiece's first space.
		if back := streamed.String(); back != text && back != " "+text {
			t.Errorf("streaming gives %q, want %q", back, text)
		}
	}
}

func vocabularyCases(t *testing.T, path string) (texts, lines []string) {
	t.Helper()
	in, err := os.ReadFile(path + ".inp")
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(path + ".out")
	if err != nil {
		t.Fatal(err)
	}
	texts = strings.Split(string(in), "\n__ggml_vocab_test__\n")
	lines = strings.Split(string(out), "\n")
	if len(lines) < len(texts) || len(texts) < 10 {
		t.Fatalf("%d texts, %d lines", len(texts), len(lines))
	}
	return texts, lines
}

func vocabularies(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "ggml-vocab-*.gguf.inp"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vocabulary files in %s: %v", dir, err)
	}
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".inp")
	}
	return files
}

// TestReducedVocabularies runs llama.cpp's cases on vocabularies cut down to the tokens and
// merges that these texts can touch (see TestWriteReduced).
func TestReducedVocabularies(t *testing.T) {
	for _, path := range vocabularies(t, "testdata") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".gguf"), func(t *testing.T) { checkVocabulary(t, path) })
	}
}

// TestLlamaCppVocabularies runs them on llama.cpp's full vocabulary files.
func TestLlamaCppVocabularies(t *testing.T) {
	dir := os.Getenv("WINNOW_VOCAB")
	if dir == "" {
		t.Skip("set WINNOW_VOCAB to the folder of llama.cpp's ggml-vocab-*.gguf files")
	}
	for _, path := range vocabularies(t, dir) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".gguf"), func(t *testing.T) { checkVocabulary(t, path) })
	}
}

var writeReduced = flag.Bool("write-reduced", false, "write testdata/ggml-vocab-*.gguf from the full files in WINNOW_VOCAB")

// TestWriteReduced makes the vocabularies of TestReducedVocabularies. Every pair of symbols
// that the texts ask about is tried while recording which merges and tokens answer; exactly
// these are kept, so every look-up has the same result as in the full vocabulary.
func TestWriteReduced(t *testing.T) {
	if !*writeReduced {
		t.Skip("only with -write-reduced and WINNOW_VOCAB")
	}
	for _, path := range vocabularies(t, os.Getenv("WINNOW_VOCAB")) {
		name := filepath.Base(path)
		if !slices.Contains([]string{"gpt-2", "llama-bpe", "qwen2", "falcon", "deepseek-coder", "llama-spm", "starcoder"}, strings.TrimSuffix(strings.TrimPrefix(name, "ggml-vocab-"), ".gguf")) {
			continue
		}
		f, err := checkpoint.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := checkpoint.Write(&b, reduce(t, f, path), nil); err != nil {
			t.Fatal(err)
		}
		f.Close()
		for ext, data := range map[string][]byte{"": b.Bytes(), ".inp": read(t, path+".inp"), ".out": read(t, path+".out")} {
			if err := os.WriteFile(filepath.Join("testdata", name+ext), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reduce(t *testing.T, f *checkpoint.File, path string) []checkpoint.KV {
	tok, err := FromGGUF(f)
	if err != nil {
		t.Fatal(err)
	}
	m := tok.(*model)
	asked := map[string]bool{}
	texts, _ := vocabularyCases(t, path)
	tokens := f.Strings("tokenizer.ggml.tokens")
	pre := f.String("tokenizer.ggml.pre", "")
	bpe := f.String("tokenizer.ggml.model", "") == "gpt2"
	ranks := map[[2]string]float64{}
	for i, line := range f.Strings("tokenizer.ggml.merges") {
		l, r, _ := strings.Cut(line[1:], " ")
		ranks[[2]string{line[:1] + l, r}] = float64(i)
	}
	merges := map[int]bool{}
	scores := f.Floats("tokenizer.ggml.scores")
	for _, text := range texts {
		words := []string{strings.ReplaceAll(" "+text, " ", spaceMark)}
		if bpe {
			words = split(text, preTokenizers[pre])
		}
		for _, w := range words {
			if bpe {
				w = toByteRunes(w)
			}
			asked[w] = true
			for _, p := range merge(w, func(l, r string) (float64, bool) {
				k, ok := ranks[[2]string{l, r}]
				if bpe && ok {
					merges[int(k)] = true
				}
				if id, is := m.ids[l+r]; is && !bpe {
					k, ok = -float64(scores[id]), true
				}
				asked[l+r] = asked[l+r] || ok
				return k, ok
			}) {
				asked[p] = true
			}
		}
	}
	var keep []int32
	for id, s := range tokens {
		if _, isByte := byteOf(s); asked[s] || isByte || len([]rune(s)) == 1 && asked[s] || bpe && len([]rune(s)) == 1 && runeByte[[]rune(s)[0]] != 0 || m.kinds[id] == unknown || id == m.bos || id == m.eos {
			keep = append(keep, int32(id))
		}
	}
	kinds := f.Ints("tokenizer.ggml.token_type")
	var outTokens, outMerges []string
	var outKinds []int32
	var outScores []float32
	for _, id := range keep {
		outTokens = append(outTokens, tokens[id])
		outKinds = append(outKinds, int32(kinds[id]))
		if !bpe {
			outScores = append(outScores, scores[id])
		}
	}
	for i, line := range f.Strings("tokenizer.ggml.merges") {
		if merges[i] {
			outMerges = append(outMerges, line)
		}
	}
	kv := []checkpoint.KV{
		{Key: "general.architecture", Value: f.Arch}, {Key: "tokenizer.ggml.model", Value: f.String("tokenizer.ggml.model", "")},
		{Key: "tokenizer.ggml.pre", Value: pre}, {Key: "tokenizer.ggml.tokens", Value: outTokens},
		{Key: "tokenizer.ggml.token_type", Value: outKinds}, {Key: originalIDs, Value: keep},
	}
	if bpe {
		return append(kv, checkpoint.KV{Key: "tokenizer.ggml.merges", Value: outMerges})
	}
	return append(kv, checkpoint.KV{Key: "tokenizer.ggml.scores", Value: outScores})
}
