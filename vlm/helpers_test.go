package vlm

import "winnow/vision/preprocess"

// preprocessed normalises channel-major bytes of a square picture.
func preprocessed(u8 []byte, mean, std [3]float64) preprocess.Pixels {
	side := 1
	for 3*side*side < len(u8) {
		side++
	}
	p := preprocess.Pixels{Data: make([]float32, len(u8)), C: 3, W: side, H: side}
	for i, b := range u8 {
		c := i / (side * side)
		p.Data[i] = float32((float64(b)/255 - mean[c]) / std[c])
	}
	return p
}

// square gives channel-major pixels their side.
func square(data []float32) preprocess.Pixels {
	side := 1
	for 3*side*side < len(data) {
		side++
	}
	return preprocess.Pixels{Data: data, C: 3, W: side, H: side}
}
