package metaworld

import "math"

// vec is a point or a direction in metres.
type vec [3]float64

func (a vec) add(b vec) vec           { return vec{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a vec) sub(b vec) vec           { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vec) mul(b vec) vec           { return vec{a[0] * b[0], a[1] * b[1], a[2] * b[2]} }
func (a vec) scale(s float64) vec     { return vec{a[0] * s, a[1] * s, a[2] * s} }
func (a vec) norm() float64           { return math.Sqrt(a[0]*a[0] + a[1]*a[1] + a[2]*a[2]) }
func (a vec) distance(b vec) float64  { return a.sub(b).norm() }
func (a vec) ground(b vec) float64    { return math.Hypot(a[0]-b[0], a[1]-b[1]) } // distance seen from above
func (a vec) upright(b vec) float64   { return math.Hypot(a[0]-b[0], a[2]-b[2]) } // distance seen from the front
func (a vec) at(z float64) vec        { return vec{a[0], a[1], z} }
func at3(s []float64, id int) vec     { return vec(s[3*id : 3*id+3]) }
func put3(s []float64, id int, v vec) { copy(s[3*id:3*id+3], v[:]) }

// quaternion turns a rotation matrix (row by row) into x, y, z, w: the largest of the four is
// computed first and the others from it, as scipy does.
func quaternion(m []float64) [4]float64 {
	trace := m[0] + m[4] + m[8]
	largest, best := 3, trace
	for i := range 3 {
		if m[4*i] > best {
			largest, best = i, m[4*i]
		}
	}
	// numpy's argmax takes the first of equals, and the diagonal comes before the trace.
	for i := range 3 {
		if m[4*i] == best {
			largest = i
			break
		}
	}
	var q [4]float64
	if largest == 3 {
		q = [4]float64{m[7] - m[5], m[2] - m[6], m[3] - m[1], 1 + trace}
	} else {
		i := largest
		j, k := (i+1)%3, (i+2)%3
		q[i] = 1 - trace + 2*m[4*i]
		q[j] = m[3*j+i] + m[3*i+j]
		q[k] = m[3*k+i] + m[3*i+k]
		q[3] = m[3*k+j] - m[3*j+k]
	}
	n := math.Sqrt(q[0]*q[0] + q[1]*q[1] + q[2]*q[2] + q[3]*q[3])
	for i := range q {
		q[i] /= n
	}
	return q
}
