package bpe

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

const (
	start   = "<|startoftext|>"
	end     = "<|endoftext|>"
	wordEnd = "</w>"
	// maxText bounds what is looked at of a text, in bytes: hundreds of times what a model reads.
	maxText = 1 << 15
)

// Tokenizer turns text into ids. It is safe for use by several goroutines.
type Tokenizer struct {
	ids   map[string]int
	ranks map[[2]string]int
	// start and end frame every text; pad fills it up.
	start, end, pad int
	// max is the number of ids that the model takes, 0 where the folder does not say.
	max int
	// special tokens are cut out of a text before its words: start, end and pad. Where pad is "!", a
	// "!" in a text is therefore not the one that ends a word.
	special map[string]int
	cuts    *regexp.Regexp
}

// Open reads a folder with vocab.json and merges.txt, and pad token and length from
// tokenizer_config.json or special_tokens_map.json where they are there.
func Open(dir string) (*Tokenizer, error) { return OpenFS(os.DirFS(dir), dir) }

// OpenFS is Open for files that a program carries; name is for messages.
func OpenFS(fsys fs.FS, name string) (*Tokenizer, error) {
	t := &Tokenizer{ranks: map[[2]string]int{}}
	data, err := fs.ReadFile(fsys, "vocab.json")
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read the tokenizer's vocabulary (%w); copy or download the whole folder again", name, err)
	}
	if err := json.Unmarshal(data, &t.ids); err != nil {
		return nil, fmt.Errorf("%s: vocab.json is not a readable vocabulary (%w); copy or download it again", name, err)
	}
	if err := t.readMerges(fsys); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var ok bool
	if t.start, ok = t.ids[start]; ok {
		t.end, ok = t.ids[end]
	}
	if !ok {
		return nil, fmt.Errorf("%s: vocab.json has no %s and %s: it is not CLIP's", name, start, end)
	}
	for b := range byteSymbols {
		for _, s := range []string{byteSymbols[b], byteSymbols[b] + wordEnd} {
			if _, ok := t.ids[s]; !ok {
				return nil, fmt.Errorf("%s: vocab.json has no token %q for byte %d: it is incomplete", name, s, b)
			}
		}
	}
	if err := t.readRoles(fsys); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t.cuts = regexp.MustCompile(strings.Join(quoted(t.special), "|"))
	return t, nil
}

func quoted(special map[string]int) []string {
	var out []string
	for s := range special {
		out = append(out, regexp.QuoteMeta(s))
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return out
}

func (t *Tokenizer) readMerges(fsys fs.FS) error {
	data, err := fs.ReadFile(fsys, "merges.txt")
	if err != nil {
		return fmt.Errorf("cannot read the tokenizer's merges (%w); copy or download the whole folder again", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || n == 1 && strings.HasPrefix(line, "#version") {
			continue
		}
		left, right, ok := strings.Cut(line, " ")
		if _, known := t.ids[left+right]; !ok || !known {
			return fmt.Errorf("merges.txt: line %d (%.40q) does not join two tokens to one of the vocabulary", n, line)
		}
		t.ranks[[2]string{left, right}] = n
	}
	return lines.Err()
}

// readRoles finds the pad token, written as text or as an object, and the length.
func (t *Tokenizer) readRoles(fsys fs.FS) error {
	t.pad = t.end
	t.special = map[string]int{start: t.start, end: t.end}
	for _, name := range []string{"special_tokens_map.json", "tokenizer_config.json"} {
		var f struct {
			Pad json.RawMessage `json:"pad_token"`
			Max float64         `json:"model_max_length"` // some files hold 10³⁰ for "any"
		}
		data, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(data, &f)
		}
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", name, err)
		}
		if f.Max > 0 && f.Max < 1<<20 {
			t.max = int(f.Max)
		}
		var pad string
		var token struct {
			Content string `json:"content"`
		}
		if json.Unmarshal(f.Pad, &pad) != nil && json.Unmarshal(f.Pad, &token) == nil {
			pad = token.Content
		}
		if pad == "" {
			continue
		}
		id, ok := t.ids[pad]
		if !ok {
			return fmt.Errorf("%s names the pad token %q, which the vocabulary does not have", name, pad)
		}
		t.pad = id
		t.special[pad] = id
	}
	return nil
}

// Max is the number of ids that the model takes, 0 where the folder does not say.
func (t *Tokenizer) Max() int { return t.max }

// Size is one more than the largest id.
func (t *Tokenizer) Size() int {
	top := 0
	for _, id := range t.ids {
		top = max(top, id)
	}
	return top + 1
}

// Encode gives the ids of a whole text, start and end included. Special tokens written in it
// become their ids.
func (t *Tokenizer) Encode(text string) []int {
	ids := []int{t.start}
	text = normalise(text)
	at := 0
	for _, cut := range t.cuts.FindAllStringIndex(text, -1) {
		ids = append(t.plain(ids, text[at:cut[0]]), t.special[text[cut[0]:cut[1]]])
		at = cut[1]
	}
	return append(t.plain(ids, text[at:]), t.end)
}

// Padded is Encode brought to n ids: what is too long loses its last words and keeps its end, and
// cut says how many ids were lost; what is too short is padded.
func (t *Tokenizer) Padded(text string, n int) (ids []int, cut int) {
	ids = t.Encode(text)
	if cut = len(ids) - n; cut > 0 && n > 0 {
		ids = append(ids[:n-1], t.end)
	}
	for len(ids) < n {
		ids = append(ids, t.pad)
	}
	return ids, max(cut, 0)
}

// Words are the tokens of Encode(text) between start and end, as text: the prompt as the model
// sees it. A word in several tokens is several entries; bytes that are no text alone become �.
func (t *Tokenizer) Words(text string) []string {
	names := make(map[int]string, len(t.ids))
	for s, id := range t.ids {
		names[id] = s
	}
	ids := t.Encode(text)
	out := make([]string, 0, len(ids))
	for _, id := range ids[1 : len(ids)-1] {
		out = append(out, plainText(names[id]))
	}
	return out
}

// plainText is what the symbols of a token stand for.
func plainText(token string) string {
	var b []byte
	for _, r := range strings.TrimSuffix(token, wordEnd) {
		if i := slices.Index(byteSymbols[:], string(r)); i >= 0 {
			b = append(b, byte(i))
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// space is what \s means to the tokenizer's authors: Go's has ASCII only.
const space = `\s\x0b\x{85}\p{Z}`

var (
	spaces = regexp.MustCompile(`[` + space + `]+`)
	words  = regexp.MustCompile(`'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{L}\p{N}` + space + `]+`)
)

func normalise(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	text = norm.NFC.String(strings.ToValidUTF8(text, "\uFFFD"))
	return strings.ToLower(spaces.ReplaceAllString(text, " "))
}

// plain appends the ids of a text without special tokens.
func (t *Tokenizer) plain(ids []int, text string) []int {
	for _, w := range words.FindAllString(text, -1) {
		ids = t.word(ids, w)
	}
	return ids
}

// word appends the ids of one word.
func (t *Tokenizer) word(ids []int, word string) []int {
	symbols := make([]string, len(word))
	for i := range len(word) {
		symbols[i] = byteSymbols[word[i]]
	}
	symbols[len(symbols)-1] += wordEnd
	for len(symbols) > 1 {
		best, rank := [2]string{}, 0
		for i := 1; i < len(symbols); i++ {
			pair := [2]string{symbols[i-1], symbols[i]}
			if r, ok := t.ranks[pair]; ok && (rank == 0 || r < rank) {
				best, rank = pair, r
			}
		}
		if rank == 0 {
			break
		}
		symbols = join(symbols, best)
	}
	for _, s := range symbols {
		ids = append(ids, t.ids[s])
	}
	return ids
}

// join makes one symbol of every such pair, from left to right.
func join(symbols []string, pair [2]string) []string {
	out := symbols[:0]
	for i := 0; i < len(symbols); i++ {
		if i+1 < len(symbols) && symbols[i] == pair[0] && symbols[i+1] == pair[1] {
			out = append(out, pair[0]+pair[1])
			i++
		} else {
			out = append(out, symbols[i])
		}
	}
	return out
}

// byteSymbols writes every byte as one printable character, as GPT-2 does: the printable bytes of
// Latin-1 as themselves, the others in order as U+0100, U+0101, …
var byteSymbols = func() (out [256]string) {
	next := rune(256)
	for b := range out {
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			out[b] = string(rune(b))
		} else {
			out[b] = string(next)
			next++
		}
	}
	return out
}()
