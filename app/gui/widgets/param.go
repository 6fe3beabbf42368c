package widgets

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/pruning"
)

// paramControl is the control of one declared parameter:
//
//	int, float   label … value     the value takes a typed number, the slider the coarse way
//	             ━━━━●────────
//	choice       label  [paper|released]
//	bool         [x] label
//
// A parameter with an open end gets a slider that reaches four times its default, and grows
// when a larger number is typed.
type paramControl struct {
	widget.BaseWidget
	param   pruning.Param
	label   string
	method  string
	value   string // always one that param.Check accepts
	changed func()

	slider *Slider
	entry  *numberEntry
	choice *Segmented
	check  *check
	// help is shown under the control while the pointer is on the ?, or after it was pressed.
	help              *Note
	helpOn, helpHover bool
	refused           string // what Check said about the text in the entry
}

func newParamControl(method string, p pruning.Param, label string) *paramControl {
	if label == "" {
		label = strings.ReplaceAll(p.Name, "_", " ")
		label = strings.ToUpper(label[:min(1, len(label))]) + label[min(1, len(label)):]
	}
	c := &paramControl{param: p, method: method, label: label, value: p.Default, help: NewNote("")}
	c.help.color = theme.ColorFaint
	switch p.Type {
	case "bool":
		c.check = newCheck(false, func(on bool) { c.take(strconv.FormatBool(on)) })
	case "choice":
		c.choice = NewSegmented(p.Choices, func(i int) { c.take(c.param.Choices[i]) })
	default:
		lo, hi, step := sliderRange(p)
		c.slider = NewSlider(lo, hi, step)
		c.slider.OnChanged = func(v float64) { c.take(strconv.FormatFloat(v, 'f', -1, 64)) }
		c.entry = newNumberEntry(func(text string) { c.take(strings.TrimSpace(text)) })
	}
	c.ExtendBaseWidget(c)
	c.show()
	return c
}

// sliderRange gives a slider its ends and step.
func sliderRange(p pruning.Param) (lo, hi, step float64) {
	d, err := strconv.ParseFloat(p.Default, 64)
	if err != nil {
		d = 0
	}
	lo, hi = math.Min(0, d), math.Max(4*d, 1)
	if p.Min != nil {
		lo = *p.Min
	}
	if p.Max != nil {
		hi = *p.Max
	} else if p.Type == "int" {
		hi = math.Max(hi, lo+8)
	}
	if !(hi > lo) {
		hi = lo + 1
	}
	if p.Type == "int" {
		return lo, hi, 1
	}
	// A power of ten, at least a hundred of them.
	return lo, hi, math.Pow(10, math.Floor(math.Log10(hi-lo)+1e-9)-2)
}

// take accepts a value by hand, or says why not.
func (c *paramControl) take(value string) {
	if _, err := c.param.Check(c.method, value); err != nil {
		c.refused = err.Error()
		c.Refresh()
		return
	}
	changed := value != c.value
	c.value, c.refused = value, ""
	c.show()
	if changed && c.changed != nil {
		c.changed()
	}
}

// set shows a value that comes from elsewhere; one that the declaration refuses is ignored.
func (c *paramControl) set(value string) {
	if _, err := c.param.Check(c.method, value); err == nil {
		c.value, c.refused = value, ""
		c.show()
	}
}

// show brings the parts in line with the value.
func (c *paramControl) show() {
	switch {
	case c.check != nil:
		// take and set let nothing through that does not parse.
		on, _ := strconv.ParseBool(c.value)
		c.check.set(on)
	case c.choice != nil:
		c.choice.SetSelected(slices.Index(c.param.Choices, c.value))
	default:
		v, _ := strconv.ParseFloat(c.value, 64)
		if c.param.Max == nil && v > c.slider.Max {
			c.slider.Max = v
		}
		c.slider.SetValue(v)
		c.entry.show(c.value)
	}
	c.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *paramControl) CreateRenderer() fyne.WidgetRenderer {
	label, unit := newText(caption), newText(caption)
	mark := NewButton("?", Ghost, func() {
		c.helpOn = !c.helpOn
		c.Refresh()
	})
	mark.tiny = true
	mark.onHover = func(in bool) {
		c.helpHover = in
		c.Refresh()
	}
	objects := []fyne.CanvasObject{label, unit, mark, c.help}
	switch {
	case c.check != nil:
		objects = append(objects, c.check)
	case c.choice != nil:
		objects = append(objects, c.choice)
	default:
		objects = append(objects, c.slider, c.entry.box)
	}
	const row = 6 * theme.Step
	wide := float32(0) // a choice too wide for the label's row stands below it
	if c.choice != nil {
		wide = c.choice.MinSize().Width
	}
	below := func(width float32) bool {
		return c.choice != nil && wide+measure(c.label, caption).Width+9*theme.Step > width
	}
	height := func(width float32) float32 {
		h := float32(row)
		if c.slider != nil {
			h += c.slider.MinSize().Height
		}
		if c.choice != nil {
			h = 7 * theme.Step
			if below(width) {
				h += row
			}
		}
		if c.help.text != "" {
			h += c.help.MinSize().Height + theme.Step
		}
		return h
	}
	r := &renderer{objects: func() []fyne.CanvasObject { return objects }}
	r.min = func() fyne.Size {
		return fyne.NewSize(max(wide, 40*theme.Step), height(max(c.Size().Width, 40*theme.Step)))
	}
	r.layout = func(s fyne.Size) {
		first := float32(row)
		if c.choice != nil {
			first = 7 * theme.Step
			m := c.choice.MinSize()
			if below(s.Width) {
				place(c.choice, 0, row, m.Width, m.Height)
				first = row
			} else {
				place(c.choice, s.Width-m.Width, 0, m.Width, m.Height)
			}
		}
		x := float32(0)
		if c.check != nil {
			place(c.check, 0, 0, 16, row)
			x = 16 + theme.Gap
		}
		m := label.MinSize()
		place(label, x, (first-m.Height)/2, m.Width, m.Height)
		place(mark, x+m.Width+2, (first-4*theme.Step)/2, 4*theme.Step, 4*theme.Step)
		y := first
		if c.slider != nil {
			right := s.Width
			if u := unit.MinSize(); c.param.Unit != "" {
				right -= u.Width
				place(unit, right, (row-u.Height)/2, u.Width, u.Height)
				right -= theme.Step
			}
			w := c.entry.width()
			place(c.entry.box, right-w, 1, w, row-2)
			place(c.slider, 0, row, s.Width, c.slider.MinSize().Height)
			y += c.slider.MinSize().Height
		}
		if c.choice != nil && below(s.Width) {
			y += 7 * theme.Step
		}
		c.help.Resize(fyne.NewSize(s.Width, c.help.MinSize().Height))
		place(c.help, 0, y+theme.Step/2, s.Width, c.help.MinSize().Height)
	}
	r.refresh = func() {
		label.Text, label.Color = c.label, tint(c, foreground)
		unit.Text, unit.Color = c.param.Unit, tint(c, theme.ColorFaint)
		unit.Hidden = c.slider == nil
		mark.Hidden = c.param.Help == ""
		text, color := "", theme.ColorFaint
		if c.helpOn || c.helpHover {
			text = c.param.Help
		}
		if c.refused != "" {
			text, color = c.refused, fynetheme.ColorNameError
		}
		if c.help.color != color || c.help.text != text {
			c.help.color, c.help.text = color, text
			c.help.Refresh()
		}
		c.help.Hidden = text == ""
		label.Refresh()
		unit.Refresh()
		r.layout(c.Size())
		canvas.Refresh(label)
	}
	r.refresh()
	return r
}
