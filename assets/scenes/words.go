package scenes

import "strings"

// Nouns are the sixty things that a scene can show, in the order of the labels.
var Nouns = []string{
	"airplane", "apple", "backpack", "ball", "balloon", "banana", "bear", "bed", "bicycle", "bird",
	"boat", "book", "broccoli", "burger", "bus", "butterfly", "cactus", "cake", "camera", "car",
	"carrot", "cat", "chair", "clock", "couch", "cow", "cup", "dog", "donut", "duck",
	"elephant", "fish", "grapes", "guitar", "hat", "helicopter", "horse", "house", "key", "laptop",
	"lion", "monkey", "motorcycle", "mushroom", "orange", "penguin", "phone", "pizza", "rocket", "rose",
	"sheep", "star", "strawberry", "sunflower", "television", "tractor", "train", "tree", "turtle", "umbrella",
}

// Colours are those that a thing is painted in, in the order of the labels.
var Colours = []string{"red", "orange", "yellow", "green", "blue", "purple", "pink"}

// hues are the degrees on the colour circle of Colours.
var hues = []float64{0, 28, 52, 120, 218, 275, 325}

// Places are the nine places of a picture, row by row.
var Places = []string{
	"top left", "top", "top right", "left", "middle", "right", "bottom left", "bottom", "bottom right",
}

// numbers are the answers to "How many": the last stands for five and more.
var numbers = []string{"none", "one", "two", "three", "four", "five"}

// colourable are the things whose colour may be changed without making them something else.
var colourable = set("car", "balloon", "umbrella", "bus", "backpack", "book", "guitar", "chair", "star",
	"motorcycle", "tractor", "bird", "fish", "butterfly", "bicycle", "couch", "apple", "rose")

type theme struct {
	name  string
	nouns []string
}

// themes is a slice, not a map, because the generator draws from it by number.
var themes = []theme{
	{"farm", []string{"cow", "sheep", "horse", "duck", "tractor", "sunflower", "carrot"}},
	{"kitchen", []string{"apple", "banana", "orange", "pizza", "burger", "cake", "broccoli", "cup", "donut"}},
	{"street", []string{"car", "bus", "bicycle", "motorcycle", "tree", "house", "umbrella"}},
	{"room", []string{"chair", "couch", "bed", "clock", "book", "laptop", "television", "cat"}},
	{"beach", []string{"boat", "ball", "umbrella", "fish", "bird", "star", "turtle"}},
	{"garden", []string{"rose", "sunflower", "tree", "butterfly", "mushroom", "strawberry", "cactus"}},
	{"zoo", []string{"elephant", "lion", "monkey", "bear", "penguin", "turtle"}},
	{"travel", []string{"airplane", "train", "helicopter", "backpack", "camera", "rocket"}},
	{"office", []string{"laptop", "phone", "book", "clock", "key", "cup", "chair"}},
	{"party", []string{"balloon", "cake", "guitar", "hat", "star", "grapes", "dog"}},
}

// Themes gives the things that go together, by theme. The map is the caller's own.
func Themes() map[string][]string {
	m := make(map[string][]string, len(themes))
	for _, t := range themes {
		m[t.name] = append([]string(nil), t.nouns...)
	}
	return m
}

// plurals are those that do not just take an s, as the model learnt them.
var plurals = map[string]string{
	"fish": "fish", "sheep": "sheep", "bus": "buses", "grapes": "grapes",
	"strawberry": "strawberries", "butterfly": "butterflies", "couch": "couches",
}

// Plural gives the form after "How many". It is the one the built-in model was trained on, so
// "cactus" gives "cactuss".
func Plural(noun string) string {
	if p, ok := plurals[noun]; ok {
		return p
	}
	return noun + "s"
}

// Article puts "a" or "an" before a noun, or before a colour and a noun.
func Article(noun string) string {
	if noun == "umbrella" || noun != "" && strings.ContainsRune("aeio", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// at says a place as a question and a caption say it.
func at(cell int) string {
	switch cell {
	case 3, 5:
		return "on the " + Places[cell]
	case 4:
		return "in the middle"
	}
	return "at the " + Places[cell]
}

// sentence raises the first letter and adds the full stop.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

func set(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

var (
	nounIndex   = index(Nouns)
	colourIndex = index(Colours)
)

func index(list []string) map[string]int {
	m := make(map[string]int, len(list))
	for i, s := range list {
		m[s] = i
	}
	return m
}

// together says for each pair of labels whether some theme has both.
var together = func() (table [64][64]bool) {
	for _, t := range themes {
		for _, a := range t.nouns {
			for _, b := range t.nouns {
				table[nounIndex[a]][nounIndex[b]] = true
			}
		}
	}
	return table
}()

// related tells whether two things stand together in some theme.
func related(a, b string) bool { return together[nounIndex[a]][nounIndex[b]] }
