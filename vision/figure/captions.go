package figure

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"winnow/internal/trace"
)

// ink is the colours of running text, and of what differs: letters and ground.
func (f *figure) ink(marked bool) [2]color.RGBA {
	return [2]color.RGBA{f.style.ink, f.style.keptSoft}
}

func (f *figure) subtitle() string {
	var parts []string
	if p := f.state.Picture; p != nil {
		if p.Name != "" {
			parts = append(parts, p.Name)
		}
		if p.Width > 0 && p.Height > 0 {
			parts = append(parts, fmt.Sprintf("%d × %d", p.Width, p.Height))
		}
		if n := f.state.VisualCount(); n > 0 {
			parts = append(parts, fmt.Sprintf("%d visual tokens", n))
		}
	}
	if m := f.state.Model; m != nil {
		parts = append(parts, m.Name)
	}
	switch {
	case f.opt.Kind.of(f.state) == Comparison:
		parts = append(parts, fmt.Sprintf("dense and %d pruned sides in one run", len(f.state.Sides)))
	case f.opt.Kind.of(f.state) == Sweep:
		if method, param, ok := f.state.Request.SweptParam(); ok {
			parts = append(parts, "sweep of "+param+" of "+method)
		} else {
			parts = append(parts, "sweep")
		}
	case f.side != nil && f.side.Index >= 0:
		parts = append(parts, f.side.Label)
	default:
		parts = append(parts, "no pruning")
	}
	return strings.Join(parts, "  ·  ")
}

// methods names a stack with its parameters.
func methods(stack []trace.Spec) string {
	var out []string
	for _, m := range stack {
		var params []string
		for k, v := range m.Params {
			params = append(params, k+" = "+v)
		}
		slices.Sort(params)
		text := m.Name
		if len(params) > 0 {
			text += " (" + strings.Join(params, ", ") + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", then ")
}

func (f *figure) footer(y float64) float64 {
	s, t := f.style, regular(16)
	f.rect(s.line, margin, y, full-2*margin, 1)
	y += 30
	f.text(t, s.soft, margin, y, f.fit(t, f.facts(), full-2*margin))
	y += 26
	last := "measured: on the clock, in this run  ·  counted: from graphs and caches"
	if f.state.Version != "" {
		last += "  ·  winnow " + f.state.Version
	}
	const drop = "Drop this picture on winnow to open the run."
	f.text(t, s.soft, margin, y, f.fit(t, last, full-2*margin-f.width(t, drop)-gap))
	f.textRight(t, s.ink, full-margin, y, drop)
	return y + margin
}

// facts is what one needs to repeat the run.
func (f *figure) facts() string {
	var parts []string
	add := func(format string, a ...any) { parts = append(parts, fmt.Sprintf(format, a...)) }
	if m := f.state.Model; m != nil {
		name := m.Name
		if m.Types != "" {
			name += " " + m.Types
		}
		add("%s", name)
		if m.Parameters > 0 {
			add("%s parameters", millions(m.Parameters))
		}
		if d := strings.TrimSpace(m.Device); d != "" {
			add("%s", d)
		}
		if m.Threads > 0 {
			add("%d threads", m.Threads)
		}
	}
	r := f.state.Request.Sampling
	if r.Temperature > 0 {
		add("temperature %s", strconv.FormatFloat(r.Temperature, 'g', 3, 64))
		if r.TopP > 0 && r.TopP < 1 {
			add("top-p %s", strconv.FormatFloat(r.TopP, 'g', 3, 64))
		}
		add("seed %d", r.Seed)
	} else {
		add("greedy")
	}
	stacks := f.state.Request.Stacks()
	switch kind := f.opt.Kind.of(f.state); {
	case kind == Comparison: // each side has a line of its own
	case kind == Sweep && len(stacks) > 0:
		add("%s", methods(stacks[0].Methods))
	case f.side != nil && f.side.Index >= 0 && f.side.Index < len(stacks):
		add("%s", methods(stacks[f.side.Index].Methods))
	}
	if n := len(f.state.Request.Force); n > 0 {
		add("%d tokens forced by hand", n)
	}
	if f.state.Ended && f.state.PeakMemory > 0 {
		add("peak memory %s", trace.Quantity(float64(f.state.PeakMemory), "bytes"))
	}
	if f.state.Cancelled {
		add("cancelled")
	}
	return strings.Join(parts, "  ·  ")
}

func millions(n int64) string {
	if n >= 1e9 {
		return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " B"
	}
	return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " M"
}
