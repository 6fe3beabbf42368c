package pixart

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/golden"
	"winnow/internal/tensors"
)

// tolerance bounds the largest error in units of the reference's root mean square. diffusers' own
// float32 run is 4e-5 off the float64 one that is recorded; ours, with sines in float64, 2e-6.
const tolerance = 1e-5

// TestGoldenHF compares every recorded result with diffusers', for the checkpoints in testdata
// and those under $WINNOW_GOLDEN_HF. A case with two latents is evaluated as one batch.
func TestGoldenHF(t *testing.T) {
	for _, folder := range []string{"pixart-alpha", "pixart-sigma"} {
		for name, path := range golden.HF(t, folder) {
			t.Run(folder+"/"+name, func(t *testing.T) {
				computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
					t.Run("plain", func(t *testing.T) { goldenCase(t, be, path, gpuScores) })
					t.Run("fused", func(t *testing.T) { goldenCase(t, be, path, 0) })
				})
			})
		}
	}
}

func goldenCase(t *testing.T, be compute.Backend, path string, plainScores int) {
	m, err := Load(filepath.Dir(filepath.Dir(path)), be, tensors.Exact)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	g := readGolden(t, path)
	x, text := g.shape("in.hidden_states"), g.shape("in.encoder_hidden_states")
	s, err := m.NewSession(Size{Batch: x[0], Height: x[2], Width: x[3], Text: text[1]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.watch, s.plainScores = true, plainScores
	if err := s.Begin(ctx, g.prompt(x[0])); err != nil {
		t.Fatal(err)
	}
	out, err := s.Evaluate(ctx, split(g.floats("in.hidden_states"), x[0]), g.numbers("in.timestep"), Evaluation{})
	if err != nil {
		t.Fatal(err)
	}
	var all []float32
	for _, o := range out {
		all = append(all, o...)
	}
	got := map[string][]float32{"out.sample": all}
	read := func(p compute.Program, watched map[string]*compute.Tensor) {
		for name, t2 := range watched {
			v := make([]float32, t2.Shape.Elements())
			if err := p.ReadFloats(t2, v); err != nil {
				t.Fatal(err)
			}
			got["mid."+name] = v
		}
	}
	read(s.text.program, s.text.watched)
	read(s.steps[0].program, s.steps[0].watched)
	compared := 0
	for name := range g.info.Tensors {
		if strings.HasPrefix(name, "in.") {
			continue
		}
		want := g.floats(name)
		if len(got[name]) != len(want) {
			t.Errorf("%s: %d numbers, want %d", name, len(got[name]), len(want))
			continue
		}
		if e := computetest.Worst(got[name], want); e > tolerance {
			t.Errorf("%s is off by %.2g of its size", name, e)
		}
		compared++
	}
	if compared == 0 {
		t.Error("the case records nothing")
	}
}

// goldenFile is one case: its tensors and what is told of them.
type goldenFile struct {
	t    *testing.T
	st   *checkpoint.Safetensors
	info struct {
		Tensors map[string]struct{ Shape []int }
	}
}

func readGolden(t *testing.T, path string) goldenFile {
	t.Helper()
	g := goldenFile{t: t}
	data, err := os.ReadFile(strings.TrimSuffix(path, ".safetensors") + ".json")
	if err == nil {
		err = json.Unmarshal(data, &g.info)
	}
	if err == nil {
		g.st, err = checkpoint.OpenSafetensors(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.st.Close() })
	return g
}

func (g goldenFile) shape(name string) []int { return g.info.Tensors[name].Shape }

func (g goldenFile) floats(name string) []float32 {
	x, ok := g.st.Tensor(name)
	if !ok {
		return nil
	}
	if x.Type == checkpoint.I64 {
		out := make([]float32, x.Elements())
		for i := range out {
			for b := range 8 {
				out[i] += float32(int64(x.Data[8*i+b]) << (8 * b)) // small and positive
			}
		}
		return out
	}
	v, err := x.Float32()
	if err != nil {
		g.t.Fatal(err)
	}
	return v
}

func (g goldenFile) numbers(name string) []float64 {
	var out []float64
	for _, v := range g.floats(name) {
		out = append(out, float64(v))
	}
	return out
}

func (g goldenFile) prompt(n int) Prompt {
	p := Prompt{Text: split(g.floats("in.encoder_hidden_states"), n), Aspect: g.numbers("in.aspect_ratio")}
	if r := g.numbers("in.resolution"); r != nil {
		for i := range n {
			p.Resolution = append(p.Resolution, [2]float64{r[2*i], r[2*i+1]})
		}
	}
	if mask := g.floats("in.encoder_attention_mask"); mask != nil {
		for _, row := range split(mask, n) {
			open := make([]bool, len(row))
			for i, v := range row {
				open[i] = v != 0
			}
			p.Mask = append(p.Mask, open)
		}
	}
	return p
}

func split(v []float32, n int) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		out[i] = v[i*len(v)/n : (i+1)*len(v)/n]
	}
	return out
}
