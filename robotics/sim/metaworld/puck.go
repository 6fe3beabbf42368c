package metaworld

import (
	"math"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

// The three tasks with a puck on the table.

var puckNames = map[mujoco.Kind][]string{mujoco.Body: {"obj"}, mujoco.Geom: {"objGeom"}, mujoco.Site: {"goal"}}

func puck(e *Env) (vec, [4]float64) { return e.body("obj"), e.geomQuat("objGeom") }

var reach = task{
	name: "reach", instruction: "Reach a goal position", scene: "sawyer_reach_v3.xml",
	hand: vec{0, 0.6, 0.2},
	low:  []float64{-0.1, 0.6, 0.02, -0.1, 0.8, 0.05}, high: []float64{0.1, 0.7, 0.02, 0.1, 0.9, 0.3}, apart: 0.15,
	goalLow: vec{-0.1, 0.8, 0.05}, goalHigh: vec{0.1, 0.9, 0.3},
	names: puckNames, place: noChange, object: puck,
	reset: func(e *Env, random []float64) error {
		e.start, e.goal = vec(random[:3]), vec(random[3:])
		err := e.freeObject(e.start)
		e.markGoal()
		return err
	},
	evaluate: func(e *Env, _ []float64, _ float64) sim.Result {
		distance := e.fingers().distance(e.goal)
		place := longTail(distance, 0, 0.05, e.spec.hand.distance(e.goal))
		info := measures(false, true, distance, place, distance)
		info["near_object"] = distance
		return sim.Result{Reward: 10 * place, Success: distance <= 0.05, Info: info}
	},
}

var push = task{
	name: "push", instruction: "Push the puck to a goal", scene: "sawyer_push_v3.xml",
	hand: vec{0, 0.6, 0.2},
	low:  []float64{-0.1, 0.6, 0.02, -0.1, 0.8, 0.01}, high: []float64{0.1, 0.7, 0.02, 0.1, 0.9, 0.02}, apart: 0.15,
	goalLow: vec{-0.1, 0.8, 0.01}, goalHigh: vec{0.1, 0.9, 0.02},
	names: puckNames, place: noChange, object: puck,
	reset: func(e *Env, random []float64) error {
		height := e.body("obj")[2] // where the puck lies; the random heights are not used
		e.start, e.goal = vec(random[:3]).at(height), vec(random[3:]).at(height)
		err := e.freeObject(e.start)
		e.markGoal()
		return err
	},
	evaluate: func(e *Env, obs []float64, effort float64) sim.Result {
		const radius = 0.05
		object, open := vec(obs[4:7]), obs[3]
		near, distance := object.distance(e.fingers()), object.distance(e.goal)
		place := longTail(distance, 0, radius, e.start.distance(e.goal))
		grasp := e.caging(grip{radius: 0.015, success: 0.05, xz: 0.005}, object, effort)
		reward := 2 * grasp
		if near < 0.02 && open > 0 {
			reward += 1 + reward + 5*place
		}
		if distance < radius {
			reward = 10
		}
		held := e.touching("objGeom") && open > 0 && object[2]-0.02 > e.start[2]
		return sim.Result{Reward: reward, Success: distance <= radius, Info: measures(near <= 0.03, held, grasp, place, distance)}
	},
}

var pickPlace = task{
	name: "pick-place", instruction: "Pick and place a puck to a goal", scene: "sawyer_pick_place_v3.xml",
	hand: vec{0, 0.6, 0.2},
	low:  []float64{-0.1, 0.6, 0.02, -0.1, 0.8, 0.05}, high: []float64{0.1, 0.7, 0.02, 0.1, 0.9, 0.3}, apart: 0.15,
	goalLow: vec{-0.1, 0.8, 0.05}, goalHigh: vec{0.1, 0.9, 0.3},
	names: puckNames, place: noChange, object: puck,
	reset: func(e *Env, random []float64) error {
		e.start, e.goal = vec(random[:3]), vec(random[3:])
		err := e.freeObject(e.start)
		e.markGoal()
		return err
	},
	evaluate: func(e *Env, obs []float64, effort float64) sim.Result {
		const radius = 0.05
		object, open := vec(obs[4:7]), obs[3]
		near, distance := object.distance(e.fingers()), object.distance(e.goal)
		place := longTail(distance, 0, radius, e.start.distance(e.goal))
		grasp := e.cagingOfPick(object, effort)
		reward := both(grasp, place)
		if near < 0.02 && open > 0 && object[2]-0.01 > e.start[2] {
			reward += 1 + 5*place
		}
		if distance < radius {
			reward = 10
		}
		held := e.touching("objGeom") && open > 0 && object[2]-0.02 > e.start[2]
		return sim.Result{Reward: reward, Success: distance <= 0.07, Info: measures(near <= 0.03, held, grasp, place, distance)}
	},
}

// cagingOfPick is caging with the sides told apart. Python means the pads' first positions in
// the margins but keeps references to the current ones; so do we.
func (e *Env) cagingOfPick(object vec, effort float64) float64 {
	const radius, success, xz = 0.015, 0.05, 0.005
	left, right := e.body("leftpad"), e.body("rightpad")
	margin := func(pad vec) float64 { return math.Abs(math.Abs(object[1]-pad[1]) - success) }
	y := both(longTail(left[1]-object[1], radius, success, margin(left)),
		longTail(object[1]-right[1], radius, success, margin(right)))
	cage := both(y, longTail(e.fingers().upright(object), 0, xz, e.start.upright(e.fingersAtStart)-xz))
	return closing(cage, effort)
}
