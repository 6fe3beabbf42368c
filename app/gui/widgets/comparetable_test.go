package widgets

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func threeSides(c *CompareTable) {
	c.SetColumns([]CompareColumn{{"Dense", -1}, {"CoreMatching", 0}, {"ZipVL", 1}})
	c.SetRows([]CompareRow{
		{Label: "Answer", Words: true, Cells: []CompareCell{{Text: "Two sheep."}, {Text: "Two sheep.", Mark: MarkSame}, {Text: strings.Repeat("very long ", 30), Mark: MarkDiffers}}},
		{Label: "First token", Basis: Measured, Cells: []CompareCell{{Text: "61 ms"}, {Text: "34 ms", Ratio: "1.8× sooner", Best: true}}},
		{Label: "KV cache", Basis: Counted, Cells: []CompareCell{{Text: "401 kB"}, {Text: "180 kB"}, {Text: "72 kB", Ratio: "18 %", Best: true}, {Text: "beyond"}}},
	})
}

func TestCompareTableRenders(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		c := NewCompareTable()
		w := show(t, c, 480, 260)
		threeSides(c)
		c.OnSelect = func(int) {}
		c.SetSelected(1)
		test.AssertRendersToImage(t, "compare_"+name+".png", w.Canvas())
	})
}

func TestCompareTableWritesEveryCell(t *testing.T) {
	start(t, theme.Dark)
	c := NewCompareTable()
	show(t, c, 600, 300)
	threeSides(c)
	lines := texts(c)
	for _, want := range []string{"Dense", "CoreMatching", "ZipVL", "measured", "counted", "61 ms", "1.8× sooner", "72 kB", "✓ as dense", "≠ differs", "–"} {
		if !slices.Contains(lines, want) {
			t.Errorf("does not write %q: %q", want, lines)
		}
	}
	if slices.Contains(lines, "beyond") {
		t.Error("a cell without a column is written")
	}
	long := 0
	for _, l := range lines {
		if strings.HasPrefix(l, "very") || strings.HasPrefix(l, "long") {
			long++
		}
	}
	if long != compareMost {
		t.Errorf("the long answer takes %d lines, want %d", long, compareMost)
	}
	boxes := 0
	for _, o := range test.WidgetRenderer(c).Objects() {
		if r, ok := o.(*canvas.Rectangle); ok && r.FillColor == tint(c, theme.ColorRaised) && r.Visible() {
			boxes++
		}
	}
	if boxes != 2 {
		t.Errorf("%d values are marked best, want 2", boxes)
	}
}

func TestCompareTableStaysInItsWidth(t *testing.T) {
	start(t, theme.Dark)
	for _, width := range []float32{320, 480, 1000} {
		c := NewCompareTable()
		show(t, c, width, 400)
		threeSides(c)
		for _, o := range test.WidgetRenderer(c).Objects() {
			if o.Visible() && (o.Position().X < 0 || o.Position().X+o.Size().Width > width+0.5) {
				t.Errorf("width %g: %T at %v, %v sticks out", width, o, o.Position(), o.Size())
			}
		}
		if y := c.top(len(c.rows)); c.MinSize().Height < y {
			t.Errorf("min height %g, rows end at %g", c.MinSize().Height, y)
		}
	}
}

func TestCompareTableColumnsAreChosen(t *testing.T) {
	start(t, theme.Dark)
	c := NewCompareTable()
	show(t, c, 600, 300)
	threeSides(c)
	x, _ := c.span(1)
	c.Tapped(pointAt(x+5, 20))
	if c.Selected() != -1 {
		t.Error("a column was chosen that nobody asked for")
	}
	var got []int
	c.OnSelect = func(i int) { got = append(got, i) }
	c.Tapped(pointAt(x+5, 20))
	c.Tapped(pointAt(5, 20)) // the names
	press(c, fyne.KeyRight, fyne.KeyRight, fyne.KeyLeft, fyne.KeyHome, fyne.KeyEnd)
	if want := []int{1, 2, 1, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v", got, want)
	}
	c.MouseMoved(mouseAt(50, c.top(2)+3))
	if c.hovered != 2 {
		t.Errorf("row %d is hovered, want 2", c.hovered)
	}
	c.SetRows(nil)
	c.SetColumns([]CompareColumn{{"Dense", -1}})
	if c.Selected() != -1 {
		t.Error("the choice outlived its column")
	}
	c.SetColumns(nil)
	if !slices.Contains(texts(c), "Nothing to compare yet.") {
		t.Errorf("empty: %q", texts(c))
	}
}
