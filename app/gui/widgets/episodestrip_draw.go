package widgets

import (
	"image"
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

const (
	episodeHead = 5 * theme.Step   // for the labels
	episodeTick = 4 * theme.Step   // a step
	episodeLook = 6 * theme.Step   // a step with a look
	episodeFoot = 4*theme.Step + 2 // for the numbers
	episodeEnd  = episodeHead + 7*theme.Step
	episodeTall = episodeEnd + episodeFoot
)

// generate paints the ticks. Where there are more steps than pixels they run together.
func (s *EpisodeStrip) generate(w, h int) image.Image {
	s.sheet = sheet(s.sheet, w, h)
	if w < 2 || h < 2 || s.Size().Width <= 0 || s.marks.Of == 0 {
		return s.sheet
	}
	scale := float32(w) / s.Size().Width
	tick := func(i int, tall float32, c color.RGBA) {
		x, wide := stepSpan(i, s.marks.Of, s.Size().Width)
		a := snap(x * scale)
		fill(s.sheet, a, 0, max(snap((x+wide)*scale), a+1), snap(tall*scale), c)
	}
	plain, room := premultiplied(tint(s, theme.ColorBlock)), premultiplied(faded(tint(s, theme.ColorTrack), 0x70))
	every := max(int(float32(s.marks.Of)/max(float32(w), 1)), 1) // as many as there are pixels
	for i := 0; i < s.marks.Of; i += every {
		c := room
		if i < s.marks.Steps {
			c = plain
		}
		tick(i, episodeTick, c)
	}
	for _, i := range s.marks.Looks {
		tick(i, episodeLook, premultiplied(tint(s, theme.ColorSoft)))
	}
	if s.marks.Success && s.marks.Steps > 0 {
		tick(s.marks.Steps-1, episodeLook, premultiplied(tint(s, theme.ColorKept)))
	}
	return s.sheet
}

// episodeDrawing holds the canvas objects of an EpisodeStrip.
type episodeDrawing struct {
	s            *EpisodeStrip
	raster       *canvas.Raster
	scrubber     *canvas.Rectangle
	here         *canvas.Text
	names, ticks []*canvas.Text
	tip          *tip
	list         []fyne.CanvasObject
}

// CreateRenderer implements fyne.Widget.
func (s *EpisodeStrip) CreateRenderer() fyne.WidgetRenderer {
	d := &episodeDrawing{s: s, raster: canvas.NewRaster(s.generate), scrubber: &canvas.Rectangle{CornerRadius: 1},
		here: newText(captionMono), tip: newTip()}
	d.raster.ScaleMode = canvas.ImageScalePixels
	d.here.TextStyle.Bold = true
	s.show, s.redraw = d.position, d.redraw
	r := &renderer{
		objects: func() []fyne.CanvasObject { return d.list },
		min:     func() fyne.Size { return fyne.NewSize(60*theme.Step, episodeTall) },
		layout:  d.layout,
		refresh: func() { d.redraw(); s.play.Refresh() },
		destroy: func() { s.show, s.redraw = nil, nil },
	}
	d.layout(s.Size())
	return r
}

func (d *episodeDrawing) redraw() {
	d.layout(d.s.Size())
	d.raster.Refresh()
}

func (d *episodeDrawing) layout(size fyne.Size) {
	s := d.s
	place(s.play, 0, episodeHead+(episodeTick-timelinePlay)/2, timelinePlay, timelinePlay)
	place(d.raster, 0, episodeHead, size.Width, episodeLook)
	var names, ticks []fyne.CanvasObject
	labels := s.labels(size.Width)
	d.names, names = resize(d.names, len(labels), func() *canvas.Text { return newText(caption) })
	for i, l := range labels {
		placeLabel(s, d.names[i], l)
	}
	labels = s.numbers(size.Width)
	d.ticks, ticks = resize(d.ticks, len(labels), func() *canvas.Text { return newText(captionMono) })
	for i, l := range labels {
		placeLabel(s, d.ticks[i], l)
	}
	d.list = append([]fyne.CanvasObject{d.raster, s.play}, names...)
	d.list = append(append(d.list, ticks...), d.scrubber, d.here, d.tip)
	d.position()
}

// labels are the names above the steps. One that would lie on the one before moves to its right;
// one that would have to move far is left out.
func (s *EpisodeStrip) labels(width float32) []label {
	var out []label
	end := float32(0)
	for _, l := range s.marks.Labels {
		text := truncate(l.Text, caption, 30*theme.Step)
		x, w := stepSpan(l.Step, s.marks.Of, width)
		m := measure(text, caption)
		want := min(x+w/2-m.Width/2, width-m.Width)
		at := max(want, end)
		if at-want > 6*theme.Step || at+m.Width > width+0.5 {
			continue
		}
		out = append(out, label{text, at, (episodeHead-m.Height)/2 - 1, caption, theme.ColorSoft, fyne.TextAlignLeading})
		end = at + m.Width + theme.Gap
	}
	return out
}

// numbers are the first step's and the last one's.
func (s *EpisodeStrip) numbers(width float32) []label {
	if s.marks.Of == 0 || width <= stepLeft {
		return nil
	}
	out := []label{{"0", stepLeft, episodeEnd, captionMono, theme.ColorFaint, fyne.TextAlignLeading}}
	if last := s.marks.Of - 1; last > 0 {
		out = append(out, label{strconv.Itoa(last), width, episodeEnd, captionMono, theme.ColorFaint, fyne.TextAlignTrailing})
	}
	return out
}

// position moves the scrubber, its number and the tooltip. A number under the scrubber's gives way.
func (d *episodeDrawing) position() {
	s, width := d.s, d.s.Size().Width
	hidden := s.at < 0 || s.at >= s.marks.Steps
	d.scrubber.Hidden, d.here.Hidden = hidden, hidden
	if !hidden {
		x, w := stepSpan(s.at, s.marks.Of, width)
		thick := float32(2)
		if s.focused {
			thick = 4
		}
		d.scrubber.FillColor, d.here.Color = tint(s, foreground), tint(s, foreground)
		place(d.scrubber, x+(w-thick)/2, episodeHead-theme.Step, thick, episodeEnd-episodeHead+theme.Step)
		d.here.Text = stepNumber(s.at)
		m := measure(d.here.Text, captionMono)
		place(d.here, max(min(x+w/2-m.Width/2, width-m.Width), stepLeft), episodeEnd, m.Width, m.Height)
	}
	for _, t := range d.ticks {
		near := t.Position().X < d.here.Position().X+d.here.Size().Width+theme.Step && t.Position().X+t.Size().Width > d.here.Position().X-theme.Step
		t.Hidden = !hidden && near
		t.Refresh()
	}
	d.scrubber.Refresh()
	d.here.Refresh()
	lines := s.reading()
	d.tip.set(lines)
	if lines != nil {
		x, w := stepSpan(s.hovered, s.marks.Of, width)
		m := d.tip.MinSize()
		d.tip.Move(fyne.NewPos(max(min(x+w/2-m.Width/2, width-m.Width), 0), episodeHead-m.Height-2))
	}
}
