package demos

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"winnow/robotics/sim"
	"winnow/robotics/sim/render"
	"winnow/robotics/sim/suites"
)

// Options say what is recorded.
type Options struct {
	// Suites and Tasks to play in turn; none: all of them.
	Suites, Tasks []string
	// First is the seed of episode 0, Count the number of episodes, failed ones included; 0: no end.
	First, Count uint64
	// Size is a picture's side in pixels.
	Size int
	// Every is the distance of steps with pictures, 1: each has them.
	Every int
	// After is how many steps follow on the first success.
	After int
	// Workers play at once. A number that divides that of the tasks opens the fewest simulators.
	Workers int
	// Exact experts add no noise.
	Exact bool
	// Learner, where set, makes what acts for the first steps of every episode, Lead at most; each
	// worker has its own. What it does is not recorded.
	Learner func() (Learner, error)
	Lead    int
}

// cameras are the two of each suite: from outside, and from the gripper.
var cameras = map[string][]string{"table": {"front", "wrist"}, "metaworld": {"corner2", "gripperPOV"}}

// check fills in defaults and returns the tasks in the order in which they are played.
func (o *Options) check() ([]sim.Task, error) {
	o.Size, o.Every, o.Workers = cmpOr(o.Size, 96), cmpOr(o.Every, 1), cmpOr(o.Workers, 1)
	switch {
	case o.Size < 16 || o.Size > 1024:
		return nil, fmt.Errorf("pictures of %d pixels cannot be recorded: choose 16 to 1024", o.Size)
	case o.Every < 1 || o.Every > 1000 || o.After < 0 || o.Workers < 1 || o.Workers > 256:
		return nil, fmt.Errorf("every %d, after %d, workers %d: every is 1 to 1000, after not below 0, workers 1 to 256", o.Every, o.After, o.Workers)
	case (o.Learner != nil) != (o.Lead > 0) || o.Lead < 0:
		return nil, fmt.Errorf("a learner needs steps to lead, at least 1, and steps to lead need a learner; %d are given", o.Lead)
	}
	names := o.Suites
	if len(names) == 0 {
		names = suites.Names()
	}
	var list []sim.Task
	for _, suite := range names {
		tasks, err := suites.Tasks(suite)
		if err != nil {
			return nil, err
		}
		if cameras[suite] == nil {
			return nil, fmt.Errorf("no two cameras are named for the suite %s", suite)
		}
		list = append(list, tasks...)
	}
	for _, name := range o.Tasks {
		if !slices.ContainsFunc(list, func(t sim.Task) bool { return t.Name == name }) {
			return nil, fmt.Errorf("no suite that is recorded has a task %q", name)
		}
	}
	if len(o.Tasks) > 0 {
		list = slices.DeleteFunc(list, func(t sim.Task) bool { return !slices.Contains(o.Tasks, t.Name) })
	}
	return list, nil
}

func cmpOr(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// Player plays episodes by their numbers. It belongs to one goroutine.
type Player struct {
	o       Options
	tasks   []sim.Task
	envs    map[int]sim.Env
	learner Learner
}

// NewPlayer checks the options; simulators are opened when their task's turn comes.
func NewPlayer(o Options) (*Player, error) {
	tasks, err := o.check()
	if err != nil {
		return nil, err
	}
	p := &Player{o: o, tasks: tasks, envs: map[int]sim.Env{}}
	if o.Learner != nil {
		if p.learner, err = o.Learner(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Close frees the simulators and the learner.
func (p *Player) Close() {
	if p.learner != nil {
		p.learner.Close()
	}
	for _, e := range p.envs {
		e.Close()
	}
}

// Play plays episode k. It returns nil where the expert did not succeed, or the learner left it nothing
// to do.
func (p *Player) Play(k uint64) (*Demo, error) {
	seed := p.o.First + k
	at := int(seed % uint64(len(p.tasks)))
	t := p.tasks[at]
	env, ok := p.envs[at]
	if !ok {
		var err error
		if env, err = suites.Open(t.Suite, t.Name, render.Options{Width: p.o.Size, Height: p.o.Size}); err != nil {
			return nil, err
		}
		p.envs[at] = env
		if p.learner != nil {
			actor, err := p.learner.Stage(t)
			if err != nil {
				return nil, err
			}
			p.envs[at] = led{env, actor, p.o.Lead}
		}
		env = p.envs[at]
	}
	expert, err := suites.Expert(t.Suite, t.Name, !p.o.Exact)
	if err != nil {
		return nil, err
	}
	d := &Demo{Header: Header{Suite: t.Suite, Task: t.Name, Seed: seed, Size: p.o.Size, Cameras: cameras[t.Suite], Every: p.o.Every,
		Proprio: len(t.Proprio), Action: len(t.Action)}}
	// The episode's own loop sees what an action led to; a record needs what was seen before it.
	watched := &watcher{Env: env, d: d}
	watched.expert, _ = expert.(sim.Intender)
	success, _, err := sim.Episode(watched, expert, seed, p.o.After, nil)
	if errors.Is(err, errDone) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s/%s, seed %d: %w", t.Suite, t.Name, seed, err)
	}
	if !success {
		return nil, nil
	}
	return d, nil
}

// watcher notes the observation before each step, and the action that the expert meant.
type watcher struct {
	sim.Env
	d      *Demo
	expert sim.Intender // nil: what it does is what it means
	buffer []byte
}

func (w *watcher) Step(action []float32) (sim.Result, error) {
	d, o := w.d, w.Env.Observe()
	if d.Steps%d.Every == 0 {
		for _, c := range d.Cameras {
			rgb, err := w.Env.Picture(c, w.buffer)
			if err != nil {
				return sim.Result{}, err
			}
			w.buffer, d.Pixels = rgb, append(d.Pixels, rgb...)
		}
	}
	d.Steps, d.Instruction, d.State = d.Steps+1, o.Instruction, len(o.State)
	d.Proprios, d.States = narrow(d.Proprios, o.Proprio), narrow(d.States, o.State)
	meant := action
	if w.expert != nil {
		meant = w.expert.Meant()
	}
	for _, a := range meant {
		d.Actions = append(d.Actions, min(max(a, -1), 1))
	}
	r, err := w.Env.Step(action)
	if err == nil && slices.ContainsFunc(r.State, math.IsNaN) {
		err = fmt.Errorf("the simulator's state has numbers that are none after step %d", d.Steps)
	}
	return r, err
}

func narrow(to []float32, from []float64) []float32 {
	for _, v := range from {
		to = append(to, float32(v))
	}
	return to
}
