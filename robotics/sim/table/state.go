package table

import "math"

// vec is a point in metres.
type vec [3]float64

func (a vec) add(x, y, z float64) vec { return vec{a[0] + x, a[1] + y, a[2] + z} }

func distance(a, b vec) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

func ground(a, b vec) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }

// State is an observation's state vector, StateSize numbers:
//
//	0..2    the gripper's grasp point        3      its opening, 0..1
//	4..15   the cubes' centres, red, green, blue, yellow
//	16..19  the bowl's x, y and the plate's x, y
//	20      how far the drawer is open, metres
//	21..23  the drawer's handle
//	24..27  the left button's x, y and the right one's
//	28, 29  how far they are pressed, metres
//	30..33  the goal: task number, cube, other cube (−1 for none), side (−1 left, 1 right)
//	34..36  where the goal's cube was at first
type State []float64

// StateSize is the length of a State.
const StateSize = 37

func (s State) hand() vec              { return vec(s[0:3]) }
func (s State) open() float64          { return s[3] }
func (s State) cube(i int) vec         { return vec(s[4+3*i : 7+3*i]) }
func (s State) bowl(axis int) float64  { return s[16+axis] }
func (s State) plate(axis int) float64 { return s[18+axis] }
func (s State) drawer() float64        { return s[20] }
func (s State) handle() vec            { return vec(s[21:24]) }
func (s State) button(side int) vec {
	i := 24 + 2*which(side)
	return vec{s[i], s[i+1], capHeight}
}
func (s State) pressed(side int) float64 { return s[28+which(side)] }
func (s State) goal() goal {
	return goal{&tasks[int(s[30])], int(s[31]), int(s[32]), int(s[33])}
}

// capHeight is the top of a button, metres above the table.
const capHeight = 0.033

func which(side int) int {
	if side == right {
		return 1
	}
	return 0
}

// released tells that the gripper does not hold what is at p.
func (s State) released(p vec) bool { return s.open() > 0.75 || distance(s.hand(), p) > 0.06 }
