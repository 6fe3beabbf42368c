package llama

import (
	"slices"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute/device"
)

// TestReLUGate: relu(2g)·(u/2) is relu(g)·u to the last bit, and no other activation has that.
func TestReLUGate(t *testing.T) {
	scaled := func(arch string, gate, up float32) []float32 {
		backend, _, err := device.Open("cpu", 1)
		if err != nil {
			t.Skip(err)
		}
		defer backend.Close()
		f := tinyOf(t, arch, checkpoint.F32, 64, 96, 2)
		for i := range f.Tensors {
			x, by := &f.Tensors[i], float32(1)
			switch x.Name[len("blk.0."):] {
			case "ffn_gate.weight":
				by = gate
			case "ffn_up.weight":
				by = up
			}
			v, err := x.Float32()
			if err != nil {
				t.Fatal(err)
			}
			for j := range v {
				v[j] *= by
			}
			if x.Data, err = checkpoint.Quantize(checkpoint.F32, v); err != nil {
				t.Fatal(err)
			}
		}
		d, err := Load(f, backend)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if want := activations[arch]; d.Describe().Activation != want {
			t.Errorf("%s is said to have %q", arch, d.Describe().Activation)
		}
		return logits(t, d, nil)
	}
	if a, b := scaled("llama-relu", 1, 1), scaled("llama-relu", 2, 0.5); !slices.Equal(a, b) {
		t.Error("the gate of llama-relu is not relu")
	}
	if a, b := scaled("llama", 1, 1), scaled("llama", 2, 0.5); slices.Equal(a, b) {
		t.Error("the gate of llama is relu")
	}
	if a, b := scaled("llama", 1, 1), scaled("llama-relu", 1, 1); slices.Equal(a, b) {
		t.Error("llama and llama-relu compute the same")
	}
}
