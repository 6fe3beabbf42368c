package widgets

import (
	"fmt"
	"image"
	"slices"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// RatioBar is what a layer kept.
type RatioBar struct {
	// Label is the layer's number.
	Label string
	// Share that was kept, 0 to 1; of Of things.
	Share float64
	Of    int
	// Note is added to the reading: τ 0.975.
	Note string
	// None is true where the layer decided nothing: it has a place, but no bar.
	None bool
}

// RatioBars shows a share a layer as bars, with an earlier run's shares as outlines behind them.
type RatioBars struct {
	chart
	// OnSelect is called when the person chooses a layer's bar.
	OnSelect func(layer int)

	bars  []RatioBar
	ghost []float64
	unit  string
}

// NewRatioBars makes an empty one. The unit is of what is counted: tokens.
func NewRatioBars(unit string) *RatioBars {
	r := &RatioBars{unit: unit}
	r.extend(r, ratioPlot{r}, "No shares yet.")
	return r
}

// SetBars replaces the bars.
func (r *RatioBars) SetBars(bars []RatioBar) {
	if !slices.Equal(bars, r.bars) {
		r.bars = slices.Clone(bars)
		r.changed()
	}
}

// SetGhost lays another run's shares behind the bars, one a bar; nil takes them away.
func (r *RatioBars) SetGhost(shares []float64) {
	if !slices.Equal(shares, r.ghost) {
		r.ghost = slices.Clone(shares)
		r.changed()
	}
}

type ratioPlot struct{ *RatioBars }

func (r ratioPlot) legend() []Swatch {
	if len(r.ghost) == 0 {
		return nil
	}
	return []Swatch{{Label: "this run", Color: theme.ColorKept}, {Label: "the one before", Color: foreground, Outline: true}}
}

// head is the room above the bars.
func (r ratioPlot) head() float32 {
	return theme.Inset + theme.Step + legendHeight(r.legend(), r.Size().Width)
}

func (r ratioPlot) things() int      { return len(r.bars) }
func (r ratioPlot) footLines() int   { return 1 }
func (r ratioPlot) least() fyne.Size { return fyne.NewSize(60*theme.Step, 34*theme.Step+r.head()) }

func (r ratioPlot) choose(i int) bool {
	if r.OnSelect != nil {
		r.OnSelect(i)
	}
	return true
}

func (r ratioPlot) area(s fyne.Size) frame {
	left := float32(theme.Inset) + measure("100", captionMono).Width + theme.Gap
	return frame{left, r.head(), s.Width - left - theme.Inset, s.Height - r.head() - chartFoot(1) - 5*theme.Step}
}

// slot is where bar i lies in a width.
func (r ratioPlot) slot(i int, w float32) (x0, x1 float32) {
	n := float32(max(len(r.bars), 1))
	return float32(i) * w / n, float32(i+1) * w / n
}

// gap is the room between two bars.
func (r ratioPlot) gap(w float32) float32 {
	each := w / float32(max(len(r.bars), 1))
	return min(max(each*0.25, 1), 10)
}

func (r ratioPlot) thing(pos fyne.Position, s fyne.Size) int {
	a := r.area(s)
	x := pos.X - a.x
	if len(r.bars) == 0 || x < 0 || x >= a.w || pos.Y < a.y-theme.Gap || pos.Y > s.Height-chartFoot(1) {
		return -1
	}
	return min(int(x/a.w*float32(len(r.bars))), len(r.bars)-1)
}

func (r ratioPlot) around(i int, s fyne.Size) frame {
	a := r.area(s)
	x0, x1 := r.slot(i, a.w)
	return frame{a.x + x0, a.y - theme.Step, x1 - x0, a.h + 6*theme.Step}
}

func (r ratioPlot) reading(i int) string {
	if i < 0 {
		return "height: share kept, layer by layer"
	}
	b := r.bars[i]
	if b.None {
		return fmt.Sprintf("layer %s: nothing decided", b.Label)
	}
	text := fmt.Sprintf("layer %s: %s of %d %s", b.Label, percent(b.Share), b.Of, r.unit)
	if i < len(r.ghost) {
		text += ", before " + percent(r.ghost[i])
	}
	if b.Note != "" {
		text += ", " + b.Note
	}
	return text
}

// percent writes a share.
func percent(v float64) string {
	if !finite(v) {
		return "–"
	}
	if v > 0 && v < 0.01 || v > 0.99 && v < 1 {
		return fmt.Sprintf("%.1f %%", 100*v)
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

func (r ratioPlot) paint(dst *image.RGBA, s float32) {
	w, h := float32(dst.Rect.Dx()), float32(dst.Rect.Dy())
	grid, track, kept := r.ink(theme.ColorHairline), mixed(tint(r, theme.ColorPanel), tint(r, theme.ColorTrack), 0.55), r.ink(theme.ColorKept)
	gap := r.gap(w/s) * s / 2
	thin := max(snap(s), 1)
	for i := range r.bars {
		x0, x1 := r.slot(i, w)
		fill(dst, snap(x0+gap), 0, snap(x1-gap), int(h), track)
	}
	for _, v := range []float32{0, 0.5, 1} {
		y := min(snap((1-v)*h), int(h)-thin)
		fill(dst, 0, y, int(w), y+thin, grid)
	}
	for i, b := range r.bars {
		if b.None {
			continue
		}
		x0, x1 := r.slot(i, w)
		top := snap(h * float32(1-clamp01(b.Share)))
		if b.Share > 0 {
			top = min(top, int(h)-2*thin)
		}
		fill(dst, snap(x0+gap), top, snap(x1-gap), int(h), kept)
	}
	line := r.ink(foreground)
	for i, v := range r.ghost {
		if i >= len(r.bars) {
			break
		}
		x0, x1 := r.slot(i, w)
		a, b, top := snap(x0+gap), snap(x1-gap), min(snap(h*float32(1-clamp01(v))), int(h)-thin)
		fill(dst, a, top, b, top+thin, line)
		fill(dst, a, top, a+thin, int(h), line)
		fill(dst, b-thin, top, b, int(h), line)
	}
}

func (r ratioPlot) labels(s fyne.Size) []label {
	a := r.area(s)
	var out []label
	half := measure("0", captionMono).Height / 2
	for _, v := range []struct {
		text string
		at   float32
	}{{"100", 0}, {"50", 0.5}, {"0", 1}} {
		out = append(out, label{v.text, a.x - theme.Gap, a.y + v.at*a.h - half, captionMono, theme.ColorFaint, fyne.TextAlignTrailing})
	}
	return append(out, spread(len(r.bars), func(i int) (string, float32) {
		x0, x1 := r.slot(i, a.w)
		return r.bars[i].Label, a.x + (x0+x1)/2
	}, a.y+a.h+theme.Step-1)...)
}

// spread labels things along a line, every so many where all would not fit.
func spread(n int, at func(i int) (text string, x float32), y float32) []label {
	var out []label
	edge := float32(-1e6)
	widest := float32(0)
	for i := range n {
		text, _ := at(i)
		widest = max(widest, measure(text, captionMono).Width)
	}
	every := 1
	if n > 1 {
		_, first := at(0)
		_, second := at(1)
		for float32(every)*(second-first) < widest+theme.Gap && every < n {
			every++
		}
	}
	for i := 0; i < n; i += every {
		text, x := at(i)
		w := measure(text, captionMono).Width
		if x-w/2 < edge {
			continue
		}
		out = append(out, label{text, x, y, captionMono, theme.ColorFaint, fyne.TextAlignCenter})
		edge = x + w/2 + theme.Step
	}
	return out
}
