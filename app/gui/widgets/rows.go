package widgets

import (
	"math"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// rowsPlot places the rows of a chart that has one a layer: a name at the left, a bar, a number at
// the right. Above them is room for a legend.
type rowsPlot struct {
	n           int
	left, right float32 // widths of the names and the numbers, gaps included
	head        float32
	foot        int     // lines of the reading
	pitch       float32 // of a row where there is room
}

// rowsTallest holds a tall stack of layers at a height that a column can still show.
const rowsTallest = 72 * theme.Step

func (p rowsPlot) least() fyne.Size {
	h := min(max(float32(p.n)*p.pitch, 12*theme.Step), rowsTallest)
	return fyne.NewSize(60*theme.Step, p.head+h+chartFoot(p.foot)+theme.Inset)
}

func (p rowsPlot) area(s fyne.Size) frame {
	x := theme.Inset + p.left
	return frame{x, p.head + theme.Inset - theme.Step, s.Width - x - p.right - theme.Inset, s.Height - p.head - chartFoot(p.foot) - theme.Inset}
}

// each is the height of a row in an area of a height.
func (p rowsPlot) each(h float32) float32 { return h / float32(max(p.n, 1)) }

func (p rowsPlot) thing(pos fyne.Position, s fyne.Size) int {
	a := p.area(s)
	y := pos.Y - a.y
	if p.n == 0 || y < 0 || y >= a.h || pos.X < 0 || pos.X > s.Width {
		return -1
	}
	return min(int(y/p.each(a.h)), p.n-1)
}

func (p rowsPlot) around(i int, s fyne.Size) frame {
	a := p.area(s)
	h := p.each(a.h)
	return frame{theme.Gap, a.y + float32(i)*h - 1, s.Width - 2*theme.Gap, h + 1}
}

// bar is the part of row i that is drawn, in pixels of a raster h high.
func (p rowsPlot) bar(i int, h, s float32) (y0, y1 int) {
	each := p.each(h)
	gap := min(max(each*0.22, 0), 5*s)
	if each < 3 {
		gap = 0
	}
	y0 = snap(float32(i)*each + gap/2)
	return y0, max(snap(float32(i+1)*each-gap/2), y0+1)
}

// texts writes names and numbers, every so many rows where all would not fit.
func (p rowsPlot) texts(s fyne.Size, name, number func(i int) string) []label {
	a := p.area(s)
	each, h := p.each(a.h), measure("0", captionMono).Height
	every := max(int(math.Ceil(float64((h-3)/max(each, 0.1)))), 1)
	var out []label
	for i := 0; i < p.n; i += every {
		y := a.y + float32(i)*each + (each-h)/2
		out = append(out, label{name(i), a.x - theme.Gap, y, captionMono, theme.ColorFaint, fyne.TextAlignTrailing})
		if p.right > 0 {
			out = append(out, label{number(i), s.Width - theme.Inset, y, captionMono, theme.ColorSoft, fyne.TextAlignTrailing})
		}
	}
	return out
}

// widest is the room for the longest of n texts, with a gap.
func widest(n int, text func(i int) string) float32 {
	var w float32
	for i := range n {
		w = max(w, measure(text(i), captionMono).Width)
	}
	if w == 0 {
		return 0
	}
	return w + theme.Gap
}
