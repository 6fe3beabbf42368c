package preprocess

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"winnow/vision/grid"
	"winnow/vision/picture"
)

func noise(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
		if i&3 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}

func plainOf(w, h int, c color.RGBA) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(img.Pix[4*i:], []uint8{c.R, c.G, c.B, 255})
	}
	return img
}

func TestOldAndNestedConfigurationsMeanTheSame(t *testing.T) {
	current := `{"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}, "resample": 3,
		"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711], "rescale_factor": 0.00392156862745098}`
	want, err := FromJSON([]byte(current), "a.json")
	if err != nil {
		t.Fatal(err)
	}
	if want.Shortest != 336 || want.Crop != (Size{336, 336}) || want.Filter != Bicubic || want.Norms[0] != OpenAI || want.Rescale != 1./255 {
		t.Fatalf("%+v", want)
	}
	for name, text := range map[string]string{
		"numbers":   `{"feature_extractor_type": "CLIPFeatureExtractor", "size": 336, "crop_size": 336, "do_resize": true, "do_center_crop": true}`,
		"nested":    `{"processor_class": "LlavaProcessor", "image_processor": ` + current + `}`,
		"fast":      strings.Replace(current, "CLIPImageProcessor", "CLIPImageProcessorFast", 1),
		"nulls":     `{"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 336, "height": null}, "crop_size": 336, "image_mean": null, "image_std": null}`,
		"llava off": strings.Replace(strings.Replace(current, "CLIP", "Llava", 1), "{", `{"do_pad": false, `, 1),
	} {
		got, err := FromJSON([]byte(text), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, b := *got, *want
		a.Name, b.Name = "", ""
		if g, w := mustJSON(t, a), mustJSON(t, b); g != w {
			t.Errorf("%s: %s, want %s", name, g, w)
		}
	}
	siglip, err := FromJSON([]byte(`{"image_processor_type": "SiglipImageProcessor", "size": 384}`), "s.json")
	if err != nil || siglip.Exact != (Size{384, 384}) || siglip.Norms[0] != Half || siglip.Crop != (Size{}) {
		t.Errorf("SigLIP with a number: %+v, %v", siglip, err)
	}
}

func mustJSON(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBadConfigurationsAreRefused(t *testing.T) {
	clip := func(rest string) string { return `{"image_processor_type": "CLIPImageProcessor", ` + rest + `}` }
	for text, want := range map[string]string{
		`{`: "is not a processor configuration",
		`{"image_processor_type": "Qwen2VLImageProcessor"}`:                                "free size",
		`{"image_processor_type": "LlavaNextImageProcessor"}`:                              "tiling by pinpoints is not supported",
		`{"image_processor_type": "WhatImageProcessor"}`:                                   `"WhatImageProcessor", which is unknown here; known are BitImageProcessor`,
		`{"image_processor_type": "SmolVLMImageProcessor"}`:                                "do_image_splitting",
		`{"image_processor_type": "Gemma3ImageProcessor", "do_pan_and_scan": true}`:        "do_pan_and_scan",
		clip(`"size": {"shortest_edge": -5}`):                                              "size.shortest_edge is -5",
		clip(`"size": {"shortest_edge": 1e9}`):                                             "whole number from 1 to 8192",
		clip(`"size": 0`):                                                                  "size of 0 pixels",
		clip(`"size": {"edge": 5}`):                                                        "names none of",
		clip(`"size": {"longest_edge": 448}`):                                              "longest_edge",
		clip(`"size": {"height": 224, "width": 224, "shortest_edge": 224}`):                "keep one",
		clip(`"crop_size": {"height": 224}`):                                               "crop_size",
		clip(`"resample": 9`):                                                              "resample 9 is unknown",
		clip(`"image_mean": [0.5, 0.5], "image_std": [0.5, 0.5, 0.5]`):                     "three numbers",
		clip(`"image_mean": [0.5, 0.5, 0.5]`):                                              "give both or neither",
		clip(`"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0, 0.5]`):                  "channel 1 has mean 0.5 and standard deviation 0",
		clip(`"rescale_factor": -1`):                                                       "rescale_factor is -1",
		clip(`"do_center_crop": false`):                                                    "give size or crop_size",
		`{"image_processor": {"image_processor_type": "Qwen2VLImageProcessor"}}`:           "p.json (image_processor) asks for",
		`{"image_processor_type": "ViTImageProcessor", "size": {"height": 9, "width": 0}}`: "size.width is 0",
	} {
		if p, err := FromJSON([]byte(text), "p.json"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %+v, %v; want %q", text, p, err, want)
		}
	}
	for _, s := range []Settings{{}, {ImageSize: 1 << 20}, {ImageSize: 224, Pad: true, Squeeze: true}, {ImageSize: 224, Filter: Bicubic}} {
		if p, err := FromSettings(s); err == nil {
			t.Errorf("%+v gives %+v", s, p)
		}
	}
	if _, _, err := OpenVLA(224).Process(image.NewRGBA(image.Rectangle{})); err == nil || !strings.Contains(err.Error(), "empty picture") {
		t.Errorf("an empty picture: %v", err)
	}
}

func TestSettingsEqualTheConfiguration(t *testing.T) {
	img := loadPNG(t, "testdata/tall.png")
	base := Settings{ImageSize: 224, Mean: OpenAI.Mean, Std: OpenAI.Std, Filter: Bicubic}
	padded, squeezed := base, base
	padded.Pad, squeezed.Squeeze = true, true
	for text, s := range map[string]Settings{
		`{"image_processor_type": "CLIPImageProcessor"}`:                  base,
		`{"image_processor_type": "LlavaImageProcessor", "do_pad": true}`: padded,
		`{"image_processor_type": "SiglipImageProcessor", "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}`: squeezed,
	} {
		a, err := FromJSON([]byte(text), "a")
		if err != nil {
			t.Fatal(err)
		}
		b, err := FromSettings(s)
		if err != nil {
			t.Fatal(err)
		}
		pa, ga, _ := a.Process(img)
		pb, gb, _ := b.Process(img)
		if ga != gb || len(pa.Data) != 3*224*224 {
			t.Errorf("%s: %+v, %+v", text, ga, gb)
		}
		for i := range pa.Data {
			if pa.Data[i] != pb.Data[i] {
				t.Fatalf("%s: value %d is %v from the file, %v from the settings", text, i, pa.Data[i], pb.Data[i])
			}
		}
	}
}

// TestCropLargerThanThePictureIsBlackOutside: the box then sticks out of the picture, and the picture's own
// pixels stand where the geometry says.
func TestCropLargerThanThePictureIsBlackOutside(t *testing.T) {
	p := &Processor{Name: "t", Crop: Size{8, 6}, Filter: Bicubic, Rescale: 1. / 255, Norms: []Channels{Half}}
	img := plainOf(5, 9, color.RGBA{200, 100, 50, 255})
	b, g, err := p.Quantized(img)
	if err != nil {
		t.Fatal(err)
	}
	if want := (grid.Rect{X0: -2, Y0: 1, X1: 6, Y1: 7}); g.Box != want {
		t.Fatalf("the box is %+v, want %+v", g.Box, want)
	}
	for y := range 6 {
		for x := range 8 {
			want := uint8(0)
			if x >= 2 && x < 7 {
				want = 200
			}
			if got := b.Pix[y*8+x]; got != want {
				t.Fatalf("red at (%d, %d) is %d, want %d", x, y, got, want)
			}
		}
	}
}

// TestPaddingEqualsAPaddedPicture compares the padding that is never stored with one that is, in both pass
// orders and with a picture that is not square in either direction.
func TestPaddingEqualsAPaddedPicture(t *testing.T) {
	for _, size := range []Size{{91, 40}, {40, 91}, {300, 7}, {7, 300}, {50, 50}} {
		img := noise(size.W, size.H)
		side := max(size.W, size.H)
		for _, f := range []Filter{Bilinear, Bicubic, Lanczos, Box, Nearest} {
			virtual := canvas{img: img, w: side, h: side, x: (side - size.W) / 2, y: (side - size.H) / 2, fill: [3]uint8{122, 116, 104}}
			stored := plainOf(side, side, color.RGBA{122, 116, 104, 255})
			for y := range size.H {
				copy(stored.Pix[stored.PixOffset(virtual.x, y+virtual.y):], img.Pix[4*size.W*y:4*size.W*(y+1)])
			}
			for _, out := range []Size{{24, 24}, {24, 11}, {200, 30}, {side, 20}, {30, side}, {side, side}} {
				r := image.Rect(out.W/4, 0, out.W, out.H-out.H/5)
				a, b := resample(virtual, out.W, out.H, f, r), resample(whole(stored), out.W, out.H, f, r)
				if string(a.pix) != string(b.pix) {
					t.Fatalf("%v, %v to %v: virtual and stored padding differ", size, f, out)
				}
			}
		}
	}
}

func TestSubImagesAreReadWhereTheyLie(t *testing.T) {
	img := noise(90, 70)
	sub := img.SubImage(image.Rect(13, 9, 61, 52)).(*image.RGBA)
	copied := image.NewRGBA(image.Rect(0, 0, 48, 43))
	for y := range 43 {
		for x := range 48 {
			copied.SetRGBA(x, y, sub.RGBAAt(x+13, y+9))
		}
	}
	p := OpenVLA(32)
	a, ga, _ := p.Quantized(sub)
	b, gb, _ := p.Quantized(copied)
	if string(a.Pix) != string(b.Pix) || ga != gb {
		t.Error("a part of a picture and its copy give different pixels")
	}
}

func TestResultDoesNotDependOnProcessors(t *testing.T) {
	img := noise(333, 222)
	p := &Processor{Name: "t", Shortest: 64, Crop: Size{64, 64}, Filter: Bicubic, Rescale: 1. / 255, Norms: []Channels{OpenAI}}
	many, _, _ := p.Quantized(img)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one, _, _ := p.Quantized(img)
	if string(many.Pix) != string(one.Pix) {
		t.Error("one processor and many give different pixels")
	}
}

// TestLongThinPicturesCostLittle: the reference would make a picture of 224 × 14 680 064 pixels first.
func TestLongThinPicturesCostLittle(t *testing.T) {
	for _, size := range []Size{{65535, 1}, {1, 65535}} {
		for _, p := range []*Processor{
			{Name: "crop", Shortest: 224, Crop: Size{224, 224}, Filter: Bicubic, Rescale: 1. / 255, Norms: []Channels{OpenAI}},
			{Name: "pad", PadSquare: true, Exact: Size{336, 336}, Filter: Bicubic, Rescale: 1. / 255, Norms: []Channels{OpenAI}},
		} {
			img := noise(size.W, size.H)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, g, err := p.Process(img)
			runtime.ReadMemStats(&after)
			if err != nil || g.Box.Empty() {
				t.Fatalf("%s of %v: %+v, %v", p.Name, size, g, err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 150<<20 {
				t.Errorf("%s of %v: %d MB", p.Name, size, n>>20)
			}
		}
	}
}

func TestNormalizeIsTheFormula(t *testing.T) {
	b := Bytes{Pix: []uint8{0, 255, 128, 7, 255, 1}, W: 2, H: 1}
	out := OpenVLA(2).Normalize(b)
	if out.C != 6 || len(out.Data) != 12 {
		t.Fatalf("%+v", out)
	}
	for n, norm := range []Channels{ImageNet, Half} {
		for i, v := range b.Pix {
			want := (float64(v)/255 - norm.Mean[i/2]) / norm.Std[i/2]
			if got := float64(out.Data[6*n+i]); math.Abs(got-want) > 1e-6 {
				t.Errorf("norm %d, value %d: %v, want %v", n, i, got, want)
			}
		}
	}
}

// TestSpritesPhoto follows a JPEG from the file to the pixels of the built-in model's reference. JPEG
// decoders may differ by a few levels, and do.
func TestSpritesPhoto(t *testing.T) {
	root := os.Getenv("WINNOW_GOLDEN_HF")
	if root == "" {
		t.Skip("WINNOW_GOLDEN_HF is not set")
	}
	dir := filepath.Join(root, "..", "models", "llava-sprites")
	cfg, err := os.ReadFile(filepath.Join(dir, "preprocessor_config.json"))
	if err != nil {
		t.Skip(err)
	}
	p, err := FromJSON(cfg, "preprocessor_config.json")
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Picture string }
	readJSON(t, filepath.Join(dir, "cases", "photo.json"), &c)
	pic, err := picture.Open(context.Background(), filepath.Join(dir, c.Picture), picture.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := p.Quantized(pic.Image)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "cases", "photo.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	at := header["pixel_values_u8"].Offsets
	want := data[8+int(n):][at[0]:at[1]]
	if len(want) != len(b.Pix) {
		t.Fatalf("%d values, want %d", len(b.Pix), len(want))
	}
	worst, sum := 0, 0
	for i, v := range b.Pix {
		d := int(v) - int(want[i])
		worst, sum = max(worst, d, -d), sum+max(d, -d)
	}
	mean := float64(sum) / float64(len(want))
	t.Logf("differs by up to %d levels, %.3f on average", worst, mean)
	if worst > 4 || mean > 0.3 {
		t.Errorf("the pixels differ from the reference by up to %d levels, %.3f on average", worst, mean)
	}
}

func TestTwelveMegapixelsAreQuick(t *testing.T) {
	img := noise(4000, 3000)
	p := &Processor{Name: "t", Shortest: 224, Crop: Size{224, 224}, Filter: Bicubic, Rescale: 1. / 255, Norms: []Channels{OpenAI}}
	best := time.Hour
	for range 3 {
		start := time.Now()
		if _, _, err := p.Process(img); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	t.Logf("%v", best)
	if best > 2*time.Second { // 150 ms on two idle cores; a busy machine must not fail the test
		t.Errorf("12 megapixels to 224 take %v", best)
	}
}

func BenchmarkTwelveMegapixels(b *testing.B) {
	img := noise(4000, 3000)
	p := &Processor{Name: "t", Shortest: 224, Crop: Size{224, 224}, Filter: Bicubic, Rescale: 1. / 255, Norms: []Channels{OpenAI}}
	for b.Loop() {
		if _, _, err := p.Process(img); err != nil {
			b.Fatal(err)
		}
	}
}
