package compute

import "unsafe"

// HostOp is an operation that Go code carries out on the processor: for what no library has.
type HostOp struct {
	// Name appears in errors and debugging dumps.
	Name string
	// Do computes one part of the result.
	Do HostFunc
	// FLOPs is what one run counts, in the sense of Cost; nothing is read from Do.
	FLOPs int64
}

// HostFunc fills its part of dst, the whole result of the operation with its elements in order.
// It is called once for each part in [0, parts), at the same time by several threads, and must
// leave alone what belongs to other parts. parts may differ from run to run. dst holds what
// lay there before. Nothing may be kept after the return, and src must not be changed.
type HostFunc func(dst []float32, src []HostTensor, part, parts int)

// HostTensor is a source as a HostFunc sees it, where it lies.
type HostTensor struct {
	Type  Type
	Shape Shape
	// Strides are the bytes from an element to its neighbour in each dimension.
	Strides [4]int
	// Bytes begins with the first element and ends with the last.
	Bytes []byte
}

// Floats returns n elements of F32 from coordinates (0, i1, i2, i3) on. They must be neighbours:
// Strides[0] is 4 for every tensor but a transposed one.
func (t HostTensor) Floats(i1, i2, i3, n int) []float32 { return from[float32](t, i1, i2, i3, n) }

// Halves is Floats for F16 (and BF16).
func (t HostTensor) Halves(i1, i2, i3, n int) []uint16 { return from[uint16](t, i1, i2, i3, n) }

// Ints is Floats for I32.
func (t HostTensor) Ints(i1, i2, i3, n int) []int32 { return from[int32](t, i1, i2, i3, n) }

func from[T float32 | int32 | uint16](t HostTensor, i1, i2, i3, n int) []T {
	var one T
	at := i1*t.Strides[1] + i2*t.Strides[2] + i3*t.Strides[3]
	if n == 0 {
		return nil
	}
	b := t.Bytes[at : at+n*int(unsafe.Sizeof(one))]
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// HostBytes is how many bytes a HostTensor of such strides spans.
func HostBytes(t Type, s Shape, strides [4]int) int {
	n := t.RowBytes(1)
	for i := range s {
		n += (s[i] - 1) * strides[i]
	}
	return n
}

// HostSources is how many a HostOp may have: what ggml allows.
const HostSources = 9

// Host is an operation carried out by op.Do, with an F32 result of the given shape. Sources are
// F32, F16, BF16 or I32, device arrays and views of them included. Only the processor's devices
// have it (cpu and ref): others refuse it at Compile.
func (g *Graph) Host(op HostOp, shape Shape, src ...*Tensor) *Tensor {
	if op.Do == nil {
		g.fail("host: %q has no function", op.Name)
	}
	if len(src) > HostSources {
		g.fail("host: %q has %d sources, at most %d can be", op.Name, len(src), HostSources)
	}
	for _, s := range src {
		if s.Type.Quantized() {
			g.fail("host: %q cannot read %s, which is stored in blocks", op.Name, s.label())
		}
	}
	for _, d := range shape {
		if d < 1 {
			g.fail("host: %q has shape %v: every dimension must be at least 1", op.Name, shape)
			shape = Dims(1)
			break
		}
	}
	n := g.add(OpHost, F32, shape, src...)
	n.Host = &op
	n.Name = op.Name
	return n
}

// Refuse keeps a mistake that who builds from several operations found, as the constructors do:
// Compile returns the first.
func (g *Graph) Refuse(err error) {
	if g.err == nil {
		g.err = err
	}
}
