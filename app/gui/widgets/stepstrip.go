package widgets

import (
	"image"
	"image/color"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

// StepKind is how a denoising step got its prediction.
type StepKind int

// The kinds.
const (
	StepPending      StepKind = iota // not reached yet
	StepFull                         // the whole network
	StepTokens                       // the network on some tokens
	StepSkipped                      // the last prediction again
	StepExtrapolated                 // out of several earlier ones
)

// StepMark is one step of a StepStrip.
type StepMark struct {
	Kind StepKind
	// Share of the tokens that were computed: the height of a StepTokens bar.
	Share float64
}

// StepStrip shows how each denoising step got its prediction, with a legend, and scrubs through
// them. Click or drag to seek; with the keyboard: left, right, Home, End, and Space to play.
type StepStrip struct {
	stepAxis
	title string
	marks []StepMark
	play  *Button
	sheet *image.RGBA
}

var (
	_ fyne.Tappable  = (*StepStrip)(nil)
	_ fyne.Draggable = (*StepStrip)(nil)
	_ fyne.Focusable = (*StepStrip)(nil)
)

// NewStepStrip makes one without steps.
func NewStepStrip() *StepStrip {
	s := &StepStrip{}
	s.self, s.position = s, -1
	s.play = NewButton("", Outline, s.togglePlay)
	s.play.small = true
	s.play.SetIcon(IconPlay)
	s.ExtendBaseWidget(s)
	return s
}

// SetTitle names whose steps they are.
func (s *StepStrip) SetTitle(text string) {
	if s.title != text {
		s.title = text
		s.Refresh()
	}
}

// SetSteps replaces the steps; a position beyond the last moves to the last.
func (s *StepStrip) SetSteps(marks []StepMark) {
	if !slices.Equal(marks, s.marks) {
		s.marks = slices.Clone(marks)
		s.setLength(len(marks))
		s.Refresh()
	}
}

// SetPlaying shows the button to pause, or to play.
func (s *StepStrip) SetPlaying(on bool) {
	if s.playing != on {
		s.playing = on
		icon := IconPlay
		if on {
			icon = IconPause
		}
		s.play.SetIcon(icon)
	}
}

const (
	stripHead  = 5 * theme.Step                  // title and legend
	stripBlock = 9 * theme.Step                  // a full step
	stripTop   = stripHead + theme.Step          // of the steps
	stripTicks = stripTop + stripBlock + 3       // of the numbers
	stripTall  = stripTicks + 4*theme.Step       // all of it
	glyph      = 9                               // side of a legend's mark
	glyphGap   = theme.Step + 1                  // between a mark and its name
	entryGap   = 3*theme.Step + theme.Step/2 + 1 // between two entries
)

// stripLegend are the entries of the legend, the one that is left out last first in line.
var stripLegend = []struct {
	text string
	mark StepMark
}{
	{"full", StepMark{Kind: StepFull}},
	{"on some tokens", StepMark{Kind: StepTokens, Share: 0.5}},
	{"skipped", StepMark{Kind: StepSkipped}},
	{"extrapolated", StepMark{Kind: StepExtrapolated}},
}

// legendAt is where entry i's mark begins.
func (s *StepStrip) legendAt(i int) float32 {
	x := s.Size().Width
	for j := len(stripLegend) - 1; j >= i; j-- {
		x -= measure(stripLegend[j].text, caption).Width + glyphGap + glyph
		if j > i {
			x -= entryGap
		}
	}
	return x
}

// stepNumber counts from 0, as methods and their parameters do.
func stepNumber(i int) string { return strconv.Itoa(i) }

// generate paints legend and steps.
func (s *StepStrip) generate(w, h int) image.Image {
	s.sheet = sheet(s.sheet, w, h)
	if w < 2 || h < 2 || s.Size().Width <= 0 {
		return s.sheet
	}
	scale := float32(w) / s.Size().Width
	mid := float32(stripHead) / 2
	for i, l := range stripLegend {
		x := s.legendAt(i)
		s.paint(l.mark, x*scale, (mid-glyph/2)*scale, (x+glyph)*scale, (mid+glyph/2)*scale, scale)
	}
	for i, m := range s.marks {
		x, wide := stepSpan(i, len(s.marks), s.Size().Width)
		s.paint(m, x*scale, stripTop*scale, (x+wide)*scale, (stripTop+stripBlock)*scale, scale)
	}
	return s.sheet
}

// paint draws one step's mark into a box of device pixels.
func (s *StepStrip) paint(m StepMark, x0, y0, x1, y1, scale float32) {
	ink := func(name fyne.ThemeColorName) color.RGBA { return premultiplied(tint(s, name)) }
	a, b, top, foot := snap(x0), max(snap(x1), snap(x0)+1), snap(y0), snap(y1)
	thin := max(snap(scale), 1)
	frame := func(c color.RGBA) {
		if b-a <= 3*thin { // no room for a frame
			fill(s.sheet, a, foot-thin, b, foot, c)
			fill(s.sheet, a, top, b, top+thin, c)
			return
		}
		fill(s.sheet, a, top, b, top+thin, c)
		fill(s.sheet, a, foot-thin, b, foot, c)
		fill(s.sheet, a, top, a+thin, foot, c)
		fill(s.sheet, b-thin, top, b, foot, c)
	}
	switch m.Kind {
	case StepPending:
		fill(s.sheet, a, top, b, foot, premultiplied(faded(tint(s, theme.ColorTrack), 0x70)))
	case StepFull:
		fill(s.sheet, a, top, b, foot, ink(theme.ColorMeasured))
	case StepTokens:
		frame(premultiplied(tint(s, theme.ColorKeptSoft)))
		h := snap(float32(clamp01(m.Share)) * float32(foot-top))
		fill(s.sheet, a, foot-max(h, 2*thin), b, foot, ink(theme.ColorKept))
	case StepSkipped:
		frame(ink(theme.ColorFaint))
	case StepExtrapolated:
		cx, cy := (x0+x1)/2, (y0+y1)/2
		r := max(min((x1-x0)/2, 6*scale), 1.5*scale)
		ring := []point{{cx, cy - r}, {cx + r, cy}, {cx, cy + r}, {cx - r, cy}, {cx, cy - r}}
		strokeLine(s.sheet, ring, 1.4*scale, tint(s, theme.ColorKept))
	}
}

// CreateRenderer implements fyne.Widget.
func (s *StepStrip) CreateRenderer() fyne.WidgetRenderer {
	raster := canvas.NewRaster(s.generate)
	raster.ScaleMode = canvas.ImageScaleFastest
	scrubber := &canvas.Rectangle{CornerRadius: 1}
	title := newText(captionBold)
	here := newText(captionMono)
	here.TextStyle.Bold = true
	names := make([]*canvas.Text, len(stripLegend))
	for i := range names {
		names[i] = newText(caption)
		names[i].Text = stripLegend[i].text
	}
	var ticks []*canvas.Text
	var objects []fyne.CanvasObject
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(90*theme.Step, stripTall) },
		destroy: func() { s.show = nil },
	}
	s.show = func() {
		scrubber.FillColor, here.Color = tint(s, foreground), tint(s, foreground)
		s.placeScrubber(scrubber, stripTop-theme.Step, stripTop+stripBlock+theme.Step)
		here.Hidden = scrubber.Hidden
		if !here.Hidden {
			here.Text = stepNumber(s.position)
			x, w := stepSpan(s.position, s.n, s.Size().Width)
			m := measure(here.Text, captionMono)
			x = min(x+w/2-m.Width/2, s.Size().Width-m.Width)
			place(here, x, stripTicks, m.Width, m.Height)
			for _, t := range ticks { // a number under it gives way
				at := t.Position().X
				t.Hidden = at < x+m.Width+theme.Step && at+t.Size().Width > x-theme.Step
			}
		}
		for _, t := range ticks {
			t.Refresh()
		}
		here.Refresh()
		scrubber.Refresh()
	}
	r.layout = func(size fyne.Size) {
		place(raster, 0, 0, size.Width, stripTop+stripBlock)
		place(s.play, 0, stripTop+(stripBlock-timelinePlay)/2, timelinePlay, timelinePlay)
		h := measure("Ag", caption).Height
		room := s.legendAt(0) - theme.Gap
		title.Text = truncate(s.title, captionBold, room)
		place(title, 0, (stripHead-h)/2, room, h)
		for i, t := range names {
			place(t, s.legendAt(i)+glyph+glyphGap, (stripHead-h)/2, measure(t.Text, caption).Width, h)
		}
		labels := stepTicks(len(s.marks), size.Width, stripTicks)
		var list []fyne.CanvasObject
		ticks, list = resize(ticks, len(labels), func() *canvas.Text { return newText(captionMono) })
		for i, l := range labels {
			m := measure(l.text, l.face)
			ticks[i].Text, ticks[i].Color, ticks[i].Hidden = l.text, tint(s, l.color), false
			place(ticks[i], min(l.x-m.Width/2, size.Width-m.Width), l.y, m.Width, m.Height)
		}
		objects = []fyne.CanvasObject{raster, s.play, title}
		for _, t := range names {
			objects = append(objects, t)
		}
		objects = append(append(objects, list...), scrubber, here)
		s.show()
	}
	r.refresh = func() {
		title.Color = tint(s, theme.ColorSoft)
		for _, t := range names {
			t.Color = tint(s, theme.ColorSoft)
		}
		if len(s.marks) == 0 {
			s.play.Disable()
		} else {
			s.play.Enable()
		}
		r.layout(s.Size())
		for _, o := range objects {
			o.Refresh()
		}
	}
	r.refresh()
	return r
}
