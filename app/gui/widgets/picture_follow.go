package widgets

// Follow frames a cell as if the pointer were on it, while it is on the same cell of a view beside
// this one; a cell outside of the grid takes the frame away. It does not call OnHover.
func (p *PictureView) Follow(row, col int) {
	if !p.inGrid(row, col) {
		row, col = -1, -1
	}
	if row == p.cursorRow && col == p.cursorCol && p.pointing == (row >= 0) {
		return
	}
	p.cursorRow, p.cursorCol, p.pointing = row, col, row >= 0
	if p.draw != nil {
		p.draw.refreshCursor()
	}
}
