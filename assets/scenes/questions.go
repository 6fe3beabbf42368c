package scenes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
)

// frequent lists the nouns from the most to the least often painted, over all themes.
var frequent = func() []string {
	share := map[string]float64{}
	for _, t := range themes {
		for _, n := range t.nouns {
			share[n] += 1 / float64(len(t.nouns))
		}
	}
	list := append([]string(nil), Nouns...)
	sort.SliceStable(list, func(i, j int) bool { return share[list[i]] > share[list[j]] })
	return list
}()

// popularPool is how many of the most frequent absent nouns a popular negative is drawn from.
const popularPool = 6

// negatives are the absent nouns of a kind that may be asked for.
func negatives(kind string, s *Scene) []string {
	there := map[string]bool{}
	for _, o := range s.Objects {
		there[o.Name] = true
	}
	var list []string
	for _, n := range frequent {
		if there[n] || kind == Adversarial && !company(n, s) {
			continue
		}
		if list = append(list, n); kind == Popular && len(list) == popularPool {
			break
		}
	}
	return list
}

// company tells whether a noun shares a theme with something that is there.
func company(noun string, s *Scene) bool {
	for _, o := range s.Objects {
		if related(noun, o.Name) {
			return true
		}
	}
	return false
}

// kindShare is the mix of training.
var kindShare = []struct {
	kind  string
	share float64
}{{Exist, 0.26}, {Where, 0.13}, {What, 0.16}, {Colour, 0.15}, {Count, 0.10}, {Relation, 0.20}}

// asker draws the questions of one scene.
type asker struct {
	r     *rand.Rand
	s     *Scene
	size  int
	count map[string]int
	once  []Object // objects whose noun stands in the scene once
	turn  int      // existence questions so far
	even  bool     // go through Yes and the kinds of No in turn
}

func ask(r *rand.Rand, s *Scene, o Options) []Question {
	a := &asker{r: r, s: s, size: o.Size, count: map[string]int{}, even: len(o.Kinds) > 0}
	for _, x := range s.Objects {
		a.count[x.Name]++
	}
	for _, x := range s.Objects {
		if a.count[x.Name] == 1 {
			a.once = append(a.once, x)
		}
	}
	var list []Question
	asked := map[string]bool{}
	for i := 0; len(list) < o.Questions && i < 20*o.Questions; i++ {
		kind := a.kind()
		if a.even {
			kind = o.Kinds[i%len(o.Kinds)]
		}
		q, ok := a.one(kind)
		if !ok || a.even && asked[q.Text] { // an exam asks nothing twice
			continue
		}
		asked[q.Text] = true
		list = append(list, q)
	}
	return list
}

func (a *asker) kind() string {
	x := a.r.Float64()
	for _, k := range kindShare {
		if x -= k.share; x < 0 {
			return k.kind
		}
	}
	return Exist
}

func (a *asker) one(kind string) (Question, bool) {
	say := pick(a.r, phrasings[kind])
	switch kind {
	case Exist:
		return a.exist(say), true
	case Where:
		if len(a.once) == 0 {
			return Question{}, false
		}
		o := pick(a.r, a.once)
		return Question{Kind: kind, Text: fmt.Sprintf(say, o.Name), Answer: sentence(Places[o.Cell]), Noun: o.Name}, true
	case What:
		return a.what(say)
	case Colour:
		var list []Object
		for _, o := range a.once {
			if o.Colour != "" {
				list = append(list, o)
			}
		}
		if len(list) == 0 {
			return Question{}, false
		}
		o := pick(a.r, list)
		return Question{Kind: kind, Text: fmt.Sprintf(say, o.Name), Answer: sentence(o.Colour), Noun: o.Name}, true
	case Count:
		n := pick(a.r, a.s.Objects).Name
		if a.r.Float64() >= 0.9 {
			n = pick(a.r, Nouns)
		}
		return Question{Kind: kind, Text: fmt.Sprintf(say, Plural(n)), Answer: sentence(numbers[min(5, a.count[n])]), Noun: n}, true
	case Relation:
		q, ok := a.relation(say)
		for tries := 0; !ok && !a.even && tries < 4; tries++ { // many pairs are too close on one axis
			q, ok = a.relation(say)
		}
		return q, ok
	}
	return Question{Kind: Backdrop, Text: say, Answer: sentence(backdrops[a.s.Background])}, true
}

// backdrops are the answers about the background.
var backdrops = map[string]string{"gradient": "a gradient", "noise": "noise", "stripes": "stripes",
	"clouds": "clouds", "wood": "wood", "photograph": "a photograph"}

func (a *asker) exist(say string) Question {
	q := Question{Kind: Exist, Answer: "Yes."}
	no := a.r.Float64() < 0.5
	kind := pick(a.r, []string{Random, Popular, Adversarial, Adversarial})
	if a.even {
		no, kind = a.turn%2 == 1, []string{Random, Popular, Adversarial}[a.turn/2%3]
	}
	a.turn++
	if no {
		if pool := negatives(kind, a.s); len(pool) > 0 {
			q.Noun, q.Negative, q.Answer = pick(a.r, pool), kind, "No."
		}
	}
	if q.Noun == "" {
		q.Noun = pick(a.r, a.s.Objects).Name
	}
	q.Text = fmt.Sprintf(say, Article(q.Noun))
	return q
}

// what asks for a place that holds one object alone.
func (a *asker) what(say string) (Question, bool) {
	var in [9][]Object
	for _, o := range a.s.Objects {
		in[o.Cell] = append(in[o.Cell], o)
	}
	var alone []Object
	for _, list := range in {
		if len(list) == 1 {
			alone = append(alone, list[0])
		}
	}
	if len(alone) == 0 {
		return Question{}, false
	}
	o := pick(a.r, alone)
	return Question{Kind: What, Text: fmt.Sprintf(say, at(o.Cell)), Answer: sentence(Article(o.Name)), Noun: o.Name}, true
}

// clear is the least distance, as a share of the picture, at which left and right are not in doubt.
const clear = 0.08

func (a *asker) relation(say string) (Question, bool) {
	if len(a.once) < 2 {
		return Question{}, false
	}
	i := a.r.IntN(len(a.once))
	j := (i + 1 + a.r.IntN(len(a.once)-1)) % len(a.once)
	p, q := a.once[i], a.once[j]
	side := pick(a.r, []string{"left of", "right of", "above", "below"})
	d := map[string]float64{"left of": q.X - p.X, "right of": p.X - q.X, "above": q.Y - p.Y, "below": p.Y - q.Y}[side]
	if math.Abs(d) <= clear*float64(a.size) {
		return Question{}, false
	}
	answer := "No."
	if d > 0 {
		answer = "Yes."
	}
	return Question{Kind: Relation, Text: fmt.Sprintf(sided(say, side), p.Name, side, q.Name), Answer: answer, Noun: p.Name, Other: q.Name}, true
}

// caption lists the objects place by place: "A red car at the top and a dog in the middle."
func caption(objects []Object) Question {
	list := append([]Object(nil), objects...)
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].Cell != list[j].Cell {
			return list[i].Cell < list[j].Cell
		}
		return list[i].X < list[j].X
	})
	text := ""
	for i, o := range list {
		name := o.Name
		if o.Colour != "" {
			name = o.Colour + " " + name
		}
		switch {
		case i > 0 && i == len(list)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += Article(name) + " " + at(o.Cell)
	}
	return Question{Kind: Caption, Text: CaptionText, Answer: sentence(text)}
}
