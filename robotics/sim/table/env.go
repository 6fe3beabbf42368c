package table

import (
	_ "embed"
	"fmt"
	"math"
	"math/rand/v2"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
	"winnow/robotics/sim/render"
)

//go:embed scene.xml
var scene string

// Env is one task on the table; it implements sim.Env.
type Env struct {
	task *task
	m    *mujoco.Model
	d    *mujoco.Data
	eyes sim.Eyes

	cubeBody, cubeQ, cubeV [cubes]int // body, first coordinate and degree of freedom
	bowl, plate, cabinet   int        // bodies
	button, cap            [2]int     // bodies, coordinates
	drawer, slide, finger  int        // coordinates: the drawer, x of three, the first of two
	grasp, handle          int        // sites
	home                   vec        // where the slides are zero

	goal   goal
	text   string
	target vec // where the gripper is told to be
	began  State
	steps  int // −1 before Reset
	last   sim.Observation
}

const (
	frames    = 10   // physics steps a control step
	moveScale = 0.02 // metres an action of 1
	leash     = 0.05 // how far the target may run ahead of the gripper, metres
	fingerMax = 0.042
)

// Open makes the environment of a task by its name.
//
// The error is one sentence: no such task, MuJoCo not installed.
func Open(name string, o render.Options) (*Env, error) {
	t, err := find(name)
	if err != nil {
		return nil, err
	}
	lib, err := mujoco.Load()
	if err != nil {
		return nil, err
	}
	m, err := lib.ParseXML("table.xml", scene, nil)
	if err != nil {
		return nil, err
	}
	d, err := m.NewData()
	if err != nil {
		m.Close()
		return nil, err
	}
	e := &Env{task: t, m: m, d: d, eyes: sim.Eyes{Options: o}, steps: -1}
	if err := e.lookUp(); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Env) lookUp() (err error) {
	id := func(kind mujoco.Kind, name string) int {
		n, failed := e.m.ID(kind, name)
		if failed != nil && err == nil {
			err = failed
		}
		return n
	}
	coordinate := func(name string) int { return int(e.m.JointQPos[id(mujoco.Joint, name)]) }
	for i, c := range colours {
		e.cubeBody[i], e.cubeQ[i] = id(mujoco.Body, c), coordinate(c)
		e.cubeV[i] = int(e.m.JointDOF[id(mujoco.Joint, c)])
	}
	e.bowl, e.plate, e.cabinet = id(mujoco.Body, "bowl"), id(mujoco.Body, "plate"), id(mujoco.Body, "cabinet")
	for i, s := range []string{"left", "right"} {
		e.button[i], e.cap[i] = id(mujoco.Body, "button_"+s), coordinate("cap_"+s)
	}
	e.drawer, e.slide, e.finger = coordinate("drawer"), coordinate("x"), coordinate("finger_back")
	e.grasp, e.handle = id(mujoco.Site, "grasp"), id(mujoco.Site, "handle")
	carriage := id(mujoco.Body, "carriage")
	copy(e.home[:], e.m.BodyPos[3*carriage:])
	return err
}

// Task is sim.Env's.
func (e *Env) Task() sim.Task { return e.task.task() }

// Reset is sim.Env's. The things fall into place in a tenth of a second before the episode
// begins.
func (e *Env) Reset(seed uint64) (sim.Observation, error) {
	rng := rand.New(rand.NewPCG(seed, 0x7461626c65<<8|e.task.number))
	g, l, err := arrange(e.task, rng)
	if err != nil {
		return sim.Observation{}, err
	}
	e.goal, e.text, e.steps = g, g.instruction(rng.IntN(len(g.task.words))), -1
	put := func(body int, x, y float64) { e.m.BodyPos[3*body], e.m.BodyPos[3*body+1] = x, y }
	put(e.bowl, l.bowl[0], l.bowl[1])
	put(e.plate, l.plate[0], l.plate[1])
	e.m.BodyPos[3*e.cabinet] = l.cabinet
	for i, b := range e.button {
		e.m.BodyPos[3*b] = l.buttons[i]
	}
	if err := e.d.Reset(); err != nil {
		return sim.Observation{}, err
	}
	for i, q := range e.cubeQ {
		c, half := l.cube[i], l.yaw[i]/2
		copy(e.d.QPos[q:], []float64{c[0], c[1], c[2], math.Cos(half), 0, 0, math.Sin(half)})
	}
	e.d.QPos[e.drawer] = l.drawer
	for i := range 3 {
		e.d.QPos[e.slide+i] = l.hand[i] - e.home[i]
	}
	e.d.QPos[e.finger], e.d.QPos[e.finger+1] = fingerMax, fingerMax
	e.target = l.hand
	if err := e.settle(-1, 40); err != nil {
		return sim.Observation{}, err
	}
	e.began = e.state()
	for i, x := range e.began.cube(max(e.goal.object, 0)) {
		e.began[34+i] = x
	}
	e.steps = 0
	e.last = e.observation()
	return e.last, nil
}

// settle sends the target and the gripper's number to the actuators for n physics steps.
func (e *Env) settle(gripper float64, n int) error {
	for i := range 3 {
		e.d.Ctrl[i] = e.target[i] - e.home[i]
	}
	opening := (1 - gripper) / 2 * fingerMax
	e.d.Ctrl[3], e.d.Ctrl[4] = opening, opening
	if err := e.d.Step(n); err != nil {
		return err
	}
	return e.d.Forward()
}

// Step is sim.Env's.
func (e *Env) Step(action []float32) (sim.Result, error) {
	if err := sim.CheckAction(e.Task(), action); err != nil {
		return sim.Result{}, err
	}
	if e.steps < 0 || e.steps >= maxSteps {
		return sim.Result{}, fmt.Errorf("the episode of %s is over or has not begun: call Reset", e.task.name)
	}
	a := make([]float64, 4)
	for i := range a {
		a[i] = float64(min(max(action[i], -1), 1))
	}
	hand := vec(e.d.SitePos[3*e.grasp:])
	for i := range 3 {
		t := e.target[i] + a[i]*moveScale
		t = min(max(t, hand[i]-leash), hand[i]+leash)
		e.target[i] = min(max(t-e.home[i], e.m.CtrlRange[2*i]), e.m.CtrlRange[2*i+1]) + e.home[i]
	}
	if err := e.settle(a[3], frames); err != nil {
		e.steps = -1
		return sim.Result{}, err
	}
	e.steps++
	e.last = e.observation()
	now := State(e.last.State)
	r := sim.Result{Observation: e.last, Success: e.task.done(e.goal, now, e.began), Truncated: e.steps == maxSteps,
		Info: map[string]float64{"disturbed": e.disturbed(now)}}
	if r.Success {
		r.Reward = 1
	}
	return r, nil
}

// disturbed is how far the cubes that the instruction does not name have been moved, the
// furthest of them, in metres.
func (e *Env) disturbed(now State) (most float64) {
	for i := range cubes {
		if i != e.goal.object {
			most = max(most, distance(now.cube(i), e.began.cube(i)))
		}
	}
	return most
}

func (e *Env) state() State {
	s := make(State, StateSize)
	copy(s, e.d.SitePos[3*e.grasp:3*e.grasp+3])
	s[3] = min(max((e.d.QPos[e.finger]+e.d.QPos[e.finger+1])/(2*fingerMax), 0), 1)
	for i, b := range e.cubeBody {
		copy(s[4+3*i:], e.d.XPos[3*b:3*b+3])
	}
	copy(s[16:], e.d.XPos[3*e.bowl:3*e.bowl+2])
	copy(s[18:], e.d.XPos[3*e.plate:3*e.plate+2])
	s[20] = e.d.QPos[e.drawer]
	copy(s[21:], e.d.SitePos[3*e.handle:3*e.handle+3])
	for i, b := range e.button {
		copy(s[24+2*i:], e.d.XPos[3*b:3*b+2])
		s[28+i] = e.d.QPos[e.cap[i]]
	}
	s[30], s[31], s[32], s[33] = float64(e.task.number), float64(e.goal.object), float64(e.goal.other), float64(e.goal.side)
	if e.began != nil {
		copy(s[34:], e.began[34:37])
	}
	return s
}

func (e *Env) observation() sim.Observation {
	s := e.state()
	return sim.Observation{Instruction: e.text, State: s, Proprio: append([]float64(nil), s[:4]...)}
}

// Observe is sim.Env's.
func (e *Env) Observe() sim.Observation { return e.last }

// Picture is sim.Env's.
func (e *Env) Picture(camera string, buffer []byte) ([]byte, error) {
	if camera == "" {
		camera = "front"
	}
	return e.eyes.Picture(e.d, camera, buffer)
}

// Size is sim.Env's.
func (e *Env) Size() (width, height int) { return e.eyes.Size() }

// Simulation is sim.Env's.
func (e *Env) Simulation() *mujoco.Data { return e.d }

// Close is sim.Env's.
func (e *Env) Close() {
	e.eyes.Close()
	e.d.Close()
	e.m.Close()
}
