package trace

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestFoldShowsTheRun(t *testing.T) {
	s := Fold(sample())
	if s.Request.Question() != "How many sheep?" || s.Model.Name != "Sprites" || s.Picture.Cols != 3 || len(s.Tokens) != 10 {
		t.Errorf("%+v", s)
	}
	if s.Running || !s.Ended || s.Cancelled || s.TotalMS != 310 || s.Error != "" || len(s.Notices) != 1 {
		t.Errorf("running %v, ended %v, cancelled %v, %v ms, error %q, notices %q", s.Running, s.Ended, s.Cancelled, s.TotalMS, s.Error, s.Notices)
	}
	if s.Dense.Text != "Two." || s.Pruned.Text != "Three." || !s.Dense.Done || len(s.Pruned.Layers) != 3 || s.VisualCount() != 6 || s.LayerCount() != 3 {
		t.Errorf("dense %+v, pruned %+v", s.Dense, s.Pruned)
	}
	if i, ok := s.CellIndex(1, 2); i != 7 || !ok || s.Visual(5) != 7 {
		t.Errorf("cell (1, 2) is row %d, %v", i, ok)
	}
}

// TestStateFollowsTheRun looks at the state in the middle.
func TestStateFollowsTheRun(t *testing.T) {
	s := new(State)
	for _, e := range sample() {
		s.Apply(e)
		if w, ok := e.(Word); ok && w.Text == "Two" {
			if !s.Running || s.Dense.Text != "Two" || s.Dense.Done || s.Pruned != nil || Savings(s) != nil {
				t.Errorf("after the first word: %+v", s.Dense)
			}
			break
		}
	}
	s.Apply(Failed{"the device is gone"})
	if s.Error != "the device is gone" || s.Running {
		t.Error("a failure is not shown")
	}
	s.Apply(sample()[0])
	if s.Error != "" || s.Dense != nil || !s.Running {
		t.Error("a new run shows the old one")
	}
}

func TestKeptMaskByLayer(t *testing.T) {
	s := Fold(sample())
	for l, want := range []string{"111111", "011010", "011000"} {
		if got := bits(s.Pruned.KeptMask(l)); got != want {
			t.Errorf("layer %d keeps %s, want %s", l, got, want)
		}
		if got := bits(s.Dense.KeptMask(l)); got != "111111" {
			t.Errorf("dense layer %d keeps %s", l, got)
		}
	}
	if got := s.Pruned.KeptCounts(); !slices.Equal(got, []int{6, 3, 2}) {
		t.Errorf("counts %v", got)
	}
	if !s.Pruned.AliveAt(6, 2) || s.Pruned.AliveAt(5, 1) || !s.Pruned.AliveAt(0, 2) {
		t.Error("alive: a zeroed row is computed, a dropped one is not, text is")
	}
}

// TestDecisionsSpeakForLayersToCome: between a drop and the layers after it a live view shows it.
func TestDecisionsSpeakForLayersToCome(t *testing.T) {
	var events []Event
	for _, e := range sample() {
		if l, ok := e.(Layer); ok && l.Side == Pruned && l.Layer > 0 {
			continue
		}
		events = append(events, e)
	}
	if got := bits(Fold(events).Pruned.KeptMask(1)); got != "011010" {
		t.Errorf("keeps %s", got)
	}
}

func bits(mask []bool) string {
	var b strings.Builder
	for _, k := range mask {
		fmt.Fprintf(&b, "%d", map[bool]int{true: 1}[k])
	}
	return b.String()
}

func TestScoresRanksAndCurve(t *testing.T) {
	p := Fold(sample()).Pruned
	scores, d := p.ScoresAt(1)
	if want := []float32{90, 125, 130, 96, 121, 100}; !slices.Equal(scores, want) || d.Kind != "drop" {
		t.Errorf("scores %v", scores)
	}
	if scores, d := p.ScoresAt(-1); scores != nil || d != nil {
		t.Error("there are scores before the first layer")
	}
	if rank, _ := p.RankAt(1); !slices.Equal(rank, []int{6, 2, 1, 5, 3, 4}) {
		t.Errorf("ranks %v", rank)
	}
	if rank, d := p.RankAt(2); !slices.Equal(rank, []int{0, 2, 1, 0, 3, 0}) || d.Method != "random" {
		t.Errorf("ranks in layer 2: %v", rank)
	}
	sorted, cut, d := p.Curve(0)
	if !slices.Equal(sorted, []float32{130, 125, 121, 100, 96, 90}) || cut != 3 || *d.Threshold != 121 {
		t.Errorf("curve %v, %d kept", sorted, cut)
	}
	if rank := descending([]float32{1, 2, float32(math.NaN()), 2}); !slices.Equal(rank, []int{1, 3, 0}) {
		t.Errorf("ties: %v", rank)
	}
}

func TestCellInfoSaysWhy(t *testing.T) {
	s := Fold(sample())
	for _, c := range []struct {
		row, col, layer int
		kept            bool
		died, rank      int
		why             string
	}{
		{1, 0, 1, false, 1, 5, "dropped after layer 0 by corematching: match 96 < 121, the elbow of the sorted curve"},
		{1, 0, 0, true, 1, 5, "kept here; dropped after layer 0 by corematching: match 96 < 121, the elbow of the sorted curve"},
		{0, 1, 1, true, -1, 2, "kept by corematching: match 125 ≥ 121, the elbow of the sorted curve"},
		{1, 1, 2, false, 2, 3, "its cache entry of layer 2 was set to zero by random: score 0.125, rank 3 of 3; the best 2 stay"},
		{9, 0, 2, false, -1, 0, "no visual token stands for this place"},
	} {
		got := s.CellInfo(c.row, c.col, c.layer)
		if got.Kept != c.kept || got.DiedAtLayer != c.died || got.Rank != c.rank || got.Why != c.why {
			t.Errorf("cell (%d, %d) in layer %d: %+v", c.row, c.col, c.layer, got)
		}
	}
	s.Pruned = nil
	if got := s.CellInfo(0, 0, 1); got.Why != "kept: the dense run drops nothing" || !got.Kept {
		t.Errorf("dense: %+v", got)
	}
}

func TestNeurons(t *testing.T) {
	got := Fold(sample()).Pruned.Neurons()
	if len(got) != 1 || got[0].Layer != 1 || got[0].Of != 8 || !slices.Equal(got[0].Index, []int{1, 2, 5}) || got[0].Counts[5] != 9 {
		t.Errorf("%+v", got)
	}
}

func TestSavingsTellMeasuredFromCounted(t *testing.T) {
	want := []string{
		"First token measured 2.0× sooner",
		"Decode measured 1.5× faster",
		"Prefill arithmetic counted 38 % of dense",
		"KV cache counted 72 of 401 kB",
		"Weights read a decode step counted 8.4 of 12 MB",
		"Visual tokens kept counted 2 of 6 from layer 2 on",
	}
	var got []string
	for _, v := range Savings(Fold(sample())) {
		got = append(got, v.Label+" "+v.Basis+" "+v.Text)
		if v.Ratio < 1 {
			t.Errorf("%s is worse: %v", v.Label, v.Ratio)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if text := times(0.5, "faster", "slower"); text != "2.0× slower" {
		t.Error(text)
	}
	if text := times(1.01, "faster", "slower"); text != "the same" {
		t.Error(text)
	}
}

func TestFewest(t *testing.T) {
	for want, kept := range map[string][]int{
		" in every layer": {4, 4}, " from layer 1 on": {5, 4, 4}, " in layer 1": {5, 4, 5},
		" in layer 0, the fewest": {4, 5, 4}, "": {},
	} {
		if _, got := fewest(&SideDone{KeptByLayer: kept}); got != want {
			t.Errorf("%v: %q, want %q", kept, got, want)
		}
	}
}

func TestQuantity(t *testing.T) {
	for want, c := range map[string]struct {
		v    float64
		unit string
	}{"401 kB": {401_000, "bytes"}, "1.23 GFLOPs": {1.234e9, "FLOPs"}, "61.5 ms": {61.5, "ms"}, "256 tokens": {256, "tokens"}} {
		if got := Quantity(c.v, c.unit); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDiffMarksWholeWords(t *testing.T) {
	for _, c := range []struct {
		a, b, marksA, marksB string
		first                int
	}{
		{"Two|.", "Two|.", "00", "00", -1},
		{"Two|.", "Three|.", "10", "10", 0},
		{"A| red| motor|cycle|.", "A| motor|boat|.", "01110", "0110", 1},
		{"A| red| car| left", "A| car| left", "0100", "000", 1},
		{"", "A", "", "1", 0},
		{"Yes", "Yes| it| is", "0", "011", 1},
	} {
		ma, mb, first := Diff(words(c.a), words(c.b))
		if bits(ma) != c.marksA || bits(mb) != c.marksB || first != c.first {
			t.Errorf("%q and %q: %s %s %d", c.a, c.b, bits(ma), bits(mb), first)
		}
	}
	long := words(strings.Repeat(" a|", 5000) + " b")
	other := words(" c|" + strings.Repeat(" a| d|", 2500) + " e")
	if ma, _, _ := Diff(long, other); !ma[0] {
		t.Error("beyond the bound all is marked")
	}
}

func words(s string) []Word {
	if s == "" {
		return nil
	}
	var out []Word
	for _, t := range strings.Split(s, "|") {
		out = append(out, Word{Text: t})
	}
	return out
}

// TestSnapshotStays: what a view draws does not change under it.
func TestSnapshotStays(t *testing.T) {
	for _, events := range [][]Event{sample(), append(stacked(), points()...)} {
		snapshotStays(t, events)
	}
}

func snapshotStays(t *testing.T, events []Event) {
	t.Helper()
	s := new(State)
	var snaps []*State
	for _, e := range events {
		s.Apply(e)
		snaps = append(snaps, s.Snapshot())
	}
	for i, c := range snaps {
		fresh := Fold(events[:i+1])
		if got, want := describe(c), describe(fresh); got != want {
			t.Fatalf("after %d events the snapshot says\n%s\nwant\n%s", i+1, got, want)
		}
	}
}

// describe writes what a state shows, where NaN equals NaN.
func describe(s *State) string {
	var b strings.Builder
	fmt.Fprintln(&b, s.Request, s.Model, s.Picture, s.Tokens, s.Notices, s.Error, s.Running, s.Cancelled, s.Ended, s.TotalMS)
	fmt.Fprintln(&b, s.Points, s.Pruned != nil && s.Pruned == s.Sides[0])
	for _, d := range s.all() {
		fmt.Fprintln(&b, d.Name, d.Label, d.Words, d.Text, d.Summary, d.Layers, len(d.Decisions))
		for step := range d.Steps() {
			info, _ := d.Step(step)
			fmt.Fprintln(&b, info, shares(d.MaskedAt(-1, step)))
		}
		for _, n := range d.Neurons() {
			fmt.Fprintln(&b, n.Layer, n.Index, n.Of, n.Counts)
		}
		for l := range s.LayerCount() {
			fmt.Fprintln(&b, d.BitsAt(l), d.KVStrip(l))
			scores, _ := d.ScoresAt(l)
			fmt.Fprintln(&b, bits(d.KeptMask(l)), scores)
		}
	}
	return b.String()
}

func TestHostileSizesAreNotBelieved(t *testing.T) {
	s := new(State)
	for _, e := range []Event{
		Model{Layers: 1 << 40, FFN: -1}, Picture{Rows: 1 << 15, Cols: 1 << 15}, Picture{Rows: -1, Cols: 5},
		Sequence{[]Token{{Kind: "visual", Row: 1 << 40, Col: -1}}},
		Layer{Side: Pruned, Layer: 1 << 40}, Layer{Side: Pruned, Layer: -1}, Layer{Side: "third", Layer: 0},
		Decision{Side: Pruned, Kind: "drop", Rows: []int{1 << 40, -7, 0}, Scores: Floats{1, 2, 3}},
		Decision{Side: Pruned, Kind: "neurons", From: -1 << 40, To: 1 << 40, Neurons: []int{1 << 40, -1}},
		SideDone{Side: Pruned, TTFTMS: math.NaN(), KVBytes: -1, Visual: -1, KeptByLayer: []int{-4}},
		SideDone{Side: Dense},
	} {
		s.Apply(e)
		queryAll(s)
	}
	if r, c := s.Grid(); r != 0 && c != 0 || s.LayerCount() != 0 || len(s.Notices) != 3 {
		t.Errorf("%d × %d, %d layers, notices %q", r, c, s.LayerCount(), s.Notices)
	}
}
