package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// Tokenizer turns text into ids and back. It is safe for use by several goroutines.
type Tokenizer interface {
	// Encode gives the ids of text. Special tokens written in it, such as <|im_start|>,
	// become their ids. With addSpecial the model's BOS (and EOS) are put around it, where
	// the model wants them.
	Encode(text string, addSpecial bool) []int
	// EncodePlain is Encode for text that nobody may smuggle special tokens into: control
	// tokens written in it are taken letter by letter.
	EncodePlain(text string, addSpecial bool) []int
	// Decode gives the text of ids, without control tokens. Bytes that are not UTF-8
	// become U+FFFD. Ids outside the vocabulary give nothing.
	Decode(ids []int) string
	// DecodeSpecial is Decode with the control tokens written out.
	DecodeSpecial(ids []int) string
	// Bytes gives the bytes of one token, none for a control token; they may end in the
	// middle of a character. Stream puts them together.
	Bytes(id int) []byte
	// Token gives the vocabulary's spelling of a token (Ġthe, ▁the, <0x0A>), "" outside it.
	Token(id int) string
	// ID finds a token by its spelling.
	ID(token string) (int, bool)
	// VocabSize is the number of ids; they run from 0.
	VocabSize() int
	// BOS, EOS and EOT are the beginning of the text, its end, and the end of a turn; -1
	// when the model has none.
	BOS() int
	EOS() int
	EOT() int
	// AddsBOS tells whether Encode with addSpecial begins with BOS.
	AddsBOS() bool
	// IsEOG reports whether a token ends the answer.
	IsEOG(id int) bool
}

// Stream decodes ids as they are generated and holds back bytes that do not yet make a
// whole character. Use one Stream for one answer, from one goroutine.
type Stream struct {
	t    Tokenizer
	held []byte // the beginning of a character whose end has not come yet, at most 3 bytes
}

// NewStream begins an answer.
func NewStream(t Tokenizer) *Stream { return &Stream{t: t} }

// DecodeToken gives the text that id completes, "" when a character is still incomplete.
func (s *Stream) DecodeToken(id int) string {
	s.held = append(s.held, s.t.Bytes(id)...)
	n := len(s.held) - incomplete(s.held)
	text := strings.ToValidUTF8(string(s.held[:n]), "\uFFFD")
	s.held = append(s.held[:0], s.held[n:]...)
	return text
}

// Flush gives what is still held back, as U+FFFD: the answer ended inside a character.
func (s *Stream) Flush() string {
	text := strings.ToValidUTF8(string(s.held), "\uFFFD")
	s.held = s.held[:0]
	return text
}

// incomplete counts the bytes at the end of b that begin a character without ending it.
func incomplete(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		tail := b[len(b)-n:]
		if !utf8.RuneStart(tail[0]) {
			continue
		}
		if utf8.FullRune(tail) {
			return 0
		}
		return n
	}
	return 0
}
