package main

import "strings"

// alternate is another icon of the same noun: as sets name it, and its code point.
type alternate struct{ name, code string }

// alternates broaden what a noun looks like in training. A style has one picture a
// noun, so STYLE-2, STYLE-3 … are the set again with alternates in place.
var alternates = map[string][]alternate{
	"airplane":   {{"small-airplane", "1f6e9-fe0f"}, {"airplane-departure", "1f6eb"}},
	"apple":      {{"green-apple", "1f34f"}},
	"ball":       {{"basketball", "1f3c0"}, {"volleyball", "1f3d0"}},
	"bear":       {{"teddy-bear", "1f9f8"}, {"polar-bear", "1f43b-200d-2744-fe0f"}},
	"bird":       {{"eagle", "1f985"}, {"parrot", "1f99c"}},
	"boat":       {{"speedboat", "1f6a4"}, {"motor-boat", "1f6e5-fe0f"}},
	"book":       {{"green-book", "1f4d7"}, {"blue-book", "1f4d8"}},
	"bus":        {{"oncoming-bus", "1f68d"}, {"trolleybus", "1f68e"}, {"minibus", "1f690"}},
	"cake":       {{"birthday-cake", "1f382"}, {"cupcake", "1f9c1"}},
	"camera":     {{"camera-with-flash", "1f4f8"}},
	"car":        {{"sport-utility-vehicle", "1f699"}, {"oncoming-automobile", "1f698"}, {"taxi", "1f695"}},
	"cat":        {{"cat-face", "1f431"}, {"black-cat", "1f408-200d-2b1b"}},
	"chair":      {{"seat", "1f4ba"}},
	"clock":      {{"mantelpiece-clock", "1f570-fe0f"}, {"one-oclock", "1f550"}},
	"cow":        {{"cow-face", "1f42e"}, {"ox", "1f402"}},
	"cup":        {{"hot-beverage", "2615"}},
	"dog":        {{"dog-face", "1f436"}, {"poodle", "1f429"}, {"guide-dog", "1f9ae"}, {"service-dog", "1f415-200d-1f9ba"}},
	"fish":       {{"tropical-fish", "1f420"}},
	"hat":        {{"billed-cap", "1f9e2"}, {"womans-hat", "1f452"}},
	"horse":      {{"horse-face", "1f434"}},
	"house":      {{"house-with-garden", "1f3e1"}, {"hut", "1f6d6"}, {"derelict-house", "1f3da-fe0f"}},
	"key":        {{"old-key", "1f5dd-fe0f"}},
	"monkey":     {{"monkey-face", "1f435"}, {"hear-no-evil-monkey", "1f649"}, {"speak-no-evil-monkey", "1f64a"}},
	"motorcycle": {{"motor-scooter", "1f6f5"}},
	"phone":      {{"mobile-phone-with-arrow", "1f4f2"}, {"telephone", "260e-fe0f"}},
	"sheep":      {{"ram", "1f40f"}},
	"star":       {{"glowing-star", "1f31f"}},
	"train":      {{"locomotive", "1f682"}, {"metro", "1f687"}, {"tram", "1f68a"}},
	"tree":       {{"evergreen-tree", "1f332"}, {"palm-tree", "1f334"}},
	"umbrella":   {{"umbrella-with-rain-drops", "2614"}},
}

// turns is how many sets of alternates are drawn: what a noun has beyond them is left out.
const turns = 3

// alternatesOf lists the other icons of a noun.
func (s source) alternatesOf(noun string) []alternate {
	if s.also == nil {
		return alternates[noun]
	}
	var list []alternate
	for _, name := range strings.Fields(s.also[noun]) {
		list = append(list, alternate{name: name})
	}
	return list
}
