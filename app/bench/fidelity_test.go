package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/assets/samples"
	"winnow/internal/compute"
	"winnow/internal/models"
	"winnow/internal/trace"
	"winnow/pruning"
)

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		a, b int
		want float64
	}{{0, 0, 1}, {5, 5, 1}, {6, 0, 2.0 / 64}, {1, 7, 18.0 / 256}, {7, 1, 18.0 / 256}} {
		if got := signTest(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d to %d: -want %g +got %g", c.a, c.b, c.want, got)
		}
	}
	if got := signTest(300, 200); !(got > 1e-6 && got < 1e-4) {
		t.Errorf("300 to 200: %g", got)
	}
}

func TestVerdicts(t *testing.T) {
	series := func(n int, f func(i int) float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = f(i)
		}
		return out
	}
	for _, c := range []struct {
		name string
		d    []float64
		want string
	}{
		{"always better", series(50, func(i int) float64 { return 0.1 + float64(i%3) }), ClearlyBetter},
		{"always worse", series(50, func(i int) float64 { return -0.1 - float64(i%3) }), ClearlyWorse},
		{"as often as not", series(50, func(i int) float64 { return float64(1 - i%2*2) }), NoDifference},
		// One huge win among small losses: the mean says better, the questions say worse.
		{"one outlier", series(50, func(i int) float64 {
			if i == 0 {
				return 1000
			}
			return -0.1
		}), NoDifference},
		{"nothing", nil, NoDifference},
		{"all the same", make([]float64, 20), NoDifference},
	} {
		p := paired(c.d, 1)
		if p.Verdict != c.want || p.Better+p.Worse+p.Same != len(c.d) || !(p.Low <= p.Mean+1e-9 && p.Mean <= p.High+1e-9) {
			t.Errorf("%s: -want %s +got %+v", c.name, c.want, p)
		}
		if again := paired(c.d, 1); again != p {
			t.Errorf("%s: the same seed gives another result", c.name)
		}
	}
}

func TestQuestionsAreManyAndPresupposeNothing(t *testing.T) {
	all := questions(0, 1)
	if len(all) < 500 {
		t.Errorf("there are %d questions", len(all))
	}
	seen := map[asked]bool{}
	own := func(a asked) bool {
		for _, q := range samples.Scenes()[a.scene].Questions {
			if q.Question == a.question {
				return true
			}
		}
		return false
	}
	for _, a := range all {
		if seen[a] {
			t.Fatalf("%+v comes twice", a)
		}
		seen[a] = true
		if strings.HasPrefix(a.question, "Where is") && !own(a) {
			t.Errorf("scene %d is asked %q", a.scene, a.question)
		}
	}
	some := questions(20, 1)
	if len(some) != 20 || some[0] != all[0] || questions(20, 2)[0] == all[0] && questions(20, 2)[1] == all[1] {
		t.Error("the draw does not follow its seed")
	}
}

// The share that random is given is that of the method, whatever the method's shape.
func TestRandomGetsTheSameBudget(t *testing.T) {
	of := size{layers: 6, rows: 268, visual: 256, kvBytes: 6 * 268 * 100}
	model := pruning.Model{Layers: 6}
	for _, c := range []struct {
		name        string
		kept        []int
		bytes       int64
		what        string
		layer, keep string
		left        float64
	}{
		{"a drop after two layers", []int{256, 256, 64, 64, 64, 64}, 0, ofTokens, "2", "0.25", 0.5},
		{"layers that differ", []int{256, 128, 256, 128, 256, 128}, 0, ofTokens, "1", "0.7", (256 + 5*180) / (6 * 256.0)},
		{"layers that differ, later", []int{256, 256, 256, 128, 64, 0}, 0, ofTokens, "3", "0.25", 0.625},
		{"less than random can", []int{8, 8, 8, 8, 8, 8}, 0, ofTokens, "1", "0", 1 / 6.0},
		{"half the bytes", []int{256, 256, 256, 256, 256, 256}, of.kvBytes / 2, ofBytes, "1", "0.371875", (268 + 5*(12+96)) / (6 * 268.0)},
	} {
		done := trace.SideDone{KeptByLayer: c.kept, KVBytes: c.bytes, Visual: 256}
		what := kindOf(done, of)
		b := match(what, false, done, nil, model, of)
		stack, err := b.random(model)
		if err != nil {
			t.Fatal(err)
		}
		if p := stack[0].Spec.Params; what != c.what || p["layer"] != c.layer || p["keep"] != c.keep || math.Abs(b.left-c.left) > 1e-12 {
			t.Errorf("%s: %s, %v, left %g, want %g", c.name, what, p, b.left, c.left)
		}
	}
	// Half the bytes: what random then caches is half of all rows.
	if k := of.keepForRows(0.5); math.Abs((268+5*(12+256*k))/(6*268)-0.5) > 1e-12 {
		t.Errorf("keep %g does not cache half of the rows", k)
	}
	model = pruning.Model{Layers: 6, Heads: 6, KVHeads: 6, HeadDim: 32, Hidden: 192, FFN: 512, Vocabulary: 704, Gated: true, Activation: "silu"}
	stack, err := pruning.Stack([]pruning.Spec{{Name: "vasparse", Params: map[string]string{"keep": "0.3"}}}, model)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := declared(stack, model); !ok || v != 0.3 {
		t.Errorf("declared %g, %v", v, ok)
	}
	neurons, err := pruning.Stack([]pruning.Spec{{Name: "corematching", Params: map[string]string{"tokens": "false"}}}, model)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := declared(neurons, model); ok {
		t.Errorf("a share of the neurons, %g, is taken for one of the cached rows", v)
	}
	b := match(ofRows, true, trace.SideDone{}, stack, model, of)
	chance, _ := b.random(model)
	if l, ok := chance[0].Method.(lot); b.share != 0.3 || !ok || l.gone[5] != 188 || math.Abs(b.left-80.0/268) > 1e-12 {
		t.Errorf("got %+v", b)
	}
	b = match(ofTokens, true, trace.SideDone{KeptByLayer: []int{256, 100, 256, 100, 256, 256}}, nil, model, of)
	chance, _ = b.random(model)
	if l := chance[0].Method.(lot); !slices.Equal(l.gone, []int{0, 156, 0, 156, 0, 0}) || b.left != b.share {
		t.Errorf("got %+v", l)
	}
}

// What the lot evicts is what it says, and the first token stays as it is.
func TestTheLotActsOnTheCacheAlone(t *testing.T) {
	needLibraries(t)
	ctx := context.Background()
	_, _, task := prepare(t, Options{Kind: VLM})
	s, err := resolve(Options{Kind: VLM})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	m := openSource(t, s)
	session := m.NewSession(compute.F16)
	defer session.Close()
	run := func(methods []pruning.Stacked) (trace.SideDone, [][]float32) {
		var logits [][]float32
		session.Reset()
		done, err := session.Follow(ctx, task.prompt, methods, 1, []int{5, 6}, func(_ int, l []float32) error {
			logits = append(logits, slices.Clone(l))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return done, logits
	}
	dense, want := run(nil)
	layers := m.Decoder.Config.Layers
	l := lot{make([]int, layers)}
	if done, got := run(l.stacked()); done.KVBytes != dense.KVBytes || !slices.Equal(got[1], want[1]) {
		t.Error("a lot of nothing is not dense")
	}
	l.gone[1], l.gone[3] = 100, 200
	done, got := run(l.stacked())
	row := dense.KVBytes / int64(layers*len(task.prompt.Tokens))
	if dense.KVBytes-done.KVBytes != 300*row {
		t.Errorf("%d bytes left, want %d", dense.KVBytes-done.KVBytes, 300*row)
	}
	if !slices.Equal(got[0], want[0]) || slices.Equal(got[1], want[1]) {
		t.Error("the first token changed, or the second did not")
	}
}

func TestFidelityOnTheSampleScenes(t *testing.T) {
	needLibraries(t)
	o := FidelityOptions{Questions: 4, Seed: 3, Stacks: [][]pruning.Spec{
		{{Name: "fastv", Params: map[string]string{"layer": "1", "keep": "0.1"}}}, {{Name: "fastv", Params: map[string]string{"keep": "1"}}}, {{Name: "fastv"}, {Name: "random"}}}}
	r, err := RunFidelity(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Questions != 4 || r.Tokens < 4 || len(r.Methods) != 3 {
		t.Fatalf("got %+v", r)
	}
	m := r.Methods[0]
	if m.Budget != ofTokens || m.Share != m.RandomShare || !(m.PrefillFLOPs > 0.2 && m.PrefillFLOPs < 0.4) || !(m.KVBytes > 0.2 && m.KVBytes < 0.4) || !(m.Share > 0.2 && m.Share < 0.3) || !(m.KL > 0 && m.RandomKL > 0) || m.ByKL == nil ||
		m.ByKL.Better+m.ByKL.Worse+m.ByKL.Same != 4 || math.Abs(m.ByKL.Mean-(m.RandomKL-m.KL)) > 1e-12 {
		t.Errorf("got %+v", m)
	}
	if n := r.Methods[1]; n.KL != 0 || n.Top1 != 1 || n.PrefillFLOPs != 1 || n.KVBytes != 1 {
		t.Errorf("the neutral setting is not dense: %+v", n)
	}
	if r.Methods[2].Refused == "" {
		t.Error("a stack with a conflict is measured")
	}
	var b bytes.Buffer
	if err := r.Print(&b); err != nil || !strings.Contains(b.String(), "fastv,keep=0.1,layer=1") || !strings.Contains(b.String(), m.ByKL.Verdict) {
		t.Errorf("%v in\n%s", err, b.String())
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	again, err := RunFidelity(context.Background(), o)
	if err != nil || again.Methods[0].KL != m.KL || again.Methods[0].RandomKL != m.RandomKL {
		t.Errorf("the same seed gives another result: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := RunFidelity(ctx, o); err == nil {
		t.Error("it runs though it was cancelled")
	}
}

func TestKV(t *testing.T) {
	needLibraries(t)
	if _, err := models.Path(defaultLLM); err != nil {
		t.Skip(err)
	}
	o := KVOptions{Context: 96, Decode: 4, Runs: 2, Stacks: append(defaultKV, []pruning.Spec{{Name: "random"}, {Name: "fastv"}})}
	r, err := RunKV(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	dense, mixed, evict, both := r.Of[0], r.Of[1], r.Of[2], r.Of[3]
	if dense.DecodeRatio.Median != 1 || !(dense.TokensPerSecond.Median > 0) || !(mixed.TokensPerSecond.Median > 0) || !(mixed.SelectMS.Median > 0) {
		t.Errorf("got %+v", r.Of)
	}
	if !(mixed.KVBytes < dense.KVBytes/2 && evict.KVBytes < dense.KVBytes) || both.Refused == "" {
		t.Errorf("bytes %d, %d, %d; refused %q", dense.KVBytes, mixed.KVBytes, evict.KVBytes, both.Refused)
	}
	var b bytes.Buffer
	if err := r.Print(&b); err != nil || !strings.Contains(b.String(), "zipvl,kv=mixed") {
		t.Errorf("%v in\n%s", err, b.String())
	}
	o.Context = 1 << 19
	if _, err := RunKV(context.Background(), o); err == nil || !strings.Contains(err.Error(), "give a smaller --context") {
		t.Errorf("a context that is too long: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	o.Context = 96
	if _, err := RunKV(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
