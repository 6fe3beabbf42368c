package export

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"

	"winnow/robotics/episode"
)

// pixels counts the values of each channel. Bytes have only 256 values, so that all statistics are
// exact without keeping a pixel.
type pixels struct {
	counts [3][256]int
	frames int
}

// add counts one picture; of a large one every k-th pixel, as LeRobot does, where its longer side
// is 300 or more and k leaves about 150 of it.
func (p *pixels) add(img *image.RGBA) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	every := 1
	if longer := max(w, h); longer >= 300 {
		every = longer / 150
	}
	for y := 0; y < h; y += every {
		for x := 0; x < w; x += every {
			at := img.PixOffset(img.Rect.Min.X+x, img.Rect.Min.Y+y)
			for c := range 3 {
				p.counts[c][img.Pix[at+c]]++
			}
		}
	}
	p.frames++
}

func (p *pixels) summary() summary {
	s := summary{count: p.frames, picture: true}
	for _, counts := range p.counts {
		n, sum, low, high := 0, 0.0, 255, 0
		for v, c := range counts {
			if c > 0 {
				low, high = min(low, v), max(high, v)
			}
			n += c
			sum += float64(v) * float64(c)
		}
		mean, square := sum/float64(n), 0.0
		for v, c := range counts {
			square += (float64(v) - mean) * (float64(v) - mean) * float64(c)
		}
		s.min, s.max = append(s.min, float64(low)/255), append(s.max, float64(high)/255)
		s.mean, s.std = append(s.mean, mean/255), append(s.std, math.Sqrt(square/float64(n))/255)
		kth := func(k int) float64 {
			for v, c := range counts {
				if k -= c; k < 0 {
					return float64(v)
				}
			}
			return 255
		}
		for i, q := range quantiles {
			s.q[i] = append(s.q[i], between(q, n, kth)/255)
		}
	}
	return s
}

// sampled tells which of n frames the pictures' statistics look at: all of up to 100, then about
// n^0.75, evenly spread.
func sampled(n int) map[int]bool {
	want := max(min(n, 100), min(int(math.Pow(float64(n), 0.75)), 10_000))
	out := map[int]bool{}
	for i := range want {
		if want == 1 {
			out[0] = true
			break
		}
		out[int(math.RoundToEven(float64(i)*float64(n-1)/float64(want-1)))] = true
	}
	return out
}

// threeChannels is the picture as a dataset holds it: as it was recorded if that decodes to three
// channels of 8 bits, else encoded anew as PNG.
func threeChannels(p episode.Picture) (episode.Picture, error) {
	switch p.Format {
	case episode.PNG:
		// The 24th byte is the bit depth, the 25th the colour type; 2 is RGB.
		if len(p.Data) > 25 && p.Data[24] == 8 && p.Data[25] == 2 {
			return p, nil
		}
	case episode.JPEG:
		if c, err := jpeg.DecodeConfig(bytes.NewReader(p.Data)); err == nil && c.ColorModel == color.YCbCrModel {
			return p, nil
		}
	}
	img, err := p.RGBA()
	if err != nil {
		return p, fmt.Errorf("a picture cannot be turned into three channels: %w", err)
	}
	return episode.FromRGBA(img)
}
