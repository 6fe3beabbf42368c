package fastv

import (
	"fmt"
	"math"

	"winnow/pruning"
)

func init() {
	pruning.Register(pruning.Info{
		Name:       "fastv",
		Title:      "FastV",
		Budget:     "keep",
		Paper:      "Chen et al., An Image is Worth 1/2 Tokens After Layer 2, ECCV 2024, arXiv 2403.06764",
		Removes:    "visual tokens after an early layer, by the attention of the last prompt row",
		Stages:     []pruning.Phase{pruning.Prefill},
		Provenance: pruning.AuthorsCode,
	}, func() pruning.Method { return new(FastV) })
}

// FastV holds the two parameters of the paper: K, and the share that is kept, 1 − R.
type FastV struct {
	Layer int     `param:"layer,1..,2" unit:"layers" help:"decide after this many layers (the paper's K)"`
	Keep  float64 `param:"keep,0..1,0.5" help:"share of the visual tokens that is kept (1 − the paper's R)"`
}

// Requests asks for one reduction: the attention of the last row, averaged over the heads.
func (f *FastV) Requests(m pruning.Model) ([]pruning.Request, error) {
	if f.Keep == 1 {
		return nil, nil
	}
	site, err := pruning.After(f.Layer, "fastv", m)
	if err != nil {
		return nil, err
	}
	return []pruning.Request{{Site: site, Probes: []pruning.Probe{f.probe()}}}, nil
}

func (f *FastV) probe() pruning.Probe {
	return pruning.Probe{What: pruning.Attention, Layer: f.Layer - 1,
		Rows: pruning.Select{Kind: pruning.LastRow}, Reduce: pruning.ColumnMean}
}

// Decide keeps the ⌈Keep·n⌉ visual tokens with most attention; ties go to the lower position.
func (f *FastV) Decide(s pruning.Seen) (pruning.Outcome, error) {
	attention, err := s.Value(f.probe())
	if err != nil {
		return pruning.Outcome{}, err
	}
	if attention.Rows != 1 || attention.Cols != len(s.Tokens) {
		return pruning.Outcome{}, fmt.Errorf("%v is %d × %d for %d tokens, fastv takes one number a token",
			f.probe(), attention.Rows, attention.Cols, len(s.Tokens))
	}
	if err := pruning.Finite(f.probe(), attention.Data); err != nil {
		return pruning.Outcome{}, err
	}
	visual := pruning.Spans(s.Tokens, pruning.Visual)
	n := pruning.Share(f.Keep, len(visual))
	dropped := pruning.Without(visual, pruning.Top(attention.Data, visual, n))
	if len(dropped) == 0 {
		return pruning.Outcome{}, nil
	}
	scores := pruning.NoScores(len(s.Tokens))
	for _, i := range visual {
		scores[i] = attention.Data[i]
	}
	return pruning.Outcome{Decisions: []pruning.Decision{&pruning.Drop{
		Basis: pruning.Basis{
			Scores:    scores,
			Threshold: float32(math.NaN()),
			Unit:      "attention of the last row",
			Rule:      fmt.Sprintf("the %d of %d visual tokens with most attention", n, len(visual)),
		},
		Rows: dropped,
	}}}, nil
}

// Claims is the drop after its layer.
func (f *FastV) Claims(pruning.Model) []pruning.Claim {
	if f.Keep == 1 {
		return nil
	}
	return []pruning.Claim{{Kind: "drop", Phase: pruning.Prefill, Layer: f.Layer - 1}}
}
