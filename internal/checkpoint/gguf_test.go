package checkpoint

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// sample is a small file with every kind of metadata and three tensors.
func sample(t testing.TB) []byte {
	var b bytes.Buffer
	err := Write(&b, sampleKV(), []WriteTensor{
		{Name: "a", Type: F32, Dims: []int{3}, Data: make([]byte, 12)},
		{Name: "b.weight", Type: Q8_0, Dims: []int{64, 2}, Load: func() ([]byte, error) { return bytes.Repeat([]byte{7}, 136), nil }},
		{Name: "c", Type: F16, Dims: []int{2, 1, 2}, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sampleKV() []KV {
	return []KV{
		{"general.architecture", "llama"}, {"u8", uint8(200)}, {"i8", int8(-1)}, {"u16", uint16(60000)}, {"i16", int16(-2)},
		{"u32", uint32(4e9)}, {"i32", int32(-3)}, {"u64", uint64(math.MaxUint64)}, {"i64", int64(-4)}, {"f32", float32(1.5)},
		{"f64", 2.5}, {"yes", true}, {"text", "größe"}, {"texts", []string{"a", "", "b"}}, {"bools", []bool{true, false}},
		{"bytes", []uint8{1, 2}}, {"ints", []int32{-1, 2}}, {"uints", []uint32{3}}, {"longs", []int64{-5}}, {"ulongs", []uint64{6}},
		{"floats", []float32{0.5}}, {"empty", []string{}},
	}
}

func TestWriteThenOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := os.WriteFile(path, sample(t), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range sampleKV() {
		if !reflect.DeepEqual(f.KV[e.Key], e.Value) || f.Keys[i] != e.Key {
			t.Errorf("%s is %#v, want %#v", e.Key, f.KV[e.Key], e.Value)
		}
	}
	if f.Arch != "llama" || len(f.Tensors) != 3 {
		t.Errorf("arch %q, %d tensors", f.Arch, len(f.Tensors))
	}
	b, ok := f.Tensor("b.weight")
	if !ok || b.Type != Q8_0 || !reflect.DeepEqual(b.Dims, []int{64, 2}) || len(b.Data) != 136 || b.Data[5] != 7 || b.Offset%32 != 0 || b.Elements() != 128 {
		t.Errorf("tensor b is %+v", b)
	}
	if _, ok := f.Tensor("nothing"); ok {
		t.Error("a tensor that is not there is found")
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Error(err)
	}
	if f.Tensors[0].Data != nil {
		t.Error("a closed file still shows its map")
	}
}

func TestGetters(t *testing.T) {
	f, err := OpenBytes("m", sample(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want any }{
		{f.Uint("u8", 1), uint64(200)}, {f.Uint("i8", 1), uint64(1)}, {f.Uint("u64", 1), uint64(math.MaxUint64)}, {f.Uint("text", 1), uint64(1)},
		{f.Int("i32", 1), -3}, {f.Int("u64", 1), 1}, {f.Int("none", 9), 9}, {f.Float("f32", 0), 1.5}, {f.Float("f64", 0), 2.5},
		{f.Float("u16", 0), 60000.0}, {f.Float("text", 7), 7.0}, {f.String("text", ""), "größe"}, {f.String("u8", "d"), "d"},
		{f.Bool("yes", false), true}, {f.Bool("u8", true), true}, {len(f.Strings("texts")), 3}, {f.Strings("u8") == nil, true},
		{f.Ints("ints"), []int{-1, 2}}, {f.Ints("uints"), []int{3}}, {f.Ints("bytes"), []int{1, 2}}, {f.Ints("longs"), []int{-5}},
		{f.Ints("ulongs"), []int{6}}, {f.Ints("u8"), []int{200}}, {f.Ints("text") == nil, true},
		{f.Floats("floats"), []float32{0.5}}, {f.Floats("ints"), []float32{-1, 2}}, {f.Floats("text") == nil, true},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("got %#v, want %#v", c.got, c.want)
		}
	}
}

// edit replaces bytes at the first place of after, plus skip.
func edit(b []byte, after string, skip int, with ...byte) []byte {
	b = bytes.Clone(b)
	i := bytes.Index(b, []byte(after)) + len(after) + skip
	copy(b[i:], with)
	return b
}

func u64(n uint64) []byte { return le.AppendUint64(nil, n) }

func TestCorruptGGUF(t *testing.T) {
	good := sample(t)
	build := func(kv []KV) []byte {
		var b bytes.Buffer
		if err := Write(&b, kv, nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	align := func(v any) []byte { return build([]KV{{alignmentKey, v}}) }
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"empty":               {nil, "cut short"},
		"another format":      {append([]byte("PK\x03\x04"), good[4:]...), "not a GGUF file"},
		"version 1":           {edit(good, "GGUF", 0, 1), "version 1"},
		"version 9":           {edit(good, "GGUF", 0, 9), "version 9"},
		"big-endian":          {edit(good, "GGUF", 0, 0, 0, 0, 3), "big-endian"},
		"lying tensor count":  {edit(good, "GGUF", 4, u64(1<<60)...), "number of tensors claims"},
		"lying key count":     {edit(good, "GGUF", 12, u64(1<<40)...), "number of metadata entries claims"},
		"too many keys":       {edit(good, "GGUF", 12, u64(23)...), "damaged"},
		"lying key length":    {edit(good, "GGUF", 20, u64(1<<50)...), "metadata entry 0 claims"},
		"empty key":           {edit(good, "GGUF", 20, u64(0)...), "name of 0 bytes"},
		"unknown value type":  {edit(good, "general.architecture", 0, 13), `"general.architecture" has the unknown value type 13`},
		"lying text length":   {edit(good, "general.architecture", 4, u64(1<<45)...), `metadata "general.architecture" claims`},
		"lying array length":  {edit(good, "texts", 8, u64(1<<58)...), `metadata "texts" claims`},
		"array of arrays":     {edit(good, "texts", 4, 9), `metadata "texts" is an array of value type 9`},
		"odd truth value":     {edit(good, "yes", 4, 2), `metadata "yes" is a truth value of 2`},
		"alignment 0":         {align(uint32(0)), alignmentKey},
		"alignment 33":        {align(uint32(33)), "power of two"},
		"alignment as text":   {align("32"), "power of two"},
		"alignment huge":      {align(uint32(1 << 31)), "power of two"},
		"no dimensions":       {edit(good, "b.weight", 0, 0), `"b.weight" has 0 dimensions`},
		"five dimensions":     {edit(good, "b.weight", 0, 5), `"b.weight" has 5 dimensions`},
		"dimension 0":         {edit(good, "b.weight", 4, u64(0)...), `"b.weight" has a dimension 0 of 0`},
		"overflow":            {edit(edit(good, "b.weight", 4, u64(1<<40)...), "b.weight", 12, u64(1<<40)...), "overflows"},
		"negative":            {edit(good, "b.weight", 4, u64(math.MaxUint64)...), "overflows"},
		"more than the file":  {edit(good, "b.weight", 12, u64(1000)...), `"b.weight" needs bytes`},
		"rows without blocks": {edit(good, "b.weight", 4, u64(65)...), "blocks of 32"},
		"unknown tensor type": {edit(good, "b.weight", 20, 77), `"b.weight" has the unknown type 77`},
		"removed type":        {edit(good, "b.weight", 20, 4), "unknown type 4"},
		"no ggml type":        {edit(good, "b.weight", 20, 0, 0, 1, 0), "unknown type 65536"},
		"crooked offset":      {edit(good, "b.weight", 24, u64(33)...), "not a multiple of the alignment"},
		"far offset":          {edit(good, "b.weight", 24, u64(1<<40)...), "cut short"},
		"impossible offset":   {edit(good, "b.weight", 24, u64(math.MaxUint64)...), "beyond the file's end"},
		"overlap":             {edit(good, "b.weight", 24, u64(0)...), "overlaps"},
		"tensor twice":        {bytes.Replace(good, []byte("\x01\x00\x00\x00\x00\x00\x00\x00c\x03"), []byte("\x01\x00\x00\x00\x00\x00\x00\x00a\x03"), 1), `tensor "a" appears twice`},
		"cut tensor":          {good[:len(good)-40], "cut short"},
		"cut header":          {good[:200], ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := OpenBytes("dir/model.gguf", c.b)
			if err == nil || !strings.HasPrefix(err.Error(), "model.gguf: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one with %q", err, c.says)
			}
		})
	}
	twice := bytes.Replace(good, []byte("u32"), []byte("i32"), 1)
	if _, err := OpenBytes("m", twice); err == nil || !strings.Contains(err.Error(), `"i32" appears twice`) {
		t.Errorf("a key twice: %v", err)
	}
}

// TestEveryCut: no prefix of a file opens, and none panics.
func TestEveryCut(t *testing.T) {
	good := sample(t)
	last := len(good) - 24 // the last tensor's 8 bytes are padded to 32
	for n := range last {
		if _, err := OpenBytes("m", good[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes open", n, len(good))
		}
	}
	if _, err := OpenBytes("m", good[:last]); err != nil {
		t.Errorf("a file without the padding after its last tensor does not open: %v", err)
	}
}

// TestLiesCostNoMemory: a small file with a large count is refused before memory is taken.
func TestLiesCostNoMemory(t *testing.T) {
	b := edit(sample(t), "texts", 8, u64(1<<33)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := OpenBytes("m", b); err == nil {
		t.Fatal("it opens")
	}
	runtime.ReadMemStats(&after)
	if d := after.TotalAlloc - before.TotalAlloc; d > 1<<20 {
		t.Errorf("it took %d bytes", d)
	}
}

func TestOpenNoFile(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.gguf")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{empty: "0 bytes", dir: "not a file", filepath.Join(dir, "none.gguf"): "cannot open"} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWriteRefuses(t *testing.T) {
	ok := WriteTensor{Name: "a", Type: F32, Dims: []int{1}, Data: make([]byte, 4)}
	for name, c := range map[string]struct {
		kv      []KV
		tensors []WriteTensor
		says    string
	}{
		"a key twice":      {[]KV{{"a", true}, {"a", true}}, nil, "twice"},
		"an int":           {[]KV{{"a", 1}}, nil, "int"},
		"a map":            {[]KV{{"a", map[string]int{}}}, nil, "map"},
		"a tensor twice":   {nil, []WriteTensor{ok, ok}, "twice"},
		"too few bytes":    {nil, []WriteTensor{{Name: "a", Type: F32, Dims: []int{2}, Data: make([]byte, 4)}}, "does not fit"},
		"no data":          {nil, []WriteTensor{{Name: "a", Type: F32, Dims: []int{2}}}, "cannot be stored"},
		"no ggml type":     {nil, []WriteTensor{{Name: "a", Type: U8, Dims: []int{2}, Data: make([]byte, 2)}}, "cannot be stored"},
		"loads too little": {nil, []WriteTensor{{Name: "a", Type: F32, Dims: []int{2}, Load: func() ([]byte, error) { return nil, nil }}}, "does not fit"},
		"fails to load":    {nil, []WriteTensor{{Name: "a", Type: F32, Dims: []int{2}, Load: func() ([]byte, error) { return nil, os.ErrClosed }}}, "closed"},
	} {
		if err := Write(&bytes.Buffer{}, c.kv, c.tensors); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if err := Write(full{}, nil, []WriteTensor{ok}); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("a full disk: %v", err)
	}
}

func FuzzOpenGGUF(f *testing.F) {
	f.Add(sample(f))
	f.Add([]byte("GGUF\x03\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := OpenBytes("f", b)
		if err != nil {
			return
		}
		for i := range file.Tensors {
			v := &file.Tensors[i]
			if v.Type.RowBytes(v.Elements()) != len(v.Data) {
				t.Fatalf("tensor %q has %d bytes for %v %v", v.Name, len(v.Data), v.Type, v.Dims)
			}
		}
	})
}

func TestSparedTensorsReadTheSame(t *testing.T) {
	want := make([]float32, 64*1024)
	for i := range want {
		want[i] = float32(i)
	}
	data, err := Quantize(F32, want)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "spare.gguf")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(out, nil, []WriteTensor{{Name: "a", Type: F32, Dims: []int{64, 1024}, Data: data}}); err != nil {
		t.Fatal(err)
	}
	out.Close()
	inMemory, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, open := range []func() (*File, error){
		func() (*File, error) { return Open(path) },
		func() (*File, error) { return OpenBytes(path, inMemory) },
	} {
		f, err := open()
		if err != nil {
			t.Fatal(err)
		}
		x, _ := f.Tensor("a")
		f.Spare(x)
		got, err := x.Float32()
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("a spared tensor reads differently: %v", err)
		}
		f.Close()
	}
}
