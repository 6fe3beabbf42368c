package scenes

import (
	"fmt"
	"image"
	"math/rand/v2"
	"sync"
)

// solid is the alpha above which a sprite's pixel counts as the thing itself.
const solid = 100

// Generator makes scenes. It may be used from several goroutines at once.
type Generator struct {
	sprites     Sprites
	backgrounds []Background
	nouns       map[Style][]string

	mu      sync.Mutex
	colours map[look]*image.RGBA // recoloured sprites, made when first asked for; nil: has no hue
}

type look struct {
	style        Style
	noun, colour string
}

// New makes a generator of these sprites on these backgrounds; none means Procedural.
func New(s Sprites, backgrounds []Background) *Generator {
	if len(backgrounds) == 0 {
		backgrounds = Procedural()
	}
	g := &Generator{sprites: s, backgrounds: backgrounds,
		nouns: map[Style][]string{}, colours: map[look]*image.RGBA{}}
	for _, st := range s.Styles() {
		g.nouns[st] = s.Nouns(st)
	}
	return g
}

// sprite gives the picture of a look, or nil where the style lacks the noun or it takes no colour.
func (g *Generator) sprite(l look) *image.RGBA {
	p := g.sprites.Picture(l.style, l.noun)
	if p == nil || l.colour == "" {
		return p
	}
	if !colourable[l.noun] {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.colours[l]
	if !ok {
		c = recolour(p, hues[colourIndex[l.colour]])
		g.colours[l] = c
	}
	return c
}

func (o Options) filled(g *Generator) (Options, error) {
	if o.Size == 0 {
		o.Size = 224
	}
	if o.Patch == 0 {
		o.Patch = 14
	}
	if o.Size < 64 || o.Size > 2048 || o.Patch < 1 || o.Size%o.Patch != 0 {
		return o, fmt.Errorf("scenes: %d pixels in patches of %d: the size must be 64 to 2048 and a multiple of the patch", o.Size, o.Patch)
	}
	if len(o.Styles) == 0 {
		o.Styles = g.sprites.Styles()
	}
	if len(o.Styles) == 0 {
		return o, fmt.Errorf("scenes: there are no sprites; use Embedded or Load")
	}
	for _, st := range o.Styles {
		if len(g.nouns[st]) == 0 {
			return o, fmt.Errorf("scenes: there is no style %q; there are %q", st, g.sprites.Styles())
		}
	}
	switch {
	case o.Themed == 0:
		o.Themed = 0.8
	case o.Themed < 0:
		o.Themed = 0
	case o.Themed > 1:
		return o, fmt.Errorf("scenes: themed is a share, 0 to 1, not %g", o.Themed)
	}
	if o.Questions == 0 {
		o.Questions = 12
	}
	for _, k := range o.Kinds {
		switch k {
		case Exist, What, Where, Colour, Count, Relation, Backdrop:
		default:
			return o, fmt.Errorf("scenes: there is no kind of question %q", k)
		}
	}
	return o, nil
}

// Make paints the scene of a seed. The same seed, options, sprites and backgrounds give the same
// scene.
func (g *Generator) Make(seed uint64, o Options) (*Scene, error) {
	o, err := o.filled(g)
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(seed, 0x77696e6e6f77)) // the second word only has to be fixed
	s := &Scene{Seed: seed}
	c := g.paint(r, o, s)
	s.Labels = c.labels(s.Objects, o)
	s.Caption = caption(s.Objects)
	s.Questions = ask(r, s, o)
	if len(o.Kinds) == 0 { // last of all draws: nothing else depends on it
		s.Caption.Text = captionWording(r)
	}
	return s, nil
}

// choose draws the name and colour of the next object.
func (g *Generator) choose(r *rand.Rand, o Options, t theme, main Style, before []Object) look {
	l := look{style: main}
	if r.Float64() >= 0.7 {
		l.style = pick(r, o.Styles)
	}
	all := g.nouns[l.style]
	switch {
	case len(before) > 0 && r.Float64() < 0.28:
		l.noun = pick(r, before).Name
	case o.Broken:
		l.noun = pick(r, strangers(all, before))
	case r.Float64() < o.Themed:
		l.noun = pick(r, t.nouns)
	default:
		l.noun = pick(r, all)
	}
	if colourable[l.noun] && r.Float64() < 0.85 {
		l.colour = pick(r, Colours)
	}
	return l
}

// strangers are the nouns that go together with nothing that is there.
func strangers(all []string, before []Object) []string {
	var list []string
next:
	for _, n := range all {
		for _, o := range before {
			if n != o.Name && related(n, o.Name) {
				continue next
			}
		}
		list = append(list, n)
	}
	if len(list) == 0 { // what is there already is no company of itself
		return []string{before[0].Name}
	}
	return list
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// between draws from lo to hi.
func between(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
