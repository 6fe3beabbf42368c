package metaworld

import (
	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

var pegInsert = task{
	name: "peg-insert-side", instruction: "Insert a peg sideways", scene: "sawyer_peg_insertion_side.xml",
	hand: vec{0, 0.6, 0.2},
	low:  []float64{0, 0.5, 0.02, -0.35, 0.4, -0.001}, high: []float64{0.2, 0.7, 0.02, -0.25, 0.7, 0.001}, apart: 0.1,
	goalLow: vec{-0.35 + 0.03, 0.4, -0.001 + 0.13}, goalHigh: vec{-0.25 + 0.03, 0.7, 0.001 + 0.13},
	names: map[mujoco.Kind][]string{mujoco.Body: {"box"}, mujoco.Site: {"goal", "pegGrasp", "pegHead",
		"bottom_right_corner_collision_box_1", "top_left_corner_collision_box_1",
		"bottom_right_corner_collision_box_2", "top_left_corner_collision_box_2"}},
	place: func(e *Env, random []float64) {
		e.start = vec(random[:3])
		box := vec(random[3:])
		e.goal = box.add(vec{0.03, 0, 0.13})
		e.moveBody("box", box)
		e.markGoal()
	},
	reset: func(e *Env, _ []float64) error {
		e.handle = e.site("pegHead") // before the peg is moved, as in Python
		return e.freeObject(e.start)
	},
	object: func(e *Env) (vec, [4]float64) {
		id := e.id(mujoco.Site, "pegGrasp")
		return e.site("pegGrasp"), quaternion(e.d.SiteMat[9*id : 9*id+9])
	},
	evaluate: func(e *Env, obs []float64, effort float64) sim.Result {
		const radius = 0.07
		object, head, open := vec(obs[4:7]), e.site("pegHead"), obs[3]
		near := object.distance(e.fingers())
		scale := vec{1, 2, 2}
		distance := head.sub(e.goal).mul(scale).norm()
		place := longTail(distance, 0, radius, e.handle.sub(e.goal).mul(scale).norm())
		place = both(place, both(
			prism(head, e.site("bottom_right_corner_collision_box_2"), e.site("top_left_corner_collision_box_2")),
			prism(head, e.site("bottom_right_corner_collision_box_1"), e.site("top_left_corner_collision_box_1"))))
		grasp := e.caging(grip{radius: 0.0075, success: 0.03, xz: 0.005}, object, effort)
		lifted := near < 0.08 && open > 0 && object[2]-0.01 > e.start[2]
		if lifted {
			grasp = 1
		}
		reward := both(grasp, place)
		if lifted {
			reward += 1 + 5*place
		}
		success := distance <= radius
		if success {
			reward = 10
		}
		held := near < 0.02 && open > 0 && object[2]-0.01 > e.start[2]
		return sim.Result{Reward: reward, Success: success, Info: measures(near <= 0.03, held, grasp, place, distance)}
	},
}
