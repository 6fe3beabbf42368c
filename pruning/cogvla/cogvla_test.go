package cogvla

import (
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

var model = pruning.Model{Layers: 6}

// method has a share of a half from layer 2 on.
func method(average float64) *CogVLA {
	return &CogVLA{Schedule: "deep_all", Average: average, Max: 1, Span: 6}
}

// seen is BOS, the given visual tokens' probabilities, and two rows more.
func seen(p ...float32) pruning.Seen {
	data := append(append([]float32{.1}, p...), .2, .3)
	tokens := make([]pruning.Token, len(data))
	for i := range p {
		tokens[i+1].Kind = pruning.Visual
	}
	tokens[len(tokens)-1].Kind = pruning.Action
	return pruning.NewSeen(pruning.Site{Phase: pruning.Act, Layer: 1}, model, tokens,
		map[pruning.Probe]pruning.Matrix{probe(2): {Rows: len(data), Cols: 1, Data: data}})
}

func skip(t *testing.T, average float64, p ...float32) *pruning.Skip {
	t.Helper()
	out, err := method(average).Decide(seen(p...))
	if err != nil {
		t.Fatal(err)
	}
	return out.Decisions[0].(*pruning.Skip)
}

func TestLeastProbableVisualTokensSkip(t *testing.T) {
	for _, c := range []struct {
		average float64
		want    []int
	}{{1, nil}, {.75, []int{4}}, {.74, []int{1, 4}}, {.5, []int{1, 4}}, {.25, []int{1, 3, 4}}, {0, []int{1, 2, 3, 4}}} {
		if got := skip(t, c.average, .4, .9, .5, .3); !slices.Equal(got.Rows, c.want) {
			t.Errorf("of a share of %v skip %v, want %v", c.average, got.Rows, c.want)
		}
	}
	if got := skip(t, .5, .5, .5, .5, .5); !slices.Equal(got.Rows, []int{3, 4}) {
		t.Errorf("of equal tokens %v skip, want the later half", got.Rows)
	}
}

func TestPermutedTokensPermuteTheDecision(t *testing.T) {
	p := []float32{.4, .9, .55, .3, .7, .45}
	a := skip(t, .5, p...)
	slices.Reverse(p)
	b := skip(t, .5, p...)
	for i := 1; i <= len(p); i++ {
		if slices.Contains(a.Rows, i) != slices.Contains(b.Rows, len(p)+1-i) {
			t.Errorf("row %d moved and is judged otherwise", i)
		}
	}
}

func TestSchedules(t *testing.T) {
	for name, want := range map[string][]int{
		"deep_all":                    {2, 3, 4, 5},
		"deep_all_wo_last":            {2, 3, 4},
		"interleave":                  {1, 3, 5},
		"shiftedcos_decay_0.85_0.15":  nil, // its curve falls over 32 layers
		"shiftedcos_decay_0.98_0.15":  {3, 4, 5},
		"shiftedlinear_decay_0.9_0.2": {4, 5},
	} {
		s, err := ParseType(name, .5)
		if err != nil {
			t.Error(err)
			continue
		}
		var got []int
		for l := range 6 {
			if s.Routed(l, 6) {
				got = append(got, l)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s routes %v, want %v", name, got, want)
		}
		c := &CogVLA{s.Type, s.Average, s.Max, s.Min, s.Span}
		requests, err := c.Requests(model)
		if err != nil || len(requests) != len(want) || len(c.Claims(model)) != len(want) {
			t.Errorf("%s: %d requests and %d claims (%v)", name, len(requests), len(c.Claims(model)), err)
		}
		for i, r := range requests {
			if r.Site != (pruning.Site{Phase: pruning.Act, Layer: want[i] - 1}) || r.Probes[0] != probe(want[i]) {
				t.Errorf("%s asks %+v", name, r)
			}
		}
	}
	for _, name := range []string{"", "shiftedcos", "deep_all_decay_0.5_0.1", "cosine_decay_0.85_0.15", "shiftedcos_decay_1_0"} {
		if _, err := ParseType(name, .5); err == nil || !strings.Contains(err.Error(), "is no schedule") {
			t.Errorf("lfp_type %q: error %v", name, err)
		}
	}
	if _, err := ParseType("deep_all", math.NaN()); err == nil {
		t.Error("a share that is no number is taken")
	}
}

// TestParamsAreThoseOfASpec: a checkpoint's schedule goes through the registry's declarations.
func TestParamsAreThoseOfASpec(t *testing.T) {
	s, err := ParseType("shiftedlinear_decay_0.9_0.2", .4)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := pruning.New(pruning.Spec{Name: "cogvla", Params: s.Params()})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.(*CogVLA).schedule(); got != s {
		t.Errorf("%+v became %+v", s, got)
	}
}

func TestBrokenProbabilitiesAreNamed(t *testing.T) {
	if _, err := method(.5).Decide(seen(.1, float32(math.NaN()))); err == nil || !strings.Contains(err.Error(), "router scores of layer 2 is not a number at row 2") {
		t.Errorf("error %v", err)
	}
	s := seen(.1, .2)
	s.Tokens = s.Tokens[1:]
	if _, err := method(.5).Decide(s); err == nil || !strings.Contains(err.Error(), "one number a token") {
		t.Errorf("error %v", err)
	}
}

func TestAttendIsCausalButForTheBlock(t *testing.T) {
	const rows, pad, actions = 9, 2, 3
	a := Attend(rows, pad, actions)
	for i := range rows {
		for j := range rows {
			block := i >= 4 && i < 7 && j >= 4 && j < 7
			if want := j < 7 && (j <= i || block); a[i*rows+j] != want {
				t.Errorf("row %d attends to %d: %v", i, j, a[i*rows+j])
			}
		}
	}
}
