package vlm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
)

// agent decides at the sites that a test names.
type agent struct {
	requests []pruning.Request
	claims   []pruning.Claim
	decide   func(s pruning.Seen) []pruning.Decision
}

func (a *agent) Requests(pruning.Model) ([]pruning.Request, error) { return a.requests, nil }
func (a *agent) Claims(pruning.Model) []pruning.Claim              { return a.claims }
func (a *agent) Decide(s pruning.Seen) (pruning.Outcome, error) {
	for _, r := range a.requests {
		if r.Site.Layer == s.Site.Layer && r.Site.At == s.Site.At && r.Site.Phase == s.Site.Phase {
			for _, p := range r.Probes {
				if _, err := s.Value(p); err != nil {
					return pruning.Outcome{}, err
				}
			}
		}
	}
	return pruning.Outcome{Decisions: a.decide(s)}, nil
}

func stackAgent(a *agent) []pruning.Stacked {
	return []pruning.Stacked{{Info: pruning.Info{Name: "agent", Title: "Agent"}, Method: a}}
}

func inEveryAttention(m *Model, phase pruning.Phase, probes func(l int) []pruning.Probe) (out []pruning.Request) {
	for l := range m.Decoder.Config.Layers {
		r := pruning.Request{Site: pruning.Site{Phase: phase, Layer: l, At: pruning.InAttention}}
		if probes != nil {
			r.Probes = probes(l)
		}
		out = append(out, r)
	}
	return out
}

func close2(t *testing.T, what string, want, got [][]float32, tolerance float64) {
	t.Helper()
	for i := range want {
		if r := relative(got[i], want[i]); !(r <= tolerance) {
			t.Errorf("%s: step %d differs by %.2g", what, i, r)
		}
	}
}

// Stopping in every attention, of prefill and of decode steps, and going on without a decision is
// the dense model.
func TestStoppingInAttentionChangesNothing(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	dense, _ := run(t, m, p, nil, 316, 17)
	a := &agent{requests: append(inEveryAttention(m, pruning.Prefill, nil), inEveryAttention(m, pruning.Decode, nil)...),
		decide: func(pruning.Seen) []pruning.Decision { return nil }}
	got, _ := run(t, m, p, stackAgent(a), 316, 17)
	sameBits(t, "stopping in attention", dense, got)
}

// Rows left out of attention get zeros there, and rows that attend do not see them: whether they
// are evicted or stay in the cache behind the others makes no difference to the prefill.
func TestExcludedRowsTakeNoPart(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	const l = 2
	out := pruning.Probe{What: pruning.AttentionOut, Layer: l}
	q, k, v := pruning.Probe{What: pruning.Query, Layer: l}, pruning.Probe{What: pruning.Key, Layer: l}, pruning.Probe{What: pruning.Value, Layer: l}
	sum := pruning.Probe{What: pruning.Attention, Layer: l, Rows: pruning.Select{Kind: pruning.LastRow}, Reduce: pruning.ColumnMean}
	logits := map[bool][]float32{}
	for _, evict := range []bool{false, true} {
		var seen, queries, keys, values pruning.Matrix
		a := &agent{
			requests: []pruning.Request{
				{Site: pruning.Site{Phase: pruning.Prefill, Layer: l, At: pruning.InAttention}, Probes: []pruning.Probe{sum, q, k, v}},
				{Site: pruning.Site{Phase: pruning.Prefill, Layer: l}, Probes: []pruning.Probe{out, sum}}},
			decide: func(s pruning.Seen) []pruning.Decision {
				if s.Site.At == pruning.LayerEnd {
					seen, _ = s.Value(out)
					seen.Data = slices.Clone(seen.Data)
					return nil
				}
				for probe, to := range map[pruning.Probe]*pruning.Matrix{q: &queries, k: &keys, v: &values} {
					*to, _ = s.Value(probe)
					to.Data = slices.Clone(to.Data)
				}
				rows := everyOther(s.Tokens)
				d := []pruning.Decision{&pruning.Exclude{Layer: l, Rows: rows}}
				if evict {
					d = append(d, &pruning.Evict{From: l, To: l, Rows: pruning.OfLayer(rows)})
				}
				return d
			}}
		got, s := run(t, m, p, stackAgent(a))
		logits[evict] = got[0]
		if seen.Rows != len(p.Tokens) {
			t.Fatalf("attention output of %d rows, want %d", seen.Rows, len(p.Tokens))
		}
		excluded := everyOther(p.Tokens)
		for r := range seen.Rows {
			_, is := slices.BinarySearch(excluded, r)
			if zero := !slices.ContainsFunc(seen.Row(r), func(v float32) bool { return v != 0 }); zero != is {
				t.Fatalf("row %d excluded %v, its attention output is zero: %v", r, is, zero)
			}
		}
		checkAttentionAmong(t, m, excluded, queries, keys, values, seen)
		want := len(p.Tokens)
		if evict {
			want -= len(excluded)
		}
		if got := s.cache.Layers[l].Layout.Len(); got != want {
			t.Errorf("evict %v: the cache has %d rows, want %d", evict, got, want)
		}
		if s.keptByLayer[l] != 128 || s.keptByLayer[l+1] != 256 {
			t.Errorf("kept by layer: %v", s.keptByLayer)
		}
	}
	if r := relative(logits[true], logits[false]); r > 1e-6 {
		t.Errorf("evicting what is excluded changes the prefill by %.2g", r)
	}
}

// checkAttentionAmong compares attention outputs with the causal attention of the rows that are
// not excluded over themselves.
func checkAttentionAmong(t *testing.T, m *Model, excluded []int, q, k, v, out pruning.Matrix) {
	t.Helper()
	c := m.Decoder.Config
	among := pruning.Matrix{Cols: k.Cols}
	var rows []int
	for r := range q.Rows {
		if _, is := slices.BinarySearch(excluded, r); is {
			continue
		}
		rows = append(rows, r)
		among.Rows++
		among.Data = append(among.Data, k.Row(r)...)
		want := make([]float32, out.Cols)
		for h := range c.Heads {
			at := h / (c.Heads / c.KVHeads) * c.HeadDim
			p := attentionRow(q.Row(r)[h*c.HeadDim:(h+1)*c.HeadDim], among, at, among.Rows)
			for j, w := range p {
				for d := range c.HeadDim {
					want[h*c.HeadDim+d] += w * v.Row(rows[j])[at+d]
				}
			}
		}
		if d := relative(out.Row(r), want); d > 1e-3 {
			t.Fatalf("row %d: attention among the rows that take part is off by %.2g", r, d)
		}
	}
}

// What probes see in an attention agrees with what Go computes from queries and keys.
func TestReducedAttentionIsRight(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	const l = 1
	some := pruning.Select{Kind: pruning.TailAndRandom, N: 8, Seed: 5}
	q, k := pruning.Probe{What: pruning.Query, Layer: l}, pruning.Probe{What: pruning.Key, Layer: l}
	heads := pruning.Probe{What: pruning.Attention, Layer: l, Rows: some, Reduce: pruning.ColumnHeads}
	mean := pruning.Probe{What: pruning.Attention, Layer: l, Rows: some, Reduce: pruning.ColumnMean}
	mass := pruning.Probe{What: pruning.Attention, Layer: l, Rows: some, Reduce: pruning.VisualMassHeads}
	massMean := pruning.Probe{What: pruning.Attention, Layer: l, Rows: some, Reduce: pruning.VisualMass}
	visited := false
	a := &agent{requests: []pruning.Request{{Site: pruning.Site{Phase: pruning.Prefill, Layer: l, At: pruning.InAttention},
		Probes: []pruning.Probe{q, k, heads, mean, mass, massMean}}},
		decide: func(s pruning.Seen) []pruning.Decision {
			visited = true
			get := func(p pruning.Probe) pruning.Matrix { v, _ := s.Value(p); return v }
			rows := some.Of(len(s.Tokens), l)
			if len(rows) != 16 || rows[15] != len(s.Tokens)-1 || rows[7] >= len(s.Tokens)-8 {
				t.Fatalf("probe rows %v", rows)
			}
			checkReduced(t, m, s.Tokens, rows, get(q), get(k), get(heads), get(mean), get(mass), get(massMean))
			return nil
		}}
	run(t, m, p, stackAgent(a))
	if !visited {
		t.Error("the site was not visited")
	}
}

func checkReduced(t *testing.T, m *Model, tokens []pruning.Token, rows []int, q, k, heads, mean, mass, massMean pruning.Matrix) {
	t.Helper()
	c := m.Decoder.Config
	n := len(tokens)
	wantHeads, wantMean := make([]float32, c.Heads*n), make([]float32, n)
	wantMass, wantMassMean := make([]float32, len(rows)*c.Heads), make([]float32, len(rows))
	for h := range c.Heads {
		for i, r := range rows {
			prob := attentionRow(q.Row(r)[h*c.HeadDim:(h+1)*c.HeadDim], k, h/(c.Heads/c.KVHeads)*c.HeadDim, r+1)
			for j, v := range prob {
				wantHeads[h*n+j] += v
				wantMean[j] += v / float32(c.Heads)
				if tokens[j].Kind == pruning.Visual {
					wantMass[i*c.Heads+h] += v
					wantMassMean[i] += v / float32(c.Heads)
				}
			}
		}
	}
	for name, pair := range map[string][2][]float32{"column sums of heads": {wantHeads, heads.Data}, "their mean": {wantMean, mean.Data},
		"mass of heads": {wantMass, mass.Data}, "mass": {wantMassMean, massMean.Data}} {
		if r := relative(pair[1], pair[0]); len(pair[0]) != len(pair[1]) || r > 1e-3 {
			t.Errorf("%s: %d numbers for %d, off by %.2g", name, len(pair[1]), len(pair[0]), r)
		}
	}
}

// attentionRow is the softmax of one query over the first n keys.
func attentionRow(q []float32, k pruning.Matrix, at, n int) []float32 {
	out, top := make([]float32, n), math.Inf(-1)
	for j := range out {
		for d, x := range q {
			out[j] += x * k.Row(j)[at+d]
		}
		top = max(top, float64(out[j]))
	}
	scale, sum := 1/math.Sqrt(float64(len(q))), 0.0
	for j, v := range out {
		e := math.Exp((float64(v) - top) * scale)
		sum += e
		out[j] = float32(e)
	}
	for j := range out {
		out[j] = float32(float64(out[j]) / sum)
	}
	return out
}

// Probabilities computed in Go go on as the graph's own would: factors of one change nothing, and
// masking in every attention is masking in the cache.
func TestWeighedAttention(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	forced := []int{316, 17, 40}
	with := func(make func(s pruning.Seen) []pruning.Decision) [][]float32 {
		a := &agent{decide: make, requests: inEveryAttention(m, pruning.Decode, func(l int) []pruning.Probe {
			return []pruning.Probe{{What: pruning.AttentionLogits, Layer: l}}
		})}
		out, _ := run(t, m, p, stackAgent(a), forced...)
		return out
	}
	dense, _ := run(t, m, p, nil, forced...)
	ones := with(func(s pruning.Seen) []pruning.Decision {
		f := make([]float32, len(s.Tokens))
		for i := range f {
			f[i] = 1
		}
		return []pruning.Decision{&pruning.Reweigh{Layer: s.Site.Layer, Factors: [][]float32{f}}}
	})
	close2(t, "factors of one", dense, ones, 2e-2)

	cached := &spy{decide: func(s pruning.Seen) []pruning.Decision {
		return []pruning.Decision{&pruning.Mask{Layer: s.Site.Layer, Rows: pruning.OfLayer(everyOther(s.Tokens))}}
	}}
	want, _ := run(t, m, p, stackSpy(cached), forced...)
	byHead := with(func(s pruning.Seen) []pruning.Decision {
		lists := make([][]int, m.Decoder.Config.Heads)
		for h := range lists {
			lists[h] = everyOther(s.Tokens)
		}
		return []pruning.Decision{&pruning.Mask{Layer: s.Site.Layer, Rows: pruning.Set{Granularity: pruning.PerHead, Lists: lists}}}
	})
	close2(t, "masking by head", want, byHead, 2e-2)
	if r := relative(byHead[1], dense[1]); r < 1e-2 {
		t.Errorf("masking changed nothing (%.2g)", r)
	}
	// Each hidden row merged with itself alone takes part as before.
	once := with(func(s pruning.Seen) []pruning.Decision {
		rows := everyOther(s.Tokens)
		groups := make([][]int, len(rows))
		for i, r := range rows {
			groups[i] = []int{r}
		}
		return []pruning.Decision{&pruning.Mask{Layer: s.Site.Layer, Rows: pruning.OfLayer(rows)},
			&pruning.Merge{Layer: s.Site.Layer, Groups: groups, Once: true}}
	})
	close2(t, "hidden rows merged each alone", dense, once, 2e-2)
}

func TestEveryHeadNeedsARow(t *testing.T) {
	w := weighing{logits: pruning.Matrix{Rows: 1, Cols: 2, Data: []float32{1, 2}}, scale: 1}
	if err := w.add(&pruning.Mask{Rows: pruning.OfLayer([]int{0, 1})}, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.probabilities(); err == nil {
		t.Error("an attention without any row was computed")
	}
}

// A group that is merged for once has its mean logit, and shares its probability out.
func TestMergedRowsShareTheirProbability(t *testing.T) {
	w := weighing{logits: pruning.Matrix{Rows: 1, Cols: 4, Data: []float32{1, 3, 5, 0}}, scale: 0.5}
	for _, d := range []pruning.Decision{&pruning.Mask{Rows: pruning.OfLayer([]int{1, 2})}, &pruning.Merge{Groups: [][]int{{1, 2}}, Once: true}} {
		if err := w.add(d, "x"); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.probabilities()
	if err != nil {
		t.Fatal(err)
	}
	a, b, g := math.Exp(0.5), math.Exp(0), math.Exp(2)
	sum := a + b + g
	for i, want := range []float64{a / sum, g / sum / 2, g / sum / 2, b / sum} {
		if math.Abs(float64(p[i])-want) > 1e-6 {
			t.Errorf("entry %d has %g, want %g", i, p[i], want)
		}
	}
}

// Packed entries take fewer bytes, decode nearly as the full ones, and can be evicted later.
func TestPackedEntries(t *testing.T) {
	m := openBuiltIn(t)
	if m.Backend.Device().ID != "cpu" && m.Backend.Device().ID != "ref" {
		t.Skip("packed entries are read on the processor")
	}
	p := samplePrompt(t, m, "Is there a sheep?")
	forced := []int{316, 17, 40}
	dense, ds := run(t, m, p, nil, forced...)
	bytes := map[int]int64{}
	for _, bits := range []int{8, 4} {
		a := &agent{requests: inEveryAttention(m, pruning.Prefill, nil), decide: func(s pruning.Seen) []pruning.Decision {
			var all []int
			for i := range s.Tokens {
				all = append(all, i)
			}
			return []pruning.Decision{&pruning.Store{Layer: s.Site.Layer, Bits: bits, Rows: pruning.OfLayer(all)}}
		}}
		got, s := run(t, m, p, stackAgent(a), forced...)
		sameBits(t, "the prefill before packing", dense[:1], got[:1])
		close2(t, fmt.Sprintf("%d bits", bits), dense, got, map[int]float64{8: 0.05, 4: 0.5}[bits])
		if bytes[bits] = s.KVBytes(); bytes[bits] > ds.KVBytes()*int64(bits+3)/32 {
			t.Errorf("%d bits take %d of %d bytes", bits, bytes[bits], ds.KVBytes())
		}
		if l := s.cache.Layers[0].Layout; l.Packed != len(p.Tokens) || l.Tail() != len(forced) {
			t.Errorf("%d bits: %d packed, %d behind", bits, l.Packed, l.Tail())
		}
		rows := everyOther(p.Tokens)
		if err := s.cache.Evict(0, m.Decoder.Config.Layers-1, rows); err != nil {
			t.Fatal(err)
		}
		if err := s.Step(context.Background(), 5); err != nil {
			t.Fatal(err)
		}
		if got := s.cache.Layers[0].Layout.Packed; got != len(p.Tokens)-len(rows) {
			t.Errorf("%d entries are packed after evicting", got)
		}
	}
	if bytes[4] >= bytes[8] {
		t.Errorf("4 bits take %d bytes, 8 bits %d", bytes[4], bytes[8])
	}
}

func TestHandAndLogits(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "Is there a sheep?")
	out := pruning.ByHand(nil, []pruning.Forced{{Row: 3, Col: 4}, {Row: 5, Col: 6}})
	_, s := run(t, m, p, out)
	for l, n := range s.keptByLayer {
		if n != 254 {
			t.Errorf("layer %d computed %d visual tokens, want 254", l, n)
		}
	}
	lens := pruning.Probe{What: pruning.LogitLens, Layer: -1}
	deeper := pruning.Probe{What: pruning.LogitLens, Layer: 2}
	steps := 0
	a := &agent{requests: []pruning.Request{{Site: pruning.Site{Phase: pruning.Decode, At: pruning.OnLogits},
		Probes: []pruning.Probe{{What: pruning.Logits}, lens, deeper}}},
		decide: func(s pruning.Seen) []pruning.Decision {
			if s.Site.Step != steps {
				t.Errorf("site of step %d, want %d", s.Site.Step, steps)
			}
			steps++
			for _, probe := range []pruning.Probe{{What: pruning.Logits}, lens, deeper} {
				if v, err := s.Value(probe); err != nil || v.Rows != 1 || v.Cols != m.Decoder.Config.Vocabulary {
					t.Errorf("%v: %d × %d, %v", probe, v.Rows, v.Cols, err)
				}
			}
			v := make([]float32, m.Decoder.Config.Vocabulary)
			v[316] = 1
			return []pruning.Decision{&pruning.EditLogits{Values: v}}
		}}
	ses := m.NewSession(compute.F16)
	defer ses.Close()
	var choices []*trace.Choices
	done, err := ses.Generate(context.Background(), p, stackAgent(a), trace.Sampling{MaxTokens: 3}, trace.Pruned, func(e trace.Event) {
		if d, ok := e.(trace.Decision); ok && d.Kind == "logits" {
			choices = append(choices, d.Choices)
		}
	})
	if err != nil || done.Tokens != 3 || len(choices) != 3 {
		t.Fatalf("%v, %d tokens, %d edits", err, done.Tokens, len(choices))
	}
	for _, c := range choices {
		if c.After[0].ID != 316 || len(c.Before) != 5 || len(c.Against) != 5 || c.Before[0].LogProb < c.Before[4].LogProb {
			t.Errorf("choices %+v", c)
		}
	}
}

// Following an answer shows the logits that chose it.
func TestFollowSeesWhatGenerateSaw(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "What is in the picture?")
	s := m.NewSession(compute.F16)
	defer s.Close()
	var ids []int
	done, err := s.Generate(context.Background(), p, nil, trace.Sampling{MaxTokens: 12}, trace.Dense, func(e trace.Event) {
		if w, ok := e.(trace.Word); ok {
			ids = append(ids, w.ID)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Reset()
	steps := 0
	sum, err := s.Follow(context.Background(), p, nil, 0, ids, func(step int, logits []float32) error {
		best := 0
		for id, v := range logits {
			if v > logits[best] {
				best = id
			}
		}
		if best != ids[step] {
			t.Errorf("step %d would choose %d, the answer has %d", step, best, ids[step])
		}
		steps++
		return nil
	})
	if err != nil || steps != len(ids) || sum.PrefillFLOPs != done.PrefillFLOPs || sum.KVBytes != done.KVBytes {
		t.Errorf("%v: %d steps of %d, %+v", err, steps, len(ids), sum)
	}
}

// All that the catalogue stacks runs, on whole answers.
func TestStacksRun(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "What is in the picture?")
	for _, specs := range [][]string{
		{"zipvl"}, {"zipvl,kv=mixed,recompress=4"}, {"zipvl,kv=keep"}, {"zipvl,tau=0.8,recompress=4"},
		{"corematching", "zipvl,kv=mixed"}, {"corematching", "zipvl"}, {"fastv,keep=0.3", "zipvl"},
		{"vasparse"}, {"vasparse,mode=release,sentence=4"}, {"corematching", "vasparse"}, {"zipvl", "vasparse"},
	} {
		s := m.NewSession(compute.F16)
		done, err := s.Generate(context.Background(), p, stackOf(t, m, specs...), trace.Sampling{MaxTokens: 12}, trace.Pruned, nothing)
		if err != nil || done.Answer == "" || done.KVBytes <= 0 {
			t.Errorf("%v: %q, %v", specs, done.Answer, err)
		}
		t.Logf("%v: %q, %d bytes, kept %v", specs, done.Answer, done.KVBytes, done.KeptByLayer)
		s.Close()
	}
}

// The released VASparse merges the oldest generated entries whenever a sentence is full.
func TestSentencesAreMerged(t *testing.T) {
	m := openBuiltIn(t)
	p := samplePrompt(t, m, "What is in the picture?")
	s := m.NewSession(compute.F32)
	defer s.Close()
	ids := make([]int, 33)
	for i := range ids {
		ids[i] = 300 + i
	}
	const generated = 32
	_, err := s.Follow(context.Background(), p, stackOf(t, m, "vasparse,mode=release,sentence=32,merge_layers=all"), 0, ids, func(int, []float32) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for l := range s.cache.Layers {
		if got, want := s.cache.Layers[l].Layout.Len(), len(p.Tokens)+generated-2; got != want { // three became one
			t.Errorf("layer %d holds %d entries, want %d", l, got, want)
		}
	}
}
