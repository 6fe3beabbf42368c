package episode

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
)

// Format is how a picture is encoded.
type Format string

// The formats: PNG for what a simulator draws, JPEG for what a camera sends.
const (
	PNG  Format = "png"
	JPEG Format = "jpeg"
)

// Picture is one encoded picture. Encoded, because an episode of some hundred steps with two
// cameras would otherwise fill the memory.
type Picture struct {
	Format Format
	Data   []byte
}

// FromRGBA encodes a picture as PNG, its transparency ignored: cameras have none, and readers of
// datasets expect three channels.
func FromRGBA(img *image.RGBA) (Picture, error) {
	opaque := img
	if !img.Opaque() {
		opaque = image.NewRGBA(img.Rect)
		copyOpaque(opaque, img)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, opaque); err != nil {
		return Picture{}, fmt.Errorf("a picture of %d×%d pixels cannot be encoded: %w", img.Rect.Dx(), img.Rect.Dy(), err)
	}
	return Picture{Format: PNG, Data: b.Bytes()}, nil
}

func copyOpaque(to, from *image.RGBA) {
	for y := from.Rect.Min.Y; y < from.Rect.Max.Y; y++ {
		a, b := to.PixOffset(from.Rect.Min.X, y), from.PixOffset(from.Rect.Min.X, y)
		n := 4 * from.Rect.Dx()
		copy(to.Pix[a:a+n], from.Pix[b:b+n])
		for i := a + 3; i < a+n; i += 4 {
			to.Pix[i] = 255
		}
	}
}

// RGBA decodes the picture.
func (p Picture) RGBA() (*image.RGBA, error) {
	var img image.Image
	var err error
	switch p.Format {
	case PNG:
		img, err = png.Decode(bytes.NewReader(p.Data))
	case JPEG:
		img, err = jpeg.Decode(bytes.NewReader(p.Data))
	default:
		return nil, fmt.Errorf("a picture has the format %q; png and jpeg are known", p.Format)
	}
	if err != nil {
		return nil, fmt.Errorf("a %s picture cannot be decoded: %w", p.Format, err)
	}
	if rgba, ok := img.(*image.RGBA); ok {
		return rgba, nil
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out, nil
}

// Size reads width and height from the picture's head, without decoding it.
func (p Picture) Size() (width, height int, err error) {
	var c image.Config
	switch p.Format {
	case PNG:
		c, err = png.DecodeConfig(bytes.NewReader(p.Data))
	case JPEG:
		c, err = jpeg.DecodeConfig(bytes.NewReader(p.Data))
	default:
		err = fmt.Errorf("its format is %q; png and jpeg are known", p.Format)
	}
	return c.Width, c.Height, err
}
