package policy

import (
	"fmt"

	"winnow/internal/compute"
	"winnow/internal/tensors"
)

const (
	// headBlocks is the number of residual blocks in an action head.
	headBlocks = 2
	// headEps is that of torch's LayerNorm.
	headEps = 1e-5
)

// head turns the states of a chunk into actions:
// LN, fc₁, ReLU, 2 × [x + ReLU(fc(LN(x)))], LN, fc₂.
type head struct {
	norm1, norm2 norm
	fc1, fc2     tensors.Linear
	norms        [headBlocks]norm
	fcs          [headBlocks]tensors.Linear
}

type norm struct{ weight, bias compute.Array }

func readNorm(l *tensors.Loader, name string, width int) norm {
	return norm{l.Vector(name+".weight", width), l.Vector(name+".bias", width)}
}

func (n norm) apply(g *compute.Graph, x *compute.Tensor) *compute.Tensor {
	return g.Add(g.Mul(g.LayerNorm(x, headEps), g.Leaf(n.weight)), g.Leaf(n.bias))
}

func readHead(l *tensors.Loader, c Config) head {
	const p = "action_head.model."
	in, w := c.Action*c.Language.Hidden, c.HeadWidth
	h := head{norm1: readNorm(l, p+"layer_norm1", in), norm2: readNorm(l, p+"layer_norm2", w),
		fc1: l.Linear(p, in, w, "fc1"), fc2: l.Linear(p, w, c.Action, "fc2")}
	for i := range headBlocks {
		ffn := fmt.Sprintf("%smlp_resnet_blocks.%d.ffn.", p, i)
		h.norms[i], h.fcs[i] = readNorm(l, ffn+"0", w), l.Linear(ffn, w, w, "1")
	}
	return h
}

// build takes states [action·hidden, chunk] and gives [action, chunk].
func (h head) build(g *compute.Graph, x *compute.Tensor) *compute.Tensor {
	relu := func(p tensors.Linear, x *compute.Tensor) *compute.Tensor {
		return g.Unary(compute.ReLU, p.Apply(g, x))
	}
	x = relu(h.fc1, h.norm1.apply(g, x))
	for i := range headBlocks {
		x = g.Add(x, relu(h.fcs[i], h.norms[i].apply(g, x)))
	}
	return h.fc2.Apply(g, h.norm2.apply(g, x))
}

// state is the projector of the robot's state: fc₂(GELU(fc₁(x))).
type state [2]tensors.Linear

func readState(l *tensors.Loader, c Config) state {
	if c.Proprio == 0 {
		return state{}
	}
	d := c.Language.Hidden
	return state{l.Linear("proprio_projector.", c.Proprio, d, "fc1"), l.Linear("proprio_projector.", d, d, "fc2")}
}

func (s state) build(g *compute.Graph, x *compute.Tensor) *compute.Tensor {
	return s[1].Apply(g, g.Unary(compute.GELUErf, s[0].Apply(g, x)))
}
