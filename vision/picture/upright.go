package picture

import (
	"context"
	"image"
	"image/color"
	"runtime"
	"sync"
)

// rowFunc writes row y of a picture, counted from its top, as opaque RGBA: 4 bytes a pixel.
type rowFunc func(y int, dst []uint8)

// upright turns what a decoder gave into the final picture: every row is converted once and written where
// its pixels belong, so that turning needs no second copy. Parts of the canvas outside raw are white.
func upright(ctx context.Context, r raw, canvas image.Point, orientation int) (*image.RGBA, error) {
	b := r.img.Bounds()
	size := canvas
	if orientation >= 5 {
		size = image.Pt(canvas.Y, canvas.X)
	}
	dst := image.NewRGBA(image.Rectangle{Max: size})
	if b.Size() != canvas {
		for i := range dst.Pix {
			dst.Pix[i] = 255
		}
	}
	origin, right, down := steps(orientation, canvas, dst.Stride)
	origin += b.Min.X*right + b.Min.Y*down
	workers := max(1, min(runtime.GOMAXPROCS(0), b.Dy()/64))
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			_, errs[i] = guarded(func() (struct{}, error) {
				return struct{}{}, convert(ctx, r, b.Dy()*i/workers, b.Dy()*(i+1)/workers, dst.Pix, origin, right, down)
			})
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// convert writes rows lo ≤ y < hi of r to pix.
func convert(ctx context.Context, r raw, lo, hi int, pix []uint8, origin, right, down int) error {
	row := rowsOf(r)
	w := r.img.Bounds().Dx()
	line := make([]uint8, 4*w)
	for y := lo; y < hi; y++ {
		if y&63 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		at := origin + y*down
		if right == 4 {
			row(y, pix[at:at+4*w])
			continue
		}
		row(y, line)
		for x := range w {
			copy(pix[at:at+4], line[4*x:4*x+4])
			at += right
		}
	}
	return nil
}

// steps gives the byte offset of the stored pixel (0, 0) in the upright picture, and what one stored column
// and one stored row further mean there.
func steps(orientation int, stored image.Point, stride int) (origin, right, down int) {
	w, h := stored.X, stored.Y
	switch orientation {
	case 2:
		return 4 * (w - 1), -4, stride
	case 3:
		return 4*(w-1) + stride*(h-1), -4, -stride
	case 4:
		return stride * (h - 1), 4, -stride
	case 5:
		return 0, stride, 4
	case 6:
		return 4 * (h - 1), stride, -4
	case 7:
		return 4*(h-1) + stride*(w-1), -stride, -4
	case 8:
		return stride * (w - 1), -stride, 4
	}
	return 0, 4, stride
}

// rowsOf picks the conversion for a type of picture. The function keeps scratch space: one for each goroutine.
func rowsOf(r raw) rowFunc {
	b := r.img.Bounds()
	switch m := r.img.(type) {
	case *image.YCbCr:
		return newChroma(m, r.videoRange).row
	case *image.NYCbCrA:
		colour := newChroma(&m.YCbCr, r.videoRange)
		return func(y int, dst []uint8) {
			colour.row(y, dst)
			for x, a := range m.A[y*m.AStride:][:b.Dx()] {
				p := dst[4*x : 4*x+4]
				for c := range 3 {
					p[c] = overWhite(p[c], a)
				}
			}
		}
	case *image.NRGBA:
		return func(y int, dst []uint8) {
			src := m.Pix[y*m.Stride:][:len(dst)]
			for i := 0; i < len(dst); i += 4 {
				a := src[i+3]
				dst[i], dst[i+1], dst[i+2], dst[i+3] = overWhite(src[i], a), overWhite(src[i+1], a), overWhite(src[i+2], a), 255
			}
		}
	case *image.RGBA: // premultiplied, or not quite: a TIFF may hold colours above its alpha
		return func(y int, dst []uint8) {
			src := m.Pix[y*m.Stride:][:len(dst)]
			for i := 0; i < len(dst); i += 4 {
				white := 255 - int(src[i+3])
				for c := range 3 {
					dst[i+c] = uint8(min(int(src[i+c])+white, 255))
				}
				dst[i+3] = 255
			}
		}
	case *image.NRGBA64:
		return func(y int, dst []uint8) {
			for x := range b.Dx() {
				c := m.NRGBA64At(b.Min.X+x, b.Min.Y+y)
				put(dst[4*x:], overWhite16(c.R, c.A), overWhite16(c.G, c.A), overWhite16(c.B, c.A))
			}
		}
	case *image.RGBA64:
		return func(y int, dst []uint8) {
			for x := range b.Dx() {
				c := m.RGBA64At(b.Min.X+x, b.Min.Y+y)
				white := 65535 - uint32(c.A)
				high := func(v uint16) uint8 { return uint8(min(uint32(v)+white, 65535) >> 8) }
				put(dst[4*x:], high(c.R), high(c.G), high(c.B))
			}
		}
	case *image.Gray:
		return func(y int, dst []uint8) {
			for x, v := range m.Pix[y*m.Stride:][:b.Dx()] {
				put(dst[4*x:], v, v, v)
			}
		}
	case *image.Gray16:
		return func(y int, dst []uint8) {
			for x := range b.Dx() {
				v := m.Pix[y*m.Stride+2*x]
				put(dst[4*x:], v, v, v)
			}
		}
	case *image.Paletted:
		var table [256][3]uint8 // an index beyond the palette is black, as libpng has it
		for i, c := range m.Palette {
			if i < len(table) {
				table[i] = opaque(c)
			}
		}
		return func(y int, dst []uint8) {
			for x, v := range m.Pix[y*m.Stride:][:b.Dx()] {
				put(dst[4*x:], table[v][0], table[v][1], table[v][2])
			}
		}
	case *image.CMYK:
		return func(y int, dst []uint8) {
			src := m.Pix[y*m.Stride:][:4*b.Dx()]
			for i := 0; i < len(src); i += 4 {
				red, green, blue := color.CMYKToRGB(src[i], src[i+1], src[i+2], src[i+3])
				put(dst[i:], red, green, blue)
			}
		}
	}
	return func(y int, dst []uint8) {
		for x := range b.Dx() {
			c := opaque(r.img.At(b.Min.X+x, b.Min.Y+y))
			put(dst[4*x:], c[0], c[1], c[2])
		}
	}
}

func put(dst []uint8, r, g, b uint8) {
	dst[0], dst[1], dst[2], dst[3] = r, g, b, 255
}

// overWhite composes a straight-alpha sample: (v·a + 255·(255 − a))/255, rounded.
func overWhite(v, a uint8) uint8 {
	return uint8((uint32(v)*uint32(a) + 255*(255-uint32(a)) + 127) / 255)
}

func overWhite16(v, a uint16) uint8 {
	return uint8((uint64(v)*uint64(a) + 65535*(65535-uint64(a))) / 65535 >> 8)
}

func opaque(c color.Color) [3]uint8 {
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return [3]uint8{overWhite16(n.R, n.A), overWhite16(n.G, n.A), overWhite16(n.B, n.A)}
}
