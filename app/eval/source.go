package eval

import (
	"context"

	"winnow/assets/scenes"
	"winnow/vision/picture"
)

// Question is one with its true answer.
type Question struct {
	// Kind is one of package scenes'.
	Kind  string `json:"kind"`
	Text  string `json:"question"`
	Truth string `json:"truth"`
	Noun  string `json:"noun,omitempty"`
	// Setting of an existence question: scenes.Random, Popular or Adversarial. A question answered
	// Yes belongs to one of them too, so that each is half Yes, half No.
	Setting string `json:"setting,omitempty"`
}

// Scene is a picture with questions.
type Scene struct {
	// Name tells the scenes of a source apart.
	Name    string
	Picture *picture.Picture
	// Objects are the nouns that are there, each once.
	Objects   []string
	Questions []Question
}

// Source gives scenes by number.
type Source interface {
	// Len is the number of scenes, 0 without end.
	Len() int
	// Scene gives the same scene for the same number.
	Scene(ctx context.Context, i int) (*Scene, error)
	// Settings say in one line what the scenes depend on.
	Settings() string
	// Notes are sentences that a reader of the results needs.
	Notes() []string
}

var settings = []string{scenes.Random, scenes.Popular, scenes.Adversarial}

// balance pairs each existence question answered No with one answered Yes, which then belongs to the
// same setting, and leaves out what finds no pair: each setting is half Yes, half No.
func balance(list []Question) []Question {
	var yes, no, out []Question
	for _, q := range list {
		switch {
		case q.Kind != scenes.Exist:
			out = append(out, q)
		case q.Setting == "":
			yes = append(yes, q)
		default:
			no = append(no, q)
		}
	}
	for i := range min(len(yes), len(no)) {
		yes[i].Setting = no[i].Setting
		out = append(out, yes[i], no[i])
	}
	return out
}
