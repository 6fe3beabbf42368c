package solver

import (
	"fmt"
	"math"
)

// points are the n training steps to visit, from noise to clean, when the last one is visited
// too: DDIM (round) and Euler, which takes fractions.
func (c Config) points(n int, round bool) ([]float64, error) {
	var out []float64
	switch c.Spacing {
	case "linspace":
		out = reversed(linspace(0, float64(c.TrainSteps-1), n))
		if round {
			rounded(out)
		}
	case "leading":
		ratio := c.TrainSteps / n
		if ratio == 0 {
			return nil, c.tooMany(n)
		}
		out = multiples(n, ratio, c.Offset)
	case "trailing":
		out = trailing(c.TrainSteps, c.TrainSteps, n)
	default:
		return nil, c.noSpacing()
	}
	return out, nil
}

// intervals are the starts of n equal intervals that end at step 0, which is not visited:
// DPM-Solver and UniPC. Steps from last on are clipped off.
func (c Config) intervals(n, last int) ([]float64, error) {
	switch c.Spacing {
	case "linspace":
		out := linspace(0, float64(last-1), n+1)
		rounded(out)
		return reversed(out)[:n], nil
	case "leading":
		ratio := last / (n + 1)
		if ratio == 0 {
			return nil, c.tooMany(n)
		}
		return multiples(n+1, ratio, c.Offset)[:n], nil
	case "trailing":
		return trailing(last, c.TrainSteps, n), nil
	}
	return nil, c.noSpacing()
}

func (c Config) noSpacing() error {
	return fmt.Errorf("timestep_spacing %q is not supported: choose linspace, leading or trailing", c.Spacing)
}

func (c Config) tooMany(n int) error {
	return fmt.Errorf("%d steps are too many for %s over %d training steps: take fewer", n, c.Class, c.TrainSteps)
}

// multiples are (n-1)·ratio … 0, each plus offset.
func multiples(n, ratio, offset int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64((n-1-i)*ratio + offset)
	}
	return out
}

// trailing counts down from last in steps of T/n and takes 1 off. Numbers are numpy.arange's,
// but for the surplus one, -1, that it has for some n (61 of 1000 is the first).
func trailing(last, T, n int) []float64 {
	start, step := float64(last), float64(T)/float64(n)
	out := make([]float64, min(n, int(math.Ceil(start/step))))
	delta := (start - step) - start
	for i := range out {
		v := start + float64(float64(i)*delta)
		if i == 1 {
			v = start - step
		}
		out[i] = math.RoundToEven(v) - 1
	}
	return out
}

func rounded(v []float64) {
	for i := range v {
		v[i] = math.RoundToEven(v[i])
	}
}

// truncated cuts to whole training steps. snap takes a number within rounding error of a whole
// one for that: pow, exp and log differ in the last bit between machines.
func truncated(v []float64, snap float64) {
	for i := range v {
		v[i] = math.Trunc(v[i] + snap)
	}
}

func reversed(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[len(v)-1-i] = v[i]
	}
	return out
}
