package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestOtherFilesAreNamed(t *testing.T) {
	ftyp := func(brand string) string { return "\x00\x00\x00\x20ftyp" + brand + "\x00\x00\x00\x00mif1" }
	for name, c := range map[string]struct{ data, want string }{
		"notes.pdf":   {"%PDF-1.7\n", "notes.pdf is a PDF, not a picture that can be read; use JPEG, PNG, WebP, GIF, BMP or TIFF"},
		"a.heic":      {ftyp("heic"), "a.heic is a HEIC picture, which cannot be read; save it as JPEG or PNG"},
		"a.avif":      {ftyp("avif"), "an AVIF picture"},
		"a.mp4":       {ftyp("isom"), "a video"},
		"empty.png":   {"", "empty.png is empty (0 bytes)"},
		"zeros.jpg":   {strings.Repeat("\x00", 50), "a file of zeros"},
		"text.png":    {"hello there, this is text\n", "a text, not a picture"},
		"bm.txt":      {"BMW makes cars and motorcycles.\n", "a text"},
		"drawing.svg": {`<?xml version="1.0"?><svg xmlns="x"/>`, "an SVG drawing"},
		"page.jpg":    {"<!DOCTYPE html><html>", "a web page"},
		"a.json":      {`{"a": 1}`, "a JSON text"},
		"m.gguf":      {"GGUF\x03\x00\x00\x00", "a GGUF model"},
		"m.st":        {"\x20\x00\x00\x00\x00\x00\x00\x00{\"a\":{\"data_offsets\":[0,1]}}", "a safetensors model"},
		"a.wav":       {"RIFF\x00\x00\x00\x00WAVEfmt ", "a sound file"},
		"big.tif":     {"II+\x00\x08\x00\x00\x00", "a BigTIFF"},
		"noise":       {"\x01\x02\x03\x04\xfe\xed\x00\x9c\x88", "a file of unknown type"},
	} {
		p, err := DecodeBytes(context.Background(), []byte(c.data), name, Limits{})
		if err == nil || !errors.Is(err, ErrType) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), name+" ") {
			t.Errorf("%s gives %v, %v; want a sentence with %q", name, p, err, c.want)
		}
	}
}

// header makes files that claim a size and hold no pixels.
func pngOf(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, w), h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

func jpegOf(w, h uint16) []byte {
	b := []byte("\xff\xd8\xff\xc0\x00\x11\x08")
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, h), w)
	return append(b, "\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"...)
}

func TestHugeSizesAreRefusedBeforeAllocating(t *testing.T) {
	webp := append([]byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"), 0x3f, 0x9c, 0, 0x3f, 0x9c, 0)
	gif := append([]byte("GIF89a"), 0xff, 0xff, 0xff, 0xff, 0, 0, 0)
	for name, c := range map[string]struct {
		data []byte
		kind error
		want string
	}{
		"a.png":    {pngOf(20000, 20000), ErrTooLarge, "400.0 megapixels"},
		"long.png": {pngOf(1<<30, 1), ErrTooLarge, "more than 65535 on a side"},
		"zero.png": {pngOf(0, 5), ErrDamaged, "zero.png"},
		"a.jpg":    {jpegOf(65000, 65000), ErrTooLarge, "megapixels"},
		"zero.jpg": {jpegOf(0, 10), ErrDamaged, "zero.jpg"},
		"a.webp":   {webp, ErrTooLarge, "megapixels"},
		"a.gif":    {gif, ErrTooLarge, "megapixels"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := DecodeBytes(context.Background(), c.data, name, Limits{})
		runtime.ReadMemStats(&after)
		if err == nil || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
			t.Errorf("%s: %d bytes were allocated for a refusal", name, n)
		}
	}
	if _, err := Open(context.Background(), "testdata/rgb.png", Limits{MaxPixels: 45*33 - 1}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one pixel too many: %v", err)
	}
	if _, err := Open(context.Background(), "testdata/rgb.png", Limits{MaxPixels: 45 * 33}); err != nil {
		t.Errorf("exactly as many pixels as allowed: %v", err)
	}
	if _, err := Open(context.Background(), "testdata/rgb.png", Limits{MaxBytes: 100}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many bytes in a file: %v", err)
	}
	if _, err := Decode(context.Background(), bytes.NewReader(make([]byte, 200)), "stream", Limits{MaxBytes: 100}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many bytes in a stream: %v", err)
	}
}

// TestCutAndBrokenFilesGiveSentences cuts every picture at many places, and flips bytes in every one.
func TestCutAndBrokenFilesGiveSentences(t *testing.T) {
	cutSentences := 0
	for name := range readSeen(t) {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		check := func(data []byte) {
			t.Helper()
			p, err := DecodeBytes(context.Background(), data, name, Limits{})
			if err == nil {
				if p.Width*p.Height < 1 || p.Image.Rect != image.Rect(0, 0, p.Width, p.Height) {
					t.Fatalf("%s: an impossible picture %v", name, p.Image.Rect)
				}
				return
			}
			if !strings.HasPrefix(err.Error(), name+" ") || !strings.Contains(err.Error(), ";") {
				t.Fatalf("%s: %q is no sentence that says what to do", name, err)
			}
			if strings.Contains(err.Error(), "cut off") {
				cutSentences++
			}
		}
		for n := 0; n < len(data); n += 1 + len(data)/60 {
			check(data[:n])
		}
		for i := 0; i < len(data); i += 1 + len(data)/150 {
			b := bytes.Clone(data)
			b[i] ^= 0xff
			check(b)
		}
	}
	if cutSentences < 500 {
		t.Errorf("only %d of some 2000 cut files were called cut off", cutSentences)
	}
	data, _ := os.ReadFile("testdata/ycc420.jpg")
	if _, err := DecodeBytes(context.Background(), data[:len(data)/2], "half.jpg", Limits{}); err == nil ||
		err.Error() != "half.jpg ends too early: the JPEG data is cut off; copy or download the file again" {
		t.Errorf("half a JPEG: %v", err)
	}
}

type panicking struct{ image.Image }

func (panicking) Bounds() image.Rectangle { return image.Rect(0, 0, 4, 4) }
func (panicking) At(x, y int) color.Color { panic("index out of range") }

func TestPanicsBecomeErrors(t *testing.T) {
	dec := plain(func(io.Reader) (image.Image, error) { panic("index out of range") })
	if _, err := dec(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Errorf("a panic in a decoder gives %v", err)
	}
	if _, err := upright(context.Background(), raw{img: panicking{}}, image.Pt(4, 4), 1); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Errorf("a panic while converting gives %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{filepath.Join(dir, "none.png"): "there is no file", dir: "is a folder"} {
		if _, err := Open(context.Background(), path, Limits{}); !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, err := Decode(context.Background(), broken{}, "x.png", Limits{}); !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("a reader that fails: %v", err)
	}
}

// stops ends its context at the n-th question.
type stops struct {
	context.Context
	left int
}

func (s *stops) Err() error {
	if s.left--; s.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestCancelAtEveryStage(t *testing.T) {
	for _, name := range []string{"ycc420.jpg", "rgba.png", "lossy-alpha.webp", "anim.gif", "raw.tif", "rgb.bmp"} {
		data, _ := os.ReadFile("testdata/" + name)
		n := 0
		for ; n < 1000; n++ {
			ctx := &stops{context.Background(), n}
			p, err := DecodeBytes(ctx, data, name, Limits{})
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) || p != nil {
				t.Fatalf("%s, cancelled at question %d: %v", name, n, err)
			}
		}
		if n < 3 {
			t.Errorf("%s asks only %d times whether to stop", name, n)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, "testdata/rgb.png", Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open after cancel: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for name := range readSeen(f) {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(pngOf(70000, 70000))
	f.Add(jpegOf(65535, 65535))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodeBytes(context.Background(), data, "fuzz", Limits{MaxPixels: 1 << 14})
		switch {
		case err == nil && (p.Image.Rect != image.Rect(0, 0, p.Width, p.Height) || p.Width*p.Height > 1<<14 || p.Orientation < 1 || p.Orientation > 8):
			t.Fatalf("an impossible picture: %+v", p)
		case err != nil && !errors.Is(err, ErrType) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooLarge):
			t.Fatalf("an error of no kind: %v", err)
		}
	})
}
