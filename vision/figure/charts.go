package figure

import (
	"fmt"

	"winnow/internal/trace"
)

const chartHeight = 150.0

// charts draws the kept counts by layer and the sorted scores.
func (f *figure) charts(y float64) float64 {
	if f.side == nil {
		return y
	}
	end := y
	if counts := f.side.KeptCounts(); f.side.Name == trace.Pruned && len(counts) > 0 && f.state.VisualCount() > 0 {
		end = max(end, f.layers(margin, y, counts))
	}
	if sorted, cut, d := f.side.Curve(f.layer); len(sorted) > 1 {
		end = max(end, f.curve(right, y, sorted, cut, d))
	}
	if end > y {
		end += gap
	}
	return end
}

// layers draws a bar a layer: what is kept in amber on a track of all visual tokens.
func (f *figure) layers(x, y float64, counts []int) float64 {
	s := f.style
	y = f.heading(x, y, "Visual tokens kept in each layer", "", column) + 24
	all := float64(f.state.VisualCount())
	n := float64(len(counts))
	space := 8.0
	if n > 40 {
		space = 2
	}
	w := min((column-space*(n-1))/n, 120)
	if w < 0.5 { // more layers than the figure has pixels
		return y
	}
	t := mono(15)
	label := func(x, y float64, text string, strong bool) {
		col := s.soft
		if strong {
			col = s.ink
		}
		f.text(t, col, x+(w-f.width(t, text))/2, y, text)
	}
	// Labels that do not fit beside each other are thinned out.
	every := 1
	for f.width(t, fmt.Sprint(f.state.VisualCount()))+6 > float64(every)*(w+space) {
		every++
	}
	for l, k := range counts {
		bx := x + float64(l)*(w+space)
		h := chartHeight * min(float64(k)/all, 1)
		f.rect(s.track, bx, y, w, chartHeight)
		col := s.kept
		if k == f.state.VisualCount() {
			col = s.block
		}
		f.rect(col, bx, y+chartHeight-h, w, h)
		shown := l == f.layer
		if shown {
			f.rect(s.ink, bx, y+chartHeight+3, w, 3)
		}
		if l%every == 0 || shown && every == 1 {
			label(bx, y-8, fmt.Sprint(k), shown)
			label(bx, y+chartHeight+24, fmt.Sprint(l), shown)
		}
	}
	return y + chartHeight + 34
}

// curve draws the scores in descending order, the kept part in amber, with the threshold.
func (f *figure) curve(x, y float64, sorted []float32, cut int, d *trace.Decision) float64 {
	s := f.style
	title := "Scores in descending order"
	note := plain(d.Rule)
	y = f.heading(x, y, title, note, column) + 24
	lo, hi := float64(sorted[len(sorted)-1]), float64(sorted[0])
	t := mono(15)
	left := max(f.width(t, trace.Number(hi)), f.width(t, trace.Number(lo))) + 12
	px := func(i int) float64 { return x + left + (column-left)*float64(i)/float64(len(sorted)-1) }
	py := func(v float64) float64 {
		if hi == lo {
			return y + chartHeight/2
		}
		return y + chartHeight*(hi-v)/(hi-lo)
	}
	f.textRight(t, s.soft, x+left-10, y+6, trace.Number(hi))
	f.textRight(t, s.soft, x+left-10, y+chartHeight+5, trace.Number(lo))
	f.rect(s.line, x+left, y, column-left, 1)
	f.rect(s.line, x+left, y+chartHeight, column-left, 1)

	// More points than the figure has pixels show nothing more.
	step := max(1, len(sorted)/1500)
	var kept, rest [][2]float64
	for i := 0; i < len(sorted); i += step {
		p := [2]float64{px(i), py(float64(sorted[i]))}
		if i < cut {
			kept = append(kept, p)
		}
		if i >= cut-1 {
			rest = append(rest, p)
		}
	}
	if d.Threshold != nil && *d.Threshold >= lo && *d.Threshold <= hi {
		f.stroke(s.soft, 1.2, 8, [2]float64{px(0), py(*d.Threshold)}, [2]float64{px(len(sorted) - 1), py(*d.Threshold)})
	}
	f.stroke(s.soft, 2.5, 0, rest...)
	f.stroke(s.kept, 3, 0, kept...)
	text := fmt.Sprintf("%d of %d kept", cut, len(sorted))
	if cut > 0 && cut < len(sorted) {
		cx, cy := px(cut-1), py(float64(sorted[cut-1]))
		f.disc(s.kept, cx, cy, 6)
		w := f.width(regular(16), text)
		tx := cx + 14
		if tx+w > x+column {
			tx = cx - w - 14
		}
		f.text(regular(16), s.ink, tx, max(cy-14, y+16), text)
	}
	f.text(t, s.soft, px(0), y+chartHeight+24, "1")
	f.textRight(t, s.soft, x+column, y+chartHeight+24, fmt.Sprint(len(sorted)))
	return y + chartHeight + 34
}
