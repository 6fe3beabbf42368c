package agreement

import (
	"fmt"
	"math"
)

// Floor is the least probability that a token of the pruned side counts as having.
const Floor = 1e-9

// Reference is the dense side of a comparison.
type Reference struct {
	steps []step
}

type step struct {
	logits []float32
	// norm is ln Σ exp(logit).
	norm float64
	top  int
}

// Add appends the logits [vocabulary] that chose the next token of the answer; they are copied.
func (r *Reference) Add(logits []float32) error {
	norm, top, err := normalise(logits)
	if err != nil {
		return fmt.Errorf("the dense model at token %d: %w", len(r.steps), err)
	}
	r.steps = append(r.steps, step{append([]float32(nil), logits...), norm, top})
	return nil
}

// Len is the number of tokens.
func (r *Reference) Len() int { return len(r.steps) }

// Agreement is the comparison of one other side with a Reference. The zero value is empty.
type Agreement struct {
	kl    float64
	same  int
	steps int
}

// Add compares the logits [vocabulary] of the other side at a token of the answer, counted from 0.
func (a *Agreement) Add(r *Reference, at int, logits []float32) error {
	if at < 0 || at >= len(r.steps) {
		return fmt.Errorf("token %d is compared, the dense answer has %d", at, len(r.steps))
	}
	d := r.steps[at]
	if len(logits) != len(d.logits) {
		return fmt.Errorf("token %d has %d logits, the dense side has %d: they are not one model's", at, len(logits), len(d.logits))
	}
	norm, top, err := normalise(logits)
	if err != nil {
		return fmt.Errorf("the pruned model at token %d: %w", at, err)
	}
	a.kl += divergence(d.logits, d.norm, logits, norm)
	if top == d.top {
		a.same++
	}
	a.steps++
	return nil
}

// Steps is the number of tokens compared.
func (a *Agreement) Steps() int { return a.steps }

// KL is the mean over the tokens, in nats; 0 where there are none.
func (a *Agreement) KL() float64 { return a.kl / float64(max(a.steps, 1)) }

// Top1 is the share of the tokens with the same first choice; 1 where there are none.
func (a *Agreement) Top1() float64 {
	if a.steps == 0 {
		return 1
	}
	return float64(a.same) / float64(a.steps)
}

var logFloor = math.Log(Floor)

func divergence(dense []float32, denseNorm float64, pruned []float32, prunedNorm float64) float64 {
	sum := 0.0
	for i, x := range dense {
		lp := float64(x) - denseNorm
		if p := math.Exp(lp); p > 0 {
			sum += p * (lp - max(float64(pruned[i])-prunedNorm, logFloor))
		}
	}
	return max(sum, 0) // rounding, or the floor, may leave a trace below
}

// normalise gives ln Σ exp(logit) and the index of the largest logit, the lower of equals.
func normalise(logits []float32) (norm float64, top int, err error) {
	for i, x := range logits {
		if x != x {
			return 0, 0, fmt.Errorf("the logit of token id %d is not a number: the model's weights or activations are broken", i)
		}
		if x > logits[top] {
			top = i
		}
	}
	if len(logits) == 0 || math.IsInf(float64(logits[top]), 0) {
		return 0, 0, fmt.Errorf("no token has a finite logit: the model's weights or activations are broken")
	}
	high, sum := float64(logits[top]), 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - high)
	}
	return high + math.Log(sum), top, nil
}
