package gui

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// seenSide is the share of a camera picture's width and height that the policy sees: the middle of it,
// 90 % of its area, as policy.Config.Prepare cuts it.
var seenSide = math.Sqrt(0.9)

// seenPart is that part: left, top, right, bottom in 0 … 1.
func seenPart() [4]float64 {
	edge := (1 - seenSide) / 2
	return [4]float64{edge, edge, 1 - edge, 1 - edge}
}

// encoderTitles name the two encoders in their order.
var encoderTitles = [2]string{"DINOv2", "SigLIP"}

// How bright what is not looked at stays, and how strongly the most looked at is tinted.
const (
	shadeMost = 0.68
	tintMost  = 0.22
)

// setHeat chooses whose attention lies on the cameras.
func (r *robot) setHeat(name string) {
	r.form.Heat = name
	r.remember()
	r.showCameras()
	r.showWhere()
}

func (r *robot) nextHeat() {
	r.setHeat(heatNames[(slices.Index(heatNames, r.form.Heat)+1)%len(heatNames)])
}

// grid is the patch grid of the acting policy, 0 × 0 where there is none.
func (r *robot) grid() (rows, cols int) {
	if p := r.state().Acting.Player(trace.Pruned); p != nil {
		return p.Rows, p.Cols
	}
	return 0, 0
}

// heat is where the policy looks in a camera's picture, one number a patch: the chosen vector, else
// the mean of all; both encoders weighted by the gate. nil where nobody looks.
func (r *robot) heat(t *trace.Thought, camera int) []float32 {
	rows, cols := r.grid()
	if t == nil || rows*cols == 0 || r.form.Heat == heatNone {
		return nil
	}
	weights := [2]float32{0.5, 0.5}
	if len(t.Gate) == 2 && finite32(t.Gate[0]) && finite32(t.Gate[1]) {
		weights = [2]float32{t.Gate[0], t.Gate[1]}
	}
	var out []float32
	for e, w := range weights {
		if r.form.Heat == heatDINO && e != 0 || r.form.Heat == heatSigLIP && e != 1 {
			continue
		}
		l := t.Look(camera, e)
		if l == nil {
			continue
		}
		m := l.Map(r.vector)
		if len(m) != rows*cols {
			continue
		}
		if out == nil {
			out = make([]float32, len(m))
		}
		if r.form.Heat != heatBoth {
			w = 1
		}
		for i, v := range m {
			out[i] += w * v
		}
	}
	return out
}

func finite32(v float32) bool { return v-v == 0 }

// spotlight darkens the patches that are looked at least and tints those looked at most: a pixel a
// patch, premultiplied.
func spotlight(values []float32, rows, cols int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, cols, rows))
	low, top := float64(slices.Min(values)), float64(slices.Max(values))
	hot := toNRGBA(colour(theme.ColorKeptFrame)) // lies on a picture, whatever the palette
	for i, v := range values {
		t := 0.0
		if top > low {
			t = min(max((float64(v)-low)/(top-low), 0), 1)
		}
		t = math.Sqrt(t) // attention has a few tall peaks; its feet would not be seen
		shade, warm := shadeMost*(1-t), tintMost*max(0, 2*t-1)
		mix := func(c uint8) uint8 { return uint8(warm*float64(c) + 0.5) }
		img.SetRGBA(i%cols, i/cols, color.RGBA{mix(hot.R), mix(hot.G), mix(hot.B), uint8(255*(shade+warm-shade*warm) + 0.5)})
	}
	return img
}

func toNRGBA(c color.Color) color.NRGBA { return color.NRGBAModel.Convert(c).(color.NRGBA) }

// glow paints values from the track's colour up to the accent: a pixel a patch.
func glow(values []float32, rows, cols int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, cols, rows))
	top := slices.Max(values)
	low, high := toNRGBA(colour(theme.ColorTrack)), toNRGBA(colour(theme.ColorKept))
	for i, v := range values {
		t := float32(0)
		if top > 0 {
			t = min(max(v/top, 0), 1)
		}
		mix := func(a, b uint8) uint8 { return uint8(float32(a) + t*(float32(b)-float32(a)) + 0.5) }
		img.SetRGBA(i%cols, i/cols, color.RGBA{mix(low.R, high.R), mix(low.G, high.G), mix(low.B, high.B), 255})
	}
	return img
}

// lookMaps are what each aggregation vector looks at, of the camera and encoder chosen.
func (r *robot) lookMaps(t *trace.Thought) []widgets.LookMap {
	rows, cols := r.grid()
	if t == nil || rows*cols == 0 {
		return nil
	}
	l := t.Look(r.camera, r.encoder)
	if l == nil {
		return nil
	}
	var out []widgets.LookMap
	for v := range min(l.Vectors, maxLookMaps) {
		m := l.Map(v)
		if len(m) != rows*cols {
			return nil
		}
		at, top := 0, float32(0)
		for i, x := range m {
			if x > top {
				at, top = i, x
			}
		}
		out = append(out, widgets.LookMap{Image: glow(m, rows, cols),
			Tip: fmt.Sprintf("aggregation token %d\nmost at row %d, column %d: %.2g %%", v, at/cols, at%cols, 100*top)})
	}
	return out
}

// maxLookMaps bounds the maps made; a real policy has 64 vectors a picture.
const maxLookMaps = 256
