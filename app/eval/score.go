package eval

import (
	"slices"
	"strings"

	"winnow/assets/scenes"
)

// Metric is something that is counted about answers.
type Metric int

// The metrics. The first eight are shares of right answers.
const (
	ExistRandom Metric = iota
	ExistPopular
	ExistAdversarial
	Where
	What
	Colour
	Count
	Relation
	// FalseYes is the share of adversarial things, which are not there, that are said to be.
	FalseYes
	// ChairI is the share of mentioned objects that are not there, ChairS that of captions with one.
	ChairI
	ChairS
	// Mentioned is objects a caption, Recall the share of the objects that captions mention.
	Mentioned
	Recall
	// Agreement is the share of answers that are dense's, word for word.
	Agreement
	metrics
)

// Overall is the mean of the first eight metrics, of those that were asked.
const Overall Metric = -1

// right are the metrics that Overall is made of.
const right = Relation + 1

var metricNames = [metrics]string{"exist_random", "exist_popular", "exist_adversarial", "where", "what", "colour", "count", "relation",
	"false_yes", "chair_i", "chair_s", "objects", "recall", "agreement"}

// String is the key in JSON.
func (m Metric) String() string {
	if m == Overall {
		return "overall"
	}
	return metricNames[m]
}

// Lower tells of a metric of which less is better.
func (m Metric) Lower() bool { return m == FalseYes || m == ChairI || m == ChairS }

var exist = map[string]Metric{scenes.Random: ExistRandom, scenes.Popular: ExistPopular, scenes.Adversarial: ExistAdversarial}

var kinds = map[string]Metric{scenes.Where: Where, scenes.What: What, scenes.Colour: Colour, scenes.Count: Count, scenes.Relation: Relation}

// rate is hits of so many.
type rate struct{ hits, of float64 }

func (r *rate) add(hits, of float64) { r.hits += hits; r.of += of }

// tally is one side's score in one scene.
type tally [metrics]rate

// pope counts existence answers of one setting; other is what was neither yes nor no.
type pope struct{ tp, fp, tn, fn, other, asked int }

// normal is an answer without case, article and stops: "A cow." is cow.
func normal(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" \t\n.,;:!?\"'", r) })
	if len(words) > 1 && slices.Contains([]string{"a", "an", "the"}, words[0]) {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

// yesNo reads an answer by its first word.
func yesNo(text string) string {
	first, _, _ := strings.Cut(normal(text), " ")
	if first == "yes" || first == "no" {
		return first
	}
	return ""
}

var digits = map[string]string{"0": "none", "zero": "none", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five"}

// Correct tells whether an answer says what is true. Captions are not right or wrong.
func (q Question) Correct(answer string) bool {
	switch q.Kind {
	case scenes.Exist, scenes.Relation:
		return yesNo(answer) == yesNo(q.Truth)
	case scenes.Count:
		if d, ok := digits[normal(answer)]; ok {
			answer = d
		}
	}
	return normal(answer) == normal(q.Truth)
}

// hallucinated are the nouns of a caption, and those of them that are not there.
func hallucinated(caption string, objects []string) (mentioned, wrong []string) {
	mentioned = scenes.Mentioned(caption)
	for _, n := range mentioned {
		if !slices.Contains(objects, n) {
			wrong = append(wrong, n)
		}
	}
	return mentioned, wrong
}

func share(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// score counts one side's answers in a scene.
func (d *Done) score(side int) (t tally) {
	for _, a := range d.Asked {
		text := a.Answers[side].Text
		correct := share(a.Correct(text))
		t[Agreement].add(share(text == a.Answers[0].Text), 1)
		switch a.Kind {
		case scenes.Exist:
			t[exist[a.Setting]].add(correct, 1)
			if a.Setting == scenes.Adversarial && yesNo(a.Truth) == "no" {
				t[FalseYes].add(share(yesNo(text) == "yes"), 1)
			}
		case scenes.Caption:
			mentioned, wrong := hallucinated(text, d.Objects)
			n, bad := float64(len(mentioned)), float64(len(wrong))
			t[ChairI].add(bad, n)
			t[ChairS].add(share(bad > 0), 1)
			t[Mentioned].add(n, 1)
			t[Recall].add(n-bad, float64(len(d.Objects)))
		default:
			if m, ok := kinds[a.Kind]; ok {
				t[m].add(correct, 1)
			}
		}
	}
	return t
}

// popes counts one side's existence answers by setting.
func popes(list []Done, side int) map[string]*pope {
	out := map[string]*pope{}
	for _, d := range list {
		for _, a := range d.Asked {
			if a.Kind != scenes.Exist {
				continue
			}
			p := out[a.Setting]
			if p == nil {
				p = &pope{}
				out[a.Setting] = p
			}
			p.add(yesNo(a.Truth) == "yes", yesNo(a.Answers[side].Text))
		}
	}
	return out
}

func (p *pope) add(there bool, said string) {
	p.asked++
	switch {
	case there && said == "yes":
		p.tp++
	case there: // what is no yes has missed it
		p.fn++
	case said == "yes":
		p.fp++
	case said == "no":
		p.tn++
	}
	if said == "" {
		p.other++
	}
}
