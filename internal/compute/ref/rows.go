package ref

import (
	"fmt"

	"winnow/internal/compute"
)

// copy fills out with v, rounded to t.
func (p *program) copy(out, v view, t compute.Type) {
	if t == compute.I32 {
		copy(out.ints, v.list())
		return
	}
	narrow := t == compute.F16 || t == compute.BF16
	p.overRows(out.shape, func(lo, hi int) {
		src := v.reader()
		for r := lo; r < hi; r++ {
			dst := out.dst(r)
			copy(dst, src.row(coords(out.shape, r)))
			if narrow {
				for i, f := range dst {
					dst[i] = round(t, f)
				}
			}
		}
	})
}

// concat puts b after a along dim.
func (p *program) concat(out, a, b view, dim int) {
	p.overRows(out.shape, func(lo, hi int) {
		ra, rb := a.reader(), b.reader()
		for r := lo; r < hi; r++ {
			var at [4]int
			at[1], at[2], at[3] = coords(out.shape, r)
			dst := out.dst(r)
			if dim == 0 {
				n := copy(dst, ra.row(at[1], at[2], at[3]))
				copy(dst[n:], rb.row(at[1], at[2], at[3]))
				continue
			}
			src := ra
			if at[dim] >= a.shape[dim] {
				src = rb
				at[dim] -= a.shape[dim]
			}
			copy(dst, src.row(at[1], at[2], at[3]))
		}
	})
}

// getRows: out[:, i] = t[:, rows[i]]. Of a weight, only the rows asked for are widened.
func (p *program) getRows(n *compute.Tensor, out view) error {
	t := n.Src[0]
	which, err := p.value(n.Src[1])
	if err != nil {
		return err
	}
	rows := which.list()
	if err := checkRows(rows, t); err != nil {
		return err
	}
	if t.Op == compute.OpArray {
		a := t.Array.(*array)
		for i, row := range rows {
			if err := a.row(out.dst(i), int(row)); err != nil {
				return err
			}
		}
		return nil
	}
	src := p.views[t.Index].reader()
	for i, row := range rows {
		copy(out.dst(i), src.row(int(row), 0, 0))
	}
	return nil
}

// setRows: dst[:, rows[i]] = t[:, i], one after the other, so of equal rows the last stays.
func (p *program) setRows(n *compute.Tensor, dst, t, rows view) error {
	list := rows.list()
	if err := checkRows(list, n); err != nil {
		return err
	}
	src := t.reader()
	for i, row := range list {
		to := dst.dst(int(row))
		for j, f := range src.row(i, 0, 0) {
			to[j] = round(n.Type, f)
		}
	}
	return nil
}

func checkRows(rows []int32, t *compute.Tensor) error {
	for i, r := range rows {
		if r < 0 || int(r) >= t.Shape[1] {
			return fmt.Errorf("index %d is row %d, which %s %v does not have", i, r, t.Name, t.Shape)
		}
	}
	return nil
}
