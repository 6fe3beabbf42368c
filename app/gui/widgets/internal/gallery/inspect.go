package main

import (
	"fmt"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"

	"winnow/app/gui/widgets"
)

// at is a pointer event over a widget, so that a picture shows what hovering does.
func at(x, y float32) *desktop.MouseEvent {
	return &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}}
}

func ratios(n int, ghost bool) *widgets.RatioBars {
	r := widgets.NewRatioBars("tokens")
	var bars []widgets.RatioBar
	var before []float64
	for i := range n {
		s := 0.25 + 0.7*math.Exp(-float64(i)/(float64(n)/2.5)) + 0.06*math.Sin(float64(i)*2.3)
		bars = append(bars, widgets.RatioBar{Label: fmt.Sprint(i), Share: math.Min(s, 1), Of: 133, None: n > 10 && i < 2})
		before = append(before, math.Min(s*1.2, 1))
	}
	r.SetBars(bars)
	if ghost {
		r.SetGhost(before)
	}
	return r
}

func kv(n int, all bool) *widgets.KVStrip {
	k := widgets.NewKVStrip()
	var rows []widgets.KVRow
	for i := range n {
		full := int(133 * (0.3 + 0.6*math.Exp(-float64(i)/3)))
		r := widgets.KVRow{Label: fmt.Sprint(i), Full: full, Bits4: (133 - full) / 2}
		r.Bits2 = 133 - full - r.Bits4
		if all {
			r.Bits8, r.Bits2 = r.Bits2/2, r.Bits2-r.Bits2/2
			r.Evicted = 12 + 7*i%40
		}
		r.Bytes = int64(r.Full*512 + r.Bits4*150 + r.Bits2*90)
		rows = append(rows, r)
	}
	k.SetRows(rows)
	return k
}

func match(n int, two bool) *widgets.MatchStrip {
	m := widgets.NewMatchStrip()
	var rows []widgets.MatchRow
	for i := range n {
		both := 90 + 50*math.Sin(float64(i)/1.7)
		row := widgets.MatchRow{Label: fmt.Sprint(i), Kept: widgets.MatchSets{Core: 204 - both, Both: both, Active: 102 - both/3, Chance: 62}}
		if two {
			row.Dropped = &widgets.MatchSets{Core: 204 - both*0.6, Both: both * 0.6, Active: 130 - both/3, Chance: 55}
		}
		rows = append(rows, row)
	}
	m.SetRows(rows)
	return m
}

func tradeoff(q widgets.Quality, ready int) *widgets.TradeoffCurve {
	t := widgets.NewTradeoffCurve()
	var points []widgets.TradeoffPoint
	for i := range 11 {
		v := float64(i) / 10
		p := widgets.TradeoffPoint{Value: fmt.Sprintf("%.1f", v), Ready: i >= 11-ready, Cost: 0.28 + 0.72*v, KL: 1.3 * math.Pow(1-v, 3), Top1: 1 - 0.5*math.Pow(1-v, 2),
			FLOPs: fmt.Sprintf("%.2f GFLOPs", 0.6+1.7*v), Bytes: fmt.Sprintf("%.0f kB", 40+360*v)}
		points = append(points, p)
	}
	t.SetPoints(points)
	t.SetCurrent(5)
	t.SetQuality(q)
	if ready < 11 {
		t.SetBusy(fmt.Sprintf("%d of 11", ready))
	}
	return t
}

func choices(seed int, first string, p float64) []widgets.WordChoice {
	out := []widgets.WordChoice{{Text: " " + first, P: p}}
	rest := []string{"cow", "sheep", "dog", "ball", "clock", "chair"}
	for i := range 4 {
		out = append(out, widgets.WordChoice{Text: " " + rest[(seed+i)%len(rest)], P: (1 - p) / math.Pow(2, float64(i+1))})
	}
	return out
}

var answer = []string{"There", " are", " two", " sheep", " on", " the", " grass", ",", " and", " a", " round", " clock", " above", " them", "."}

func wordTable() *widgets.WordTable {
	t := widgets.NewWordTable()
	var rows []widgets.WordRow
	for i, w := range answer {
		first := w[1:]
		if i == 0 || len(w) == 1 {
			first = w
		}
		r := widgets.WordRow{Text: w, Before: choices(i, first, 0.9-0.05*float64(i%7)), After: choices(i+1, first, 0.95-0.03*float64(i%5)), Against: choices(i+2, "a", 0.4)}
		if i == 3 || i == 10 {
			r.Before = choices(i, "cow", 0.44)
		}
		rows = append(rows, r)
	}
	t.SetRows(rows)
	return t
}

func steps(repeat int) *widgets.StepScrubber {
	s := widgets.NewStepScrubber()
	var blocks []widgets.StepBlock
	for range repeat {
		for i, w := range answer {
			blocks = append(blocks, widgets.StepBlock{Text: w, Fraction: 0.35 + 0.6*math.Abs(math.Sin(float64(i))), Marked: i%4 != 0})
		}
	}
	s.SetBlocks(blocks)
	s.SetUnit("of the cache kept")
	s.SetPosition(3)
	return s
}

func inspectPage() fyne.CanvasObject {
	tabs := func(i int) *widgets.Segmented {
		t := widgets.NewTabs([]string{"Tokens", "Ratios", "KV", "Neurons", "Match", "Words"}, nil)
		t.SetSelected(i)
		return t
	}
	r6, r32 := ratios(6, true), ratios(32, false)
	r6.SetSelected(3)
	r6.OnSelect = func(int) {}
	k6, k32 := kv(6, true), kv(32, false)
	k6.SetSelected(2)
	m6, m2 := match(6, false), match(6, true)
	m2.SetSelected(4)
	curve, mass := widgets.NewCurveView(), widgets.NewCurveView()
	curve.SetCurve(sampleCurve())
	c := sampleCurve()
	target := 0.8
	c.Cumulative, c.Chord, c.Target, c.Kept, c.Label, c.Unit = true, false, &target, 148, "148 of 256 kept", "the attention"
	mass.SetCurve(c)
	busy, top := tradeoff(widgets.QualityKL, 7), tradeoff(widgets.QualityTop1, 11)
	table, open := wordTable(), wordTable()
	open.SetSelected(3)
	page := container.NewHBox(
		column(372, tabs(1), widgets.NewSectionTitle("Tokens kept by layer"), r6, r32, widgets.NewSectionTitle("Quality against cost"), busy, top),
		column(372, tabs(2), widgets.NewSectionTitle("Cache by layer"), k6, k32, widgets.NewSectionTitle("Scores"), curve),
		column(372, tabs(4), widgets.NewSectionTitle("Core neurons and active neurons"), m6, m2, widgets.NewSectionTitle("Attention gathered"), mass, steps(1), steps(4)),
		column(320, tabs(5), widgets.NewSectionTitle("Words"), table, open, layout.NewSpacer()),
	)
	hover := func() {
		r32.MouseMoved(at(200, 80))
		k32.MouseMoved(at(200, 150))
		m6.MouseMoved(at(200, 60))
		top.MouseMoved(at(300, 60))
		curve.MouseMoved(at(150, 80))
		mass.MouseMoved(at(150, 80))
	}
	hovers = append(hovers, hover)
	return page
}

// hovers are run once the page has its size.
var hovers []func()
