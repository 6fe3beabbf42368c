package robotics

import (
	"math"
	"slices"
	"strings"

	"winnow/robotics/episode"
	"winnow/robotics/sim"
)

// robots are what moves in each suite.
var robots = map[string]string{"metaworld": "sawyer", "table": "gantry"}

// frame is what positions are told in.
const frame = "world"

// recorded are the cameras of a recording: the actor's, then those that were asked for.
func (t *Trial) recorded() []string {
	list := slices.Clone(t.actor.Cameras())
	for _, c := range t.o.Cameras {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// recorder begins the recording of the episode.
func (t *Trial) recorder(instruction string) (*episode.Recorder, error) {
	about := episode.Episode{Suite: t.task.Suite, Task: t.task.Name, Instruction: instruction, Robot: Robot(t.task),
		FPS: int(math.Round(t.task.ControlHz)), Model: t.o.Model, Method: t.o.Method, Seed: int64(t.seed)}
	about.State, about.Action = ProprioDims(t.task), ActionDims(t.task)
	w, h := t.env.Size()
	for _, c := range t.recorded() {
		about.Cameras = append(about.Cameras, episode.Camera{Name: c, Width: w, Height: h})
	}
	return episode.NewRecorder(about)
}

// Robot names what moves in a task.
func Robot(t sim.Task) string { return robots[t.Suite] }

// ProprioDims describe the numbers of a task's Proprio.
func ProprioDims(t sim.Task) []episode.Dim { return dims(t.Proprio, "m") }

// ActionDims describe the numbers of an action, each a share of the largest move.
func ActionDims(t sim.Task) []episode.Dim { return dims(t.Action, "1") }

func dims(names []string, unit string) (out []episode.Dim) {
	for _, n := range names {
		out = append(out, dim(n, unit))
	}
	return out
}

// dim describes a number of a suite by its name: "hand x" in metres, "gripper" between 0 and 1.
func dim(name, unit string) episode.Dim {
	d := episode.Dim{Name: strings.ReplaceAll(name, " ", "_"), Unit: unit, Kind: episode.Translation, Frame: frame}
	if strings.Contains(name, "gripper") {
		d.Unit, d.Kind, d.Frame = "1", episode.Gripper, ""
	}
	return d
}

// record adds the step that just went by: what was seen before it, what was done, what it brought.
func (t *Trial) record(m Moment) error {
	s := episode.Step{Time: float64(m.Step) / t.task.ControlHz, Action: m.Action, Reward: m.Result.Reward, Success: m.Result.Success}
	for _, v := range m.Seen.Proprio {
		s.State = append(s.State, float32(v))
	}
	for _, c := range t.recorded() {
		p, err := episode.FromRGBA(m.Pictures[c])
		if err != nil {
			return err
		}
		s.Pictures = append(s.Pictures, p)
	}
	if m.Asked != nil && m.Asked.Thought != nil {
		h := m.Asked.Thought
		s.Chunk = m.Asked.Actions
		s.Pruning = &episode.Pruning{Kept: mean(h.Kept), Total: h.Visual, MS: h.MS, FLOPs: float64(h.FLOPs)}
	}
	return t.rec.Add(s)
}

// mean over the layers, rounded: a recording has one number a call.
func mean(kept []int) int {
	sum := 0
	for _, n := range kept {
		sum += n
	}
	return int(math.Round(float64(sum) / float64(max(1, len(kept)))))
}
