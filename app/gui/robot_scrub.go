package gui

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// steps are those of the episode shown so far.
func (r *robot) steps() int {
	if e := r.now(); e != nil {
		return len(e.Moves)
	}
	return 0
}

// latest moves along with the run, unless the person has taken hold of the scrubber.
func (r *robot) latest() {
	if !r.follow {
		return
	}
	r.episode = max(len(r.state().Episodes)-1, 0)
	r.at = max(r.steps()-1, 0)
}

// seek shows another step of the episode; the newest one of a run follows it again.
func (r *robot) seek(step int) {
	n := r.steps()
	if n == 0 {
		return
	}
	r.at = min(max(step, 0), n-1)
	r.follow = r.at == n-1 && r.episode == len(r.state().Episodes)-1
	r.showStep()
}

func (r *robot) step(by int) {
	r.stopPlaying()
	r.seek(r.at + by)
}

// showEpisode shows another episode of the run, from its last step.
func (r *robot) showEpisode(i int) {
	n := len(r.state().Episodes)
	if n == 0 {
		return
	}
	r.stopPlaying()
	r.episode = min(max(i, 0), n-1)
	r.at = max(r.steps()-1, 0)
	r.follow = r.episode == n-1
	r.showTask()
	r.showStep()
	r.showExport()
}

func (r *robot) openEpisodeMenu() {
	var items []*fyne.MenuItem
	for i, e := range r.state().Episodes {
		item := fyne.NewMenuItem(fmt.Sprintf("Episode %d  ·  seed %d  ·  %s", i+1, e.Seed, outcome(e)), func() { r.showEpisode(i) })
		item.Checked = i == r.episode
		items = append(items, item)
	}
	r.w.popUp(r.ui.episode, items)
}

// outcome is what an episode came to: 118 steps, success.
func outcome(e *trace.Episode) string {
	end := "so far"
	if e.Done != nil {
		end = "no success"
		if e.Done.Success {
			end = "success"
		}
	}
	return plural(len(e.Moves), "step") + " · " + end
}

const (
	// stripRoom is by how many steps the strip grows, so that its ticks do not become narrower at each.
	stripRoom = 40
	// gripsAt is how far the gripper's number must lie from 0 to count as closed or open.
	gripsAt = 0.2
	// mostLabels bounds the names over the strip: a gripper that trembles says nothing.
	mostLabels = 24
)

// showStrip writes the episode into the strip.
func (r *robot) showStrip() {
	u := &r.ui
	if u.strip == nil {
		return
	}
	e := r.now()
	if e == nil {
		if r.drawn.strip != "none" {
			r.drawn.strip = "none"
			u.strip.Set(widgets.EpisodeMarks{})
		}
		u.strip.SetAt(-1)
		return
	}
	key := fmt.Sprint(r.episode, len(e.Moves), len(e.Thoughts), e.Done != nil, r.w.look.Theme)
	if key != r.drawn.strip {
		r.drawn.strip = key
		u.strip.Set(marksOf(e, r.state().Acting))
	}
	u.strip.SetAt(r.at)
}

// marksOf is an episode as the strip shows it.
func marksOf(e *trace.Episode, a *trace.Acting) widgets.EpisodeMarks {
	m := widgets.EpisodeMarks{Steps: len(e.Moves), Of: len(e.Moves)}
	if e.Done == nil {
		m.Of = (len(e.Moves)/stripRoom + 1) * stripRoom
		if a != nil && a.MaxSteps >= len(e.Moves) {
			m.Of = min(m.Of, a.MaxSteps)
		}
	}
	for i := range e.Thoughts {
		if e.Thoughts[i].Side == trace.Pruned {
			m.Looks = append(m.Looks, e.Thoughts[i].Step)
		}
	}
	m.Labels = grips(e, a)
	for i, move := range e.Moves {
		if move.Success {
			m.Labels = append(m.Labels, widgets.StripLabel{Step: i, Text: "success"})
			m.Success = i == len(e.Moves)-1
			break
		}
	}
	return m
}

// grips names the steps at which the gripper is told to close and to open: it closes at 1, opens at −1.
// What it is told first is no change.
func grips(e *trace.Episode, a *trace.Acting) []widgets.StripLabel {
	at := gripper(a)
	if at < 0 {
		return nil
	}
	var out []widgets.StripLabel
	closed := len(e.Moves) > 0 && at < len(e.Moves[0].Action) && e.Moves[0].Action[at] > gripsAt
	for i, m := range e.Moves {
		if at >= len(m.Action) || len(out) >= mostLabels {
			break
		}
		switch v := m.Action[at]; {
		case !closed && v > gripsAt:
			closed = true
			out = append(out, widgets.StripLabel{Step: i, Text: "grasp"})
		case closed && v < -gripsAt:
			closed = false
			out = append(out, widgets.StripLabel{Step: i, Text: "release"})
		}
	}
	return out
}

// The playback is as quick as the robot was meant to be, between these.
const shortestMove, longestMove = 30 * time.Millisecond, 200 * time.Millisecond

// setPlaying plays the episode once, from the first step where the scrubber stands at the last.
func (r *robot) setPlaying(on bool) {
	r.stopPlaying()
	n := r.steps()
	if !on || n < 2 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	r.playing = stop
	r.ui.strip.SetPlaying(true)
	if r.at >= n-1 {
		r.seek(0)
	}
	pause := longestMove
	if a := r.state().Acting; a != nil && a.ControlHz > 0 {
		pause = min(max(time.Duration(float64(time.Second)/a.ControlHz), shortestMove), longestMove)
	}
	r.playOn(ctx, pause)
}

func (r *robot) playOn(ctx context.Context, pause time.Duration) {
	time.AfterFunc(pause, func() {
		r.w.do(func() {
			if ctx.Err() != nil || r.w.closed {
				return
			}
			r.seek(r.at + 1)
			if r.at >= r.steps()-1 {
				r.stopPlaying()
				return
			}
			r.playOn(ctx, pause)
		})
	})
}

func (r *robot) stopPlaying() {
	if r.playing != nil {
		r.playing()
		r.playing = nil
		r.ui.strip.SetPlaying(false)
	}
}
