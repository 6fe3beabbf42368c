package preprocess

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// class is what an image processor of the reference library does where its file is silent.
type class struct {
	shortest, exact, crop int
	filter                Filter
	norm                  Channels
}

var classes = map[string]class{
	"CLIPImageProcessor":   {shortest: 224, crop: 224, filter: Bicubic, norm: OpenAI},
	"BitImageProcessor":    {shortest: 224, crop: 224, filter: Bicubic, norm: OpenAI},
	"LlavaImageProcessor":  {shortest: 224, crop: 224, filter: Bicubic, norm: OpenAI},
	"SiglipImageProcessor": {exact: 224, filter: Bicubic, norm: Half},
	"ViTImageProcessor":    {exact: 224, filter: Bilinear, norm: Half},
	"Gemma3ImageProcessor": {exact: 224, filter: Bilinear, norm: Half},
	// Without splitting; the tile size comes from max_image_size.
	"Idefics3ImageProcessor": {exact: 364, filter: Lanczos, norm: Half},
	"SmolVLMImageProcessor":  {exact: 364, filter: Lanczos, norm: Half},
}

// unsupported says what is missing for processors that do not give one picture of fixed size.
var unsupported = map[string]string{
	"LlavaNextImageProcessor": "tiling by pinpoints",
	"Qwen2VLImageProcessor":   "pictures of free size",
	"GotOcr2ImageProcessor":   "tiling by aspect ratio",
	"Siglip2ImageProcessor":   "pictures of free size with a patch mask",
}

// config are the fields of a preprocessor_config.json that change pixels. A size is a number in old files
// and a map in new ones.
type config struct {
	Type       string          `json:"image_processor_type"`
	OldType    string          `json:"feature_extractor_type"`
	Nested     json.RawMessage `json:"image_processor"` // in a processor_config.json
	DoResize   *bool           `json:"do_resize"`
	DoCrop     *bool           `json:"do_center_crop"`
	DoRescale  *bool           `json:"do_rescale"`
	DoNorm     *bool           `json:"do_normalize"`
	DoPad      *bool           `json:"do_pad"`
	Split      *bool           `json:"do_image_splitting"`
	PanAndScan *bool           `json:"do_pan_and_scan"`
	Size       json.RawMessage `json:"size"`
	Crop       json.RawMessage `json:"crop_size"`
	Tile       json.RawMessage `json:"max_image_size"`
	Resample   *int            `json:"resample"`
	Rescale    *float64        `json:"rescale_factor"`
	Mean       json.RawMessage `json:"image_mean"`
	Std        json.RawMessage `json:"image_std"`
}

// FromJSON builds a Processor from the text of a Hugging Face preprocessor_config.json or
// processor_config.json. name stands in error messages, the file's name as a rule. Processors that cut a
// picture into tiles or keep its size are refused with a sentence that names what is missing.
func FromJSON(data []byte, name string) (*Processor, error) {
	var c config
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s is not a processor configuration: %v", name, err)
	}
	if c.Nested != nil {
		return FromJSON(c.Nested, name+" (image_processor)")
	}
	kind := strings.TrimSuffix(c.Type, "Fast")
	if kind == "" {
		kind = strings.Replace(c.OldType, "FeatureExtractor", "ImageProcessor", 1)
	}
	if what, ok := unsupported[kind]; ok {
		return nil, fmt.Errorf("%s asks for a %s: %s is not supported here", name, kind, what)
	}
	def, ok := classes[kind]
	if !ok {
		return nil, fmt.Errorf("%s names the image processor %q, which is unknown here; known are %s", name, kind, strings.Join(known(), ", "))
	}
	p, err := c.build(kind, def)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, p.Check()
}

func known() []string {
	var names []string
	for n := range classes {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func (c config) build(kind string, def class) (*Processor, error) {
	p := &Processor{Name: kind, Filter: def.filter, Rescale: 1. / 255, Norms: []Channels{def.norm}}
	if on(c.PanAndScan, false) {
		return nil, fmt.Errorf("do_pan_and_scan cuts a picture into crops, which is not supported here; set it to false")
	}
	if c.Resample != nil {
		p.Filter = Filter(*c.Resample)
	}
	if on(c.DoResize, true) {
		if err := c.sizes(p, def, kind); err != nil {
			return nil, err
		}
	}
	if on(c.DoCrop, def.crop > 0) {
		crop, err := parseSize("crop_size", c.Crop, edges{h: def.crop, w: def.crop})
		if err != nil {
			return nil, err
		}
		if p.Crop = (Size{crop.w, crop.h}); p.Crop == (Size{}) {
			return nil, fmt.Errorf("do_center_crop is set, but crop_size gives no height and width")
		}
	}
	if c.Rescale != nil {
		p.Rescale = *c.Rescale
	}
	if !on(c.DoRescale, true) {
		p.Rescale = 1
	}
	if !on(c.DoNorm, true) {
		p.Norms = []Channels{{Std: [3]float64{1, 1, 1}}}
	} else if err := c.norms(p); err != nil {
		return nil, err
	}
	if kind == "LlavaImageProcessor" && on(c.DoPad, false) {
		p.PadSquare, p.Fill = true, fillOf(p.Norms[0])
	}
	return p, nil
}

// sizes sets the resize steps from size (and, for the tiling families, max_image_size).
func (c config) sizes(p *Processor, def class, kind string) error {
	size, err := parseSize("size", c.Size, edges{shortest: def.shortest, w: def.exact, h: def.exact})
	if err != nil {
		return err
	}
	if kind == "Idefics3ImageProcessor" || kind == "SmolVLMImageProcessor" {
		if on(c.Split, true) {
			return fmt.Errorf("do_image_splitting cuts a picture into tiles, which is not supported here; set it to false")
		}
		tile, err := parseSize("max_image_size", c.Tile, edges{longest: def.exact})
		if err != nil {
			return err
		}
		if size.longest == 0 {
			size.longest = 4 * tile.longest
		}
		p.Longest, p.Exact = size.longest, Size{tile.longest, tile.longest}
		return nil
	}
	if size.longest != 0 {
		return fmt.Errorf("size has a longest_edge, which %s does not know; use shortest_edge, or height and width", kind)
	}
	if size.square != 0 { // an old file's plain number
		if def.shortest > 0 {
			size.shortest = size.square
		} else {
			size.w, size.h = size.square, size.square
		}
	}
	p.Shortest, p.Exact = size.shortest, Size{size.w, size.h}
	return nil
}

type edges struct{ square, shortest, longest, w, h int }

// parseSize reads a size field; def is taken where it is absent.
func parseSize(field string, raw json.RawMessage, def edges) (edges, error) {
	if raw == nil || string(raw) == "null" {
		return def, nil
	}
	var n int
	if json.Unmarshal(raw, &n) == nil {
		if n < 1 || n > maxSide {
			return edges{}, fmt.Errorf("%s of %d pixels is outside 1 to %d", field, n, maxSide)
		}
		return edges{square: n, w: n, h: n}.only(field), nil
	}
	var m map[string]*float64
	if err := json.Unmarshal(raw, &m); err != nil {
		return edges{}, fmt.Errorf("%s is %s; it must be a number or name its edges", field, raw)
	}
	var e edges
	for key, at := range map[string]*int{"shortest_edge": &e.shortest, "longest_edge": &e.longest, "height": &e.h, "width": &e.w} {
		v, ok := m[key]
		if !ok || v == nil {
			continue
		}
		if *v != math.Trunc(*v) || *v < 1 || *v > maxSide {
			return edges{}, fmt.Errorf("%s.%s is %v; it must be a whole number from 1 to %d", field, key, *v, maxSide)
		}
		*at = int(*v)
	}
	if e == (edges{}) {
		return e, fmt.Errorf("%s is %s; it names none of shortest_edge, longest_edge, height, width", field, raw)
	}
	return e, nil
}

// only keeps of a plain number what the field means by it: a square for crop_size, and for size whatever
// the class makes of it.
func (e edges) only(field string) edges {
	switch field {
	case "size":
		return edges{square: e.square}
	case "max_image_size":
		return edges{longest: e.square}
	}
	return edges{w: e.w, h: e.h}
}

// norms reads image_mean and image_std: three numbers, or a list of such triples (OpenVLA).
func (c config) norms(p *Processor) error {
	mean, err := triples("image_mean", c.Mean)
	if err != nil {
		return err
	}
	std, err := triples("image_std", c.Std)
	if err != nil {
		return err
	}
	if mean == nil && std == nil {
		return nil
	}
	if len(mean) != len(std) {
		return fmt.Errorf("image_mean has %d triples, image_std %d; give both or neither", len(mean), len(std))
	}
	p.Norms = nil
	for i := range mean {
		p.Norms = append(p.Norms, Channels{[3]float64(mean[i]), [3]float64(std[i])})
	}
	return nil
}

func triples(field string, raw json.RawMessage) ([][]float64, error) {
	if raw == nil || string(raw) == "null" {
		return nil, nil
	}
	var one []float64
	var many [][]float64
	if json.Unmarshal(raw, &one) == nil {
		many = [][]float64{one}
	} else if err := json.Unmarshal(raw, &many); err != nil {
		return nil, fmt.Errorf("%s is %s; it must be three numbers", field, raw)
	}
	if len(many) == 0 || len(many) > 4 || slices.ContainsFunc(many, func(t []float64) bool { return len(t) != 3 }) {
		return nil, fmt.Errorf("%s is %s; it must be three numbers, red, green and blue", field, raw)
	}
	return many, nil
}

func on(b *bool, def bool) bool {
	if b == nil {
		return def
	}
	return *b
}

// fillOf is the mean colour in bytes, truncated as int(x·255) does in the original LLaVA code.
func fillOf(n Channels) (fill [3]uint8) {
	for c, m := range n.Mean {
		fill[c] = uint8(min(max(float64(m*255), 0), 255))
	}
	return fill
}

// Settings are what a GGUF mmproj file says about its input (clip.vision.image_size and its neighbours).
type Settings struct {
	ImageSize int
	Mean, Std [3]float64
	// Pad centres the picture in a square of the mean colour, as llama.cpp does for LLaVA-1.5; without
	// it the picture is resized by its shorter side and cropped, as the Hugging Face processor does.
	Pad bool
	// Squeeze ignores the picture's shape (SigLIP, Gemma 3). It excludes Pad.
	Squeeze bool
	Filter  Filter // Bicubic for CLIP
}

// FromSettings builds the Processor for a model that says only its size and normalisation.
func FromSettings(s Settings) (*Processor, error) {
	p := &Processor{Name: fmt.Sprintf("preprocessing to %d pixels", s.ImageSize), Filter: s.Filter,
		Rescale: 1. / 255, Norms: []Channels{{s.Mean, s.Std}}}
	if s.ImageSize < 1 || s.ImageSize > maxSide {
		return nil, fmt.Errorf("an image size of %d pixels is outside 1 to %d", s.ImageSize, maxSide)
	}
	square := Size{s.ImageSize, s.ImageSize}
	switch {
	case s.Squeeze && s.Pad:
		return nil, fmt.Errorf("a picture cannot be both squeezed and padded to a square; choose one")
	case s.Squeeze:
		p.Exact = square
	case s.Pad:
		p.PadSquare, p.Exact, p.Fill = true, square, fillOf(p.Norms[0])
	default:
		p.Shortest, p.Crop = s.ImageSize, square
	}
	return p, p.Check()
}

// OpenVLA is the processor of OpenVLA and Prismatic (DINOv2 + SigLIP): squeezed to size × size, and
// normalised twice, 6 channels, DINOv2's first.
func OpenVLA(size int) *Processor {
	return &Processor{Name: "OpenVLA", Exact: Size{size, size}, Filter: Bicubic, Rescale: 1. / 255, Norms: []Channels{ImageNet, Half}}
}
