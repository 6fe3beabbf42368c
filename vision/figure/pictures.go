package figure

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"winnow/internal/trace"
	"winnow/vision/grid"
	"winnow/vision/heatmap"
	"winnow/vision/picture"
)

// pictures draws the kept tokens on the left and the scores, where there are any, on the right;
// it returns where each side ended.
func (f *figure) pictures(y float64) (onLeft, onRight float64, err error) {
	p := f.state.Picture
	if p == nil {
		return y, y, nil
	}
	img, geo := f.source(p)
	w, h := column, column*float64(geo.SourceH)/float64(geo.SourceW)
	if h > column {
		w, h = w*column/h, column
	}
	size := image.Pt(max(round(w*f.scale), 1), max(round(h*f.scale), 1))
	rows, cols := f.state.Grid()
	g := grid.Grid{Rows: rows, Cols: cols}
	mask := f.side.KeptMask(f.layer)
	kept := count(mask)

	over, err := f.keptMap(f.side, g)
	if err != nil {
		return y, y, err
	}
	title, note := "What the model saw", ""
	switch n := f.state.VisualCount(); {
	case n > 0 && f.masksLater(f.side):
		title, note = "Masked while answering", percent(mean(f.side.MaskedAt(-1, -1)))+" of the heads, mean over layers and words"
	case n > 0:
		title, note = fmt.Sprintf("Kept in layer %d", f.layer), fmt.Sprintf("%d of %d visual tokens", kept, n)
	}
	top := f.heading(margin, y, title, note, column)
	x := margin + (column-w)/2
	if err := f.place(img, geo, over, size, x, top); err != nil {
		return y, y, err
	}
	framed := kept > 0 && kept < len(mask)
	if framed {
		f.frames(mask, g, geo, x, top, w, h, f.style.kept, 2)
	}
	bottom := top + h + 20
	if f.masksLater(f.side) {
		f.shareLegend(x, bottom)
	} else {
		f.maskLegend(x, bottom, w, kept < f.state.VisualCount(), geo.SeenShare())
	}

	scores, d := f.side.ScoresAt(f.layer)
	if d == nil {
		return bottom + 44, y, nil
	}
	lo, hi := ends(scores)
	over, err = heatmap.Render(scores, nil, g, heatmap.Options{Mode: heatmap.Score, Map: f.opt.Map, Alpha: 0.86, Min: lo, Max: hi})
	if err != nil {
		return y, y, err
	}
	f.heading(right, y, "Score of each visual token", "by "+plain(d.Method)+", "+after(d), column)
	x = right + (column-w)/2
	if err := f.place(img, geo, over, size, x, top); err != nil {
		return y, y, err
	}
	if framed {
		f.frames(mask, g, geo, x, top, w, h, color.RGBA{255, 255, 255, 255}, 1.5)
	}
	f.colourBar(x, bottom, w, lo, hi, d)
	return bottom + 60, bottom + 60, nil
}

// masksLater reports whether a side keeps all of the prompt and hides tokens while answering.
func (f *figure) masksLater(d *trace.Side) bool {
	return d.DecidesInDecode() && count(d.KeptMask(f.layer)) == f.state.VisualCount()
}

// keptMap darkens what a side takes: dropped tokens, or those hidden while answering by the share
// of heads. It is nil where there is no grid.
func (f *figure) keptMap(d *trace.Side, g grid.Grid) (*image.RGBA, error) {
	mask := d.KeptMask(f.layer)
	switch {
	case len(mask) == 0:
		return nil, nil
	case f.masksLater(d):
		return heatmap.RenderShare(d.MaskedAt(-1, -1), g, 0.9)
	}
	return heatmap.Render(nil, mask, g, heatmap.Options{Mode: heatmap.Kept, Alpha: 0.74})
}

func after(d *trace.Decision) string {
	switch {
	case d.Phase == "decode" && d.At != "":
		return fmt.Sprintf("in layer %d at word %d", d.Layer, d.Step+1)
	case d.At != "":
		return fmt.Sprintf("in layer %d", d.Layer)
	case d.Phase == "vision":
		return fmt.Sprintf("after layer %d of the vision encoder", d.Layer)
	case d.Layer < 0:
		return "before the first layer"
	}
	return fmt.Sprintf("after layer %d", d.Layer)
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

// source decodes the picture that the trace carries, or makes a grey one of its shape. The box is
// brought to the size of what was decoded: the trace may carry a smaller copy.
func (f *figure) source(p *trace.Picture) (*image.RGBA, grid.Geometry) {
	var img *image.RGBA
	if dec, err := picture.DecodeBytes(context.Background(), p.Data, p.Name, picture.Limits{}); err == nil {
		img = dec.Image
	} else {
		w, h := 1000, 1000
		if p.Width > 0 && p.Height > 0 {
			if r := float64(p.Height) / float64(p.Width); r < 1 {
				h = max(round(1000*r), 1)
			} else {
				w = max(round(1000/r), 1)
			}
		}
		img = image.NewRGBA(image.Rect(0, 0, w, h))
		draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{128, 132, 140, 255}), image.Point{}, draw.Src)
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	geo := grid.Geometry{SourceW: w, SourceH: h, Box: grid.Rect{X1: float64(w), Y1: float64(h)}}
	if p.Width > 0 && p.Height > 0 {
		sx, sy := float64(w)/float64(p.Width), float64(h)/float64(p.Height)
		box := grid.Rect{X0: p.Seen.X0 * sx, Y0: p.Seen.Y0 * sy, X1: p.Seen.X1 * sx, Y1: p.Seen.Y1 * sy}
		// A box far outside, which no model has, would be drawn for ever.
		far := func(v, side float64) bool { return !(math.Abs(v) <= 100*side) }
		if !box.Empty() && !far(box.X0, float64(w)) && !far(box.X1, float64(w)) && !far(box.Y0, float64(h)) && !far(box.Y1, float64(h)) {
			geo.Box = box
		}
	}
	return img, geo
}

// place composes picture and overlay at (x, y).
func (f *figure) place(img *image.RGBA, geo grid.Geometry, over *image.RGBA, size image.Point, x, y float64) error {
	made, err := heatmap.Compose(img, geo, over, size)
	if err != nil {
		return err
	}
	at := image.Pt(round(x*f.scale), round(y*f.scale))
	draw.Draw(f.img, made.Rect.Add(at), made, image.Point{}, draw.Src)
	return nil
}

// frames outlines the kept cells, inside the picture drawn at (x, y).
func (f *figure) frames(mask []bool, g grid.Grid, geo grid.Geometry, x, y, w, h float64, col color.RGBA, thick float64) {
	segments, err := heatmap.Frames(mask, g)
	if err != nil {
		return
	}
	px := func(c int) float64 {
		v := geo.Box.X0 + geo.Box.W()*float64(c)/float64(g.Cols)
		return x + w*v/float64(geo.SourceW)
	}
	py := func(r int) float64 {
		v := geo.Box.Y0 + geo.Box.H()*float64(r)/float64(g.Rows)
		return y + h*v/float64(geo.SourceH)
	}
	for _, s := range segments {
		x0, x1 := max(px(s.X0)-thick/2, x), min(px(s.X1)+thick/2, x+w)
		y0, y1 := max(py(s.Y0)-thick/2, y), min(py(s.Y1)+thick/2, y+h)
		if x1 > x0 && y1 > y0 {
			f.rect(col, x0, y0, x1-x0, y1-y0)
		}
	}
}

// maskLegend explains the left picture.
func (f *figure) maskLegend(x, y, width float64, dropped bool, seen float64) {
	t, s := regular(16), f.style
	end := x
	item := func(draw func(x, y float64), label string) {
		if end+f.width(t, label)+30 > x+width {
			return
		}
		draw(end, y)
		end = f.text(t, s.soft, end+26, y+14, label) + 26
	}
	gone := "dropped"
	if _, _, ok := f.side.Ratio(f.layer); ok {
		gone = "left out of this layer's attention"
	}
	if dropped {
		item(func(x, y float64) {
			f.rect(s.kept, x, y, 16, 16)
			f.rect(color.RGBA{190, 196, 204, 255}, x+2, y+2, 12, 12)
		}, "kept")
		item(func(x, y float64) { f.rect(color.RGBA{52, 54, 58, 255}, x, y, 16, 16) }, gone)
	}
	if seen < 0.995 {
		item(func(x, y float64) {
			f.rect(color.RGBA{20, 20, 20, 255}, x, y, 16, 16)
			f.rect(color.RGBA{255, 255, 255, 255}, x+1, y+1, 14, 14)
			f.rect(color.RGBA{110, 114, 120, 255}, x+3, y+3, 10, 10)
		}, "what the model sees")
	}
}

// shareLegend explains a map of shares.
func (f *figure) shareLegend(x, y float64) {
	t := regular(16)
	at := f.text(t, f.style.soft, x, y+14, "seen by all heads") + 12
	for i := range 120 {
		v := uint8(190 - 190*0.9*float64(i)/119)
		f.rect(color.RGBA{v, v, v, 255}, at+float64(i), y, 1, 16)
	}
	f.text(t, f.style.soft, at+132, y+14, "masked in all")
}

// ends are the lowest and highest score.
func ends(scores []float32) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range scores {
		if v == v {
			lo, hi = min(lo, float64(v)), max(hi, float64(v))
		}
	}
	if lo > hi {
		return 0, 0
	}
	return lo, hi
}

// colourBar draws the legend of the scores: the map, its ends, the threshold and the unit.
func (f *figure) colourBar(x, y, width, lo, hi float64, d *trace.Decision) {
	s, t := f.style, mono(16)
	a, b := trace.Number(lo), trace.Number(hi)
	x0 := f.text(t, s.ink, x, y+14, a) + 10
	x1 := x + min(width, 360)
	if x1-x0 < 60 {
		return
	}
	if lo == hi { // one value has the middle of the map
		f.rect(f.opt.Map.At(0.5), x0, y, 40, 16)
		x1 = x0 + 40
	} else {
		n := x1 - x0
		for i := 0.0; i < n; i++ {
			f.rect(f.opt.Map.At(i/n), x0+i, y, 1, 16)
		}
	}
	end := f.text(t, s.ink, x1+10, y+14, b)
	if d.Threshold != nil && *d.Threshold >= lo && *d.Threshold <= hi && hi > lo {
		at := x0 + (x1-x0)*(*d.Threshold-lo)/(hi-lo)
		f.rect(s.ink, at-1, y-4, 2, 24)
		label := "threshold " + trace.Number(*d.Threshold)
		w := f.width(regular(14), label)
		f.text(regular(14), s.soft, min(max(at-w/2, x), x+width-w), y+36, label)
	}
	if unit := plain(d.Unit); unit != "" && x+width-end > 80 {
		f.text(regular(16), s.soft, end+16, y+14, f.fit(regular(16), unit, x+width-end-16))
	}
}
