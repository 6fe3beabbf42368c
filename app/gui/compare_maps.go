package gui

import (
	"fmt"
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"github.com/disintegration/imaging"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
	"winnow/vision/grid"
)

// mapCell is one side's picture with its caption.
type mapCell struct {
	box  *fyne.Container
	head *sideLine
	view *widgets.PictureView
}

// mapGrid places up to four maps, beside one another or two by two, so that each is as large as it
// can be, and together in the middle. What is hidden has no place.
type mapGrid struct {
	// aspect is width by height of what a map shows.
	aspect float32
}

const mapGap = theme.Inset

// MinSize implements fyne.Layout.
func (*mapGrid) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(280, 200) }

// Layout implements fyne.Layout.
func (g *mapGrid) Layout(o []fyne.CanvasObject, s fyne.Size) {
	var seen []fyne.CanvasObject
	for _, x := range o {
		if x.Visible() {
			seen = append(seen, x)
		}
	}
	n := len(seen)
	if n == 0 {
		return
	}
	aspect := g.aspect
	if !(aspect > 0) {
		aspect = 1
	}
	cols, rows, w := 1, n, float32(-1)
	for k := 1; k <= n; k++ {
		if n == 4 && k == 3 { // three and one leave a hole
			continue
		}
		r := (n + k - 1) / k
		wide := (s.Width - mapGap*float32(k-1)) / float32(k)
		high := (s.Height - mapGap*float32(r-1)) / float32(r)
		if fit := min(wide, (high-sideLineHeight)*aspect); fit > w {
			cols, rows, w = k, r, fit
		}
	}
	// A caption needs some width, even over a narrow picture.
	w = max(w, min(160, (s.Width-mapGap*float32(cols-1))/float32(cols)))
	h := (s.Height - mapGap*float32(rows-1)) / float32(rows)
	left := (s.Width - float32(cols)*w - mapGap*float32(cols-1)) / 2
	high := min(h, w/aspect+sideLineHeight)
	top := (s.Height - float32(rows)*high - mapGap*float32(rows-1)) / 2
	for i, x := range seen {
		put(x, left+float32(i%cols)*(w+mapGap), top+float32(i/cols)*(high+mapGap), w, high)
	}
}

// captioned puts a line over a picture.
type captioned struct{}

// MinSize implements fyne.Layout.
func (captioned) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(120, 120) }

// Layout implements fyne.Layout.
func (captioned) Layout(o []fyne.CanvasObject, s fyne.Size) {
	put(o[0], 0, 0, s.Width, sideLineHeight)
	put(o[1], 0, sideLineHeight, s.Width, s.Height-sideLineHeight)
}

func (c *comparison) buildMaps() fyne.CanvasObject {
	u := &c.ui
	u.grid = container.New(&u.places)
	for i := range maxStacks {
		m := &mapCell{head: newSideLine(), view: widgets.NewPictureView()}
		m.box = container.New(&captioned{}, m.head, m.view)
		m.view.Tooltip = func(row, col int) []string { return c.mapTip(i, row, col) }
		m.view.OnHover = func(row, col int, inside bool) { c.hovered(i, row, col, inside) }
		m.view.OnKey = c.w.typedKey
		m.box.Hide()
		u.maps[i] = m
		u.grid.Add(m.box)
	}
	u.fourth = &mapCell{head: newSideLine(), view: widgets.NewPictureView()}
	u.fourth.box = container.New(&captioned{}, u.fourth.head, u.fourth.view)
	u.fourth.view.Tooltip = func(row, col int) []string {
		if c.pointed != maxStacks {
			return nil
		}
		return c.overlapTip(row, col)
	}
	u.fourth.view.OnHover = func(row, col int, inside bool) { c.hovered(maxStacks, row, col, inside) }
	u.fourth.view.OnKey = c.w.typedKey
	u.fourth.box.Hide()
	u.grid.Add(u.fourth.box)
	u.overlap = widgets.NewPictureView()
	u.overlap.Tooltip = c.overlapTip
	u.overlap.OnKey = c.w.typedKey
	u.overlap.OnHover = func(int, int, bool) { canvas.Refresh(c.w.ui.brand) }
	u.legend = newPartsLine()
	u.overlapBox = container.New(&legended{}, u.overlap, u.legend)
	u.blank = widgets.NewPictureView()
	return container.NewStack(u.grid, u.overlapBox, u.blank)
}

// legended puts a line under a picture.
type legended struct{}

// MinSize implements fyne.Layout.
func (legended) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(280, 200) }

// Layout implements fyne.Layout.
func (legended) Layout(o []fyne.CanvasObject, s fyne.Size) {
	put(o[0], 0, 0, s.Width, s.Height-sideLineHeight-theme.Step)
	put(o[1], 0, s.Height-sideLineHeight, s.Width, sideLineHeight)
}

// cells are the maps, the overlap beside three of them last.
func (c *comparison) cells() []*mapCell { return append(c.ui.maps[:], c.ui.fourth) }

// contender is a side as the view shows it: of the run, or of the stacks before there is one.
type contender struct {
	label string
	side  *trace.Side // nil before it has started
}

// contenders are the sides of the run shown or, before there is one, the stacks that would take
// part.
func (c *comparison) contenders() []contender {
	s := c.state()
	r := s.Request
	if c.shown.state == nil || s != c.shown.state {
		r = c.plan.request(trace.Request{})
	}
	labels := labelsOf(r)
	out := make([]contender, min(len(labels), maxStacks))
	for i := range out {
		out[i] = contender{labels[i], s.Side(trace.SideName(i))}
	}
	return out
}

// comparedMask is what a side keeps in a layer. A method that only hides tokens while it answers
// keeps all in prefill; what counts for it is what most heads saw in the mean over the words.
func comparedMask(d *trace.Side, layer int) (mask []bool, answering bool) {
	mask = d.KeptMask(layer)
	if d.DecidesInDecode() && allTrue(mask) {
		if m := d.KeptMaskAt(layer, -1); m != nil && !allTrue(m) {
			return m, true
		}
	}
	return mask, false
}

func count(mask []bool) int {
	n := 0
	for _, k := range mask {
		if k {
			n++
		}
	}
	return n
}

// comparedDrawn says what the maps hold, so that only what changed is drawn again.
type comparedDrawn struct {
	input   *input
	picture *trace.Picture
	empty   bool
	maps    [maxStacks]string
	overlap string
	forced  string
	layers  string
	table   string
	busy    string
}

// mapSide is the longest side of the copy of the picture that maps show, in pixels.
const mapSide = 1024

// showMaps puts the picture with each side's overlay, or all sides' on one, into the centre.
func (c *comparison) showMaps() {
	u, w := &c.ui, c.w
	input := w.in
	show := func(o fyne.CanvasObject, on bool) {
		if on != o.Visible() {
			if on {
				o.Show()
			} else {
				o.Hide()
			}
		}
	}
	list := c.contenders()
	empty := input == nil || len(list) == 0
	show(u.blank, empty)
	show(u.grid, !empty && !c.plan.Overlap)
	show(u.overlapBox, !empty && c.plan.Overlap)
	if empty {
		c.showBlank(input != nil)
		c.drawn.input, c.drawn.picture = nil, nil
		return
	}
	s := c.state()
	if input != c.drawn.input {
		c.drawn = comparedDrawn{input: input}
		var img image.Image = input.Image
		if b := input.Image.Bounds(); max(b.Dx(), b.Dy()) > mapSide {
			img = imaging.Fit(input.Image, mapSide, mapSide, imaging.Box)
		}
		u.places.aspect = c.aspect(trace.Box{})
		u.grid.Refresh()
		u.overlap.SetPicture(img)
		for _, m := range c.cells() {
			m.view.SetPicture(img)
		}
	}
	if s.Picture != c.drawn.picture {
		c.drawn.picture = s.Picture
		seen, rows, cols := trace.Box{}, 0, 0
		if p := s.Picture; p != nil {
			seen, rows, cols = c.seen(), p.Rows, p.Cols
		}
		u.places.aspect = c.aspect(seen)
		u.grid.Refresh()
		u.overlap.SetGrid(seen, rows, cols)
		for _, m := range c.cells() {
			m.view.SetGrid(seen, rows, cols)
		}
		c.drawn.maps, c.drawn.overlap = [maxStacks]string{}, ""
	}
	in, out := forcedCells(s)
	if key := fmt.Sprint(in, out); key != c.drawn.forced {
		c.drawn.forced = key
		u.overlap.SetForced(in, out)
		for _, m := range c.cells() {
			m.view.SetForced(in, out)
		}
	}
	changed := false
	for i, m := range c.cells() {
		if on := i < len(list) || i == maxStacks && len(list) == 3; on != m.box.Visible() {
			show(m.box, on)
			changed = true
		}
	}
	if changed {
		u.grid.Refresh()
	}
	for i := range list {
		c.showMap(i, list[i])
	}
	c.showOverlap(list)
	c.showBusy()
}

// forcedCells are the cells that a run kept and took out by hand.
func forcedCells(s *trace.State) (in, out []int) {
	_, cols := s.Grid()
	for _, f := range s.Request.Force {
		if _, ok := s.CellIndex(f.Row, f.Col); !ok {
			continue
		}
		if cell := f.Row*cols + f.Col; f.Keep {
			in = append(in, cell)
		} else {
			out = append(out, cell)
		}
	}
	return in, out
}

// showBlank says what is missing before there is anything to compare.
func (c *comparison) showBlank(picture bool) {
	key := fmt.Sprint(picture)
	if c.drawn.empty && c.drawn.busy == key {
		return
	}
	c.drawn.empty, c.drawn.busy = true, key
	if !picture {
		c.ui.blank.Empty("Drop a picture anywhere", "Up to four stacks of methods answer one question about it, side by side.",
			widgets.Action{Label: "Open a picture", Do: c.w.chooseFile, Primary: true},
			widgets.Action{Label: "Try a sample scene", Do: func() { c.w.openScene(0) }})
		return
	}
	c.ui.blank.Empty("No stack takes part", "Add one at the left, or switch one on by its letter.",
		widgets.Action{Label: "Start with the methods", Do: c.reset, Primary: true})
}

// seen is what the model saw, in pixels of the copy that maps show.
func (c *comparison) seen() trace.Box {
	p, b := c.state().Picture, c.w.in.Image.Bounds()
	f := math.Min(1, float64(mapSide)/float64(max(b.Dx(), b.Dy(), 1)))
	fx, fy := f, f
	if p.Width > 0 && p.Height > 0 {
		fx = math.Max(math.Round(f*float64(b.Dx())), 1) / float64(p.Width)
		fy = math.Max(math.Round(f*float64(b.Dy())), 1) / float64(p.Height)
	}
	return trace.Box{X0: p.Seen.X0 * fx, Y0: p.Seen.Y0 * fy, X1: p.Seen.X1 * fx, Y1: p.Seen.Y1 * fy}
}

// aspect is width by height of the picture with what the model saw, which may stick out of it.
func (c *comparison) aspect(seen trace.Box) float32 {
	b := c.w.in.Image.Bounds()
	f := math.Min(1, float64(mapSide)/float64(max(b.Dx(), b.Dy(), 1)))
	w := math.Max(f*float64(b.Dx()), seen.X1) - math.Min(0, seen.X0)
	h := math.Max(f*float64(b.Dy()), seen.Y1) - math.Min(0, seen.Y0)
	if !(w > 0 && h > 0) {
		return 1
	}
	return float32(math.Min(math.Max(w/h, 0.25), 4))
}

// showBusy says over the first map what the run waits for.
func (c *comparison) showBusy() {
	busy := ""
	if s := c.state(); c.w.run != nil && c.w.run.compares {
		switch {
		case s.Model == nil:
			busy = "Loading the model"
		case s.Picture == nil:
			busy = "Encoding the picture"
		}
	}
	if c.drawn.busy != busy {
		c.drawn.busy = busy
		c.ui.maps[0].view.Busy(busy)
		c.ui.overlap.Busy(busy)
	}
}

// reached reports whether a side has computed a layer.
func reached(d *trace.Side, layer int) bool {
	return d != nil && (d.Done || layer < len(d.Layers) && d.Layers[layer].Seen)
}

// showMap colours one side's cells for the layer and mode chosen.
func (c *comparison) showMap(i int, k contender) {
	m, s, look := c.ui.maps[i], c.state(), c.w.look
	d := k.side
	n := -1
	if d != nil {
		n = len(d.Decisions)
	}
	key := fmt.Sprint(k.label, d != nil && d.Done, reached(d, c.at), c.at, n, s.Time, s.Running, look.Mode, look.Map)
	if key == c.drawn.maps[i] {
		return
	}
	c.drawn.maps[i] = key
	of, rows, cols := s.VisualCount(), 0, 0
	rows, cols = s.Grid()
	if !reached(d, c.at) || rows*cols == 0 {
		m.view.SetOverlay(nil)
		m.view.SetKept(nil)
		state := ""
		if s.Running {
			state = "waiting"
		}
		m.head.set(i, k.label, state, "")
		return
	}
	mask, answering := comparedMask(d, c.at)
	img, err := overlay(d, mask, c.at, grid.Grid{Rows: rows, Cols: cols}, look)
	if err != nil {
		img = nil // a grid of no cells
	}
	m.view.SetOverlay(img)
	more := ""
	if answering {
		more = " while answering"
	}
	m.head.set(i, k.label, fmt.Sprintf("%d of %d", count(mask), of), more)
	if allTrue(mask) {
		mask = nil // frames around everything say nothing
	}
	m.view.SetKept(mask)
	m.view.RefreshTooltip()
}

// hovered has the other maps frame the cell that the pointer is on.
func (c *comparison) hovered(i, row, col int, inside bool) {
	canvas.Refresh(c.w.ui.brand) // see window.buildCentre
	if inside {
		c.pointed = i
	} else if c.pointed == i {
		c.pointed = -1
		row, col = -1, -1
	}
	for j, m := range c.cells() {
		if j != i && m.box.Visible() {
			m.view.Follow(row, col)
		}
	}
}
