package tokenizer

import (
	"slices"
	"strings"
	"unicode"
)

// kind is llama.cpp's token type, as numbered in tokenizer.ggml.token_type.
type kind int32

const (
	normal      kind = 1
	unknown     kind = 2
	control     kind = 3 // never shown, cannot be typed where text is plain
	userDefined kind = 4 // cut out of any text, shown as it is spelt
	unused      kind = 5
	byteToken   kind = 6 // <0x00> … <0xFF>
)

const none = -1

// vocab is what all tokenizers share: the tokens, what they are, and which are special.
type vocab struct {
	tokens []string
	kinds  []kind
	ids    map[string]int

	bos, eos, eot, unk int
	addBOS, addEOS     bool

	eog      map[int]bool
	specials []int // tokens to cut out of a text, longest spelling first
	// rstrip: white space after a special token is swallowed (Phi-3).
	rstrip map[int]bool
}

func (v *vocab) VocabSize() int    { return len(v.tokens) }
func (v *vocab) BOS() int          { return v.bos }
func (v *vocab) EOS() int          { return v.eos }
func (v *vocab) EOT() int          { return v.eot }
func (v *vocab) AddsBOS() bool     { return v.addBOS }
func (v *vocab) IsEOG(id int) bool { return v.eog[id] }
func (v *vocab) has(id int) bool   { return id >= 0 && id < len(v.tokens) }

func (v *vocab) ID(token string) (int, bool) {
	id, ok := v.ids[token]
	return id, ok
}

func (v *vocab) Token(id int) string {
	if !v.has(id) {
		return ""
	}
	return v.tokens[id]
}

// Spellings that end a turn, and those that end an answer: llama.cpp finds these tokens by
// their text, because converters often leave their ids out of the metadata.
var (
	turnEnds = []string{"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>",
		"<|end_of_text|>", "<EOT>", "_<EOT>", "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>"}
	answerEnds = append([]string{"<|return|>", "<|call|>", "</s>", "<|eom_id|>", "[EOS]", "<eos>"}, turnEnds...)
)

// finish derives what is found by spelling, once tokens, kinds and ids are set.
func (v *vocab) finish() {
	v.eog = map[int]bool{}
	for _, s := range answerEnds {
		if id, ok := v.ids[s]; ok {
			v.eog[id] = true
			v.kinds[id] = control
		}
	}
	for _, s := range turnEnds {
		if id, ok := v.ids[s]; ok && v.eot == none {
			v.eot = id
		}
	}
	for _, id := range []int{v.eos, v.eot} {
		if id != none {
			v.eog[id] = true
		}
	}
	for id, k := range v.kinds {
		if k == control || k == userDefined || k == unknown {
			v.specials = append(v.specials, id)
		}
	}
	slices.SortStableFunc(v.specials, func(a, b int) int { return len(v.tokens[b]) - len(v.tokens[a]) })
}

// fragment is a special token (id ≥ 0) or a stretch of text between two of them.
type fragment struct {
	text string
	id   int
}

// partition cuts the special tokens out of the text, longer spellings first. Where special
// is false only user-defined tokens are cut out.
func (v *vocab) partition(text string, special bool) []fragment {
	if text == "" {
		return nil
	}
	parts := []fragment{{text, none}}
	for _, id := range v.specials {
		spelling := v.tokens[id]
		if spelling == "" || !special && v.kinds[id] != userDefined || !strings.Contains(text, spelling) {
			continue
		}
		var next []fragment
		for _, p := range parts {
			for p.id == none {
				left, right, found := strings.Cut(p.text, spelling)
				if !found {
					break
				}
				if left != "" {
					next = append(next, fragment{left, none})
				}
				next = append(next, fragment{"", id})
				if v.rstrip[id] {
					right = strings.TrimLeftFunc(right, unicode.IsSpace)
				}
				p.text = right
			}
			if p.id != none || p.text != "" {
				next = append(next, p)
			}
		}
		parts = next
	}
	return parts
}
