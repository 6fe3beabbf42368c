package vasparse

import (
	"fmt"
	"math"
	"slices"
	"testing"

	cases "winnow/internal/golden"
	"winnow/pruning"
)

// golden is one reference case. What it is about is told by its outputs, not by its name.
type golden struct {
	Case   string
	Params struct {
		Lambda, Beta, Keep, Alpha float64
		S                         int
		PromptLen                 int     `json:"prompt_len"`
		SentenceLen               int     `json:"sentence_len"`
		KeepRate                  float64 `json:"keep_rate"`
		VStart                    int     `json:"v_start"`
		VNum                      int     `json:"v_num"`
		KeepRatio                 float64 `json:"keep_ratio"`
		RelativeTop               float64 `json:"relative_top"`
		ContrastiveRate           float64 `json:"contrastive_rate"`
		MaskedValue               float64 `json:"masked_value"`
	}
	Inputs, Outputs map[string]array
	Tolerance       float64
}

type array struct {
	Shape []int
	Data  []float64
}

func (a array) floats() []float32 {
	out := make([]float32, len(a.Data))
	for i, v := range a.Data {
		out[i] = float32(v)
	}
	return out
}

// TestGolden runs the cases in testdata and those in $WINNOW_GOLDEN/vasparse, if it is set.
func TestGolden(t *testing.T) {
	cases.Each(t, "vasparse", nil, func(t *testing.T, g golden) {
		has := func(output string) bool { _, ok := g.Outputs[output]; return ok }
		switch {
		case has("code_scores"):
			g.contrast(t)
		case has("delta"):
			g.attention(t)
		case has("k_out"):
			g.merge(t)
		case has("relation"):
			g.rank(t)
		default:
			t.Fatalf("case %q is of no known kind", g.Case)
		}
	})
}

func (g golden) near(t *testing.T, got []float32, output string) {
	t.Helper()
	want := g.Outputs[output].Data
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", output, len(got), len(want))
	}
	for i, v := range got {
		x := float64(v)
		if math.IsInf(x, -1) { // the file has a number for it
			x = g.Params.MaskedValue
		}
		if !(math.Abs(x-want[i]) <= g.Tolerance*max(1, math.Abs(want[i]))) {
			t.Errorf("%s[%d] is %v, want %v", output, i, v, want[i])
		}
	}
}

// contrast compares both formulas, then what Decide makes of them.
func (g golden) contrast(t *testing.T) {
	z, e := g.Inputs["final_logits"].floats(), g.Inputs["embedding_logits"].floats()
	for _, c := range []struct {
		mode, values, best string
		alpha              float64
	}{
		{"paper", "paper_logits", "paper_argmax", g.Params.Alpha},
		{"release", "code_scores", "code_argmax", g.Params.ContrastiveRate},
	} {
		v := method(t, map[string]string{"mode": c.mode, "alpha": text(c.alpha), "cut": text(g.Params.RelativeTop)})
		got, _ := v.contrast(z, e)
		g.near(t, got, c.values)
		if best := slices.Index(got, slices.Max(got)); best != int(g.Outputs[c.best].Data[0]) {
			t.Errorf("%s: the arg-max is %d, want %v", c.mode, best, g.Outputs[c.best].Data[0])
		}
		for i, keep := range g.Outputs["keep_mask"].Data {
			if plausible := !math.IsInf(float64(got[i]), -1); plausible != (keep == 1) {
				t.Errorf("%s: candidate %d is plausible: %v", c.mode, i, plausible)
			}
		}
		if d := edit(t, v, z, e, 1); !slices.Equal(d.Values, got) {
			t.Errorf("%s: Decide gives %v, want %v", c.mode, d.Values, got)
		}
	}
}

// attention compares P, δ, the sets, W and the attentions, then what Decide makes of the same.
func (g golden) attention(t *testing.T) {
	q, k, val := g.Inputs["q"], g.Inputs["k"], g.Inputs["v"]
	heads, rows, dim := k.Shape[0], k.Shape[1], k.Shape[2]
	x := view{dots: pruning.Matrix{Rows: heads, Cols: rows}, dim: dim, mass: g.Inputs["row_image_mass"].floats()}
	for h := range heads {
		x.received = append(x.received, g.Inputs["received_mass"].floats())
		for j := range rows {
			dot := 0.0
			for i := range dim {
				dot += q.Data[h*dim+i] * k.Data[(h*rows+j)*dim+i]
			}
			x.dots.Data = append(x.dots.Data, float32(dot))
		}
	}
	v := method(t, map[string]string{"score": "raw", "keep_newest": "false",
		"lambda": text(g.Params.Lambda), "beta": text(g.Params.Beta), "keep": text(g.Params.Keep)})
	c := v.choose(x)
	g.near(t, c.P, "P")
	g.near(t, slices.Concat(c.delta...), "delta")
	g.near(t, c.W[0], "W")
	g.near(t, slices.Concat(c.plain...), "attn_dense")
	g.near(t, slices.Concat(c.attention...), "attn")
	keep := make([]float32, 0, heads*rows)
	for h := range heads {
		if got := rows - len(c.hidden[h]); got != g.Params.S {
			t.Errorf("head %d keeps %d rows, want %d", h, got, g.Params.S)
		}
		keep = append(keep, ones(rows, c.hidden[h])...)
	}
	g.near(t, keep, "keep_mask")
	out := make([]float32, 0, heads*dim)
	for h := range heads {
		for i := range dim {
			sum := 0.0
			for j := range rows {
				sum += float64(c.attention[h][j]) * val.Data[(h*rows+j)*dim+i]
			}
			out = append(out, float32(sum))
		}
	}
	g.near(t, out, "out")

	// The decisions of a pipeline's call say the same.
	m := pruning.Model{Layers: 1, Heads: heads, HeadDim: dim}
	tokens := make([]pruning.Token, rows)
	for i := range tokens {
		tokens[i].Position = i
	}
	mem := memory{mass: x.mass}.with(0, tokens, x.received)
	s := pruning.NewSeen(pruning.Site{Phase: pruning.Decode, At: pruning.InAttention, Step: 1}, m, tokens,
		map[pruning.Probe]pruning.Matrix{dotProbe(0): x.dots})
	s.Memory = mem
	o, err := v.Decide(s)
	if err != nil {
		t.Fatal(err)
	}
	mask, reweigh := only[*pruning.Mask](t, o.Decisions), only[*pruning.Reweigh](t, o.Decisions)
	if !slices.EqualFunc(mask.Rows.Lists, c.hidden, slices.Equal) || mask.Rows.Granularity != pruning.PerHead {
		t.Errorf("Decide hides %v, want %v", mask.Rows, c.hidden)
	}
	attended := make([]float32, 0, heads*rows)
	for h := range heads {
		attended = append(attended, apply(x.dots.Row(h), dim, reweigh.Factors[h], mask.Rows.Lists[h])...)
	}
	g.near(t, attended, "attn")
}

// merge lets Decide choose the rows and takes their mean.
func (g golden) merge(t *testing.T) {
	p, keep := g.Params, text(g.Params.KeepRate)
	k := g.Inputs["k"]
	heads, rows, dim := k.Shape[0], k.Shape[1], k.Shape[2]
	tokens := make([]pruning.Token, rows)
	for i := range tokens {
		tokens[i] = pruning.Token{Position: i, Part: pruning.User, Picture: -1}
		if i >= p.PromptLen {
			tokens[i].Part = pruning.Answer
		}
	}
	v := method(t, map[string]string{"mode": "release", "sentence": text(p.SentenceLen), "keep": keep})
	s := pruning.NewSeen(pruning.Site{Phase: pruning.Decode, At: pruning.InAttention, Step: rows - p.PromptLen},
		pruning.Model{Layers: 1, Heads: heads, HeadDim: dim}, tokens, nil)
	o, err := v.Decide(s)
	if err != nil {
		t.Fatal(err)
	}
	var groups [][]int
	for _, d := range o.Decisions {
		groups = append(groups, d.(*pruning.Merge).Groups...)
	}
	end := int(g.Outputs["retain_end"].Data[0])
	var want [][]int
	if end > p.PromptLen+1 {
		want = [][]int{span(p.PromptLen, end)}
	}
	if !slices.EqualFunc(groups, want, slices.Equal) {
		t.Errorf("merges %v, want %v", groups, want)
	}
	for _, name := range []string{"k", "v"} {
		in := g.Inputs[name].Data
		var out []float32
		for h := range heads {
			for r := 0; r < rows; r++ {
				n := 1
				for _, group := range groups {
					if group[0] == r {
						n = len(group)
					}
				}
				for i := range dim {
					sum := 0.0
					for j := r; j < r+n; j++ {
						sum += in[(h*rows+j)*dim+i]
					}
					out = append(out, float32(sum/float64(n)))
				}
				r += n - 1
			}
		}
		g.near(t, out, name+"_out")
	}
}

// rank compares the released selection, then lets Decide make it.
func (g golden) rank(t *testing.T) {
	p, a := g.Params, g.Inputs["attn"]
	heads, rows := a.Shape[0], a.Shape[1]
	received := pruning.Matrix{Rows: heads, Cols: rows, Data: make([]float32, heads*rows)}
	for h := range heads {
		for i := range rows {
			for j := range rows {
				received.Data[h*rows+j] += float32(a.Data[(h*rows+i)*rows+j])
			}
		}
	}
	relation := make([]float32, p.VNum)
	for i := range relation {
		for h := range heads {
			relation[i] += received.Row(h)[p.VStart+i] / float32(heads*rows)
		}
	}
	g.near(t, relation, "relation")
	P := g.Inputs["P"].floats()
	scores, kept := rank(relation, P, p.Lambda, p.KeepRatio)
	g.near(t, scores, "score")
	if len(kept) != int(g.Outputs["keep_count"].Data[0]) {
		t.Errorf("%d kept, want %v", len(kept), g.Outputs["keep_count"].Data[0])
	}
	g.near(t, ones(p.VNum, pruning.Without(span(0, p.VNum), kept)), "mask")

	// P is a softmax, so a mass of ln P gives it.
	tokens := make([]pruning.Token, rows)
	mass := pruning.Matrix{Rows: rows, Cols: heads, Data: make([]float32, heads*rows)}
	for i := range tokens {
		tokens[i] = pruning.Token{Position: i, Picture: -1}
		if i >= p.VStart && i < p.VStart+p.VNum {
			tokens[i].Kind, tokens[i].Picture = pruning.Visual, 0
			mass.Row(i)[heads-1] = float32(math.Log(g.Inputs["P"].Data[i-p.VStart]))
		}
	}
	v := method(t, map[string]string{"mode": "release", "prefill": "mask", "prefill_keep": text(p.KeepRatio), "lambda": text(p.Lambda)})
	o, err := v.Decide(pruning.NewSeen(pruning.Site{Phase: pruning.Prefill}, pruning.Model{Layers: 1, Heads: heads}, tokens,
		map[pruning.Probe]pruning.Matrix{receivedProbe(0): received, massProbe(0): mass}))
	if err != nil {
		t.Fatal(err)
	}
	d := only[*pruning.Mask](t, o.Decisions)
	for i := range kept {
		kept[i] += p.VStart
	}
	if got := pruning.Without(span(p.VStart, p.VStart+p.VNum), d.Rows.Lists[0]); !slices.Equal(got, kept) {
		t.Errorf("Decide leaves %v visible, want %v", got, kept)
	}
	g.near(t, d.Scores[p.VStart:p.VStart+p.VNum], "score")
}

// ones is n ones, with zeros where listed.
func ones(n int, zeros []int) []float32 {
	out := slices.Repeat([]float32{1}, n)
	for _, i := range zeros {
		out[i] = 0
	}
	return out
}

func span(from, to int) (out []int) {
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func text(v any) string { return fmt.Sprint(v) }
