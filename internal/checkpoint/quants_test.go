package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"
)

// TestQuants reads a file written by another implementation (gguf-py 0.19.0) and compares
// the values of random blocks in every quantised format with what that one makes of them.
func TestQuants(t *testing.T) {
	f, err := Open("testdata/quants.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := 0
	for i := range f.Tensors {
		src := &f.Tensors[i]
		want, ok := f.Tensor(src.Name + ".want")
		if !ok {
			continue
		}
		seen++
		got, err := src.Float32()
		if err != nil {
			t.Errorf("%s: %v", src.Name, err)
			continue
		}
		ref, _ := want.Float32()
		for j := range ref {
			if d := math.Abs(float64(got[j] - ref[j])); d > 1e-6*math.Max(1, math.Abs(float64(ref[j]))) {
				t.Errorf("%s: value %d is %v, want %v", src.Name, j, got[j], ref[j])
				break
			}
		}
	}
	if seen != 12 {
		t.Errorf("compared %d formats, want 12", seen)
	}
	source, _ := f.Tensor("source")
	values, _ := source.Float32()
	for _, kind := range []Type{Q8_0, BF16, F16} {
		want, ok := f.Tensor("source." + kind.String())
		if !ok {
			t.Fatalf("no reference for %v", kind)
		}
		got, err := Quantize(kind, values)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Data) {
			t.Errorf("%v differs from the reference bytes", kind)
		}
	}
	// The start of the hash of what gguf-py makes of the same values.
	for kind, want := range map[Type]string{Q8_0: "2b9587728967fc09", Q5_0: "513e5951e7ff218e", Q4_0: "9531e900a093fff3"} {
		got, err := Quantize(kind, values)
		if err != nil {
			t.Fatal(err)
		}
		if hash := fmt.Sprintf("%x", sha256.Sum256(got)); hash[:16] != want {
			t.Errorf("%v differs from the reference bytes", kind)
		}
	}
	if f.Arch != "quants" || f.Uint("quants.big", 0) != 1<<63+5 || f.Float("quants.pi", 0) != math.Pi ||
		!f.Bool("quants.yes", false) || f.Int("quants.small", 0) != -3 || len(f.Ints("quants.ints")) != 3 ||
		f.Ints("quants.ints")[1] != -2 || f.Floats("quants.floats")[1] != -1.25 || f.Strings("quants.strings")[2] != "ü" {
		t.Errorf("metadata differs: %v", f.KV)
	}
}

// TestHalves checks all 65536 halves there and back, and the rounding in between.
func TestHalves(t *testing.T) {
	for h := range 1 << 16 {
		f := f16to32(uint16(h))
		if f != f {
			if f32to16(f)&0x7c00 != 0x7c00 || f32to16(f)&0x3ff == 0 {
				t.Fatalf("NaN %#x does not stay NaN", h)
			}
			continue
		}
		if back := f32to16(f); back != uint16(h) {
			t.Fatalf("%#x becomes %v becomes %#x", h, f, back)
		}
		b := bf16to32(uint16(h))
		if back := f32tobf16(b); b == b && back != uint16(h) {
			t.Fatalf("bfloat16 %#x becomes %v becomes %#x", h, b, back)
		}
	}
	for _, c := range []struct {
		f    float32
		want uint16
	}{
		{1 + 1.0/2048, 0x3c00}, {1 + 3.0/2048, 0x3c02}, // ties to even
		{65519.99, 0x7bff}, {65520, 0x7c00}, {-1e9, 0xfc00},
		{1.0 / (1 << 25), 0}, {1.5 / (1 << 24), 2}, // subnormal ties
	} {
		if got := f32to16(c.f); got != c.want {
			t.Errorf("%v becomes %#x, want %#x", c.f, got, c.want)
		}
	}
}

func TestSizesThatDisagree(t *testing.T) {
	if err := Dequantize(make([]float32, 32), Q8_0, make([]byte, 33)); err == nil {
		t.Error("33 bytes pass as a q8_0 block")
	}
	if err := Dequantize(make([]float32, 31), Q8_0, make([]byte, 34)); err == nil {
		t.Error("31 values pass as a q8_0 block")
	}
	if err := Dequantize(make([]float32, 256), IQ1S, make([]byte, 50)); err == nil || !strings.Contains(err.Error(), "iq1_s") {
		t.Errorf("iq1_s: %v", err)
	}
	if _, err := Quantize(Q8_0, make([]float32, 33)); err == nil {
		t.Error("33 values pass as q8_0")
	}
	if _, err := Quantize(Q4_K, make([]float32, 256)); err == nil {
		t.Error("q4_K is written")
	}
	if Q4_K.RowBytes(512) != 288 || Q4_K.RowBytes(100) != -1 || Type(99).RowBytes(1) != -1 || F64.RowBytes(math.MaxInt) != -1 {
		t.Error("RowBytes is wrong")
	}
}
