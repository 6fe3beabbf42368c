package cli

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"winnow/internal/trace"
)

// printTable writes the numbers of all sides, each with how it compares with dense below it. The
// answers stand elsewhere.
func printTable(w io.Writer, table trace.Table) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\n\t")
	for _, c := range table.Columns {
		fmt.Fprintf(t, "\t%s", line(c.Label))
	}
	fmt.Fprintln(t)
	best := false
	for _, row := range table.Rows {
		if row.Key == "answer" {
			continue
		}
		values, words := row.Label+"\t"+row.Basis, "\t"
		for _, c := range row.Cells {
			mark := ""
			if c.Best {
				mark, best = " *", true
			}
			values += "\t" + line(c.Text) + mark
			words += "\t" + c.RatioText
		}
		fmt.Fprintln(t, values)
		if strings.Trim(words, "\t") != "" {
			fmt.Fprintln(t, words)
		}
	}
	t.Flush()
	if best {
		fmt.Fprintln(w, "* the best of the row; measured values within 5 % of each other are equal")
	}
}

// printJaccard writes how far each two sides agree on the visual tokens to keep.
func printJaccard(w io.Writer, s *trace.State, layer *int) {
	if s.VisualCount() == 0 || len(s.Sides) < 2 {
		return
	}
	of := "mean over the layers"
	if layer != nil {
		of = fmt.Sprintf("layer %d", *layer)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nVisual tokens kept by both, over those kept by either (Jaccard, counted), %s\n", of)
	for i, a := range s.Sides {
		for _, b := range s.Sides[i+1:] {
			v, ok := meanJaccard(s, a, b)
			if layer != nil {
				v = trace.Jaccard(a, b, *layer)
			}
			if ok && v == v {
				fmt.Fprintf(t, "  %s and %s\t%.2f\n", line(a.Label), line(b.Label), v)
			}
		}
	}
	t.Flush()
}

// meanJaccard is the overlap of two sides, the mean over the layers; ok is false where there is no
// picture.
func meanJaccard(s *trace.State, a, b *trace.Side) (v float64, ok bool) {
	if s.VisualCount() == 0 {
		return 0, false
	}
	list := trace.Jaccards(a, b)
	for _, x := range list {
		v += x / float64(len(list))
	}
	return v, len(list) > 0 && !math.IsNaN(v)
}
