package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"winnow/internal/trace"
	"winnow/vision/grid"
	"winnow/vision/heatmap"
)

// tiles draws the overlap on the left and each side's kept tokens on the right.
func (f *figure) tiles(y float64, sides []*trace.Side) (onLeft, onRight float64, err error) {
	img, geo := f.source(f.state.Picture)
	rows, cols := f.state.Grid()
	g := grid.Grid{Rows: rows, Cols: cols}
	// The overlap is as tall as its column is wide at most, and the tiles half of that.
	draw := func(over *image.RGBA, x, y, edge float64) (left, w, h float64, err error) {
		w, h = edge, edge*float64(geo.SourceH)/float64(geo.SourceW)
		if h > edge {
			w, h = w*edge/h, edge
		}
		left = x + (edge-w)/2
		size := image.Pt(max(round(w*f.scale), 1), max(round(h*f.scale), 1))
		return left, w, h, f.place(img, geo, over, size, left, y)
	}
	top := y
	if len(sides) > 1 {
		shown, whole := f.overlapping(sides)
		masks := trace.Overlap(shown, f.layer)
		over, err := heatmap.RenderOverlap(masks, g, f.overlapColours(shown))
		if err != nil {
			return y, y, err
		}
		y = f.heading(margin, top, fmt.Sprintf("Overlap in layer %d", f.layer), f.agreement(shown), column)
		x, w, h, err := draw(over, margin, y, column)
		if err != nil {
			return y, y, err
		}
		all := make([]bool, len(masks))
		for i, m := range masks {
			c, _ := heatmap.ClassOf(m, len(shown))
			all[i] = c == heatmap.KeptByAll
		}
		if n := count(all); n > 0 && n < len(all) {
			f.frames(all, g, geo, x, y, w, h, f.style.kept, 2)
		}
		onLeft = f.overlapLegend(margin, y+h+18, masks, shown, whole) + 22
	}
	edge := (column - 24) / 2
	x, rowTop, low := right, top, top
	if len(sides) == 1 {
		x, edge = margin, column
	}
	for i, d := range sides {
		if i > 0 && i%2 == 0 {
			x, rowTop = right, low+18
		}
		f.tileHeading(x, rowTop, edge, d)
		ty := rowTop + 32
		mask := d.KeptMask(f.layer)
		over, err := f.keptMap(d, g)
		if err != nil {
			return y, y, err
		}
		left, w, h, err := draw(over, x, ty, edge)
		if err != nil {
			return y, y, err
		}
		if n := count(mask); n > 0 && n < len(mask) {
			f.frames(mask, g, geo, left, ty, w, h, f.style.of(d.Index), 2)
		}
		low = max(low, ty+h)
		x += edge + 24
	}
	return max(onLeft, top), low + 26, nil
}

// overlapping are the sides that take any visual token in the layer: one that keeps all would make
// every cell its own. Their overlap is drawn if there are two, else that of all sides; whole are
// those left out.
func (f *figure) overlapping(sides []*trace.Side) (shown, whole []*trace.Side) {
	for _, d := range sides {
		if count(d.KeptMask(f.layer)) < f.state.VisualCount() {
			shown = append(shown, d)
		} else {
			whole = append(whole, d)
		}
	}
	if len(shown) < 2 {
		return sides, nil
	}
	return shown, whole
}

// tileHeading names a side over its map, with what it keeps.
func (f *figure) tileHeading(x, y, width float64, d *trace.Side) {
	f.panel(f.style.of(d.Index), x, y+6, 12, 12, 3)
	mask := d.KeptMask(f.layer)
	note := fmt.Sprintf("%d of %d kept", count(mask), f.state.VisualCount())
	if f.masksLater(d) {
		share := percent(mean(d.MaskedAt(-1, -1)))
		if note = share + " masked while answering"; f.width(bold(18), sideName(d))+f.width(regular(16), note)+32 > width {
			note = share + " masked later"
		}
	}
	// A long name gives way to the number, but keeps its letter.
	w := min(f.width(regular(16), note), width-70)
	f.textRight(regular(16), f.style.soft, x+width, y+18, f.fit(regular(16), note, w))
	f.text(bold(18), f.style.ink, x+22, y+18, f.fit(bold(18), sideName(d), width-22-w-10))
}

// agreement is the Jaccard index of two sides, or the span of those of all pairs.
func (f *figure) agreement(sides []*trace.Side) string {
	lo, hi := math.Inf(1), math.Inf(-1)
	for i, a := range sides {
		for _, b := range sides[i+1:] {
			if j := trace.Jaccard(a, b, f.layer); j == j {
				lo, hi = min(lo, j), max(hi, j)
			}
		}
	}
	switch {
	case lo > hi:
		return ""
	case hi-lo < 0.005:
		return fmt.Sprintf("Jaccard index %.2f", lo)
	}
	return fmt.Sprintf("Jaccard index %.2f to %.2f between pairs", lo, hi)
}

func (f *figure) overlapColours(sides []*trace.Side) heatmap.Overlap {
	o := heatmap.Overlap{None: color.NRGBA{A: 198}, Some: color.NRGBA{128, 136, 148, 190}}
	for _, d := range sides {
		c := f.style.of(d.Index)
		o.Only = append(o.Only, color.NRGBA{c.R, c.G, c.B, 176})
	}
	return o
}

// overlapLegend explains the classes with the number of tokens in each; it wraps.
func (f *figure) overlapLegend(x, y float64, masks []uint8, sides, whole []*trace.Side) float64 {
	s, t := f.style, regular(16)
	o := f.overlapColours(sides)
	var none, some, all int
	only := make([]int, len(sides))
	for _, m := range masks {
		switch c, i := heatmap.ClassOf(m, len(sides)); c {
		case heatmap.KeptByNone:
			none++
		case heatmap.KeptByOne:
			only[i]++
		case heatmap.KeptBySome:
			some++
		case heatmap.KeptByAll:
			all++
		}
	}
	at := x
	item := func(swatch func(x, y float64), label string, n int) {
		label = fmt.Sprintf("%s %d", label, n)
		if w := 26 + f.width(t, label); at > x && at+w > x+column {
			at, y = x, y+28
		}
		swatch(at, y)
		at = f.text(t, s.soft, at+26, y+14, label) + 26
	}
	fill := func(c color.NRGBA) func(x, y float64) {
		return func(x, y float64) { f.rect(color.RGBA{c.R, c.G, c.B, 255}, x, y, 16, 16) }
	}
	word := "kept by all"
	if len(sides) == 2 {
		word = "kept by both"
	}
	item(func(x, y float64) {
		f.rect(s.kept, x, y, 16, 16)
		f.rect(color.RGBA{190, 196, 204, 255}, x+2, y+2, 12, 12)
	}, word, all)
	for i, d := range sides {
		item(fill(o.Only[i]), "only "+letters[d.Index:d.Index+1], only[i])
	}
	if len(sides) > 2 {
		item(fill(o.Some), "some", some)
	}
	item(func(x, y float64) { f.rect(color.RGBA{52, 54, 58, 255}, x, y, 16, 16) }, "by none", none)
	if len(whole) > 0 {
		var names []string
		for _, d := range whole {
			names = append(names, letters[d.Index:d.Index+1])
		}
		text := strings.Join(names, " and ") + " keep all of them here and are left out of this map"
		if len(names) == 1 {
			text = names[0] + " keeps all of them here and is left out of this map"
		}
		y += 28
		f.text(t, s.soft, x, y+14, text)
	}
	return y + 24
}

// mean of the numbers among values, 0 of none.
func mean(values []float32) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if v == v {
			sum, n = sum+float64(v), n+1
		}
	}
	return sum / float64(max(n, 1))
}

func percent(share float64) string {
	if share > 0 && share < 0.01 {
		return fmt.Sprintf("%.1f %%", 100*share)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}
