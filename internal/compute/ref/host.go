package ref

import (
	"unsafe"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
)

// host calls the operation's function once, for all of the result. F32 and I32 sources are
// handed over where they lie; halves, which are kept as float32 here, as halves in a copy.
func (p *program) host(out view, n *compute.Tensor, src []view) error {
	tensors := make([]compute.HostTensor, len(src))
	for i, v := range src {
		t := compute.HostTensor{Type: n.Src[i].Type, Shape: v.shape}
		switch t.Type {
		case compute.F16, compute.BF16:
			flat := make([]float32, 0, v.shape.Elements())
			r := v.reader()
			for row := range v.shape.Rows() {
				flat = append(flat, r.row(coords(v.shape, row))...)
			}
			halves, err := checkpoint.Quantize(checkpoint.Type(t.Type), flat)
			if err != nil {
				return err
			}
			t.Bytes, v.stride = halves, packed(v.shape).stride
		case compute.I32:
			t.Bytes = bytesOf(v.ints[v.off:])
		default:
			t.Bytes = bytesOf(v.floats[v.off:])
		}
		for d, s := range v.stride {
			t.Strides[d] = s * t.Type.RowBytes(1)
		}
		t.Bytes = t.Bytes[:compute.HostBytes(t.Type, t.Shape, t.Strides)]
		tensors[i] = t
	}
	n.Host.Do(out.floats[:n.Shape.Elements()], tensors, 0, 1)
	return nil
}

func bytesOf[T float32 | int32](x []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}
