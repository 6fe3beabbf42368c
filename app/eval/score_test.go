package eval

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"winnow/assets/scenes"
)

func yesNoQuestion(setting, truth string, answers ...string) Asked {
	a := Asked{Question: Question{Kind: scenes.Exist, Setting: setting, Truth: truth}}
	for _, t := range answers {
		a.Answers = append(a.Answers, Answer{Text: t, Kept: 1, FLOPs: 10, KVBytes: 10})
	}
	return a
}

// The worked example of a confusion matrix: 3 of 4 there are seen, 1 of 4 absent is seen too.
func TestPOPEOnAWorkedExample(t *testing.T) {
	d := Done{}
	for _, text := range []string{"Yes.", "yes", "Yes, there is.", "No."} {
		d.Asked = append(d.Asked, yesNoQuestion(scenes.Adversarial, "Yes.", text))
	}
	for _, text := range []string{"No.", "No, there is none.", "Yes.", "A cow."} {
		d.Asked = append(d.Asked, yesNoQuestion(scenes.Adversarial, "No.", text))
	}
	p := popes([]Done{d}, 0)[scenes.Adversarial].report()
	want := POPE{8, 5. / 8, 3. / 4, 3. / 4, 3. / 4, 4. / 8, 1}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	s := d.score(0)
	if v := s.value(ExistAdversarial); v != 5./8 {
		t.Errorf("accuracy %g", v)
	}
	if v := s.value(FalseYes); v != 1./4 {
		t.Errorf("false yes %g", v)
	}
	never := popes([]Done{{Asked: []Asked{yesNoQuestion(scenes.Random, "Yes.", "No.")}}}, 0)[scenes.Random].report()
	text, err := json.Marshal(never)
	if err != nil || !strings.Contains(string(text), `"precision":null`) || never.F1 != 0 {
		t.Errorf("%s, %v", text, err)
	}
}

// Two captions: 3 objects mentioned, 1 of them not there; then 2 mentioned, both there.
func TestCHAIROnAWorkedExample(t *testing.T) {
	caption := func(text string, objects ...string) Done {
		return Done{Objects: objects, Asked: []Asked{{Question: Question{Kind: scenes.Caption}, Answers: []Answer{{Text: text}}}}}
	}
	var sum tally
	for _, d := range []Done{
		caption("A red car at the top, a dog in the middle and two buses on the left.", "car", "bus", "tree", "house"),
		caption("A sofa on the left and a cat at the top.", "couch", "cat"),
	} {
		s := d.score(0)
		sum.plus(&s, 1)
	}
	for m, want := range map[Metric]float64{ChairI: 1. / 5, ChairS: 1. / 2, Mentioned: 5. / 2, Recall: 4. / 6} {
		if v := sum.value(m); math.Abs(v-want) > 1e-12 {
			t.Errorf("%v is %g, want %g", m, v, want)
		}
	}
}

func TestAnswersAreComparedByTheirWords(t *testing.T) {
	for _, c := range []struct {
		kind, truth, answer string
		right               bool
	}{
		{scenes.What, "A cow.", "a cow", true}, {scenes.What, "An apple.", "The apple!", true}, {scenes.What, "A cow.", "A sheep.", false},
		{scenes.Where, "Top left.", "top  left", true}, {scenes.Where, "Top left.", "Top.", false},
		{scenes.Count, "Two.", "2", true}, {scenes.Count, "None.", "0.", true}, {scenes.Count, "Two.", "Three.", false},
		{scenes.Colour, "Red.", "red", true}, {scenes.Colour, "Red.", "", false},
		{scenes.Relation, "No.", "No, it is right of it.", true}, {scenes.Relation, "No.", "Yes.", false},
	} {
		if got := (Question{Kind: c.kind, Truth: c.truth}).Correct(c.answer); got != c.right {
			t.Errorf("%s: %q for %q is %v", c.kind, c.answer, c.truth, got)
		}
	}
}

func TestEachSettingIsHalfYesHalfNo(t *testing.T) {
	src, err := Painted(PaintedOptions{Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		s, err := src.Scene(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		asked := map[string]bool{}
		for _, q := range s.Questions {
			if asked[q.Text] {
				t.Errorf("scene %d asks twice: %s", i, q.Text)
			}
			asked[q.Text] = true
			if q.Kind == scenes.Exist {
				n[q.Setting+q.Truth]++
			}
		}
		for _, k := range settings {
			if n[k+"Yes."] != n[k+"No."] {
				t.Errorf("scene %d, %s: %d yes, %d no", i, k, n[k+"Yes."], n[k+"No."])
			}
		}
	}
}

// made has 12 scenes in which the method is right where dense and random are wrong.
func made() *Results {
	r := &Results{Model: "tiny", Settings: "made", Wanted: 12, Sides: []Side{{Name: "dense"}, {Name: "m"}, {Name: "random beside m", Beside: 1}}}
	for i := range 12 {
		d := Done{Scene: i, Objects: []string{"cow"}, Asked: []Asked{
			yesNoQuestion(scenes.Adversarial, "No.", "Yes.", "No.", "Yes."),
			yesNoQuestion(scenes.Adversarial, "Yes.", "Yes.", "Yes.", "Yes."),
			{Question: Question{Kind: scenes.Caption}, Answers: []Answer{{Text: "A cow and a dog.", FLOPs: 10, KVBytes: 10}, {Text: "A cow.", FLOPs: 10, KVBytes: 10}, {Text: "A dog.", FLOPs: 10, KVBytes: 10}}},
		}}
		for k := range d.Asked {
			for s := 1; s < 3; s++ {
				a := &d.Asked[k].Answers[s]
				a.Kept, a.FLOPs, a.KVBytes, a.Budget, a.Share = 0.25, 4, 5, "visual tokens", 0.25
			}
		}
		r.Scenes = append(r.Scenes, d)
	}
	return r
}

func TestPairedDifferences(t *testing.T) {
	rep, err := made().Report()
	if err != nil {
		t.Fatal(err)
	}
	m := rep.Methods[0]
	for what, p := range map[string]struct{ got, want float64 }{
		"over dense":         {m.OverDense[ExistAdversarial].Mean, 0.5},
		"chair over dense":   {m.OverDense[ChairI].Mean, 0.5},
		"chair over random":  {m.OverRandom[ChairI].Mean, 1},
		"false yes":          {m.OverRandom[FalseYes].Mean, 1},
		"sign test":          {m.OverDense[ChairI].P, 2. / 4096},
		"scenes better":      {float64(m.OverDense[ExistAdversarial].Better), 12},
		"low end":            {m.OverDense[ChairI].Low, 0.5},
		"share of FLOPs":     {m.FLOPs, 0.4},
		"share of the cache": {m.KV, 0.5},
		"random's share":     {m.RandomShare, 0.25},
	} {
		if math.Abs(p.got-p.want) > 1e-9 {
			t.Errorf("%s is %g, want %g", what, p.got, p.want)
		}
	}
	if v := m.OverDense[ExistAdversarial].Verdict; v != "clearly better" {
		t.Errorf("verdict %q", v)
	}
	if _, err := (&Results{}).Report(); err == nil {
		t.Error("a report of nothing")
	}
}

// Half of the scenes all right and half all wrong: questions of a scene move together, and the
// interval must be that of 20 coins, not of 400.
func TestIntervalsResampleScenes(t *testing.T) {
	var list []Done
	for i := range 20 {
		d := Done{Scene: i}
		for range 20 {
			d.Asked = append(d.Asked, yesNoQuestion(scenes.Random, "Yes.", []string{"Yes.", "No."}[i%2]))
		}
		list = append(list, d)
	}
	v := tabulate(list, 1, 3).interval(0, ExistRandom)
	if v.Value != 0.5 || v.Low < 0.2 || v.Low > 0.35 || v.High > 0.8 || v.High < 0.65 {
		t.Errorf("got %+v; 20 scenes give 0.5 ± 0.22", v)
	}
}

func TestJSONHasTheShapeOfTheIssue(t *testing.T) {
	rep, err := made().Report()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		N       int
		Dense   map[string]any
		Methods []map[string]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, side := range []map[string]any{got.Dense, got.Methods[0], got.Methods[0]["random"].(map[string]any)} {
		for _, key := range []string{"name", "kept", "exist_random", "exist_popular", "exist_adversarial", "where", "what", "colour", "count", "relation", "chair_i"} {
			if _, ok := side[key]; !ok {
				t.Errorf("%v has no %s", side["name"], key)
			}
		}
	}
	if got.N != 12 || got.Dense["where"] != nil || got.Dense["chair_i"] != 0.5 || got.Methods[0]["chair_i"] != 0.0 || got.Methods[0]["kept"] != 0.25 {
		t.Errorf("%s", text)
	}
}
