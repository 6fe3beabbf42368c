package demos

import (
	"context"
	"errors"
	"image"
	"math/rand/v2"

	"winnow/robotics"
	"winnow/robotics/sim"
)

// Learner is a policy that is in training; it acts first in an episode, and the expert shows from
// where that led how to go on (DAgger, Ross et al. 2011, with the expert taking over once).
type Learner interface {
	// Stage readies it for a task's episodes, at whose pictures it looks.
	Stage(t sim.Task) (robotics.Actor, error)
	Close()
}

// errDone: the learner fulfilled the task, so there is nothing left to show.
var errDone = errors.New("the learner was done before the expert's turn")

// led is an environment in which an actor has acted when Reset returns.
type led struct {
	sim.Env
	actor robotics.Actor
	most  int // steps
}

// Reset takes 1 … most steps, as many as the seed says.
func (e led) Reset(seed uint64) (sim.Observation, error) {
	obs, err := e.Env.Reset(seed)
	if err != nil {
		return obs, err
	}
	if err := e.actor.Begin(obs.Instruction, seed); err != nil {
		return obs, err
	}
	left := 1 + rand.New(rand.NewPCG(seed, 0x6c6564)).IntN(e.most)
	for left > 0 {
		seen := robotics.Seen{Observation: obs, Pictures: make([]*image.RGBA, len(e.actor.Cameras()))}
		for i, c := range e.actor.Cameras() {
			if seen.Pictures[i], err = robotics.Picture(e.Env, c); err != nil {
				return obs, err
			}
		}
		chunk, err := e.actor.Act(context.Background(), seen)
		if err != nil {
			return obs, err
		}
		for _, a := range chunk.Actions[:min(left, len(chunk.Actions))] {
			r, err := e.Env.Step(a)
			if err != nil {
				return obs, err
			}
			if r.Success || r.Truncated {
				return obs, errDone
			}
			obs, left = r.Observation, left-1
		}
	}
	return obs, nil
}
