package ref

import (
	"encoding/binary"
	"fmt"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
)

// array is a weight or a state.
type array struct {
	owner  *backend
	name   string
	typ    compute.Type
	shape  compute.Shape
	weight bool
	// raw is a weight's data as given, owned by the caller; nil for states and once freed.
	raw []byte
	// floats are a state's numbers, or a weight's once something has asked for all of them.
	floats []float32
	// ints take the place of floats in an I32 array.
	ints []int32
}

// Weight keeps data; nothing is converted before it is used.
func (b *backend) Weight(name string, t compute.Type, s compute.Shape, data []byte, _ compute.Use) (compute.Array, error) {
	if err := checkArray(name, t, s); err != nil {
		return nil, err
	}
	if want := t.RowBytes(s[0]) * s.Rows(); len(data) != want {
		return nil, fmt.Errorf("weight %q: %v of shape %v takes %d bytes, not %d", name, t, s, want, len(data))
	}
	a := &array{owner: b, name: name, typ: t, shape: s, weight: true, raw: data}
	b.arrays[a] = true
	return a, nil
}

// State holds F32, F16, BF16 or I32: a graph cannot write quantised rows.
func (b *backend) State(name string, t compute.Type, s compute.Shape) (compute.Array, error) {
	if err := checkArray(name, t, s); err != nil {
		return nil, err
	}
	if t.Quantized() {
		return nil, fmt.Errorf("state %q: cannot be %v; choose f32, f16, bf16 or i32", name, t)
	}
	a := &array{owner: b, name: name, typ: t, shape: s}
	if t == compute.I32 {
		a.ints = make([]int32, s.Elements())
	} else {
		a.floats = make([]float32, s.Elements())
	}
	b.arrays[a] = true
	return a, nil
}

func checkArray(name string, t compute.Type, s compute.Shape) error {
	for _, d := range s {
		if d < 1 {
			return fmt.Errorf("array %q has shape %v: every dimension must be at least 1", name, s)
		}
	}
	if !t.Known() {
		return fmt.Errorf("array %q: cannot compute with %v", name, t)
	}
	if s[0]%t.BlockSize() != 0 {
		return fmt.Errorf("array %q: rows of %d are not whole blocks of %v (%d)", name, s[0], t, t.BlockSize())
	}
	return nil
}

func (a *array) Name() string         { return a.name }
func (a *array) Type() compute.Type   { return a.typ }
func (a *array) Shape() compute.Shape { return a.shape }
func (a *array) Bytes() int           { return 4*len(a.floats) + 4*len(a.ints) }

func (a *array) Free() {
	a.raw, a.floats, a.ints = nil, nil, nil
	delete(a.owner.arrays, a)
}

// widen makes floats (or ints) of a weight's data, once.
func (a *array) widen() error {
	switch {
	case a.floats != nil || a.ints != nil:
		return nil
	case a.raw == nil:
		return fmt.Errorf("array %q was freed", a.name)
	case a.typ == compute.I32:
		a.ints = make([]int32, a.shape.Elements())
		for i := range a.ints {
			a.ints[i] = int32(binary.LittleEndian.Uint32(a.raw[4*i:]))
		}
		return nil
	}
	floats := make([]float32, a.shape.Elements())
	k, size := a.shape[0], a.typ.RowBytes(a.shape[0])
	errs := make([]error, a.shape.Rows())
	parallel(a.owner.threads, len(errs), 64, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			errs[r] = decode(floats[r*k:(r+1)*k], a.typ, a.raw[r*size:(r+1)*size])
		}
	})
	for r, err := range errs {
		if err != nil {
			return fmt.Errorf("array %q, row %d: %w", a.name, r, err)
		}
	}
	a.floats = floats
	return nil
}

// row copies one row without widening the rest.
func (a *array) row(dst []float32, r int) error {
	k := a.shape[0]
	if a.floats != nil {
		copy(dst, a.floats[r*k:(r+1)*k])
		return nil
	}
	if a.raw == nil {
		return fmt.Errorf("array %q was freed", a.name)
	}
	size := a.typ.RowBytes(k)
	return decode(dst, a.typ, a.raw[r*size:(r+1)*size])
}

// decode relies on both packages using ggml's type numbers.
func decode(dst []float32, t compute.Type, src []byte) error {
	return checkpoint.Dequantize(dst, checkpoint.Type(t), src)
}

// Write replaces whole elements of a state.
func (a *array) Write(off int, p []byte) error {
	if a.weight {
		return fmt.Errorf("array %q is a weight and cannot be written", a.name)
	}
	lo, hi, err := a.span(off, len(p))
	if err != nil {
		return err
	}
	if a.ints != nil {
		for i := range hi - lo {
			a.ints[lo+i] = int32(binary.LittleEndian.Uint32(p[4*i:]))
		}
		return nil
	}
	return decode(a.floats[lo:hi], a.typ, p)
}

// Read copies bytes of a weight as given, and whole elements of a state.
func (a *array) Read(off int, p []byte) error {
	if a.raw != nil {
		if off < 0 || off+len(p) > len(a.raw) {
			return fmt.Errorf("array %q: bytes [%d, %d) lie outside its %d", a.name, off, off+len(p), len(a.raw))
		}
		copy(p, a.raw[off:])
		return nil
	}
	lo, hi, err := a.span(off, len(p))
	if err != nil {
		return err
	}
	if a.ints != nil {
		for i, v := range a.ints[lo:hi] {
			binary.LittleEndian.PutUint32(p[4*i:], uint32(v))
		}
		return nil
	}
	data, err := checkpoint.Quantize(checkpoint.Type(a.typ), a.floats[lo:hi])
	copy(p, data)
	return err
}

// span turns bytes of a state into elements.
func (a *array) span(off, n int) (lo, hi int, err error) {
	size := a.typ.RowBytes(1)
	all := a.shape.Elements() * size
	switch {
	case a.floats == nil && a.ints == nil:
		err = fmt.Errorf("array %q was freed", a.name)
	case off < 0 || off+n > all:
		err = fmt.Errorf("array %q: bytes [%d, %d) lie outside its %d", a.name, off, off+n, all)
	case off%size != 0 || n%size != 0:
		err = fmt.Errorf("array %q: bytes [%d, %d) cut a %v element", a.name, off, off+n, a.typ)
	}
	return off / size, (off + n) / size, err
}
