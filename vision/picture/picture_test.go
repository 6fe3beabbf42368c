package picture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"math"
	"os"
	"strings"
	"testing"
)

// seen is what Pillow makes of a file of testdata: composed over white, in stored orientation.
type seen struct {
	SHA256        string
	Width, Height int
	Mean          [3]float64
	Pixels        []int // RGB of every 5th column of every 7th row
}

func readSeen(t testing.TB) map[string]seen {
	t.Helper()
	data, err := os.ReadFile("testdata/pillow.json")
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]seen
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// stored undoes the turning, after the definitions in the EXIF standard: where row 0 and column 0 lie.
func stored(p *Picture) *image.RGBA {
	w, h := p.Width, p.Height
	if p.Orientation >= 5 {
		w, h = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			ux, uy := x, y
			switch p.Orientation {
			case 2:
				ux = w - 1 - x
			case 3:
				ux, uy = w-1-x, h-1-y
			case 4:
				uy = h - 1 - y
			case 5:
				ux, uy = y, x
			case 6: // row 0 is the right side, column 0 the top
				ux, uy = h-1-y, x
			case 7:
				ux, uy = h-1-y, w-1-x
			case 8:
				ux, uy = y, w-1-x
			}
			out.SetRGBA(x, y, p.Image.RGBAAt(ux, uy))
		}
	}
	return out
}

func rgbBytes(img *image.RGBA) []byte {
	var b []byte
	for i := 0; i < len(img.Pix); i += 4 {
		b = append(b, img.Pix[i:i+3]...)
	}
	return b
}

func open(t testing.TB, name string) *Picture {
	t.Helper()
	p, err := Open(context.Background(), "testdata/"+name, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPixelsAreThoseOfPillow: exact for every lossless format and for WebP, whose decoding is defined bit by
// bit; within a few levels for JPEG, whose inverse transform is not.
func TestPixelsAreThoseOfPillow(t *testing.T) {
	all := readSeen(t)
	if len(all) < 35 {
		t.Fatalf("only %d pictures in testdata", len(all))
	}
	for name, want := range all {
		t.Run(name, func(t *testing.T) {
			p := open(t, name)
			img := p.Image
			if !strings.HasSuffix(name, ".tif") { // Pillow turns TIFFs by itself, the others on request
				img = stored(p)
			}
			if img.Rect.Dx() != want.Width || img.Rect.Dy() != want.Height {
				t.Fatalf("%v, want %d × %d", img.Rect, want.Width, want.Height)
			}
			got := rgbBytes(img)
			for i, v := range img.Pix {
				if i&3 == 3 && v != 255 {
					t.Fatalf("byte %d: alpha %d", i, v)
				}
			}
			if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) == want.SHA256 {
				return
			}
			allowed := 0
			if strings.HasSuffix(name, ".jpg") {
				allowed = 3
			}
			i, worst := 0, 0
			for y := 0; y < want.Height; y += 7 {
				for x := 0; x < want.Width; x += 5 {
					for c := range 3 {
						d := int(got[3*(y*want.Width+x)+c]) - want.Pixels[i]
						worst = max(worst, d, -d)
						i++
					}
				}
			}
			var mean [3]float64
			for i, v := range got {
				mean[i%3] += float64(v) / float64(len(got)/3)
			}
			off := 0.0
			for c := range 3 {
				off = max(off, math.Abs(mean[c]-want.Mean[c]))
			}
			t.Logf("differs by up to %d, means by %.3f", worst, off)
			if allowed == 0 || worst > allowed || off > 0.15 {
				t.Errorf("the pixels differ from Pillow's by up to %d (allowed %d), means by %.3f", worst, allowed, off)
			}
		})
	}
}
