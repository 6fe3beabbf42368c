package gui

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// keepPanel is the slider that says how much the first method with a budget keeps, and under it
// what that costs in quality.
type keepPanel struct {
	box    *fyne.Container
	slider *valueSlider
	// fold names the method and the parameter, and folds the curve.
	fold  *foldLine
	below *fyne.Container
	curve *widgets.TradeoffCurve
	// quality is what is drawn upwards, costs what to the right.
	quality, costs *widgets.Segmented
	// values are those of the points drawn.
	values []string
}

// curveHeight leaves the methods their place above the curve.
func (w *window) curveHeight() float32 {
	if w.win.Canvas().Size().Height < 820 {
		return 128
	}
	return 152
}

// sweepCosts are what the curve can be drawn against.
var sweepCosts = []trace.Cost{trace.CostFLOPs, trace.CostKV}

func (w *window) buildKeep() fyne.CanvasObject {
	k := &w.ui.keep
	k.slider = newValueSlider("", 0, 1, 0.01, func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }, w.keepMoved)
	k.slider.slider.OnEnded = func(float64) { w.sweepSoon() }
	k.curve = widgets.NewTradeoffCurve()
	k.curve.OnChoose = w.keepChosen
	k.quality = widgets.NewSegmented([]string{"KL", "Top-1"}, func(i int) {
		w.look.Top1 = i == 1
		w.showCurveBelow()
		w.remember()
	})
	k.costs = widgets.NewSegmented([]string{"FLOPs", "KV"}, func(i int) {
		w.look.Cost = sweepCosts[i].String()
		w.showCurveBelow()
		w.remember()
	})
	k.fold = newFoldLine(func() {
		w.look.Flat = !w.look.Flat
		if w.look.Flat {
			w.stopSweep()
		}
		w.showKeep()
		w.sweepSoon()
		w.remember()
	})
	k.below = vbox(theme.Step, container.New(&low{w.curveHeight}, k.curve), container.NewBorder(nil, nil, k.quality, k.costs))
	k.box = vbox(theme.Step, container.NewBorder(nil, nil, k.fold, k.slider.text), k.slider.slider, k.below)
	return k.box
}

// cost is what the curve is drawn against.
func (l look) cost() trace.Cost {
	for _, c := range sweepCosts {
		if c.String() == l.Cost {
			return c
		}
	}
	return trace.CostFLOPs
}

// showKeep brings the slider in line with the first method that has a budget.
func (w *window) showKeep() {
	k := &w.ui.keep
	at, p, ok := budget(w.form.Methods)
	if !ok {
		k.box.Hide()
		return
	}
	s := w.form.Methods[at]
	k.fold.set("Keep: "+infoOf(s.Name).Title+", "+p.Name, !w.look.Flat)
	sl := k.slider.slider
	sl.Min, sl.Max, sl.Step = *p.Min, *p.Max, 0
	if p.Type == "int" {
		sl.Step = 1
	}
	if v, err := strconv.ParseFloat(valuesOf(s)[p.Name], 64); err == nil {
		k.slider.set(v)
	}
	if w.look.Flat {
		k.below.Hide()
	} else {
		k.costs.SetSelected(slices.Index(sweepCosts, w.look.cost()))
		k.quality.SetSelected(0)
		if w.look.Top1 {
			k.quality.SetSelected(1)
		}
	}
	k.box.Show()
	w.showCurveBelow()
}

// keepMoved takes the slider's value into the method and asks again.
func (w *window) keepMoved(v float64) {
	at, p, ok := budget(w.form.Methods)
	if !ok {
		return
	}
	w.setBudget(at, p.Name, budgetText(p, v))
}

// keepChosen takes the value of a point that was clicked.
func (w *window) keepChosen(i int) {
	at, p, ok := budget(w.form.Methods)
	if v := w.ui.keep.values; ok && i >= 0 && i < len(v) {
		w.setBudget(at, p.Name, v[i])
	}
}

// showCurveBelow draws what is known of the curve.
func (w *window) showCurveBelow() {
	k := &w.ui.keep
	at, p, ok := budget(w.form.Methods)
	c := w.curve()
	if !ok || c == nil || w.look.Flat {
		k.values = nil
		k.curve.SetPoints(nil)
		k.below.Hide()
		return
	}
	now := valuesOf(w.form.Methods[at])[p.Name]
	values, points := c.with(now)
	draw := make([]widgets.TradeoffPoint, len(values))
	known := 0
	for i, v := range values {
		draw[i].Value = v
		q := points[i]
		if q == nil {
			continue
		}
		share, ok := c.dense.Cost(*q, w.look.cost())
		if !ok {
			continue
		}
		known++
		draw[i] = widgets.TradeoffPoint{
			Value: v, Ready: true, Cost: share, KL: q.KL, Top1: q.Top1,
			FLOPs: trace.Quantity(float64(q.Summary.PrefillFLOPs), "FLOPs"), Bytes: trace.Quantity(float64(q.Summary.KVBytes), "bytes"),
		}
	}
	axis, of := "FLOPs, % of dense", "of dense"
	if w.look.cost() == trace.CostKV {
		axis = "KV bytes, % of dense"
	}
	if flat(draw) {
		// The budget costs nothing here (a mask that is not evicted): only the value tells them apart.
		axis, of = p.Name+", % of range", "of the range"
		for i, v := range values {
			if x, err := strconv.ParseFloat(v, 64); err == nil {
				draw[i].Cost = (x - *p.Min) / (*p.Max - *p.Min)
			}
		}
	}
	k.curve.SetAxis(axis, of)
	busy := ""
	switch {
	case c.failed != "" && known == 0:
		draw = nil
		k.curve.SetHint(sentence(c.failed))
	case known == 0 && w.sweep.job == nil && !w.state().Ended:
		k.below.Hide() // before the first run the room is the methods'
		return
	case known == 0 && w.sweep.job == nil:
		draw = nil
		k.curve.SetHint("The curve is computed when the machine is idle.")
	case w.sweep.job != nil:
		busy = fmt.Sprintf("%d of %d", known, len(values))
	}
	k.below.Show()
	k.values = values
	k.curve.SetBusy(busy)
	k.curve.SetQuality(widgets.QualityKL)
	if w.look.Top1 {
		k.curve.SetQuality(widgets.QualityTop1)
	}
	k.curve.SetPoints(draw)
	k.curve.SetCurrent(slices.Index(values, now))
}

// flat reports whether the points that are known cost the same.
func flat(points []widgets.TradeoffPoint) bool {
	lo, hi, n := math.Inf(1), math.Inf(-1), 0
	for _, p := range points {
		if p.Ready {
			lo, hi, n = min(lo, p.Cost), max(hi, p.Cost), n+1
		}
	}
	return n > 1 && hi-lo < 0.002
}

func (w *window) setBudget(at int, name, value string) {
	w.edit("budget "+name, func(st []stage) []stage {
		st[at].Params = valuesOf(st[at])
		st[at].Params[name] = value
		return st
	})
	if at < len(w.ui.stack.cards) {
		w.ui.stack.cards[at].SetValues(valuesOf(w.form.Methods[at]))
	}
	w.rerunSoon()
}
