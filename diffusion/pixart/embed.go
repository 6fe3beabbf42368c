package pixart

import (
	"fmt"
	"math"

	"winnow/internal/compute"
)

// sinusoids is how many a timestep, a height, a width or an aspect ratio becomes.
const sinusoids = 256

// sinusoid writes cos(t·f), then sin(t·f), with f = 10000^(-i/128): in float64, since float32
// loses 6·10⁻⁵ rad at t = 1000.
func sinusoid(dst []float32, t float64) {
	const half = sinusoids / 2
	for i := range half {
		sin, cos := math.Sincos(t * math.Exp(-math.Log(10000)*float64(i)/half))
		dst[i], dst[half+i] = float32(cos), float32(sin)
	}
}

// sinusoidsOf is sinusoid of several numbers, a row each.
func sinusoidsOf(numbers []float64) []float32 {
	out := make([]float32, sinusoids*len(numbers))
	for i, t := range numbers {
		sinusoid(out[i*sinusoids:], t)
	}
	return out
}

// positions is the table [width, rows·cols] for a grid of tokens: the first half of the channels
// tells the column, the second the row, each as sines, then cosines. Positions are stretched so
// that a grid of any size spans what the training grid did.
func (c Config) positions(rows, cols int) []float32 {
	w := c.Width()
	quarter := w / 4
	base := float64(c.SampleSize / c.Patch)
	at := func(i, n int) float64 { return float64(i) / (float64(n) / base) / c.Interpolation }
	out := make([]float32, rows*cols*w)
	for r := range rows {
		for col := range cols {
			token := out[(r*cols+col)*w:][:w]
			for half, pos := range []float64{at(col, cols), at(r, rows)} {
				for i := range quarter {
					sin, cos := math.Sincos(pos * math.Pow(10000, -float64(i)/float64(quarter)))
					token[half*w/2+i], token[half*w/2+quarter+i] = float32(sin), float32(cos)
				}
			}
		}
	}
	return out
}

// table is the positions of a grid: those of the checkpoint where it holds some.
func (m *Model) table(rows, cols int) ([]float32, error) {
	if m.learned == nil {
		return m.Config.positions(rows, cols), nil
	}
	if side := m.Config.SampleSize / m.Config.Patch; rows != side || cols != side {
		return nil, fmt.Errorf("the checkpoint has learned positions for %d×%d tokens, %d×%d were asked for: choose latents of %d×%d",
			side, side, rows, cols, m.Config.SampleSize, m.Config.SampleSize)
	}
	return m.learned, nil
}

// embed adds an embedder to a graph: x [256, n] gives [width, n].
func (e embedder) embed(g *compute.Graph, x *compute.Tensor) *compute.Tensor {
	return e.second.Apply(g, g.Unary(compute.SiLU, e.first.Apply(g, x)))
}
