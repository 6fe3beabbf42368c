package agree

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/ref"
)

// backends are the ones compared with ref.
var backends = []string{"cpu", "vulkan:0"}

// opCase is a graph that every backend must compute alike.
type opCase struct {
	name   string
	within tolerance
	// build makes the graph and returns what is compared: F32 or I32.
	build func(l *lab) *compute.Tensor
}

// tolerance bounds differences; a zero field is not asked.
type tolerance struct {
	// rel bounds |got-want| relative to |want| plus the root mean square of all.
	rel float64
	// nmse bounds Σ(got-want)² / Σ want².
	nmse float64
	// exact asks for the same bits (a NaN for a NaN).
	exact bool
}

var (
	exact    = tolerance{exact: true}
	rounding = tolerance{rel: 1e-5}
	// halves: numbers went through half precision, or through ggml's table of halves.
	halves = tolerance{rel: 5e-3}
	// product: float32 sums in another order.
	product = tolerance{rel: 5e-5, nmse: 1e-9}
	// halfProduct: the other side is rounded to half precision.
	halfProduct = tolerance{rel: 5e-3, nmse: 1e-6}
	// quantised: the other side is rounded to 8 bits; the bound is ggml's test-backend-ops'.
	quantised = tolerance{nmse: 5e-4}
)

// onGPU replaces tolerances: a GPU's matrix units may multiply halves.
var onGPU = map[tolerance]tolerance{product: {rel: 5e-3, nmse: 1e-6}, halfProduct: {nmse: 2.5e-5}}

// sizes are small, odd, and around the widths of vectors, blocks and tiles.
var sizes = []int{1, 2, 3, 7, 17, 31, 33, 64, 100, 257}

// lab builds one case's graph on one backend. The same seed gives all backends the same data.
type lab struct {
	*testing.T
	*compute.Graph
	be   compute.Backend
	rand *rand.Rand
	in   []compute.Binding
}

func newLab(t *testing.T, be compute.Backend) *lab {
	return &lab{t, compute.NewGraph(), be, rand.New(rand.NewPCG(4, 2)), nil}
}

// normal gives n numbers around 0.
func (l *lab) normal(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(l.rand.NormFloat64())
	}
	return x
}

// floats is an input of the given numbers.
func (l *lab) floats(data []float32, dims ...int) *compute.Tensor {
	t := l.Input(fmt.Sprintf("x%d", len(l.in)), compute.F32, dims...)
	l.in = append(l.in, compute.In(t, data))
	return t
}

// f32 is an input of random numbers.
func (l *lab) f32(dims ...int) *compute.Tensor {
	return l.floats(l.normal(compute.Dims(dims...).Elements()), dims...)
}

// typed is an input of random numbers in F32 or F16.
func (l *lab) typed(t compute.Type, dims ...int) *compute.Tensor {
	if t == compute.F32 {
		return l.f32(dims...)
	}
	return l.halfInput(l.normal(compute.Dims(dims...).Elements()), dims...)
}

func (l *lab) halfInput(data []float32, dims ...int) *compute.Tensor {
	h := make([]uint16, len(data))
	for i, f := range data {
		h[i] = compute.ToF16(f)
	}
	t := l.Input(fmt.Sprintf("half%d", len(l.in)), compute.F16, dims...)
	l.in = append(l.in, compute.In(t, h))
	return t
}

func (l *lab) ints(data []int32) *compute.Tensor {
	t := l.Input(fmt.Sprintf("ints%d", len(l.in)), compute.I32, len(data))
	l.in = append(l.in, compute.In(t, data))
	return t
}

// below gives n integers under top.
func (l *lab) below(n, top int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(l.rand.IntN(top))
	}
	return out
}

// weight is an array of random elements of any type, stored aligned as in a GGUF file.
func (l *lab) weight(t compute.Type, use compute.Use, dims ...int) *compute.Tensor {
	l.Helper()
	s := compute.Dims(dims...)
	a, err := l.be.Weight("weight", t, s, l.blocks(t, s.Elements()), use)
	if err != nil {
		l.Fatal(err)
	}
	l.release(a)
	return l.Leaf(a)
}

func (l *lab) state(t compute.Type, dims ...int) compute.Array {
	l.Helper()
	a, err := l.be.State("state", t, compute.Dims(dims...))
	if err != nil {
		l.Fatal(err)
	}
	l.release(a)
	return a
}

// release frees an array or a program at the test's end; a GPU's last as long as the process.
// Mesa 22's lavapipe touches a buffer that an earlier kernel was bound to after it was freed,
// and ends the process some tests later.
func (l *lab) release(a interface{ Free() }) {
	if id := l.be.Device().ID; id == "ref" || id == "cpu" {
		l.Cleanup(a.Free)
	}
}

// scales says where a block of each type keeps its halves: scale first, then minimum.
var scales = map[compute.Type][]int{
	compute.Q4_0: {0}, compute.Q4_1: {0, 2}, compute.Q5_0: {0}, compute.Q5_1: {0, 2}, compute.Q8_0: {0},
	compute.Q2_K: {80, 82}, compute.Q3_K: {108}, compute.Q4_K: {0, 2}, compute.Q5_K: {0, 2}, compute.Q6_K: {208},
}

// blocks makes n stored elements. Quantised blocks get random bits everywhere but in their
// scales, so that every field of the format counts.
func (l *lab) blocks(t compute.Type, n int) []byte {
	le := binary.LittleEndian
	out := make([]byte, t.RowBytes(n))
	switch t {
	case compute.F32:
		for i := range n {
			le.PutUint32(out[4*i:], math.Float32bits(float32(l.rand.NormFloat64())))
		}
	case compute.F16:
		for i := range n {
			le.PutUint16(out[2*i:], compute.ToF16(float32(l.rand.NormFloat64())))
		}
	case compute.BF16:
		for i := range n {
			le.PutUint16(out[2*i:], uint16(math.Float32bits(float32(l.rand.NormFloat64()))>>16))
		}
	default:
		size := t.RowBytes(t.BlockSize())
		for i := range out {
			out[i] = byte(l.rand.Uint32())
		}
		for b := 0; b < len(out); b += size {
			for i, at := range scales[t] {
				d := float32(0.01 + 0.02*l.rand.Float64())
				if i == 1 && (t == compute.Q4_1 || t == compute.Q5_1) {
					d = -8 * d // these add their minimum, the K types subtract it
				}
				le.PutUint16(out[b+at:], compute.ToF16(d))
			}
		}
	}
	return out
}

// compile finishes the graph with its output.
func (l *lab) compile(out *compute.Tensor) compute.Program {
	l.Helper()
	l.Output(out)
	p, err := l.be.Compile(l.Graph)
	if err != nil {
		l.Fatal(err)
	}
	l.release(p)
	return p
}

// run computes out once and returns it, integers as float32.
func (l *lab) run(out *compute.Tensor) []float32 {
	l.Helper()
	p := l.compile(out)
	if err := p.Run(context.Background(), l.in...); err != nil {
		l.Fatal(err)
	}
	return l.read(p, out)
}

func (l *lab) read(p compute.Program, out *compute.Tensor) []float32 {
	l.Helper()
	got := make([]float32, out.Shape.Elements())
	var err error
	if out.Type == compute.I32 {
		ints := make([]int32, len(got))
		err = p.ReadInts(out, ints)
		for i, v := range ints {
			got[i] = float32(v)
		}
	} else {
		err = p.ReadFloats(out, got)
	}
	if err != nil {
		l.Fatal(err)
	}
	return got
}

// agree runs cases on every backend and on ref.
func agree(t *testing.T, cases []opCase) {
	oracle := ref.New(2)
	defer oracle.Close()
	wanted := make([][]float32, len(cases))
	onEach(t, func(t *testing.T, be compute.Backend) {
		for i, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				if wanted[i] == nil {
					l := newLab(t, oracle)
					wanted[i] = l.run(c.build(l))
				}
				l := newLab(t, be)
				within := c.within
				if gpu, ok := onGPU[within]; ok && be.Device().ID != "cpu" {
					within = gpu
				}
				within.check(t, l.run(c.build(l)), wanted[i])
			})
		}
	})
}

// check compares element by element.
func (tol tolerance) check(t *testing.T, got, want []float32) {
	t.Helper()
	var energy, off float64
	for i := range want {
		w, g := float64(want[i]), float64(got[i])
		if special(w) || special(g) {
			continue
		}
		energy += w * w
		off += (g - w) * (g - w)
	}
	rms := math.Sqrt(energy / float64(len(want)))
	worst, at := 0.0, -1
	for i := range want {
		w, g := float64(want[i]), float64(got[i])
		switch {
		case w == g || w != w && g != g:
		case special(w) || special(g):
			t.Fatalf("element %d of %d is %v, ref has %v", i, len(want), g, w)
		case math.Abs(g-w) > worst*(math.Abs(w)+rms):
			worst, at = math.Abs(g-w)/(math.Abs(w)+rms), i
		}
	}
	switch {
	case at < 0:
	case tol.exact:
		t.Fatalf("element %d of %d is %v, ref has %v: must be the same", at, len(want), got[at], want[at])
	case tol.rel > 0 && worst > tol.rel:
		t.Fatalf("element %d of %d is %v, ref has %v: off by %.1e, may be %.0e", at, len(want), got[at], want[at], worst, tol.rel)
	case tol.nmse > 0 && off > tol.nmse*energy:
		t.Fatalf("normalised mean squared error %.1e, may be %.0e (worst element %d: %v, ref has %v)",
			off/energy, tol.nmse, at, got[at], want[at])
	}
}

func special(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }
