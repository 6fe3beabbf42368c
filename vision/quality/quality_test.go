package quality

import (
	"image"
	"math"
	"slices"
	"testing"
)

// sample is a picture of a few ramps with noise, the same everywhere.
func sample(w, h, seed int) *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	s := seed
	for y := range h {
		for x := range w {
			for c := range 3 {
				s = (s*1103515245 + 12345) % (1 << 31)
				p.Pix[p.PixOffset(x, y)+c] = uint8(x*7 + y*5 + c*40 + (s>>16)%60)
			}
			p.Pix[p.PixOffset(x, y)+3] = 255
		}
	}
	return p
}

// TestEqualsScikitImage: its numbers (version 0.26) for the same pictures.
func TestEqualsScikitImage(t *testing.T) {
	for _, c := range []struct {
		w, h       int
		psnr, ssim float64
	}{{11, 11, 20.559688848559112, 0.558855902617992}, {20, 13, 13.861030659255096, 0.4754037856955326}} {
		a, b := sample(c.w, c.h, 1), sample(c.w, c.h, 2)
		psnr, err := PSNR(a, b)
		if err != nil || math.Abs(psnr-c.psnr) > 1e-9 {
			t.Errorf("%d×%d: PSNR %v, want %v (%v)", c.w, c.h, psnr, c.psnr, err)
		}
		ssim, err := SSIM(a, b)
		if err != nil || math.Abs(ssim-c.ssim) > 1e-9 {
			t.Errorf("%d×%d: SSIM %v, want %v (%v)", c.w, c.h, ssim, c.ssim, err)
		}
	}
}

func TestEqualPictures(t *testing.T) {
	a := sample(20, 13, 1)
	b := sample(20, 13, 1)
	b.Pix[3] = 0 // alpha is not looked at
	if psnr, err := PSNR(a, b); err != nil || !math.IsInf(psnr, 1) {
		t.Errorf("PSNR %v (%v)", psnr, err)
	}
	if ssim, err := SSIM(a, b); err != nil || math.Abs(ssim-1) > 1e-12 {
		t.Errorf("SSIM %v (%v)", ssim, err)
	}
}

// TestOneStepOfOneChannel: 255² over the mean of a single squared difference.
func TestOneStepOfOneChannel(t *testing.T) {
	a, b := sample(2, 2, 1), sample(2, 2, 1)
	b.Pix[5] ^= 1
	if psnr, err := PSNR(a, b); err != nil || math.Abs(psnr-10*math.Log10(255*255*12)) > 1e-9 {
		t.Errorf("PSNR %v (%v)", psnr, err)
	}
}

// TestPartsOfPictures: a picture may be a part of a larger one.
func TestPartsOfPictures(t *testing.T) {
	whole := sample(40, 30, 1)
	part := whole.SubImage(image.Rect(5, 7, 25, 20)).(*image.RGBA)
	alone := image.NewRGBA(image.Rect(0, 0, 20, 13))
	for y := range 13 {
		for x := range 20 {
			alone.Set(x, y, part.At(5+x, 7+y))
		}
	}
	if psnr, err := PSNR(part, alone); err != nil || !math.IsInf(psnr, 1) {
		t.Errorf("PSNR %v (%v)", psnr, err)
	}
	other := sample(20, 13, 2)
	a, err := SSIM(part, other)
	if b, err2 := SSIM(alone, other); a != b || err != nil || err2 != nil {
		t.Errorf("SSIM %v of the part, %v alone (%v, %v)", a, b, err, err2)
	}
}

func TestWhatCannotBeCompared(t *testing.T) {
	if _, err := PSNR(sample(4, 4, 1), sample(4, 5, 1)); err == nil {
		t.Error("two sizes are no error")
	}
	if _, err := PSNR(image.NewRGBA(image.Rectangle{}), image.NewRGBA(image.Rectangle{})); err == nil {
		t.Error("no pixels are no error")
	}
	if _, err := SSIM(sample(10, 40, 1), sample(10, 40, 2)); err == nil {
		t.Error("a picture smaller than the window is no error")
	}
}

func TestDifferenceIsAmplifiedAndOpaque(t *testing.T) {
	a, b := image.NewRGBA(image.Rect(0, 0, 2, 1)), image.NewRGBA(image.Rect(0, 0, 2, 1))
	copy(a.Pix, []uint8{10, 20, 30, 255, 0, 0, 0, 255})
	copy(b.Pix, []uint8{13, 20, 20, 255, 40, 0, 0, 255})
	d, err := Difference(a, b)
	if want := []uint8{24, 0, 80, 255, 255, 0, 0, 255}; err != nil || !slices.Equal(d.Pix, want) {
		t.Errorf("%v, -want %v +got %v", err, want, d.Pix)
	}
	if _, err := Difference(a, image.NewRGBA(image.Rect(0, 0, 1, 1))); err == nil {
		t.Error("pictures of two sizes have a difference")
	}
}
