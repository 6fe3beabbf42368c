package encoder

import (
	"fmt"
	"math"

	"winnow/internal/compute"
	"winnow/internal/tensors"
)

// eps is that of timm's LayerNorms.
const eps = 1e-6

// Config is the shape of an encoder.
type Config struct {
	Grid, Patch  int // patches along a side; pixels along a patch's
	Width, Inner int
	Blocks       int // in the checkpoint; the last one is not computed
	Heads        int
	Class        bool
	Registers    int
	LayerScale   bool
	// Wrapped: block weights lie under ".block.", as FiLM's wrapper saves them.
	Wrapped bool
	// Language is the width of the embeddings that FiLM reads; 0 without FiLM.
	Language int
	// Aggregation is the number of vectors that are appended; 0: the patches come out.
	Aggregation int
	// Scale is the name of LayerScale's tensors: gamma in timm, scale_factor in OpenVLA.
	Scale string
}

// Patches is their number in a picture.
func (c Config) Patches() int { return c.Grid * c.Grid }

// Side is a picture's size in pixels.
func (c Config) Side() int { return c.Grid * c.Patch }

// Prefix is the number of rows before the patches.
func (c Config) Prefix() int {
	if c.Class {
		return 1 + c.Registers
	}
	return c.Registers
}

// rows is what the blocks compute.
func (c Config) rows() int { return c.Prefix() + c.Patches() + c.Aggregation }

// Out is the number of rows that come out.
func (c Config) Out() int {
	if c.Aggregation > 0 {
		return c.Aggregation
	}
	return c.Patches()
}

// Detect reads the shape off a checkpoint's tensors, all but the heads, which no tensor tells.
// prefix is what the names begin with, aggregation the name of the vectors, or "".
func Detect(s tensors.Source, prefix, aggregation string, heads int) (Config, error) {
	dims := func(name string) []int {
		if t, ok := s.Tensor(prefix + name); ok {
			return t.Dims // fastest first
		}
		return nil
	}
	has := func(name string) bool { return dims(name) != nil }
	c := Config{Heads: heads, Class: has("cls_token"), Wrapped: has("blocks.0.block.norm1.weight")}
	kernel, pos := dims("patch_embed.proj.weight"), dims("pos_embed")
	if len(kernel) != 4 || len(pos) != 3 {
		return c, fmt.Errorf("the checkpoint has no vision encoder at %q (patch_embed.proj.weight and pos_embed): it is incomplete or of another kind", prefix)
	}
	c.Patch, c.Width = kernel[0], kernel[3]
	c.Grid = int(math.Round(math.Sqrt(float64(pos[1]))))
	if c.Patches() != pos[1] {
		return c, fmt.Errorf("%spos_embed has %d positions, which are no square of patches: winnow reads encoders whose class token has no position", prefix, pos[1])
	}
	if r := dims("reg_token"); len(r) == 3 {
		c.Registers = r[1]
	}
	block := c.block()
	for has(fmt.Sprintf("blocks.%d.%snorm1.weight", c.Blocks, block)) {
		c.Blocks++
	}
	if inner := dims("blocks.0." + block + "mlp.fc1.weight"); len(inner) == 2 {
		c.Inner = inner[1]
	}
	for _, name := range []string{"gamma", "scale_factor"} {
		if has("blocks.0." + block + "ls1." + name) {
			c.LayerScale, c.Scale = true, name
		}
	}
	if film := dims("blocks.0.scale.weight"); c.Wrapped && len(film) == 2 {
		c.Language = film[0]
	}
	if t, ok := s.Tensor(aggregation); ok && len(t.Dims) == 3 {
		c.Aggregation = t.Dims[1]
	}
	return c, c.check(prefix)
}

func (c Config) block() string {
	if c.Wrapped {
		return "block."
	}
	return ""
}

func (c Config) check(prefix string) error {
	switch {
	case c.Blocks < 2:
		return fmt.Errorf("the vision encoder at %q has %d blocks; the output is the last block's but one, so it takes two", prefix, c.Blocks)
	case c.Heads < 1 || c.Width%c.Heads != 0:
		return fmt.Errorf("the vision encoder at %q is %d wide, which cannot have %d heads: give num_heads in timm_model_args of config.json", prefix, c.Width, c.Heads)
	case c.Patch < 1 || c.Grid < 1 || c.Inner < 1:
		return fmt.Errorf("the vision encoder at %q has patches of %d pixels, %d a side, and %d inner units, which cannot be", prefix, c.Patch, c.Grid, c.Inner)
	}
	return nil
}

// Encoder is one network's weights on a device.
type Encoder struct {
	Config Config

	patch     tensors.Linear
	before    compute.Array // what stands before the patches [width, prefix]
	positions compute.Array // [width, patches]
	after     compute.Array // the aggregation vectors [width, A]
	blocks    []block       // those that are computed
	// blank and mask fill the keys up; nil where they are full.
	blank, mask compute.Array
}

type norm struct{ weight, bias compute.Array }

type block struct {
	norm1, norm2 norm
	qkv, out     tensors.Linear
	ls1, ls2     compute.Array // nil without LayerScale
	fc1, fc2     tensors.Linear
	scale, shift tensors.Linear // FiLM's; without Weight where there is none
}

// Read binds an encoder; errors are the loader's.
func Read(l *tensors.Loader, prefix, aggregation string, c Config) *Encoder {
	w := c.Width
	e := &Encoder{Config: c}
	e.patch = l.Matrix(prefix+"patch_embed.", []int{w, 3, c.Patch, c.Patch}, "proj")
	e.positions = l.Array(prefix+"pos_embed", l.Floats(prefix+"pos_embed", 1, c.Patches(), w), w, c.Patches())
	var before []float32
	if c.Class {
		before = append(before, l.Floats(prefix+"cls_token", 1, 1, w)...)
	}
	if c.Registers > 0 {
		before = append(before, l.Floats(prefix+"reg_token", 1, c.Registers, w)...)
	}
	if c.Prefix() > 0 {
		e.before = l.Array(prefix+"class token and registers", before, w, c.Prefix())
	}
	if c.Aggregation > 0 {
		e.after = l.Array(aggregation, l.Floats(aggregation, 1, c.Aggregation, w), w, c.Aggregation)
	}
	e.fill(l, prefix)
	for i := range c.Blocks - 1 {
		e.blocks = append(e.blocks, c.readBlock(l, fmt.Sprintf("%sblocks.%d.", prefix, i)))
	}
	return e
}

// keyBlock is what the number of keys is filled up to a multiple of: ggml multiplies other matrices of
// numbers in float32 row by row.
const keyBlock = 4

// fill makes the keys [3·width, m − n] that fill n up to m, and the mask [m, n] that hides them.
func (e *Encoder) fill(l *tensors.Loader, prefix string) {
	n := e.Config.rows()
	m := (n + keyBlock - 1) / keyBlock * keyBlock
	if m == n {
		return
	}
	hidden := make([]float32, m*n)
	for i := range n {
		for j := n; j < m; j++ {
			hidden[i*m+j] = float32(math.Inf(-1))
		}
	}
	e.blank = l.Constant(prefix+"blank keys", make([]float32, 3*e.Config.Width*(m-n)), 3*e.Config.Width, m-n)
	e.mask = l.Constant(prefix+"mask of blank keys", hidden, m, n)
}

func (c Config) readBlock(l *tensors.Loader, prefix string) block {
	w, p := c.Width, prefix+c.block()
	b := block{
		norm1: readNorm(l, p+"norm1.", w), norm2: readNorm(l, p+"norm2.", w),
		qkv: l.Linear(p+"attn.", w, 3*w, "qkv"), out: l.Linear(p+"attn.", w, w, "proj"),
		fc1: l.Linear(p+"mlp.", w, c.Inner, "fc1"), fc2: l.Linear(p+"mlp.", c.Inner, w, "fc2"),
	}
	if c.LayerScale {
		b.ls1, b.ls2 = l.Vector(p+"ls1."+c.Scale, w), l.Vector(p+"ls2."+c.Scale, w)
	}
	if c.Language > 0 {
		b.scale, b.shift = l.Linear(prefix, c.Language, w, "scale"), l.Linear(prefix, c.Language, w, "shift")
	}
	return b
}

func readNorm(l *tensors.Loader, prefix string, width int) norm {
	return norm{l.Vector(prefix+"weight", width), l.Vector(prefix+"bias", width)}
}
