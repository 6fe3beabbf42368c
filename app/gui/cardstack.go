package gui

import (
	"maps"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/pruning"
)

// cardStack shows the methods of a view, a card each, and edits them.
type cardStack struct {
	title *widgets.SectionTitle
	box   *fyne.Container
	add   *widgets.Button
	cards []*widgets.MethodCard

	// methods are those stacked now; edit changes them as a step of undo, one step for edits with the
	// same key in quick succession.
	methods func() []stage
	edit    func(key string, f func([]stage) []stage)
	// offered are the methods of this view; heading names the stack of n.
	offered func() []pruning.Info
	heading func(n int) string
	// shown is called when the cards were brought up to date.
	shown func()
	popUp func(at fyne.CanvasObject, items []*fyne.MenuItem)
	// single stacks give their only card no number.
	single bool
}

func (c *cardStack) build() {
	c.title, c.box = widgets.NewSectionTitle(c.heading(0)), vbox(theme.Gap)
	c.add = widgets.NewButton("+ Add a method", widgets.Outline, c.openMenu)
}

// show builds a card a method. Where only values or switches differ the cards stay, so that the
// keyboard stays where it is.
func (c *cardStack) show() {
	methods := c.methods()
	same := len(c.cards) == len(methods)
	for i := 0; same && i < len(c.cards); i++ {
		same = c.cards[i].Name() == methods[i].Name
	}
	if same {
		for i, s := range methods {
			c.cards[i].SetValues(valuesOf(s))
			c.cards[i].SetOn(!s.Off)
		}
	} else {
		c.cards, c.box.Objects = nil, nil
		for i, s := range methods {
			card := c.newCard(i, s, len(methods))
			c.cards = append(c.cards, card)
			c.box.Add(card)
		}
		c.box.Refresh()
	}
	c.title.SetText(c.heading(len(methods)))
	if len(c.notStacked()) == 0 {
		c.add.Disable()
	} else {
		c.add.Enable()
	}
	c.shown()
}

func (c *cardStack) newCard(i int, s stage, n int) *widgets.MethodCard {
	info := infoOf(s.Name)
	params, shown, labels := orderedParams(s.Name)
	order := i + 1
	if c.single && n == 1 {
		order = 0
	}
	card := widgets.NewMethodCard(widgets.MethodCardOptions{
		Name: info.Name, Title: info.Title, Order: order, Provenance: string(info.Provenance),
		Removes: info.Removes, Needs: info.Needs, Params: params, Shown: shown, Labels: labels, Values: valuesOf(s),
	})
	card.SetOn(!s.Off)
	card.OnChanged = func(values map[string]string) {
		key := s.Name
		for name, v := range values {
			if valuesOf(c.methods()[i])[name] != v {
				key += " " + name
			}
		}
		c.edit(key, func(st []stage) []stage { st[i].Params = maps.Clone(values); return st })
	}
	card.OnToggled = func(on bool) {
		c.edit("", func(st []stage) []stage { st[i].Off = !on; return st })
	}
	card.OnRemove = c.restack(func(st []stage) []stage { return slices.Delete(st, i, i+1) })
	if i > 0 {
		card.OnMoveUp = c.restack(func(st []stage) []stage { st[i-1], st[i] = st[i], st[i-1]; return st })
	}
	if i < n-1 {
		card.OnMoveDown = c.restack(func(st []stage) []stage { st[i], st[i+1] = st[i+1], st[i]; return st })
	}
	return card
}

func (c *cardStack) restack(f func([]stage) []stage) func() {
	return func() {
		c.edit("", f)
		c.show()
	}
}

// notStacked are the methods that can still be added: one twice would claim the same thing twice.
func (c *cardStack) notStacked() []pruning.Info {
	return slices.DeleteFunc(c.offered(), func(i pruning.Info) bool {
		return slices.ContainsFunc(c.methods(), func(s stage) bool { return s.Name == i.Name })
	})
}

func (c *cardStack) openMenu() {
	var items []*fyne.MenuItem
	for _, i := range c.notStacked() {
		items = append(items, fyne.NewMenuItem(i.Title+"  ·  "+string(i.Provenance),
			c.restack(func(st []stage) []stage { return append(st, stage{Name: i.Name}) })))
	}
	c.popUp(c.add, items)
}

// blame shows an error, empty for none, on the cards of the methods that it names.
func (c *cardStack) blame(text string) {
	methods := c.methods()
	for i, card := range c.cards {
		if i >= len(methods) {
			return // the cards are about to be built anew
		}
		info := infoOf(methods[i].Name)
		if text != "" && !methods[i].Off && (strings.Contains(text, info.Title) || strings.Contains(text, info.Name)) {
			card.SetError(sentence(text))
		} else {
			card.SetError("")
		}
	}
}

// valuesOf gives every parameter its value.
func valuesOf(s stage) map[string]string {
	out := map[string]string{}
	for _, p := range pruning.Params(s.Name) {
		out[p.Name] = p.Default
	}
	maps.Copy(out, s.Params)
	return out
}

func infoOf(name string) pruning.Info {
	for _, i := range pruning.Infos() {
		if i.Name == name {
			return i
		}
	}
	return pruning.Info{Name: name, Title: name}
}
