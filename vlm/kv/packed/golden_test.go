package packed

import (
	"math"
	"strings"
	"testing"

	cases "winnow/internal/golden"
)

// golden is a case of the authors' quantiser. Keys and values are [kvHeads, n, dim] there.
type golden struct {
	Params struct {
		Important int `json:"bits_important"`
		Other     int `json:"bits_other"`
		KVHeads   int `json:"num_kv_heads"`
		N         int
		Dim       int `json:"head_dim"`
	}
	Inputs, Outputs map[string]struct {
		Shape []int
		Data  []float64
	}
	Tolerance float64
}

// rows turns [kvHeads, n, dim] into rows of all heads.
func (g golden) rows(data []float64) []float32 {
	p := g.Params
	out := make([]float32, len(data))
	for i, v := range data {
		h, r, c := i/(p.N*p.Dim), i/p.Dim%p.N, i%p.Dim
		out[(r*p.KVHeads+h)*p.Dim+c] = float32(v)
	}
	return out
}

// TestGolden runs the cases in testdata and, if it is set, those of $WINNOW_GOLDEN/zipvl that
// are about this package.
func TestGolden(t *testing.T) {
	cases.Each(t, "zipvl", func(file string) bool { return strings.HasPrefix(file, "kv_") }, func(t *testing.T, g golden) {
		g.run(t)
	})
}

func (g golden) run(t *testing.T) {
	p := g.Params
	important := Class{Bits: p.Important}
	other := Class{Bits: p.Other}
	in := map[int]bool{}
	for _, r := range g.Inputs["important_ids"].Data {
		in[int(r)] = true
	}
	for r := range p.N {
		if in[r] {
			important.Rows = append(important.Rows, r)
		} else {
			other.Rows = append(other.Rows, r)
		}
	}
	b, err := Pack(g.rows(g.Inputs["k"].Data), g.rows(g.Inputs["v"].Data), p.KVHeads, p.Dim, []Class{important, other})
	if err != nil {
		t.Fatal(err)
	}
	g.near(t, "v_channel_scale", b.scale)
	for i, name := range []string{"important", "other"} {
		s := b.sections[i]
		g.near(t, "k_min_"+name, s.keyMin)
		g.near(t, "k_step_"+name, s.keyStep)
		g.near(t, "v_min_"+name, s.valueMin)
		g.near(t, "v_step_"+name, s.valueStep)
		g.bytes(t, "k_packed_"+name, s, s.keys)
		g.bytes(t, "v_packed_"+name, s, s.values)
	}
	k, v := make([]float32, p.N*p.KVHeads*p.Dim), make([]float32, p.N*p.KVHeads*p.Dim)
	b.read(k, v)
	width := p.KVHeads * p.Dim
	for output, got := range map[string][]float32{"k_dequant": k, "v_dequant": v} {
		want := g.rows(g.Outputs[output].Data)
		for i, r := range b.Rows() {
			g.compare(t, output, got[i*width:(i+1)*width], want[r*width:(r+1)*width])
		}
	}
}

func (g golden) near(t *testing.T, output string, got []float32) {
	t.Helper()
	var want []float32
	for _, v := range g.Outputs[output].Data {
		want = append(want, float32(v))
	}
	g.compare(t, output, got, want)
}

func (g golden) compare(t *testing.T, output string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s has %d numbers, want %d", output, len(got), len(want))
	}
	for i, w := range want {
		if math.Abs(float64(got[i]-w)) > g.Tolerance*max(1, math.Abs(float64(w))) {
			t.Errorf("%s[%d] is %v, want %v", output, i, got[i], w)
		}
	}
}

// bytes compares packed rows exactly.
func (g golden) bytes(t *testing.T, output string, s *section, codes []byte) {
	t.Helper()
	want := g.Outputs[output].Data
	if len(codes) != len(want) || len(want) == 0 {
		t.Fatalf("%s has %d bytes, want %d", output, len(codes), len(want))
	}
	row := make([]byte, s.rowBytes)
	for r := range s.rows {
		s.join(row, codes, len(s.rows), r)
		for k, c := range row {
			if w := byte(want[r*s.rowBytes+k]); c != w {
				t.Errorf("%s[%d, %d] is %d, want %d", output, r, k, c, w)
			}
		}
	}
}
