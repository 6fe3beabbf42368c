package grid

import (
	"fmt"
	"math"
)

// Grid is the size of a patch grid. Tokens are numbered row by row from the upper left.
type Grid struct {
	Rows int `json:"rows"`
	Cols int `json:"cols"`
}

// Of is the grid of a model input of w × h pixels cut into square patches. Encoders cut with a strided
// convolution, so pixels that fill no whole patch at the right and lower edge belong to no token.
func Of(w, h, patch int) (Grid, error) {
	if patch <= 0 || w < patch || h < patch {
		return Grid{}, fmt.Errorf("an input of %d × %d pixels holds no patch of %d pixels: check image_size and patch_size of the model", w, h, patch)
	}
	return Grid{Rows: h / patch, Cols: w / patch}, nil
}

// Len is the number of cells.
func (g Grid) Len() int { return g.Rows * g.Cols }

// Contains reports whether there is a cell (row, col).
func (g Grid) Contains(row, col int) bool {
	return row >= 0 && row < g.Rows && col >= 0 && col < g.Cols
}

// Index is the token number of cell (row, col), which must lie in the grid.
func (g Grid) Index(row, col int) int {
	if !g.Contains(row, col) {
		panic(fmt.Sprintf("grid: cell (%d, %d) outside %d × %d", row, col, g.Rows, g.Cols))
	}
	return row*g.Cols + col
}

// Cell is the inverse of Index.
func (g Grid) Cell(index int) (row, col int) {
	if index < 0 || index >= g.Len() {
		panic(fmt.Sprintf("grid: token %d outside %d × %d", index, g.Rows, g.Cols))
	}
	return index / g.Cols, index % g.Cols
}

// Rect is the part of the picture, in source pixels, under cell (row, col). With padding it can lie
// partly or wholly outside the picture. Neighbours share their edges exactly.
func (g Grid) Rect(geo Geometry, row, col int) Rect {
	x := func(c int) float64 { return geo.Box.X0 + geo.Box.W()*(float64(c)/float64(g.Cols)) }
	y := func(r int) float64 { return geo.Box.Y0 + geo.Box.H()*(float64(r)/float64(g.Rows)) }
	return Rect{x(col), y(row), x(col + 1), y(row + 1)}
}

// At finds the cell under the point (x, y) of the picture; ok is false where the model does not look.
// A point on an edge belongs to the right or lower neighbour.
func (g Grid) At(geo Geometry, x, y float64) (row, col int, ok bool) {
	if g.Len() == 0 || !geo.Box.Contains(x, y) {
		return 0, 0, false
	}
	col = min(int(math.Floor((x-geo.Box.X0)/geo.Box.W()*float64(g.Cols))), g.Cols-1)
	row = min(int(math.Floor((y-geo.Box.Y0)/geo.Box.H()*float64(g.Rows))), g.Rows-1)
	return row, col, true
}
