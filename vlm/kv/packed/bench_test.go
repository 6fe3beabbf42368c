package packed

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
)

// BenchmarkAttention compares one decoding step's attention over 4096 cached tokens, half of
// them in 4 bits and half in 2 (but for a full-precision tail of 100), with ggml's flash
// attention over all of them in F16. Both go through several layers of different rows, as
// decoding does, and alternate. "ratio" is packed time by flash time: below 1 is faster.
func BenchmarkAttention(b *testing.B) {
	for _, c := range []struct {
		name                        string
		heads, kvHeads, dim, layers int
	}{
		{"SmolLM2-135M", 9, 3, 64, 16},
		{"LLaVA-1.5-7B", 32, 32, 128, 3},
		{"llava-sprites", 6, 6, 32, 6},
	} {
		b.Run(c.name, func(b *testing.B) {
			be, _, err := device.Open("cpu", 0)
			if err != nil {
				b.Skip(err)
			}
			defer be.Close()
			if s, ok := be.(compute.Streaker); ok {
				s.Streak(true)
				defer s.Streak(false)
			}
			const tokens, tail, padded = 4096, 100, 256
			r := rand.New(rand.NewPCG(9, 9))
			width := c.kvHeads * c.dim
			rows := make([]float32, tokens*width)
			for i := range rows {
				rows[i] = r.Float32() - 0.5
			}
			var half []byte
			for _, f := range rows {
				half = binary.LittleEndian.AppendUint16(half, compute.ToF16(f))
			}
			state := func(n int) compute.Array {
				a, err := be.State("kv", compute.F16, compute.Dims(width, n))
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(a.Free)
				if err := a.Write(0, half[:2*n*width]); err != nil {
					b.Fatal(err)
				}
				return a
			}
			query := rows[:c.heads*c.dim]
			scale := float32(1 / math.Sqrt(float64(c.dim)))
			program := func(keys, open int, attend func(g *compute.Graph, q, mask *compute.Tensor) *compute.Tensor) func() time.Duration {
				g := compute.NewGraph()
				q := g.Input("q", compute.F32, c.dim, 1, c.heads)
				mask := g.Input("mask", compute.F16, keys, 1)
				for range c.layers {
					g.Output(attend(g, q, mask))
				}
				p, err := be.Compile(g)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(p.Free)
				m := make([]uint16, keys)
				for i := open; i < keys; i++ {
					m[i] = compute.MinusInfF16
				}
				in := []compute.Binding{compute.In(q, query), compute.In(mask, m)}
				return func() time.Duration {
					start := time.Now()
					if err := p.Run(context.Background(), in...); err != nil {
						b.Fatal(err)
					}
					return time.Since(start) / time.Duration(c.layers)
				}
			}
			flash := program(tokens, tokens, func(g *compute.Graph, q, mask *compute.Tensor) *compute.Tensor {
				head := func() *compute.Tensor {
					return g.Permute(g.Reshape(g.Leaf(state(tokens)), c.dim, c.kvHeads, tokens), [4]int{0, 2, 1, 3})
				}
				return g.FlashAttn(q, head(), head(), mask, scale)
			})
			classes := []Class{{Bits: 4}, {Bits: 2}}
			for i := range tokens - tail {
				classes[i%2].Rows = append(classes[i%2].Rows, i)
			}
			block, err := Pack(rows, rows, c.kvHeads, c.dim, classes)
			if err != nil {
				b.Fatal(err)
			}
			packed := program(padded, tail, func(g *compute.Graph, q, mask *compute.Tensor) *compute.Tensor {
				s := NewStore(c.kvHeads, c.dim)
				if err := s.Append(block.copied()); err != nil {
					b.Fatal(err)
				}
				return Attend(g, q, g.Leaf(state(padded)), g.Leaf(state(padded)), mask, s, c.heads, scale)
			})
			var times [2][]time.Duration
			var ratios []float64
			for b.Loop() {
				f, p := flash(), packed()
				times[0], times[1] = append(times[0], f), append(times[1], p)
				ratios = append(ratios, float64(p)/float64(f))
			}
			slices.Sort(times[0])
			slices.Sort(times[1])
			slices.Sort(ratios)
			b.ReportMetric(float64(times[0][len(times[0])/2].Microseconds()), "µs-flash")
			b.ReportMetric(float64(times[1][len(times[1])/2].Microseconds()), "µs-packed")
			b.ReportMetric(ratios[len(ratios)/2], "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// copied has memory of its own, so that layers do not warm each other's caches.
func (b *Block) copied() *Block {
	out := &Block{kvHeads: b.kvHeads, dim: b.dim, scale: slices.Clone(b.scale)}
	for _, s := range b.sections {
		c := *s
		c.keys, c.values = slices.Clone(s.keys), slices.Clone(s.values)
		out.sections = append(out.sections, &c)
	}
	return out
}
