package metaworld

import (
	"fmt"
	"slices"
	"strings"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

// task is one of the ten: numbers of Meta-World's environment classes, and what they do.
type task struct {
	number      uint64 // its place in MT10, mixed into the seed
	name        string
	instruction string
	scene       string // file in sawyer_xyz
	// hand is where the hand begins. Some classes write it in 32 bits, which moves it by
	// some nanometres.
	hand vec
	// low and high bound the random numbers: the object's place and, where there are six, the
	// goal's. Apart is how far the two must lie from each other in x and y, in metres.
	low, high []float64
	apart     float64
	// goalLow and goalHigh clip the goal in an observation.
	goalLow, goalHigh vec
	// names are the objects of the scene that the task looks at.
	names map[mujoco.Kind][]string

	// place changes the model for the random numbers; reset sets the state after the hand has
	// gone to its place; object is what an observation shows; evaluate rewards a step.
	place    func(e *Env, random []float64)
	reset    func(e *Env, random []float64) error
	object   func(e *Env) (vec, [4]float64)
	evaluate func(e *Env, obs []float64, effort float64) sim.Result
}

func (t task) task() sim.Task {
	return sim.Task{Suite: "metaworld", Name: t.name, Help: t.instruction,
		Action: []string{"x", "y", "z", "gripper"}, Proprio: []string{"hand x", "hand y", "hand z", "gripper"},
		Cameras: cameras, ControlHz: 80, MaxSteps: maxSteps}
}

// tasks are MT10's, in its order.
var tasks []task

func init() {
	tasks = []task{reach, push, pickPlace, doorOpen, drawerOpen, drawerClose, buttonTopdown, pegInsert, windowOpen, windowClose}
	for i := range tasks {
		tasks[i].number = uint64(i)
	}
}

// Tasks lists the ten tasks.
func Tasks() []sim.Task {
	out := make([]sim.Task, len(tasks))
	for i, t := range tasks {
		out[i] = t.task()
	}
	return out
}

func find(name string) (task, error) {
	i := slices.IndexFunc(tasks, func(t task) bool { return t.name == strings.TrimSuffix(name, "-v3") })
	if i >= 0 {
		return tasks[i], nil
	}
	var names []string
	for _, t := range tasks {
		names = append(names, t.name)
	}
	return task{}, fmt.Errorf("metaworld has no task %q: choose %s", name, strings.Join(names, ", "))
}

// single is a number as 32 bits hold it.
func single(x, y, z float32) vec { return vec{float64(x), float64(y), float64(z)} }

// measures are the numbers of Python's info.
func measures(near, grasped bool, grasp, place, distance float64) map[string]float64 {
	return map[string]float64{"near_object": number(near), "grasp_success": number(grasped),
		"grasp_reward": grasp, "in_place_reward": place, "obj_to_target": distance}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func noChange(*Env, []float64) {}
