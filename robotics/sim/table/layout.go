package table

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
)

// layout is where everything stands in an episode; metres and radians.
type layout struct {
	cube        [cubes]vec
	yaw         [cubes]float64
	bowl, plate vec
	cabinet     float64 // x
	drawer      float64 // how far it is open
	buttons     [2]float64
	hand        vec
}

// The middle of the table, where loose things stand.
const (
	lowX, highX = -0.26, 0.26
	lowY, highY = -0.15, 0.07
	// Distances between middles, and those to a spot where a cube will go.
	cubeApart, dishApart       = 0.10, 0.135
	cubeFromSpot, dishFromSpot = 0.085, 0.115
)

// arrange chooses a goal and places for everything, such that the goal can be reached and is
// not reached yet.
func arrange(t *task, rng *rand.Rand) (goal, layout, error) {
	for range 20000 {
		g := goal{t, noCube, noCube, 0}
		order := rng.Perm(cubes)
		if t.object {
			g.object = order[0]
		}
		if t.other {
			g.other = order[1]
		}
		if t.side {
			g.side = left + 2*rng.IntN(2)
		}
		l := scatter(rng)
		if t.name == "pick-side" {
			g.object = l.outermost(g.side)
		}
		if l.fits(g) {
			return g, l, nil
		}
	}
	return goal{}, layout{}, errors.New("no arrangement of the table was found in 20000 tries: report this seed")
}

// scatter places one thing after the other, each with some tries at a distance from those
// before it; fits sees what did not succeed.
func scatter(rng *rand.Rand) layout {
	between := func(low, high float64) float64 { return low + rng.Float64()*(high-low) }
	var l layout
	type disc struct {
		p    vec
		dish bool
	}
	var placed []disc
	place := func(height float64, dish bool) vec {
		var p vec
		for range 30 {
			p = vec{between(lowX, highX), between(lowY, highY), height}
			if !slices.ContainsFunc(placed, func(d disc) bool { return ground(p, d.p) < apart(dish, d.dish) }) {
				break
			}
		}
		placed = append(placed, disc{p, dish})
		return p
	}
	l.bowl, l.plate = place(0, true), place(0, true)
	for i := range l.cube {
		l.cube[i], l.yaw[i] = place(half, false), between(-0.25, 0.25)
	}
	l.cabinet, l.drawer = between(-0.18, 0.18), between(0.045, 0.06)
	l.buttons = [2]float64{between(-0.17, -0.08), between(0.08, 0.17)}
	l.hand = vec{between(-0.1, 0.1), between(-0.1, 0.05), between(0.16, 0.22)}
	return l
}

// apart is how far the middles of two things lie from each other at least: fingers must fit
// between two cubes, and the gripper over the bowl beside one.
func apart(dish, other bool) float64 {
	switch {
	case dish && other:
		return 0.155
	case dish || other:
		return dishApart
	}
	return cubeApart
}

// outermost is the cube furthest to a side, or noCube where two are too near to tell.
func (l layout) outermost(side int) int {
	best, next := noCube, math.Inf(-1)
	for i, c := range l.cube {
		x := c[0] * float64(side)
		switch {
		case best == noCube || x > l.cube[best][0]*float64(side):
			if best != noCube {
				next = l.cube[best][0] * float64(side)
			}
			best = i
		case x > next:
			next = x
		}
	}
	if l.cube[best][0]*float64(side)-next < 0.035 {
		return noCube
	}
	return best
}

// fits tells whether things keep their distances and the goal's path is free.
func (l layout) fits(g goal) bool {
	if g.task.name == "pick-side" && g.object == noCube {
		return false
	}
	for i, a := range l.cube {
		for _, b := range l.cube[:i] {
			if ground(a, b) < apart(false, false) {
				return false
			}
		}
		if ground(a, l.bowl) < apart(true, false) || ground(a, l.plate) < apart(true, false) {
			return false
		}
	}
	if ground(l.bowl, l.plate) < apart(true, true) {
		return false
	}
	var free []vec
	switch g.task.name {
	case "beside":
		free = []vec{l.cube[g.other].add(float64(g.side)*besideBy, 0, 0)}
		// Near to where it should be already is no task.
		if ground(free[0], l.cube[g.object]) < 0.12 {
			return false
		}
	case "push":
		c, s := l.cube[g.object], float64(g.side)
		free = []vec{c.add(-s*0.06, 0, 0), c.add(s*0.06, 0, 0), c.add(s*0.12, 0, 0)}
	}
	for _, p := range free {
		if math.Abs(p[0]) > highX+0.04 {
			return false
		}
		for i, c := range l.cube {
			if i != g.object && !(i == g.other && g.task.name == "beside") && ground(p, c) < cubeFromSpot {
				return false
			}
		}
		if ground(p, l.bowl) < dishFromSpot || ground(p, l.plate) < dishFromSpot {
			return false
		}
	}
	return true
}

// besideBy is how far to the side of the other cube the expert puts one.
const besideBy = 0.09
