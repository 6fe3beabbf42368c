package figure

import (
	"fmt"
	"math"
	"slices"

	"winnow/internal/trace"
)

// sweep draws quality against cost for the values of one parameter:
//
//	picture  question
//	 KL     │ a panel a cost: prefill FLOPs, KV bytes, visual tokens
//	 top-1  │ the same for the other measure of agreement
//	 table of the points
func (f *figure) sweep(y float64) (float64, error) {
	y = f.compareHeader(y)
	points := f.state.Points
	if len(points) == 0 {
		y = f.heading(margin, y, "No point of the sweep has come yet", "", full-2*margin)
		return f.footer(f.failure(margin, y)), nil
	}
	what := "its parameter"
	if method, param, ok := f.state.Request.SweptParam(); ok {
		what = plain(param) + " of " + plain(method)
	}
	var steps int
	for _, p := range points {
		steps = max(steps, p.Steps)
	}
	y = f.heading(margin, y, "Agreement with dense against cost",
		fmt.Sprintf("moving %s; next-token distributions over the %d tokens of the dense answer", what, steps), full-2*margin) + 4
	costs := f.costs()
	for _, q := range []quality{klQuality(points), top1Quality()} {
		w := (full - 2*margin - gap*float64(len(costs)-1)) / float64(max(len(costs), 1))
		low := y
		for i, c := range costs {
			low = max(low, f.tradeoff(margin+float64(i)*(w+gap), y, w, q, c, points))
		}
		y = low + 22
	}
	y = f.failure(margin, y)
	y = f.pointTable(y+6, points)
	return f.footer(y), nil
}

// costs are those that differ between points; the first where none does.
func (f *figure) costs() []trace.Cost {
	var out []trace.Cost
	for _, c := range trace.Costs {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, p := range f.state.Points {
			if v, ok := f.state.Cost(p, c); ok {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		if hi-lo > 0.002 || lo <= hi && len(f.state.Points) == 1 {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		out = []trace.Cost{trace.CostFLOPs}
	}
	return out
}

// quality is a measure of agreement with dense.
type quality struct {
	title string
	of    func(trace.Point) float64
	// lo and hi are the ends of its axis, dense where the dense run has it.
	lo, hi, dense float64
	text, axis    func(v float64) string
	// up: more is better.
	up bool
	// root spreads the axis by square roots: KL is of the order of a squared distance (Pinsker), and
	// most values of a sweep are small.
	root bool
}

// height of a value over the axis' foot, 0 to 1; an infinite one lies on the edge.
func (q quality) height(v float64) float64 {
	h := (min(max(v, q.lo), q.hi) - q.lo) / (q.hi - q.lo)
	if q.root {
		return math.Sqrt(h)
	}
	return h
}

// at is the value at a height: the inverse.
func (q quality) at(h float64) float64 {
	if q.root {
		h *= h
	}
	return q.lo + (q.hi-q.lo)*h
}

func klQuality(points []trace.Point) quality {
	top := 0.0
	for _, p := range points {
		if !math.IsInf(p.KL, 0) {
			top = max(top, p.KL)
		}
	}
	return quality{title: "KL divergence in nats, root scale, lower is better", of: func(p trace.Point) float64 { return p.KL },
		hi: niceAbove(top), text: klText, axis: trace.Number, root: true}
}

func klText(v float64) string {
	switch {
	case v != v:
		return "—"
	case math.IsInf(v, 1):
		return "∞"
	case v != 0 && math.Abs(v) < 0.001:
		return fmt.Sprintf("%.1e", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func top1Quality() quality {
	return quality{title: "Top-1 agreement, higher is better", of: func(p trace.Point) float64 { return p.Top1 },
		hi: 1, dense: 1, up: true, text: percentOf, axis: percentOf}
}

func percentOf(v float64) string {
	if v != v {
		return "—"
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

// niceAbove is a round number, easy to halve, that is not below v.
func niceAbove(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 0.1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 1.2, 1.6, 2, 2.4, 3, 4, 6, 8} {
		if m*unit >= v {
			return m * unit
		}
	}
	return 10 * unit
}

const (
	tradeHeight = 236.0
	edge        = 62.0 // between the last tick and the end of the panel
)

// tradeoff draws one measure of agreement against one cost, the dense run among the points.
func (f *figure) tradeoff(x, y, width float64, q quality, c trace.Cost, points []trace.Point) float64 {
	s, t := f.style, mono(15)
	y = f.heading(x, y, q.title, "", width) + 14
	const left = 64.0 // of numbers on the axis; the same for all, so that panels align
	px0, pw, h := x+left, width-left-edge, tradeHeight

	type spot struct {
		p trace.Point
		x float64
	}
	var spots []spot
	lo, hi := 1.0, 1.0
	for _, p := range points {
		// What costs many times the dense run, or agrees by no number, has no place here.
		if v, ok := f.state.Cost(p, c); ok && v <= 5 && q.of(p) == q.of(p) {
			spots = append(spots, spot{p, v})
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	slices.SortStableFunc(spots, func(a, b spot) int {
		switch {
		case a.x < b.x:
			return -1
		case a.x > b.x:
			return 1
		}
		return 0
	})
	step := 0.25
	switch {
	case hi-lo > 1.5:
		step = 0.5
	case hi-lo < 0.12:
		step = 0.02
	case hi-lo < 0.45:
		step = 0.1
	}
	lo, hi = math.Floor(lo/step-0.2)*step, math.Ceil(hi/step-1e-9)*step
	lo = max(lo, 0)
	at := func(cost, v float64) (float64, float64) {
		return px0 + pw*(cost-lo)/max(hi-lo, step), y + h*(1-q.height(v))
	}
	for i := range 5 {
		v := q.at(float64(i) / 4)
		_, gy := at(lo, v)
		f.rect(s.line, px0, gy, pw+edge, 1)
		if i%2 == 0 {
			f.textRight(t, s.soft, px0-10, gy+5, q.axis(v))
		}
	}
	ticks := int(math.Round((hi - lo) / step))
	every := 1
	for ticks/every > 10 {
		every++
	}
	for i := 0; i <= ticks; i += every {
		v := lo + step*float64(i)
		gx, _ := at(v, q.lo)
		f.rect(s.line, gx, y, 1, h)
		text := fmt.Sprintf("%.0f", 100*v)
		f.text(t, s.soft, gx-f.width(t, text)/2, y+h+22, text)
	}
	axis := c.String() + ", % of dense"
	f.textRight(regular(15), s.soft, x+width, y+h+46, axis)
	f.badge(x+width-f.width(regular(15), axis)-14-f.width(regular(14), trace.Counted)-16, y+h+30, trace.Counted)

	var line [][2]float64
	for _, sp := range spots {
		lx, ly := at(sp.x, q.of(sp.p))
		line = append(line, [2]float64{lx, ly})
	}
	f.stroke(s.kept, 2.5, 0, line...)
	dx, dy := at(1, q.dense)
	labels := &labelled{f: f, x0: px0 + 2, x1: x + width, y0: y, y1: y + h}
	labels.take(dx-7, dy-7, 14, 14)
	for i, l := range line {
		labels.take(l[0]-6, l[1]-6, 12, 12)
		if i > 0 {
			labels.takeLine(line[i-1], l)
		}
	}
	for i, sp := range spots {
		v := q.of(sp.p)
		f.disc(s.kept, line[i][0], line[i][1], 6)
		if math.IsInf(v, 0) {
			f.disc(s.paper, line[i][0], line[i][1], 3.5)
		}
	}
	f.disc(s.dense, dx, dy, 7)
	f.disc(s.paper, dx, dy, 3)
	labels.put(regular(15), "dense", dx, dy, q.up, f.ink(false)[0])
	// The ends of the line have their labels first, then what room is left for.
	for _, i := range spread(len(spots)) {
		text := plain(spots[i].p.Value)
		if math.IsInf(q.of(spots[i].p), 0) {
			text += " (∞)"
		}
		labels.put(mono(14), text, line[i][0], line[i][1], q.up, s.soft)
	}
	return y + h + 58
}
