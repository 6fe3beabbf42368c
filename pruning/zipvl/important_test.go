package zipvl

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// causal is what n tokens receive from the probe rows of a random causal attention, peaked by
// sharpness.
func causal(n int, probes []int, sharpness float64, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	a := make([]float32, n)
	for _, c := range probes {
		w, total := make([]float64, c+1), 0.0
		for j := range w {
			w[j] = math.Exp(sharpness * r.NormFloat64())
			total += w[j]
		}
		for j := range w {
			a[j] += float32(w[j] / total)
		}
	}
	return a
}

func TestTIsWhatTheSpecSays(t *testing.T) {
	for seed := range uint64(40) {
		n := 1 + int(seed*7)
		probes := rowsUpTo(n)
		a := causal(n, probes, float64(seed%4), seed)
		seen := seenBy(n, probes)
		last := 0
		for _, tau := range []float64{0.5, 0.7, 0.9, 0.96, 0.975, 0.999, 1} {
			p := count(a, tau)
			if p < 1 || p < last || p > n || tau == 1 && p != n {
				t.Fatalf("p is %d of %d at tau %v, %d at a lower one", p, n, tau, last)
			}
			last = p
			chosen := choose(a, seen, tau, false)
			if len(chosen.Tokens) != p || !slices.IsSorted(chosen.Tokens) || chosen.Swapped {
				t.Fatalf("T is %v, p %d", chosen.Tokens, p)
			}
			both := slices.Concat(chosen.Tokens, chosen.Others)
			slices.Sort(both)
			if !slices.Equal(both, rowsUpTo(n)) {
				t.Fatalf("T and U are %v and %v of %d", chosen.Tokens, chosen.Others, n)
			}
			down := slices.Clone(a)
			slices.Sort(down)
			slices.Reverse(down)
			held, best, total := 0.0, 0.0, 0.0
			for _, j := range chosen.Tokens {
				held += float64(a[j])
			}
			for i, v := range down {
				total += float64(v)
				if i < p {
					best += float64(v)
				}
			}
			if held > best+1e-9 {
				t.Fatalf("T holds %v, the %d largest %v", held, p, best)
			}
			if best < tau*total-1e-9 || p > 1 && tau < 1 && best-float64(down[p-1]) >= tau*total {
				t.Fatalf("p = %d is not the fewest for tau %v", p, tau)
			}
			guarded := choose(a, seen, tau, true)
			if !slices.Contains(guarded.Tokens, n-1) || len(guarded.Tokens) != p || !slices.IsSorted(guarded.Tokens) {
				t.Fatalf("T with the last row is %v", guarded.Tokens)
			}
			differ := 0
			for _, j := range guarded.Tokens {
				if !slices.Contains(chosen.Tokens, j) {
					differ++
				}
			}
			if want := map[bool]int{true: 1}[guarded.Swapped]; differ != want || guarded.Swapped == slices.Contains(chosen.Tokens, n-1) {
				t.Fatalf("the last row changed T by %d, swapped %v", differ, guarded.Swapped)
			}
		}
	}
}

func TestPermutedTokensPermuteT(t *testing.T) {
	const n = 60
	probes := rowsUpTo(n)
	a, seen := causal(n, probes, 2, 9), seenBy(n, probes)
	order := rand.New(rand.NewPCG(3, 4)).Perm(n)
	b, also := make([]float32, n), make([]int, n)
	for i, from := range order {
		b[i], also[i] = a[from], seen[from]
	}
	x, y := choose(a, seen, 0.9, false), choose(b, also, 0.9, false)
	for i, from := range order {
		if slices.Contains(y.Tokens, i) != slices.Contains(x.Tokens, from) || y.Scores[i] != x.Scores[from] {
			t.Errorf("token %d moved to %d and is judged otherwise", from, i)
		}
	}
}

func TestEqualScoresGoToTheLowerIndex(t *testing.T) {
	// Every token alike: ã is 1, and the first are taken. Halves of whole numbers are exact.
	a, seen := make([]float32, 16), make([]int, 16)
	for j := range a {
		a[j], seen[j] = 0.5, 1
	}
	if x := choose(a, seen, 0.5, false); !slices.Equal(x.Tokens, rowsUpTo(8)) {
		t.Errorf("T is %v, want the first half", x.Tokens)
	}
	// The lowest of equals is the last of them.
	if x := choose(a, seen, 0.5, true); !slices.Equal(x.Tokens, append(rowsUpTo(7), 15)) {
		t.Errorf("T is %v, want the first seven and the last", x.Tokens)
	}
}

func TestUniformAttention(t *testing.T) {
	// Row c gives 1/(c+1) to each: a falls with j, and so does ã.
	const n = 50
	a := make([]float32, n)
	for c := range n {
		for j := range c + 1 {
			a[j] += 1 / float32(c+1)
		}
	}
	x := choose(a, seenBy(n, rowsUpTo(n)), 0.6, false)
	for j := 1; j < n; j++ {
		if a[j] >= a[j-1] {
			t.Fatal("a does not fall")
		}
	}
	// The mean of 1/(c+1) over the rows c ≥ j falls with j too, so T is the first p.
	if p := count(a, 0.6); p < 2 || p > n*6/10 {
		t.Errorf("p is %d of %d", p, n)
	} else if !slices.Equal(x.Tokens, rowsUpTo(p)) {
		t.Errorf("T is %v, want the first %d", x.Tokens, p)
	}
}

func TestDegenerateAttention(t *testing.T) {
	if x := choose([]float32{1}, []int{1}, 0.5, true); !slices.Equal(x.Tokens, []int{0}) || len(x.Others) != 0 || x.Swapped {
		t.Errorf("one row: %+v", x)
	}
	if x := choose(nil, nil, 0.5, true); len(x.Tokens) != 0 || len(x.Others) != 0 {
		t.Errorf("no row: %+v", x)
	}
	// No attention at all still keeps one; tau 1 keeps those that receive none.
	zeros := make([]float32, 4)
	if x := choose(zeros, []int{0, 0, 0, 0}, 0.9, false); !slices.Equal(x.Tokens, []int{0}) || x.Scores[0] != 0 {
		t.Errorf("no attention: %+v", x)
	}
	if p := count(zeros, 1); p != 4 {
		t.Errorf("tau 1 keeps %d of 4", p)
	}
}

func TestSlackForgivesRounding(t *testing.T) {
	// 55 of a hundred alike are 55 %, though 0.55·100 is a little more in binary.
	a := make([]float32, 100)
	for j := range a {
		a[j] = 1
	}
	if p := count(a, 0.55); p != 55 {
		t.Errorf("p is %d of 100 at tau 0.55", p)
	}
	if p := count(a, 0.55+1e-9); p != 56 {
		t.Errorf("p is %d of 100 at a little more", p)
	}
}
