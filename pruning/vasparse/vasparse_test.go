package vasparse

import (
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

var model = pruning.Model{Layers: 4, Hidden: 8, Heads: 2, KVHeads: 2, HeadDim: 4, FFN: 16, Vocabulary: 20}

var neutral = map[string]string{"lambda": "0", "alpha": "0", "beta": "0", "keep": "1", "contrast": "off", "sentence": "0"}

func with(base map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	for k, v := range base {
		out[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func TestNeutralSettingIsDense(t *testing.T) {
	for _, params := range []map[string]string{
		neutral,
		with(neutral, "mode", "release"),
		with(neutral, "lambda", "0.1"),                      // saliency of what is not chosen from
		with(neutral, "contrast", "always", "cut", "0"),     // (1 + 0)z − 0e, all plausible
		with(neutral, "mode", "release", "sentence", "16"),  // keep 1 merges nothing
		with(neutral, "mode", "release", "beta", "0.1"),     // not the code's
		with(neutral, "sentence", "16", "prefill", "mask"),  // not the paper's
		with(neutral, "recycle", "mean", "sets", "heads"),   // nothing is hidden
		with(neutral, "mode", "release", "recycle", "mean"), // not the code's
	} {
		v := method(t, params)
		r, err := v.Requests(model)
		if err != nil || r != nil {
			t.Errorf("%v: requests %v, %v; want none", params, r, err)
		}
		if c := v.Claims(model); c != nil {
			t.Errorf("%v: claims %v, want none", params, c)
		}
		// Also at sites that it did not ask for.
		for _, at := range []pruning.Moment{pruning.LayerEnd, pruning.InAttention, pruning.OnLogits} {
			o, err := v.Decide(pruning.NewSeen(pruning.Site{Phase: pruning.Decode, At: at, Step: 1}, model, make([]pruning.Token, 3), nil))
			if err != nil || len(o.Decisions) != 0 {
				t.Errorf("%v: decides %v, %v %v", params, o.Decisions, at, err)
			}
		}
	}
}

// TestSites: a method pays for what its parameters need, and no more.
func TestSites(t *testing.T) {
	type sites struct{ received, mass, dots, bare, logits int }
	for _, c := range []struct {
		params map[string]string
		want   sites
		claims string
	}{
		{nil, sites{4, 1, 4, 0, 1}, "mask reweigh logits"},
		{with(neutral, "keep", "0.9"), sites{0, 0, 4, 0, 0}, "mask"},
		{with(neutral, "keep", "0.9", "lambda", "1"), sites{0, 1, 4, 0, 0}, "mask"},
		{with(neutral, "beta", "0.1"), sites{4, 0, 4, 0, 0}, "reweigh"},
		{with(neutral, "contrast", "always", "alpha", "0.1"), sites{0, 0, 0, 0, 1}, "logits"},
		{with(neutral, "keep", "0.9", "recycle", "sum", "sets", "shared"), sites{0, 0, 4, 0, 0}, "mask merge"},
		{map[string]string{"mode": "release"}, sites{0, 0, 0, 4, 1}, "merge logits"},
		{map[string]string{"mode": "release", "prefill": "mask"}, sites{4, 4, 0, 4, 1}, "mask merge logits"},
		{with(neutral, "mode", "release", "prefill", "mask"), sites{4, 0, 0, 0, 0}, "mask"},
	} {
		v := method(t, c.params)
		requests, err := v.Requests(model)
		if err != nil {
			t.Fatal(err)
		}
		var got sites
		for i, r := range requests {
			if r.Site.Step != 0 || r.Every != 0 {
				t.Errorf("%v: request %+v", c.params, r)
			}
			if i > 0 && requests[i-1].Site.Phase == r.Site.Phase && requests[i-1].Site.Layer > r.Site.Layer {
				t.Errorf("%v: layer %d is asked for after %d", c.params, r.Site.Layer, requests[i-1].Site.Layer)
			}
			if r.Site.At == pruning.InAttention && len(r.Probes) == 0 {
				got.bare++
			}
			for _, p := range r.Probes {
				switch p {
				case receivedProbe(r.Site.Layer):
					got.received++
				case massProbe(r.Site.Layer):
					got.mass++
				case dotProbe(r.Site.Layer):
					got.dots++
				case logitsProbe(model):
					got.logits++
				}
			}
		}
		if got != c.want {
			t.Errorf("%v: sites %+v, want %+v", c.params, got, c.want)
		}
		kinds := map[string]int{}
		var order []string
		for _, c := range v.Claims(model) {
			if kinds[c.Kind]++; kinds[c.Kind] == 1 {
				order = append(order, c.Kind)
			}
			if c.Phase != pruning.Decode {
				t.Errorf("claims %+v", c)
			}
		}
		if got := strings.Join(order, " "); got != c.claims {
			t.Errorf("%v: claims %q, want %q", c.params, got, c.claims)
		}
		for kind, n := range kinds {
			if want := map[bool]int{true: 1, false: 4}[kind == "logits"]; n != want {
				t.Errorf("%v: %d claims of %s, want %d", c.params, n, kind, want)
			}
		}
	}
	r, err := method(t, map[string]string{"source": "2"}).Requests(model)
	if err != nil || !slices.Contains(r[len(r)-1].Probes, pruning.Probe{What: pruning.LogitLens, Layer: 1}) {
		t.Errorf("a prior after two layers is read at %v, %v", r[len(r)-1].Probes, err)
	}
}

func TestImpossibleSettingsAreRefused(t *testing.T) {
	for _, c := range []struct {
		params map[string]string
		want   string
	}{
		{map[string]string{"source": "4"}, "choose 0 to 3"},
		{map[string]string{"recycle": "mean"}, "choose sets=shared"},
	} {
		if _, err := method(t, c.params).Requests(model); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want one that says %q", c.params, err, c.want)
		}
	}
}

func TestBrokenProbesAreNamed(t *testing.T) {
	nan := float32(math.NaN())
	v := method(t, nil)
	tokens := make([]pruning.Token, 3)
	step := pruning.Site{Phase: pruning.Decode, Layer: 1, At: pruning.InAttention, Step: 1}
	for _, c := range []struct {
		s    pruning.Seen
		want string
	}{
		{pruning.NewSeen(step, model, tokens, map[pruning.Probe]pruning.Matrix{dotProbe(1): {Rows: 2, Cols: 3, Data: []float32{1, 2, 3, 4, 5, nan}}}),
			"attention logits of layer 1 is not a number at row 1, column 2"},
		{pruning.NewSeen(step, model, tokens[:2], map[pruning.Probe]pruning.Matrix{dotProbe(1): {Rows: 2, Cols: 3, Data: make([]float32, 6)}}),
			"is 2 × 3, vasparse takes 2 × 2"},
		{pruning.NewSeen(step, model, nil, nil), "layer 1 has no cached row"},
		{pruning.NewSeen(step, model, tokens, nil), "did not request"},
		{pruning.NewSeen(pruning.Site{Phase: pruning.Prefill, Layer: 2}, model, tokens,
			map[pruning.Probe]pruning.Matrix{receivedProbe(2): {Rows: 2, Cols: 3, Data: []float32{1, nan, 3, 4, 5, 6}}}), "attention of layer 2 is not a number"},
		{onLogits(v, []float32{1, nan}, []float32{1, 2}, 0), "logits of layer 2 is not a number"},
		{onLogits(v, []float32{1, 2}, []float32{nan, 2}, 0), "logit lens of layer -1 is not a number"},
	} {
		if _, err := v.Decide(c.s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one that says %q", err, c.want)
		}
	}
}
