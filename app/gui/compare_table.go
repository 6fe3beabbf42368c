package gui

import (
	"fmt"
	"math"
	"strings"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// showTable writes the comparison's table in the few characters that a column has room for: the
// unit stands beside the metric, and what it means against dense is a share or a factor.
func (c *comparison) showTable() {
	s := c.state()
	done := 0
	for _, d := range append([]*trace.Side{s.Dense}, s.Sides...) {
		if d != nil && d.Done {
			done++
		}
	}
	key := fmt.Sprint(done, len(c.contenders()), s.Time, s.Ended, c.shown.state == nil)
	if key == c.drawn.table {
		return
	}
	c.drawn.table = key
	u := c.ui.table
	if done == 0 {
		u.SetHint("Time to first token, arithmetic, KV cache, weights and tokens of each side appear here, measured and counted.")
		u.SetRows(nil)
		u.SetColumns(nil)
		return
	}
	t := trace.Compare(s)
	var columns []widgets.CompareColumn
	for _, col := range t.Columns {
		i, ok := trace.SideIndex(col.Side)
		switch {
		case !ok:
			return // no side of a run
		case i < 0:
			columns = append(columns, widgets.CompareColumn{Label: "Dense", Side: -1})
		default:
			columns = append(columns, widgets.CompareColumn{Label: letter(i), Side: i})
		}
	}
	var rows []widgets.CompareRow
	for _, r := range t.Rows {
		if row, ok := compactRow(r); ok {
			rows = append(rows, row)
		}
	}
	u.SetColumns(columns)
	u.SetRows(rows)
}

// compactLabels name the metrics for a narrow column; what is missing is left out of the window
// and stands in the exported table.
var compactLabels = map[string]string{
	"ttft_ms": "First token", "decode_tokens_per_s": "Decode", "prefill_flops": "Prefill", "kv_bytes": "KV cache",
	"decode_weight_bytes": "Weights", "kept_mean": "Tokens, mean", "kept_last": "Tokens, last",
}

func compactRow(r trace.TableRow) (widgets.CompareRow, bool) {
	label, ok := compactLabels[r.Key]
	if !ok {
		return widgets.CompareRow{}, false
	}
	most := 0.0
	for _, c := range r.Cells {
		if c.Value == c.Value {
			most = max(most, c.Value)
		}
	}
	scale, unit := scaled(most, r.Unit)
	if unit != "" {
		label += ", " + unit
	}
	row := widgets.CompareRow{Label: label, Basis: widgets.Basis(r.Basis)}
	for i, c := range r.Cells {
		cell := widgets.CompareCell{Best: c.Best}
		if c.Value == c.Value {
			cell.Text = compactNumber(c.Value/scale, r.Unit == "tokens")
		}
		if i > 0 && c.Ratio == c.Ratio {
			if r.Basis == string(widgets.Measured) {
				cell.Ratio = factor(c.Ratio)
			} else if c.Ratio > 0 {
				cell.Ratio = fmt.Sprintf("%.0f %%", 100/c.Ratio)
			}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row, true
}

// scaled chooses the unit that a row's largest value reads best in.
func scaled(most float64, unit string) (scale float64, text string) {
	switch unit {
	case "bytes", "FLOPs":
		names := map[string][]string{"bytes": {"B", "kB", "MB", "GB", "TB"}, "FLOPs": {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"}}[unit]
		scale = 1
		for most/scale >= 1000 && len(names) > 1 {
			scale *= 1000
			names = names[1:]
		}
		return scale, names[0]
	case "tokens":
		return 1, ""
	}
	return 1, strings.Replace(unit, "tokens/s", "tok/s", 1)
}

// compactNumber has three digits, at most.
func compactNumber(v float64, whole bool) string {
	switch {
	case whole || math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// factor is how many times better than dense, in two digits.
func factor(v float64) string {
	switch {
	case v >= 9.95:
		return fmt.Sprintf("%.0f×", v)
	case v < 0.095:
		return fmt.Sprintf("%.2f×", v)
	}
	return fmt.Sprintf("%.1f×", v)
}
