package widgets

import (
	"math"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// SavingsRow is one quantity, dense against pruned.
type SavingsRow struct {
	Label string
	Basis Basis
	// Text is the comparison in words: 1.8× sooner.
	Text string
	// Fraction is the pruned run's share of the dense run. NaN: not known yet. More than 1 is
	// drawn as a full bar.
	Fraction float64
	// Better is false where nothing was saved: the bar is grey.
	Better bool
}

// Headline is the one savings bar: what is left of the dense run.
type Headline struct {
	Text string // 1.8× sooner with 38 % of the arithmetic
	// Measured and Counted are shares of dense; NaN leaves that lane empty.
	Measured, Counted float64
}

// SavingsPanel says what pruning saved. A bar is the pruned run's share of a dense run's full
// length; what the clock measured is a solid bar, what was counted a hollow one.
type SavingsPanel struct {
	widget.BaseWidget
	headline Headline
	rows     []SavingsRow
	hint     string
}

// NewSavingsPanel makes an empty one.
func NewSavingsPanel() *SavingsPanel {
	s := &SavingsPanel{hint: "What pruning saves appears here, measured and counted."}
	s.ExtendBaseWidget(s)
	return s
}

// SetHeadline sets the bar on top; one without a text is left out.
func (s *SavingsPanel) SetHeadline(h Headline) { s.headline = h; s.Refresh() }

// SetRows replaces the rows; none shows the hint.
func (s *SavingsPanel) SetRows(rows []SavingsRow) { s.rows = slices.Clone(rows); s.Refresh() }

// SetHint is what the panel says while it has no rows.
func (s *SavingsPanel) SetHint(text string) { s.hint = text; s.Refresh() }

// lane is a bar: solid for measured, hollow for counted.
type lane struct{ track, bar *canvas.Rectangle }

func newLane() lane {
	return lane{&canvas.Rectangle{}, &canvas.Rectangle{}}
}

func (l lane) objects() []fyne.CanvasObject { return []fyne.CanvasObject{l.track, l.bar} }

func (l lane) place(x, y, w, h float32, fraction float64) {
	l.track.CornerRadius, l.bar.CornerRadius = h/2, h/2
	place(l.track, x, y, w, h)
	l.bar.Hidden = math.IsNaN(fraction) || fraction <= 0
	place(l.bar, x, y, max(float32(clamp01(fraction))*w, h), h)
}

func (l lane) paint(w themed, basis Basis, better bool) {
	c := tint(w, theme.ColorMeasured)
	if !better {
		c = tint(w, theme.ColorFaint)
	}
	l.track.FillColor = tint(w, theme.ColorTrack)
	l.bar.FillColor, l.bar.StrokeColor, l.bar.StrokeWidth = c, c, 0
	if basis == Counted {
		l.bar.FillColor, l.bar.StrokeWidth = faded(c, 0x38), 1.5
	}
	l.track.Refresh()
	l.bar.Refresh()
}

// savingsLine is the drawing of one row.
type savingsLine struct {
	label, text *canvas.Text
	tag         *tag
	lane        lane
}

// CreateRenderer implements fyne.Widget.
func (s *SavingsPanel) CreateRenderer() fyne.WidgetRenderer {
	const (
		rowText = 5 * theme.Step
		rowBar  = 7
		rowGap  = 3 * theme.Step
		topBar  = 3 * theme.Step
		topLane = 6 * theme.Step
	)
	box := newPanelBox()
	hint := NewNote("")
	hint.color = theme.ColorFaint
	top := newText(bodyBold)
	tags := [2]*tag{newTag(), newTag()}
	measured, counted := newLane(), newLane()
	rule := canvas.NewRectangle(nil)
	var lines []*savingsLine
	var objects []fyne.CanvasObject
	headline := func() bool { return len(s.rows) > 0 && s.headline.Text != "" }
	topHeight := func() float32 {
		if !headline() {
			return 0
		}
		return top.MinSize().Height + theme.Gap + 2*topLane + theme.Gap + 1 + theme.Inset
	}
	r := &renderer{objects: func() []fyne.CanvasObject { return objects }}
	r.min = func() fyne.Size {
		h := float32(2 * theme.Inset)
		if n := len(s.rows); n > 0 {
			h += topHeight() + float32(n)*(rowText+theme.Step+rowBar+rowGap) - rowGap
		} else {
			h += hint.MinSize().Height
		}
		return fyne.NewSize(56*theme.Step, h)
	}
	r.layout = func(size fyne.Size) {
		place(box, 0, 0, size.Width, size.Height)
		x, w := float32(theme.Inset), size.Width-2*theme.Inset
		hint.Resize(fyne.NewSize(w, hint.MinSize().Height))
		place(hint, x, theme.Inset, w, hint.MinSize().Height)
		y := float32(theme.Inset)
		if headline() {
			m := top.MinSize()
			top.Text = truncate(s.headline.Text, bodyBold, w)
			place(top, x, y, w, m.Height)
			y += m.Height + theme.Gap
			for i, l := range []lane{measured, counted} {
				t := tagSize(tags[i].text.Text)
				tags[i].place(x+w-t.Width, y+(topLane-t.Height)/2, t)
				// Both lanes are as long as the wider tag leaves room for: they share a scale.
				long := w - max(tagSize(string(Measured)).Width, tagSize(string(Counted)).Width) - theme.Gap
				l.place(x, y+(topLane-topBar)/2, long, topBar, []float64{s.headline.Measured, s.headline.Counted}[i])
				y += topLane
			}
			y += theme.Gap
			place(rule, x, y, w, 1)
			y += 1 + theme.Inset
		}
		for i, l := range lines {
			if i >= len(s.rows) {
				break
			}
			row := s.rows[i]
			text, t := l.text.MinSize(), tagSize(string(row.Basis))
			l.label.Text = truncate(row.Label, body, w-text.Width-t.Width-2*theme.Gap)
			m := l.label.MinSize()
			place(l.label, x, y+(rowText-m.Height)/2, m.Width, m.Height)
			place(l.text, x+w-text.Width, y+(rowText-text.Height)/2, text.Width, text.Height)
			l.tag.place(x+w-text.Width-theme.Gap-t.Width, y+(rowText-t.Height)/2, t)
			y += rowText + theme.Step
			l.lane.place(x, y, w, rowBar, row.Fraction)
			y += rowBar + rowGap
		}
	}
	r.refresh = func() {
		objects = []fyne.CanvasObject{box, hint}
		hint.SetText(s.hint)
		hint.Hidden = len(s.rows) > 0
		paintPanel(s, box, false)
		if headline() {
			objects = append(objects, top, rule)
			objects = append(objects, measured.objects()...)
			objects = append(objects, counted.objects()...)
			top.Text, top.Color = s.headline.Text, tint(s, foreground)
			rule.FillColor = tint(s, theme.ColorHairline)
			measured.paint(s, Measured, !(s.headline.Measured >= 1))
			counted.paint(s, Counted, !(s.headline.Counted >= 1))
			for i, b := range []Basis{Measured, Counted} {
				tags[i].set(s, string(b))
				objects = append(objects, tags[i].objects()...)
			}
			top.Refresh()
		}
		for len(lines) < len(s.rows) {
			lines = append(lines, &savingsLine{newText(body), newText(captionMono), newTag(), newLane()})
		}
		lines = lines[:len(s.rows)]
		for i, l := range lines {
			row := s.rows[i]
			l.label.Text, l.label.Color = row.Label, tint(s, foreground)
			l.text.Text, l.text.Color = row.Text, tint(s, foreground)
			l.tag.set(s, string(row.Basis))
			l.lane.paint(s, row.Basis, row.Better)
			objects = append(objects, l.label, l.text)
			objects = append(objects, l.tag.objects()...)
			objects = append(objects, l.lane.objects()...)
			l.text.Refresh()
		}
		r.layout(s.Size())
		for _, l := range lines {
			l.label.Refresh()
		}
		canvas.Refresh(box)
	}
	r.refresh()
	return r
}
