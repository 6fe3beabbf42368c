package trace

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// shares writes cells in tenths, "-" where there is no token.
func shares(v []float32) string {
	var out []string
	for _, x := range v {
		if x != x {
			out = append(out, "-")
			continue
		}
		out = append(out, fmt.Sprint(math.Round(float64(x)*100)/100))
	}
	return strings.Join(out, " ")
}

// TestExcludedRowsReturn: what ZipVL leaves out of one layer is kept by the next.
func TestExcludedRowsReturn(t *testing.T) {
	zip := Fold(stacked()).Pruned
	for l, want := range []string{"111110", "100100", "111110"} {
		if got := bits(zip.KeptMask(l)); got != want {
			t.Errorf("layer %d keeps %s, want %s", l, got, want)
		}
	}
}

func TestMaskedWhileAnswering(t *testing.T) {
	s := Fold(stacked())
	zip, va := s.Sides[0], s.Sides[1]
	for _, c := range []struct {
		d           *Side
		layer, step int
		want        string
	}{
		{va, 0, 0, "0 0 0 0 0 0"},
		{va, 0, 1, "0.75 0 1 0 0.25 0"},
		{va, 0, 2, "0 0 0 0 0 0"}, // a mask in attention is over with its step
		{va, 1, 1, "0 0 0 0 0 0"},
		{va, 2, 2, "0 0 0 1 0 0"},
		{va, 2, 9, "0 0 0 1 0 0"}, // an eviction stays
		{va, -1, 1, "0.25 0 0.33 0 0.08 0"},
		{va, 0, -1, "0.38 0 0.5 0 0.13 0"}, // steps 1 and 2
		{zip, 1, 0, "0 1 1 0 1 1"},         // the prompt's attention lacks all of U
		{zip, 1, 1, "0 1 0 0 0 1"},         // the cache lacks the evicted and the dropped one only
	} {
		if got := shares(c.d.MaskedAt(c.layer, c.step)); got != c.want {
			t.Errorf("%s, layer %d, step %d: %s, want %s", c.d.Label, c.layer, c.step, got, c.want)
		}
	}
	if got := bits(va.KeptMaskAt(0, 1)); got != "010111" {
		t.Errorf("kept at step 1: %s", got)
	}
	if got := bits(va.KeptMask(0)); got != "111111" {
		t.Errorf("what happens while answering changed the prompt: %s", got)
	}
	s.Apply(Sequence{s.Tokens[:7]})
	if got := shares(va.MaskedAt(0, 0)); got != "0 0 0 0 0 -" {
		t.Errorf("a cell without a token: %s", got)
	}
	var none *Side
	if none.MaskedAt(0, 0) != nil || none.Steps() != 0 || none.KeptMaskAt(0, 0) != nil || none.DecidesInDecode() {
		t.Error("no side has steps")
	}
	if !va.DecidesInDecode() || zip.DecidesInDecode() || va.Steps() != 3 {
		t.Error("who decides while answering")
	}
}

// TestScoresOfAStep: the mask's, also as a stand-in where the prompt has none.
func TestScoresOfAStep(t *testing.T) {
	va := Fold(stacked()).Sides[1]
	want := []float32{0.1, 0.9, 0.2, 0.8, 0.3, 0.7}
	if got, d := va.ScoresAtStep(0, 1); !slices.Equal(got, want) || d.Kind != "mask" {
		t.Errorf("%v", got)
	}
	if got, _ := va.ScoresAtStep(0, 2); got != nil {
		t.Errorf("step 2 has scores %v", got)
	}
	if got, _ := va.ScoresAt(0); !slices.Equal(got, want) {
		t.Errorf("without scores of the prompt: %v", got)
	}
	if got, _ := va.ScoresAt(1); got != nil {
		t.Errorf("a mask in layer 0 speaks for layer 1: %v", got)
	}
}

func TestChoicesAndStepInfo(t *testing.T) {
	va := Fold(stacked()).Sides[1]
	c := va.Choice(1)
	if c == nil || c.Before[0].Text != " two" || c.After[0].Text != " three" || va.Edit(1).Method != "vasparse" {
		t.Errorf("%+v", c)
	}
	if va.Choice(0) != nil || va.Choice(-1) != nil || va.Choice(9) != nil {
		t.Error("there are choices where nothing was edited")
	}
	got, ok := va.Step(1)
	want := StepInfo{Word: va.Words[1], Masked: (0.75 + 1 + 0.25) / 18, Masks: 3, Merges: 1, Edited: true, KVBytes: 1010}
	if !ok || math.Abs(got.Masked-want.Masked) > 1e-6 {
		t.Errorf("%+v", got)
	}
	if got.Masked = want.Masked; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got, _ := va.Step(2); got.Evictions != 1 || got.Merges != 3 || got.Edited {
		t.Errorf("%+v", got)
	}
	if _, ok := va.Step(3); ok {
		t.Error("there is a fourth word")
	}
}

func TestCacheGrowsAndShrinks(t *testing.T) {
	s := Fold(stacked())
	for _, c := range []struct {
		d                 *Side
		layer, step, want int
	}{
		{s.Dense, 0, 0, 10}, {s.Dense, 0, 2, 12}, {s.Dense, -1, 1, 33},
		{s.Pruned, 0, 0, 9}, {s.Pruned, 1, 0, 8}, {s.Pruned, 1, 1, 9},
		// The merge for one attention alone leaves the cache of layer 0; that of three rows in
		// layer 1 leaves one of them.
		{s.Sides[1], 0, 1, 11}, {s.Sides[1], 1, 2, 10}, {s.Sides[1], 2, 2, 11}, {s.Sides[2], 0, 0, 0},
	} {
		if got := c.d.CacheRows(c.layer, c.step); got != c.want {
			t.Errorf("%s has %d rows in layer %d at step %d, want %d", c.d.Name, got, c.layer, c.step, c.want)
		}
	}
}

func TestStoredRowsSayTheirBits(t *testing.T) {
	s := Fold(stacked())
	if got := s.Pruned.BitsAt(1); !slices.Equal(got, []int{4, 0, 2, 4, 2, 0}) {
		t.Errorf("bits %v", got)
	}
	if got := s.Pruned.BitsAt(0); !slices.Equal(got, []int{16, 16, 16, 16, 16, 0}) {
		t.Errorf("bits in layer 0 %v", got)
	}
	if got := s.Sides[1].BitsAtStep(2, 2); got[3] != 0 || got[0] != FullBits {
		t.Errorf("bits after an eviction %v", got)
	}
	if got, want := s.Pruned.KVStrip(1), (Strip{Four: 6, Two: 2, Gone: 2, Bytes: 20_000}); got != want || got.Rows() != 10 {
		t.Errorf("%+v", got)
	}
	// A cache entry that is tidied away behind a drop is gone, though its layer computed the token.
	core := Fold(sample()).Pruned
	if got := core.BitsAt(0); !slices.Equal(got, []int{0, 16, 16, 0, 16, 0}) {
		t.Errorf("behind a drop %v", got)
	}
	if got := core.BitsAt(2); got[4] != 0 {
		t.Errorf("a zeroed entry has %d bits", got[4])
	}
	if got := core.KVStrip(9); got != (Strip{}) {
		t.Errorf("no such layer: %+v", got)
	}
}

func TestRatioAndCumulativeCurve(t *testing.T) {
	zip := Fold(stacked()).Pruned
	if r, of, ok := zip.Ratio(1); !ok || of != 10 || math.Abs(r-0.6) > 1e-9 {
		t.Errorf("ratio %v of %d, %v", r, of, ok)
	}
	if r := zip.Ratios(); len(r) != 3 || r[0] == r[0] || r[2] == r[2] {
		t.Errorf("ratios %v", r)
	}
	if r := Fold(sample()).Pruned.Ratios(); r != nil {
		t.Errorf("a drop has ratios %v", r)
	}
	got, cut, target := zip.Cumulative(1)
	want := []float32{0.4, 0.6, 0.75, 0.825, 0.875, 0.925, 0.95, 0.975, 1}
	if len(got) != len(want) || cut != 5 || target != 0.9 {
		t.Fatalf("%v, %d, %v", got, cut, target)
	}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-6 {
			t.Errorf("share %d is %v, want %v", i, got[i], want[i])
		}
	}
	if got, _, _ := zip.Cumulative(0); got != nil {
		t.Errorf("layer 0: %v", got)
	}
}

func TestMatchingIsAVennDiagram(t *testing.T) {
	s := Fold(stacked())
	m, ok := s.Pruned.Matching(2)
	// Kept in the last layer are cells 0..4, of which |Γ| is 4 3 2 4 4 and |Γ∩C| 2 1 0 1 2, |C| = 2.
	want := Matching{Layer: 2, Core: 2, Of: 8, Kept: Match{N: 5, CoreOnly: 4.0 / 5, Both: 6.0 / 5, TokenOnly: 11.0 / 5, Chance: 17.0 / 5 * 2 / 8}}
	if !ok || math.Abs(m.Kept.Chance-want.Kept.Chance) > 1e-9 {
		t.Fatalf("%+v", m)
	}
	if m.Kept.Chance = want.Kept.Chance; fmt.Sprintf("%.6v", m) != fmt.Sprintf("%.6v", want) {
		t.Errorf("%+v", m)
	}
	if got := s.Pruned.Matchings(); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	if _, ok := Fold(sample()).Pruned.Matching(1); ok {
		t.Error("a decision without the series matches")
	}
}

func TestHoverSaysWhatHappenedAtTheStep(t *testing.T) {
	s := Fold(stacked())
	zip, va := s.Sides[0], s.Sides[1]
	for _, c := range []struct {
		d                     *Side
		row, col, layer, step int
		kept                  bool
		method, why           string
	}{
		{zip, 0, 0, 1, -1, true, "zipvl", "kept by zipvl: 0.4 normalised attention, rank 1 of 6; 6 of 10 rows hold 90 % of the attention"},
		{zip, 0, 2, 1, -1, false, "zipvl", "left out of attention in layer 1 and cached in 2 bits by zipvl: 0.05 normalised attention, rank 5 of 6; 6 of 10 rows hold 90 % of the attention"},
		{zip, 0, 1, 0, -1, true, "zipvl", "kept here; left out of attention in layer 1 and evicted from its cache by zipvl: 0.3 normalised attention; 6 of 10 rows hold 90 % of the attention"},
		{zip, 1, 2, 1, -1, false, Hand, "taken out by hand"},
		{zip, 1, 2, 1, 1, false, Hand, "taken out by hand"},
		{zip, 0, 1, 2, -1, true, Hand, "kept by hand"},
		{va, 0, 0, 0, -1, true, "vasparse", "kept in the prompt; not seen by 38 % of this layer's heads while answering, mean over words (vasparse)"},
		{va, 0, 1, 0, 1, true, Hand, "seen by all heads in layer 0 at word 2: kept by hand"},
		{va, 0, 0, 0, 1, false, "vasparse", "masked in 75 % of the heads in layer 0 at word 2 by vasparse: score 0.1, rank 6 of 6; the best 9 of 11 stay"},
		{va, 0, 2, 0, 1, false, "vasparse", "masked in all heads in layer 0 at word 2 by vasparse: score 0.2, rank 5 of 6; the best 9 of 11 stay"},
		{va, 1, 0, 0, 1, true, "vasparse", "seen by all heads in layer 0 at word 2: score 0.8, rank 2 of 6; the best 9 of 11 stay"},
		{va, 1, 0, 2, 2, false, "vasparse", "evicted from the cache of layer 2 at word 3 by vasparse"},
		{va, 0, 0, -1, 1, true, "vasparse", "not seen by 25 % of all heads at word 2; most in layer 0, by 75 % (vasparse)"},
		{va, 1, 2, -1, 1, true, "", "seen by all heads of all layers at word 2"},
		{s.Dense, 1, 2, 0, 1, true, "", "seen by all heads in layer 0 at word 2"},
	} {
		got := c.d.CellInfoAt(c.row, c.col, c.layer, c.step)
		if got.Kept != c.kept || got.Method != c.method || got.Why != c.why {
			t.Errorf("%s, cell (%d, %d), layer %d, step %d: kept %v, %q: %q", c.d.Label, c.row, c.col, c.layer, c.step, got.Kept, got.Method, got.Why)
		}
	}
	got := va.CellInfoAt(0, 0, 0, 1)
	if got.Masked != 0.75 || got.Rank != 6 || got.Bits != FullBits || len(got.Numbers) != 1 || got.Numbers[0] != (Reading{SeriesSaliency, 0.5, ""}) {
		t.Errorf("%+v", got)
	}
	if got := zip.CellInfo(0, 2, 1); got.Bits != 2 {
		t.Errorf("%+v", got)
	}
	if got := (*Side)(nil).CellInfoAt(0, 0, 0, 0); got.Why == "" {
		t.Errorf("%+v", got)
	}
}

// TestSharesFollowTheirRows: rows that come unordered are sorted with their shares.
func TestSharesFollowTheirRows(t *testing.T) {
	s := Fold([]Event{Decision{Side: Pruned, Kind: "mask", Phase: "decode", Rows: []int{9, 3, 5}, Share: Floats{0.9, 0.3, 0.5}}, Decision{Side: Pruned, Kind: "mask", Rows: []int{2, 1}, Share: Floats{1}}})
	d := s.Pruned.Decisions
	if !slices.Equal(d[0].Rows, []int{3, 5, 9}) || !slices.Equal(d[0].Share, Floats{0.3, 0.5, 0.9}) {
		t.Errorf("%v %v", d[0].Rows, d[0].Share)
	}
	if d[1].Share != nil || d[1].share(1) != 1 {
		t.Errorf("shares of another length are believed: %v", d[1].Share)
	}
}
