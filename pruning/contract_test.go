package pruning_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

// sample is a method with a parameter of each type.
type sample struct {
	Count  int     `param:"count,1..9,2" unit:"layers" help:"how many"`
	Share  float64 `param:"share,..1,0.5" help:"what share"`
	Floor  float64 `param:"floor,-1..,0" help:"from where"`
	Exact  bool    `param:"exact,,true" help:"whether"`
	Mode   string  `param:"mode,paper|release,paper" help:"which"`
	Unseen int
}

func (s *sample) Requests(m pruning.Model) ([]pruning.Request, error) {
	site, err := pruning.After(s.Count, "sample", m)
	return []pruning.Request{{Site: site}}, err
}
func (s *sample) Decide(pruning.Seen) (pruning.Outcome, error) { return pruning.Outcome{}, nil }

// Claims names its claim twice, which is no conflict with itself.
func (s *sample) Claims(pruning.Model) []pruning.Claim {
	c := pruning.Claim{Kind: "drop", Layer: s.Count, Phase: pruning.Prefill}
	return []pruning.Claim{c, c}
}

func init() {
	pruning.Register(pruning.Info{Name: "sample", Title: "Sample"}, func() pruning.Method { return new(sample) })
	pruning.Register(pruning.Info{Name: "other", Title: "Other"}, func() pruning.Method { return new(sample) })
}

func TestParametersAreDeclaredOnce(t *testing.T) {
	got := pruning.Params("sample")
	var names []string
	for _, p := range got {
		names = append(names, p.Name+" "+p.Type+" "+p.Default)
	}
	if want := []string{"count int 2", "share float 0.5", "floor float 0", "exact bool true", "mode choice paper"}; !slices.Equal(names, want) {
		t.Fatalf("parameters %q, want %q", names, want)
	}
	if c := got[0]; *c.Min != 1 || *c.Max != 9 || c.Unit != "layers" || c.Help != "how many" {
		t.Errorf("count is %+v", c)
	}
	if s, f := got[1], got[2]; s.Min != nil || *s.Max != 1 || *f.Min != -1 || f.Max != nil {
		t.Errorf("open ranges: %+v, %+v", s, f)
	}
	if !slices.Equal(got[4].Choices, []string{"paper", "release"}) || got[4].Min != nil {
		t.Errorf("mode is %+v", got[4])
	}
	if pruning.Params("nobody") != nil {
		t.Error("an unknown method has parameters")
	}
}

func TestGivenValuesReplaceDefaults(t *testing.T) {
	m, info, err := pruning.New(pruning.Spec{Name: "sample", Params: map[string]string{"count": "9", "exact": "false", "mode": "release", "floor": "1e3"}})
	if err != nil || info.Title != "Sample" {
		t.Fatal(info, err)
	}
	if got := *m.(*sample); got != (sample{Count: 9, Share: 0.5, Floor: 1000, Mode: "release"}) {
		t.Errorf("method is %+v", got)
	}
}

func TestWrongParametersAreSentences(t *testing.T) {
	for _, c := range []struct{ spec, want string }{
		{"sample,count=0", `count of sample is "0"; it takes a whole number from 1 to 9`},
		{"sample,count=10", `it takes a whole number from 1 to 9`},
		{"sample,count=2.5", `count of sample is "2.5"; it takes a whole number`},
		{"sample,count=two", `it takes a whole number`},
		{"sample,count=", `count of sample is ""`},
		{"sample,share=1.01", `share of sample is "1.01"; it takes a number of at most 1`},
		{"sample,share=nan", `it takes a number of at most 1`},
		{"sample,floor=-2", `it takes a number of at least -1`},
		{"sample,floor=inf", `it takes a number of at least -1`},
		{"sample,exact=maybe", `exact of sample is "maybe"; it takes true or false`},
		{"sample,mode=Paper", `it takes paper or release`},
		{"sample,depth=2", `sample has no parameter "depth"; it takes count, share, floor, exact, mode`},
		{"sample,unseen=2", `sample has no parameter "unseen"`},
		{"nobody", `there is no method "nobody"; choose from left, other, right, sample`},
	} {
		spec, err := pruning.ParseSpec(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := pruning.New(spec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %s", c.spec, err, c.want)
		}
	}
}

func TestParseSpec(t *testing.T) {
	for text, want := range map[string]string{
		"fastv":                           "fastv",
		" fastv , layer = 3 , keep=0.25 ": "fastv,keep=0.25,layer=3",
		"a,b=c=d":                         "a,b=c=d",
	} {
		spec, err := pruning.ParseSpec(text)
		if err != nil || spec.String() != want {
			t.Errorf("%q becomes %q, %v; want %q", text, spec, err, want)
		}
		if again, err := pruning.ParseSpec(spec.String()); err != nil || again.String() != want {
			t.Errorf("%q does not survive a second reading: %q, %v", want, again, err)
		}
	}
	for text, want := range map[string]string{
		"":               "names no method",
		",keep=1":        "names no method",
		"fastv,keep":     `"keep" in method "fastv,keep" is not key=value`,
		"fastv,":         "is not key=value",
		"fastv,=3":       "is not key=value",
		"fastv,k=1, k=2": "gives k twice",
	} {
		if _, err := pruning.ParseSpec(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that says %q", text, err, want)
		}
	}
}

func TestStackRefusesConflicts(t *testing.T) {
	model := pruning.Model{Layers: 6}
	stack := func(specs ...string) error {
		var list []pruning.Spec
		for _, s := range specs {
			spec, err := pruning.ParseSpec(s)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, spec)
		}
		made, err := pruning.Stack(list, model)
		if err == nil && len(made) != len(specs) {
			t.Errorf("%d methods of %d", len(made), len(specs))
		}
		return err
	}
	if err := stack(); err != nil {
		t.Error(err)
	}
	if err := stack("sample,count=2", "other,count=3", "sample,count=1"); err != nil {
		t.Error(err)
	}
	for want, specs := range map[string][]string{
		"Sample and Other both drop rows in layer 2 during prefill; remove one, or give it another layer": {"sample", "other"},
		"Other and Sample both drop rows in layer 4":                                                      {"sample", "other,count=4", "sample,count=4"},
		"choose a layer from 1 to 5":                                                                      {"sample,count=6"},
		"there is no method":                                                                              {"sample", "nobody"},
	} {
		if err := stack(specs...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one that says %q", specs, err, want)
		}
	}
}

// claimer claims the kinds of its two fields in layer 3.
type claimer struct {
	One   string `param:"one,none|drop|skip|exclude|mask|zero|evict|reweigh|merge|store,none" help:"claimed"`
	Two   string `param:"two,none|drop|skip|exclude|mask|zero|evict|reweigh|merge|store,none" help:"claimed too"`
	Phase string `param:"phase,prefill|decode,decode" help:"when"`
	Layer int    `param:"layer,0..,3" help:"where"`
}

func (*claimer) Requests(pruning.Model) ([]pruning.Request, error) { return nil, nil }
func (*claimer) Decide(pruning.Seen) (pruning.Outcome, error)      { return pruning.Outcome{}, nil }
func (c *claimer) Claims(pruning.Model) (out []pruning.Claim) {
	phase := pruning.Decode
	if c.Phase == "prefill" {
		phase = pruning.Prefill
	}
	for _, kind := range []string{c.One, c.Two} {
		if kind != "none" {
			out = append(out, pruning.Claim{Kind: kind, Phase: phase, Layer: c.Layer})
		}
	}
	return out
}

func init() {
	for _, name := range []string{"left", "right"} {
		pruning.Register(pruning.Info{Name: name, Title: strings.ToUpper(name)}, func() pruning.Method { return new(claimer) })
	}
}

func claiming(t *testing.T, texts ...string) error {
	t.Helper()
	var specs []pruning.Spec
	for _, text := range texts {
		s, err := pruning.ParseSpec(text)
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, s)
	}
	_, err := pruning.Stack(specs, pruning.Model{Layers: 6})
	return err
}

func TestKindsThatRuleEachOtherOut(t *testing.T) {
	kinds := []string{"drop", "skip", "exclude", "mask", "zero", "evict", "reweigh", "merge", "store"}
	const packed = "packed rows are neither changed nor looked at one by one"
	why := map[string]string{
		"store zero": packed, "store mask": packed, "store reweigh": packed, "store merge": packed,
		"evict zero":   "a zeroed row must stay in the cache to take its share of attention",
		"exclude skip": "a row that skips the layer is not in its attention",
	}
	for _, a := range kinds {
		for _, b := range kinds {
			reason := why[a+" "+b]
			if reason == "" {
				reason = why[b+" "+a]
			}
			if a == b && a != "evict" {
				reason = "LEFT and RIGHT both "
			}
			for _, phase := range []string{"prefill", "decode"} {
				err := claiming(t, "left,phase="+phase+",one="+a, "right,phase="+phase+",one="+b)
				if reason == "" {
					if err != nil {
						t.Errorf("%s and %s: %v", a, b, err)
					}
					continue
				}
				if err == nil {
					t.Errorf("%s and %s go together, want a refusal", a, b)
					continue
				}
				for _, want := range []string{"LEFT", "RIGHT", "in layer 3 during " + phase, reason, "remove one, or give it another layer"} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%s and %s: %q does not say %q", a, b, err, want)
					}
				}
			}
			if err := claiming(t, "left,one="+a, "right,layer=4,one="+b); err != nil {
				t.Errorf("%s and %s in different layers: %v", a, b, err)
			}
			if err := claiming(t, "left,one="+a, "right,phase=prefill,one="+b); err != nil {
				t.Errorf("%s and %s in different phases: %v", a, b, err)
			}
			if err := claiming(t, "left,one="+a+",two="+b); err != nil {
				t.Errorf("one method that may %s and %s: %v", a, b, err)
			}
		}
	}
	want := "LEFT would zero cached rows and RIGHT choose the storage of cached rows in layer 3 during decode, but " + packed + "; remove one, or give it another layer"
	if err := claiming(t, "left,one=zero", "right,one=store"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestSharedEvictionsAreStillWatched: that both evict must not hide what else one of them does.
func TestSharedEvictionsAreStillWatched(t *testing.T) {
	for _, specs := range [][]string{
		{"left,one=evict", "right,one=evict,two=zero"},
		{"left,one=evict", "right,one=zero,two=evict"},
		{"left,one=evict,two=zero", "right,one=evict"},
		{"left,one=zero,two=evict", "right,one=evict"},
	} {
		if err := claiming(t, specs...); err == nil || !strings.Contains(err.Error(), "a zeroed row must stay") {
			t.Errorf("%v: error %v", specs, err)
		}
	}
	if err := claiming(t, "left,one=evict,two=store", "right,one=evict"); err != nil {
		t.Errorf("what one stores and both evict: %v", err)
	}
}

func TestRegisterRefusesMistakes(t *testing.T) {
	refused := func(name string, make func() pruning.Method) (said any) {
		defer func() { said = recover() }()
		pruning.Register(pruning.Info{Name: name}, make)
		return nil
	}
	if refused("sample", func() pruning.Method { return new(sample) }) == nil {
		t.Error("a second method of the same name is accepted")
	}
	if refused("broken", func() pruning.Method { return new(broken) }) == nil {
		t.Error("a default outside its own range is accepted")
	}
}

type broken struct {
	sample
	Keep float64 `param:"keep,0..1,2" help:"too much"`
}

func TestTop(t *testing.T) {
	scores := []float32{5, 1, 5, 3, 5, 9}
	all := []int{0, 1, 2, 3, 4, 5}
	for _, c := range []struct {
		candidates []int
		n          int
		want       []int
	}{
		{all, 3, []int{0, 2, 5}}, // of three fives the first two
		{all, 0, nil}, {all, -1, nil}, {all, 9, all},
		{[]int{4, 2, 1}, 1, []int{2}}, // the lower index, whatever the order of the candidates
	} {
		before := slices.Clone(c.candidates)
		if got := pruning.Top(scores, c.candidates, c.n); !slices.Equal(got, c.want) {
			t.Errorf("top %d of %v: %v, want %v", c.n, c.candidates, got, c.want)
		}
		if !slices.Equal(before, c.candidates) {
			t.Error("the candidates were reordered")
		}
	}
	if got := pruning.Without(all, []int{1, 4}); !slices.Equal(got, []int{0, 2, 3, 5}) {
		t.Errorf("without: %v", got)
	}
}

func TestShareRoundsUpButNotNoise(t *testing.T) {
	for _, c := range []struct {
		keep    float64
		n, want int
	}{{0.5, 5, 3}, {0.07, 100, 7}, {0.28, 25, 7}, {0, 9, 0}, {1, 9, 9}, {0.001, 9, 1}, {0.5, 0, 0}} {
		if got := pruning.Share(c.keep, c.n); got != c.want {
			t.Errorf("share %v of %d is %d, want %d", c.keep, c.n, got, c.want)
		}
	}
}

func TestNaNIsNamed(t *testing.T) {
	nan := float32(math.NaN())
	p := pruning.Probe{What: pruning.DownInput, Layer: 4}
	if err := pruning.Finite(p, []float32{1, float32(math.Inf(1))}); err != nil {
		t.Error(err)
	}
	if err := pruning.Finite(p, []float32{1, nan}); err == nil || !strings.Contains(err.Error(), "down-projection input of layer 4 is not a number at row 1") {
		t.Errorf("error %v", err)
	}
	m := pruning.Matrix{Rows: 2, Cols: 3, Data: []float32{1, 2, 3, 4, nan, 6}}
	if err := m.Finite(p); err == nil || !strings.Contains(err.Error(), "row 1, column 1") {
		t.Errorf("error %v", err)
	}
	if err := (pruning.Matrix{Rows: 2, Cols: 3, Data: make([]float32, 6)}).Finite(p); err != nil {
		t.Error(err)
	}
	for _, s := range pruning.NoScores(3) {
		if s == s {
			t.Error("no score is a score")
		}
	}
}

func TestValueIsOnlyWhatWasAskedFor(t *testing.T) {
	p := pruning.Probe{What: pruning.Hidden, Layer: 2}
	cut := pruning.Probe{What: pruning.Key, Layer: 2}
	s := pruning.NewSeen(pruning.Site{Phase: pruning.Prefill, Layer: 2}, pruning.Model{}, nil, map[pruning.Probe]pruning.Matrix{
		p: {Rows: 2, Cols: 2, Data: []float32{1, 2, 3, 4}}, cut: {Rows: 2, Cols: 2, Data: []float32{1}},
	})
	if m, err := s.Value(p); err != nil || !slices.Equal(m.Row(1), []float32{3, 4}) {
		t.Errorf("value %v, %v", m, err)
	}
	if _, err := s.Value(pruning.Probe{What: pruning.Hidden, Layer: 3}); err == nil || !strings.Contains(err.Error(), "hidden of layer 3 was not observed at prefill layer 2") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Value(cut); err == nil || !strings.Contains(err.Error(), "1 numbers for 2 × 2") {
		t.Errorf("error %v", err)
	}
}

func TestSpans(t *testing.T) {
	tokens := []pruning.Token{{}, {Kind: pruning.Visual}, {Kind: pruning.Visual, Part: pruning.User}, {Part: pruning.Header}}
	if got := pruning.Spans(tokens, pruning.Visual); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("visual rows %v", got)
	}
	if pruning.FirstOf(tokens, pruning.Header) != 3 || pruning.FirstOf(tokens, pruning.Answer) != -1 {
		t.Error("first of a part")
	}
}

func TestKindsAreDistinct(t *testing.T) {
	all := []pruning.Decision{&pruning.Drop{}, &pruning.Skip{}, &pruning.Exclude{}, &pruning.Mask{}, &pruning.Zero{}, &pruning.Evict{},
		&pruning.Reweigh{}, &pruning.Merge{}, &pruning.Store{}, &pruning.Neurons{}, &pruning.Blocks{}, &pruning.EditLogits{}, &pruning.Step{}}
	seen := map[string]bool{}
	for _, d := range all {
		if seen[d.Kind()] || d.Kind() == "" {
			t.Errorf("kind %q of %T is taken or empty", d.Kind(), d)
		}
		seen[d.Kind()] = true
		d.Because().Rule = "set"
		if d.Because().Rule != "set" {
			t.Errorf("%T does not hold its basis", d)
		}
	}
}
