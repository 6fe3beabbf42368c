package widgets

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// NeuronRow is one layer of a NeuronStrip.
type NeuronRow struct {
	Label string
	// N neurons, of which those of Lit are used. Indices outside of 0…N-1 are ignored.
	N   int
	Lit []int
	// Dense is true where all of them are used; Lit says nothing then.
	Dense bool
}

// NeuronStrip shows layers × neurons with the core set lit. Where there are more neurons than
// pixels, a column is as bright as its brightest share: any lit neuron shows, more shine more.
type NeuronStrip struct {
	widget.BaseWidget
	// OnHover says where the pointer is; inside is false when it left.
	OnHover func(row, neuron int, inside bool)

	rows            []neuronRow
	hint            string
	hovRow, hovered int // layer and neuron under the pointer, -1: none

	raster *canvas.Raster
	sheet  *image.RGBA
	hover  func()
}

// neuronRow is a NeuronRow with its set as a table.
type neuronRow struct {
	label string
	n     int
	dense bool
	lit   []bool
	count int
}

var _ desktop.Hoverable = (*NeuronStrip)(nil)

// NewNeuronStrip makes an empty one.
func NewNeuronStrip() *NeuronStrip {
	n := &NeuronStrip{hovRow: -1, hovered: -1, hint: "No neurons were chosen."}
	n.raster = canvas.NewRaster(n.paint)
	n.raster.ScaleMode = canvas.ImageScalePixels
	n.ExtendBaseWidget(n)
	return n
}

// SetRows replaces the layers.
func (s *NeuronStrip) SetRows(rows []NeuronRow) {
	s.rows = make([]neuronRow, len(rows))
	for i, r := range rows {
		n := max(r.N, 0)
		out := neuronRow{label: r.Label, n: n, dense: r.Dense, lit: make([]bool, n)}
		for _, j := range r.Lit {
			if j >= 0 && j < n && !out.lit[j] {
				out.lit[j] = true
				out.count++
			}
		}
		if r.Dense {
			out.count = n
		}
		s.rows[i] = out
	}
	if s.hovRow >= len(rows) {
		s.hovRow, s.hovered = -1, -1
	}
	s.Refresh()
}

// SetHint is what the strip says without layers.
func (s *NeuronStrip) SetHint(text string) { s.hint = text; s.Refresh() }

// labelWidth is the room for the longest label.
func (s *NeuronStrip) labelWidth() float32 {
	longest := ""
	for _, r := range s.rows {
		if len(r.label) > len(longest) {
			longest = r.label
		}
	}
	if longest == "" {
		return 0
	}
	return measure(longest, captionMono).Width + theme.Gap
}

func (s *NeuronStrip) plot(size fyne.Size) frame {
	left := theme.Inset + s.labelWidth()
	foot := float32(6 * theme.Step)
	return frame{left, theme.Inset, size.Width - left - theme.Inset, size.Height - theme.Inset - foot}
}

// paint draws all layers into w × h device pixels. It builds one row of pixels a layer and
// repeats it, so a layer costs its neurons once.
func (s *NeuronStrip) paint(w, h int) image.Image {
	s.sheet = sheet(s.sheet, w, h)
	if len(s.rows) == 0 || w <= 0 || h <= 0 {
		return s.sheet
	}
	off, full := color.NRGBAModel.Convert(tint(s, theme.ColorTrack)).(color.NRGBA), color.NRGBAModel.Convert(tint(s, theme.ColorKept)).(color.NRGBA)
	all := premultiplied(tint(s, theme.ColorBlock))
	var ramp [256]color.RGBA
	for i := range ramp {
		ramp[i] = blend(off, full, i)
	}
	share := make([]uint8, w)
	for i, r := range s.rows {
		y0, y1 := i*h/len(s.rows), (i+1)*h/len(s.rows)
		if gap := (y1 - y0) / 5; y1-y0 > 2 {
			y1 -= max(gap, 1)
		}
		y1 = max(y1, y0+1)
		if r.dense {
			fill(s.sheet, 0, y0, w, y1, all)
			continue
		}
		s.columns(r, share)
		for x, v := range share {
			s.sheet.SetRGBA(x, y0, ramp[v])
		}
		first := s.sheet.Pix[s.sheet.PixOffset(0, y0):s.sheet.PixOffset(w, y0)]
		for y := y0 + 1; y < min(y1, h); y++ {
			copy(s.sheet.Pix[s.sheet.PixOffset(0, y):], first)
		}
	}
	return s.sheet
}

// columns brings a layer's neurons to pixel columns: 0 where none is lit, 255 where all are,
// and never below 90 where one is.
func (s *NeuronStrip) columns(r neuronRow, share []uint8) {
	w := len(share)
	for x := range share {
		from, to := x*r.n/w, (x+1)*r.n/w
		to = min(max(to, from+1), r.n)
		lit := 0
		for _, on := range r.lit[min(from, to):to] {
			if on {
				lit++
			}
		}
		share[x] = 0
		if lit > 0 {
			share[x] = uint8(90 + 165*lit/(to-from))
		}
	}
}

func blend(a, b color.NRGBA, t int) color.RGBA {
	mix := func(x, y uint8) uint8 { return uint8((int(x)*(255-t) + int(y)*t) / 255) }
	return premultiplied(color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), mix(a.A, b.A)})
}

// MouseIn implements desktop.Hoverable.
func (s *NeuronStrip) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *NeuronStrip) MouseMoved(e *desktop.MouseEvent) {
	p := s.plot(s.Size())
	x, y := (e.Position.X-p.x)/p.w, (e.Position.Y-p.y)/p.h
	if len(s.rows) == 0 || !(x >= 0 && x < 1 && y >= 0 && y < 1) {
		s.setHovered(-1, -1)
		return
	}
	row := min(int(y*float32(len(s.rows))), len(s.rows)-1)
	n := s.rows[row].n
	if n == 0 {
		s.setHovered(-1, -1)
		return
	}
	s.setHovered(row, min(int(x*float32(n)), n-1))
}

// MouseOut implements desktop.Hoverable.
func (s *NeuronStrip) MouseOut() { s.setHovered(-1, -1) }

func (s *NeuronStrip) setHovered(row, neuron int) {
	if row == s.hovRow && neuron == s.hovered {
		return
	}
	s.hovRow, s.hovered = row, neuron
	if s.OnHover != nil {
		s.OnHover(row, neuron, row >= 0)
	}
	if s.hover != nil {
		s.hover()
	}
}

// reading is the line under the strip: the neuron under the pointer, or a summary.
func (s *NeuronStrip) reading() string {
	if s.hovRow >= 0 && s.hovRow < len(s.rows) && s.hovered >= 0 && s.hovered < s.rows[s.hovRow].n {
		r := s.rows[s.hovRow]
		used := "not used"
		if r.dense || r.lit[s.hovered] {
			used = "used"
		}
		return fmt.Sprintf("layer %s  neuron %d %s  %d of %d", r.label, s.hovered, used, r.count, r.n)
	}
	var lit, all int
	for _, r := range s.rows {
		lit, all = lit+r.count, all+r.n
	}
	if all == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d used, %.0f %%", lit, all, 100*float64(lit)/float64(all))
}

// CreateRenderer implements fyne.Widget.
func (s *NeuronStrip) CreateRenderer() fyne.WidgetRenderer {
	box := newPanelBox()
	hint := NewNote("")
	hint.color, hint.align = theme.ColorFaint, fyne.TextAlignCenter
	reading := newText(captionMono)
	var labels []*canvas.Text
	var objects []fyne.CanvasObject
	r := &renderer{objects: func() []fyne.CanvasObject { return objects }}
	// A tall stack is held at a height that still shows a pixel row a layer.
	r.min = func() fyne.Size {
		h := max(float32(len(s.rows)*14), 12*theme.Step) + 9*theme.Step
		return fyne.NewSize(48*theme.Step, min(h, 60*theme.Step))
	}
	s.hover = func() {
		reading.Text = s.reading()
		reading.Refresh()
	}
	r.layout = func(size fyne.Size) {
		place(box, 0, 0, size.Width, size.Height)
		p := s.plot(size)
		place(s.raster, p.x, p.y, p.w, p.h)
		place(hint, theme.Inset, (size.Height-hint.MinSize().Height)/2, size.Width-2*theme.Inset, hint.MinSize().Height)
		m := measure("0", captionMono)
		place(reading, p.x, size.Height-m.Height-theme.Step, p.w, m.Height)
		if len(s.rows) == 0 {
			return
		}
		each := p.h / float32(len(s.rows))
		// Labels that would overlap are left out, evenly.
		every := int(math.Ceil(float64(m.Height / max(each, 1))))
		for i, l := range labels {
			l.Hidden = i%max(every, 1) != 0
			place(l, theme.Inset, p.y+float32(i)*each+(each*0.8-m.Height)/2, p.x-theme.Inset-theme.Gap, m.Height)
		}
	}
	r.refresh = func() {
		paintPanel(s, box, false)
		labels, objects = resize(labels, len(s.rows), func() *canvas.Text { return newText(captionMono) })
		objects = append([]fyne.CanvasObject{box, s.raster, reading, hint}, objects...)
		for i, l := range labels {
			l.Text, l.Color, l.Alignment = s.rows[i].label, tint(s, theme.ColorFaint), fyne.TextAlignTrailing
		}
		hint.SetText(s.hint)
		hint.Refresh()
		hint.Hidden = len(s.rows) > 0
		s.raster.Hidden = len(s.rows) == 0
		reading.Color = tint(s, theme.ColorSoft)
		s.hover()
		r.layout(s.Size())
		for _, l := range labels {
			l.Refresh()
		}
		s.raster.Refresh()
	}
	r.refresh()
	return r
}
