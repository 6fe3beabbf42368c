package fastv

import (
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

var model = pruning.Model{Layers: 6, Hidden: 8, Heads: 2, KVHeads: 2, HeadDim: 4, FFN: 16}

// seen is a prompt whose rows from 2 on are visual, but for the last.
func seen(layer int, attention ...float32) pruning.Seen {
	tokens := make([]pruning.Token, len(attention))
	for i := range tokens {
		if i >= 2 && i < len(tokens)-1 {
			tokens[i].Kind = pruning.Visual
		}
		tokens[i].Position = i
	}
	p := pruning.Probe{What: pruning.Attention, Layer: layer, Rows: pruning.Select{Kind: pruning.LastRow}, Reduce: pruning.ColumnMean}
	return pruning.NewSeen(pruning.Site{Phase: pruning.Prefill, Layer: layer}, model, tokens,
		map[pruning.Probe]pruning.Matrix{p: {Rows: 1, Cols: len(attention), Data: attention}})
}

func method(t *testing.T, params map[string]string) pruning.Method {
	t.Helper()
	m, _, err := pruning.New(pruning.Spec{Name: "fastv", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func drop(t *testing.T, s pruning.Seen, params map[string]string) *pruning.Drop {
	t.Helper()
	out, err := method(t, params).Decide(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Decisions) != 1 {
		t.Fatalf("%d decisions, want one", len(out.Decisions))
	}
	return out.Decisions[0].(*pruning.Drop)
}

func TestLeastAttendedVisualTokensGo(t *testing.T) {
	// Rows 0, 1 and 6 are text, and stay whatever their attention is.
	s := seen(1, 0, 0, .1, .3, .05, .2, 0)
	for _, c := range []struct {
		keep string
		want []int
	}{{"0.75", []int{4}}, {"0.5", []int{2, 4}}, {"0.26", []int{2, 4}}, {"0.25", []int{2, 4, 5}}, {"0", []int{2, 3, 4, 5}}} {
		d := drop(t, s, map[string]string{"keep": c.keep})
		if !slices.Equal(d.Rows, c.want) || d.Positions != pruning.Original {
			t.Errorf("keep %s drops %v, want %v", c.keep, d.Rows, c.want)
		}
		for i, score := range d.Scores {
			if visual := i >= 2 && i < 6; visual != (score == score) {
				t.Errorf("score of row %d is %v", i, score)
			}
		}
	}
	if d := drop(t, seen(1, 0, 0, .2, .2, .2, .2, 0), nil); !slices.Equal(d.Rows, []int{4, 5}) {
		t.Errorf("of equal tokens %v go, want the later half", d.Rows)
	}
}

func TestPermutedTokensPermuteTheDecision(t *testing.T) {
	a := []float32{0, 0, .1, .3, .05, .2, .15, .02, 0}
	d := drop(t, seen(1, a...), nil)
	b := slices.Clone(a)
	slices.Reverse(b[2:8])
	e := drop(t, seen(1, b...), nil)
	for i := 2; i < 8; i++ {
		if j := 9 - i; e.Scores[j] != d.Scores[i] || slices.Contains(e.Rows, j) != slices.Contains(d.Rows, i) {
			t.Errorf("row %d moved to %d and is judged otherwise", i, j)
		}
	}
}

func TestNeutralSettingIsDense(t *testing.T) {
	m := method(t, map[string]string{"keep": "1"})
	if r, err := m.Requests(model); err != nil || len(r) != 0 {
		t.Errorf("requests %v, %v; want none", r, err)
	}
	if c := m.Claims(model); len(c) != 0 {
		t.Errorf("claims %v, want none", c)
	}
	for _, s := range []pruning.Seen{seen(1, 0, 0, .1, .2, 0), seen(1, 0, 0, 0)} {
		if out, err := m.Decide(s); err != nil || len(out.Decisions) != 0 {
			t.Errorf("decides %v, %v; want nothing", out.Decisions, err)
		}
	}
}

func TestItAsksOnceAfterItsLayer(t *testing.T) {
	r, err := method(t, map[string]string{"layer": "3"}).Requests(model)
	want := pruning.Probe{What: pruning.Attention, Layer: 2, Rows: pruning.Select{Kind: pruning.LastRow}, Reduce: pruning.ColumnMean}
	if err != nil || len(r) != 1 || r[0].Site != (pruning.Site{Phase: pruning.Prefill, Layer: 2}) || !slices.Equal(r[0].Probes, []pruning.Probe{want}) {
		t.Errorf("requests %v, %v", r, err)
	}
	if _, err := method(t, map[string]string{"layer": "6"}).Requests(model); err == nil || !strings.Contains(err.Error(), "choose a layer from 1 to 5") {
		t.Errorf("after the last layer: error %v", err)
	}
}

func TestBrokenAttentionIsNamed(t *testing.T) {
	m := method(t, nil)
	if _, err := m.Decide(seen(1, 0, 0, .1, float32(math.NaN()), 0)); err == nil || !strings.Contains(err.Error(), "attention of layer 1 is not a number at row 3") {
		t.Errorf("error %v", err)
	}
	s := seen(1, 0, 0, .1, .2, 0)
	s.Tokens = s.Tokens[:4]
	if _, err := m.Decide(s); err == nil || !strings.Contains(err.Error(), "1 × 5 for 4 tokens") {
		t.Errorf("error %v", err)
	}
	if _, err := m.Decide(seen(2, 0, 0, .1, .2, 0)); err == nil || !strings.Contains(err.Error(), "did not request") {
		t.Errorf("error %v", err)
	}
}
