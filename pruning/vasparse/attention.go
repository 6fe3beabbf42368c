package vasparse

import (
	"math"
	"slices"

	"winnow/pruning"
)

// view is one layer's attention of the new row.
type view struct {
	// dots is q·k [heads × cached], not scaled; the new row's own is last.
	dots pruning.Matrix
	// dim is the size of a head.
	dim int
	// mass and received are by cached row what memory says; received also by head.
	mass     []float32
	received [][]float32
}

// chosen is what equations 4, 5 and 7 make of a view.
type chosen struct {
	// P is the visual saliency by row, W the sink weight by head and row.
	P []float32
	W [][]float32
	// plain is the attention by head and row as it would have been.
	plain [][]float32
	// delta is the score by head and row, mean its mean over the heads.
	delta [][]float32
	mean  []float32
	// hidden lists the rows that each head hides, or one list for all; nil where none is chosen.
	hidden [][]int
	// groups of hidden rows take part as one row each.
	groups [][]int
	// factors multiply the logits, by head and row; nil without sink penalty.
	factors [][]float32
	// attention is what is left, by head and row; a group's is shared out among its rows.
	attention [][]float32
}

// choose computes all that the decisions of one attention need.
func (v *VASparse) choose(x view) chosen {
	p := v.plan()
	heads, rows := x.dots.Rows, x.dots.Cols
	scale := 1 / math.Sqrt(float64(x.dim))
	c := chosen{P: softmax(x.mass, 1), plain: make([][]float32, heads), attention: make([][]float32, heads)}
	if p.selects {
		c.delta, c.hidden = make([][]float32, heads), make([][]int, heads)
	}
	if p.reweighs {
		c.W, c.factors = make([][]float32, heads), make([][]float32, heads)
	}
	leave := rows - max(1, int(math.Floor(v.Keep*float64(rows)+1e-9)))
	eachHead(heads, rows, func(h int) {
		c.plain[h] = softmax(x.dots.Row(h), scale)
		if p.selects {
			c.delta[h] = v.score(x.dots.Row(h), c.plain[h], c.P, scale)
			if v.Sets == "heads" {
				c.hidden[h] = smallest(c.delta[h], leave, v.KeepNewest)
			}
		}
		if p.reweighs {
			c.W[h] = softmax(x.received[h], 1)
			c.factors[h] = make([]float32, rows)
			for j, w := range c.W[h] {
				c.factors[h][j] = float32(1 + v.Beta - v.Beta*float64(w))
			}
		}
	})
	if p.selects {
		c.mean = meanOf(c.delta)
		if v.Sets == "shared" {
			c.hidden = [][]int{smallest(c.mean, leave, v.KeepNewest)}
			if v.Recycle != "none" {
				c.groups = clusters(x.dots, c.hidden[0], v.Clusters)
			}
		}
	}
	eachHead(heads, rows, func(h int) { c.attention[h] = v.attend(&c, x.dots.Row(h), h, scale) })
	return c
}

// eachHead runs do for each head, at once where there is enough to do.
func eachHead(heads, rows int, do func(h int)) {
	if rows == 0 {
		return
	}
	pruning.Halves(heads*rows, func(_, from, to int) {
		for h := from / rows; h < to/rows; h++ {
			do(h)
		}
	})
}

// score is equation 4: the squared logit, or what stands for it, with a bonus for saliency.
func (v *VASparse) score(dots, plain, saliency []float32, scale float64) []float32 {
	out := make([]float32, len(dots))
	for j, dot := range dots {
		a := float64(dot)
		switch v.Score {
		case "prob":
			a = float64(plain[j])
		case "scaled":
			a *= scale
		}
		out[j] = float32(a*a + v.Lambda*float64(saliency[j]))
	}
	return out
}

// attend is the softmax over the rows that head h still sees, with its factors. Of a group one
// row takes part, with the mean or the sum of keys, so with that of their logits.
func (v *VASparse) attend(c *chosen, dots []float32, h int, scale float64) []float32 {
	logits := slices.Clone(dots)
	if c.factors != nil {
		for j, f := range c.factors[h] {
			logits[j] *= f
		}
	}
	together := make([]float32, len(c.groups))
	for i, g := range c.groups {
		for _, j := range g {
			together[i] += logits[j]
		}
		if v.Recycle == "mean" {
			together[i] /= float32(len(g))
		}
	}
	if c.hidden != nil {
		for _, j := range c.hidden[min(h, len(c.hidden)-1)] {
			logits[j] = float32(math.Inf(-1))
		}
	}
	for i, g := range c.groups {
		logits[g[0]] = together[i]
	}
	out := softmax(logits, scale)
	for _, g := range c.groups {
		share := out[g[0]] / float32(len(g))
		for _, j := range g {
			out[j] = share
		}
	}
	return out
}

// smallest lists the n rows with the smallest scores, ascending; of equal ones the later go. The
// last row stays where it must, unless it is alone.
func smallest(scores []float32, n int, keepLast bool) []int {
	last := len(scores) - 1
	if keepLast {
		scores = scores[:last]
	}
	n = min(n, len(scores))
	if n <= 0 {
		return []int{}
	}
	sorted := slices.Clone(scores)
	slices.Sort(sorted)
	bar, ties := sorted[n-1], 0 // all below bar go, and as many at it as are missing
	for _, s := range sorted[:n] {
		if s == bar {
			ties++
		}
	}
	out := make([]int, 0, n)
	for j := len(scores) - 1; j >= 0; j-- {
		if scores[j] < bar {
			out = append(out, j)
		} else if scores[j] == bar && ties > 0 {
			out = append(out, j)
			ties--
		}
	}
	slices.Reverse(out)
	return out
}

// softmax of scaled numbers; the largest is taken off first, since what sinks receive grows with
// the length of the sequence.
func softmax(x []float32, scale float64) []float32 {
	out := make([]float32, len(x))
	if len(x) == 0 {
		return out
	}
	top := float64(slices.Max(x))
	sum := 0.0
	e := make([]float64, len(x))
	for i, v := range x {
		e[i] = math.Exp((float64(v) - top) * scale)
		sum += e[i]
	}
	for i := range out {
		out[i] = float32(e[i] / sum)
	}
	return out
}

// meanOf is the mean over the heads, by row.
func meanOf(heads [][]float32) []float32 {
	if len(heads) == 0 {
		return nil
	}
	sum := make([]float64, len(heads[0]))
	for _, h := range heads {
		for j, v := range h {
			sum[j] += float64(v)
		}
	}
	out := make([]float32, len(sum))
	for j, s := range sum {
		out[j] = float32(s / float64(len(heads)))
	}
	return out
}
