package metaworld

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
	"winnow/robotics/sim/render"
)

// Env is one task of Meta-World; it implements sim.Env.
type Env struct {
	spec task
	m    *mujoco.Model
	d    *mujoco.Data
	eyes sim.Eyes
	ids  map[string]int // of bodies, sites, geoms and joints, by kind and name

	// What an episode begins with, and where it stands.
	goal           vec
	start          vec // the object's first position (obj_init_pos in Python)
	fingersAtStart vec // the fingers' middle after the hand's reset (init_tcp)
	handle         vec // what the task notes besides (door, window and peg handles)
	span           float64
	steps          int // −1 before Reset
	previous       [18]float64
	last           sim.Observation
}

const (
	frames      = 5   // physics steps a control step
	resetSteps  = 50  // control steps in which the hand goes to its first position
	maxSteps    = 500 // actions an episode
	actionScale = 0.01
)

// handLow and handHigh bound the mocap body, in metres; all ten tasks have the same.
var handLow, handHigh = vec{-0.5, 0.40, 0.05}, vec{0.5, 1, 0.5}

// seenLow and seenHigh clip the hand in an observation.
var seenLow, seenHigh = vec{-0.525, 0.348, -0.0525}, vec{0.525, 1.025, 0.7}

// Open makes the environment of a task by its name without "-v3": "door-open".
// Its pictures always show sites, since the goals are some.
//
// The error is one sentence: no such task, MuJoCo or the scenes not installed, a damaged one.
func Open(name string, o render.Options) (*Env, error) {
	spec, err := find(name)
	if err != nil {
		return nil, err
	}
	lib, err := mujoco.Load()
	if err != nil {
		return nil, err
	}
	if lib.Assets == "" {
		return nil, fmt.Errorf("the scenes of Meta-World are not installed: run `winnow native install mujoco` (recorded episodes play without them)")
	}
	m, err := lib.LoadXML(filepath.Join(lib.Assets, "sawyer_xyz", spec.scene))
	if err != nil {
		return nil, fmt.Errorf("%w, or run `winnow native install mujoco` to have Meta-World's own again", err)
	}
	d, err := m.NewData()
	if err != nil {
		m.Close()
		return nil, err
	}
	o.Sites = true // the goals are sites
	e := &Env{spec: spec, m: m, d: d, eyes: sim.Eyes{Options: o}, ids: map[string]int{}, steps: -1}
	if err := e.prepare(); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// prepare resets the welds by which the mocap body moves the hand, and looks up the names.
func (e *Env) prepare() error {
	for i, kind := range e.m.EqType {
		if kind == mujoco.EqualityWeld {
			copy(e.m.EqData[11*i:], []float64{0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 5})
		}
	}
	names := map[mujoco.Kind][]string{
		mujoco.Body: {"hand", "rightclaw", "leftclaw", "leftpad", "rightpad", "mocap"},
		mujoco.Site: {"rightEndEffector", "leftEndEffector"},
		mujoco.Geom: {"leftpad_geom", "rightpad_geom"},
	}
	for kind, more := range e.spec.names {
		names[kind] = append(names[kind], more...)
	}
	if err := e.moveCamera(); err != nil {
		return err
	}
	for kind, list := range names {
		for _, name := range list {
			id, err := e.m.ID(kind, name)
			if err != nil {
				return err
			}
			e.ids[kind.String()+" "+name] = id
		}
	}
	if e.m.NU != 2 || e.m.NMocap != 1 {
		return fmt.Errorf("the scene %s has %d actuators and %d mocap bodies, not 2 and 1: run `winnow native install mujoco` to have Meta-World's own", e.m.Source, e.m.NU, e.m.NMocap)
	}
	return e.d.Forward()
}

// Task is sim.Env's.
func (e *Env) Task() sim.Task { return e.spec.task() }

// Reset is sim.Env's.
func (e *Env) Reset(seed uint64) (sim.Observation, error) {
	rng := rand.New(rand.NewPCG(seed, e.spec.number))
	for {
		random := make([]float64, len(e.spec.low))
		for i, low := range e.spec.low {
			random[i] = low + rng.Float64()*(e.spec.high[i]-low)
		}
		// Object and goal keep a distance, seen from above.
		if e.spec.apart == 0 || math.Hypot(random[0]-random[3], random[1]-random[4]) >= e.spec.apart {
			return e.begin(random)
		}
	}
}

// begin starts an episode with the numbers that Python calls rand_vec.
func (e *Env) begin(random []float64) (sim.Observation, error) {
	e.steps = -1
	// Python's reset runs twice, so the hand's reset already sees the bodies where they belong.
	e.spec.place(e, random)
	if err := e.d.Reset(); err != nil {
		return sim.Observation{}, err
	}
	for range resetSteps {
		put3(e.d.MocapPos, 0, e.spec.hand)
		copy(e.d.MocapQuat, []float64{1, 0, 1, 0})
		e.d.Ctrl[0], e.d.Ctrl[1] = -1, 1
		if err := e.d.Step(frames); err != nil {
			return sim.Observation{}, err
		}
	}
	e.fingersAtStart = e.fingers()
	if err := e.spec.reset(e, random); err != nil {
		return sim.Observation{}, err
	}
	e.previous = e.now()
	e.steps = 0
	e.last = e.observation(e.previous, false)
	return e.last, nil
}

// Step is sim.Env's.
func (e *Env) Step(action []float32) (sim.Result, error) {
	if err := sim.CheckAction(e.Task(), action); err != nil {
		return sim.Result{}, err
	}
	if e.steps < 0 || e.steps >= maxSteps {
		return sim.Result{}, fmt.Errorf("the episode of %s is over or has not begun: call Reset", e.spec.name)
	}
	for i := range 3 {
		// Python multiplies in 32 bits and adds in 64.
		move := min(max(action[i], -1), 1) * float32(actionScale)
		e.d.MocapPos[i] = min(max(e.d.MocapPos[i]+float64(move), handLow[i]), handHigh[i])
	}
	copy(e.d.MocapQuat, []float64{1, 0, 1, 0})
	e.d.Ctrl[0], e.d.Ctrl[1] = float64(action[3]), -float64(action[3])
	if err := e.d.Step(frames); err != nil {
		e.steps = -1
		return sim.Result{}, err
	}
	if err := e.d.Forward(); err != nil {
		return sim.Result{}, err
	}
	e.steps++
	now := e.now()
	e.last = e.observation(now, true)
	e.previous = now
	r := e.spec.evaluate(e, e.last.State, float64(action[3]))
	r.Observation, r.Truncated = e.last, e.steps == maxSteps
	return r, nil
}

// now is the current half of an observation: hand, gripper, object.
func (e *Env) now() (o [18]float64) {
	hand := e.body("hand")
	copy(o[:], hand[:])
	o[3] = min(max(e.body("rightclaw").distance(e.body("leftclaw"))/0.1, 0), 1)
	p, q := e.spec.object(e)
	copy(o[4:], p[:])
	copy(o[7:], q[:])
	return o
}

// observation stacks the last two moments and the goal; Python clips it in a step only.
func (e *Env) observation(now [18]float64, clip bool) sim.Observation {
	state := make([]float64, 0, 39)
	state = append(state, now[:]...)
	state = append(state, e.previous[:]...)
	state = append(state, e.goal[:]...)
	if clip {
		for i := range 3 {
			state[i] = min(max(state[i], seenLow[i]), seenHigh[i])
			state[18+i] = min(max(state[18+i], seenLow[i]), seenHigh[i])
			state[36+i] = min(max(state[36+i], e.spec.goalLow[i]), e.spec.goalHigh[i])
		}
	}
	return sim.Observation{Instruction: e.spec.instruction, State: state, Proprio: append([]float64(nil), state[:4]...)}
}

// Observe is sim.Env's.
func (e *Env) Observe() sim.Observation { return e.last }

// Simulation is sim.Env's.
func (e *Env) Simulation() *mujoco.Data { return e.d }

// Close is sim.Env's.
func (e *Env) Close() {
	e.eyes.Close()
	e.d.Close()
	e.m.Close()
}

// id is looked up by prepare; a name that the task did not list is a fault of this package.
func (e *Env) id(kind mujoco.Kind, name string) int {
	id, ok := e.ids[kind.String()+" "+name]
	if !ok {
		panic("metaworld: " + e.spec.name + " does not list the " + kind.String() + " " + name)
	}
	return id
}

func (e *Env) body(name string) vec { return at3(e.d.XPos, e.id(mujoco.Body, name)) }
func (e *Env) site(name string) vec { return at3(e.d.SitePos, e.id(mujoco.Site, name)) }

// fingers is the middle between the two fingertips (tcp_center).
func (e *Env) fingers() vec {
	r, l := e.site("rightEndEffector"), e.site("leftEndEffector")
	return vec{(r[0] + l[0]) / 2, (r[1] + l[1]) / 2, (r[2] + l[2]) / 2}
}

// geomQuat is a geom's orientation as x, y, z, w.
func (e *Env) geomQuat(name string) [4]float64 {
	id := e.id(mujoco.Geom, name)
	return quaternion(e.d.GeomMat[9*id : 9*id+9])
}

// moveBody puts a body of the scene elsewhere for the episodes to come.
func (e *Env) moveBody(name string, p vec) { put3(e.m.BodyPos, e.id(mujoco.Body, name), p) }

// markGoal moves the site that shows the goal.
func (e *Env) markGoal() { put3(e.m.SitePos, e.id(mujoco.Site, "goal"), e.goal) }

// freeObject puts the loose object, whose joint is the tenth coordinate, somewhere at rest.
func (e *Env) freeObject(p vec) error {
	copy(e.d.QPos[9:12], p[:])
	clear(e.d.QVel[9:15])
	return e.d.Forward()
}

// touching tells whether both pads press on the task's main object.
func (e *Env) touching(geom string) bool {
	object, left, right := e.id(mujoco.Geom, geom), e.id(mujoco.Geom, "leftpad_geom"), e.id(mujoco.Geom, "rightpad_geom")
	var l, r float64
	for _, c := range e.d.Contacts() {
		other := c.Geom1
		switch object {
		case c.Geom1:
			other = c.Geom2
		case c.Geom2:
		default:
			continue
		}
		// Python reads the last force for a contact without one.
		switch other {
		case left:
			l += e.d.ConstraintForce(c.Address)
		case right:
			r += e.d.ConstraintForce(c.Address)
		}
	}
	return l > 0 && r > 0
}
