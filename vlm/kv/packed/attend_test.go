package packed

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/compute/ref"
)

// backends gives ref and, where its libraries are installed, ggml's CPU.
func backends(t *testing.T, test func(t *testing.T, be compute.Backend)) {
	t.Run("ref", func(t *testing.T) {
		be := ref.New(2)
		defer be.Close()
		test(t, be)
	})
	t.Run("cpu", func(t *testing.T) {
		be, _, err := device.Open("cpu", 0)
		if err != nil {
			t.Skip(err)
		}
		defer be.Close()
		test(t, be)
	})
}

// plain is softmax attention in float64 over the rows that hidden does not name.
func plain(q, k, v []float32, heads, kvHeads, dim int, scale float64, bias []float64) []float32 {
	out := make([]float32, heads*dim)
	width := kvHeads * dim
	for h := range heads {
		c := h / (heads / kvHeads) * dim
		logits, top := make([]float64, len(bias)), math.Inf(-1)
		for r := range bias {
			for i := range dim {
				logits[r] += float64(q[h*dim+i]) * float64(k[r*width+c+i])
			}
			logits[r] = logits[r]*scale + bias[r]
			top = max(top, logits[r])
		}
		if math.IsInf(top, -1) {
			continue
		}
		total, sums := 0.0, make([]float64, dim)
		for r, l := range logits {
			p := math.Exp(l - top)
			total += p
			for i := range dim {
				sums[i] += p * float64(v[r*width+c+i])
			}
		}
		for i := range dim {
			out[h*dim+i] = float32(sums[i] / total)
		}
	}
	return out
}

// alike bounds each difference by 1e-5 of the number and the root mean square.
func alike(t *testing.T, got, want []float32) {
	t.Helper()
	rms := 0.0
	for _, w := range want {
		rms += float64(w) * float64(w)
	}
	rms = math.Sqrt(rms / float64(len(want)))
	for i, w := range want {
		if !(math.Abs(float64(got[i]-w)) <= 1e-5*(math.Abs(float64(w))+rms)) {
			t.Fatalf("number %d of %d is %v, want %v", i, len(want), got[i], w)
		}
	}
}

// trial is one attention: what is stored, the tail, and what must come out.
type trial struct {
	heads, kvHeads, dim int
	store               *Store
	typ                 compute.Type
	q, tailK, tailV     []float32
	mask                []float32 // nil for none
}

func (c trial) want(t *testing.T) []float32 {
	k, v := read(t, c.store)
	bias := make([]float64, c.store.Len())
	if c.mask == nil {
		bias = append(bias, make([]float64, len(c.tailK)/c.store.Width())...)
	}
	for _, m := range c.mask {
		bias = append(bias, float64(m))
	}
	return plain(c.q, append(k, c.tailK...), append(v, c.tailV...), c.heads, c.kvHeads, c.dim, c.scale(), bias)
}

func (c trial) scale() float64 { return 1 / math.Sqrt(float64(c.dim)) }

// halves rounds numbers to what F16 holds.
func halves(x []float32) (rounded []float32, stored []uint16) {
	for _, f := range x {
		h := compute.ToF16(f)
		rounded, stored = append(rounded, compute.FromF16(h)), append(stored, h)
	}
	return rounded, stored
}

// run attends as the decoder does: the tail is a view of an input, longer than itself.
func (c trial) run(t *testing.T, be compute.Backend) []float32 {
	t.Helper()
	g := compute.NewGraph()
	q := g.Input("q", compute.F32, c.dim, c.heads, 1)
	in := []compute.Binding{compute.In(q, c.q)}
	var tail [2]*compute.Tensor
	var mask *compute.Tensor
	width := c.store.Width()
	if rows := len(c.tailK) / width; rows > 0 {
		for i, x := range [][]float32{c.tailK, c.tailV} {
			padded := append(append([]float32{}, x...), make([]float32, 2*width)...)
			whole := g.Input(fmt.Sprint("tail ", i), c.typ, width, rows+2)
			tail[i] = g.Slice(whole, 1, 0, rows)
			if c.typ == compute.F16 {
				_, h := halves(padded)
				in = append(in, compute.In(whole, h))
			} else {
				in = append(in, compute.In(whole, padded))
			}
		}
		if c.mask != nil {
			mask = g.Input("mask", compute.F16, rows)
			_, h := halves(c.mask)
			in = append(in, compute.In(mask, h))
		}
	}
	turned := g.Permute(q, [4]int{0, 2, 1, 3})
	out := g.Output(Attend(g, turned, tail[0], tail[1], mask, c.store, c.heads, float32(c.scale())))
	p, err := be.Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Free()
	if err := p.Run(context.Background(), in...); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, c.heads*c.dim)
	if err := p.ReadFloats(out, got); err != nil {
		t.Fatal(err)
	}
	return got
}

// newTrial packs blocks of the given rows at random bits and makes a tail.
func newTrial(t *testing.T, r *rand.Rand, kvHeads, group, dim, tail int, typ compute.Type, masked bool, blocks ...int) trial {
	c := trial{heads: kvHeads * group, kvHeads: kvHeads, dim: dim, store: NewStore(kvHeads, dim), typ: typ}
	width := kvHeads * dim
	for _, rows := range blocks {
		if err := c.store.Append(pack(t, normal(r, rows*width), normal(r, rows*width), kvHeads, dim, split(r, rows, 4, 2, 8)...)); err != nil {
			t.Fatal(err)
		}
	}
	c.q = make([]float32, c.heads*dim)
	for i := range c.q {
		c.q[i] = float32(r.NormFloat64()) / 3
	}
	c.tailK, c.tailV = normal(r, tail*width), normal(r, tail*width)
	if typ == compute.F16 {
		c.tailK, _ = halves(c.tailK)
		c.tailV, _ = halves(c.tailV)
	}
	if masked {
		c.mask = make([]float32, tail)
		for i := range c.mask {
			switch r.IntN(4) {
			case 0:
				c.mask[i] = minusInf
				for j := range width { // is never read
					c.tailK[i*width+j], c.tailV[i*width+j] = float32(math.Inf(1)), float32(math.Inf(-1))
				}
			case 1:
				c.mask[i] = -0.5
			}
		}
	}
	return c
}

func (c trial) clean() trial { // hidden rows as zeros, for the plain sum
	c.tailK, c.tailV = append([]float32{}, c.tailK...), append([]float32{}, c.tailV...)
	for i, m := range c.mask {
		if m == minusInf {
			clear(c.tailK[i*c.store.Width():][:c.store.Width()])
			clear(c.tailV[i*c.store.Width():][:c.store.Width()])
		}
	}
	return c
}

func TestAttentionIsThatOfTheExpandedRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var trials []trial
	for _, shape := range [][2]int{{1, 8}, {1, 64}, {2, 32}, {3, 64}, {2, 128}, {4, 128}, {5, 32}, {6, 32}, {4, 12}, {8, 8}} {
		for group := 1; group <= 4; group++ {
			typ := []compute.Type{compute.F16, compute.F32}[r.IntN(2)]
			sizes := [][]int{{1}, {3, 40}, {101, 1, 33}, {700}, {1300, 100}}[r.IntN(5)]
			trials = append(trials, newTrial(t, r, shape[0], group, shape[1], []int{1, 5, 37, 256}[r.IntN(4)], typ, r.IntN(2) == 0, sizes...))
		}
	}
	// Each alone: no tail, no entries.
	trials = append(trials, newTrial(t, r, 3, 3, 64, 0, compute.F32, false, 50), newTrial(t, r, 3, 3, 64, 70, compute.F16, true),
		newTrial(t, r, 2, 1, 32, 600, compute.F32, false, 30))
	backends(t, func(t *testing.T, be compute.Backend) {
		for _, c := range trials {
			t.Run(fmt.Sprintf("%d×%d heads of %d, %d+%d rows", c.kvHeads, c.heads/c.kvHeads, c.dim, c.store.Len(), len(c.tailK)/c.store.Width()), func(t *testing.T) {
				alike(t, c.run(t, be), c.clean().want(t))
			})
		}
	})
}

// TestNothingToSee: as in flash attention, the result is zero.
func TestNothingToSee(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	c := newTrial(t, r, 2, 2, 32, 9, compute.F16, false)
	c.mask = make([]float32, 9)
	for i := range c.mask {
		c.mask[i] = minusInf
	}
	backends(t, func(t *testing.T, be compute.Backend) {
		for i, got := range c.run(t, be) {
			if got != 0 {
				t.Fatalf("number %d is %v", i, got)
			}
		}
	})
	withStore := newTrial(t, r, 2, 2, 32, 9, compute.F16, false, 77)
	withStore.mask = c.mask
	backends(t, func(t *testing.T, be compute.Backend) { alike(t, withStore.run(t, be), withStore.want(t)) })
}

// TestThreadsDoNotChangeTheResult: shares are the same whoever works them out.
func TestThreadsDoNotChangeTheResult(t *testing.T) {
	c := newTrial(t, rand.New(rand.NewPCG(7, 7)), 3, 3, 64, 100, compute.F16, false, 900, 100)
	var first []float32
	for threads := 1; threads <= 3; threads++ {
		be, _, err := device.Open("cpu", threads)
		if err != nil {
			t.Skip(err)
		}
		got := c.run(t, be)
		be.Close()
		if first == nil {
			first = got
		}
		for i := range got {
			if got[i] != first[i] {
				t.Fatalf("number %d is %v on %d threads and %v on one", i, got[i], threads, first[i])
			}
		}
	}
}

// TestStoreIsReadAtEveryRun: one program sees entries come and go.
func TestStoreIsReadAtEveryRun(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	backends(t, func(t *testing.T, be compute.Backend) {
		c := newTrial(t, r, 2, 2, 32, 0, compute.F32, false, 40)
		g := compute.NewGraph()
		q := g.Input("q", compute.F32, 32, 4)
		out := g.Output(Attend(g, q, nil, nil, nil, c.store, c.heads, float32(c.scale())))
		if cost, want := g.Cost().FLOPs, int64(4*4*32*40); cost != want {
			t.Errorf("%d FLOPs, want %d", cost, want)
		}
		p, err := be.Compile(g)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Free()
		check := func() {
			t.Helper()
			if err := p.Run(context.Background(), compute.In(q, c.q)); err != nil {
				t.Fatal(err)
			}
			got := make([]float32, 4*32)
			if err := p.ReadFloats(out, got); err != nil {
				t.Fatal(err)
			}
			alike(t, got, c.want(t))
		}
		check()
		more := pack(t, normal(r, 300*64), normal(r, 300*64), 2, 32, split(r, 300, 4, 2)...)
		if err := c.store.Append(more); err != nil {
			t.Fatal(err)
		}
		check()
		if err := c.store.Remove(r.Perm(340)[:200]); err != nil {
			t.Fatal(err)
		}
		check()
	})
}

func TestWrongTensorsAreRefused(t *testing.T) {
	store := NewStore(2, 32)
	in := func(g *compute.Graph, typ compute.Type, dims ...int) *compute.Tensor {
		return g.Input("x", typ, dims...)
	}
	for want, build := range map[string]func(g *compute.Graph) *compute.Tensor{
		"5 heads cannot share 2": func(g *compute.Graph) *compute.Tensor {
			return Attend(g, in(g, compute.F32, 160), nil, nil, nil, store, 5, 1)
		},
		"q f32 [32 3]": func(g *compute.Graph) *compute.Tensor {
			return Attend(g, in(g, compute.F32, 32, 3), nil, nil, nil, store, 4, 1)
		},
		"go together": func(g *compute.Graph) *compute.Tensor {
			return Attend(g, in(g, compute.F32, 128), in(g, compute.F16, 64, 3), nil, nil, store, 4, 1)
		},
		"tail f16 [64 4]": func(g *compute.Graph) *compute.Tensor {
			return Attend(g, in(g, compute.F32, 128), in(g, compute.F16, 64, 3), in(g, compute.F16, 64, 4), nil, store, 4, 1)
		},
		"mask f16 [5]": func(g *compute.Graph) *compute.Tensor {
			return Attend(g, in(g, compute.F32, 128), in(g, compute.F16, 64, 3), in(g, compute.F16, 64, 3), in(g, compute.F16, 5), store, 4, 1)
		},
	} {
		be := ref.New(1)
		g := compute.NewGraph()
		g.Output(build(g))
		if _, err := be.Compile(g); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
		be.Close()
	}
}
