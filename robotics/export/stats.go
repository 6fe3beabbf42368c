package export

import (
	"bytes"
	"math"
	"slices"
	"strconv"
)

// summary is what LeRobot's stats hold of one feature: one number a dimension, or a channel.
type summary struct {
	min, max, mean, std []float64
	q                   [5][]float64 // quantiles, of the order of quantiles
	count               int          // frames used
	picture             bool         // three channels in 0..1, told in the shape (3,1,1)
}

var quantiles = [5]float64{0.01, 0.10, 0.50, 0.90, 0.99}
var quantileNames = [5]string{"q01", "q10", "q50", "q90", "q99"}

// summarize computes a feature's summary from its columns, one a dimension. std is that of the
// population; a quantile between two values is interpolated.
func summarize(columns [][]float64) summary {
	var s summary
	for _, v := range columns {
		s.count = len(v)
		v = slices.Sorted(slices.Values(v))
		mean := 0.0
		for _, x := range v {
			mean += x
		}
		mean /= float64(len(v))
		square := 0.0
		for _, x := range v {
			square += (x - mean) * (x - mean)
		}
		s.min, s.max = append(s.min, v[0]), append(s.max, v[len(v)-1])
		s.mean, s.std = append(s.mean, mean), append(s.std, math.Sqrt(square/float64(len(v))))
		for i, q := range quantiles {
			s.q[i] = append(s.q[i], between(q, len(v), func(k int) float64 { return v[k] }))
		}
	}
	return s
}

// between is the q-quantile of n sorted values.
func between(q float64, n int, at func(int) float64) float64 {
	place := q * float64(n-1)
	low := int(place)
	high := min(low+1, n-1)
	return at(low) + (place-float64(low))*(at(high)-at(low))
}

// merged is the summary of several episodes together: means weighted by count, the variance by the
// parallel formula (Chan et al., 1979). Quantiles cannot be merged; those up to the median take the
// episodes' minimum and the others their maximum, as LeRobot's own datasets have it.
func merged(parts []summary) summary {
	out := summary{picture: parts[0].picture}
	for _, p := range parts {
		out.count += p.count
	}
	total := float64(out.count)
	for d := range parts[0].mean {
		mean, variance := 0.0, 0.0
		for _, p := range parts {
			mean += p.mean[d] * float64(p.count) / total
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range parts {
			delta := p.mean[d] - mean
			variance += (p.std[d]*p.std[d] + delta*delta) * float64(p.count) / total
			low, high = min(low, p.min[d]), max(high, p.max[d])
		}
		out.min, out.max = append(out.min, low), append(out.max, high)
		out.mean, out.std = append(out.mean, mean), append(out.std, math.Sqrt(variance))
		for i, q := range quantiles {
			v := parts[0].q[i][d]
			for _, p := range parts[1:] {
				if q <= 0.5 {
					v = min(v, p.q[i][d])
				} else {
					v = max(v, p.q[i][d])
				}
			}
			out.q[i] = append(out.q[i], v)
		}
	}
	return out
}

// stat is one named row of a summary.
type stat struct {
	name   string
	values []float64
}

// rows lists the statistics; without quantiles for v2.1, which has none. count comes apart.
func (s summary) rows(withQuantiles bool) []stat {
	out := []stat{{"min", s.min}, {"max", s.max}, {"mean", s.mean}, {"std", s.std}}
	if withQuantiles {
		for i, name := range quantileNames {
			out = append(out, stat{name, s.q[i]})
		}
	}
	return out
}

// json is the summary as stats.json and episodes_stats.jsonl hold it: arrays, also of one number.
func (s summary) json(withQuantiles bool) map[string]any {
	m := map[string]any{"count": []int{s.count}}
	for _, r := range s.rows(withQuantiles) {
		if s.picture {
			m[r.name] = [3][1]decimals{{r.values[0:1]}, {r.values[1:2]}, {r.values[2:3]}}
		} else {
			m[r.name] = decimals(r.values)
		}
	}
	return m
}

// decimals are written with a point or an exponent, 0 as 0.0. LeRobot's converter builds a table
// from these lines and stops where a column is whole in one episode and broken in the next.
type decimals []float64

// MarshalJSON implements json.Marshaler.
func (d decimals) MarshalJSON() ([]byte, error) {
	out := []byte{'['}
	for i, v := range d {
		if i > 0 {
			out = append(out, ',')
		}
		at := len(out)
		out = strconv.AppendFloat(out, v, 'g', -1, 64)
		if !bytes.ContainsAny(out[at:], ".e") {
			out = append(out, ".0"...)
		}
	}
	return append(out, ']'), nil
}
