package policy

import (
	"math"
	"testing"

	"winnow/internal/compute/computetest"
	"winnow/pruning"
	"winnow/pruning/cogvla"
	"winnow/robotics/policy/encoder"
	"winnow/robotics/policy/language"
)

// seven is CogVLA for LIBERO at its true shapes.
func seven() Config {
	c := Config{
		Vision: [2]encoder.Config{
			{Grid: 16, Patch: 14, Width: 1024, Inner: 4096, Blocks: 24, Heads: 16, Class: true, Registers: 4, LayerScale: true, Scale: "scale_factor", Wrapped: true, Language: 4096, Aggregation: 64},
			{Grid: 16, Patch: 14, Width: 1152, Inner: 4304, Blocks: 27, Heads: 16, Wrapped: true, Language: 4096, Aggregation: 64},
		},
		Gated:    true,
		Language: language.Config{Layers: 32, Hidden: 4096, Heads: 32, KVHeads: 32, Inner: 11008, Vocabulary: 32064, Eps: 1e-6, Theta: 10000, FiLM: true},
		Schedule: "shiftedcos_decay_0.85_0.15", Average: 0.5, Images: 2, Chunk: 8, Action: 7, Proprio: 8, HeadWidth: 4096,
	}
	for l := 8; l < 32; l++ {
		c.Language.Routers = append(c.Language.Routers, l)
	}
	return c
}

func routing(t *testing.T, c Config) pruning.Method {
	t.Helper()
	s, err := cogvla.ParseType(c.Schedule, c.Average)
	if err != nil {
		t.Fatal(err)
	}
	return &cogvla.CogVLA{Schedule: s.Type, Average: s.Average, Max: s.Max, Min: s.Min, Span: s.Span}
}

// TestFLOPsAtTheTrueShapes compares with the counts of the method's description: two pictures, a
// state, and 35 text tokens, which are the prompt and the stop token. "Without stage 1" is use_aggr =
// false in the authors' code: 256 patches an encoder, gate and routers as before.
func TestFLOPsAtTheTrueShapes(t *testing.T) {
	const text = 35 - 1
	full, oft, one, two := seven(), seven(), seven(), seven()
	for i := range 2 {
		for _, c := range []*Config{&oft, &two} {
			c.Vision[i].Wrapped, c.Vision[i].Language, c.Vision[i].Aggregation = false, 0, 0
		}
	}
	oft.Gated, oft.Bidirectional = false, true
	oft.Language.Routers, one.Language.Routers = nil, nil
	for name, c := range map[string]struct {
		config Config
		method bool
		want   float64
	}{"OFT": {oft, false, 8.8}, "CogVLA": {full, true, 3.0}, "without stage 2": {one, false, 3.8}, "without stage 1": {two, true, 5.6}} {
		var opt Options
		if c.method {
			opt.Method = routing(t, c.config)
		}
		r, err := Count(c.config, text, opt)
		if err != nil {
			t.Fatal(err)
		}
		got := float64(r.Cost().FLOPs) / 1e12
		t.Logf("%-15s %.3f T: vision %.3f, language %.3f, head %.4f; %d rows", name, got, float64(r.VisionCost.FLOPs)/1e12,
			float64(r.LanguageCost.FLOPs)/1e12, float64(r.HeadCost.FLOPs)/1e12, r.Frame.Rows)
		if math.Round(10*got)/10 != c.want {
			t.Errorf("%s counts %.3f T, want %.1f", name, got, c.want)
		}
	}
}

// TestKeptAtTheTrueShapes: the counts of the schedule for 128 visual rows.
func TestKeptAtTheTrueShapes(t *testing.T) {
	r, err := Count(seven(), 35, Options{Method: routing(t, seven())})
	if err != nil {
		t.Fatal(err)
	}
	want := []int{128, 128, 128, 128, 128, 128, 128, 128, 108, 103, 97, 92, 86, 80, 73, 67, 60, 54, 47, 41, 35, 30, 24, 19, 19, 19, 19, 19, 19, 19, 19, 19}
	got := r.Kept()
	for l, n := range want {
		if got[l] != n {
			t.Errorf("layer %d keeps %d, want %d", l, got[l], n)
		}
	}
}

// TestCountIsTheRuns: counting gives what a run counts.
func TestCountIsTheRuns(t *testing.T) {
	p := made(t, small, computetest.Open(t, "ref"))
	o := look(small)
	for _, opt := range []Options{{}, {Method: routing(t, small)}, {Plain: true}} {
		run := act(t, p, o, opt)
		count, err := Count(small, len(o.Prompt), opt)
		if err != nil || count.Cost().FLOPs != run.Cost().FLOPs || run.Cost().FLOPs == 0 {
			t.Errorf("%+v counts %d, runs %d (%v)", opt, count.Cost().FLOPs, run.Cost().FLOPs, err)
		}
	}
}
