package metaworld

import (
	"math"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

var drawerNames = map[mujoco.Kind][]string{mujoco.Body: {"drawer", "drawer_link"}, mujoco.Site: {"goal"}}

var drawerOpen = task{
	name: "drawer-open", instruction: "Open a drawer", scene: "sawyer_drawer.xml",
	hand: single(0, 0.6, 0.2),
	low:  []float64{-0.1, 0.9, 0}, high: []float64{0.1, 0.9, 0},
	goalLow: handLow, goalHigh: handHigh,
	names: drawerNames,
	place: func(e *Env, random []float64) {
		e.start = vec(random)
		e.span = 0.2
		e.goal = e.start.add(vec{0, -0.16 - e.span, 0.09})
		e.moveBody("drawer", e.start)
		e.markGoal()
	},
	reset: func(*Env, []float64) error { return nil },
	object: func(e *Env) (vec, [4]float64) {
		id := e.id(mujoco.Body, "drawer_link")
		return e.body("drawer_link").add(vec{0, -0.16, 0}), [4]float64(e.d.XQuat[4*id:])
	},
	evaluate: func(e *Env, obs []float64, _ float64) sim.Result {
		hand, handle := vec(obs[:3]), vec(obs[4:7])
		distance := handle.distance(e.goal)
		opening := longTail(distance, 0, 0.02, e.span)
		// Errors in x and y count more, so that the hand may come down on the handle.
		scale := vec{3, 3, 1}
		first := e.goal.add(vec{0, e.span, 0}).sub(e.fingersAtStart).mul(scale).norm()
		cage := longTail(handle.sub(hand).mul(scale).norm(), 0, 0.01, first)
		return sim.Result{Reward: 5 * (cage + opening), Success: distance <= 0.03,
			Info: measures(handle.distance(hand) <= 0.03, obs[3] > 0, cage, opening, distance)}
	},
}

var drawerClose = task{
	name: "drawer-close", instruction: "Push and close a drawer", scene: "sawyer_drawer.xml",
	hand: single(0, 0.6, 0.2),
	low:  []float64{-0.1, 0.9, 0}, high: []float64{0.1, 0.9, 0},
	goalLow: handLow, goalHigh: handHigh,
	names: drawerNames,
	place: func(e *Env, random []float64) {
		e.goal = vec(random).add(vec{0, -0.16, 0.09})
		e.moveBody("drawer", vec(random))
		e.markGoal()
	},
	reset: func(e *Env, _ []float64) error {
		e.d.QPos[9] = -0.15 // pulled out
		err := e.d.Forward()
		e.start, _ = e.spec.object(e)
		return err
	},
	object: func(e *Env) (vec, [4]float64) {
		return e.body("drawer_link").add(vec{0, -0.16, 0.05}), [4]float64{}
	},
	evaluate: func(e *Env, obs []float64, effort float64) sim.Result {
		const radius, reachRadius = 0.05, 0.005
		object, fingers := vec(obs[4:7]), e.fingers()
		distance := object.distance(e.goal)
		place := longTail(distance, 0, radius, math.Abs(e.start.distance(e.goal)-radius))
		near := object.distance(fingers)
		reach := gaussian(near, 0, reachRadius, math.Abs(e.start.distance(e.fingersAtStart)-reachRadius))
		reach = both(reach, min(max(0, effort), 1))
		reward := both(reach, place)
		success := distance <= radius+0.015
		if success {
			reward = 1
		}
		return sim.Result{Reward: 10 * reward, Success: success, Info: measures(near <= 0.01, true, reach, place, distance)}
	},
}
