package checkpoint

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The value types of GGUF metadata, as numbered in the file.
const (
	kvUint8 = iota
	kvInt8
	kvUint16
	kvInt16
	kvUint32
	kvInt32
	kvFloat32
	kvBool
	kvString
	kvArray
	kvUint64
	kvInt64
	kvFloat64
)

// Bytes of one value of each type; a string is at least its own length field.
var kvSize = [...]int{1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8}

const (
	ggufMagic     = 0x46554747 // "GGUF", little-endian
	maxDims       = 4          // GGML_MAX_DIMS
	maxKey        = 65535      // bytes of a key or tensor name, from the GGUF specification
	minKV         = 8 + 4 + 1  // bytes of the shortest metadata entry
	minTensorInfo = 8 + 4 + 8 + 4 + 8
	alignmentKey  = "general.alignment"
)

// parser reads a GGUF file from front to back. A length found in the file is compared with
// the bytes that are left before anything is allocated for it, so memory stays in
// proportion to the file. The first error sticks, and every later read returns zeros.
type parser struct {
	file string // base name, for messages
	b    []byte
	pos  int
	what string // the field being read, for messages
	err  error
}

// fail records an error about the field in hand.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%s: %s %s", p.file, p.what, fmt.Sprintf(format, args...))
	}
}

// take returns the next n bytes, or nil after an error.
func (p *parser) take(n int) []byte {
	if p.err == nil && (n < 0 || n > len(p.b)-p.pos) {
		p.fail("ends at byte %d, beyond the file's end: the file was cut short; download it again", len(p.b))
	}
	if p.err != nil {
		return nil
	}
	p.pos += n
	return p.b[p.pos-n : p.pos]
}

func (p *parser) u32() uint32 {
	if b := p.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (p *parser) u64() uint64 {
	if b := p.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// count reads a 64-bit count of things that take at least size bytes each.
func (p *parser) count(size int) int {
	n := p.u64()
	if left := len(p.b) - p.pos; p.err == nil && n > uint64(left/size) {
		p.fail("claims %d entries, but only %d bytes are left in the file: it is damaged; download it again", n, left)
	}
	if p.err != nil {
		return 0
	}
	return int(n)
}

func (p *parser) str() string { return string(p.take(p.count(1))) }

// name reads a key or a tensor name.
func (p *parser) name() string {
	s := p.str()
	if p.err == nil && (s == "" || len(s) > maxKey) {
		p.fail("has a name of %d bytes, the format allows 1 to %d: it is damaged", len(s), maxKey)
	}
	return s
}

func (p *parser) parse(f *File) error {
	p.what = "the header"
	if m := p.u32(); p.err == nil && m != ggufMagic {
		p.fail("does not begin with GGUF: this is not a GGUF file; choose one that ends in .gguf")
	}
	switch v := p.u32(); {
	case p.err != nil:
	case v == 2 || v == 3:
	case v&0xffff == 0 && v != 0:
		p.fail("has its bytes in big-endian order; choose the little-endian file")
	default:
		p.fail("says GGUF version %d, only 2 and 3 can be read; convert the model again", v)
	}
	p.what = "the number of tensors"
	tensors := p.count(minTensorInfo)
	p.what = "the number of metadata entries"
	kvs := p.count(minKV)
	for i := 0; i < kvs && p.err == nil; i++ {
		p.metadata(f, i)
	}
	align := p.alignment(f)
	if p.err == nil {
		f.Tensors = make([]Tensor, 0, tensors)
	}
	for i := 0; i < tensors && p.err == nil; i++ {
		p.tensorInfo(f, i)
	}
	if p.err == nil && tensors > 0 {
		p.place(f, align)
	}
	return p.err
}

func (p *parser) metadata(f *File, i int) {
	p.what = fmt.Sprintf("metadata entry %d", i)
	key := p.name()
	p.what = fmt.Sprintf("metadata %q", key)
	v := p.value(p.u32())
	if p.err != nil {
		return
	}
	if _, dup := f.KV[key]; dup {
		p.fail("appears twice: the file is damaged")
		return
	}
	f.KV[key] = v
	f.Keys = append(f.Keys, key)
}

// value reads one value of a metadata type.
func (p *parser) value(t uint32) any {
	if p.err != nil {
		return nil
	}
	switch t {
	case kvString:
		return p.str()
	case kvArray:
		return p.array()
	}
	if t >= uint32(len(kvSize)) {
		p.fail("has the unknown value type %d; this file may be newer than the app", t)
		return nil
	}
	b := p.take(kvSize[t])
	if b == nil {
		return nil
	}
	le := binary.LittleEndian
	switch t {
	case kvUint8:
		return b[0]
	case kvInt8:
		return int8(b[0])
	case kvUint16:
		return le.Uint16(b)
	case kvInt16:
		return int16(le.Uint16(b))
	case kvUint32:
		return le.Uint32(b)
	case kvInt32:
		return int32(le.Uint32(b))
	case kvFloat32:
		return math.Float32frombits(le.Uint32(b))
	case kvUint64:
		return le.Uint64(b)
	case kvInt64:
		return int64(le.Uint64(b))
	case kvFloat64:
		return math.Float64frombits(le.Uint64(b))
	}
	if b[0] > 1 {
		p.fail("is a truth value of %d, it can be 0 or 1: the file is damaged", b[0])
	}
	return b[0] == 1
}

// array reads the elements' type, their number and the elements.
func (p *parser) array() any {
	t := p.u32()
	if p.err == nil && (t >= uint32(len(kvSize)) || t == kvArray) {
		p.fail("is an array of value type %d, which no known model uses: the file is damaged or too new", t)
	}
	if p.err != nil {
		return nil
	}
	n := p.count(kvSize[t])
	le := binary.LittleEndian
	switch t {
	case kvString:
		return each(p, n, func() string { return p.str() })
	case kvUint8:
		return slices.Clone(p.take(n))
	case kvInt8:
		return each(p, n, func() int8 { return int8(p.take(1)[0]) })
	case kvUint16:
		return each(p, n, func() uint16 { return le.Uint16(p.take(2)) })
	case kvInt16:
		return each(p, n, func() int16 { return int16(le.Uint16(p.take(2))) })
	case kvUint32:
		return each(p, n, p.u32)
	case kvInt32:
		return each(p, n, func() int32 { return int32(p.u32()) })
	case kvFloat32:
		return each(p, n, func() float32 { return math.Float32frombits(p.u32()) })
	case kvUint64:
		return each(p, n, p.u64)
	case kvInt64:
		return each(p, n, func() int64 { return int64(p.u64()) })
	case kvFloat64:
		return each(p, n, func() float64 { return math.Float64frombits(p.u64()) })
	}
	return each(p, n, func() bool { return p.take(1)[0] != 0 })
}

// each reads n values; count has proved that n fixed-size values are there, so only
// strings can fail on the way.
func each[T any](p *parser, n int, read func() T) []T {
	a := make([]T, n)
	for i := 0; i < n && p.err == nil; i++ {
		a[i] = read()
	}
	return a
}

func (p *parser) alignment(f *File) int {
	v, given := f.KV[alignmentKey]
	if !given || p.err != nil {
		return 32
	}
	a, ok := v.(uint32)
	if !ok || a == 0 || a&(a-1) != 0 || a > 1<<20 {
		p.what = fmt.Sprintf("metadata %q", alignmentKey)
		p.fail("is %v, it must be a power of two as uint32, at most 1048576: the file is damaged", v)
		return 32
	}
	return int(a)
}

// tensorInfo reads name, shape, type and the offset in the data section.
func (p *parser) tensorInfo(f *File, i int) {
	p.what = fmt.Sprintf("tensor %d", i)
	name := p.name()
	p.what = fmt.Sprintf("tensor %q", name)
	n := p.u32()
	if p.err == nil && (n == 0 || n > maxDims) {
		p.fail("has %d dimensions, 1 to %d are possible: the file is damaged", n, maxDims)
	}
	if p.err != nil {
		return
	}
	dims := make([]int, n)
	elements := uint64(1)
	for d := range dims {
		v := p.u64()
		if p.err == nil && (v == 0 || v > math.MaxInt64/elements || v > math.MaxInt) {
			p.fail("has a dimension %d of %d, which is zero or overflows: the file is damaged", d, v)
		}
		if p.err != nil {
			return
		}
		dims[d] = int(v)
		elements *= v
	}
	t := Type(p.u32())
	off := p.u64()
	if p.err != nil {
		return
	}
	switch {
	case !t.Known() || t > 1<<16-1:
		p.fail("has the unknown type %d; this file may be newer than the app", uint32(t))
	case dims[0]%t.BlockSize() != 0:
		p.fail("has rows of %d values, %v stores blocks of %d: the file is damaged", dims[0], t, t.BlockSize())
	case off > math.MaxInt64/2:
		p.fail("lies at offset %d, beyond the file's end: the file is damaged", off)
	}
	if _, dup := f.byName[name]; dup {
		p.fail("appears twice: the file is damaged")
	}
	if p.err != nil {
		return
	}
	f.byName[name] = len(f.Tensors)
	f.Tensors = append(f.Tensors, Tensor{Name: name, Type: t, Dims: dims, Offset: int64(off)})
}

// place gives each tensor its view, once the start of the data section is known.
func (p *parser) place(f *File, align int) {
	base := (int64(p.pos) + int64(align) - 1) / int64(align) * int64(align)
	order := make([]int, len(f.Tensors))
	for i := range order {
		order[i] = i
		t := &f.Tensors[i]
		p.what = fmt.Sprintf("tensor %q", t.Name)
		size := int64(t.Type.RowBytes(t.Elements()))
		if t.Offset%int64(align) != 0 {
			p.fail("lies at offset %d, not a multiple of the alignment %d: the file is damaged", t.Offset, align)
		}
		if size < 0 {
			p.fail("is larger than any file: the file is damaged")
		}
		left := int64(len(p.b)) - base
		if t.Offset > left || size > left-t.Offset {
			p.fail("needs bytes %d to %d, the file has only %d: it was cut short; download it again",
				base+t.Offset, base+t.Offset+size, len(p.b))
		}
		if p.err != nil {
			return
		}
		t.Offset += base
		t.Data = p.b[t.Offset : t.Offset+size : t.Offset+size]
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(f.Tensors[a].Offset, f.Tensors[b].Offset) })
	for i := 1; i < len(order); i++ {
		a, b := &f.Tensors[order[i-1]], &f.Tensors[order[i]]
		if a.Offset+int64(len(a.Data)) > b.Offset {
			p.what = fmt.Sprintf("tensor %q", b.Name)
			p.fail("overlaps tensor %q: the file is damaged", a.Name)
			return
		}
	}
}
