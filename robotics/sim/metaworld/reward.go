package metaworld

import "math"

// valueAtMargin is what tolerance gives at the margin.
const valueAtMargin = 0.1

// longTail is 1 where x lies in low..high and falls to 0.1 at the margin's distance, with a
// tail like 1/x² (dm_control's tolerance with the sigmoid "long_tail").
func longTail(x, low, high, margin float64) float64 {
	return tolerance(x, low, high, margin, func(d float64) float64 {
		s := d * math.Sqrt(1/valueAtMargin-1)
		return 1 / (s*s + 1)
	})
}

// gaussian is longTail with a bell's tail.
func gaussian(x, low, high, margin float64) float64 {
	return tolerance(x, low, high, margin, func(d float64) float64 {
		s := d * math.Sqrt(-2*math.Log(valueAtMargin))
		return math.Exp(-0.5 * s * s)
	})
}

func tolerance(x, low, high, margin float64, tail func(d float64) float64) float64 {
	switch {
	case low <= x && x <= high:
		return 1
	case margin == 0:
		return 0
	case x < low:
		return tail((low - x) / margin)
	}
	return tail((x - high) / margin)
}

// both is the Hamacher product of two values in 0..1: near 1 where both are.
func both(a, b float64) float64 {
	d := a + b - a*b
	if d <= 0 {
		return 0
	}
	return a * b / d
}

// prism is 1 outside the box between zero and one, and inside it rises from 0 to 1 from
// corner to corner.
func prism(p, zero, one vec) float64 {
	share := 1.0
	for i := range 3 {
		low, high := math.Min(zero[i], one[i]), math.Max(zero[i], one[i])
		if p[i] < low || p[i] > high {
			return 1
		}
		share *= (p[i] - zero[i]) / (one[i] - zero[i])
	}
	return share
}

// grip are the sizes, in metres, of the reward for holding an object.
type grip struct {
	radius  float64 // of the object
	success float64 // distance of a pad to the object's middle, at most
	xz      float64 // distance of the fingers' middle in x and z, at most
}

// caging rewards fingers around the object: the pads on both sides in y, the middle near in x
// and z, the gripper closing. (SawyerXYZEnv._gripper_caging_reward with high_density.)
func (e *Env) caging(g grip, object vec, effort float64) float64 {
	side := func(pad vec) float64 {
		margin := math.Abs(math.Abs(pad[1]-e.start[1]) - g.success)
		return longTail(math.Abs(pad[1]-object[1]), g.radius, g.success, margin)
	}
	y := both(side(e.body("leftpad")), side(e.body("rightpad")))
	xz := longTail(e.fingers().upright(object), 0, g.xz, e.start.upright(e.fingersAtStart)-g.xz)
	return closing(both(y, xz), effort)
}

// closing adds the gripper's effort once the cage is nearly perfect.
func closing(cage, effort float64) float64 {
	gripping := 0.0
	if cage > 0.97 {
		gripping = math.Min(math.Max(0, effort), 1)
	}
	return (both(cage, gripping) + cage) / 2
}
