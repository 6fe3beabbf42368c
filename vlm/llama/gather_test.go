package llama

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/vlm/kv"
)

// logits runs one prompt of rows through a decoder.
func logits(t *testing.T, d *Decoder, ffn map[int]FFN) []float32 {
	t.Helper()
	const rows = 5
	c := d.Config
	cache := kv.New(d.Backend, c.Layers, c.KVHeads, c.HeadDim, compute.F32)
	defer cache.Free()
	if err := cache.Reserve(0, c.Layers, rows); err != nil {
		t.Fatal(err)
	}
	x := make([]float32, rows*c.Hidden)
	if err := d.Embed([]int{1, 2, 3, 4, 5}, x); err != nil {
		t.Fatal(err)
	}
	cache.Append(0, c.Layers, []int{0, 1, 2, 3, 4}, rows-1)
	var stream Stream
	s, err := d.Build(Plan{To: Before(c.Layers), Rows: rows, Logits: rows, Cache: cache, FFN: ffn}, &stream)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	if err := s.Run(context.Background(), Inputs{X: x}); err != nil {
		t.Fatal(err)
	}
	out := make([]float32, rows*c.Vocabulary)
	if err := s.Logits(out); err != nil {
		t.Fatal(err)
	}
	return out
}

// zeroOthers sets the columns of every down projection outside list to zero.
func zeroOthers(t *testing.T, f *checkpoint.File, list []int) {
	t.Helper()
	for i := range f.Tensors {
		x := &f.Tensors[i]
		if !strings.Contains(x.Name, "ffn_down") {
			continue
		}
		v, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		for j := range v {
			if !slices.Contains(list, j%x.Dims[0]) {
				v[j] = 0
			}
		}
		data, err := checkpoint.Quantize(x.Type, v)
		if err != nil {
			t.Fatal(err)
		}
		x.Data = data
	}
}

// The gathered FFN must equal the dense one whose other neurons lead nowhere.
func TestGatheredNeuronsEqualTheOthersCutOff(t *testing.T) {
	list := []int{0, 3, 4, 17, 31, 32, 33, 70, 94, 95}
	for _, c := range []struct {
		typ   checkpoint.Type
		limit float64
	}{{checkpoint.F32, 1e-5}, {checkpoint.F16, 1e-3}, {checkpoint.BF16, 1e-2}, {checkpoint.Q8_0, 2e-2}} {
		t.Run(c.typ.String(), func(t *testing.T) {
			for _, id := range []string{"ref", "cpu"} {
				b, _, err := device.Open(id, 0)
				if err != nil {
					t.Skip(err)
				}
				defer b.Close()
				d, err := Load(tiny(t, c.typ, 64, 96, 2), b)
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				ffn := map[int]FFN{}
				for l := range 2 {
					if ffn[l], err = d.Gather(l, list); err != nil {
						t.Fatal(err)
					}
				}
				got := logits(t, d, ffn)
				dense := logits(t, d, nil)

				cut := tiny(t, c.typ, 64, 96, 2)
				zeroOthers(t, cut, list)
				dCut, err := Load(cut, b)
				if err != nil {
					t.Fatal(err)
				}
				defer dCut.Close()
				want := logits(t, dCut, nil)
				if r := apart(got, want); !(r <= c.limit) {
					t.Errorf("%s: gathered and cut differ by %.2g", id, r)
				}
				if r := apart(got, dense); r < 0.05 {
					t.Errorf("%s: leaving 86 of 96 neurons out changed only %.2g", id, r)
				}
			}
		})
	}
}

func apart(a, b []float32) float64 {
	worst, top := 0.0, 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i]-b[i])))
		top = max(top, math.Abs(float64(b[i])))
	}
	return worst / top
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	b, _, err := device.Open("ref", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	damage := map[string]func(f *checkpoint.File){
		"architecture \"gemma\"": func(f *checkpoint.File) { f.Arch = "gemma" },
		"llama.block_count":      func(f *checkpoint.File) { f.KV["llama.block_count"] = uint32(0) },
		"layers of":              func(f *checkpoint.File) { f.KV["llama.block_count"] = uint32(1 << 20) },
		"blk.2.attn_norm.weight": func(f *checkpoint.File) { f.KV["llama.block_count"] = uint32(3) },
		"has shape [64 96]":      func(f *checkpoint.File) { f.KV["llama.feed_forward_length"] = uint32(128) },
		"cannot have 7 heads":    func(f *checkpoint.File) { f.KV["llama.attention.head_count"] = uint32(7) },
		"NaN": func(f *checkpoint.File) {
			x, _ := f.Tensor("blk.1.ffn_norm.weight")
			x.Data = slices.Clone(x.Data)
			copy(x.Data[8:], []byte{0, 0, 0xc0, 0x7f})
		},
	}
	for want, harm := range damage {
		f := tiny(t, checkpoint.F32, 64, 96, 2)
		harm(f)
		d, err := Load(f, b)
		if err == nil {
			d.Close()
			t.Errorf("%s: a damaged file was accepted", want)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "tiny.gguf") {
			t.Errorf("-want %q in\n+got  %q", want, err)
		}
	}
}
