package agree

import (
	"context"
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/compute/ref"
)

// sumSources adds all elements of each source, weighed by its number, to every row of a [n, rows] result;
// rows are dealt out to the parts.
func sumSources(calls *atomic.Int64) compute.HostFunc {
	return func(dst []float32, src []compute.HostTensor, part, parts int) {
		if calls != nil {
			calls.Add(1)
		}
		total := 0.0
		for k, t := range src {
			s, place := t.Shape, 1.0
			for i3 := range s[3] {
				for i2 := range s[2] {
					for i1 := range s[1] {
						for i0 := range s[0] {
							at := i0*t.Strides[0] + i1*t.Strides[1] + i2*t.Strides[2] + i3*t.Strides[3]
							v := 0.0
							switch b := t.Bytes[at:]; t.Type {
							case compute.F16:
								v = float64(compute.FromF16(binary.LittleEndian.Uint16(b)))
							case compute.I32:
								v = float64(int32(binary.LittleEndian.Uint32(b)))
							default:
								v = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
							}
							total += v * place * float64(k+1)
							place = math.Mod(place*1.37, 3) // or the order of elements would not count
						}
					}
				}
			}
		}
		const n = 5
		for r := part; r*n < len(dst); r += parts {
			for i := range n {
				dst[r*n+i] = float32(total * float64(r+1+i))
			}
		}
	}
}

// TestHostAgrees: sources of every type, in whole, as views and as a cache after a write.
func TestHostAgrees(t *testing.T) {
	host := func(l *lab, src ...*compute.Tensor) *compute.Tensor {
		h := l.Host(compute.HostOp{Name: "sums", Do: sumSources(nil)}, compute.Dims(5, 7), src...)
		return l.Scale(h, 0.5, 1) // what comes after reads it
	}
	cache := func(l *lab, typ compute.Type) *compute.Tensor {
		all := l.SetRows(l.Leaf(l.state(typ, 24, 16)), l.f32(24, 3), l.ints([]int32{0, 7, 5}))
		return l.Slice(all, 1, 0, 9)
	}
	cases := []opCase{
		{"none", exact, func(l *lab) *compute.Tensor { return host(l) }},
		{"f32", rounding, func(l *lab) *compute.Tensor { return host(l, l.f32(3, 5, 2)) }},
		{"f16", rounding, func(l *lab) *compute.Tensor { return host(l, l.typed(compute.F16, 3, 5, 2, 2)) }},
		{"i32", rounding, func(l *lab) *compute.Tensor { return host(l, l.ints([]int32{4, 1, -7})) }},
		{"weight", rounding, func(l *lab) *compute.Tensor { return host(l, l.weight(compute.F16, compute.UseAny, 33, 5)) }},
		{"result", rounding, func(l *lab) *compute.Tensor { return host(l, l.Unary(compute.SiLU, l.f32(17, 5))) }},
		{"views", rounding, func(l *lab) *compute.Tensor {
			x := l.f32(6, 5, 4)
			h := l.typed(compute.F16, 6, 5, 4)
			return host(l, l.Slice(x, 0, 1, 4), l.Permute(l.Slice(x, 2, 1, 2), [4]int{0, 2, 1, 3}), l.Transpose(l.Reshape(x, 30, 4)),
				l.Slice(h, 1, 2, 2), l.Transpose(h))
		}},
		{"caches", rounding, func(l *lab) *compute.Tensor { return host(l, cache(l, compute.F16), cache(l, compute.F32)) }},
		{"chained", rounding, func(l *lab) *compute.Tensor { return host(l, host(l, l.f32(3)), host(l, l.f32(2))) }},
		{"most sources", rounding, func(l *lab) *compute.Tensor {
			var src []*compute.Tensor
			for range compute.HostSources {
				src = append(src, l.f32(2))
			}
			return host(l, src...)
		}},
	}
	oracle, be := ref.New(2), open(t, "cpu")
	defer oracle.Close()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l, r := newLab(t, be), newLab(t, oracle)
			c.within.check(t, l.run(c.build(l)), r.run(c.build(r)))
		})
	}
}

// TestHostSeesNewInputsAndArrays: the function runs at every run, on what is there then.
func TestHostSeesNewInputsAndArrays(t *testing.T) {
	first := func(dst []float32, src []compute.HostTensor, part, parts int) {
		if part == 0 {
			dst[0] = src[0].Floats(0, 0, 0, 1)[0]
			dst[1] = compute.FromF16(src[1].Halves(1, 0, 0, 2)[1])
		}
	}
	test := func(t *testing.T, be compute.Backend) {
		l := newLab(t, be)
		a := l.state(compute.F16, 2, 3)
		x := l.Input("x", compute.F32, 1)
		out := l.Host(compute.HostOp{Name: "first", Do: first}, compute.Dims(2), x, l.Leaf(a))
		p := l.compile(out)
		for i := range 3 {
			half := binary.LittleEndian.AppendUint16(nil, compute.ToF16(float32(i)/2))
			if err := a.Write(6, half); err != nil {
				t.Fatal(err)
			}
			if err := p.Run(context.Background(), compute.In(x, []float32{float32(10 + i)})); err != nil {
				t.Fatal(err)
			}
			same(t, "run", l.read(p, out), float32(10+i), float32(i)/2)
		}
	}
	t.Run("ref", func(t *testing.T) {
		be := ref.New(2)
		defer be.Close()
		test(t, be)
	})
	t.Run("cpu", func(t *testing.T) { test(t, open(t, "cpu")) })
}

func TestHostIsRefused(t *testing.T) {
	op := compute.HostOp{Name: "packed attention", Do: sumSources(nil)}
	for _, c := range []struct {
		name  string
		build func(l *lab) *compute.Tensor
		words []string
	}{
		{"blocks", func(l *lab) *compute.Tensor {
			return l.Host(op, compute.Dims(5), l.weight(compute.Q8_0, compute.UseAny, 32, 2))
		}, []string{"packed attention", "q8_0", "[32 2]"}},
		{"shape", func(l *lab) *compute.Tensor { return l.Host(op, compute.Dims(5, 0)) }, []string{"packed attention", "[5 0]"}},
		{"sources", func(l *lab) *compute.Tensor {
			return l.Host(op, compute.Dims(5), slices.Repeat([]*compute.Tensor{l.f32(2)}, compute.HostSources+1)...)
		}, []string{"packed attention", "10 sources"}},
		{"function", func(l *lab) *compute.Tensor { return l.Host(compute.HostOp{Name: "nothing"}, compute.Dims(5)) }, []string{"nothing", "no function"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			be := ref.New(1)
			defer be.Close()
			l := newLab(t, be)
			l.Output(c.build(l))
			_, err := be.Compile(l.Graph)
			for _, w := range c.words {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
		})
	}
	t.Run("gpu", func(t *testing.T) {
		l := newLab(t, open(t, "vulkan:0"))
		l.Output(l.Host(op, compute.Dims(5), l.f32(3)))
		if _, err := l.be.Compile(l.Graph); err == nil || !strings.Contains(err.Error(), "packed attention runs on the processor only") {
			t.Errorf("a GPU takes it: %v", err)
		}
	})
}

func TestHostCountsItsFLOPs(t *testing.T) {
	g := compute.NewGraph()
	g.Host(compute.HostOp{Name: "sums", Do: sumSources(nil), FLOPs: 1234}, compute.Dims(5))
	if c := g.Cost(); c.FLOPs != 1234 {
		t.Errorf("%d FLOPs, want 1234", c.FLOPs)
	}
}

// TestHostCallsAreStable: ggml's threads come and go through Go 100 000 times, while the
// collector runs and programs are made and freed.
func TestHostCallsAreStable(t *testing.T) {
	be := open(t, "cpu")
	threads := max(1, be.Device().Threads)
	const ops, rebuilds = 100, 10
	runs := 100_000 / (ops * rebuilds * threads)
	stop := make(chan bool)
	defer close(stop)
	go func() { // keeps the collector at work
		var keep [][]byte
		for i := 0; ; i++ {
			select {
			case <-stop:
				runtime.KeepAlive(keep)
				return
			default:
			}
			if keep = append(keep, make([]byte, 1<<16)); len(keep) == 64 {
				keep = nil
				runtime.GC()
			}
		}
	}()
	var calls atomic.Int64
	add := func(dst []float32, src []compute.HostTensor, part, parts int) {
		calls.Add(1)
		garbage := make([]float32, 64)
		for i := part; i < len(dst); i += parts {
			garbage[i] = src[0].Floats(0, 0, 0, len(dst))[i] + 1
			dst[i] = garbage[i]
		}
	}
	if s, ok := be.(compute.Streaker); ok {
		s.Streak(true) // all threads take part, however small the graph
		defer s.Streak(false)
	}
	for range rebuilds {
		l := newLab(t, be)
		x := l.floats(make([]float32, 37), 37)
		for range ops {
			x = l.Host(compute.HostOp{Name: "add", Do: add}, compute.Dims(37), x)
		}
		l.Output(x)
		p, err := be.Compile(l.Graph)
		if err != nil {
			t.Fatal(err)
		}
		for range runs {
			if err := p.Run(context.Background(), l.in...); err != nil {
				t.Fatal(err)
			}
		}
		for i, v := range l.read(p, x) {
			if v != ops {
				t.Fatalf("element %d is %v after %d additions of 1", i, v, ops)
			}
		}
		p.Free()
	}
	if want := int64(ops * rebuilds * runs * threads); calls.Load() != want {
		t.Errorf("%d calls, want %d", calls.Load(), want)
	}
}

// BenchmarkHostCall gives the time of one operation that does nothing, on all threads.
func BenchmarkHostCall(b *testing.B) {
	be, _, err := device.Open("cpu", 0)
	if err != nil {
		b.Skip(err)
	}
	defer be.Close()
	l := compute.NewGraph()
	x := l.Input("x", compute.F32, 8)
	y := x
	const ops = 200
	for range ops {
		y = l.Host(compute.HostOp{Name: "nothing", Do: func([]float32, []compute.HostTensor, int, int) {}}, compute.Dims(8), y)
	}
	l.Output(y)
	p, err := be.Compile(l)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Free()
	if s, ok := be.(compute.Streaker); ok {
		s.Streak(true)
		defer s.Streak(false)
	}
	in := compute.In(x, make([]float32, 8))
	for b.Loop() {
		if err := p.Run(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*ops), "ns/call")
}
