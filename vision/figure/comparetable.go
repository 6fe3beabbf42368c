package figure

import (
	"image/color"

	"winnow/internal/trace"
)

// table draws the comparison, one row a metric: the value, how it compares with dense, and a bar
// of the row's largest. The answers stand elsewhere.
func (f *figure) table(y float64, t trace.Table) float64 {
	var rows []trace.TableRow
	for _, r := range t.Rows {
		if r.Key != "answer" {
			rows = append(rows, r)
		}
	}
	columns := t.Columns[:min(len(t.Columns), 5)]
	if len(rows) == 0 {
		return y
	}
	s := f.style
	const labels = 300.0
	const badges = labels + 110
	y = f.heading(margin, y, "What it saves", "", labels)
	w := (full - 2*margin - badges) / float64(max(len(columns), 3))
	x := func(i int) float64 { return full - margin - w*float64(len(columns)-1-i) } // right edge
	for i, c := range columns {
		name, col := plain(c.Label), s.dense
		if n, ok := trace.SideIndex(c.Side); ok && n >= 0 {
			name, col = letters[n:n+1]+"  "+name, s.of(n)
		}
		name = f.fit(bold(16), name, w-34)
		f.textRight(bold(16), s.ink, x(i), y-14, name)
		f.panel(col, x(i)-f.width(bold(16), name)-20, y-25, 11, 11, 3)
	}
	for _, r := range rows {
		f.rect(s.line, margin, y, full-2*margin, 1)
		texts := r.Basis == ""
		base := y + 28
		f.text(regular(18), s.ink, margin, base, f.fit(regular(18), r.Label, labels-10))
		if !texts {
			f.badge(margin+labels, y+11, r.Basis)
		}
		most := 0.0
		for _, c := range r.Cells {
			if c.Value == c.Value {
				most = max(most, c.Value)
			}
		}
		for i := range columns {
			c := r.Cells[i]
			f.cell(c, texts, x(i), base, w)
			if !texts && c.Value == c.Value && most > 0 {
				n, _ := trace.SideIndex(columns[i].Side)
				bar := w - 34
				f.panel(s.track, x(i)-bar, y+58, bar, 5, 2.5)
				f.panel(s.of(n), x(i)-bar, y+58, max(bar*c.Value/most, 5), 5, 2.5)
			}
		}
		if y += 74; texts {
			y -= 30
		}
	}
	f.text(regular(15), s.soft, margin, y+14, "bold: the best of the row; values that the clock gives within 5 % count as equal")
	return y + 22 + gap
}

// cell draws one value with its right edge at x.
func (f *figure) cell(c trace.Cell, text bool, x, base, w float64) {
	s := f.style
	t, col := mono(17), s.ink
	if text {
		t = regular(17)
	}
	if c.Best {
		t = bold(19)
	} else if c.Value != c.Value && !text {
		col = s.soft
	}
	f.textRight(t, col, x, base, f.fit(t, c.Text, w-16))
	if c.RatioText != "" {
		f.textRight(regular(15), mix(s.soft, s.ink, c.Best), x, base+22, f.fit(regular(15), c.RatioText, w-16))
	}
}

func mix(a, b color.RGBA, second bool) color.RGBA {
	if second {
		return b
	}
	return a
}
