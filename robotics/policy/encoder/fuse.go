package encoder

import (
	"winnow/internal/compute"
	"winnow/internal/tensors"
)

// Fusion makes one row, as wide as the language model's, of the two encoders' rows.
type Fusion struct {
	// Gated: a gate weighs the two projections (moe); otherwise they are joined (concat).
	Gated bool

	gate     [2]tensors.Linear
	project  [2][2]tensors.Linear
	together [3]tensors.Linear
}

// ReadFusion binds the weights: aggregation_router.router, featurizer_proj and
// fused_featurizer_proj where gated, else projector. widths are the encoders', language the model's.
func ReadFusion(l *tensors.Loader, gated bool, widths [2]int, language int) *Fusion {
	f := &Fusion{Gated: gated}
	if !gated {
		in := widths[0] + widths[1]
		f.together = [3]tensors.Linear{l.Linear("projector.", in, 4*in, "fc1"),
			l.Linear("projector.", 4*in, language, "fc2"), l.Linear("projector.", language, language, "fc3")}
		return f
	}
	f.gate = [2]tensors.Linear{l.Linear("aggregation_router.router.", language, language, "0"),
		l.Linear("aggregation_router.router.", language, 2, "2")}
	for i, prefix := range []string{"featurizer_proj.", "fused_featurizer_proj."} {
		f.project[i] = [2]tensors.Linear{l.Linear(prefix, widths[i], language, "fc1"), l.Linear(prefix, language, language, "fc2")}
	}
	return f
}

// Gate adds the weights of the two encoders [2], which sum to 1; language is the mean embedding.
func (f *Fusion) Gate(g *compute.Graph, language *compute.Tensor) *compute.Tensor {
	h := g.Unary(compute.GELUErf, f.gate[0].Apply(g, language))
	return g.SoftMax(f.gate[1].Apply(g, h), nil, 1)
}

// Build adds the fusion of rows [width, n] of each encoder: [language, n]. gate is Gate's, or nil
// where it is not gated.
func (f *Fusion) Build(g *compute.Graph, rows [2]*compute.Tensor, gate *compute.Tensor) *compute.Tensor {
	gelu := func(x *compute.Tensor) *compute.Tensor { return g.Unary(compute.GELUErf, x) }
	if !f.Gated {
		x := gelu(f.together[0].Apply(g, g.Concat(rows[0], rows[1], 0)))
		return f.together[2].Apply(g, gelu(f.together[1].Apply(g, x)))
	}
	weighed := func(i int) *compute.Tensor {
		p := f.project[i]
		return g.Mul(p[1].Apply(g, gelu(p[0].Apply(g, rows[i]))), g.Slice(gate, 0, i, 1))
	}
	return g.Add(weighed(0), weighed(1))
}
