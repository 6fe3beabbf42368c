package corematching

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

// goldenLayer is where the default layer = 2 decides.
const goldenLayer = 1

func prompt(n, imageStart, imageLen int) []pruning.Token {
	tokens := make([]pruning.Token, n)
	for i := range tokens {
		tokens[i] = pruning.Token{Part: pruning.User, Picture: -1, Position: i}
		if i >= imageStart && i < imageStart+imageLen {
			tokens[i].Kind, tokens[i].Picture = pruning.Visual, 0
		}
	}
	return tokens
}

func model(layers, ffn int) pruning.Model {
	return pruning.Model{Layers: layers, Hidden: 8, Heads: 1, KVHeads: 1, HeadDim: 8, FFN: ffn, Activation: "silu", Gated: true}
}

func method(t testing.TB, params map[string]string) *CoreMatching {
	t.Helper()
	m, _, err := pruning.New(pruning.Spec{Name: "corematching", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*CoreMatching)
}

func seen(a pruning.Matrix, tokens []pruning.Token, layer int) pruning.Seen {
	return pruning.NewSeen(pruning.Site{Phase: pruning.Prefill, Layer: layer}, model(6, a.Cols), tokens,
		map[pruning.Probe]pruning.Matrix{{What: pruning.DownInput, Layer: layer}: a})
}

// decide runs the method at goldenLayer of a model of six layers.
func decide(t testing.TB, a pruning.Matrix, tokens []pruning.Token, params map[string]string) []pruning.Decision {
	t.Helper()
	out, err := method(t, params).Decide(seen(a, tokens, goldenLayer))
	if err != nil {
		t.Fatal(err)
	}
	return out.Decisions
}

// activations are like silu(gate)·up: about half above zero, with neurons of different strength.
func activations(rows, cols int, seed uint64) pruning.Matrix {
	r := rand.New(rand.NewPCG(seed, 1))
	a := pruning.Matrix{Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}
	strength := make([]float64, cols)
	for n := range strength {
		strength[n] = math.Exp(r.NormFloat64())
	}
	for i := range a.Data {
		g := r.NormFloat64()
		a.Data[i] = float32(g / (1 + math.Exp(-g)) * r.NormFloat64() * strength[i%cols])
	}
	return a
}

func only[D pruning.Decision](t testing.TB, decisions []pruning.Decision) D {
	t.Helper()
	var found D
	n := 0
	for _, d := range decisions {
		if d, ok := d.(D); ok {
			found = d
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d decisions of type %T, want one", n, found)
	}
	return found
}

func TestNeutralSettingIsDense(t *testing.T) {
	for _, params := range []map[string]string{
		{"tokens": "false", "beta": "1"},
		{"mode": "release", "tokens": "false"},
	} {
		c := method(t, params)
		requests, err := c.Requests(model(6, 64))
		if err != nil || len(requests) != 0 {
			t.Errorf("%v: requests %v, %v; want none", params, requests, err)
		}
		if claims := c.Claims(model(6, 64)); len(claims) != 0 {
			t.Errorf("%v: claims %v, want none", params, claims)
		}
	}
	// Also when it is called at a site that it did not ask for.
	if d := decide(t, activations(20, 64, 1), prompt(20, 2, 12), map[string]string{"tokens": "false", "beta": "1"}); len(d) != 0 {
		t.Errorf("decides %v, want nothing", d)
	}
}

func TestSitesFollowTheDepth(t *testing.T) {
	sites := func(layers int, params map[string]string) []int {
		requests, err := method(t, params).Requests(model(layers, 64))
		if err != nil {
			t.Fatal(err)
		}
		var out []int
		for _, r := range requests {
			out = append(out, r.Site.Layer)
			if want := []pruning.Probe{{What: pruning.DownInput, Layer: r.Site.Layer}}; !slices.Equal(r.Probes, want) {
				t.Errorf("probes %v at layer %d", r.Probes, r.Site.Layer)
			}
		}
		return out
	}
	span := func(from, to int) (out []int) {
		for l := from; l <= to; l++ {
			out = append(out, l)
		}
		return out
	}
	for _, c := range []struct {
		layers int
		params map[string]string
		want   []int
	}{
		{32, nil, append([]int{1}, span(6, 26)...)},
		{32, map[string]string{"mode": "release"}, span(5, 18)},
		{32, map[string]string{"beta": "1", "layer": "3"}, []int{2}},
		{32, map[string]string{"tokens": "false", "first": "4", "last": "4"}, []int{4}},
		{6, nil, span(1, 4)},
		{6, map[string]string{"mode": "release"}, span(1, 3)},
		{28, map[string]string{"tokens": "false"}, span(5, 23)},
		{1, map[string]string{"tokens": "false"}, []int{0}},
	} {
		if got := sites(c.layers, c.params); !slices.Equal(got, c.want) {
			t.Errorf("%d layers, %v: decides after layers %v, want %v", c.layers, c.params, got, c.want)
		}
	}
}

func TestImpossibleSettingsAreRefused(t *testing.T) {
	for _, c := range []struct {
		layers, ffn int
		params      map[string]string
		want        string
	}{
		{6, 64, map[string]string{"layer": "6"}, "choose a layer from 1 to 5"},
		{6, 64, map[string]string{"first": "4", "last": "3"}, "first not after last"},
		{6, 64, map[string]string{"last": "6"}, "the model has layers 0 to 5"},
		{6, 64, map[string]string{"mode": "release", "last": "6"}, "the model has layers 0 to 5"},
		{6, 64, map[string]string{"beta": "0.01"}, "keeps none of the model's 64 FFN neurons: choose at least 0.016"},
	} {
		m := method(t, c.params)
		_, err := m.Requests(model(c.layers, c.ffn))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want one that says %q", c.params, err, c.want)
		}
		if _, err := pruning.Stack([]pruning.Spec{{Name: "corematching", Params: c.params}}, model(c.layers, c.ffn)); err == nil {
			t.Errorf("%v: Stack accepts it", c.params)
		}
	}
}

func TestBrokenActivationsAreNamed(t *testing.T) {
	a := activations(9, 33, 1)
	a.Row(7)[32] = float32(math.NaN())
	for _, mode := range []string{"paper", "release"} {
		_, err := method(t, map[string]string{"mode": mode}).Decide(seen(a, prompt(9, 2, 5), 3))
		if err == nil {
			t.Fatalf("%s: a NaN passes", mode)
		}
		for _, want := range []string{"down-projection input of layer 3", "row 7", "column 32"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q does not say %q", mode, err, want)
			}
		}
	}
	if _, err := method(t, nil).Decide(seen(activations(9, 33, 1), prompt(8, 2, 5), 3)); err == nil {
		t.Error("activations for another number of tokens pass")
	}
}

func TestPermutedVisualTokensPermuteScores(t *testing.T) {
	const rows, start, n = 60, 5, 48
	a, tokens := activations(rows, 96, 3), prompt(rows, start, n)
	b := pruning.Matrix{Rows: rows, Cols: a.Cols, Data: slices.Clone(a.Data)}
	order := rand.New(rand.NewPCG(1, 2)).Perm(n)
	for i, from := range order {
		copy(b.Row(start+i), a.Row(start+from))
	}
	for _, params := range []map[string]string{nil, {"mode": "release"}} {
		x, y := decide(t, a, tokens, params)[0].Because(), decide(t, b, tokens, params)[0].Because()
		if x.Threshold != y.Threshold {
			t.Errorf("%v: threshold %v becomes %v", params, x.Threshold, y.Threshold)
		}
		for i, from := range order {
			if y.Scores[start+i] != x.Scores[start+from] {
				t.Fatalf("%v: score of token %d did not move with it", params, from)
			}
		}
	}
	if x, y := only[*pruning.Neurons](t, decide(t, a, tokens, nil)), only[*pruning.Neurons](t, decide(t, b, tokens, nil)); !slices.Equal(x.Index.Lists[0], y.Index.Lists[0]) {
		t.Error("the order of the tokens changes the core neurons")
	}
}

func TestScalingATokenChangesNothing(t *testing.T) {
	a, tokens := activations(40, 80, 4), prompt(40, 5, 30)
	b := pruning.Matrix{Rows: 40, Cols: 80, Data: slices.Clone(a.Data)}
	for r := range b.Rows {
		for n := range b.Row(r) {
			b.Row(r)[n] *= float32(int(1) << (r % 9))
		}
	}
	for _, params := range []map[string]string{nil, {"mode": "release"}} {
		x, y := decide(t, a, tokens, params), decide(t, b, tokens, params)
		if len(x) != len(y) {
			t.Fatalf("%v: %d decisions become %d", params, len(x), len(y))
		}
		for i := range x {
			if !sameNumbers(x[i].Because().Scores, y[i].Because().Scores) || x[i].Because().Rule != y[i].Because().Rule {
				t.Errorf("%v: decision %s changes", params, x[i].Kind())
			}
		}
	}
}

func sameNumbers(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return x == y || (x != x && y != y) })
}

func TestOnlyVisualTokensGo(t *testing.T) {
	a, tokens := activations(50, 64, 6), prompt(50, 3, 40)
	drop := only[*pruning.Drop](t, decide(t, a, tokens, map[string]string{"reindex": "true"}))
	if drop.Positions != pruning.Renumbered || !drop.Inclusive || drop.Unit == "" {
		t.Errorf("drop is %+v", drop)
	}
	zero := only[*pruning.Zero](t, decide(t, a, tokens, map[string]string{"mode": "release"}))
	mask := only[*pruning.Mask](t, decide(t, a, tokens, map[string]string{"mode": "release", "cached": "mask"}))
	if !slices.Equal(zero.Rows.Lists[0], mask.Rows.Lists[0]) || mask.Layer != goldenLayer || zero.Layer != goldenLayer {
		t.Error("zero and mask differ in more than the action")
	}
	for _, d := range []struct {
		b    *pruning.Basis
		rows []int
	}{{drop.Because(), drop.Rows}, {zero.Because(), zero.Rows.Lists[0]}} {
		for i, tok := range tokens {
			gone := slices.Contains(d.rows, i)
			s := d.b.Scores[i]
			if tok.Kind != pruning.Visual {
				if gone || s == s {
					t.Errorf("text row %d: dropped %v, score %v", i, gone, s)
				}
			} else if kept := s > d.b.Threshold || d.b.Inclusive && s == d.b.Threshold; kept == gone {
				t.Errorf("row %d, score %v at threshold %v: dropped %v", i, s, d.b.Threshold, gone)
			}
		}
		if !slices.IsSorted(d.rows) {
			t.Error("rows are not ascending")
		}
	}
}

func TestDegeneratePrompts(t *testing.T) {
	equal := pruning.Matrix{Rows: 12, Cols: 16, Data: slices.Repeat([]float32{1, -1, 2, -3}, 12*4)}
	dead := pruning.Matrix{Rows: 12, Cols: 16, Data: slices.Repeat([]float32{-1}, 12*16)}
	for _, mode := range []string{"paper", "release"} {
		for name, c := range map[string]struct {
			a      pruning.Matrix
			tokens []pruning.Token
		}{
			"equal scores keep all":    {equal, prompt(12, 2, 8)},
			"nothing active keeps all": {dead, prompt(12, 2, 8)},
			"no picture":               {activations(12, 16, 1), prompt(12, 2, 0)},
			"one visual token":         {activations(12, 16, 1), prompt(12, 2, 1)},
			"one row":                  {activations(1, 16, 1), prompt(1, 0, 0)},
			"no row":                   {pruning.Matrix{Cols: 16}, nil},
		} {
			for _, d := range decide(t, c.a, c.tokens, map[string]string{"mode": mode}) {
				if _, ok := d.(*pruning.Neurons); !ok || c.a.Rows == 0 || &c.a.Data[0] == &dead.Data[0] {
					t.Errorf("%s, %s: decides to %s", mode, name, d.Kind())
				}
			}
		}
	}
}

func TestQueryIsTheLastHeader(t *testing.T) {
	tokens := prompt(12, 1, 4)
	if q := queryRow(tokens); q != 11 {
		t.Errorf("without a header the query is row %d, want the last", q)
	}
	for _, i := range []int{6, 7, 9, 10} {
		tokens[i].Part = pruning.Header
	}
	if q := queryRow(tokens); q != 9 {
		t.Errorf("query is row %d, want the first of the last header, 9", q)
	}
}

func TestElbow(t *testing.T) {
	for _, c := range []struct {
		scores []float32
		index  int
		value  float32
		ok     bool
	}{
		{[]float32{1, 10, 9, 2, 1}, 2, 2, true},     // 10 9 2 1 1: gaps 0 1.25 3.5 2.25 0
		{[]float32{10, 10, 10, 10, 1}, 3, 10, true}, // above the chord: the gap is unsigned
		{[]float32{0, 3, 6, 6, 0}, 1, 6, true},      // 6 6 3 0 0: gaps 0 1.5 0 1.5 0, the first counts
		{[]float32{3, 3, 3}, 0, 3, false},           // all equal
		{[]float32{1, 2, 3, 4}, 0, 4, false},        // straight
		{[]float32{7}, 0, 7, false},
		{nil, 0, 0, false},
	} {
		index, value, ok := elbow(c.scores)
		if index != c.index || value != c.value || ok != c.ok {
			t.Errorf("elbow of %v: %d, %v, %v; want %d, %v, %v", c.scores, index, value, ok, c.index, c.value, c.ok)
		}
	}
}
