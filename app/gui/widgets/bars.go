package widgets

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// StatusBar is the line at the foot of the window: what is on the left, what the keyboard can
// do on the right. Where it gets narrow, the last hints go first.
type StatusBar struct {
	widget.BaseWidget
	items, hints []string
}

// NewStatusBar makes an empty one.
func NewStatusBar() *StatusBar {
	s := &StatusBar{}
	s.ExtendBaseWidget(s)
	return s
}

// SetItems sets the left side.
func (s *StatusBar) SetItems(items ...string) {
	if !slices.Equal(items, s.items) {
		s.items = slices.Clone(items)
		s.Refresh()
	}
}

// SetHints sets the right side.
func (s *StatusBar) SetHints(hints ...string) {
	if !slices.Equal(hints, s.hints) {
		s.hints = slices.Clone(hints)
		s.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (s *StatusBar) CreateRenderer() fyne.WidgetRenderer {
	rule := canvas.NewRectangle(nil)
	right := newText(caption)
	var texts []*canvas.Text
	var objects []fyne.CanvasObject
	r := &renderer{
		objects: func() []fyne.CanvasObject { return objects },
		min:     func() fyne.Size { return fyne.NewSize(60*theme.Step, 6*theme.Step) },
	}
	r.layout = func(size fyne.Size) {
		place(rule, 0, 0, size.Width, 1)
		x := float32(4 * theme.Step)
		for _, t := range texts {
			m := t.MinSize()
			t.Hidden = x+m.Width > size.Width-4*theme.Step
			place(t, x, (size.Height-m.Height)/2, m.Width, m.Height)
			if t.Hidden {
				continue
			}
			x += m.Width + 5*theme.Step
		}
		hints := s.hints
		for len(hints) > 0 && measure(joined(hints), caption).Width > size.Width-x-4*theme.Step {
			hints = hints[:len(hints)-1]
		}
		right.Text = joined(hints)
		m := right.MinSize()
		place(right, size.Width-4*theme.Step-m.Width, (size.Height-m.Height)/2, m.Width, m.Height)
	}
	r.refresh = func() {
		texts, objects = resize(texts, len(s.items), func() *canvas.Text { return newText(caption) })
		objects = append(objects, rule, right)
		for i, t := range texts {
			t.Text, t.Color = s.items[i], tint(s, theme.ColorSoft)
		}
		rule.FillColor, right.Color = tint(s, theme.ColorHairline), tint(s, theme.ColorFaint)
		r.layout(s.Size())
		for _, o := range objects {
			o.Refresh()
		}
	}
	r.refresh()
	return r
}

func joined(hints []string) string {
	out := ""
	for i, h := range hints {
		if i > 0 {
			out += " · "
		}
		out += h
	}
	return out
}

// Banner is a line across a view: a notice, or an error with the next step as a button. It takes
// no room while it says nothing.
type Banner struct {
	widget.BaseWidget
	// OnDismiss is called when the person closes it.
	OnDismiss func()

	text   string
	failed bool
	acts   []Action
}

// NewBanner makes a hidden one.
func NewBanner() *Banner {
	b := &Banner{}
	b.ExtendBaseWidget(b)
	b.Hide()
	return b
}

// Notice says something that stopped nothing.
func (b *Banner) Notice(text string, acts ...Action) { b.say(text, false, acts) }

// Error says what went wrong; the actions are what to do next.
func (b *Banner) Error(text string, acts ...Action) { b.say(text, true, acts) }

// Dismiss hides it without calling OnDismiss.
func (b *Banner) Dismiss() { b.say("", false, nil) }

// Text is what it says, empty when hidden.
func (b *Banner) Text() string { return b.text }

func (b *Banner) say(text string, failed bool, acts []Action) {
	b.text, b.failed, b.acts = text, failed, slices.Clone(acts)
	if text == "" {
		b.Hide()
		return
	}
	b.Show()
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *Banner) CreateRenderer() fyne.WidgetRenderer {
	box := newPanelBox()
	icon := canvas.NewImageFromResource(nil)
	text := NewNote("")
	text.color = foreground
	closer := NewIconButton(IconClose, "dismiss", func() {
		b.Dismiss()
		if b.OnDismiss != nil {
			b.OnDismiss()
		}
	})
	var buttons []*Button
	var objects []fyne.CanvasObject
	const pad, side = theme.Gap, 7 * theme.Step
	r := &renderer{objects: func() []fyne.CanvasObject { return objects }}
	// inner is the width left for the text.
	inner := func(width float32) float32 {
		width -= theme.Inset + 16 + theme.Gap + side + 2*pad
		for _, x := range buttons {
			width -= x.MinSize().Width + theme.Gap
		}
		return max(width, 20*theme.Step)
	}
	r.min = func() fyne.Size {
		if b.text == "" {
			return fyne.Size{}
		}
		return fyne.NewSize(80*theme.Step, max(text.MinSize().Height, 8*theme.Step)+2*pad)
	}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(icon, theme.Inset, (s.Height-16)/2, 16, 16)
		w := inner(s.Width)
		text.Resize(fyne.NewSize(w, text.MinSize().Height))
		h := text.MinSize().Height
		place(text, theme.Inset+16+theme.Gap, (s.Height-h)/2, w, h)
		x := s.Width - pad - side
		place(closer, x, (s.Height-side)/2, side, side)
		for i := len(buttons) - 1; i >= 0; i-- {
			m := buttons[i].MinSize()
			x -= m.Width + theme.Gap
			place(buttons[i], x, (s.Height-m.Height)/2, m.Width, m.Height)
		}
	}
	r.refresh = func() {
		paintPanel(b, box, false)
		res, name := IconNotice, theme.ColorSoft
		if b.failed {
			res, name = IconWarn, fynetheme.ColorNameError
			box.StrokeColor = faded(tint(b, name), 0x90)
			box.Refresh()
		}
		icon.Resource = tinted(res, tint(b, name))
		text.SetText(b.text)
		buttons = buttons[:0]
		objects = []fyne.CanvasObject{box, icon, text, closer}
		for _, a := range b.acts {
			kind := Outline
			if a.Primary {
				kind = Primary
			}
			x := NewButton(a.Label, kind, a.Do)
			buttons = append(buttons, x)
			objects = append(objects, x)
		}
		r.layout(b.Size())
		icon.Refresh()
	}
	r.refresh()
	return r
}

// Toast is a small notice that goes away by itself after four seconds. It centres itself at the
// foot of the space it is given: put it last in a stack over the window.
type Toast struct {
	widget.BaseWidget
	text  string
	timer *fyne.Animation
}

// NewToast makes a hidden one.
func NewToast() *Toast {
	t := &Toast{}
	t.ExtendBaseWidget(t)
	t.Hide()
	return t
}

// Say shows a text; a second one replaces it.
func (t *Toast) Say(text string) {
	t.text = text
	if t.timer != nil {
		t.timer.Stop()
	}
	t.Show()
	t.Refresh()
	t.timer = fyne.NewAnimation(4*time.Second, func(done float32) {
		if done == 1 {
			t.Hide()
		}
	})
	t.timer.Start()
}

// CreateRenderer implements fyne.Widget.
func (t *Toast) CreateRenderer() fyne.WidgetRenderer {
	box := &canvas.Rectangle{CornerRadius: 4 * theme.Step, StrokeWidth: 1}
	text := newText(caption)
	text.Alignment = fyne.TextAlignCenter
	r := &renderer{
		objects: func() []fyne.CanvasObject { return []fyne.CanvasObject{box, text} },
		min:     func() fyne.Size { return fyne.Size{} },
	}
	r.layout = func(s fyne.Size) {
		m := text.MinSize()
		w, h := m.Width+8*theme.Step, float32(8*theme.Step)
		x, y := (s.Width-w)/2, s.Height-h-10*theme.Step
		place(box, x, y, w, h)
		place(text, x, y+(h-m.Height)/2, w, m.Height)
	}
	r.refresh = func() {
		box.FillColor, box.StrokeColor = tint(t, theme.ColorTip), tint(t, theme.ColorTipEdge)
		text.Text, text.Color = t.text, tint(t, theme.ColorOnTip)
		r.layout(t.Size())
		box.Refresh()
		text.Refresh()
	}
	r.refresh()
	return r
}
