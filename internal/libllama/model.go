package libllama

import (
	"fmt"
	"os"
	"runtime"
)

// Model is a GGUF file opened by libllama.
type Model struct {
	l          *Library
	model      ptr
	vocabulary ptr
	// Hidden is the width of an embedding, Vocabulary the number of tokens.
	Hidden, Vocabulary int
}

// Open loads a model on the processor, with libllama's defaults: mapped, and repacked for the
// processor where that helps.
func (l *Library) Open(path string) (*Model, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	p := l.modelDefaults()
	p.gpuLayers = 0
	none := []ptr{0} // no devices beside the processor
	var pin runtime.Pinner
	pin.Pin(&none[0])
	p.devices = address(none)
	m := &Model{l: l, model: l.modelLoad(path, p)}
	pin.Unpin()
	if m.model == 0 {
		return nil, fmt.Errorf("libllama cannot open %s%s", path, because())
	}
	m.vocabulary = l.modelVocabulary(m.model)
	m.Hidden, m.Vocabulary = int(l.modelHidden(m.model)), int(l.vocabularyLength(m.vocabulary))
	return m, nil
}

// Tokenize gives the ids of a text. special adds what the model puts at the start (BOS), parse
// reads the names of special tokens in the text as those tokens.
func (m *Model) Tokenize(text string, special, parse bool) ([]int, error) {
	if m.model == 0 {
		return nil, errClosed
	}
	bytes := append([]byte(text), 0)
	ids := make([]int32, len(text)+8) // a token has at least a byte, but for those that are added
	var pin runtime.Pinner
	pin.Pin(&bytes[0])
	pin.Pin(&ids[0])
	n := m.l.tokenize(m.vocabulary, address(bytes), int32(len(text)), address(ids), int32(len(ids)), special, parse)
	pin.Unpin()
	if n < 0 {
		return nil, fmt.Errorf("libllama cuts a text of %d bytes into %d tokens", len(text), -n)
	}
	out := make([]int, n)
	for i := range out {
		out[i] = int(ids[i])
	}
	return out, nil
}

// IsEnd tells a token that ends an answer.
func (m *Model) IsEnd(id int) bool { return m.l.vocabularyIsEnd(m.vocabulary, int32(id)) }

// Close frees the model; its contexts must be closed before.
func (m *Model) Close() {
	if m.model != 0 {
		m.l.modelFree(m.model)
		m.model = 0
	}
}
