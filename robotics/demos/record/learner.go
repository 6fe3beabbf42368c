package main

import (
	"context"

	"winnow/pruning"
	_ "winnow/pruning/catalogue"
	"winnow/robotics"
	"winnow/robotics/demos"
	"winnow/robotics/sim"
)

// policy is a checkpoint on a device of its own, one thread: there is one for each worker.
type policy struct {
	brain  *robotics.Brain
	method pruning.Method
}

func open(folder, method string) (demos.Learner, error) {
	p := &policy{}
	if method != "" {
		spec, err := pruning.ParseSpec(method)
		if err != nil {
			return nil, err
		}
		if p.method, _, err = pruning.New(spec); err != nil {
			return nil, err
		}
	}
	var err error
	p.brain, err = robotics.OpenBrain(robotics.Folder(folder), "", 1)
	return p, err
}

// Stage is demos.Learner's.
func (p *policy) Stage(t sim.Task) (robotics.Actor, error) {
	return robotics.NewNetwork(context.Background(), p.brain.Policy, t, robotics.NetworkOptions{Method: p.method})
}

// Close is demos.Learner's.
func (p *policy) Close() { p.brain.Close() }
