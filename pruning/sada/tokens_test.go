package sada

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"winnow/pruning"
)

// TestUnstable: 0 is unstable, a limit keeps the largest, ties go to the lower cell.
func TestUnstable(t *testing.T) {
	kappa := []float64{-1, 0, 3, 2, 2, -0.5, 5}
	for most, want := range map[int][]bool{
		0: {false, false, false, false, false, false, false},
		3: {false, false, true, true, false, false, true},
		9: {false, true, true, true, true, false, true},
	} {
		if got := Unstable(kappa, most); !slices.Equal(got, want) {
			t.Errorf("at most %d: %v, want %v", most, got, want)
		}
	}
}

// TestPool: a token's share of marked cells; a quarter is not more than a quarter.
func TestPool(t *testing.T) {
	cells := []bool{
		true, false, true, true,
		false, false, false, false,
		false, false, true, true,
		false, false, true, true,
	}
	if got := Pool(cells, 4, 4, 2); !slices.Equal(got, []float32{0.25, 0.5, 0, 1}) {
		t.Errorf("shares %v", got)
	}
	if got := Pool(cells[:8], 2, 4, 1); !slices.Equal(got, []float32{1, 0, 1, 1, 0, 0, 0, 0}) {
		t.Errorf("shares of single cells %v", got)
	}
}

// TestPicks: one in each whole window, none beyond.
func TestPicks(t *testing.T) {
	offsets := []int{0, 5, 3, 2}
	i := -1
	got := Picks(5, 7, 2, 3, func(n int) int {
		if n != 6 {
			t.Fatalf("a window of 2 × 3 has %d tokens", n)
		}
		i++
		return offsets[i]
	})
	// Windows start at (0, 0), (0, 3), (2, 0), (2, 3); row 4 and column 6 have none.
	if want := []int{0, 7*1 + 5, 7*3 + 0, 7*2 + 5}; !slices.Equal(got, []int{want[0], want[1], want[3], want[2]}) {
		t.Errorf("picks %v, want those of %v", got, want)
	}
	if got := Picks(2, 2, 3, 3, func(int) int { return 0 }); got != nil {
		t.Errorf("picks %v in a grid smaller than a window", got)
	}
}

// TestRefresh: every max_interval evaluations from lo, or from the last skip, the first after it
// included.
func TestRefresh(t *testing.T) {
	for n := 10; n < 47; n++ {
		if got := Refresh(n, 10, 0, 4); got != ((n-10)%4 == 0) {
			t.Errorf("evaluation %d without skips: %v", n, got)
		}
	}
	for n, want := range map[int]bool{22: true, 23: false, 24: false, 25: false, 26: true} {
		if got := Refresh(n, 10, 21, 4); got != want {
			t.Errorf("evaluation %d after a skip at 21: %v", n, got)
		}
	}
	if !Refresh(11, 10, 10, 4) {
		t.Error("the evaluation after a skip of lo itself is not full")
	}
}

// TestTokenSteps: in runs of every kind, token steps have filled caches and compute what is
// unstable, and evaluations after a skip fill them.
func TestTokenSteps(t *testing.T) {
	for _, family := range families {
		d := toy(family, 50, 12, 12)
		d.Patch = 2 // 6 × 6 tokens, four windows
		m := map[string]string{"tokens": "on", "lagrange_term": "0", "max_fix": "40"}
		c := run(t, m, d, 3, bending(9))
		same := run(t, m, d, 3, bending(9))
		filled, tokenSteps, afterSkip := false, 0, 0
		for n, action := range c.did {
			skip := action == pruning.SkipStep
			if n > 0 && !skip && n >= 10 && n < 47 {
				before := c.did[n-1]
				if before == pruning.SkipStep {
					if afterSkip++; !c.plans[n-1].Store {
						t.Errorf("%s: evaluation %d after a skip does not fill the caches", family, n)
					}
				}
				filled = filled || c.plans[n-1].Store
			}
			if action != pruning.RunTokens {
				continue
			}
			tokenSteps++
			p := c.plans[n-1]
			if !filled || p.Store || n < 10 || n >= 47 {
				t.Errorf("%s: token step %d, caches filled %v", family, n, filled)
			}
			if !slices.Equal(p.Rows, same.plans[n-1].Rows) {
				t.Errorf("%s: step %d draws differently with the same seed", family, n)
			}
			shares := p.Also[len(p.Also)-1]
			unstable, marked := 0, float32(0)
			for tok, v := range shares.Values {
				_, in := slices.BinarySearch(p.Rows, tok)
				marked += v * 4
				if v > 0.25 {
					unstable++
					if !in {
						t.Errorf("%s: step %d leaves out unstable token %d", family, n, tok)
					}
				}
			}
			if marked > 40 || len(p.Rows) > unstable+4 || !slices.IsSorted(p.Rows) {
				t.Errorf("%s: step %d computes %v, %d unstable tokens, %v cells", family, n, p.Rows, unstable, marked)
			}
			if p.Scores[0] != float32(tokenMean(c.sights[n-1].kappa, 12, 2)) {
				t.Errorf("%s: token 0 of step %d scores %v", family, n, p.Scores[0])
			}
		}
		if tokenSteps < 3 || afterSkip == 0 {
			t.Fatalf("%s: %d token steps, %d evaluations after a skip", family, tokenSteps, afterSkip)
		}
	}
}

// tokenMean is the mean of kappa over the first token's patch × patch cells of 2 channels.
func tokenMean(kappa []float64, width, patch int) float64 {
	sum := 0.0
	for r := range patch {
		for c := range patch * 2 {
			sum += kappa[r*width*2+c]
		}
	}
	return sum / float64(patch*patch*2)
}

// TestAllUnstableIsAllTokens: with no limit in reach, token-wise is dense where all is unstable.
func TestAllUnstableIsAllTokens(t *testing.T) {
	d := toy(pruning.VariancePreserving, 50, 6, 6)
	p := resolved(t, map[string]string{"max_fix": "36"}, d)
	p.i = 20
	now := sight{known: true, kappa: make([]float64, 72)}
	for e := range now.kappa {
		now.kappa[e] = 1 + math.Sin(float64(e))
	}
	seen := pruning.NewSeen(pruning.DenoiseSite, pruning.Model{}, make([]pruning.Token, 36), nil)
	step := &pruning.Step{Action: pruning.RunStep}
	mem := memory{stored: true, lastSkip: 18}
	p.tokens(seen, now, &mem, step)
	if step.Action != pruning.RunTokens || len(step.Rows) != 36 || step.Rows[35] != 35 {
		t.Errorf("%q of %v", step.Action, step.Rows)
	}
	for e := range now.kappa {
		now.kappa[e] = -1
	}
	draws := map[string]bool{}
	for _, i := range []int{20, 21, 23, 24} {
		for seen.Seed = range uint64(3) {
			step, p.i = &pruning.Step{Action: pruning.RunStep}, i
			if p.tokens(seen, now, &mem, step); len(step.Rows) != 4 {
				t.Errorf("where all is stable %v are computed, want one a window", step.Rows)
			}
			draws[fmt.Sprint(step.Rows)] = true
		}
	}
	if len(draws) < 10 {
		t.Errorf("4 steps with 3 seeds draw only %d different sets", len(draws))
	}
}
