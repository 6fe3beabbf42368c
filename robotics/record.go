package robotics

import (
	"image"
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
func (t *try) recorded() []string {
	list := slices.Clone(t.actor.Cameras())
	for _, c := range t.o.Cameras {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// recorder begins the recording of the episode.
func (t *try) recorder(instruction string) (*episode.Recorder, error) {
	about := episode.Episode{Suite: t.task.Suite, Task: t.task.Name, Instruction: instruction, Robot: robots[t.task.Suite],
		FPS: int(math.Round(t.task.ControlHz)), Model: t.o.Model, Method: t.o.Method, Seed: int64(t.seed)}
	for _, n := range t.task.Proprio {
		about.State = append(about.State, dim(n, "m"))
	}
	for _, n := range t.task.Action {
		about.Action = append(about.Action, dim(n, "1")) // a share of the largest move
	}
	w, h := t.env.Size()
	for _, c := range t.recorded() {
		about.Cameras = append(about.Cameras, episode.Camera{Name: c, Width: w, Height: h})
	}
	return episode.NewRecorder(about)
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
func (t *try) record(o sim.Observation, pictures map[string]*image.RGBA, action []float32, r sim.Result, asked *Chunk) error {
	s := episode.Step{Time: float64(t.step) / t.task.ControlHz, Action: action, Reward: r.Reward, Success: r.Success}
	for _, v := range o.Proprio {
		s.State = append(s.State, float32(v))
	}
	for _, c := range t.recorded() {
		p, err := episode.FromRGBA(pictures[c])
		if err != nil {
			return err
		}
		s.Pictures = append(s.Pictures, p)
	}
	if asked != nil && asked.Thought != nil {
		h := asked.Thought
		s.Chunk = asked.Actions
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
