package gui

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
)

// layerBars scrubs through the layers of several sides at once: for each layer a bar a side, as
// high as what it keeps there, and under them how alike two of the sides are.
//
//	▶        ▮▮▮  ▮▮▮  ▮▮▁  ▮▁▁   a bar a side
//	         0    1    2    3
//	A·B ▾    ▇    ▇    ▃    ▂    Jaccard index of the pair
//	         layer 2:  A 64  B 41  C 133 of 256 …
type layerBars struct {
	widget.BaseWidget
	onSeek func(layer int)
	onPlay func(play bool)

	data    layerData
	at      int // the layer under the scrubber
	hovered int // -1: none
	focused bool
	playing bool

	play *widgets.Button
	pair *widgets.Button
	draw *layerDrawing // nil until it is shown
}

// layerData is what layerBars shows.
type layerData struct {
	// kept[side][layer] counts the visual tokens that a side has left in a layer; -1: not yet known.
	kept [][]int
	of   int
	// jaccard[layer] is the index of the pair, NaN where it is not known.
	jaccard []float64
	// pair names the two sides: A · B.
	pair string
}

func (d layerData) layers() int {
	n := len(d.jaccard)
	for _, k := range d.kept {
		n = max(n, len(k))
	}
	return n
}

var (
	_ fyne.Tappable      = (*layerBars)(nil)
	_ fyne.Draggable     = (*layerBars)(nil)
	_ fyne.Focusable     = (*layerBars)(nil)
	_ desktop.Hoverable  = (*layerBars)(nil)
	_ desktop.Cursorable = (*layerBars)(nil)
)

func newLayerBars(choosePair func()) *layerBars {
	l := &layerBars{hovered: -1}
	l.play = widgets.NewIconButton(widgets.IconPlay, "play the layers", l.togglePlay)
	l.play.SetKind(widgets.Outline)
	l.pair = widgets.NewButton("", widgets.Ghost, choosePair)
	l.ExtendBaseWidget(l)
	return l
}

func (l *layerBars) set(d layerData) {
	l.data = d
	l.at = max(min(l.at, d.layers()-1), 0)
	l.Refresh()
}

// seek moves the scrubber without calling onSeek.
func (l *layerBars) seek(layer int) {
	layer = max(min(layer, l.data.layers()-1), 0)
	if layer != l.at {
		l.at = layer
		if l.draw != nil {
			l.draw.move()
		}
	}
}

func (l *layerBars) setPlaying(on bool) {
	if l.playing != on {
		l.playing = on
		icon := widgets.IconPlay
		if on {
			icon = widgets.IconPause
		}
		l.play.SetIcon(icon)
	}
}

func (l *layerBars) togglePlay() {
	if l.data.layers() > 0 {
		l.onPlay(!l.playing)
	}
}

const (
	layersLeft    = 88 // the column of the buttons
	layersBars    = 44 // height of what keeps everything
	layersLabel   = 18
	layersJaccard = 20
	layersReadout = 20
	layersHeight  = layersBars + layersLabel + layersJaccard + theme.Step + layersReadout
)

// span is where a layer lies.
func (l *layerBars) span(layer int) (x, w float32) {
	n := float32(max(l.data.layers(), 1))
	gap := float32(theme.Gap)
	if (l.Size().Width-layersLeft)/n < 28 {
		gap = 2
	}
	w = max((l.Size().Width-layersLeft-gap*(n-1))/n, 1)
	return layersLeft + float32(layer)*(w+gap), w
}

func (l *layerBars) layerAt(pos fyne.Position) int {
	n := l.data.layers()
	if n == 0 || pos.X < layersLeft {
		return -1
	}
	_, w := l.span(0)
	next, _ := l.span(1)
	return min(int((pos.X-layersLeft)/max(next-layersLeft, w)), n-1)
}

func (l *layerBars) choose(layer int) {
	if layer < 0 || layer >= l.data.layers() || layer == l.at {
		return
	}
	l.seek(layer)
	l.onSeek(layer)
}

// Tapped implements fyne.Tappable.
func (l *layerBars) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
		c.Focus(l)
	}
	l.choose(l.layerAt(e.Position))
}

// Dragged implements fyne.Draggable.
func (l *layerBars) Dragged(e *fyne.DragEvent) {
	l.choose(l.layerAt(fyne.NewPos(max(e.Position.X, layersLeft), e.Position.Y)))
}

// DragEnd implements fyne.Draggable.
func (l *layerBars) DragEnd() {}

// Cursor implements desktop.Cursorable.
func (l *layerBars) Cursor() desktop.Cursor {
	if l.hovered >= 0 {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// MouseIn implements desktop.Hoverable.
func (l *layerBars) MouseIn(e *desktop.MouseEvent) { l.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (l *layerBars) MouseMoved(e *desktop.MouseEvent) { l.hover(l.layerAt(e.Position)) }

// MouseOut implements desktop.Hoverable.
func (l *layerBars) MouseOut() { l.hover(-1) }

func (l *layerBars) hover(layer int) {
	if l.hovered != layer {
		l.hovered = layer
		if l.draw != nil {
			l.draw.read()
		}
	}
}

// FocusGained implements fyne.Focusable.
func (l *layerBars) FocusGained() { l.focused = true; l.Refresh() }

// FocusLost implements fyne.Focusable.
func (l *layerBars) FocusLost() { l.focused = false; l.Refresh() }

// TypedRune implements fyne.Focusable.
func (l *layerBars) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (l *layerBars) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		l.choose(l.at - 1)
	case fyne.KeyRight:
		l.choose(l.at + 1)
	case fyne.KeyHome:
		l.choose(0)
	case fyne.KeyEnd:
		l.choose(l.data.layers() - 1)
	case fyne.KeySpace:
		l.togglePlay()
	}
}

// reading is the line under the bars, in parts that have a colour each: the letter of a side, then
// its count.
func (l *layerBars) reading() (parts []string, sides []int) {
	layer := l.at
	if l.hovered >= 0 {
		layer = l.hovered
	}
	if l.data.layers() == 0 {
		return nil, nil
	}
	add := func(side int, text string) { parts, sides = append(parts, text), append(sides, side) }
	add(-1, fmt.Sprintf("layer %d keeps ", layer))
	for i, k := range l.data.kept {
		text := "…"
		if layer < len(k) && k[layer] >= 0 {
			text = fmt.Sprint(k[layer])
		}
		add(i, letter(i))
		add(-1, text)
	}
	add(-1, fmt.Sprintf("of %d", l.data.of))
	return parts, sides
}

// alike is what stands beside the bars of the pair.
func (l *layerBars) alike() string {
	layer := l.at
	if l.hovered >= 0 {
		layer = l.hovered
	}
	if layer < len(l.data.jaccard) && !math.IsNaN(l.data.jaccard[layer]) {
		return fmt.Sprintf("Jaccard %.2f", l.data.jaccard[layer])
	}
	return "Jaccard"
}

// letter names a side: A, B, C, D.
func letter(side int) string { return string(rune('A' + side)) }

// layerDrawing holds the canvas objects: one raster of bars, a label a layer, the readout's parts.
type layerDrawing struct {
	l         *layerBars
	bars      *canvas.Raster
	sheet     *image.RGBA
	scrubber  *canvas.Rectangle
	index     *canvas.Text
	labels    []*canvas.Text
	texts     []*canvas.Text
	list      []fyne.CanvasObject
	plainHint *canvas.Text
}

// CreateRenderer implements fyne.Widget.
func (l *layerBars) CreateRenderer() fyne.WidgetRenderer {
	d := &layerDrawing{l: l, scrubber: &canvas.Rectangle{CornerRadius: 1},
		index:     &canvas.Text{Text: "Jaccard", TextSize: theme.CaptionSize},
		plainHint: &canvas.Text{Text: "What each side keeps, layer by layer, appears here.", TextSize: theme.CaptionSize}}
	d.bars = canvas.NewRaster(d.paint)
	l.draw = d
	d.Refresh()
	return d
}

// Objects implements fyne.WidgetRenderer.
func (d *layerDrawing) Objects() []fyne.CanvasObject { return d.list }

// MinSize implements fyne.WidgetRenderer.
func (d *layerDrawing) MinSize() fyne.Size { return fyne.NewSize(280, layersHeight) }

// Destroy implements fyne.WidgetRenderer.
func (d *layerDrawing) Destroy() {
	if d.l.draw == d {
		d.l.draw = nil
	}
}

// Refresh implements fyne.WidgetRenderer.
func (d *layerDrawing) Refresh() {
	n := d.l.data.layers()
	for len(d.labels) < n {
		d.labels = append(d.labels, &canvas.Text{TextSize: theme.CaptionSize, Alignment: fyne.TextAlignCenter})
	}
	d.labels = d.labels[:n]
	d.plainHint.Color, d.plainHint.Hidden = colour(theme.ColorFaint), n > 0
	d.index.Color = colour(theme.ColorFaint)
	d.scrubber.FillColor = colour(fynetheme.ColorNameForeground)
	d.scrubber.Hidden = n == 0
	d.index.Hidden = len(d.l.data.kept) < 2
	d.l.pair.Hidden = d.index.Hidden
	if n == 0 {
		d.l.play.Disable()
	} else {
		d.l.play.Enable()
	}
	d.l.pair.SetText(d.l.data.pair + " ▾")
	d.bars.Refresh()
	d.read()
	d.Layout(d.l.Size())
	d.move()
}

// Layout implements fyne.WidgetRenderer.
func (d *layerDrawing) Layout(s fyne.Size) {
	put(d.l.play, 0, (layersBars-32)/2+2, 32, 32)
	const y2 = layersBars + layersLabel
	put(d.bars, layersLeft, 0, s.Width-layersLeft, layersHeight-layersReadout)
	pairW := min(d.l.pair.MinSize().Width, layersLeft-theme.Gap)
	put(d.l.pair, -theme.Step, y2-theme.Gap, pairW, 28)
	m := d.index.MinSize()
	put(d.index, 0, layersHeight-layersReadout+2, m.Width, m.Height)
	put(d.plainHint, layersLeft, layersBars/2, s.Width-layersLeft, d.plainHint.MinSize().Height)
	every := 1
	if n := len(d.labels); n > 0 {
		_, w := d.l.span(0)
		for w*float32(every) < 22 {
			every *= 2
		}
	}
	for i, t := range d.labels {
		x, w := d.l.span(i)
		t.Hidden = i%every != 0
		put(t, x-10, layersBars+1, w+20, t.MinSize().Height)
	}
	d.placeReadout()
	d.placeScrubber()
}

func (d *layerDrawing) placeReadout() {
	x := float32(layersLeft)
	for _, t := range d.texts {
		m := t.MinSize()
		if t.TextStyle.Bold {
			x += theme.Step // before a side's letter
		}
		put(t, x, layersHeight-layersReadout+2, m.Width, m.Height)
		x += m.Width + theme.Step
	}
}

func (d *layerDrawing) placeScrubber() {
	x, w := d.l.span(d.l.at)
	thick := float32(2)
	if d.l.focused {
		thick = 4
	}
	put(d.scrubber, x+(w-thick)/2, 0, thick, layersBars+2)
}

// move repaints what depends on the position.
func (d *layerDrawing) move() {
	for i, t := range d.labels {
		t.Text, t.TextStyle.Bold, t.Color = fmt.Sprint(i), false, colour(theme.ColorFaint)
		if i == d.l.at {
			t.TextStyle.Bold, t.Color = true, colour(fynetheme.ColorNameForeground)
		}
		t.Refresh()
	}
	d.placeScrubber()
	d.scrubber.Refresh()
	d.read()
}

// read writes the line under the bars.
func (d *layerDrawing) read() {
	parts, sides := d.l.reading()
	for len(d.texts) < len(parts) {
		d.texts = append(d.texts, &canvas.Text{TextSize: theme.CaptionSize})
	}
	d.texts = d.texts[:len(parts)]
	d.index.Text = d.l.alike()
	d.index.Refresh()
	d.list = []fyne.CanvasObject{d.bars, d.l.play, d.l.pair, d.index, d.plainHint}
	for _, t := range d.labels {
		d.list = append(d.list, t)
	}
	for i, t := range d.texts {
		t.Text, t.Color, t.TextStyle = parts[i], colour(theme.ColorSoft), fyne.TextStyle{Monospace: true}
		if s := sides[i]; s >= 0 {
			t.Color, t.TextStyle = sideColour(s), fyne.TextStyle{Bold: true}
		}
		d.list = append(d.list, t)
	}
	d.list = append(d.list, d.scrubber)
	d.placeReadout()
	for _, t := range d.texts {
		t.Refresh()
	}
	canvas.Refresh(d.l)
}

// paint draws tracks and bars in device pixels.
func (d *layerDrawing) paint(w, h int) image.Image {
	if d.sheet == nil || d.sheet.Rect.Dx() != w || d.sheet.Rect.Dy() != h {
		d.sheet = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	clear(d.sheet.Pix)
	size := d.bars.Size()
	n := d.l.data.layers()
	if n == 0 || size.Width <= 0 || size.Height <= 0 {
		return d.sheet
	}
	fx, fy := float32(w)/size.Width, float32(h)/size.Height
	box := func(x, y0, bw, y1 float32, c color.Color) {
		r := image.Rect(int(x*fx+0.5), int(y0*fy+0.5), max(int((x+bw)*fx+0.5), int(x*fx+0.5)+1), int(y1*fy+0.5))
		flood(d.sheet, r, c)
	}
	track := colour(theme.ColorTrack)
	for layer := range n {
		x, span := d.l.span(layer)
		x -= layersLeft
		k := float32(len(d.l.data.kept))
		gap := float32(1)
		if span/max(k, 1) < 4 {
			gap = 0
		}
		one := (span - gap*(k-1)) / max(k, 1)
		for side, kept := range d.l.data.kept {
			left := x + float32(side)*(one+gap)
			box(left, 2, one, layersBars, track)
			if layer < len(kept) && kept[layer] >= 0 && d.l.data.of > 0 {
				top := layersBars - (layersBars-2)*float32(kept[layer])/float32(d.l.data.of)
				box(left, min(top, layersBars-1), one, layersBars, sideColour(side))
			}
		}
		if len(d.l.data.jaccard) > layer && !math.IsNaN(d.l.data.jaccard[layer]) {
			const floor = layersBars + layersLabel + layersJaccard
			box(x, floor-layersJaccard, span, floor, track)
			box(x, min(floor-layersJaccard*float32(d.l.data.jaccard[layer]), floor-1), span, floor, colour(theme.ColorSoft))
		}
	}
	return d.sheet
}

// flood fills a rectangle, cut to the image, without blending.
func flood(dst *image.RGBA, r image.Rectangle, c color.Color) {
	v := color.RGBAModel.Convert(c).(color.RGBA)
	r = r.Intersect(dst.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := dst.Pix[dst.PixOffset(r.Min.X, y):dst.PixOffset(r.Max.X, y)]
		for i := 0; i+3 < len(row); i += 4 {
			row[i], row[i+1], row[i+2], row[i+3] = v.R, v.G, v.B, v.A
		}
	}
}
