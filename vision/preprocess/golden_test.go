package preprocess

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// goldenCase is one file of the reference set: what a processor made of each picture.
type goldenCase struct {
	Class    string
	Settings map[string]any
	Filter   string
	Mean     []float64 `json:"image_mean"`
	Std      []float64 `json:"image_std"`
	Pictures map[string]struct {
		Size  [2]int
		Steps []struct {
			Op       string
			From, To [2]int
			LeftTop  [2]int `json:"left_top"`
		}
		Shape     []int `json:"pixel_values_shape"`
		Mean, Std []float64
		SHA       string `json:"u8_sha256"`
		Stride    int    `json:"sample_stride"`
	}
}

// processor builds our processor the way a checkpoint would: through its configuration file.
func (g goldenCase) processor(t *testing.T) *Processor {
	t.Helper()
	cfg := g.Settings
	cfg["image_processor_type"] = g.Class
	if g.Class == "openvla" { // no class of the reference library: squeezes, then normalises twice
		cfg["image_processor_type"] = "SiglipImageProcessor"
	}
	if g.Mean != nil {
		cfg["image_mean"], cfg["image_std"] = g.Mean, g.Std
	}
	data, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := FromJSON(data, "golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if g.Filter != "" && p.Filter.String() != g.Filter {
		t.Fatalf("the filter is %v, want %s", p.Filter, g.Filter)
	}
	return p
}

func loadPNG(t testing.TB, file string) *image.RGBA {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

// boxOf follows the recorded steps and gives the rectangle of the picture that the last one shows.
func (g goldenCase) boxOf(name string) (x0, y0, x1, y1 float64) {
	pic := g.Pictures[name]
	sx, sy, ox, oy := 1.0, 1.0, 0.0, 0.0 // one pixel of the current stage in the picture, and its origin
	w, h := pic.Size[0], pic.Size[1]
	for _, s := range pic.Steps {
		switch s.Op {
		case "resize":
			sx *= float64(s.From[0]) / float64(s.To[0])
			sy *= float64(s.From[1]) / float64(s.To[1])
		case "center_crop":
			ox += float64(s.LeftTop[0]) * sx
			oy += float64(s.LeftTop[1]) * sy
		case "pad_to_square":
			ox -= float64(s.LeftTop[0]) * sx
			oy -= float64(s.LeftTop[1]) * sy
		}
		w, h = s.To[0], s.To[1]
	}
	return ox, oy, ox + float64(w)*sx, oy + float64(h)*sy
}

func (g goldenCase) check(t *testing.T, name string, img *image.RGBA, samples []float64) {
	want := g.Pictures[name]
	p := g.processor(t)
	b, geo, err := p.Quantized(img)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(b.Pix); hex.EncodeToString(sum[:]) != want.SHA {
		t.Errorf("the bytes differ from the reference: sha256 %x, want %s", sum, want.SHA)
	}
	px, geo2, err := p.Process(img)
	if err != nil || geo2 != geo {
		t.Fatalf("Process: %v; geometry %+v, %+v", err, geo2, geo)
	}
	n := len(want.Shape)
	if got := [3]int{px.C, px.H, px.W}; got != [3]int(want.Shape[n-3:]) {
		t.Fatalf("the shape is %v, want %v", got, want.Shape)
	}
	for c := range px.C {
		mean, std := stats(px.Data[c*px.H*px.W : (c+1)*px.H*px.W])
		if math.Abs(mean-want.Mean[c]) > 1e-5 || math.Abs(std-want.Std[c]) > 1e-5 {
			t.Errorf("channel %d has mean %v, std %v; want %v, %v", c, mean, std, want.Mean[c], want.Std[c])
		}
	}
	for i, s := range samples {
		if got := float64(px.Data[i*want.Stride]); math.Abs(got-s) > 1e-3*max(1, math.Abs(s)) {
			t.Fatalf("value %d is %v, want %v", i*want.Stride, got, s)
		}
	}
	x0, y0, x1, y1 := g.boxOf(name)
	for i, d := range []float64{geo.Box.X0 - x0, geo.Box.Y0 - y0, geo.Box.X1 - x1, geo.Box.Y1 - y1} {
		if math.Abs(d) > 1e-9 {
			t.Errorf("edge %d of the box %+v is off by %v; want %v %v %v %v", i, geo.Box, d, x0, y0, x1, y1)
		}
	}
	if geo.SourceW != want.Size[0] || geo.SourceH != want.Size[1] || geo.ModelW != px.W || geo.ModelH != px.H {
		t.Errorf("the geometry's sizes are %+v", geo)
	}
	if out := p.Output(Size{want.Size[0], want.Size[1]}); out != (Size{px.W, px.H}) {
		t.Errorf("Output announces %v", out)
	}
}

func stats(v []float32) (mean, std float64) {
	for _, x := range v {
		mean += float64(x)
	}
	mean /= float64(len(v))
	for _, x := range v {
		std += (float64(x) - mean) * (float64(x) - mean)
	}
	return mean, math.Sqrt(std / float64(len(v)))
}

// TestProcessors runs the small copies in testdata; TestGoldenHF the whole set.
func TestProcessors(t *testing.T) {
	var cases map[string]goldenCase
	readJSON(t, "testdata/processors.json", &cases)
	if len(cases) != 11 {
		t.Fatalf("testdata holds %d processors, want 11", len(cases))
	}
	for name, g := range cases {
		for pic := range g.Pictures {
			t.Run(name+"/"+pic, func(t *testing.T) {
				g.check(t, pic, loadPNG(t, "testdata/"+pic+".png"), nil)
			})
		}
	}
}

var goldenProcessors = []string{"clip-224", "clip-336", "llava-1.5-pad", "siglip-224", "siglip-384", "siglip2-224",
	"dinov2-224", "openvla-224", "paligemma-224", "gemma3-896", "smolvlm-512-nosplit"}

func TestGoldenHF(t *testing.T) {
	root := os.Getenv("WINNOW_GOLDEN_HF")
	if root == "" {
		t.Skip("WINNOW_GOLDEN_HF is not set")
	}
	dir := filepath.Join(root, "processors")
	samples := readHalves(t, filepath.Join(dir, "samples.safetensors"))
	for _, name := range goldenProcessors {
		var g goldenCase
		readJSON(t, filepath.Join(dir, name+".json"), &g)
		ran := 0
		for pic := range g.Pictures {
			if pic == "photo" { // a JPEG, whose decoder is not ours; its geometry is checked below
				continue
			}
			ran++
			t.Run(fmt.Sprintf("processors/%s/%s", name, pic), func(t *testing.T) {
				s := samples[name+"/"+pic]
				if len(s) < 100 {
					t.Fatalf("%d samples", len(s))
				}
				g.check(t, pic, loadPNG(t, filepath.Join(dir, "pictures", pic+".png")), s)
			})
		}
		if ran != 5 {
			t.Errorf("%s: %d pictures, want 5", name, ran)
		}
		t.Run(fmt.Sprintf("processors/%s/photo", name), func(t *testing.T) {
			size := g.Pictures["photo"].Size
			_, geo, err := g.processor(t).Quantized(image.NewRGBA(image.Rect(0, 0, size[0], size[1])))
			if err != nil {
				t.Fatal(err)
			}
			x0, y0, x1, y1 := g.boxOf("photo")
			if d := math.Abs(geo.Box.X0-x0) + math.Abs(geo.Box.Y0-y0) + math.Abs(geo.Box.X1-x1) + math.Abs(geo.Box.Y1-y1); d > 1e-9 {
				t.Errorf("the box is %+v, want %v %v %v %v", geo.Box, x0, y0, x1, y1)
			}
		})
	}
}

// TestResampleIsPillows compares single resizes with Pillow 13.0.0, byte for byte, and every crop of one
// with the same part of the whole.
func TestResampleIsPillows(t *testing.T) {
	var cases []struct {
		Picture, Filter string
		W, H            int
		SHA256          string
	}
	readJSON(t, "testdata/pillow.json", &cases)
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s-%s-%dx%d", c.Picture, c.Filter, c.W, c.H), func(t *testing.T) {
			f, err := FilterNamed(c.Filter)
			if err != nil {
				t.Fatal(err)
			}
			img := whole(loadPNG(t, "testdata/"+c.Picture+".png"))
			got := resample(img, c.W, c.H, f, image.Rect(0, 0, c.W, c.H))
			if sum := sha256.Sum256(got.pix); hex.EncodeToString(sum[:]) != c.SHA256 {
				t.Errorf("sha256 %x, want %s", sum, c.SHA256)
			}
			part := image.Rect(c.W/3, c.H/3, c.W/3+(c.W+1)/2, c.H/3+(c.H+1)/2)
			cut := resample(img, c.W, c.H, f, part)
			for y := range cut.h {
				a := 3 * ((y+part.Min.Y)*c.W + part.Min.X)
				if !bytes.Equal(cut.pix[3*cut.w*y:3*cut.w*(y+1)], got.pix[a:a+3*cut.w]) {
					t.Fatalf("row %d of the part %v differs from the whole", y, part)
				}
			}
		})
	}
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// readHalves reads every float16 tensor of a safetensors file.
func readHalves(t *testing.T, file string) map[string][]float64 {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		Dtype   string
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for name, h := range header {
		if h.Dtype != "F16" {
			continue
		}
		b := data[8+int(n):][h.Offsets[0]:h.Offsets[1]]
		for i := 0; i < len(b); i += 2 {
			out[name] = append(out[name], half(binary.LittleEndian.Uint16(b[i:])))
		}
	}
	return out
}

func half(h uint16) float64 {
	exp, frac := int(h>>10&31), float64(h&1023)/1024
	v := math.Ldexp(1+frac, exp-15)
	if exp == 0 {
		v = math.Ldexp(frac, -14)
	}
	if h>>15 == 1 {
		return -v
	}
	return v
}
