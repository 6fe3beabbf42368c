package tensors

import (
	"fmt"
	"math"
	"slices"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
)

// Storage says in which type matrices lie on the device.
type Storage int

// The storages. A matrix whose rows are 32 long or no multiple of it stays as stored under
// Bytes.
const (
	// AsStored keeps the checkpoint's type: a backend may round the other factor to it.
	AsStored Storage = iota
	// Exact widens to F32, and lets a network choose float32 arithmetic where a backend's
	// quicker one goes through halves: what golden numbers are compared with.
	Exact
	// Halves rounds to F16.
	Halves
	// Bytes rounds to Q8_0, the quickest on a processor.
	Bytes
)

// Loader reads parts of a network, each a call; the first error ends the reading.
type Loader struct {
	source  Source
	backend compute.Backend
	storage Storage
	set     *Set
	err     error
}

// Set is what was read.
type Set struct {
	arrays []compute.Array
	// Parameters counts the numbers, Bytes what they take as they lie on the device.
	Parameters, Bytes int64
	// Main is the type in which most of the numbers lie.
	Main   compute.Type
	counts map[compute.Type]int64
}

// Free releases the arrays.
func (s *Set) Free() {
	for _, a := range s.arrays {
		a.Free()
	}
	s.arrays = nil
}

// NewLoader reads from a source that stays open as long as what was read.
func NewLoader(s Source, b compute.Backend, storage Storage) *Loader {
	return &Loader{source: s, backend: b, storage: storage, set: &Set{counts: map[compute.Type]int64{}}}
}

// Has reports whether a tensor is there.
func (l *Loader) Has(name string) bool { _, ok := l.source.Tensor(name); return ok }

// Done returns what was read, or the first error after freeing it.
func (l *Loader) Done() (*Set, error) {
	if l.err != nil {
		l.set.Free()
		return nil, l.err
	}
	return l.set, nil
}

// Fail keeps an error that a network found in what it read.
func (l *Loader) Fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// Floats reads a tensor of the given PyTorch shape into memory, or nil after an error.
func (l *Loader) Floats(name string, shape ...int) []float32 {
	t := l.find(name, shape)
	if t == nil {
		return nil
	}
	v, err := t.Float32()
	if err != nil {
		l.Fail(fmt.Errorf("tensor %q: %w", name, err))
		return nil
	}
	if err := finite(name, v); err != nil {
		l.Fail(err)
		return nil
	}
	return v
}

// Tensor finds a tensor of the given PyTorch shape without putting it anywhere, or returns nil
// after an error: for tables that are read row by row.
func (l *Loader) Tensor(name string, shape ...int) *checkpoint.Tensor { return l.find(name, shape) }

// Vector is a tensor of n numbers on the device, in F32.
func (l *Loader) Vector(name string, n int) compute.Array {
	return l.Array(name, l.Floats(name, n), n)
}

// Array puts numbers on the device, in F32; dims are ggml's, fastest first.
func (l *Loader) Array(name string, data []float32, dims ...int) compute.Array {
	b := l.bytes(data)
	if b == nil {
		return nil
	}
	return l.add(name, compute.F32, compute.Dims(dims...), b, compute.UseAny)
}

// Constant is Array of numbers that are no parameters of the network, and are not counted as such.
func (l *Loader) Constant(name string, data []float32, dims ...int) compute.Array {
	b := l.bytes(data)
	if b == nil {
		return nil
	}
	return l.place(name, compute.F32, compute.Dims(dims...), b, compute.UseAny)
}

func (l *Loader) bytes(data []float32) []byte {
	if l.err != nil {
		return nil
	}
	b, err := checkpoint.Quantize(checkpoint.F32, data)
	if err != nil {
		l.Fail(err)
	}
	return b
}

func (l *Loader) place(name string, t compute.Type, s compute.Shape, data []byte, use compute.Use) compute.Array {
	a, err := l.backend.Weight(name, t, s, data, use)
	if err != nil {
		l.Fail(err)
		return nil
	}
	l.set.arrays = append(l.set.arrays, a)
	return a
}

func (l *Loader) add(name string, t compute.Type, s compute.Shape, data []byte, use compute.Use) compute.Array {
	a := l.place(name, t, s, data, use)
	if a == nil {
		return nil
	}
	l.set.Parameters += int64(s.Elements())
	l.set.Bytes += int64(len(data))
	l.set.counts[t] += int64(s.Elements())
	if l.set.counts[t] > l.set.counts[l.set.Main] {
		l.set.Main = t
	}
	return a
}

// find checks that a tensor is there and has the PyTorch shape that the configuration implies.
func (l *Loader) find(name string, shape []int) *checkpoint.Tensor {
	if l.err != nil {
		return nil
	}
	t, ok := l.source.Tensor(name)
	if !ok {
		l.Fail(fmt.Errorf("the checkpoint has no tensor %q, which its configuration asks for: they do not belong together; take both from one export", name))
		return nil
	}
	dims := slices.Clone(shape)
	slices.Reverse(dims)
	if !slices.Equal(dims, t.Dims) {
		have := slices.Clone(t.Dims)
		slices.Reverse(have)
		l.Fail(fmt.Errorf("tensor %q has shape %v, its configuration says %v: they do not belong together; take both from one export", name, have, shape))
		return nil
	}
	return t
}

// finite refuses numbers that would poison a run far from where they stand.
func finite(name string, v []float32) error {
	for i, x := range v {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return fmt.Errorf("tensor %q holds %v at element %d: the file is damaged; download it again", name, x, i)
		}
	}
	return nil
}
