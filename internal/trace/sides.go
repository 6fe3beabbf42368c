package trace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxSides is Methods and MaxCompare further stacks.
const maxSides = MaxCompare + 1

// SideIndex is the inverse of SideName: the stack behind a pruned side, -1 for Dense. ok is false
// for what names no side of a run.
func SideIndex(name string) (i int, ok bool) {
	switch name {
	case Dense:
		return -1, true
	case Pruned:
		return 0, true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(name, Pruned))
	if err != nil || n < 2 || n > maxSides || SideName(n-1) != name {
		return 0, false
	}
	return n - 1, true
}

// Side finds a side by name; nil where it has not started.
func (s *State) Side(name string) *Side {
	if name == Dense {
		return s.Dense
	}
	for _, d := range s.Sides {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// side finds or makes a side: a trace that was cut may lack its start.
func (s *State) side(name string) *Side {
	i, ok := SideIndex(name)
	if !ok {
		return nil
	}
	if i < 0 {
		if s.Dense == nil {
			s.Dense = &Side{Name: Dense, Index: -1, Label: Dense, state: s}
		}
		return s.Dense
	}
	if d := s.Side(name); d != nil {
		return d
	}
	d := &Side{Name: name, Index: i, Label: name, state: s}
	if labels := s.Request.Labels(); i < len(labels) {
		d.Label = labels[i]
	}
	at, _ := slices.BinarySearchFunc(s.Sides, i, func(d *Side, i int) int { return d.Index - i })
	s.Sides = slices.Insert(slices.Clone(s.Sides), at, d) // a snapshot may hold the old list
	if i == 0 {
		s.Pruned = d
	}
	return d
}

// all lists the sides that have started, dense first.
func (s *State) all() []*Side {
	if s.Dense == nil {
		return s.Sides
	}
	return append([]*Side{s.Dense}, s.Sides...)
}

// Labels names the stacks of a run for people, in the order of Stacks: by their label, else by
// their methods ("corematching + zipvl"). Stacks that would be called the same are told apart by
// the parameters in which they differ ("fastv keep=0.25"), and by a number where there are none.
// Stacks beyond those that a run can have get no label.
func (r Request) Labels() []string {
	stacks := r.Stacks()
	stacks = stacks[:min(len(stacks), maxSides)]
	plain := make([]string, len(stacks))
	for i, s := range stacks {
		if plain[i] = s.Label; s.Label == "" {
			plain[i] = s.names(nil)
		}
	}
	out := slices.Clone(plain)
	for i, s := range stacks {
		if s.Label != "" {
			continue
		}
		var same []Stack
		for j, o := range stacks {
			if o.Label == "" && plain[j] == plain[i] {
				same = append(same, o)
			}
		}
		if len(same) > 1 {
			out[i] = s.names(func(method int, param string) bool {
				for _, o := range same {
					if method >= len(o.Methods) || o.Methods[method].Params[param] != s.Methods[method].Params[param] {
						return true
					}
				}
				return false
			})
		}
	}
	taken := map[string]bool{}
	for i := range out {
		name := out[i]
		for n := 2; taken[out[i]]; n++ {
			out[i] = fmt.Sprintf("%s (%d)", name, n)
		}
		taken[out[i]] = true
	}
	return out
}

// names joins the methods' names, with the parameters that say allows.
func (s Stack) names(say func(method int, param string) bool) string {
	var parts []string
	for m, spec := range s.Methods {
		text := spec.Name
		var params []string
		for k, v := range spec.Params {
			if say != nil && say(m, k) {
				params = append(params, k+"="+v)
			}
		}
		slices.Sort(params)
		if len(params) > 0 {
			text += " " + strings.Join(params, " ")
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "no method"
	}
	return strings.Join(parts, " + ")
}
