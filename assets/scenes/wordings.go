package scenes

import (
	"math/rand/v2"
	"strings"
)

// phrasings are the ways of asking, with %s for a thing, the plainest first. One draw chooses,
// however many there are: a new one changes the words of a scene's questions, not what they ask.
var phrasings = map[string][]string{
	Exist: {"Is there %s in the picture?", "Is there %s?", "Do you see %s?", "Can you find %s here?",
		"Can you see %s in the picture?", "Is there %s here?"},
	Where: {"Where is the %s?", "Where can I find the %s?", "Where do you see the %s?",
		"Where in the picture is the %s?"},
	What: {"What is %s?", "What do you see %s?", "What can you find %s?", "What can you see %s?",
		"What is %s of the picture?"},
	Colour: {"What color is the %s?", "Which color is the %s?", "What is the color of the %s?",
		"What colour is the %s?"},
	Count: {"How many %s are there?", "How many %s do you see?", "How many %s are in the picture?",
		"How many %s can you see?", "Count the %s."},
	Relation: {"Is the %s %s the %s?", "Is the %s to the %s the %s?", "Do you see the %s %s the %s?",
		"Can you see the %s %s the %s?"},
	Backdrop: {"What is behind them?", "What is in the background?", "What is the background?"},
}

// sided fits a way of asking for a relation to its side: "to the left of", but plain "above".
func sided(say, side string) string {
	if side == "above" || side == "below" {
		return strings.Replace(say, "to the %s the", "%s the", 1)
	}
	return say
}

// CaptionText asks for the caption, in an exam always.
const CaptionText = "Describe the picture."

// captionTexts are the other ways, which training hears too.
var captionTexts = []string{
	"What is in the picture?", "What do you see?", "Describe this image.", "Describe the image.",
	"What can you see in the picture?", "What is in this image?", "Tell me what you see.",
	"Please describe the picture.", "What does the picture show?", "Describe this picture in detail.",
}

// captionWording draws how training asks for the caption.
func captionWording(r *rand.Rand) string {
	if r.Float64() < 0.35 {
		return CaptionText
	}
	return pick(r, captionTexts)
}
