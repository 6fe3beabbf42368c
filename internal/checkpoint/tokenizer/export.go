package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"winnow/internal/checkpoint"
)

// ToGGUF gives the tokenizer.ggml.* metadata that makes llama.cpp, and FromGGUF, tokenize as
// the tokenizer.json in dir does. The vocabulary is filled up to size with unused tokens,
// since embeddings often have more rows than the tokenizer has tokens.
//
// A byte-level BPE keeps its merges. A SentencePiece-like BPE has lost its scores on the way
// to tokenizer.json; the merges' order is the scores' order, so the place of the first merge
// that makes a token serves as its score.
//
// BOS is added when the file's template says so, or when the file has no template at all but
// names a BOS token: LLaVA prompts begin with it.
func ToGGUF(dir string, size int) ([]checkpoint.KV, error) {
	path := filepath.Join(dir, "tokenizer.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the tokenizer: %w; save it in the fast format beside the model", err)
	}
	var f hfFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%s is not a readable tokenizer.json: %w", path, err)
	}
	m, err := f.build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m.rolesFromHF(os.DirFS(dir))
	if len(m.tokens) > size {
		return nil, fmt.Errorf("%s has %d tokens, but the model has embeddings for %d: they do not belong together", path, len(m.tokens), size)
	}
	kv, err := f.vocabKV()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	tokens, kinds := m.padded(size)
	kv = append(kv, checkpoint.KV{Key: "tokenizer.ggml.tokens", Value: tokens}, checkpoint.KV{Key: "tokenizer.ggml.token_type", Value: kinds})
	if f.Model.ByteFallback {
		kv = append(kv, checkpoint.KV{Key: "tokenizer.ggml.scores", Value: m.scores(f.Model.Merges, size)},
			checkpoint.KV{Key: "tokenizer.ggml.add_space_prefix", Value: m.stripFirst})
	} else {
		merges := make([]string, len(f.Model.Merges))
		for i, mg := range f.Model.Merges {
			merges[i] = mg[0] + " " + mg[1]
		}
		kv = append(kv, checkpoint.KV{Key: "tokenizer.ggml.merges", Value: merges})
	}
	pad, _ := m.ids["<pad>"]
	for _, role := range []struct {
		key string
		id  int
	}{{"bos", m.bos}, {"eos", m.eos}, {"unknown", m.unk}, {"padding", pad}} {
		if m.has(role.id) && (role.key != "padding" || m.tokens[role.id] == "<pad>") {
			kv = append(kv, checkpoint.KV{Key: "tokenizer.ggml." + role.key + "_token_id", Value: uint32(role.id)})
		}
	}
	addBOS := m.addBOS || f.PostProcessor == nil && m.bos != none
	return append(kv, checkpoint.KV{Key: "tokenizer.ggml.add_bos_token", Value: addBOS},
		checkpoint.KV{Key: "tokenizer.ggml.add_eos_token", Value: m.addEOS}), nil
}

// vocabKV names the tokenizer's model and pre-tokenizer in llama.cpp's words.
func (f *hfFile) vocabKV() ([]checkpoint.KV, error) {
	if f.Model.ByteFallback {
		if f.PreTokenizer != nil && f.PreTokenizer.Type != "Metaspace" {
			return nil, fmt.Errorf("a SentencePiece tokenizer with the pre-tokenizer %s cannot be written to GGUF", f.PreTokenizer.Type)
		}
		return []checkpoint.KV{{Key: "tokenizer.ggml.model", Value: "llama"}, {Key: "tokenizer.ggml.pre", Value: "default"}}, nil
	}
	pre, err := f.PreTokenizer.ggufName()
	return []checkpoint.KV{{Key: "tokenizer.ggml.model", Value: "gpt2"}, {Key: "tokenizer.ggml.pre", Value: pre}}, err
}

// ggufName finds the name by which llama.cpp knows a pre-tokenizer.
func (s *hfStep) ggufName() (string, error) {
	if s == nil {
		return "", errors.New("a byte-level BPE without a pre-tokenizer cannot be written to GGUF")
	}
	steps := []hfStep{*s}
	if s.Type == "Sequence" {
		steps = s.PreTokenizers
	}
	last := steps[max(len(steps)-1, 0):]
	if len(last) == 1 && last[0].Type == "ByteLevel" && !last[0].AddPrefixSpace {
		regex := last[0].UseRegex == nil || *last[0].UseRegex
		switch first := steps[0]; {
		case len(steps) == 1 && regex:
			return "gpt-2", nil
		case len(steps) == 2 && regex && first.Type == "Digits" && first.Individual:
			return "smollm", nil
		case len(steps) == 2 && !regex && deref(first.Pattern.Regex) == reHead+`\p{N}`+reTail:
			return "qwen2", nil
		case len(steps) == 2 && !regex && deref(first.Pattern.Regex) == reHead+`\p{N}{1,3}`+reTail:
			return "llama-bpe", nil
		}
	}
	return "", errors.New("its pre-tokenizer has no name in GGUF; those of GPT-2, SmolLM, Qwen 2 and Llama 3 have")
}

// padded gives tokens and kinds for size ids.
func (m *model) padded(size int) ([]string, []int32) {
	tokens, kinds := make([]string, size), make([]int32, size)
	for i := range tokens {
		tokens[i], kinds[i] = fmt.Sprintf("[PAD%d]", i), int32(unused)
		if i >= len(m.tokens) || m.tokens[i] == "" {
			continue
		}
		tokens[i], kinds[i] = m.tokens[i], int32(m.kinds[i])
		if i == m.unk {
			kinds[i] = int32(unknown)
		}
	}
	return tokens, kinds
}

// scores ranks tokens by the first merge that makes them; the rest never come of a join.
func (m *model) scores(merges []hfMerge, size int) []float32 {
	scores := make([]float32, size)
	for i := range scores {
		scores[i] = -1e6
	}
	for i := len(merges) - 1; i >= 0; i-- {
		if id, ok := m.ids[merges[i][0]+merges[i][1]]; ok {
			scores[id] = float32(-i)
		}
	}
	return scores
}
