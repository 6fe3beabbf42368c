package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"winnow/internal/trace"
)

// Sampler draws tokens. Not safe for concurrent use.
type Sampler struct {
	s      trace.Sampling
	random *rand.Rand
	order  []int
	probs  []float64
}

// New checks the settings.
func New(s trace.Sampling) (*Sampler, error) {
	if !(s.Temperature >= 0 && s.Temperature <= 100) {
		return nil, fmt.Errorf("temperature is %g; it takes a number from 0 to 100", s.Temperature)
	}
	if !(s.TopP >= 0 && s.TopP <= 1) {
		return nil, fmt.Errorf("top-p is %g; it takes a number from 0 to 1", s.TopP)
	}
	return &Sampler{s: s, random: rand.New(rand.NewPCG(s.Seed, 0x77696e6e6f77))}, nil
}

// Next chooses a token and gives the natural logarithm of its probability at temperature 1. A
// NaN among the logits is an error.
func (s *Sampler) Next(logits []float32) (id int, logProb float64, err error) {
	best := 0
	for i, l := range logits {
		if l != l {
			return 0, 0, fmt.Errorf("the logit of token %d is not a number: the model's weights are damaged or a method broke its activations", i)
		}
		if l > logits[best] {
			best = i
		}
	}
	id = best
	if s.s.Temperature > 0 {
		id = s.draw(logits, float64(logits[best]))
	}
	return id, logProbability(logits, best, id), nil
}

// negligible: e^-25 of the largest is below float32's resolution even summed over a vocabulary.
const negligible = 25

func logProbability(logits []float32, best, id int) float64 {
	top := logits[best]
	sum := 0.0
	for _, l := range logits {
		if top-l < negligible {
			sum += math.Exp(float64(l - top))
		}
	}
	return float64(logits[id]-top) - math.Log(sum)
}

// draw samples from softmax(logits/temperature) cut to the smallest set with probability top-p.
func (s *Sampler) draw(logits []float32, top float64) int {
	s.order, s.probs = s.order[:0], s.probs[:0]
	for i, l := range logits {
		if p := math.Exp((float64(l) - top) / s.s.Temperature); p > 1e-12 {
			s.order = append(s.order, i)
		}
	}
	slices.SortStableFunc(s.order, func(a, b int) int {
		switch {
		case logits[a] > logits[b]:
			return -1
		case logits[a] < logits[b]:
			return 1
		}
		return a - b
	})
	total := 0.0
	for _, i := range s.order {
		p := math.Exp((float64(logits[i]) - top) / s.s.Temperature)
		s.probs = append(s.probs, p)
		total += p
	}
	if s.s.TopP > 0 && s.s.TopP < 1 {
		sum := 0.0
		for i, p := range s.probs {
			if sum += p; sum >= s.s.TopP*total {
				s.order, s.probs, total = s.order[:i+1], s.probs[:i+1], sum
				break
			}
		}
	}
	u := s.random.Float64() * total
	for i, p := range s.probs {
		if u -= p; u < 0 {
			return s.order[i]
		}
	}
	return s.order[len(s.order)-1]
}
