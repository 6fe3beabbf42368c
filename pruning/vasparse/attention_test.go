package vasparse

import (
	"cmp"
	"maps"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"winnow/pruning"
)

// random is a view of so many heads and rows, heads of size 4.
func random(heads, rows int, seed uint64) view {
	r := rand.New(rand.NewPCG(seed, 3))
	x := view{dots: pruning.Matrix{Rows: heads, Cols: rows}, dim: 4}
	for range heads {
		received := make([]float32, rows)
		for j := range rows {
			x.dots.Data = append(x.dots.Data, float32(3*r.NormFloat64()))
			received[j] = float32(3 * r.Float64())
		}
		x.received = append(x.received, received)
	}
	for range rows {
		x.mass = append(x.mass, r.Float32())
	}
	return x
}

// TestTheSetMinimisesTheObjective: ‖qKᵀ − q(M·K)ᵀ‖² − λP·M under |M| = S, over all sets M.
func TestTheSetMinimisesTheObjective(t *testing.T) {
	const rows = 9
	for seed := range uint64(20) {
		x := random(2, rows, seed)
		for _, score := range []string{"raw", "scaled", "prob"} {
			v := method(t, map[string]string{"score": score, "keep": "0.6", "lambda": "0.8", "keep_newest": "false"})
			c := v.choose(x)
			for h := range 2 {
				cost := func(kept uint) (sum float64) {
					for j, dot := range x.dots.Row(h) {
						a := map[string]float64{"raw": float64(dot), "scaled": float64(dot) / 2, "prob": float64(c.plain[h][j])}[score]
						if kept>>j&1 == 0 {
							sum += a * a
						} else {
							sum -= 0.8 * float64(c.P[j])
						}
					}
					return sum
				}
				got := uint(1<<rows - 1)
				for _, j := range c.hidden[h] {
					got &^= 1 << j
				}
				least := math.Inf(1)
				for kept := range uint(1 << rows) {
					if bits.OnesCount(kept) == 5 {
						least = min(least, cost(kept))
					}
				}
				if bits.OnesCount(got) != 5 || cost(got) > least+1e-6 {
					t.Errorf("seed %d, %s: keeps %b at cost %v, the least is %v", seed, score, got, cost(got), least)
				}
			}
		}
	}
}

func TestSmallest(t *testing.T) {
	for _, c := range []struct {
		scores []float32
		n      int
		keep   bool
		want   []int
	}{
		{[]float32{3, 1, 2, 0}, 2, false, []int{1, 3}},
		{[]float32{3, 1, 2, 0}, 2, true, []int{1, 2}},
		{[]float32{1, 1, 1, 1}, 2, false, []int{2, 3}}, // ties: the lower index stays
		{[]float32{1, 1, 1, 1}, 2, true, []int{1, 2}},
		{[]float32{2, 1, 1, 0, 1}, 2, false, []int{3, 4}},
		{[]float32{2, 1}, 5, true, []int{0}},
		{[]float32{2}, 1, true, []int{}},
		{[]float32{2, 1}, 0, false, []int{}},
	} {
		if got := smallest(c.scores, c.n, c.keep); !slices.Equal(got, c.want) {
			t.Errorf("the %d smallest of %v, last kept %v: %v, want %v", c.n, c.scores, c.keep, got, c.want)
		}
	}
}

func TestConstantsOnSaliencyChangeNothing(t *testing.T) {
	x := random(3, 40, 1)
	v := method(t, map[string]string{"lambda": "5"})
	before := v.choose(x)
	for i := range x.mass {
		x.mass[i] += 3 // a softmax does not see it
	}
	if after := v.choose(x); !slices.EqualFunc(before.hidden, after.hidden, slices.Equal) {
		t.Errorf("hides %v, before %v", after.hidden, before.hidden)
	}
	if none := method(t, map[string]string{"lambda": "0"}).choose(x); slices.EqualFunc(before.hidden, none.hidden, slices.Equal) {
		t.Error("λ = 5 chooses the same rows as λ = 0")
	}
}

func TestUniformSinksScaleTheLogits(t *testing.T) {
	x := random(2, 10, 4)
	for h := range x.received {
		x.received[h] = slices.Repeat([]float32{1e4}, 10) // exp overflows without its maximum taken off
	}
	c := method(t, map[string]string{"beta": "0.5", "keep": "1"}).choose(x)
	for _, f := range c.factors[1] {
		if math.Abs(float64(f)-(1.5-0.05)) > 1e-6 {
			t.Errorf("factor %v, want 1 + β − β/L", f)
		}
	}
	x.received[0][0] += 50
	c = method(t, map[string]string{"beta": "0.5", "keep": "1"}).choose(x)
	if c.factors[0][0] != 1 || c.factors[0][1] != 1.5 {
		t.Errorf("a sink has factor %v, others %v; want 1 and 1 + β", c.factors[0][0], c.factors[0][1])
	}
}

func TestSharedSetIsTheMeansBest(t *testing.T) {
	x := random(4, 30, 5)
	c := method(t, map[string]string{"sets": "shared", "keep": "0.5"}).choose(x)
	if len(c.hidden) != 1 || len(c.hidden[0]) != 15 {
		t.Fatalf("hides %v", c.hidden)
	}
	for _, i := range c.hidden[0] {
		for j := range 29 {
			if !slices.Contains(c.hidden[0], j) && c.mean[j] < c.mean[i] {
				t.Errorf("row %d with mean δ %v is hidden, row %d with %v is not", i, c.mean[i], j, c.mean[j])
			}
		}
		for h := range 4 {
			if c.attention[h][i] != 0 {
				t.Errorf("head %d attends to hidden row %d", h, i)
			}
		}
	}
}

// TestRecycledRows: a cluster takes part with the mean of its keys, or their sum.
func TestRecycledRows(t *testing.T) {
	x := random(2, 12, 6)
	for _, how := range []string{"mean", "sum"} {
		c := method(t, map[string]string{"sets": "shared", "keep": "0.5", "recycle": how, "clusters": "2", "beta": "0.3"}).choose(x)
		if len(c.groups) != 2 || !slices.Equal(sorted(c.groups), c.hidden[0]) {
			t.Fatalf("groups %v of hidden %v", c.groups, c.hidden)
		}
		for h := range 2 {
			var logits []float32 // the kept rows', then the clusters'
			for j, dot := range x.dots.Row(h) {
				if !slices.Contains(c.hidden[0], j) {
					logits = append(logits, dot*c.factors[h][j])
				}
			}
			for _, g := range c.groups {
				sum := float32(0)
				for _, j := range g {
					sum += x.dots.Row(h)[j] * c.factors[h][j]
				}
				if how == "mean" {
					sum /= float32(len(g))
				}
				logits = append(logits, sum)
			}
			want := apply(logits, 4, nil, nil)
			for k, g := range c.groups {
				got := float32(0)
				for _, j := range g {
					got += c.attention[h][j]
				}
				if w := want[len(want)-2+k]; math.Abs(float64(got-w)) > 1e-6 {
					t.Errorf("%s: head %d gives cluster %v %v, want %v", how, h, g, got, w)
				}
			}
		}
	}
}

func sorted(groups [][]int) []int { return slices.Sorted(slices.Values(slices.Concat(groups...))) }

func TestClustersFindTheClumps(t *testing.T) {
	// Three clumps in two heads' logits; row 0 is in none of the lists.
	dots := pruning.Matrix{Rows: 2, Cols: 11, Data: []float32{
		50, 0, 9, 0.1, 9.1, 0.2, 9.2, 0, 0.1, 0.05, 9.05,
		50, 0, 0, 0.1, 0.2, 0, 0.1, 7, 7.1, 7.2, 0.1}}
	got := clusters(dots, span(1, 11), 3)
	want := [][]int{{1, 3, 5}, {2, 4, 6, 10}, {7, 8, 9}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("clusters %v, want %v", got, want)
	}
	// A lone row between two clumps is no centre.
	lone := pruning.Matrix{Rows: 1, Cols: 11, Data: []float32{0, 0.1, 0.2, 0.3, 0.4, 2.6, 5, 5.1, 5.2, 5.3, 5.4}}
	if got := clusters(lone, span(0, 11), 2); !slices.EqualFunc(got, [][]int{span(0, 6), span(6, 11)}, slices.Equal) {
		t.Errorf("two clumps and a row between are %v", got)
	}
	if got := clusters(dots, []int{2, 7}, 1); !slices.EqualFunc(got, [][]int{{2, 7}}, slices.Equal) {
		t.Errorf("one cluster is %v", got)
	}
	if got := clusters(dots, []int{2, 7}, 9); !slices.EqualFunc(got, [][]int{{2}, {7}}, slices.Equal) {
		t.Errorf("more clusters than rows are %v", got)
	}
	same := pruning.Matrix{Rows: 1, Cols: 6, Data: make([]float32, 6)}
	if got := clusters(same, span(0, 6), 3); len(got) != 3 || len(sorted(got)) != 6 || slices.ContainsFunc(got, func(g []int) bool { return len(g) == 0 }) {
		t.Errorf("equal rows are put into %v", got)
	}
	if got := clusters(same, nil, 3); got != nil {
		t.Errorf("no row is put into %v", got)
	}
}

// slowClusters walks from the densest row down, in one head.
func slowClusters(x []float32, n int) [][]int {
	d := func(i, j int) float64 { return math.Abs(float64(x[i]) - float64(x[j])) }
	density := make([]float64, len(x))
	for i := range x {
		var near []float64
		for j := range x {
			near = append(near, d(i, j)*d(i, j))
		}
		slices.Sort(near)
		for _, v := range near[:5] {
			density[i] -= v / 5
		}
		density[i] = math.Exp(density[i])
	}
	ranked := span(0, len(x))
	slices.SortStableFunc(ranked, func(i, j int) int { return cmp.Compare(density[j], density[i]) })
	peak := make([]float64, len(x))
	for at, i := range ranked {
		gap := 0.0
		for _, j := range ranked {
			gap = max(gap, d(i, j))
		}
		if at > 0 {
			gap = math.Inf(1)
		}
		for _, j := range ranked[:at] {
			gap = min(gap, d(i, j))
		}
		peak[i] = density[i] * gap
	}
	groups := map[int][]int{}
	for range n {
		best := slices.Index(peak, slices.Max(peak))
		groups[best], peak[best] = []int{}, -1
	}
	centres := slices.Sorted(maps.Keys(groups))
	for i := range x {
		nearest := centres[0]
		for _, c := range centres {
			if d(i, c) < d(i, nearest) {
				nearest = c
			}
		}
		groups[nearest] = append(groups[nearest], i)
	}
	out := slices.Collect(maps.Values(groups))
	slices.SortFunc(out, func(a, b []int) int { return a[0] - b[0] })
	return out
}

func TestClustersEqualTheirDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 5))
	for range 50 {
		x := make([]float32, 24)
		for i := range x {
			x[i] = float32(r.NormFloat64()) + float32(2*r.IntN(4))
		}
		for n := 2; n < 6; n++ {
			got, want := clusters(pruning.Matrix{Rows: 1, Cols: 24, Data: x}, span(0, 24), n), slowClusters(x, n)
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Fatalf("%d clusters of %v are %v, want %v", n, x, got, want)
			}
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	x := random(32, 650, 1)
	v := method(b, nil)
	for b.Loop() {
		v.choose(x)
	}
}
