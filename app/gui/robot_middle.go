package gui

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

func (r *robot) buildTools() fyne.CanvasObject {
	u := &r.ui
	u.heat = widgets.NewTabs([]string{"Both encoders", "DINOv2", "SigLIP", "None"}, func(i int) { r.setHeat(heatNames[i]) })
	u.where = widgets.NewMonoLabel("")
	u.episode = widgets.NewButton("", widgets.Outline, r.openEpisodeMenu)
	u.episode.Hide()
	u.tools = container.New(&drawTools{}, u.heat, u.where, u.episode)
	return u.tools
}

func (r *robot) buildMiddle() fyne.CanvasObject {
	u := &r.ui
	u.cameras = [2]*widgets.Camera{widgets.NewCamera("Camera"), widgets.NewCamera("Camera")}
	u.curvesTitle, u.units = widgets.NewSectionTitle("Next actions"), widgets.NewNote("")
	u.curves, u.strip = widgets.NewActionCurves(), widgets.NewEpisodeStrip()
	u.strip.OnScrub = func(step int) { r.stopPlaying(); r.seek(step) }
	u.strip.OnPlay = func() { r.setPlaying(r.playing == nil) }
	u.middle = container.New(&robotLayout{r}, u.cameras[0], u.cameras[1], u.curvesTitle, u.units, u.curves, u.strip)
	return u.middle
}

// showLook brings up to date what the theme decides.
func (r *robot) showLook() {
	r.drawn = robotDrawn{}
	r.showRun()
}

// showRun writes the run shown into the centre and the right column.
func (r *robot) showRun() {
	if r.ui.results == nil {
		return // while the window is built
	}
	r.showStep()
	r.showSavings()
	r.showExport()
	r.showButton()
	r.showBlame()
}

// showStep writes the step under the scrubber everywhere.
func (r *robot) showStep() {
	r.showCameras()
	r.showWhere()
	r.showCurves()
	r.showStrip()
	r.showGate()
	r.showRouting()
	r.showLooks()
	r.showMask()
	r.relay()
	r.w.showStatus()
}

// hint says what stands in place of a camera's picture.
func (r *robot) hint(camera int) string {
	s := r.state()
	switch {
	case r.shown.state == nil && camera > 0:
		return "What the camera at its hand sees."
	case r.shown.state == nil:
		return "Press Enter: the robot begins, and what its cameras see appears here."
	case s.Error != "":
		return "No picture: the run ended with an error."
	case s.Running && s.Model == nil:
		return "Loading the policy …"
	case s.Running && s.Acting == nil:
		return "Setting up the scene …"
	case s.Running:
		return "The first step is being made …"
	case s.Cancelled:
		return "Paused before the first step."
	}
	return "The run has no picture here."
}

// cameraName is that of camera i of the run, or of the first two of a task.
func (r *robot) cameraName(i int) string {
	if a := r.state().Acting; a != nil && i < len(a.Cameras) {
		return a.Cameras[i]
	}
	return ""
}

// shownCameras are how many the run has, of the two that the centre shows.
func (r *robot) shownCameras() int {
	if a := r.state().Acting; a != nil && len(a.Cameras) > 0 {
		return min(len(a.Cameras), len(r.ui.cameras))
	}
	return len(r.ui.cameras)
}

// showCameras writes pictures and heat.
func (r *robot) showCameras() {
	u := &r.ui
	if u.middle == nil {
		return
	}
	u.heat.SetSelected(max(slices.Index(heatNames, r.form.Heat), 0))
	var views [][]byte
	if e := r.now(); e != nil {
		views = e.ViewsAt(r.at)
	}
	t := r.thought(trace.Pruned)
	rows, cols := r.grid()
	n := r.shownCameras()
	if n < 2 == u.cameras[1].Visible() {
		if n < 2 {
			u.cameras[1].Hide()
		} else {
			u.cameras[1].Show()
		}
		u.middle.Layout.Layout(u.middle.Objects, u.middle.Size())
	}
	for i := range n {
		c := u.cameras[i]
		title := "Camera"
		if name := r.cameraName(i); name != "" {
			title += ", " + name
		}
		c.SetTitle(title)
		if i < len(views) && r.views.picture(views[i]) != nil {
			if img := r.views.picture(views[i]); r.drawn.shot[i] != img {
				r.drawn.shot[i] = img
				c.SetPicture(img)
			}
		} else {
			r.drawn.shot[i] = nil
			c.Empty(r.hint(i))
		}
		r.showHeat(c, i, t, rows, cols)
	}
}

// showHeat lays the attention over a camera, where it is another one than lies there.
func (r *robot) showHeat(c *widgets.Camera, i int, t *trace.Thought, rows, cols int) {
	key := fmt.Sprint(r.form.Heat, r.vector, rows, cols, r.w.look.Theme, r.episode, t == nil)
	if t != nil {
		key += fmt.Sprint(" ", t.Step, t.MS)
	}
	if key == r.drawn.heat[i] {
		return
	}
	r.drawn.heat[i] = key
	values := r.heat(t, i)
	if values == nil {
		c.SetOverlay(nil, 0, 0, seenPart())
		return
	}
	c.SetOverlay(spotlight(values, rows, cols), rows, cols, seenPart())
}

// showWhere says at which step the policy looked, and whose attention is shown.
func (r *robot) showWhere() {
	u := &r.ui
	if u.tools == nil {
		return
	}
	text := ""
	if t := r.thought(trace.Pruned); t != nil {
		text = fmt.Sprintf("looked at step %d", t.Step)
		if r.vector >= 0 && len(t.Looks) > 0 {
			text = fmt.Sprintf("token %d, step %d", r.vector, t.Step)
		}
	}
	u.where.SetText(text)
	if n := len(r.state().Episodes); n > 1 {
		u.episode.SetText(fmt.Sprintf("Episode %d of %d ▾", r.episode+1, n))
		u.episode.Show()
	} else {
		u.episode.Hide()
	}
	u.tools.Layout.Layout(u.tools.Objects, u.tools.Size())
}
