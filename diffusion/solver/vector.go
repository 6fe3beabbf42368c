package solver

import (
	"math"
	"slices"
)

// term is one summand w·v of a state.
type term struct {
	w float64
	v []float64
}

// sum adds terms.
func sum(terms ...term) []float64 {
	out := make([]float64, len(terms[0].v))
	for _, t := range terms {
		for k, v := range t.v {
			out[k] += t.w * v
		}
	}
	return out
}

// toClean is the clean estimate of what a network predicts at level l; x is in l's scale.
func (c Config) toClean(l level, x, output []float64) []float64 {
	switch c.Prediction {
	case Sample:
		return slices.Clone(output)
	case VPredict: // defined in variance preserving scale
		q := l.a*l.a + l.s*l.s
		return sum(term{l.a / q, x}, term{-l.s / math.Sqrt(q), output})
	case Velocity:
		return sum(term{1, x}, term{-l.s, output})
	default:
		out := sum(term{1, x}, term{-l.s, output})
		for k := range out {
			out[k] /= l.a
		}
		return out
	}
}

// toNoise is the noise in x at level l if clean is the clean latent.
func toNoise(l level, x, clean []float64) []float64 {
	out := sum(term{1, x}, term{-l.a, clean})
	for k := range out {
		out[k] /= l.s
	}
	return out
}

// threshold is dynamic thresholding (Saharia et al. 2022): a quantile of |x|, between 1 and
// MaxValue, becomes 1, and what lies beyond is cut.
func (c Config) threshold(x []float64) {
	size := make([]float64, len(x))
	for k, v := range x {
		size[k] = math.Abs(v)
	}
	slices.Sort(size)
	at := at(size, c.Ratio*float64(len(size)-1))
	limit := min(max(at, 1), c.MaxValue)
	for k, v := range x {
		x[k] = min(max(v, -limit), limit) / limit
	}
}

// estimate is toClean with the config's thresholding, or the clean estimate given in its place.
func (c Config) estimate(l level, x, output, clean []float64) []float64 {
	if clean != nil {
		return slices.Clone(clean)
	}
	out := c.toClean(l, x, output)
	if c.Threshold {
		c.threshold(out)
	}
	return out
}

func wide(v []float32) []float64 {
	if v == nil {
		return nil
	}
	out := make([]float64, len(v))
	for k := range v {
		out[k] = float64(v[k])
	}
	return out
}

func narrow(v []float64) []float32 {
	if v == nil {
		return nil
	}
	out := make([]float32, len(v))
	for k := range v {
		out[k] = float32(v[k])
	}
	return out
}
