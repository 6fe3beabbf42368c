package bench

import (
	"fmt"
	"io"
	"text/tabwriter"

	"winnow/internal/compute"
)

// Fidelity says whether methods stay closer to the dense model than random does at the same
// budget.
type Fidelity struct {
	Model  string         `json:"model"`
	Device compute.Device `json:"device"`
	Seed   uint64         `json:"seed"`
	// Questions that were compared; Tokens are those of the dense answers.
	Questions int             `json:"questions"`
	Tokens    int             `json:"tokens"`
	Methods   []FidelityOfOne `json:"methods"`
}

// FidelityOfOne is one stack's. All numbers are means over the questions.
type FidelityOfOne struct {
	Stack string `json:"stack"`
	// Budget is what random was given the same share of; empty: nothing to match.
	Budget string `json:"budget"`
	// CacheOnly: it changes nothing before the first token but its logits, and is compared with a
	// lot of cached rows in random's place.
	CacheOnly bool    `json:"cache_only"`
	Share     float64 `json:"share"`
	// RandomShare is what chance really left: random cannot go below one layer's tokens.
	RandomShare float64 `json:"random_share"`
	// PrefillFLOPs and KVBytes are shares of the dense ones, counted.
	PrefillFLOPs float64 `json:"prefill_flops_share"`
	KVBytes      float64 `json:"kv_bytes_share"`
	KL           float64 `json:"kl"`
	Top1         float64 `json:"top1"`
	RandomKL     float64 `json:"random_kl"`
	RandomTop1   float64 `json:"random_top1"`
	// ByKL compares random's KL minus the method's, ByTop1 the method's top-1 minus random's.
	ByKL    *Paired `json:"by_kl,omitempty"`
	ByTop1  *Paired `json:"by_top1,omitempty"`
	Refused string  `json:"refused,omitempty"`
}

func (f *fidelity) report(model string) *Fidelity {
	r := &Fidelity{Model: model, Device: f.m.Backend.Device(), Seed: f.seed, Questions: f.questions, Tokens: f.tokens}
	for _, c := range f.stacks {
		one := FidelityOfOne{Stack: c.name, CacheOnly: c.late, Refused: c.refused, KL: mean(c.kl), Top1: mean(c.top1),
			PrefillFLOPs: mean(c.flops), KVBytes: mean(c.kv)}
		if c.refused == "" && c.what != "" && len(c.randomKL) == len(c.kl) {
			one.Budget, one.Share, one.RandomShare = c.what, mean(c.share), mean(c.randomShare)
			one.RandomKL, one.RandomTop1 = mean(c.randomKL), mean(c.randomTop1)
			kl, top1 := paired(minus(c.randomKL, c.kl), f.seed), paired(minus(c.top1, c.randomTop1), f.seed)
			one.ByKL, one.ByTop1 = &kl, &top1
		}
		r.Methods = append(r.Methods, one)
	}
	return r
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x / float64(len(v))
	}
	return sum
}

func minus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

// Print writes the comparison for a person.
func (r *Fidelity) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s on %s (%s): %d questions about the sample scenes, %d tokens of dense answers, seed %d\n\n", r.Model, r.Device.ID, r.Device.Backend,
		r.Questions, r.Tokens, r.Seed)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "method\tKL\tchance\ttop-1\tchance\tbudget\tchance's\tprefill FLOPs\tKV bytes")
	for _, m := range r.Methods {
		switch {
		case m.Refused != "":
			fmt.Fprintf(w, "%s\t%s\n", m.Stack, m.Refused)
		case m.Budget == "":
			fmt.Fprintf(w, "%s\t%.4f\t–\t%.1f %%\t–\tnothing less than dense\t\t%.1f %%\t%.1f %%\n", m.Stack, m.KL, 100*m.Top1, 100*m.PrefillFLOPs, 100*m.KVBytes)
		default:
			fmt.Fprintf(w, "%s\t%.4f\t%.4f\t%.1f %%\t%.1f %%\t%.1f %% of %s\t%.1f %%\t%.1f %%\t%.1f %%\n", m.Stack, m.KL, m.RandomKL, 100*m.Top1, 100*m.RandomTop1,
				100*m.Share, m.Budget, 100*m.RandomShare, 100*m.PrefillFLOPs, 100*m.KVBytes)
		}
	}
	w.Flush()
	fmt.Fprintln(out)
	fmt.Fprintln(w, "at that budget against\t\tKL lower by (95 % interval)\tbetter, worse, same\tsign test\tverdict")
	for _, m := range r.Methods {
		if p := m.ByKL; p != nil {
			chance := "random"
			if m.CacheOnly {
				chance = "lot"
			}
			fmt.Fprintf(w, "%s\t%s\t%.4f (%.4f to %.4f)\t%d, %d, %d\tp = %.2g\t%s\n", m.Stack, chance, p.Mean, p.Low, p.High, p.Better, p.Worse, p.Same, p.P, p.Verdict)
		}
	}
	w.Flush()
	_, err := fmt.Fprintln(out, "\nKL (nats, the mean over the tokens of an answer, 0 is dense) and top-1 compare next-token distributions with the dense model's\n"+
		"along the dense answer. Clearly better, or worse: the interval leaves zero out and the sign test says p < 0.05. Random drops visual\n"+
		"tokens in prefill. A method that acts on the cache alone is held against a lot of cached rows that leave after prefill: like it,\n"+
		"that does not touch the first token. Budgets, FLOPs and bytes are counted; the last two are shares of the dense ones.")
	return err
}
