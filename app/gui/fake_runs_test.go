package gui

import (
	"fmt"
	"math"
	"slices"

	"winnow/internal/trace"
)

// Scripts for a fakeEngine: replay with more in it.

// replayForced obeys Request.Force.
func replayForced(r trace.Request) []trace.Event {
	events := replay(r)
	for i, e := range events {
		d, ok := e.(trace.Decision)
		if !ok || d.Kind != "drop" {
			continue
		}
		for _, f := range r.Force {
			row := fakeFirst + f.Row*fakeSide + f.Col
			without := func(list []int) []int {
				return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return i == row })
			}
			d.Rows, d.Kept = without(d.Rows), without(d.Kept)
			if f.Keep {
				d.Kept = append(d.Kept, row)
			} else {
				d.Rows = append(d.Rows, row)
			}
		}
		events[i] = d
		for j, e := range events {
			if l, ok := e.(trace.Layer); ok && l.Rows != nil {
				l.Rows = []int{0, 1}
				l.Rows = append(l.Rows, d.Kept...)
				slices.Sort(l.Rows)
				l.N = len(l.Rows)
				events[j] = l
			}
		}
	}
	return events
}

// replaySweep answers a request for a sweep with its points: the more is kept, the closer.
func replaySweep(r trace.Request) []trace.Event {
	if r.Sweep == nil {
		return replayForced(r)
	}
	n := fakeSide * fakeSide
	dense := r
	dense.Methods = nil
	events := replay(dense)
	end := events[len(events)-1]
	events = events[:len(events)-1]
	events[0] = trace.Started{Schema: trace.Schema, Version: "test", Time: "2026-01-02T03:04:06Z", Request: r}
	for i, v := range r.Sweep.Values {
		var keep float64
		fmt.Sscan(v, &keep)
		s := summary(trace.Pruned, "One sheep.", n, max(int(keep*float64(n)), 1))
		events = append(events, trace.Point{Index: i, Value: v, KL: 1 - keep, Top1: keep, Steps: 3, Summary: s})
	}
	return append(events, end)
}

// replayWords decides while it answers: half of the cells of word 1 are masked in half of the
// heads, those of row 0 in all, and word 2 is contrasted.
func replayWords(r trace.Request) []trace.Event {
	var out []trace.Event
	for _, e := range replay(r) {
		if word, ok := e.(trace.Word); ok && word.Side == trace.Pruned && word.Text == " sheep" {
			mask := trace.Decision{Side: trace.Pruned, Method: "fake", Kind: "mask", Phase: "decode", At: "in attention", Unit: "δ", Rule: "δ among the lowest tenth"}
			scores := make(trace.Floats, fakeSide*fakeSide+6)
			for i := range scores {
				scores[i] = float32(math.NaN())
				if c := i - fakeFirst; c >= 0 && c < fakeSide*fakeSide {
					scores[i] = float32(c)
					if c < fakeSide*fakeSide/2 {
						share := float32(0.5)
						if c < fakeSide {
							share = 1
						}
						mask.Rows, mask.Share = append(mask.Rows, i), append(mask.Share, share)
					}
				}
			}
			mask.Scores, mask.Step = scores, 1
			for l := range fakeLayers {
				mask.Layer, mask.From, mask.To = l, l, l
				out = append(out, mask)
			}
			plain := []trace.Choice{{ID: 5, Text: " sheep", LogProb: -0.1}, {ID: 6, Text: " dogs", LogProb: -2}}
			out = append(out, trace.Decision{Side: trace.Pruned, Method: "fake", Kind: "logits", Phase: "decode", At: "on the logits", Layer: fakeLayers - 1,
				Step: 1, Choices: &trace.Choices{Before: plain, After: []trace.Choice{plain[1], plain[0]}, Against: plain}})
		}
		out = append(out, e)
	}
	step := 0
	for i, e := range out {
		if word, ok := e.(trace.Word); ok && word.Side == trace.Pruned {
			word.Step = step
			out[i] = word
			step++
		}
	}
	return out
}

// replayRatios leaves rows out of attention layer by layer: layer l keeps 200 - 20·l of 262, and
// stores half of the rest in 4 bits. A question about dogs keeps 10 more.
func replayRatios(r trace.Request) []trace.Event {
	var out []trace.Event
	for _, e := range replay(r) {
		if d, ok := e.(trace.Decision); ok && d.Kind == "drop" {
			continue
		}
		if l, ok := e.(trace.Layer); ok && l.Side == trace.Pruned {
			l.Rows, l.N = nil, fakeSide*fakeSide+6
			keep := 200 - 20*l.Layer
			if r.Question() == "Are there dogs?" {
				keep += 10
			}
			received := make(trace.Floats, l.N)
			var rows []int
			for i := range received {
				received[i] = float32(l.N - i)
				if i >= keep {
					rows = append(rows, i)
				}
			}
			target := 0.9
			at := trace.Decision{Side: trace.Pruned, Method: "fake", Phase: "prefill", At: "in attention", Layer: l.Layer, From: l.Layer, To: l.Layer, Scores: received, Unit: "attention", Rule: "the best attended"}
			ex, st := at, at
			ex.Kind, ex.Rows, ex.Also = "exclude", rows, []trace.Series{{Name: trace.SeriesAttention, Values: received, Target: &target}}
			st.Kind, st.Rows, st.Bits = "store", rows, 4
			out = append(out, ex, st, l)
			continue
		}
		out = append(out, e)
	}
	return out
}
