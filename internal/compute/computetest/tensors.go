package computetest

import (
	"math"
	"slices"

	"winnow/internal/checkpoint"
)

// Tensors is a source of tensors by name.
type Tensors map[string]*checkpoint.Tensor

// Tensor finds one.
func (m Tensors) Tensor(name string) (*checkpoint.Tensor, bool) {
	t, ok := m[name]
	return t, ok
}

// Put adds an F32 tensor of a PyTorch shape, the slowest dimension first.
func (m Tensors) Put(name string, v []float32, shape ...int) {
	b, err := checkpoint.Quantize(checkpoint.F32, v)
	if err != nil {
		panic(err)
	}
	dims := slices.Clone(shape)
	slices.Reverse(dims)
	m[name] = &checkpoint.Tensor{Name: name, Type: checkpoint.F32, Dims: dims, Data: b}
}

// Apart is the largest difference; infinite where one is no number or they differ in length.
func Apart[A, B float32 | float64](got []A, want []B) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var top float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		top = max(top, d)
	}
	return top
}

// Worst is the largest difference in units of want's root mean square, infinite as in Apart.
func Worst(got, want []float32) float64 {
	var sum float64
	for _, w := range want {
		sum += float64(w) * float64(w)
	}
	return Apart(got, want) / math.Sqrt(sum/float64(len(want)))
}
