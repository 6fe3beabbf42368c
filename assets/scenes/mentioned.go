package scenes

import (
	"strings"
	"unicode"
)

// synonyms leads other words for a thing to its noun. Two words are joined by a space.
var synonyms = map[string]string{
	"plane": "airplane", "aeroplane": "airplane", "aircraft": "airplane", "jet": "airplane",
	"rucksack": "backpack", "knapsack": "backpack", "football": "ball", "soccer ball": "ball",
	"bike": "bicycle", "cycle": "bicycle", "ship": "boat", "sailboat": "boat",
	"hamburger": "burger", "cheeseburger": "burger", "school bus": "bus", "cacti": "cactus",
	"cactuses": "cactus", "automobile": "car", "kitten": "cat", "armchair": "chair", "seat": "chair",
	"alarm clock": "clock", "sofa": "couch", "settee": "couch", "mug": "cup", "teacup": "cup",
	"puppy": "dog", "puppies": "dog", "doughnut": "donut", "duckling": "duck", "fishes": "fish",
	"grape": "grapes", "chopper": "helicopter", "pony": "horse", "ponies": "horse", "home": "house",
	"notebook": "laptop", "ape": "monkey", "motorbike": "motorcycle", "telephone": "phone",
	"cell phone": "phone", "mobile phone": "phone", "cellphone": "phone", "smartphone": "phone",
	"lamb": "sheep", "tv": "television", "telly": "television", "tortoise": "turtle",
	"parasol": "umbrella", "cap": "hat", "top hat": "hat", "spaceship": "rocket",
	"broccolis": "broccoli",
}

// others are phrases that hold one of the nouns and mean something else.
var others = set("hot dog", "hot dogs", "teddy bear", "teddy bears", "orange juice", "car park")

// phrases leads every word or pair of words that names a thing, in singular and plural, to its noun.
var phrases = func() map[string]string {
	m := map[string]string{}
	for _, n := range Nouns {
		m[n], m[Plural(n)] = n, n
	}
	for s, n := range synonyms {
		m[s] = n
		if !strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "y") {
			m[s+"s"] = n
		}
	}
	return m
}()

// Mentioned lists the nouns that a text names, each once, in the order of Nouns. Plurals and
// synonyms count ("two sofas" is couch). "orange" before another thing is a colour: "an orange car"
// names a car alone, "an orange and a car" names both.
func Mentioned(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	found := map[string]bool{}
	for i := 0; i < len(words); i++ {
		if i+1 < len(words) {
			pair := words[i] + " " + words[i+1]
			if others[pair] {
				i++
				continue
			}
			if n, ok := phrases[pair]; ok {
				found[n] = true
				i++
				continue
			}
			if _, ok := phrases[words[i+1]]; ok && words[i] == "orange" {
				continue
			}
		}
		if n, ok := phrases[words[i]]; ok {
			found[n] = true
		}
	}
	var list []string
	for _, n := range Nouns {
		if found[n] {
			list = append(list, n)
		}
	}
	return list
}
