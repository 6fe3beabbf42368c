package trace

import "math"

// NoToken marks a cell of Overlap that no token stands for.
const NoToken uint8 = 1 << 7

// Overlap says for each cell which sides keep its token in a layer: bit i is set where sides[i]
// does. At most seven sides count. It is nil where there is no grid.
func Overlap(sides []*Side, layer int) []uint8 {
	return overlap(sides, func(d *Side) []bool { return d.KeptMask(layer) })
}

// OverlapAt is Overlap while word step was chosen (see KeptMaskAt).
func OverlapAt(sides []*Side, layer, step int) []uint8 {
	return overlap(sides, func(d *Side) []bool { return d.KeptMaskAt(layer, step) })
}

func overlap(sides []*Side, kept func(*Side) []bool) []uint8 {
	var out []uint8
	for i, d := range sides[:min(len(sides), 7)] {
		mask := kept(d)
		if mask == nil {
			continue
		}
		if out == nil {
			out = make([]uint8, len(mask))
			for c := range out {
				if d.state.Visual(c) < 0 {
					out[c] = NoToken
				}
			}
		}
		for c, k := range mask[:min(len(mask), len(out))] {
			if k && out[c] != NoToken {
				out[c] |= 1 << i
			}
		}
	}
	return out
}

// Jaccard is the number of visual tokens that both sides keep in a layer by the number that any
// of them keeps, 1 where neither keeps one; NaN where there is no grid.
func Jaccard(a, b *Side, layer int) float64 {
	return jaccard(a.KeptMask(layer), b.KeptMask(layer))
}

func jaccard(a, b []bool) float64 {
	if a == nil || len(a) != len(b) {
		return math.NaN()
	}
	both, any := 0, 0
	for i := range a {
		if a[i] && b[i] {
			both++
		}
		if a[i] || b[i] {
			any++
		}
	}
	if any == 0 {
		return 1
	}
	return float64(both) / float64(any)
}

// Jaccards is Jaccard for each of the model's layers.
func Jaccards(a, b *Side) []float64 {
	if a == nil || b == nil {
		return nil
	}
	out := make([]float64, a.state.LayerCount())
	for l := range out {
		out[l] = Jaccard(a, b, l)
	}
	return out
}
