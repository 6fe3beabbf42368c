package checkpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// safe makes a safetensors file of a header and n data bytes.
func safe(header string, n int) []byte {
	b := append(u64(uint64(len(header))), header...)
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

const safeHeader = `{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"a":{"dtype":"I64","shape":[],"data_offsets":[24,32]},"h":{"dtype":"BF16","shape":[4],"data_offsets":[32,40]}}   `

func TestSafetensors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := os.WriteFile(path, safe(safeHeader, 40), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	b, ok := s.Tensor("b")
	if !ok || b.Type != F32 || !reflect.DeepEqual(b.Dims, []int{3, 2}) || len(b.Data) != 24 || b.Data[1] != 1 {
		t.Errorf("b is %+v", b)
	}
	if a, ok := s.Tensor("a"); !ok || a.Type != I64 || !reflect.DeepEqual(a.Dims, []int{1}) || a.Data[0] != 24 {
		t.Errorf("a is %+v", a)
	}
	if s.Metadata["format"] != "pt" || s.Tensors[0].Name != "a" || len(s.Tensors) != 3 {
		t.Errorf("metadata %v, tensors %v", s.Metadata, s.Tensors)
	}
	if err := s.Close(); err != nil || b.Data != nil {
		t.Errorf("closing: %v", err)
	}
}

func TestShards(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	one := func(tensor string) string {
		return string(safe(fmt.Sprintf(`{"%s":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, tensor), 2))
	}
	open := func(says string) {
		t.Helper()
		s, err := OpenSafetensors(dir)
		if says == "" {
			if err != nil || len(s.Tensors) != 2 {
				t.Errorf("%v", err)
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	open("has neither")
	write("1.safetensors", one("x"))
	write("2.safetensors", one("y"))
	write(indexName, `{"weight_map":{"x":"1.safetensors","y":"2.safetensors"}}`)
	open("")
	write(indexName, `{"weight_map":{"x":"1.safetensors","z":"2.safetensors"}}`)
	open("do not belong together")
	write(indexName, `{"weight_map":{"x":"../1.safetensors"}}`)
	open("outside its folder")
	write(indexName, `{"weight_map":{"x":"3.safetensors"}}`)
	open("cannot open")
	write(indexName, `{"weight_map":[]}`)
	open("weight_map")
	write("2.safetensors", one("x"))
	write(indexName, `{"weight_map":{"x":"1.safetensors","y":"2.safetensors"}}`)
	open("twice")
}

func TestCorruptSafetensors(t *testing.T) {
	entry := func(e string) []byte { return safe(`{"w":`+e+`}`, 16) }
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"too short":        {[]byte{1, 2}, "too few"},
		"lying length":     {append(u64(1<<40), "{}"...), "claims a header"},
		"huge length":      {append(u64(1<<63), "{}"...), "claims a header"},
		"no JSON":          {safe("hello", 0), "not valid JSON"},
		"a list":           {safe("[]", 0), "not valid JSON"},
		"cut JSON":         {safe(`{"w":{"dtype"`, 0), "not valid JSON"},
		"entry a number":   {entry("5"), `"w" has no readable`},
		"unknown type":     {entry(`{"dtype":"F4","shape":[2],"data_offsets":[0,8]}`), `"w" has the type "F4"`},
		"negative shape":   {entry(`{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}`), "impossible shape"},
		"overflow":         {entry(`{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]}`), "impossible shape"},
		"one offset":       {entry(`{"dtype":"F32","shape":[2],"data_offsets":[0]}`), "no readable"},
		"negative offset":  {entry(`{"dtype":"F32","shape":[2],"data_offsets":[-1,7]}`), "no readable"},
		"turned offsets":   {entry(`{"dtype":"F32","shape":[2],"data_offsets":[8,0]}`), "cut short"},
		"beyond the end":   {entry(`{"dtype":"F32","shape":[2],"data_offsets":[16,24]}`), "cut short"},
		"another size":     {entry(`{"dtype":"F32","shape":[2],"data_offsets":[0,12]}`), "takes 8 bytes, but has 12"},
		"the same twice":   {safe(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "twice"},
		"overlap":          {safe(`{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"v":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), "overlap"},
		"cut tensor":       {safe(safeHeader, 39), "cut short"},
		"shape with float": {entry(`{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}`), "no readable"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := OpenSafetensorsBytes("m.safetensors", c.b); err == nil || !strings.HasPrefix(err.Error(), "m.safetensors") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one with %q", err, c.says)
			}
		})
	}
}

// TestGoldenHFFiles opens every reference checkpoint, the sharded one included.
func TestGoldenHFFiles(t *testing.T) {
	root := os.Getenv("WINNOW_GOLDEN_HF")
	if root == "" {
		t.Skip("set WINNOW_GOLDEN_HF to the folder of reference checkpoints")
	}
	for name, tensor := range map[string]string{"llava-1.5": "language_model.lm_head.weight", "qwen2-vl": "model.embed_tokens.weight", "clip": "logit_scale"} {
		s, err := OpenSafetensors(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		v, ok := s.Tensor(tensor)
		if !ok {
			t.Fatalf("%s has no %s", name, tensor)
		}
		if _, err := v.Float32(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzSafetensorsHeader(f *testing.F) {
	f.Add(safe(safeHeader, 40))
	f.Add(safe(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := OpenSafetensorsBytes("f", b)
		if err != nil {
			return
		}
		for i := range s.Tensors {
			v := &s.Tensors[i]
			if v.Type.RowBytes(v.Elements()) != len(v.Data) {
				t.Fatalf("tensor %q has %d bytes for %v %v", v.Name, len(v.Data), v.Type, v.Dims)
			}
		}
	})
}
