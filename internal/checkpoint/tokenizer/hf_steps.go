package tokenizer

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// normalizer builds the function that a tokenizer.json applies to each text fragment.
func normalizer(s *hfStep) (func(string) string, error) {
	if s == nil {
		return func(t string) string { return t }, nil
	}
	switch s.Type {
	case "Sequence":
		var all []func(string) string
		for i := range s.Normalizers {
			f, err := normalizer(&s.Normalizers[i])
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
		return func(t string) string {
			for _, f := range all {
				t = f(t)
			}
			return t
		}, nil
	case "NFC":
		return norm.NFC.String, nil
	case "NFKC":
		return norm.NFKC.String, nil
	case "NFD":
		return norm.NFD.String, nil
	case "NFKD":
		return norm.NFKD.String, nil
	case "Lowercase":
		return strings.ToLower, nil
	case "Prepend":
		return func(t string) string {
			if t == "" {
				return t
			}
			return s.Prepend + t
		}, nil
	case "Replace":
		if s.Pattern.String != nil {
			return func(t string) string { return strings.ReplaceAll(t, *s.Pattern.String, s.Content) }, nil
		}
	}
	return nil, fmt.Errorf("the normalizer %s is not supported", s.Type)
}

// cutter turns a normalised fragment into words for the BPE; first: it begins the text.
type cutter func(text string, first bool) []string

// The regular expressions that are known, as tokenizer.json files write them.
const (
	reContraction = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
	reTail        = `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	reHead        = reContraction + `|[^\r\n\p{L}\p{N}]?\p{L}+|`
)

var knownRegex = map[string]pass{
	reHead + `\p{N}` + reTail:      modern(1),
	reHead + `\p{N}{1,3}` + reTail: modern(3),
	`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`: gpt2,
	`\p{N}`: each(isN),
}

func preTokenizer(s *hfStep) (cutter, error) {
	if s == nil {
		return func(t string, _ bool) []string { return []string{t} }, nil
	}
	switch s.Type {
	case "Sequence":
		return sequence(s.PreTokenizers)
	case "ByteLevel":
		return byteLevel(s), nil
	case "Metaspace":
		return metaspace(s), nil
	case "Digits":
		if s.Individual {
			return byPass(each(isN)), nil
		}
		return byPass(runs(isN)), nil
	case "Split":
		if s.Pattern.Regex != nil && (s.Behavior == "Isolated" || s.Behavior == "Removed") {
			if p, ok := knownRegex[*s.Pattern.Regex]; ok {
				return byPass(p), nil
			}
			return nil, fmt.Errorf("the word pattern %q is not supported", *s.Pattern.Regex)
		}
		if s.Pattern.String != nil && s.Behavior == "MergedWithPrevious" {
			return func(t string, _ bool) []string { return strings.SplitAfter(t, *s.Pattern.String) }, nil
		}
	}
	return nil, fmt.Errorf("the pre-tokenizer %s %s is not supported", s.Type, s.Behavior)
}

func sequence(steps []hfStep) (cutter, error) {
	var all []cutter
	for i := range steps {
		c, err := preTokenizer(&steps[i])
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return func(t string, first bool) []string {
		words := []string{t}
		for _, c := range all {
			var next []string
			for i, w := range words {
				next = append(next, c(w, first && i == 0)...)
			}
			words = next
		}
		return words
	}, nil
}

func byPass(p pass) cutter {
	return func(t string, _ bool) []string { return split(t, []pass{p}) }
}

func byteLevel(s *hfStep) cutter {
	regex := s.UseRegex == nil || *s.UseRegex
	return func(t string, _ bool) []string {
		if s.AddPrefixSpace && !strings.HasPrefix(t, " ") {
			t = " " + t
		}
		words := []string{t}
		if regex {
			words = split(t, splitGPT2)
		}
		for i, w := range words {
			words[i] = toByteRunes(w)
		}
		return words
	}
}

// metaspace marks spaces, prepends a mark unless there is one, and cuts before each mark.
func metaspace(s *hfStep) cutter {
	mark := s.Replacement
	return func(t string, first bool) []string {
		t = strings.ReplaceAll(t, " ", mark)
		prepend := s.PrependScheme == "always" || s.PrependScheme == "first" && first ||
			s.PrependScheme == "" && s.AddPrefixSpace
		if prepend && !strings.HasPrefix(t, mark) {
			t = mark + t
		}
		if s.Split != nil && !*s.Split {
			return []string{t}
		}
		var words []string
		for len(t) > 0 {
			n := strings.Index(t[1:], mark) + 1
			if n == 0 {
				n = len(t)
			}
			words = append(words, t[:n])
			t = t[n:]
		}
		return words
	}
}

// decoderFromHF sets how tokens become bytes.
func (m *model) decoderFromHF(s *hfStep) error {
	m.bytes = func(token string) []byte { return []byte(token) }
	if s == nil {
		return nil
	}
	steps := []hfStep{*s}
	if s.Type == "Sequence" {
		steps = s.Decoders
	}
	for _, d := range steps {
		switch d.Type {
		case "ByteLevel":
			m.bytes = fromByteRunes
		case "Replace", "ByteFallback", "Metaspace":
			m.bytes = unmark
			m.stripFirst = m.stripFirst || d.Type == "Metaspace"
		case "Strip":
			m.stripFirst = m.stripFirst || d.Content == " " && d.Start == 1
		case "Fuse":
		default:
			return fmt.Errorf("the decoder %s is not supported", d.Type)
		}
	}
	return nil
}
