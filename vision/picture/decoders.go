package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// raw is what a decoder gave, before turning and composing.
type raw struct {
	img image.Image // may cover only a part of the canvas (GIF, animated WebP)
	// videoRange tells that YCbCr values are those of WebP: luma 16…235, chroma as libwebp places it.
	videoRange bool
	animated   bool
}

func (r raw) notes(orientation int) []string {
	var notes []string
	if orientation != upRight {
		notes = append(notes, fmt.Sprintf("turned upright by its EXIF orientation (%d)", orientation))
	}
	if o, ok := r.img.(interface{ Opaque() bool }); ok && !o.Opaque() {
		notes = append(notes, "transparent parts are drawn on white")
	}
	if r.animated {
		notes = append(notes, "the first picture of an animation")
	}
	switch r.img.(type) {
	case *image.RGBA64, *image.NRGBA64, *image.Gray16:
		notes = append(notes, "16-bit values were shortened to 8 bits")
	}
	return notes
}

// decoder is one format. size reads only the header.
type decoder struct {
	size        func(context.Context, []byte) (image.Point, error)
	decode      func(context.Context, []byte) (raw, error)
	orientation func([]byte) int
}

var decoders map[string]decoder

func init() { // not in the declaration: sniff, which the decoders reach, reads the map
	none := func([]byte) int { return upRight }
	decoders = map[string]decoder{
		"JPEG": {configOf(jpeg.DecodeConfig), plain(jpeg.Decode), jpegOrientation},
		"PNG":  {configOf(png.DecodeConfig), plain(png.Decode), pngOrientation},
		"WebP": {webpSize, webpDecode, webpOrientation},
		"GIF":  {configOf(gif.DecodeConfig), gifDecode, none},
		"BMP":  {configOf(bmp.DecodeConfig), plain(bmp.Decode), none},
		"TIFF": {configOf(tiff.DecodeConfig), tiffDecode, tiffOrientation},
	}
}

// source reads bytes until ctx ends, so that a decoder in the middle of a large file stops too.
type source struct {
	*bytes.Reader
	ctx context.Context
}

func (s source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

func (s source) ReadAt(p []byte, at int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.ReadAt(p, at)
}

// guarded calls f and turns a panic of a decoder, which broken data can cause, into an error.
func guarded[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the decoder gave up: %v", r)
		}
	}()
	return f()
}

func configOf(f func(io.Reader) (image.Config, error)) func(context.Context, []byte) (image.Point, error) {
	return func(ctx context.Context, data []byte) (image.Point, error) {
		c, err := guarded(func() (image.Config, error) { return f(source{bytes.NewReader(data), ctx}) })
		return image.Pt(c.Width, c.Height), err
	}
}

func plain(f func(io.Reader) (image.Image, error)) func(context.Context, []byte) (raw, error) {
	return func(ctx context.Context, data []byte) (raw, error) {
		img, err := guarded(func() (image.Image, error) { return f(source{bytes.NewReader(data), ctx}) })
		return raw{img: img}, err
	}
}

func gifDecode(ctx context.Context, data []byte) (raw, error) {
	r, err := plain(gif.Decode)(ctx, data)
	// Whether more frames follow is only known by walking the blocks; the loop extension is a good sign.
	r.animated = bytes.Contains(data, []byte("NETSCAPE2.0"))
	return r, err
}

// tiffDecode puts right what x/image v0.48 does to fax-coded pages: there a "white" run is a 0 bit, which
// the photometric tag may call black, but the decoder calls it white whatever the tag says.
func tiffDecode(ctx context.Context, data []byte) (raw, error) {
	r, err := plain(tiff.Decode)(ctx, data)
	compression, _ := tiffTag(data, 259)
	photometric, _ := tiffTag(data, 262)
	if m, ok := r.img.(*image.Gray); ok && err == nil && photometric == 1 && compression >= 2 && compression <= 4 {
		for i := range m.Pix {
			m.Pix[i] = 255 - m.Pix[i]
		}
	}
	return r, err
}

// An animated WebP keeps each frame as the chunks of a still one inside an ANMF chunk:
// x/2, y/2, width-1, height-1 (24 bits each), duration, flags, then ALPH and VP8 or VP8L.

func webpSize(ctx context.Context, data []byte) (image.Point, error) {
	return configOf(webp.DecodeConfig)(ctx, data)
}

func webpDecode(ctx context.Context, data []byte) (raw, error) {
	still, at := firstFrame(data)
	if still == nil {
		r, err := plain(webp.Decode)(ctx, data)
		r.videoRange = true
		return r, err
	}
	r, err := plain(webp.Decode)(ctx, still)
	if err != nil {
		return r, err
	}
	r.videoRange, r.animated = true, true
	canvas, err := webpSize(ctx, data)
	if err != nil {
		return r, err
	}
	r.img = moved(r.img, at)
	if !r.img.Bounds().In(image.Rectangle{Max: canvas}) {
		return r, errors.New("the first frame lies outside the picture")
	}
	return r, nil
}

// firstFrame makes a still WebP of the first ANMF chunk, nil if there is none, and says where it belongs.
func firstFrame(data []byte) (still []byte, at image.Point) {
	riffChunks(data[min(12, len(data)):], func(id string, body []byte) bool {
		if id != "ANMF" || len(body) < 16 {
			return true
		}
		at = image.Pt(2*int(u24(body)), 2*int(u24(body[3:])))
		header := make([]byte, 10) // VP8X: the decoder holds the frame to the size it gives
		copy(header[4:], body[6:12])
		var chunks []byte
		riffChunks(body[16:], func(id string, sub []byte) bool {
			if id == "ALPH" {
				header[0] |= 1 << 4
			}
			if id == "ALPH" || id == "VP8 " || id == "VP8L" {
				chunks = appendChunk(chunks, id, sub)
			}
			return true
		})
		chunks = append(appendChunk([]byte("WEBP"), "VP8X", header), chunks...)
		still = appendChunk(nil, "RIFF", chunks)
		return false
	})
	return still, at
}

func u24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

func appendChunk(b []byte, id string, body []byte) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, id...), uint32(len(body)))
	b = append(b, body...)
	return append(b, make([]byte, len(body)&1)...)
}

// moved shifts the bounds of a picture that starts at (0, 0).
func moved(img image.Image, by image.Point) image.Image {
	switch m := img.(type) {
	case *image.NRGBA:
		m.Rect = m.Rect.Add(by)
	case *image.YCbCr: // by is even, so chroma samples stay with their pixels
		m.Rect = m.Rect.Add(by)
	case *image.NYCbCrA:
		m.Rect = m.Rect.Add(by)
	}
	return img
}
