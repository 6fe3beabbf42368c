package ggml

import (
	"fmt"

	"winnow/internal/compute"
)

// array is device memory: one ggml tensor in a context and a buffer of its own.
type array struct {
	b        *backend
	ctx      ptr
	tensor   ptr
	buffer   ptr
	name     string
	typ      compute.Type
	shape    compute.Shape
	bytes    int
	raw      int    // bytes of the elements as given
	repacked bool   // elements are stored in another order: not readable
	data     []byte // keeps memory used in place reachable
	slab     *slab  // the buffer is one that others share
}

func (a *array) Name() string         { return a.name }
func (a *array) Type() compute.Type   { return a.typ }
func (a *array) Shape() compute.Shape { return a.shape }
func (a *array) Bytes() int           { return a.bytes }

func (a *array) Free() {
	if a.ctx == 0 {
		return
	}
	if !a.b.immortal {
		if a.slab != nil {
			a.b.leave(a.slab)
		} else {
			a.b.buffer_free(a.buffer)
		}
		a.b.free(a.ctx)
	}
	a.b.used.Add(-int64(a.bytes))
	a.ctx, a.tensor, a.buffer, a.data, a.slab = 0, 0, 0, nil, nil
}

func (a *array) within(what string, off, n int) error {
	switch {
	case a.ctx == 0:
		return fmt.Errorf("%s of array %q after it was freed", what, a.name)
	case a.repacked:
		return fmt.Errorf("%s of array %q: its matrix is repacked for the processor", what, a.name)
	case off < 0 || off+n > a.raw:
		return fmt.Errorf("%s of bytes [%d, %d) of array %q, which has %d", what, off, off+n, a.name, a.raw)
	}
	return nil
}

func (a *array) Write(off int, p []byte) error {
	if err := a.within("write", off, len(p)); err != nil || len(p) == 0 {
		return err
	}
	a.b.tensor_set(a.tensor, address(p), uintptr(off), uintptr(len(p)))
	keep(p)
	return nil
}

func (a *array) Read(off int, p []byte) error {
	if err := a.within("read", off, len(p)); err != nil || len(p) == 0 {
		return err
	}
	a.b.tensor_get(a.tensor, address(p), uintptr(off), uintptr(len(p)))
	keep(p)
	return nil
}

// newArray makes the tensor without memory.
func (b *backend) newArray(name string, t compute.Type, s compute.Shape) (*array, error) {
	if !t.Known() {
		return nil, fmt.Errorf("tensor %q is stored as %v, which winnow cannot compute with", name, t)
	}
	for _, d := range s {
		if d < 1 {
			return nil, fmt.Errorf("tensor %q has shape %v: every dimension must be at least 1", name, s)
		}
	}
	if s[0]%t.BlockSize() != 0 {
		return nil, fmt.Errorf("tensor %q has rows of %d, not a multiple of the %d of %v", name, s[0], t.BlockSize(), t)
	}
	a := &array{b: b, name: name, typ: t, shape: s}
	a.raw = t.RowBytes(s[0]) * s.Rows()
	a.ctx = b.init(initParams{memSize: 2 * b.tensor_overhead(), noAlloc: true})
	a.tensor = b.new_tensor_4d(a.ctx, int32(t), int64(s[0]), int64(s[1]), int64(s[2]), int64(s[3]))
	if len(name) > 63 {
		name = name[:63]
	}
	b.set_name(a.tensor, name)
	return a, nil
}

// place gives the tensor memory of a buffer type, of its own or shared with others.
func (a *array) place(buft ptr, usage int32, shared bool) error {
	size := a.b.buft_alloc_size(buft, a.tensor)
	// Whole units of alignment, as ggml's own allocators give: Vulkan clears words of four bytes
	// and its kernels write them, past the end of an odd number of halves.
	if unit := a.b.buft_alignment(buft); unit > 0 {
		size = (size + unit - 1) / unit * unit
	}
	if shared {
		if s, at := a.b.fromSlab(buft, size); s != nil {
			a.slab, a.buffer, a.bytes = s, s.buffer, int(size)
			a.b.tensor_alloc(a.buffer, a.tensor, at)
			a.b.used.Add(int64(a.bytes))
			return nil
		}
	}
	a.buffer = a.b.buft_alloc(buft, size)
	if a.buffer == 0 {
		a.b.free(a.ctx)
		return fmt.Errorf("no memory for %d MB of tensor %q on %s%s", size>>20, a.name, a.b.info.ID, lastLog())
	}
	a.b.buffer_usage(a.buffer, usage)
	a.b.tensor_alloc(a.buffer, a.tensor, a.b.buffer_base(a.buffer))
	a.bytes = int(a.b.buffer_size(a.buffer))
	a.b.used.Add(int64(a.bytes))
	return nil
}

const (
	usageAny     = 0
	usageWeights = 1
	hostAlign    = 32 // what ggml's CPU operations ask of addresses
)

// Weight implements compute.Backend.
func (b *backend) Weight(name string, t compute.Type, s compute.Shape, data []byte, use compute.Use) (compute.Array, error) {
	a, err := b.newArray(name, t, s)
	if err != nil {
		return nil, err
	}
	if len(data) != a.raw {
		b.free(a.ctx)
		return nil, fmt.Errorf("tensor %q of shape %v in %v takes %d bytes, %d were given", name, s, t, a.raw, len(data))
	}
	buft := b.dev_buffer_type(b.dev)
	if b.isCPU {
		if extra := b.repacking(t, s, use); extra != 0 {
			buft, a.repacked = extra, true
		} else if address(data)%hostAlign == 0 {
			a.data = data
			a.buffer = b.cpu_buffer_from_ptr(address(data), uintptr(len(data)))
			b.buffer_usage(a.buffer, usageWeights)
			b.tensor_alloc(a.buffer, a.tensor, b.buffer_base(a.buffer))
			return a, nil
		}
	}
	if err := a.place(buft, usageWeights, a.repacked && use == compute.UseMatrix); err != nil {
		return nil, err
	}
	b.tensor_set(a.tensor, address(data), 0, uintptr(len(data)))
	keep(data)
	return a, nil
}

// State implements compute.Backend.
func (b *backend) State(name string, t compute.Type, s compute.Shape) (compute.Array, error) {
	a, err := b.newArray(name, t, s)
	if err != nil {
		return nil, err
	}
	if err := a.place(b.dev_buffer_type(b.dev), usageAny, false); err != nil {
		return nil, err
	}
	b.buffer_clear(a.buffer, 0)
	return a, nil
}

// findExtraBuffers asks the CPU library for its repacking buffer types.
func (b *backend) findExtraBuffers(dev ptr) {
	var get func(dev ptr) ptr
	if b.proc(b.dev_reg(dev), "ggml_backend_dev_get_extra_bufts", &get) != nil {
		return
	}
	for list := get(dev); list != 0 && *at[ptr](list) != 0; list += 8 {
		b.extra = append(b.extra, *at[ptr](list))
	}
}

// repacking finds the buffer type that keeps such a matrix in the processor's own order, or 0.
// ggml answers for an operation whose weight lies in a buffer of that type, so one without
// memory is made for the question.
func (b *backend) repacking(t compute.Type, s compute.Shape, use compute.Use) ptr {
	if use == compute.UseAny || s[2] != 1 || s[3] != 1 || s[1] < 2 || s[0] <= shortRow {
		return 0
	}
	key := repackKey{t, s[0], s[1]}
	if known, ok := b.repacks[key]; ok {
		return known
	}
	b.repacks[key] = b.askRepacking(t, s)
	return b.repacks[key]
}

// shortRow is a single block. Of such rows ggml 0.25.1 was seen to multiply repacked q8_0 wrong, on two
// threads and 32 columns or more; they stay as given.
const shortRow = 32

// repackKey is what the answer of repacking depends on.
type repackKey struct {
	typ compute.Type
	in  int
	out int
}

func (b *backend) askRepacking(t compute.Type, s compute.Shape) ptr {
	for _, buft := range b.extra {
		ctx := b.init(initParams{memSize: 8 * b.tensor_overhead(), noAlloc: true})
		w := b.new_tensor_4d(ctx, int32(t), int64(s[0]), int64(s[1]), 1, 1)
		x := b.new_tensor_4d(ctx, int32(compute.F32), int64(s[0]), 512, 1, 1)
		op := b.mul_mat(ctx, w, x)
		buf := b.buft_alloc(buft, 0)
		*at[ptr](w + bufferField) = buf
		ok := b.dev_supports_op(b.dev, op)
		b.buffer_free(buf)
		b.free(ctx)
		if ok {
			return buft
		}
	}
	return 0
}
