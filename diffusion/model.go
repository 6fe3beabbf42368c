package diffusion

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"winnow/diffusion/cliptext"
	"winnow/diffusion/cliptext/bpe"
	"winnow/diffusion/pixart"
	"winnow/diffusion/solver"
	"winnow/internal/compute"
	"winnow/internal/tensors"
	"winnow/internal/trace"
	"winnow/pruning"
)

// Model is an opened folder in diffusers' layout: transformer/ (PixArtTransformer2DModel on
// pixels), text_encoder/ (CLIPTextModel), tokenizer/, scheduler/. Weights are safetensors or GGUFs
// of the same tensor names. It is not safe for concurrent use.
type Model struct {
	net     *pixart.Model
	text    *cliptext.Encoder
	words   *bpe.Tokenizer
	trained solver.Config // the scheduler that the network came with
	backend compute.Backend
	name    string // of the folder

	// session has the graphs of the last size drawn, nil before; owner is the drawing whose prompt
	// it holds.
	session *pixart.Session
	owner   *Drawing
}

// Load opens a folder on disk. Errors name the file.
func Load(dir string, backend compute.Backend) (*Model, error) {
	return load(tensors.Dir(dir), backend)
}

// LoadFS opens a folder that a program carries, its root being fsys; name is for messages.
func LoadFS(fsys fs.FS, name string, backend compute.Backend) (*Model, error) {
	return load(tensors.In(fsys, name), backend)
}

func load(dir tensors.Folder, backend compute.Backend) (*Model, error) {
	if err := checkIndex(dir); err != nil {
		return nil, err
	}
	m := &Model{backend: backend, name: filepath.Base(dir.Name)}
	err := m.bind(dir)
	if err == nil {
		err = m.fit(dir)
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// checkIndex refuses pipelines of other parts by their model_index.json, where there is one.
func checkIndex(dir tensors.Folder) error {
	if dir.Has("vae") {
		return fmt.Errorf("%s has an autoencoder (vae): winnow draws with networks that work on pixels; choose such a folder", dir.Name)
	}
	if !dir.Has("model_index.json") {
		return nil
	}
	index := struct {
		VAE   []any     `json:"vae"`
		Range []float64 `json:"value_range"`
		Mask  bool      `json:"text_mask"`
	}{Range: []float64{-1, 1}}
	file := dir.Path("model_index.json")
	data, err := dir.Read("model_index.json")
	if err == nil {
		err = json.Unmarshal(data, &index)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s is not a readable index (%w); copy or download it again", file, err)
	case len(index.VAE) > 1 && index.VAE[1] != nil:
		return fmt.Errorf("%s names an autoencoder (%v): winnow draws with networks that work on pixels; choose such a folder", file, index.VAE[1])
	case len(index.Range) != 2 || index.Range[0] != -1 || index.Range[1] != 1:
		return fmt.Errorf("%s says value_range = %v; winnow draws pictures of -1 to 1", file, index.Range)
	case index.Mask:
		return fmt.Errorf("%s says text_mask = true; winnow draws with networks that attend to a caption's padding", file)
	}
	return nil
}

// bind opens the four parts.
func (m *Model) bind(dir tensors.Folder) error {
	part := dir.Sub("scheduler")
	data, err := part.Read("scheduler_config.json")
	if err != nil {
		return fmt.Errorf("the schedule of the training is missing: %w", err)
	}
	if m.trained, err = solver.ParseConfig(data); err != nil {
		return fmt.Errorf("%s: %w", part.Path("scheduler_config.json"), err)
	}
	if _, err := solver.New(m.trained); err != nil {
		return fmt.Errorf("%s: %w", part.Path("scheduler_config.json"), err)
	}
	part = dir.Sub("tokenizer")
	if m.words, err = bpe.OpenFS(part.FS, part.Name); err != nil {
		return err
	}
	if m.text, err = cliptext.LoadFrom(dir.Sub("text_encoder"), m.backend, tensors.AsStored); err != nil {
		return err
	}
	m.net, err = pixart.LoadFrom(dir.Sub("transformer"), m.backend, tensors.AsStored)
	return err
}

// fit checks that the parts belong together.
func (m *Model) fit(dir tensors.Folder) error {
	net, text := m.net.Config, m.text.Config
	switch {
	case net.Channels != channels:
		return fmt.Errorf("%s says in_channels = %d: winnow draws with networks that work on the %d channels of pixels",
			dir.Path("transformer/config.json"), net.Channels, channels)
	case net.Out != channels && net.Out != 2*channels:
		return fmt.Errorf("%s says out_channels = %d: a prediction has %d, and its variance as many", dir.Path("transformer/config.json"), net.Out, channels)
	case net.Caption != text.Width:
		return fmt.Errorf("%s takes text rows of %d numbers, the text encoder gives %d: they do not belong together",
			dir.Path("transformer/config.json"), net.Caption, text.Width)
	case m.words.Size() > text.Vocabulary:
		return fmt.Errorf("%s has %d tokens, the text encoder knows %d: they do not belong together",
			dir.Path("tokenizer/vocab.json"), m.words.Size(), text.Vocabulary)
	case m.textRows() < 2:
		return fmt.Errorf("%s leaves room for %d tokens: start and end need two", dir.Path("tokenizer/tokenizer_config.json"), m.textRows())
	}
	return nil
}

// textRows is the number of tokens that every prompt is padded to.
func (m *Model) textRows() int {
	n := m.text.Config.MaxTokens
	if max := m.words.Max(); max > 0 {
		n = min(n, max)
	}
	return n
}

// Describe fills a trace event. Layers to FFN are the denoiser's, Vocabulary the text encoder's;
// Parameters counts both.
func (m *Model) Describe(name string) trace.Model {
	c, t, d := m.net.Config, m.text.Config, m.backend.Device()
	tables := int64(t.Vocabulary+t.MaxTokens) * int64(t.Width) // they lie on no device
	return trace.Model{Name: name, File: m.name, Layers: c.Layers, Hidden: c.Width(), Heads: c.Heads, KVHeads: c.Heads,
		FFN: 4 * c.Width(), Vocabulary: t.Vocabulary, Parameters: m.net.Set.Parameters + m.text.Set.Parameters + tables,
		Types: m.net.Set.Main.String(), Device: d.ID, Backend: d.Backend, Threads: d.Threads}
}

// Pruning is what methods may know of the network, the same for every drawing.
func (m *Model) Pruning(trace.Draw) pruning.Model {
	c := m.net.Config
	return pruning.Model{Layers: c.Layers, Hidden: c.Width(), Heads: c.Heads, KVHeads: c.Heads, HeadDim: c.HeadDim,
		FFN: 4 * c.Width(), Activation: "gelu"}
}

// Close frees weights and graphs; drawings end with it. A second call does nothing.
func (m *Model) Close() error {
	m.leave()
	if m.net != nil {
		m.net.Close()
	}
	if m.text != nil {
		m.text.Close()
	}
	m.net, m.text = nil, nil
	return nil
}

// leave frees the session.
func (m *Model) leave() {
	if m.session != nil {
		m.session.Close()
	}
	m.session, m.owner = nil, nil
}

var errClosed = errors.New("the drawing is closed: begin another")
