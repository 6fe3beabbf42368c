package ref

import (
	"math"

	"winnow/internal/compute"
)

// eval makes the value of one node from those before it.
func (p *program) eval(n *compute.Tensor) (view, error) {
	out := p.memory[n.Index]
	if n.Op == compute.OpArray {
		return p.array(n)
	}
	if n.Op == compute.OpGetRows {
		return out, p.getRows(n, out)
	}
	src := make([]view, len(n.Src))
	for i, s := range n.Src {
		v, err := p.value(s)
		if err != nil {
			return view{}, err
		}
		src[i] = v
	}
	switch n.Op {
	case compute.OpInput:
	case compute.OpReshape:
		out = packed(n.Shape)
		out.floats, out.ints, out.off = src[0].floats, src[0].ints, src[0].off
	case compute.OpPermute:
		out = src[0]
		for i, a := range n.Ints {
			out.shape[a], out.stride[a] = src[0].shape[i], src[0].stride[i]
		}
	case compute.OpSlice:
		dim, start := n.Ints[0], n.Ints[1]
		out = src[0]
		out.off += start * out.stride[dim]
		out.shape = n.Shape
	case compute.OpCont, compute.OpCast:
		p.copy(out, src[0], n.Type)
	case compute.OpConcat:
		p.concat(out, src[0], src[1], n.Ints[0])
	case compute.OpSetRows:
		return src[0], p.setRows(n, src[0], src[1], src[2])
	case compute.OpAdd, compute.OpSub, compute.OpMul, compute.OpDiv:
		p.binary(out, src[0], src[1], n.Op)
	case compute.OpScale:
		p.scale(out, src[0], n.Floats[0], n.Floats[1])
	case compute.OpUnary:
		p.unary(out, src[0], compute.Func(n.Ints[0]))
	case compute.OpSwiGLU:
		p.swiGLU(out, src[0], src[1])
	case compute.OpRMSNorm:
		p.rmsNorm(out, src[0], n.Floats[0])
	case compute.OpLayerNorm:
		p.layerNorm(out, src[0], n.Floats[0])
	case compute.OpSumRows:
		p.sumRows(out, src[0])
	case compute.OpArgmax:
		p.argmax(out, src[0])
	case compute.OpMulMat:
		p.mulMat(out, src[0], src[1])
	case compute.OpSoftMax:
		p.softMax(out, src[0], optional(src, 1), n.Floats[0])
	case compute.OpFlashAttn:
		p.flashAttn(out, src[0], src[1], src[2], optional(src, 3), n.Floats[0])
	case compute.OpRoPE:
		factors := optional(src, 2)
		p.rope(out, src[0], src[1].list(), factors, n)
	case compute.OpHost:
		return out, p.host(out, n, src)
	}
	return out, nil
}

func optional(src []view, i int) *view {
	if i < len(src) {
		return &src[i]
	}
	return nil
}

// value is a source's view with its numbers at hand.
func (p *program) value(t *compute.Tensor) (view, error) {
	v := p.views[t.Index]
	if t.Op == compute.OpArray && v.floats == nil && v.ints == nil {
		a := t.Array.(*array)
		if err := a.widen(); err != nil {
			return view{}, err
		}
		v.floats, v.ints = a.floats, a.ints
		p.views[t.Index] = v
	}
	return v, nil
}

// array gives a leaf's view; a weight that nobody has widened has no numbers in it yet.
func (p *program) array(n *compute.Tensor) (view, error) {
	a := n.Array.(*array)
	v := packed(n.Shape)
	v.floats, v.ints = a.floats, a.ints
	if n.Wanted {
		if err := a.widen(); err != nil {
			return view{}, err
		}
		v.floats, v.ints = a.floats, a.ints
	}
	return v, nil
}

// round gives the nearest number that t can hold.
func round(t compute.Type, f float32) float32 {
	switch t {
	case compute.F16:
		return compute.FromF16(compute.ToF16(f))
	case compute.BF16:
		b := math.Float32bits(f)
		if f != f {
			return f
		}
		return math.Float32frombits((b + 0x7fff + b>>16&1) &^ 0xffff) // ties to even
	}
	return f
}

func fromHalf(t compute.Type, h uint16) float32 {
	if t == compute.BF16 {
		return math.Float32frombits(uint32(h) << 16)
	}
	return compute.FromF16(h)
}
