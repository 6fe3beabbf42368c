package widgets

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// RoutingRow is a layer of a RoutingGrid.
type RoutingRow struct {
	// Kept says of each visual row whether the layer computed it.
	Kept []bool
	// Probability is what the layer's router said of each of them; nil: it has none.
	Probability []float32
	// Note is the rule, for the tooltip.
	Note string
}

// RoutingGrid shows a line a layer and a mark a visual row: in the accent where the layer computed
// it, dim where it skipped. At the left is the layer's number, at the right how many it computed.
// With more rows than pixels a mark is as bright as the share computed. Click a line to choose it;
// with the keyboard: arrows, Home and End.
type RoutingGrid struct {
	celled
	// OnSelect is called when the person clicks a line, chosen already or not.
	OnSelect func(layer int)
	// Names says which row it is: row 17 of camera front; nil: its number.
	Names func(row int) string

	rows []RoutingRow
	kept []int // of each layer
	cols int   // of the longest layer
}

// NewRoutingGrid makes an empty one.
func NewRoutingGrid() *RoutingGrid {
	g := &RoutingGrid{}
	g.extend(g, routingPlot{g}, "No routing yet.")
	return g
}

// Set replaces the layers; nil empties it.
func (g *RoutingGrid) Set(rows []RoutingRow) {
	if slices.EqualFunc(rows, g.rows, sameRouting) {
		return
	}
	g.rows, g.kept, g.cols = make([]RoutingRow, len(rows)), make([]int, len(rows)), 0
	for i, r := range rows {
		g.rows[i] = RoutingRow{slices.Clone(r.Kept), slices.Clone(r.Probability), r.Note}
		g.cols = max(g.cols, len(r.Kept))
		for _, k := range r.Kept {
			if k {
				g.kept[i]++
			}
		}
	}
	if g.chosen >= len(rows) {
		g.chosen = -1
	}
	g.Refresh()
}

func sameRouting(a, b RoutingRow) bool {
	same := func(x, y float32) bool { return x == y || x != x && y != y }
	return a.Note == b.Note && slices.Equal(a.Kept, b.Kept) && slices.EqualFunc(a.Probability, b.Probability, same)
}

// SetSelected frames a layer without calling back; -1 frames none.
func (g *RoutingGrid) SetSelected(layer int) {
	if layer < 0 || layer >= len(g.rows) {
		layer = -1
	}
	g.mark(layer)
}

// Selected is the framed layer, -1: none.
func (g *RoutingGrid) Selected() int { return g.chosen }

func (g *RoutingGrid) pick(layer int) {
	g.mark(layer)
	if g.OnSelect != nil {
		g.OnSelect(layer)
	}
}

type routingPlot struct{ *RoutingGrid }

const routingPitch = 22 // height of a line where there is room

func (g routingPlot) empty() bool { return g.cols == 0 }

func (g routingPlot) least(float32) fyne.Size {
	h := min(max(float32(len(g.rows))*routingPitch, 10*theme.Step), rowsTallest)
	return fyne.NewSize(50*theme.Step, h)
}

// sides are the widths of the numbers at the left and at the right.
func (g routingPlot) sides() (left, right float32) {
	digits := func(n int) float32 { return measure(strconv.Itoa(n), captionMono).Width + theme.Gap }
	return digits(len(g.rows) - 1), digits(g.cols)
}

func (g routingPlot) area(s fyne.Size) frame {
	left, right := g.sides()
	return frame{left, 0, max(s.Width-left-right, 1), max(s.Height, 1)}
}

func (g routingPlot) each(s fyne.Size) float32 { return s.Height / float32(max(len(g.rows), 1)) }

func (g routingPlot) labels(s fyne.Size) []label {
	h, each, left := measure("0", captionMono).Height, g.each(s), g.area(s).x
	every := max(int((h-2)/max(each, 0.01))+1, 1)
	if each >= h-2 {
		every = 1
	}
	var out []label
	for i := 0; i < len(g.rows); i += every {
		y := float32(i)*each + (each-h)/2
		out = append(out, label{strconv.Itoa(i), left - theme.Gap, y, captionMono, theme.ColorFaint, fyne.TextAlignTrailing},
			label{strconv.Itoa(g.kept[i]), s.Width, y, captionMono, theme.ColorSoft, fyne.TextAlignTrailing})
	}
	return out
}

func (g routingPlot) spot(pos fyne.Position, s fyne.Size) spot {
	a := g.area(s)
	if g.empty() || pos.X < 0 || pos.X > s.Width || pos.Y < 0 || pos.Y >= s.Height {
		return nowhere
	}
	col := -1 // on a number: the line alone
	if x := (pos.X - a.x) / a.w; x >= 0 && x < 1 {
		col = min(int(float64(x)*float64(g.cols)), g.cols-1)
	}
	return spot{min(int(pos.Y/g.each(s)), len(g.rows)-1), col}
}

func (g routingPlot) around(at spot, s fyne.Size) (frame, bool) {
	if at.line < 0 || at.line >= len(g.rows) || at.col < 0 || at.col >= len(g.rows[at.line].Kept) {
		return frame{}, false
	}
	a, scale := g.area(s), scaleOf(g.self)
	y0, y1 := rowsPlot{n: len(g.rows)}.bar(at.line, s.Height*scale, scale)
	w := a.w / float32(g.cols)
	return frame{a.x + float32(at.col)*w - 1, float32(y0)/scale - 1, max(w, 2) + 1, float32(y1-y0)/scale + 2}, true
}

func (g routingPlot) framed(s fyne.Size) (frame, bool) {
	if g.chosen < 0 || g.chosen >= len(g.rows) || g.empty() {
		return frame{}, false
	}
	a, each := g.area(s), g.each(s)
	return frame{a.x - 3, float32(g.chosen)*each + min(each*0.05, 1), a.w + 6, each - min(each*0.1, 2)}, true
}

func (g routingPlot) tip(at spot) []string {
	r := g.rows[at.line]
	name := fmt.Sprintf("row %d", at.col)
	if g.Names != nil {
		name = g.Names(at.col)
	}
	text := "skipped"
	if r.Kept[at.col] {
		text = "computed"
	}
	if at.col < len(r.Probability) && finite(float64(r.Probability[at.col])) {
		text += fmt.Sprintf(", router %.2f", r.Probability[at.col])
	}
	lines := []string{fmt.Sprintf("layer %d, %s", at.line, name), text}
	if r.Note != "" {
		lines = append(lines, r.Note)
	}
	return lines
}

func (g routingPlot) tapped(at spot) { g.pick(at.line) }

func (g routingPlot) arrow(dx, dy int) {
	if i := max(min(g.chosen+dx+dy, len(g.rows)-1), 0); i != g.chosen {
		g.pick(i)
	}
}

func (g routingPlot) paint(dst *image.RGBA, s float32) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	off, full := color.NRGBAModel.Convert(tint(g, theme.ColorTrack)).(color.NRGBA), color.NRGBAModel.Convert(tint(g, theme.ColorKept)).(color.NRGBA)
	share := make([]float32, w)
	for i, r := range g.rows {
		y0, y1 := rowsPlot{n: len(g.rows)}.bar(i, float32(h), s)
		if y0 >= h {
			return
		}
		shares(r.Kept, g.cols, share, s)
		for x, v := range share {
			if v >= 0 {
				fill(dst, x, y0, x+1, min(y1, h), blend(off, full, int(255*v)))
			}
		}
	}
}

// shares brings a layer's rows to pixel columns: the share of them computed, −1 for a gap. cols is
// the number of rows that all columns are for.
func shares(kept []bool, cols int, share []float32, s float32) {
	w := len(share)
	gap := 0
	if w >= 3*cols {
		gap = max(snap(s), 1)
	}
	for x := range share {
		share[x] = -1
		from, to := x*cols/w, (x+1)*cols/w
		to = min(max(to, from+1), len(kept))
		if from >= to {
			continue
		}
		n := 0
		for _, k := range kept[from:to] {
			if k {
				n++
			}
		}
		share[x] = float32(n) / float32(to-from)
	}
	for j := 0; gap > 0 && j < len(kept); j++ {
		last := ((j+1)*w + cols - 1) / cols // first column of the next row
		for x := max(last-gap, 0); x < min(last, w); x++ {
			share[x] = -1
		}
	}
}
