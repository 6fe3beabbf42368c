package cliptext

import (
	"fmt"
	"math"

	"winnow/internal/compute"
)

// program is the graph for prompts of one length.
type program struct {
	compute.Program
	x                       *compute.Tensor // embeddings [width, tokens]
	mask                    *compute.Tensor // [tokens, tokens], added to the scores
	end                     *compute.Tensor // the pooled row
	last, pooled, projected *compute.Tensor // projected is nil where there is no projection
	cost                    compute.Cost
	watched                 map[string]*compute.Tensor // by transformers' module paths, for tests
}

// closed is added to the score of a token that is not to be seen. It is finite, so that a row
// that sees nothing is no NaN.
const closed = -1e30

// causal is the mask of n tokens: each sees itself and those before it, as far as they are open.
func causal(n int, open []bool) []float32 {
	m := make([]float32, n*n)
	for q := range n {
		for k := range n {
			if k > q || open != nil && !open[k] {
				m[q*n+k] = closed
			}
		}
	}
	return m
}

// program finds or compiles the graph for n tokens.
func (e *Encoder) program(n int) (*program, error) {
	if p := e.programs[n]; p != nil {
		return p, nil
	}
	g := compute.NewGraph()
	p := e.build(g, n)
	var err error
	if p.Program, err = e.backend.Compile(g); err != nil {
		return nil, err
	}
	e.programs[n] = p
	return p, nil
}

// Cost counts the encoding of one prompt of n tokens.
func (e *Encoder) Cost(n int) (compute.Cost, error) {
	if n < 1 || n > e.Config.MaxTokens {
		return compute.Cost{}, fmt.Errorf("a prompt of %d tokens cannot be encoded: 1 to %d can", n, e.Config.MaxTokens)
	}
	g := compute.NewGraph()
	return e.build(g, n).cost, g.Err()
}

func (e *Encoder) build(g *compute.Graph, n int) *program {
	w := e.Config.Width
	p := &program{x: g.Input("embeddings", compute.F32, w, n), mask: g.Input("mask", compute.F32, n, n), end: g.Input("end token", compute.I32, 1)}
	if e.watch {
		p.watched = map[string]*compute.Tensor{}
	}
	x := p.x
	for i := range e.layers {
		x = e.layer(g, p, i, x)
	}
	p.last = g.Output(e.normed(g, e.norm, x))
	p.pooled = g.Output(g.GetRows(p.last, p.end))
	if e.project.Weight != nil {
		p.projected = g.Output(e.project.Apply(g, p.pooled))
	}
	p.cost = g.Cost()
	return p
}

func (e *Encoder) layer(g *compute.Graph, p *program, i int, x *compute.Tensor) *compute.Tensor {
	l := &e.layers[i]
	see := func(t *compute.Tensor, part string) {
		if p.watched != nil {
			p.watched[fmt.Sprintf("encoder.layers.%d%s", i, part)] = g.Output(t)
		}
	}
	h := e.normed(g, l.norm1, x)
	see(h, ".layer_norm1")
	h = l.out.Apply(g, e.attend(g, l.qkv.Apply(g, h), p.mask))
	see(h, ".self_attn")
	x = g.Add(x, h)
	h = l.fc2.Apply(g, e.activate(g, l.fc1.Apply(g, e.normed(g, l.norm2, x))))
	see(h, ".mlp")
	x = g.Add(x, h)
	see(x, "")
	return x
}

// attend is attention of rows [3·width, n]: queries, keys, values. The result is [width, n].
func (e *Encoder) attend(g *compute.Graph, qkv, mask *compute.Tensor) *compute.Tensor {
	c, n := e.Config, qkv.Shape[1]
	d := c.Width / c.Heads
	all := g.Reshape(qkv, d, 3*c.Heads, n)
	part := func(i int) *compute.Tensor { // [dim, n, heads]
		return g.Permute(g.Slice(all, 1, i*c.Heads, c.Heads), [4]int{0, 2, 1, 3})
	}
	scores := g.MulMat(part(1), g.Cont(part(0))) // [keys, n, heads]
	probs := g.SoftMax(scores, mask, float32(1/math.Sqrt(float64(d))))
	a := g.MulMat(g.Cont(g.Permute(part(2), [4]int{1, 0, 2, 3})), probs) // [dim, n, heads]
	return g.Reshape(g.Cont(g.Permute(a, [4]int{0, 2, 1, 3})), c.Width, n)
}

// activate is the feed-forward's function. A backend may look quick GELU up in a table of halves;
// exact is the same in parts.
func (e *Encoder) activate(g *compute.Graph, x *compute.Tensor) *compute.Tensor {
	const c = 1.702
	switch {
	case !e.Config.QuickGELU:
		return g.Unary(compute.GELUErf, x)
	case e.exact:
		return g.Scale(g.Unary(compute.SiLU, g.Scale(x, c, 0)), 1/c, 0)
	}
	return g.Unary(compute.GELUQuick, x)
}

func (e *Encoder) normed(g *compute.Graph, n norm, x *compute.Tensor) *compute.Tensor {
	return g.Add(g.Mul(g.LayerNorm(x, e.Config.Eps), g.Leaf(n.weight)), g.Leaf(n.bias))
}
