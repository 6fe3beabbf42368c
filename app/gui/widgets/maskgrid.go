package widgets

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// MaskGroup is a stretch of rows of a MaskGrid: text, visual, actions.
type MaskGroup struct {
	Name string
	N    int
}

// MaskGrid shows who may attend to whom: a line is a row that looks, a column one that is looked at,
// lit where it may. The groups of rows are named at both edges and parted by lines. With more rows
// than pixels a pixel is as bright as the share that may.
type MaskGrid struct {
	celled
	groups []MaskGroup
	n      int // rows in all
	sees   []bool
}

// NewMaskGrid makes an empty one.
func NewMaskGrid() *MaskGrid {
	m := &MaskGrid{}
	m.extend(m, maskPlot{m}, "No attention mask yet.")
	return m
}

// Set replaces the mask, row by row; one that does not have (ΣN)² entries empties the grid.
func (m *MaskGrid) Set(groups []MaskGroup, sees []bool) {
	n := 0
	for _, g := range groups {
		if g.N < 0 || g.N > len(sees)-n {
			n = 0
			break
		}
		n += g.N
	}
	if n == 0 || len(sees)%n != 0 || len(sees)/n != n {
		n, groups, sees = 0, nil, nil
	}
	if n == m.n && slices.Equal(groups, m.groups) && slices.Equal(sees, m.sees) {
		return
	}
	m.groups, m.n, m.sees = slices.Clone(groups), n, slices.Clone(sees)
	m.Refresh()
}

// name says a row by its group: visual 12.
func (m *MaskGrid) name(row int) string {
	for _, g := range m.groups {
		if row < g.N {
			return fmt.Sprintf("%s %d", g.Name, row)
		}
		row -= g.N
	}
	return ""
}

type maskPlot struct{ *MaskGrid }

const maskLargest = 52 * theme.Step

func (m maskPlot) empty() bool { return m.n == 0 }

// left is the room for the names at the left; those at the top take a line.
func (m maskPlot) left() float32 {
	var w float32
	for _, g := range m.groups[:min(len(m.groups), maskNamed)] {
		w = max(w, measure(truncate(g.Name, caption, maskName), caption).Width)
	}
	return w + theme.Gap
}

const (
	maskTop   = 4*theme.Step + 2
	maskName  = 18 * theme.Step // width of a long name
	maskNamed = 16              // groups that are named
)

func (m maskPlot) least(width float32) fyne.Size {
	h := float32(10 * theme.Step)
	if !m.empty() {
		if width <= 0 {
			width = 75 * theme.Step
		}
		h = maskTop + min(max(width-m.left(), 10*theme.Step), maskLargest)
	}
	return fyne.NewSize(40*theme.Step, h)
}

func (m maskPlot) area(s fyne.Size) frame {
	left := m.left()
	side := max(min(s.Width-left, s.Height-maskTop), 1)
	return frame{left, maskTop, side, side}
}

func (m maskPlot) labels(s fyne.Size) []label {
	a, h := m.area(s), measure("Ag", caption).Height
	var out []label
	at := 0
	for _, g := range m.groups[:min(len(m.groups), maskNamed)] {
		from := a.w * float32(at) / float32(m.n)
		room := a.w * float32(g.N) / float32(m.n)
		at += g.N
		if room >= h-4 {
			out = append(out, label{truncate(g.Name, caption, maskName), a.x - theme.Gap, a.y + from + (room-h)/2, caption, theme.ColorSoft, fyne.TextAlignTrailing})
		}
		if measure(g.Name, caption).Width <= room {
			out = append(out, label{g.Name, a.x + from + room/2, 0, caption, theme.ColorSoft, fyne.TextAlignCenter})
		}
	}
	return out
}

func (m maskPlot) spot(pos fyne.Position, s fyne.Size) spot {
	a := m.area(s)
	x, y := (pos.X-a.x)/a.w, (pos.Y-a.y)/a.h
	if m.empty() || !(x >= 0 && x < 1 && y >= 0 && y < 1) {
		return nowhere
	}
	n := float32(m.n)
	return spot{min(int(y*n), m.n-1), min(int(x*n), m.n-1)}
}

func (m maskPlot) around(at spot, s fyne.Size) (frame, bool) {
	if at.line < 0 || at.col < 0 || at.line >= m.n || at.col >= m.n {
		return frame{}, false
	}
	a := m.area(s)
	w := a.w / float32(m.n)
	return frame{a.x + float32(at.col)*w, a.y + float32(at.line)*w, max(w, 2), max(w, 2)}, true
}

func (m maskPlot) framed(fyne.Size) (frame, bool) { return frame{}, false }

func (m maskPlot) tip(at spot) []string {
	verb := " does not see "
	if m.sees[at.line*m.n+at.col] {
		verb = " sees "
	}
	other := m.name(at.col)
	if at.line == at.col {
		other = "itself"
	}
	return []string{m.name(at.line) + verb + other}
}

func (m maskPlot) tapped(spot) {}

func (m maskPlot) arrow(dx, dy int) {
	cut := func(v int) int { return max(min(v, m.n-1), 0) }
	m.hover(spot{cut(m.hovered.line + dy), cut(m.hovered.col + dx)})
}

// inks are the colours of what may not be seen, and of what may: quieter than the accent, since it
// fills large blocks.
func (m maskPlot) inks() (off, full color.NRGBA) {
	off = color.NRGBAModel.Convert(tint(m, theme.ColorTrack)).(color.NRGBA)
	return off, color.NRGBAModel.Convert(mixed(off, tint(m, theme.ColorKept), 0.75)).(color.NRGBA)
}

func (m maskPlot) paint(dst *image.RGBA, s float32) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	off, full := m.inks()
	span := func(i, length int) (from, to int) {
		from = i * m.n / length
		return from, max((i+1)*m.n/length, from+1)
	}
	for y := range h {
		y0, y1 := span(y, h)
		for x := range w {
			x0, x1 := span(x, w)
			n := 0
			for r := y0; r < y1; r++ {
				for _, see := range m.sees[r*m.n+x0 : r*m.n+x1] {
					if see {
						n++
					}
				}
			}
			dst.SetRGBA(x, y, blend(off, full, 255*n/((y1-y0)*(x1-x0))))
		}
	}
	m.part(dst, s)
}

// part draws the lines between groups, in the colour behind the grid.
func (m maskPlot) part(dst *image.RGBA, s float32) {
	w, h, thick := dst.Rect.Dx(), dst.Rect.Dy(), max(snap(1.5*s), 1)
	c := premultiplied(tint(m, theme.ColorPanel))
	at := 0
	for _, g := range m.groups[:min(len(m.groups)-1, maskNamed)] {
		at += g.N
		if at == 0 || at == m.n {
			continue
		}
		x, y := at*w/m.n-thick/2, at*h/m.n-thick/2
		fill(dst, x, 0, x+thick, h, c)
		fill(dst, 0, y, w, y+thick, c)
	}
}
