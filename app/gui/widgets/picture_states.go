package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// busy is a pill with a text and three dots that take turns.
type busy struct {
	widget.BaseWidget
	text  string
	dots  [3]*canvas.Circle
	pulse pulse
}

func newBusy() *busy {
	b := &busy{}
	for i := range b.dots {
		b.dots[i] = canvas.NewCircle(nil)
	}
	b.ExtendBaseWidget(b)
	b.Hide()
	return b
}

func (b *busy) set(on bool, text string) {
	if !on {
		b.pulse.stop()
		if b.Visible() {
			b.Hide()
		}
		return
	}
	b.text = text
	b.Refresh()
	b.Show()
	b.pulse.start(b.step)
}

func (b *busy) step(i int) {
	for j, dot := range b.dots {
		name := theme.ColorOnTipSoft
		if j == i%len(b.dots) {
			name = theme.ColorOnTip
		}
		dot.FillColor = tint(b, name)
		if j != i%len(b.dots) {
			dot.FillColor = faded(dot.FillColor, 0x60)
		}
		dot.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (b *busy) CreateRenderer() fyne.WidgetRenderer {
	const dot, gap = 6, 4
	box := &canvas.Rectangle{CornerRadius: 4 * theme.Step, StrokeWidth: 1}
	text := newText(caption)
	objects := []fyne.CanvasObject{box, text}
	for _, d := range b.dots {
		objects = append(objects, d)
	}
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min: func() fyne.Size {
			w := measure(b.text, caption).Width + 3*dot + 2*gap + theme.Gap + 2*theme.Inset
			return fyne.NewSize(w+2*theme.Step, 8*theme.Step)
		},
		layout: func(s fyne.Size) {
			place(box, 0, 0, s.Width, s.Height)
			x := float32(theme.Inset + theme.Step)
			for _, d := range b.dots {
				place(d, x, (s.Height-dot)/2, dot, dot)
				x += dot + gap
			}
			x += theme.Gap - gap
			h := text.MinSize().Height
			place(text, x, (s.Height-h)/2, s.Width-x, h)
		},
	}
	r.refresh = func() {
		box.FillColor, box.StrokeColor = tint(b, theme.ColorTip), tint(b, theme.ColorTipEdge)
		text.Text, text.Color = b.text, tint(b, theme.ColorOnTip)
		box.Refresh()
		text.Refresh()
		r.layout(b.Size())
	}
	b.step(0)
	r.refresh()
	return r
}

// notice fills a view with a dashed frame, an icon, a title, sentences and buttons: the empty
// state and the error state.
type notice struct {
	widget.BaseWidget
	view    *PictureView
	title   *canvas.Text
	icon    *canvas.Image
	text    *Note
	next    *Note
	buttons []*Button
	compact bool
	dashed  *canvas.Raster
	sheet   *image.RGBA
	failed  bool
}

func newNotice() *notice {
	n := &notice{title: newText(bodyBold), icon: canvas.NewImageFromResource(nil), text: NewNote(""), next: NewNote("")}
	n.title.Alignment = fyne.TextAlignCenter
	n.text.align, n.next.align = fyne.TextAlignCenter, fyne.TextAlignCenter
	n.next.color = foreground
	n.dashed = canvas.NewRaster(n.drawFrame)
	n.ExtendBaseWidget(n)
	n.Hide()
	return n
}

func (n *notice) set(p *PictureView, on bool) {
	if !on {
		if n.Visible() {
			n.Hide()
		}
		return
	}
	n.view, n.failed, n.compact = p, p.state == pictureError, p.compact
	n.title.Text = p.title
	n.text.SetText(p.text)
	n.next.SetText(p.next)
	n.buttons = nil
	if n.compact {
		// The title alone, wrapped: the view beside the small ones says the rest.
		n.text.SetText(p.title)
		n.title.Text = ""
		n.next.SetText("")
		n.Show()
		n.Refresh()
		return
	}
	for _, a := range p.acts {
		kind := Outline
		if a.Primary {
			kind = Primary
		}
		n.buttons = append(n.buttons, NewButton(a.Label, kind, a.Do))
	}
	n.Show()
	n.Refresh()
}

// drawFrame paints the outline in which a picture may be dropped.
func (n *notice) drawFrame(w, h int) image.Image {
	n.sheet = sheet(n.sheet, w, h)
	s := scaleOf(n)
	if !n.failed && !n.compact && min(w, h) > 8 {
		in := 1.5 * s
		strokeLine(n.sheet, roundRect(in, in, float32(w)-in, float32(h)-in, 3*theme.Step*s), 1.5*s,
			tint(n, fyneInputBorder), 6*s, 6*s)
	}
	return n.sheet
}

// CreateRenderer implements fyne.Widget.
func (n *notice) CreateRenderer() fyne.WidgetRenderer {
	panel := newPanelBox()
	r := &renderer{}
	r.objects = func() []fyne.CanvasObject {
		out := []fyne.CanvasObject{panel, n.dashed, n.icon, n.title, n.text, n.next}
		for _, b := range n.buttons {
			out = append(out, b)
		}
		return out
	}
	r.min = func() fyne.Size { return fyne.Size{} }
	r.layout = func(s fyne.Size) {
		icon, edge := float32(12*theme.Step), float32(12*theme.Step)
		if n.compact {
			icon, edge = 6*theme.Step, 4*theme.Step
		}
		place(n.dashed, 0, 0, s.Width, s.Height)
		width := max(min(s.Width-edge, 110*theme.Step), 40)
		n.text.Resize(fyne.NewSize(width, 0))
		n.next.Resize(fyne.NewSize(width, 0))
		title, text, next := n.title.MinSize().Height, n.text.MinSize().Height, n.next.MinSize().Height
		if n.compact {
			title = 0
		}
		total := icon + 3*theme.Step + title
		for _, h := range []float32{text, next} {
			if h > 0 {
				total += h + theme.Gap
			}
		}
		row := float32(0)
		for _, b := range n.buttons {
			row += b.MinSize().Width + theme.Gap
		}
		if len(n.buttons) > 0 {
			total += 5*theme.Step + n.buttons[0].MinSize().Height
		}
		x, y := (s.Width-width)/2, (s.Height-total)/2
		place(panel, x-6*theme.Step, y-6*theme.Step, width+12*theme.Step, total+12*theme.Step)
		place(n.icon, (s.Width-icon)/2, y, icon, icon)
		y += icon + 3*theme.Step
		place(n.title, x, y, width, title)
		y += title
		for _, o := range []*Note{n.text, n.next} {
			if h := o.MinSize().Height; h > 0 {
				y += theme.Gap
				place(o, x, y, width, h)
				y += h
			}
		}
		y += 5 * theme.Step
		x = (s.Width - row + theme.Gap) / 2
		for _, b := range n.buttons {
			m := b.MinSize()
			place(b, x, y, m.Width, m.Height)
			x += m.Width + theme.Gap
		}
	}
	r.refresh = func() {
		n.title.Color = tint(n, foreground)
		n.title.Refresh()
		paintPanel(n, panel, false)
		panel.Hidden = !n.failed || n.compact
		if n.failed {
			panel.StrokeColor = faded(tint(n, fynetheme.ColorNameError), 0x90)
			n.icon.Resource = tinted(IconWarn, tint(n, fynetheme.ColorNameError))
		} else {
			n.icon.Resource = tinted(IconDrop, tint(n, theme.ColorFaint))
		}
		n.icon.Refresh()
		n.text.Refresh()
		n.next.Refresh()
		n.dashed.Refresh()
		for _, b := range n.buttons {
			b.Refresh()
		}
		r.layout(n.Size())
		canvas.Refresh(n.dashed)
	}
	r.refresh()
	return r
}
