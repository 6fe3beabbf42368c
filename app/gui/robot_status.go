package gui

import (
	"fmt"
	"strings"

	"winnow/internal/trace"
)

// gripper is which number of an action is the gripper's, -1: none.
func gripper(a *trace.Acting) int {
	if a == nil {
		return -1
	}
	for i, n := range a.Action {
		if strings.Contains(strings.ToLower(n), "gripper") {
			return i
		}
	}
	return -1
}

// stage says how far a run is.
func (r *robot) stage() string {
	s := r.state()
	switch {
	case s.Model == nil:
		return "loading the policy"
	case s.Acting == nil || len(s.Episodes) == 0:
		return "setting up the scene"
	}
	e := s.Episodes[len(s.Episodes)-1]
	return fmt.Sprintf("episode %d, %s", len(s.Episodes), plural(len(e.Moves), "step"))
}

// showStatus is the foot of the window while this view is in front or runs.
func (r *robot) showStatus() {
	w, s := r.w, r.state()
	items := r.doing()
	if n := r.steps(); n > 0 {
		place := fmt.Sprintf("Step %d of %d", r.at, n-1)
		items = append(items, place)
		if s.Acting != nil && s.Acting.ControlHz > 0 {
			items = append(items, fmt.Sprintf("%g Hz", s.Acting.ControlHz))
		}
		items = append(items, fmt.Sprintf("episode %d", r.episode+1))
	}
	if a := s.Acted; a != nil && a.Episodes > 1 {
		items = append(items, fmt.Sprintf("%d of %d succeeded, %.0f to %.0f %% at 95 %% confidence", a.Successes, a.Episodes, 100*a.Low, 100*a.High))
	}
	if s.Ended && s.PeakMemory > 0 {
		items = append(items, "Peak memory "+trace.Quantity(float64(s.PeakMemory), "bytes"))
	}
	if s.Model != nil && s.Model.Backend != "" {
		items = append(items, s.Model.Backend+", "+threadsText(s.Model.Threads))
	}
	w.ui.status.SetItems(items...)
	w.ui.status.SetHints("Space run or pause", ". step", "R reset", "← → scrub", "↑ ↓ layer", "N scene", "F1 all keys")
}

// doing is what goes on, or how the run shown ended.
func (r *robot) doing() []string {
	w, s := r.w, r.state()
	switch {
	case r.live() && w.run.cancelled:
		return []string{"Pausing after this step …"}
	case r.live() && len(s.Episodes) == 0:
		return []string{capital(r.stage()) + " …"}
	case r.live():
		return []string{"Running"}
	case w.run != nil && w.run.draws:
		return []string{"Draw runs: " + w.draw.stage()}
	case w.run != nil && w.run.compares:
		return []string{"Compare runs: " + comparedStage(w.cmp.state())}
	case w.run != nil:
		return []string{"Ask runs: " + stageText(w.state())}
	case s.Error != "":
		return []string{"The run ended with an error"}
	case r.goesOn():
		return []string{"Paused"}
	case s.Cancelled:
		return []string{"Ended by hand"}
	case s.Ended:
		return []string{"Done"}
	case r.shown.state != nil:
		return []string{"The trace ends before the run does"}
	case w.listErr != nil:
		return []string{"The engine does not answer"}
	case len(w.models) == 0:
		return []string{"Starting the engine …"}
	}
	return []string{"Ready"}
}
