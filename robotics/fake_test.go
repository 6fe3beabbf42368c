package robotics

import (
	"context"
	"errors"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

// world is an environment without physics: the hand moves along x by what the action says, and the
// task is fulfilled while x is at least goal.
type world struct {
	goal     float64
	max      int // steps an episode has
	x        float64
	steps    int
	sent     [][]float32
	seeds    []uint64
	painted  []string
	blind    bool // no picture can be painted
	pictured int  // bytes a picture has too few
}

func (w *world) Task() sim.Task {
	return sim.Task{Suite: "fake", Name: "walk", Help: "walk to the right", Action: []string{"x", "y", "z", "gripper"},
		Proprio: []string{"hand x", "hand y", "hand z", "gripper"}, Cameras: []string{"front", "top", "wrist"}, ControlHz: 20, MaxSteps: w.max}
}

func (w *world) Reset(seed uint64) (sim.Observation, error) {
	w.x, w.steps, w.seeds = 0, 0, append(w.seeds, seed)
	return w.Observe(), nil
}

func (w *world) Step(a []float32) (sim.Result, error) {
	w.sent = append(w.sent, a)
	w.steps++
	w.x += float64(a[0])
	return sim.Result{Observation: w.Observe(), Reward: float64(a[0]), Success: w.x >= w.goal, Truncated: w.steps == w.max}, nil
}

func (w *world) Observe() sim.Observation {
	return sim.Observation{Instruction: "walk", Proprio: []float64{w.x, 0, 0, 1}, State: []float64{w.x}}
}

func (w *world) Picture(camera string, _ []byte) ([]byte, error) {
	if w.blind {
		return nil, errors.New("there is no light")
	}
	w.painted = append(w.painted, camera)
	rgb := make([]byte, 3*12*12-w.pictured)
	for i := range rgb {
		rgb[i] = byte(w.steps + len(camera))
	}
	return rgb, nil
}

func (w *world) Size() (int, int)         { return 12, 12 }
func (w *world) Simulation() *mujoco.Data { return nil }
func (w *world) Close()                   {}

// puppet gives the chunks that it is told.
type puppet struct {
	cameras []string
	chunk   [][]float32
	thought *Thought
	seen    []Seen
	told    []string
	before  func() // called in Act
}

func (p *puppet) Cameras() []string { return p.cameras }

func (p *puppet) Begin(instruction string, _ uint64) error {
	p.told = append(p.told, instruction)
	return nil
}

func (p *puppet) Act(_ context.Context, s Seen) (Chunk, error) {
	p.seen = append(p.seen, s)
	if p.before != nil {
		p.before()
	}
	return Chunk{Actions: p.chunk, Thought: p.thought}, nil
}
