package gui

import (
	"fmt"
	"strings"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// showCurves draws the chunk that the step shown is of.
func (r *robot) showCurves() {
	u, s := &r.ui, r.state()
	if u.middle == nil {
		return
	}
	acts, dense := r.thought(trace.Pruned), r.thought(trace.Dense)
	key := fmt.Sprint(r.episode, r.at, acts == nil, dense == nil, r.shown.state == nil, r.w.look.Theme)
	if acts != nil && dense != nil {
		key += fmt.Sprint(" ", acts.Step, acts.MS, dense.Step)
	}
	if acts == nil { // the expert's go on as they come
		key += fmt.Sprint(" ", r.steps())
	}
	if key == r.drawn.curves {
		return
	}
	r.drawn.curves = key
	p := widgets.ActionPlot{At: -1}
	if s.Acting != nil {
		p.Names = s.Acting.Action
	}
	title := "Next actions"
	switch {
	case acts != nil:
		p.Dots, p.DotLabel, p.At = rowsOf(acts.Actions), r.playerTitle(trace.Pruned), r.at-acts.Step
		title = fmt.Sprintf("Next %s: %s", plural(len(p.Dots), "action"), p.DotLabel)
		if dense != nil {
			p.Lines, p.LineLabel = rowsOf(dense.Actions), r.playerTitle(trace.Dense)
			title = fmt.Sprintf("Next %s: %s (line) and %s (dots)", plural(len(p.Dots), "action"), p.LineLabel, p.DotLabel)
		}
	case r.now() != nil && len(r.now().Moves) > 0:
		p.Lines, p.LineLabel = sentActions(r.now(), r.at), r.playerTitle(trace.Pruned)
		p.At, title = 0, fmt.Sprintf("Next %s as sent", plural(len(p.Lines), "action"))
	}
	if p.At >= max(len(p.Dots), len(p.Lines)) {
		p.At = -1
	}
	u.curvesTitle.SetText(title)
	u.units.SetText(unitsOf(s.Acting))
	u.curves.Set(p)
	u.middle.Layout.Layout(u.middle.Objects, u.middle.Size())
}

// sentActions are those of the steps from one on, as many as a chunk has.
func sentActions(e *trace.Episode, from int) [][]float32 {
	var out [][]float32
	for i := max(from, 0); i < len(e.Moves) && i < from+usualChunk; i++ {
		out = append(out, e.Moves[i].Action)
	}
	return out
}

func rowsOf(list []trace.Floats) [][]float32 {
	out := make([][]float32, len(list))
	for i, row := range list {
		out[i] = row
	}
	return out
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// playerTitle names a side of the run shown, short.
func (r *robot) playerTitle(side string) string {
	p := r.state().Acting.Player(side)
	if p == nil {
		return side
	}
	title := p.Model
	if side == trace.Dense {
		if a := r.state().Acting.Player(trace.Pruned); a != nil && a.Model == p.Model {
			title += ", no method"
		}
	}
	return short(title, 24)
}

// unitsOf says what the numbers of an action are in: those of one unit together.
func unitsOf(a *trace.Acting) string {
	if a == nil || len(a.Action) == 0 {
		return ""
	}
	var units []string
	names := map[string][]string{}
	for i, n := range a.Action[:min(len(a.Action), maxNamed)] {
		unit := "1 is the largest move"
		if i < len(a.ActionUnits) && a.ActionUnits[i] != "" && a.ActionUnits[i] != "1" {
			unit = a.ActionUnits[i]
		} else if strings.Contains(n, "gripper") {
			unit = "1 is closed"
		}
		if names[unit] == nil {
			units = append(units, unit)
		}
		names[unit] = append(names[unit], n)
	}
	var out []string
	for _, u := range units {
		out = append(out, strings.Join(names[u], ", ")+": "+u)
	}
	return strings.Join(out, " · ")
}

// maxNamed bounds the numbers of an action that are named.
const maxNamed = 14
