package tokenizer

import "strings"

// GPT-2 writes every byte as one printable character: the printable bytes of Latin-1 as
// themselves, the other 68 in order as U+0100, U+0101, …; so a space becomes Ġ (U+0120).
var (
	byteRune [256]rune
	runeByte = map[rune]byte{}
)

func init() {
	next := rune(256)
	for b := range byteRune {
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			byteRune[b] = rune(b)
		} else {
			byteRune[b] = next
			next++
		}
		runeByte[byteRune[b]] = byte(b)
	}
}

// toByteRunes writes the bytes of s in GPT-2's alphabet.
func toByteRunes(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/2)
	for i := range len(s) {
		b.WriteRune(byteRune[s[i]])
	}
	return b.String()
}

// fromByteRunes reads GPT-2's alphabet back. A token with any other character is plain
// text, as added tokens are.
func fromByteRunes(token string) []byte {
	out := make([]byte, 0, len(token))
	for _, r := range token {
		b, ok := runeByte[r]
		if !ok {
			return []byte(token)
		}
		out = append(out, b)
	}
	return out
}

// byteName is the SentencePiece token of a byte that is in no other token.
func byteName(b byte) string {
	const hex = "0123456789ABCDEF"
	return string([]byte{'<', '0', 'x', hex[b>>4], hex[b&15], '>'})
}

// byteOf reads a token such as <0x0A>.
func byteOf(token string) (byte, bool) {
	if len(token) != 6 {
		return 0, false
	}
	nibble := func(c byte) int { return strings.IndexByte("0123456789ABCDEF", c) }
	hi, lo := nibble(token[3]), nibble(token[4])
	if hi < 0 || lo < 0 || token != byteName(byte(hi<<4|lo)) {
		return 0, false
	}
	return byte(hi<<4 | lo), true
}
