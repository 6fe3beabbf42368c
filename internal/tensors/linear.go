package tensors

import (
	"encoding/binary"
	"fmt"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
)

// Linear is y = W·x + b; Bias is nil where the network has none.
type Linear struct {
	Weight compute.Array // [in, out]
	Bias   compute.Array // [out]
}

// Apply adds the layer to a graph: x [in, …] gives [out, …].
func (p Linear) Apply(g *compute.Graph, x *compute.Tensor) *compute.Tensor {
	y := g.MulMat(g.Leaf(p.Weight), x)
	if p.Bias != nil {
		y = g.Add(y, g.Leaf(p.Bias))
	}
	return y
}

// Linear reads prefix+part+".weight" of [out, in] and, where there is one, ".bias" of each part.
// Several parts that read the same rows become one layer, its outputs one part after another.
func (l *Loader) Linear(prefix string, in, out int, parts ...string) Linear {
	return l.Matrix(prefix, []int{out, in}, parts...)
}

// Matrix is Linear for a weight of any PyTorch shape, [out, …]: a strided convolution is a
// product with its flattened kernels.
func (l *Loader) Matrix(prefix string, shape []int, parts ...string) Linear {
	out, in := shape[0], 1
	for _, d := range shape[1:] {
		in *= d
	}
	var found []*checkpoint.Tensor
	var bias []float32
	for _, part := range parts {
		t := l.find(prefix+part+".weight", shape)
		if t == nil {
			return Linear{}
		}
		found = append(found, t)
		switch has := l.Has(prefix + part + ".bias"); {
		case has && len(bias) == (len(found)-1)*out:
			bias = append(bias, l.Floats(prefix+part+".bias", out)...)
		case has != (bias != nil):
			l.Fail(fmt.Errorf("of %v under %q some have a bias and some have none: the checkpoint is incomplete", parts, prefix))
		}
	}
	name := prefix + parts[0] + ".weight"
	typ, data, err := l.rows(found, in)
	if err != nil {
		l.Fail(fmt.Errorf("tensor %q: %w", name, err))
	}
	if l.err != nil {
		return Linear{}
	}
	p := Linear{Weight: l.add(name, typ, compute.Dims(in, out*len(parts)), data, compute.UseMatrix)}
	if bias != nil {
		p.Bias = l.Array(prefix+parts[0]+".bias", bias, len(bias))
	}
	return p
}

// rows joins matrices with rows of n numbers, in the storage asked for.
func (l *Loader) rows(ts []*checkpoint.Tensor, n int) (compute.Type, []byte, error) {
	as := l.target(ts[0].Type, n)
	same := true
	for _, t := range ts {
		same = same && t.Type == as
	}
	if !same && as.Quantised() && as != checkpoint.Q8_0 {
		as = checkpoint.F16 // nothing is packed anew in the small types
	}
	if same && len(ts) == 1 {
		return compute.Type(as), ts[0].Data, edges(ts[0], n)
	}
	var data []byte
	for _, t := range ts {
		if same {
			if err := edges(t, n); err != nil {
				return 0, nil, err
			}
			data = append(data, t.Data...)
			continue
		}
		v, err := t.Float32()
		if err != nil {
			return 0, nil, err
		}
		if err := finite(t.Name, v); err != nil {
			return 0, nil, err
		}
		b, err := checkpoint.Quantize(as, v)
		if err != nil {
			return 0, nil, err
		}
		data = append(data, b...)
	}
	return compute.Type(as), data, nil
}

// target is the type that a matrix stored as t, with rows of n, is kept in.
func (l *Loader) target(t checkpoint.Type, n int) checkpoint.Type {
	switch {
	case l.storage == Exact || t == checkpoint.F64:
		return checkpoint.F32
	case l.storage == Halves && !t.Quantised():
		return checkpoint.F16
	case l.storage == Bytes && !t.Quantised() && n%checkpoint.Q8_0.BlockSize() == 0 && n > checkpoint.Q8_0.BlockSize():
		// Rows of a single block stay: ggml 0.25.1 multiplies them wrong on two threads.
		return checkpoint.Q8_0
	}
	return t
}

// edges looks at the first and last row of a matrix used as stored: the cost of reading a whole
// file is not paid at every start. Of q8_0 it looks at every scale, one in 34 bytes: what multiplies
// such blocks rounds its other factor to 8 bits, which turns a NaN into a number like any other.
func edges(t *checkpoint.Tensor, n int) error {
	size := t.Type.RowBytes(n)
	if !compute.Type(t.Type).Known() || size < 1 || len(t.Data) < size {
		return fmt.Errorf("it is stored as %v, which cannot be computed with", t.Type)
	}
	if t.Type == checkpoint.Q8_0 {
		if err := scales(t, n); err != nil {
			return err
		}
	}
	row := make([]float32, n)
	for _, data := range [][]byte{t.Data[:size], t.Data[len(t.Data)-size:]} {
		if err := checkpoint.Dequantize(row, t.Type, data); err != nil {
			return err
		}
		if err := finite(t.Name, row); err != nil {
			return err
		}
	}
	return nil
}

// scales refuses q8_0 blocks whose scale is no number; rows have n elements.
func scales(t *checkpoint.Tensor, n int) error {
	const exponent = 0x7c00 // of a half; all of its bits set mean infinity or NaN
	per, size := checkpoint.Q8_0.BlockSize(), checkpoint.Q8_0.RowBytes(checkpoint.Q8_0.BlockSize())
	for at := 0; at+size <= len(t.Data); at += size {
		if h := binary.LittleEndian.Uint16(t.Data[at:]); h&exponent == exponent {
			i := at / size * per
			return fmt.Errorf("a block of row %d is no number: the file is damaged; download it again", i/n)
		}
	}
	return nil
}
