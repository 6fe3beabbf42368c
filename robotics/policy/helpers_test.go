package policy

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
	"winnow/robotics/policy/encoder"
	"winnow/robotics/policy/language"
	"winnow/vision/preprocess"
)

// noise makes the weights of a policy, rows scaled to keep sizes about 1.
func noise(c Config) computetest.Tensors {
	r := rand.New(rand.NewPCG(3, 2))
	m := computetest.Tensors{}
	for _, n := range c.Layout() {
		v := make([]float32, compute.Dims(n.Shape...).Elements())
		for i := range v {
			v[i] = float32(r.NormFloat64() / math.Sqrt(float64(len(v)/n.Shape[0])))
			if len(n.Shape) == 1 {
				v[i] = float32(r.NormFloat64() / 10)
			}
			if strings.Contains(n.Name, "norm") && strings.HasSuffix(n.Name, ".weight") {
				v[i]++
			}
		}
		m.Put(n.Name, v, n.Shape...)
	}
	return m
}

// small is CogVLA with all of its parts, little of each.
var small = Config{
	Vision: [2]encoder.Config{
		{Grid: 3, Patch: 4, Width: 16, Inner: 24, Blocks: 3, Heads: 2, Class: true, Registers: 2, LayerScale: true, Scale: "scale_factor", Wrapped: true, Language: 32, Aggregation: 4},
		{Grid: 3, Patch: 4, Width: 12, Inner: 24, Blocks: 3, Heads: 2, Wrapped: true, Language: 32, Aggregation: 4},
	},
	Gated: true,
	Language: language.Config{Layers: 5, Hidden: 32, Heads: 4, KVHeads: 4, Inner: 48, Vocabulary: 30, Eps: 1e-6, Theta: 10000,
		Routers: []int{2, 3, 4}, FiLM: true},
	Schedule: "deep_all", Average: 0.5, Images: 2, Chunk: 3, Action: 2, Proprio: 3, HeadWidth: 32,
}

// dense is small as OpenVLA-OFT would have it.
func dense() Config {
	c := small
	for i := range c.Vision {
		c.Vision[i].Wrapped, c.Vision[i].Language, c.Vision[i].Aggregation = false, 0, 0
	}
	c.Gated, c.Bidirectional, c.Schedule = false, true, ""
	c.Language.Routers, c.Language.FiLM = nil, false
	return c
}

func stats(c Config) map[string]Statistics {
	one := func(n int) Range {
		r := Range{}
		for i := range n {
			r.Q01, r.Q99 = append(r.Q01, -1-float64(i)), append(r.Q99, 2)
		}
		return r
	}
	return map[string]Statistics{"toy": {Action: one(c.Action), Proprio: one(c.Proprio)}}
}

func made(t *testing.T, c Config, be compute.Backend) *Policy {
	t.Helper()
	p, err := New(c, noise(c), be, tensors.Exact)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	p.Statistics = stats(c)
	return p
}

// look is an observation with random pictures.
func look(c Config) Observation {
	r := rand.New(rand.NewPCG(8, 9))
	o := Observation{Prompt: []int{1, 7, 12, 4, 20}, State: make([]float64, c.Proprio)}
	for i := range o.State {
		o.State[i] = r.Float64()
	}
	side := c.Vision[0].Side()
	for range c.Images {
		b := preprocess.Bytes{Pix: make([]uint8, 3*side*side), W: side, H: side}
		for i := range b.Pix {
			b.Pix[i] = uint8(r.IntN(256))
		}
		o.Pictures = append(o.Pictures, b)
	}
	return o
}

func act(t *testing.T, p *Policy, o Observation, opt Options) *Result {
	t.Helper()
	r, err := p.Run(t.Context(), o, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func flat(v [][]float64) []float64 { return slices.Concat(v...) }

// copied is a folder of testdata that a test may change.
func copied(t *testing.T, folder string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", folder))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}
