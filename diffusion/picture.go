package diffusion

import (
	"bytes"
	"image"
	"image/png"
)

// Picture is what was drawn.
type Picture struct {
	// Latent is [3 × height × width], nominally -1 to 1.
	Latent []float32
	Image  *image.RGBA // the same in 8 bits
	PNG    []byte
}

func newPicture(latent []float32, height, width int) (*Picture, error) {
	p := &Picture{Latent: latent, Image: pixels(latent, height, width)}
	var err error
	p.PNG, err = encoded(p.Image, png.DefaultCompression)
	return p, err
}

// pixels rounds -1…1 to 0…255 and clamps what lies outside.
func pixels(latent []float32, height, width int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	n := height * width
	for i := range n {
		for c := range channels {
			v := (min(max(latent[c*n+i], -1), 1) + 1) * 127.5
			img.Pix[4*i+c] = uint8(v + 0.5)
		}
		img.Pix[4*i+3] = 255
	}
	return img
}

func encoded(img image.Image, level png.CompressionLevel) ([]byte, error) {
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: level}).Encode(&b, img)
	return b.Bytes(), err
}

// cellsFirst turns [channels × cells] to the [cells × channels] of probes.
func cellsFirst(v []float32) []float32 { return turned(v, channels) }

// channelsFirst is the way back.
func channelsFirst(v []float32) []float32 { return turned(v, len(v)/channels) }

// turned transposes a matrix of so many rows.
func turned(v []float32, rows int) []float32 {
	cols := len(v) / rows
	out := make([]float32, len(v))
	for r := range rows {
		for c := range cols {
			out[c*rows+r] = v[r*cols+c]
		}
	}
	return out
}
