package trace

import "slices"

// NeuronLayer is the FFN neurons that decoding uses in a layer.
type NeuronLayer struct {
	Layer int
	// Index is ascending, of neurons 0..Of-1.
	Index []int
	Of    int
	// Counts has the score of each neuron (how often it was active), where known.
	Counts []float32
	// Decision is where it comes from.
	Decision *Decision
}

// Neurons lists the layers whose FFN is reduced, in order; of several decisions the last counts.
func (d *Side) Neurons() []NeuronLayer {
	if d == nil {
		return nil
	}
	latest := map[int]*Decision{}
	for _, i := range d.prompt {
		if e := &d.Decisions[i]; e.Kind == "neurons" {
			for l := max(e.From, 0); l <= min(e.To, d.state.LayerCount()-1); l++ {
				latest[l] = e
			}
		}
	}
	var out []NeuronLayer
	for l, e := range latest {
		n := NeuronLayer{Layer: l, Of: len(e.Scores), Counts: e.Scores, Decision: e}
		if m := d.state.Model; m != nil && m.FFN > 0 {
			n.Of = m.FFN
		} else if k := len(e.Neurons); n.Of == 0 && k > 0 {
			n.Of = min(max(e.Neurons[k-1], -1)+1, maxNeurons)
		}
		if len(n.Counts) != n.Of {
			n.Counts = nil
		}
		for _, j := range e.Neurons {
			if j >= 0 && j < n.Of {
				n.Index = append(n.Index, j)
			}
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b NeuronLayer) int { return a.Layer - b.Layer })
	return out
}
