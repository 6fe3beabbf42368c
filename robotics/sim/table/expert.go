package table

import (
	"math"
	"math/rand/v2"

	"winnow/robotics/sim"
)

// Expert solves the ten tasks from the state; it implements sim.Expert. In every step it looks
// at where things are and goes for what is to be done next, so it recovers from its noise.
type Expert struct {
	// Noise is the standard deviation of what is added to the moves of an action.
	Noise float64
	// Slips is the probability that a disturbance begins in a step: for some steps the gripper
	// is driven off in a random direction, every second time with its fingers opening.
	Slips float64

	rng      *rand.Rand
	grip     int // steps for which the fingers have been closing on the cube
	slipping int
	slip     [4]float32
	meant    [4]float32
}

// NewExpert makes an expert with noise and disturbances as recordings use them.
func NewExpert() *Expert { return &Expert{Noise: 0.15, Slips: 0.01} }

// Begin is sim.Expert's.
func (x *Expert) Begin(seed uint64) {
	x.rng = rand.New(rand.NewPCG(seed, 0x65787065))
	x.grip, x.slipping = 0, 0
}

// Act is sim.Expert's.
func (x *Expert) Act(o sim.Observation) []float32 {
	s := State(o.State)
	to, gripper := x.plan(s)
	hand := s.hand()
	out := make([]float32, 4)
	for i := range 3 {
		move := min(max(0.8*(to[i]-hand[i])/moveScale, -1), 1)
		x.meant[i] = float32(move)
		out[i] = float32(move + x.Noise*x.rng.NormFloat64())
		out[i] = min(max(out[i], -1), 1)
	}
	out[3] = float32(gripper)
	x.meant[3] = out[3]
	if x.slipping == 0 && x.rng.Float64() < x.Slips {
		x.slipping = 3 + x.rng.IntN(4)
		for i := range 3 {
			x.slip[i] = float32(2*x.rng.Float64() - 1)
		}
		x.slip[2] = float32(math.Abs(float64(x.slip[2]))) // up: not through the table's things
		x.slip[3] = float32(1 - 2*x.rng.IntN(2))
	}
	if x.slipping > 0 {
		x.slipping--
		if x.slip[3] > 0 { // keep what the fingers do
			return []float32{x.slip[0], x.slip[1], x.slip[2], out[3]}
		}
		return append([]float32(nil), x.slip[:]...)
	}
	return out
}

// Meant is sim.Intender's.
func (x *Expert) Meant() []float32 { return append([]float32(nil), x.meant[:]...) }

const (
	closed, opened = 1.0, -1.0
	travel         = 0.13 // height at which the gripper passes over everything, metres
)

// plan is the next point and the gripper's number. A cube is let go as far from its place as the task allows
// with some room: a policy that learns from an expert more exact than itself hovers and never lets go.
func (x *Expert) plan(s State) (vec, float64) {
	g := s.goal()
	switch g.task.name {
	case "pick-colour", "pick-side":
		return x.carry(s, g, s.cube(g.object).add(0, 0, 0.1), math.Inf(1))
	case "put-bowl":
		return x.carry(s, g, vec{s.bowl(0), s.bowl(1), 0.075}, 0.015)
	case "put-plate":
		return x.carry(s, g, vec{s.plate(0), s.plate(1), half + 0.01}, 0.015)
	case "stack":
		return x.carry(s, g, s.cube(g.other).add(0, 0, 2*half+0.003), 0.014)
	case "beside":
		return x.carry(s, g, s.cube(g.other).add(float64(g.side)*besideBy, 0, 0.003), 0.02)
	case "push":
		return x.push(s, g)
	case "open-drawer":
		return x.drawer(s, 0.021, -0.06)
	case "close-drawer":
		return x.drawer(s, -0.03, 0.05)
	}
	// The fingers' ends are 15 mm below the grasp point.
	b := s.button(g.side)
	if ground(s.hand(), b) > 0.012 {
		return over(s, b, 0.08), closed
	}
	return b.add(0, 0, -0.01), closed
}

// over leads to a point above p: up first where the way is not free, then across, down last.
func over(s State, p vec, height float64) vec {
	hand := s.hand()
	switch d := ground(hand, p); {
	case d < 0.03:
		return vec{p[0], p[1], height}
	case hand[2] < travel-0.02:
		// Leaving the spot sideways only as it gets free of what is there.
		return vec{hand[0], hand[1], travel}
	}
	return vec{p[0], p[1], travel}
}

// carry takes the cube, brings it to a place, and lets it go once it is nearer than exact, in
// metres seen from above; +Inf holds on to it.
func (x *Expert) carry(s State, g goal, to vec, exact float64) (vec, float64) {
	cube, hand := s.cube(g.object), s.hand()
	near := ground(cube, hand) < 0.014 && math.Abs(cube[2]-hand[2]) < 0.016
	if math.IsInf(exact, 1) {
		to = vec{hand[0], hand[1], 0.14}
	} else if ground(cube, to) < exact && cube[2] < to[2]+0.012 {
		// There: open and leave.
		x.grip = 0
		if s.open() > 0.8 {
			return vec{hand[0], hand[1], travel}, opened
		}
		return hand, opened
	}
	if !near {
		x.grip = 0
		if ground(cube, hand) > 0.010 {
			return over(s, cube, cube[2]+0.07), opened
		}
		return vec{cube[0], cube[1], cube[2]}, opened
	}
	x.grip++
	if x.grip < 5 {
		return hand, closed
	}
	// Held: where the cube's middle goes, the hand goes with it.
	to = to.add(hand[0]-cube[0], hand[1]-cube[1], hand[2]-cube[2])
	d := ground(hand, to)
	switch {
	case d > 0.03 && hand[2] < travel-0.015:
		return vec{hand[0], hand[1], travel}, closed
	case d > exact/2:
		return vec{to[0], to[1], math.Max(travel, to[2])}, closed
	}
	return to, closed
}

// push shoves the cube from its far side.
func (x *Expert) push(s State, g goal) (vec, float64) {
	cube, hand, side := s.cube(g.object), s.hand(), float64(g.side)
	behind := (cube[0] - hand[0]) * side // how far the hand is behind the cube
	if hand[2] < 0.045 && behind > 0.02 && behind < 0.08 && math.Abs(hand[1]-cube[1]) < 0.02 {
		return vec{hand[0] + side*0.05, cube[1], half}, closed
	}
	start := cube.add(-side*0.055, 0, 0)
	if ground(hand, start) < 0.012 {
		return vec{start[0], start[1], half}, closed
	}
	return over(s, start, 0.08), closed
}

// drawer goes down at a distance behind (positive) or before the handle and moves on by
// along, in y.
func (x *Expert) drawer(s State, at, along float64) (vec, float64) {
	handle, hand := s.handle(), s.hand()
	spot := handle.add(0, at, -0.004)
	low := math.Abs(hand[2]-spot[2]) < 0.02
	reached := math.Abs(hand[0]-spot[0]) < 0.03 && math.Abs(hand[1]-spot[1]) < 0.012
	if low && math.Abs(hand[0]-spot[0]) < 0.035 && (hand[1]-handle[1])*at > 0 && math.Abs(hand[1]-handle[1]) < 0.045 {
		return vec{spot[0], hand[1] + along, spot[2]}, closed
	}
	if reached {
		return spot, closed
	}
	return over(s, spot, 0.11), closed
}
