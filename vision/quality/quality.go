package quality

import (
	"fmt"
	"image"
	"math"
)

const (
	window = 11
	sigma  = 1.5
	c1     = 0.01 * 255 * 0.01 * 255
	c2     = 0.03 * 255 * 0.03 * 255
)

// PSNR is the peak signal-to-noise ratio of two pictures of one size in dB, +Inf where their
// colours are equal. Alpha is not looked at.
func PSNR(a, b *image.RGBA) (float64, error) {
	if err := alike(a, b); err != nil {
		return 0, err
	}
	w, h := a.Rect.Dx(), a.Rect.Dy()
	sum := 0.0
	for y := range h {
		p, q := row(a, y), row(b, y)
		for i := range 4 * w {
			if d := float64(p[i]) - float64(q[i]); i%4 != 3 {
				sum += d * d
			}
		}
	}
	if sum == 0 {
		return math.Inf(1), nil
	}
	return 10 * math.Log10(255*255*float64(3*w*h)/sum), nil
}

// SSIM is the mean structural similarity of the luma of two pictures of one size, 1 where it is
// equal. They are at least 11 × 11.
func SSIM(a, b *image.RGBA) (float64, error) {
	if err := alike(a, b); err != nil {
		return 0, err
	}
	w, h := a.Rect.Dx(), a.Rect.Dy()
	if w < window || h < window {
		return 0, fmt.Errorf("pictures of %d×%d have no structural similarity: its window is %d×%d", w, h, window, window)
	}
	x, y := luma(a), luma(b)
	times := func(p, q []float64) []float64 {
		out := make([]float64, len(p))
		for i := range p {
			out[i] = p[i] * q[i]
		}
		return blurred(out, w, h)
	}
	mx, my, xx, yy, xy := blurred(x, w, h), blurred(y, w, h), times(x, x), times(y, y), times(x, y)
	sum := 0.0
	for i, m := range mx {
		n := my[i]
		vx, vy, cov := xx[i]-m*m, yy[i]-n*n, xy[i]-m*n
		sum += (2*m*n + c1) * (2*cov + c2) / ((m*m + n*n + c1) * (vx + vy + c2))
	}
	return sum / float64(len(mx)), nil
}

func alike(a, b *image.RGBA) error {
	if a.Rect.Size() != b.Rect.Size() {
		return fmt.Errorf("pictures of %v and %v cannot be compared: bring them to one size", a.Rect.Size(), b.Rect.Size())
	}
	if a.Rect.Empty() {
		return fmt.Errorf("pictures without pixels cannot be compared")
	}
	return nil
}

// row is the bytes of a row.
func row(p *image.RGBA, y int) []uint8 {
	return p.Pix[p.PixOffset(p.Rect.Min.X, p.Rect.Min.Y+y):][:4*p.Rect.Dx()]
}

func luma(p *image.RGBA) []float64 {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	out := make([]float64, 0, w*h)
	for y := range h {
		r := row(p, y)
		for x := range w {
			out = append(out, 0.299*float64(r[4*x])+0.587*float64(r[4*x+1])+0.114*float64(r[4*x+2]))
		}
	}
	return out
}

// gauss are the weights of a window's side.
var gauss = func() (g [window]float64) {
	sum := 0.0
	for i := range g {
		d := float64(i - window/2)
		g[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += g[i]
	}
	for i := range g {
		g[i] /= sum
	}
	return g
}()

// blurred is the weighted mean of each window inside w × h: (w-10) × (h-10) numbers.
func blurred(v []float64, w, h int) []float64 {
	cols, rows := w-window+1, h-window+1
	across := make([]float64, cols*h)
	for y := range h {
		for x := range cols {
			for i, g := range gauss {
				across[y*cols+x] += g * v[y*w+x+i]
			}
		}
	}
	out := make([]float64, cols*rows)
	for y := range rows {
		for x := range cols {
			for i, g := range gauss {
				out[y*cols+x] += g * across[(y+i)*cols+x]
			}
		}
	}
	return out
}
