package vlm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	builtin "winnow/assets/models"
	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/trace"
	"winnow/pruning"
	_ "winnow/pruning/catalogue"
	"winnow/vision/picture"
	"winnow/vlm/llama"
)

// openBuiltIn loads the SwiGLU model inside the program on the CPU, or on ref where no native
// library is installed.
func openBuiltIn(t testing.TB) *Model { return openNamed(t, "llava-sprites") }

func openNamed(t testing.TB, name string) *Model {
	t.Helper()
	b, _, err := device.Open("cpu", 0)
	if err != nil {
		if b, _, err = device.Open("ref", 0); err != nil {
			t.Fatal(err)
		}
	}
	in, ok := builtin.Find(name)
	if !ok {
		t.Fatalf("there is no built-in model %s", name)
	}
	var f Files
	if f.Decoder, err = checkpoint.OpenBytes(in.DecoderName, in.Decoder); err == nil {
		f.Projector, err = checkpoint.OpenBytes(in.ProjectorName, in.Projector)
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(f, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(); b.Close() })
	return m
}

func samplePrompt(t testing.TB, m *Model, question string) *Prompt {
	t.Helper()
	src, err := picture.Open(context.Background(), filepath.Join("..", "assets", "samples", "05-sheep.png"), picture.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	pic, err := m.Encode(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Prompt([]trace.Message{{Role: "user", Text: question}}, pic)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func nothing(trace.Event) {}

// run prefills and takes the forced steps, and returns the logits after each.
func run(t testing.TB, m *Model, p *Prompt, methods []pruning.Stacked, forced ...int) ([][]float32, *Session) {
	t.Helper()
	s := m.NewSession(compute.F32)
	t.Cleanup(s.Close)
	if err := s.Prefill(context.Background(), p, methods, 7, trace.Pruned, nothing); err != nil {
		t.Fatal(err)
	}
	out := [][]float32{slices.Clone(s.Logits())}
	for _, id := range forced {
		if err := s.Step(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		out = append(out, slices.Clone(s.Logits()))
	}
	return out, s
}

func stackOf(t testing.TB, m *Model, specs ...string) []pruning.Stacked {
	t.Helper()
	var list []pruning.Spec
	for _, s := range specs {
		spec, err := pruning.ParseSpec(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, spec)
	}
	out, err := pruning.Stack(list, m.Decoder.Describe())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameBits(t *testing.T, what string, want, got [][]float32) {
	t.Helper()
	for i := range want {
		for j := range want[i] {
			if math.Float32bits(want[i][j]) != math.Float32bits(got[i][j]) {
				t.Fatalf("%s: step %d, logit %d: -want %v +got %v", what, i, j, want[i][j], got[i][j])
			}
		}
	}
}

func TestNeutralSettingIsDense(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	dense, _ := run(t, m, p, nil, 316, 17)
	for _, neutral := range []string{"corematching,tokens=false,beta=1", "corematching,mode=release,tokens=false",
		"fastv,keep=1", "random,keep=1", "zipvl,tau=1", "zipvl,tau=1,kv=keep",
		"vasparse,keep=1,lambda=0,alpha=0,beta=0,contrast=off", "vasparse,mode=release,keep=1,lambda=0,alpha=0,contrast=off,sentence=0"} {
		got, _ := run(t, m, p, stackOf(t, m, neutral), 316, 17)
		sameBits(t, neutral, dense, got)
	}
}

// spy asks for everything everywhere and decides what the test says.
type spy struct {
	probes func(layer int) []pruning.Probe
	seen   map[pruning.Probe]pruning.Matrix
	claims []pruning.Claim
	decide func(s pruning.Seen) []pruning.Decision
}

func (s *spy) Requests(m pruning.Model) (out []pruning.Request, err error) {
	for l := range m.Layers {
		r := pruning.Request{Site: pruning.Site{Phase: pruning.Prefill, Layer: l}}
		if s.probes != nil {
			r.Probes = s.probes(l)
		}
		out = append(out, r)
	}
	return out, nil
}
func (s *spy) Claims(pruning.Model) []pruning.Claim { return s.claims }
func (s *spy) Decide(seen pruning.Seen) (out pruning.Outcome, err error) {
	if s.probes != nil {
		for _, p := range s.probes(seen.Site.Layer) {
			m, err := seen.Value(p)
			if err != nil {
				return out, err
			}
			m.Data = slices.Clone(m.Data)
			s.seen[p] = m
		}
	}
	if s.decide != nil {
		out.Decisions = s.decide(seen)
	}
	return out, nil
}

func stackSpy(s *spy) []pruning.Stacked {
	s.seen = map[pruning.Probe]pruning.Matrix{}
	return []pruning.Stacked{{Info: pruning.Info{Name: "spy", Title: "Spy"}, Method: s}}
}

func TestLookingOnChangesNoBit(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	dense, _ := run(t, m, p, nil, 316)
	s := &spy{probes: func(l int) (out []pruning.Probe) {
		for _, q := range []pruning.Quantity{pruning.Hidden, pruning.QueryPre, pruning.KeyPre, pruning.Query, pruning.Key,
			pruning.Value, pruning.AttentionOut, pruning.GateAct, pruning.DownInput} {
			out = append(out, pruning.Probe{What: q, Layer: l})
		}
		return append(out, pruning.Probe{What: pruning.Attention, Layer: l, Rows: pruning.Select{Kind: pruning.LastRow}, Reduce: pruning.ColumnMean},
			pruning.Probe{What: pruning.Attention, Layer: l, Rows: pruning.Select{Kind: pruning.Tail, N: 3}, Reduce: pruning.ColumnHeads},
			pruning.Probe{What: pruning.Attention, Layer: l, Reduce: pruning.ColumnMean})
	}}
	for _, cut := range []bool{false, true} {
		if s.claims = nil; cut { // a segment a layer
			for l := range m.Decoder.Config.Layers {
				s.claims = append(s.claims, pruning.Claim{Kind: "drop", Phase: pruning.Prefill, Layer: l})
			}
		}
		got, _ := run(t, m, p, stackSpy(s), 316)
		sameBits(t, fmt.Sprintf("a segment a layer: %v", cut), dense, got)
		checkSeen(t, m, p, s)
	}
}

// checkSeen compares what probes saw with each other.
func checkSeen(t *testing.T, m *Model, p *Prompt, s *spy) {
	t.Helper()
	n, c := len(p.Tokens), m.Decoder.Config
	for probe, v := range s.seen {
		wantRows, wantCols := n, 0
		switch probe.What {
		case pruning.Attention:
			wantRows, wantCols = 1, n
			rows := map[pruning.SelectKind]int{pruning.LastRow: 1, pruning.Tail: 3, pruning.AllRows: n}[probe.Rows.Kind]
			if probe.Reduce == pruning.ColumnHeads {
				wantRows = c.Heads
			}
			total := float64(wantRows * rows)
			if probe.Reduce == pruning.ColumnMean {
				total = float64(rows)
			}
			sum := 0.0
			for _, x := range v.Data {
				sum += float64(x)
			}
			if math.Abs(sum-total) > 1e-3*total {
				t.Errorf("%v, %v: probabilities add up to %g, want %g", probe, probe.Reduce, sum, total)
			}
		case pruning.DownInput, pruning.GateAct:
			wantCols = c.FFN
		case pruning.KeyPre, pruning.Key, pruning.Value:
			wantCols = c.KVHeads * c.HeadDim
		default:
			wantCols = c.Hidden
		}
		if v.Rows != wantRows || v.Cols != wantCols {
			t.Errorf("%v: -want %d×%d +got %d×%d", probe, wantRows, wantCols, v.Rows, v.Cols)
		}
	}
}

// everyOther lists half of the visual rows.
func everyOther(tokens []pruning.Token) (out []int) {
	for _, r := range pruning.Spans(tokens, pruning.Visual) {
		if r%2 == 0 {
			out = append(out, r)
		}
	}
	return out
}

// Dropping rows after layer k must equal hiding their keys from layer k+1 on.
func TestDropEqualsMaskingLaterLayers(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	const after = 1
	d := &spy{claims: []pruning.Claim{{Kind: "drop", Phase: pruning.Prefill, Layer: after}},
		decide: func(s pruning.Seen) []pruning.Decision {
			if s.Site.Layer != after {
				return nil
			}
			return []pruning.Decision{&pruning.Drop{Rows: everyOther(s.Tokens)}}
		}}
	got, s := run(t, m, p, stackSpy(d))
	if n := s.keptByLayer; n[after] != 256 || n[after+1] != 128 {
		t.Errorf("kept by layer: %v", n)
	}

	cfg, n := m.Decoder.Config, len(p.Tokens)
	ref := m.NewSession(compute.F32)
	defer ref.Close()
	if err := ref.cache.Reserve(0, cfg.Layers, n); err != nil {
		t.Fatal(err)
	}
	if err := ref.stream.Reserve(m.Decoder, n); err != nil {
		t.Fatal(err)
	}
	x, err := m.embed(p, p.Tokens)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	ref.cache.Append(0, cfg.Layers, all, int32(n-1))
	for l := after + 1; l < cfg.Layers; l++ {
		if err := ref.cache.Mask(l, everyOther(p.Tokens)); err != nil {
			t.Fatal(err)
		}
	}
	seg, err := m.Decoder.Build(llama.Plan{To: llama.Before(cfg.Layers), Rows: n, Logits: 1, Cache: ref.cache}, &ref.stream)
	if err != nil {
		t.Fatal(err)
	}
	defer seg.Free()
	if err := seg.Run(context.Background(), llama.Inputs{X: x}); err != nil {
		t.Fatal(err)
	}
	want := make([]float32, cfg.Vocabulary)
	if err := seg.Logits(want); err != nil {
		t.Fatal(err)
	}
	if r := relative(got[0], want); r > 2e-2 { // q8_0 weights: products of other row counts round otherwise
		t.Errorf("dropping and masking differ by %.2g", r)
	}
}

// In decoding, evicted entries equal masked ones, and zeroed ones do not: they keep mass.
func TestEvictEqualsMaskAndZeroDoesNot(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	last := m.Decoder.Config.Layers - 1
	with := func(make func(layer int, rows pruning.Set) pruning.Decision) ([]float32, *Session) {
		d := &spy{decide: func(s pruning.Seen) []pruning.Decision {
			return []pruning.Decision{make(s.Site.Layer, pruning.OfLayer(everyOther(s.Tokens)))}
		}}
		out, s := run(t, m, p, stackSpy(d), 316, 17, 40)
		return out[3], s
	}
	evicted, es := with(func(l int, r pruning.Set) pruning.Decision { return &pruning.Evict{From: l, To: l, Rows: r} })
	masked, _ := with(func(l int, r pruning.Set) pruning.Decision { return &pruning.Mask{Layer: l, Rows: r} })
	zeroed, zs := with(func(l int, r pruning.Set) pruning.Decision { return &pruning.Zero{Layer: l, Rows: r} })
	if r := relative(evicted, masked); r > 1e-3 {
		t.Errorf("evicting and masking differ by %.2g", r)
	}
	if r := relative(zeroed, masked); r < 1e-3 {
		t.Errorf("zeroing and masking are the same (%.2g): zeroed keys lost their softmax mass", r)
	}
	if e, z := es.KVBytes(), zs.KVBytes(); e >= z || es.cache.Layers[last].Layout.Len() != len(p.Tokens)-128+3 {
		t.Errorf("evicting saved nothing: %d of %d bytes", e, z)
	}
	dense, _ := run(t, m, p, nil, 316, 17, 40)
	if r := relative(masked, dense[3]); r < 1e-3 {
		t.Errorf("masking half of the picture changed nothing (%.2g)", r)
	}
}

func TestRenumberedRowsTakeNewPositions(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	d := &spy{claims: []pruning.Claim{{Kind: "drop", Phase: pruning.Prefill, Layer: 1}},
		decide: func(s pruning.Seen) []pruning.Decision {
			if s.Site.Layer != 1 {
				return nil
			}
			return []pruning.Decision{&pruning.Drop{Rows: everyOther(s.Tokens), Positions: pruning.Renumbered}}
		}}
	_, s := run(t, m, p, stackSpy(d), 316)
	n := int32(len(p.Tokens))
	if got := s.cache.Layers[1].Layout.Next; got != n+1 {
		t.Errorf("layers before the drop go on at %d, want %d", got, n+1)
	}
	if got := s.cache.Layers[2].Layout.Next; got != n-128+1 {
		t.Errorf("layers after the drop go on at %d, want %d", got, n-128+1)
	}
}

func TestDroppingTheLastRowIsRefused(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	d := &spy{claims: []pruning.Claim{{Kind: "drop", Phase: pruning.Prefill, Layer: 0}},
		decide: func(s pruning.Seen) []pruning.Decision {
			return []pruning.Decision{&pruning.Drop{Rows: []int{len(s.Tokens) - 1}}}
		}}
	s := m.NewSession(compute.F32)
	defer s.Close()
	if err := s.Prefill(context.Background(), p, stackSpy(d), 0, trace.Pruned, nothing); err == nil {
		t.Error("a prompt without its last row was accepted")
	}
}

func TestCancelEndsTheRun(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	s := m.NewSession(compute.F32)
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var at time.Time
	words := 0
	done, err := s.Generate(ctx, p, nil, trace.Sampling{Temperature: 100, MaxTokens: 1500, Seed: 3}, trace.Dense, func(e trace.Event) {
		if _, ok := e.(trace.Word); ok {
			if words++; words == 1 {
				at = time.Now()
				cancel()
			}
		}
	})
	if !errors.Is(err, compute.ErrCancelled) || done.Ended != "cancelled" || done.Tokens > 2 {
		t.Errorf("after cancel: %v, %+v", err, done)
	}
	t.Logf("ended %v after cancel", time.Since(at))
	s.Reset() // and the session is good for another run
	if _, err := s.Generate(context.Background(), p, nil, trace.Sampling{MaxTokens: 4}, trace.Dense, nothing); err != nil {
		t.Error(err)
	}
}

func TestSeedRepeatsAnAnswer(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "What is in the picture?")
	answer := func(seed uint64) string {
		s := m.NewSession(compute.F32)
		defer s.Close()
		d, err := s.Generate(context.Background(), p, nil, trace.Sampling{Temperature: 2, TopP: 0.95, Seed: seed, MaxTokens: 12}, trace.Dense, nothing)
		if err != nil {
			t.Fatal(err)
		}
		return d.Answer
	}
	if a, b := answer(1), answer(1); a != b {
		t.Errorf("seed 1 gave %q, then %q", a, b)
	}
	if a, b := answer(1), answer(2); a == b {
		t.Errorf("seeds 1 and 2 both gave %q", a)
	}
}
