package figure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"winnow/internal/trace"
)

// compared is the run of events with n pruned sides, each with a centre of its own: the second
// chooses in each layer, the third only while answering, the fourth drops early. Its numbers are
// invented, for tests only.
func compared(data []byte, w, h, n int) []trace.Event {
	base := events(data, w, h)
	var out []trace.Event
	var tokens []trace.Token
	for _, e := range base {
		switch e := e.(type) {
		case trace.Started:
			e.Request.Compare = []trace.Stack{
				{Methods: []trace.Spec{{Name: "zipvl", Params: map[string]string{"tau": "0.96", "kv": "mixed"}}}},
				{Methods: []trace.Spec{{Name: "vasparse"}}},
				{Methods: []trace.Spec{{Name: "fastv", Params: map[string]string{"keep": "0.25"}}, {Name: "zipvl"}}},
			}[:n-1]
			out = append(out, e)
			continue
		case trace.Sequence:
			tokens = e.Tokens
		case trace.Ended:
			continue
		}
		out = append(out, e)
	}
	rows, target := len(tokens), 0.96
	scored := func(r, q, width float64) trace.Floats {
		f := make(trace.Floats, rows)
		for i, t := range tokens {
			f[i] = float32(0.001)
			if t.Kind == "visual" {
				d := math.Hypot(float64(t.Col)-q, float64(t.Row)-r)
				f[i] = float32(math.Exp(-d*d/width) + 0.05*math.Abs(math.Sin(float64(i*i%101))))
			}
		}
		return f
	}
	split := func(f trace.Floats, keep int) (rows, kept []int) {
		order := make([]int, len(f))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return int(math.Copysign(1, float64(f[b]-f[a]))) })
		rows, kept = slices.Clone(order[keep:]), slices.Clone(order[:keep])
		slices.Sort(rows)
		slices.Sort(kept)
		return rows, kept
	}
	say := func(side string, words ...string) {
		for i, w := range words {
			out = append(out, trace.Word{Side: side, Step: i, Text: w, KVBytes: int64(401_000 + 1400*i)})
		}
	}
	done := func(side string, ttft, speed float64, flops, kv, weights int64, kept []int) {
		out = append(out, trace.SideDone{Side: side, Ended: "end token", TTFTMS: ttft, Tokens: 12, TokensPerSecond: speed, PrefillFLOPs: flops, KVBytes: kv, DecodeWeightBytes: weights, KeptByLayer: kept, Visual: 256})
	}
	if n > 1 {
		side, kept := trace.SideName(1), []int{}
		for l := range 6 {
			f := scored(9, 9+float64(l)/2, 8+6*float64(l))
			out1, in := split(f, 40+22*((l*3)%5))
			out = append(out, trace.Decision{Side: side, Method: "zipvl", Kind: "exclude", Phase: "prefill", At: "in attention", Layer: l, From: l, To: l, Rows: out1, Kept: in, Scores: f, Unit: "normalised attention",
				Also: []trace.Series{{Name: trace.SeriesAttention, Values: f, Target: &target}}},
				trace.Layer{Side: side, Layer: l, N: rows})
			kept = append(kept, len(in))
		}
		say(side, "Two", " sheep", ",", " with", " a", " red", " alarm", " clock", " to", " the", " left", ".")
		done(side, 66.3, 205, 2_900_000_000, 121_000, 6_200_000, kept)
	}
	if n > 2 {
		side := trace.SideName(2)
		for l := range 6 {
			out = append(out, trace.Layer{Side: side, Layer: l, N: rows})
		}
		say(side, "Three", " sheep", ",", " with", " a", " red", " clock", " to", " the", " left", ".")
		r := rand.New(rand.NewPCG(1, 2))
		for step := 1; step < 11; step++ {
			for l := range 6 {
				masked, _ := split(scored(12, 4, 30), 200)
				share := make(trace.Floats, len(masked))
				for i := range share {
					share[i] = float32(r.IntN(5)) / 4
				}
				out = append(out, trace.Decision{Side: side, Method: "vasparse", Kind: "mask", Phase: "decode", At: "in attention", Layer: l, From: l, To: l, Step: step, Rows: masked, Share: share})
			}
		}
		done(side, 61.9, 164, 3_120_000_000, 401_000, 6_200_000, []int{256, 256, 256, 256, 256, 256})
	}
	if n > 3 {
		side := trace.SideName(3)
		dropped, kept := split(scored(5, 6, 24), 64)
		var rest []int
		for i := range tokens {
			if !slices.Contains(dropped, i) {
				rest = append(rest, i)
			}
		}
		out = append(out, trace.Layer{Side: side, Layer: 0, N: rows}, trace.Layer{Side: side, Layer: 1, N: rows},
			trace.Decision{Side: side, Method: "fastv", Kind: "drop", Phase: "prefill", Layer: 1, From: 2, To: 5, Rows: dropped, Kept: kept})
		for l := 2; l < 6; l++ {
			out = append(out, trace.Layer{Side: side, Layer: l, N: len(rest), Rows: rest})
		}
		say(side, "A", " green", " television", " and", " a", " duck", ".")
		done(side, 36.1, 290, 1_330_000_000, 98_000, 6_200_000, []int{256, 256, 64, 64, 64, 64})
	}
	return append(out, trace.Ended{MS: 810, PeakMemory: 58_000_000})
}

// swept is the run of events with the points of a sweep over its parameter.
func swept(data []byte, points int) []trace.Event {
	var out []trace.Event
	for _, e := range events(data, 448, 448) {
		switch e := e.(type) {
		case trace.Started:
			e.Request.Sweep = &trace.Sweep{Method: 0, Param: "keep"}
			for i := range points {
				e.Request.Sweep.Values = append(e.Request.Sweep.Values, fmt.Sprint(i))
			}
			out = append(out, e)
			continue
		case trace.Ended:
			continue
		}
		if s, ok := e.(trace.SideStarted); ok && s.Side == trace.Pruned {
			break
		}
		out = append(out, e)
		if d, ok := e.(trace.SideDone); ok && d.Side == trace.Dense {
			break
		}
	}
	for i := range points {
		keep := (float64(i) + 1) / float64(points)
		v := int(256 * keep)
		out = append(out, trace.Point{Index: i, Value: fmt.Sprintf("%.3g", keep), KL: 1.6 * math.Exp(-5*keep) * (1 + 0.2*math.Sin(float64(3*i))), Top1: 1 - 0.7*math.Exp(-6*keep), Steps: 12,
			Summary: trace.SideDone{PrefillFLOPs: int64(3.12e9 * (0.35 + 0.65*keep)), KVBytes: int64(401_000 * (0.2 + 0.8*keep)), DecodeWeightBytes: 6_200_000, KeptByLayer: []int{256, 256, v, v, v, v}, Visual: 256}})
	}
	return append(out, trace.Ended{MS: 2100, PeakMemory: 58_000_000})
}
