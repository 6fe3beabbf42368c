package metaworld

import (
	"math"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

var buttonTopdown = task{
	name: "button-press-topdown", instruction: "Press a button from the top", scene: "sawyer_button_press_topdown.xml",
	hand: single(0, 0.4, 0.2),
	low:  []float64{-0.1, 0.8, 0.115}, high: []float64{0.1, 0.9, 0.115},
	goalLow: handLow, goalHigh: handHigh,
	names: map[mujoco.Kind][]string{mujoco.Body: {"box", "button"}, mujoco.Site: {"hole", "buttonStart"}},
	place: func(e *Env, random []float64) {
		e.start = vec(random)
		e.moveBody("box", e.start)
	},
	reset: func(e *Env, _ []float64) error {
		err := e.d.Forward()
		e.goal = e.site("hole")
		e.span = math.Abs(e.goal[2] - e.site("buttonStart")[2])
		return err
	},
	object: func(e *Env) (vec, [4]float64) {
		id := e.id(mujoco.Body, "button")
		return e.body("button").add(vec{0, 0, 0.193}), [4]float64(e.d.XQuat[4*id:])
	},
	evaluate: func(e *Env, obs []float64, _ float64) sim.Result {
		object := vec(obs[4:7])
		near := object.distance(e.fingers())
		distance := math.Abs(e.goal[2] - object[2])
		close := longTail(near, 0, 0.01, object.distance(e.fingersAtStart))
		pressed := longTail(distance, 0, 0.005, e.span)
		reward := 5 * both(1-obs[3], close)
		if near <= 0.03 {
			reward += 5 * pressed
		}
		return sim.Result{Reward: reward, Success: distance <= 0.024, Info: measures(near <= 0.05, obs[3] > 0, close, pressed, distance)}
	},
}
