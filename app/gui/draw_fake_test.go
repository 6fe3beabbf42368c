package gui

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"

	"winnow/internal/trace"
)

// The drawing that replayDrawing scripts: 32 × 32 pixels of 8 × 8 tokens, that clear up step by step.
const (
	sketchSide, sketchTokens = 32, 8
	// sketchUnstable of the tokens are unstable wherever a method looks.
	sketchUnstable = 20
)

// sketchPicture is a disc on a ground under so much noise, 0 to 1.
func sketchPicture(noise float64, shift int) []byte {
	r := rand.New(rand.NewPCG(7, uint64(1000*noise)))
	img := image.NewRGBA(image.Rect(0, 0, sketchSide, sketchSide))
	for y := range sketchSide {
		for x := range sketchSide {
			c := [3]float64{120, 70, 160}
			if math.Hypot(float64(x-14-shift), float64(y-17)) < 8 {
				c = [3]float64{220, 50, 40}
			}
			var out [3]uint8
			for i := range c {
				out[i] = uint8(c[i]*(1-noise) + 255*noise*r.Float64())
			}
			img.SetRGBA(x, y, color.RGBA{out[0], out[1], out[2], 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// sketchKind is how the scripted pruned side makes a step: full at both ends, then skips with steps
// on some tokens between, then extrapolation.
func sketchKind(i, n int) string {
	switch {
	case i < n/5 || i >= n-3:
		return trace.StepFull
	case i < n/2 && i%3 == 1:
		return trace.StepSkip
	case i < n/2 && i%3 == 2:
		return trace.StepToken
	case i >= n/2 && i%4 != 0:
		return trace.StepLagrange
	}
	return trace.StepFull
}

// replayDrawing draws a disc, dense and, for each stack, pruned.
func replayDrawing(r trace.Request) []trace.Event {
	n := r.Draw.Steps
	out := []trace.Event{
		trace.Started{Schema: trace.Schema, Version: "test", Time: "2026-01-02T03:04:05Z " + r.Draw.Prompt, Request: r},
		trace.Model{Name: "Sprites DiT", Layers: 4, Device: "cpu", Backend: "fake", Threads: 2},
		trace.Drawing{Width: sketchSide, Height: sketchSide, Rows: sketchTokens, Cols: sketchTokens, Steps: n, Solver: r.Draw.Solver, Words: []string{"a", "disc"}},
	}
	if len(r.Draw.Prompt) > 200 {
		out = append(out, trace.Notice{Text: "the text encoder reads 77 tokens; the last 5 of the prompt were left out"})
	}
	side := func(name string, index int) int {
		nfe := 0
		out = append(out, trace.SideStarted{Side: name})
		for i := range n {
			e := trace.Denoised{Side: name, Step: i, Kind: trace.StepFull, Kept: sketchTokens * sketchTokens, MS: 10, FLOPs: 1000,
				Preview: sketchPicture(math.Pow(1-float64(i)/float64(n), 2), min(index+1, 1))}
			if index >= 0 {
				v, zero := math.Cos(float64(i)/2)*math.Exp(-float64(i)/30)-0.1, 0.0
				e.Kind, e.Why = sketchKind(i, n), "scripted"
				e.Criterion, e.Threshold, e.Window = &v, &zero, []int{n / 5, n - 3}
				switch e.Kind {
				case trace.StepToken:
					e.Kept = sketchUnstable
					for t := range sketchUnstable {
						e.Tokens = append(e.Tokens, 20+t)
					}
				case trace.StepSkip, trace.StepLagrange:
					e.Kept, e.MS, e.FLOPs = 0, 1, 0
				}
				if e.Kind != trace.StepSkip {
					e.Unstable = make(trace.Floats, sketchTokens*sketchTokens)
					for t := range e.Unstable {
						e.Unstable[t] = -0.2
						if t >= 20 && t < 20+sketchUnstable {
							e.Unstable[t] = 0.1 + float32(t)/60
						}
					}
				}
			}
			if e.Kept > 0 {
				nfe++
			}
			out = append(out, e)
		}
		return nfe
	}
	nfe := side(trace.Dense, -1)
	out = append(out, trace.Drawn{Side: trace.Dense, Image: sketchPicture(0, 0), Ended: "done", NFE: nfe, MS: 1000, FLOPs: int64(1000 * n)})
	for i := range r.Stacks() {
		name := trace.SideName(i)
		nfe := side(name, i)
		psnr, ssim := 29.4, 0.951
		out = append(out, trace.Drawn{Side: name, Image: sketchPicture(0, 1), Ended: "done", NFE: nfe, MS: 538, SelectMS: 12, FLOPs: int64(490 * n),
			CacheBytes: 1 << 20, PSNR: &psnr, SSIM: &ssim})
	}
	return append(out, trace.Ended{MS: 1700, PeakMemory: 58 << 20})
}
