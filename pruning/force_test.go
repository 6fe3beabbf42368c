package pruning_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"winnow/pruning"
)

// scripted returns one outcome, whatever it sees.
type scripted struct {
	out pruning.Outcome
	err error
}

func (s scripted) Requests(pruning.Model) ([]pruning.Request, error) {
	return []pruning.Request{{Site: pruning.Site{Layer: 7}}}, nil
}
func (s scripted) Decide(seen pruning.Seen) (pruning.Outcome, error) { return s.out, s.err }
func (s scripted) Claims(pruning.Model) []pruning.Claim {
	return []pruning.Claim{{Kind: "mask", Layer: 7}}
}

// grid is a text row, the cells of a 2 × 3 picture, then another text row.
func grid() []pruning.Token {
	tokens := []pruning.Token{{Picture: -1}}
	for i := range 6 {
		tokens = append(tokens, pruning.Token{Kind: pruning.Visual, Row: i / 3, Col: i % 3, Position: 1 + i})
	}
	return append(tokens, pruning.Token{Position: 7})
}

func seenGrid() pruning.Seen {
	return pruning.NewSeen(pruning.Site{Phase: pruning.Prefill, Layer: 3}, pruning.Model{Layers: 6}, grid(), nil)
}

// byHand runs one decision through ByHand with cells (0,1) and (1,0), rows 2 and 4, forced in.
func byHand(t *testing.T, d pruning.Decision) pruning.Decision {
	t.Helper()
	stack := pruning.ByHand([]pruning.Stacked{{Method: scripted{out: pruning.Outcome{Decisions: []pruning.Decision{d}, Memory: 5}}}},
		[]pruning.Forced{{Row: 0, Col: 1, Keep: true}, {Row: 1, Col: 0, Keep: true}})
	if len(stack) != 1 {
		t.Fatalf("%d methods, want one", len(stack))
	}
	out, err := stack[0].Method.Decide(seenGrid())
	if err != nil || out.Memory != 5 || len(out.Decisions) > 1 {
		t.Fatalf("outcome %+v, %v", out, err)
	}
	if len(out.Decisions) == 0 {
		return nil
	}
	return out.Decisions[0]
}

func TestForcedInIsLeftAlone(t *testing.T) {
	because := func(rule string) pruning.Basis {
		return pruning.Basis{Scores: []float32{1, 2, 3}, Threshold: 2, Unit: "units", Rule: rule}
	}
	before, one, two := because("three best"), because("three best; 1 kept by hand"), because("three best; 2 kept by hand")
	heads := func(lists ...[]int) pruning.Set { return pruning.Set{Granularity: pruning.PerHead, Lists: lists} }
	for _, c := range []struct{ given, want pruning.Decision }{
		{&pruning.Drop{before, []int{1, 2, 3, 4}, pruning.Renumbered}, &pruning.Drop{two, []int{1, 3}, pruning.Renumbered}},
		{&pruning.Skip{before, []int{2, 5}, 1, 4, pruning.Original}, &pruning.Skip{one, []int{5}, 1, 4, pruning.Original}},
		{&pruning.Exclude{before, 3, []int{4, 6}}, &pruning.Exclude{one, 3, []int{6}}},
		{&pruning.Zero{before, 3, pruning.OfLayer([]int{0, 2})}, &pruning.Zero{one, 3, pruning.OfLayer([]int{0})}},
		{&pruning.Evict{before, 0, 3, pruning.OfLayer([]int{1, 2})}, &pruning.Evict{one, 0, 3, pruning.OfLayer([]int{1})}},
		{&pruning.Store{before, 3, pruning.OfLayer([]int{1, 2, 4}), 2}, &pruning.Store{two, 3, pruning.OfLayer([]int{1}), 2}},
		// A row that two heads name counts once; the list of a head may become empty.
		{&pruning.Mask{before, 3, heads([]int{1, 2}, []int{2})}, &pruning.Mask{one, 3, heads([]int{1}, []int{})}},
		{&pruning.Merge{Basis: before, Layer: 3, Groups: [][]int{{1, 2, 3}, {4, 5}, {6, 7}}, Sum: true},
			&pruning.Merge{Basis: two, Layer: 3, Groups: [][]int{{1, 3}, {6, 7}}, Sum: true}},
		{&pruning.Merge{Basis: before, Layer: 3, Groups: [][]int{{4, 5}, {2}}, Once: true},
			&pruning.Merge{Basis: two, Layer: 3, Groups: [][]int{{5}}, Once: true}},
		{&pruning.Drop{Rows: []int{2, 3}}, &pruning.Drop{Basis: pruning.Basis{Rule: "1 kept by hand"}, Rows: []int{3}}},
		// Nothing is left.
		{&pruning.Drop{before, []int{2, 4}, 0}, nil},
		{&pruning.Mask{before, 3, heads([]int{2}, []int{2, 4})}, nil},
		{&pruning.Merge{Basis: before, Groups: [][]int{{1, 2}, {4, 5}}}, nil},
		// None is named, or no row is.
		{&pruning.Drop{before, []int{1, 3}, 0}, &pruning.Drop{before, []int{1, 3}, 0}},
		{&pruning.Mask{before, 3, heads()}, &pruning.Mask{before, 3, heads()}},
		{&pruning.Neurons{before, 2, pruning.Decode, pruning.OfLayer([]int{2, 4})}, &pruning.Neurons{before, 2, pruning.Decode, pruning.OfLayer([]int{2, 4})}},
		{&pruning.Reweigh{before, 3, [][]float32{{1, 2}}}, &pruning.Reweigh{before, 3, [][]float32{{1, 2}}}},
		{&pruning.EditLogits{before, []float32{1, 2, 3, 4, 5}}, &pruning.EditLogits{before, []float32{1, 2, 3, 4, 5}}},
	} {
		copied := fmt.Sprintf("%#v", c.given)
		got := byHand(t, c.given)
		if (got == nil) != (c.want == nil) || got != nil && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s becomes %#v, want %#v", copied, got, c.want)
		}
		if now := fmt.Sprintf("%#v", c.given); now != copied {
			t.Errorf("the method's own decision %s became %s", copied, now)
		}
	}
}

func TestForcedOutNeverEnters(t *testing.T) {
	stack := pruning.ByHand([]pruning.Stacked{{Info: pruning.Info{Name: "sample"}, Method: scripted{}}},
		[]pruning.Forced{{Row: 1, Col: 2}, {Row: 0, Col: 0}, {Row: 0, Col: 0, Picture: 1}, {Row: 9, Col: 9}, {Row: 1, Col: 1}, {Row: 1, Col: 1, Keep: true}})
	if len(stack) != 2 || stack[0].Info.Name != "hand" || stack[0].Spec.Name != "hand" || stack[0].Info.Title != "By hand" || stack[1].Info.Name != "sample" {
		t.Fatalf("stack %+v", stack)
	}
	m := stack[0].Method
	r, err := m.Requests(pruning.Model{})
	if err != nil || len(r) != 1 || r[0].Site != (pruning.Site{Phase: pruning.Prefill, Layer: -1}) || len(r[0].Probes) != 0 {
		t.Errorf("requests %+v, %v", r, err)
	}
	if c := m.Claims(pruning.Model{}); !slices.Equal(c, []pruning.Claim{{Kind: "drop", Phase: pruning.Prefill, Layer: -1}}) {
		t.Errorf("claims %v", c)
	}
	out, err := m.Decide(seenGrid())
	if err != nil || len(out.Decisions) != 1 {
		t.Fatal(out, err)
	}
	d := out.Decisions[0].(*pruning.Drop)
	// (1,1) was put back by the later entry; picture 1 and cell (9,9) do not exist.
	if !slices.Equal(d.Rows, []int{1, 6}) || d.Rule != "taken out by hand" || len(d.Scores) != 8 || d.Scores[1] == d.Scores[1] || d.Positions != pruning.Original {
		t.Errorf("drop %+v", d)
	}
	if out, err := m.Decide(pruning.NewSeen(pruning.Site{Layer: -1}, pruning.Model{}, grid()[:1], nil)); err != nil || len(out.Decisions) != 0 {
		t.Errorf("without a picture it decides %+v, %v", out, err)
	}
	if _, _, err := pruning.New(pruning.Spec{Name: "hand"}); err == nil {
		t.Error("hand can be chosen like a method, though it has no parameters to say what to do")
	}
}

func TestByHandForwards(t *testing.T) {
	broken := errors.New("attention is broken")
	stack := pruning.ByHand([]pruning.Stacked{{Method: scripted{err: broken}}}, []pruning.Forced{{Keep: true}})
	m := stack[0].Method
	if r, err := m.Requests(pruning.Model{}); err != nil || len(r) != 1 || r[0].Site.Layer != 7 {
		t.Errorf("requests %v, %v", r, err)
	}
	if c := m.Claims(pruning.Model{}); len(c) != 1 || c[0].Kind != "mask" {
		t.Errorf("claims %v", c)
	}
	if _, err := m.Decide(seenGrid()); err != broken {
		t.Errorf("error %v", err)
	}
}

func TestNothingForcedIsNothingChanged(t *testing.T) {
	given := []pruning.Stacked{{Method: scripted{}}}
	if got := pruning.ByHand(given, nil); len(got) != 1 || !reflect.DeepEqual(got, given) {
		t.Errorf("stack %+v", got)
	}
	pruning.ByHand(given, []pruning.Forced{{Keep: true}, {Row: 1}})
	if _, own := given[0].Method.(scripted); !own || len(given) != 1 {
		t.Error("the given stack was changed")
	}
	if got := pruning.ByHand(nil, []pruning.Forced{{Keep: true}}); len(got) != 0 {
		t.Errorf("a token kept where no method acts needs no method: %+v", got)
	}
}
