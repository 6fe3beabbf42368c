package torchfile

import (
	"errors"
	"fmt"
	"math"

	"winnow/internal/checkpoint"
)

// storage is a run of numbers in the archive.
type storage struct {
	typ   checkpoint.Type
	key   string
	count int
}

// tensor is a view of a storage; strides and offset count elements.
type tensor struct {
	storage        storage
	offset         int
	shape, strides []int
}

// storageTypes are torch's classes.
var storageTypes = map[string]checkpoint.Type{
	"FloatStorage": checkpoint.F32, "HalfStorage": checkpoint.F16, "BFloat16Storage": checkpoint.BF16, "DoubleStorage": checkpoint.F64,
	"LongStorage": checkpoint.I64, "IntStorage": checkpoint.I32, "ShortStorage": checkpoint.I16, "CharStorage": checkpoint.I8,
	"ByteStorage": checkpoint.U8, "BoolStorage": checkpoint.Bool,
}

var errArguments = errors.New("describes a tensor in a way that torch.save does not: it is damaged")

// persistent reads ('storage', class, key, device, count).
func persistent(v any) (any, error) {
	t, ok := v.(tuple)
	if !ok || len(t) != 5 || t[0] != "storage" {
		return nil, errArguments
	}
	class, ok1 := t[1].(global)
	key, ok2 := t[2].(string)
	count, ok3 := t[4].(int64)
	typ, ok4 := storageTypes[class.name]
	if !ok1 || !ok2 || !ok3 || !ok4 || class.module != "torch" || count < 0 || count > math.MaxInt32<<8 {
		return nil, errArguments
	}
	return storage{typ, key, int(count)}, nil
}

// reduce reads the call of a function as data.
func reduce(f, args any) (any, error) {
	g, ok := f.(global)
	a, ok2 := args.(tuple)
	if !ok || !ok2 {
		return nil, errArguments
	}
	switch g {
	case orderedDict:
		if len(a) != 0 {
			return nil, errArguments
		}
		return &dict{}, nil
	case rebuildTensor:
		return rebuild(a)
	case rebuildParameter:
		if len(a) < 1 {
			return nil, errArguments
		}
		if t, ok := a[0].(*tensor); ok {
			return t, nil
		}
		return nil, errArguments
	}
	return nil, fmt.Errorf("asks to call %s: winnow reads tensors and runs nothing from a checkpoint; save the state_dict() alone", g)
}

// rebuild reads storage, offset, shape, strides and what else belongs to training.
func rebuild(a tuple) (any, error) {
	if len(a) < 4 {
		return nil, errArguments
	}
	s, ok1 := a[0].(storage)
	offset, ok2 := a[1].(int64)
	shape, ok3 := sizes(a[2])
	strides, ok4 := sizes(a[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || offset < 0 || offset > math.MaxInt32<<8 || len(shape) != len(strides) || len(shape) > 8 {
		return nil, errArguments
	}
	return &tensor{s, int(offset), shape, strides}, nil
}

func sizes(v any) ([]int, bool) {
	t, ok := v.(tuple)
	out := make([]int, len(t))
	for i, x := range t {
		n, is := x.(int64)
		if !is || n < 0 || n > math.MaxInt32<<8 {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, ok
}

// fits checks that a tensor lies in its storage and the storage in the file; the error continues
// `holds a tensor "name"`.
func (f *File) fits(t *tensor) error {
	e := f.storages[t.storage.key]
	if e == nil {
		return fmt.Errorf("whose numbers (data/%s) are not there: the file is incomplete; copy or download it again", t.storage.key)
	}
	n, last := 1, t.offset
	for i, d := range t.shape {
		if d == 0 {
			return fmt.Errorf("of shape %v, which is empty", t.shape)
		}
		if n > t.storage.count/d || d > 1 && t.strides[i] > (t.storage.count-last)/(d-1) {
			return fmt.Errorf("of shape %v and strides %v, which its %d numbers cannot hold: the file is damaged", t.shape, t.strides, t.storage.count)
		}
		n *= d
		last += (d - 1) * t.strides[i]
	}
	if size := t.storage.count * t.storage.typ.TypeSize(); last >= t.storage.count || e.UncompressedSize64 != uint64(size) {
		return fmt.Errorf("whose storage of %d numbers has %d bytes: the file is damaged", t.storage.count, e.UncompressedSize64)
	}
	return nil
}

// gather takes the tensor's elements, in order, out of its storage.
func (t *tensor) gather(data []byte) []byte {
	size, n := t.storage.typ.TypeSize(), 1
	packed := true
	for i := len(t.shape) - 1; i >= 0; i-- {
		packed = packed && (t.strides[i] == n || t.shape[i] == 1)
		n *= t.shape[i]
	}
	if packed {
		return data[t.offset*size : (t.offset+n)*size]
	}
	out := make([]byte, 0, n*size)
	index := make([]int, len(t.shape))
	for range n {
		at := t.offset
		for i, x := range index {
			at += x * t.strides[i]
		}
		out = append(out, data[at*size:(at+1)*size]...)
		for i := len(index) - 1; i >= 0; i-- {
			if index[i]++; index[i] < t.shape[i] {
				break
			}
			index[i] = 0
		}
	}
	return out
}
