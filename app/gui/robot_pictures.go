package gui

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
)

// viewCache holds the camera pictures decoded last, by their files.
type viewCache struct {
	pictures map[*byte]*image.RGBA
}

const (
	// maxViews is how many decoded pictures are held at most: 0.4 MB each.
	maxViews = 64
	// maxViewPixels bounds what a trace may make the window decode of one.
	maxViewPixels = 1 << 22
)

// picture decodes a JPEG once; nil where there is none, or it is damaged or too large.
func (c *viewCache) picture(file []byte) *image.RGBA {
	if len(file) == 0 {
		return nil
	}
	if img, ok := c.pictures[&file[0]]; ok {
		return img
	}
	if c.pictures == nil || len(c.pictures) >= maxViews {
		c.pictures = map[*byte]*image.RGBA{}
	}
	img := decodeJPEG(file)
	c.pictures[&file[0]] = img
	return img
}

func decodeJPEG(file []byte) *image.RGBA {
	if c, err := jpeg.DecodeConfig(bytes.NewReader(file)); err != nil || int64(c.Width)*int64(c.Height) > maxViewPixels {
		return nil
	}
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}
