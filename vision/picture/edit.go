package picture

import (
	"image"

	"github.com/disintegration/imaging"
)

// Thumbnail scales the picture down to fit into side × side pixels (Lanczos); a smaller one is copied.
func (p *Picture) Thumbnail(side int) *image.RGBA {
	side = max(side, 1)
	img := p.Image
	// A cheap box first where the picture is many times too large; Lanczos over it would take seconds.
	if longest := max(p.Width, p.Height); longest > 8*side {
		img = opaqueRGBA(imaging.Fit(img, 4*side, 4*side, imaging.Box))
	}
	return opaqueRGBA(imaging.Fit(img, side, side, imaging.Lanczos))
}

// Turned is the picture after n quarter turns clockwise; n may be negative. The file's hash stays.
func (p *Picture) Turned(n int) *Picture {
	switch n & 3 {
	case 1:
		return p.with(imaging.Rotate270(p.Image)) // imaging counts against the clock
	case 2:
		return p.with(imaging.Rotate180(p.Image))
	case 3:
		return p.with(imaging.Rotate90(p.Image))
	}
	return p.with(imaging.Clone(p.Image))
}

// Mirrored is the picture with left and right exchanged.
func (p *Picture) Mirrored() *Picture { return p.with(imaging.FlipH(p.Image)) }

func (p *Picture) with(img *image.NRGBA) *Picture {
	q := *p
	q.Image = opaqueRGBA(img)
	q.Width, q.Height = q.Image.Rect.Dx(), q.Image.Rect.Dy()
	return &q
}

// opaqueRGBA relabels an opaque picture: without transparency both types hold the same bytes.
func opaqueRGBA(img *image.NRGBA) *image.RGBA {
	return &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
}
