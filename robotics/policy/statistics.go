package policy

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Range is the statistics of one kind of numbers, an entry each. Mask says which are normalised;
// empty: all.
type Range struct {
	Q01  []float64 `json:"q01"`
	Q99  []float64 `json:"q99"`
	Min  []float64 `json:"min"`
	Max  []float64 `json:"max"`
	Mask []bool    `json:"mask"`
}

// Statistics are those of one data set.
type Statistics struct {
	Action  Range `json:"action"`
	Proprio Range `json:"proprio"`
}

// bounds are low and high of a range.
func (r Range) bounds(minMax bool) (lo, hi []float64) {
	if minMax {
		return r.Min, r.Max
	}
	return r.Q01, r.Q99
}

// eps keeps a range of no width from dividing by zero, as in training.
const eps = 1e-8

// Unnormalise turns u from −1 … 1 into the robot's units: ½(u+1)(hi−lo+1e-8)+lo where the mask
// says so, else u.
func (r Range) Unnormalise(u []float64, minMax bool) []float64 {
	lo, hi := r.bounds(minMax)
	out := slices.Clone(u)
	for i := range out {
		if len(r.Mask) == 0 || r.Mask[i] {
			out[i] = 0.5*(u[i]+1)*(hi[i]-lo[i]+eps) + lo[i]
		}
	}
	return out
}

// Normalise is the way in: 2(x−lo)/(hi−lo+1e-8)−1 where the mask says so, all cut to −1 … 1.
func (r Range) Normalise(x []float64, minMax bool) []float64 {
	lo, hi := r.bounds(minMax)
	out := slices.Clone(x)
	for i := range out {
		if len(r.Mask) == 0 || r.Mask[i] {
			out[i] = 2*(x[i]-lo[i])/(hi[i]-lo[i]+eps) - 1
		}
		out[i] = min(max(out[i], -1), 1)
	}
	return out
}

// Gripper is LIBERO's last step: the last number of an action, 0 closed … 1 open, becomes the
// simulator's −1 open, +1 closed.
func Gripper(action []float64) []float64 {
	out := slices.Clone(action)
	last := len(out) - 1
	switch g := 2*out[last] - 1; {
	case g > 0:
		out[last] = -1
	case g < 0:
		out[last] = 1
	default:
		out[last] = 0
	}
	return out
}

// ReadStatistics reads dataset_statistics.json: data sets by name. name is for messages.
func ReadStatistics(name string, data []byte) (map[string]Statistics, error) {
	var out map[string]Statistics
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("%s has no readable statistics (%w): copy it again from the training run", name, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has statistics of no data set: copy it again from the training run", name)
	}
	return out, nil
}

// choose finds a data set's statistics and checks them against the policy; "" takes the only one.
func choose(all map[string]Statistics, name string, c Config) (Statistics, error) {
	var names []string
	for n := range all {
		names = append(names, n)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return Statistics{}, fmt.Errorf("the checkpoint has no statistics, without which actions mean nothing to a robot: put dataset_statistics.json of the training run beside config.json")
	}
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	s, ok := all[name]
	if !ok {
		return s, fmt.Errorf("there are no statistics of data set %q; choose from %s", name, strings.Join(names, ", "))
	}
	if err := s.Action.check("action", c.Action, c.MinMax); err != nil {
		return s, fmt.Errorf("the statistics of %s: %w", name, err)
	}
	if c.Proprio == 0 {
		return s, nil
	}
	if err := s.Proprio.check("proprio", c.Proprio, c.MinMax); err != nil {
		return s, fmt.Errorf("the statistics of %s: %w", name, err)
	}
	return s, nil
}

// check finds what a wrong file shows.
func (r Range) check(what string, n int, minMax bool) error {
	lo, hi := r.bounds(minMax)
	names := [2]string{"q01", "q99"}
	if minMax {
		names = [2]string{"min", "max"}
	}
	for i, v := range [][]float64{lo, hi} {
		if len(v) != n {
			return fmt.Errorf("%s.%s has %d numbers, the policy takes %d: this file belongs to another robot or training run", what, names[i], len(v), n)
		}
	}
	if len(r.Mask) != 0 && len(r.Mask) != n {
		return fmt.Errorf("%s.mask has %d entries, the policy takes %d: this file belongs to another robot or training run", what, len(r.Mask), n)
	}
	for i := range lo {
		if width := hi[i] - lo[i]; !(width >= 0) || math.IsInf(width, 0) {
			return fmt.Errorf("%s.%s[%d] is %v and %s %v, which is no range: the file is damaged", what, names[0], i, lo[i], names[1], hi[i])
		}
	}
	return nil
}
