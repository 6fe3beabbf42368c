package eval

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"winnow/assets/scenes"
	"winnow/vision/picture"
	"winnow/vision/preprocess"
)

// PaintedOptions choose the scenes that are made by code.
type PaintedOptions struct {
	// Sprites is a folder of NAME.png, "" for those that are embedded.
	Sprites string
	// Style is one of the sprites' styles; "" is the held-out one of the embedded, or all of a folder.
	Style string
	// Broken shows things together that do not go together.
	Broken bool
	Seed   uint64
	// Side of a scene in pixels, a multiple of 14; 0: as large as the model sees it, where that is one.
	Side int
}

// plain is the side of a scene for a model whose pictures have no side of their own.
const plain = 224

// exam is what a scene is asked in turn, as far as it allows.
var exam = []string{scenes.Exist, scenes.Exist, scenes.Exist, scenes.Exist, scenes.Exist, scenes.Exist,
	scenes.Where, scenes.What, scenes.Colour, scenes.Count, scenes.Relation, scenes.Where, scenes.What, scenes.Count}

type painted struct {
	generator *scenes.Generator
	options   PaintedOptions
	make      scenes.Options
	notes     []string
}

// Painted gives scenes without end.
func Painted(o PaintedOptions) (Source, error) {
	sprites := scenes.Embedded()
	if o.Sprites != "" {
		var err error
		if sprites, err = scenes.Load(o.Sprites); err != nil {
			return nil, err
		}
	} else if o.Style == "" {
		o.Style = scenes.HeldOut
	}
	p := &painted{generator: scenes.New(sprites, scenes.Procedural()), options: o,
		make: scenes.Options{Size: cmp.Or(o.Side, plain), Broken: o.Broken, Questions: len(exam), Kinds: exam}}
	if o.Style != "" {
		p.make.Styles = []scenes.Style{o.Style}
		if len(sprites.Nouns(o.Style)) == 0 {
			return nil, fmt.Errorf("there is no style %s among the sprites; choose from %s", o.Style, strings.Join(sprites.Styles(), ", "))
		}
	}
	if u := sprites.Unknown(); len(u) > 0 {
		p.notes = append(p.notes, fmt.Sprintf("not asked, as the model has no word for them: %s", strings.Join(u, ", ")))
	}
	return p, nil
}

// fit paints as large as the model sees, so that nothing is resized, unless a side was asked for.
func (p *painted) fit(seen preprocess.Size) {
	if p.options.Side == 0 && seen.W == seen.H && seen.W%14 == 0 && seen.W >= 70 && seen.W <= 672 {
		p.make.Size = seen.W
	}
}

func (p *painted) Len() int        { return 0 }
func (p *painted) Notes() []string { return p.notes }

func (p *painted) Settings() string {
	text := "painted scenes of " + p.options.Sprites + " style " + p.options.Style
	if p.options.Sprites == "" {
		text = "painted scenes, style " + p.options.Style
	} else if p.options.Style == "" {
		text = "painted scenes of " + p.options.Sprites + ", all styles"
	}
	if p.options.Broken {
		text += ", themes broken"
	}
	if p.make.Size != plain {
		text += fmt.Sprintf(", %d pixels", p.make.Size)
	}
	return fmt.Sprintf("%s, seed %d", text, p.options.Seed)
}

// seed spreads scenes over all of uint64: training counts through small numbers.
func (p *painted) seed(i int) uint64 {
	return rand.New(rand.NewPCG(p.options.Seed, 0x6576616c+uint64(i))).Uint64()
}

func (p *painted) Scene(_ context.Context, i int) (*Scene, error) {
	s, err := p.generator.Make(p.seed(i), p.make)
	if err != nil {
		return nil, err
	}
	b := s.Image.Rect
	out := &Scene{Name: fmt.Sprint(i), Picture: &picture.Picture{Image: s.Image, Width: b.Dx(), Height: b.Dy(), Format: "PNG", Name: "scene", Orientation: 1}}
	there := map[string]bool{}
	for _, o := range s.Objects {
		if !there[o.Name] {
			there[o.Name] = true
			out.Objects = append(out.Objects, o.Name)
		}
	}
	for _, q := range s.Questions {
		out.Questions = append(out.Questions, Question{Kind: q.Kind, Text: q.Text, Truth: q.Answer, Noun: q.Noun, Setting: q.Negative})
	}
	out.Questions = append(balance(out.Questions), Question{Kind: scenes.Caption, Text: s.Caption.Text, Truth: s.Caption.Answer})
	return out, nil
}
