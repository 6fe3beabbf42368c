package packed

import (
	"fmt"
	"math"
	"sync/atomic"

	"winnow/internal/compute"
	"winnow/internal/kernels"
)

// shares is how many parts the entries are divided into at most, and shareRows how many rows
// a share has at least, where there are more than one.
const (
	shares    = 24
	shareRows = 32
)

// Attend is the attention of one new row over the entries of a store and a tail of rows in
// full precision, under one softmax: with head h reading key head h/(heads/kvHeads),
//
//	p = softmax(scale·(K·q) + mask),  out[:, h] = Σ p·V    over entries and tail
//
// q is F32 of heads·dim elements, rotated, not scaled: [dim, heads], [dim, 1, heads] or flat.
// tailK and tailV are F16 or F32, [width, rows] with unbroken rows, such as a Slice of a cache
// after SetRows. mask is F16 or F32 of a number a tail row: 0, or -inf for a row that is hidden
// and not read; nil means that all count. tailK, tailV and mask may all be nil. The result is
// [heads·dim]; where nothing is to be seen, zero.
//
// The store is read at every run: one graph serves many steps, and entries that were added or
// removed since the last run count in the next. Only the FLOPs in the graph's cost are those
// of the store at building. A store must not change during a run.
//
// The operations run on the processor only: Compile refuses them on a GPU.
func Attend(g *compute.Graph, q, tailK, tailV, mask *compute.Tensor, store *Store, heads int, scale float32) *compute.Tensor {
	a := &attention{store: store, heads: heads, dim: store.dim, scale: scale, tail: tailK != nil, masked: mask != nil}
	src, rows, err := a.sources(q, tailK, tailV, mask)
	if err != nil {
		g.Refuse(err)
		return g.Host(compute.HostOp{Name: "packed attention", Do: a.part}, compute.Dims(max(1, heads*a.dim)))
	}
	flops := 4 * int64(heads*a.dim) * int64(store.Len()+rows)
	a.partials = make([]float32, heads*(a.dim+2)*shares)
	return g.Host(compute.HostOp{Name: "packed attention", Do: a.part, FLOPs: flops}, compute.Dims(heads*a.dim), src...)
}

// attention is the fixed side of one Attend, and where its parts meet.
type attention struct {
	store      *Store
	heads, dim int
	scale      float32
	tail       bool // sources 1 and 2 are the tail
	masked     bool // the last source is its mask

	// partials has a softmax a share; done counts the parts that have left theirs.
	partials []float32
	done     atomic.Int32
}

func (a *attention) sources(q, tailK, tailV, mask *compute.Tensor) (src []*compute.Tensor, tailRows int, err error) {
	s := a.store
	if a.heads < 1 || a.heads%s.kvHeads != 0 {
		return nil, 0, fmt.Errorf("packed attention: %d heads cannot share %d key heads", a.heads, s.kvHeads)
	}
	if q.Type != compute.F32 || q.Shape.Elements() != a.heads*a.dim || q.Shape[0]%a.dim != 0 {
		return nil, 0, fmt.Errorf("packed attention: q %v %v is not one f32 row of %d heads of %d", q.Type, q.Shape, a.heads, a.dim)
	}
	src = append(src, q)
	if (tailK == nil) != (tailV == nil) || mask != nil && tailK == nil {
		return nil, 0, fmt.Errorf("packed attention: keys, values and mask of the tail go together")
	}
	if tailK == nil {
		return src, 0, nil
	}
	for _, t := range []*compute.Tensor{tailK, tailV} {
		if t.Type != compute.F32 && t.Type != compute.F16 || t.Type != tailK.Type || t.Shape != compute.Dims(s.Width(), tailK.Shape[1]) {
			return nil, 0, fmt.Errorf("packed attention: tail %v %v is not f16 or f32 rows of %d, as many keys as values", t.Type, t.Shape, s.Width())
		}
	}
	src, tailRows = append(src, tailK, tailV), tailK.Shape[1]
	if mask != nil {
		if mask.Type != compute.F32 && mask.Type != compute.F16 || mask.Shape.Elements() != tailRows || mask.Shape[0] != tailRows {
			return nil, 0, fmt.Errorf("packed attention: mask %v %v does not fit a tail of %d rows", mask.Type, mask.Shape, tailRows)
		}
		src = append(src, mask)
	}
	return src, tailRows, nil
}

// part is a HostFunc: it works out every parts-th share. Whoever is last brings them together: a
// second operation for that would be another call back into Go on every thread.
func (a *attention) part(dst []float32, src []compute.HostTensor, part, parts int) {
	w := takeWork(a)
	defer works.Put(w)
	w.query(src[0])
	if a.tail {
		w.openTail(src[1:])
	}
	total := a.store.Len() + len(w.open)
	count := min(shares, (total+shareRows-1)/shareRows)
	size := a.heads * (a.dim + 2)
	for s := part; s < shares; s += parts {
		out := partial(a.partials[s*size:(s+1)*size], a.heads, a.dim)
		if s >= count {
			out.max[0] = minusInf
			continue
		}
		w.share(out, s*total/count, (s+1)*total/count)
	}
	if int(a.done.Add(1)) == parts {
		a.done.Store(0)
		a.join(dst)
	}
}

// softmax is the state of a softmax that was cut off: for every head the sum o of values
// weighed by exp(score-max), and the sum of these weights.
type softmax struct{ o, max, sum []float32 }

// partial lays a softmax over the numbers of a share: the values' sums, then max, then sum.
func partial(x []float32, heads, dim int) softmax {
	o := heads * dim
	return softmax{x[:o], x[o : o+heads], x[o+heads : o+2*heads]}
}

var minusInf = float32(math.Inf(-1))

// join brings the shares of every head together.
func (a *attention) join(dst []float32) {
	size, all := a.heads*(a.dim+2), a.partials
	used := 0
	for used < shares && partial(all[used*size:(used+1)*size], a.heads, a.dim).max[0] != minusInf {
		used++
	}
	var weights [shares]float32
	for h := range a.heads {
		out := dst[h*a.dim : (h+1)*a.dim]
		clear(out)
		top, total := minusInf, float64(0)
		for s := range used {
			top = max(top, all[s*size+a.heads*a.dim+h])
		}
		for s := range used {
			p := partial(all[s*size:(s+1)*size], a.heads, a.dim)
			w := math.Exp(float64(p.max[h] - top))
			weights[s] = float32(w)
			total += w * float64(p.sum[h])
		}
		for s := range used {
			weights[s] = float32(float64(weights[s]) / total)
		}
		kernels.Axpys(out, weights[:used], 0, all[h*a.dim:], size, a.dim, used)
	}
}
