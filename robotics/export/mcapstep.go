package export

import (
	"winnow/robotics/episode"
)

// step sends all messages of one control step, stamped alike.
func (s *mcapSink) step(ns int64, e *episode.Episode, i int) error {
	step := &e.Steps[i]
	var first error
	send := func(topic, message string, data []byte) {
		if first == nil {
			first = s.send(ns, topic, message, data)
		}
	}
	if i == 0 {
		send("/task", "std_msgs/String", text(e.Instruction))
	}
	if len(e.State) > 0 {
		send("/observation/state", "std_msgs/Float64MultiArray", vectorArray(e.State, step.State))
	}
	if at, names := joints(e.State); len(at) > 0 {
		position := make([]float64, len(at))
		for j, k := range at {
			position[j] = float64(step.State[k])
		}
		send("/joint_states", "sensor_msgs/JointState", jointState(ns, names, position))
	}
	for j, p := range step.Pictures {
		c := e.Cameras[j]
		send("/camera/"+c.Name+"/compressed", "sensor_msgs/CompressedImage", compressedImage(ns, c.Frame, p))
	}
	sendAction(send, ns, e, step.Action, "")
	if step.Dense != nil {
		sendAction(send, ns, e, step.Dense, "_dense")
	}
	if len(step.Chunk) > 0 {
		if formOf(e.Action) == trajectory {
			send("/policy/chunk", "trajectory_msgs/JointTrajectory", jointTrajectory(ns, episode.Names(e.Action), step.Chunk, e.FPS))
		} else {
			send("/policy/chunk", "std_msgs/Float64MultiArray", matrixArray(e.Action, step.Chunk))
		}
	}
	send("/reward", "std_msgs/Float64", number(step.Reward))
	send("/success", "std_msgs/Bool", truth(step.Success))
	if p := step.Pruning; p != nil {
		send("/sparsity/stats", "winnow_msgs/SparsityStats", sparsityStats(ns, p))
		if p.Mask != nil {
			send("/sparsity/kept_mask", "sensor_msgs/Image", maskImage(ns, e.Cameras[p.Camera].Frame, p))
		}
	}
	return first
}

func sendAction(send func(topic, message string, data []byte), ns int64, e *episode.Episode, action []float32, suffix string) {
	topic := "/policy/action" + suffix
	switch formOf(e.Action) {
	case trajectory:
		send(topic, "trajectory_msgs/JointTrajectory", jointTrajectory(ns, episode.Names(e.Action), [][]float32{action}, e.FPS))
	case twist:
		send(topic, "geometry_msgs/TwistStamped", twistStamped(ns, e.Action, action))
		for i, d := range e.Action {
			if d.Kind == episode.Gripper {
				send("/policy/gripper"+suffix, "std_msgs/Float64", number(float64(action[i])))
			}
		}
	default:
		send(topic, "std_msgs/Float64MultiArray", vectorArray(e.Action, action))
	}
}

func text(s string) []byte {
	c := newCDR()
	c.text(s)
	return c.b
}

func number(v float64) []byte {
	c := newCDR()
	c.f64(v)
	return c.b
}

func truth(v bool) []byte {
	c := newCDR()
	c.boolean(v)
	return c.b
}
