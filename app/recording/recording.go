package recording

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"winnow/internal/trace"
	"winnow/robotics/episode"
	"winnow/robotics/export"
)

// Recorded lists the episodes of a run that have steps, by their number in it.
func Recorded(s *trace.State) []int {
	var out []int
	for i, e := range s.Episodes {
		if len(e.Moves) > 0 {
			out = append(out, i)
		}
	}
	return out
}

// Source gives them one at a time: the pictures of all are in the trace, the rest is made when asked
// for. The state must not be written to meanwhile.
func Source(s *trace.State) (export.Source, error) {
	list := Recorded(s)
	if s.Acting == nil || len(list) == 0 {
		return export.Source{}, errors.New("the run has no step yet: let the robot act first, or open a trace in which it does")
	}
	return export.Source{Len: len(list), At: func(i int) (*episode.Episode, error) { return Episode(s, list[i]) }}, nil
}

// Episode makes one of a run's episodes; i is its number in the run. The error is a sentence about
// what the trace says that cannot be: it is checked when it is exported, too.
func Episode(s *trace.State, i int) (*episode.Episode, error) {
	if s.Acting == nil || i < 0 || i >= len(s.Episodes) {
		return nil, fmt.Errorf("the run has no episode %d", i+1)
	}
	a, e := s.Acting, s.Episodes[i]
	if !(a.ControlHz > 0 && a.ControlHz <= episode.MaxFPS) {
		return nil, fmt.Errorf("the trace says %v control steps a second, which cannot be", a.ControlHz)
	}
	out := &episode.Episode{
		Suite: a.Suite, Task: a.Task, Robot: a.Robot, Instruction: instruction(a, e),
		FPS: max(1, int(math.Round(a.ControlHz))), Seed: int64(e.Seed),
		State: dims(a.Proprio, a.ProprioUnits), Action: dims(a.Action, a.ActionUnits),
	}
	if p := a.Player(trace.Pruned); p != nil {
		out.Model, out.Method = p.Model, p.Method
	}
	shots := &pictures{names: a.Cameras}
	for at, m := range e.Moves {
		step := episode.Step{Time: m.Time, State: m.Proprio, Action: m.Action, Reward: m.Reward, Success: m.Success}
		thought(a, e, at, &step)
		shots.at(e, at, &step)
		out.Steps = append(out.Steps, step)
	}
	var err error
	if out.Cameras, err = shots.cameras(e); err != nil {
		return nil, fmt.Errorf("episode %d: %w", i+1, err)
	}
	return out, nil
}

// Repeated counts the steps of all episodes whose pictures are another step's; 0 where there are no
// pictures at all.
func Repeated(s *trace.State) int {
	n := 0
	for _, e := range s.Episodes {
		without := 0
		for _, m := range e.Moves {
			if len(m.Views) == 0 {
				without++
			}
		}
		if without < len(e.Moves) {
			n += without
		}
	}
	return n
}

// instruction is what the policy was told, with the steps from which it was told something else.
func instruction(a *trace.Acting, e *trace.Episode) string {
	text := e.Instruction
	if strings.TrimSpace(text) == "" {
		text = a.Help
	}
	last := text
	for _, t := range e.Thoughts {
		if t.Side != trace.Pruned || t.Instruction == "" || t.Instruction == last {
			continue
		}
		if last = t.Instruction; t.Step == 0 {
			text = last
		} else {
			text += fmt.Sprintf("; from step %d: %s", t.Step, last)
		}
	}
	return text
}

// thought adds what the policies said at a step where they were asked.
func thought(a *trace.Acting, e *trace.Episode, at int, step *episode.Step) {
	t := e.ThoughtAt(trace.Pruned, at)
	if t == nil || t.Step != at {
		return
	}
	for _, row := range t.Actions {
		step.Chunk = append(step.Chunk, slices.Clone(row))
	}
	if d := e.ThoughtAt(trace.Dense, at); d != nil && d.Step == at && len(d.Actions) > 0 {
		step.Dense = slices.Clone(d.Actions[0])
	}
	total := Rows(a, t)
	if total == 0 {
		return
	}
	step.Pruning = &episode.Pruning{Kept: mean(t.Kept(total), total), Total: total, MS: t.MS, FLOPs: float64(t.FLOPs)}
}

// Rows is how many visual rows an answer of the acting policy is about: those of all cameras. 0 where
// the trace does not say.
func Rows(a *trace.Acting, t *trace.Thought) int {
	for _, l := range t.Layers {
		if len(l.Probability) > 0 {
			return len(l.Probability)
		}
	}
	if p := a.Player(t.Side); p != nil {
		return p.Visual * len(a.Cameras)
	}
	return 0
}

// mean over the layers, rounded: a recording has one number a call; all rows where no layer is told of.
func mean(kept []int, total int) int {
	if len(kept) == 0 {
		return total
	}
	sum := 0
	for _, n := range kept {
		sum += n
	}
	return int(math.Round(float64(sum) / float64(len(kept))))
}
