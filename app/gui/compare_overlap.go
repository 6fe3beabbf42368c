package gui

import (
	"fmt"
	"image"
	"math"
	mathbits "math/bits"
	"slices"
	"strings"

	fynetheme "fyne.io/fyne/v2/theme"

	"winnow/internal/trace"
)

// overlapOf says for each cell which sides keep it, a bit a side, and which sides count: those that
// have reached the layer.
func (c *comparison) overlapOf(list []contender) (bits []uint8, all uint8) {
	for i, k := range list {
		if !reached(k.side, c.at) {
			continue
		}
		all |= 1 << i
		mask, _ := comparedMask(k.side, c.at)
		if bits == nil {
			bits = make([]uint8, len(mask))
		}
		for cell, kept := range mask[:min(len(mask), len(bits))] {
			if kept {
				bits[cell] |= 1 << i
			}
		}
	}
	return bits, all
}

// showOverlap colours the one large picture, or the one beside three maps.
func (c *comparison) showOverlap(list []contender) {
	s := c.state()
	v := c.ui.overlap
	if !c.plan.Overlap {
		if len(list) != 3 {
			return
		}
		v = c.ui.fourth.view
	}
	var n []int
	for _, k := range list {
		if k.side != nil {
			n = append(n, len(k.side.Decisions), len(k.side.Layers))
		}
	}
	key := fmt.Sprint(c.plan.Overlap, n, c.at, s.Time, s.Running, s.Ended, c.w.look.Theme, len(list))
	if key == c.drawn.overlap {
		return
	}
	c.drawn.overlap = key
	bits, all := c.overlapOf(list)
	rows, cols := s.Grid()
	if len(bits) != rows*cols || all == 0 {
		v.SetOverlay(nil)
		v.SetKept(nil)
		c.ui.fourth.head.set(-1, "Overlap", "", "")
		c.ui.legend.set([]part{{text: "Kept by all, by some, by none: which, appears here with the run.", side: plainPart}})
		return
	}
	v.SetOverlay(overlapImage(bits, all, rows, cols, len(list)))
	frames := make([]bool, len(bits))
	for i, b := range bits {
		frames[i] = b == all
	}
	v.SetKept(frames)
	c.ui.fourth.head.set(-1, "Overlap", fmt.Sprintf("%d kept by all", count(frames)), "")
	var versions [][]part
	for most := 14; most >= 0; most-- {
		versions = append(versions, overlapLegend(bits, all, s, most))
	}
	c.ui.legend.set(versions...)
	v.RefreshTooltip()
}

// A cell of the overlap has so many pixels a side: for each side that keeps it a dot with an edge.
const (
	overlapCell = 16
	overlapDot  = 4
)

// overlapImage darkens a cell the more, the fewer sides keep it, and puts a dot in the colour of
// each side that does where that side's map lies: top left, top right, below. A cell that all keep
// is clear, one that none keeps has no dot.
func overlapImage(bits []uint8, all uint8, rows, cols, sides int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, overlapCell*cols, overlapCell*rows))
	of := mathbits.OnesCount8(all)
	edge := colour(fynetheme.ColorNameBackground)
	for cell, b := range bits {
		if b == all || of == 0 {
			continue
		}
		x, y := overlapCell*(cell%cols), overlapCell*(cell/cols)
		share := float64(mathbits.OnesCount8(b)) / float64(of)
		flood(img, image.Rect(x, y, x+overlapCell, y+overlapCell), veil(gone, uint8((1-0.6*share)*float64(gone.A))))
		for side := range sides {
			if b&(1<<side) == 0 {
				continue
			}
			dx, dy := x+2+overlapCell/2*(side%2), y+2+overlapCell/2*(side/2)
			if sides <= 2 { // in the middle
				dy = y + (overlapCell-overlapDot)/2
			}
			dot := image.Rect(dx, dy, dx+overlapDot, dy+overlapDot)
			flood(img, dot.Inset(-1), edge)
			flood(img, dot, sideColour(side))
		}
	}
	return img
}

// overlapLegend counts the cells: kept by all, by the most frequent sets of sides, by none.
func overlapLegend(bits []uint8, all uint8, s *trace.State, most int) []part {
	counts := map[uint8]int{}
	for cell, b := range bits {
		if s.Visual(cell) >= 0 {
			counts[b]++
		}
	}
	var sets []uint8
	for b := range counts {
		if b != 0 && b != all {
			sets = append(sets, b)
		}
	}
	if most > len(sets) {
		most = len(sets)
	}
	slices.SortFunc(sets, func(a, b uint8) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return int(a) - int(b)
	})
	name := "all"
	if all == 3 {
		name = "both"
	}
	out := []part{{text: "kept by " + name + " ", side: keptPart}, {text: fmt.Sprintf("%d   ", counts[all]), side: plainPart, mono: true}}
	rest := 0
	for n, b := range sets {
		if n >= most {
			rest += counts[b]
			continue
		}
		for side := range maxStacks {
			if b&(1<<side) != 0 {
				out = append(out, part{text: letter(side), side: side})
			}
		}
		out = append(out, part{text: fmt.Sprintf(" %d   ", counts[b]), side: plainPart, mono: true})
	}
	if rest > 0 {
		out = append(out, part{text: "other sets ", side: plainPart}, part{text: fmt.Sprintf("%d   ", rest), side: plainPart, mono: true})
	}
	return append(out, part{text: "none ", side: plainPart}, part{text: fmt.Sprint(counts[0]), side: plainPart, mono: true})
}

// mapTip is what hovering a cell of one side's map says.
func (c *comparison) mapTip(i, row, col int) []string {
	list := c.contenders()
	if i >= len(list) || c.pointed != i {
		return nil // another map is pointed at; here only the frame follows
	}
	lines := []string{fmt.Sprintf("row %d, column %d", row, col)}
	return append(lines, c.cellLines(list[i], row, col, "", 40)...)
}

// overlapTip is what hovering a cell of the overlap says: each side's score, rank and reason.
func (c *comparison) overlapTip(row, col int) []string {
	if len(c.state().Tokens) == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("row %d, column %d", row, col)}
	for i, k := range c.contenders() {
		lines = append(lines, c.cellLines(k, row, col, letter(i)+" ", 60)...)
	}
	return lines
}

// cellLines says what one side did with a cell: whether it keeps it, score and rank, why.
func (c *comparison) cellLines(k contender, row, col int, prefix string, width int) []string {
	if !reached(k.side, c.at) {
		return []string{prefix + "not computed yet"}
	}
	info := k.side.CellInfo(row, col, c.at)
	if mask, answering := comparedMask(k.side, c.at); answering {
		info = k.side.CellInfoAt(row, col, c.at, -1)
		_, cols := c.state().Grid()
		info.Kept = mask[row*cols+col]
	}
	rank := ""
	if info.Rank > 0 && !math.IsNaN(float64(info.Score)) {
		unit := "score"
		if _, by := k.side.ScoresAt(c.at); by != nil && by.Unit != "" {
			unit = by.Unit
		}
		rank = fmt.Sprintf("%s %s, rank %d of %d", unit, trace.Number(float64(info.Score)), info.Rank, info.Of)
	}
	if prefix == "" {
		var out []string
		if rank != "" && !strings.Contains(info.Why, fmt.Sprintf("rank %d of %d", info.Rank, info.Of)) {
			out = append(out, rank)
		}
		return append(out, folded(info.Why, width)...)
	}
	state := "gone"
	if info.Kept {
		state = "kept"
	}
	text := prefix + state
	if rank != "" {
		text += ": " + rank
	}
	return folded(text, width)
}
