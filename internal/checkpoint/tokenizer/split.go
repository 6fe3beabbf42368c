package tokenizer

import "unicode"

// A pass cuts a piece of text into smaller pieces, losing nothing. A pre-tokenizer is a list
// of passes, each applied to every piece of the one before: what llama.cpp writes as a list
// of regular expressions, where matches and the gaps between them become pieces.
type pass func(r []rune, emit func(n int))

// split applies the passes in order.
func split(text string, passes []pass) []string {
	pieces := [][]rune{[]rune(text)}
	for _, p := range passes {
		var next [][]rune
		for _, r := range pieces {
			at := 0
			p(r, func(n int) {
				if n > 0 {
					next = append(next, r[at:at+n])
					at += n
				}
			})
		}
		pieces = next
	}
	out := make([]string, 0, len(pieces))
	for _, r := range pieces {
		if len(r) > 0 {
			out = append(out, string(r))
		}
	}
	return out
}

func isL(r rune) bool { return unicode.IsLetter(r) }
func isN(r rune) bool { return unicode.Is(unicode.N, r) }
func isS(r rune) bool { return unicode.IsSpace(r) }
func isP(r rune) bool { return unicode.IsPunct(r) }

func isNewline(r rune) bool { return r == '\r' || r == '\n' }

// isOther is [^\s\p{L}\p{N}].
func isOther(r rune) bool { return !isS(r) && !isL(r) && !isN(r) }

// run counts the characters from i on for which is holds.
func run(r []rune, i int, is func(rune) bool) int {
	n := 0
	for i+n < len(r) && is(r[i+n]) {
		n++
	}
	return n
}

// contraction matches 's 't 'm 'd 're 've 'll at i and returns its length, else 0.
func contraction(r []rune, i int, anyCase bool) int {
	if r[i] != '\'' || i+1 >= len(r) {
		return 0
	}
	fold := func(c rune) rune {
		if anyCase && c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}
	a := fold(r[i+1])
	if a == 's' || a == 't' || a == 'm' || a == 'd' {
		return 2
	}
	if i+2 < len(r) {
		switch b := fold(r[i+2]); {
		case a == 'r' && b == 'e', a == 'v' && b == 'e', a == 'l' && b == 'l':
			return 3
		}
	}
	return 0
}

// spaces matches \s+(?!\S)|\s+ at i: white space before a word leaves its last character to
// the word.
func spaces(r []rune, i int) int {
	n := run(r, i, isS)
	if n > 1 && i+n < len(r) {
		return n - 1
	}
	return n
}

// gpt2 is 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func gpt2(r []rune, emit func(int)) {
	for i := 0; i < len(r); {
		n := contraction(r, i, false)
		if n == 0 {
			j := i
			if r[i] == ' ' && i+1 < len(r) {
				j++
			}
			for _, is := range []func(rune) bool{isL, isN, isOther} {
				if k := run(r, j, is); k > 0 {
					n = j - i + k
					break
				}
			}
		}
		if n == 0 {
			n = spaces(r, i)
		}
		emit(n)
		i += n
	}
}

// modern is the expression that Llama 3 and Qwen 2 share but for the digits in a row:
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}|
//	 ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func modern(digits int) pass {
	return func(r []rune, emit func(int)) {
		for i := 0; i < len(r); {
			n := modernAt(r, i, digits)
			emit(n)
			i += n
		}
	}
}

func modernAt(r []rune, i, digits int) int {
	if n := contraction(r, i, true); n > 0 {
		return n
	}
	if k := run(r, i, isL); k > 0 {
		return k
	}
	if !isNewline(r[i]) && !isN(r[i]) {
		if k := run(r, i+1, isL); k > 0 {
			return 1 + k
		}
	}
	if k := run(r, i, isN); k > 0 {
		return min(k, digits)
	}
	j := i
	if r[i] == ' ' {
		j++
	}
	if k := run(r, j, isOther); k > 0 {
		j += k
		return j + run(r, j, isNewline) - i
	}
	// \s*[\r\n]+ runs to the last newline of the white space.
	for k := run(r, i, isS); k > 0; k-- {
		if isNewline(r[i+k-1]) {
			return k
		}
	}
	return spaces(r, i)
}

// runs makes every longest run of is a piece: […]+
func runs(is func(rune) bool) pass {
	return led(func(rune) bool { return false }, is)
}

// led makes every run of is a piece, with one character of lead before it if there is one:
// \s?\p{L}+
func led(lead, is func(rune) bool) pass {
	return func(r []rune, emit func(int)) {
		gap := 0
		for i := 0; i < len(r); {
			j := i
			if lead(r[i]) && !is(r[i]) {
				j++
			}
			k := run(r, j, is)
			if k == 0 {
				gap++
				i++
				continue
			}
			emit(gap)
			emit(j - i + k)
			gap, i = 0, j+k
		}
		emit(gap)
	}
}

// each makes every single character of is a piece: \p{N}
func each(is func(rune) bool) pass {
	return func(r []rune, emit func(int)) {
		gap := 0
		for _, c := range r {
			if is(c) {
				emit(gap)
				emit(1)
				gap = 0
			} else {
				gap++
			}
		}
		emit(gap)
	}
}

// triples is [0-9][0-9][0-9]
func triples(r []rune, emit func(int)) {
	digit := func(c rune) bool { return c >= '0' && c <= '9' }
	gap := 0
	for i := 0; i < len(r); {
		if i+3 <= len(r) && digit(r[i]) && digit(r[i+1]) && digit(r[i+2]) {
			emit(gap)
			emit(3)
			gap, i = 0, i+3
		} else {
			gap++
			i++
		}
	}
	emit(gap)
}

// signs is [\p{P}\$\+<=>\^~\|] and the characters in more.
func signs(more string) func(rune) bool {
	return func(r rune) bool {
		if isP(r) {
			return true
		}
		for _, c := range "$+<=>^~|" + more {
			if r == c {
				return true
			}
		}
		return false
	}
}

// eastAsian is [一-龥ࠀ-一가-퟿], as DeepSeek Coder has it.
func eastAsian(r rune) bool { return r >= 0x800 && r <= 0x9fa5 || r >= 0xac00 && r <= 0xd7ff }

// The pre-tokenizers that are known.
var (
	splitGPT2     = []pass{gpt2}
	splitLlama3   = []pass{modern(3)}
	splitQwen2    = []pass{modern(1)}
	splitSmolLM   = []pass{each(isN), gpt2}
	splitFalcon   = []pass{runs(signs("`")), gpt2, triples}
	splitDefault  = []pass{runs(signs("")), gpt2, runs(isN), triples}
	splitDeepSeek = []pass{each(isNewline), led(isS, isL), led(isS, isP), runs(eastAsian), each(isN)}
)

// preTokenizers maps tokenizer.ggml.pre to its passes.
var preTokenizers = map[string][]pass{
	"": splitDefault, "default": splitDefault,
	"gpt-2": splitGPT2, "phi-2": splitGPT2, "mpt": splitGPT2, "olmo": splitGPT2, "jais": splitGPT2,
	"trillion": splitGPT2, "granite-docling": splitGPT2, "exaone4": splitGPT2, "modern-bert": splitGPT2,
	"gigachat": splitGPT2, "a.x-4.0": splitGPT2, "mellum": splitGPT2,
	"llama3": splitLlama3, "llama-v3": splitLlama3, "llama-bpe": splitLlama3, "falcon3": splitLlama3,
	"falcon-h1": splitLlama3, "pixtral": splitLlama3, "midm-2.0": splitLlama3, "lfm2": splitLlama3,
	"dbrx": splitLlama3, "smaug-bpe": splitLlama3, "chatglm-bpe": splitLlama3, "glm4": splitLlama3,
	"qwen2": splitQwen2, "deepseek-r1-qwen": splitQwen2, "megrez": splitQwen2, "stablelm2": splitQwen2,
	"hunyuan": splitQwen2, "solar-open": splitQwen2, "grok-2": splitQwen2, "kormo": splitQwen2,
	"starcoder": splitSmolLM, "refact": splitSmolLM, "command-r": splitSmolLM, "smollm": splitSmolLM,
	"codeshell": splitSmolLM, "exaone": splitSmolLM, "minerva-7b": splitSmolLM, "mellum2": splitSmolLM,
	"falcon": splitFalcon, "deepseek-coder": splitDeepSeek,
}

// ignoresMerges are those of them whose words, if they are tokens as a whole, are not merged
// up; they also begin with BOS unless the file says otherwise.
var ignoresMerges = map[string]bool{
	"llama3": true, "llama-v3": true, "llama-bpe": true, "falcon3": true, "falcon-h1": true,
	"pixtral": true, "midm-2.0": true, "lfm2": true,
}
