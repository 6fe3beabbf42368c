package gui

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"winnow/internal/trace"
)

// forced is a visual token that the person has decided on. A click forces it the other way than
// it went, a second click turns that round, a third leaves it to the methods again.
type forced struct {
	trace.Forced
	// turned: the second click was.
	turned bool
}

func sameForced(a, b forced) bool { return a.Forced == b.Forced }

// forceOf is what a request carries.
func forceOf(list []forced) []trace.Forced {
	var out []trace.Forced
	for _, f := range list {
		out = append(out, f.Forced)
	}
	return out
}

// forcedOf is what a recorded request carried.
func forcedOf(list []trace.Forced) []forced {
	var out []forced
	for _, f := range list {
		if i := indexForced(out, f.Row, f.Col); i < 0 {
			out = append(out, forced{Forced: f})
		}
	}
	return out
}

func indexForced(list []forced, row, col int) int {
	return slices.IndexFunc(list, func(f forced) bool { return f.Row == row && f.Col == col })
}

// clicked is the list after a click on a cell that is kept or not where the person looks.
func clicked(list []forced, row, col int, kept bool) []forced {
	i := indexForced(list, row, col)
	switch {
	case i < 0:
		return append(list, forced{Forced: trace.Forced{Row: row, Col: col, Keep: !kept}})
	case list[i].turned:
		return slices.Delete(list, i, i+1)
	}
	list[i].Keep, list[i].turned = !list[i].Keep, true
	return list
}

// cellTapped forces the token of a cell; with Shift, all from the one clicked before to this one.
// The other button leaves the token to the methods.
func (w *window) cellTapped(row, col int, secondary bool) {
	if secondary {
		w.unforce(row, col)
		return
	}
	if d, ok := w.app.Driver().(desktop.Driver); ok && d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0 {
		w.forceUpTo(row, col)
		return
	}
	w.force(row, col)
}

// force clicks on a cell.
func (w *window) force(row, col int) {
	if !w.forceable(row, col) {
		return
	}
	kept := w.keptHere(row, col)
	w.hand = [2]int{row, col}
	if w.editBoth("", func(e *edits) { e.Force = clicked(e.Force, row, col, kept) }) {
		w.rerun()
	}
}

// forceUpTo forces a rectangle of cells the way that its first corner was forced.
func (w *window) forceUpTo(row, col int) {
	from := w.hand
	i := indexForced(w.form.Force, from[0], from[1])
	if i < 0 {
		w.force(row, col)
		return
	}
	keep := w.form.Force[i].Keep
	changed := w.editBoth("", func(e *edits) {
		for r := min(from[0], row); r <= max(from[0], row); r++ {
			for c := min(from[1], col); c <= max(from[1], col); c++ {
				if !w.forceable(r, c) {
					continue
				}
				f := forced{Forced: trace.Forced{Row: r, Col: c, Keep: keep}}
				if j := indexForced(e.Force, r, c); j >= 0 {
					e.Force[j] = f
				} else {
					e.Force = append(e.Force, f)
				}
			}
		}
	})
	if changed {
		w.rerun()
	}
}

// unforce leaves a cell's token to the methods.
func (w *window) unforce(row, col int) {
	if w.editBoth("", func(e *edits) {
		e.Force = slices.DeleteFunc(e.Force, func(f forced) bool { return f.Row == row && f.Col == col })
	}) {
		w.rerun()
	}
}

func (w *window) clearForced() {
	if w.editBoth("", func(e *edits) { e.Force = nil }) {
		w.rerun()
	}
}

// forceable reports whether a token stands for a cell of the picture in the view.
func (w *window) forceable(row, col int) bool {
	if !w.fits() || w.in.Grey {
		return false
	}
	_, ok := w.state().CellIndex(row, col)
	return ok
}

// keptHere reports whether the picture shows a cell as kept.
func (w *window) keptHere(row, col int) bool {
	_, cols := w.state().Grid()
	mask := w.mask()
	i := row*cols + col
	return i >= len(mask) || mask[i]
}

// showForced marks the forced cells and offers to clear them.
func (w *window) showForced() {
	_, cols := w.state().Grid()
	var in, out []int
	if w.fits() {
		for _, f := range w.form.Force {
			if _, ok := w.state().CellIndex(f.Row, f.Col); !ok {
				continue
			}
			if f.Keep {
				in = append(in, f.Row*cols+f.Col)
			} else {
				out = append(out, f.Row*cols+f.Col)
			}
		}
	}
	key := fmt.Sprint(in, out, len(w.form.Force), w.drawn.small, w.drawn.picture == nil)
	if key == w.drawn.forced {
		return
	}
	w.drawn.forced = key
	w.ui.view.SetForced(in, out)
	chip := w.ui.clearForced
	if n := len(w.form.Force); n > 0 {
		text := fmt.Sprintf("Clear %d forced", n)
		if w.win.Canvas().Size().Width < smallBelow {
			text = fmt.Sprintf("Clear %d", n)
		}
		chip.SetText(text)
		chip.Show()
	} else {
		chip.Hide()
	}
	w.ui.tools.Refresh()
}

// forceKey takes the keys that act on the cell under the pointer or the cursor; false for others.
func (w *window) forceKey(key fyne.KeyName) bool {
	row, col, ok := w.ui.view.Cursor()
	if !ok {
		return false
	}
	switch key {
	case fyne.KeyF:
		w.force(row, col)
	case fyne.KeyDelete, fyne.KeyBackspace:
		w.unforce(row, col)
	default:
		return false
	}
	return true
}
