package widgets

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
	"winnow/internal/trace"
)

// KVRow is a layer's cache: how many of its rows are stored in which form.
type KVRow struct {
	Label string
	// Full precision, then packed to so many bits, then gone.
	Full, Bits8, Bits4, Bits2, Evicted int
	// Bytes as stored.
	Bytes int64
}

func (r KVRow) counts() [5]int {
	return [5]int{max(r.Full, 0), max(r.Bits8, 0), max(r.Bits4, 0), max(r.Bits2, 0), max(r.Evicted, 0)}
}

var kvNames = [5]string{"full", "8 bit", "4 bit", "2 bit", "evicted"}

// KVStrip shows a row a layer: what its cache entries are stored in, and their bytes.
type KVStrip struct {
	chart
	// OnSelect is called when the person chooses a layer.
	OnSelect func(layer int)

	rows []KVRow
}

// NewKVStrip makes an empty one.
func NewKVStrip() *KVStrip {
	k := &KVStrip{}
	k.extend(k, kvPlot{k}, "No cache yet.")
	return k
}

// SetRows replaces the layers.
func (k *KVStrip) SetRows(rows []KVRow) {
	if slices.Equal(rows, k.rows) {
		return
	}
	k.rows = slices.Clone(rows)
	k.changed()
}

// used lists the classes that have rows in some layer: the legend.
func (k *KVStrip) used() []int {
	var out []int
	for class := range kvNames {
		if slices.ContainsFunc(k.rows, func(r KVRow) bool { return r.counts()[class] > 0 }) {
			out = append(out, class)
		}
	}
	return out
}

func kvBytes(v int64) string { return trace.Quantity(float64(v), "bytes") }

type kvPlot struct{ *KVStrip }

// rowsLayout is made afresh: fonts and themes may have changed.
func (k kvPlot) rowsLayout() rowsPlot {
	return rowsPlot{
		n:     len(k.rows),
		left:  widest(len(k.rows), func(i int) string { return k.rows[i].Label }),
		right: widest(len(k.rows), func(i int) string { return kvBytes(k.rows[i].Bytes) }),
		head:  legendHeight(k.legend(), k.Size().Width) + theme.Gap,
		foot:  k.footLines(),
		pitch: 18,
	}
}

func (k kvPlot) things() int                              { return len(k.rows) }
func (k kvPlot) least() fyne.Size                         { return k.rowsLayout().least() }
func (k kvPlot) area(s fyne.Size) frame                   { return k.rowsLayout().area(s) }
func (k kvPlot) thing(pos fyne.Position, s fyne.Size) int { return k.rowsLayout().thing(pos, s) }
func (k kvPlot) around(i int, s fyne.Size) frame          { return k.rowsLayout().around(i, s) }

func (k kvPlot) footLines() int {
	if len(k.used()) > 3 {
		return 2
	}
	return 1
}

func (k kvPlot) choose(i int) bool {
	if k.OnSelect != nil {
		k.OnSelect(i)
	}
	return true
}

func (k kvPlot) reading(i int) string {
	if i < 0 {
		var sum int64
		for _, r := range k.rows {
			sum += r.Bytes
		}
		return kvBytes(sum) + " in all, counted as stored"
	}
	r := k.rows[i]
	var parts []string
	for class, n := range r.counts() {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", kvNames[class], n))
		}
	}
	if len(parts) == 0 {
		return fmt.Sprintf("layer %s: empty", r.Label)
	}
	classes := strings.Join(parts, "  ")
	if k.footLines() == 1 {
		return fmt.Sprintf("layer %s  %s", r.Label, classes)
	}
	head := fmt.Sprintf("layer %s  %s", r.Label, kvBytes(r.Bytes))
	if n := len(parts); r.Evicted > 0 { // the last of five would not fit
		head, classes = head+"  "+parts[n-1], strings.Join(parts[:n-1], "  ")
	}
	return head + "\n" + classes
}

// kvStrength is how much of the accent a class shows.
var kvStrength = [4]float64{1, 0.70, 0.44, 0.24}

// colours of the classes: the fewer bits, the paler the accent.
func (k *KVStrip) colours() [5]color.RGBA {
	out := [5]color.RGBA{4: k.ink(theme.ColorTrack)}
	for class, strength := range kvStrength {
		out[class] = mixed(tint(k, theme.ColorPanel), tint(k, theme.ColorKept), strength)
	}
	return out
}

func (k kvPlot) legend() []Swatch {
	var out []Swatch
	for _, class := range k.used() {
		s := Swatch{Label: kvNames[class], Color: theme.ColorKept}
		if class < len(kvStrength) {
			s.Strength = kvStrength[class]
		} else {
			s.Color, s.Hatched, s.Over = theme.ColorTrack, true, theme.ColorBlock
		}
		out = append(out, s)
	}
	return out
}

func (k kvPlot) paint(dst *image.RGBA, s float32) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	lay, colours := k.rowsLayout(), k.colours()
	most := 1
	for _, r := range k.rows {
		n := 0
		for _, c := range r.counts() {
			n += c
		}
		most = max(most, n)
	}
	gap := max(snap(s), 1)
	for i, r := range k.rows {
		y0, y1 := lay.bar(i, float32(h), s)
		done := 0
		for class, n := range r.counts() {
			x0, x1 := done*w/most, (done+n)*w/most
			done += n
			if n == 0 {
				continue
			}
			x1 = max(x1, x0+1)
			if x1-x0 > 3*gap && x1 < w {
				x1 -= gap
			}
			fill(dst, x0, y0, x1, y1, colours[class])
			if class == len(kvNames)-1 {
				hatch(dst, x0, y0, x1, y1, s, k.ink(theme.ColorBlock))
			}
		}
	}
}

// hatch draws thin diagonals into a rectangle.
func hatch(dst *image.RGBA, x0, y0, x1, y1 int, s float32, c color.RGBA) {
	pitch, thick := max(snap(6*s), 3), max(snap(1.5*s), 1)
	r := image.Rect(x0, y0, x1, y1).Intersect(dst.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if (x+y)%pitch < thick {
				dst.SetRGBA(x, y, c)
			}
		}
	}
}

func (k kvPlot) labels(s fyne.Size) []label {
	return k.rowsLayout().texts(s, func(i int) string { return k.rows[i].Label }, func(i int) string { return kvBytes(k.rows[i].Bytes) })
}
