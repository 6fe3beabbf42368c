package solver

import "math/rand/v2"

// Noise is n numbers of the standard normal distribution: the same for the same seed and n,
// and a longer row starts with the shorter one.
func Noise(seed uint64, n int) []float32 {
	random := rand.New(rand.NewPCG(seed, 0))
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(random.NormFloat64())
	}
	return out
}

// StepNoise is a Plan.Noise: fresh noise for each step, of a seed's own streams beside that of Noise.
func StepNoise(seed uint64) func(step, n int) []float32 {
	return func(step, n int) []float32 {
		random := rand.New(rand.NewPCG(seed, uint64(step)+1))
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(random.NormFloat64())
		}
		return out
	}
}
