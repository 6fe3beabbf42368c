package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// hfFile is what is read of tokenizer.json.
type hfFile struct {
	Added []struct {
		ID      int    `json:"id"`
		Content string `json:"content"`
		Special bool   `json:"special"`
		RStrip  bool   `json:"rstrip"`
	} `json:"added_tokens"`
	Normalizer    *hfStep `json:"normalizer"`
	PreTokenizer  *hfStep `json:"pre_tokenizer"`
	PostProcessor *hfPost `json:"post_processor"`
	Decoder       *hfStep `json:"decoder"`
	Model         struct {
		Type         string           `json:"type"`
		Vocab        map[string]int   `json:"vocab"`
		Merges       []hfMerge        `json:"merges"`
		UnkToken     *string          `json:"unk_token"`
		FuseUnk      bool             `json:"fuse_unk"`
		ByteFallback bool             `json:"byte_fallback"`
		IgnoreMerges bool             `json:"ignore_merges"`
		Prefix       *string          `json:"continuing_subword_prefix"`
		Suffix       *string          `json:"end_of_word_suffix"`
		Dropout      *json.RawMessage `json:"dropout"`
	} `json:"model"`
}

// hfStep is a normalizer, pre-tokenizer or decoder; the fields used depend on the type.
type hfStep struct {
	Type           string   `json:"type"`
	Normalizers    []hfStep `json:"normalizers"`
	PreTokenizers  []hfStep `json:"pretokenizers"`
	Decoders       []hfStep `json:"decoders"`
	Prepend        string   `json:"prepend"`
	Content        string   `json:"content"`
	Replacement    string   `json:"replacement"`
	PrependScheme  string   `json:"prepend_scheme"`
	AddPrefixSpace bool     `json:"add_prefix_space"`
	Split          *bool    `json:"split"`
	UseRegex       *bool    `json:"use_regex"`
	Individual     bool     `json:"individual_digits"`
	Behavior       string   `json:"behavior"`
	Start          int      `json:"start"`
	Pattern        struct {
		String *string `json:"String"`
		Regex  *string `json:"Regex"`
	} `json:"pattern"`
}

// hfPost is the template of special tokens around a text.
type hfPost struct {
	Type       string   `json:"type"`
	Processors []hfPost `json:"processors"`
	Single     []struct {
		Special *struct {
			ID string `json:"id"`
		} `json:"SpecialToken"`
		Sequence *struct{} `json:"Sequence"`
	} `json:"single"`
}

// hfMerge is written as "a b" by older files and as ["a", "b"] by newer ones.
type hfMerge [2]string

func (m *hfMerge) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		var two []string
		if err := json.Unmarshal(b, &two); err != nil || len(two) != 2 {
			return fmt.Errorf("a merge in it is not two tokens: %.40s", b)
		}
		*m = hfMerge{two[0], two[1]}
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	l, r, ok := strings.Cut(s, " ")
	if !ok {
		return fmt.Errorf("a merge in it is not two tokens: %q", s)
	}
	*m = hfMerge{l, r}
	return nil
}

// FromHF builds the tokenizer of a Hugging Face folder from tokenizer.json, and the special
// tokens' roles from tokenizer_config.json and generation_config.json where they exist. Models of type BPE are supported, byte-level or SentencePiece-like.
func FromHF(dir string) (Tokenizer, error) { return FromHFFS(os.DirFS(dir), dir) }

// FromHFFS is FromHF of a folder that a program carries; name is what errors call it.
func FromHFFS(files fs.FS, name string) (Tokenizer, error) {
	path := filepath.Join(name, "tokenizer.json")
	data, err := fs.ReadFile(files, "tokenizer.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no tokenizer.json; save the tokenizer in the fast format beside the model", name)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the tokenizer: %w", err)
	}
	var f hfFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%s is not a readable tokenizer.json: %w", path, err)
	}
	m, err := f.build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m.rolesFromHF(files)
	m.finish()
	for _, id := range answerEndsFromHF(files) {
		if m.has(id) {
			m.eog[id] = true
		}
	}
	return m, nil
}

// answerEndsFromHF reads eos_token_id of generation_config.json, one id or a list.
func answerEndsFromHF(files fs.FS) []int {
	var g struct {
		EOS json.RawMessage `json:"eos_token_id"`
	}
	readJSON(files, "generation_config.json", &g)
	var one int
	if json.Unmarshal(g.EOS, &one) == nil {
		return []int{one}
	}
	var all []int
	if json.Unmarshal(g.EOS, &all) != nil {
		return nil
	}
	return all
}

// build assembles the model; the roles of special tokens are still unset.
func (f *hfFile) build() (*model, error) {
	if f.Model.Type != "BPE" {
		return nil, fmt.Errorf("the tokenizer model %q is not supported; BPE is", f.Model.Type)
	}
	if deref(f.Model.Prefix) != "" || deref(f.Model.Suffix) != "" {
		return nil, fmt.Errorf("a BPE with word prefixes or suffixes, as CLIP has it, is not supported here")
	}
	m := &model{vocab: vocab{bos: none, eos: none, eot: none, unk: none}}
	if err := m.vocabFromHF(f); err != nil {
		return nil, err
	}
	b := &bpe{v: &m.vocab, ranks: make(map[[2]string]float64, len(f.Model.Merges)),
		ignoreMerges: f.Model.IgnoreMerges, byteFallback: f.Model.ByteFallback, fuseUnk: f.Model.FuseUnk}
	for i, mg := range f.Model.Merges {
		b.add(mg[0], mg[1], i)
	}
	if u := deref(f.Model.UnkToken); u != "" {
		if id, ok := m.ids[u]; ok {
			m.unk = id
		}
	}
	norm, err := normalizer(f.Normalizer)
	if err != nil {
		return nil, err
	}
	pre, err := preTokenizer(f.PreTokenizer)
	if err != nil {
		return nil, err
	}
	m.encode = func(text string, first, _ bool, out []int) []int {
		for _, w := range pre(norm(text), first) {
			out = b.word(w, out)
		}
		return out
	}
	return m, m.decoderFromHF(f.Decoder)
}

func (m *model) vocabFromHF(f *hfFile) error {
	size := len(f.Model.Vocab)
	for _, a := range f.Added {
		size = max(size, a.ID+1)
	}
	for _, id := range f.Model.Vocab {
		size = max(size, id+1)
	}
	// Ids may have gaps, but a few; a huge id is a lie that would cost memory.
	if limit := 2*(len(f.Model.Vocab)+len(f.Added)) + 1024; size > limit {
		return fmt.Errorf("it has an id of %d for only %d tokens: the file is damaged", size-1, len(f.Model.Vocab))
	}
	m.tokens = make([]string, size)
	m.kinds = make([]kind, size)
	m.ids = make(map[string]int, size)
	for i := range m.kinds {
		m.kinds[i] = unused
	}
	for t, id := range f.Model.Vocab {
		if id < 0 || m.tokens[id] != "" {
			return fmt.Errorf("the id %d of %q is negative or given twice: the file is damaged", id, t)
		}
		m.tokens[id], m.ids[t], m.kinds[id] = t, id, normal
		if _, ok := byteOf(t); ok && f.Model.ByteFallback {
			m.kinds[id] = byteToken
		}
	}
	for _, a := range f.Added {
		if a.ID < 0 || a.Content == "" {
			return fmt.Errorf("an added token has the id %d and the text %q: the file is damaged", a.ID, a.Content)
		}
		m.tokens[a.ID], m.ids[a.Content], m.kinds[a.ID] = a.Content, a.ID, userDefined
		if a.Special {
			m.kinds[a.ID] = control
		}
		if a.RStrip {
			if m.rstrip == nil {
				m.rstrip = map[int]bool{}
			}
			m.rstrip[a.ID] = true
		}
	}
	first, last := f.PostProcessor.around()
	if id, ok := m.ids[first]; ok {
		m.bos, m.addBOS = id, true
	}
	if id, ok := m.ids[last]; ok {
		m.eos, m.addEOS = id, true
	}
	return nil
}

// around gives the special tokens before and after the text in the template.
func (p *hfPost) around() (before, after string) {
	if p == nil {
		return "", ""
	}
	for i := range p.Processors {
		if b, a := p.Processors[i].around(); b != "" || a != "" {
			return b, a
		}
	}
	seen := false
	for _, s := range p.Single {
		switch {
		case s.Special == nil:
			seen = true
		case seen:
			after = s.Special.ID
		default:
			before = s.Special.ID
		}
	}
	return before, after
}

// rolesFromHF finds BOS, EOS and further ends of an answer. Missing files are no error.
func (m *model) rolesFromHF(files fs.FS) {
	var tc struct {
		BOS json.RawMessage `json:"bos_token"`
		EOS json.RawMessage `json:"eos_token"`
	}
	readJSON(files, "tokenizer_config.json", &tc)
	if id, ok := m.ids[tokenText(tc.BOS)]; ok {
		m.bos = id
	}
	if id, ok := m.ids[tokenText(tc.EOS)]; ok {
		m.eos = id
	}
}

// tokenText reads a token written as a string or as an object with content.
func tokenText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o struct {
		Content string `json:"content"`
	}
	if json.Unmarshal(raw, &o) == nil {
		return o.Content
	}
	return ""
}

func readJSON(files fs.FS, name string, v any) {
	if data, err := fs.ReadFile(files, name); err == nil {
		_ = json.Unmarshal(data, v) // what cannot be read stays unset
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
