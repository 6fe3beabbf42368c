package robotics

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"

	"winnow/robotics/sim/render"
	"winnow/robotics/sim/suites"
)

// TestAViewShowsWhatThePolicySees through every camera of both suites: the same way up, at another
// size; and the policy's picture does not change by it.
func TestAViewShowsWhatThePolicySees(t *testing.T) {
	simulator(t)
	for _, name := range [][2]string{{"table", "push"}, {"metaworld", "reach"}} {
		env, err := suites.Open(name[0], name[1], render.Options{Width: 48, Height: 48})
		if err != nil {
			if strings.Contains(err.Error(), "are not installed") {
				t.Skip(err)
			}
			t.Fatal(err)
		}
		defer env.Close()
		if _, err := env.Reset(1); err != nil {
			t.Fatal(err)
		}
		v, err := NewView(env, 96)
		if err != nil {
			if strings.Contains(err.Error(), "cannot be painted here") {
				t.Skip(err)
			}
			t.Fatal(err)
		}
		defer v.Close()
		for _, c := range env.Task().Cameras {
			small, err := Picture(env, c)
			if err != nil {
				t.Fatal(err)
			}
			large, err := v.Paint(c)
			if err != nil {
				t.Fatal(err)
			}
			// How far the two are apart, pixel by pixel, and with one of them turned.
			upright, turned := 0, 0
			for y := range 48 {
				for x := range 48 {
					p, q := small.RGBAAt(x, y), large.RGBAAt(2*x, 2*y)
					r := large.RGBAAt(95-2*x, 95-2*y)
					upright += apart(p.R, q.R) + apart(p.G, q.G) + apart(p.B, q.B)
					turned += apart(p.R, r.R) + apart(p.G, r.G) + apart(p.B, r.B)
				}
			}
			if 2*upright > turned || large.RGBAAt(3, 3).A != 255 {
				t.Errorf("%s %s: %d apart, and turned %d", name[0], c, upright, turned)
			}
			if again, err := Picture(env, c); err != nil || !bytes.Equal(small.Pix, again.Pix) {
				t.Errorf("%s %s: the policy's picture changed: %v", name[0], c, err)
			}
		}
		data, err := v.JPEG(env.Task().Cameras[0])
		if err != nil {
			t.Fatal(err)
		}
		if img, err := jpeg.Decode(bytes.NewReader(data)); err != nil || img.Bounds().Dx() != 96 || v.Side() != 96 {
			t.Errorf("the file: %v", err)
		}
	}
}

func apart(a, b uint8) int { return max(int(a), int(b)) - min(int(a), int(b)) }
