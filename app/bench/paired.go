package bench

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Paired compares two ways on the same questions: differences, one a question, above zero where
// the first is better.
type Paired struct {
	// Mean of the differences; Low and High are its 95 % interval, from resampling the questions.
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Better, Worse and Same count the questions.
	Better int `json:"better"`
	Worse  int `json:"worse"`
	Same   int `json:"same"`
	// P is the sign test's: the chance of so uneven a split, were both equally good.
	P       float64 `json:"p"`
	Verdict string  `json:"verdict"`
}

// The verdicts. Interval and sign test must both say so.
const (
	ClearlyBetter = "clearly better"
	NoDifference  = "no difference"
	ClearlyWorse  = "worse"
)

// resamples of the bootstrap; level is what both tests use.
const (
	resamples = 10000
	level     = 0.05
)

func paired(differences []float64, seed uint64) Paired {
	p := Paired{P: 1, Verdict: NoDifference}
	n := len(differences)
	if n == 0 {
		return p
	}
	for _, d := range differences {
		p.Mean += d / float64(n)
		switch {
		case d > 0:
			p.Better++
		case d < 0:
			p.Worse++
		default:
			p.Same++
		}
	}
	r := rand.New(rand.NewPCG(seed, 95))
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range n {
			sum += differences[r.IntN(n)]
		}
		means[i] = sum / float64(n)
	}
	slices.Sort(means)
	p.Low, p.High = means[int(level/2*resamples)], means[int((1-level/2)*resamples)-1]
	p.P = signTest(p.Better, p.Worse)
	switch {
	case p.P < level && p.Low > 0 && p.Better > p.Worse:
		p.Verdict = ClearlyBetter
	case p.P < level && p.High < 0 && p.Better < p.Worse:
		p.Verdict = ClearlyWorse
	}
	return p
}

// signTest is the two-sided exact probability of a split at least as uneven, at even odds.
func signTest(a, b int) float64 {
	n, k := a+b, min(a, b)
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	sum := 0.0
	for i := 0; i <= k; i++ {
		sum += math.Exp(lg(n) - lg(i) - lg(n-i) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}
