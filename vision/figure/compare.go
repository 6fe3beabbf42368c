package figure

import (
	"image"

	"winnow/internal/trace"
)

// letters name the sides of a comparison where a label is too long.
const letters = "ABCDEFG"

// comparison draws several pruned sides of a run:
//
//	picture  question
//	┌───────────┐ ┌────┐ ┌────┐   which tokens all sides keep, some, one alone;
//	│  overlap  │ │ A  │ │ B  │   and what each keeps
//	│           │ ├────┤ ├────┤
//	└───────────┘ │ C  │ │ D  │
//	 answers, with the words that differ from dense
//	 table of metrics · agreement by layer · kept by layer
func (f *figure) comparison(y float64) (float64, error) {
	f.lines = 6
	y = f.compareHeader(y)
	sides := f.state.Sides[:min(len(f.state.Sides), 4)]
	answered := false
	if f.state.Picture != nil && f.state.VisualCount() > 0 && len(sides) > 0 {
		l, r, err := f.tiles(y, sides)
		if err != nil {
			return 0, err
		}
		if len(sides) == 2 && l-r > 300 { // there is room beside the overlap
			r, answered = f.sideAnswers(right, r, column, 1, sides), true
		}
		y = max(l, r)
	}
	if !answered {
		y = f.sideAnswers(margin, y, full-2*margin, 2, sides)
	}
	y = f.failure(margin, y)
	y = f.table(y+8, trace.Compare(f.state))
	y = f.compareCharts(y, sides)
	return f.compareFooter(y, sides), nil
}

// compareHeader is the picture with the question beside it.
func (f *figure) compareHeader(y float64) float64 {
	s := f.style
	x, edge := margin, 104.0
	bottom := y
	if p := f.state.Picture; p != nil {
		img, geo := f.source(p)
		w, h := edge, edge*float64(geo.SourceH)/float64(geo.SourceW)
		if h > edge {
			w, h = max(w*edge/h, 1), edge
		}
		if f.place(img, geo, nil, image.Pt(max(round(w*f.scale), 1), max(round(h*f.scale), 1)), x, y) == nil {
			x, bottom = x+w+24, y+h
		}
	}
	f.textRight(bold(22), s.ink, full-margin, y+20, "winnow")
	question := f.state.Request.Question()
	if plain(question) == "" {
		question = "A run without a question"
	}
	width := full - margin - x
	at := f.lay(bold(32), runsOf(nil, nil, question), width-140, 2)
	ty := f.paragraph(bold(32), f.ink, x, y+30, 42, at) + 32
	f.text(regular(19), s.soft, x, ty, f.fit(regular(19), f.subtitle(), width))
	return max(ty+10, bottom) + gap
}

// name of a side with its letter.
func sideName(d *trace.Side) string {
	if d.Index < 0 {
		return "dense"
	}
	return letters[d.Index:d.Index+1] + "  " + plain(d.Label)
}

// sideAnswers draws the dense answer and each side's, in so many columns.
func (f *figure) sideAnswers(x, y, width float64, columns int, sides []*trace.Side) float64 {
	if f.state.Dense == nil && len(sides) == 0 {
		return y
	}
	y = f.heading(x, y, "Answers", "marked: words that the dense answer lacks", width)
	w := (width - gap*float64(columns-1)) / float64(columns)
	low := y
	all := sides
	if f.state.Dense != nil {
		all = append([]*trace.Side{f.state.Dense}, sides...)
	}
	// An odd number of answers has the dense one over the whole width.
	odd := columns == 2 && len(all)%2 == 1
	for i, d := range all {
		c, w := i%columns, w
		if odd {
			c = (i + 1) % 2
			if i == 0 {
				c, w = 0, width
			}
		}
		if i > 0 && c == 0 {
			y = low + 16
		}
		var marks []bool
		if dense := f.state.Dense; dense != nil && d != dense && dense.Done && d.Done {
			_, marks, _ = trace.Diff(dense.Words, d.Words)
		}
		low = max(low, f.answer(x+float64(c)*(w+gap), y, w, sideName(d), f.style.of(d.Index), d, marks))
	}
	return low + gap
}

// compareFooter names each side with all its parameters.
func (f *figure) compareFooter(y float64, sides []*trace.Side) float64 {
	t := regular(16)
	stacks := f.state.Request.Stacks()
	for _, d := range sides {
		text := plain(d.Label)
		if d.Index < len(stacks) {
			switch m := methods(stacks[d.Index].Methods); {
			case stacks[d.Index].Label == "" && m != "":
				text = m
			case m != "":
				text += ": " + m
			}
		}
		f.panel(f.style.of(d.Index), margin, y, 12, 12, 3)
		f.text(bold(16), f.style.ink, margin+22, y+12, letters[d.Index:d.Index+1])
		f.text(t, f.style.soft, margin+44, y+12, f.fit(t, text, full-2*margin-44))
		y += 26
	}
	return f.footer(y + 14)
}
