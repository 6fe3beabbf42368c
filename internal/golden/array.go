package golden

// Array is a tensor of a case: row-major, the slowest dimension first.
type Array struct {
	Shape []int
	Data  []float64
}

// Floats are the numbers in float32.
func (a Array) Floats() []float32 {
	out := make([]float32, len(a.Data))
	for i, v := range a.Data {
		out[i] = float32(v)
	}
	return out
}

// Ints are the numbers as integers.
func (a Array) Ints() []int {
	out := make([]int, len(a.Data))
	for i, v := range a.Data {
		out[i] = int(v)
	}
	return out
}
