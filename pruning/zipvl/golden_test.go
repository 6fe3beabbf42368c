package zipvl

import (
	"math"
	"slices"
	"strings"
	"testing"

	cases "winnow/internal/golden"
	"winnow/pruning"
)

// golden is one reference case.
type golden struct {
	Case   string
	Params struct {
		Tau         float64
		Heads       int  `json:"num_heads"`
		KVHeads     int  `json:"num_kv_heads"`
		N           int  `json:"n"`
		HeadDim     int  `json:"head_dim"`
		ProtectLast bool `json:"protect_last"`
	}
	Inputs, Outputs map[string]struct{ Data []float64 }
	Tolerance       float64
}

// TestGolden runs the cases in testdata and those in $WINNOW_GOLDEN/zipvl, if it is set. The
// cases kv_* are about the packed cache.
func TestGolden(t *testing.T) {
	cases.Each(t, "zipvl", func(file string) bool { return !strings.HasPrefix(file, "kv_") }, func(t *testing.T, g golden) {
		g.prefill(t)
	})
}

func (g golden) prefill(t *testing.T) {
	n := g.Params.N
	probes := ints(g.Inputs["probe_ids"].Data)
	seen := seenBy(n, probes)
	if want := ints(g.Outputs["nnz"].Data); !slices.Equal(seen, want) {
		t.Errorf("seen by %v probe rows, want %v", seen, want)
	}
	a := make([]float32, n)
	all := rowsUpTo(n)
	for h := range g.Params.Heads {
		for _, c := range probes {
			for j, w := range g.weights(h, c, all) {
				a[j] += float32(w / float64(g.Params.Heads))
			}
		}
	}
	g.near(t, doubles(a), "a")
	chosen := choose(a, seen, g.Params.Tau, g.Params.ProtectLast)
	g.near(t, doubles(chosen.Scores), "a_norm")
	if want := int(g.Outputs["p"].Data[0]); count(a, g.Params.Tau) != want {
		t.Errorf("p is %d, want %d", count(a, g.Params.Tau), want)
	}
	want := ints(g.Outputs["T"].Data)
	if !slices.Equal(chosen.Tokens, want) {
		t.Errorf("T is %v, want %v", chosen.Tokens, want)
	}
	g.near(t, g.sparse(chosen.Tokens), "O")
	if !slices.Equal(probes, all) {
		return
	}
	// With all rows as probes the pipeline's way must come to the same.
	out := decide(t, prefillSeen(a, layer, pruning.Select{}), with(map[string]string{"probes": "exact", "tau": number(g.Params.Tau), "protect_last": "false"}))
	d := out[0].(*pruning.Exclude)
	if !slices.Equal(d.Rows, pruning.Without(all, want)) {
		t.Errorf("Decide excludes %v, want all but %v", d.Rows, want)
	}
	g.near(t, doubles(d.Scores), "a_norm")
	g.near(t, doubles(d.Also[0].Values), "a")
}

// weights is one query row's softmax over those of the keys that it may see.
func (g golden) weights(head, query int, keys []int) map[int]float64 {
	d := g.Params.HeadDim
	q, k := g.Inputs["q"].Data, g.Inputs["k"].Data
	kvHead := head / (g.Params.Heads / g.Params.KVHeads)
	out, total := map[int]float64{}, 0.0
	for _, j := range keys {
		if j > query {
			continue
		}
		dot := 0.0
		for i := range d {
			dot += q[(head*g.Params.N+query)*d+i] * k[(kvHead*g.Params.N+j)*d+i]
		}
		out[j] = math.Exp(dot / math.Sqrt(float64(d)))
		total += out[j]
	}
	for j := range out {
		out[j] /= total
	}
	return out
}

// sparse is causal attention among the important rows, [heads × n × dim]; the others are zero.
func (g golden) sparse(rows []int) []float64 {
	d, n := g.Params.HeadDim, g.Params.N
	v := g.Inputs["v"].Data
	out := make([]float64, g.Params.Heads*n*d)
	for h := range g.Params.Heads {
		kvHead := h / (g.Params.Heads / g.Params.KVHeads)
		for _, c := range rows {
			for j, w := range g.weights(h, c, rows) {
				for i := range d {
					out[(h*n+c)*d+i] += w * v[(kvHead*n+j)*d+i]
				}
			}
		}
	}
	return out
}

func (g golden) near(t *testing.T, got []float64, output string) {
	t.Helper()
	want := g.Outputs[output].Data
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s has %d numbers, want %d", output, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= g.Tolerance*max(1, math.Abs(want[i]))) {
			t.Errorf("%s[%d] is %v, want %v", output, i, got[i], want[i])
		}
	}
}

func ints(x []float64) []int {
	out := make([]int, len(x))
	for i, v := range x {
		out[i] = int(v)
	}
	return out
}

func doubles(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
