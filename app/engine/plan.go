package engine

import (
	"fmt"
	"strings"

	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm"
)

// plan is what a run computes, checked before the picture is looked at.
type plan struct {
	// sides are the stacks in the order of Request.Stacks; of a sweep there are none.
	sides [][]pruning.Stacked
	// values are a sweep's stacks, one a value.
	values [][]pruning.Stacked
}

// maxValues bounds a sweep.
const maxValues = 1000

func newPlan(r trace.Request, model pruning.Model) (*plan, error) {
	if len(r.Compare) > trace.MaxCompare {
		return nil, fmt.Errorf("the run compares %d stacks, %d is the most; leave some out", len(r.Stacks()), trace.MaxCompare+1)
	}
	p := new(plan)
	if r.Sweep != nil {
		return p, p.sweep(r, model)
	}
	stacks := r.Stacks()
	for i, s := range stacks {
		if len(s.Methods) == 0 && len(r.Compare) > 0 {
			return nil, fmt.Errorf("stack %d of the comparison has no method; give it one, or leave it out", i+1)
		}
		made, err := stack(s.Methods, model)
		if err != nil && len(stacks) > 1 {
			err = fmt.Errorf("stack %d (%s): %w", i+1, stackName(s), err)
		}
		if err != nil {
			return nil, err
		}
		p.sides = append(p.sides, made)
	}
	return p, nil
}

// admit says why the model's pipeline cannot carry the stacks out on its device.
func (p *plan) admit(m *vlm.Model) error {
	for _, list := range [][][]pruning.Stacked{p.sides, p.values} {
		for _, methods := range list {
			if err := m.Admit(methods); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweep makes the stack of each value.
func (p *plan) sweep(r trace.Request, model pruning.Model) error {
	w := r.Sweep
	switch {
	case len(r.Compare) > 0:
		return fmt.Errorf("a sweep moves one stack, the run has %d; leave out the others", len(r.Stacks()))
	case w.Method < 0 || w.Method >= len(r.Methods):
		return fmt.Errorf("the sweep moves method %d of %d; choose one of the run's methods", w.Method+1, len(r.Methods))
	case w.Param == "" || len(w.Values) == 0:
		return fmt.Errorf("the sweep of %s has no parameter or no values; give both", r.Methods[w.Method].Name)
	case len(w.Values) > maxValues:
		return fmt.Errorf("the sweep has %d values, %d is the most; leave some out", len(w.Values), maxValues)
	}
	for _, v := range w.Values {
		made, err := stack(WithParam(r.Methods, w.Method, w.Param, v), model)
		if err != nil {
			return err
		}
		p.values = append(p.values, made)
	}
	return nil
}

// WithParam is a copy of methods in which a parameter of method i has another value.
func WithParam(methods []trace.Spec, i int, name, value string) []trace.Spec {
	out := append([]trace.Spec(nil), methods...)
	params := map[string]string{name: value}
	for k, v := range methods[i].Params {
		if k != name {
			params[k] = v
		}
	}
	out[i].Params = params
	return out
}

// force puts what a person decided on into every stack. It needs the picture's grid.
func (p *plan) force(cells []trace.Forced, pic *vlm.Picture) error {
	if len(cells) == 0 {
		return nil
	}
	if pic == nil {
		return fmt.Errorf("%d visual tokens are forced by hand, and there is no picture; give one", len(cells))
	}
	forced := make([]pruning.Forced, len(cells))
	keep := map[[2]int]bool{}
	for i, c := range cells {
		if c.Row < 0 || c.Row >= pic.Grid.Rows || c.Col < 0 || c.Col >= pic.Grid.Cols {
			return fmt.Errorf("the token at row %d, column %d is forced by hand, but the picture's rows are 0 to %d and its columns 0 to %d",
				c.Row, c.Col, pic.Grid.Rows-1, pic.Grid.Cols-1)
		}
		at := [2]int{c.Row, c.Col}
		if before, twice := keep[at]; twice && before != c.Keep {
			return fmt.Errorf("the token at row %d, column %d is forced in and out; leave one", c.Row, c.Col)
		}
		keep[at] = c.Keep
		forced[i] = pruning.Forced{Row: c.Row, Col: c.Col, Keep: c.Keep}
	}
	for _, list := range [][][]pruning.Stacked{p.sides, p.values} {
		for i := range list {
			list[i] = pruning.ByHand(list[i], forced)
		}
	}
	return nil
}

func stack(specs []trace.Spec, model pruning.Model) ([]pruning.Stacked, error) {
	list := make([]pruning.Spec, len(specs))
	for i, s := range specs {
		list[i] = pruning.Spec{Name: s.Name, Params: s.Params}
	}
	return pruning.Stack(list, model)
}

// stackName is what errors call a stack: its label, or its methods as a command line takes them.
func stackName(s trace.Stack) string {
	if s.Label != "" {
		return s.Label
	}
	var names []string
	for _, m := range s.Methods {
		names = append(names, pruning.Spec(m).String())
	}
	return strings.Join(names, " + ")
}
