package widgets

import (
	"maps"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/pruning"
)

// MethodCardOptions is what a card says about a method, and the parameters it makes controls of.
type MethodCardOptions struct {
	Name, Title string
	// Order is the place at which it acts, counted from 1; 0 shows none.
	Order int
	// Provenance is the tag beside the title: authors' code, paper, baseline.
	Provenance string
	// Removes says what goes and when; Paper and Needs are shown under it when not empty.
	Removes, Paper, Needs string
	Params                []pruning.Param
	// Values of parameters by name; one that is missing has its default.
	Values map[string]string
	// Labels gives a control a nicer name than its parameter's: "Neurons kept, β" for beta.
	Labels map[string]string
	// Shown is how many controls are always there; the others unfold under a line. 0 shows all.
	Shown int
}

// MethodCard is a pruning method in the stack: what it is, what it removes, whether it is on,
// and a control for each declared parameter.
type MethodCard struct {
	widget.BaseWidget
	// OnChanged gets all values whenever one changes to another that the declaration allows.
	OnChanged func(values map[string]string)
	OnToggled func(on bool)
	// The buttons of these are hidden while the callback is nil; Refresh after changing one of
	// a card that is on screen.
	OnRemove, OnMoveUp, OnMoveDown func()

	o        MethodCardOptions
	on       bool
	failure  string
	controls []*paramControl
	// unfolded shows the controls beyond o.Shown.
	unfolded bool
}

// NewMethodCard makes a card that is switched on.
func NewMethodCard(o MethodCardOptions) *MethodCard {
	m := &MethodCard{o: o, on: true}
	for _, p := range o.Params {
		c := newParamControl(o.Title, p, o.Labels[p.Name])
		if v, ok := o.Values[p.Name]; ok {
			c.set(v)
		}
		c.changed = func() {
			if m.OnChanged != nil {
				m.OnChanged(m.Values())
			}
		}
		m.controls = append(m.controls, c)
	}
	m.ExtendBaseWidget(m)
	return m
}

// Name is the method's name.
func (m *MethodCard) Name() string { return m.o.Name }

// Values are the parameters as text, all of them, in a map of the caller's own.
func (m *MethodCard) Values() map[string]string {
	out := map[string]string{}
	for _, c := range m.controls {
		out[c.param.Name] = c.value
	}
	return out
}

// SetValues shows values without calling OnChanged; names that the method has not are ignored,
// values that its declaration refuses too.
func (m *MethodCard) SetValues(values map[string]string) {
	values = maps.Clone(values)
	for _, c := range m.controls {
		if v, ok := values[c.param.Name]; ok {
			c.set(v)
		}
	}
}

// On says whether the method takes part in the next run.
func (m *MethodCard) On() bool { return m.on }

// SetOn switches it without calling OnToggled.
func (m *MethodCard) SetOn(on bool) {
	if m.on != on {
		m.on = on
		m.Refresh()
	}
}

// SetError shows a sentence under the controls; an empty one takes it away.
func (m *MethodCard) SetError(text string) {
	if m.failure != text {
		m.failure = text
		m.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (m *MethodCard) CreateRenderer() fyne.WidgetRenderer {
	box := newPanelBox()
	toggle := newCheck(m.on, func(on bool) {
		m.SetOn(on)
		if m.OnToggled != nil {
			m.OnToggled(on)
		}
	})
	title := newText(bodyBold)
	order := newText(bodyMono)
	if m.o.Order > 0 {
		order.Text = strconv.Itoa(m.o.Order)
	}
	provenance := NewTagLabel(m.o.Provenance)
	up := NewIconButton(IconUp, "act earlier", func() { m.OnMoveUp() })
	down := NewIconButton(IconDown, "act later", func() { m.OnMoveDown() })
	remove := NewIconButton(IconClose, "remove the method", func() { m.OnRemove() })
	about := NewNote(m.about())
	failure := NewNote("")
	failure.color = fynetheme.ColorNameError
	more := NewButton("", Ghost, func() {
		m.unfolded = !m.unfolded
		m.Refresh()
	})
	more.line = true
	objects := []fyne.CanvasObject{box, toggle, order, title, provenance, up, down, remove, about, more}
	for _, c := range m.controls {
		objects = append(objects, c)
	}
	objects = append(objects, failure)

	const head = 7 * theme.Step
	r := &renderer{objects: func() []fyne.CanvasObject { return objects }}
	// arrange walks down the card; it measures only when move is false.
	arrange := func(width float32, move bool) float32 {
		inner := width - 2*theme.Inset
		y := float32(theme.Gap)
		put := func(o fyne.CanvasObject, x, w, h float32) {
			if move {
				place(o, x, y, w, h)
			}
		}
		x := width - theme.Gap
		for _, b := range []struct {
			button *Button
			do     func()
		}{{remove, m.OnRemove}, {down, m.OnMoveDown}, {up, m.OnMoveUp}} {
			b.button.Hidden = b.do == nil
			if b.do != nil {
				x -= head
				put(b.button, x, head, head)
			}
		}
		if x == width-theme.Gap {
			x = width - theme.Inset
		}
		tagW, tagH := provenance.MinSize().Width, provenance.MinSize().Height
		put(toggle, theme.Inset, 16, head)
		left := float32(theme.Inset + 16 + theme.Gap)
		titleH := title.MinSize().Height
		if m.o.Order > 0 {
			n := measure(order.Text, bodyMono)
			if move {
				place(order, left, y+(head-n.Height)/2, n.Width, n.Height)
			}
			left += n.Width + theme.Gap
		}
		// The tag stands beside the title where both fit, else under it.
		room := x - left - theme.Gap
		beside := measure(m.o.Title, bodyBold).Width+tagW+theme.Gap <= room
		title.Text = truncate(m.o.Title, bodyBold, room)
		if move {
			place(title, left, y+(head-titleH)/2, room, titleH)
		}
		if beside && move {
			place(provenance, x-tagW-theme.Step, y+(head-tagH)/2, tagW, tagH)
		}
		if !beside && tagW > 0 {
			if move {
				place(provenance, theme.Inset, y+head, tagW, tagH)
			}
			y += tagH + theme.Step
		}
		y += head + theme.Step
		note := func(n *Note) {
			if inner > 0 && move {
				n.Resize(fyne.NewSize(inner, n.Size().Height))
			}
			if h := n.MinSize().Height; h > 0 {
				put(n, theme.Inset, inner, h)
				y += h + theme.Gap
			}
		}
		note(about)
		if m.on {
			for _, c := range m.controls[:m.visible()] {
				h := c.MinSize().Height
				put(c, theme.Inset, inner, h)
				y += h + theme.Gap
			}
			if m.folds() {
				put(more, theme.Inset-theme.Gap, more.MinSize().Width, more.MinSize().Height)
				y += more.MinSize().Height
			}
		}
		note(failure)
		return y + theme.Step
	}
	r.min = func() fyne.Size {
		return fyne.NewSize(54*theme.Step, arrange(max(m.Size().Width, 54*theme.Step), false))
	}
	r.layout = func(s fyne.Size) {
		arrange(s.Width, true)
		place(box, 0, 0, s.Width, s.Height)
	}
	r.refresh = func() {
		paintPanel(m, box, false)
		if m.failure != "" {
			box.StrokeColor = faded(tint(m, fynetheme.ColorNameError), 0x90)
			box.Refresh()
		}
		toggle.set(m.on)
		title.Color = tint(m, foreground)
		order.Color = tint(m, theme.ColorSoft)
		if !m.on {
			title.Color = tint(m, theme.ColorSoft)
		}
		failure.SetText(m.failure)
		failure.Hidden = m.failure == ""
		for i, c := range m.controls {
			c.Hidden = !m.on || i >= m.visible()
			c.Refresh()
		}
		more.Hidden = !m.on || !m.folds()
		more.SetText("▸ " + strconv.Itoa(len(m.controls)-m.o.Shown) + " more settings")
		if m.unfolded {
			more.SetText("▾ fewer settings")
		}
		r.layout(m.Size())
		canvas.Refresh(title)
	}
	r.refresh()
	return r
}

// folds reports whether some controls unfold only on demand: one alone is not worth a line.
func (m *MethodCard) folds() bool { return m.o.Shown > 0 && len(m.controls) > m.o.Shown+1 }

// visible is how many controls there are to see.
func (m *MethodCard) visible() int {
	if m.folds() && !m.unfolded {
		return m.o.Shown
	}
	return len(m.controls)
}

func (m *MethodCard) about() string {
	text := m.o.Removes
	for _, more := range []string{m.o.Paper, m.o.Needs} {
		if more == "" {
			continue
		}
		if text != "" {
			text += " · "
		}
		text += more
	}
	return text
}
