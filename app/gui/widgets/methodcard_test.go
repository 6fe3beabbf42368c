package widgets

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
	"winnow/pruning"
)

func number(v float64) *float64 { return &v }

func sampleCard() *MethodCard {
	return NewMethodCard(MethodCardOptions{
		Name: "corematching", Title: "CoreMatching", Provenance: "authors' code",
		Removes: "visual tokens after an early layer; FFN neurons while decoding",
		Params: []pruning.Param{
			{Name: "mode", Type: "choice", Default: "paper", Choices: []string{"paper", "release"}, Help: "the paper's rule or the released code's"},
			{Name: "beta", Type: "float", Default: "0.4", Min: number(0), Max: number(1), Help: "share of neurons kept"},
			{Name: "layer", Type: "int", Default: "2", Min: number(1), Unit: "layers", Help: "decide after this many layers"},
			{Name: "exact", Type: "bool", Default: "true"},
		},
		Values: map[string]string{"beta": "0.25", "layer": "none"},
		Labels: map[string]string{"beta": "Neurons kept, β"},
	})
}

func TestMethodCardRenders(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		m := sampleCard()
		m.OnRemove = func() {}
		m.SetError("CoreMatching and Random both drop visual tokens")
		w := show(t, m, 260, 330)
		test.AssertRendersToMarkup(t, "method_"+name+".xml", w.Canvas())
	})
}

func TestMethodCardHoldsOnlyValuesThatTheDeclarationAllows(t *testing.T) {
	start(t, theme.Dark)
	m := sampleCard()
	show(t, m, 260, 400)
	want := map[string]string{"mode": "paper", "beta": "0.25", "layer": "2", "exact": "true"}
	if !maps.Equal(m.Values(), want) {
		t.Errorf("values %v, want %v", m.Values(), want)
	}
	calls := 0
	m.OnChanged = func(map[string]string) { calls++ }
	m.SetValues(map[string]string{"mode": "other", "beta": "2", "layer": "4", "exact": "maybe", "unknown": "1"})
	want["layer"] = "4"
	if !maps.Equal(m.Values(), want) || calls != 0 {
		t.Errorf("values %v, want %v; %d calls", m.Values(), want, calls)
	}
	m.Values()["beta"] = "9"
	if m.Values()["beta"] != "0.25" {
		t.Error("the map is the card's own")
	}
}

func TestEveryControlChangesItsParameter(t *testing.T) {
	start(t, theme.Dark)
	m := sampleCard()
	show(t, m, 260, 400)
	var got map[string]string
	calls := 0
	m.OnChanged = func(v map[string]string) { got, calls = v, calls+1 }
	mode, beta, layer, exact := m.controls[0], m.controls[1], m.controls[2], m.controls[3]
	press(mode.choice, fyne.KeyRight)
	press(beta.slider, fyne.KeyRight)
	layer.entry.SetText("30")
	layer.entry.OnSubmitted("30")
	test.Tap(exact.check)
	want := map[string]string{"mode": "release", "beta": "0.26", "layer": "30", "exact": "false"}
	if !maps.Equal(got, want) || calls != 4 {
		t.Errorf("after %d calls %v, want %v", calls, got, want)
	}
	if layer.slider.Max < 30 || layer.slider.Value() != 30 {
		t.Errorf("the slider stands at %g of %g", layer.slider.Value(), layer.slider.Max)
	}
	if beta.entry.Text != "0.26" {
		t.Errorf("the entry says %q", beta.entry.Text)
	}
}

func TestTypedNonsenseIsRefusedInPlace(t *testing.T) {
	start(t, theme.Dark)
	m := sampleCard()
	show(t, m, 260, 400)
	calls := 0
	m.OnChanged = func(map[string]string) { calls++ }
	beta := m.controls[1]
	for _, bad := range []string{"1.5", "many", "", "NaN", "-0.1"} {
		beta.entry.SetText(bad)
		beta.entry.FocusLost()
		if m.Values()["beta"] != "0.25" || calls != 0 {
			t.Errorf("%q was taken: %v", bad, m.Values())
		}
		if !slices.ContainsFunc(texts(m), func(s string) bool { return strings.Contains(s, "beta of CoreMatching") }) {
			t.Errorf("%q is refused without a word: %q", bad, texts(m))
		}
	}
	press(beta.entry, fyne.KeyEscape)
	if beta.entry.Text != "0.25" {
		t.Errorf("escape leaves %q", beta.entry.Text)
	}
	beta.take("0.5")
	if slices.ContainsFunc(texts(m), func(s string) bool { return strings.Contains(s, "beta of") }) {
		t.Error("the refusal stays after a good value")
	}
}

func TestMethodCardIsSwitchedAndRemoved(t *testing.T) {
	start(t, theme.Dark)
	m := sampleCard()
	var done []string
	m.OnToggled = func(on bool) { done = append(done, map[bool]string{true: "on", false: "off"}[on]) }
	m.OnRemove = func() { done = append(done, "remove") }
	m.OnMoveDown = func() { done = append(done, "down") }
	show(t, m, 260, 400)
	tall := m.MinSize().Height
	var buttons []*Button
	for _, o := range test.WidgetRenderer(m).Objects() {
		switch o := o.(type) {
		case *check:
			test.Tap(o)
		case *Button:
			if o.Visible() {
				buttons = append(buttons, o)
			}
		}
	}
	for _, b := range buttons {
		test.Tap(b)
	}
	if want := []string{"off", "down", "remove"}; !slices.Equal(done, want) {
		t.Errorf("did %v, want %v", done, want)
	}
	if m.On() || m.MinSize().Height >= tall {
		t.Errorf("on %v, %g high of %g", m.On(), m.MinSize().Height, tall)
	}
}

func TestHelpIsShownOnThePointer(t *testing.T) {
	start(t, theme.Dark)
	m := sampleCard()
	show(t, m, 260, 400)
	says := func() bool { return slices.Contains(texts(m), "share of neurons kept") }
	for _, o := range test.WidgetRenderer(m.controls[1]).Objects() {
		mark, ok := o.(*Button)
		if !ok {
			continue
		}
		before := says()
		mark.MouseIn(mouseAt(4, 4))
		on := says()
		mark.MouseOut()
		if before || !on || says() {
			t.Errorf("help before %v, on %v, after %v", before, on, says())
		}
		test.Tap(mark)
		if !says() {
			t.Error("the ? does not hold the help")
		}
	}
}

func TestSliderRangesComeFromTheDeclaration(t *testing.T) {
	for _, c := range []struct {
		p            pruning.Param
		lo, hi, step float64
	}{
		{pruning.Param{Type: "float", Default: "0.5", Min: number(0), Max: number(1)}, 0, 1, 0.01},
		{pruning.Param{Type: "float", Default: "3", Min: number(1)}, 1, 12, 0.1},
		{pruning.Param{Type: "float", Default: "0.0001", Min: number(0), Max: number(0.001)}, 0, 0.001, 0.00001},
		{pruning.Param{Type: "int", Default: "2", Min: number(1), Max: number(6)}, 1, 6, 1},
		{pruning.Param{Type: "int", Default: "0", Min: number(0)}, 0, 8, 1},
		{pruning.Param{Type: "float", Default: "-2"}, -2, 1, 0.01},
		{pruning.Param{Type: "float", Default: "1", Min: number(1), Max: number(1)}, 1, 2, 0.01},
	} {
		lo, hi, step := sliderRange(c.p)
		if lo != c.lo || hi != c.hi || step/c.step < 0.999 || step/c.step > 1.001 {
			t.Errorf("%+v: %g to %g by %g, want %g to %g by %g", c.p, lo, hi, step, c.lo, c.hi, c.step)
		}
	}
}
