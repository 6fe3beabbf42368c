package tokenizer

import (
	"fmt"
	"path/filepath"
	"strings"

	"winnow/internal/checkpoint"
)

// FromGGUF builds the tokenizer that a GGUF file carries in its tokenizer.ggml.* metadata:
// byte-level BPE (model gpt2) or SentencePiece (model llama). Others are an error.
func FromGGUF(f *checkpoint.File) (Tokenizer, error) {
	name := filepath.Base(f.Path)
	tokens := f.Strings("tokenizer.ggml.tokens")
	if len(tokens) == 0 {
		return nil, fmt.Errorf("%s has no tokenizer.ggml.tokens, so text cannot be turned into tokens; choose the language model file, not an mmproj", name)
	}
	m := &model{vocab: vocab{tokens: make([]string, len(tokens)), ids: make(map[string]int, len(tokens)), unk: none, eot: none}}
	for i, t := range tokens {
		if t == "" {
			t = fmt.Sprintf("[EMPTY_%d]", i)
		}
		if j, dup := m.ids[t]; dup {
			return nil, fmt.Errorf("%s: tokenizer.ggml.tokens has %q twice, as %d and %d: the file is damaged", name, t, j, i)
		}
		m.tokens[i] = t
		m.ids[t] = i
	}
	if err := m.readKinds(f, name); err != nil {
		return nil, err
	}
	var err error
	switch kind := f.String("tokenizer.ggml.model", ""); kind {
	case "gpt2":
		err = m.gpt2FromGGUF(f, name)
	case "llama":
		err = m.spmFromGGUF(f, name)
	default:
		err = fmt.Errorf("%s: the tokenizer model %q is not supported; gpt2 and llama are", name, kind)
	}
	if err != nil {
		return nil, err
	}
	m.readSpecials(f)
	m.finish()
	if n := strings.ToLower(f.String("general.name", "")); strings.Contains(n, "phi-3") || strings.Contains(n, "phi3") {
		m.stripAfterSpecials()
	}
	return m, nil
}

func (m *model) readKinds(f *checkpoint.File, name string) error {
	m.kinds = make([]kind, len(m.tokens))
	kinds := f.Ints("tokenizer.ggml.token_type")
	if kinds != nil && len(kinds) < len(m.tokens) {
		return fmt.Errorf("%s: tokenizer.ggml.token_type has %d entries for %d tokens: the file is damaged", name, len(kinds), len(m.tokens))
	}
	for i := range m.kinds {
		m.kinds[i] = normal
		if kinds != nil {
			m.kinds[i] = kind(kinds[i])
		}
	}
	return nil
}

func (m *model) gpt2FromGGUF(f *checkpoint.File, name string) error {
	pre := f.String("tokenizer.ggml.pre", "")
	passes, ok := preTokenizers[pre]
	if !ok {
		return fmt.Errorf("%s: the pre-tokenizer %q is not supported yet; models with gpt-2, llama-bpe, qwen2, smollm, falcon or deepseek-coder are", name, pre)
	}
	merges := f.Strings("tokenizer.ggml.merges")
	if len(merges) == 0 {
		return fmt.Errorf("%s has no tokenizer.ggml.merges, which its tokenizer needs; convert the model again", name)
	}
	b := &bpe{v: &m.vocab, ranks: make(map[[2]string]float64, len(merges)), ignoreMerges: ignoresMerges[pre]}
	for i, line := range merges {
		// The first character may itself be a space.
		if len(line) < 3 {
			continue
		}
		if l, r, ok := strings.Cut(line[1:], " "); ok {
			b.add(line[:1]+l, r, i)
		}
	}
	m.bos, m.eos = 11, 11 // llama.cpp's defaults for this model
	m.addBOS = ignoresMerges[pre]
	m.bytes = fromByteRunes
	m.encode = func(text string, _, _ bool, out []int) []int {
		for _, w := range split(text, passes) {
			out = b.word(toByteRunes(w), out)
		}
		return out
	}
	return nil
}

// add records a merge; of two equal ones the first counts.
func (b *bpe) add(l, r string, rank int) {
	key := [2]string{l, r}
	if _, dup := b.ranks[key]; !dup {
		b.ranks[key] = float64(rank)
	}
}

func (m *model) spmFromGGUF(f *checkpoint.File, name string) error {
	scores := f.Floats("tokenizer.ggml.scores")
	if len(scores) < len(m.tokens) {
		return fmt.Errorf("%s: tokenizer.ggml.scores has %d entries for %d tokens: the file is damaged", name, len(scores), len(m.tokens))
	}
	s := &spm{&m.vocab, scores}
	prefix := f.Bool("tokenizer.ggml.add_space_prefix", true)
	m.bos, m.eos, m.unk, m.addBOS = 1, 2, 0, true
	m.bytes = unmark
	m.stripFirst = prefix
	m.encode = func(text string, _, after bool, out []int) []int {
		if prefix && after {
			text = " " + text
		}
		text = strings.ToValidUTF8(text, "\uFFFD")
		return s.text(strings.ReplaceAll(text, " ", spaceMark), out)
	}
	return nil
}

// readSpecials reads the ids of the special tokens; ids outside the vocabulary are none.
func (m *model) readSpecials(f *checkpoint.File) {
	for key, id := range map[string]*int{"bos": &m.bos, "eos": &m.eos, "eot": &m.eot, "unknown": &m.unk} {
		if n := f.Int("tokenizer.ggml."+key+"_token_id", none); m.has(n) {
			*id = n
		}
		if !m.has(*id) {
			*id = none
		}
	}
	m.addBOS = f.Bool("tokenizer.ggml.add_bos_token", m.addBOS)
	m.addEOS = f.Bool("tokenizer.ggml.add_eos_token", m.addEOS)
}

// stripAfterSpecials is Phi-3's rule, which its files do not state: llama.cpp knows it by
// the model's name.
func (m *model) stripAfterSpecials() {
	m.rstrip = map[int]bool{}
	for _, id := range m.specials {
		switch m.tokens[id] {
		case "<unk>", "<s>", "<|endoftext|>":
		default:
			m.rstrip[id] = true
		}
	}
}
