package pixart

import (
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

// TestProductsAreAnEvaluations: the arithmetic counted is an evaluation's, whichever way attention
// goes, for networks with and without further conditions.
func TestProductsAreAnEvaluations(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		m := smallModel(t, be, tensors.AsStored)
		want, err := m.Cost(smallSize, 0)
		if err != nil {
			t.Fatal(err)
		}
		used := int64(0)
		for i, fused := range []bool{false, true, false} {
			p, err := m.NewProducts(smallSize, fused)
			if err != nil {
				t.Fatal(err)
			}
			if p.FLOPs != want.FLOPs {
				t.Errorf("fused %v: %d FLOPs, an evaluation has %d", fused, p.FLOPs, want.FLOPs)
			}
			if err := p.Run(ctx); err != nil {
				t.Error(err)
			}
			p.Close()
			if now := be.MemoryUsed(); i == 0 {
				used = now // plain Go has widened the weights
			} else if now != used {
				t.Errorf("fused %v: %d bytes stay", fused, now-used)
			}
		}
		if _, err := m.NewProducts(Size{2, 33, 32, 5}, false); err == nil {
			t.Error("33 cells were divided into patches of 4")
		}
	})
}

// TestProductsOfConditions counts a network that is told the picture's size.
func TestProductsOfConditions(t *testing.T) {
	c := small
	c.Heads, c.HeadDim, c.Conditioned = 3, 16, true // a third of the width each
	source := noise(c)
	for _, name := range []string{"resolution", "aspect_ratio"} {
		p := "adaln_single.emb." + name + "_embedder.linear_"
		source.put(p+"1.weight", 16, sinusoids)
		source.put(p+"1.bias", 16)
		source.put(p+"2.weight", 16, 16)
		source.put(p+"2.bias", 16)
	}
	m, err := New(c, source, computetest.Open(t, "ref"), tensors.AsStored)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	want, err := m.Cost(smallSize, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.NewProducts(smallSize, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.FLOPs != want.FLOPs {
		t.Errorf("%d FLOPs, an evaluation has %d", p.FLOPs, want.FLOPs)
	}
}
