package episode

import "time"

// Kind says what one number of a state or action vector moves, so that an exporter knows which
// numbers are joint positions and which are not.
type Kind string

// The kinds. A vector may mix them; Other is for everything that is none of the rest.
const (
	Joint       Kind = "joint"       // a joint's position, rad or m
	Translation Kind = "translation" // end effector: one axis of a position or of its change
	Rotation    Kind = "rotation"    // end effector: one axis of an orientation or of its change
	Gripper     Kind = "gripper"     // opening of the gripper, or the command to open or close
	Other       Kind = "other"
)

// Dim describes one number of a state or action vector.
type Dim struct {
	Name  string `json:"name"`            // unique in its vector, say "panda_joint1" or "dx"
	Unit  string `json:"unit"`            // "rad", "m", "m/step", or "1" for a normalised command
	Frame string `json:"frame,omitempty"` // the frame it is told in, say "panda_link0"; empty for joints
	Kind  Kind   `json:"kind"`
}

// Camera describes the pictures of one camera, the same in every step.
type Camera struct {
	Name   string `json:"name"` // letters, digits and "_", for it becomes part of topics and columns
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Frame  string `json:"frame,omitempty"` // the camera's optical frame
}

// Episode is one run of a policy in one scene. Values are told as they went in and out of the
// environment, before any normalisation of the model's.
type Episode struct {
	Suite       string `json:"suite,omitempty"` // the benchmark's suite, say "libero_object"
	Task        string `json:"task,omitempty"`  // the task's name in the suite
	Instruction string `json:"instruction"`     // what the policy was told, in words
	Robot       string `json:"robot,omitempty"` // say "panda"
	FPS         int    `json:"fps"`             // control steps a second

	Model  string  `json:"model,omitempty"`  // the policy's name
	Method string  `json:"method,omitempty"` // pruning methods with their parameters; empty for dense
	Keep   float64 `json:"keep,omitempty"`   // keep ratio asked for, 0..1; 0 where none was
	Seed   int64   `json:"seed"`

	Started time.Time `json:"started,omitzero"` // wall clock of step 0; the zero time where there was none

	State   []Dim    `json:"state"` // may be empty: not every policy reads a state
	Action  []Dim    `json:"action"`
	Cameras []Camera `json:"cameras"` // may be empty

	Steps []Step `json:"-"`
}

// Step is one control step: what was seen, what was done, what it brought.
type Step struct {
	Time     float64   // seconds since step 0, rising
	State    []float32 // [len(Episode.State)]
	Action   []float32 // [len(Episode.Action)], the action carried out
	Reward   float64   // of the environment, after the action
	Success  bool      // the environment's word after the action
	Pictures []Picture // [len(Episode.Cameras)], in their order

	// Where the policy was asked at this step; elsewhere a chunk of before goes on.
	Chunk   [][]float32 // [K][len(Episode.Action)], the actions predicted from this step on; or nil
	Dense   []float32   // [len(Episode.Action)], what the unpruned policy would have done; or nil
	Pruning *Pruning    // or nil
}

// Pruning is what a pruning method left of the visual tokens in one call of the policy.
type Pruning struct {
	Kept, Total int     // visual tokens
	MS          float64 // measured milliseconds of the call
	FLOPs       float64 // counted, of the call

	Mask       []bool // [Rows×Cols] row by row, true for kept; or nil
	Rows, Cols int    // of the patch grid; 0 without a mask
	Camera     int    // whose picture the grid lies on, an index into Episode.Cameras
	Box        Box    // the part of that picture the grid covers, in its pixels
}

// Box is a rectangle of pixels: from Min inclusive to Max exclusive.
type Box struct {
	MinX, MinY, MaxX, MaxY int
}

// Success tells whether the environment said at any step that the task was done.
func (e *Episode) Success() bool {
	for i := range e.Steps {
		if e.Steps[i].Success {
			return true
		}
	}
	return false
}

// Return is the sum of the rewards.
func (e *Episode) Return() float64 {
	sum := 0.0
	for i := range e.Steps {
		sum += e.Steps[i].Reward
	}
	return sum
}

// Names lists the names of dimensions in their order.
func Names(dims []Dim) []string { return each(dims, func(d Dim) string { return d.Name }) }

// Units lists their units.
func Units(dims []Dim) []string { return each(dims, func(d Dim) string { return d.Unit }) }

// Frames lists their frames; "" for a dimension without one.
func Frames(dims []Dim) []string { return each(dims, func(d Dim) string { return d.Frame }) }

func each(dims []Dim, of func(Dim) string) []string {
	out := make([]string, len(dims))
	for i, d := range dims {
		out[i] = of(d)
	}
	return out
}
