package llama

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute/device"
)

// tiny writes a decoder file of one layer in memory, its matrices in type t.
func tiny(t testing.TB, typ checkpoint.Type, hidden, ffn, layers int) *checkpoint.File {
	return tinyOf(t, "llama", typ, hidden, ffn, layers)
}

func tinyOf(t testing.TB, arch string, typ checkpoint.Type, hidden, ffn, layers int) *checkpoint.File {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	matrix := func(name string, in, out int) checkpoint.WriteTensor {
		x := make([]float32, in*out)
		for i := range x {
			x[i] = float32(r.NormFloat64()) * 0.1
		}
		data, err := checkpoint.Quantize(typ, x)
		if err != nil {
			t.Fatal(err)
		}
		return checkpoint.WriteTensor{Name: name, Type: typ, Dims: []int{in, out}, Data: data}
	}
	ones := func(name string) checkpoint.WriteTensor {
		x := make([]float32, hidden)
		for i := range x {
			x[i] = 1
		}
		data, _ := checkpoint.Quantize(checkpoint.F32, x)
		return checkpoint.WriteTensor{Name: name, Type: checkpoint.F32, Dims: []int{hidden}, Data: data}
	}
	const vocabulary = 64
	tensors := []checkpoint.WriteTensor{matrix("token_embd.weight", hidden, vocabulary), ones("output_norm.weight")}
	for l := range layers {
		p := "blk." + string(rune('0'+l)) + "."
		tensors = append(tensors, ones(p+"attn_norm.weight"), ones(p+"ffn_norm.weight"),
			matrix(p+"attn_q.weight", hidden, hidden), matrix(p+"attn_k.weight", hidden, hidden),
			matrix(p+"attn_v.weight", hidden, hidden), matrix(p+"attn_output.weight", hidden, hidden),
			matrix(p+"ffn_gate.weight", hidden, ffn), matrix(p+"ffn_up.weight", hidden, ffn), matrix(p+"ffn_down.weight", ffn, hidden))
	}
	kv := []checkpoint.KV{{Key: "general.architecture", Value: arch}, {Key: arch + ".block_count", Value: uint32(layers)},
		{Key: arch + ".embedding_length", Value: uint32(hidden)}, {Key: arch + ".feed_forward_length", Value: uint32(ffn)},
		{Key: arch + ".attention.head_count", Value: uint32(hidden / 32)}, {Key: arch + ".context_length", Value: uint32(512)}}
	var buf bytes.Buffer
	if err := checkpoint.Write(&buf, kv, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.OpenBytes("tiny.gguf", buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func BenchmarkGather(b *testing.B) {
	backend, _, err := device.Open("cpu", 0)
	if err != nil {
		b.Skip(err)
	}
	defer backend.Close()
	d, err := Load(tiny(b, checkpoint.Q8_0, 192, 512, 1), backend)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	list := make([]int, 204)
	for i := range list {
		list[i] = i * 5 / 2
	}
	for b.Loop() {
		f, err := d.Gather(0, list)
		if err != nil {
			b.Fatal(err)
		}
		f.Free()
	}
}
