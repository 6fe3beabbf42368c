package ggml

import (
	"fmt"

	"winnow/internal/compute"
)

var unaryNames = map[compute.Func]string{
	compute.SiLU: "silu", compute.GELU: "gelu", compute.GELUErf: "gelu_erf",
	compute.GELUQuick: "gelu_quick", compute.ReLU: "relu", compute.Sigmoid: "sigmoid",
	compute.Tanh: "tanh", compute.Step: "step", compute.Sqr: "sqr", compute.Sqrt: "sqrt",
	compute.Exp: "exp", compute.GELUNear: "gelu_erf",
}

const precF32 = 10

// node is a lowered tensor.
type node struct {
	t ptr
	// strides in bytes, which views need and ggml has no function for.
	nb [4]int
}

func denseStrides(t compute.Type, s compute.Shape) (nb [4]int) {
	nb[0] = t.RowBytes(t.BlockSize())
	nb[1] = t.RowBytes(s[0])
	nb[2] = nb[1] * s[1]
	nb[3] = nb[2] * s[2]
	return nb
}

// geluNear is x·σ(x·t), t = a + b·x²/(1 + e·x²), within 3.3e-5 of x·Φ(x) everywhere (fitted): ggml's CPU
// calls erff for each number, while these steps run many numbers at once.
func (p *program) geluNear(x ptr) ptr {
	const a, b, e = 1.5948336, 0.0742781, 0.0107
	l, ctx := p.b.Library, p.ctx
	square := l.unary[int(compute.Sqr)](ctx, x)
	t := l.scale_bias(ctx, l.div(ctx, square, l.scale_bias(ctx, square, e, 1)), b, a)
	return l.div(ctx, l.unary[int(compute.SiLU)](ctx, l.mul(ctx, x, t)), t)
}

// lower makes the ggml tensor of n; sources are lowered already.
func (p *program) lower(n *compute.Tensor) (node, error) {
	l, ctx := p.b.Library, p.ctx
	src := func(i int) ptr {
		if i >= len(n.Src) {
			return 0
		}
		return p.nodes[n.Src[i].Index].t
	}
	// rows is a source whose rows are unbroken in memory, dense one without any gaps: many of
	// ggml's operations end the process over others.
	rows := func(i int) ptr {
		if t := n.Src[i]; p.nodes[t.Index].nb[0] != denseStrides(t.Type, t.Shape)[0] {
			return l.cont(ctx, src(i))
		}
		return src(i)
	}
	dense := func(i int) ptr {
		if t := n.Src[i]; p.nodes[t.Index].nb != denseStrides(t.Type, t.Shape) {
			return l.cont(ctx, src(i))
		}
		return src(i)
	}
	s := n.Shape
	out := node{nb: denseStrides(n.Type, s)}
	switch n.Op {
	case compute.OpInput:
		out.t = l.new_tensor_4d(ctx, int32(n.Type), int64(s[0]), int64(s[1]), int64(s[2]), int64(s[3]))
		l.set_input(out.t)
		l.set_output(out.t) // or its memory is reused after its last reader, and a second run reads rubbish
	case compute.OpArray:
		a, ok := n.Array.(*array)
		if !ok || a.b != p.b || a.ctx == 0 {
			return node{}, fmt.Errorf("array %q belongs to another device or was freed", n.Name)
		}
		out.t = a.tensor
	case compute.OpReshape:
		out.t = l.reshape_4d(ctx, src(0), int64(s[0]), int64(s[1]), int64(s[2]), int64(s[3]))
	case compute.OpPermute:
		out.t = l.permute(ctx, src(0), int32(n.Ints[0]), int32(n.Ints[1]), int32(n.Ints[2]), int32(n.Ints[3]))
		from := p.nodes[n.Src[0].Index].nb
		for i, a := range n.Ints {
			out.nb[a] = from[i]
		}
	case compute.OpSlice:
		from := rows(0)
		out.nb = p.nodes[n.Src[0].Index].nb
		if from != src(0) { // ggml's views have unbroken rows
			out.nb = denseStrides(n.Type, n.Src[0].Shape)
		}
		dim, start := n.Ints[0], n.Ints[1]
		offset := start * out.nb[dim]
		if dim == 0 {
			offset = start / n.Type.BlockSize() * out.nb[0]
		}
		out.t = l.view_4d(ctx, from, int64(s[0]), int64(s[1]), int64(s[2]), int64(s[3]),
			uintptr(out.nb[1]), uintptr(out.nb[2]), uintptr(out.nb[3]), uintptr(offset))
	case compute.OpCont:
		out.t = l.cont(ctx, src(0))
	case compute.OpCast:
		out.t = l.cast(ctx, src(0), int32(n.Type))
	case compute.OpConcat:
		out.t = l.concat(ctx, src(0), src(1), int32(n.Ints[0]))
	case compute.OpGetRows:
		out.t = l.get_rows(ctx, rows(0), dense(1))
	case compute.OpSetRows:
		out.t = l.set_rows(ctx, src(0), rows(1), dense(2))
	case compute.OpAdd:
		out.t = l.add(ctx, rows(0), rows(1))
	case compute.OpSub:
		out.t = l.sub(ctx, rows(0), rows(1))
	case compute.OpMul:
		out.t = l.mul(ctx, rows(0), rows(1))
	case compute.OpDiv:
		out.t = l.div(ctx, rows(0), rows(1))
	case compute.OpScale:
		out.t = l.scale_bias(ctx, dense(0), n.Floats[0], n.Floats[1])
	case compute.OpUnary:
		switch f := compute.Func(n.Ints[0]); {
		case f == compute.GELUQuick:
			// ggml's own looks it up in a table of halves, three digits deep.
			out.t = l.mul(ctx, src(0), l.unary[int(compute.Sigmoid)](ctx, l.scale_bias(ctx, src(0), 1.702, 0)))
		case f == compute.GELUNear && p.b.isCPU:
			out.t = p.geluNear(src(0))
		default:
			out.t = l.unary[int(f)](ctx, src(0))
		}
	case compute.OpSwiGLU:
		out.t = l.swiglu_split(ctx, src(0), src(1))
	case compute.OpRMSNorm:
		out.t = l.rms_norm(ctx, src(0), n.Floats[0])
	case compute.OpLayerNorm:
		out.t = l.norm(ctx, src(0), n.Floats[0])
	case compute.OpSumRows:
		out.t = l.sum_rows(ctx, rows(0))
	case compute.OpArgmax:
		out.t = p.firstMax(src(0), n.Src[0].Shape)
	case compute.OpMulMat:
		out.t = l.mul_mat(ctx, rows(0), rows(1))
	case compute.OpSoftMax:
		out.t = l.soft_max_ext(ctx, src(0), src(1), n.Floats[0], 0)
	case compute.OpFlashAttn:
		out.t = l.flash_attn_ext(ctx, rows(0), rows(1), rows(2), src(3), n.Floats[0], 0, 0)
		l.flash_attn_prec(out.t, precF32)
	case compute.OpRoPE:
		out.t = l.rope_ext(ctx, rows(0), dense(1), src(2), int32(n.Ints[0]), int32(n.Ints[1]), 0,
			n.Floats[0], n.Floats[1], 0, 1, 32, 1)
	case compute.OpHost:
		var err error
		if out.t, err = p.lowerHost(n); err != nil {
			return node{}, err
		}
	default:
		return node{}, fmt.Errorf("ggml has no lowering for %v", n.Op)
	}
	if n.Wanted {
		if dense := denseStrides(n.Type, s); out.nb != dense {
			out.t, out.nb = l.cont(ctx, out.t), dense // is read in one piece
		}
		l.set_output(out.t)
		if from := root(n); from != n { // or its memory is reused after the view's last reader
			l.set_output(p.nodes[from.Index].t)
		}
	}
	return out, nil
}

// firstMax is argmax with the lower index at ties. ggml's own takes the last one on the CPU
// and any on a GPU, so the largest elements are weighed by how early they come:
//
//	last = argmax(t), top = t[last], out = argmax((t < top ? 0 : 1)·(k - i))
func (p *program) firstMax(t ptr, s compute.Shape) ptr {
	l, ctx, k, n := p.b.Library, p.ctx, int64(s[0]), int64(s[1])
	last := l.reshape_4d(ctx, l.argmax(ctx, t), 1, n, 1, 1)
	top := l.get_rows(ctx, l.reshape_4d(ctx, t, 1, k, n, 1), last)
	behind := l.sub(ctx, t, l.reshape_4d(ctx, top, 1, n, 1, 1))
	below := l.unary[int(compute.Step)](ctx, l.scale_bias(ctx, behind, -1, 0))
	early := l.scale_bias(ctx, l.arange(ctx, 0, float32(k), 1), -1, float32(k))
	return l.argmax(ctx, l.mul(ctx, l.scale_bias(ctx, below, -1, 1), early))
}

// root is the tensor whose memory n lies in.
func root(n *compute.Tensor) *compute.Tensor {
	for n.Op == compute.OpReshape || n.Op == compute.OpPermute || n.Op == compute.OpSlice {
		n = n.Src[0]
	}
	return n
}
