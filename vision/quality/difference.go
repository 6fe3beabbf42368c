package quality

import (
	"fmt"
	"image"
)

// Amplified is how many times Difference enlarges.
const Amplified = 8

// Difference is what two pictures of one size differ by in each channel, Amplified times and cut off
// at 255; opaque.
func Difference(a, b *image.RGBA) (*image.RGBA, error) {
	if a.Rect != b.Rect || a.Stride != b.Stride {
		return nil, fmt.Errorf("quality: pictures of %v and %v have no difference", a.Rect, b.Rect)
	}
	out := image.NewRGBA(a.Rect)
	for i := range out.Pix {
		x, y := int(a.Pix[i]), int(b.Pix[i])
		out.Pix[i] = uint8(min(Amplified*max(x-y, y-x), 255))
		if i%4 == 3 {
			out.Pix[i] = 0xff
		}
	}
	return out, nil
}
