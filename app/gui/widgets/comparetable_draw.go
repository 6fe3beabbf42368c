package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"winnow/app/gui/theme"
)

func fields(text string) []string { return strings.Fields(text) }

// compareDrawing holds the canvas objects of a CompareTable, in pools that grow as needed.
type compareDrawing struct {
	t        *CompareTable
	box      *canvas.Rectangle
	row, col *canvas.Rectangle // under the pointer, chosen
	hint     *Note
	rules    []*canvas.Rectangle // one above each row
	bests    []*canvas.Rectangle
	dots     []*canvas.Circle
	tags     []*tag
	texts    []*canvas.Text
	objects  []fyne.CanvasObject
}

// CreateRenderer implements fyne.Widget.
func (t *CompareTable) CreateRenderer() fyne.WidgetRenderer {
	d := &compareDrawing{t: t, box: newPanelBox(), row: canvas.NewRectangle(nil), col: &canvas.Rectangle{CornerRadius: theme.Small, StrokeWidth: 1.5}, hint: NewNote("")}
	d.hint.color, d.hint.align = theme.ColorFaint, fyne.TextAlignCenter
	t.show = d.marks
	r := &renderer{
		objects: func() []fyne.CanvasObject { return d.objects },
		min: func() fyne.Size {
			h := t.top(len(t.rows)) + theme.Step
			if len(t.columns) == 0 {
				h = 24 * theme.Step
			}
			return fyne.NewSize(float32(18+9*len(t.columns))*theme.Step, h)
		},
		layout:  func(fyne.Size) { d.layout() },
		refresh: d.layout,
		destroy: func() { t.show = func() {} },
	}
	d.layout()
	return r
}

// marks shows the hovered row, the chosen column and the keyboard.
func (d *compareDrawing) marks() {
	t := d.t
	d.row.Hidden = t.hovered < 0 || t.hovered >= len(t.rows)
	if !d.row.Hidden {
		d.row.FillColor = tint(t, fyneHover)
		y := t.top(t.hovered)
		place(d.row, 1, y, t.width-2, t.top(t.hovered+1)-y)
	}
	d.col.Hidden = t.selected < 0 || t.selected >= len(t.columns)
	if !d.col.Hidden {
		d.col.StrokeColor = tint(t, theme.Side(t.columns[t.selected].Side))
		x, w := t.span(t.selected)
		place(d.col, x, theme.Step, w, t.top(len(t.rows))-theme.Step)
	}
	paintPanel(t, d.box, false)
	if t.focused {
		d.box.StrokeColor = tint(t, theme.ColorKept)
		d.box.Refresh()
	}
	d.row.Refresh()
	d.col.Refresh()
}

func (d *compareDrawing) layout() {
	t := d.t
	empty := len(t.columns) == 0
	place(d.box, 0, 0, t.width, t.Size().Height)
	d.hint.SetText(t.hint)
	d.hint.Hidden = !empty
	h := d.hint.MinSize().Height
	place(d.hint, theme.Inset, (t.Size().Height-h)/2, t.width-2*theme.Inset, h)
	d.objects = []fyne.CanvasObject{d.box, d.row, d.hint}
	var rules, bests, dots, tags, texts int
	put := func(o fyne.CanvasObject) { d.objects = append(d.objects, o) }
	write := func(text string, f face, name fyne.ThemeColorName, x, y float32, right float32) {
		for len(d.texts) <= texts {
			d.texts = append(d.texts, newText(f))
		}
		o := d.texts[texts]
		texts++
		o.Text, o.TextSize, o.TextStyle, o.Color = text, f.size(), f.style(), tint(t, name)
		m := measure(text, f)
		if right > 0 {
			x = right - m.Width
		}
		place(o, x, y+(compareLine-m.Height)/2, m.Width, m.Height)
		put(o)
		o.Refresh()
	}
	rectangle := func(pool *[]*canvas.Rectangle, n *int) *canvas.Rectangle {
		for len(*pool) <= *n {
			*pool = append(*pool, canvas.NewRectangle(nil))
		}
		*n++
		put((*pool)[*n-1])
		return (*pool)[*n-1]
	}
	if !empty {
		for i, c := range t.columns {
			x, w := t.span(i)
			for len(d.dots) <= dots {
				d.dots = append(d.dots, canvas.NewCircle(nil))
			}
			dot := d.dots[dots]
			dots++
			name, ink := truncate(c.Label, captionBold, w-theme.Inset-14-theme.Step), foreground
			right := x + w - theme.Inset
			switch dotted := name == c.Label; {
			case !dotted && measure(c.Label, captionBold).Width <= w-theme.Gap:
				// It fits without the dot, whose colour it takes.
				name, ink = c.Label, theme.Side(c.Side)
			case !dotted && len([]rune(name)) < 4:
				name = "" // a letter or two would name another side
				fallthrough
			default:
				dot.FillColor = tint(t, theme.Side(c.Side))
				place(dot, right-measure(name, captionBold).Width-14, (compareHead-8)/2+1, 8, 8)
				put(dot)
			}
			write(name, captionBold, ink, 0, (compareHead-compareLine)/2+1, right)
		}
	}
	for i, r := range t.rows {
		if empty {
			break
		}
		y := t.top(i)
		rule := rectangle(&d.rules, &rules)
		rule.FillColor = tint(t, theme.ColorHairline)
		place(rule, theme.Inset, y, t.width-2*theme.Inset, 1)
		// The name stands beside the values with its tag under it, or above them with its tag beside it.
		room, tagX, tagY := t.labelWidth()-theme.Step, float32(theme.Inset), y+comparePad+compareLine
		if t.stacked() {
			room = t.width - 2*theme.Inset - tagSize(string(r.Basis)).Width - theme.Gap
			tagX, tagY = t.width-theme.Inset-tagSize(string(r.Basis)).Width, y+comparePad
		}
		write(truncate(r.Label, caption, room), caption, foreground, theme.Inset, y+comparePad, 0)
		if r.Basis != "" {
			for len(d.tags) <= tags {
				d.tags = append(d.tags, newTag())
			}
			g := d.tags[tags]
			tags++
			g.set(t, string(r.Basis))
			g.place(tagX, tagY, tagSize(string(r.Basis)))
			put(g.box)
			put(g.text)
		}
		for k := range t.columns {
			c := CompareCell{}
			if k < len(r.Cells) {
				c = r.Cells[k]
			}
			d.cell(r, c, k, y, write, func() *canvas.Rectangle { return rectangle(&d.bests, &bests) })
		}
	}
	put(d.col)
	d.marks()
}

// cell writes a value and what stands under it.
func (d *compareDrawing) cell(r CompareRow, c CompareCell, column int, y float32,
	write func(text string, f face, name fyne.ThemeColorName, x, y, right float32), best func() *canvas.Rectangle) {
	t := d.t
	x, w := t.span(column)
	right := x + w - theme.Inset
	f, name := captionMono, foreground
	if r.Words {
		f = caption
	}
	lines := t.lines(r, c)
	if len(lines) == 0 || lines[0] == "" {
		lines, name = []string{"–"}, theme.ColorFaint
	}
	y += comparePad
	if t.stacked() {
		y += compareLine
	}
	if c.Best {
		b := best()
		b.CornerRadius, b.StrokeWidth = theme.Step, 1
		b.FillColor, b.StrokeColor = tint(t, theme.ColorRaised), tint(t, theme.ColorFaint)
		m := measure(lines[0], f).Width
		place(b, right-m-5, y-1, m+10, compareLine+2)
		b.Refresh()
	}
	for _, l := range lines {
		write(l, f, name, 0, y, right)
		y += compareLine
	}
	switch {
	case c.Mark == MarkSame:
		write("✓ as dense", caption, theme.ColorSoft, 0, y, right)
	case c.Mark == MarkDiffers:
		write("≠ differs", caption, foreground, 0, y, right)
	case c.Ratio != "":
		write(truncate(c.Ratio, caption, w-theme.Inset), caption, theme.ColorFaint, 0, y, right)
	}
}
