package compute

// Cost is counted, never measured.
type Cost struct {
	// FLOPs counts a multiplication and an addition as two, in matrix products and attention
	// only; everything else is below one percent of a transformer.
	FLOPs int64 `json:"flops"`
	// WeightBytes is what the weights in the graph take as stored, each read once.
	WeightBytes int64 `json:"weight_bytes"`
}

// Add adds up two costs.
func (c Cost) Add(d Cost) Cost {
	return Cost{c.FLOPs + d.FLOPs, c.WeightBytes + d.WeightBytes}
}

// Cost counts the graph. Attention over a causal mask is counted in full, as computed.
func (g *Graph) Cost() Cost { return g.CostSince(0) }

// Mark is a place in the graph for CostSince.
func (g *Graph) Mark() int { return len(g.nodes) }

// CostSince counts what was added after a mark.
func (g *Graph) CostSince(mark int) Cost {
	var c Cost
	for _, n := range g.nodes[mark:] {
		switch n.Op {
		case OpMulMat:
			c.FLOPs += 2 * int64(n.Shape.Elements()) * int64(n.Src[0].Shape[0])
			if w := n.Src[0]; w.Op == OpArray {
				c.WeightBytes += int64(w.Type.RowBytes(w.Shape[0])) * int64(w.Shape.Rows())
			}
		case OpFlashAttn:
			q, k, v := n.Src[0], n.Src[1], n.Src[2]
			pairs := int64(q.Shape[1]) * int64(q.Shape[2]) * int64(q.Shape[3]) * int64(k.Shape[1])
			c.FLOPs += 2 * pairs * int64(k.Shape[0]+v.Shape[0])
		case OpHost:
			c.FLOPs += n.Host.FLOPs
		}
	}
	return c
}
