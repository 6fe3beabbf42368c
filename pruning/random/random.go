package random

import (
	"fmt"
	"math"
	"math/rand/v2"

	"winnow/pruning"
)

func init() {
	pruning.Register(pruning.Info{
		Name:       "random",
		Title:      "Random",
		Budget:     "keep",
		Paper:      "none: the baseline that every method has to beat",
		Removes:    "visual tokens after an early layer, by lot",
		Stages:     []pruning.Phase{pruning.Prefill},
		Provenance: pruning.Baseline,
	}, func() pruning.Method { return new(Random) })
}

// Random draws the visual tokens that stay.
type Random struct {
	Layer int     `param:"layer,1..,2" unit:"layers" help:"draw after this many layers"`
	Keep  float64 `param:"keep,0..1,0.5" help:"share of the visual tokens that is kept"`
	Seed  int     `param:"seed,0..,0" help:"another number is another draw of the same run"`
}

// Requests asks for nothing to be seen, only to be called after its layer.
func (r *Random) Requests(m pruning.Model) ([]pruning.Request, error) {
	if r.Keep == 1 {
		return nil, nil
	}
	site, err := pruning.After(r.Layer, "random", m)
	if err != nil {
		return nil, err
	}
	return []pruning.Request{{Site: site}}, nil
}

// Decide keeps the ⌈Keep·n⌉ visual tokens with the highest draws.
func (r *Random) Decide(s pruning.Seen) (pruning.Outcome, error) {
	visual := pruning.Spans(s.Tokens, pruning.Visual)
	// The second word separates own seed and layer, so that neither shift equals the other.
	draw := rand.New(rand.NewPCG(s.Seed, uint64(r.Seed)<<16|uint64(uint16(s.Site.Layer))))
	scores := pruning.NoScores(len(s.Tokens))
	for _, i := range visual {
		scores[i] = draw.Float32()
	}
	n := pruning.Share(r.Keep, len(visual))
	dropped := pruning.Without(visual, pruning.Top(scores, visual, n))
	if len(dropped) == 0 {
		return pruning.Outcome{}, nil
	}
	return pruning.Outcome{Decisions: []pruning.Decision{&pruning.Drop{
		Basis: pruning.Basis{
			Scores:    scores,
			Threshold: float32(math.NaN()),
			Unit:      "draw",
			Rule:      fmt.Sprintf("the %d of %d visual tokens with the highest draws", n, len(visual)),
		},
		Rows: dropped,
	}}}, nil
}

// Claims is the drop after its layer.
func (r *Random) Claims(pruning.Model) []pruning.Claim {
	if r.Keep == 1 {
		return nil
	}
	return []pruning.Claim{{Kind: "drop", Phase: pruning.Prefill, Layer: r.Layer - 1}}
}
