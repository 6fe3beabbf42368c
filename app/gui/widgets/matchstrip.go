package widgets

import (
	"fmt"
	"image"
	"slices"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// MatchSets are the sizes of two overlapping sets, core neurons and the neurons active in some
// tokens; means over the tokens, so not whole numbers.
type MatchSets struct {
	// Core counts the core neurons that are not active, Both those that are, Active the active
	// ones that are not core.
	Core, Both, Active float64
	// Chance is what Both would be for two sets of these sizes drawn at random.
	Chance float64
}

// MatchRow is a layer of a MatchStrip.
type MatchRow struct {
	Label string
	// Kept are the sets of the tokens that stay, Dropped those of the tokens that go; nil where
	// there are none.
	Kept    MatchSets
	Dropped *MatchSets
}

// MatchStrip shows how the core neurons and the active ones overlap, layer by layer: the core set
// starts at the left edge, the active set ends where it ends, and both lie in the middle.
//
//	│ core, not active │ both │ active, not core │
//	                  ¦ where both would begin by chance
type MatchStrip struct {
	chart
	// OnSelect is called when the person chooses a layer.
	OnSelect func(layer int)

	rows []MatchRow
}

// NewMatchStrip makes an empty one.
func NewMatchStrip() *MatchStrip {
	m := &MatchStrip{}
	m.extend(m, matchPlot{m}, "No core neurons yet.")
	return m
}

// SetRows replaces the layers.
func (m *MatchStrip) SetRows(rows []MatchRow) {
	m.rows = slices.Clone(rows)
	for i, r := range m.rows {
		if r.Dropped != nil {
			d := *r.Dropped
			m.rows[i].Dropped = &d
		}
	}
	m.changed()
}

type matchPlot struct{ *MatchStrip }

func (m matchPlot) two() bool {
	return slices.ContainsFunc(m.rows, func(r MatchRow) bool { return r.Dropped != nil })
}

func (m matchPlot) rowsLayout() rowsPlot {
	lay := rowsPlot{
		n:     len(m.rows),
		left:  widest(len(m.rows), func(i int) string { return m.rows[i].Label }),
		right: widest(len(m.rows), m.number),
		head:  legendHeight(m.legend(), m.Size().Width) + theme.Gap,
		foot:  m.footLines(),
		pitch: 18,
	}
	if m.two() {
		lay.pitch = 24
	}
	return lay
}

// number is the share of the core neurons that are active in the kept tokens.
func (m matchPlot) number(i int) string { return overlap(m.rows[i].Kept) }

func overlap(s MatchSets) string {
	if !(s.Core+s.Both > 0) {
		return "–"
	}
	return percent(s.Both / (s.Core + s.Both))
}

func (m matchPlot) things() int                              { return len(m.rows) }
func (m matchPlot) least() fyne.Size                         { return m.rowsLayout().least() }
func (m matchPlot) area(s fyne.Size) frame                   { return m.rowsLayout().area(s) }
func (m matchPlot) thing(pos fyne.Position, s fyne.Size) int { return m.rowsLayout().thing(pos, s) }
func (m matchPlot) around(i int, s fyne.Size) frame          { return m.rowsLayout().around(i, s) }

func (m matchPlot) footLines() int {
	if m.two() {
		return 2
	}
	return 1
}

func (m matchPlot) choose(i int) bool {
	if m.OnSelect != nil {
		m.OnSelect(i)
	}
	return true
}

func (m matchPlot) reading(i int) string {
	if i < 0 {
		return "core neurons active in kept tokens"
	}
	r := m.rows[i]
	say := func(s MatchSets) string {
		return fmt.Sprintf("%.0f of %.0f core, by chance %.0f", s.Both, s.Core+s.Both, s.Chance)
	}
	if !m.two() {
		return fmt.Sprintf("layer %s: %s", r.Label, say(r.Kept))
	}
	text := fmt.Sprintf("layer %s  kept %s", r.Label, say(r.Kept))
	if r.Dropped != nil {
		text += "\ndropped " + say(*r.Dropped)
	}
	return text
}

func (m matchPlot) legend() []Swatch {
	out := []Swatch{{Label: "core alone", Color: theme.ColorFaint}, {Label: "both", Color: theme.ColorKept}}
	if m.two() {
		out[1].Label = "both, kept"
		out = append(out, Swatch{Label: "dropped", Color: theme.ColorKept, Strength: matchDropped})
	}
	return append(out, Swatch{Label: "active alone", Color: theme.ColorBlock}, Swatch{Label: "chance", Color: foreground, Line: true})
}

// matchDropped is how much of the accent the overlap of dropped tokens shows.
const matchDropped = 0.45

func (m matchPlot) paint(dst *image.RGBA, s float32) {
	w, h := float32(dst.Rect.Dx()), float32(dst.Rect.Dy())
	lay := m.rowsLayout()
	most := 0.0
	sum := func(x MatchSets) float64 { return x.Core + x.Both + x.Active }
	for _, r := range m.rows {
		for _, v := range []*MatchSets{&r.Kept, r.Dropped} {
			if v != nil && finite(sum(*v)) {
				most = max(most, sum(*v))
			}
		}
	}
	if !(most > 0) {
		return
	}
	ground := tint(m, theme.ColorPanel)
	kept, gone := m.ink(theme.ColorKept), mixed(ground, tint(m, theme.ColorKept), matchDropped)
	core, active, tick := m.ink(theme.ColorFaint), m.ink(theme.ColorBlock), m.ink(foreground)
	at := func(v float64) int { return snap(float32(clamp01(v/most)) * w) }
	draw := func(x MatchSets, y0, y1 int, both bool) {
		b := kept
		if !both {
			b = gone
		}
		end := x.Core + x.Both
		fill(dst, at(0), y0, at(x.Core), y1, core)
		fill(dst, at(x.Core), y0, at(end), y1, b)
		fill(dst, at(end), y0, at(end+x.Active), y1, active)
		thick := max(snap(2*s), 1)
		c := at(end - x.Chance)
		over := max(snap(s), 1)
		fill(dst, c-thick/2, y0-over, c-thick/2+thick, y1+over, tick)
	}
	for i, r := range m.rows {
		y0, y1 := lay.bar(i, h, s)
		if r.Dropped == nil {
			draw(r.Kept, y0, y1, true)
			continue
		}
		cut := y0 + (y1-y0)*3/5
		draw(r.Kept, y0, cut, true)
		draw(*r.Dropped, min(cut+max(snap(s), 1), y1-1), y1, false)
	}
}

func (m matchPlot) labels(s fyne.Size) []label {
	return m.rowsLayout().texts(s, func(i int) string { return m.rows[i].Label }, m.number)
}
