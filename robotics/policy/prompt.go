package policy

import (
	"fmt"
	"image"
	"math"
	"strings"

	"winnow/vision/preprocess"
)

const (
	// emptyToken ends every prompt in training: Llama's token of an empty piece.
	emptyToken = 29871
	// stopToken follows the actions.
	stopToken = 2
)

// Prompt is the text around an instruction.
func Prompt(instruction string) string {
	return "In: What action should the robot take to " + strings.ToLower(instruction) + "?\nOut:"
}

// Encode makes the ids of an instruction's prompt, with BOS and, where the vocabulary has it, the
// empty token at the end.
func (p *Policy) Encode(instruction string) ([]int, error) {
	if p.Tokenizer == nil {
		return nil, fmt.Errorf("the checkpoint has no tokenizer.json: put that of its language model beside config.json")
	}
	ids := p.Tokenizer.Encode(Prompt(instruction), true)
	if bos := p.Tokenizer.BOS(); bos >= 0 && (len(ids) == 0 || ids[0] != bos) {
		ids = append([]int{bos}, ids...)
	}
	if n := len(ids); p.Config.Language.Vocabulary > emptyToken && ids[n-1] != emptyToken {
		ids = append(ids, emptyToken)
	}
	return ids, nil
}

// cropArea is the share of a picture that training with random crops looks at.
const cropArea = 0.9

// Prepare makes what the policy sees of a camera's picture: squeezed to the encoders' size by Lanczos,
// the middle 90 % of its area stretched to that size again, as after training with random crops.
// turned: by 180 degrees first, as LIBERO's cameras ask for. The reference also sends the picture
// through a JPEG, which is left out.
func (c Config) Prepare(img *image.RGBA, turned bool) (preprocess.Bytes, error) {
	side := c.Vision[0].Side()
	r := preprocess.OpenVLA(side)
	r.Filter = preprocess.Lanczos
	b, _, err := r.Quantized(img)
	if err != nil {
		return b, err
	}
	if turned {
		for ch := range 3 {
			plane := b.Pix[ch*side*side : (ch+1)*side*side]
			for i := range len(plane) / 2 {
				j := len(plane) - 1 - i
				plane[i], plane[j] = plane[j], plane[i]
			}
		}
	}
	return centre(b), nil
}

// centre is TensorFlow's crop_and_resize of the middle: bilinear between the middles of corner
// pixels, in 0 … 1, and back to bytes by a factor of 255.5.
func centre(b preprocess.Bytes) preprocess.Bytes {
	out := preprocess.Bytes{Pix: make([]uint8, len(b.Pix)), W: b.W, H: b.H}
	side := math.Sqrt(cropArea)
	at := func(i, n int) (lo, hi int, part float64) {
		x := (1 - side) / 2 * float64(n-1)
		if n > 1 {
			x += float64(i) * side
		}
		lo = int(x)
		return lo, min(lo+1, n-1), x - float64(lo)
	}
	for ch := range 3 {
		src := b.Pix[ch*b.W*b.H:]
		for y := range b.H {
			top, bottom, down := at(y, b.H)
			for x := range b.W {
				left, right, across := at(x, b.W)
				line := func(row int) float64 {
					l, r := float64(src[row*b.W+left]), float64(src[row*b.W+right])
					return l + (r-l)*across
				}
				v := line(top) + (line(bottom)-line(top))*down
				out.Pix[(ch*b.H+y)*b.W+x] = uint8(min(v/255*255.5, 255))
			}
		}
	}
	return out
}
