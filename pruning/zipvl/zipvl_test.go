package zipvl

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

const layer = 2

var model = pruning.Model{Layers: 6, Hidden: 32, Heads: 2, KVHeads: 1, HeadDim: 16, FFN: 64}

func number(v float64) string { return fmt.Sprint(v) }

func rowsUpTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// with is exact probes without protect_last, the paper's plain rule, then what is given.
func with(more map[string]string) map[string]string {
	out := map[string]string{"probes": "exact", "protect_last": "false"}
	maps.Copy(out, more)
	return out
}

func method(t *testing.T, params map[string]string) pruning.Method {
	t.Helper()
	m, _, err := pruning.New(pruning.Spec{Name: "zipvl", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// prefillSeen is what a pipeline shows in prefill: a is what each of the tokens receives.
func prefillSeen(a []float32, layer int, rows pruning.Select) pruning.Seen {
	tokens := make([]pruning.Token, len(a))
	for i := range tokens {
		tokens[i].Position = i
	}
	p := pruning.Probe{What: pruning.Attention, Layer: layer, Rows: rows, Reduce: pruning.ColumnMean}
	return pruning.NewSeen(pruning.Site{Phase: pruning.Prefill, Layer: layer, At: pruning.InAttention}, model, tokens,
		map[pruning.Probe]pruning.Matrix{p: {Rows: 1, Cols: len(a), Data: a}})
}

func decide(t *testing.T, s pruning.Seen, params map[string]string) []pruning.Decision {
	t.Helper()
	out, err := method(t, params).Decide(s)
	if err != nil {
		t.Fatal(err)
	}
	return out.Decisions
}

// kinds tells decisions apart by kind and bits.
func kinds(decisions []pruning.Decision) string {
	var out []string
	for _, d := range decisions {
		text := d.Kind()
		if s, ok := d.(*pruning.Store); ok {
			text += fmt.Sprintf("%d%v", s.Bits, s.Rows.Lists[0])
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// six rows, all of them probes: ã is a by 6, 5 … 1, so .4 .12 .5 .2 .15 .1.
var six = []float32{2.4, 0.6, 2, 0.6, 0.3, 0.1}

func TestCountFromAttentionChoiceFromItsShare(t *testing.T) {
	// Four fifths of 6 are 4.8: 2.4 + 2 + 0.6, so p = 3; ã: .4 .12 .5 .2 .15 .1, so T = 0, 2, 3.
	out := decide(t, prefillSeen(six, layer, pruning.Select{}), with(map[string]string{"tau": "0.8"}))
	if len(out) != 2 {
		t.Fatalf("decisions %s, want exclude and evict", kinds(out))
	}
	exclude, evict := out[0].(*pruning.Exclude), out[1].(*pruning.Evict)
	if want := []int{1, 4, 5}; !slices.Equal(exclude.Rows, want) || exclude.Layer != layer {
		t.Errorf("excludes %v of layer %d, want %v of %d", exclude.Rows, exclude.Layer, want, layer)
	}
	if !slices.Equal(evict.Rows.Lists[0], exclude.Rows) || evict.From != layer || evict.To != layer {
		t.Errorf("evicts %v of layers %d to %d", evict.Rows, evict.From, evict.To)
	}
	if want := "important are the 3 of 6 highest, as many as can hold 80 % of the attention"; exclude.Rule != want || evict.Rule != want {
		t.Errorf("rules %q and %q, want %q", exclude.Rule, evict.Rule, want)
	}
	if a := exclude.Also; len(a) != 1 || a[0].Name != "attention received" || a[0].Target != 0.8 || !slices.Equal(a[0].Values, six) {
		t.Errorf("also %+v", a)
	} else if &a[0].Values[0] == &six[0] {
		t.Error("the decision keeps the probe's own memory")
	}
	if exclude.Scores[0] != float32(float64(six[0])/6) || exclude.Scores[5] != six[5] || exclude.Threshold == exclude.Threshold {
		t.Errorf("scores %v, threshold %v", exclude.Scores, exclude.Threshold)
	}
}

func TestVersions(t *testing.T) {
	for kv, want := range map[string]string{
		"evict": "exclude evict", "keep": "exclude", "mixed": "exclude store4[0 2 3] store2[1 4 5]",
	} {
		if got := kinds(decide(t, prefillSeen(six, layer, pruning.Select{}), with(map[string]string{"tau": "0.8", "kv": kv}))); got != want {
			t.Errorf("kv=%s decides %s, want %s", kv, got, want)
		}
	}
	out := decide(t, prefillSeen(six, layer, pruning.Select{}), with(map[string]string{"tau": "0.8", "kv": "mixed", "bits_important": "8", "bits_other": "4"}))
	if got, want := kinds(out), "exclude store8[0 2 3] store4[1 4 5]"; got != want {
		t.Errorf("decides %s, want %s", got, want)
	}
	if r := out[2].Because().Rule; !strings.HasPrefix(r, "4 bits, not one of the 3 of 6 highest") {
		t.Errorf("rule %q", r)
	}
}

func TestProtectLastSwapsOne(t *testing.T) {
	s := prefillSeen(six, layer, pruning.Select{})
	out := decide(t, s, with(map[string]string{"tau": "0.8", "protect_last": "true"}))
	// Row 3 was the lowest of T.
	if d := out[0].(*pruning.Exclude); !slices.Equal(d.Rows, []int{1, 3, 4}) || !strings.Contains(d.Rule, "the last row stands in") {
		t.Errorf("excludes %v, %q", d.Rows, d.Rule)
	}
	out = decide(t, prefillSeen([]float32{2, .1, .1, .8}, layer, pruning.Select{}), with(map[string]string{"tau": "0.9", "protect_last": "true"}))
	if d := out[0].(*pruning.Exclude); !slices.Equal(d.Rows, []int{1, 2}) || strings.Contains(d.Rule, "stands in") {
		t.Errorf("excludes %v, %q, where the last row is important by itself", d.Rows, d.Rule)
	}
}

func TestSampledRowsAndTheirNorm(t *testing.T) {
	// Three recent and three random rows of 40: what a is divided by follows the draw.
	a := make([]float32, 40)
	for j := range a {
		a[j] = float32(1+j%7) / 8
	}
	rows := pruning.Select{Kind: pruning.TailAndRandom, N: 3, Seed: probeSeed}
	probes := rows.Of(40, layer)
	if len(probes) != 6 {
		t.Fatalf("probe rows %v", probes)
	}
	params := map[string]string{"probes": "sampled", "recent": "3", "tau": "0.6"}
	d := decide(t, prefillSeen(a, layer, rows), params)[0].Because()
	for j, score := range d.Scores {
		seen := 0
		for _, c := range probes {
			if c >= j {
				seen++
			}
		}
		if want := float32(float64(a[j]) / float64(seen)); score != want {
			t.Errorf("ã of row %d is %v, want %v: %d of %v see it", j, score, want, seen, probes)
		}
	}
	params["norm"] = "causal_len"
	d = decide(t, prefillSeen(a, layer, rows), params)[0].Because()
	for j, score := range d.Scores {
		if want := float32(float64(a[j]) / float64(40-j)); score != want {
			t.Errorf("with causal_len ã of row %d is %v, want %v", j, score, want)
		}
	}
}

func TestAllRowsSampledAreAllRows(t *testing.T) {
	for probes, rows := range map[string]pruning.Select{
		"exact":   {},
		"auto":    {Kind: pruning.TailAndRandom, N: 64, Above: 256, Seed: probeSeed},
		"sampled": {Kind: pruning.TailAndRandom, N: 64, Seed: probeSeed},
	} {
		d := decide(t, prefillSeen(six, layer, rows), with(map[string]string{"tau": "0.8", "probes": probes}))[0].(*pruning.Exclude)
		if want := []int{1, 4, 5}; !slices.Equal(d.Rows, want) {
			t.Errorf("probes=%s excludes %v, want %v", probes, d.Rows, want)
		}
	}
}

func TestNeutralSettingIsDense(t *testing.T) {
	for _, kv := range []string{"evict", "keep"} {
		m := method(t, map[string]string{"tau": "1", "kv": kv})
		if r, err := m.Requests(model); err != nil || len(r) != 0 {
			t.Errorf("kv=%s requests %v, %v; want none", kv, r, err)
		}
		if c := m.Claims(model); len(c) != 0 {
			t.Errorf("kv=%s claims %v, want none", kv, c)
		}
		if d := decide(t, prefillSeen(six, layer, pruning.Select{}), map[string]string{"tau": "1", "kv": kv}); len(d) != 0 {
			t.Errorf("kv=%s decides %s", kv, kinds(d))
		}
	}
	// Quantising everything is not dense: it is asked for and claimed.
	out := decide(t, prefillSeen(six, layer, pruning.Select{}), with(map[string]string{"tau": "1", "kv": "mixed"}))
	if got, want := kinds(out), "store4[0 1 2 3 4 5]"; got != want {
		t.Errorf("tau 1, mixed: %s, want %s", got, want)
	}
	for _, c := range method(t, map[string]string{"tau": "1", "kv": "mixed"}).Claims(model) {
		if c.Kind != "store" {
			t.Errorf("tau 1, mixed claims %+v", c)
		}
	}
}

func TestItAsksInEveryLayerOrOne(t *testing.T) {
	sites := func(params map[string]string) (out []string) {
		r, err := method(t, params).Requests(model)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range r {
			if r.Site.At != pruning.InAttention || len(r.Probes) != 1 || r.Probes[0].Layer != r.Site.Layer {
				t.Errorf("request %+v", r)
			}
			out = append(out, fmt.Sprintf("%v%d/%d %v", r.Site.Phase, r.Site.Layer, r.Every, r.Probes[0].What))
		}
		return out
	}
	if got := sites(nil); len(got) != 12 || got[0] != "prefill0/0 attention" || got[11] != "decode5/100 attention logits" {
		t.Errorf("sites %v", got)
	}
	if got, want := sites(map[string]string{"first": "3", "last": "3", "recompress": "5"}), []string{"prefill3/0 attention", "decode3/5 attention logits"}; !slices.Equal(got, want) {
		t.Errorf("sites %v, want %v", got, want)
	}
	for _, params := range []map[string]string{{"recompress": "0"}, {"kv": "keep"}} {
		if got := sites(params); len(got) != 6 {
			t.Errorf("%v: sites %v, want six in prefill", params, got)
		}
	}
	for kv, want := range map[string]int{"evict": 12, "mixed": 12, "keep": 6} {
		if got := method(t, map[string]string{"kv": kv}).Claims(model); len(got) != want {
			t.Errorf("kv=%s has %d claims, want %d", kv, len(got), want)
		}
	}
	for _, params := range []map[string]string{{"last": "6"}, {"first": "4", "last": "3"}, {"first": "6"}} {
		if _, err := method(t, params).Requests(model); err == nil || !strings.Contains(err.Error(), "the model has layers 0 to 5") {
			t.Errorf("%v: error %v", params, err)
		}
	}
	if d := decide(t, prefillSeen(six, layer, pruning.Select{}), with(map[string]string{"first": "3"})); len(d) != 0 {
		t.Errorf("decides %s in a layer that is not selective", kinds(d))
	}
}

func TestBrokenAttentionIsNamed(t *testing.T) {
	m := method(t, with(nil))
	if _, err := m.Decide(prefillSeen([]float32{1, float32(math.NaN())}, layer, pruning.Select{})); err == nil || !strings.Contains(err.Error(), "attention of layer 2 is not a number at row 1") {
		t.Errorf("error %v", err)
	}
	s := prefillSeen(six, layer, pruning.Select{})
	s.Tokens = s.Tokens[:4]
	if _, err := m.Decide(s); err == nil || !strings.Contains(err.Error(), "1 × 6 for 4 tokens") {
		t.Errorf("error %v", err)
	}
	if _, err := m.Decide(prefillSeen(six, layer, pruning.Select{Kind: pruning.Tail, N: 2})); err == nil || !strings.Contains(err.Error(), "did not request") {
		t.Errorf("error %v", err)
	}
}
