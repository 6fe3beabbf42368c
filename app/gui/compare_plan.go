package gui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"winnow/internal/trace"
	"winnow/pruning"
)

// stack is one contender of a comparison: methods that act together.
type stack struct {
	// Label is what the person calls it; empty: what its methods are called.
	Label   string  `json:"label,omitempty"`
	Methods []stage `json:"methods"`
	// Off leaves it in the list but out of the next run.
	Off bool `json:"off,omitempty"`
}

// maxStacks is how many a run compares with dense.
const maxStacks = 1 + trace.MaxCompare

// plan is what the Compare view asks for, beside the picture and the question that it shares.
type plan struct {
	Stacks []stack `json:"stacks"`
	// Overlap shows one picture with all sides on it, instead of one for each.
	Overlap bool `json:"overlap,omitempty"`
	// Pair are the two sides whose Jaccard index is drawn.
	Pair [2]int `json:"pair"`
}

func (p plan) clone() plan {
	p.Stacks = slices.Clone(p.Stacks)
	for i := range p.Stacks {
		p.Stacks[i].Methods = cloneStages(p.Stacks[i].Methods)
	}
	return p
}

func sameStacks(a, b []stack) bool {
	return slices.EqualFunc(a, b, func(x, y stack) bool {
		return x.Label == y.Label && x.Off == y.Off && sameStages(x.Methods, y.Methods)
	})
}

// on are the stacks that take part in the next run, as indices of Stacks.
func (p plan) on() []int {
	var out []int
	for i, s := range p.Stacks {
		if !s.Off && len(specs(s.Methods)) > 0 {
			out = append(out, i)
		}
	}
	return out
}

// request asks for what base asks for, with the stacks as its sides; tokens forced by hand are
// forced on all of them.
func (p plan) request(base trace.Request) trace.Request {
	base.Methods, base.Label, base.Compare, base.Sweep = nil, "", nil, nil
	on := p.on()
	labels := p.labels(on)
	for n, i := range on {
		methods := specs(p.Stacks[i].Methods)
		if n == 0 {
			base.Methods, base.Label = methods, labels[n]
		} else {
			base.Compare = append(base.Compare, trace.Stack{Label: labels[n], Methods: methods})
		}
	}
	return base
}

// labels name some of the stacks for the run: as the person does, else by their methods and what
// differs from their defaults, with the budget too where that would not tell two apart.
func (p plan) labels(of []int) []string {
	var out []string
	for _, i := range of {
		out = append(out, p.Stacks[i].auto(false))
	}
	for n, i := range of {
		for m, j := range of {
			if m != n && slices.Equal(namesOf(p.Stacks[i]), namesOf(p.Stacks[j])) {
				out[n] = p.Stacks[i].auto(true)
			}
		}
		if p.Stacks[i].Label != "" {
			out[n] = p.Stacks[i].Label
		}
	}
	return out
}

// labelsOf names the sides of a request; one that came without labels gets those of labels.
func labelsOf(r trace.Request) []string {
	given := r.Labels()
	auto := plan{Stacks: stacksOf(r)}
	on := auto.on()
	if len(on) != len(given) {
		return given // it has methods that are not known here
	}
	return auto.labels(on)
}

// auto names a stack by its methods: FastV keep 0.25 + ZipVL.
func (s stack) auto(budget bool) string {
	var names []string
	for _, m := range s.Methods {
		if m.Off {
			continue
		}
		name := infoOf(m.Name).Title
		if text := m.settings(budget); text != "" {
			name += " " + text
		}
		names = append(names, name)
	}
	return strings.Join(names, " + ")
}

// stacksOf are those of a request that was recorded.
func stacksOf(r trace.Request) []stack {
	var p plan
	var labels []string
	for _, s := range r.Stacks() {
		if len(p.Stacks) < maxStacks {
			p.Stacks = append(p.Stacks, stack{Methods: stagesOf(s.Methods)})
			labels = append(labels, s.Label)
		}
	}
	for i, auto := range p.labels(p.on()) {
		// A label that request made is made anew, so that it follows the settings.
		if at := p.on()[i]; labels[at] != auto {
			p.Stacks[at].Label = labels[at]
		}
	}
	return p.Stacks
}

// parsePlan reads what was remembered; what is unknown or no longer allowed falls away.
func parsePlan(text string) plan {
	var got plan
	if text == "" || json.Unmarshal([]byte(text), &got) != nil {
		return plan{Stacks: firstStacks(), Pair: [2]int{0, 1}}
	}
	got.Stacks = got.Stacks[:min(len(got.Stacks), maxStacks)]
	for i := range got.Stacks {
		got.Stacks[i].Methods = known(got.Stacks[i].Methods)
	}
	got.Pair = validPair(got.Pair, maxStacks)
	return got
}

// validPair are two different sides of n, or the first two.
func validPair(p [2]int, n int) [2]int {
	if p[0] < 0 || p[1] < 0 || p[0] >= n || p[1] >= n || p[0] == p[1] {
		return [2]int{0, 1}
	}
	return p
}

// firstStacks are the methods that Winnow is about, those that are registered, at their defaults
// but for FastV, whose half of the tokens would say little beside the others.
func firstStacks() []stack {
	var out []stack
	for _, s := range []stage{
		{Name: "fastv", Params: map[string]string{"keep": "0.25"}}, {Name: "corematching"}, {Name: "zipvl"}, {Name: "vasparse"},
		{Name: "random", Params: map[string]string{"keep": "0.25"}},
	} {
		if s = known([]stage{s})[0:][0]; registered(s.Name) && len(out) < maxStacks {
			out = append(out, stack{Methods: []stage{s}})
		}
	}
	return out
}

// preset is a comparison that is set up with one choice.
type preset struct {
	title  string
	stacks []stack
}

// presets are one that compares the methods, one that holds what Ask has against the lot, and
// each method with a budget at three of them. asked is Ask's stack.
func presets(asked []stage) []preset {
	out := []preset{{"The methods, one beside the other", firstStacks()}}
	if own := onOnly(asked); len(own) > 0 {
		stacks := []stack{{Methods: own}}
		if registered("random") {
			keep := budgetShare(own)
			stacks = append(stacks, stack{Methods: []stage{{Name: "random", Params: map[string]string{"keep": keep}}}})
			out = append(out, preset{fmt.Sprintf("What Ask has, against Random at %s %%", percent(keep)), stacks})
		}
	}
	for _, info := range pruning.Answering() {
		values := budgets(info)
		if len(values) == 0 {
			continue
		}
		p := preset{title: info.Title + " at " + info.Budget + " " + strings.Join(values, ", ")}
		if info.Budget == "keep" {
			p.title = info.Title + ": keep 75, 50, 25 %"
		}
		for _, v := range values {
			p.stacks = append(p.stacks, stack{Methods: []stage{{Name: info.Name, Params: map[string]string{info.Budget: v}}}})
		}
		out = append(out, p)
	}
	return out
}

func onOnly(stages []stage) []stage {
	return slices.DeleteFunc(cloneStages(stages), func(s stage) bool { return s.Off })
}

// budgetShare is the share of tokens that a stack's first budget named keep says, or a quarter.
func budgetShare(stages []stage) string {
	for _, s := range stages {
		if infoOf(s.Name).Budget == "keep" {
			return valuesOf(s)["keep"]
		}
	}
	return "0.25"
}

func percent(share string) string {
	v, err := strconv.ParseFloat(share, 64)
	if err != nil {
		return "25"
	}
	return strconv.FormatFloat(100*v, 'g', 3, 64)
}

// budgets are three values of a method's budget, the highest first: shares of what is kept, else
// its default with one above and one below, as far apart as the range allows.
func budgets(info pruning.Info) []string {
	for _, p := range pruning.Params(info.Name) {
		if p.Name != info.Budget || p.Type != "float" || p.Min == nil || p.Max == nil {
			continue
		}
		if p.Name == "keep" {
			return []string{"0.75", "0.5", "0.25"}
		}
		d, err := strconv.ParseFloat(p.Default, 64)
		if err != nil {
			continue
		}
		up, down := min((*p.Max-d)/2, (d-*p.Min)/2), (d-*p.Min)/2
		if up <= 0 {
			return nil
		}
		up, down = roundStep(up), roundStep(min(down, 2*up))
		var out []string
		for _, v := range []float64{d + up, d, d - down} {
			out = append(out, strconv.FormatFloat(v, 'g', 4, 64))
		}
		return out
	}
	return nil
}

// roundStep leaves one digit of a distance.
func roundStep(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 1, 64), 64)
	return r
}

// title is what a stack is called on its card.
func (s stack) title() string {
	if s.Label != "" {
		return s.Label
	}
	var names []string
	for _, m := range s.Methods {
		if !m.Off {
			names = append(names, infoOf(m.Name).Title)
		}
	}
	if len(names) == 0 {
		return "No method"
	}
	return strings.Join(names, " + ")
}

// settings lists what differs from a method's defaults, with its budget too where asked for:
// keep 0.25 · layer 3.
func (s stage) settings(budget bool) string {
	info := infoOf(s.Name)
	values := valuesOf(s)
	var out []string
	for _, p := range pruning.Params(s.Name) {
		if v := values[p.Name]; budget && p.Name == info.Budget || v != p.Default {
			out = append(out, p.Name+" "+v)
		}
	}
	return strings.Join(out, " · ")
}

// duplicate is a stack for the same methods at another setting: half of the budget is left.
func (s stack) duplicate() stack {
	out := stack{Methods: cloneStages(s.Methods)}
	for i, m := range out.Methods {
		info := infoOf(m.Name)
		if info.Budget != "keep" {
			continue
		}
		if v, err := strconv.ParseFloat(valuesOf(m)["keep"], 64); err == nil && v > 0 {
			if m.Params == nil {
				m.Params = map[string]string{}
			}
			m.Params["keep"] = strconv.FormatFloat(v/2, 'g', 4, 64)
			out.Methods[i] = m
			break
		}
	}
	return out
}

// stackConflict says why a stack cannot run on a model, before it is asked to; empty where it can.
// Where the model has not described itself yet, only what two methods do to each other counts.
func stackConflict(methods []stage, m *trace.Model) string {
	if m != nil && m.Heads > 0 && m.KVHeads > 0 && m.Layers > 0 {
		return refusal(methods, modelShape(m))
	}
	text := refusal(methods, standIn)
	if text != "" && slices.ContainsFunc(methods, func(s stage) bool { return refusal([]stage{s}, standIn) != "" }) {
		return ""
	}
	return text
}
