package widgets

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func someWords(n int) []WordRow {
	var out []WordRow
	for i := range n {
		r := WordRow{Text: fmt.Sprintf(" w%d", i), Before: []WordChoice{{" cow", 0.44}, {" ox", 0.2}}, After: []WordChoice{{" cow", 0.5}}}
		if i%4 == 1 {
			r.After = []WordChoice{{" sheep", 0.86}, {" cow", 0.04}, {"a", 0.01}, {"b", 0.009}, {"c", 0.0004}, {"sixth", 0.0001}}
			r.Against = []WordChoice{{" the", 0.3}}
		}
		out = append(out, r)
	}
	return out
}

func TestWordTableMarksWhatContrastChanged(t *testing.T) {
	start(t, theme.Dark)
	w := NewWordTable()
	show(t, w, 340, 240)
	w.SetRows(someWords(2))
	count := func() int {
		n := 0
		for _, o := range test.WidgetRenderer(w.list).Objects() {
			if o.Size().Width == 3 && o.Visible() {
				n++
			}
		}
		return n
	}
	if n := count(); n != 1 {
		t.Errorf("%d rows are marked, want one", n)
	}
	if lines := texts(w.list); !slices.Contains(lines, "sheep") || !slices.Contains(lines, "86 %") || !slices.Contains(lines, "44 %") {
		t.Errorf("writes %q", lines)
	}
	w.SetRows([]WordRow{{Text: "x"}})
	if n := count(); n != 0 {
		t.Error("a word without candidates is marked")
	}
	if lines := texts(w.list); !slices.Contains(lines, "–") {
		t.Errorf("a word without candidates: %q", lines)
	}
}

func TestWordTableUnfoldsTheFirstFive(t *testing.T) {
	start(t, theme.Dark)
	w := NewWordTable()
	show(t, w, 340, 300)
	var got []int
	w.OnSelect = func(i int) { got = append(got, i) }
	press(w, fyne.KeyDown)
	w.SetRows(someWords(8))
	w.list.Tapped(pointAt(20, 1.5*wordRow))
	lines := texts(w.list)
	for _, want := range []string{"plain", "after", "prior", "the", "<0.1 %", "4.0 %"} {
		if !slices.Contains(lines, want) {
			t.Errorf("the unfolded row does not write %q: %q", want, lines)
		}
	}
	if slices.Contains(lines, "sixth") {
		t.Error("a sixth candidate is shown")
	}
	w.list.Tapped(pointAt(20, 2*wordRow+20)) // in the unfolded part
	press(w, fyne.KeyDown, fyne.KeyUp, fyne.KeyEnd, fyne.KeyDown, fyne.KeyHome, fyne.KeyUp)
	w.list.Tapped(pointAt(20, 5)) // folds
	if want := []int{1, 2, 1, 7, 0, -1}; !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v", got, want)
	}
	if slices.Contains(texts(w.list), "after") {
		t.Error("the row stays unfolded")
	}
	w.SetSelected(2)
	if lines := texts(w.list); slices.Contains(lines, "prior") {
		t.Error("a prior is shown that was not given")
	}
	w.SetRows(someWords(1))
	if w.Selected() != -1 || len(got) != 6 {
		t.Errorf("row %d of one is unfolded; called back %d times", w.Selected(), len(got))
	}
}

func TestWordTableFindsEveryRow(t *testing.T) {
	start(t, theme.Dark)
	w := NewWordTable()
	show(t, w, 340, 240)
	w.SetRows(someWords(6))
	for _, s := range []int{-1, 0, 3, 5} {
		w.SetSelected(s)
		for i := range 6 {
			if got, open := w.list.at(w.list.top(i) + 3); got != i || open {
				t.Errorf("row %d is found as %d (open %v) with %d unfolded", i, got, open, s)
			}
		}
		if got, _ := w.list.at(w.list.top(6) + 1); got != -1 {
			t.Errorf("below the last row is %d", got)
		}
	}
}

func TestWordTableDrawsOnlyWhatIsInView(t *testing.T) {
	start(t, theme.Dark)
	w := NewWordTable()
	show(t, w, 340, 240)
	w.SetRows(someWords(2000))
	for _, i := range []int{1000, 1999, 0, 1001} {
		w.SetSelected(i)
		y0, y1 := w.list.top(i), w.list.top(i+1)
		if at := w.scroll.Offset.Y; y0 < at-0.1 || y1 > at+w.scroll.Size().Height+0.1 {
			t.Errorf("row %d is not in view", i)
		}
		if !slices.Contains(texts(w.list), fmt.Sprintf("w%d", i)) {
			t.Errorf("row %d is not written", i)
		}
	}
	if n := len(test.WidgetRenderer(w.list).Objects()); n > 150 {
		t.Errorf("%d objects for 2000 rows, want what is in view", n)
	}
}

func TestWordTableShadesTheHoveredRow(t *testing.T) {
	start(t, theme.Dark)
	w := NewWordTable()
	show(t, w, 340, 400)
	w.SetRows(someWords(6))
	w.SetSelected(1)
	shade := test.WidgetRenderer(w.list).Objects()[0]
	for i, want := range []bool{true, false, true, true, true, true} {
		w.list.MouseMoved(mouseAt(9, w.list.top(i)+2))
		if shade.Visible() != want || want && shade.Position().Y != w.list.top(i) {
			t.Errorf("row %d: visible %v at %v", i, shade.Visible(), shade.Position())
		}
	}
	w.list.MouseMoved(mouseAt(9, 2*wordRow+30)) // in the unfolded part
	if shade.Visible() {
		t.Error("the unfolded part is shaded")
	}
	w.list.MouseMoved(mouseAt(9, 3))
	w.list.MouseOut()
	if shade.Visible() {
		t.Error("the shade stays")
	}
}
