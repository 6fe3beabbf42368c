package widgets

import (
	"fmt"
	"math"
	"slices"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// TradeoffPoint is one value of a parameter: what it costs and how close the answer stays.
type TradeoffPoint struct {
	// Value of the parameter, as it is written: 0.25.
	Value string
	// Ready is false for a point still to come: then only Value counts, and its place is guessed
	// from its neighbours'.
	Ready bool
	// Cost is the arithmetic as a share of dense.
	Cost float64
	// KL from dense in nats, and Top1, the share of tokens with the same first choice.
	KL, Top1 float64
	// FLOPs and Bytes are written out for the reading: 1.2 GFLOPs, 72 kB.
	FLOPs, Bytes string
}

// Quality is what a TradeoffCurve plots upwards.
type Quality int

// KL has its best at the bottom, agreement at the top.
const (
	QualityKL Quality = iota
	QualityTop1
)

// TradeoffCurve shows quality against cost, a point a value of a parameter. The pointer reads the
// nearest point; a click chooses it.
type TradeoffCurve struct {
	chart
	// OnChoose is called with the index of a point that is ready.
	OnChoose func(index int)

	points  []TradeoffPoint
	quality Quality
	current int
	busy    string
	// axis names the cost, share what it is a share of.
	axis, share string
}

// NewTradeoffCurve makes an empty one.
func NewTradeoffCurve() *TradeoffCurve {
	t := &TradeoffCurve{current: -1, axis: "arithmetic, % of dense", share: "of dense"}
	t.extend(t, tradeoffPlot{t}, "Move a slider to see what it costs and what it saves.")
	return t
}

// SetPoints replaces the points, in the order of the parameter's values.
func (t *TradeoffCurve) SetPoints(points []TradeoffPoint) {
	if !slices.Equal(points, t.points) {
		t.points = slices.Clone(points)
		t.current = min(t.current, len(points)-1)
		t.changed()
	}
}

// SetCurrent marks the value in use; -1 marks none.
func (t *TradeoffCurve) SetCurrent(i int) {
	if i < 0 || i >= len(t.points) {
		i = -1
	}
	if i != t.current {
		t.current = i
		t.Refresh()
	}
}

// SetQuality chooses what is plotted upwards; the reading has both.
func (t *TradeoffCurve) SetQuality(q Quality) {
	if q != t.quality {
		t.quality = q
		t.Refresh()
	}
}

// SetAxis names the cost under the axis, and what it is a share of in the reading: arithmetic, % of
// dense; of dense.
func (t *TradeoffCurve) SetAxis(axis, share string) {
	if t.axis != axis || t.share != share {
		t.axis, t.share = axis, share
		t.Refresh()
	}
}

// SetBusy says in a few words what is being computed; empty: nothing.
func (t *TradeoffCurve) SetBusy(text string) {
	if t.busy != text {
		t.busy = text
		t.Refresh()
	}
}

type tradeoffPlot struct{ *TradeoffCurve }

func (t tradeoffPlot) things() int      { return len(t.points) }
func (t tradeoffPlot) least() fyne.Size { return fyne.NewSize(60*theme.Step, 52*theme.Step) }

func (t tradeoffPlot) footLines() int { return 2 }

func (t tradeoffPlot) legend() []Swatch { return nil }

func (t tradeoffPlot) choose(i int) bool {
	if !t.points[i].Ready {
		return false
	}
	if t.OnChoose != nil {
		t.OnChoose(i)
	}
	return true
}

const tradeoffMargin = 7 // units around the plotted area, so that dots are whole

func (t tradeoffPlot) area(s fyne.Size) frame {
	left := theme.Inset + widest(3, func(i int) string { return t.tick(float64(i) / 2) }) - tradeoffMargin
	top := float32(theme.Gap + legendLine)
	return frame{left, top, s.Width - left - theme.Inset + tradeoffMargin - 2, s.Height - top - chartFoot(2) - 6*theme.Step + tradeoffMargin}
}

// span is the range of the left axis, low end first.
func (t *TradeoffCurve) span() (lo, hi float64) {
	if t.quality == QualityTop1 {
		lo = 1
		for _, p := range t.points {
			if p.Ready && finite(p.Top1) {
				lo = min(lo, p.Top1)
			}
		}
		return math.Floor(max(lo-0.02, 0)*10) / 10, 1
	}
	for _, p := range t.points {
		if p.Ready && finite(p.KL) {
			hi = max(hi, p.KL)
		}
	}
	return 0, roundUp(hi)
}

// roundUp is the next of 1, 2, 5, 10 … times a power of ten; 0.01 at least.
func roundUp(v float64) float64 {
	if !(v > 0.01) {
		return 0.01
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*p*(1+1e-9) {
			return m * p
		}
	}
	return 10 * p
}

// tick writes the left axis at a share of its length from the top.
func (t *TradeoffCurve) tick(share float64) string {
	lo, hi := t.span()
	v := hi - share*(hi-lo)
	if t.quality == QualityTop1 {
		return fmt.Sprintf("%.0f", 100*v)
	}
	return short(v)
}

// x is the cost of a point: its own, or for one to come between those of its neighbours.
func (t *TradeoffCurve) x(i int) float64 {
	if t.points[i].Ready {
		return clamp01(t.points[i].Cost)
	}
	before, after := -1, -1
	for j := i - 1; j >= 0 && before < 0; j-- {
		if t.points[j].Ready {
			before = j
		}
	}
	for j := i + 1; j < len(t.points) && after < 0; j++ {
		if t.points[j].Ready {
			after = j
		}
	}
	between := func(a, b, share float64) float64 { return a + (b-a)*share }
	n := len(t.points)
	switch {
	case before < 0 && after < 0:
		return (float64(i) + 0.5) / float64(n)
	case before < 0:
		// Values rise or fall with the cost; the first two that are ready tell which.
		return between(t.open(after, true), clamp01(t.points[after].Cost), float64(i+1)/float64(after+1))
	case after < 0:
		return between(clamp01(t.points[before].Cost), t.open(before, false), float64(i-before)/float64(n-before))
	}
	return between(clamp01(t.points[before].Cost), clamp01(t.points[after].Cost), float64(i-before)/float64(after-before))
}

// open is the end of the axis that the points before (or after) i run to.
func (t *TradeoffCurve) open(i int, before bool) float64 {
	first, last := -1, -1
	for j, p := range t.points {
		if p.Ready {
			if first < 0 {
				first = j
			}
			last = j
		}
	}
	rising := first == last || t.points[last].Cost >= t.points[first].Cost
	if rising == before {
		return 0
	}
	return 1
}

// spot is a point's place in a raster of w × h with a margin.
func (t *TradeoffCurve) spot(i int, w, h, margin float32) point {
	lo, hi := t.span()
	v := t.points[i].KL
	if t.quality == QualityTop1 {
		v = t.points[i].Top1
	}
	y := 1.0
	if t.points[i].Ready {
		y = 1 - clamp01((v-lo)/(hi-lo))
	}
	return point{margin + float32(t.x(i))*(w-2*margin), margin + float32(y)*(h-2*margin)}
}

func (t tradeoffPlot) thing(pos fyne.Position, s fyne.Size) int {
	a := t.area(s)
	if pos.X < 0 || pos.X > s.Width || pos.Y < a.y-theme.Gap || pos.Y > s.Height-chartFoot(2) {
		return -1
	}
	best, near := -1, math.Inf(1)
	for i := range t.points {
		p := t.spot(i, a.w, a.h, tradeoffMargin)
		dx, dy := float64(a.x+p.x-pos.X), float64(a.y+p.y-pos.Y)
		// Mostly by cost: the line is wide and low, and the pointer rarely on it.
		if d := dx*dx + dy*dy/16; d < near {
			best, near = i, d
		}
	}
	return best
}

func (t tradeoffPlot) around(i int, s fyne.Size) frame {
	a := t.area(s)
	p := t.spot(i, a.w, a.h, tradeoffMargin)
	const r = 9
	return frame{a.x + p.x - r, a.y + p.y - r, 2 * r, 2 * r}
}

func (t tradeoffPlot) reading(i int) string {
	if i < 0 && t.current >= 0 && t.current < len(t.points) {
		i = t.current
	}
	if i < 0 {
		return ""
	}
	p := t.points[i]
	if !p.Ready {
		return p.Value + "  still to come"
	}
	text := fmt.Sprintf("%s  KL %s  top-1 %s", p.Value, short3(p.KL), percent(p.Top1))
	cost := percent(p.Cost) + " " + t.share
	for _, s := range []string{p.FLOPs, p.Bytes} {
		if s != "" {
			cost += "  " + s
		}
	}
	return text + "\n" + cost
}

func short3(v float64) string {
	if !finite(v) {
		return "–"
	}
	return fmt.Sprintf("%.2g", v)
}
