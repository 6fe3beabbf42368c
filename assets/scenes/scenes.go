package scenes

import "image"

// Style names a set of sprites: a folder's name, such as noto.
type Style = string

// Options say what a scene should be like. The zero value is the scene of the built-in model.
type Options struct {
	// Size is the side of the picture in pixels, 0 for 224; Patch the side of a patch, 0 for 14.
	// Size must be a multiple of Patch.
	Size, Patch int
	// Styles are those that objects are drawn in; none means all that the sprites have. A scene
	// has one main style, and about every third object may come from another.
	Styles []Style
	// Themed is the share of objects from the scene's theme: 0 stands for 0.8, below 0 for none.
	Themed float64
	// Broken chooses objects of which no two go together, so that none has its usual company.
	Broken bool
	// Crowded puts five to nine objects into each scene, so that a picture teaches an encoder more.
	Crowded bool
	// Augment gives each object a look of its own (palette, tone, lines, shading, outline, shear), and the
	// whole a blur, noise or JPEG's marks: for training, so that a new style is less strange.
	Augment bool
	// Questions is how many to ask at most: 0 stands for 12, below 0 for none.
	Questions int
	// Kinds are asked in turn, as far as the scene allows; exist goes through Yes and the three
	// kinds of No, and the caption is asked for by CaptionText. None means the mix of training,
	// without background, and the caption asked for in several ways.
	Kinds []string
}

// Object is one thing in the picture.
type Object struct {
	Name string `json:"name"`
	// Colour is one of Colours, or empty for a thing in its own colours.
	Colour string `json:"colour,omitempty"`
	Style  Style  `json:"style"`
	// X, Y are the centre and Size the side of its square, in pixels.
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	Size float64 `json:"size"`
	// Cell is the place of the centre: 0 to 8, an index of Places.
	Cell int `json:"cell"`
	// Hidden is the share of its pixels that later objects cover, at most 0.5.
	Hidden float64 `json:"hidden"`
}

// The kinds of question.
const (
	Exist    = "exist"
	What     = "what"
	Where    = "where"
	Colour   = "colour"
	Count    = "count"
	Relation = "relation"
	Backdrop = "background"
	Caption  = "caption"
)

// The kinds of thing that an existence question answered No asks for (Li et al., POPE, 2023).
const (
	// Random is any thing that is not there.
	Random = "random"
	// Popular is one of those most often seen over all scenes.
	Popular = "popular"
	// Adversarial is one that goes together with something that is there.
	Adversarial = "adversarial"
)

// Question is one that the picture answers.
type Question struct {
	// Kind is Exist, What, Where, Colour, Count, Relation, Backdrop or Caption.
	Kind   string `json:"kind"`
	Text   string `json:"text"`
	Answer string `json:"answer"`
	// Noun is what is asked for, the first of two for Relation, what is answered for What.
	Noun string `json:"noun,omitempty"`
	// Other is the second thing of a Relation.
	Other string `json:"other,omitempty"`
	// Negative says for Exist answered No how its noun was chosen.
	Negative string `json:"negative,omitempty"`
}

// Labels say for each patch, row by row, what covers it. A patch has a label when more than 0.3 of
// it is one object's. -1 means none; a thing in its own colours has no colour.
type Labels struct {
	Rows int `json:"rows"`
	Cols int `json:"cols"`
	// Noun indexes Nouns, Colour Colours; Cell is the place of the object's centre, 0 to 8.
	Noun   []int16 `json:"noun"`
	Colour []int16 `json:"colour"`
	Cell   []int16 `json:"cell"`
}

// Scene is a picture with everything true about it.
type Scene struct {
	Seed  uint64
	Image *image.RGBA
	// Objects are in the order of painting: later ones lie on top.
	Objects []Object
	// Theme is empty for a broken one.
	Theme string
	// Background names what is behind: gradient, noise, stripes, clouds, wood or photograph.
	Background string
	Labels     Labels
	Caption    Question
	Questions  []Question
}
