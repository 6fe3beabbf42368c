package figure

import (
	"fmt"
	"math"

	"winnow/internal/trace"
)

const chartHeight = 150.0

// charts draws the kept counts by layer and the sorted scores.
func (f *figure) charts(y float64) float64 {
	if f.side == nil {
		return y
	}
	end := y
	if f.masksLater(f.side) && f.side.Steps() > 1 {
		end = max(end, f.maskedByWord(margin, y))
	} else if counts := f.side.KeptCounts(); f.pruned() != nil && len(counts) > 0 && f.state.VisualCount() > 0 {
		end = max(end, f.layers(margin, y, counts))
	}
	if shares, cut, target := f.side.Cumulative(f.layer); len(shares) > 1 {
		end = max(end, f.cumulative(right, y, shares, cut, target))
	} else if sorted, cut, d := f.side.Curve(f.layer); len(sorted) > 1 {
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

// maskedByWord draws a bar a word: the share of heads that did not see a visual token while the
// word was chosen.
func (f *figure) maskedByWord(x, y float64) float64 {
	s, t := f.style, mono(15)
	y = f.heading(x, y, "Masked while each word was chosen", "of visual tokens, mean over heads and layers", column) + 24
	n := f.side.Steps()
	masked, most := make([]float64, n), 0.0
	for step := range n {
		if info, ok := f.side.Step(step); ok && info.Masked == info.Masked {
			masked[step] = info.Masked
			most = max(most, info.Masked)
		}
	}
	top := min(niceAbove(most), 1)
	left := f.width(t, percent(top)) + 12
	f.textRight(t, s.soft, x+left-10, y+6, percent(top))
	f.textRight(t, s.soft, x+left-10, y+chartHeight+5, "0 %")
	f.rect(s.line, x+left, y, column-left, 1)
	f.rect(s.line, x+left, y+chartHeight, column-left, 1)
	w := (column - left) / float64(n)
	if w < 1 {
		return y
	}
	face := regular(15)
	for step, v := range masked {
		bx := x + left + w*float64(step)
		h := chartHeight * min(v/top, 1)
		f.rect(s.kept, bx+w*0.1, y+chartHeight-h, w*0.8, max(h, 1))
		word := plain(f.side.Words[step].Text)
		if w > 26 {
			word = f.fit(face, word, w-4)
			f.text(face, s.soft, bx+(w-f.width(face, word))/2, y+chartHeight+22, word)
		}
	}
	return y + chartHeight + 34
}

// cumulative draws the share of attention that the best-attended rows hold together.
func (f *figure) cumulative(x, y float64, shares []float32, cut int, target float32) float64 {
	s, t := f.style, mono(15)
	y = f.heading(x, y, "Attention held by the best-attended rows", fmt.Sprintf("layer %d", f.layer), column) + 24
	left := f.width(t, "100 %") + 12
	n := len(shares)
	px := func(i int) float64 { return x + left + (column-left)*float64(i)/float64(n) }
	py := func(v float64) float64 { return y + chartHeight*(1-v) }
	f.textRight(t, s.soft, x+left-10, y+6, "100 %")
	f.textRight(t, s.soft, x+left-10, y+chartHeight+5, "0 %")
	f.rect(s.line, x+left, y, column-left, 1)
	f.rect(s.line, x+left, y+chartHeight, column-left, 1)
	step := max(1, n/1500)
	kept, rest := [][2]float64{{px(0), py(0)}}, [][2]float64(nil)
	for i := 0; i < n; i += step {
		p := [2]float64{px(i + 1), py(float64(shares[i]))}
		if i < cut {
			kept = append(kept, p)
		}
		if i >= cut-1 {
			rest = append(rest, p)
		}
	}
	if target > 0 {
		f.stroke(s.soft, 1.2, 8, [2]float64{px(0), py(float64(target))}, [2]float64{px(n), py(float64(target))})
	}
	f.stroke(s.soft, 2.5, 0, rest...)
	f.stroke(s.kept, 3, 0, kept...)
	if cut > 0 {
		cx, cy := px(cut), py(float64(shares[cut-1]))
		f.rect(s.line, cx, cy, 1, y+chartHeight-cy)
		f.disc(s.kept, cx, cy, 6)
		text := fmt.Sprintf("%d of %d rows hold %.1f %%", cut, n, 100*shares[cut-1])
		if target > 0 {
			text += fmt.Sprintf(", asked for %s %%", trace.Number(math.Round(1000*float64(target))/10))
		}
		w := f.width(regular(16), text)
		f.text(regular(16), s.ink, min(cx+14, x+column-w), max(cy+34, y+40), text)
	}
	f.text(t, s.soft, px(0), y+chartHeight+24, "0")
	f.textRight(t, s.soft, x+column, y+chartHeight+24, fmt.Sprint(n))
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
