package gui

import (
	"encoding/csv"
	"io"
	"strconv"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
	"winnow/internal/trace"
	"winnow/vision/figure"
)

func (c *comparison) openExportMenu() {
	can := c.w.exportable()
	item := func(text string, do func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(text, do)
		i.Disabled = !can
		return i
	}
	c.w.popUp(c.w.ui.exportMenu, []*fyne.MenuItem{
		item("Figure of it all with the run inside, PNG …", c.exportFigure),
		item("Trace, JSON lines …", c.w.exportTrace),
		item("Table of savings, CSV …", c.exportTable),
	})
}

func (c *comparison) exportFigure() {
	layer := c.at
	o := figure.Options{Kind: figure.Comparison, Layer: &layer, Map: c.w.look.colours(), Light: c.w.look.theme() == theme.Light}
	s := c.shown
	c.w.export(".png", func(path string) error { return figure.Write(path, s.state, s.events, o) })
}

func (c *comparison) exportTable() {
	s := c.shown.state
	c.w.export(".csv", func(path string) error {
		return trace.Save(path, func(out io.Writer) error { return writeTable(out, trace.Compare(s)) })
	})
}

// writeTable writes a line a metric and, for each side, a column with its value and one with how
// many times better than dense it is.
func writeTable(out io.Writer, t trace.Table) error {
	w := csv.NewWriter(out)
	head := []string{"metric", "basis", "unit"}
	for _, c := range t.Columns {
		head = append(head, c.Label)
	}
	for _, c := range t.Columns[min(1, len(t.Columns)):] {
		head = append(head, c.Label+", times better than dense")
	}
	if err := w.Write(head); err != nil {
		return err
	}
	number := func(v float64) string {
		if v != v {
			return ""
		}
		return strconv.FormatFloat(v, 'g', 7, 64)
	}
	for _, r := range t.Rows {
		line := []string{r.Label, r.Basis, r.Unit}
		for _, c := range r.Cells {
			if c.Value != c.Value {
				line = append(line, c.Text)
			} else {
				line = append(line, number(c.Value))
			}
		}
		for _, c := range r.Cells[min(1, len(r.Cells)):] {
			line = append(line, number(c.Ratio))
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
