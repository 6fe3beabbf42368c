package bench

import (
	"context"
	"strings"

	"winnow/app/judge"
	"winnow/diffusion"
	"winnow/internal/trace"
	"winnow/pruning"
)

// Drawings is what drawing with few evaluations takes, and what it gives.
type Drawings struct {
	// Runs is the number of prompts; each is drawn once a solver and side, by turns.
	Runs     int     `json:"runs"`
	Model    string  `json:"model"`
	Device   string  `json:"device"`
	Steps    int     `json:"steps"`
	Guidance float64 `json:"guidance"`
	Seed     uint64  `json:"seed"`
	// Judge answered Facts questions about each side's pictures.
	Judge string `json:"judge"`
	Facts int    `json:"facts"`
	// CaptionPainted is its share of right answers about painted scenes of the same objects, at the
	// same size, among other objects: what the judge itself can see.
	CaptionPainted float64 `json:"caption_painted"`
	// Denoiser is an evaluation of the network beside its matrix products, and on some tokens.
	Denoiser *diffusion.Denoiser `json:"denoiser"`
	// Solvers has one entry a solver and stack.
	Solvers []DrawSolver `json:"solvers"`
}

// DrawSolver is one solver with one stack.
type DrawSolver struct {
	Name   string `json:"name"`
	Method string `json:"method"`
	// Speedup is the median over prompts of dense time over pruned time, measured; above 1 pruned is
	// faster. SpeedupOf has its quarters.
	Speedup   float64 `json:"speedup"`
	SpeedupOf Stat    `json:"speedup_of"`
	// NFERatio is dense evaluations over pruned ones, and FLOPsRatio the same of arithmetic; both
	// are counted, over all prompts.
	NFERatio   float64 `json:"nfe_ratio"`
	FLOPsRatio float64 `json:"flops_ratio"`
	// DenseSeconds and PrunedSeconds are measured; SelectShare is choosing, of pruned.
	DenseSeconds  Stat    `json:"dense_seconds"`
	PrunedSeconds Stat    `json:"pruned_seconds"`
	SelectShare   float64 `json:"select_share"`
	Likeness
	// CaptionDense and CaptionPruned are the shares of the asked facts that the judge sees.
	CaptionDense      float64 `json:"caption_dense"`
	CaptionPruned     float64 `json:"caption_pruned"`
	CaptionDifference Paired  `json:"caption_difference"`
	// Token is about steps on some tokens; null where there were none.
	Token *TokenSteps `json:"token"`
	// Fewer is dense with as many steps as the first stack had evaluations.
	Fewer *FewerSteps `json:"fewer,omitempty"`
}

// Likeness is how close pictures are to the dense ones.
type Likeness struct {
	// PSNR (dB) is the mean over the pictures that differ, null where none does; Equal counts those
	// that do not. PSNRLeast is the lowest. SSIM is the mean over all.
	PSNR      *float64 `json:"psnr"`
	PSNRLeast *float64 `json:"psnr_least"`
	SSIM      *float64 `json:"ssim"`
	Equal     int      `json:"equal"`
}

// TokenSteps compares steps on some tokens with those on all, of the same pictures.
type TokenSteps struct {
	Steps   int     `json:"steps"`
	Kept    float64 `json:"kept"` // share of the tokens, median
	MS      Stat    `json:"ms"`   // measured, without choosing
	FullMS  Stat    `json:"full_ms"`
	Speedup float64 `json:"speedup"` // of the medians
}

// FewerSteps is the plainest way to save evaluations.
type FewerSteps struct {
	Steps   Stat    `json:"steps"`
	Speedup float64 `json:"speedup"`
	Likeness
	Caption float64 `json:"caption"`
}

// report asks the judge and sums up.
func (o *DrawOptions) report(ctx context.Context, prompts []drawPrompt, list []sketch) (*Drawings, error) {
	j := o.judge
	if j == nil {
		v, err := judge.Open(o.Device, o.Threads)
		if err != nil {
			return nil, err
		}
		defer v.Close()
		j = v
	}
	d := o.Draw
	r := &Drawings{Runs: len(prompts), Model: list[0].model, Device: list[0].device, Steps: d.Steps, Guidance: d.Guidance, Seed: d.Seed, Judge: j.Name()}
	size := list[0].dense.img.Rect.Max
	var painted verdict
	for _, p := range prompts {
		v, err := look(ctx, j, small(p.painted, size), p.facts)
		if err != nil {
			return nil, err
		}
		painted.right, painted.asked = painted.right+v.right, painted.asked+v.asked
	}
	r.Facts, r.CaptionPainted = painted.asked, painted.share()
	for i := range list {
		k := &list[i]
		all := []*painting{&k.dense}
		for n := range k.pruned {
			all = append(all, &k.pruned[n])
		}
		if k.fewer != nil {
			all = append(all, k.fewer)
		}
		for _, p := range all {
			var err error
			if p.facts, err = look(ctx, j, p.img, prompts[k.prompt].facts); err != nil {
				return nil, err
			}
		}
	}
	for s, name := range o.Solvers {
		for n, stack := range o.Stacks {
			r.Solvers = append(r.Solvers, o.solver(name, s, n, stack, list))
		}
	}
	return r, nil
}

func (o *DrawOptions) solver(name string, s, n int, stack trace.Stack, list []sketch) DrawSolver {
	var dense, pruned, few []painting
	for _, k := range list {
		if k.solver != s {
			continue
		}
		dense, pruned = append(dense, k.dense), append(pruned, k.pruned[n])
		if k.fewer != nil && n == 0 {
			few = append(few, *k.fewer)
		}
	}
	out := DrawSolver{Name: name, Method: stackText(stack), Likeness: likeness(pruned), Token: tokenSteps(pruned),
		CaptionDense: caption(dense), CaptionPruned: caption(pruned)}
	out.SpeedupOf = quotient(seconds(dense), seconds(pruned))
	out.Speedup, out.DenseSeconds, out.PrunedSeconds = out.SpeedupOf.Median, stat(seconds(dense)), stat(seconds(pruned))
	sum := func(list []painting, of func(painting) float64) (v float64) {
		for _, p := range list {
			v += of(p)
		}
		return v
	}
	nfe := func(p painting) float64 { return float64(p.NFE) }
	flops := func(p painting) float64 { return float64(p.FLOPs) }
	out.NFERatio, out.FLOPsRatio = over(sum(dense, nfe), sum(pruned, nfe)), over(sum(dense, flops), sum(pruned, flops))
	out.SelectShare = over(sum(pruned, func(p painting) float64 { return p.SelectMS }), sum(pruned, func(p painting) float64 { return p.MS }))
	differences := make([]float64, len(dense))
	for i := range dense {
		differences[i] = pruned[i].facts.share() - dense[i].facts.share()
	}
	out.CaptionDifference = paired(differences, o.Draw.Seed)
	if len(few) > 0 {
		f := &FewerSteps{Speedup: quotient(seconds(dense), seconds(few)).Median, Likeness: likeness(few), Caption: caption(few)}
		steps := make([]float64, len(few))
		for i, p := range few {
			steps[i] = float64(p.NFE)
		}
		f.Steps, out.Fewer = stat(steps), f
	}
	return out
}

// over is a quotient, 0 where there is none: JSON has no infinity.
func over(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func seconds(list []painting) []float64 {
	out := make([]float64, len(list))
	for i, p := range list {
		out[i] = p.MS / 1000
	}
	return out
}

func caption(list []painting) float64 {
	var v verdict
	for _, p := range list {
		v.right, v.asked = v.right+p.facts.right, v.asked+p.facts.asked
	}
	return v.share()
}

func likeness(list []painting) (l Likeness) {
	var psnr, ssim []float64
	for _, p := range list {
		if p.PSNR != nil {
			psnr = append(psnr, *p.PSNR)
		} else {
			l.Equal++
		}
		if p.SSIM != nil {
			ssim = append(ssim, *p.SSIM)
		}
	}
	l.PSNR, l.SSIM = average(psnr), average(ssim)
	for _, v := range psnr {
		if l.PSNRLeast == nil || v < *l.PSNRLeast {
			l.PSNRLeast = &v
		}
	}
	return l
}

// average is nil of nothing.
func average(list []float64) *float64 {
	if len(list) == 0 {
		return nil
	}
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	sum /= float64(len(list))
	return &sum
}

func tokenSteps(list []painting) *TokenSteps {
	var full, token, kept []float64
	for _, p := range list {
		full, token, kept = append(full, p.full...), append(token, p.token...), append(kept, p.kept...)
	}
	if len(token) == 0 {
		return nil
	}
	t := &TokenSteps{Steps: len(token), Kept: stat(kept).Median, MS: stat(token), FullMS: stat(full)}
	t.Speedup = over(t.FullMS.Median, t.MS.Median)
	return t
}

// stackText writes a stack as the command line takes it.
func stackText(s trace.Stack) string {
	var names []string
	for _, m := range s.Methods {
		names = append(names, pruning.Spec(m).String())
	}
	return strings.Join(names, "+")
}
