package encoder

import (
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/native"
)

// open gives a backend, or skips the test where its libraries are not installed.
func open(t *testing.T, id string) compute.Backend {
	t.Helper()
	if id != "ref" {
		if _, err := native.Find(id); err != nil {
			if text := err.Error(); strings.Contains(text, "not installed") || strings.Contains(text, "no native libraries") {
				t.Skip(err) // names the command
			}
			t.Fatal(err)
		}
	}
	be, _, err := device.Open(id, 1) // one thread: on a busy machine several wait for each other at every operation
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return be
}

// onEach runs a test on the processor through ggml and in plain Go.
func onEach(t *testing.T, test func(t *testing.T, be compute.Backend)) {
	for _, id := range []string{"ref", "cpu"} {
		t.Run(id, func(t *testing.T) { test(t, open(t, id)) })
	}
}

// memory is a source of tensors.
type memory map[string]*checkpoint.Tensor

func (m memory) Tensor(name string) (*checkpoint.Tensor, bool) {
	t, ok := m[name]
	return t, ok
}

func (m memory) put(name string, v []float32, shape ...int) {
	b, err := checkpoint.Quantize(checkpoint.F32, v)
	if err != nil {
		panic(err)
	}
	dims := slices.Clone(shape)
	slices.Reverse(dims)
	m[name] = &checkpoint.Tensor{Name: name, Type: checkpoint.F32, Dims: dims, Data: b}
}

// run computes a graph's outputs.
func run(t *testing.T, be compute.Backend, g *compute.Graph, outputs []*compute.Tensor, in ...compute.Binding) [][]float32 {
	t.Helper()
	for _, o := range outputs {
		g.Output(o)
	}
	p, err := be.Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Free()
	if err := p.Run(t.Context(), in...); err != nil {
		t.Fatal(err)
	}
	out := make([][]float32, len(outputs))
	for i, o := range outputs {
		out[i] = make([]float32, o.Shape.Elements())
		if err := p.ReadFloats(o, out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// apart is the largest difference; infinite where one is no number or they differ in length.
func apart[T float32 | float64](got []float32, want []T) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var top float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		top = max(top, d)
	}
	return top
}
