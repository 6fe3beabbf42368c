package figure

import (
	"image/color"
	"strings"
	"unicode"

	"winnow/internal/trace"
)

// run is a piece of text that is not broken, marked where the other answer differs.
type run struct {
	text   string // without the space before it
	space  bool
	marked bool
	broken bool // a new line begins before it
}

// runsOf cuts an answer into words with their marks. Pieces of a word stay together on a line
// but keep their own marks.
func runsOf(words []trace.Word, marks []bool, text string) []run {
	if len(words) == 0 {
		words, marks = []trace.Word{{Text: text}}, nil
	}
	var out []run
	total := 0
	space, broken := false, false
	for i, w := range words {
		marked := i < len(marks) && marks[i]
		if total += len(w.Text); total > maxText {
			return append(out, run{text: "…", space: true})
		}
		var piece strings.Builder
		flush := func() {
			if piece.Len() > 0 {
				out = append(out, run{piece.String(), space, marked, broken && len(out) > 0})
				piece.Reset()
				space, broken = false, false
			}
		}
		for _, r := range w.Text {
			switch {
			case r == '\n':
				flush()
				space, broken = true, true
			case unicode.IsSpace(r):
				flush()
				space = true
			case unicode.IsPrint(r):
				piece.WriteRune(r)
			}
		}
		flush()
	}
	return out
}

// placed is a run on its line.
type placed struct {
	run
	x    float64
	line int
}

// lay breaks runs into lines of a width, at most maxLines of them; a run that is wider than a
// line is cut.
func (c *canvas) lay(t typeface, runs []run, width float64, maxLines int) []placed {
	var out []placed
	blank := c.width(t, " ")
	x, line := 0.0, 0
	for i := 0; i < len(runs); {
		// A word is the runs up to the next space.
		j, w := i+1, 0.0
		for j < len(runs) && !runs[j].space && !runs[j].broken {
			j++
		}
		for k := i; k < j; k++ {
			w += c.width(t, runs[k].text)
		}
		gap := 0.0
		if x > 0 && runs[i].space {
			gap = blank
		}
		if runs[i].broken || x > 0 && x+gap+w > width {
			x, gap, line = 0, 0, line+1
		}
		if line >= maxLines {
			if n := len(out); n > 0 && out[n-1].text != "…" {
				out[n-1].text += "…"
			}
			return out
		}
		for k := i; k < j; k++ {
			r := runs[k]
			if x == 0 && c.width(t, r.text) > width {
				r.text = c.fit(t, r.text, width)
			}
			out = append(out, placed{r, x + gap, line})
			x, gap = x+gap+c.width(t, r.text), 0
		}
		i = j
	}
	return out
}

// paragraph draws text over several lines and returns the baseline of the last.
func (c *canvas) paragraph(t typeface, col func(marked bool) [2]color.RGBA, x, y, lead float64, at []placed) float64 {
	last := y
	for i, p := range at {
		by := y + float64(p.line)*lead
		last = by
		cs := col(p.marked)
		if p.marked {
			from, to := p.x, p.x+c.width(t, p.text)
			// Neighbouring marks join over the space between them.
			if i > 0 && at[i-1].marked && at[i-1].line == p.line {
				from = at[i-1].x + c.width(t, at[i-1].text)
			}
			c.panel(cs[1], x+from-3, by-t.size*0.98, to-from+6, t.size*1.32, 4)
		}
	}
	for _, p := range at {
		c.text(t, col(p.marked)[0], x+p.x, y+float64(p.line)*lead, p.text)
	}
	return last
}
