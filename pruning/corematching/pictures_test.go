package corematching

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"winnow/pruning"
)

func named(t *testing.T, d pruning.Decision, name string) pruning.Series {
	t.Helper()
	for _, s := range d.Because().Also {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("%s has no series %q", d.Kind(), name)
	return pruning.Series{}
}

// check compares a series with a number a visual row, and wants none elsewhere.
func check(t *testing.T, s pruning.Series, tokens []pruning.Token, want func(row int) float64) {
	t.Helper()
	if len(s.Values) != len(tokens) {
		t.Fatalf("%s has %d numbers for %d tokens", s.Name, len(s.Values), len(tokens))
	}
	for i, tok := range tokens {
		v := float64(s.Values[i])
		if tok.Kind != pruning.Visual {
			if v == v {
				t.Errorf("%s of text row %d is %v", s.Name, i, v)
			}
		} else if w := want(i); !(math.Abs(v-w) <= 1e-5*max(1, math.Abs(w))) {
			t.Errorf("%s of row %d is %v, want %v", s.Name, i, v, w)
		}
	}
}

// TestPicturesEqualTheirDefinition on a width that no unrolled loop divides.
func TestPicturesEqualTheirDefinition(t *testing.T) {
	a, tokens := activations(90, 331, 11), prompt(90, 4, 70)
	const q = 80
	for i := q; i < 90; i++ {
		tokens[i].Part = pruning.Header
	}
	active := func(row int) (n float64) {
		for _, v := range a.Row(row) {
			if v > 0 {
				n++
			}
		}
		return n
	}
	cosine := func(row int) float64 {
		var xq, xx, qq float64
		for n, v := range a.Row(row) {
			x, y := float64(v), float64(a.Row(q)[n])
			xq, xx, qq = xq+x*y, xx+x*x, qq+y*y
		}
		return xq / math.Sqrt(xx*qq)
	}

	d := decide(t, a, tokens, nil)
	drop, neurons := only[*pruning.Drop](t, d), only[*pruning.Neurons](t, d)
	core := neurons.Index.Lists[0]
	check(t, named(t, drop, "active neurons"), tokens, active)
	check(t, named(t, drop, "cosine with the answer's header"), tokens, cosine)
	check(t, named(t, neurons, "active neurons"), tokens, active)
	both := named(t, neurons, "active core neurons")
	check(t, both, tokens, func(row int) (n float64) {
		for _, j := range core {
			if a.Row(row)[j] > 0 {
				n++
			}
		}
		return n
	})
	if both.Target != float32(len(core)) {
		t.Errorf("the match is measured against %v, there are %d core neurons", both.Target, len(core))
	}
	// A layer that decides on neurons alone shows the same of itself.
	o, err := method(t, nil).Decide(seen(a, tokens, goldenLayer+1))
	if err != nil {
		t.Fatal(err)
	}
	alone := named(t, only[*pruning.Neurons](t, o.Decisions), "active core neurons")
	if !sameNumbers(alone.Values, both.Values) {
		t.Error("without a decision on tokens the match is another")
	}

	// The released code's layers: the cosine once, since it costs more than the decision.
	for _, c := range []struct {
		first string
		n     int
	}{{"1", 2}, {"0", 1}} {
		zero := only[*pruning.Zero](t, decide(t, a, tokens, map[string]string{"mode": "release", "first": c.first}))
		if len(zero.Also) != c.n {
			t.Errorf("first %s: %d series, want %d", c.first, len(zero.Also), c.n)
		}
		check(t, named(t, zero, "active neurons"), tokens, active)
		if c.n == 2 {
			check(t, named(t, zero, "cosine with the answer's header"), tokens, cosine)
		}
	}
}

// TestCoactivationGrowsWithTheCosine, the geometry that makes a match mean something: of two
// normal activations with cosine c, the share of neurons active in both is ¼ + arcsin(c)/2π.
func TestCoactivationGrowsWithTheCosine(t *testing.T) {
	const width = 20000
	tokens := prompt(12, 1, 10)
	a := pruning.Matrix{Rows: 12, Cols: width}
	noise := activationsNormal(12, width)
	for row := range 12 {
		c := float32(row-1) / 10
		if row == 0 || row == 11 {
			c = 1
		}
		for n := range width {
			a.Data = append(a.Data, c*noise.Row(11)[n]+float32(math.Sqrt(float64(1-c*c)))*noise.Row(row)[n])
		}
	}
	s := seen(a, tokens, goldenLayer)
	visual := pruning.Spans(tokens, pruning.Visual)
	cosines := cosineSeries(s, visual, a)
	for i, both := range overlaps(a, visual, activeNeurons(a.Row(11))) {
		c := float64(cosines.Values[visual[i]])
		if want := 0.25 + math.Asin(c)/(2*math.Pi); math.Abs(float64(both)/width-want) > 0.01 {
			t.Errorf("cosine %.2f: %.3f of the neurons are active in both, want %.3f", c, both/width, want)
		}
	}
}

func TestSilentRowsHaveNoCosine(t *testing.T) {
	a, tokens := activations(6, 40, 2), prompt(6, 1, 4)
	clear(a.Row(2))
	c := cosineSeries(seen(a, tokens, goldenLayer), []int{1, 2, 3, 4}, a)
	if c.Values[2] == c.Values[2] || c.Values[3] != c.Values[3] || !slices.ContainsFunc(c.Values, func(v float32) bool { return v == v }) {
		t.Errorf("cosines %v; want none for row 2", c.Values)
	}
}

func activationsNormal(rows, cols int) pruning.Matrix {
	r := rand.New(rand.NewPCG(4, 4))
	a := pruning.Matrix{Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}
	for i := range a.Data {
		a.Data[i] = float32(r.NormFloat64())
	}
	return a
}
