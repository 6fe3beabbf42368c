package eval

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/assets/scenes"
	"winnow/vision/picture"
)

// coco is the part of COCO's annotation file that questions are made from.
type coco struct {
	Images []struct {
		ID   int64  `json:"id"`
		File string `json:"file_name"`
		// Width and Height in pixels, of which the boxes are.
		Width, Height float64
	} `json:"images"`
	Annotations []struct {
		Image    int64     `json:"image_id"`
		Category int64     `json:"category_id"`
		Box      []float64 `json:"bbox"` // left, top, width, height
		Crowd    int       `json:"iscrowd"`
	} `json:"annotations"`
	Categories []struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"categories"`
}

// cocoNames leads COCO's names to the model's. "dining table" and others have no word there.
var cocoNames = map[string]string{"cell phone": "phone", "tv": "television", "tvmonitor": "television", "sports ball": "ball", "hot dog": "", "teddy bear": "",
	"aeroplane": "airplane", "motorbike": "motorcycle", "sofa": "couch"}

type photo struct {
	file  string
	count map[string]int
	// cell is the place of a noun that is there once.
	cell  map[string]int
	crowd map[string]bool // of these nobody counted how many
}

type photos struct {
	dir   string
	list  []photo
	known []string // nouns that the file can tell of, the most frequent first
	often map[string]int
	with  map[[2]string]int // pictures that show both
	seed  uint64
	notes []string
}

// Photos reads DIR/annotations.json, in COCO's form, and asks about the photographs beside it what
// its boxes can answer: existence, place and number.
func Photos(dir string, seed uint64) (Source, error) {
	path := filepath.Join(dir, "annotations.json")
	data, err := os.ReadFile(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("%s cannot be read: %w; --photos takes a folder of photographs with that file in COCO's form", path, err)
	}
	var c coco
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s is not in COCO's form: %w", path, err)
	}
	p := &photos{dir: dir, seed: seed, often: map[string]int{}, with: map[[2]string]int{}}
	if err := p.read(path, c); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *photos) read(path string, c coco) error {
	names, unknown := map[int64]string{}, []string(nil)
	for _, x := range c.Categories {
		name, ok := cocoNames[x.Name]
		if !ok {
			name = strings.ToLower(x.Name)
		}
		if slices.Contains(scenes.Nouns, name) {
			names[x.ID] = name
			p.known = append(p.known, name)
		} else {
			unknown = append(unknown, x.Name)
		}
	}
	slices.Sort(p.known)
	p.known = slices.Compact(p.known)
	at := map[int64]int{}
	for _, x := range c.Images {
		if !filepath.IsLocal(filepath.FromSlash(x.File)) {
			return fmt.Errorf("%s names the photograph %q, which is not inside its folder; leave it out", path, x.File)
		}
		at[x.ID] = len(p.list)
		p.list = append(p.list, photo{file: x.File, count: map[string]int{}, cell: map[string]int{}, crowd: map[string]bool{}})
	}
	for i, a := range c.Annotations {
		n, ok := names[a.Category]
		k, there := at[a.Image]
		if !there {
			return fmt.Errorf("%s: annotation %d belongs to no photograph of the file (image_id %d)", path, i, a.Image)
		}
		if !ok {
			continue
		}
		im := c.Images[k]
		if len(a.Box) != 4 || !(im.Width > 0 && im.Height > 0) {
			return fmt.Errorf("%s: annotation %d of %s needs a bbox of four numbers, and its photograph width and height", path, i, im.File)
		}
		x, y := a.Box[0]+a.Box[2]/2, a.Box[1]+a.Box[3]/2
		p.list[k].cell[n] = third(y, im.Height)*3 + third(x, im.Width)
		p.list[k].count[n]++
		p.list[k].crowd[n] = p.list[k].crowd[n] || a.Crowd != 0
	}
	p.list = slices.DeleteFunc(p.list, func(x photo) bool { return len(x.count) == 0 })
	if len(p.list) == 0 {
		return fmt.Errorf("%s has no photograph with a thing that the model has a word for", path)
	}
	for _, x := range p.list {
		for a := range x.count {
			p.often[a]++
			for b := range x.count {
				p.with[[2]string{a, b}]++
			}
		}
	}
	slices.SortStableFunc(p.known, func(a, b string) int { return cmp.Compare(p.often[b], p.often[a]) })
	p.notes = append(p.notes, "a test of transfer: where a model was trained on painted scenes alone, such as the built-in one, photographs are out of its world",
		fmt.Sprintf("asked about %s", strings.Join(p.known, ", ")))
	if len(unknown) > 0 {
		p.notes = append(p.notes, "not asked, as there is no word or no question for them: "+strings.Join(unknown, ", "))
	}
	return nil
}

func third(v, all float64) int { return max(0, min(2, int(3*v/all))) }

func (p *photos) Len() int         { return len(p.list) }
func (p *photos) Notes() []string  { return p.notes }
func (p *photos) Settings() string { return fmt.Sprintf("photographs of %s, seed %d", p.dir, p.seed) }

// popularPool is how many of the most frequent absent nouns a popular negative is drawn from, and of
// those with the most company an adversarial one.
const popularPool = 3

func (p *photos) Scene(ctx context.Context, i int) (*Scene, error) {
	x := p.list[i]
	pic, err := picture.Open(ctx, filepath.Join(p.dir, filepath.FromSlash(x.file)), picture.Limits{})
	if err != nil {
		return nil, err
	}
	s := &Scene{Name: x.file, Picture: pic}
	for _, n := range p.known {
		if x.count[n] > 0 {
			s.Objects = append(s.Objects, n)
		}
	}
	r := rand.New(rand.NewPCG(p.seed, uint64(i)))
	there := slices.Clone(s.Objects)
	r.Shuffle(len(there), func(a, b int) { there[a], there[b] = there[b], there[a] })
	for k, setting := range settings {
		no := p.absent(x, setting)
		if len(no) == 0 {
			continue // all that it has a word for is there
		}
		for _, q := range []Question{{Noun: there[k%len(there)], Truth: "Yes."}, {Noun: no[r.IntN(len(no))], Truth: "No."}} {
			q.Kind, q.Setting, q.Text = scenes.Exist, setting, "Is there "+scenes.Article(q.Noun)+" in the picture?"
			s.Questions = append(s.Questions, q)
		}
	}
	for _, n := range there[:min(2, len(there))] {
		if x.crowd[n] {
			continue
		}
		if x.count[n] == 1 {
			s.Questions = append(s.Questions, Question{Kind: scenes.Where, Text: "Where is the " + n + "?", Truth: scenes.Places[x.cell[n]] + ".", Noun: n})
		}
		s.Questions = append(s.Questions, Question{Kind: scenes.Count, Text: "How many " + scenes.Plural(n) + " are there?",
			Truth: []string{"one", "two", "three", "four", "five"}[min(x.count[n], 5)-1] + ".", Noun: n})
	}
	return s, nil
}

// absent are the nouns that a No may ask for. As POPE does, popularity and company are counted over
// the file.
func (p *photos) absent(x photo, setting string) []string {
	var list []string
	for _, n := range p.known {
		if x.count[n] == 0 {
			list = append(list, n)
		}
	}
	if setting == scenes.Adversarial {
		company := func(n string) (sum int) {
			for there := range x.count {
				sum += p.with[[2]string{n, there}]
			}
			return sum
		}
		slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(company(b), company(a)) })
	}
	if setting != scenes.Random {
		list = list[:min(len(list), popularPool)]
	}
	return list
}
