package gui

import (
	"fmt"
	"image"
	"math"
	"strings"
	"unicode/utf8"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
	"winnow/vision/grid"
	"winnow/vision/heatmap"
)

// fits reports whether the run shown is about the picture in the view.
func (w *window) fits() bool {
	s := w.state()
	return s.Picture != nil && w.in != nil && (s.Picture.SHA256 == w.in.SHA256 || w.in.SHA256 == "")
}

// showView puts the picture, or what stands in its place, into the centre.
func (w *window) showView() {
	v := w.ui.view
	s := w.state()
	if w.in == nil {
		if !w.drawn.emptyView {
			w.drawn.emptyView = true
			v.SetPicture(nil)
			v.Empty("Drop a picture anywhere", "JPEG, PNG, WebP, GIF, BMP or TIFF; a figure or a trace opens the run it holds, a .gguf its model.",
				widgets.Action{Label: "Open a picture", Do: w.chooseFile, Primary: true},
				widgets.Action{Label: "Try a sample scene", Do: func() { w.openScene(0) }})
		}
		return
	}
	w.drawn.emptyView = false
	if w.fits() && s.Picture != w.drawn.picture {
		w.drawn.picture = s.Picture
		w.drawn.overlay = ""
		v.SetGrid(w.seen(), s.Picture.Rows, s.Picture.Cols)
		w.showInput()
	}
	busy := ""
	if w.run.asks() {
		switch {
		case s.Model == nil:
			busy = "Loading the model"
		case s.Picture == nil:
			busy = "Encoding the picture"
		}
	}
	if busy != w.drawn.busy {
		w.drawn.busy = busy
		v.Busy(busy)
	}
}

// seen is what the model saw, in pixels of the picture in the view: a trace may carry a smaller
// copy of the picture that it is about.
func (w *window) seen() trace.Box {
	p := w.state().Picture
	b := p.Seen
	if p.Width > 0 && p.Height > 0 {
		fx := float64(w.in.Image.Bounds().Dx()) / float64(p.Width)
		fy := float64(w.in.Image.Bounds().Dy()) / float64(p.Height)
		b = trace.Box{X0: b.X0 * fx, Y0: b.Y0 * fy, X1: b.X1 * fx, Y1: b.Y1 * fy}
	}
	return b
}

// showOverlay colours the cells for the layer, side and mode chosen.
func (w *window) showOverlay() {
	s, d := w.state(), w.side()
	if !w.fits() || d == nil {
		if w.drawn.overlay != "none" {
			w.drawn.overlay = "none"
			w.ui.view.SetOverlay(nil)
			w.ui.view.SetKept(nil)
		}
		return
	}
	seen := w.at < len(d.Layers) && d.Layers[w.at].Seen
	key := fmt.Sprint(w.drawn.run, d.Name, w.at, seen, len(d.Decisions), s.Time, w.look.Mode, w.look.Map)
	if w.inWords() {
		key += fmt.Sprint(" word ", w.words.at, w.words.all)
	}
	if key == w.drawn.overlay {
		return
	}
	w.drawn.overlay = key
	rows, cols := s.Grid()
	g := grid.Grid{Rows: rows, Cols: cols}
	mask := w.mask()
	var img *image.RGBA
	var err error
	if w.inWords() {
		img, err = wordOverlay(d, w.layer(), w.words.at, g, w.look)
	} else {
		img, err = overlay(d, mask, w.at, g, w.look)
	}
	if err != nil {
		img = nil // a grid of no cells
	}
	w.ui.view.SetOverlay(img)
	if allTrue(mask) {
		mask = nil // frames around everything say nothing
	}
	w.ui.view.SetKept(mask)
	w.ui.view.RefreshTooltip()
}

// overlay renders one pixel a cell. Without scores there is nothing to colour: dropped cells are
// darkened then, as in the kept view.
func overlay(d *trace.Side, mask []bool, layer int, g grid.Grid, l look) (*image.RGBA, error) {
	o := heatmap.Options{Mode: l.mode(), Map: l.colours(), Alpha: 1}
	scores, by := d.ScoresAt(layer)
	if by == nil || o.Mode == heatmap.Kept {
		o.Mode = heatmap.Kept
		return heatmap.Render(nil, mask, g, o)
	}
	return heatmap.Render(scores, mask, g, o)
}

func allTrue(mask []bool) bool {
	for _, k := range mask {
		if !k {
			return false
		}
	}
	return true
}

// showTimeline has a block a layer; its height is what was kept there.
func (w *window) showTimeline() {
	s, d := w.state(), w.side()
	n := s.LayerCount()
	of := s.VisualCount()
	if n == 0 || of == 0 || d == nil {
		w.ui.timeline.SetLayers(nil)
		return
	}
	counts := d.KeptCounts()
	blocks := make([]widgets.LayerBlock, n)
	for l := range blocks {
		kept := counts[l]
		// What has not been computed yet is drawn empty, not as kept.
		if s.Running && (l >= len(d.Layers) || !d.Layers[l].Seen) {
			kept = 0
		}
		blocks[l] = widgets.LayerBlock{Label: fmt.Sprintf("layer %d", l), N: kept, Of: of}
	}
	for _, e := range d.Decisions {
		switch e.Kind {
		case "drop", "skip", "merge", "evict", "zero", "mask", "exclude":
			l := max(e.From, 0)
			if l >= n || e.Phase == "decode" {
				continue
			}
			before := of
			if l > 0 {
				before = counts[l-1]
			}
			blocks[l].Decided = blocks[l].Decided || counts[l] != before
		}
	}
	w.at = min(max(w.at, 0), n-1)
	w.ui.timeline.SetLayers(blocks)
	if w.layer() >= 0 {
		w.ui.timeline.SetPosition(w.at)
	}
}

// seek shows another layer, by hand.
func (w *window) seek(layer int) {
	n := w.state().LayerCount()
	if n == 0 {
		return
	}
	w.follow = false
	w.at = min(max(layer, 0), n-1)
	w.words.all = false
	w.showPlace()
}

// tooltip is what hovering a cell says.
func (w *window) tooltip(row, col int) []string {
	if !w.fits() || w.side() == nil {
		return nil
	}
	if w.dense {
		return []string{fmt.Sprintf("row %d, column %d", row, col), "dense: every token is kept"}
	}
	d := w.side()
	step := -1
	lines := []string{fmt.Sprintf("row %d, column %d", row, col)}
	_, by := d.ScoresAt(w.at)
	if w.inWords() {
		step = w.words.at
		lines = append(lines, w.wordWhere())
		_, by = d.ScoresAtStep(w.layer(), step)
	}
	c := d.CellInfoAt(row, col, w.layer(), step)
	if c.Rank > 0 && !math.IsNaN(float64(c.Score)) {
		unit := "score"
		if by != nil && by.Unit != "" {
			unit = by.Unit
		}
		lines = append(lines, fmt.Sprintf("%s %s, rank %d of %d", unit, trace.Number(float64(c.Score)), c.Rank, c.Of))
	}
	for _, n := range c.Numbers[:min(len(c.Numbers), tipNumbers)] {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", n.Name, trace.Number(float64(n.Value)), n.Unit)))
	}
	if c.Bits > 0 && c.Bits < trace.FullBits {
		lines = append(lines, fmt.Sprintf("cached in %d bits", c.Bits))
	}
	return append(lines, folded(c.Why, tipWidth)...)
}

// tipWidth is the longest line of a tooltip, in characters, tipNumbers how many further numbers
// it has room for.
const tipWidth, tipNumbers = 48, 3

// folded breaks a text into lines between its words.
func folded(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			out = append(out, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

func modeAt(i int) heatmap.Mode { return heatmap.Mode(i) }

// setMode chooses what the colours mean.
func (w *window) setMode(m heatmap.Mode) {
	w.look.Mode = m.String()
	w.showOverlay()
	w.cmp.showLook()
	w.remember()
}

func (w *window) setMap(m heatmap.Map) {
	w.look.Map = m.String()
	w.ui.mapMenu.SetText(m.String() + " ▾")
	w.showOverlay()
	w.cmp.showLook()
	w.remember()
}

func (w *window) setAlpha(a float64) {
	w.look.Alpha = a
	w.ui.view.SetAlpha(a)
	w.cmp.showLook()
	w.remember()
}

// setDense shows the dense side on the picture and the timeline, or the pruned one.
func (w *window) setDense(on bool) {
	w.dense = on
	w.showSides()
	w.showTimeline()
	w.showOverlay()
}

func (w *window) showSides() {
	i := 1
	if w.dense {
		i = 0
	}
	w.ui.sides.SetSelected(i)
}

// showLook writes how the view is set into its controls.
func (w *window) showLook() {
	w.ui.modes.SetSelected(int(w.look.mode()))
	w.showSides()
	w.ui.alpha.SetValue(w.look.Alpha)
	w.ui.view.SetAlpha(w.look.Alpha)
	w.ui.mapMenu.SetText(w.look.colours().String() + " ▾")
	w.cmp.showLook()
}
