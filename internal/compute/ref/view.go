package ref

import (
	"sync"
	"sync/atomic"

	"winnow/internal/compute"
)

// view is a tensor's window on memory: element (i0, i1, i2, i3) lies at off + Σ i·stride.
type view struct {
	// floats or ints is the memory: of a slot, an input or an array.
	floats []float32
	ints   []int32
	shape  compute.Shape
	stride [4]int
	off    int
}

// packed sets the strides of memory without gaps.
func packed(s compute.Shape) view {
	return view{shape: s, stride: [4]int{1, s[0], s[0] * s[1], s[0] * s[1] * s[2]}}
}

// coords splits a row number into the dimensions above the first.
func coords(s compute.Shape, r int) (i1, i2, i3 int) {
	return r % s[1], r / s[1] % s[2], r / (s[1] * s[2])
}

func (v view) at(i1, i2, i3 int) int { return v.off + i1*v.stride[1] + i2*v.stride[2] + i3*v.stride[3] }

// dst is row r of a result, which is always packed.
func (v view) dst(r int) []float32 { return v.floats[r*v.shape[0] : (r+1)*v.shape[0]] }

// reader reads rows of a view; each goroutine has its own.
type reader struct {
	view
	buf []float32 // a row whose elements are not neighbours is gathered here
}

func (v view) reader() *reader { return &reader{view: v} }

// row is valid until the next call and must not be written to.
func (r *reader) row(i1, i2, i3 int) []float32 {
	start, n := r.at(i1, i2, i3), r.shape[0]
	if r.stride[0] == 1 || n == 1 {
		return r.floats[start : start+n]
	}
	if r.buf == nil {
		r.buf = make([]float32, n)
	}
	gather(r.buf, r.floats[start:], r.stride[0])
	return r.buf
}

func gather[T any](dst, src []T, stride int) {
	for i := range dst {
		dst[i] = src[i*stride]
	}
}

// list is a vector of integers in order.
func (v view) list() []int32 {
	out := make([]int32, v.shape.Elements())
	for r := range v.shape.Rows() {
		i1, i2, i3 := coords(v.shape, r)
		gather(out[r*v.shape[0]:(r+1)*v.shape[0]], v.ints[v.at(i1, i2, i3):], v.stride[0])
	}
	return out
}

// parallel calls f on parts of [0, n) of at most grain until all are done.
func parallel(threads, n, grain int, f func(lo, hi int)) {
	grain = max(grain, 1)
	if threads = min(threads, (n+grain-1)/grain); threads <= 1 {
		f(0, n)
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for {
				lo := int(next.Add(int64(grain))) - grain
				if lo >= n {
					return
				}
				f(lo, min(lo+grain, n))
			}
		})
	}
	wg.Wait()
}

// overRows is parallel over the rows of a shape, in parts worth a goroutine.
func (p *program) overRows(s compute.Shape, f func(lo, hi int)) {
	parallel(p.owner.threads, s.Rows(), 1<<14/s[0], f)
}
