package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/internal/trace"
)

// live writes a run while it happens: a line on the model, one on the picture, then each side's
// answer word by word.
type live struct {
	out, notes io.Writer
	quiet      bool // notes only
	// labels name the pruned sides where there are several.
	labels []string

	side    string // whose words are being written; "" at the start of a line
	written int    // bytes of its answer
}

// indent is as wide as the names of the sides before their answers.
const indent = "         "

func (l *live) event(e trace.Event) {
	if n, ok := e.(trace.Notice); ok {
		l.end()
		fmt.Fprintf(l.notes, "note: %s\n", clean(n.Text))
	}
	if l.quiet {
		return
	}
	switch e := e.(type) {
	case trace.Model:
		fmt.Fprintln(l.out, modelLine(&e))
	case trace.Picture:
		fmt.Fprintln(l.out, pictureLine(&e))
	case trace.SideStarted:
		l.turn(e.Side)
	case trace.Word:
		l.turn(e.Side)
		text := e.Text
		if l.written == 0 {
			text = strings.TrimLeft(text, " \n")
		}
		l.written += len(text)
		io.WriteString(l.out, strings.ReplaceAll(clean(text), "\n", "\n"+indent))
	case trace.SideDone:
		l.end()
	}
}

// turn begins the line of a side.
func (l *live) turn(side string) {
	if l.side == side {
		return
	}
	l.end()
	l.side = side
	fmt.Fprint(l.out, "\n"+l.heading(side))
}

// heading is a side's name in front of its answer, on a line of its own where it is long.
func (l *live) heading(side string) string {
	if i, ok := trace.SideIndex(side); ok && i >= 0 && len(l.labels) > 1 && i < len(l.labels) {
		side = line(l.labels[i])
	}
	if n := utf8.RuneCountInString(side); n < len(indent) {
		return side + strings.Repeat(" ", len(indent)-n)
	}
	return side + "\n" + indent
}

func (l *live) end() {
	if l.side != "" {
		fmt.Fprintln(l.out)
	}
	l.side, l.written = "", 0
}

func modelLine(m *trace.Model) string {
	s := "model    " + clean(m.Name)
	if m.Parameters > 0 {
		s += ", " + count(m.Parameters) + " parameters"
	}
	if m.Types != "" {
		s += " in " + clean(m.Types)
	}
	s += fmt.Sprintf(", %d layers, on %s", m.Layers, clean(m.Device))
	if m.Threads > 0 {
		s += fmt.Sprintf(" with %d threads", m.Threads)
	}
	return s
}

func pictureLine(p *trace.Picture) string {
	s := fmt.Sprintf("picture  %s, %d × %d pixels, %d × %d visual tokens", clean(p.Name), p.Width, p.Height, p.Rows, p.Cols)
	if p.Reused {
		return s + ", encoded before"
	}
	if p.EncodeMS > 0 {
		s += fmt.Sprintf(", encoded in %s (measured)", trace.Quantity(p.EncodeMS, "ms"))
	}
	return s
}

// count writes 134.5 M.
func count(n int64) string {
	v, unit := float64(n), ""
	for _, u := range []string{" k", " M", " G", " T"} {
		if v < 1000 {
			break
		}
		v, unit = v/1000, u
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + unit
}

// clean takes out what a terminal would obey: answers and traces come from elsewhere.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// line is clean on one line.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }
