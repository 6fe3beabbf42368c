package tensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/ref"
)

// file is a safetensors file of F32 tensors of the shape [numbers/2, 2].
func file(tensors map[string][]float32) []byte {
	header := map[string]any{}
	var data []byte
	for name, v := range tensors {
		b, err := checkpoint.Quantize(checkpoint.F32, v)
		if err != nil {
			panic(err)
		}
		header[name] = map[string]any{"dtype": "F32", "shape": []int{len(v) / 2, 2}, "data_offsets": []int{len(data), len(data) + len(b)}}
		data = append(data, b...)
	}
	h, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(h))), h...), data...)
}

// folder writes files; those of tensors are given as map, others as text.
func folder(t *testing.T, files map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	for name, v := range files {
		data, isText := v.(string)
		content := []byte(data)
		if !isText {
			content = file(v.(map[string][]float32))
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenFindsTheWeights(t *testing.T) {
	one := func(v float32) map[string][]float32 { return map[string][]float32{"a": {v, 0}} }
	for _, c := range []struct {
		files map[string]any
		want  float32
	}{
		{map[string]any{"diffusion_pytorch_model.safetensors": one(1), "diffusion_pytorch_model.fp16.safetensors": one(2)}, 1},
		{map[string]any{"diffusion_pytorch_model.fp16.safetensors": one(2), "other.safetensors": one(3)}, 2},
		{map[string]any{"model.safetensors": one(4)}, 4},
		{map[string]any{"diffusion_pytorch_model.safetensors.index.json": `{"weight_map":{"b":"y.safetensors","a":"x.safetensors"}}`,
			"x.safetensors": one(5), "y.safetensors": map[string][]float32{"b": {6, 0}}}, 5},
	} {
		f, err := Open(folder(t, c.files))
		if err != nil {
			t.Error(err)
			continue
		}
		x, ok := f.Tensor("a")
		if !ok {
			t.Errorf("%v: tensor a is not found", c.files)
			continue
		}
		if v, err := x.Float32(); err != nil || v[0] != c.want {
			t.Errorf("%v gives %v (%v)", c.files, v, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	for says, files := range map[string]map[string]any{
		"has no weights":       {"other.safetensors": one(1)},
		"outside its folder":   {"model.safetensors.index.json": `{"weight_map":{"a":"../x.safetensors"}}`},
		"readable weight_map":  {"model.safetensors.index.json": `{}`},
		"y.safetensors":        {"model.safetensors.index.json": `{"weight_map":{"a":"x.safetensors","b":"y.safetensors"}}`, "x.safetensors": one(1)},
		"too few for a safete": {"model.safetensors": "short"},
	} {
		if _, err := Open(folder(t, files)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// TestAnIndexSaysWhichTensorsAreMeant: what a shared file has beyond the index is not there.
func TestAnIndexSaysWhichTensorsAreMeant(t *testing.T) {
	f, err := Open(folder(t, map[string]any{
		"model.gguf.index.json": `{"weight_map":{"a":"shared.safetensors","b":"own.safetensors","d":"own.safetensors"}}`,
		"shared.safetensors":    map[string][]float32{"a": {1, 0}, "b": {2, 0}, "c": {3, 0}},
		"own.safetensors":       map[string][]float32{"b": {4, 0}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]float32{"a": 1, "b": 4} {
		x, ok := f.Tensor(name)
		if !ok {
			t.Fatalf("tensor %s is not found", name)
		}
		if v, err := x.Float32(); err != nil || v[0] != want {
			t.Errorf("%s is %v (%v), want %v", name, v, err, want)
		}
	}
	for _, name := range []string{"c", "d"} {
		if _, ok := f.Tensor(name); ok {
			t.Errorf("there is a tensor %s", name)
		}
	}
}

// memory is a source of tensors.
type memory map[string]checkpoint.Tensor

func (m memory) Tensor(name string) (*checkpoint.Tensor, bool) {
	t, ok := m[name]
	return &t, ok
}

func (m memory) put(name string, typ checkpoint.Type, v []float32, shape ...int) {
	b, err := checkpoint.Quantize(typ, v)
	if err != nil {
		panic(err)
	}
	dims := slices.Clone(shape)
	slices.Reverse(dims)
	m[name] = checkpoint.Tensor{Name: name, Type: typ, Dims: dims, Data: b}
}

func ramp(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(i%17) - 8
	}
	return out
}

// TestPartsBecomeOneLayer: rows and biases of several parts follow each other, whatever their
// types are.
func TestPartsBecomeOneLayer(t *testing.T) {
	m := memory{}
	for i, typ := range []checkpoint.Type{checkpoint.F32, checkpoint.F16, checkpoint.BF16} {
		m.put(fmt.Sprintf("p.%d.weight", i), typ, ramp(3 * 64)[i : 3*64-4*i+3*i][:2*64], 2, 64)
		m.put(fmt.Sprintf("p.%d.bias", i), checkpoint.F16, []float32{float32(i), -1}, 2)
	}
	be := ref.New(1)
	defer be.Close()
	for storage, want := range map[Storage]compute.Type{AsStored: compute.F32, Exact: compute.F32, Halves: compute.F16, Bytes: compute.Q8_0} {
		l := NewLoader(m, be, storage)
		p := l.Linear("p.", 64, 2, "0", "1", "2")
		set, err := l.Done()
		if err != nil {
			t.Fatal(err)
		}
		if p.Weight.Type() != want || p.Weight.Shape() != compute.Dims(64, 6) || set.Parameters != 6*64+6 {
			t.Errorf("storage %d: %v %v, %d parameters", storage, p.Weight.Type(), p.Weight.Shape(), set.Parameters)
		}
		g := compute.NewGraph()
		x := g.Input("x", compute.F32, 64, 1)
		y := g.Output(p.Apply(g, x))
		program, err := be.Compile(g)
		if err != nil {
			t.Fatal(err)
		}
		in := make([]float32, 64)
		in[3] = 1
		got := make([]float32, 6)
		if err := program.Run(t.Context(), compute.In(x, in)); err != nil {
			t.Fatal(err)
		}
		if err := program.ReadFloats(y, got); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			part := ramp(3 * 64)[i/2:]
			bias := []float32{float32(i / 2), -1}[i%2]
			if w := part[i%2*64+3] + bias; math.Abs(float64(got[i]-w)) > 0.05 {
				t.Errorf("storage %d: output %d is %v, want %v", storage, i, got[i], w)
			}
		}
		set.Free()
	}
}

func TestFirstErrorStays(t *testing.T) {
	be := ref.New(1)
	defer be.Close()
	m := memory{}
	m.put("a.weight", checkpoint.F32, ramp(8), 2, 4)
	m.put("nan.weight", checkpoint.F32, []float32{1, 2, 3, float32(math.Inf(1))}, 2, 2)
	m.put("block.weight", checkpoint.Q8_0, ramp(5*64), 5, 64)
	m["block.weight"].Data[2*68+35] = 0x7e // the scale of the third row's second block
	m["int.weight"] = checkpoint.Tensor{Name: "int.weight", Type: checkpoint.I64, Dims: []int{2, 2}, Data: make([]byte, 32)}
	for says, read := range map[string]func(l *Loader){
		`no tensor "b"`:   func(l *Loader) { l.Vector("b", 3); l.Vector("c", 3) },
		"has shape [2 4]": func(l *Loader) { l.Linear("", 3, 2, "a") },
		"holds +Inf":      func(l *Loader) { l.Linear("", 2, 2, "nan") },
		`"block.weight": a block of row 2 is no number`: func(l *Loader) { l.Linear("", 64, 5, "block") },
		"stored as i64": func(l *Loader) { l.Linear("", 2, 2, "int") },
	} {
		l := NewLoader(m, be, AsStored)
		read(l)
		if _, err := l.Done(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if be.MemoryUsed() != 0 {
		t.Errorf("%d bytes stay after errors", be.MemoryUsed())
	}
}
