package cli

import (
	"fmt"
	"io"
	"strings"

	"winnow/internal/trace"
	"winnow/pruning"
)

// printLayers draws a layer of every pruned side, or of the dense one in a run that has no other.
func printLayers(w io.Writer, s *trace.State, layer int, scores bool) {
	if len(s.Sides) == 0 {
		printLayer(w, s, s.Dense, layer, scores)
	}
	for _, d := range s.Sides {
		printLayer(w, s, d, layer, scores)
	}
}

// printLayer draws the patch grid of a layer, ■ for a kept token and · for one that is gone, and
// the scores behind it; scores adds them number by number.
func printLayer(w io.Writer, s *trace.State, d *trace.Side, layer int, scores bool) {
	rows, cols := s.Grid()
	mask := d.KeptMask(layer)
	if len(mask) == 0 || len(mask) != rows*cols {
		return
	}
	kept := 0
	for _, k := range mask {
		if k {
			kept++
		}
	}
	name := d.Name
	if len(s.Sides) > 1 {
		name = line(d.Label)
	}
	fmt.Fprintf(w, "\nVisual tokens in layer %d, %s: ■ kept (%d), · gone (%d)\n", layer, name, kept, s.VisualCount()-kept)
	for r := range rows {
		var b strings.Builder
		for c := range cols {
			mark := " ·"
			switch i := r*cols + c; {
			case mask[i]:
				mark = " ■"
			case s.Visual(i) < 0:
				mark = "  "
			}
			b.WriteString(mark)
		}
		fmt.Fprintln(w, b.String())
	}
	printCurve(w, d, layer)
	if scores {
		printScores(w, d, layer, rows, cols, mask)
	}
	printNeurons(w, d, layer)
}

// printCurve draws the sorted scores, the highest first, and where they were cut.
func printCurve(w io.Writer, d *trace.Side, layer int) {
	sorted, cut, e := d.Curve(layer)
	if e == nil || len(sorted) == 0 {
		return
	}
	n := len(sorted)
	fmt.Fprintf(w, "\nScores by %s", line(e.Method))
	if e.Unit != "" {
		fmt.Fprintf(w, " (%s)", line(e.Unit))
	}
	fmt.Fprintf(w, ": %s highest, %s median, %s lowest; %d of %d kept", number(sorted[0]), number(sorted[n/2]), number(sorted[n-1]), cut, n)
	if e.Rule != "" {
		fmt.Fprintf(w, ", %s", line(e.Rule))
	}
	fmt.Fprintln(w)
	const width = 64
	bars := []rune("▁▂▃▄▅▆▇█")
	low, high := sorted[n-1], sorted[0]
	var b strings.Builder
	for x := range min(width, n) {
		height := 0
		if high > low {
			height = int(float64(sorted[x*n/min(width, n)]-low) / float64(high-low) * float64(len(bars)-1))
		}
		b.WriteRune(bars[min(max(height, 0), len(bars)-1)])
	}
	fmt.Fprintln(w, " "+b.String())
	fmt.Fprintf(w, " %s│ cut\n", strings.Repeat(" ", cut*min(width, n)/n))
}

func number(v float32) string { return trace.Number(float64(v)) }

// printScores writes each cell's score, in brackets where the token is gone.
func printScores(w io.Writer, d *trace.Side, layer, rows, cols int, mask []bool) {
	scores, e := d.ScoresAt(layer)
	if e == nil {
		fmt.Fprintf(w, "\nNothing was scored up to layer %d.\n", layer)
		return
	}
	text, width := make([]string, len(scores)), 0
	for i, v := range scores {
		switch {
		case v != v:
		case mask[i]:
			text[i] = number(v) + " "
		default:
			text[i] = "(" + number(v) + ")"
		}
		width = max(width, len(text[i]))
	}
	fmt.Fprintf(w, "\nScores decided after layer %d; (in brackets): gone in layer %d\n", e.Layer, layer)
	for r := range rows {
		var b strings.Builder
		for c := range cols {
			fmt.Fprintf(&b, " %*s", width, text[r*cols+c])
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

func printNeurons(w io.Writer, d *trace.Side, layer int) {
	for _, n := range d.Neurons() {
		if n.Layer == layer && n.Of > 0 {
			fmt.Fprintf(w, "\nFFN neurons that decoding uses in layer %d: %d of %d, chosen by %s\n", layer, len(n.Index), n.Of, line(n.Decision.Method))
		}
	}
}

// answerText is a side's answer, indented under its name.
func answerText(d *trace.Side) string {
	text := strings.TrimSpace(clean(d.Text))
	if text == "" {
		text = "(no answer)"
	}
	return strings.ReplaceAll(text, "\n", "\n"+indent)
}

// specText writes a method as the command line takes it.
func specText(s trace.Spec) string { return pruning.Spec(s).String() }
