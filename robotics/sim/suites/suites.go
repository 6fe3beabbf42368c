package suites

import (
	"fmt"
	"strings"

	"winnow/robotics/sim"
	"winnow/robotics/sim/metaworld"
	"winnow/robotics/sim/render"
	"winnow/robotics/sim/table"
)

// suite is one family of tasks that share a robot.
type suite struct {
	name   string
	tasks  func() []sim.Task
	open   func(task string, o render.Options) (sim.Env, error)
	expert func(task string, noisy bool) (sim.Expert, error)
}

var all = []suite{
	{"metaworld", metaworld.Tasks,
		func(task string, o render.Options) (sim.Env, error) { return checked(metaworld.Open(task, o)) },
		func(task string, noisy bool) (sim.Expert, error) {
			x, err := metaworld.NewExpert(task)
			if err != nil {
				return nil, err
			}
			if noisy {
				x.Noise = 0.1
			}
			return x, nil
		}},
	{"table", table.Tasks,
		func(task string, o render.Options) (sim.Env, error) { return checked(table.Open(task, o)) },
		func(_ string, noisy bool) (sim.Expert, error) {
			if noisy {
				return table.NewExpert(), nil
			}
			return &table.Expert{}, nil
		}},
}

// checked keeps a nil environment from becoming an interface that is not nil.
func checked[E sim.Env](e E, err error) (sim.Env, error) {
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Names lists the suites.
func Names() []string {
	var out []string
	for _, s := range all {
		out = append(out, s.name)
	}
	return out
}

// Tasks lists the tasks of a suite, or of all for "". It needs no simulator.
func Tasks(name string) ([]sim.Task, error) {
	var out []sim.Task
	for _, s := range all {
		if name == "" || name == s.name {
			out = append(out, s.tasks()...)
		}
	}
	if out == nil {
		return nil, unknown(name)
	}
	return out, nil
}

// Open makes the environment of a task. The error says which names there are, or how to get
// the simulator.
func Open(suite, task string, o render.Options) (sim.Env, error) {
	s, err := find(suite)
	if err != nil {
		return nil, err
	}
	return s.open(task, o)
}

// Expert makes the scripted expert of a task: as exact as it is, or with the noise that
// recordings for training have.
func Expert(suite, task string, noisy bool) (sim.Expert, error) {
	s, err := find(suite)
	if err != nil {
		return nil, err
	}
	for _, t := range s.tasks() {
		if t.Name == task {
			return s.expert(task, noisy)
		}
	}
	// Opening would name the tasks that there are; so does this.
	var names []string
	for _, t := range s.tasks() {
		names = append(names, t.Name)
	}
	return nil, fmt.Errorf("%s has no task %q: choose %s", suite, task, strings.Join(names, ", "))
}

func find(name string) (suite, error) {
	for _, s := range all {
		if s.name == name {
			return s, nil
		}
	}
	return suite{}, unknown(name)
}

func unknown(name string) error {
	return fmt.Errorf("no suite is called %q: choose %s", name, strings.Join(Names(), " or "))
}
