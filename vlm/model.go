package vlm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"winnow/internal/checkpoint"
	"winnow/internal/checkpoint/tokenizer"
	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/vision"
	"winnow/vision/clip"
	"winnow/vision/picture"
	"winnow/vlm/llama"
)

// Files are the parts of a model.
type Files struct {
	// Decoder and Projector (mmproj) are opened GGUF files; Projector is nil for text models.
	Decoder, Projector *checkpoint.File
}

// OpenFiles maps a decoder and, when vision is wanted, its projector: given, or the one
// mmproj*.gguf beside it.
func OpenFiles(decoder, projector string) (Files, error) {
	var f Files
	var err error
	if f.Decoder, err = checkpoint.Open(decoder); err != nil {
		return Files{}, err
	}
	if projector == "" {
		projector = projectorBeside(decoder)
	}
	if projector != "" {
		if f.Projector, err = checkpoint.Open(projector); err != nil {
			f.Close()
			return Files{}, err
		}
	}
	return f, nil
}

// projectorBeside finds the mmproj file in the decoder's folder whose name shares the longest
// start with the decoder's.
func projectorBeside(decoder string) string {
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(decoder), "*mmproj*.gguf"))
	name := strings.ToLower(filepath.Base(decoder))
	shared := func(path string) int {
		other := strings.TrimPrefix(strings.ToLower(filepath.Base(path)), "mmproj-")
		n := 0
		for n < len(name) && n < len(other) && name[n] == other[n] {
			n++
		}
		return n
	}
	sort.SliceStable(found, func(i, j int) bool { return shared(found[i]) > shared(found[j]) })
	for _, path := range found {
		if shared(path) >= 4 && path != decoder {
			return path
		}
	}
	return ""
}

// Close unmaps the files.
func (f Files) Close() {
	for _, file := range []*checkpoint.File{f.Decoder, f.Projector} {
		if file != nil {
			file.Close()
		}
	}
}

// Model is a language model, with eyes or without, on a device.
type Model struct {
	Decoder *llama.Decoder
	Encoder vision.Encoder // nil for text models
	Tokens  tokenizer.Tokenizer
	Backend compute.Backend

	files    Files
	template string
}

// Load puts a model on a device. It owns the files from then on.
func Load(files Files, backend compute.Backend) (*Model, error) {
	m := &Model{files: files, Backend: backend}
	var err error
	if m.Decoder, err = llama.Load(files.Decoder, backend); err != nil {
		m.Close()
		return nil, err
	}
	if m.Tokens, err = tokenizer.FromGGUF(files.Decoder); err != nil {
		m.Close()
		return nil, err
	}
	m.template = files.Decoder.String("tokenizer.chat_template", "")
	if files.Projector != nil {
		e, err := clip.Load(files.Projector, backend)
		if err != nil {
			m.Close()
			return nil, err
		}
		m.Encoder = e
		if w := m.Decoder.Config.Hidden; e.Width() != w {
			m.Close()
			return nil, fmt.Errorf("%s gives %d-wide features, the model takes %d: they are not a pair; choose the mmproj that came with it",
				filepath.Base(files.Projector.Path), e.Width(), w)
		}
	}
	return m, nil
}

// Close frees weights and files.
func (m *Model) Close() {
	if m.Encoder != nil {
		m.Encoder.Close()
	}
	if m.Decoder != nil {
		m.Decoder.Close()
	}
	m.files.Close()
}

// Describe fills a trace event.
func (m *Model) Describe(name string) trace.Model {
	c, d := m.Decoder.Config, m.Backend.Device()
	e := trace.Model{Name: name, File: filepath.Base(m.files.Decoder.Path), Layers: c.Layers, Hidden: c.Hidden,
		Heads: c.Heads, KVHeads: c.KVHeads, FFN: c.FFN, Vocabulary: c.Vocabulary, Parameters: m.Parameters(),
		Types: m.Decoder.MainType(), Device: d.ID, Backend: d.Backend, Threads: d.Threads}
	return e
}

// Parameters counts the elements of every tensor in the model's files.
func (m *Model) Parameters() (n int64) {
	for _, f := range []*checkpoint.File{m.files.Decoder, m.files.Projector} {
		if f != nil {
			for i := range f.Tensors {
				n += int64(f.Tensors[i].Elements())
			}
		}
	}
	return n
}

// Picture is a picture as the model sees it.
type Picture struct {
	vision.Encoding
	Source *picture.Picture
	Seen   trace.Box
}

// Encode computes the visual embeddings of a picture.
func (m *Model) Encode(ctx context.Context, p *picture.Picture) (*Picture, error) {
	if m.Encoder == nil {
		return nil, errors.New("this model reads text only; choose one with a vision encoder (a GGUF with its mmproj), or ask without a picture")
	}
	pixels, geometry, err := m.Encoder.Processor().Process(p.Image)
	if err != nil {
		return nil, err
	}
	enc, err := m.Encoder.Encode(ctx, pixels)
	if err != nil {
		return nil, err
	}
	b := geometry.Box
	return &Picture{Encoding: enc, Source: p, Seen: trace.Box{X0: b.X0, Y0: b.Y0, X1: b.X1, Y1: b.Y1}}, nil
}

// FileBytes is the size of the model's files on disk, 0 for what is embedded.
func (m *Model) FileBytes() int64 {
	var n int64
	for _, f := range []*checkpoint.File{m.files.Decoder, m.files.Projector} {
		if f != nil {
			if info, err := os.Stat(f.Path); err == nil {
				n += info.Size()
			}
		}
	}
	return n
}
