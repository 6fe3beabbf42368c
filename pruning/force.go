package pruning

import (
	"fmt"
	"math"
	"slices"
)

// Forced is a visual token, named by its picture's cell, that a person has decided on.
type Forced struct {
	Picture, Row, Col int
	// Keep: no method may take it; otherwise it does not enter the first layer.
	Keep bool
}

type cell struct{ picture, row, col int }

// ByHand puts a person above the methods of a stack. A token forced in is taken out of every
// Drop, Skip, Exclude, Mask, Zero, Evict, Merge and Store that names it: it stays as the dense
// model has it, in full precision too. Tokens forced out are dropped before the first layer by a
// method in front, named "hand". Of two entries for one cell the later counts; cells that no
// token stands for change nothing. The methods of stack, and what they return, are not changed.
func ByHand(stack []Stacked, forced []Forced) []Stacked {
	last := map[cell]bool{}
	for _, f := range forced {
		last[cell{f.Picture, f.Row, f.Col}] = f.Keep
	}
	in, out := cells{}, cells{}
	for c, keep := range last {
		if keep {
			in[c] = true
		} else {
			out[c] = true
		}
	}
	var made []Stacked
	if len(out) > 0 {
		made = append(made, Stacked{
			Spec: Spec{Name: "hand"},
			Info: Info{Name: "hand", Title: "By hand", Removes: "the visual tokens that a person chose, before the first layer",
				Stages: []Phase{Prefill}},
			Method: hand{out},
		})
	}
	for _, s := range stack {
		if len(in) > 0 {
			s.Method = guarded{s.Method, in}
		}
		made = append(made, s)
	}
	return made
}

type cells map[cell]bool

// rows lists the visual tokens that stand for one of the cells, ascending.
func (c cells) rows(tokens []Token) []int {
	var out []int
	for i, t := range tokens {
		if t.Kind == Visual && c[cell{t.Picture, t.Row, t.Col}] {
			out = append(out, i)
		}
	}
	return out
}

// hand drops what a person took out.
type hand struct{ out cells }

func (hand) Requests(Model) ([]Request, error) {
	return []Request{{Site: Site{Phase: Prefill, Layer: -1}}}, nil
}

func (h hand) Decide(s Seen) (Outcome, error) {
	rows := h.out.rows(s.Tokens)
	if len(rows) == 0 {
		return Outcome{}, nil
	}
	return Outcome{Decisions: []Decision{&Drop{
		Basis: Basis{Scores: NoScores(len(s.Tokens)), Threshold: float32(math.NaN()), Rule: "taken out by hand"},
		Rows:  rows,
	}}}, nil
}

func (hand) Claims(Model) []Claim {
	return []Claim{{Kind: "drop", Phase: Prefill, Layer: -1}}
}

// guarded is a method whose decisions leave some tokens alone.
type guarded struct {
	Method
	in cells
}

func (g guarded) Decide(s Seen) (Outcome, error) {
	out, err := g.Method.Decide(s)
	keep := g.in.rows(s.Tokens)
	if err != nil || len(keep) == 0 {
		return out, err
	}
	var left []Decision
	for _, d := range out.Decisions {
		if d = spare(d, keep); d != nil {
			left = append(left, d)
		}
	}
	out.Decisions = left
	return out, nil
}

// spare returns the decision without the rows of keep: itself where it names none, a copy where
// it names some, nil where it names no other.
func spare(d Decision, keep []int) Decision {
	s := sparing{keep: keep, spared: map[int]bool{}}
	var changed Decision
	switch d := d.(type) {
	case *Drop:
		c := *d
		c.Rows, changed = s.list(d.Rows), &c
	case *Skip:
		c := *d
		c.Rows, changed = s.list(d.Rows), &c
	case *Exclude:
		c := *d
		c.Rows, changed = s.list(d.Rows), &c
	case *Mask:
		c := *d
		c.Rows, changed = s.set(d.Rows), &c
	case *Zero:
		c := *d
		c.Rows, changed = s.set(d.Rows), &c
	case *Evict:
		c := *d
		c.Rows, changed = s.set(d.Rows), &c
	case *Store:
		c := *d
		c.Rows, changed = s.set(d.Rows), &c
	case *Merge:
		c := *d
		c.Groups, changed = s.groups(d.Groups, d.Once), &c
	}
	switch {
	case len(s.spared) == 0:
		return d
	case s.left == 0:
		return nil
	}
	b := changed.Because()
	if b.Rule != "" {
		b.Rule += "; "
	}
	b.Rule += fmt.Sprintf("%d kept by hand", len(s.spared))
	return changed
}

// sparing takes rows out of a decision's lists and counts.
type sparing struct {
	keep   []int
	spared map[int]bool
	// left counts the entries that remain in all lists.
	left int
}

func (s *sparing) list(rows []int) []int {
	out := make([]int, 0, len(rows))
	for _, r := range rows {
		if _, in := slices.BinarySearch(s.keep, r); in {
			s.spared[r] = true
		} else {
			out = append(out, r)
		}
	}
	s.left += len(out)
	return out
}

func (s *sparing) set(set Set) Set {
	out := Set{Granularity: set.Granularity, Lists: make([][]int, len(set.Lists))}
	for i, rows := range set.Lists {
		out.Lists[i] = s.list(rows)
	}
	return out
}

// groups leaves out a group of which nothing remains; one remaining row is a group only where it
// stands in for what a mask hides (Merge.Once).
func (s *sparing) groups(groups [][]int, once bool) [][]int {
	var out [][]int
	for _, g := range groups {
		before := s.left
		rest := s.list(g)
		if len(rest) < len(g) && (len(rest) == 0 || len(rest) == 1 && !once) {
			s.left = before
			continue
		}
		out = append(out, rest)
	}
	return out
}
