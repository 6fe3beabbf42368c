package widgets

import (
	"fmt"
	"image"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"golang.org/x/image/draw"

	"winnow/app/gui/theme"
)

// LookMap is a tile of a LookGrid.
type LookMap struct {
	// Image has a pixel a patch; nil leaves the tile empty.
	Image *image.RGBA
	// Tip is the tooltip, in lines.
	Tip string
}

// LookGrid shows small heat-maps side by side: what each aggregation token looks at. Tiles shrink
// until they fit into a few lines. Click one to choose it and again to let go; with the keyboard:
// arrows, Home and End.
type LookGrid struct {
	celled
	// OnSelect is called with the chosen tile, -1 where it was let go.
	OnSelect func(i int)

	maps []LookMap
	more int // that are not drawn
}

// lookMost bounds the tiles, and with them the height.
const lookMost = 256

// NewLookGrid makes an empty one.
func NewLookGrid() *LookGrid {
	g := &LookGrid{}
	g.extend(g, lookPlot{g}, "No aggregation tokens.")
	return g
}

// Set replaces the maps; of more than 256 it draws the first and says how many are left.
func (g *LookGrid) Set(maps []LookMap) {
	g.more = max(len(maps)-lookMost, 0)
	g.maps = slices.Clone(maps[:len(maps)-g.more])
	if g.chosen >= len(g.maps) {
		g.chosen = -1
	}
	g.Refresh()
}

// SetSelected frames a map without calling back; -1 frames none.
func (g *LookGrid) SetSelected(i int) {
	if i < 0 || i >= len(g.maps) {
		i = -1
	}
	g.mark(i)
}

// Selected is the framed map, -1: none.
func (g *LookGrid) Selected() int { return g.chosen }

func (g *LookGrid) pick(i int) {
	g.mark(i)
	if g.OnSelect != nil {
		g.OnSelect(i)
	}
}

type lookPlot struct{ *LookGrid }

const (
	lookLargest  = 66
	lookSmallest = 28
	lookTallest  = 60 * theme.Step // tiles shrink rather than be higher together
	lookFoot     = 5 * theme.Step  // for how many are left out
)

// tiles is how they lie in a width: so many beside each other, of a side, a gap apart.
func (g lookPlot) tiles(width float32) (cols int, side, gap float32) {
	n := len(g.maps)
	if width <= 0 {
		width = 75 * theme.Step
	}
	for side = lookLargest; ; side -= 2 {
		gap = theme.Gap
		if side < 52 {
			gap = theme.Step
		}
		cols = max(int((width+gap)/(side+gap)), 1)
		lines := (n + cols - 1) / cols
		if float32(lines)*(side+gap) <= lookTallest || side <= lookSmallest {
			break
		}
	}
	if n >= cols { // full lines take the width
		lines := float32((n + cols - 1) / cols)
		side = min((width-float32(cols-1)*gap)/float32(cols), lookLargest+4*theme.Step, max(lookTallest/lines-gap, lookSmallest))
	}
	return cols, max(side, 1), gap
}

func (g lookPlot) empty() bool { return len(g.maps) == 0 }

func (g lookPlot) least(width float32) fyne.Size {
	h := float32(10 * theme.Step)
	if !g.empty() {
		cols, side, gap := g.tiles(width)
		h = float32((len(g.maps)+cols-1)/cols)*(side+gap) - gap
	}
	if g.more > 0 {
		h += lookFoot
	}
	return fyne.NewSize(40*theme.Step, h)
}

func (g lookPlot) area(s fyne.Size) frame {
	if g.more > 0 {
		s.Height -= lookFoot
	}
	return frame{0, 0, max(s.Width, 1), max(s.Height, 1)}
}

func (g lookPlot) labels(s fyne.Size) []label {
	if g.more == 0 {
		return nil
	}
	return []label{{fmt.Sprintf("and %d more", g.more), 0, s.Height - lookFoot + 2, caption, theme.ColorFaint, fyne.TextAlignLeading}}
}

// tile is where a map lies.
func (g lookPlot) tile(i int, s fyne.Size) frame {
	cols, side, gap := g.tiles(s.Width)
	return frame{float32(i%cols) * (side + gap), float32(i/cols) * (side + gap), side, side}
}

func (g lookPlot) spot(pos fyne.Position, s fyne.Size) spot {
	cols, side, gap := g.tiles(s.Width)
	if g.empty() || pos.X < 0 || pos.Y < 0 || pos.X >= float32(cols)*(side+gap) {
		return nowhere
	}
	x, y := pos.X/(side+gap), pos.Y/(side+gap)
	i := int(y)*cols + int(x)
	t := g.tile(i, s)
	if i >= len(g.maps) || pos.X > t.x+side || pos.Y > t.y+side {
		return nowhere
	}
	return spot{0, i}
}

func (g lookPlot) around(at spot, s fyne.Size) (frame, bool) {
	if at.col < 0 || at.col >= len(g.maps) {
		return frame{}, false
	}
	return g.tile(at.col, s), true
}

func (g lookPlot) framed(s fyne.Size) (frame, bool) {
	f, ok := g.around(spot{0, g.chosen}, s)
	return frame{f.x - 2, f.y - 2, f.w + 4, f.h + 4}, ok
}

func (g lookPlot) tip(at spot) []string {
	if g.maps[at.col].Tip == "" {
		return []string{fmt.Sprintf("token %d", at.col)}
	}
	return strings.Split(g.maps[at.col].Tip, "\n")
}

func (g lookPlot) tapped(at spot) {
	if at.col == g.chosen {
		g.pick(-1)
		return
	}
	g.pick(at.col)
}

func (g lookPlot) arrow(dx, dy int) {
	cols, _, _ := g.tiles(g.Size().Width)
	i := g.chosen + dx + dy*cols
	if i = max(min(i, len(g.maps)-1), 0); i != g.chosen {
		g.pick(i)
	}
}

func (g lookPlot) paint(dst *image.RGBA, s float32) {
	size := g.Size()
	ground := premultiplied(tint(g, theme.ColorTrack))
	for i, m := range g.maps {
		t := g.tile(i, size)
		r := image.Rect(snap(t.x*s), snap(t.y*s), snap((t.x+t.w)*s), snap((t.y+t.h)*s))
		fill(dst, r.Min.X, r.Min.Y, r.Max.X, r.Max.Y, ground)
		if paintable(m.Image) {
			draw.NearestNeighbor.Scale(dst, within(r, m.Image.Rect), m.Image, m.Image.Rect, draw.Over, nil)
		}
	}
}

// paintable says that an image has pixels, and all that its bounds claim.
func paintable(m *image.RGBA) bool {
	return m != nil && !m.Rect.Empty() && m.Stride >= 4*m.Rect.Dx() &&
		len(m.Pix) >= m.Stride*(m.Rect.Dy()-1)+4*m.Rect.Dx()
}

// within is the largest rectangle of an image's proportions in another one, centred.
func within(r, img image.Rectangle) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if img.Dx() > img.Dy() {
		h = max(h*img.Dy()/img.Dx(), 1)
	} else {
		w = max(w*img.Dx()/img.Dy(), 1)
	}
	at := image.Pt(r.Min.X+(r.Dx()-w)/2, r.Min.Y+(r.Dy()-h)/2)
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}
