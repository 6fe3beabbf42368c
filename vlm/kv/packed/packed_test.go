package packed

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64()) * (1 + float32(i%7))
	}
	return x
}

// split deals rows out to classes of the given bits in a random order.
func split(r *rand.Rand, rows int, bits ...int) []Class {
	classes := make([]Class, len(bits))
	for i, b := range bits {
		classes[i].Bits = b
	}
	for _, row := range r.Perm(rows) {
		c := r.IntN(len(bits))
		classes[c].Rows = append(classes[c].Rows, row)
	}
	return classes
}

func pack(t *testing.T, k, v []float32, kvHeads, dim int, classes ...Class) *Block {
	t.Helper()
	b, err := Pack(k, v, kvHeads, dim, classes)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func storeOf(t *testing.T, kvHeads, dim int, blocks ...*Block) *Store {
	t.Helper()
	s := NewStore(kvHeads, dim)
	for _, b := range blocks {
		if err := s.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func read(t *testing.T, s *Store) (k, v []float32) {
	t.Helper()
	k, v = make([]float32, s.Len()*s.Width()), make([]float32, s.Len()*s.Width())
	if err := s.Read(k, v); err != nil {
		t.Fatal(err)
	}
	return k, v
}

// shapes are kvHeads and dim: lanes of whole heads, lanes that cut heads, several segments.
var shapes = [][2]int{{1, 8}, {1, 64}, {2, 32}, {3, 64}, {4, 128}, {5, 32}, {6, 32}, {8, 8}, {8, 64}, {12, 12}}

func TestErrorIsHalfAStep(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, s := range shapes {
		for _, bits := range []int{2, 4, 8} {
			kvHeads, dim, rows := s[0], s[1], 13
			width := kvHeads * dim
			k, v := normal(r, rows*width), normal(r, rows*width)
			b := pack(t, k, v, kvHeads, dim, split(r, rows, bits)...)
			gotK, gotV := read(t, storeOf(t, kvHeads, dim, b))
			sec := b.sections[0]
			for i, row := range b.Rows() {
				for c := range width {
					at, from := i*width+c, row*width+c
					if e := math.Abs(float64(gotK[at] - k[from])); e > float64(sec.keyStep[c])*0.5001+1e-6 {
						t.Fatalf("%d bits: key %v became %v, step %v", bits, k[from], gotK[at], sec.keyStep[c])
					}
					if e := math.Abs(float64(gotV[at] - v[from])); e > float64(sec.valueStep[i]*b.scale[c])*0.5001+1e-6 {
						t.Fatalf("%d bits: value %v became %v, step %v", bits, v[from], gotV[at], sec.valueStep[i]*b.scale[c])
					}
				}
			}
		}
	}
}

// TestRequantisingChangesNothing: what was expanded has the same codes when packed again, the
// values by the same channel scales.
func TestRequantisingChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, s := range shapes {
		for _, bits := range []int{2, 4, 8} {
			kvHeads, dim, rows := s[0], s[1], 17
			x := normal(r, rows*kvHeads*dim)
			b := pack(t, x, x, kvHeads, dim, Class{Bits: bits, Rows: upTo(rows)})
			onceK, onceV := read(t, storeOf(t, kvHeads, dim, b))
			was := b.sections[0]
			again := &section{layout: was.layout, rows: was.rows}
			again.packKeys(onceK)
			again.packValues(onceV, b.scale)
			if !slices.Equal(again.keys, was.keys) || !slices.Equal(again.values, was.values) {
				t.Errorf("%v at %d bits: codes change", s, bits)
			}
			twiceK, twiceV := read(t, storeOf(t, kvHeads, dim, &Block{kvHeads: kvHeads, dim: dim, scale: b.scale, sections: []*section{again}}))
			for i := range onceK {
				if math.Abs(float64(onceK[i]-twiceK[i])) > 1e-5*max(1, math.Abs(float64(onceK[i]))) ||
					math.Abs(float64(onceV[i]-twiceV[i])) > 1e-5*max(1, math.Abs(float64(onceV[i]))) {
					t.Fatalf("%v at %d bits: key %v becomes %v, value %v %v", s, bits, onceK[i], twiceK[i], onceV[i], twiceV[i])
				}
			}
		}
	}
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestConstantChannelsAndRows(t *testing.T) {
	k := slices.Repeat([]float32{1.5, -2, 0, 7}, 3)
	v := make([]float32, 12)
	gotK, gotV := read(t, storeOf(t, 1, 4, pack(t, k, v, 1, 4, Class{Rows: []int{0, 1, 2}, Bits: 2})))
	if !slices.Equal(gotK, k) || !slices.Equal(gotV, v) {
		t.Errorf("constant numbers became %v and %v", gotK, gotV)
	}
}

func TestEntriesAndBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	k, v := normal(r, 10*16), normal(r, 10*16)
	b := pack(t, k, v, 2, 8, Class{[]int{7, 2, 5}, 4}, Class{nil, 8}, Class{[]int{9, 0, 1, 3}, 2})
	if want := []int{2, 5, 7, 0, 1, 3, 9}; !slices.Equal(b.Rows(), want) {
		t.Errorf("entries are rows %v, want %v", b.Rows(), want)
	}
	if want := []int{4, 4, 4, 2, 2, 2, 2}; !slices.Equal(b.Bits(), want) {
		t.Errorf("entries have bits %v, want %v", b.Bits(), want)
	}
	// Codes 2·(3·8 + 4·4), steps and minimums of keys 2·2·16 and of values 2·7, scales 16.
	if want := int64(2*(24+16) + 4*(64+14+16)); b.Bytes() != want {
		t.Errorf("%d bytes, want %d", b.Bytes(), want)
	}
}

func TestRemove(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, shape := range shapes {
		kvHeads, dim := shape[0], shape[1]
		var blocks []*Block
		for range 3 {
			k, v := normal(r, 20*kvHeads*dim), normal(r, 20*kvHeads*dim)
			blocks = append(blocks, pack(t, k, v, kvHeads, dim, split(r, 20, 4, 2, 8)...))
		}
		s := storeOf(t, kvHeads, dim, blocks...)
		whole := s.Clone()
		k, v := read(t, s)
		bytes := s.Bytes()
		gone := append(r.Perm(60)[:25], upTo(21)...) // the first block goes as a whole
		if err := s.Remove(gone); err != nil {
			t.Fatal(err)
		}
		var wantK, wantV []float32
		var rows, bits []int
		for i := range 60 {
			if !slices.Contains(gone, i) {
				wantK = append(wantK, k[i*s.Width():(i+1)*s.Width()]...)
				wantV = append(wantV, v[i*s.Width():(i+1)*s.Width()]...)
				rows, bits = append(rows, whole.Rows()[i]), append(bits, whole.Bits()[i])
			}
		}
		gotK, gotV := read(t, s)
		if !slices.Equal(gotK, wantK) || !slices.Equal(gotV, wantV) {
			t.Errorf("%v: what remains has changed", shape)
		}
		if !slices.Equal(s.Rows(), rows) || !slices.Equal(s.Bits(), bits) || s.Bytes() >= bytes {
			t.Errorf("%v: rows %v, bits %v, %d of %d bytes", shape, s.Rows(), s.Bits(), s.Bytes(), bytes)
		}
		if whole.Len() != 60 || whole.Bytes() != bytes {
			t.Errorf("%v: a clone lost entries too", shape)
		}
		if err := s.Remove(upTo(s.Len())); err != nil || s.Len() != 0 || s.Bytes() != 0 {
			t.Errorf("%v: %v, %d entries and %d bytes remain of none", shape, err, s.Len(), s.Bytes())
		}
	}
	if err := NewStore(1, 8).Remove([]int{0}); err == nil || !strings.Contains(err.Error(), "there are 0") {
		t.Errorf("an entry that is not there is removed: %v", err)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	k := make([]float32, 24)
	bad := slices.Clone(k)
	bad[13] = float32(math.NaN())
	for _, c := range []struct {
		name    string
		k, v    []float32
		kvHeads int
		classes []Class
		words   []string
	}{
		{"bits", k, k, 1, []Class{{[]int{0}, 3}}, []string{"3 bits", "2, 4 or 8"}},
		{"width", k, k, 1, []Class{{[]int{0}, 2}}, []string{"6 channels", "4 codes"}},
		{"rows", k, k, 2, []Class{{[]int{0, 2}, 4}}, []string{"row 2", "there are 2"}},
		{"twice", k, k, 1, []Class{{[]int{0, 2}, 4}, {[]int{2}, 8}}, []string{"row 2", "twice"}},
		{"sizes", k, k[:12], 1, nil, []string{"24 keys", "12 values"}},
		{"ragged", k[:20], k[:20], 1, nil, []string{"20 keys", "heads of 6"}},
		{"keys", bad, k, 1, nil, []string{"row 2 of the keys", "NaN", "channel 1"}},
		{"values", k, bad, 1, nil, []string{"row 2 of the values"}},
	} {
		_, err := Pack(c.k, c.v, c.kvHeads, 6, c.classes)
		for _, w := range c.words {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: the error does not say %q: %v", c.name, w, err)
			}
		}
	}
	b := pack(t, k, k, 1, 6)
	if err := NewStore(2, 3).Append(b); err == nil || !strings.Contains(err.Error(), "2 heads of 3") {
		t.Errorf("a block of another shape is taken: %v", err)
	}
	if err := storeOf(t, 1, 6, pack(t, k, k, 1, 6, Class{[]int{1}, 4})).Read(make([]float32, 5), make([]float32, 6)); err == nil {
		t.Error("entries are read where there is no room for them")
	}
}
