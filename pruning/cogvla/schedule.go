package cogvla

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Schedule says which layers are routed and what share of the visual tokens each keeps.
type Schedule struct {
	// Type is shiftedcos, shiftedlinear, deep_all, deep_all_wo_last or interleave.
	Type string
	// Max and Min bound the share: layers above Max are not routed. The last three types ignore them.
	Max, Min float64
	// Average shifts the curves; it is the share itself for the last three types.
	Average float64
	// Span is the number of layers that a curve falls over: 32 in the released code.
	Span int
}

// Types lists the schedules of the released code.
var Types = []string{"shiftedcos", "shiftedlinear", "deep_all", "deep_all_wo_last", "interleave"}

// decay is the form of lfp_type with bounds: name, max, min.
var decay = regexp.MustCompile(`^(\w+)_decay_(\d+\.\d+)_(\d+\.\d+)`)

// ParseType reads a checkpoint's text_config.lfp_type, such as shiftedcos_decay_0.85_0.15, with its
// lfp_average_factor.
func ParseType(lfpType string, average float64) (Schedule, error) {
	s := Schedule{Type: lfpType, Max: 1, Average: average, Span: 32}
	if m := decay.FindStringSubmatch(lfpType); m != nil {
		s.Type = m[1]
		s.Max, _ = strconv.ParseFloat(m[2], 64) // digits, a point and digits
		s.Min, _ = strconv.ParseFloat(m[3], 64)
	}
	curve := s.Type == "shiftedcos" || s.Type == "shiftedlinear"
	if known := curve || s.Type == "deep_all" || s.Type == "deep_all_wo_last" || s.Type == "interleave"; !known || curve != (s.Type != lfpType) {
		return Schedule{}, fmt.Errorf("lfp_type %q is no schedule: it is shiftedcos_decay_MAX_MIN, shiftedlinear_decay_MAX_MIN, deep_all, deep_all_wo_last or interleave", lfpType)
	}
	if !(average >= 0 && average <= 1) {
		return Schedule{}, fmt.Errorf("lfp_average_factor is %v; it takes a number from 0 to 1", average)
	}
	return s, nil
}

// Params are the method's parameters for the schedule, as pruning.Spec takes them.
func (s Schedule) Params() map[string]string {
	f := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	return map[string]string{"schedule": s.Type, "max": f(s.Max), "min": f(s.Min), "average": f(s.Average), "span": strconv.Itoa(s.Span)}
}

// Ratio is the share of the visual tokens that layer l would keep.
func (s Schedule) Ratio(l int) float64 {
	switch s.Type {
	case "shiftedcos":
		return max(math.Cos(float64(l)*math.Pi/float64(s.Span-1))/2+s.Average, s.Min)
	case "shiftedlinear":
		return max(-float64(l)/float64(s.Span-1)+0.5+s.Average, s.Min)
	}
	return s.Average
}

// Routed reports whether layer l of layers has a router.
func (s Schedule) Routed(l, layers int) bool {
	switch s.Type {
	case "deep_all":
		return l >= 2
	case "deep_all_wo_last":
		return l >= 2 && l < layers-1
	case "interleave":
		return l%2 == 1
	}
	return s.Ratio(l) <= s.Max
}

// Kept is the number of visual tokens of which layer l computes: ⌊visual·ratio⌋ where it is
// routed, else all.
func (s Schedule) Kept(l, layers, visual int) int {
	if !s.Routed(l, layers) {
		return visual
	}
	return min(int(float64(visual)*s.Ratio(l)), visual)
}
