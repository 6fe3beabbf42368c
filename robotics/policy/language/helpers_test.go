package language

import (
	"math"
	"math/rand/v2"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

// noise makes the weights of a model, rows scaled to keep sizes about 1.
func noise(c Config, seed uint64) computetest.Tensors {
	r := rand.New(rand.NewPCG(seed, 2))
	m := computetest.Tensors{}
	put := func(name string, shape ...int) {
		n := 1
		for _, d := range shape {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64() / math.Sqrt(float64(n/shape[0])))
			if len(shape) == 1 {
				v[i] = float32(1 + r.NormFloat64()/10)
			}
		}
		m.Put(name, v, shape...)
	}
	d := c.Hidden
	put(prefix+"embed_tokens.weight", c.Vocabulary, d)
	put(prefix+"norm.weight", d)
	for i := range c.Layers {
		p := LayerPrefix(i)
		put(p+"input_layernorm.weight", d)
		put(p+"post_attention_layernorm.weight", d)
		kv := c.KVHeads * c.HeadDim()
		put(p+"self_attn.q_proj.weight", d, d)
		put(p+"self_attn.k_proj.weight", kv, d)
		put(p+"self_attn.v_proj.weight", kv, d)
		put(p+"self_attn.o_proj.weight", d, d)
		put(p+"mlp.gate_proj.weight", c.Inner, d)
		put(p+"mlp.up_proj.weight", c.Inner, d)
		put(p+"mlp.down_proj.weight", d, c.Inner)
		if !c.Routed(i) {
			continue
		}
		put(p+"router.router.weight", 2, d)
		put(p+"router.router.bias", 2)
		for _, part := range []string{"scale", "shift"} {
			put(p+"router."+part+".0.weight", d/2, d)
			put(p+"router."+part+".0.bias", d/2)
			put(p+"router."+part+".2.weight", d, d/2)
			put(p+"router."+part+".2.bias", d)
		}
	}
	return m
}

var small = Config{Layers: 4, Hidden: 32, Heads: 4, KVHeads: 2, Inner: 48, Vocabulary: 20, Eps: 1e-5, Theta: 10000, Routers: []int{1, 2, 3}, FiLM: true}

var frame = Frame{Rows: 24, Visual: 8, Actions: 7, First: 16, States: 6}

// begun is a session with random rows, the same for all.
func begun(t *testing.T, be compute.Backend, c Config, source tensors.Source, f Frame) *Session {
	t.Helper()
	l := tensors.NewLoader(source, be, tensors.Exact)
	d := Read(l, be, c)
	set, err := l.Done()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Free)
	s, err := d.NewSession(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	begin(t, s, rows(f.Rows*c.Hidden))
	return s
}

func rows(n int) []float32 {
	r := rand.New(rand.NewPCG(5, 6))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func begin(t *testing.T, s *Session, x []float32) {
	t.Helper()
	if err := s.Begin(x); err != nil {
		t.Fatal(err)
	}
}

func pass(t *testing.T, s *Session, p Plan) Outcome {
	t.Helper()
	out, err := s.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func hidden(t *testing.T, s *Session) []float32 {
	t.Helper()
	x, err := s.Hidden()
	if err != nil {
		t.Fatal(err)
	}
	return x
}
