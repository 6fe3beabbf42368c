package encoder

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

var toy = Config{Grid: 3, Patch: 2, Width: 8, Inner: 12, Blocks: 3, Heads: 2, Class: true, LayerScale: true, Scale: "gamma"}

// noise makes the weights of an encoder; those of FiLM are zero where still is set.
func noise(c Config, still bool) computetest.Tensors {
	r := rand.New(rand.NewPCG(1, 7))
	m := computetest.Tensors{}
	put := func(name string, shape ...int) {
		v := make([]float32, compute.Dims(shape...).Elements())
		for i := range v {
			v[i] = float32(r.NormFloat64() / math.Sqrt(float64(max(len(v)/shape[0], 4))))
		}
		m.Put(name, v, shape...)
	}
	linear := func(name string, in, out int) { put(name+".weight", out, in); put(name+".bias", out) }
	w := c.Width
	put("patch_embed.proj.weight", w, 3, c.Patch, c.Patch)
	put("patch_embed.proj.bias", w)
	put("pos_embed", 1, c.Patches(), w)
	put("cls_token", 1, 1, w)
	for i := range c.Blocks {
		outer := "blocks." + string(rune('0'+i)) + "."
		p := outer + c.block()
		for _, n := range []string{"norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "ls1.gamma", "ls2.gamma"} {
			put(p+n, w)
		}
		linear(p+"attn.qkv", w, 3*w)
		linear(p+"attn.proj", w, w)
		linear(p+"mlp.fc1", w, c.Inner)
		linear(p+"mlp.fc2", c.Inner, w)
		if c.Language == 0 {
			continue
		}
		for _, n := range []string{"scale", "shift"} {
			m.Put(outer+n+".weight", make([]float32, w*c.Language), w, c.Language)
			m.Put(outer+n+".bias", make([]float32, w), w)
			if !still {
				linear(outer+n, c.Language, w)
			}
		}
	}
	if c.Aggregation > 0 {
		put("vectors", 1, c.Aggregation, w)
	}
	return m
}

// encode runs an encoder on noise; the shape is found from the tensors.
func encode(t *testing.T, be compute.Backend, m computetest.Tensors) (Config, []float32) {
	t.Helper()
	c, err := Detect(m, "", "vectors", 2)
	if err != nil {
		t.Fatal(err)
	}
	l := tensors.NewLoader(m, be, tensors.Exact)
	e := Read(l, "", "vectors", c)
	set, err := l.Done()
	if err != nil {
		t.Fatal(err)
	}
	defer set.Free()
	r := rand.New(rand.NewPCG(2, 2))
	pixels, words := make([]float32, 3*c.Side()*c.Side()), make([]float32, max(c.Language, 1))
	for _, v := range [][]float32{pixels, words} {
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
	}
	g := compute.NewGraph()
	patches := g.Input("patches", compute.F32, 3*c.Patch*c.Patch, c.Patches())
	in := []compute.Binding{compute.In(patches, c.Rows(pixels))}
	var language *compute.Tensor
	if c.Language > 0 {
		language = g.Input("language", compute.F32, c.Language)
		in = append(in, compute.In(language, words))
	}
	return c, run(t, be, g, []*compute.Tensor{e.Build(g, patches, language, nil).Rows}, in...)[0]
}

// TestFiLMOfZeroIsAPlainEncoder, and of other weights is none.
func TestFiLMOfZeroIsAPlainEncoder(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		_, plain := encode(t, be, noise(toy, true))
		film := toy
		film.Wrapped, film.Language = true, 5
		c, still := encode(t, be, noise(film, true))
		if c != film || computetest.Apart(still, plain) > 1e-6 {
			t.Errorf("%+v differs from a plain encoder by %.2g", c, computetest.Apart(still, plain))
		}
		if _, moved := encode(t, be, noise(film, false)); computetest.Apart(moved, plain) < 1e-2 {
			t.Error("FiLM changes nothing")
		}
	})
}

// TestVectorsComeOut: only they leave the encoder, as many as there are.
func TestVectorsComeOut(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		c := toy
		c.Wrapped, c.Aggregation = true, 2
		got, rows := encode(t, be, noise(c, true))
		if got != c || len(rows) != 2*c.Width {
			t.Errorf("%+v gives %d numbers", got, len(rows))
		}
	})
}

func TestOtherEncodersAreNamed(t *testing.T) {
	for says, change := range map[string]func(m computetest.Tensors){
		"no vision encoder at":              func(m computetest.Tensors) { delete(m, "pos_embed") },
		"10 positions, which are no square": func(m computetest.Tensors) { m.Put("pos_embed", make([]float32, 80), 1, 10, 8) },
		"has 1 blocks":                      func(m computetest.Tensors) { delete(m, "blocks.1.norm1.weight") },
	} {
		m := noise(toy, true)
		change(m)
		if _, err := Detect(m, "", "", 2); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	if _, err := Detect(noise(toy, true), "", "", 3); err == nil || !strings.Contains(err.Error(), "3 heads") {
		t.Errorf("error %v", err)
	}
}
