package chat

import (
	"regexp"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
)

// gonja knows `a if c else b` only as a whole {{ … }}; Jinja allows it anywhere in an
// expression, and templates use it in parentheses. conditionals rewrites those inside brackets
//
//	('model' if role == 'assistant' else role)  ─▶  (winnow_if(role == 'assistant', 'model', role))
//
// which gives the same value, since evaluating the unused side has no effect.
func conditionals(tmpl string) string { return eachTag(tmpl, groups) }

// eachTag puts edit(inside) for the inside of every {{ … }} and {% … %}.
func eachTag(tmpl string, edit func(inside string) string) string {
	var b strings.Builder
	for {
		at := strings.Index(tmpl, "{")
		if at < 0 || at+1 == len(tmpl) {
			b.WriteString(tmpl)
			return b.String()
		}
		closing := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}[tmpl[at+1]]
		end := -1
		if closing == "#}" {
			if i := strings.Index(tmpl[at+2:], closing); i >= 0 {
				end = at + 2 + i
			}
		} else if closing != "" {
			end = find(tmpl, at+2, func(s string) bool { return strings.HasPrefix(s, closing) })
		}
		if end < 0 { // no tag, or one that never ends, which the parser will tell
			b.WriteString(tmpl[:at+1])
			tmpl = tmpl[at+1:]
			continue
		}
		b.WriteString(tmpl[:at+2])
		if inner := tmpl[at+2 : end]; closing == "#}" {
			b.WriteString(inner)
		} else {
			b.WriteString(edit(inner))
		}
		b.WriteString(closing)
		tmpl = tmpl[end+2:]
	}
}

// find returns the first place from i on, outside quotes and brackets, where is holds of
// the rest; -1 if there is none.
func find(s string, i int, is func(rest string) bool) int {
	depth := 0
	for ; i < len(s); i++ {
		if depth == 0 && is(s[i:]) {
			return i
		}
		switch s[i] {
		case '\'', '"':
			i = quoteEnd(s, i)
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return -1
			}
		}
	}
	return -1
}

// quoteEnd returns the place of the quote that ends the text beginning at i.
func quoteEnd(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case s[i]:
			return j
		}
	}
	return len(s)
}

// groups rewrites what stands in brackets in s, at any depth.
func groups(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\'', '"':
			end := min(quoteEnd(s, i)+1, len(s))
			b.WriteString(s[i:end])
			i = end - 1
		case '(', '[', '{':
			shut := map[byte]string{'(': ")", '[': "]", '{': "}"}[c]
			end := find(s, i+1, func(r string) bool { return r[0] == shut[0] })
			if end < 0 {
				b.WriteString(s[i:])
				return b.String()
			}
			b.WriteByte(c)
			inner := s[i+1 : end]
			for {
				comma := find(inner, 0, func(r string) bool { return r[0] == ',' })
				if comma < 0 {
					b.WriteString(conditional(groups(inner)))
					break
				}
				b.WriteString(conditional(groups(inner[:comma])) + ",")
				inner = inner[comma+1:]
			}
			b.WriteString(shut)
			i = end
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// named finds `name=` of an argument or `key:` of a map entry.
var named = regexp.MustCompile(`^\s*(\w+\s*=(?:[^=]|$)|(?:\w+|'[^']*'|"[^"]*")\s*:)`)

// conditional rewrites one expression if it is `a if c else b`.
func conditional(s string) string {
	ifs := find(s, 0, keyword("if"))
	if ifs < 0 {
		return s
	}
	prefix := ""
	if n := strings.IndexAny(named.FindString(s), "=:") + 1; n > 0 && n <= ifs {
		prefix, s, ifs = s[:n], s[n:], ifs-n
	}
	cond, other := s[ifs+4:], "''"
	if e := find(cond, 0, keyword("else")); e >= 0 {
		cond, other = cond[:e], conditional(cond[e+6:])
	}
	return prefix + "winnow_if(" + cond + ", " + s[:ifs] + ", " + other + ")"
}

// keyword matches the word with white space around it.
func keyword(word string) func(string) bool {
	return func(r string) bool {
		return len(r) >= len(word)+2 && space(r[0]) && r[1:1+len(word)] == word && space(r[1+len(word)])
	}
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func choose(_ *exec.Evaluator, p *exec.VarArgs) (any, error) {
	if p.Args[0].IsTrue() {
		return p.Args[1].Interface(), nil
	}
	return p.Args[2].Interface(), nil
}
