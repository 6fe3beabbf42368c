package language

import (
	"strings"
	"testing"

	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

// TestBadPromptsAreNamed: what no prompt can be, and tokens that have no place.
func TestBadPromptsAreNamed(t *testing.T) {
	be := computetest.Open(t, "ref")
	c, m := small, noise(small, 1)
	c.Routers, c.FiLM, c.Head = nil, false, true
	m.Put(HeadName, rows(c.Vocabulary*c.Hidden), c.Vocabulary, c.Hidden)
	l := tensors.NewLoader(m, be, tensors.Exact)
	d := Read(l, be, c)
	set, err := l.Done()
	if err != nil {
		t.Fatal(err)
	}
	good := Frame{Rows: 12, Visual: 8, First: 11, States: 1}
	for _, f := range []Frame{{Rows: 12}, {Rows: 9, Visual: 8}, {Rows: 12, Visual: 8, Actions: 1}, {Rows: 12, Visual: 8, Pad: 1}, {Rows: 12, Visual: 8, Bidirectional: true}} {
		if _, err := d.NewCausal(f, 2); err == nil || !strings.Contains(err.Error(), "no prompt that 2 tokens could follow") {
			t.Errorf("the prompt %+v: error %v", f, err)
		}
	}
	s, err := d.NewCausal(good, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Begin(t.Context(), rows(11*c.Hidden)); err == nil || !strings.Contains(err.Error(), "do not fill 12 rows") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Begin(t.Context(), rows(12*c.Hidden)); err != nil {
		t.Fatal(err)
	}
	for says, next := range map[string][2]int{"token 2 does not fit behind the prompt": {2, 3}, "token 99 lies outside": {1, 99}} {
		if _, err := s.Next(t.Context(), next[0], next[1]); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	d.head = tensors.Linear{}
	if _, err := d.NewCausal(good, 2); err == nil || !strings.Contains(err.Error(), "has no language_model.lm_head.weight") {
		t.Errorf("error %v", err)
	}
	s.Close()
	if set.Free(); be.MemoryUsed() != 0 {
		t.Errorf("%d bytes stay", be.MemoryUsed())
	}
}
