package judge

import (
	"slices"
	"strings"
	"unicode"

	"winnow/assets/scenes"
	"winnow/internal/trace"
)

// Anywhere is the Cell of a thing whose place was not said.
const Anywhere = -1

// Thing is what a prompt asks for.
type Thing struct {
	Noun string
	// Colour is one of scenes.Colours, or empty.
	Colour string
	// Cell is an index of scenes.Places, or Anywhere.
	Cell int
}

// Facts are the questions about a thing and the answers asked for: is it there, where, which colour.
func (t Thing) Facts() []trace.Fact {
	out := []trace.Fact{{Kind: scenes.Exist, Noun: t.Noun, Question: "Is there " + scenes.Article(t.Noun) + " in the picture?", Asked: "yes"}}
	if t.Cell >= 0 && t.Cell < len(scenes.Places) {
		out = append(out, trace.Fact{Kind: scenes.Where, Noun: t.Noun, Question: "Where is the " + t.Noun + "?", Asked: scenes.Places[t.Cell]})
	}
	if t.Colour != "" {
		out = append(out, trace.Fact{Kind: scenes.Colour, Noun: t.Noun, Question: "What color is the " + t.Noun + "?", Asked: t.Colour})
	}
	return out
}

// MostThings of a prompt are asked for; the built-in model draws three.
const MostThings = 8

// Facts are those that a prompt asks for, in the order of its words; none where it names nothing known.
func Facts(prompt string) []trace.Fact {
	var out []trace.Fact
	for _, t := range Things(prompt) {
		out = append(out, t.Facts()...)
	}
	return out
}

// Things lists what a prompt names, each once. Of several of a kind no place and no colour is asked:
// the judge was taught both for things that stand alone.
func Things(prompt string) []Thing {
	words := split(prompt)
	var out []Thing
	for i := range words {
		noun, several := named(words, i)
		if noun == "" || denied(words, i) {
			continue
		}
		at := slices.IndexFunc(out, func(t Thing) bool { return t.Noun == noun })
		switch {
		case at >= 0:
			out[at] = Thing{Noun: noun, Cell: Anywhere}
		case len(out) == MostThings:
		case several:
			out = append(out, Thing{Noun: noun, Cell: Anywhere})
		default:
			out = append(out, Thing{Noun: noun, Colour: colourBefore(words, i), Cell: placeAfter(words, i)})
		}
	}
	return out
}

// split parts a text into lower-case words; each other sign but space and hyphen is a word of its own.
func split(text string) []string {
	var out []string
	inside := false
	for _, r := range strings.ToLower(text) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'':
			if !inside {
				out = append(out, "")
			}
			out[len(out)-1] += string(r)
			inside = true
		default:
			if inside = false; !unicode.IsSpace(r) && r != '-' {
				out = append(out, string(r))
			}
		}
	}
	return out
}

// nouns leads singulars and plurals to the noun; many holds those that mean several.
var nouns, many = func() (map[string]string, map[string]bool) {
	of, several := map[string]string{}, map[string]bool{}
	for _, n := range scenes.Nouns {
		p := scenes.Plural(n)
		if of[n], of[p] = n, n; p != n {
			several[p] = true
		}
	}
	of["cactuses"], several["cactuses"] = "cactus", true
	return of, several
}()

// others are phrases that end in a noun and mean something else.
var others = set("hot dog", "hot dogs", "teddy bear", "teddy bears")

// numbers before a noun that has no other plural: "two fish".
var numbers = set("two", "three", "four", "five", "six", "some", "many", "several", "few")

// follows are words that can stand after "orange" where it is a fruit; elsewhere it is a colour.
var follows = set("and", "or", "with", "on", "at", "in", "to", "left", "right", "above", "below", "under", "over", "beside", "near", "next", "behind", "is")

// named is the noun that word i is, empty where it is none.
func named(words []string, i int) (noun string, several bool) {
	noun = nouns[words[i]]
	next, before := word(words, i+1), word(words, i-1)
	switch {
	case noun == "" || others[before+" "+words[i]]:
		return "", false
	case words[i] == "orange" && isWord(next) && !follows[next]:
		return "", false // "an orange car", "orange stripes"
	case words[i] == "grapes":
		return noun, before == "of" && numbers[word(words, i-3)] // two bunches of grapes
	}
	several = many[words[i]] || numbers[before] || slices.Contains(scenes.Colours, before) && numbers[word(words, i-2)]
	return noun, several
}

// denied tells of "no dog" and "without a red dog".
func denied(words []string, i int) bool {
	for range 3 {
		i--
		switch w := word(words, i); {
		case w == "no" || w == "not" || w == "without":
			return true
		case w != "a" && w != "an" && w != "any" && !slices.Contains(scenes.Colours, w):
			return false
		}
	}
	return false
}

// colourBefore is the colour word right before word i, empty where there is none or there are two.
func colourBefore(words []string, i int) string {
	c, before := word(words, i-1), word(words, i-2)
	if !slices.Contains(scenes.Colours, c) || before == "and" && slices.Contains(scenes.Colours, word(words, i-3)) || slices.Contains(scenes.Colours, before) {
		return ""
	}
	return c
}

// places leads the words of a place to its cell.
var places = func() map[string]int {
	m := map[string]int{"center": 4, "centre": 4}
	for i, p := range scenes.Places {
		m[p] = i
	}
	return m
}()

// placeAfter is the cell that the words after word i say: "on the left", "in the top right corner".
// "To the left of a dog" is no place in the picture.
func placeAfter(words []string, i int) int {
	if p := word(words, i+1); p != "on" && p != "at" && p != "in" && p != "to" || word(words, i+2) != "the" {
		return Anywhere
	}
	cell, end := Anywhere, i+3
	if c, ok := places[word(words, end)+" "+word(words, end+1)]; ok {
		cell, end = c, end+2
	} else if c, ok := places[word(words, end)]; ok {
		cell, end = c, end+1
	} else {
		return Anywhere
	}
	switch next := word(words, end); {
	case next == "corner" || next == "side" || next == "edge":
		end++
	case isWord(next) && !follows[next] && next != "of":
		return Anywhere // "in the middle ages"
	}
	if word(words, end) == "of" && !whole[word(words, end+2)] {
		return Anywhere
	}
	return cell
}

// whole are words for the picture itself.
var whole = set("picture", "image", "photo", "drawing", "scene", "frame")

// word is word i, empty outside of the text.
func word(words []string, i int) string {
	if i < 0 || i >= len(words) {
		return ""
	}
	return words[i]
}

func isWord(w string) bool { return w != "" && unicode.IsLetter([]rune(w)[0]) }

func set(list ...string) map[string]bool {
	m := map[string]bool{}
	for _, s := range list {
		m[s] = true
	}
	return m
}
