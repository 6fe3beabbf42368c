package diffusion

import (
	"context"
	"slices"
	"time"

	"winnow/diffusion/pixart"
	"winnow/diffusion/solver"
	"winnow/internal/trace"
)

// Denoiser is what an evaluation of the network takes, beside its matrix products alone and beside
// evaluations of some tokens. Times are medians in milliseconds of runs that follow each other by
// turns, on one device, with one number of threads.
type Denoiser struct {
	Tokens int `json:"tokens"`
	Batch  int `json:"batch"` // 2 with guidance
	// MS is an evaluation, from latents to prediction.
	MS float64 `json:"ms"`
	// MatmulMS are all its linear layers and both products of each attention, and nothing else.
	MatmulMS float64 `json:"matmul_ms"`
	Ratio    float64 `json:"ratio"` // MS over MatmulMS
	// FusedMS and FusedRatio are the same with each attention as one fused operation, softmax
	// included, which a processor does sooner than the two products.
	FusedMS    float64 `json:"fused_ms"`
	FusedRatio float64 `json:"fused_ratio"`
	// Some are evaluations of a quarter, half and three quarters of the tokens.
	Some []SomeTokens `json:"some"`
}

// SomeTokens is an evaluation of some tokens.
type SomeTokens struct {
	Kept  int     `json:"kept"`
	MS    float64 `json:"ms"`
	Share float64 `json:"share"` // of an evaluation of all
}

// Measure times evaluations of the size and guidance that d asks for, so many rounds of each kind after
// one that does not count. ctx ends it with compute.ErrCancelled.
func (m *Model) Measure(ctx context.Context, d trace.Draw, rounds int) (Denoiser, error) {
	g, _, err := m.Begin(ctx, d)
	if err != nil {
		return Denoiser{}, err
	}
	defer g.Close()
	session, err := g.ready(ctx)
	if err != nil {
		return Denoiser{}, err
	}
	defer session.Forget()
	out := Denoiser{Tokens: len(g.plan.tokens), Batch: g.plan.size.Batch, Some: []SomeTokens{}}
	evaluate := func(how pixart.Evaluation) func() error {
		x := slices.Repeat([][]float32{solver.Noise(d.Seed, g.plan.numbers())}, out.Batch)
		return func() error {
			_, err := session.Evaluate(ctx, x, []float64{500}, how)
			return err
		}
	}
	if err := evaluate(pixart.Evaluation{Store: true})(); err != nil {
		return out, err
	}
	work := []func() error{evaluate(pixart.Evaluation{})}
	for _, fused := range []bool{false, true} {
		p, err := m.net.NewProducts(g.plan.size, fused)
		if err != nil {
			return out, err
		}
		defer p.Close()
		work = append(work, func() error { return p.Run(ctx) })
	}
	for quarter := 1; quarter < 4; quarter++ {
		tokens := spread(out.Tokens, quarter)
		if len(tokens) > 0 {
			out.Some = append(out.Some, SomeTokens{Kept: len(tokens)})
			work = append(work, evaluate(pixart.Evaluation{Tokens: tokens}))
		}
	}
	ms, err := byTurns(work, rounds)
	if err != nil {
		return out, err
	}
	out.MS, out.MatmulMS, out.FusedMS = ms[0], ms[1], ms[2]
	out.Ratio, out.FusedRatio = out.MS/out.MatmulMS, out.MS/out.FusedMS
	for i := range out.Some {
		out.Some[i].MS = ms[3+i]
		out.Some[i].Share = ms[3+i] / out.MS
	}
	return out, nil
}

// spread lists so many quarters of n tokens, evenly.
func spread(n, quarters int) []int {
	out := make([]int, n*quarters/4)
	for i := range out {
		out[i] = i * n / len(out)
	}
	return out
}

// byTurns runs each work once a round, and gives the median milliseconds of each. The first round is
// for pages and caches and does not count.
func byTurns(work []func() error, rounds int) ([]float64, error) {
	took := make([][]float64, len(work))
	for round := range max(1, rounds) + 1 {
		for i, do := range work {
			began := time.Now()
			if err := do(); err != nil {
				return nil, err
			}
			if round > 0 {
				took[i] = append(took[i], milliseconds(time.Since(began)))
			}
		}
	}
	out := make([]float64, len(work))
	for i, list := range took {
		slices.Sort(list)
		n := len(list)
		out[i] = (list[(n-1)/2] + list[n/2]) / 2
	}
	return out, nil
}
