package cogvla

import (
	"math"
	"slices"
	"strings"
	"testing"

	cases "winnow/internal/golden"
	"winnow/pruning"
)

type golden struct {
	Case   string
	Params struct {
		Average   float64 `json:"average_factor"`
		Max       float64 `json:"max_ratio"`
		Min       float64 `json:"min_ratio"`
		Layers    int
		Retention float64 `json:"retention_ratio"`
		PerImage  int     `json:"tokens_per_image"`
		Images    int     `json:"num_images"`
		Chunk     int     `json:"num_actions_chunk"`
		Action    int     `json:"action_dim"`
	}
	Inputs, Outputs map[string]cases.Array
	Tolerance       float64
}

// TestGolden runs the cases in testdata and those in $WINNOW_GOLDEN/cogvla: schedules, and of
// routed layers who stays and who may attend to whom. Their arithmetic, and the other cases, are
// robotics/policy's.
func TestGolden(t *testing.T) {
	about := func(file string) bool { return strings.HasPrefix(file, "lfp_") }
	cases.Each(t, "cogvla", about, func(t *testing.T, g golden) {
		if strings.HasPrefix(g.Case, "lfp_schedule") {
			g.schedule(t)
		} else {
			g.layer(t)
		}
	})
}

func (g golden) schedule(t *testing.T) {
	p := g.Params
	method := CogVLA{"shiftedcos", p.Average, p.Max, p.Min, p.Layers}
	s := method.schedule()
	linear := s
	linear.Type = "shiftedlinear"
	visual, kept := g.Inputs["visual_tokens"].Ints(), g.Outputs["kept_per_layer"].Ints()
	for l := range p.Layers {
		if want := g.Outputs["ratio"].Data[l]; !(math.Abs(s.Ratio(l)-want) <= g.Tolerance) {
			t.Errorf("layer %d keeps %v, want %v", l, s.Ratio(l), want)
		}
		if want := g.Outputs["ratio_linear"].Data[l]; !(math.Abs(linear.Ratio(l)-want) <= g.Tolerance) {
			t.Errorf("linear: layer %d keeps %v, want %v", l, linear.Ratio(l), want)
		}
		if got, want := s.Routed(l, p.Layers), g.Outputs["routed_layer"].Data[l] == 1; got != want {
			t.Errorf("layer %d is routed: %v, want %v", l, got, want)
		}
		for i, v := range visual {
			if got, want := s.Kept(l, p.Layers, v), kept[i*p.Layers+l]; got != want {
				t.Errorf("layer %d keeps %d of %d, want %d", l, got, v, want)
			}
		}
	}
}

func (g golden) layer(t *testing.T) {
	p := g.Params
	// A constant share in every layer: the case is about one.
	m := &CogVLA{Schedule: "deep_all", Average: p.Retention, Max: 1, Span: 32}
	visual := p.PerImage * p.Images
	prob, kept, mask := g.Outputs["router_prob"], g.Outputs["kept_indices"], g.Outputs["attend_allowed"]
	batch, rows, k := prob.Shape[0], prob.Shape[1], kept.Shape[1]
	for b := range batch {
		tokens := make([]pruning.Token, rows)
		for i := range visual {
			tokens[1+i].Kind = pruning.Visual
		}
		scores := make([]float32, rows)
		for i := range scores {
			scores[i] = float32(prob.Data[b*rows+i])
		}
		site := pruning.Site{Phase: pruning.Act, Layer: 8}
		out, err := m.Decide(pruning.NewSeen(site, pruning.Model{Layers: 32}, tokens, map[pruning.Probe]pruning.Matrix{
			probe(9): {Rows: rows, Cols: 1, Data: scores}}))
		if err != nil {
			t.Fatal(err)
		}
		skip := out.Decisions[0].(*pruning.Skip)
		if skip.From != 9 || skip.To != 9 || skip.Positions != pruning.Renumbered {
			t.Errorf("skips layers %d to %d with positions %v", skip.From, skip.To, skip.Positions)
		}
		all := make([]int, rows)
		for i := range all {
			all[i] = i
		}
		if got, want := pruning.Without(all, skip.Rows), kept.Ints()[b*k:(b+1)*k]; !slices.Equal(got, want) {
			t.Errorf("keeps %v, want %v", got, want)
		}
		pad := 0
		for _, r := range g.Inputs["attention_mask_2d"].Data[b*rows : (b+1)*rows] {
			if r == 0 {
				pad++
			}
		}
		for i, open := range Attend(k, pad, p.Chunk*p.Action+1) {
			if want := mask.Data[b*k*k+i] == 1; open != want {
				t.Errorf("row %d attends to row %d: %v, want %v", i/k, i%k, open, want)
			}
		}
	}
}
