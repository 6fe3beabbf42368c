package llama

import (
	"errors"
	"fmt"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/pruning"
)

// downType is how gathered columns of a quantised down projection are stored: a set of columns
// cuts its blocks, so they are dequantised and packed anew, in the type with the smallest error
// among those that the fast products take.
const downType = checkpoint.Q8_0

// Gather makes the FFN of a layer with only the neurons listed (ascending). Rows of gate and up
// are copied as stored. Columns of down are copied as stored where its type is plain, else
// repacked as q8_0, padded by zeros to whole blocks. Free it with FFN.Free.
func (d *Decoder) Gather(layer int, neurons []int) (FFN, error) {
	if len(neurons) == 0 {
		return FFN{}, fmt.Errorf("layer %d: no neuron is kept; keep at least one", layer)
	}
	name := func(part string) string { return fmt.Sprintf("blk.%d.ffn_%s.weight", layer, part) }
	gate, ok1 := d.file.Tensor(name("gate"))
	up, ok2 := d.file.Tensor(name("up"))
	down, ok3 := d.file.Tensor(name("down"))
	if !ok1 || !ok2 || !ok3 {
		return FFN{}, fmt.Errorf("layer %d has no FFN tensors", layer)
	}
	if last := neurons[len(neurons)-1]; last >= d.Config.FFN {
		return FFN{}, fmt.Errorf("layer %d has %d neurons, neuron %d was asked for", layer, d.Config.FFN, last)
	}
	n := len(neurons)
	if down.Type.Quantised() {
		n = (n + 31) / 32 * 32
	}
	var f FFN
	var err error
	if f.Gate, err = d.rows(gate, neurons, n); err == nil {
		if f.Up, err = d.rows(up, neurons, n); err == nil {
			f.Down, err = d.columns(down, neurons, n)
		}
	}
	if err != nil {
		f.Free()
	}
	return f, err
}

// Free releases a gathered FFN.
func (f FFN) Free() {
	for _, a := range []compute.Array{f.Gate, f.Up, f.Down} {
		if a != nil {
			a.Free()
		}
	}
}

// rows gathers matrix rows as stored; rows beyond the list repeat the first one, whose product
// meets a zero column.
func (d *Decoder) rows(t *checkpoint.Tensor, list []int, n int) (compute.Array, error) {
	bytes := t.Type.RowBytes(t.Dims[0])
	buf := make([]byte, n*bytes)
	for i := range n {
		row := list[0]
		if i < len(list) {
			row = list[i]
		}
		copy(buf[i*bytes:], t.Data[row*bytes:(row+1)*bytes])
	}
	return d.Backend.Weight(t.Name+" (gathered)", compute.Type(t.Type), compute.Dims(t.Dims[0], n), buf, compute.UseMatrixBriefly)
}

func (d *Decoder) columns(t *checkpoint.Tensor, list []int, n int) (compute.Array, error) {
	in, out := t.Dims[0], t.Dims[1]
	rowBytes := t.Type.RowBytes(in)
	name := t.Name + " (gathered)"
	if !t.Type.Quantised() {
		size := t.Type.RowBytes(1)
		buf := make([]byte, out*n*size)
		for r := range out {
			row := t.Data[r*rowBytes : (r+1)*rowBytes]
			for i, c := range list {
				copy(buf[(r*n+i)*size:], row[c*size:(c+1)*size])
			}
		}
		return d.Backend.Weight(name, compute.Type(t.Type), compute.Dims(n, out), buf, compute.UseMatrixBriefly)
	}
	packed := downType.RowBytes(n)
	buf := make([]byte, out*packed)
	var failed [2]error
	pruning.Halves(out, func(half, from, to int) {
		narrow := make([]float32, n) // what lies behind the list stays zero
		for r := from; r < to; r++ {
			if err := checkpoint.Pick(narrow[:len(list)], t.Type, t.Data[r*rowBytes:(r+1)*rowBytes], list); err != nil {
				failed[half] = err
				return
			}
			if err := checkpoint.QuantizeInto(buf[r*packed:(r+1)*packed], downType, narrow); err != nil {
				failed[half] = err
				return
			}
		}
	})
	if err := errors.Join(failed[:]...); err != nil {
		return nil, err
	}
	return d.Backend.Weight(name, compute.Type(downType), compute.Dims(n, out), buf, compute.UseMatrixBriefly)
}
