package agreement

import (
	"math"
	"strings"
	"testing"
)

var inf = float32(math.Inf(1))

func compare(t *testing.T, dense, pruned [][]float32) *Agreement {
	t.Helper()
	var r Reference
	var a Agreement
	for _, l := range dense {
		if err := r.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	for i, l := range pruned {
		if err := a.Add(&r, i, l); err != nil {
			t.Fatal(err)
		}
	}
	return &a
}

func TestTheSameLogitsAgree(t *testing.T) {
	l := [][]float32{{1, 2, 3}, {-100, 100, 0}}
	if a := compare(t, l, l); a.KL() != 0 || a.Top1() != 1 || a.Steps() != 2 {
		t.Errorf("KL %g, top-1 %g over %d tokens", a.KL(), a.Top1(), a.Steps())
	}
	// A constant added to all logits changes no distribution.
	if a := compare(t, [][]float32{{1, 2, 3}}, [][]float32{{101, 102, 103}}); a.KL() > 1e-12 {
		t.Errorf("KL %g", a.KL())
	}
}

func TestKnownDivergence(t *testing.T) {
	ln := func(p float64) float32 { return float32(math.Log(p)) }
	a := compare(t, [][]float32{{ln(0.5), ln(0.5)}, {ln(0.75), ln(0.25)}}, [][]float32{{ln(0.9), ln(0.1)}, {ln(0.25), ln(0.75)}})
	first := 0.5*math.Log(0.5/0.9) + 0.5*math.Log(0.5/0.1)
	second := 0.75*math.Log(3) + 0.25*math.Log(1.0/3)
	if want := (first + second) / 2; math.Abs(a.KL()-want) > 1e-6 {
		t.Errorf("KL -want %g +got %g", want, a.KL())
	}
	// Of equals the lower index is first: the first token agrees, the second does not.
	if a.Top1() != 0.5 {
		t.Errorf("top-1 %g", a.Top1())
	}
}

// A method that rules tokens out once made the mean infinite, which JSON cannot hold.
func TestTokensRuledOutCountAsTheFloor(t *testing.T) {
	a := compare(t, [][]float32{{0, 0}}, [][]float32{{0, -inf}})
	if want := 0.5*math.Log(0.5) + 0.5*(math.Log(0.5)-math.Log(Floor)); math.Abs(a.KL()-want) > 1e-9 {
		t.Errorf("KL -want %g +got %g", want, a.KL())
	}
	// What the dense model rules out costs nothing.
	if a := compare(t, [][]float32{{0, -inf}}, [][]float32{{0, -inf}}); a.KL() != 0 {
		t.Errorf("KL %g", a.KL())
	}
}

func TestBrokenLogitsAreErrors(t *testing.T) {
	var r Reference
	for want, l := range map[string][]float32{
		"token id 1 is not a number": {0, float32(math.NaN())},
		"no token has a finite":      {-inf, -inf},
		"no token has a finite lo":   {},
	} {
		if err := r.Add(l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", l, err)
		}
	}
	if err := r.Add([]float32{0, 1}); err != nil {
		t.Fatal(err)
	}
	var a Agreement
	for want, at := range map[string]int{"the dense answer has 1": 1, "3 logits, the dense side has 2": 0} {
		if err := a.Add(&r, at, []float32{0, 1, 2}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-want %q +got %v", want, err)
		}
	}
	if a.KL() != 0 || a.Top1() != 1 {
		t.Error("an empty comparison is not neutral")
	}
}
