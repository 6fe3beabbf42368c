package figure

import (
	"fmt"
	"image/color"
	"strings"

	"winnow/internal/trace"
)

// pruned is the side that is compared with the dense one; nil where there is none.
func (f *figure) pruned() *trace.Side {
	if f.side == f.state.Dense {
		return nil
	}
	return f.side
}

// answers draws the two answers, one below the other.
func (f *figure) answers(x, y float64) float64 {
	y = f.heading(x, y, "Answers", "", column)
	d, p := f.state.Dense, f.pruned()
	var markD, markP []bool
	if d != nil && p != nil && d.Done && p.Done {
		markD, markP, _ = trace.Diff(d.Words, p.Words)
	}
	for _, a := range []struct {
		title string
		side  *trace.Side
		marks []bool
	}{{"Dense", d, markD}, {"Pruned", p, markP}} {
		if a.side != nil {
			col := f.style.dense
			if a.side != d {
				col = f.style.kept
			}
			y = f.answer(x, y, column, a.title, col, a.side, a.marks) + 16
		}
	}
	return f.failure(x, y)
}

// failure says why the run has no result, where that is so.
func (f *figure) failure(x, y float64) float64 {
	if f.state.Error != "" {
		t := regular(18)
		at := f.lay(t, runsOf(nil, nil, f.state.Error), column, 4)
		col := f.style.failed
		for _, p := range at {
			f.text(t, col, x+p.x, y+20+26*float64(p.line), p.text)
		}
		y += 26*float64(at[len(at)-1].line) + 40
	}
	return y
}

func (f *figure) answer(x, y, width float64, title string, col color.RGBA, d *trace.Side, marks []bool) float64 {
	const pad, lead = 22, 32
	s, t := f.style, regular(24)
	at := f.lay(t, runsOf(d.Words, marks, d.Text), width-2*pad, f.lines)
	lines := 1
	if len(at) > 0 {
		lines = at[len(at)-1].line + 1
	}
	h := pad + 22 + 14 + lead*float64(lines) + 30 + pad - 10
	f.panel(s.line, x, y, width, h, 10)
	f.panel(s.panel, x+1, y+1, width-2, h-2, 9)
	f.panel(col, x+pad, y+pad, 12, 12, 3)
	f.text(bold(17), s.ink, x+pad+22, y+pad+12, f.fit(bold(17), title, width-2*pad-22))
	by := y + pad + 22 + 14 + 14
	f.paragraph(t, f.ink, x+pad, by, lead, at)
	f.text(regular(16), s.soft, x+pad, by+lead*float64(lines)+6, f.fit(regular(16), f.stats(d), width-2*pad))
	return y + h
}

// stats is the line below an answer.
func (f *figure) stats(d *trace.Side) string {
	sum := d.Summary
	if sum == nil {
		if f.state.Running {
			return "still answering"
		}
		return "not finished"
	}
	var parts []string
	if sum.TTFTMS > 0 {
		parts = append(parts, trace.Quantity(sum.TTFTMS, "ms")+" to the first token")
	}
	if sum.TokensPerSecond > 0 {
		parts = append(parts, trace.Quantity(sum.TokensPerSecond, "tokens/s"))
	}
	if sum.Tokens > 0 {
		parts = append(parts, fmt.Sprintf("%d tokens", sum.Tokens))
	}
	if sum.Ended != "" {
		parts = append(parts, "ended by "+plain(sum.Ended))
	}
	return strings.Join(parts, "  ·  ")
}

// savings draws the table of the comparison: two bars a line, the longer one full.
func (f *figure) savings(x, y float64) float64 {
	rows := trace.SavingsOf(f.state, f.pruned())
	if len(rows) == 0 {
		return y
	}
	s := f.style
	top := y
	y = f.heading(x, y, "What it saves", "", column) + 6
	// Right edges of the columns of numbers.
	const dense, pruned = 470.0, 592.0
	f.panel(s.dense, x+dense-f.width(regular(15), "dense")-18, top+6, 10, 10, 3)
	f.textRight(regular(15), s.soft, x+dense, top+16, "dense")
	f.panel(s.kept, x+pruned-f.width(regular(15), "pruned")-18, top+6, 10, 10, 3)
	f.textRight(regular(15), s.soft, x+pruned, top+16, "pruned")
	for _, r := range rows {
		f.text(regular(18), s.ink, x, y+18, f.fit(regular(18), r.Label, 240))
		f.badge(x+250, y, r.Basis)
		f.textRight(mono(16), s.soft, x+dense, y+18, quantity(r.Dense, r.Unit))
		f.textRight(mono(16), s.ink, x+pruned, y+18, quantity(r.Pruned, r.Unit))
		f.textRight(bold(17), s.ink, x+column, y+18, f.fit(bold(17), verdict(r), column-pruned-12))
		most := max(r.Dense, r.Pruned)
		f.panel(s.track, x, y+30, column, 5, 2.5)
		f.panel(s.dense, x, y+30, max(column*r.Dense/most, 5), 5, 2.5)
		f.panel(s.track, x, y+37, column, 5, 2.5)
		f.panel(s.kept, x, y+37, max(column*r.Pruned/most, 5), 5, 2.5)
		y += 59
	}
	return y
}

// quantity leaves out the unit that the label says already.
func quantity(v float64, unit string) string {
	if unit == "FLOPs" || unit == "bytes" || unit == "ms" {
		return trace.Quantity(v, unit)
	}
	if unit == "tokens/s" {
		return strings.TrimSuffix(trace.Quantity(v, unit), "tokens/s") + "t/s"
	}
	return trace.Number(v)
}

// verdict is the comparison where both numbers stand beside it.
func verdict(r trace.Saving) string {
	if r.Unit == "ms" || r.Unit == "tokens/s" {
		return r.Text
	}
	return fmt.Sprintf("%.0f %%", 100*r.Pruned/r.Dense)
}

// badge tells measured from counted: filled and outlined, so that print without colour does too.
func (f *figure) badge(x, y float64, text string) {
	s, t := f.style, regular(14)
	w := f.width(t, text) + 16
	f.panel(s.soft, x, y, w, 24, 6)
	if text == trace.Counted {
		f.panel(s.paper, x+1, y+1, w-2, 22, 5)
		f.text(t, s.soft, x+8, y+17, text)
		return
	}
	f.text(t, s.paper, x+8, y+17, text)
}
