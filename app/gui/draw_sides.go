package gui

import (
	"fmt"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
)

// prunedSide is the one shown of the pruned sides, nil before it has begun.
func (d *drawing) prunedSide() *trace.Side {
	for _, x := range d.state().Sides {
		if x.Index == d.sideAt {
			return x
		}
	}
	return nil
}

// prunes reports whether the run, or before there is one the form, has a pruned side.
func (d *drawing) prunes() bool {
	if d.shown.state == nil {
		return len(specs(d.form.Methods)) > 0
	}
	return len(d.state().Request.Stacks()) > 0
}

// prunedName is what the pruned side is called.
func (d *drawing) prunedName() string {
	methods := specs(d.form.Methods)
	if d.shown.state != nil {
		if stacks := d.state().Request.Stacks(); d.sideAt < len(stacks) {
			if stacks[d.sideAt].Label != "" {
				return stacks[d.sideAt].Label
			}
			methods = stacks[d.sideAt].Methods
		}
	}
	if len(methods) == 0 {
		return "Pruned"
	}
	return specsTitle(methods)
}

// showSideMenu is the button that changes between several pruned sides.
func (d *drawing) showSideMenu() {
	if len(d.state().Request.Stacks()) < 2 {
		d.ui.side.Hide()
		return
	}
	d.ui.side.SetText(short(d.prunedName(), 20) + " ▾")
	d.ui.side.Show()
}

func (d *drawing) openSideMenu() {
	var items []*fyne.MenuItem
	for i, k := range d.state().Request.Stacks() {
		name := k.Label
		if name == "" {
			name = specsTitle(k.Methods)
		}
		item := fyne.NewMenuItem(name, func() {
			d.sideAt = i
			d.drawn = drawnKeys{}
			d.showRun()
		})
		item.Checked = i == d.sideAt
		items = append(items, item)
	}
	d.w.popUp(d.ui.side, items)
}

// evaluations counts those of a side so far, and as the engine did once it is done.
func evaluations(x *trace.Side) int {
	if x.Drawn != nil {
		return x.Drawn.NFE
	}
	n := 0
	for _, e := range x.Denoised {
		if e.Kind == trace.StepFull || e.Kind == trace.StepToken {
			n++
		}
	}
	return n
}

func titled(name string, x *trace.Side) string {
	if x == nil || len(x.Denoised) == 0 {
		return name
	}
	if n := evaluations(x); n == 1 {
		return name + " · 1 evaluation"
	} else {
		return fmt.Sprintf("%s · %d evaluations", name, n)
	}
}
