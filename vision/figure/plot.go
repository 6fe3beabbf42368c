package figure

import (
	"errors"
	"fmt"
	"image"
	"math"
)

// Plot is a page of panels that show the same sides: quality against cost, for an evaluation.
//
//	title
//	┌────────┐ ┌────────┐ ┌────────┐   a point a side with its interval, lettered;
//	│ B  A ◎ │ │        │ │        │   ◎ dense with a dashed line, ○ random
//	└────────┘ └────────┘ └────────┘
//	A  legend
type Plot struct {
	Title, Subtitle string
	// Names of the sides but dense and random, in the order of their letters.
	Names  []string
	Panels []Panel
	// Notes are lines below the legend.
	Notes []string
}

// Panel has one cost to the right and one quality upwards, both as shares, 1 for 100 %.
type Panel struct {
	// Title names the quality, Cost the cost.
	Title, Cost string
	Spots       []Spot
}

// Spot is one side's point; Low and High are the ends of its interval.
type Spot struct {
	// Side is an index of Plot.Names, -1 for dense.
	Side int
	// Random is the side's counterpart at equal budget.
	Random           bool
	Cost             float64
	Value, Low, High float64
}

// mostSides is how many letters there are.
const mostSides = 26

// RenderPlot draws a plot of up to three panels a row.
func RenderPlot(p Plot, opt Options) (image.Image, error) {
	if opt.Width == 0 {
		opt.Width = full
	}
	switch {
	case opt.Width < 800 || opt.Width > 3200:
		return nil, fmt.Errorf("a figure of %d pixels' width cannot be drawn; choose 800 to 3200", opt.Width)
	case len(p.Panels) == 0:
		return nil, errors.New("the plot has no panel; there is nothing to draw")
	case len(p.Names) > mostSides:
		return nil, fmt.Errorf("%d methods do not fit into one figure; choose up to %d", len(p.Names), mostSides)
	}
	st := dark
	if opt.Light {
		st = light
	}
	const a, h = 3, 420.0 // panels a row, and their height
	height := 160 + h*math.Ceil(float64(len(p.Panels))/a) + 30*float64(len(p.Names)+len(p.Notes)+3)
	c, err := newCanvas(full, height, float64(opt.Width)/full, st)
	if err != nil {
		return nil, err
	}
	y := margin + 22.0
	c.text(bold(26), st.ink, margin, y, c.fit(bold(26), p.Title, full-2*margin))
	y += 30
	c.text(regular(17), st.soft, margin, y, c.fit(regular(17), p.Subtitle, full-2*margin))
	y += 36
	w := (full - 2*margin - (a-1)*gap) / a
	for i, panel := range p.Panels {
		c.plot(panel, margin+float64(i%a)*(w+gap), y+float64(i/a)*h, w, h-gap)
	}
	y += h*math.Ceil(float64(len(p.Panels))/a) + 12
	c.mark(margin+10, y-5, Spot{Side: -1})
	c.text(regular(17), st.ink, margin+32, y, "dense, all visual tokens")
	c.mark(margin+310, y-5, Spot{Random: true})
	c.text(regular(17), st.ink, margin+332, y, "random beside the method of the same colour, at its budget")
	c.text(regular(17), st.soft, margin+850, y, "bars: 95 % intervals over resampled scenes")
	for i, name := range p.Names {
		y += 30
		c.mark(margin+10, y-5, Spot{Side: i})
		c.text(mono(16), st.ink, margin+32, y, c.fit(mono(16), name, full-2*margin-32))
	}
	y += 12
	for _, n := range p.Notes {
		y += 26
		c.text(regular(16), st.soft, margin, y, c.fit(regular(16), n, full-2*margin))
	}
	cut := image.Rect(0, 0, c.img.Rect.Dx(), min(round((y+margin)*c.scale), c.img.Rect.Dy()))
	return c.img.SubImage(cut), nil
}

// mark draws a side's sign: a lettered disc, a ring for random, a ring with a point for dense.
func (c *canvas) mark(x, y float64, s Spot) {
	col := c.style.of(s.Side)
	switch {
	case s.Side < 0:
		c.disc(col, x, y, 9)
		c.disc(c.style.paper, x, y, 5.5)
		c.disc(col, x, y, 2.5)
	case s.Random:
		c.disc(col, x, y, 8)
		c.disc(c.style.panel, x, y, 5)
	default:
		c.disc(col, x, y, 11)
		letter := string(rune('A' + s.Side))
		c.text(bold(14), c.style.paper, x-c.width(bold(14), letter)/2, y+5, letter)
	}
}

// plot draws one panel into a box.
func (c *canvas) plot(p Panel, x, y, w, h float64) {
	s := c.style
	c.panel(s.panel, x, y, w, h, 8)
	c.text(bold(18), s.ink, x+16, y+28, c.fit(bold(18), p.Title, w-32))
	left, top, right, bottom := x+64, y+48, x+w-24, y+h-58
	lo, hi := math.Inf(1), math.Inf(-1)
	clo, chi := 1.0, 1.0
	for _, q := range p.Spots {
		lo, hi = min(lo, q.Low, q.Value), max(hi, q.High, q.Value)
		clo, chi = min(clo, q.Cost), max(chi, q.Cost)
	}
	if lo > hi {
		c.text(regular(17), s.soft, left, (top+bottom)/2, "was not asked")
		return
	}
	vs, cs := ticks(lo, hi, 1), ticks(clo, chi, math.Inf(1))
	px := func(v float64) float64 { return left + 16 + (right-left-32)*(v-cs[0])/(cs[len(cs)-1]-cs[0]) }
	py := func(v float64) float64 { return bottom - (bottom-top)*(v-vs[0])/(vs[len(vs)-1]-vs[0]) }
	t := mono(15)
	for _, v := range vs {
		c.rect(s.line, left, py(v), right-left, 1)
		c.textRight(t, s.soft, left-8, py(v)+5, fmt.Sprintf("%.0f", 100*v))
	}
	for _, v := range cs {
		c.rect(s.line, px(v), bottom, 1, 5)
		text := fmt.Sprintf("%.0f", 100*v)
		c.text(t, s.soft, px(v)-c.width(t, text)/2, bottom+22, text)
	}
	c.textRight(regular(15), s.soft, right, bottom+46, p.Cost)
	for _, q := range p.Spots {
		if q.Side < 0 {
			c.stroke(s.dense, 1.5, 10, [2]float64{left, py(q.Value)}, [2]float64{right, py(q.Value)})
		}
	}
	// Sides of one cost stand beside each other.
	var taken []float64
	at := make([]float64, len(p.Spots))
	for i, q := range p.Spots {
		at[i] = px(q.Cost)
		for n := 1; crowded(taken, at[i], 13) && n < 12; n++ {
			at[i] = px(q.Cost) + 14*float64((n+1)/2)*float64(1-2*(n%2))
			at[i] = min(max(at[i], left+8), right-8)
		}
		taken = append(taken, at[i])
		c.stroke(s.of(q.Side), 2, 0, [2]float64{at[i], py(q.Low)}, [2]float64{at[i], py(q.High)})
		for _, end := range []float64{q.Low, q.High} {
			c.stroke(s.of(q.Side), 2, 0, [2]float64{at[i] - 5, py(end)}, [2]float64{at[i] + 5, py(end)})
		}
	}
	for _, random := range []bool{true, false} { // letters lie on top
		for i, q := range p.Spots {
			if q.Random == random {
				c.mark(at[i], py(q.Value), q)
			}
		}
	}
}

func crowded(taken []float64, x, d float64) bool {
	for _, t := range taken {
		if math.Abs(t-x) < d {
			return true
		}
	}
	return false
}

// ticks are round values that span lo to hi, at least two, none below 0 nor above most.
func ticks(lo, hi, most float64) []float64 {
	step := 0.01
	for _, s := range []float64{0.02, 0.05, 0.1, 0.2, 0.5, 1, 2} {
		if (hi-lo)/step <= 5 {
			break
		}
		step = s
	}
	from := max(math.Floor(lo/step+1e-9)*step, 0)
	to := min(math.Ceil(hi/step-1e-9)*step, most)
	if to-from < step/2 {
		from, to = max(from-step, 0), min(from+step, most)
	}
	var out []float64
	for i := 0; from+float64(i)*step <= to+step/4; i++ {
		out = append(out, from+float64(i)*step)
	}
	return out
}
