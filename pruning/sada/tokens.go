package sada

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"winnow/pruning"
)

// unstableShare of a token's cells, if exceeded, makes the token unstable.
const unstableShare = 0.25

// tokens turns the evaluation to come into a token-wise one, or into one that fills the caches.
func (p plan) tokens(s pruning.Seen, now sight, mem *memory, step *pruning.Step) {
	n := p.i + 1
	if !p.prunes || !now.known || !p.inWindow(n) {
		return
	}
	if !mem.stored || Refresh(n, p.lo, mem.lastSkip, p.MaxInterval) {
		mem.stored, step.Store = true, true
		step.Rule += "; fills the caches"
		return
	}
	rows, cols := p.Height/p.Patch, p.Width/p.Patch
	share := Pool(Unstable(p.byCell(now.kappa), p.MaxFix), p.Height, p.Width, p.Patch)
	unstable := make([]bool, len(share))
	count := 0
	for t, v := range share {
		if unstable[t] = v > unstableShare; unstable[t] {
			count++
		}
	}
	draw := rand.New(rand.NewPCG(s.Seed, uint64(n)))
	picks := Picks(rows, cols, p.Window, p.Window, draw.IntN)
	step.Action = pruning.RunTokens
	step.Rows = Kept(unstable, picks)
	step.Rule += fmt.Sprintf("; computes %d of %d tokens: %d unstable, and one drawn in each of %d windows",
		len(step.Rows), len(share), count, len(picks))
	step.Also = append(step.Also, pruning.Series{Name: "unstable", Unit: "share of the token's cells", Values: share, Target: unstableShare})
}

// byCell is the mean of kappa over the channels.
func (p plan) byCell(kappa []float64) []float64 {
	out := make([]float64, len(kappa)/p.Channels)
	for cell := range out {
		for _, k := range kappa[cell*p.Channels : (cell+1)*p.Channels] {
			out[cell] += k
		}
		out[cell] /= float64(p.Channels)
	}
	return out
}

// byToken is the mean of kappa over each token's cells and channels.
func (p plan) byToken(kappa []float64) []float32 {
	cols := p.Width / p.Patch
	sums := make([]float64, p.Height/p.Patch*cols)
	for cell, k := range p.byCell(kappa) {
		sums[cell/p.Width/p.Patch*cols+cell%p.Width/p.Patch] += k / float64(p.Patch*p.Patch)
	}
	return float32s(sums)
}

// Unstable marks the cells with kappa ≥ 0, or, where these are more than most, the most largest of
// all; ties go to the lower index.
func Unstable(kappa []float64, most int) []bool {
	out := make([]bool, len(kappa))
	var cells []int
	for i, k := range kappa {
		if k >= 0 {
			cells = append(cells, i)
		}
	}
	if len(cells) > most {
		slices.SortStableFunc(cells, func(a, b int) int { return cmp.Compare(kappa[b], kappa[a]) })
		cells = cells[:most]
	}
	for _, i := range cells {
		out[i] = true
	}
	return out
}

// Pool is, by token of patch × patch cells, the share of marked cells; both grids row-major.
func Pool(cells []bool, height, width, patch int) []float32 {
	cols := width / patch
	counts := make([]int, height/patch*cols)
	for i, marked := range cells {
		if marked {
			counts[i/width/patch*cols+i%width/patch]++
		}
	}
	out := make([]float32, len(counts))
	for t, n := range counts {
		out[t] = float32(n) / float32(patch*patch)
	}
	return out
}

// Picks draws one token in each whole sy × sx window of the grid, ascending; draw(n) gives a
// number below n, the offset within the window, row-major, asked for in the windows' order.
func Picks(rows, cols, sy, sx int, draw func(n int) int) []int {
	var out []int
	for wy := range rows / sy {
		for wx := range cols / sx {
			at := draw(sy * sx)
			out = append(out, (wy*sy+at/sx)*cols+wx*sx+at%sx)
		}
	}
	slices.Sort(out)
	return out
}

// Kept lists the unstable tokens and the picks, ascending.
func Kept(unstable []bool, picks []int) []int {
	out := slices.Clone(picks)
	for t, u := range unstable {
		if u {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Refresh: evaluation n, inside the accelerated steps that begin at lo, computes all tokens and
// fills the caches. The first after a skip always does.
func Refresh(n, lo, lastSkip, maxInterval int) bool {
	if lo > lastSkip {
		return (n-lo)%maxInterval == 0
	}
	return (n-lastSkip-1)%maxInterval == 0
}
