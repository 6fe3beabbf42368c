package gui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"os"
	"path/filepath"
	"strings"

	"winnow/assets/samples"
	"winnow/internal/trace"
	"winnow/vision/picture"
)

// input is the picture to ask about.
type input struct {
	Name string
	// Path is where it lies; Data holds the file where it lies nowhere (a sample, a paste, a trace).
	Path   string
	Data   []byte
	SHA256 string
	Format string
	Image  *image.RGBA
	Thumb  *image.RGBA
	Notes  []string
	// Grey: it stands for a picture that a trace does not carry, and cannot be asked about.
	Grey bool
	// Scene is the sample scene that it is, or nil.
	Scene *samples.Scene
}

// thumbSide is the side of a thumbnail in pixels: twice what is drawn, for dense screens.
const thumbSide = 144

func newInput(p *picture.Picture) *input {
	return &input{
		Name: p.Name, SHA256: p.SHA256, Format: p.Format, Image: p.Image, Thumb: p.Thumbnail(thumbSide),
		Notes: p.Notes, Scene: samples.BySHA256(p.SHA256),
	}
}

// opened is what files turned out to be. At most one of in, events, model, drawer and policy is set.
type opened struct {
	in     *input
	events []trace.Event
	// model is a path for Request.Model.
	model string
	// drawer is the folder of a model that draws, policy that of a robot's.
	drawer, policy string
	// name is that of the file.
	name string
	// notice is something to say beside it: what was passed over, where a trace broke off.
	notice string
	err    error
}

var (
	pngSignature = []byte("\x89PNG\r\n\x1a\n")
	ggufMagic    = []byte("GGUF")
)

// fileKind is what a file is for.
type fileKind int

const (
	pictureFile fileKind = iota
	pngFile              // a picture, or a figure with a trace inside
	traceFile
	modelFile
	drawerFolder // of a model that draws
	policyFolder // of a robot's policy
)

// kindOf looks at the first bytes; the name decides only where they say nothing.
func kindOf(path string) (fileKind, error) {
	info, err := os.Stat(path)
	if err != nil {
		if os.IsNotExist(err) {
			return 0, fmt.Errorf("there is no file %s; it may have been moved: choose it again", path)
		}
		return 0, fmt.Errorf("%s cannot be opened: %w", path, bare(err))
	}
	if info.IsDir() {
		if _, err := os.Stat(filepath.Join(path, "dataset_statistics.json")); err == nil {
			return policyFolder, nil
		}
		if _, err := os.Stat(filepath.Join(path, "config.json")); err == nil {
			return modelFile, nil
		}
		for _, part := range []string{"model_index.json", "transformer"} {
			if _, err := os.Stat(filepath.Join(path, part)); err == nil {
				return drawerFolder, nil
			}
		}
		return 0, fmt.Errorf("%s is a folder without a model's config.json or model_index.json; drop a picture, a trace, a figure or a model", filepath.Base(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("%s cannot be opened: %w", path, bare(err))
	}
	defer f.Close()
	head := make([]byte, 16)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%s cannot be read: %w", path, bare(err))
	}
	head = head[:n]
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case bytes.HasPrefix(head, ggufMagic), ext == ".gguf", ext == ".safetensors":
		return modelFile, nil
	case bytes.HasPrefix(head, pngSignature):
		return pngFile, nil
	case ext == ".jsonl", bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")):
		return traceFile, nil
	}
	return pictureFile, nil
}

// bare takes the path out of an error of package os; the sentence has it already.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// loadFiles opens the first of several files that is of use and says what it passed over. Of a model's
// decoder and mmproj it takes the decoder, whose mmproj the engine finds beside it.
func loadFiles(ctx context.Context, paths []string) opened {
	switch len(paths) {
	case 0:
		return opened{err: errors.New("nothing was dropped that is a file; drop a picture, a trace, a figure or a model")}
	case 1:
		return loadFile(ctx, paths[0])
	}
	if o, ok := loadPair(paths); ok {
		return o
	}
	var firstErr error
	for _, path := range paths {
		kind, err := kindOf(path)
		if err == nil && (kind == pictureFile || kind == pngFile) {
			if o := loadFile(ctx, path); o.err == nil {
				o.notice = join(fmt.Sprintf("%d files were dropped; this is the first picture of them, %s", len(paths), o.name), o.notice)
				return o
			} else {
				err = o.err
			}
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	o := loadFile(ctx, paths[0])
	if o.err == nil {
		o.notice = join(fmt.Sprintf("%d files were dropped and none is a picture; this is the first, %s", len(paths), o.name), o.notice)
	} else if firstErr != nil {
		o.err = firstErr
	}
	return o
}

// loadPair recognises models among several files.
func loadPair(paths []string) (opened, bool) {
	decoder := ""
	for _, p := range paths {
		kind, err := kindOf(p)
		if err != nil || kind != modelFile {
			return opened{}, false
		}
		if !isProjector(p) && decoder == "" {
			decoder = p
		}
	}
	if decoder == "" {
		return opened{err: onlyProjector(paths[0])}, true
	}
	o := opened{model: decoder, name: filepath.Base(decoder)}
	for _, p := range paths {
		if isProjector(p) && filepath.Dir(p) != filepath.Dir(decoder) {
			o.notice = fmt.Sprintf("%s lies in another folder than %s; put them into one, where the engine finds the pair", filepath.Base(p), o.name)
		}
	}
	return o, true
}

func isProjector(path string) bool {
	return strings.Contains(strings.ToLower(filepath.Base(path)), "mmproj")
}

func onlyProjector(path string) error {
	return fmt.Errorf("%s is only the vision half of a model; open the decoder's .gguf that came with it, in the same folder", filepath.Base(path))
}

// loadFile opens one file as what its content says.
func loadFile(ctx context.Context, path string) opened {
	kind, err := kindOf(path)
	if err != nil {
		return opened{err: err}
	}
	name := filepath.Base(path)
	switch kind {
	case modelFile:
		if isProjector(path) {
			return opened{err: onlyProjector(path)}
		}
		return opened{model: path, name: name}
	case drawerFolder:
		return opened{drawer: path, name: name}
	case policyFolder:
		return opened{policy: path, name: name}
	case traceFile, pngFile:
		o := loadTrace(path)
		if kind == traceFile || !errors.Is(o.err, trace.ErrNoTrace) {
			return o
		}
	}
	p, err := picture.Open(ctx, path, picture.Limits{})
	if err != nil {
		return opened{err: err}
	}
	in := newInput(p)
	in.Path = path
	return opened{in: in, name: name}
}

// loadTrace keeps the events before a damaged line and says so.
func loadTrace(path string) opened {
	events, err := trace.Open(path)
	o := opened{events: events, name: filepath.Base(path), err: err}
	var damaged *trace.Damaged
	if errors.As(err, &damaged) && len(events) > 0 {
		o.notice, o.err = err.Error(), nil
	}
	return o
}

// loadBytes opens a picture that lies in memory.
func loadBytes(ctx context.Context, data []byte, name string) opened {
	p, err := picture.DecodeBytes(ctx, data, name, picture.Limits{})
	if err != nil {
		return opened{err: err}
	}
	in := newInput(p)
	in.Data = data
	return opened{in: in, name: name}
}

// pictureOf is the picture that a trace carries, else the file that was asked about where it still
// lies there unchanged, else a grey one of its size. It is nil for a run without a picture.
func pictureOf(ctx context.Context, s *trace.State) *input {
	if s.Picture == nil {
		return nil
	}
	if path := s.Request.Picture; path != "" {
		if _, err := os.Stat(path); err == nil {
			if o := loadFile(ctx, path); o.in != nil && o.in.SHA256 == s.Picture.SHA256 {
				return o.in
			}
		}
	}
	for _, data := range [][]byte{s.Picture.Data, s.Request.PictureData} {
		if len(data) == 0 {
			continue
		}
		if o := loadBytes(ctx, data, s.Picture.Name); o.err == nil {
			return o.in
		}
	}
	return blank(s.Picture)
}

// blank is a grey picture in the proportions of one that a trace does not carry.
func blank(p *trace.Picture) *input {
	const longest = 448
	width, height := max(p.Width, 1), max(p.Height, 1)
	f := float64(longest) / float64(max(width, height))
	img := image.NewRGBA(image.Rect(0, 0, max(int(f*float64(width)), 1), max(int(f*float64(height)), 1)))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{0x80}), image.Point{}, draw.Src)
	return &input{Name: p.Name, SHA256: p.SHA256, Image: img, Thumb: img, Grey: true}
}

// join puts sentences one after the other.
func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "; ")
}
