package table

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"winnow/robotics/sim"
)

// colours name the four cubes, in the order of the scene.
var colours = []string{"red", "green", "blue", "yellow"}

const (
	cubes    = 4
	half     = 0.025 // of a cube's side, metres
	noCube   = -1
	left     = -1
	right    = 1
	maxSteps = 200
	hz       = 20.0
)

// goal is what an instruction asks for.
type goal struct {
	task   *task
	object int // the cube that is to be moved, or noCube
	other  int // the cube that it is to be put to, or noCube
	side   int // left, right or 0
}

// task is one of the ten.
type task struct {
	number uint64
	name   string
	help   string
	// words are what the instruction may be; {a} is the cube, {b} the other one, {side} left
	// or right.
	words []string
	// object, other and side tell which of them the instruction names.
	object, other, side bool
	// done tells whether the state fulfils the goal; began is the state of the first moment.
	done func(g goal, now, began State) bool
}

var tasks = []task{
	{name: "pick-colour", help: "pick up the cube of one colour", object: true,
		words: []string{"pick up the {a} cube", "grab the {a} cube", "lift the {a} cube"}, done: lifted},
	{name: "pick-side", help: "pick up the cube furthest to one side", side: true,
		words: []string{"pick up the {side}most cube", "lift the cube furthest to the {side}", "grab the {side}most cube"}, done: lifted},
	{name: "put-bowl", help: "put a cube in the bowl", object: true,
		words: []string{"put the {a} cube in the bowl", "place the {a} cube in the bowl", "drop the {a} cube into the bowl"},
		done: func(g goal, now, _ State) bool {
			c := now.cube(g.object)
			return now.released(c) && math.Hypot(c[0]-now.bowl(0), c[1]-now.bowl(1)) < 0.055 && c[2] < 0.05
		}},
	{name: "put-plate", help: "put a cube on the plate", object: true,
		words: []string{"put the {a} cube on the plate", "place the {a} cube on the plate", "set the {a} cube on the plate"},
		done: func(g goal, now, _ State) bool {
			c := now.cube(g.object)
			return now.released(c) && math.Hypot(c[0]-now.plate(0), c[1]-now.plate(1)) < 0.06 && c[2] < 0.05
		}},
	{name: "stack", help: "stack one cube on another", object: true, other: true,
		words: []string{"stack the {a} cube on the {b} cube", "put the {a} cube on top of the {b} cube", "place the {a} cube on the {b} cube"},
		done: func(g goal, now, _ State) bool {
			a, b := now.cube(g.object), now.cube(g.other)
			return now.released(a) && math.Hypot(a[0]-b[0], a[1]-b[1]) < half && math.Abs(a[2]-b[2]-2*half) < 0.006
		}},
	{name: "beside", help: "put a cube to one side of another", object: true, other: true, side: true,
		words: []string{"put the {a} cube to the {side} of the {b} cube", "place the {a} cube {side} of the {b} cube", "move the {a} cube to the {side} side of the {b} cube"},
		done: func(g goal, now, began State) bool {
			a, b, first := now.cube(g.object), now.cube(g.other), began.cube(g.other)
			across := (a[0] - b[0]) * float64(g.side)
			return now.released(a) && across > 0.05 && across < 0.14 && math.Abs(a[1]-b[1]) < 0.04 && a[2] < 0.035 &&
				math.Hypot(b[0]-first[0], b[1]-first[1]) < 0.03
		}},
	{name: "push", help: "push a cube to one side", object: true, side: true,
		words: []string{"push the {a} cube to the {side}", "slide the {a} cube to the {side}", "push the {a} cube {side}"},
		done: func(g goal, now, began State) bool {
			c, first := now.cube(g.object), began.cube(g.object)
			return (c[0]-first[0])*float64(g.side) > 0.08 && math.Abs(c[1]-first[1]) < 0.06 && c[2] < 0.035 && c[2] > 0.015
		}},
	{name: "open-drawer", help: "open the drawer", words: []string{"open the drawer", "pull the drawer open", "pull out the drawer"},
		done: func(_ goal, now, _ State) bool { return now.drawer() > 0.105 }},
	{name: "close-drawer", help: "close the drawer", words: []string{"close the drawer", "push the drawer shut", "shut the drawer"},
		done: func(_ goal, now, _ State) bool { return now.drawer() < 0.008 }},
	{name: "press-button", help: "press the button on one side", side: true,
		words: []string{"press the {side} button", "push the button on the {side}", "press the button on the {side}"},
		done:  func(g goal, now, _ State) bool { return now.pressed(g.side) > 0.008 }},
}

func init() {
	for i := range tasks {
		tasks[i].number = uint64(i)
	}
}

// lifted asks for the cube in the air with the gripper at it.
func lifted(g goal, now, _ State) bool {
	c := now.cube(g.object)
	return c[2] > 0.08 && distance(c, now.hand()) < 0.03
}

// instruction fills in the n-th wording.
func (g goal) instruction(n int) string {
	text := g.task.words[n%len(g.task.words)]
	if g.object != noCube {
		text = strings.ReplaceAll(text, "{a}", colours[g.object])
	}
	if g.other != noCube {
		text = strings.ReplaceAll(text, "{b}", colours[g.other])
	}
	side := "left"
	if g.side == right {
		side = "right"
	}
	return strings.ReplaceAll(text, "{side}", side)
}

func (t task) task() sim.Task {
	return sim.Task{Suite: "table", Name: t.name, Help: t.help,
		Action: []string{"x", "y", "z", "gripper"}, Proprio: []string{"hand x", "hand y", "hand z", "gripper"},
		Cameras: []string{"front", "wrist", "top"}, ControlHz: hz, MaxSteps: maxSteps}
}

// Tasks lists the ten tasks.
func Tasks() []sim.Task {
	out := make([]sim.Task, len(tasks))
	for i, t := range tasks {
		out[i] = t.task()
	}
	return out
}

func find(name string) (*task, error) {
	if i := slices.IndexFunc(tasks, func(t task) bool { return t.name == name }); i >= 0 {
		return &tasks[i], nil
	}
	var names []string
	for _, t := range tasks {
		names = append(names, t.name)
	}
	return nil, fmt.Errorf("table has no task %q: choose %s", name, strings.Join(names, ", "))
}
