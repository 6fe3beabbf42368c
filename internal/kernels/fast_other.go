//go:build !amd64

package kernels

// fast: there is assembly for amd64 only.
const fast = false

func unpackFast([]float32, []byte, int, int, int)                         {}
func dotsFast([]float32, int, []float32, []float32, int, int, int, int)   {}
func axpyFast([]float32, []float32, []float32, int, int, int)             {}
func halvesFast([]float32, []uint16) int                                  { return 0 }
func expFast([]float32, float32) (int, float32)                           { return 0, 0 }
func maxFast([]float32) (int, float32)                                    { return 0, 0 }
func weighFast([]float32, []float32, []float32, []float32) (int, float32) { return 0, 0 }
func foldFast([]float32, []float32, []float32, float32, float32) int      { return 0 }
