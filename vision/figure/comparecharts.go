package figure

import (
	"fmt"

	"winnow/internal/trace"
)

// compareCharts draws how far the sides agree in each layer, and what each keeps there.
func (f *figure) compareCharts(y float64, sides []*trace.Side) float64 {
	n := f.state.LayerCount()
	if n < 2 || f.state.VisualCount() == 0 || len(sides) < 2 {
		return y
	}
	end := f.keptLines(right, y, sides)
	if len(sides) == 2 {
		end = max(end, f.jaccardCurve(margin, y, trace.Jaccards(sides[0], sides[1])))
	} else {
		end = max(end, f.jaccardTable(margin, y, sides))
	}
	return end + gap
}

// plotArea is where the points of a chart over layers lie.
type plotArea struct {
	x, y, w, h float64
	n          int
}

func (p plotArea) at(layer int, share float64) [2]float64 {
	return [2]float64{p.x + p.w*(float64(layer)+0.5)/float64(p.n), p.y + p.h*(1-share)}
}

// layerAxes draws a frame for shares over layers, the layer shown marked.
func (f *figure) layerAxes(x, y float64, top, bottom string) plotArea {
	s, t := f.style, mono(15)
	left := max(f.width(t, top), f.width(t, bottom)) + 12
	p := plotArea{x + left, y, column - left, chartHeight, f.state.LayerCount()}
	f.textRight(t, s.soft, p.x-10, y+6, top)
	f.textRight(t, s.soft, p.x-10, y+p.h+5, bottom)
	f.rect(s.line, p.x, y, p.w, 1)
	f.rect(s.line, p.x, y+p.h/2, p.w, 1)
	f.rect(s.line, p.x, y+p.h, p.w, 1)
	every := 1
	for f.width(t, fmt.Sprint(p.n))+10 > float64(every)*p.w/float64(p.n) {
		every++
	}
	for l := range p.n {
		shown := l == f.layer
		if l%every != 0 && !shown || !shown && every > 1 && l > f.layer-every && l < f.layer+every {
			continue
		}
		text := fmt.Sprint(l)
		f.text(t, mix(s.soft, s.ink, shown), p.at(l, 0)[0]-f.width(t, text)/2, y+p.h+24, text)
	}
	f.rect(s.line, p.at(f.layer, 0)[0]-0.5, y, 1, p.h)
	return p
}

func (f *figure) jaccardCurve(x, y float64, values []float64) float64 {
	s := f.style
	y = f.heading(x, y, "Agreement in each layer", "Jaccard index: kept by both / kept by any", column) + 20
	p := f.layerAxes(x, y, "1", "0")
	var line [][2]float64
	for l, v := range values {
		if v == v {
			line = append(line, p.at(l, v))
		}
	}
	f.stroke(s.kept, 3, 0, line...)
	for i, q := range line {
		if len(line) > 40 && i != f.layer {
			continue
		}
		f.disc(s.kept, q[0], q[1], 5)
	}
	if f.layer >= 0 && f.layer < len(values) && values[f.layer] == values[f.layer] {
		q, text := p.at(f.layer, values[f.layer]), fmt.Sprintf("%.2f", values[f.layer])
		w := f.width(mono(15), text)
		ty := q[1] - 14
		if ty < y+14 {
			ty = q[1] + 26
		}
		f.text(mono(15), s.ink, min(max(q[0]-w/2, p.x), x+column-w), ty, text)
	}
	return y + chartHeight + 34
}

// jaccardTable draws a row a pair of sides and a cell a layer, lighter where they agree more.
func (f *figure) jaccardTable(x, y float64, sides []*trace.Side) float64 {
	s, t := f.style, mono(14)
	y = f.heading(x, y, "Agreement in each layer", "Jaccard index of each pair", column) + 20
	type pair struct{ a, b *trace.Side }
	var pairs []pair
	for i, a := range sides {
		for _, b := range sides[i+1:] {
			pairs = append(pairs, pair{a, b})
		}
	}
	const left = 84.0
	n := f.state.LayerCount()
	w := (column - left) / float64(n)
	h := min((chartHeight-4*float64(len(pairs)-1))/float64(len(pairs)), 44)
	for i, pr := range pairs {
		top := y + float64(i)*(h+4)
		f.panel(s.of(pr.a.Index), x, top+h/2-5, 10, 10, 3)
		end := f.text(bold(15), s.ink, x+14, top+h/2+5, letters[pr.a.Index:pr.a.Index+1])
		f.panel(s.of(pr.b.Index), end+8, top+h/2-5, 10, 10, 3)
		f.text(bold(15), s.ink, end+22, top+h/2+5, letters[pr.b.Index:pr.b.Index+1])
		for l, v := range trace.Jaccards(pr.a, pr.b) {
			if v != v {
				continue
			}
			space := 2.0
			if w < 8 {
				space = 0
			}
			f.rect(f.opt.Map.At(v), x+left+float64(l)*w, top, max(w-space, 1), h)
			text := fmt.Sprintf("%.2f", v)
			if tw := f.width(t, text); tw+6 < w && h > 16 {
				// The maps grow lighter with the value.
				f.text(t, mix(light.paper, dark.paper, v > 0.55), x+left+float64(l)*w+(w-space-tw)/2, top+h/2+5, text)
			}
		}
	}
	bottom := y + float64(len(pairs))*(h+4)
	every := 1
	for f.width(t, fmt.Sprint(n))+8 > float64(every)*w {
		every++
	}
	for l := 0; l < n; l += every {
		text := fmt.Sprint(l)
		f.text(t, mix(s.soft, s.ink, l == f.layer), x+left+float64(l)*w+(w-2-f.width(t, text))/2, bottom+16, text)
	}
	return bottom + 26
}

// keptLines draws the share of visual tokens that each side keeps, layer by layer.
func (f *figure) keptLines(x, y float64, sides []*trace.Side) float64 {
	s := f.style
	y = f.heading(x, y, "Visual tokens kept in each layer", "counted", column) + 20
	p := f.layerAxes(x, y, "100 %", "0 %")
	all := float64(f.state.VisualCount())
	for i, d := range sides {
		var line [][2]float64
		for l, k := range d.KeptCounts() {
			q := p.at(l, min(float64(k)/all, 1))
			q[1] += 2.5 * (float64(i) - float64(len(sides)-1)/2) // lines that coincide stay visible
			line = append(line, q)
		}
		f.stroke(s.of(d.Index), 3, 0, line...)
		if len(line) <= 40 {
			for _, q := range line {
				f.disc(s.of(d.Index), q[0], q[1], 4.5)
			}
		}
	}
	return y + chartHeight + 34
}
