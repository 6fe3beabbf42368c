package robotics

import (
	"context"
	"fmt"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/tensors"
	"winnow/pruning"
	"winnow/robotics/policy"
	"winnow/robotics/sim"
	"winnow/robotics/sim/render"
	"winnow/robotics/sim/suites"
)

// Expert is the word for the scripted expert, where a policy is asked for.
const Expert = "expert"

// Job says who acts on what.
type Job struct {
	Suite, Task string
	// Policy is a checkpoint's folder, as policy.Open takes it, or Expert. Load, where set, opens it
	// instead: a policy that lies elsewhere.
	Policy string
	Load   Loader
	// Noisy is for the expert alone, the others for a policy: see NetworkOptions. Method, where set,
	// makes the method for a policy of this shape.
	Noisy   bool
	Method  func(policy.Config) (pruning.Method, error)
	DataSet string
	Cameras []string
	// Size is the side of the pictures in pixels; 0: the policy's, or 96 for the expert.
	Size int
	// Device and Threads as in device.Open.
	Device  string
	Threads int
}

// Stage is a job that is ready to be run.
type Stage struct {
	Env   sim.Env
	Actor Actor
	// Brain is what a policy's folder became; nil for the expert.
	Brain *Brain
}

// Brain is a policy with its device.
type Brain struct {
	*policy.Policy
	Device compute.Device
	// Notice is a sentence about the device that a person should know; "" mostly.
	Notice  string
	backend compute.Backend
}

// Loader puts a policy onto a device.
type Loader func(compute.Backend) (*policy.Policy, error)

// Folder loads a checkpoint's folder, as policy.Open takes it.
func Folder(path string) Loader {
	return func(b compute.Backend) (*policy.Policy, error) { return policy.Open(path, b, tensors.AsStored) }
}

// OpenBrain loads a policy onto the device that is called id.
func OpenBrain(load Loader, id string, threads int) (*Brain, error) {
	backend, notice, err := device.Open(id, threads)
	if err != nil {
		return nil, err
	}
	p, err := load(backend)
	if err != nil {
		backend.Close()
		return nil, err
	}
	return &Brain{Policy: p, Device: backend.Device(), Notice: notice, backend: backend}, nil
}

// Close frees the policy and its device.
func (b *Brain) Close() {
	b.Policy.Close()
	b.backend.Close()
}

// Open readies a job. The simulator is opened first: it is the quicker one to say what is missing.
func (j Job) Open(ctx context.Context) (*Stage, error) {
	task, err := Find(j.Suite, j.Task)
	if err != nil {
		return nil, err
	}
	if j.Policy == Expert {
		env, err := suites.Open(task.Suite, task.Name, render.Options{Width: j.Size, Height: j.Size})
		if err != nil {
			return nil, err
		}
		actor, err := NewScript(task.Suite, task.Name, j.Noisy)
		if err != nil {
			env.Close()
			return nil, err
		}
		return &Stage{Env: env, Actor: actor}, nil
	}
	env, err := suites.Open(task.Suite, task.Name, render.Options{})
	if err != nil {
		return nil, err
	}
	env.Close() // With opens it again at the policy's size
	if j.Load == nil {
		j.Load = Folder(j.Policy)
	}
	brain, err := OpenBrain(j.Load, j.Device, j.Threads)
	if err != nil {
		return nil, err
	}
	s, err := j.With(ctx, brain)
	if err != nil {
		brain.Close()
	}
	return s, err
}

// With readies a job for a policy that is open already. It is closed with the stage; where With
// fails it stays the caller's.
func (j Job) With(ctx context.Context, b *Brain) (*Stage, error) {
	task, err := Find(j.Suite, j.Task)
	if err != nil {
		return nil, err
	}
	side := b.Config.Vision[0].Side()
	if j.Size != 0 && j.Size != side {
		return nil, fmt.Errorf("the policy looks at pictures of %d × %d pixels, not %d: leave the size to it", side, side, j.Size)
	}
	o := NetworkOptions{DataSet: j.DataSet, Cameras: j.Cameras}
	if j.Method != nil {
		if o.Method, err = j.Method(b.Config); err != nil {
			return nil, err
		}
	}
	actor, err := NewNetwork(ctx, b.Policy, task, o)
	if err != nil {
		return nil, err
	}
	env, err := suites.Open(task.Suite, task.Name, render.Options{Width: side, Height: side})
	if err != nil {
		return nil, err
	}
	return &Stage{Env: env, Actor: actor, Brain: b}, nil
}

// Close frees the simulation and the policy.
func (s *Stage) Close() {
	s.Env.Close()
	if s.Brain != nil {
		s.Brain.Close()
	}
}
