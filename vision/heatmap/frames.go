package heatmap

import (
	"fmt"

	"winnow/vision/grid"
)

// Segment is a horizontal or vertical line between cell corners: (X, Y) is the corner to the upper left of
// cell (row Y, column X). X0 ≤ X1 and Y0 ≤ Y1.
type Segment struct{ X0, Y0, X1, Y1 int }

// Frames gives the outline of the kept cells: every edge between a kept cell and a dropped one or the rim
// of the grid, neighbouring edges in one line joined. Horizontal segments come first, from the top; then
// vertical ones, from the left.
func Frames(mask []bool, g grid.Grid) ([]Segment, error) {
	if len(mask) != g.Len() {
		return nil, fmt.Errorf("the mask has %d entries for %d cells", len(mask), g.Len())
	}
	kept := func(row, col int) bool { return g.Contains(row, col) && mask[row*g.Cols+col] }
	var out []Segment
	for y := 0; y <= g.Rows; y++ {
		for x := 0; x < g.Cols; x++ {
			start := x
			for x < g.Cols && kept(y-1, x) != kept(y, x) {
				x++
			}
			if x > start {
				out = append(out, Segment{start, y, x, y})
			}
		}
	}
	for x := 0; x <= g.Cols; x++ {
		for y := 0; y < g.Rows; y++ {
			start := y
			for y < g.Rows && kept(y, x-1) != kept(y, x) {
				y++
			}
			if y > start {
				out = append(out, Segment{x, start, x, y})
			}
		}
	}
	return out, nil
}
