package clip

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/weights"
	"winnow/vision"
	"winnow/vision/grid"
	"winnow/vision/preprocess"
)

// Encoder is the network with its weights on a device.
type Encoder struct {
	PatchWeight compute.Array `gguf:"v.patch_embd.weight"`
	PatchBias   compute.Array `gguf:"v.patch_embd.bias,optional"`
	Class       compute.Array `gguf:"v.class_embd"`
	Positions   compute.Array `gguf:"v.position_embd.weight"`
	PreNorm     norm          `gguf:"v.pre_ln."`
	Layers      []layer       `gguf:"v.blk.%d."`
	Project1    linear        `gguf:"mm.0."`
	Project2    linear        `gguf:"mm.2."`

	cfg     config
	backend compute.Backend
	set     *weights.Set
	grid    grid.Grid

	// The graph has one shape, so it is compiled once, at the first picture.
	program       compute.Program
	patches, out  *compute.Tensor
	cost          compute.Cost
	patchesBuffer []float32
}

type norm struct {
	Weight compute.Array `gguf:"weight"`
	Bias   compute.Array `gguf:"bias"`
}

type linear struct {
	Weight compute.Array `gguf:"weight,matrix"`
	Bias   compute.Array `gguf:"bias,optional"`
}

type layer struct {
	Norm1   norm   `gguf:"ln1."`
	Q       linear `gguf:"attn_q."`
	K       linear `gguf:"attn_k."`
	V       linear `gguf:"attn_v."`
	Out     linear `gguf:"attn_out."`
	Norm2   norm   `gguf:"ln2."`
	FFNUp   linear `gguf:"ffn_up."`
	FFNDown linear `gguf:"ffn_down."`
}

// Load reads an encoder from an mmproj file, which stays open as long as the encoder.
func Load(f *checkpoint.File, backend compute.Backend) (*Encoder, error) {
	cfg, err := readConfig(f)
	if err != nil {
		return nil, err
	}
	e := &Encoder{cfg: cfg, backend: backend, Layers: make([]layer, cfg.layers)}
	if e.grid, err = grid.Of(cfg.image, cfg.image, cfg.patch); err != nil {
		return nil, err
	}
	if e.set, err = weights.Bind(e, f, backend); err != nil {
		return nil, err
	}
	if err := e.check(filepath.Base(f.Path)); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// check compares the tensors' shapes with the configuration.
func (e *Encoder) check(file string) error {
	c := e.cfg
	n := e.grid.Len() + 1
	type want struct {
		a     compute.Array
		shape compute.Shape
	}
	wants := []want{
		{e.PatchWeight, compute.Dims(c.patch, c.patch, 3, c.width)}, {e.Class, compute.Dims(c.width)},
		{e.Positions, compute.Dims(c.width, n)}, {e.PreNorm.Weight, compute.Dims(c.width)},
		{e.Project1.Weight, compute.Dims(c.width, e.Project1.Weight.Shape()[1])},
		{e.Project2.Weight, compute.Dims(e.Project1.Weight.Shape()[1], e.Width())},
	}
	for i := range e.Layers {
		l := &e.Layers[i]
		// Files of older converters call the first FFN matrix ffn_down.
		if l.FFNUp.Weight.Shape()[0] == c.ffn && l.FFNUp.Weight.Shape()[1] == c.width && c.ffn != c.width {
			l.FFNUp, l.FFNDown = l.FFNDown, l.FFNUp
		}
		square := compute.Dims(c.width, c.width)
		wants = append(wants, want{l.Q.Weight, square}, want{l.K.Weight, square}, want{l.V.Weight, square},
			want{l.Out.Weight, square}, want{l.FFNUp.Weight, compute.Dims(c.width, c.ffn)},
			want{l.FFNDown.Weight, compute.Dims(c.ffn, c.width)}, want{l.Norm1.Weight, compute.Dims(c.width)},
			want{l.Norm2.Weight, compute.Dims(c.width)})
	}
	for _, w := range wants {
		if w.a.Shape() != w.shape {
			return fmt.Errorf("%s: tensor %q has shape %v, its configuration says %v", file, w.a.Name(), w.a.Shape(), w.shape)
		}
	}
	return nil
}

// Processor makes the encoder's pixels.
func (e *Encoder) Processor() *preprocess.Processor { return e.cfg.processor }

// Width of the embeddings.
func (e *Encoder) Width() int { return e.Project2.Weight.Shape()[1] }

// Close frees weights and program.
func (e *Encoder) Close() {
	if e.program != nil {
		e.program.Free()
		e.program = nil
	}
	e.set.Free()
}

// Encode computes the projected embeddings of one picture.
func (e *Encoder) Encode(ctx context.Context, p preprocess.Pixels) (vision.Encoding, error) {
	if p.C != 3 || p.W != e.cfg.image || p.H != e.cfg.image {
		return vision.Encoding{}, fmt.Errorf("the encoder takes %d×%d×3 pixels, not %d×%d×%d", e.cfg.image, e.cfg.image, p.W, p.H, p.C)
	}
	if e.program == nil {
		if err := e.compile(); err != nil {
			return vision.Encoding{}, err
		}
	}
	e.patchRows(p)
	if err := e.program.Run(ctx, compute.In(e.patches, e.patchesBuffer)); err != nil {
		return vision.Encoding{}, err
	}
	out := vision.Encoding{Embeddings: make([]float32, e.out.Shape.Elements()), Width: e.Width(), Grid: e.grid, Cost: e.cost}
	return out, e.program.ReadFloats(e.out, out.Embeddings)
}

// patchRows lays the pixels out as one row a patch, in the order of the convolution's weights:
// channel, then y, then x. A strided convolution is then a matrix product.
func (e *Encoder) patchRows(p preprocess.Pixels) {
	s := e.cfg.patch
	k := 3 * s * s
	for r := range e.grid.Rows {
		for c := range e.grid.Cols {
			row := e.patchesBuffer[(r*e.grid.Cols+c)*k:]
			for ch := range 3 {
				for y := range s {
					from := (ch*p.H+r*s+y)*p.W + c*s
					copy(row[(ch*s+y)*s:(ch*s+y+1)*s], p.Data[from:from+s])
				}
			}
		}
	}
}

func (e *Encoder) compile() error {
	c := e.cfg
	g := compute.NewGraph()
	k := 3 * c.patch * c.patch
	e.patchesBuffer = make([]float32, k*e.grid.Len())
	e.patches = g.Input("patches", compute.F32, k, e.grid.Len())

	x := g.MulMat(g.Reshape(g.Leaf(e.PatchWeight), k, c.width), e.patches)
	if e.PatchBias != nil {
		x = g.Add(x, g.Leaf(e.PatchBias))
	}
	x = g.Concat(g.Reshape(g.Leaf(e.Class), c.width, 1), x, 1)
	x = g.Add(x, g.Leaf(e.Positions))
	x = e.norm(g, e.PreNorm, x)
	for i := range e.Layers {
		x = e.layer(g, &e.Layers[i], x)
	}
	x = g.Cont(g.Slice(x, 1, 1, e.grid.Len())) // the class token goes
	x = apply(g, e.Project1, x)
	x = apply(g, e.Project2, g.Unary(compute.GELUErf, x))
	e.out = g.Output(x)
	e.cost = g.Cost()
	var err error
	e.program, err = e.backend.Compile(g)
	return err
}

func (e *Encoder) layer(g *compute.Graph, l *layer, x *compute.Tensor) *compute.Tensor {
	c := e.cfg
	n, d := x.Shape[1], c.width/c.heads
	heads := func(p linear, h *compute.Tensor) *compute.Tensor { // [d, n, heads]
		return g.Permute(g.Reshape(apply(g, p, h), d, c.heads, n), [4]int{0, 2, 1, 3})
	}
	h := e.norm(g, l.Norm1, x)
	q, k, v := heads(l.Q, h), heads(l.K, h), heads(l.V, h)
	a := g.SoftMax(g.MulMat(k, q), nil, float32(1/math.Sqrt(float64(d))))
	h = g.MulMat(g.Cont(g.Transpose(v)), a) // [d, n, heads]
	h = g.Reshape(g.Cont(g.Permute(h, [4]int{0, 2, 1, 3})), c.width, n)
	x = g.Add(x, apply(g, l.Out, h))

	h = apply(g, l.FFNUp, e.norm(g, l.Norm2, x))
	switch {
	case c.mlpGELU:
		h = g.Unary(compute.GELUErf, h)
	case c.mlpSiLU:
		h = g.Unary(compute.SiLU, h)
	default:
		h = g.Unary(compute.GELUQuick, h)
	}
	return g.Add(x, apply(g, l.FFNDown, h))
}

func (e *Encoder) norm(g *compute.Graph, n norm, x *compute.Tensor) *compute.Tensor {
	return g.Add(g.Mul(g.LayerNorm(x, e.cfg.eps), g.Leaf(n.Weight)), g.Leaf(n.Bias))
}

func apply(g *compute.Graph, p linear, x *compute.Tensor) *compute.Tensor {
	y := g.MulMat(g.Leaf(p.Weight), x)
	if p.Bias != nil {
		y = g.Add(y, g.Leaf(p.Bias))
	}
	return y
}
