package gui

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"winnow/internal/trace"
	"winnow/robotics"
)

// restore shows an acting run that was recorded: what was asked for, and what came of it. It needs no
// simulator.
func (r *robot) restore(o opened, s *trace.State) {
	w := r.w
	w.setView(viewRobot)
	w.cancel()
	w.abandon()
	r.leave()
	r.stopPlaying()
	r.hist.edited(r.form.clone(), "", w.now())
	r.form = r.form.of(s.Request)
	notice := o.notice
	if a := s.Request.Act; a != nil {
		if _, err := robotics.Find(a.Suite, a.Task); err != nil {
			notice = join(notice, "its task cannot be run here: "+err.Error())
		}
		r.form.Without = r.without(a.Beside)
	}
	notice = join(notice, r.takeModel(s.Request.Model))
	if s.Acting != nil && !hasViews(s) {
		notice = join(notice, "the file carries no camera pictures; what the policy did is shown without them")
	}
	s.Running = false
	r.shown = snapshot{state: s, events: o.events, done: true}
	r.since = measuredSince(o.events)
	r.episode, r.at, r.follow, r.noticed = 0, 0, false, len(s.Notices)
	r.layer, r.camera, r.encoder, r.vector = -1, 0, 0, -1
	r.views, r.drawn = viewCache{}, robotDrawn{}
	if len(s.Episodes) > 0 { // what it came to
		r.episode = len(s.Episodes) - 1
		r.at = max(r.steps()-1, 0)
	}
	w.win.Canvas().Unfocus() // the arrows are for the steps
	r.showForm()
	r.showRun()
	w.showMenus()
	if s.Error != "" {
		w.ui.banner.Error(sentence(s.Error))
	} else {
		w.say(join(append([]string{notice}, s.Notices...)...))
	}
	w.ui.toast.Say("Opened the run in " + o.name)
	r.remember()
}

// without are the policies that could be asked and were not.
func (r *robot) without(asked []string) []string {
	return slices.DeleteFunc([]string{policyDense, policyDiscrete}, func(name string) bool { return slices.Contains(asked, name) })
}

// takeModel chooses the policy of a recorded run where it is here, and says where it is not.
func (r *robot) takeModel(name string) (notice string) {
	info, err := os.Stat(name)
	path := strings.ContainsAny(name, `/\`)
	switch {
	case name == "":
		return ""
	case name == trace.Expert, r.listed(name) != nil, !path && len(r.policies) == 0: // nothing is listed yet
		r.form.Model = name
		return ""
	case path && err == nil && info.IsDir():
		r.form.Model = name
		r.form.folder(name)
		return ""
	}
	return fmt.Sprintf("its policy %s is not here; running again uses the one chosen above", name)
}

func hasViews(s *trace.State) bool {
	return slices.ContainsFunc(s.Episodes, func(e *trace.Episode) bool {
		return slices.ContainsFunc(e.Moves, func(m trace.Moved) bool { return len(m.Views) > 0 })
	})
}
