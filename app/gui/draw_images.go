package gui

import (
	"bytes"
	"errors"
	"image"
	"image/draw"
	"image/png"
	"math"
	"slices"

	"winnow/internal/trace"
	"winnow/vision/grid"
	"winnow/vision/heatmap"
	"winnow/vision/quality"
)

// imageCache holds the pictures decoded last, by side and step; step -1 is the finished one.
type imageCache struct {
	pictures map[imageKey]*image.RGBA
	// difference of the two pictures shown last.
	a, b, apart *image.RGBA
}

type imageKey struct {
	side string
	step int
}

// maxImages is how many decoded pictures are held at most.
const maxImages = 256

// picture decodes a PNG of a side once; nil where there is none, or it is damaged.
func (c *imageCache) picture(key imageKey, file []byte) *image.RGBA {
	if len(file) == 0 {
		return nil
	}
	if img, ok := c.pictures[key]; ok {
		return img
	}
	if c.pictures == nil || len(c.pictures) >= maxImages {
		c.pictures = map[imageKey]*image.RGBA{}
	}
	img, err := decodePNG(file)
	if err != nil {
		img = nil
	}
	c.pictures[key] = img
	return img
}

// difference is that of two pictures, kept for as long as the same two are asked for; nil where one
// is missing or their sizes differ.
func (c *imageCache) difference(a, b *image.RGBA) *image.RGBA {
	if a == nil || b == nil {
		return nil
	}
	if c.a != a || c.b != b {
		c.a, c.b, c.apart = a, b, nil
		if d, err := quality.Difference(a, b); err == nil {
			c.apart = d
		}
	}
	return c.apart
}

// maxPixels bounds what a trace may make the window decode.
const maxPixels = 1 << 26

func decodePNG(file []byte) (*image.RGBA, error) {
	if c, err := png.DecodeConfig(bytes.NewReader(file)); err != nil {
		return nil, err
	} else if int64(c.Width)*int64(c.Height) > maxPixels {
		return nil, errors.New("the picture is larger than this window shows")
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out, nil
}

// pictureAt is what a side predicted at a step, and the finished picture at the last one. exact is
// false where the step has no picture of its own and a neighbour's stands for it.
func (d *drawing) pictureAt(x *trace.Side, step int) (img *image.RGBA, exact bool) {
	if x == nil {
		return nil, false
	}
	// While a later side is being made its pictures alone move, so that a redraw takes no more of the
	// processor from it than it took from this side. They stay so where the run was cancelled.
	live := d.follow && (d.state().Running || d.state().Cancelled)
	if x.Drawn != nil && len(x.Drawn.Image) > 0 && (live || step >= d.steps()-1) {
		return d.finished(x), true
	}
	for i := min(step, len(x.Denoised)-1); i >= 0; i-- {
		if e := x.Denoised[i]; len(e.Preview) > 0 {
			return d.images.picture(imageKey{x.Name, i}, e.Preview), i == step
		}
	}
	return d.finished(x), false
}

// finished is a side's picture once it is drawn, nil before.
func (d *drawing) finished(x *trace.Side) *image.RGBA {
	if x == nil || x.Drawn == nil {
		return nil
	}
	return d.images.picture(imageKey{x.Name, -1}, x.Drawn.Image)
}

// unstable colours the tokens that a step of a side found unstable and darkens the others, one
// pixel a token; nil where no method looked.
func (d *drawing) unstable(x *trace.Side, step int) (over *image.RGBA, n int) {
	rows, cols := d.state().Grid()
	if x == nil || step < 0 || step >= len(x.Denoised) || rows*cols == 0 || len(x.Denoised[step].Unstable) != rows*cols {
		return nil, 0
	}
	values := slices.Clone(x.Denoised[step].Unstable)
	for i, v := range values {
		if v > 0 {
			n++
		} else {
			values[i] = float32(math.NaN()) // no part of the scale
		}
	}
	o := heatmap.Options{Mode: heatmap.Score, Map: d.w.look.colours(), Alpha: 1}
	img, err := heatmap.Render(values, nil, grid.Grid{Rows: rows, Cols: cols}, o)
	if err != nil {
		return nil, 0
	}
	for i, v := range values {
		if v != v {
			img.Set(i%cols, i/cols, gone)
		}
	}
	return img, n
}

// computed says for each token whether a step of a side computed it; nil where the step is not
// there yet.
func computed(s *trace.State, x *trace.Side, step int) []bool {
	rows, cols := s.Grid()
	if x == nil || step < 0 || step >= len(x.Denoised) || rows*cols == 0 {
		return nil
	}
	out := make([]bool, rows*cols)
	e := x.Denoised[step]
	switch e.Kind {
	case trace.StepFull:
		for i := range out {
			out[i] = true
		}
	case trace.StepToken:
		for _, i := range e.Tokens {
			if i >= 0 && i < len(out) {
				out[i] = true
			}
		}
	}
	return out
}
