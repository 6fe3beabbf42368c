package pixart

import (
	"fmt"

	"winnow/internal/compute"
	"winnow/internal/tensors"
)

// Model is the network with its weights on a device. It is not safe for concurrent use.
type Model struct {
	Config Config
	// Set counts the parameters and their bytes.
	Set *tensors.Set

	patch      tensors.Linear // [patch²·channels, width]: a strided convolution
	time       embedder
	resolution embedder // height and width, Conditioned only
	aspect     embedder // Conditioned only
	modulation tensors.Linear
	caption    [2]tensors.Linear // Projected only
	blocks     []block
	// final is the last modulation, [width, 2]: shift, 1 + scale.
	final compute.Array
	out   tensors.Linear // [width, patch²·out]
	// learned is the table of positions [width, tokens] that some checkpoints hold, or nil: then
	// positions are sines.
	learned []float32

	backend compute.Backend
	exact   bool
	files   *tensors.Files // opened by Load
}

// embedder turns 256 sinusoids of a number into a vector: linear, silu, linear.
type embedder struct{ first, second tensors.Linear }

// block is one transformer block.
type block struct {
	// table [width, 6] is added to the modulation of the timestep: shift, 1 + scale and gate of
	// self-attention, then of the feed-forward.
	table    compute.Array
	qkv      tensors.Linear // self-attention: queries, keys and values in one product
	selfOut  tensors.Linear
	query    tensors.Linear // of the cross-attention
	textKV   tensors.Linear // its keys and values, of text rows
	crossOut tensors.Linear
	up, down tensors.Linear
}

// Load opens a folder with config.json and diffusion_pytorch_model.safetensors (also sharded, or
// the fp16 variant), as diffusers writes it.
func Load(dir string, backend compute.Backend, storage tensors.Storage) (*Model, error) {
	return LoadFrom(tensors.Dir(dir), backend, storage)
}

// LoadFrom is Load for a folder anywhere.
func LoadFrom(dir tensors.Folder, backend compute.Backend, storage tensors.Storage) (*Model, error) {
	c, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	files, err := dir.Open()
	if err != nil {
		return nil, err
	}
	m, err := New(c, files, backend, storage)
	if err != nil {
		files.Close()
		return nil, fmt.Errorf("%s: %w", dir.Name, err)
	}
	m.files = files
	return m, nil
}

// New binds a network to tensors of any source, which stays open as long as the model.
func New(c Config, source tensors.Source, backend compute.Backend, storage tensors.Storage) (*Model, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("the configuration %w", err)
	}
	l := tensors.NewLoader(source, backend, storage)
	m := &Model{Config: c, backend: backend, exact: storage == tensors.Exact, blocks: make([]block, c.Layers)}
	w := c.Width()
	m.patch = l.Matrix("pos_embed.", []int{w, c.Channels, c.Patch, c.Patch}, "proj")
	m.time = readEmbedder(l, "timestep", w)
	if c.Conditioned {
		m.resolution = readEmbedder(l, "resolution", w/3)
		m.aspect = readEmbedder(l, "aspect_ratio", w/3)
	}
	m.modulation = l.Linear("adaln_single.", w, 6*w, "linear")
	if c.Projected {
		m.caption = [2]tensors.Linear{l.Linear("caption_projection.", c.Caption, w, "linear_1"),
			l.Linear("caption_projection.", w, w, "linear_2")}
	}
	for i := range m.blocks {
		m.blocks[i] = readBlock(l, fmt.Sprintf("transformer_blocks.%d.", i), c)
	}
	m.final = readTable(l, "scale_shift_table", 2, w)
	m.out = l.Linear("", w, c.Patch*c.Patch*c.Out, "proj_out")
	if side := c.SampleSize / c.Patch; l.Has("pos_embed.pos_embed") {
		m.learned = l.Floats("pos_embed.pos_embed", 1, side*side, w)
	}
	var err error
	m.Set, err = l.Done()
	if err != nil {
		return nil, err
	}
	return m, nil
}

func readEmbedder(l *tensors.Loader, name string, width int) embedder {
	prefix := "adaln_single.emb." + name + "_embedder."
	return embedder{l.Linear(prefix, sinusoids, width, "linear_1"), l.Linear(prefix, width, width, "linear_2")}
}

func readBlock(l *tensors.Loader, prefix string, c Config) block {
	w := c.Width()
	text := c.Caption
	if c.Projected {
		text = w
	}
	return block{
		table:    readTable(l, prefix+"scale_shift_table", 6, w),
		qkv:      l.Linear(prefix+"attn1.", w, w, "to_q", "to_k", "to_v"),
		selfOut:  l.Linear(prefix+"attn1.", w, w, "to_out.0"),
		query:    l.Linear(prefix+"attn2.", w, w, "to_q"),
		textKV:   l.Linear(prefix+"attn2.", text, w, "to_k", "to_v"),
		crossOut: l.Linear(prefix+"attn2.", w, w, "to_out.0"),
		up:       l.Linear(prefix+"ff.net.", w, 4*w, "0.proj"),
		down:     l.Linear(prefix+"ff.net.", 4*w, w, "2"),
	}
}

// readTable reads rows of modulation: shift, scale, gate, … . The 1 of "1 + scale" is added here,
// so that no step has to.
func readTable(l *tensors.Loader, name string, rows, width int) compute.Array {
	v := l.Floats(name, rows, width)
	if v == nil {
		return nil
	}
	for row := 1; row < rows; row += 3 {
		for i := range width {
			v[row*width+i]++
		}
	}
	return l.Array(name, v, width, rows)
}

// Learned reports whether positions are a table of the checkpoint: then latents have one size.
func (m *Model) Learned() bool { return m.learned != nil }

// Close frees the weights; sessions must be closed before.
func (m *Model) Close() {
	m.Set.Free()
	if m.files != nil {
		m.files.Close()
	}
}
