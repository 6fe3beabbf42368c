package robotics

import (
	"bytes"
	"image"
	"image/jpeg"
	"slices"
	"strings"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
	"winnow/robotics/sim/render"
)

// View paints an environment for a person: of any size, with soft edges, and with shadows where they
// cost little. The pictures that policies see stay as they are.
type View struct {
	r     *render.Renderer
	d     *mujoco.Data
	suite string
}

// scenery is how a suite's environments paint.
var scenery = map[string]struct {
	sites, shadows bool
	// turned are the cameras, by the beginning of their names, that hang upside down.
	turned string
}{
	// The goals are sites. Its scenes have several lights: with shadows two pictures of 320 pixels take
	// 190 ms on two cores, without them 50. On the table shadows cost 50 ms of 105.
	"metaworld": {sites: true, turned: "corner"},
	"table":     {shadows: true},
}

const (
	viewSamples = 4
	viewQuality = 90 // of JPEG
)

// NewView makes pictures of side × side pixels of what stands in env, which is closed after it. The
// error says why nothing can be painted here, or that the size cannot be.
func NewView(env sim.Env, side int) (*View, error) {
	v := &View{d: env.Simulation(), suite: env.Task().Suite}
	s := scenery[v.suite]
	var err error
	v.r, err = render.New(v.d.Model, render.Options{Width: side, Height: side, Samples: viewSamples, Shadows: s.shadows, Sites: s.sites})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Side is the size in pixels.
func (v *View) Side() int { return v.r.Options.Width }

// Paint shows what a camera sees now, the way up that Env.Picture has it.
func (v *View) Paint(camera string) (*image.RGBA, error) {
	img, err := v.r.Image(v.d, camera)
	if err != nil {
		return nil, err
	}
	if t := scenery[v.suite].turned; t != "" && strings.HasPrefix(camera, t) {
		slices.Reverse(img.Pix) // by 180 degrees, and each pixel's four bytes
		for i := 0; i < len(img.Pix); i += 4 {
			slices.Reverse(img.Pix[i : i+4])
		}
	}
	return img, nil
}

// JPEG is Paint as a file.
func (v *View) JPEG(camera string) ([]byte, error) {
	img, err := v.Paint(camera)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: viewQuality}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Close frees the renderer.
func (v *View) Close() { v.r.Close() }
