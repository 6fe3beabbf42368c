package vasparse

import (
	"slices"
	"testing"

	"winnow/pruning"
)

// generate runs so many steps over three layers that merge as told, and returns by layer the
// steps at which rows were merged, and how many.
func generate(t *testing.T, params map[string]string, steps int) (events [3][][2]int, cached [3][]pruning.Token) {
	t.Helper()
	v := method(t, with(params, "mode", "release"))
	m := pruning.Model{Layers: 3, Heads: 1, HeadDim: 1}
	for l := range cached {
		for i := range 5 {
			cached[l] = append(cached[l], pruning.Token{Part: pruning.User, Position: i})
		}
	}
	var mem any
	for step := 1; step <= steps; step++ {
		for l := range cached {
			cached[l] = append(cached[l], pruning.Token{Part: pruning.Answer, Position: 4 + step})
			s := pruning.NewSeen(pruning.Site{Phase: pruning.Decode, Layer: l, At: pruning.InAttention, Step: step}, m, cached[l], nil)
			s.Memory = mem
			o, err := v.Decide(s)
			if err != nil {
				t.Fatal(err)
			}
			mem = o.Memory
			for _, d := range o.Decisions {
				d := d.(*pruning.Merge)
				if d.Layer != l || d.Once || d.Sum || len(d.Groups) != 1 || d.Groups[0][0] != 5 {
					t.Fatalf("step %d, layer %d: %+v", step, l, d)
				}
				n := len(d.Groups[0])
				if !slices.Equal(d.Groups[0], span(5, 5+n)) {
					t.Fatalf("step %d merges %v", step, d.Groups)
				}
				cached[l] = slices.Delete(cached[l], 6, 5+n)
				events[l] = append(events[l], [2]int{step, n})
			}
		}
	}
	return events, cached
}

// TestSentences: merges of ⌊0.1·g⌋ rows when a layer's g is a multiple of the sentence, each
// multiple once. At g = 16 one row would become one: nothing happens.
func TestSentences(t *testing.T) {
	events, cached := generate(t, nil, 70)
	for l := range events {
		// g = 32 at step 32, loses 2; 48 at 50, loses 3; 64 at 69, loses 5.
		if want := [][2]int{{32, 3}, {50, 4}, {69, 6}}; !slices.Equal(events[l], want) {
			t.Errorf("layer %d merges at %v, want %v", l, events[l], want)
		}
		if got := len(cached[l]); got != 5+70-2-3-5 {
			t.Errorf("layer %d caches %d rows", l, got)
		}
	}
	// One layer an event: the first whose count is full. Layer 0 takes that at 16, where nothing is
	// to be merged, and that at 32; then it lags behind and layer 1 is the first.
	events, _ = generate(t, map[string]string{"merge_layers": "one"}, 70)
	if want := [3][][2]int{{{32, 3}}, {{48, 4}}, {{64, 6}}}; !slices.EqualFunc(events[:], want[:], slices.Equal) {
		t.Errorf("one layer at a time merges %v, want %v", events, want)
	}
	for _, params := range []map[string]string{{"sentence": "0"}, {"keep": "1"}, {"keep": "0.99"}} {
		if events, _ := generate(t, params, 70); len(events[0])+len(events[1])+len(events[2]) != 0 {
			t.Errorf("%v: merges %v", params, events)
		}
	}
}

func TestMergedCountIsTheCodes(t *testing.T) {
	for _, c := range []struct {
		g    int
		keep float64
		want int
	}{{32, 0.9, 3}, {16, 0.9, 1}, {10, 0.9, 0}, {10, 0.8, 1}, {20, 0, 20}, {20, 1, 0}} {
		// (1 − 0.9)·10 is 0.99…98 and (1 − 0.8)·10 is 1.99…96 in binary.
		if got := merged(c.g, c.keep); got != c.want {
			t.Errorf("%d rows at %v: %d become one, want %d", c.g, c.keep, got, c.want)
		}
	}
}

func TestPositionsAreTheCachesLength(t *testing.T) {
	v := method(t, map[string]string{"mode": "release", "sentence": "2", "keep": "0", "positions": "length"})
	tokens := []pruning.Token{{}, {Part: pruning.Answer}, {Part: pruning.Answer}}
	o, err := v.Decide(pruning.NewSeen(pruning.Site{Phase: pruning.Decode, At: pruning.InAttention, Step: 2}, model, tokens, nil))
	if err != nil || only[*pruning.Merge](t, o.Decisions).Positions != pruning.Renumbered {
		t.Errorf("decides %+v, %v", o.Decisions, err)
	}
}

// TestThePromptIsMaskedByRank: the code keeps one visual token fewer than all even at 1.
func TestThePromptIsMaskedByRank(t *testing.T) {
	tokens := make([]pruning.Token, 7)
	for i := range tokens {
		tokens[i].Position = i
		if i > 0 && i < 5 {
			tokens[i].Kind = pruning.Visual
		}
	}
	received := pruning.Matrix{Rows: 1, Cols: 7, Data: []float32{9, 1, 3, 2, 2, 9, 9}}
	for _, c := range []struct {
		keep string
		want []int
	}{{"1", []int{1}}, {"0.5", []int{1, 4}}, {"0.49", []int{1, 3, 4}}, {"0", []int{1, 2, 3, 4}}} {
		v := method(t, map[string]string{"mode": "release", "prefill": "mask", "prefill_keep": c.keep, "lambda": "0"})
		o, err := v.Decide(pruning.NewSeen(pruning.Site{Phase: pruning.Prefill, Layer: 2}, pruning.Model{Layers: 3, Heads: 1}, tokens,
			map[pruning.Probe]pruning.Matrix{receivedProbe(2): received}))
		if err != nil {
			t.Fatal(err)
		}
		d := only[*pruning.Mask](t, o.Decisions)
		if d.Layer != 2 || !slices.Equal(d.Rows.Lists[0], c.want) {
			t.Errorf("keep %s hides %v of layer %d, want %v", c.keep, d.Rows, d.Layer, c.want)
		}
	}
	if _, kept := rank([]float32{1}, []float32{1}, 0.1, 1); len(kept) != 0 {
		t.Error("of one visual token the code keeps none")
	}
}
