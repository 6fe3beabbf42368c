package trace

import (
	"fmt"
	"math"
)

// CellInfoAt tells what a layer (-1: all of them) made of a cell while word step was chosen.
func (d *Side) CellInfoAt(row, col, layer, step int) CellInfo {
	if d == nil || step < 0 {
		return d.CellInfo(row, col, layer)
	}
	c, ok := d.state.cell(row, col, d)
	if !ok {
		return c
	}
	at := row*d.state.cols + col
	c.Masked = d.MaskedAt(layer, step)[at]
	c.Kept = seen(c.Masked)
	c.DiedAtLayer = d.diedAt(c.Token)
	c.Bits = d.bitsOf(c.Token, layer, step)
	scores, by := d.ScoresAtStep(layer, step)
	if by != nil {
		c.Score, c.Numbers = scores[at], by.readings(c.Token)
		c.Rank, c.Of = rankOf(scores, at)
	}
	if step == 0 || c.Masked > 0.9999 && !d.hidden(c.Token, layer, step) {
		// The prompt's decisions say it all.
		before := c
		if d.tell(&c, max(layer, 0)); layer < 0 {
			c.Kept, c.Bits = before.Kept, -1
		}
		c.Masked = before.Masked
		return c
	}
	c.Method, c.Why = d.whyAt(&c, layer, step, by)
	return c
}

// hidden reports whether a decision made while answering took a row from a layer's sight.
func (d *Side) hidden(seqIndex, layer, step int) bool {
	for _, l := range d.layers(layer) {
		if e, _ := d.hiding(seqIndex, l, step); e != nil {
			return true
		}
	}
	return false
}

func (d *Side) layers(layer int) []int {
	if layer < 0 {
		return upTo(d.state.LayerCount())
	}
	return []int{layer}
}

// hiding is the decision made while answering that took a row from most of a layer's heads.
func (d *Side) hiding(seqIndex, layer, step int) (by *Decision, share float32) {
	d.felt(layer, step, func(e *Decision) {
		if !(e.cache() || e.stream()) || e.Kind == "merge" && d.once(e) {
			return
		}
		if i, ok := find(e.Rows, seqIndex); ok && e.share(i) > share {
			by, share = e, e.share(i)
		}
	})
	return by, share
}

func (d *Side) whyAt(c *CellInfo, layer, step int, scored *Decision) (method, why string) {
	if layer < 0 {
		return d.whyOverall(c, step)
	}
	here := fmt.Sprintf("in layer %d at word %d", layer, step+1)
	by, share := d.hiding(c.Token, layer, step)
	if by == nil {
		if keep, ok := d.forced(c.Token); ok && keep {
			return Hand, "seen by all heads " + here + ": kept by hand"
		}
		if scored != nil && scored.score(c.Token) == scored.score(c.Token) {
			return scored.Method, "seen by all heads " + here + because(scored, c, scored.score(c.Token), true)
		}
		return "", "seen by all heads " + here
	}
	score := by.score(c.Token)
	switch by.Kind {
	case "mask", "exclude":
		text := "masked in all heads "
		if share < 1 {
			text = fmt.Sprintf("masked in %s of the heads ", percent(float64(share)))
		}
		return by.Method, text + here + " by " + by.Method + because(by, c, score, false)
	case "merge":
		return by.Method, fmt.Sprintf("merged with others in layer %d since word %d by %s", layer, by.Step+1, by.Method) + because(by, c, score, false)
	case "zero":
		return by.Method, fmt.Sprintf("its cache entry of layer %d is zero since word %d, set by %s", layer, by.Step+1, by.Method) + because(by, c, score, false)
	}
	return by.Method, fmt.Sprintf("evicted from the cache of layer %d at word %d by %s", layer, by.Step+1, by.Method) + because(by, c, score, false)
}

// whyOverall sums up all layers.
func (d *Side) whyOverall(c *CellInfo, step int) (method, why string) {
	most, where := float32(0), -1
	for _, l := range d.layers(-1) {
		if by, share := d.hiding(c.Token, l, step); by != nil && share > most {
			most, where, method = share, l, by.Method
		}
	}
	if where < 0 {
		if c.Masked > 0 {
			return "", fmt.Sprintf("not in the cache of %s of the layers at word %d", percent(float64(c.Masked)), step+1)
		}
		return "", fmt.Sprintf("seen by all heads of all layers at word %d", step+1)
	}
	if c.Masked > 0.9999 {
		return method, fmt.Sprintf("seen by no head of any layer at word %d (%s)", step+1, method)
	}
	why = fmt.Sprintf("not seen by %s of all heads at word %d", percent(float64(c.Masked)), step+1)
	if d.state.LayerCount() > 1 {
		why += fmt.Sprintf("; most in layer %d, by %s (%s)", where, percent(float64(most)), method)
	}
	return method, why
}

// percent writes a share without its digits: "5 %", but "0.4 %".
func percent(share float64) string {
	v := 100 * share
	if v > 0 && v < 1 {
		return Number(math.Round(v*10)/10) + " %"
	}
	return Number(math.Round(v)) + " %"
}
