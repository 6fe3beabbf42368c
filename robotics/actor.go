package robotics

import (
	"context"
	"image"

	"winnow/robotics/policy"
	"winnow/robotics/sim"
	"winnow/robotics/sim/suites"
)

// Actor decides what a robot does. It serves one episode at a time.
type Actor interface {
	// Cameras are those that it looks through, in its order; none for an actor that works from
	// the state.
	Cameras() []string
	// Begin is told of each episode, after the reset.
	Begin(instruction string, seed uint64) error
	// Act returns actions to be carried out one after the other before it is asked again.
	Act(ctx context.Context, s Seen) (Chunk, error)
}

// Listener is an Actor that can be told something else in the middle of an episode.
type Listener interface {
	Instruct(text string) error
}

// Seen is one moment as an actor may know it.
type Seen struct {
	sim.Observation
	// Pictures of the actor's cameras, in its order.
	Pictures []*image.RGBA
}

// Chunk is what an actor answers.
type Chunk struct {
	// Actions [K][len(Task.Action)], K at least 1.
	Actions [][]float32
	// Thought is what a network spent on it; nil for a script.
	Thought *Thought
}

// Thought is one call of a network.
type Thought struct {
	MS    float64 // measured, from the pictures to the actions
	FLOPs int64   // counted
	// Cold: something was compiled in this call, so its time is not that of the others.
	Cold bool
	// Kept is the number of visual rows that each layer computed, of Visual.
	Kept   []int
	Visual int
	// Result is the whole of it, for Options.Watch; a Report keeps none.
	Result *policy.Result
}

// Script is the scripted expert of a task: it reads the whole state and needs no picture.
type Script struct{ expert sim.Expert }

// NewScript makes the expert of a suite's task; noisy: with the noise that recordings for training
// have. The error names the tasks that there are.
func NewScript(suite, task string, noisy bool) (*Script, error) {
	x, err := suites.Expert(suite, task, noisy)
	if err != nil {
		return nil, err
	}
	return &Script{x}, nil
}

// Cameras is Actor's.
func (s *Script) Cameras() []string { return nil }

// Begin is Actor's.
func (s *Script) Begin(_ string, seed uint64) error {
	s.expert.Begin(seed)
	return nil
}

// Act is Actor's: one action.
func (s *Script) Act(_ context.Context, o Seen) (Chunk, error) {
	return Chunk{Actions: [][]float32{s.expert.Act(o.Observation)}}, nil
}
