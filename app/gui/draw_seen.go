package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/app/judge"
	"winnow/internal/trace"
)

// seenSides is what the built-in VLM saw of the dense picture and of the pruned one shown, of those
// that it looked at.
func (d *drawing) seenSides() []judge.Named {
	var out []judge.Named
	add := func(name string, x *trace.Side) {
		if x != nil && x.Seen != nil {
			out = append(out, judge.Named{Name: name, Facts: x.Seen.Facts})
		}
	}
	add("dense", d.state().Dense)
	add(d.prunedName(), d.prunedSide())
	return out
}

// looks tells that all sides of the run are drawn and the built-in VLM is at work.
func (d *drawing) looks() bool {
	s := d.state()
	last := s.Dense
	if n := len(s.Request.Stacks()); n > 0 {
		last = s.Side(trace.SideName(n - 1))
	}
	if _, own := builtIn(s.Request.Model); !own || s.Request.Draw == nil || last == nil || last.Drawn == nil || len(last.Drawn.Image) == 0 {
		return false
	}
	return len(judge.Facts(s.Request.Draw.Prompt)) > 0
}

// lookedMS is how long the VLM looked, which is no part of drawing.
func lookedMS(s *trace.State) float64 {
	ms := 0.0
	for _, x := range append([]*trace.Side{s.Dense}, s.Sides...) {
		if x != nil && x.Seen != nil {
			ms += max(x.Seen.MS, 0)
		}
	}
	return min(ms, s.TotalMS)
}

// seenRow says what the built-in VLM sees of what was asked for: in one line where that fits, else
// wrapped under the name; and below it what is not where or as it was asked for. It lays itself out.
type seenRow struct {
	name         fyne.CanvasObject
	value        *painted
	text         *canvas.Text // of value
	long, misses *widgets.Note
	box          *fyne.Container
	width        float32 // as laid out last
}

func newSeenRow() *seenRow {
	r := &seenRow{name: newCaption("The built-in VLM sees"), text: &canvas.Text{TextSize: theme.CaptionSize}, long: widgets.NewNote(""), misses: widgets.NewNote("")}
	r.value = &painted{content: r.text, paint: func() { r.text.Color = colour(fynetheme.ColorNameForeground) }}
	r.value.ExtendBaseWidget(r.value)
	r.box = container.New(r, r.name, r.value, r.long, r.misses)
	r.box.Hide()
	return r
}

// set shows what judge.Sum says, and nothing of nothing.
func (r *seenRow) set(sees, misses string) {
	r.text.Text = sees
	r.long.SetText(sees)
	if misses != "" {
		misses = capital(misses) + "."
	}
	r.misses.SetText(misses)
	r.value.Refresh()
	if sees == "" {
		r.box.Hide()
	} else {
		r.box.Show()
	}
	r.box.Refresh()
}

// fits tells whether name and value have room beside each other.
func (r *seenRow) fits() bool {
	return r.width == 0 || r.name.MinSize().Width+theme.Inset+r.value.MinSize().Width <= r.width
}

// MinSize implements fyne.Layout: like a note's, its height follows the width that it has.
func (r *seenRow) MinSize([]fyne.CanvasObject) fyne.Size {
	h := r.name.MinSize().Height
	if !r.fits() {
		h += r.long.MinSize().Height
	}
	return fyne.NewSize(0, h+r.misses.MinSize().Height)
}

// Layout implements fyne.Layout.
func (r *seenRow) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	r.width = s.Width
	name, value := r.name.MinSize(), r.value.MinSize()
	put(r.name, 0, 0, name.Width, name.Height)
	put(r.value, s.Width-value.Width, 0, value.Width, value.Height)
	put(r.long, 0, name.Height, s.Width, r.long.MinSize().Height) // breaks its lines
	y := name.Height
	if r.fits() {
		r.value.Show()
		r.long.Hide()
	} else {
		r.value.Hide()
		r.long.Show()
		y += r.long.MinSize().Height
	}
	put(r.misses, 0, y, s.Width, r.misses.MinSize().Height)
}
