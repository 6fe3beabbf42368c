package checkpoint

import (
	"bufio"
	"fmt"
	"io"
	"math"
)

const writeAlign = 32

// KV is one metadata entry to write. Value is a uint8…uint64, int8…int64, float32, float64,
// bool or string, or a slice of uint8, int32, uint32, int64, uint64, float32, bool or string.
type KV struct {
	Key   string
	Value any
}

// WriteTensor is one tensor to write: Dims (fastest first) values stored as Type. The bytes
// are Data, or what Load gives when their turn comes, so that a model larger than the memory
// can be written.
type WriteTensor struct {
	Name string
	Type Type
	Dims []int
	Data []byte
	Load func() ([]byte, error) // used when Data is nil
}

// size returns the bytes that the tensor takes, -1 for an impossible shape.
func (t *WriteTensor) size() int {
	if len(t.Dims) == 0 || len(t.Dims) > maxDims || t.Type.RowBytes(t.Dims[0]) < 0 {
		return -1
	}
	n := 1
	for _, d := range t.Dims {
		if d <= 0 || n > math.MaxInt/d {
			return -1
		}
		n *= d
	}
	return t.Type.RowBytes(n)
}

// Write writes a GGUF version 3 file, metadata and tensors in the order given, tensor data
// aligned to 32 bytes. It checks sizes and names before the first byte is written.
func Write(w io.Writer, kv []KV, tensors []WriteTensor) error {
	head := encoder{}
	head.u32(ggufMagic)
	head.u32(3)
	head.u64(uint64(len(tensors)))
	head.u64(uint64(len(kv)))
	seen := map[string]bool{}
	for _, e := range kv {
		if e.Key == "" || seen[e.Key] || len(e.Key) > maxKey {
			return fmt.Errorf("metadata key %q is empty, too long or given twice", e.Key)
		}
		seen[e.Key] = true
		head.str(e.Key)
		if !head.value(e.Value) {
			return fmt.Errorf("metadata %q holds a %T, which GGUF cannot store", e.Key, e.Value)
		}
	}
	if err := head.infos(tensors); err != nil {
		return err
	}
	bw := bufio.NewWriterSize(w, 1<<20)
	bw.Write(head.b)
	pad(bw, len(head.b))
	for i := range tensors {
		t := &tensors[i]
		data := t.Data
		if data == nil {
			var err error
			if data, err = t.Load(); err != nil {
				return fmt.Errorf("tensor %q: %w", t.Name, err)
			}
			if len(data) != t.size() {
				return fmt.Errorf("tensor %q of %v %v does not fit its %d bytes", t.Name, t.Type, t.Dims, len(data))
			}
		}
		bw.Write(data)
		pad(bw, len(data))
	}
	// A bufio.Writer keeps its first error and returns it here.
	return bw.Flush()
}

func pad(w io.Writer, n int) {
	var zeros [writeAlign]byte
	w.Write(zeros[:(writeAlign-n%writeAlign)%writeAlign])
}

type encoder struct{ b []byte }

func (e *encoder) u32(v uint32) { e.b = le.AppendUint32(e.b, v) }
func (e *encoder) u64(v uint64) { e.b = le.AppendUint64(e.b, v) }
func (e *encoder) str(s string) {
	e.u64(uint64(len(s)))
	e.b = append(e.b, s...)
}

// infos writes the table of tensors with their offsets in the data section.
func (e *encoder) infos(tensors []WriteTensor) error {
	seen := map[string]bool{}
	var offset uint64
	for _, t := range tensors {
		if t.Name == "" || seen[t.Name] || len(t.Name) > maxKey {
			return fmt.Errorf("tensor name %q is empty, too long or given twice", t.Name)
		}
		seen[t.Name] = true
		size := t.size()
		if size < 0 || t.Type > 1<<16-1 || t.Data == nil && t.Load == nil {
			return fmt.Errorf("tensor %q of type %v and shape %v cannot be stored in GGUF", t.Name, t.Type, t.Dims)
		}
		if t.Data != nil && len(t.Data) != size {
			return fmt.Errorf("tensor %q of %v %v does not fit its %d bytes", t.Name, t.Type, t.Dims, len(t.Data))
		}
		e.str(t.Name)
		e.u32(uint32(len(t.Dims)))
		for _, d := range t.Dims {
			e.u64(uint64(d))
		}
		e.u32(uint32(t.Type))
		e.u64(offset)
		offset += uint64(size+writeAlign-1) / writeAlign * writeAlign
	}
	return nil
}

// value writes a type number and the value; false when GGUF has no such type.
func (e *encoder) value(v any) bool {
	if t, ok := scalarType(v); ok {
		e.u32(t)
		e.scalar(v)
		return true
	}
	switch v := v.(type) {
	case []string:
		array(e, v)
	case []bool:
		array(e, v)
	case []uint8:
		array(e, v)
	case []int32:
		array(e, v)
	case []uint32:
		array(e, v)
	case []int64:
		array(e, v)
	case []uint64:
		array(e, v)
	case []float32:
		array(e, v)
	default:
		return false
	}
	return true
}

func array[T any](e *encoder, a []T) {
	var zero T
	t, _ := scalarType(zero)
	e.u32(kvArray)
	e.u32(t)
	e.u64(uint64(len(a)))
	for _, v := range a {
		e.scalar(v)
	}
}

func scalarType(v any) (uint32, bool) {
	switch v.(type) {
	case uint8:
		return kvUint8, true
	case int8:
		return kvInt8, true
	case uint16:
		return kvUint16, true
	case int16:
		return kvInt16, true
	case uint32:
		return kvUint32, true
	case int32:
		return kvInt32, true
	case float32:
		return kvFloat32, true
	case bool:
		return kvBool, true
	case string:
		return kvString, true
	case uint64:
		return kvUint64, true
	case int64:
		return kvInt64, true
	case float64:
		return kvFloat64, true
	}
	return 0, false
}

func (e *encoder) scalar(v any) {
	switch v := v.(type) {
	case uint8:
		e.b = append(e.b, v)
	case int8:
		e.b = append(e.b, uint8(v))
	case uint16:
		e.b = le.AppendUint16(e.b, v)
	case int16:
		e.b = le.AppendUint16(e.b, uint16(v))
	case uint32:
		e.u32(v)
	case int32:
		e.u32(uint32(v))
	case float32:
		e.u32(math.Float32bits(v))
	case bool:
		b := byte(0)
		if v {
			b = 1
		}
		e.b = append(e.b, b)
	case string:
		e.str(v)
	case uint64:
		e.u64(v)
	case int64:
		e.u64(uint64(v))
	case float64:
		e.u64(math.Float64bits(v))
	}
}
