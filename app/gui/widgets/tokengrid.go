package widgets

import (
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// TokenGrid shows which tokens of a grid were computed, a square each.
type TokenGrid struct {
	widget.BaseWidget
	rows, cols int
	kept       []bool
	hint       string
	sheet      *image.RGBA
}

// NewTokenGrid makes one that says a hint until it has a grid.
func NewTokenGrid(hint string) *TokenGrid {
	g := &TokenGrid{hint: hint}
	g.ExtendBaseWidget(g)
	return g
}

// SetTokens says for each token, row by row, whether it was computed; a grid without tokens, or of
// another size, shows the hint.
func (g *TokenGrid) SetTokens(rows, cols int, kept []bool) {
	if rows < 1 || cols < 1 || len(kept) != rows*cols {
		rows, cols, kept = 0, 0, nil
	}
	if rows != g.rows || cols != g.cols || !slices.Equal(kept, g.kept) {
		g.rows, g.cols, g.kept = rows, cols, slices.Clone(kept)
		g.Refresh()
	}
}

// SetHint is what it says without a grid.
func (g *TokenGrid) SetHint(text string) {
	if g.hint != text {
		g.hint = text
		g.Refresh()
	}
}

// Kept is how many tokens are lit.
func (g *TokenGrid) Kept() int {
	n := 0
	for _, k := range g.kept {
		if k {
			n++
		}
	}
	return n
}

func (g *TokenGrid) generate(w, h int) image.Image {
	g.sheet = sheet(g.sheet, w, h)
	if g.rows == 0 || w < 2 || h < 2 {
		return g.sheet
	}
	lit, dark := premultiplied(tint(g, theme.ColorKept)), premultiplied(tint(g, theme.ColorTrack))
	gap := 1
	if w/g.cols < 4 {
		gap = 0
	}
	for r := range g.rows {
		for c := range g.cols {
			ink := dark
			if g.kept[r*g.cols+c] {
				ink = lit
			}
			fill(g.sheet, c*w/g.cols, r*h/g.rows, (c+1)*w/g.cols-gap, (r+1)*h/g.rows-gap, ink)
		}
	}
	return g.sheet
}

// CreateRenderer implements fyne.Widget.
func (g *TokenGrid) CreateRenderer() fyne.WidgetRenderer {
	raster := canvas.NewRaster(g.generate)
	raster.ScaleMode = canvas.ImageScalePixels
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	objects := []fyne.CanvasObject{hint, raster}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(20*theme.Step, 20*theme.Step) },
	}
	r.layout = func(s fyne.Size) {
		hint.Resize(fyne.NewSize(s.Width, hint.MinSize().Height))
		place(hint, 0, (s.Height-hint.MinSize().Height)/2, s.Width, hint.MinSize().Height)
		w, h := float32(max(g.cols, 1)), float32(max(g.rows, 1))
		f := min(s.Width/w, s.Height/h)
		place(raster, (s.Width-f*w)/2, (s.Height-f*h)/2, f*w, f*h)
	}
	r.refresh = func() {
		hint.SetText(g.hint)
		hint.Hidden, raster.Hidden = g.rows > 0, g.rows == 0
		r.layout(g.Size())
		hint.Refresh()
		raster.Refresh()
	}
	r.refresh()
	return r
}
