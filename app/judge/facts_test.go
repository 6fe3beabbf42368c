package judge

import (
	"strings"
	"testing"

	"winnow/assets/scenes"
)

// asked writes what is asked about a prompt: "apple red left, dog".
func asked(prompt string) string {
	var out []string
	for _, t := range Things(prompt) {
		s := t.Noun
		if t.Colour != "" {
			s += " " + t.Colour
		}
		if t.Cell != Anywhere {
			s += " @" + scenes.Places[t.Cell]
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestThingsOfPrompts(t *testing.T) {
	for prompt, want := range map[string]string{
		"a red apple on the left and a dog":                                "apple red @left, dog",
		"A Red APPLE, on the left!":                                        "apple red",
		"an airplane at the top right, a blue car at the bottom and a cat": "airplane @top right, car blue @bottom, cat",
		"a cow in the top-left corner and an umbrella in the center":       "cow @top left, umbrella @middle",
		"a bus in the bottom right corner on blue stripes":                 "bus @bottom right",
		"a key at the top of the picture":                                  "key @top",
		"a red apple left of a dog on grass":                               "apple red, dog",
		"a boat to the left of a tree":                                     "boat, tree",
		"a boat on the left of a tree":                                     "boat, tree",
		"a cat in the middle of a road":                                    "cat",
		"a cat in the middle and a boat under a bird":                      "cat @middle, boat, bird",
		"an orange on the left and an orange car":                          "orange @left, car orange",
		"a pink orange":                                     "orange pink",
		"a dog in front of orange clouds":                   "dog",
		"a dog on an orange striped wall":                   "dog",
		"grapes at the top and two bunches of grapes":       "grapes",
		"grapes at the top":                                 "grapes @top",
		"two cats at the top and three red strawberries":    "cat, strawberry",
		"two fish on the left, six cactuses and a fish":     "fish, cactus",
		"two red sheep on the left":                         "sheep",
		"a red car on the left and a blue car on the right": "car",
		"a red and blue ball":                               "ball",
		"a black cat on a plain orange ground":              "cat",
		"a dog without a red hat":                           "dog",
		"no dog, a horse at the bottom left":                "horse @bottom left",
		"a hot dog and a teddy bear":                        "",
		"a castle in the fog":                               "",
		"":                                                  "",
		"apple ball bed bird boat book bus cake car cat":    "apple, ball, bed, bird, boat, book, bus, cake",
	} {
		if got := asked(prompt); got != want {
			t.Errorf("%q\n-want %q\n+got  %q", prompt, want, got)
		}
	}
}

func TestFactsOfAThing(t *testing.T) {
	var out []string
	for _, f := range Facts("a red apple on the left and a dog") {
		if f.Answer != "" || f.Right {
			t.Errorf("%+v is answered before anybody looked", f)
		}
		out = append(out, f.Kind+" "+f.Noun+" "+f.Question+" "+f.Asked)
	}
	want := "exist apple Is there an apple in the picture? yes|where apple Where is the apple? left|colour apple What color is the apple? red|exist dog Is there a dog in the picture? yes"
	if got := strings.Join(out, "|"); got != want {
		t.Errorf("-want %s\n+got  %s", want, got)
	}
}
