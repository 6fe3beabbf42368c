package sample

import (
	"math"
	"testing"

	"winnow/internal/trace"
)

func next(t *testing.T, s *Sampler, logits ...float32) (int, float64) {
	t.Helper()
	id, p, err := s.Next(logits)
	if err != nil {
		t.Fatal(err)
	}
	return id, p
}

func TestGreedyTakesTheFirstOfTheBest(t *testing.T) {
	s, _ := New(trace.Sampling{})
	id, p := next(t, s, 1, 3, 3, 2)
	want := 3 - math.Log(math.Exp(1)+2*math.Exp(3)+math.Exp(2))
	if id != 1 || math.Abs(p-want) > 1e-6 {
		t.Errorf("-want 1 %g +got %d %g", want, id, p)
	}
}

func TestDrawsFollowTheTemperature(t *testing.T) {
	s, _ := New(trace.Sampling{Temperature: 2, Seed: 5})
	counts := make([]float64, 3)
	const n = 20000
	for range n {
		id, _ := next(t, s, 0, 2, 4)
		counts[id]++
	}
	sum := 1 + math.E + math.E*math.E
	for i, want := range []float64{1 / sum, math.E / sum, math.E * math.E / sum} {
		if got := counts[i] / n; math.Abs(got-want) > 0.015 {
			t.Errorf("token %d: -want %.3f +got %.3f", i, want, got)
		}
	}
}

func TestTopPCutsTheTail(t *testing.T) {
	s, _ := New(trace.Sampling{Temperature: 1, TopP: 0.8, Seed: 5})
	for range 500 { // 0.67, 0.24, 0.09: the first two reach 0.8
		if id, _ := next(t, s, 2, 1, 0); id == 2 {
			t.Fatal("a token outside the nucleus was drawn")
		}
	}
}

func TestBadValuesAreNamed(t *testing.T) {
	s, _ := New(trace.Sampling{})
	if _, _, err := s.Next([]float32{1, float32(math.NaN())}); err == nil {
		t.Error("a NaN logit was accepted")
	}
	for _, bad := range []trace.Sampling{{Temperature: -1}, {Temperature: math.NaN()}, {TopP: 1.5}, {TopP: -0.1}} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}
