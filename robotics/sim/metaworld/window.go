package metaworld

import (
	"math"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

func windowNames(handle string) map[mujoco.Kind][]string {
	return map[mujoco.Kind][]string{mujoco.Body: {"window"}, mujoco.Site: {"goal", handle}, mujoco.Joint: {"window_slide"}}
}

// slide sets the window without computing what follows, so that the first observation still
// shows the handle where it was, as in Python.
func (e *Env) slide(to float64) {
	e.d.QPos[e.m.JointQPos[e.id(mujoco.Joint, "window_slide")]] = to
}

// windowReward rewards a hand at the handle and a handle at the goal; from is where the handle
// began, in x.
func (e *Env) windowReward(from float64, tail func(x, low, high, margin float64) float64) sim.Result {
	const radius, handleRadius = 0.05, 0.02
	handle, _ := e.spec.object(e)
	distance := math.Abs(handle[0] - e.goal[0])
	place := longTail(distance, 0, radius, math.Abs(math.Abs(from-e.goal[0])-radius))
	near := handle.distance(e.fingers())
	reach := tail(near, 0, handleRadius, math.Abs(e.handle.distance(e.fingersAtStart)-handleRadius))
	return sim.Result{Reward: 10 * both(reach, place), Success: distance <= radius, Info: measures(near <= 0.05, true, reach, place, distance)}
}

var windowOpen = task{
	name: "window-open", instruction: "Push and open a window", scene: "sawyer_window_horizontal.xml",
	hand: single(0, 0.4, 0.2),
	low:  []float64{-0.1, 0.7, 0.16}, high: []float64{0.1, 0.9, 0.16},
	goalLow: handLow, goalHigh: handHigh,
	names: windowNames("handleOpenStart"),
	place: func(e *Env, random []float64) {
		e.start = vec(random)
		e.goal = e.start.add(vec{0.2, 0, 0})
		e.moveBody("window", e.start)
		e.markGoal()
	},
	reset: func(e *Env, _ []float64) error {
		e.handle, _ = e.spec.object(e)
		e.slide(0)
		return nil
	},
	object: func(e *Env) (vec, [4]float64) { return e.site("handleOpenStart"), [4]float64{} },
	evaluate: func(e *Env, _ []float64, _ float64) sim.Result {
		return e.windowReward(e.start[0], longTail)
	},
}

var windowClose = task{
	name: "window-close", instruction: "Push and close a window", scene: "sawyer_window_horizontal.xml",
	hand: single(0, 0.4, 0.2),
	low:  []float64{0, 0.75, 0.2}, high: []float64{0, 0.9, 0.2},
	goalLow: handLow, goalHigh: handHigh,
	names: windowNames("handleCloseStart"),
	place: func(e *Env, random []float64) {
		e.start, e.goal = vec(random), vec(random)
		e.moveBody("window", e.start)
		e.markGoal()
	},
	reset: func(e *Env, _ []float64) error {
		e.handle, _ = e.spec.object(e)
		e.handle = e.handle.add(vec{0.2, 0, 0})
		e.slide(0.2)
		return nil
	},
	object: func(e *Env) (vec, [4]float64) { return e.site("handleCloseStart"), [4]float64{} },
	evaluate: func(e *Env, _ []float64, _ float64) sim.Result {
		return e.windowReward(e.handle[0], gaussian)
	},
}
