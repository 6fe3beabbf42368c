package compute

// Op names an operation.
type Op int

// The operations. Each constructor below says what its operation computes.
const (
	OpInput Op = iota
	OpArray
	OpReshape
	OpPermute
	OpSlice
	OpCont
	OpCast
	OpConcat
	OpGetRows
	OpSetRows
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpScale
	OpUnary
	OpSwiGLU
	OpRMSNorm
	OpLayerNorm
	OpSumRows
	OpArgmax
	OpMulMat
	OpSoftMax
	OpFlashAttn
	OpRoPE
	OpHost
)

var opNames = [...]string{"input", "array", "reshape", "permute", "slice", "cont", "cast", "concat",
	"get_rows", "set_rows", "add", "sub", "mul", "div", "scale", "unary", "swiglu", "rms_norm",
	"layer_norm", "sum_rows", "argmax", "mul_mat", "soft_max", "flash_attn", "rope", "host"}

func (o Op) String() string { return opNames[o] }

// Func is an elementwise function of one tensor.
type Func int

// The elementwise functions.
const (
	SiLU      Func = iota // x·σ(x)
	GELU                  // tanh approximation
	GELUErf               // x·Φ(x), exact
	GELUQuick             // x·σ(1.702x)
	ReLU
	Sigmoid
	Tanh
	Step // 1 where x > 0, else 0
	Sqr
	Sqrt
	Exp
	GELUNear // x·Φ(x) within 4e-5: for numbers that are rounded to 8 bits next
)

var funcNames = [...]string{"silu", "gelu", "gelu_erf", "gelu_quick", "relu", "sigmoid", "tanh",
	"step", "sqr", "sqrt", "exp", "gelu_near"}

func (f Func) String() string { return funcNames[f] }

// Reshape views a contiguous tensor under another shape of as many elements.
func (g *Graph) Reshape(t *Tensor, dims ...int) *Tensor {
	s := Dims(dims...)
	if s.Elements() != t.Shape.Elements() {
		g.fail("reshape: %s has %d elements, %v takes %d", t.label(), t.Shape.Elements(), s, s.Elements())
	} else if !t.contiguous {
		g.fail("reshape: %s is a strided view; make it contiguous first", t.label())
	}
	return g.add(OpReshape, t.Type, s, t)
}

// Permute moves source dimension i to position axes[i], as a view.
func (g *Graph) Permute(t *Tensor, axes [4]int) *Tensor {
	var seen [4]bool
	s := Shape{1, 1, 1, 1}
	for i, a := range axes {
		if a < 0 || a > 3 || seen[a] {
			g.fail("permute: axes %v are not an order of 0 1 2 3", axes)
			return g.add(OpPermute, t.Type, t.Shape, t)
		}
		seen[a] = true
		s[a] = t.Shape[i]
	}
	if t.Type.Quantized() && axes[0] != 0 {
		g.fail("permute: %s stores blocks along dimension 0, which must stay first", t.label())
	}
	n := g.add(OpPermute, t.Type, s, t)
	n.Ints = axes[:]
	n.contiguous = t.contiguous && axes == [4]int{0, 1, 2, 3}
	return n
}

// Transpose swaps the first two dimensions, as a view.
func (g *Graph) Transpose(t *Tensor) *Tensor { return g.Permute(t, [4]int{1, 0, 2, 3}) }

// Slice views count elements of dimension dim from start on. Along dimension 0 of a quantised
// tensor both must be multiples of its block.
func (g *Graph) Slice(t *Tensor, dim, start, count int) *Tensor {
	s := t.Shape
	if dim < 0 || dim > 3 || start < 0 || count < 1 || start+count > t.Shape[dim] {
		g.fail("slice: [%d, %d) of dimension %d lies outside %s", start, start+count, dim, t.label())
		return g.add(OpSlice, t.Type, t.Shape, t)
	}
	if b := t.Type.BlockSize(); dim == 0 && (start%b != 0 || count%b != 0) {
		g.fail("slice: [%d, %d) cuts a block of %d of %s", start, start+count, b, t.label())
	}
	s[dim] = count
	n := g.add(OpSlice, t.Type, s, t)
	n.Ints = []int{dim, start}
	outer := 1
	for i := dim + 1; i < 4; i++ {
		outer *= t.Shape[i]
	}
	n.contiguous = t.contiguous && (count == t.Shape[dim] || outer == 1)
	return n
}

// Cont copies a view to contiguous memory.
func (g *Graph) Cont(t *Tensor) *Tensor { return g.add(OpCont, t.Type, t.Shape, t) }

// Cast converts between F32, F16 and BF16.
func (g *Graph) Cast(t *Tensor, to Type) *Tensor {
	if to != F32 && to != F16 && to != BF16 {
		g.fail("cast: %s to %v: only f32, f16 and bf16 can be cast to", t.label(), to)
	}
	return g.add(OpCast, to, t.Shape, t)
}

// Concat joins two F32 tensors along dimension dim.
func (g *Graph) Concat(a, b *Tensor, dim int) *Tensor {
	s := a.Shape
	if dim < 0 || dim > 3 {
		g.fail("concat: %s and %s have no dimension %d", a.label(), b.label(), dim)
		return g.add(OpConcat, F32, s, a, b)
	}
	for i := range 4 {
		if i != dim && a.Shape[i] != b.Shape[i] {
			g.fail("concat: %s and %s differ beside dimension %d", a.label(), b.label(), dim)
		}
	}
	g.want("concat", F32, a, b)
	s[dim] += b.Shape[dim]
	n := g.add(OpConcat, F32, s, a, b)
	n.Ints = []int{dim}
	return n
}

// GetRows picks rows of a [k, n] matrix: out[:, i] = t[:, rows[i]], widened to F32. rows is an
// I32 vector.
func (g *Graph) GetRows(t, rows *Tensor) *Tensor {
	if t.Shape[2] != 1 || t.Shape[3] != 1 || rows.Type != I32 || rows.Shape[0] != rows.Shape.Elements() {
		g.fail("get_rows: takes a matrix and an i32 vector, not %s and %s", t.label(), rows.label())
	}
	if t.Type == I32 {
		g.fail("get_rows: %s holds integers, which %s would widen", t.label(), rows.label())
	}
	return g.add(OpGetRows, F32, Dims(t.Shape[0], rows.Shape[0]), t, rows)
}

// SetRows writes F32 rows into a device matrix [k, n] of F32 or F16: dst[:, rows[i]] = t[:, i].
// The result is dst after the write: read from it, not from dst, to be ordered after it. What
// was read from dst earlier in the graph is what was there before. Of equal rows any may stay.
func (g *Graph) SetRows(dst, t, rows *Tensor) *Tensor {
	switch {
	case dst.Op != OpArray && dst.Op != OpSetRows:
		g.fail("set_rows: %s is not a device array", dst.label())
	case dst.Type != F32 && dst.Type != F16:
		g.fail("set_rows: cannot write into %s", dst.label())
	case dst.Shape[0] != t.Shape[0] || t.Shape[1] != rows.Shape[0] || rows.Type != I32 || t.Type != F32 ||
		t.Shape[2] != 1 || t.Shape[3] != 1 || dst.Shape[2] != 1 || dst.Shape[3] != 1 || rows.Shape.Elements() != rows.Shape[0]:
		g.fail("set_rows: %s cannot take %s at rows %s", dst.label(), t.label(), rows.label())
	}
	n := g.add(OpSetRows, dst.Type, dst.Shape, dst, t, rows)
	n.Name = dst.Name
	return n
}

// Add is a+b; b repeats along dimensions where it has a divisor of a's size.
func (g *Graph) Add(a, b *Tensor) *Tensor { return g.binary(OpAdd, a, b) }

// Sub is a-b, b repeating as in Add.
func (g *Graph) Sub(a, b *Tensor) *Tensor { return g.binary(OpSub, a, b) }

// Mul is a·b elementwise, b repeating as in Add.
func (g *Graph) Mul(a, b *Tensor) *Tensor { return g.binary(OpMul, a, b) }

// Div is a/b elementwise, b repeating as in Add.
func (g *Graph) Div(a, b *Tensor) *Tensor { return g.binary(OpDiv, a, b) }

func (g *Graph) binary(op Op, a, b *Tensor) *Tensor {
	for i := range 4 {
		if b.Shape[i] == 0 || a.Shape[i]%b.Shape[i] != 0 {
			g.fail("%v: %s does not repeat to %s", op, b.label(), a.label())
			break
		}
	}
	g.want(op.String(), F32, a, b)
	return g.add(op, F32, a.Shape, a, b)
}

// Scale is t·factor + shift.
func (g *Graph) Scale(t *Tensor, factor, shift float32) *Tensor {
	g.want("scale", F32, t)
	n := g.add(OpScale, F32, t.Shape, t)
	n.Floats = []float32{factor, shift}
	return n
}

// Unary applies f elementwise to a contiguous tensor.
func (g *Graph) Unary(f Func, t *Tensor) *Tensor {
	g.want(f.String(), F32, t)
	g.wantContiguous(f.String(), t)
	n := g.add(OpUnary, F32, t.Shape, t)
	n.Ints = []int{int(f)}
	return n
}

// SwiGLU is silu(gate)·up, elementwise.
func (g *Graph) SwiGLU(gate, up *Tensor) *Tensor {
	if gate.Shape != up.Shape {
		g.fail("swiglu: %s and %s differ in shape", gate.label(), up.label())
	}
	g.want("swiglu", F32, gate, up)
	g.wantContiguous("swiglu", gate, up)
	return g.add(OpSwiGLU, F32, gate.Shape, gate, up)
}

// RMSNorm divides every row by sqrt(mean of squares + eps).
func (g *Graph) RMSNorm(t *Tensor, eps float32) *Tensor { return g.norm(OpRMSNorm, t, eps) }

// LayerNorm takes the mean off every row and divides by sqrt(variance + eps).
func (g *Graph) LayerNorm(t *Tensor, eps float32) *Tensor { return g.norm(OpLayerNorm, t, eps) }

func (g *Graph) norm(op Op, t *Tensor, eps float32) *Tensor {
	g.want(op.String(), F32, t)
	g.wantContiguous(op.String(), t)
	if eps < 0 {
		g.fail("%v: eps %g is negative", op, eps)
	}
	n := g.add(op, F32, t.Shape, t)
	n.Floats = []float32{eps}
	return n
}

// SumRows adds up every row: [k, n, ...] → [1, n, ...].
func (g *Graph) SumRows(t *Tensor) *Tensor {
	g.want("sum_rows", F32, t)
	s := t.Shape
	s[0] = 1
	return g.add(OpSumRows, F32, s, t)
}

// Argmax gives the index (I32) of the largest element of every row of a matrix; the first one
// at ties.
func (g *Graph) Argmax(t *Tensor) *Tensor {
	g.want("argmax", F32, t)
	g.wantContiguous("argmax", t)
	if t.Shape[2] != 1 || t.Shape[3] != 1 {
		g.fail("argmax: takes a matrix, not %s", t.label())
	}
	return g.add(OpArgmax, I32, Dims(t.Shape[1]), t)
}

// MulMat is the product over dimension 0: w [k, n, a, b] and x [k, m, c, d] give [n, m, c, d],
// out[i, j] = Σ_k w[k, i]·x[k, j], in F32. a divides c and b divides d: w repeats over them
// (grouped heads: consecutive x matrices share a w). Rows of w must be unbroken.
func (g *Graph) MulMat(w, x *Tensor) *Tensor {
	out := Shape{w.Shape[1], x.Shape[1], x.Shape[2], x.Shape[3]}
	switch {
	case w.Shape[0] != x.Shape[0]:
		g.fail("mul_mat: %s and %s differ in dimension 0 (%d and %d)", w.label(), x.label(), w.Shape[0], x.Shape[0])
	case x.Shape[2]%w.Shape[2] != 0 || x.Shape[3]%w.Shape[3] != 0:
		g.fail("mul_mat: %s does not repeat over %s", w.label(), x.label())
	case !rowsUnbroken(w) || !rowsUnbroken(x):
		g.fail("mul_mat: %s and %s must have unbroken rows; make the transposed one contiguous", w.label(), x.label())
	case w.Type == I32:
		g.fail("mul_mat: %s holds integers", w.label())
	}
	g.want("mul_mat", F32, x)
	return g.add(OpMulMat, F32, out, w, x)
}

// SoftMax is softmax over every row of t·scale + mask. mask is nil or F16 or F32
// [k, ≥n] and repeats over the outer dimensions.
func (g *Graph) SoftMax(t, mask *Tensor, scale float32) *Tensor {
	g.want("soft_max", F32, t)
	g.wantContiguous("soft_max", t)
	src := []*Tensor{t}
	if mask != nil {
		if mask.Shape[0] != t.Shape[0] || mask.Shape[1] < t.Shape[1] || mask.Shape[2] != 1 || mask.Shape[3] != 1 ||
			mask.Type != F16 && mask.Type != F32 {
			g.fail("soft_max: mask %s does not fit %s", mask.label(), t.label())
		}
		g.wantContiguous("soft_max", mask)
		src = append(src, mask)
	}
	n := g.add(OpSoftMax, F32, t.Shape, src...)
	n.Floats = []float32{scale}
	return n
}

// FlashAttn is fused attention. It equals, per query head h and kv head h/(H/KVH):
//
//	p = SoftMax(MulMat(k, q), mask, scale)   // [n, m, H, b]
//	out[:, h, j] = Σ_i p[i, j, h]·v[:, i]
//
// with q [d, m, H, b] F32, k [d, n, KVH, b] and v [dv, n, KVH, b] F16 or F32, mask F16 [n, ≥m] or
// nil, the same for all b. The result is [dv, H, m, b]: a reshape to [dv·H, m·b] joins the heads. A
// query for which the mask closes every key gets zeros here, and NaN in SoftMax.
func (g *Graph) FlashAttn(q, k, v, mask *Tensor, scale float32) *Tensor {
	src := []*Tensor{q, k, v}
	switch {
	case q.Shape[0] != k.Shape[0] || k.Shape[1] != v.Shape[1] || k.Shape[2] != v.Shape[2] ||
		q.Shape[2]%k.Shape[2] != 0 || q.Shape[3] != k.Shape[3] || k.Shape[3] != v.Shape[3]:
		g.fail("flash_attn: q %s, k %s and v %s do not fit", q.label(), k.label(), v.label())
	case k.Type != v.Type || k.Type != F16 && k.Type != F32:
		g.fail("flash_attn: k %s and v %s must both be f16 or f32", k.label(), v.label())
	case !rowsUnbroken(q) || !rowsUnbroken(k) || !rowsUnbroken(v):
		g.fail("flash_attn: q %s, k %s and v %s must have unbroken rows", q.label(), k.label(), v.label())
	}
	g.want("flash_attn", F32, q)
	if mask != nil {
		if mask.Type != F16 || mask.Shape[0] != k.Shape[1] || mask.Shape[1] < q.Shape[1] ||
			mask.Shape[2] != 1 || mask.Shape[3] != 1 {
			g.fail("flash_attn: mask %s does not fit %s", mask.label(), k.label())
		}
		g.wantContiguous("flash_attn", mask)
		src = append(src, mask)
	}
	n := g.add(OpFlashAttn, F32, Dims(v.Shape[0], q.Shape[2], q.Shape[1], q.Shape[3]), src...)
	n.Floats = []float32{scale}
	return n
}

// RoPEMode says which elements form a rotated pair.
type RoPEMode int

// Pairs (2i, 2i+1), as in GGUF files of Llama, or (i, i+n/2), as in Hugging Face's.
const (
	RoPEPairs RoPEMode = 0
	RoPEHalf  RoPEMode = 2
)

// RoPE rotates the first dims elements of x [d, heads, n] by angles pos[n]·base^(-2i/dims)·scale,
// pos being I32. factors (F32, dims/2 numbers, or nil) divide each angle (Llama 3, LongRoPE).
func (g *Graph) RoPE(x, pos, factors *Tensor, dims int, mode RoPEMode, base, scale float32) *Tensor {
	if pos.Type != I32 || pos.Shape[0] != x.Shape[2] || pos.Shape.Elements() != x.Shape[2] || x.Shape[3] != 1 {
		g.fail("rope: %s takes an i32 vector of %d positions, not %s", x.label(), x.Shape[2], pos.label())
	}
	if dims < 2 || dims%2 != 0 || dims > x.Shape[0] {
		g.fail("rope: cannot rotate %d of the %d elements of %s", dims, x.Shape[0], x.label())
	}
	g.want("rope", F32, x)
	src := []*Tensor{x, pos}
	if factors != nil {
		if factors.Type != F32 || factors.Shape[0] < dims/2 {
			g.fail("rope: factors %s are fewer than %d", factors.label(), dims/2)
		}
		src = append(src, factors)
	}
	n := g.add(OpRoPE, F32, x.Shape, src...)
	n.Ints = []int{dims, int(mode)}
	n.Floats = []float32{base, scale}
	return n
}

func (g *Graph) want(op string, t Type, xs ...*Tensor) {
	for _, x := range xs {
		if x.Type != t {
			g.fail("%s: %s must be %v", op, x.label(), t)
		}
	}
}

func (g *Graph) wantContiguous(op string, xs ...*Tensor) {
	for _, x := range xs {
		if !x.contiguous {
			g.fail("%s: %s is a strided view; make it contiguous first", op, x.label())
		}
	}
}

// rowsUnbroken: neighbours along dimension 0 are neighbours in memory.
func rowsUnbroken(t *Tensor) bool {
	for t.Op == OpPermute || t.Op == OpSlice {
		if t.Op == OpPermute && t.Ints[0] != 0 {
			return t.Shape[0] == 1
		}
		t = t.Src[0]
	}
	return true
}
