package ref

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

// lab builds one graph on a fresh backend.
type lab struct {
	*testing.T
	*compute.Graph
	be compute.Backend
	in []compute.Binding
}

func newLab(t *testing.T) *lab { return &lab{t, compute.NewGraph(), New(2), nil} }

func (l *lab) floats(data []float32, dims ...int) *compute.Tensor {
	x := l.Input("x", compute.F32, dims...)
	l.in = append(l.in, compute.In(x, data))
	return x
}

func (l *lab) halves(data []float32, dims ...int) *compute.Tensor {
	x := l.Input("half", compute.F16, dims...)
	h := make([]uint16, len(data))
	for i, f := range data {
		h[i] = compute.ToF16(f)
	}
	l.in = append(l.in, compute.In(x, h))
	return x
}

func (l *lab) ints(data ...int32) *compute.Tensor {
	x := l.Input("ints", compute.I32, len(data))
	l.in = append(l.in, compute.In(x, data))
	return x
}

func (l *lab) weight(t compute.Type, data []float32, dims ...int) *compute.Tensor {
	l.Helper()
	raw, err := checkpoint.Quantize(checkpoint.Type(t), data)
	if err != nil {
		l.Fatal(err)
	}
	a, err := l.be.Weight("w", t, compute.Dims(dims...), raw, compute.UseAny)
	if err != nil {
		l.Fatal(err)
	}
	return l.Leaf(a)
}

func (l *lab) run(out *compute.Tensor) compute.Program {
	l.Helper()
	l.Output(out)
	p, err := l.be.Compile(l.Graph)
	if err == nil {
		err = p.Run(context.Background(), l.in...)
	}
	if err != nil {
		l.Fatal(err)
	}
	return p
}

// want runs the graph and compares out with numbers worked out by hand.
func (l *lab) want(out *compute.Tensor, want ...float32) {
	l.Helper()
	p := l.run(out)
	got := make([]float32, out.Shape.Elements())
	if err := p.ReadFloats(out, got); err != nil {
		l.Fatal(err)
	}
	if len(got) != len(want) {
		l.Fatalf("%v gives shape %v, want %d numbers", out.Op, out.Shape, len(want))
	}
	for i := range got {
		bothNaN := got[i] != got[i] && want[i] != want[i]
		if !bothNaN && got[i] != want[i] && !(math.Abs(float64(got[i]-want[i])) <= 2e-6) {
			l.Fatalf("%v gives %v, want %v", out.Op, got, want)
		}
	}
}

func TestViewsAliasAndContCopies(t *testing.T) {
	six := []float32{1, 2, 3, 4, 5, 6}
	l := newLab(t)
	l.want(l.Transpose(l.floats(six, 3, 2)), 1, 4, 2, 5, 3, 6)
	l = newLab(t)
	l.want(l.Cont(l.Transpose(l.floats(six, 3, 2))), 1, 4, 2, 5, 3, 6)
	l = newLab(t)
	l.want(l.Reshape(l.floats(six, 3, 2), 2, 3), six...)
	l = newLab(t)
	l.want(l.Slice(l.floats(six, 3, 2), 0, 1, 2), 2, 3, 5, 6)
	l = newLab(t)
	l.want(l.Slice(l.Slice(l.floats(six, 3, 2), 0, 1, 2), 1, 1, 1), 5, 6)
	l = newLab(t) // source dimension 0 goes to 1, 1 to 2, 2 to 0
	l.want(l.Permute(l.floats([]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, 3, 2), [4]int{1, 2, 0, 3}),
		0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11)
	l = newLab(t) // a strided view as an operand
	l.want(l.Add(l.Transpose(l.floats(six, 3, 2)), l.floats([]float32{10, 20}, 2)), 11, 24, 12, 25, 13, 26)
	l = newLab(t)
	l.want(l.Concat(l.Transpose(l.floats(six, 3, 2)), l.floats([]float32{7, 8}, 2, 1), 1), 1, 4, 2, 5, 3, 6, 7, 8)
	l = newLab(t)
	l.want(l.Concat(l.floats(six, 3, 2), l.floats([]float32{7, 8}, 1, 2), 0), 1, 2, 3, 7, 4, 5, 6, 8)
	l = newLab(t)
	l.want(l.GetRows(l.Transpose(l.floats(six, 3, 2)), l.ints(2, 0)), 3, 6, 1, 4)
}

func TestCastRounds(t *testing.T) {
	in := []float32{1, 2049, 2051, 1.00390625, 1.01171875, 1e6, nan}
	l := newLab(t) // half: 11 bits, ties to even
	l.want(l.Cast(l.Cast(l.floats(in, 7), compute.F16), compute.F32), 1, 2048, 2052, 1.00390625, 1.01171875, inf, nan)
	l = newLab(t) // bfloat16: 8 bits, ties to even
	l.want(l.Cast(l.Cast(l.floats(in, 7), compute.BF16), compute.F32), 1, 2048, 2048, 1, 1.015625, 999424, nan)
	l = newLab(t)
	l.want(l.Cast(l.halves([]float32{0.1}, 1), compute.F32), 0.099975586)
}

func TestElementwise(t *testing.T) {
	a, b := []float32{1, -2, 3, 4}, []float32{2, 4}
	l := newLab(t)
	l.want(l.Sub(l.floats(a, 4), l.floats(b, 2)), -1, -6, 1, 0)
	l = newLab(t)
	l.want(l.Mul(l.floats(a, 2, 2), l.floats(b, 1, 2)), 2, -4, 12, 16)
	l = newLab(t)
	l.want(l.Div(l.floats(a, 2, 1, 2), l.floats(b, 1, 1, 2)), 0.5, -1, 0.75, 1)
	l = newLab(t)
	l.want(l.Div(l.floats([]float32{1, 0, -1}, 3), l.floats([]float32{0}, 1)), inf, nan, -inf)
	l = newLab(t)
	l.want(l.Scale(l.floats(a, 4), 2, 0.5), 2.5, -3.5, 6.5, 8.5)
	l = newLab(t)
	l.want(l.SwiGLU(l.floats([]float32{0, 1}, 2), l.floats([]float32{5, 2}, 2)), 0, 1.4621172)
}

func TestUnary(t *testing.T) {
	for f, want := range map[compute.Func][3]float32{
		compute.SiLU: {-0.26894143, 0, 0.73105858}, compute.GELU: {-0.15880801, 0, 0.84119199},
		compute.GELUErf: {-0.15865526, 0, 0.84134474}, compute.GELUQuick: {-0.15420423, 0, 0.84579577},
		compute.ReLU: {0, 0, 1}, compute.Sigmoid: {0.26894143, 0.5, 0.73105858},
		compute.Tanh: {-0.76159416, 0, 0.76159416}, compute.Step: {0, 0, 1}, compute.Sqr: {1, 0, 1},
		compute.Sqrt: {nan, 0, 1}, compute.Exp: {0.36787944, 1, 2.7182818},
		compute.GELUNear: {-0.15865526, 0, 0.84134474},
	} {
		t.Run(f.String(), func(t *testing.T) {
			through := nan
			if f == compute.Step {
				through = 0
			}
			l := newLab(t)
			l.want(l.Unary(f, l.floats([]float32{-1, 0, 1, nan}, 4)), want[0], want[1], want[2], through)
		})
	}
}

func TestReductions(t *testing.T) {
	x := []float32{3, 4, 1, 1}
	l := newLab(t)
	l.want(l.RMSNorm(l.floats(x, 2, 2), 0), 0.8485281, 1.1313708, 1, 1)
	l = newLab(t)
	l.want(l.LayerNorm(l.floats(x, 2, 2), 0.75), -0.5, 0.5, 0, 0)
	l = newLab(t)
	l.want(l.SumRows(l.Transpose(l.floats(x, 2, 2))), 4, 5)
	l = newLab(t)
	l.want(l.SoftMax(l.floats([]float32{0, 1, 1, 3}, 2, 2), nil, 0.5), 0.37754067, 0.62245933, 0.26894142, 0.73105858)
	l = newLab(t) // the mask has a row more than needed; the second row is closed
	l.want(l.SoftMax(l.floats([]float32{1, 2, 3, 4}, 2, 2), l.halves([]float32{0, -inf, -inf, -inf, 0, 0}, 2, 3), 1),
		1, 0, nan, nan)
	l = newLab(t) // the mask repeats over heads
	l.want(l.SoftMax(l.floats([]float32{1, 2, 3, 4}, 2, 1, 2), l.floats([]float32{-inf, 0}, 2), 1), 0, 1, 0, 1)
}

func TestArgmaxTakesTheFirstAndPassesNaN(t *testing.T) {
	l := newLab(t)
	out := l.Argmax(l.floats([]float32{1, 5, 5, nan, -2, -2, -inf, -inf, -inf}, 3, 3))
	p := l.run(out)
	got := make([]int32, 3)
	if err := p.ReadInts(out, got); err != nil {
		t.Fatal(err)
	}
	if got != nil && [3]int32(got) != [3]int32{1, 1, 0} {
		t.Fatalf("argmax gives %v, want [1 1 0]", got)
	}
}

func TestMulMat(t *testing.T) {
	w, x := []float32{1, 2, 3, 4, 5, 6}, []float32{1, 0, 2, 1}
	l := newLab(t) // rows (1 2), (3 4), (5 6) by columns (1 0), (2 1)
	l.want(l.MulMat(l.floats(w, 2, 3), l.floats(x, 2, 2)), 1, 3, 5, 4, 10, 16)
	l = newLab(t)
	l.want(l.MulMat(l.weight(compute.F16, w, 2, 3), l.floats(x, 2, 2)), 1, 3, 5, 4, 10, 16)
	l = newLab(t) // GQA: matrices 0 and 1 of x share the first w, 2 and 3 the second
	l.want(l.MulMat(l.floats([]float32{1, 10}, 1, 1, 2), l.floats([]float32{1, 2, 3, 4}, 1, 1, 4)), 1, 2, 30, 40)
	l = newLab(t) // a slice keeps its rows unbroken
	l.want(l.MulMat(l.Slice(l.floats(w, 3, 2), 0, 1, 2), l.floats([]float32{1, 1}, 2)), 5, 11)
	l = newLab(t) // 0·NaN and 0·inf are NaN
	l.want(l.MulMat(l.floats([]float32{0, 0}, 1, 2), l.floats([]float32{nan, inf}, 1, 2)), nan, nan, nan, nan)
}

// TestMulMatTiles compares sizes around every tile's edge with the plain triple loop.
func TestMulMatTiles(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {5, 2, 4}, {513, 33, 65}, {1030, 35, 67}, {64, 100, 1}, {31, 1, 130}} {
		k, n, m := s[0], s[1], s[2]
		w, x := make([]float32, k*n), make([]float32, k*m)
		for i := range w {
			w[i] = float32((i*7+3)%17 - 8)
		}
		for i := range x {
			x[i] = float32((i*5+1)%13 - 6)
		}
		want := make([]float32, n*m) // small whole numbers: sums are exact in any order
		for i := range n {
			for j := range m {
				for c := range k {
					want[j*n+i] += w[i*k+c] * x[j*k+c]
				}
			}
		}
		l := newLab(t)
		l.want(l.MulMat(l.floats(w, k, n), l.floats(x, k, m)), want...)
	}
}

func TestQuantisedWeight(t *testing.T) {
	w := make([]float32, 64)
	for i := range w {
		w[i] = float32(i%32) - 16 // the largest magnitude, 16, becomes 127: steps of 16/127
	}
	w[0], w[32] = 127, 127 // steps of one: exact
	l := newLab(t)
	leaf := l.weight(compute.Q8_0, w, 32, 2)
	one := make([]float32, 32)
	one[0], one[5] = 1, 1
	both := l.Concat(l.MulMat(leaf, l.floats(one, 32)), l.Reshape(l.Slice(l.GetRows(leaf, l.ints(1)), 0, 4, 2), 2, 1), 0)
	l.want(both, 116, 116, -12, -11)
}

func TestFlashAttn(t *testing.T) {
	// Two query heads on one kv head of width 1; scores 0 and ln 3 give weights 1/4 and 3/4.
	ln3 := float32(math.Log(3))
	q, k, v := []float32{1, 0, 0, 1}, []float32{0, ln3}, []float32{4, 8, 0, 4} // v rows (4 8), (0 4)
	l := newLab(t)
	l.want(l.FlashAttn(l.floats(q, 1, 2, 2), l.floats(k, 1, 2, 1), l.floats(v, 2, 2, 1), nil, 1),
		1, 5, 2, 6, 2, 6, 1, 5)
	l = newLab(t) // query 0 sees key 0 alone, query 1 sees nothing
	mask := []float32{0, -inf, -inf, -inf}
	l.want(l.FlashAttn(l.floats(q, 1, 2, 2), l.floats(k, 1, 2, 1), l.floats(v, 2, 2, 1), l.halves(mask, 2, 2), 1),
		4, 8, 4, 8, 0, 0, 0, 0)
	l = newLab(t) // each head of its own; halves; a mask that adds
	l.want(l.FlashAttn(l.floats([]float32{1, 1}, 1, 1, 2), l.halves([]float32{0, 0, 0, 0}, 1, 2, 2),
		l.halves([]float32{1, 3, 10, 30}, 1, 2, 2), l.halves([]float32{0, 0}, 2), 2), 2, 20)
}

// TestFlashAttnIsItsSentence compares with the plain sequence in its docstring.
func TestFlashAttnIsItsSentence(t *testing.T) {
	const d, dv, m, n, heads, kvHeads = 5, 3, 7, 9, 4, 2
	l := newLab(t)
	wave := func(count int, by float64) []float32 {
		x := make([]float32, count)
		for i := range x {
			x[i] = float32(math.Sin(by * float64(i+1)))
		}
		return x
	}
	q := l.floats(wave(d*m*heads, 0.7), d, m, heads)
	k := l.floats(wave(d*n*kvHeads, 1.3), d, n, kvHeads)
	v := l.floats(wave(dv*n*kvHeads, 2.1), dv, n, kvHeads)
	mask := make([]float32, n*m)
	for j := range m {
		for i := j + 2; i < n; i++ {
			mask[j*n+i] = -inf
		}
	}
	mk := l.halves(mask, n, m)
	prob := l.SoftMax(l.MulMat(k, q), mk, 0.4)
	plain := l.MulMat(l.Cont(l.Transpose(v)), prob) // [dv, m, heads]
	fused := l.FlashAttn(q, k, v, mk, 0.4)
	diff := l.Sub(l.Permute(plain, [4]int{0, 2, 1, 3}), fused)
	l.want(l.SumRows(l.Reshape(l.Unary(compute.Sqr, diff), dv*heads*m)), 0)
}

func TestRoPE(t *testing.T) {
	s, c := math.Sincos(2)
	s2, c2 := math.Sincos(2 * 0.1) // base 100, dims 4: the second pair turns a tenth as fast
	f := func(x float64) float32 { return float32(x) }
	x := []float32{1, 2, 3, 4, 9}
	l := newLab(t)
	l.want(l.RoPE(l.floats(x, 5, 1, 1), l.ints(2), nil, 4, compute.RoPEPairs, 100, 1),
		f(c-2*s), f(s+2*c), f(3*c2-4*s2), f(3*s2+4*c2), 9)
	l = newLab(t)
	l.want(l.RoPE(l.floats(x, 5, 1, 1), l.ints(2), nil, 4, compute.RoPEHalf, 100, 1),
		f(c-3*s), f(2*c2-4*s2), f(s+3*c), f(2*s2+4*c2), 9)
	l = newLab(t) // 8 · 0.5 / 2 and 8 · 0.5 · 0.1 / 2 are the same angles
	l.want(l.RoPE(l.floats(x, 5, 1, 1), l.ints(8), l.floats([]float32{2, 2}, 2), 4, compute.RoPEHalf, 100, 0.5),
		f(c-3*s), f(2*c2-4*s2), f(s+3*c), f(2*s2+4*c2), 9)
	l = newLab(t)                          // positions belong to dimension 2, heads share them; source strided
	y := []float32{1, 2, 0, 0, 0, 0, 1, 2} // [2, n=2, heads=2] → permuted [2, heads, n]
	l.want(l.RoPE(l.Permute(l.floats(y, 2, 2, 2), [4]int{0, 2, 1, 3}), l.ints(0, 2), nil, 2, compute.RoPEPairs, 100, 1),
		1, 2, 0, 0, 0, 0, f(c-2*s), f(s+2*c))
}

func TestSetRowsThenRead(t *testing.T) {
	l := newLab(t)
	a, err := l.be.State("cache", compute.F16, compute.Dims(2, 4))
	if err != nil {
		t.Fatal(err)
	}
	after := l.SetRows(l.Leaf(a), l.floats([]float32{1, 2049, 3, 4, 5, 6}, 2, 3), l.ints(3, 0, 0))
	l.want(l.Cast(after, compute.F32), 5, 6, 0, 0, 0, 0, 1, 2048)
	raw := make([]byte, 4)
	if err := a.Read(12, raw); err != nil {
		t.Fatal(err)
	}
	if compute.FromF16(uint16(raw[0])|uint16(raw[1])<<8) != 1 {
		t.Fatalf("row 3 of the state starts with bytes %v, want the half 1", raw[:2])
	}
	if err := a.Write(0, []byte{0, 0x3c}); err != nil {
		t.Fatal(err)
	}
	next := &lab{t, compute.NewGraph(), l.be, nil}
	next.want(next.GetRows(next.Leaf(a), next.ints(0, 3)), 1, 6, 1, 2048)
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	l := newLab(t)
	a, _ := l.be.State("cache", compute.F32, compute.Dims(2, 4))
	x := l.floats([]float32{1, 2}, 2, 1)
	at := l.Input("at", compute.I32, 1)
	out := l.Output(l.SetRows(l.Leaf(a), x, at))
	p, err := l.be.Compile(l.Graph)
	if err != nil {
		t.Fatal(err)
	}
	has := func(err error, words ...string) {
		t.Helper()
		for _, w := range words {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Fatalf("error %v does not say %q", err, w)
			}
		}
	}
	ctx := context.Background()
	has(p.ReadFloats(out, make([]float32, 8)), "has not run")
	has(p.Run(ctx, compute.In(at, []int32{0})), `"x"`, "no data yet")
	has(p.Run(ctx, compute.In(x, []float32{1, 2}), compute.In(at, []int32{4})), "set_rows", "cache", "row 4")
	has(p.Run(ctx, compute.In(at, []int32{1, 2})), `"at"`, "takes 1", "not 2")
	has(p.Run(ctx, compute.In(x, []int32{1, 2})), `"x"`, "f32", "[]int32")
	has(p.Run(ctx, compute.In(out, []float32{1, 2})), "not an input")
	has(p.ReadFloats(x, make([]float32, 2)), "not marked")
	has(a.Write(2, make([]byte, 4)), "cache", "cut")
	has(a.Write(28, make([]byte, 8)), "outside")

	w := newLab(t)
	weight := w.weight(compute.F32, []float32{1, 2}, 2, 1)
	w.SetRows(weight, w.floats([]float32{1, 2}, 2), w.ints(0))
	_, err = w.be.Compile(w.Graph)
	has(err, "set_rows", `"w"`, "weight")

	other := newLab(t)
	other.Leaf(a)
	_, err = other.be.Compile(other.Graph)
	has(err, "cache", "another backend")
	_, err = l.be.Weight("odd", compute.Q8_0, compute.Dims(33), make([]byte, 34), compute.UseAny)
	has(err, "odd", "blocks")
	_, err = l.be.Weight("short", compute.F32, compute.Dims(3), make([]byte, 8), compute.UseAny)
	has(err, "short", "12 bytes", "not 8")
	a.Free()
	has(p.Run(ctx, compute.In(at, []int32{0})), "cache", "freed")
}

func TestCancel(t *testing.T) {
	l := newLab(t)
	l.Output(l.Scale(l.floats([]float32{1}, 1), 1, 0))
	p, err := l.be.Compile(l.Graph)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := p.Run(ctx, l.in...); !errors.Is(err, compute.ErrCancelled) {
		t.Fatalf("a cancelled run gives %v", err)
	}
	if err := p.Run(context.Background()); err != nil {
		t.Fatalf("the program does not run again after a cancelled run: %v", err)
	}
}

func TestSlotsAreReusedAfterTheLastReader(t *testing.T) {
	l := newLab(t)
	x := l.floats(make([]float32, 1000), 1000)
	y := x
	for range 20 {
		y = l.Scale(y, 1, 1)
	}
	first := l.Output(l.Scale(x, 1, 5)) // wanted: must survive what follows
	z := l.Scale(y, 1, 1)
	for range 5 {
		z = l.Scale(z, 1, 1)
	}
	view := l.Output(l.Reshape(l.Scale(z, 0, 7), 10, 100)) // wanted through a view
	last := l.Scale(z, 1, 1)
	p := l.run(last)
	if p.Bytes() > 7*4000 {
		t.Fatalf("30 results of 4000 bytes take %d bytes at once", p.Bytes())
	}
	if l.be.MemoryUsed() != p.Bytes() {
		t.Fatalf("the backend counts %d bytes, its program %d", l.be.MemoryUsed(), p.Bytes())
	}
	got := make([]float32, 1000)
	for out, want := range map[*compute.Tensor]float32{first: 5, view: 7, last: 27} {
		if err := p.ReadFloats(out, got); err != nil || got[0] != want || got[999] != want {
			t.Fatalf("read %v … %v (%v), want %v", got[0], got[999], err, want)
		}
	}
	p.Free()
	if n := l.be.MemoryUsed(); n != 0 {
		t.Fatalf("%d bytes remain after Free", n)
	}
}

func BenchmarkMulMat(b *testing.B) {
	l := &lab{Graph: compute.NewGraph(), be: New(0)}
	const k, n, m = 1024, 1024, 256
	x := l.floats(make([]float32, k*m), k, m)
	l.Output(l.MulMat(l.floats(make([]float32, k*n), k, n), x))
	p, err := l.be.Compile(l.Graph)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := p.Run(context.Background(), l.in...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2*k*n*m*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
