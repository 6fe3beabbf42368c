package sada

import (
	"math"
	"slices"
	"strconv"
	"testing"

	cases "winnow/internal/golden"
	"winnow/pruning"
)

// golden is one reference case; its kind, or the lack of one, says what it is about.
type golden struct {
	Case   string
	Params struct {
		Kind          string
		Steps         int    `json:"num_steps"`
		LagrangeTerm  int    `json:"lagrange_term"`
		LagrangeStep  int    `json:"lagrange_step"`
		LagrangeInt   int    `json:"lagrange_int"`
		MaxFix        int    `json:"max_fix"`
		MaxInterval   int    `json:"max_interval"`
		AccRange      [2]int `json:"acc_range"`
		H, W, Sx, Sy  int
		Step          int
		LastSkip      int    `json:"last_skip_step"`
		BlockFunction string `json:"block_function"`
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

// TestGolden runs the cases in testdata and those in $WINNOW_GOLDEN/sada, if it is set.
func TestGolden(t *testing.T) {
	cases.Each(t, "sada", nil, func(t *testing.T, g golden) {
		switch {
		case g.Params.Kind != "":
			g.trajectory(t)
		case g.Outputs["kept_sorted"].Data != nil:
			g.tokenPrune(t)
		default:
			t.Fatalf("case %q is of no known kind", g.Case)
		}
	})
}

// cells turns [1, C, H, W] to cells × channels; flow's [1, T, C] is that already.
func (g golden) cells(v []float64) []float64 {
	shape := g.Inputs["x_init"].Shape
	if len(shape) == 3 {
		return slices.Clone(v)
	}
	channels, cells := shape[1], shape[2]*shape[3]
	out := make([]float64, len(v))
	for c := range channels {
		for i := range cells {
			out[i*channels+c] = v[c*cells+i]
		}
	}
	return out
}

func (g golden) trajectory(t *testing.T) {
	shape := g.Inputs["x_init"].Shape
	d := pruning.Denoising{Steps: g.Params.Steps, Sigmas: g.Inputs["sigmas"].Data, Betas: g.Inputs["beta_at_step"].Data, Patch: 1,
		Predicts: pruning.Epsilon}
	switch g.Params.Kind {
	case "dpm":
		d.Family = pruning.VariancePreserving
	case "euler":
		d.Family = pruning.VarianceExploding
	case "flow":
		d.Family, d.Predicts = pruning.FlowMatching, pruning.Velocity
	default:
		t.Fatalf("unknown kind %q", g.Params.Kind)
	}
	if d.Family == pruning.FlowMatching {
		d.Height, d.Width, d.Channels = 1, shape[1], shape[2]
	} else {
		d.Channels, d.Height, d.Width = shape[1], shape[2], shape[3]
	}
	params := map[string]string{
		"schedule": "fixed",
		"from":     strconv.Itoa(g.Params.AccRange[0]), "to": strconv.Itoa(g.Params.AccRange[1]),
		"max_interval": strconv.Itoa(g.Params.MaxInterval), "max_fix": strconv.Itoa(g.Params.MaxFix),
		"lagrange_term": strconv.Itoa(g.Params.LagrangeTerm),
	}
	if g.Params.LagrangeTerm > 0 {
		params["lagrange_step"], params["lagrange_int"] = strconv.Itoa(g.Params.LagrangeStep), strconv.Itoa(g.Params.LagrangeInt)
	}
	evals := g.Inputs["model_evals"]
	size, calls := d.Height*d.Width*d.Channels, 0
	c, err := drive(made(t, params), d, 1, g.cells(g.Inputs["x_init"].Data), func(int, []float64) []float64 {
		if calls == evals.Shape[0] {
			t.Fatalf("more than %d evaluations", calls)
		}
		calls++
		return g.cells(evals.Data[(calls-1)*size : calls*size])
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := g.Outputs["skipped_steps"].ints(); !slices.Equal(c.skipped, want) {
		t.Errorf("skips %v, want %v", c.skipped, want)
	}
	if want := g.Outputs["evaluated_steps"].ints(); !slices.Equal(c.evaluated, want) {
		t.Errorf("evaluates %v, want %v", c.evaluated, want)
	}
	worst := 0.0
	for i, state := range c.states {
		for e, v := range g.cells(g.Outputs["trace"].Data[i*size : (i+1)*size]) {
			worst = max(worst, math.Abs(state[e]-v))
		}
	}
	if !(worst <= g.Tolerance) {
		t.Errorf("the states differ by up to %v, want %v at most", worst, g.Tolerance)
	}
	g.criterion(t, c)
	g.masks(t, c)
}

// criterion compares K, which the method sees through float32 latents: a hundredth, and a
// millionth of the largest.
func (g golden) criterion(t *testing.T, c course) {
	want := g.Outputs["criterion_mean"].Data
	largest := 0.0
	for _, k := range want {
		largest = max(largest, math.Abs(k))
	}
	for j, k := range want {
		now := c.sights[j+2]
		if !now.known || !(math.Abs(now.criterion-k) <= 1e-2*math.Abs(k)+1e-6*largest) {
			t.Errorf("K of step %d is %v (known %v), want %v", j+2, now.criterion, now.known, k)
		}
		if j+2 < len(c.plans) && c.plans[j+2].Also[0].Values[0] != float32(now.criterion) {
			t.Errorf("step %d shows K as %v, want %v", j+2, c.plans[j+2].Also[0].Values[0], now.criterion)
		}
	}
}

// masks compares the unstable cells after every step that has the next one evaluated.
func (g golden) masks(t *testing.T, c course) {
	var at []int
	for i, now := range c.sights {
		if now.known && !slices.Contains(c.skipped, i+1) {
			at = append(at, i)
		}
	}
	want := g.Outputs["token_mask_steps"].ints()
	if !slices.Equal(at, want) {
		t.Errorf("masks after %v, want %v", at, want)
	}
	mask := g.Outputs["token_mask"]
	for j, i := range want {
		p, now := c.resolved[i], c.sights[i]
		for cell, got := range Unstable(p.byCell(now.kappa), g.Params.MaxFix) {
			if want := mask.Data[j*mask.Shape[1]+cell] == 1; got != want {
				t.Errorf("after step %d cell %d is unstable: %v, want %v", i, cell, got, want)
			}
		}
	}
}

// tokenPrune runs a block that computes 2x+1, with the rows that the method keeps.
func (g golden) tokenPrune(t *testing.T) {
	p := g.Params
	if p.BlockFunction != "y=2*x+1 on the kept tokens" {
		t.Fatalf("unknown block %q", p.BlockFunction)
	}
	if Refresh(p.Step, max(p.AccRange[0], 3), p.LastSkip, p.MaxInterval) {
		t.Fatalf("evaluation %d is to be token-wise", p.Step)
	}
	offsets := g.Inputs["window_pick"].ints()
	picks := Picks(p.H, p.W, p.Sy, p.Sx, func(n int) int {
		o := offsets[0]
		if offsets = offsets[1:]; n != p.Sx*p.Sy {
			t.Fatalf("a window has %d tokens, want %d", n, p.Sx*p.Sy)
		}
		return o
	})
	unstable := make([]bool, p.H*p.W)
	for i, u := range g.Inputs["unstable"].ints() {
		unstable[i] = u == 1
	}
	kept := Kept(unstable, picks)
	if want := g.Outputs["kept_sorted"].ints(); !slices.Equal(kept, want) {
		t.Fatalf("keeps %v, want %v", kept, want)
	}
	x := g.Inputs["x"]
	cache := slices.Clone(g.Inputs["cache_before"].Data)
	for b := range x.Shape[0] {
		for _, row := range kept {
			for c := range x.Shape[2] {
				e := (b*x.Shape[1]+row)*x.Shape[2] + c
				cache[e] = 2*x.Data[e] + 1
			}
		}
	}
	for _, output := range []string{"out", "cache_after"} {
		for e, want := range g.Outputs[output].Data {
			// x is written with nine digits, and doubled.
			if !(math.Abs(cache[e]-want) <= g.Tolerance+1e-8*max(1, math.Abs(want))) {
				t.Errorf("%s[%d] is %v, want %v", output, e, cache[e], want)
			}
		}
	}
}
