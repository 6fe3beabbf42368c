package preprocess

import (
	"fmt"
	"image"
	"math"

	"winnow/vision/grid"
)

// Geometry is the part of the picture that the model sees; see package grid.
type Geometry = grid.Geometry

// Size is a width and height in pixels.
type Size struct{ W, H int }

func (s Size) String() string { return fmt.Sprintf("%d × %d", s.W, s.H) }

// Channels are the mean and standard deviation of one normalisation, for red, green, blue in 0…1.
type Channels struct{ Mean, Std [3]float64 }

// The normalisations in common use.
var (
	OpenAI   = Channels{[3]float64{0.48145466, 0.4578275, 0.40821073}, [3]float64{0.26862954, 0.26130258, 0.27577711}}
	ImageNet = Channels{[3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225}}
	Half     = Channels{[3]float64{0.5, 0.5, 0.5}, [3]float64{0.5, 0.5, 0.5}}
)

// maxSide bounds every size a configuration may ask for, so that a lying file costs no memory.
const maxSide = 8192

// Processor is the recipe of one model, in the order in which the steps happen. The zero value of a field
// leaves its step out. Make one with FromJSON, FromSettings or by hand.
type Processor struct {
	// Name is used in messages, e.g. "CLIPImageProcessor".
	Name string
	// Longest first brings the longer side to this many pixels, the shorter side truncated and then made
	// even (Idefics3, SmolVLM); it needs Exact.
	Longest int
	// PadSquare centres the picture in a square of colour Fill (LLaVA-1.5 as its authors run it).
	PadSquare bool
	Fill      [3]uint8
	// Shortest brings the shorter side to this many pixels, keeping the shape (the longer side truncated).
	Shortest int
	// Exact squeezes the picture to this size. At most one of Shortest and Exact is set.
	Exact Size
	// Filter is the kernel of all resizes.
	Filter Filter
	// Crop cuts this size out of the middle, from floor((size − crop)/2); what lies outside is black.
	Crop Size
	// Rescale multiplies the bytes before normalisation, 1/255 as a rule.
	Rescale float64
	// Norms are stacked on the channel axis: one for most models, two for OpenVLA (6 channels).
	Norms []Channels
}

// Pixels are what a vision encoder takes: Data[(c·H + y)·W + x], channel-major.
type Pixels struct {
	Data []float32
	C    int // 3 for each normalisation
	W, H int
}

// Bytes are the pixels before normalisation: Pix[(c·H + y)·W + x] with c = red, green, blue.
type Bytes struct {
	Pix  []uint8
	W, H int
}

// Output is the size of the pixels that a picture of the given size becomes.
func (p *Processor) Output(source Size) Size {
	if p.Crop != (Size{}) {
		return p.Crop
	}
	return p.resized(p.padded(source))
}

// padded is the size after the first resize and the padding.
func (p *Processor) padded(s Size) Size {
	if p.Longest > 0 {
		s = longestEdge(s, p.Longest)
	}
	if p.PadSquare {
		s = Size{max(s.W, s.H), max(s.W, s.H)}
	}
	return s
}

func (p *Processor) resized(s Size) Size {
	switch {
	case p.Exact != (Size{}):
		return p.Exact
	case p.Shortest > 0:
		// Python's int(size * long / short): a float64 division, truncated.
		long := func(l, s int) int { return int(float64(p.Shortest*l) / float64(s)) }
		if s.W <= s.H {
			return Size{p.Shortest, long(s.H, s.W)}
		}
		return Size{long(s.W, s.H), p.Shortest}
	}
	return s
}

func longestEdge(s Size, longest int) Size {
	shape := float64(s.W) / float64(s.H)
	even := func(v float64) int { n := int(v); return max(n+n%2, 1) }
	if s.W >= s.H {
		return Size{longest, even(float64(longest) / shape)}
	}
	return Size{even(float64(float64(longest) * shape)), longest}
}

// Check reports the first setting of p that cannot work.
func (p *Processor) Check() error {
	bad := func(format string, a ...any) error { return fmt.Errorf("%s: "+format, append([]any{p.Name}, a...)...) }
	for _, f := range []struct {
		name string
		Size
	}{{"size", p.Exact}, {"crop_size", p.Crop}, {"shortest_edge", Size{p.Shortest, p.Shortest}}, {"longest_edge", Size{p.Longest, p.Longest}}} {
		if f.W < 0 || f.H < 0 || f.W > maxSide || f.H > maxSide || (f.W == 0) != (f.H == 0) {
			return bad("%s of %v pixels is outside 1 to %d", f.name, f.Size, maxSide)
		}
	}
	switch {
	case p.Shortest > 0 && p.Exact != (Size{}):
		return bad("both a shortest edge of %d and a size of %v are given; keep one", p.Shortest, p.Exact)
	case p.Crop == (Size{}) && p.Exact == (Size{}) && !(p.PadSquare && p.Shortest > 0):
		return bad("neither a size nor a crop size fixes the shape of the pixels; give size or crop_size")
	case p.Longest > 0 && p.Exact == (Size{}):
		return bad("a longest edge needs the size of a tile as well")
	case filterNames[p.Filter] == "":
		return bad("resample %d is unknown; 0 to 5 are nearest, lanczos, bilinear, bicubic, box, hamming", int(p.Filter))
	case !(p.Rescale > 0) || math.IsInf(p.Rescale, 0):
		return bad("rescale_factor is %v; it is 1/255 as a rule", p.Rescale)
	case len(p.Norms) == 0:
		return bad("there is no image_mean and image_std")
	}
	for _, n := range p.Norms {
		for c := range 3 {
			if !(n.Std[c] > 0) || math.IsInf(n.Std[c], 0) || math.IsNaN(n.Mean[c]) || math.IsInf(n.Mean[c], 0) {
				return bad("channel %d has mean %v and standard deviation %v; the deviation must be above 0", c, n.Mean[c], n.Std[c])
			}
		}
	}
	return nil
}

// Quantized does everything but the normalisation. The picture must be opaque (its alpha is not looked at)
// and upright; package picture gives such ones.
func (p *Processor) Quantized(img *image.RGBA) (Bytes, Geometry, error) {
	if err := p.Check(); err != nil {
		return Bytes{}, Geometry{}, err
	}
	source := Size{img.Rect.Dx(), img.Rect.Dy()}
	if source.W < 1 || source.H < 1 {
		return Bytes{}, Geometry{}, fmt.Errorf("%s got an empty picture of %v pixels", p.Name, source)
	}
	c := whole(img)
	first := source // the size before padding
	if p.Longest > 0 {
		first = longestEdge(source, p.Longest)
		step := resample(c, first.W, first.H, p.Filter, image.Rect(0, 0, first.W, first.H))
		c = whole(step.image())
	}
	if p.PadSquare {
		side := max(c.w, c.h)
		c.x, c.y, c.w, c.h, c.fill = (side-c.w)/2, (side-c.h)/2, side, side, p.Fill
	}
	full := p.resized(Size{c.w, c.h})
	out, left, top := full, 0, 0
	if p.Crop != (Size{}) {
		out = p.Crop
		left, top = floorHalf(full.W-out.W), floorHalf(full.H-out.H)
	}
	window := image.Rect(left, top, left+out.W, top+out.H)
	seen := window.Intersect(image.Rect(0, 0, full.W, full.H))
	part := resample(c, full.W, full.H, p.Filter, seen)

	b := Bytes{Pix: make([]uint8, 3*out.W*out.H), W: out.W, H: out.H}
	dx, dy := seen.Min.X-left, seen.Min.Y-top
	for y := range part.h {
		row := part.pix[3*part.w*y : 3*part.w*(y+1)]
		for ch := range 3 {
			dst := b.Pix[(ch*out.H+y+dy)*out.W+dx:][:part.w]
			for x := range dst {
				dst[x] = row[3*x+ch]
			}
		}
	}

	// One pixel of the result is sx × sy pixels of the source.
	sx := float64(c.w) / float64(full.W) * float64(source.W) / float64(first.W)
	sy := float64(c.h) / float64(full.H) * float64(source.H) / float64(first.H)
	ox := float64(c.x) * float64(source.W) / float64(first.W)
	oy := float64(c.y) * float64(source.H) / float64(first.H)
	g := Geometry{SourceW: source.W, SourceH: source.H, ModelW: out.W, ModelH: out.H, Box: grid.Rect{
		X0: float64(left)*sx - ox, Y0: float64(top)*sy - oy,
		X1: float64(left+out.W)*sx - ox, Y1: float64(top+out.H)*sy - oy,
	}}
	return b, g, nil
}

// Process gives the pixels the model takes and the rectangle of the picture that they show.
func (p *Processor) Process(img *image.RGBA) (Pixels, Geometry, error) {
	b, g, err := p.Quantized(img)
	if err != nil {
		return Pixels{}, Geometry{}, err
	}
	return p.Normalize(b), g, nil
}

// Normalize computes (byte·rescale − mean)/std in float32, the product alone in float64, as NumPy does.
// The settings must have passed Check.
func (p *Processor) Normalize(b Bytes) Pixels {
	area := b.W * b.H
	out := Pixels{Data: make([]float32, 3*len(p.Norms)*area), C: 3 * len(p.Norms), W: b.W, H: b.H}
	for n, norm := range p.Norms {
		for c := range 3 {
			var table [256]float32
			for v := range table {
				scaled := float32(float64(v) * p.Rescale)
				table[v] = (scaled - float32(norm.Mean[c])) / float32(norm.Std[c])
			}
			dst := out.Data[(3*n+c)*area:][:area]
			for i, v := range b.Pix[c*area : (c+1)*area] {
				dst[i] = table[v]
			}
		}
	}
	return out
}

func floorHalf(n int) int { return n >> 1 }

// image copies an interleaved picture into an opaque image.RGBA.
func (p rgb) image() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	for i := range p.w * p.h {
		copy(img.Pix[4*i:], p.pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}
