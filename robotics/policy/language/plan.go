package language

import (
	"fmt"
	"math"
	"slices"
)

// Frame is how a sequence is laid out; see the package's picture.
type Frame struct {
	Rows int
	// Visual rows follow row 0.
	Visual int
	// Actions counts the action rows and the stop token at the end, before Pad rows of padding.
	Actions, Pad int
	// Bidirectional: all rows see each other, as in OpenVLA-OFT.
	Bidirectional bool
	// First of the States rows that are read after the final norm: the last one of the prompt, since a
	// row predicts what follows it.
	First, States int
}

func (f Frame) check() error {
	text := f.Rows - f.Pad - f.Actions - 1 - f.Visual
	if f.Visual < 1 || f.Actions < 1 || f.Pad < 0 || text < 1 {
		return fmt.Errorf("a sequence of %d rows cannot hold a first row, %d visual ones, a prompt, %d of actions and %d of padding", f.Rows, f.Visual, f.Actions, f.Pad)
	}
	if f.First < 0 || f.States < 0 || f.First+f.States > f.Rows {
		return fmt.Errorf("rows %d to %d lie outside the sequence of %d", f.First, f.First+f.States-1, f.Rows)
	}
	return nil
}

// Sees lists, row-major, whether kept row i may attend to kept row j. kept is ascending; nil: all.
func (f Frame) Sees(kept []int) []bool {
	if kept == nil {
		kept = f.all()
	}
	n, end := len(kept), f.Rows-f.Pad
	out := make([]bool, n*n)
	action := func(row int) bool { return row >= end-f.Actions && row < end }
	for i, from := range kept {
		for j, to := range kept {
			out[i*n+j] = to < end && (to <= from || f.Bidirectional || action(from) && action(to))
		}
	}
	return out
}

// mask is Sees for a softmax, its lines filled up: −inf closes.
func (f Frame) mask(kept []int) []float32 {
	n := f.Rows
	if kept != nil {
		n = len(kept)
	}
	sees, m := f.Sees(kept), filled(n)
	out := make([]float32, m*n)
	for i := range out {
		if key := i % m; key >= n || !sees[i/m*n+key] {
			out[i] = float32(math.Inf(-1))
		}
	}
	return out
}

func (f Frame) all() []int {
	out := make([]int, f.Rows)
	for i := range out {
		out[i] = i
	}
	return out
}

// Plan is a run of layers between two decisions.
type Plan struct {
	// From is the first layer, To the one after the last.
	From, To int
	// Skipped lists the rows that skip each layer, ascending, From first; nil: none do anywhere.
	Skipped [][]int
	// Router is the layer whose router looks at the rows at the end; -1: none.
	Router int
	// Known has what layer From's router said of every row; nil: it is computed again where needed.
	Known []float32
	// Plain leaves the routers out: no feed-forward is scaled.
	Plain bool
	// Final: the frame's states are read after the final norm.
	Final bool
}

// kept of the i-th layer of the plan; nil means all rows.
func (p Plan) kept(f Frame, i int) []int {
	if i >= len(p.Skipped) || len(p.Skipped[i]) == 0 {
		return nil
	}
	return slices.DeleteFunc(f.all(), func(row int) bool { _, out := slices.BinarySearch(p.Skipped[i], row); return out })
}

func (p Plan) check(c Config, f Frame) error {
	if p.From < 0 || p.To > c.Layers || p.From > p.To || len(p.Skipped) > p.To-p.From {
		return fmt.Errorf("layers %d to %d, with %d lists of rows that skip, are no part of the model's %d", p.From, p.To-1, len(p.Skipped), c.Layers)
	}
	if p.Router >= 0 && !c.Routed(p.Router) {
		return fmt.Errorf("layer %d has no router; the policy has them in %v: choose the schedule that it was trained with", p.Router, c.Routers)
	}
	if p.Known != nil && len(p.Known) != f.Rows {
		return fmt.Errorf("there are %d probabilities for %d rows", len(p.Known), f.Rows)
	}
	for i, rows := range p.Skipped {
		for j, row := range rows {
			if row < 1 || row > f.Visual || j > 0 && row <= rows[j-1] {
				return fmt.Errorf("row %d would skip layer %d: only the %d visual rows can, named in ascending order", row, p.From+i, f.Visual)
			}
		}
	}
	return nil
}

// key is what makes two plans the same graph.
func (p Plan) key() string {
	counts := make([]int, len(p.Skipped))
	for i, rows := range p.Skipped {
		counts[i] = len(rows)
	}
	return fmt.Sprint(p.From, p.To, counts, p.Router, p.Known != nil, p.Plain, p.Final)
}
