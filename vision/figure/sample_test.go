package figure

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"winnow/internal/trace"
)

// scene paints a bright disc on a gradient.
func scene(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(90 + 100*y/h), uint8(200 - 90*y/h), 180, 255}
			if math.Hypot(float64(x)-0.7*float64(w), float64(y)-0.65*float64(h)) < 0.2*float64(min(w, h)) {
				c = color.RGBA{250, 250, 240, 255}
			}
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// events is a run on a picture of w × h whose middle square becomes a 16 × 16 grid: after layer 1
// of 6 the tokens far from the disc are dropped. Its numbers are invented, for tests only.
func events(data []byte, w, h int) []trace.Event {
	const side, layers = 16, 6
	edge := float64(min(w, h))
	box := trace.Box{X0: (float64(w) - edge) / 2, Y0: (float64(h) - edge) / 2}
	box.X1, box.Y1 = box.X0+edge, box.Y0+edge
	var tokens []trace.Token
	var scores trace.Floats
	var dropped, kept, rows []int
	nan := float32(math.NaN())
	const threshold = 121.0
	for i := range 5 + side*side + 8 {
		c := i - 5
		if c < 0 || c >= side*side {
			tokens = append(tokens, trace.Token{Kind: "text", Part: "user", Position: i})
			scores = append(scores, nan)
			rows = append(rows, i)
			continue
		}
		r, q := c/side, c%side
		tokens = append(tokens, trace.Token{Kind: "visual", Part: "user", Row: r, Col: q, Position: i, ID: -1})
		d := math.Hypot(float64(q)-10.8, float64(r)-10)
		v := float32(math.Round(80 + 104*math.Exp(-d*d/14) + 9*math.Sin(float64(c*c%97))))
		scores = append(scores, v)
		if v >= threshold {
			kept, rows = append(kept, i), append(rows, i)
		} else {
			dropped = append(dropped, i)
		}
	}
	cut := threshold
	out := []trace.Event{
		trace.Started{Schema: trace.Schema, Version: "0.1.0", Request: trace.Request{
			Messages: []trace.Message{{Role: "user", Text: "How many sheep are there, and what stands to the left of them?"}},
			Methods:  []trace.Spec{{Name: "corematching", Params: map[string]string{"mode": "paper", "layer": "1", "neurons": "0.4"}}},
			Sampling: trace.Sampling{MaxTokens: 64}}},
		trace.Model{Name: "Sprites 5.7M", Layers: layers, FFN: 512, Types: "q8_0", Parameters: 5_800_000, Device: "CPU", Threads: 2},
		trace.Picture{Name: "farm-3.png", Width: w, Height: h, Seen: box, Rows: side, Cols: side, Data: data},
		trace.Sequence{Tokens: tokens},
		trace.SideStarted{Side: trace.Dense},
	}
	say := func(side string, words ...string) {
		for i, w := range words {
			out = append(out, trace.Word{Side: side, Step: i, Text: w})
		}
	}
	var keptBy []int
	for l := range layers {
		out = append(out, trace.Layer{Side: trace.Dense, Layer: l, N: len(tokens)})
	}
	say(trace.Dense, "Two", " sheep", ",", " with", " a", " red", " alarm", " clock", " to", " the", " left", ".")
	out = append(out,
		trace.SideDone{Side: trace.Dense, Ended: "end token", TTFTMS: 61.2, DecodeMS: 52, Tokens: 12, TokensPerSecond: 212, PrefillFLOPs: 3_120_000_000, KVBytes: 401_000, DecodeWeightBytes: 6_200_000, KeptByLayer: []int{256, 256, 256, 256, 256, 256}, Visual: 256},
		trace.SideStarted{Side: trace.Pruned})
	for l := range layers {
		e := trace.Layer{Side: trace.Pruned, Layer: l, N: len(tokens)}
		keptBy = append(keptBy, 256)
		if l > 1 {
			e.Rows, e.N = rows, len(rows)
			keptBy[l] = len(kept)
		}
		out = append(out, e)
		if l == 1 {
			out = append(out, trace.Decision{Side: trace.Pruned, Method: "corematching", Kind: "drop", Phase: "prefill", Layer: 1, From: 2, To: layers - 1, Rows: dropped, Kept: kept, Scores: scores, Threshold: &cut, Inclusive: true, Unit: "core neurons matched", Rule: "match ≥ 121, the elbow of the sorted curve"})
		}
	}
	say(trace.Pruned, "Two", " sheep", ",", " with", " a", " green", " tele", "vision", " to", " the", " left", ".")
	return append(out,
		trace.SideDone{Side: trace.Pruned, Ended: "end token", TTFTMS: 33.9, DecodeMS: 40, Tokens: 12, TokensPerSecond: 298, PrefillFLOPs: 1_190_000_000, KVBytes: 72_400, DecodeWeightBytes: 4_700_000, KeptByLayer: keptBy, Visual: 256},
		trace.Ended{MS: 310, PeakMemory: 58_000_000})
}
