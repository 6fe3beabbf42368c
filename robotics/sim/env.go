package sim

import (
	"fmt"

	"winnow/robotics/sim/mujoco"
	"winnow/robotics/sim/render"
)

// Task is what is known of a task before it is opened.
type Task struct {
	// Suite and Name find it again: metaworld, door-open.
	Suite, Name string
	// Help says in a line what is to be done.
	Help string
	// Action names the numbers of an action; each is clipped to −1..1.
	Action []string
	// Proprio names the numbers that a policy may know of the robot itself.
	Proprio []string
	// Cameras can be asked for pictures; the first is the usual one.
	Cameras []string
	// ControlHz is how many actions make one simulated second.
	ControlHz float64
	// MaxSteps is the number of actions after which an episode is over.
	MaxSteps int
}

// Observation is what can be known of one moment.
type Observation struct {
	// Instruction is what a policy is told; it stays the same during an episode.
	Instruction string
	// Proprio is the robot's own state, in the order of Task.Proprio (metres; the gripper 0
	// closed to 1 open).
	Proprio []float64
	// State is everything, objects and goal included: for experts and recordings, never for
	// a policy that works from pictures. What each number is depends on the suite.
	State []float64
}

// Result is what one action led to.
type Result struct {
	Observation
	// Reward is the suite's own.
	Reward float64
	// Success is true in every step in which the task is fulfilled.
	Success bool
	// Truncated is true in the last step that an episode may have.
	Truncated bool
	// Info holds the suite's further measures by name.
	Info map[string]float64
}

// Env is one task in the simulator. It belongs to one goroutine at a time.
type Env interface {
	// Task describes the task.
	Task() Task
	// Reset begins an episode; the same seed gives the same episode to the last bit on one
	// machine.
	Reset(seed uint64) (Observation, error)
	// Step applies one action, len(Task.Action) numbers. The error says that the action is not
	// one, that Reset is due, or which body the physics blew up at.
	Step(action []float32) (Result, error)
	// Observe is the observation that Reset or Step returned last.
	Observe() Observation
	// Picture paints the current state; see render.Renderer.RGB. "" is the usual camera.
	Picture(camera string, buffer []byte) ([]byte, error)
	// Size is the width and height of Picture in pixels.
	Size() (width, height int)
	// Simulation gives access to the model and the state behind the task.
	Simulation() *mujoco.Data
	// Close frees the simulation.
	Close()
}

// Expert solves a task with knowledge of the whole state.
type Expert interface {
	// Begin is called after Reset; the seed is that of the expert's noise.
	Begin(seed uint64)
	// Act returns the next action.
	Act(o Observation) []float32
}

// Intender is an Expert that tells what it meant by the action that it gave last, before its noise and
// disturbances: what to learn from it (DART, Laskey et al. 2017).
type Intender interface {
	Meant() []float32
}

// Eyes paints pictures for an environment; its renderer is made when first asked.
type Eyes struct {
	// Options are used when the renderer is made.
	Options render.Options
	r       *render.Renderer
}

// Picture is Env's.
func (e *Eyes) Picture(d *mujoco.Data, camera string, buffer []byte) ([]byte, error) {
	if e.r == nil {
		r, err := render.New(d.Model, e.Options)
		if err != nil {
			return nil, err
		}
		e.r = r
	}
	return e.r.RGB(d, camera, buffer)
}

// Size is Env's.
func (e *Eyes) Size() (width, height int) {
	width, height = e.Options.Width, e.Options.Height
	if width == 0 {
		width = 96
	}
	if height == 0 {
		height = 96
	}
	return width, height
}

// Close frees the renderer.
func (e *Eyes) Close() {
	if e.r != nil {
		e.r.Close()
		e.r = nil
	}
}

// CheckAction refuses an action of the wrong length or with a number that is none.
func CheckAction(t Task, action []float32) error {
	if len(action) != len(t.Action) {
		return fmt.Errorf("an action of %d numbers was sent to %s, which takes %d (%v)", len(action), t.Name, len(t.Action), t.Action)
	}
	for i, a := range action {
		if a-a != 0 { // NaN and infinities
			return fmt.Errorf("number %d (%s) of the action for %s is %v: actions are finite and lie between -1 and 1", i, t.Action[i], t.Name, a)
		}
	}
	return nil
}

// Episode runs an expert in an environment until it succeeds, and then some steps more, or
// until the episode is over. It returns whether the task was fulfilled in any step, and how
// many actions were taken. Step, which may be nil, is told each action and what it led to; its
// error ends the episode.
func Episode(env Env, expert Expert, seed uint64, after int, step func(action []float32, r Result) error) (success bool, steps int, err error) {
	obs, err := env.Reset(seed)
	if err != nil {
		return false, 0, err
	}
	expert.Begin(seed)
	for {
		action := expert.Act(obs)
		r, err := env.Step(action)
		if err != nil {
			return success, steps, err
		}
		steps++
		if step != nil {
			if err := step(action, r); err != nil {
				return success, steps, err
			}
		}
		obs = r.Observation
		success = success || r.Success
		if r.Truncated || success && after == 0 {
			return success, steps, nil
		}
		if success {
			after--
		}
	}
}
