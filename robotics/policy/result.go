package policy

import (
	"fmt"
	"math"

	"winnow/internal/compute"
	"winnow/robotics/policy/language"
)

// Result is a chunk of actions and what led to it.
type Result struct {
	Config Config
	Frame  language.Frame
	// Normalised actions are what the head says [chunk][action], Actions in the robot's units.
	Normalised, Actions [][]float64
	// Tokens of a policy that says its action as tokens, an id for each number, and what it said of
	// all ids before each was taken [action][vocabulary]; nil of others.
	Tokens []int
	Logits [][]float32
	// Gate weighs the encoders [2], the first one DINOv2; nil where they are joined.
	Gate []float32
	// Attention has for each picture and encoder how each aggregation vector attends to the patches in
	// the last block computed, mean over the heads [A × patches]; nil without such vectors.
	Attention [][2][]float32
	// Layers of the language model.
	Layers []Layer
	// What was counted; HeadCost includes the projector of the state, LanguageCost an lm_head. Tokens
	// after the first are in DecodeCost alone.
	VisionCost, LanguageCost, HeadCost, DecodeCost compute.Cost
}

// Layer is what became of the rows in one layer of the language model.
type Layer struct {
	// Routed: the layer has a router, and it was not left out.
	Routed bool
	// Skipped lists the rows that skipped it, ascending.
	Skipped []int
	// Probability is what its router said of every row; nil where nobody asked.
	Probability []float32
	// Rule is the method's, in one line.
	Rule string
}

// Cost is the sum.
func (r *Result) Cost() compute.Cost {
	return r.VisionCost.Add(r.LanguageCost).Add(r.HeadCost).Add(r.DecodeCost)
}

// Kept is the number of visual rows that each layer computed.
func (r *Result) Kept() []int {
	out := make([]int, len(r.Layers))
	for i, l := range r.Layers {
		out[i] = r.Frame.Visual - len(l.Skipped)
	}
	return out
}

// Grid is layers × visual rows, row-major: whether the layer computed the row, and its probability,
// NaN where no router was asked.
func (r *Result) Grid() (kept []bool, probability []float32) {
	for _, l := range r.Layers {
		line := make([]bool, r.Frame.Visual)
		for i := range line {
			line[i] = true
			v := float32(math.NaN())
			if l.Probability != nil {
				v = l.Probability[1+i]
			}
			probability = append(probability, v)
		}
		for _, row := range l.Skipped {
			line[row-1] = false
		}
		kept = append(kept, line...)
	}
	return kept, probability
}

// LookedAt is where the instruction makes encoder e look in picture i: the mean of the aggregation
// vectors' attention [patches]; nil without them.
func (r *Result) LookedAt(i, e int) []float32 {
	maps, n := r.Attention[i][e], r.Config.Vision[e].Patches()
	if maps == nil {
		return nil
	}
	out := make([]float32, n)
	for j, v := range maps {
		out[j%n] += v / float32(len(maps)/n)
	}
	return out
}

// Mask is who may attend to whom in a layer: rows × rows of those that it computed.
func (r *Result) Mask(layer int) (rows int, sees []bool) {
	skipped := map[int]bool{}
	for _, row := range r.Layers[layer].Skipped {
		skipped[row] = true
	}
	var kept []int
	for row := range r.Frame.Rows {
		if !skipped[row] {
			kept = append(kept, row)
		}
	}
	return len(kept), r.Frame.Sees(kept)
}

// actions takes the head's numbers, [chunk × action].
func (r *Result) actions(flat []float32, s Statistics) error {
	c := r.Config
	for step := range c.Chunk {
		u := make([]float64, c.Action)
		for i := range u {
			u[i] = float64(flat[step*c.Action+i])
			if math.IsNaN(u[i]) || math.IsInf(u[i], 0) {
				return fmt.Errorf("number %d of action %d came out as %v: the checkpoint's weights or the input are broken, and no robot should follow it", i+1, step+1, u[i])
			}
		}
		r.Normalised = append(r.Normalised, u)
		r.Actions = append(r.Actions, s.Action.Unnormalise(u, c.MinMax))
	}
	return nil
}
