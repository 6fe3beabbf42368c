package widgets

import (
	"image"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

func TestMaskIsReadByPointerAndKeys(t *testing.T) {
	start(t, theme.Dark)
	m := NewMaskGrid()
	show(t, m, 260, 240)
	press(m, fyne.KeyRight)
	groups, sees := []MaskGroup{{"text", 2}, {"actions", 2}}, []bool{
		true, false, false, false,
		true, true, false, false,
		true, true, true, true,
		true, true, true, true,
	}
	m.Set(groups, sees)
	a := m.plot.area(m.Size())
	at := func(row, col float32) { m.MouseMoved(mouseAt(a.x+(col+0.5)*a.w/4, a.y+(row+0.5)*a.h/4)) }
	for _, c := range []struct {
		row, col float32
		want     string
	}{{0, 0, "text 0 sees itself"}, {0, 1, "text 0 does not see text 1"}, {2, 3, "actions 0 sees actions 1"}, {1, 2, "text 1 does not see actions 0"}} {
		at(c.row, c.col)
		if got := m.reading(); !slices.Equal(got, []string{c.want}) {
			t.Errorf("reads %q, want %q", got, c.want)
		}
	}
	press(m, fyne.KeyDown, fyne.KeyHome)
	if got := m.reading(); !slices.Equal(got, []string{"actions 0 sees text 0"}) {
		t.Errorf("with the keys it reads %q", got)
	}
	m.MouseMoved(mouseAt(2, 2))
	if m.reading() != nil {
		t.Errorf("reads %q beside the grid", m.reading())
	}
	var names []string
	for _, l := range texts(m) {
		if l == "text" || l == "actions" {
			names = append(names, l)
		}
	}
	if len(names) != 4 {
		t.Errorf("writes %q, want both names at both edges", texts(m))
	}
	for _, bad := range []struct {
		groups []MaskGroup
		sees   []bool
	}{{groups, sees[:15]}, {groups[:1], sees}, {[]MaskGroup{{"a", -4}, {"b", 8}}, sees}, {nil, nil}, {nil, sees}} {
		m.Set(groups, sees)
		m.Set(bad.groups, bad.sees)
		if got := texts(m); !slices.Equal(got, []string{"No attention mask yet."}) {
			t.Errorf("%v of %d: writes %q", bad.groups, len(bad.sees), got)
		}
	}
}

func TestMaskIsLitWhereOneSees(t *testing.T) {
	start(t, theme.Dark)
	m := NewMaskGrid()
	show(t, m, 260, 240)
	m.Set([]MaskGroup{{"all", 2}}, []bool{true, false, true, true})
	img := m.generate(100, 100).(*image.RGBA)
	off, full := maskPlot{m}.inks()
	for _, c := range []struct {
		x, y int
		lit  bool
	}{{25, 25, true}, {75, 25, false}, {25, 75, true}, {75, 75, true}, {49, 49, true}, {50, 49, false}} {
		want := premultiplied(off)
		if c.lit {
			want = premultiplied(full)
		}
		if got := img.RGBAAt(c.x, c.y); got != want {
			t.Errorf("at %d, %d it is %v, want %v", c.x, c.y, got, want)
		}
	}
}
