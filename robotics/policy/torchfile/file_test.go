package torchfile

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
)

// TestReadsWhatTorchSaved compares every tensor of two files that testdata/make.py wrote.
func TestReadsWhatTorchSaved(t *testing.T) {
	var want map[string]struct {
		Shape []int
		Dtype string
		Data  []float64
	}
	text, err := os.ReadFile("testdata/state.json")
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]checkpoint.Type{"torch.float32": checkpoint.F32, "torch.float16": checkpoint.F16, "torch.bfloat16": checkpoint.BF16,
		"torch.float64": checkpoint.F64, "torch.int64": checkpoint.I64, "torch.uint8": checkpoint.U8}
	for file, count := range map[string]int{"state.pt": len(want), "protocol4.pt": len(want) - 1} {
		f, err := Open("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if len(f.Names) != count || count < 15 || f.Names[0] != "0.weight" || f.Has("note") || f.Has("step") {
			t.Errorf("%s: %d tensors, want %d: %v", file, len(f.Names), count, f.Names)
		}
		for _, name := range f.Names {
			x, err := f.Read(name)
			if err != nil {
				t.Error(err)
				continue
			}
			w := want[name]
			shape := slices.Clone(x.Dims)
			slices.Reverse(shape)
			if len(w.Shape) == 0 {
				w.Shape = []int{1}
			}
			if x.Type != types[w.Dtype] || !slices.Equal(shape, w.Shape) {
				t.Errorf("%s: %v %v, want %s %v", name, x.Type, shape, w.Dtype, w.Shape)
			}
			v, err := x.Float32()
			if err != nil || len(v) != len(w.Data) {
				t.Errorf("%s: %d numbers, want %d (%v)", name, len(v), len(w.Data), err)
				continue
			}
			for i, y := range w.Data {
				if math.Abs(float64(v[i])-y) > 1e-6*math.Abs(y) {
					t.Errorf("%s[%d] is %v, want %v", name, i, v[i], y)
				}
			}
		}
	}
}

func TestCallsAreRefusedByName(t *testing.T) {
	_, err := Open("testdata/evil.pt")
	if err == nil || !strings.Contains(err.Error(), "evil.pt names posix.system: winnow reads tensors and runs nothing") {
		t.Errorf("error %v", err)
	}
}

func TestDamagedFilesAreNamed(t *testing.T) {
	whole, err := os.ReadFile("testdata/state.pt")
	if err != nil {
		t.Fatal(err)
	}
	open := func(data []byte) (*File, error) { return OpenReader("x.pt", bytes.NewReader(data), int64(len(data))) }
	for n := range len(whole) { // cut anywhere
		if n%37 == 0 || n > len(whole)-8 {
			if _, err := open(whole[:n]); err == nil || !strings.HasPrefix(err.Error(), "x.pt is no PyTorch checkpoint or was cut short") {
				t.Fatalf("cut to %d bytes: error %v", n, err)
			}
		}
	}
	if _, err := Open("testdata/old.pt"); err == nil || !strings.Contains(err.Error(), "old format") {
		t.Errorf("the old format: error %v", err)
	}
	// A changed number is found by the archive's sum, when it is read.
	at := bytes.Index(whole, []byte{0, 1, 2, 3, 4})
	bad := slices.Clone(whole)
	bad[at]++
	f, err := open(bad)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read("bytes"); err == nil || !strings.Contains(err.Error(), `tensor "bytes": the file is damaged`) {
		t.Errorf("a changed number: error %v", err)
	}
	if _, err := f.Read("nothing"); err == nil || !strings.Contains(err.Error(), `x.pt has no tensor "nothing"`) {
		t.Errorf("error %v", err)
	}
}

// pickled joins operations with their arguments.
func pickled(parts ...string) []byte { return []byte("\x80\x02" + strings.Join(parts, "")) }

func TestPicklesThatNoStateHas(t *testing.T) {
	for says, data := range map[string][]byte{
		"ends too early":              pickled("}q"),
		"names builtins.eval":         pickled("cbuiltins\neval\n."),
		"names torch.load":            pickled("ctorch\nload\n."),
		"the pickle operation 0x69":   pickled("i"),
		"protocol 9":                  []byte("\x80\x09}."),
		"does not: it is damaged":     pickled("ccollections\nOrderedDict\nK\x01\x85R."),
		"ends too early: it":          pickled("X\xff\xff\xff\x7fabc."),
		"describes a tensor in a way": pickled("K\x01Q."),
	} {
		if _, err := unpickle(data); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: error %v, want %q", data, err, says)
		}
	}
	for _, data := range []string{"", ".", "u.", "s.", "(.", "h\x00.", "q\x00.", "\x93.", "R.", "b.", "\x85.", "(s.", "]s.", "}a."} {
		if v, err := unpickle(pickled(data)); err == nil {
			t.Errorf("%q gives %v", data, v)
		}
	}
	if v, err := unpickle(pickled("J\xfe\xff\xff\xff.")); err != nil || v != int64(-2) {
		t.Errorf("-2 is read as %v (%v)", v, err)
	}
	if v, err := unpickle(pickled("\x8a\x02\x00\x80.")); err != nil || v != int64(-32768) {
		t.Errorf("-32768 is read as %v (%v)", v, err)
	}
}

// TestTensorsLieInTheirStorage: offsets, shapes and strides that leave it are refused.
func TestTensorsLieInTheirStorage(t *testing.T) {
	whole, err := os.ReadFile("testdata/state.pt")
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenReader("x.pt", bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	base := *f.tensors["again"]
	for _, c := range []struct {
		offset         int
		shape, strides []int
		fits           bool
	}{
		{0, []int{4, 6}, []int{6, 1}, true}, {0, []int{24}, []int{1}, true}, {23, nil, nil, true}, {0, []int{6, 4}, []int{1, 6}, true},
		{1, []int{4, 6}, []int{6, 1}, false}, {0, []int{25}, []int{1}, false}, {24, nil, nil, false}, {0, []int{4, 0}, []int{1, 1}, false},
		{0, []int{1 << 40}, []int{0}, false}, {0, []int{2, 2}, []int{1 << 60, 1 << 60}, false}, {0, []int{1 << 40, 1 << 40}, []int{0, 0}, false},
	} {
		x := tensor{base.storage, c.offset, c.shape, c.strides}
		if err := f.fits(&x); (err == nil) != c.fits {
			t.Errorf("%+v: error %v", c, err)
		}
	}
	base.storage.key = "99"
	if err := f.fits(&base); err == nil || !strings.Contains(err.Error(), "data/99") {
		t.Errorf("error %v", err)
	}
}

// FuzzUnpickle: whatever the bytes, an answer or an error, and little memory.
func FuzzUnpickle(f *testing.F) {
	for _, file := range []string{"state.pt", "protocol4.pt", "evil.pt"} {
		whole, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(whole[bytes.Index(whole, []byte("\x80")):])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		top, err := unpickle(data)
		if err != nil {
			return
		}
		x := &File{}
		if err := x.collect(top); err == nil {
			t.Error("a tensor lies in a storage that is not there")
		}
	})
}

// FuzzOpen: a damaged file never gives a tensor larger than itself.
func FuzzOpen(f *testing.F) {
	whole, err := os.ReadFile("testdata/state.pt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := OpenReader("x.pt", bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, name := range x.Names {
			if v, err := x.Read(name); err == nil && len(v.Data) > len(data) {
				t.Errorf("%s takes %d bytes of %d", name, len(v.Data), len(data))
			}
		}
	})
}
