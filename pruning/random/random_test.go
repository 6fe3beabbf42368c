package random

import (
	"slices"
	"testing"

	"winnow/pruning"
)

var model = pruning.Model{Layers: 6}

func drop(t *testing.T, seed uint64, layer int, params map[string]string) *pruning.Drop {
	t.Helper()
	tokens := make([]pruning.Token, 110)
	for i := range 100 {
		tokens[5+i].Kind = pruning.Visual
	}
	m, _, err := pruning.New(pruning.Spec{Name: "random", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	s := pruning.NewSeen(pruning.Site{Phase: pruning.Prefill, Layer: layer}, model, tokens, nil)
	s.Seed = seed
	out, err := m.Decide(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Decisions) == 0 {
		return nil
	}
	return out.Decisions[0].(*pruning.Drop)
}

func TestTheDrawIsRepeatable(t *testing.T) {
	a := drop(t, 7, 1, nil)
	if b := drop(t, 7, 1, nil); !slices.Equal(a.Rows, b.Rows) {
		t.Error("the same run draws otherwise")
	}
	for name, b := range map[string]*pruning.Drop{
		"another run":   drop(t, 8, 1, nil),
		"another layer": drop(t, 7, 2, nil),
		"another seed":  drop(t, 7, 1, map[string]string{"seed": "1"}),
	} {
		if slices.Equal(a.Rows, b.Rows) {
			t.Errorf("%s draws the same", name)
		}
	}
}

func TestItDropsItsShareOfVisualTokens(t *testing.T) {
	for keep, want := range map[string]int{"0": 100, "0.07": 93, "0.5": 50, "0.999": 0} {
		d := drop(t, 1, 1, map[string]string{"keep": keep})
		if want == 0 {
			if d != nil {
				t.Errorf("keep %s drops %v, ⌈99.9⌉ of 100 are all", keep, d.Rows)
			}
			continue
		}
		if len(d.Rows) != want || d.Rows[0] < 5 || d.Rows[len(d.Rows)-1] > 104 || !slices.IsSorted(d.Rows) {
			t.Errorf("keep %s drops %v, want %d visual rows", keep, d.Rows, want)
		}
		for i, s := range d.Scores {
			if (s == s) != (i >= 5 && i < 105) {
				t.Errorf("score of row %d is %v", i, s)
			}
		}
	}
}

// TestEveryTokenHasTheSameChance draws 400 times: a fair coin stays within six deviations, 60.
func TestEveryTokenHasTheSameChance(t *testing.T) {
	gone := make([]int, 110)
	for seed := range uint64(400) {
		for _, r := range drop(t, seed, 1, nil).Rows {
			gone[r]++
		}
	}
	for i, n := range gone[5:105] {
		if n < 140 || n > 260 {
			t.Errorf("visual token %d went in %d of 400 draws", i, n)
		}
	}
}

func TestNeutralSettingIsDense(t *testing.T) {
	if d := drop(t, 1, 1, map[string]string{"keep": "1"}); d != nil {
		t.Errorf("drops %v, want nothing", d.Rows)
	}
	m := &Random{Layer: 9, Keep: 1}
	if r, err := m.Requests(model); err != nil || len(r)+len(m.Claims(model)) != 0 {
		t.Errorf("requests %v, %v, claims %v; want none", r, err, m.Claims(model))
	}
	if _, err := (&Random{Layer: 9, Keep: .5}).Requests(model); err == nil {
		t.Error("a layer that the model lacks is accepted")
	}
}
