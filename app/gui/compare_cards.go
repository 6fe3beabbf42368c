package gui

import (
	"fmt"
	"image/color"
	"maps"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/pruning"
)

// stackCard is a contender in the left column: its letter, its name, a line a method that unfolds
// into the method's own card.
type stackCard struct {
	box    *widgets.Panel
	chip   *stackChip
	title  *stackTitle
	menu   *widgets.Button
	lines  []*foldLine
	open   *widgets.MethodCard // nil where all are folded
	opened int
	// warning says why the stack cannot run.
	warning *fyne.Container
	why     *widgets.Note
	names   []string
}

// stackChip has a stack's letter in its colour; a click switches it on or off.
type stackChip struct {
	tappable
	box  *canvas.Rectangle
	text *canvas.Text
	side int // in the next run; -1: off
}

func newStackChip(tapped func()) *stackChip {
	c := &stackChip{box: &canvas.Rectangle{CornerRadius: 5, StrokeWidth: 1.5},
		text: &canvas.Text{TextSize: theme.CaptionSize, TextStyle: fyne.TextStyle{Bold: true}, Alignment: fyne.TextAlignCenter}}
	c.tapped = tapped
	c.box.SetMinSize(fyne.NewSize(answerChip, answerChip))
	c.content = container.NewStack(c.box, container.NewCenter(c.text))
	c.paint = func() {
		c.box.FillColor, c.box.StrokeColor = color.Transparent, colour(theme.ColorFaint)
		c.text.Text, c.text.Color = "–", colour(theme.ColorFaint)
		if c.side >= 0 {
			tint := sideColour(c.side)
			c.box.FillColor, c.box.StrokeColor = tint, tint
			c.text.Text, c.text.Color = letter(c.side), colour(fynetheme.ColorNameBackground)
		}
		if c.focused || c.hovered {
			c.box.StrokeColor = colour(fynetheme.ColorNameForeground)
		}
		c.text.Refresh()
		c.box.Refresh()
	}
	c.ExtendBaseWidget(c)
	return c
}

// stackTitle is a stack's name and, where it is of one method, that method's settings, which a
// click unfolds.
type stackTitle struct {
	tappable
	name, note *canvas.Text
	full, rest string
	off        bool
}

func newStackTitle(tapped func()) *stackTitle {
	t := &stackTitle{name: &canvas.Text{TextSize: theme.TextSize, TextStyle: fyne.TextStyle{Bold: true}},
		note: &canvas.Text{TextSize: theme.CaptionSize}}
	t.tapped = tapped
	back := &canvas.Rectangle{CornerRadius: theme.Small}
	t.content = container.NewStack(back, container.New(&cutting{t}, t.name, t.note))
	t.paint = func() {
		t.name.Color, t.note.Color = colour(fynetheme.ColorNameForeground), colour(theme.ColorSoft)
		if t.off {
			t.name.Color, t.note.Color = colour(theme.ColorFaint), colour(theme.ColorFaint)
		}
		back.FillColor = color.Transparent
		if (t.hovered || t.focused) && t.rest != "" {
			back.FillColor, t.note.Color = colour(fynetheme.ColorNameHover), colour(fynetheme.ColorNameForeground)
		}
		back.Refresh()
		t.name.Refresh()
		t.note.Refresh()
	}
	t.ExtendBaseWidget(t)
	return t
}

// cutting gives the name of a title the room it needs and the settings what is left.
type cutting struct{ t *stackTitle }

// MinSize implements fyne.Layout.
func (c *cutting) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(40, fyne.MeasureText("Ag", theme.TextSize, fyne.TextStyle{Bold: true}).Height+2*theme.Step)
}

// Layout implements fyne.Layout.
func (c *cutting) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	t := c.t
	const pad = theme.Step
	t.name.Text = cut(t.full, s.Width-2*pad, t.name)
	m := t.name.MinSize()
	put(t.name, pad, (s.Height-m.Height)/2, m.Width, m.Height)
	x := pad + m.Width + theme.Gap
	t.note.Text = ""
	if s.Width-x-pad > 0 {
		t.note.Text = cut(t.rest, s.Width-x-pad, t.note)
	}
	// Both texts stand on one line.
	put(t.note, x, (s.Height+m.Height)/2-t.note.MinSize().Height-1, max(s.Width-x-pad, 0), t.note.MinSize().Height)
}

func (t *stackTitle) set(text, rest string, off bool) {
	if t.full != text || t.rest != rest || t.off != off {
		t.full, t.rest, t.off = text, rest, off
		(&cutting{t}).Layout(nil, t.Size())
		t.Refresh()
	}
}

// cardHead lays out chip, title and menu in a line.
type cardHead struct{}

// MinSize implements fyne.Layout.
func (cardHead) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(answerChip+theme.Gap+o[1].MinSize().Width+28, 28)
}

// Layout implements fyne.Layout.
func (cardHead) Layout(o []fyne.CanvasObject, s fyne.Size) {
	put(o[0], 0, (s.Height-answerChip)/2, answerChip, answerChip)
	h := o[1].MinSize().Height
	put(o[1], answerChip+theme.Step, (s.Height-h)/2, s.Width-answerChip-2*theme.Step-28, h)
	put(o[2], s.Width-28, (s.Height-28)/2, 28, 28)
}

// showStacks brings the cards up to date. Where only values or switches differ they stay, so that
// the keyboard stays where it is.
func (c *comparison) showStacks() {
	same := len(c.cards) == len(c.plan.Stacks)
	for i := 0; same && i < len(c.cards); i++ {
		card, open := c.cards[i], -1
		if c.open[0] == i {
			open = c.open[1]
		}
		same = card.opened == open && slices.Equal(card.names, namesOf(c.plan.Stacks[i]))
	}
	if !same {
		c.cards, c.ui.stacks.Objects = nil, nil
		for i := range c.plan.Stacks {
			card := c.newStackCard(i)
			c.cards = append(c.cards, card)
			c.ui.stacks.Add(card.box)
		}
	}
	on := c.plan.on()
	for i, s := range c.plan.Stacks {
		c.cards[i].set(s, slices.Index(on, i))
	}
	c.showConflicts()
	if n := len(c.w.form.Force); n > 0 {
		c.ui.forced.SetText(fmt.Sprintf("%d forced on every side: clear", n))
		c.ui.forced.Show()
	} else {
		c.ui.forced.Hide()
	}
	if len(c.plan.Stacks) < maxStacks {
		c.ui.addStack.Enable()
	} else {
		c.ui.addStack.Disable()
	}
	if !same {
		c.ui.stacks.Refresh()
	}
}

func namesOf(s stack) []string {
	var out []string
	for _, m := range s.Methods {
		out = append(out, m.Name)
	}
	return out
}

func (c *comparison) newStackCard(i int) *stackCard {
	s := c.plan.Stacks[i]
	card := &stackCard{names: namesOf(s), opened: -1, why: widgets.NewNote("")}
	card.chip = newStackChip(func() { c.toggle(i) })
	card.title = newStackTitle(func() {
		if len(s.Methods) == 1 {
			c.unfold(i, 0)
		}
	})
	card.menu = widgets.NewButton("⋯", widgets.Ghost, func() { c.openStackMenu(i) })
	bar := canvas.NewRectangle(color.Transparent)
	bar.SetMinSize(fyne.NewSize(3, 3))
	edge := &painted{content: bar}
	edge.paint = func() { bar.FillColor = colour(fynetheme.ColorNameError); bar.Refresh() }
	edge.ExtendBaseWidget(edge)
	card.warning = container.NewBorder(nil, nil, edge, nil, padded(0, 0, theme.Step, 0, card.why))
	card.warning.Hide()
	rows := vbox(theme.Step, container.New(cardHead{}, card.chip, card.title, card.menu), card.warning)
	for m := range s.Methods {
		if len(s.Methods) > 1 {
			line := newFoldLine(func() { c.unfold(i, m) })
			card.lines = append(card.lines, line)
			rows.Add(line)
		}
		if c.open == [2]int{i, m} {
			card.opened = m
			card.open = c.newMethodCard(i, m)
			rows.Add(card.open)
		}
	}
	card.box = widgets.NewPanel(rows)
	return card
}

// newMethodCard is a method of a stack unfolded.
func (c *comparison) newMethodCard(i, m int) *widgets.MethodCard {
	s := c.plan.Stacks[i].Methods[m]
	info := infoOf(s.Name)
	card := widgets.NewMethodCard(widgets.MethodCardOptions{
		Name: info.Name, Title: info.Title, Provenance: string(info.Provenance),
		Removes: info.Removes, Needs: info.Needs,
		Params: pruning.Params(s.Name), Values: valuesOf(s),
	})
	card.SetOn(!s.Off)
	card.OnChanged = func(values map[string]string) {
		c.edit("values", func(p *plan) { p.Stacks[i].Methods[m].Params = maps.Clone(values) })
	}
	card.OnToggled = func(on bool) {
		c.edit("", func(p *plan) { p.Stacks[i].Methods[m].Off = !on })
	}
	card.OnRemove = func() {
		c.open = [2]int{-1, -1}
		c.edit("", func(p *plan) { p.Stacks[i].Methods = slices.Delete(p.Stacks[i].Methods, m, m+1) })
	}
	swap := func(by int) func() {
		return func() {
			c.open = [2]int{i, m + by}
			c.edit("", func(p *plan) {
				l := p.Stacks[i].Methods
				l[m], l[m+by] = l[m+by], l[m]
			})
		}
	}
	if m > 0 {
		card.OnMoveUp = swap(-1)
	}
	if m < len(c.plan.Stacks[i].Methods)-1 {
		card.OnMoveDown = swap(1)
	}
	return card
}

// set shows a stack's values. side is its place in the next run, -1 where it is off.
func (k *stackCard) set(s stack, side int) {
	if k.chip.side != side {
		k.chip.side = side
		k.chip.Refresh()
	}
	mark := map[bool]string{false: "▸ ", true: "▾ "}
	rest := ""
	if len(s.Methods) == 1 {
		rest = mark[k.opened == 0] + s.Methods[0].about()
	}
	k.title.set(s.title(), rest, side < 0)
	for m, line := range k.lines {
		text := cut(infoOf(s.Methods[m].Name).Title+"  "+s.Methods[m].about(), lineWidth, &canvas.Text{TextSize: theme.CaptionSize})
		if open := k.opened == m; line.text != text || line.open != open {
			line.set(text, open)
		}
	}
	if k.open != nil {
		k.open.SetValues(valuesOf(s.Methods[k.opened]))
		k.open.SetOn(!s.Methods[k.opened].Off)
	}
}

// about is a method's settings in the line of its card.
func (s stage) about() string {
	if s.Off {
		return "off"
	}
	return s.settings(true)
}

// lineWidth is the room for a method's settings in the narrower column.
const lineWidth = leftWidthSmall - 2*side4 - 2*theme.Inset - 36

// setWarning shows why a stack cannot run, or takes it away.
func (k *stackCard) setWarning(text string) {
	if k.why.Text() == text {
		return
	}
	k.why.SetText(text)
	if text == "" {
		k.warning.Hide()
	} else {
		k.warning.Show()
	}
	k.box.Refresh()
}

// showConflicts says on each card why its stack cannot run: what is known before the run, else
// what the run said.
func (c *comparison) showConflicts() {
	failed := ""
	if s := c.shown.state; s != nil && s.Error != "" && sameStacks(c.asked, c.plan.Stacks) {
		failed = s.Error
	}
	for i, card := range c.cards {
		text := c.refusal(i)
		if text == "" && failed != "" && c.blamed(i, failed) {
			text = sentence(failed)
		}
		card.setWarning(text)
	}
}

// refusal is why stack i cannot run, as a sentence; empty where it can, or does not take part.
func (c *comparison) refusal(i int) string {
	s := c.plan.Stacks[i]
	if s.Off {
		return ""
	}
	if why := stackConflict(s.Methods, c.model()); why != "" {
		return sentence(why)
	}
	return ""
}

// blamed reports whether an error of the run is about stack i: it names its label or, if no stack
// is named, one of its methods.
func (c *comparison) blamed(i int, text string) bool {
	labels := c.plan.request(c.w.form.request(nil)).Labels()
	side := slices.Index(c.plan.on(), i)
	if side < 0 || side >= len(labels) {
		return false
	}
	named := func(l string) bool { return strings.Contains(text, l) }
	if slices.ContainsFunc(labels, named) {
		return named(labels[side])
	}
	return slices.ContainsFunc(c.plan.Stacks[i].Methods, func(m stage) bool {
		return !m.Off && (named(m.Name) || named(infoOf(m.Name).Title))
	})
}

func (c *comparison) unfold(i, m int) {
	if c.open == [2]int{i, m} {
		c.open = [2]int{-1, -1}
	} else {
		c.open = [2]int{i, m}
	}
	c.showStacks()
}

func (c *comparison) toggle(i int) {
	c.edit("", func(p *plan) { p.Stacks[i].Off = !p.Stacks[i].Off })
}

func (c *comparison) openStackMenu(i int) {
	s := c.plan.Stacks[i]
	item := func(text string, on bool, do func()) *fyne.MenuItem {
		m := fyne.NewMenuItem(text, do)
		m.Disabled = !on
		return m
	}
	var add []*fyne.MenuItem
	for _, info := range pruning.Answering() {
		if slices.Contains(namesOf(s), info.Name) {
			continue
		}
		add = append(add, fyne.NewMenuItem(info.Title+"  ·  "+string(info.Provenance), func() {
			c.open = [2]int{i, len(c.plan.Stacks[i].Methods)}
			c.edit("", func(p *plan) { p.Stacks[i].Methods = append(p.Stacks[i].Methods, stage{Name: info.Name}) })
		}))
	}
	adding := item("Add a method to it", len(add) > 0, nil)
	if len(add) > 0 {
		adding.ChildMenu = fyne.NewMenu("", add...)
	}
	room := len(c.plan.Stacks) < maxStacks
	double := "Duplicate at another setting"
	if !room {
		double = "Duplicate: there are four already"
	}
	switchText := "Leave out of the run"
	if s.Off {
		switchText = "Take part in the run"
	}
	c.w.popUp(c.cards[i].menu, []*fyne.MenuItem{
		adding,
		item(double, room, func() { c.duplicate(i) }),
		item("Rename …", true, func() { c.rename(i) }),
		fyne.NewMenuItemSeparator(),
		item("Move up", i > 0, func() { c.move(i, -1) }),
		item("Move down", i < len(c.plan.Stacks)-1, func() { c.move(i, 1) }),
		item(switchText, true, func() { c.toggle(i) }),
		item("Open in Ask", len(s.Methods) > 0, func() { c.openInAsk(s.Methods) }),
		fyne.NewMenuItemSeparator(),
		item("Remove", true, func() { c.remove(i) }),
	})
}

func (c *comparison) duplicate(i int) {
	c.open = [2]int{i + 1, 0}
	c.edit("", func(p *plan) { p.Stacks = slices.Insert(p.Stacks, i+1, p.Stacks[i].duplicate()) })
}

func (c *comparison) move(i, by int) {
	c.open = [2]int{-1, -1}
	c.edit("", func(p *plan) { p.Stacks[i], p.Stacks[i+by] = p.Stacks[i+by], p.Stacks[i] })
}

func (c *comparison) remove(i int) {
	c.open = [2]int{-1, -1}
	c.edit("", func(p *plan) { p.Stacks = slices.Delete(p.Stacks, i, i+1) })
}

// rename asks for a stack's name in a small panel under its card's menu.
func (c *comparison) rename(i int) {
	entry := widget.NewEntry()
	entry.SetPlaceHolder(stack{Methods: c.plan.Stacks[i].Methods}.title())
	entry.SetText(c.plan.Stacks[i].Label)
	var pop *widget.PopUp
	entry.OnSubmitted = func(text string) {
		pop.Hide()
		c.edit("", func(p *plan) { p.Stacks[i].Label = strings.TrimSpace(text) })
	}
	pop = widget.NewPopUp(padded(theme.Gap, theme.Gap, theme.Gap, theme.Gap,
		vbox(theme.Gap, widgets.NewNote("Its name in the answers, the table and the figure; empty: its methods"), entry)), c.w.win.Canvas())
	pos := c.w.app.Driver().AbsolutePositionForObject(c.cards[i].chip)
	pop.Resize(fyne.NewSize(leftWidth-2*side4, pop.MinSize().Height))
	pop.ShowAtPosition(fyne.NewPos(pos.X, pos.Y+28))
	c.w.win.Canvas().Focus(entry)
}

// openAddMenu adds a stack of one method.
func (c *comparison) openAddMenu() {
	var items []*fyne.MenuItem
	for _, info := range pruning.Answering() {
		items = append(items, fyne.NewMenuItem(info.Title+"  ·  "+string(info.Provenance), func() {
			c.open = [2]int{len(c.plan.Stacks), 0}
			c.edit("", func(p *plan) { p.Stacks = append(p.Stacks, stack{Methods: []stage{{Name: info.Name}}}) })
		}))
	}
	c.w.popUp(c.ui.addStack, items)
}

func (c *comparison) openPresetMenu() {
	var items []*fyne.MenuItem
	for _, p := range presets(c.w.form.Methods) {
		items = append(items, fyne.NewMenuItem(p.title, func() {
			c.open = [2]int{-1, -1}
			c.edit("", func(now *plan) { now.Stacks = plan{Stacks: p.stacks}.clone().Stacks })
		}))
	}
	c.w.popUp(c.ui.presets, items)
}
