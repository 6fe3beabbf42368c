package ref

import (
	"math"

	"winnow/internal/compute"
)

// flashAttn: for query head h, kv head g = h/(H/KVH) and query j of each of dimension 3,
//
//	s_i = scale·(k[:, i, g]·q[:, j, h]) + mask[i, j],  p = softmax(s),  out[:, h, j] = Σ_i p_i·v[:, i, g]
//
// A row that the mask closes with -inf is not read. Where it closes all, the result is zero.
func (p *program) flashAttn(out, q, k, v view, mask *view, scale float32) {
	heads, queries, keys, batch := q.shape[2], q.shape[1], k.shape[1], q.shape[3]
	group := heads / k.shape[2]
	grain := max(1, 1<<14/(keys*(q.shape[0]+v.shape[0])))
	parallel(p.owner.threads, batch*heads*queries, grain, func(lo, hi int) {
		rq, rk, rv := q.reader(), k.reader(), v.reader()
		var rm *reader
		if mask != nil {
			rm = mask.reader()
		}
		score := make([]float32, keys)
		sums := make([]float32, v.shape[0])
		open := make([]int, 0, keys)
		for t := lo; t < hi; t++ {
			b, h, j := t/queries/heads, t/queries%heads, t%queries
			var m []float32
			if mask != nil {
				m = rm.row(j, 0, 0)
			}
			query := rq.row(j, h, b)
			open, score = open[:0], score[:0]
			for i := range keys {
				if m != nil && math.IsInf(float64(m[i]), -1) {
					continue
				}
				s := scale * dot(rk.row(i, h/group, b), query)
				if m != nil {
					s += m[i]
				}
				open, score = append(open, i), append(score, s)
			}
			clear(sums)
			dst := out.dst((b*queries+j)*heads + h)
			if len(open) == 0 {
				clear(dst)
				continue
			}
			total := exps(score)
			for c, i := range open {
				weigh(sums, score[c], rv.row(i, h/group, b))
			}
			for c := range dst {
				dst[c] = float32(float64(sums[c]) / total)
			}
		}
	})
}

// weigh adds w·x to sums.
func weigh(sums []float32, w float32, x []float32) {
	x = x[:len(sums)]
	for i := range sums {
		sums[i] += w * x[i]
	}
}

// rope turns pair i of every head by pos·base^(-2i/dims)·scale/factor; what lies beyond dims
// is copied.
func (p *program) rope(out, x view, pos []int32, factors *view, n *compute.Tensor) {
	dims, mode := n.Ints[0], compute.RoPEMode(n.Ints[1])
	base, scale := float64(n.Floats[0]), float64(n.Floats[1])
	speed := make([]float64, dims/2)
	for i := range speed {
		speed[i] = math.Pow(base, -2*float64(i)/float64(dims)) * scale
		if factors != nil {
			speed[i] /= float64(factors.reader().row(0, 0, 0)[i])
		}
	}
	heads := x.shape[1]
	grain := max(1, 1<<12/(x.shape[0]*heads))
	parallel(p.owner.threads, len(pos), grain, func(lo, hi int) {
		src := x.reader()
		sin, cos := make([]float32, dims/2), make([]float32, dims/2)
		for t := lo; t < hi; t++ {
			for i, s := range speed {
				sn, cs := math.Sincos(float64(pos[t]) * s)
				sin[i], cos[i] = float32(sn), float32(cs)
			}
			for h := range heads {
				row, dst := src.row(h, t, 0), out.dst(t*heads+h)
				copy(dst[dims:], row[dims:])
				for i := range sin {
					a, b := 2*i, 2*i+1
					if mode == compute.RoPEHalf {
						a, b = i, i+dims/2
					}
					dst[a] = row[a]*cos[i] - row[b]*sin[i]
					dst[b] = row[a]*sin[i] + row[b]*cos[i]
				}
			}
		}
	})
}
