package scenes

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var shared = New(Embedded(), nil)

func make1(t *testing.T, seed uint64, o Options) *Scene {
	t.Helper()
	s, err := shared.Make(seed, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var exam = []string{Exist, Where, What, Colour, Count, Relation}

func TestEmbeddedStylesHaveAllNouns(t *testing.T) {
	s := Embedded()
	for _, st := range []Style{HeldOut, Trained} {
		if got := s.Nouns(st); !slices.Equal(got, Nouns) {
			t.Errorf("%s has %d nouns: %v", st, len(got), got)
		}
	}
	for _, n := range Nouns {
		if !slices.ContainsFunc(themes, func(t theme) bool { return slices.Contains(t.nouns, n) }) {
			t.Errorf("%s is in no theme", n)
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	other := New(Embedded(), nil)
	for seed := range uint64(6) {
		o := Options{Augment: seed%2 == 0}
		a := make1(t, seed, o)
		b, err := other.Make(seed, o)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Image.Pix, b.Image.Pix) || !slices.Equal(a.Questions, b.Questions) || !slices.Equal(a.Labels.Noun, b.Labels.Noun) {
			t.Errorf("seed %d gives two scenes", seed)
		}
		if bytes.Equal(a.Image.Pix, make1(t, seed+100, o).Image.Pix) {
			t.Errorf("seeds %d and %d give one picture", seed, seed+100)
		}
	}
}

func TestCrowdedScenesShowMoreObjects(t *testing.T) {
	few, many := 0, 0
	for seed := range uint64(40) {
		few += len(make1(t, seed, Options{}).Objects)
		n := len(make1(t, seed, Options{Crowded: true}).Objects)
		if many += n; n > 9 {
			t.Errorf("seed %d: %d objects", seed, n)
		}
	}
	if many*10 < few*16 {
		t.Errorf("40 crowded scenes have %d objects, others %d", many, few)
	}
}

func TestLabelsAgreeWithObjects(t *testing.T) {
	for seed := range uint64(40) {
		s := make1(t, seed, Options{Styles: []Style{HeldOut}})
		seen := map[string]bool{}
		for i, n := range s.Labels.Noun {
			if n < 0 {
				if s.Labels.Colour[i] != -1 || s.Labels.Cell[i] != -1 {
					t.Fatalf("seed %d patch %d is labelled by half", seed, i)
				}
				continue
			}
			x, y := float64(i%16*14+7), float64(i/16*14+7)
			k := slices.IndexFunc(s.Objects, func(o Object) bool {
				return o.Name == Nouns[n] && int16(o.Cell) == s.Labels.Cell[i] && math.Hypot(x-o.X, y-o.Y) < o.Size &&
					(o.Colour == "") == (s.Labels.Colour[i] < 0) && (o.Colour == "" || Colours[s.Labels.Colour[i]] == o.Colour)
			})
			if k < 0 {
				t.Fatalf("seed %d patch %d says %s where there is none", seed, i, Nouns[n])
			}
			seen[s.Objects[k].Name] = true
		}
		for _, o := range s.Objects {
			if !seen[o.Name] || o.Hidden < 0 || o.Hidden > 0.5 {
				t.Errorf("seed %d: %s has no patch, or is hidden by %g", seed, o.Name, o.Hidden)
			}
		}
	}
}

// TestAnswersAreTrue works every answer out again from the objects and the question's words.
func TestAnswersAreTrue(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(60) {
		o := Options{Questions: 18, Broken: seed%3 == 0}
		if seed%2 == 0 {
			o.Kinds = exam
		}
		s := make1(t, seed, o)
		for _, q := range s.Questions {
			kinds[q.Kind+q.Negative]++
			if !trueFor(s, q) {
				t.Errorf("seed %d: %q %q is false for %+v", seed, q.Text, q.Answer, s.Objects)
			}
		}
	}
	for _, k := range []string{"exist", "existrandom", "existpopular", "existadversarial", What, Where, Colour, Count, Relation} {
		if kinds[k] < 10 {
			t.Errorf("only %d questions of %s", kinds[k], k)
		}
	}
}

func trueFor(s *Scene, q Question) bool {
	var list []Object
	for _, o := range s.Objects {
		if o.Name == q.Noun {
			list = append(list, o)
		}
	}
	low := strings.ToLower(strings.TrimSuffix(q.Answer, "."))
	switch q.Kind {
	case Exist:
		if q.Negative == Adversarial && !slices.ContainsFunc(s.Objects, func(o Object) bool { return related(o.Name, q.Noun) }) {
			return false
		}
		return (len(list) > 0) == (q.Answer == "Yes.") && (q.Negative == "") == (q.Answer == "Yes.") && strings.Contains(q.Text, Article(q.Noun))
	case Where:
		third := float64(s.Image.Rect.Dx()) / 3
		return len(list) == 1 && Places[int(list[0].Y/third)*3+int(list[0].X/third)] == low
	case Colour:
		return len(list) == 1 && list[0].Colour == low
	case Count:
		return numbers[min(5, len(list))] == low && strings.Contains(q.Text, Plural(q.Noun))
	case What:
		n := 0
		for _, o := range s.Objects {
			if strings.HasSuffix(strings.TrimSuffix(q.Text, " of the picture?")+"?", " "+at(o.Cell)+"?") ||
				strings.HasSuffix(q.Text, " "+at(o.Cell)+"?") {
				n++
				if Article(o.Name) != low {
					return false
				}
			}
		}
		return n == 1
	case Relation:
		if q.Other == "" || q.Other == q.Noun || !strings.Contains(q.Text, " the "+q.Noun+" ") || !strings.HasSuffix(q.Text, " the "+q.Other+"?") {
			return false
		}
		for _, o := range s.Objects {
			if o.Name != q.Other {
				continue
			}
			p := list[0]
			var yes bool
			switch {
			case strings.Contains(q.Text, " left of "):
				yes = p.X < o.X
			case strings.Contains(q.Text, " right of "):
				yes = p.X > o.X
			case strings.Contains(q.Text, q.Noun+" above "):
				yes = p.Y < o.Y
			case strings.Contains(q.Text, q.Noun+" below "):
				yes = p.Y > o.Y
			default:
				return false
			}
			return yes == (q.Answer == "Yes.")
		}
	}
	return false
}

func TestBrokenScenesHaveNoCompany(t *testing.T) {
	for seed := range uint64(60) {
		s := make1(t, seed, Options{Broken: true, Questions: -1})
		for i, a := range s.Objects {
			for _, b := range s.Objects[:i] {
				if a.Name != b.Name && related(a.Name, b.Name) {
					t.Errorf("seed %d: %s and %s go together", seed, a.Name, b.Name)
				}
			}
		}
		if len(s.Questions) != 0 {
			t.Errorf("seed %d asks without being told to", seed)
		}
	}
}

func TestMentioned(t *testing.T) {
	for text, want := range map[string][]string{
		"A duck at the top right, a green motorcycle in the middle and a green car at the bottom right.": {"car", "duck", "motorcycle"},
		"An orange car at the top and an orange on the left.":                                            {"car", "orange"},
		"Two sofas, a TV and some puppies near a bus; buses.":                                            {"bus", "couch", "dog", "television"},
		"A hot dog and a teddy bear.":                                                                    nil,
		"A grapes at the top left and a cell phone.":                                                     {"grapes", "phone"},
		"": nil,
	} {
		if got := Mentioned(text); !slices.Equal(got, want) {
			t.Errorf("%q mentions %v, not %v", text, got, want)
		}
	}
	for seed := range uint64(40) {
		s := make1(t, seed, Options{})
		there := map[string]bool{}
		for _, o := range s.Objects {
			there[o.Name] = true
		}
		got := Mentioned(s.Caption.Answer)
		if len(got) != len(there) || slices.ContainsFunc(got, func(n string) bool { return !there[n] }) {
			t.Errorf("%q mentions %v, the scene has %v", s.Caption.Answer, got, there)
		}
	}
}

func TestHostileFoldersGiveSentences(t *testing.T) {
	empty, bad, strange := t.TempDir(), t.TempDir(), t.TempDir()
	write := func(dir, name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(bad, "cow.png", []byte("not a picture"))
	cow, err := embedded.ReadFile("sprites/noto/cow.png")
	if err != nil {
		t.Fatal(err)
	}
	write(strange, "unicorn.png", cow)
	for dir, want := range map[string]string{
		empty: "holds no", bad: "cow.png: it is no PNG picture", strange: "holds no",
		filepath.Join(empty, "none"): "cannot be read", filepath.Join(bad, "cow.png"): "is a file",
	} {
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	write(strange, "cow.png", cow)
	s, err := Load(strange)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Unknown(), []string{"unicorn"}) {
		t.Errorf("unknown: %v", s.Unknown())
	}
	scene, err := New(s, nil).Make(1, Options{}) // one noun alone still makes scenes
	if err != nil || scene.Objects[0].Name != "cow" {
		t.Errorf("a set of one cow: %v %v", scene, err)
	}
	for _, o := range []Options{{Size: 225}, {Styles: []Style{"oil"}}, {Kinds: []string{"why"}}, {Themed: 2}} {
		if _, err := shared.Make(1, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func BenchmarkMake(b *testing.B) {
	for _, o := range []Options{{}, {Augment: true}} {
		name := "plain"
		if o.Augment {
			name = "augmented"
		}
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				if _, err := shared.Make(uint64(i), o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
