package tokenizer

import "strings"

// model is a tokenizer assembled from parts: the vocabulary, how a text fragment becomes
// ids, and how a token becomes bytes.
type model struct {
	vocab
	// encode appends the ids of a text without special tokens. first: nothing before it;
	// after: directly after a special token (or first).
	encode func(text string, first, after bool, out []int) []int
	// bytes gives what a normal token stands for.
	bytes func(token string) []byte
	// stripFirst: the text begins with a space that encoding had put there.
	stripFirst bool
}

func (m *model) Encode(text string, addSpecial bool) []int { return m.run(text, addSpecial, true) }

func (m *model) EncodePlain(text string, addSpecial bool) []int {
	return m.run(text, addSpecial, false)
}

func (m *model) run(text string, addSpecial, parse bool) []int {
	var out []int
	if addSpecial && m.addBOS && m.bos != none {
		out = append(out, m.bos)
	}
	after := true
	for i, p := range m.partition(text, parse) {
		if p.id != none {
			out = append(out, p.id)
			after = true
			continue
		}
		out = m.encode(p.text, i == 0, after, out)
		after = false
	}
	if addSpecial && m.addEOS && m.eos != none {
		out = append(out, m.eos)
	}
	return out
}

func (m *model) Bytes(id int) []byte {
	if !m.has(id) || m.kinds[id] == control || m.kinds[id] == unknown {
		return nil
	}
	return m.raw(id)
}

// raw gives the bytes of any token.
func (m *model) raw(id int) []byte {
	token := m.tokens[id]
	switch m.kinds[id] {
	case control, unknown, userDefined:
		return []byte(token)
	case unused:
		return nil
	}
	return m.bytes(token)
}

func (m *model) Decode(ids []int) string {
	return m.decode(ids, m.Bytes)
}

func (m *model) DecodeSpecial(ids []int) string {
	return m.decode(ids, func(id int) []byte {
		if !m.has(id) {
			return nil
		}
		return m.raw(id)
	})
}

func (m *model) decode(ids []int, bytes func(int) []byte) string {
	var b []byte
	strip := m.stripFirst
	for _, id := range ids {
		p := bytes(id)
		if strip && len(p) > 0 {
			if p[0] == ' ' {
				p = p[1:]
			}
			strip = false
		}
		b = append(b, p...)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

const spaceMark = "▁"

func unmark(token string) []byte {
	if b, ok := byteOf(token); ok {
		return []byte{b}
	}
	return []byte(strings.ReplaceAll(token, spaceMark, " "))
}

// bpe holds the merges of a BPE model, each with its place in the list.
type bpe struct {
	v            *vocab
	ranks        map[[2]string]float64
	ignoreMerges bool
	byteFallback bool
	fuseUnk      bool
}

// word appends the ids of one word.
func (b *bpe) word(w string, out []int) []int {
	if b.ignoreMerges {
		if id, ok := b.v.ids[w]; ok {
			return append(out, id)
		}
	}
	unk := false // the piece before was unknown
	for _, p := range merge(w, b.rank) {
		if id, ok := b.v.ids[p]; ok {
			out = append(out, id)
			unk = false
			continue
		}
		var known bool
		out, known = b.fallback(p, out)
		if !known && b.v.unk != none && !(unk && b.fuseUnk) {
			out = append(out, b.v.unk)
		}
		unk = !known
	}
	return out
}

func (b *bpe) rank(l, r string) (float64, bool) {
	k, ok := b.ranks[[2]string{l, r}]
	return k, ok
}

// fallback writes a piece that is no token as byte tokens, or as the tokens of its single
// characters.
func (b *bpe) fallback(p string, out []int) ([]int, bool) {
	start := len(out)
	if b.byteFallback {
		for i := range len(p) {
			id, ok := b.v.ids[byteName(p[i])]
			if !ok {
				return out[:start], false
			}
			out = append(out, id)
		}
		return out, true
	}
	for _, r := range p {
		if id, ok := b.v.ids[string(r)]; ok {
			out = append(out, id)
		}
	}
	return out, len(out) > start
}

// spm holds the scores of a SentencePiece model.
type spm struct {
	v      *vocab
	scores []float32
}

// text appends the ids of a text whose spaces are marked already.
func (s *spm) text(t string, out []int) []int {
	// A join must make a token; its score ranks it. One buffer serves all look-ups.
	var buf []byte
	rank := func(l, r string) (float64, bool) {
		buf = append(append(buf[:0], l...), r...)
		id, ok := s.v.ids[string(buf)]
		if !ok {
			return 0, false
		}
		return -float64(s.scores[id]), true
	}
	for _, p := range merge(t, rank) {
		if id, ok := s.v.ids[p]; ok {
			out = append(out, id)
			continue
		}
		for i := range len(p) {
			id, ok := s.v.ids[byteName(p[i])]
			if !ok {
				id, ok = s.v.ids[p[i:i+1]]
			}
			if !ok {
				id = s.v.unk
			}
			if id != none {
				out = append(out, id)
			}
		}
	}
	return out
}
