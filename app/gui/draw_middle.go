package gui

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
	"winnow/vision/quality"
)

// drawnKeys say what the widgets hold of the run shown, so that a snapshot redraws only what it
// changed.
type drawnKeys struct{ steps, results string }

func (d *drawing) buildTools() fyne.CanvasObject {
	u := &d.ui
	u.show = widgets.NewTabs([]string{"Side by side", "Slider A | B", fmt.Sprintf("Difference × %d", quality.Amplified), "Unstable tokens"},
		func(i int) { d.setShow(showNames[i]) })
	u.where = widgets.NewMonoLabel("")
	u.side = widgets.NewButton("", widgets.Outline, d.openSideMenu)
	u.side.Hide()
	u.tools = container.New(&drawTools{}, u.show, u.where, u.side)
	return u.tools
}

func (d *drawing) buildMiddle() fyne.CanvasObject {
	u := &d.ui
	u.titles = [2]*pictureTitle{newPictureTitle(false), newPictureTitle(true)}
	u.dense, u.pruned, u.single = widgets.NewEnlarged(""), widgets.NewEnlarged(""), widgets.NewEnlarged("")
	u.wipe = widgets.NewWipe("")
	u.wipe.OnMoved = func(share float64) {
		d.form.Split = share
		d.remember()
	}
	u.strip, u.curve = widgets.NewStepStrip(), widgets.NewCriterionCurve()
	seek := func(step int) { d.stopPlaying(); d.seek(step) }
	u.strip.OnSeek, u.curve.OnSeek = seek, seek
	u.strip.OnPlay, u.curve.OnPlay = d.setPlaying, d.setPlaying
	u.middle = container.New(&drawLayout{d}, u.titles[0], u.titles[1], u.dense, u.pruned, u.single, u.wipe, u.strip, u.curve)
	return u.middle
}

// setShow chooses how the pictures are compared.
func (d *drawing) setShow(name string) {
	d.form.Show = name
	d.remember()
	d.showPictures()
	d.ui.middle.Layout.Layout(d.ui.middle.Objects, d.ui.middle.Size())
}

// showLook brings up to date what the theme and the colours of scores decide.
func (d *drawing) showLook() {
	d.drawn = drawnKeys{}
	d.showRun()
}

// showRun writes the run shown into the centre and the right column.
func (d *drawing) showRun() {
	if d.ui.column == nil {
		return // while the window is built
	}
	d.showSideMenu()
	d.showSteps()
	d.showPictures()
	d.showResults()
	d.showButton()
	d.showConflict()
	d.w.showStatus()
}

// hints say what stands in place of the two pictures.
func (d *drawing) hints() (dense, pruned string) {
	s := d.state()
	switch {
	case d.shown.state == nil:
		return "Type a prompt and press Enter: the picture with every evaluation of the network appears here.",
			"The picture from the same noise, with the evaluations that the methods leave."
	case s.Error != "":
		return "No picture: the run ended with an error.", "No picture: the run ended with an error."
	case s.Cancelled:
		return "Cancelled before this picture had begun.", "Cancelled before this picture had begun."
	case s.Running && s.Model == nil:
		return "Loading the model …", "Drawn after the dense one."
	case s.Running && s.Drawing == nil:
		return "Reading the prompt …", "Drawn after the dense one."
	case s.Running:
		return "The first step is being made …", "Drawn after the dense one."
	}
	return "The run has no picture here.", "The run has no picture here."
}

// showPictures writes the step under the scrubber into the centre.
func (d *drawing) showPictures() {
	u := &d.ui
	if u.middle == nil {
		return
	}
	s := d.state()
	u.show.SetSelected(max(slices.Index(showNames, d.form.Show), 0))
	a, exactA := d.pictureAt(s.Dense, d.at)
	p := d.prunedSide()
	b, exactB := d.pictureAt(p, d.at)
	hintA, hintB := d.hints()
	if !d.prunes() {
		hintB = "No method is on: the dense picture is drawn alone."
	}
	u.where.SetText(d.whereText(a != nil || b != nil, exactA || exactB))
	u.tools.Layout.Layout(u.tools.Objects, u.tools.Size())

	both, slider := d.form.Show == showBoth, d.form.Show == showSlider
	for _, o := range []struct {
		object fyne.CanvasObject
		on     bool
	}{{u.dense, both}, {u.pruned, both}, {u.titles[1], both}, {u.wipe, slider}, {u.single, !both && !slider}} {
		if o.on {
			o.object.Show()
		} else {
			o.object.Hide()
		}
	}
	titleA, titleB := titled("Dense", s.Dense), titled(d.prunedName(), p)
	switch d.form.Show {
	case showBoth:
		u.titles[0].set(titleA+d.endText(s.Dense), false)
		u.titles[1].set(titleB+d.endText(p), true)
		u.dense.SetHint(hintA)
		u.pruned.SetHint(hintB)
		setEnlarged(u.dense, a)
		setEnlarged(u.pruned, b)
	case showSlider:
		u.titles[0].set("A dense, B "+d.prunedName()+": drag the divider, or Tab to it and use the arrows", false)
		u.wipe.SetLabels("A "+titleA, "B "+titleB)
		u.wipe.SetHint(d.needBoth(hintA, hintB))
		u.wipe.SetShare(d.form.Split)
		if a != nil && b != nil {
			u.wipe.SetPictures(a, b)
		} else {
			u.wipe.SetPictures(nil, nil)
		}
	case showDifference:
		u.titles[0].set(fmt.Sprintf("Dense against %s at this step, differences %d times amplified", d.prunedName(), quality.Amplified), false)
		u.single.SetHint(d.needBoth(hintA, hintB))
		u.single.SetOverlay(nil, 1)
		setEnlarged(u.single, d.images.difference(a, b))
	case showUnstable:
		over, n := d.unstable(p, d.at)
		title := d.prunedName() + ": no method looked at the tokens of this step"
		if over != nil {
			rows, cols := s.Grid()
			title = fmt.Sprintf("%s: %d of %d tokens unstable at this step, coloured; the others may be skipped", d.prunedName(), n, rows*cols)
		}
		u.titles[0].set(title, true)
		u.single.SetHint(d.needBoth(hintB, hintB))
		setEnlarged(u.single, b)
		if over == nil {
			u.single.SetOverlay(nil, 1)
		} else {
			u.single.SetOverlay(over, d.w.look.Alpha)
		}
	}
}

// needBoth is the hint of what compares two pictures.
func (d *drawing) needBoth(dense, pruned string) string {
	if d.shown.state == nil {
		return "Draw a prompt with a method: the two pictures are compared here."
	}
	if d.state().Dense != nil && d.prunes() {
		return pruned
	}
	if !d.prunes() {
		return "No method was on in this run, so there is nothing to compare."
	}
	return dense
}

// whereText says what the pictures are: predictions on the way, or the finished ones.
func (d *drawing) whereText(any, exact bool) string {
	n := d.steps()
	switch {
	case !any || n == 0:
		return ""
	case d.at >= n-1 && d.state().Ended && !d.state().Cancelled:
		return "finished"
	case !exact:
		return fmt.Sprintf("step %d", d.at)
	}
	return fmt.Sprintf("step %d, predicted", d.at)
}

// endText says that a side was cut short.
func (d *drawing) endText(x *trace.Side) string {
	if x != nil && d.state().Cancelled && (x.Drawn == nil || x.Drawn.Ended == "cancelled") {
		return ", cancelled"
	}
	return ""
}
