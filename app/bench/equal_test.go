package bench

import (
	"slices"
	"testing"

	"winnow/internal/trace"
	"winnow/pruning"
)

func TestEqualMatchesTheBudget(t *testing.T) {
	model := pruning.Model{Layers: 4, Heads: 6, KVHeads: 6, HeadDim: 32, Hidden: 192, FFN: 512, Vocabulary: 704, Gated: true, Activation: "silu"}
	dense := trace.SideDone{Visual: 100, KVBytes: 480, PrefillFLOPs: 1000, KeptByLayer: []int{100, 100, 100, 100}}
	half := trace.SideDone{Visual: 100, KVBytes: 300, PrefillFLOPs: 500, KeptByLayer: []int{100, 100, 0, 0}}
	stack, err := pruning.Stack([]pruning.Spec{{Name: "fastv"}}, model)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Equal(stack, model, half, dense, 120)
	if err != nil || c.What != ofTokens || c.Share != 0.5 || c.Left != 0.5 || c.Stack[0].Spec.Params["layer"] != "2" || Kept(half) != 0.5 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = Equal(stack, model, dense, dense, 120); err != nil || c.What != "" || c.Stack != nil || c.Share != 1 {
		t.Errorf("a run that leaves nothing out: %+v, %v", c, err)
	}
	if Kept(trace.SideDone{}) != 1 {
		t.Error("without a picture something is dropped")
	}
}

// Judge and paired agree.
func TestJudge(t *testing.T) {
	d := slices.Repeat([]float64{0.1, 0.2, -0.05, 0.3}, 8)
	p := paired(d, 1)
	if q := Judge(Paired{Mean: p.Mean, Low: p.Low, High: p.High, Better: p.Better, Worse: p.Worse, Same: p.Same}); q != p || q.Verdict != ClearlyBetter {
		t.Errorf("got %+v, want %+v", q, p)
	}
	if q := Judge(Paired{Low: -2, High: -1, Worse: 9}); q.Verdict != ClearlyWorse {
		t.Errorf("got %+v", q)
	}
}
