package language

import (
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	cases "winnow/internal/golden"
	"winnow/pruning"
	"winnow/pruning/cogvla"
)

type golden struct {
	Case   string
	Params struct {
		Hidden    int     `json:"hidden_size"`
		Heads     int     `json:"num_heads"`
		Inner     int     `json:"intermediate_size"`
		PerImage  int     `json:"tokens_per_image"`
		Images    int     `json:"num_images"`
		Chunk     int     `json:"num_actions_chunk"`
		Action    int     `json:"action_dim"`
		Retention float64 `json:"retention_ratio"`
		FiLM      bool    `json:"film_router"`
		Eps       float32 `json:"rms_eps"`
		Theta     float32 `json:"rope_theta"`
	}
	Inputs, Outputs map[string]cases.Array
	Tolerance       float64
}

// TestGolden runs the routed layers in testdata and in $WINNOW_GOLDEN/cogvla, each batch element by
// itself, and lets the method decide.
func TestGolden(t *testing.T) {
	about := func(file string) bool { return strings.HasPrefix(file, "lfp_layer") }
	cases.Each(t, "cogvla", about, func(t *testing.T, c golden) {
		computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
			for b := range c.Inputs["hidden_in"].Shape[0] {
				c.layer(t, be, b)
			}
		})
	})
}

func (c golden) layer(t *testing.T, be compute.Backend, b int) {
	p, in := c.Params, c.Inputs["hidden_in"]
	n, d := in.Shape[1], in.Shape[2]
	cfg := Config{Layers: 1, Hidden: d, Heads: p.Heads, KVHeads: p.Heads, Inner: p.Inner, Vocabulary: 1, Eps: p.Eps, Theta: p.Theta, Routers: []int{0}, FiLM: p.FiLM}
	m := computetest.Tensors{}
	for name, a := range c.Inputs {
		m.Put(LayerPrefix(0)+name, a.Floats(), a.Shape...)
	}
	m.Put(prefix+"embed_tokens.weight", make([]float32, d), 1, d)
	m.Put(prefix+"norm.weight", make([]float32, d), d)
	f := Frame{Rows: n, Visual: p.PerImage * p.Images, Actions: p.Chunk*p.Action + 1}
	for _, real := range c.Inputs["attention_mask_2d"].Data[b*n : (b+1)*n] {
		if real == 0 {
			f.Pad++
		}
	}
	s := begun(t, be, cfg, m, f)
	x := in.Floats()[b*n*d : (b+1)*n*d]
	begin(t, s, x)
	prob := pass(t, s, Plan{Router: 0}).Probability
	if e := computetest.Apart(prob, c.Outputs["router_prob"].Data[b*n:(b+1)*n]); e > c.Tolerance {
		t.Errorf("probabilities are off by %.2g", e)
	}
	tokens := make([]pruning.Token, n)
	for i := range f.Visual {
		tokens[1+i].Kind = pruning.Visual
	}
	method := &cogvla.CogVLA{Schedule: "shiftedlinear", Average: 0, Max: 1, Min: p.Retention, Span: 2} // ratio Min from layer 1 on
	probe := pruning.Probe{What: pruning.Router, Layer: 1}
	out, err := method.Decide(pruning.NewSeen(pruning.Site{Phase: pruning.Act}, pruning.Model{Layers: 2}, tokens,
		map[pruning.Probe]pruning.Matrix{probe: {Rows: n, Cols: 1, Data: prob}}))
	if err != nil {
		t.Fatal(err)
	}
	skipped := out.Decisions[0].(*pruning.Skip).Rows
	kept := Plan{Skipped: [][]int{skipped}}.kept(f, 0)
	k := c.Outputs["kept_indices"].Shape[1]
	for i, want := range c.Outputs["kept_indices"].Data[b*k : (b+1)*k] {
		if len(kept) != k || kept[i] != int(want) {
			t.Fatalf("keeps %v, want %v", kept, c.Outputs["kept_indices"].Data[b*k:(b+1)*k])
		}
	}
	for i, open := range f.Sees(kept) {
		if want := c.Outputs["attend_allowed"].Data[b*k*k+i] == 1; open != want {
			t.Errorf("kept row %d sees %d: %v, want %v", i/k, i%k, open, want)
		}
	}
	// The probabilities from before, or computed again within the layer.
	for _, known := range [][]float32{prob, nil} {
		begin(t, s, x)
		pass(t, s, Plan{To: 1, Router: -1, Skipped: [][]int{skipped}, Known: known})
		got := hidden(t, s)
		want := c.Outputs["hidden_out"].Data[b*n*d : (b+1)*n*d]
		size := 1.0
		for _, v := range want {
			size = max(size, math.Abs(v))
		}
		if e := computetest.Apart(got, want); e > c.Tolerance*size {
			t.Errorf("the layer's rows are off by %.2g (probabilities known: %v)", e, known != nil)
		}
		for _, row := range skipped {
			if !slices.Equal(got[row*d:(row+1)*d], x[row*d:(row+1)*d]) {
				t.Errorf("row %d skipped the layer and changed", row)
			}
		}
	}
}
