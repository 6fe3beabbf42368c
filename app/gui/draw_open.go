package gui

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"winnow/internal/trace"
)

// restore shows a drawing that was recorded: prompt, settings, and what came of it.
func (d *drawing) restore(o opened, s *trace.State) {
	w := d.w
	w.setView(viewDraw)
	w.cancel()
	w.abandon()
	d.stopPlaying()
	d.hist.edited(d.form.clone(), "", w.now())
	d.form = d.form.of(s.Request)
	notice := o.notice
	if len(s.Request.Stacks()) > 1 {
		notice = join(notice, fmt.Sprintf("the run has %d pruned pictures; the button over them changes between them, and drawing again uses the first one's methods", len(s.Sides)))
	}
	notice = join(notice, d.takeModel(s.Request.Model))
	if s.Drawing != nil && !hasPreviews(s) {
		notice = join(notice, "the file carries no pictures of the single steps, so the pictures shown are the final ones at every step")
	}
	s.Running = false
	d.shown = snapshot{state: s, events: o.events, done: true}
	d.at, d.sideAt, d.follow, d.noticed = latestStep(s), 0, false, len(s.Notices)
	d.images, d.drawn = imageCache{}, drawnKeys{}
	w.win.Canvas().Unfocus() // the arrows are for the steps
	d.ui.suggestions.Hide()
	d.showForm()
	d.showRun()
	d.showModel()
	if s.Error != "" {
		w.ui.banner.Error(sentence(s.Error))
	} else {
		w.say(join(append([]string{notice}, s.Notices...)...))
	}
	w.ui.toast.Say("Opened the drawing in " + o.name)
	d.remember()
}

// takeModel chooses the model of a recorded run where it is here, and says where it is not.
func (d *drawing) takeModel(name string) (notice string) {
	if !strings.ContainsAny(name, `/\`) { // built in, as far as this window knows
		d.form.Model = name
		return ""
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		d.form.Model = name
		d.form.folder(name)
		return ""
	}
	return fmt.Sprintf("its model %s is not here; drawing again uses the one chosen above", name)
}

func hasPreviews(s *trace.State) bool {
	return slices.ContainsFunc(append([]*trace.Side{s.Dense}, s.Sides...), func(x *trace.Side) bool {
		return x != nil && slices.ContainsFunc(x.Denoised, func(e trace.Denoised) bool { return len(e.Preview) > 0 })
	})
}
