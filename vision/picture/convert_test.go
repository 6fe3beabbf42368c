package picture

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
)

func decodeAs(t *testing.T, img image.Image, name string) *Picture {
	t.Helper()
	var b bytes.Buffer
	var err error
	if strings.HasSuffix(name, ".tif") {
		err = tiff.Encode(&b, img, nil)
	} else {
		err = png.Encode(&b, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := DecodeBytes(context.Background(), b.Bytes(), name, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAlphaIsComposedOverWhite: half-transparent red is pink, whichever way the file keeps its alpha.
func TestAlphaIsComposedOverWhite(t *testing.T) {
	straight := image.NewNRGBA(image.Rect(0, 0, 3, 1))
	straight.SetNRGBA(0, 0, color.NRGBA{255, 0, 0, 128})
	straight.SetNRGBA(1, 0, color.NRGBA{10, 20, 30, 0})
	straight.SetNRGBA(2, 0, color.NRGBA{10, 20, 30, 255})
	premultiplied := image.NewRGBA(straight.Rect)
	straight16, premultiplied16 := image.NewNRGBA64(straight.Rect), image.NewRGBA64(straight.Rect)
	palette := image.NewPaletted(straight.Rect, nil)
	for x := range 3 {
		c := straight.NRGBAAt(x, 0)
		premultiplied.Set(x, 0, c)
		straight16.Set(x, 0, c)
		premultiplied16.Set(x, 0, c)
		palette.Palette = append(palette.Palette, c)
		palette.SetColorIndex(x, 0, uint8(x))
	}
	want := [][3]int{{255, 127, 127}, {255, 255, 255}, {10, 20, 30}}
	for name, p := range map[string]*Picture{
		"straight": decodeAs(t, straight, "a.png"), "straight 16": decodeAs(t, straight16, "a.png"), "palette": decodeAs(t, palette, "a.png"),
		"premultiplied": decodeAs(t, premultiplied, "a.tif"), "premultiplied 16": decodeAs(t, premultiplied16, "a.tif"),
	} {
		for x, w := range want {
			c := p.Image.RGBAAt(x, 0)
			for i, v := range []uint8{c.R, c.G, c.B} {
				if d := int(v) - w[i]; d < -1 || d > 1 {
					t.Errorf("%s: pixel %d is %v, want %v", name, x, c, w)
					break
				}
			}
		}
		if !slices.Contains(p.Notes, "transparent parts are drawn on white") {
			t.Errorf("%s: the notes %q do not mention transparency", name, p.Notes)
		}
	}
	if opaque := open(t, "rgb.png"); len(opaque.Notes) != 0 {
		t.Errorf("an opaque picture has the notes %q", opaque.Notes)
	}
}

func TestBadPremultipliedColoursDoNotWrap(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 1, 1))
	copy(img.Pix, []uint8{200, 100, 0, 50}) // red above its alpha
	out, err := upright(context.Background(), raw{img: img}, image.Pt(1, 1), 1)
	if err != nil || out.RGBAAt(0, 0) != (color.RGBA{255, 255, 205, 255}) {
		t.Fatalf("%v, %v", out, err)
	}
}

func TestSixteenBitsKeepTheHighByte(t *testing.T) {
	grey := image.NewGray16(image.Rect(0, 0, 2, 1))
	grey.SetGray16(0, 0, color.Gray16{0x12ff})
	grey.SetGray16(1, 0, color.Gray16{0xfeff})
	p := decodeAs(t, grey, "g.png")
	if a, b := p.Image.RGBAAt(0, 0), p.Image.RGBAAt(1, 0); a != (color.RGBA{0x12, 0x12, 0x12, 255}) || b.G != 0xfe {
		t.Errorf("grey: %v, %v", a, b)
	}
	rgb := image.NewRGBA64(image.Rect(0, 0, 1, 1))
	rgb.SetRGBA64(0, 0, color.RGBA64{0x12ff, 0x80ff, 0xff00, 0xffff})
	p = decodeAs(t, rgb, "c.png")
	if c := p.Image.RGBAAt(0, 0); c != (color.RGBA{0x12, 0x80, 0xff, 255}) {
		t.Errorf("colour: %v", c)
	}
	if !slices.Contains(p.Notes, "16-bit values were shortened to 8 bits") {
		t.Errorf("notes %q", p.Notes)
	}
}

func TestPaletteIndexBeyondThePaletteIsBlack(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.White})
	img.Pix[1] = 200
	out, err := upright(context.Background(), raw{img: img}, image.Pt(2, 1), 1)
	if err != nil || out.RGBAAt(0, 0).R != 255 || out.RGBAAt(1, 0) != (color.RGBA{0, 0, 0, 255}) {
		t.Fatalf("%v, %v", out, err)
	}
}

// TestSmallGIFFrameStandsOnTheCanvas: the first frame may be smaller than the screen and lie anywhere on it.
func TestSmallGIFFrameStandsOnTheCanvas(t *testing.T) {
	frame := image.NewPaletted(image.Rect(3, 1, 5, 3), color.Palette{color.RGBA{9, 8, 7, 255}, color.Transparent})
	frame.SetColorIndex(4, 2, 1)
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 8, Height: 6, ColorModel: frame.Palette}}); err != nil {
		t.Fatal(err)
	}
	p, err := DecodeBytes(context.Background(), b.Bytes(), "small.gif", Limits{})
	if err != nil || p.Width != 8 || p.Height != 6 {
		t.Fatalf("%+v, %v", p, err)
	}
	for y := range 6 {
		for x := range 8 {
			want := color.RGBA{255, 255, 255, 255}
			if (image.Point{X: x, Y: y}).In(frame.Rect) && !(x == 4 && y == 2) {
				want = color.RGBA{9, 8, 7, 255}
			}
			if got := p.Image.RGBAAt(x, y); got != want {
				t.Fatalf("(%d, %d) is %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestMetadata(t *testing.T) {
	p := open(t, "exif6.jpg")
	if p.Format != "JPEG" || p.Orientation != 6 || p.Width != 33 || p.Height != 45 || p.Name != "exif6.jpg" || len(p.SHA256) != 64 {
		t.Errorf("%+v", p)
	}
	if len(p.Notes) != 1 || p.Notes[0] != "turned upright by its EXIF orientation (6)" {
		t.Errorf("notes %q", p.Notes)
	}
	for name, want := range map[string][2]any{"exif6.png": {"PNG", 6}, "exif8.webp": {"WebP", 8}, "exif3.tif": {"TIFF", 3}, "rgb.bmp": {"BMP", 1}, "anim.gif": {"GIF", 1}} {
		if p := open(t, name); p.Format != want[0] || p.Orientation != want[1] {
			t.Errorf("%s: %s, orientation %d", name, p.Format, p.Orientation)
		}
	}
	if p := open(t, "anim.webp"); !slices.Contains(p.Notes, "the first picture of an animation") {
		t.Errorf("anim.webp: %q", p.Notes)
	}
	renamed := filepath.Join(t.TempDir(), "really-a-png.jpg")
	data, _ := os.ReadFile("testdata/rgb.png")
	if err := os.WriteFile(renamed, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := Open(context.Background(), renamed, Limits{}); err != nil || p.Format != "PNG" {
		t.Errorf("a PNG named .jpg: %v, %v", p, err)
	}
}

func TestTurnMirrorThumbnail(t *testing.T) {
	p := open(t, "rgb.png")
	q := p.Turned(1)
	if q.Width != 33 || q.Height != 45 || q.Image.RGBAAt(32, 0) != p.Image.RGBAAt(0, 0) || q.Image.RGBAAt(32, 44) != p.Image.RGBAAt(44, 0) {
		t.Error("a quarter turn clockwise does not bring the upper left corner to the upper right")
	}
	if r := q.Turned(-1); !bytes.Equal(r.Image.Pix, p.Image.Pix) {
		t.Error("a turn and back changes the picture")
	}
	if r := p.Turned(2).Turned(6); !bytes.Equal(r.Image.Pix, p.Image.Pix) {
		t.Error("two half turns change the picture")
	}
	if m := p.Mirrored(); m.Image.RGBAAt(0, 5) != p.Image.RGBAAt(44, 5) || bytes.Equal(m.Image.Pix, p.Image.Pix) {
		t.Error("mirroring does not exchange left and right")
	}
	if s := p.Thumbnail(20).Rect.Size(); s != image.Pt(20, 14) {
		t.Errorf("the thumbnail is %v", s)
	}
	if s := p.Thumbnail(500).Rect.Size(); s != image.Pt(45, 33) {
		t.Errorf("a thumbnail larger than the picture is %v", s)
	}
	th := p.Thumbnail(2)
	if th.RGBAAt(0, 0).A != 255 || th.RGBAAt(0, 0).R >= th.RGBAAt(1, 0).R {
		t.Errorf("a thumbnail of 2 pixels: %v", th.Pix)
	}
}

// TestPhotosAgreeWithLibjpeg compares real 4:2:0 photographs with Pillow over libjpeg-turbo.
func TestPhotosAgreeWithLibjpeg(t *testing.T) {
	root := os.Getenv("WINNOW_GOLDEN_HF")
	if root == "" {
		t.Skip("WINNOW_GOLDEN_HF is not set")
	}
	data, err := os.ReadFile(filepath.Join(root, "processors", "decode.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Photos []struct {
			File string
			Mean [3]float64 `json:"mean_rgb"`
			Each [][3]int   `json:"every_9973rd_pixel_rgb"`
			Size [2]int
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Photos) != 6 {
		t.Fatalf("%d photos", len(d.Photos))
	}
	for _, f := range d.Photos {
		p, err := Open(context.Background(), filepath.Join(root, "..", f.File), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Width != f.Size[0] || p.Height != f.Size[1] {
			t.Fatalf("%s: %d × %d", f.File, p.Width, p.Height)
		}
		pix := rgbBytes(p.Image)
		var mean [3]float64
		for i, v := range pix {
			mean[i%3] += float64(v) / float64(len(pix)/3)
		}
		for c := range 3 {
			if math.Abs(mean[c]-f.Mean[c]) > 0.1 {
				t.Errorf("%s: mean %v, want %v", f.File, mean, f.Mean)
			}
		}
		for i, want := range f.Each {
			for c := range 3 {
				if d := int(pix[3*9973*i+c]) - want[c]; d < -3 || d > 3 {
					t.Errorf("%s: pixel %d is %v, want %v", f.File, 9973*i, pix[3*9973*i:3*9973*i+3], want)
					break
				}
			}
		}
	}
}

// TestMemoryOfALargeJPEG: the promise of the package comment, 5.5 bytes a pixel beside the file for 4:2:0.
func TestMemoryOfALargeJPEG(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 64 megapixels")
	}
	const w, h = 9216, 6944
	var file bytes.Buffer
	func() {
		img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
		for i := range img.Y {
			img.Y[i] = uint8(i / 37)
		}
		if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 30}); err != nil {
			t.Fatal(err)
		}
	}()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := DecodeBytes(context.Background(), file.Bytes(), "large.jpg", Limits{})
	runtime.ReadMemStats(&after)
	if err != nil || p.Width != w || p.Height != h {
		t.Fatal(err)
	}
	if perPixel := float64(after.TotalAlloc-before.TotalAlloc) / (w * h); perPixel > 8 {
		t.Errorf("%.2f bytes a pixel were allocated in all", perPixel)
	} else {
		t.Logf("%.2f bytes a pixel", perPixel)
	}
}
