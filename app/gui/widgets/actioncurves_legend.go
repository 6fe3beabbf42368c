package widgets

import (
	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// actionKey is an entry of the legend.
type actionKey struct {
	text      string
	line, dot bool
	color     fyne.ThemeColorName
}

func (c actionPlot) keys() []actionKey {
	var out []actionKey
	if len(c.p.Lines) > 0 && c.p.LineLabel != "" {
		out = append(out, actionKey{c.p.LineLabel, true, false, theme.ColorSoft})
	}
	if len(c.p.Dots) > 0 && c.p.DotLabel != "" {
		out = append(out, actionKey{c.p.DotLabel, false, true, theme.ColorSoft})
	}
	for i := range c.numbers {
		out = append(out, actionKey{c.name(i), false, false, actionColor(i)})
	}
	return out
}

const actionGlyph = 12 // width of a legend's mark

// places are the left edges and the middles of the legend's entries, which wrap, and its height.
func (c actionPlot) places(width float32) (at []fyne.Position, height float32) {
	if width <= 0 {
		width = 90 * theme.Step
	}
	x, y := float32(c.left()), float32(0)
	for _, k := range c.keys() {
		w := actionGlyph + theme.Step + measure(k.text, caption).Width
		if x > c.left() && x+w > width {
			x, y = c.left(), y+legendLine
		}
		at = append(at, fyne.NewPos(x, y+legendLine/2))
		x += w + theme.Inset
	}
	return at, y + legendLine
}
