package trace

import (
	"fmt"
	"math"
	"strings"
)

// Table compares the sides of a run, for every view alike: the first column is the dense side.
type Table struct {
	Columns []Column
	Rows    []TableRow
}

// Column is a side.
type Column struct {
	// Side is its name, Label what people call it.
	Side, Label string
}

// TableRow is a metric.
type TableRow struct {
	// Key names it for machines: "ttft_ms".
	Key, Label string
	// Basis is Measured or Counted, empty for the answers.
	Basis string
	// Unit of the values, as Quantity takes it; empty for the answers.
	Unit  string
	Cells []Cell // one a column
}

// Cell is a side's value.
type Cell struct {
	// Value is NaN where it is not known, and for texts.
	Value float64
	// Text is the value with its unit, or the answer; "—" where it is not known.
	Text string
	// Ratio is how many times better than dense, below 1 where worse; NaN where that says nothing.
	Ratio float64
	// RatioText is the comparison in a few words: "1.8× sooner", "38 % of dense".
	RatioText string
	// Best: no other side has a better value, and some have a worse one.
	Best bool
}

const unknownText = "—"

// Compare makes the table of the sides that have started; rows that no side has are left out.
func Compare(s *State) Table {
	if s == nil || s.Dense == nil && len(s.Sides) == 0 {
		return Table{}
	}
	sides := s.Sides
	if s.Dense != nil {
		sides = s.all()
	}
	var t Table
	for _, d := range sides {
		t.Columns = append(t.Columns, Column{d.Name, d.Label})
	}
	text := func(key, label string, of func(d *Side) string) {
		r := TableRow{Key: key, Label: label}
		for _, d := range sides {
			r.Cells = append(r.Cells, Cell{Value: math.NaN(), Ratio: math.NaN(), Text: of(d)})
		}
		t.Rows = append(t.Rows, r)
	}
	text("answer", "Answer", func(d *Side) string {
		if a := strings.TrimSpace(d.Text); a != "" {
			return a
		}
		return unknownText
	})
	if s.Dense != nil && len(s.Sides) > 0 {
		text("same", "Same as dense", func(d *Side) string { return sameAnswer(s.Dense, d) })
	}
	for _, m := range metrics {
		t.add(m, sides, s.Dense)
	}
	return t
}

func sameAnswer(dense, d *Side) string {
	switch {
	case d == dense || !d.Done || !dense.Done:
		return unknownText
	case strings.TrimSpace(dense.Text) == strings.TrimSpace(d.Text):
		return "the same"
	}
	if _, _, first := Diff(dense.Words, d.Words); first >= 0 {
		return fmt.Sprintf("differs from token %d on", first+1)
	}
	return "differs"
}

// metric is a row of numbers.
type metric struct {
	key, label, basis, unit string
	// better is −1 where less is better, +1 where more is, 0 where it is a budget, no merit.
	better int
	value  func(*SideDone) float64
	words  func(dense, v float64) string
}

var metrics = []metric{
	{"ttft_ms", "First token", Measured, "ms", -1, func(s *SideDone) float64 { return s.TTFTMS },
		func(d, v float64) string { return times(d/v, "sooner", "later") }},
	{"decode_tokens_per_s", "Decode", Measured, "tokens/s", 1, func(s *SideDone) float64 { return s.TokensPerSecond },
		func(d, v float64) string { return times(v/d, "faster", "slower") }},
	{"prefill_flops", "Prefill arithmetic", Counted, "FLOPs", -1, func(s *SideDone) float64 { return float64(s.PrefillFLOPs) }, share},
	{"kv_bytes", "KV cache after prefill", Counted, "bytes", -1, func(s *SideDone) float64 { return float64(s.KVBytes) }, share},
	{"decode_weight_bytes", "Weights a decode step", Counted, "bytes", -1, func(s *SideDone) float64 { return float64(s.DecodeWeightBytes) }, share},
	{"kept_mean", "Visual tokens kept, mean", Counted, "tokens", 0, func(s *SideDone) float64 { m, _ := s.kept(); return m }, share},
	{"kept_last", "Visual tokens in the last layer", Counted, "tokens", 0, func(s *SideDone) float64 { _, l := s.kept(); return l }, share},
}

// kept is the mean over layers of the visual tokens kept, and those of the last layer; NaN where
// the trace does not tell.
func (s *SideDone) kept() (mean, last float64) {
	if len(s.KeptByLayer) == 0 || s.Visual <= 0 {
		return math.NaN(), math.NaN()
	}
	for _, k := range s.KeptByLayer {
		mean += float64(min(max(k, 0), s.Visual))
		last = float64(min(max(k, 0), s.Visual))
	}
	return mean / float64(len(s.KeptByLayer)), last
}

func (t *Table) add(m metric, sides []*Side, dense *Side) {
	r := TableRow{Key: m.key, Label: m.label, Basis: m.basis, Unit: m.unit}
	value := func(d *Side) float64 {
		if d == nil || d.Summary == nil {
			return math.NaN()
		}
		v := m.value(d.Summary)
		if !(v > 0 || v == 0 && m.unit == "tokens") || math.IsInf(v, 0) {
			return math.NaN()
		}
		return v
	}
	base, known := value(dense), false
	for _, d := range sides {
		c := Cell{Value: value(d), Text: unknownText, Ratio: math.NaN()}
		if c.Value == c.Value {
			known = true
			c.Text = Quantity(c.Value, m.unit)
			if m.unit == "tokens" {
				c.Text = Number(math.Round(10*c.Value) / 10)
			}
			if d != dense && base > 0 {
				if c.Value > 0 {
					c.Ratio = base / c.Value
					if m.better > 0 {
						c.Ratio = c.Value / base
					}
				}
				c.RatioText = m.words(base, c.Value)
			}
		}
		r.Cells = append(r.Cells, c)
	}
	if !known {
		return
	}
	markBest(r.Cells, m)
	t.Rows = append(t.Rows, r)
}

// markBest marks the best cells. Clocks differ by a few percent from run to run, so measured
// values that close count as equal.
func markBest(cells []Cell, m metric) {
	if m.better == 0 {
		return
	}
	slack := 0.0
	if m.basis == Measured {
		slack = 0.05
	}
	best := math.NaN()
	for _, c := range cells {
		if v := c.Value * float64(m.better); v == v && !(v <= best) {
			best = v
		}
	}
	var good []int
	worse := false
	for i, c := range cells {
		switch v := c.Value * float64(m.better); {
		case v != v:
		case v >= best-slack*math.Abs(best):
			good = append(good, i)
		default:
			worse = true
		}
	}
	if !worse {
		return
	}
	for _, i := range good {
		cells[i].Best = true
	}
}
