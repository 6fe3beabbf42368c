package trace

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Diff marks the tokens of words that only one answer has: both are cut into words, and what is
// outside their longest common subsequence differs. first is the index of the first token whose
// text differs, or -1 where the answers are the same.
func Diff(dense, pruned []Word) (denseMarks, prunedMarks []bool, first int) {
	denseMarks, prunedMarks = make([]bool, len(dense)), make([]bool, len(pruned))
	first = 0
	for first < len(dense) && first < len(pruned) && dense[first].Text == pruned[first].Text {
		first++
	}
	if first == len(dense) && first == len(pruned) {
		return denseMarks, prunedMarks, -1
	}
	a, b := whole(dense), whole(pruned)
	for len(a) > 0 && len(b) > 0 && a[0].text == b[0].text {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1].text == b[len(b)-1].text {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	keepA, keepB := common(a, b)
	for i, w := range a {
		mark(denseMarks, w, !keepA[i])
	}
	for i, w := range b {
		mark(prunedMarks, w, !keepB[i])
	}
	return denseMarks, prunedMarks, first
}

// span is a word: the tokens [from, to).
type span struct {
	text     string
	from, to int
}

func mark(marks []bool, w span, differs bool) {
	for i := w.from; i < w.to; i++ {
		marks[i] = differs
	}
}

// whole joins tokens to words: a new one begins at a token that starts with a space or with
// something that is no letter or digit.
func whole(tokens []Word) []span {
	var out []span
	for i, t := range tokens {
		r, _ := utf8.DecodeRuneInString(t.Text)
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || t.Text == ""
		if n := len(out); n > 0 && inside {
			out[n-1].to = i + 1
		} else {
			out = append(out, span{from: i, to: i + 1})
		}
	}
	for i := range out {
		var b strings.Builder
		for _, t := range tokens[out[i].from:out[i].to] {
			b.WriteString(t.Text)
		}
		// The first word of an answer may come without the space that it has elsewhere.
		out[i].text = strings.TrimSpace(b.String())
	}
	return out
}

// common finds a longest common subsequence. Beyond 16 million pairs, far longer than answers
// are, nothing is taken as common.
func common(a, b []span) (inA, inB []bool) {
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	if int64(len(a)+1)*int64(len(b)+1) > 16<<20 {
		return inA, inB
	}
	w := len(b) + 1
	long := make([]int32, (len(a)+1)*w) // of a[i:] and b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].text == b[j].text {
				long[i*w+j] = long[(i+1)*w+j+1] + 1
			} else {
				long[i*w+j] = max(long[(i+1)*w+j], long[i*w+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].text == b[j].text:
			inA[i], inB[j] = true, true
			i, j = i+1, j+1
		case long[(i+1)*w+j] >= long[i*w+j+1]:
			i++
		default:
			j++
		}
	}
	return inA, inB
}
