package scenes

import (
	"image"
	"math/rand/v2"
)

// flatten draws the sprite anew as flat design would: few colours of its own, without shading or fine
// lines, in simpler shapes.
func flatten(r *rand.Rand, q *image.RGBA) *image.RGBA {
	soft := blur(q, between(r, 0.012, 0.04)*float64(q.Rect.Dx()))
	var seen []rgb
	for i := 0; i < len(q.Pix); i += 4 {
		if soft.Pix[i+3] > solid {
			a, b, c := straight(soft.Pix[i : i+4])
			seen = append(seen, rgb{a, b, c})
		}
	}
	if len(seen) == 0 {
		return q
	}
	inks := cluster(r, seen, 2+r.IntN(5))
	out := image.NewRGBA(q.Rect)
	for i := 0; i < len(q.Pix); i += 4 {
		alpha := soft.Pix[i+3]
		if alpha == 0 {
			continue
		}
		a, b, c := straight(soft.Pix[i : i+4])
		ink := inks[nearest(inks, rgb{a, b, c})]
		// The blurred edge, made sharp again where it crosses the middle.
		out.Pix[i+3] = level(3*float64(alpha) - 255)
		putStraight(out.Pix[i:i+4], ink[0], ink[1], ink[2])
	}
	return out
}

// cluster finds k colours that stand for all (k-means on at most 400 of them).
func cluster(r *rand.Rand, all []rgb, k int) []rgb {
	sample := all
	if len(all) > 400 {
		sample = make([]rgb, 400)
		for i := range sample {
			sample[i] = pick(r, all)
		}
	}
	centres := make([]rgb, k)
	for i := range centres {
		centres[i] = pick(r, sample)
	}
	for range 4 {
		sum, n := make([]rgb, k), make([]float64, k)
		for _, p := range sample {
			i := nearest(centres, p)
			n[i]++
			for c := range 3 {
				sum[i][c] += p[c]
			}
		}
		for i := range centres {
			if n[i] == 0 {
				continue
			}
			for c := range 3 {
				centres[i][c] = sum[i][c] / n[i]
			}
		}
	}
	return centres
}

// nearest is the index of the colour that differs least from p.
func nearest(list []rgb, p rgb) int {
	best, least := 0, 4.0
	for i, q := range list {
		a, b, c := p[0]-q[0], p[1]-q[1], p[2]-q[2]
		if d := a*a + b*b + c*c; d < least {
			best, least = i, d
		}
	}
	return best
}
