package metaworld

import (
	"math"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

var doorOpen = task{
	name: "door-open", instruction: "Open a door with a revolving joint", scene: "sawyer_door_pull.xml",
	hand: vec{0, 0.6, 0.2},
	low:  []float64{0, 0.85, 0.15}, high: []float64{0.1, 0.95, 0.15},
	goalLow: vec{-0.3, 0.4, 0.1499}, goalHigh: vec{-0.2, 0.5, 0.1501},
	names: map[mujoco.Kind][]string{mujoco.Body: {"door"}, mujoco.Geom: {"handle"}, mujoco.Site: {"goal"}, mujoco.Joint: {"doorjoint"}},
	place: func(e *Env, random []float64) {
		e.start = vec(random)
		e.goal = e.start.add(vec{-0.3, -0.45, 0})
		e.moveBody("door", e.start)
		e.markGoal()
	},
	reset: func(e *Env, _ []float64) error {
		joint := e.id(mujoco.Joint, "doorjoint")
		e.d.QPos[e.m.JointQPos[joint]], e.d.QVel[e.m.JointDOF[joint]] = 0, 0
		return e.d.Forward()
	},
	object: func(e *Env) (vec, [4]float64) {
		return at3(e.d.GeomPos, e.id(mujoco.Geom, "handle")), e.geomQuat("handle")
	},
	evaluate: func(e *Env, obs []float64, effort float64) sim.Result {
		// In 32 bits, as the action is.
		grab := float64((min(max(float32(effort), -1), 1) + 1) / 2)
		angle := e.d.QPos[e.m.JointQPos[e.id(mujoco.Joint, "doorjoint")]]
		ready, opened := doorSteps(vec(obs[:3]), vec(obs[4:7]), angle)
		reward := 2*both(ready, grab) + 8*opened
		success := math.Abs(obs[4]-e.goal[0]) <= 0.08
		if success {
			reward = 10
		}
		info := measures(false, grab >= 0.5, grab, opened, 0)
		info["near_object"] = ready
		return sim.Result{Reward: reward, Success: success, Info: info}
	},
}

// doorSteps rewards a hand at the handle that came from above, and an open door.
func doorSteps(hand, handle vec, angle float64) (ready, opened float64) {
	const threshold = 0.12
	door := handle.add(vec{-0.05, 0, 0})
	// A funnel around the handle keeps the hand from running into it.
	floor := 0.0
	if r := hand.ground(door); r > threshold {
		floor = 0.04*math.Log(r-threshold) + 0.4
	}
	above := 1.0
	if hand[2] < floor {
		above = longTail(floor-hand[2], 0, 0.01, floor/2)
	}
	place := longTail(hand.sub(door).sub(vec{0.05, 0.03, -0.01}).norm(), 0, threshold/2, 0.5)
	opened = 0.8 * longTail(math.Pi/2+math.Pi/6+angle, 0, 0.5, math.Pi/3)
	if angle < -math.Pi/90 {
		opened += 0.2
	}
	return both(above, place), opened
}
