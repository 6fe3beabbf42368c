package figure

import (
	"fmt"
	"image/color"
	"math"

	"winnow/internal/trace"
)

// pointTable lists the points, evenly thinned out where they are many.
func (f *figure) pointTable(y float64, points []trace.Point) float64 {
	const most = 16
	s := f.style
	note := ""
	shown := points
	if len(points) > most {
		shown = nil
		for i := range most {
			shown = append(shown, points[i*(len(points)-1)/(most-1)])
		}
		note = fmt.Sprintf("%d of %d values; the CSV has all", most, len(points))
	}
	param := "value"
	if _, p, ok := f.state.Request.SweptParam(); ok && plain(p) != "" {
		param = plain(p)
	}
	y = f.heading(margin, y, "Values", note, full-2*margin) + 4
	heads := []string{param, "KL, nats", "top-1", "prefill FLOPs", "KV cache", "visual tokens", "weights a step"}
	const first = 180.0
	w := (full - 2*margin - first) / float64(len(heads)-1)
	x := func(i int) float64 { // left edge of the first, right edges of the others
		if i == 0 {
			return margin
		}
		return margin + first + w*float64(i)
	}
	put := func(t typeface, col color.RGBA, i int, base float64, text string) {
		text = f.fit(t, text, w-8)
		if i == 0 {
			f.text(t, col, x(i), base, text)
			return
		}
		f.textRight(t, col, x(i), base, text)
	}
	for i, h := range heads {
		put(bold(16), s.ink, i, y+14, h)
	}
	y += 26
	of := func(p trace.Point, c trace.Cost, text string) string {
		if v, ok := f.state.Cost(p, c); ok {
			return fmt.Sprintf("%s  %4.0f %%", text, 100*v)
		}
		return "—"
	}
	for _, p := range shown {
		f.rect(s.line, margin, y, full-2*margin, 1)
		base := y + 20
		kept := ""
		if v, ok := f.state.Cost(p, trace.CostKept); ok {
			kept = trace.Number(math.Round(10*v*float64(p.Summary.Visual)) / 10)
		}
		for i, text := range []string{plain(p.Value), klText(p.KL), percentOf(p.Top1),
			of(p, trace.CostFLOPs, trace.Quantity(float64(p.Summary.PrefillFLOPs), "FLOPs")), of(p, trace.CostKV, trace.Quantity(float64(p.Summary.KVBytes), "bytes")),
			of(p, trace.CostKept, kept), trace.Quantity(float64(p.Summary.DecodeWeightBytes), "bytes")} {
			put(mono(15), mix(s.soft, s.ink, i < 3), i, base, text)
		}
		y += 29
	}
	return y + gap
}
