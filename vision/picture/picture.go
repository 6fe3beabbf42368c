package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Picture is a decoded picture, upright and opaque.
type Picture struct {
	// Image has its origin at (0, 0) and every alpha at 255.
	Image *image.RGBA
	// Width and Height are those of Image, in pixels, after turning.
	Width, Height int
	// Format is what the content is: "JPEG", "PNG", "WebP", "GIF", "BMP" or "TIFF".
	Format string
	// Name is the file's base name, or what the caller said.
	Name string
	// SHA256 is the hash of the file's bytes, in hexadecimal.
	SHA256 string
	// Orientation is the EXIF value that was undone, 1 where the file was upright or said nothing.
	Orientation int
	// Notes are sentences about what was done to the picture that a person may want to know.
	Notes []string
}

// Limits bound what is decoded. A zero field means its default.
type Limits struct {
	MaxPixels int64 // default 100 million
	MaxSide   int   // default 65 535, a JPEG's largest
	MaxBytes  int64 // of the file; default 1 GiB
}

func (l Limits) orDefaults() Limits {
	if l.MaxPixels <= 0 {
		l.MaxPixels = 100_000_000
	}
	if l.MaxSide <= 0 {
		l.MaxSide = 65_535
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = 1 << 30
	}
	return l
}

// The kinds of refusal, for errors.Is; the error's text is a sentence for people.
var (
	ErrUnreadable = errors.New("the picture's bytes cannot be read")
	ErrType       = errors.New("not a picture of a known type")
	ErrTooLarge   = errors.New("the picture is too large")
	ErrDamaged    = errors.New("the picture is damaged or of an unsupported variety")
)

type refusal struct {
	kind     error
	sentence string
	cause    error
}

func (r *refusal) Error() string { return r.sentence }

func (r *refusal) Unwrap() []error {
	if r.cause == nil {
		return []error{r.kind}
	}
	return []error{r.kind, r.cause}
}

func refuse(kind, cause error, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...), cause}
}

// Open decodes the file at path.
func Open(ctx context.Context, path string, limits Limits) (*Picture, error) {
	limits = limits.orDefaults()
	name := filepath.Base(path)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, refuse(ErrUnreadable, err, "there is no file %s; check the path", path)
	case err != nil:
		return nil, refuse(ErrUnreadable, err, "%s cannot be read: %v", name, reason(err))
	case info.IsDir():
		return nil, refuse(ErrUnreadable, nil, "%s is a folder, not a picture; choose a file in it", name)
	case !info.Mode().IsRegular():
		return nil, refuse(ErrUnreadable, nil, "%s is a device or a pipe, not a file; save the picture to a file first", name)
	case info.Size() > limits.MaxBytes:
		return nil, tooManyBytes(name, limits)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, refuse(ErrUnreadable, err, "%s cannot be opened: %v", name, reason(err))
	}
	defer f.Close()
	return decode(ctx, f, int(info.Size()), name, limits)
}

// reason takes the path out of an error of package os; the sentence has it already.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Decode reads a picture from r to its end. name stands in messages and in the result.
func Decode(ctx context.Context, r io.Reader, name string, limits Limits) (*Picture, error) {
	return decode(ctx, r, 0, name, limits.orDefaults())
}

// decode reads r, of which about size bytes are expected: a buffer that has to grow would take twice the room.
func decode(ctx context.Context, r io.Reader, size int, name string, limits Limits) (*Picture, error) {
	var buf bytes.Buffer
	buf.Grow(size + bytes.MinRead)
	if _, err := buf.ReadFrom(&cancelReader{ctx, io.LimitReader(r, limits.MaxBytes+1)}); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, refuse(ErrUnreadable, err, "%s cannot be read: %v", name, reason(err))
	}
	return DecodeBytes(ctx, buf.Bytes(), name, limits)
}

type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// DecodeBytes decodes a picture from the bytes of its file. It stops with ctx's error soon after ctx ends.
func DecodeBytes(ctx context.Context, data []byte, name string, limits Limits) (*Picture, error) {
	limits = limits.orDefaults()
	if name == "" {
		name = "the picture"
	}
	if int64(len(data)) > limits.MaxBytes {
		return nil, tooManyBytes(name, limits)
	}
	format, err := sniff(data, name)
	if err != nil {
		return nil, err
	}
	dec := decoders[format]
	size, err := dec.size(ctx, data)
	if err != nil {
		return nil, damaged(ctx, name, format, err)
	}
	if err := limits.check(name, size); err != nil {
		return nil, err
	}
	p := &Picture{Name: name, Format: format, Orientation: dec.orientation(data)}
	raw, err := dec.decode(ctx, data)
	if err != nil {
		return nil, damaged(ctx, name, format, err)
	}
	// A decoder that read another size from the body than from the header would escape the limits.
	if b := raw.img.Bounds(); b.Empty() || !b.In(image.Rectangle{Max: size}) {
		return nil, refuse(ErrDamaged, nil, "%s is damaged: its header says %d × %d pixels, its data %d × %d; fetch the file again", name, size.X, size.Y, b.Dx(), b.Dy())
	}
	sum := sha256.Sum256(data)
	p.SHA256 = hex.EncodeToString(sum[:])
	p.Notes = raw.notes(p.Orientation)
	p.Image, err = upright(ctx, raw, size, p.Orientation)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, damaged(ctx, name, format, err)
	}
	p.Width, p.Height = p.Image.Rect.Dx(), p.Image.Rect.Dy()
	return p, nil
}

func (l Limits) check(name string, size image.Point) error {
	w, h := int64(size.X), int64(size.Y)
	switch {
	case w < 1 || h < 1:
		return refuse(ErrDamaged, nil, "%s is damaged: its header says %d × %d pixels; fetch the file again", name, w, h)
	case w > int64(l.MaxSide) || h > int64(l.MaxSide):
		return refuse(ErrTooLarge, nil, "%s is %d × %d pixels, more than %d on a side; scale it down first", name, w, h, l.MaxSide)
	case w*h > l.MaxPixels:
		return refuse(ErrTooLarge, nil, "%s has %.1f megapixels (%d × %d), more than the %.4g allowed; scale it down first", name, float64(w*h)/1e6, w, h, float64(l.MaxPixels)/1e6)
	}
	return nil
}

func tooManyBytes(name string, l Limits) error {
	return refuse(ErrTooLarge, nil, "%s is larger than %.4g MB; save a smaller copy", name, float64(l.MaxBytes)/1e6)
}

// endsEarly recognises the ways in which decoders say that data is missing; several keep no error value.
func endsEarly(err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return true
	}
	text := err.Error()
	return strings.HasSuffix(text, "EOF") || strings.Contains(text, "short Huffman data") || strings.Contains(text, "not enough")
}

// damaged makes a sentence of a decoder's error.
func damaged(ctx context.Context, name, format string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if endsEarly(err) {
		return refuse(ErrDamaged, err, "%s ends too early: the %s data is cut off; copy or download the file again", name, format)
	}
	return refuse(ErrDamaged, err, "%s cannot be decoded as %s (%v); open it in another program and save it as PNG or JPEG", name, format, err)
}
