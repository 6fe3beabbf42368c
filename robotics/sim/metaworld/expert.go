package metaworld

import (
	"math"
	"math/rand/v2"

	"winnow/robotics/sim"
)

// Expert is Meta-World's scripted policy for a task, which steers the hand towards the next
// point in proportion to the distance; it implements sim.Expert.
type Expert struct {
	// Noise is the standard deviation of what is added to each number of an action after
	// clipping it; 0 is the Python package's policy.
	Noise float64
	plan  func(hand, object, goal vec, open float64) (to vec, gain, effort float64)
	rng   *rand.Rand
	meant []float32
}

// NewExpert makes the expert of a task.
func NewExpert(name string) (*Expert, error) {
	t, err := find(name)
	if err != nil {
		return nil, err
	}
	return &Expert{plan: plans[t.name]}, nil
}

// Begin is sim.Expert's.
func (x *Expert) Begin(seed uint64) { x.rng = rand.New(rand.NewPCG(seed, 0x65787065)) }

// Act is sim.Expert's; numbers may lie beyond −1..1, where the environment clips.
func (x *Expert) Act(o sim.Observation) []float32 {
	s := o.State
	hand := vec(s[:3])
	to, gain, effort := x.plan(hand, vec(s[4:7]), vec(s[36:39]), s[3])
	move := to.sub(hand).scale(gain)
	out := []float32{float32(move[0]), float32(move[1]), float32(move[2]), float32(effort)}
	x.meant = append(x.meant[:0], out...)
	if x.Noise > 0 {
		for i := range out {
			out[i] = min(max(out[i], -1), 1) + float32(x.Noise*x.rng.NormFloat64())
		}
	}
	return out
}

// Meant is sim.Intender's.
func (x *Expert) Meant() []float32 { return append([]float32(nil), x.meant...) }

// plans are the policies: where to go, how hard, and the gripper's effort.
var plans = map[string]func(hand, object, goal vec, open float64) (vec, float64, float64){
	"reach": func(_, _, goal vec, _ float64) (vec, float64, float64) { return goal, 5, 0 },
	"push": func(hand, puck, goal vec, _ float64) (to vec, gain, effort float64) {
		aim := puck.add(vec{-0.005, 0, 0})
		switch { // above it, down on it, to the goal
		case hand.ground(aim) > 0.02:
			to = aim.add(vec{0, 0, 0.2})
		case math.Abs(hand[2]-aim[2]) > 0.04:
			to = aim.add(vec{0, 0, 0.03})
		default:
			to = goal
		}
		if !(hand.ground(puck) > 0.02 || math.Abs(hand[2]-puck[2]) > 0.10) {
			effort = 0.6
		}
		return to, 10, effort
	},
	"pick-place": func(hand, puck, goal vec, open float64) (to vec, gain, effort float64) {
		aim := puck.add(vec{-0.005, 0, 0})
		switch {
		case hand.ground(aim) > 0.02:
			to = aim.add(vec{0, 0, 0.1})
		case math.Abs(hand[2]-aim[2]) > 0.05 && aim[2] < 0.04:
			to = aim.add(vec{0, 0, 0.03})
		case open > 0.73: // wait for the gripper
			to = hand
		default:
			to = goal
		}
		if hand.distance(puck) < 0.07 {
			effort = 1
		}
		return to, 10, effort
	},
	"door-open": func(hand, handle, _ vec, _ float64) (vec, float64, float64) {
		door := handle.add(vec{-0.05, 0, 0})
		switch {
		case hand.ground(door) > 0.12:
			return door.add(vec{0.06, 0.02, 0.2}), 25, 1
		case math.Abs(hand[2]-door[2]) > 0.04:
			return door.add(vec{0.06, 0.02, 0}), 25, 1
		}
		return door, 25, 1
	},
	"drawer-open": func(hand, handle, _ vec, _ float64) (vec, float64, float64) {
		aim := handle.add(vec{0, 0, -0.02})
		switch {
		case hand.ground(aim) > 0.06:
			return aim.add(vec{0, 0, 0.3}), 4, -1
		case math.Abs(hand[2]-aim[2]) > 0.04:
			return aim, 4, -1
		}
		return aim.add(vec{0, -0.06, 0}), 50, -1
	},
	"drawer-close": func(hand, handle, _ vec, _ float64) (vec, float64, float64) {
		aim := handle.add(vec{0, 0, -0.02})
		switch {
		case hand[1] > aim[1] && hand[2] < aim[2]+0.23: // behind the front: up first
			return hand.at(aim[2] + 0.5), 25, 1
		case hand[1] > aim[1]:
			return aim.add(vec{0, -0.075, 0.23}), 25, 1
		case math.Abs(hand[2]-aim[2]) > 0.04:
			return aim.add(vec{0, -0.075, 0}), 25, 1
		}
		return aim, 25, 1
	},
	"button-press-topdown": func(hand, button, _ vec, _ float64) (vec, float64, float64) {
		if hand.ground(button) > 0.04 {
			return button.add(vec{0, 0, 0.1}), 25, 1
		}
		return button, 25, 1
	},
	"peg-insert-side": func(hand, peg, goal vec, _ float64) (to vec, gain, effort float64) {
		hole := vec{-0.35, goal[1], 0.16}
		switch {
		case hand.ground(peg) > 0.04:
			to = peg.add(vec{0, 0, 0.3})
		case math.Abs(hand[2]-peg[2]) > 0.025:
			to = peg
		case math.Hypot(peg[1]-hole[1], peg[2]-hole[2]) > 0.03:
			to = hole.add(vec{0.4, 0, 0})
		default:
			to = hole
		}
		effort = 0.6
		if hand.ground(peg) > 0.04 || math.Abs(hand[2]-peg[2]) > 0.15 {
			effort = -1
		}
		return to, 25, effort
	},
	"window-open": func(hand, handle, _ vec, _ float64) (vec, float64, float64) {
		return slideWindow(hand, handle.add(vec{-0.03, -0.03, -0.08}), 0.3, 0.1)
	},
	"window-close": func(hand, handle, _ vec, _ float64) (vec, float64, float64) {
		return slideWindow(hand, handle.add(vec{0.03, -0.03, -0.08}), 0.25, -0.1)
	},
}

func slideWindow(hand, aim vec, above, along float64) (vec, float64, float64) {
	switch {
	case hand.ground(aim) > 0.04:
		return aim.add(vec{0, 0, above}), 25, 1
	case math.Abs(hand[2]-aim[2]) > 0.02:
		return aim, 25, 1
	}
	return aim.add(vec{along, 0, 0}), 25, 1
}
