package corematching

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
		Rho, Beta       float64
		KeepCount       int   `json:"keep_count"`
		TieAtCut        bool  `json:"tie_at_cut"`
		ImgStart        int   `json:"img_start"`
		ImgLen          int   `json:"img_len"`
		QueryRow        int   `json:"query_row"`
		KeptImageTokens []int `json:"kept_image_tokens"`
	}
	Inputs, Outputs map[string]array
	Tolerance       float64
}

type array struct {
	Shape []int
	Data  []float64
}

func (a array) ints() []int {
	out := make([]int, len(a.Data))
	for i, v := range a.Data {
		out[i] = int(v)
	}
	return out
}

func (a array) matrix() pruning.Matrix {
	m := pruning.Matrix{Rows: a.Shape[0], Cols: a.Shape[1], Data: make([]float32, len(a.Data))}
	for i, v := range a.Data {
		m.Data[i] = float32(v)
	}
	return m
}

// TestGolden runs the cases in testdata and those in $WINNOW_GOLDEN/corematching, if it is set.
func TestGolden(t *testing.T) {
	cases.Each(t, "corematching", nil, func(t *testing.T, g golden) {
		has := func(output string) bool { _, ok := g.Outputs[output]; return ok }
		switch {
		case has("mass_on_zeroed"):
			g.zeroOrRemove(t)
		case has("y_core"):
			g.decodeFFN(t)
		case has("coact_scores"):
			g.released(t)
		case has("match_counts"):
			g.paperRule(t)
		case has("core_neurons_sorted"):
			g.core(t, g.Inputs["act"].matrix())
		default:
			t.Fatalf("case %q is of no known kind", g.Case)
		}
	})
}

// core compares limit, counts and core set, and returns the set.
func (g golden) core(t *testing.T, act pruning.Matrix) []int {
	t.Helper()
	active := 0
	for r := range act.Rows {
		n, _ := countActive(act.Row(r))
		active += n
	}
	got := coreNeurons(act, active, g.Params.Rho, g.Params.Beta)
	if want, ok := g.Outputs["per_token_limit"]; ok && got.Limit != int(want.Data[0]) {
		t.Errorf("per-token limit %d, want %v", got.Limit, want.Data[0])
	}
	if want, ok := g.Outputs["counts"]; ok {
		for n, c := range got.Counts {
			if int(c) != int(want.Data[n]) {
				t.Fatalf("neuron %d is counted %d times, want %v", n, c, want.Data[n])
			}
		}
	}
	want := g.Outputs["core_neurons_sorted"].ints()
	if g.Params.KeepCount > 0 && len(got.Neurons) != g.Params.KeepCount {
		t.Errorf("%d core neurons, want %d", len(got.Neurons), g.Params.KeepCount)
	}
	if g.Params.TieAtCut {
		// The authors' sort is unstable there: the same counts, not the same neurons.
		if a, b := countsOf(got.Counts, got.Neurons), countsOf(got.Counts, want); !slices.Equal(a, b) {
			t.Errorf("counts of the core neurons %v, want %v", a, b)
		}
	} else if !slices.Equal(got.Neurons, want) {
		t.Errorf("core neurons %v, want %v", got.Neurons, want)
	}
	return got.Neurons
}

func countsOf(counts []int32, neurons []int) []int32 {
	var out []int32
	for _, n := range neurons {
		out = append(out, counts[n])
	}
	slices.Sort(out)
	return out
}

// paperRule checks the numbers, then the same through Decide as a pipeline would call it.
func (g golden) paperRule(t *testing.T) {
	act := g.Inputs["act"].matrix()
	neurons := g.core(t, act)
	tokens := g.tokens(act.Rows)
	visual := pruning.Spans(tokens, pruning.Visual)
	match := overlaps(act, visual, neurons)
	g.sameScores(t, match, "match_counts")
	index, tau, ok := elbow(match)
	if index != int(g.Outputs["elbow_index"].Data[0]) || float64(tau) != g.Outputs["tau"].Data[0] {
		t.Errorf("elbow at %d, %v; want %v, %v", index, tau, g.Outputs["elbow_index"].Data[0], g.Outputs["tau"].Data[0])
	}
	if !ok {
		return
	}
	d := decide(t, act, tokens, map[string]string{"rho": text(g.Params.Rho), "beta": text(g.Params.Beta)})
	drop, evict := d[0].(*pruning.Drop), d[1].(*pruning.Evict)
	kept := g.relative(pruning.Without(visual, drop.Rows))
	if want := g.Outputs["kept_tokens"].ints(); !slices.Equal(kept, want) {
		t.Errorf("kept visual tokens %v, want %v", kept, want)
	}
	if !slices.Equal(evict.Rows.Lists[0], drop.Rows) || evict.From != 0 || evict.To != goldenLayer {
		t.Errorf("evicts %v of layers %d to %d, want the dropped rows of layers 0 to %d", evict.Rows, evict.From, evict.To, goldenLayer)
	}
}

func (g golden) released(t *testing.T) {
	act := g.Inputs["act"].matrix()
	tokens := g.tokens(act.Rows)
	visual := pruning.Spans(tokens, pruning.Visual)
	q := g.Params.QueryRow
	if q < 0 {
		q += act.Rows
	}
	for i := q; i < act.Rows; i++ {
		tokens[i].Part = pruning.Header
	}
	scores := overlaps(act, visual, activeNeurons(act.Row(q)))
	g.sameScores(t, scores, "coact_scores")
	index, value, ok := elbow(scores)
	if index != int(g.Outputs["elbow_index"].Data[0]) || float64(value) != g.Outputs["elbow_value"].Data[0] {
		t.Errorf("elbow at %d, %v; want %v, %v", index, value, g.Outputs["elbow_index"].Data[0], g.Outputs["elbow_value"].Data[0])
	}
	var strict, inclusive []int
	for i, s := range scores {
		if s > value {
			strict = append(strict, i)
		}
		if s >= value {
			inclusive = append(inclusive, i)
		}
	}
	if want := g.Outputs["kept_strict"].ints(); !slices.Equal(strict, want) {
		t.Errorf("kept above the elbow %v, want %v", strict, want)
	}
	if want := g.Outputs["kept_inclusive"].ints(); !slices.Equal(inclusive, want) {
		t.Errorf("kept at and above the elbow %v, want %v", inclusive, want)
	}
	if !ok {
		return
	}
	zero := decide(t, act, tokens, map[string]string{"mode": "release", "first": "1"})[0].(*pruning.Zero)
	if kept := g.relative(pruning.Without(visual, zero.Rows.Lists[0])); !slices.Equal(kept, strict) {
		t.Errorf("release keeps %v, want %v", kept, strict)
	}
}

// decodeFFN runs the layer that the core set is for: y = W_down[:, C] (silu(W_gate[C] x) · W_up[C] x).
func (g golden) decodeFFN(t *testing.T) {
	in := g.Inputs
	gate, up, down := in["w_gate"], in["w_up"], in["w_down"]
	x := in["x_prefill"]
	act := pruning.Matrix{Rows: x.Shape[0], Cols: gate.Shape[0]}
	for r := range x.Shape[0] {
		for _, v := range hidden(gate, up, x.Data[r*x.Shape[1]:(r+1)*x.Shape[1]]) {
			act.Data = append(act.Data, float32(v))
		}
	}
	neurons := g.core(t, act)
	h := hidden(gate, up, in["x_decode"].Data)
	all := make([]int, len(h))
	for n := range all {
		all[n] = n
	}
	for output, used := range map[string][]int{"y_dense": all, "y_core": neurons} {
		y := make([]float64, down.Shape[0])
		for i := range y {
			for _, n := range used {
				y[i] += down.Data[i*down.Shape[1]+n] * h[n]
			}
		}
		g.near(t, y, output)
	}
}

// hidden is silu(gate x) · up x.
func hidden(gate, up array, x []float64) []float64 {
	out := make([]float64, gate.Shape[0])
	for n := range out {
		var a, b float64
		for i, v := range x {
			a += gate.Data[n*len(x)+i] * v
			b += up.Data[n*len(x)+i] * v
		}
		out[n] = a / (1 + math.Exp(-a)) * b
	}
	return out
}

// zeroOrRemove shows why Zero and Evict are two decisions: a zeroed key still takes exp(0).
func (g golden) zeroOrRemove(t *testing.T) {
	kept := map[int]bool{}
	for _, i := range g.Params.KeptImageTokens {
		kept[g.Params.ImgStart+i] = true
	}
	dropped := func(row int) bool {
		return row >= g.Params.ImgStart && row < g.Params.ImgStart+g.Params.ImgLen && !kept[row]
	}
	dense, _ := g.attend(func(int) (bool, float64) { return true, 1 }, dropped)
	g.near(t, dense, "out_dense")
	zeroed, mass := g.attend(func(row int) (bool, float64) {
		if dropped(row) {
			return true, 0
		}
		return true, 1
	}, dropped)
	g.near(t, zeroed, "out_zeroed_kv")
	g.near(t, []float64{mass}, "mass_on_zeroed")
	removed, none := g.attend(func(row int) (bool, float64) { return !dropped(row), 1 }, dropped)
	g.near(t, removed, "out_removed_kv")
	if mass <= 0 || none != 0 {
		t.Errorf("mass on dropped rows: %v zeroed, %v removed; want some and none", mass, none)
	}
}

// attend is one head's softmax attention over the rows present, their keys and values scaled;
// mass is what the counted rows receive.
func (g golden) attend(row func(int) (present bool, scale float64), counted func(int) bool) (out []float64, mass float64) {
	q, k, v := g.Inputs["q"].Data, g.Inputs["k"].Data, g.Inputs["v"].Data
	d := len(q)
	out = make([]float64, d)
	total := 0.0
	for r := range g.Inputs["k"].Shape[0] {
		present, scale := row(r)
		if !present {
			continue
		}
		logit := 0.0
		for i := range q {
			logit += q[i] * k[r*d+i] * scale
		}
		w := math.Exp(logit / math.Sqrt(float64(d)))
		total += w
		if counted(r) {
			mass += w
		}
		for i := range out {
			out[i] += w * v[r*d+i] * scale
		}
	}
	for i := range out {
		out[i] /= total
	}
	return out, mass / total
}

func (g golden) near(t *testing.T, got []float64, output string) {
	t.Helper()
	want := g.Outputs[output].Data
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", output, len(got), len(want))
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > g.Tolerance*(1+math.Abs(want[i])) {
			t.Errorf("%s[%d] is %v, want %v", output, i, got[i], want[i])
		}
	}
}

func (g golden) sameScores(t *testing.T, got []float32, output string) {
	t.Helper()
	want := g.Outputs[output].Data
	if len(got) != len(want) {
		t.Fatalf("%d %s, want %d", len(got), output, len(want))
	}
	for i := range got {
		if float64(got[i]) != want[i] {
			t.Errorf("%s[%d] is %v, want %v", output, i, got[i], want[i])
		}
	}
}

// tokens are text but for the picture's span.
func (g golden) tokens(n int) []pruning.Token {
	return prompt(n, g.Params.ImgStart, g.Params.ImgLen)
}

// relative counts rows from the start of the picture.
func (g golden) relative(rows []int) []int {
	var out []int
	for _, r := range rows {
		out = append(out, r-g.Params.ImgStart)
	}
	return out
}

func text(v float64) string { return fmt.Sprint(v) }
