package widgets

import (
	"math"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// LayerBlock is one block of a Timeline: a layer, a denoising step, a robot's frame.
type LayerBlock struct {
	Label string // layer 2
	// N of Of rows were kept here: the block's height.
	N, Of int
	// Decided is true where something was decided: the block is in the accent.
	Decided bool
}

// Timeline shows what was kept layer by layer, and scrubs through it. Click or drag to seek;
// with the keyboard: left, right, Home, End, and Space to play.
type Timeline struct {
	widget.BaseWidget
	// OnSeek is called when the person moves to another block.
	OnSeek func(block int)
	// OnPlay asks to play or to pause; whoever plays answers with SetPlaying.
	OnPlay func(play bool)

	blocks   []LayerBlock
	position int // -1: none
	playing  bool
	focused  bool
	play     *Button
	draw     *timelineDrawing // nil until it is shown
}

var (
	_ fyne.Tappable  = (*Timeline)(nil)
	_ fyne.Draggable = (*Timeline)(nil)
	_ fyne.Focusable = (*Timeline)(nil)
)

// NewTimeline makes one without blocks.
func NewTimeline() *Timeline {
	t := &Timeline{position: -1}
	t.play = NewButton("", Outline, t.togglePlay)
	t.play.small = true
	t.play.SetIcon(IconPlay)
	t.ExtendBaseWidget(t)
	return t
}

// SetLayers replaces the blocks; a position beyond the last moves to the last.
func (t *Timeline) SetLayers(blocks []LayerBlock) {
	if slices.Equal(blocks, t.blocks) {
		return
	}
	t.blocks = slices.Clone(blocks)
	t.position = min(t.position, len(blocks)-1)
	t.Refresh()
}

// SetPosition moves the scrubber without calling OnSeek; -1 hides it.
func (t *Timeline) SetPosition(block int) {
	block = max(min(block, len(t.blocks)-1), -1)
	if block != t.position {
		t.position = block
		if t.draw != nil {
			t.draw.refreshPosition()
		}
	}
}

// At is the block under the scrubber, or -1.
func (t *Timeline) At() int { return t.position }

// SetPlaying shows the button to pause, or to play.
func (t *Timeline) SetPlaying(on bool) {
	if t.playing != on {
		t.playing = on
		icon := IconPlay
		if on {
			icon = IconPause
		}
		t.play.SetIcon(icon)
	}
}

// Playing says what the button shows.
func (t *Timeline) Playing() bool { return t.playing }

func (t *Timeline) togglePlay() {
	if t.OnPlay != nil && len(t.blocks) > 0 {
		t.OnPlay(!t.playing)
	}
}

func (t *Timeline) seek(block int) {
	block = max(min(block, len(t.blocks)-1), 0)
	if len(t.blocks) == 0 || block == t.position {
		return
	}
	t.SetPosition(block)
	if t.OnSeek != nil {
		t.OnSeek(block)
	}
}

const (
	timelinePlay  = 8 * theme.Step
	timelineLeft  = timelinePlay + theme.Gap
	timelineBlock = 11 * theme.Step // height of a full block
)

// span is where block i lies: neighbours are a gap apart that narrows when there are many.
func (t *Timeline) span(i int, width float32) (x, w float32) {
	n := float32(len(t.blocks))
	gap := float32(theme.Gap)
	if (width-timelineLeft)/n < 8*theme.Step {
		gap = 2
	}
	w = max((width-timelineLeft-gap*(n-1))/n, 1)
	return timelineLeft + float32(i)*(w+gap), w
}

func (t *Timeline) seekTo(x float32) {
	if len(t.blocks) == 0 || x < timelineLeft {
		return
	}
	_, w := t.span(0, t.Size().Width)
	next, _ := t.span(1, t.Size().Width)
	t.seek(int((x - timelineLeft) / max(next-timelineLeft, w)))
}

// Tapped implements fyne.Tappable.
func (t *Timeline) Tapped(e *fyne.PointEvent) {
	focus(t)
	t.seekTo(e.Position.X)
}

// Dragged implements fyne.Draggable.
func (t *Timeline) Dragged(e *fyne.DragEvent) { t.seekTo(max(e.Position.X, timelineLeft)) }

// DragEnd implements fyne.Draggable.
func (t *Timeline) DragEnd() {}

// FocusGained implements fyne.Focusable.
func (t *Timeline) FocusGained() { t.focused = true; t.refreshPosition() }

// FocusLost implements fyne.Focusable.
func (t *Timeline) FocusLost() { t.focused = false; t.refreshPosition() }

func (t *Timeline) refreshPosition() {
	if t.draw != nil {
		t.draw.refreshPosition()
	}
}

// TypedRune implements fyne.Focusable.
func (t *Timeline) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (t *Timeline) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		t.seek(t.position - 1)
	case fyne.KeyRight:
		t.seek(t.position + 1)
	case fyne.KeyHome:
		t.seek(0)
	case fyne.KeyEnd:
		t.seek(len(t.blocks) - 1)
	case fyne.KeySpace:
		t.togglePlay()
	}
}

// timelineDrawing holds the canvas objects: a pale and a filled rectangle a block, two texts a
// block that has room for them, and the scrubber.
type timelineDrawing struct {
	t            *Timeline
	ghost, block []*canvas.Rectangle
	label, count []*canvas.Text
	scrubber     *canvas.Rectangle
	list         []fyne.CanvasObject
}

// CreateRenderer implements fyne.Widget.
func (t *Timeline) CreateRenderer() fyne.WidgetRenderer {
	d := &timelineDrawing{t: t, scrubber: &canvas.Rectangle{CornerRadius: 1}}
	t.draw = d
	r := &renderer{
		objects: func() []fyne.CanvasObject { return d.list },
		min:     func() fyne.Size { return fyne.NewSize(60*theme.Step, timelineBlock+7*theme.Step) },
		layout:  d.layout,
		refresh: d.refresh,
		destroy: func() {
			if t.draw == d {
				t.draw = nil
			}
		},
	}
	d.refresh()
	return r
}

func (d *timelineDrawing) refresh() {
	n := len(d.t.blocks)
	rectangle := func() *canvas.Rectangle { return &canvas.Rectangle{CornerRadius: 2} }
	d.ghost, _ = resize(d.ghost, n, rectangle)
	d.block, _ = resize(d.block, n, rectangle)
	d.label, _ = resize(d.label, n, func() *canvas.Text { return newText(caption) })
	d.count, _ = resize(d.count, n, func() *canvas.Text {
		c := newText(captionMono)
		c.Alignment = fyne.TextAlignTrailing
		return c
	})
	d.list = []fyne.CanvasObject{d.t.play}
	for i, b := range d.t.blocks {
		d.ghost[i].FillColor = faded(tint(d.t, theme.ColorTrack), 0x70)
		d.block[i].FillColor = tint(d.t, theme.ColorBlock)
		if b.Decided {
			d.block[i].FillColor = tint(d.t, theme.ColorKept)
		}
		d.count[i].Text = strconv.Itoa(b.N)
		d.list = append(d.list, d.ghost[i], d.block[i], d.label[i], d.count[i])
	}
	d.list = append(d.list, d.scrubber)
	if n == 0 {
		d.t.play.Disable()
	} else {
		d.t.play.Enable()
	}
	d.scrubber.FillColor = tint(d.t, foreground)
	d.layout(d.t.Size())
	d.refreshPosition()
	for _, o := range d.list {
		o.Refresh()
	}
}

func (d *timelineDrawing) layout(size fyne.Size) {
	place(d.t.play, 0, (timelineBlock-timelinePlay)/2+theme.Step, timelinePlay, timelinePlay)
	for i, b := range d.t.blocks {
		if i >= len(d.block) {
			return
		}
		x, w := d.t.span(i, size.Width)
		place(d.ghost[i], x, theme.Step, w, timelineBlock)
		share := 0.
		if b.Of > 0 {
			share = clamp01(float64(b.N) / float64(b.Of))
		}
		h := float32(math.Round(share * timelineBlock))
		if b.N > 0 {
			h = max(h, 3)
		}
		place(d.block[i], x, theme.Step+timelineBlock-h, w, h)
	}
	d.layoutTexts()
	d.layoutScrubber()
}

// layoutTexts writes label and count under each block where both fit. Where they do not, it
// writes every so many counts, and label and count of the current block with room around them.
func (d *timelineDrawing) layoutTexts() {
	t := d.t
	n := min(len(t.blocks), len(d.label))
	if n == 0 {
		return
	}
	width := t.Size().Width
	var label, count float32
	for _, b := range t.blocks {
		label = max(label, measure(b.Label, captionBold).Width)
		count = max(count, measure(strconv.Itoa(b.N), captionMono).Width)
	}
	x0, w := t.span(0, width)
	next, _ := t.span(1, width)
	step := max(next-x0, 1)
	roomy := label+count+theme.Step <= w
	every := int(math.Ceil(float64((count + theme.Gap) / step)))
	y, h := float32(timelineBlock+2*theme.Step), measure("0", captionMono).Height
	// The current block's text takes this place when there is little.
	var from, to float32
	if !roomy && t.position >= 0 && t.position < n {
		b := t.blocks[t.position]
		long := measure(b.Label, captionBold).Width + theme.Gap + measure(strconv.Itoa(b.N), captionMono).Width
		x, _ := t.span(t.position, width)
		from = max(min(x+w/2-long/2, width-long), timelineLeft)
		to = from + long
	}
	for i := range n {
		x, _ := t.span(i, width)
		here := i == t.position
		l, c := d.label[i], d.count[i]
		l.Text = t.blocks[i].Label
		switch {
		case roomy:
			l.Hidden, c.Hidden = false, false
			place(l, x, y, w, h)
			place(c, x, y, w, h)
		case here:
			l.Hidden, c.Hidden = false, false
			place(l, from, y, to-from, h)
			place(c, from, y, to-from, h)
		default:
			own := measure(c.Text, captionMono).Width
			mid := x + w/2
			l.Hidden = true
			c.Hidden = i%every != 0 || to > 0 && mid+own/2+theme.Gap > from && mid-own/2-theme.Gap < to
			place(c, mid-own/2, y, own, h)
		}
	}
}

func (d *timelineDrawing) layoutScrubber() {
	d.scrubber.Hidden = d.t.position < 0 || d.t.position >= len(d.t.blocks)
	if !d.scrubber.Hidden {
		x, w := d.t.span(d.t.position, d.t.Size().Width)
		thick := float32(2)
		if d.t.focused {
			thick = 4
		}
		place(d.scrubber, x+(w-thick)/2, 0, thick, timelineBlock+2*theme.Step)
	}
}

// refreshPosition repaints what depends on the position: the scrubber and the labels' weight.
func (d *timelineDrawing) refreshPosition() {
	d.layoutTexts()
	for i := range min(len(d.label), len(d.t.blocks)) {
		here := i == d.t.position
		name := theme.ColorFaint
		if here {
			name = foreground
		}
		d.label[i].Color, d.count[i].Color = tint(d.t, name), tint(d.t, name)
		d.label[i].TextStyle.Bold = here
		d.label[i].Refresh()
		d.count[i].Refresh()
	}
	d.scrubber.FillColor = tint(d.t, foreground)
	d.layoutScrubber()
	d.scrubber.Refresh()
}
