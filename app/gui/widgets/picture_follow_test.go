package widgets

import (
	"image"
	"testing"

	"winnow/app/gui/theme"
	"winnow/internal/trace"
)

func TestFollowFramesACellWithoutAnEcho(t *testing.T) {
	start(t, theme.Dark)
	p := NewPictureView()
	hovers := 0
	p.OnHover = func(int, int, bool) { hovers++ }
	p.SetPicture(image.NewRGBA(image.Rect(0, 0, 40, 40)))
	p.SetGrid(trace.Box{X1: 40, Y1: 40}, 4, 4)
	p.Follow(2, 3)
	if row, col, ok := p.Cursor(); !ok || row != 2 || col != 3 || !p.pointing {
		t.Errorf("the cursor is at %d, %d, %v, pointing %v", row, col, ok, p.pointing)
	}
	p.Follow(9, 9)
	if _, _, ok := p.Cursor(); ok || p.pointing {
		t.Error("a cell outside of the grid leaves the frame")
	}
	if hovers != 0 {
		t.Errorf("OnHover was called %d times, which two views would do for ever", hovers)
	}
}

func TestCompareTableStacksWhereColumnsAreNarrow(t *testing.T) {
	start(t, theme.Dark)
	table := NewCompareTable()
	var columns []CompareColumn
	for i := -1; i < 4; i++ {
		columns = append(columns, CompareColumn{Label: "Dense", Side: i})
	}
	table.SetColumns(columns)
	table.SetRows([]CompareRow{{Label: "First token, ms", Basis: Measured, Cells: make([]CompareCell, 5)}})
	table.Resize(table.MinSize().AddWidthHeight(200, 0))
	if table.stacked() {
		t.Error("wide columns are stacked")
	}
	beside := table.height(table.rows[0])
	table.Resize(table.MinSize())
	_, w := table.span(0)
	if !table.stacked() || w < compareNarrow || table.height(table.rows[0]) < beside {
		t.Errorf("stacked %v, columns %v wide, a row %v high", table.stacked(), w, table.height(table.rows[0]))
	}
}
