package desk

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
)

// WritePNG writes a picture in 256 colours of its own, which screenshots of a window do with.
func WritePNG(w io.Writer, img *image.RGBA) error {
	e := png.Encoder{CompressionLevel: png.BestCompression}
	return e.Encode(w, reduced(img, 256))
}

// tally is a colour and how many pixels have it.
type tally struct {
	c [3]uint8
	n int
}

// reduced finds n colours by median cut (Heckbert, SIGGRAPH 1982) and mixes the
// others from them.
func reduced(img *image.RGBA, n int) *image.Paletted {
	count := map[[3]uint8]int{}
	for i := 0; i < len(img.Pix); i += 4 {
		count[[3]uint8(img.Pix[i:i+3])]++
	}
	all := make([]tally, 0, len(count))
	for c, k := range count {
		all = append(all, tally{c, k})
	}
	// A map has no order; the result should.
	slices.SortFunc(all, func(a, b tally) int { return slices.Compare(a.c[:], b.c[:]) })
	boxes := [][]tally{all}
	for len(boxes) < n {
		// The box whose longest side, weighed by its pixels, is largest.
		best, axis, most := -1, 0, 0.0
		for i, b := range boxes {
			a, side := longest(b)
			if w := float64(side) * float64(side) * float64(weight(b)); len(b) > 1 && w > most {
				best, axis, most = i, a, w
			}
		}
		if best < 0 {
			break
		}
		b := boxes[best]
		slices.SortStableFunc(b, func(x, y tally) int { return int(x.c[axis]) - int(y.c[axis]) })
		half, cut := weight(b)/2, 1
		for sum := b[0].n; cut < len(b)-1 && sum < half; cut++ {
			sum += b[cut].n
		}
		boxes[best] = b[:cut]
		boxes = append(boxes, b[cut:])
	}
	palette := make(color.Palette, 0, len(boxes))
	for _, b := range boxes {
		palette = append(palette, mean(b))
	}
	return diffused(img, palette)
}

// diffused gives each pixel the nearest colour and hands what is missing on to its neighbours
// (Floyd and Steinberg, 1976), so that gradients do not turn into bands. Errors that nobody sees
// are dropped: they would only make the file larger.
func diffused(img *image.RGBA, palette color.Palette) *image.Paletted {
	const unseen = 2
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewPaletted(img.Rect, palette)
	nearest := map[color.RGBA]uint8{}
	here, below := make([][3]int, w+2), make([][3]int, w+2) // errors in sixteenths; pixel x at x+1
	for y := range h {
		for x := range w {
			i := img.PixOffset(img.Rect.Min.X+x, img.Rect.Min.Y+y)
			var want [3]int
			for a := range 3 {
				want[a] = min(max(int(img.Pix[i+a])+here[x+1][a]/16, 0), 255)
			}
			c := color.RGBA{uint8(want[0]), uint8(want[1]), uint8(want[2]), 0xff}
			p, ok := nearest[c]
			if !ok {
				p = uint8(palette.Index(c))
				nearest[c] = p
			}
			out.Pix[y*out.Stride+x] = p
			got := palette[p].(color.RGBA)
			for a, v := range [3]uint8{got.R, got.G, got.B} {
				if e := want[a] - int(v); e > unseen || e < -unseen {
					here[x+2][a] += 7 * e
					below[x][a] += 3 * e
					below[x+1][a] += 5 * e
					below[x+2][a] += e
				}
			}
		}
		here, below = below, here
		clear(below)
	}
	return out
}

func weight(b []tally) int {
	n := 0
	for _, t := range b {
		n += t.n
	}
	return n
}

func longest(b []tally) (axis, side int) {
	for a := range 3 {
		lo, hi := 255, 0
		for _, t := range b {
			lo, hi = min(lo, int(t.c[a])), max(hi, int(t.c[a]))
		}
		if hi-lo > side {
			axis, side = a, hi-lo
		}
	}
	return axis, side
}

func mean(b []tally) color.RGBA {
	var sum [3]int
	n := weight(b)
	for _, t := range b {
		for a := range 3 {
			sum[a] += int(t.c[a]) * t.n
		}
	}
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 0xff}
}
