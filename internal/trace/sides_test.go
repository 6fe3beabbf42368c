package trace

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSideNamesComeBack(t *testing.T) {
	for i := range maxSides {
		if got, ok := SideIndex(SideName(i)); !ok || got != i {
			t.Errorf("%s is side %d, %v", SideName(i), got, ok)
		}
	}
	if i, ok := SideIndex(Dense); !ok || i != -1 {
		t.Errorf("dense is %d, %v", i, ok)
	}
	for _, bad := range []string{"", "third", "pruned0", "pruned1", "pruned02", "pruned5", "pruned-2", "prunedpruned2", "2", "pruned99999999999999999999"} {
		if _, ok := SideIndex(bad); ok {
			t.Errorf("%q names a side", bad)
		}
	}
}

func TestSidesComeInTheOrderOfTheStacks(t *testing.T) {
	s := Fold([]Event{stacked()[0], SideStarted{SideName(2)}, SideStarted{Pruned}, SideStarted{Dense}, SideStarted{"pruned7"}, Word{Side: SideName(1), Text: "x"}})
	var got []string
	for _, d := range s.Sides {
		got = append(got, d.Name+" "+d.Label)
	}
	if want := []string{"pruned zipvl", "pruned2 vasparse", "pruned3 none"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if s.Pruned != s.Sides[0] || s.Side(SideName(1)) != s.Sides[1] || s.Side(Dense) != s.Dense || s.Side("x") != nil {
		t.Error("sides are not found")
	}
}

func TestLabelsTellStacksApart(t *testing.T) {
	spec := func(name string, params ...string) Spec {
		s := Spec{Name: name, Params: map[string]string{}}
		for i := 0; i < len(params); i += 2 {
			s.Params[params[i]] = params[i+1]
		}
		return s
	}
	for _, c := range []struct {
		r    Request
		want []string
	}{
		{Request{}, []string{}},
		{Request{Methods: []Spec{spec("fastv", "keep", "0.25", "layer", "2")}}, []string{"fastv"}},
		{Request{Methods: []Spec{spec("fastv", "keep", "0.25", "layer", "2")}, Compare: []Stack{{Methods: []Spec{spec("fastv", "keep", "0.5", "layer", "2")}}, {Methods: []Spec{spec("zipvl", "tau", "0.9")}}}},
			[]string{"fastv keep=0.25", "fastv keep=0.5", "zipvl"}},
		{Request{Methods: []Spec{spec("a", "x", "1"), spec("b")}, Compare: []Stack{{Methods: []Spec{spec("a"), spec("b")}}, {Methods: []Spec{spec("a"), spec("b")}}}},
			[]string{"a x=1 + b", "a + b", "a + b (2)"}},
		{Request{Label: "mine", Methods: []Spec{spec("a")}, Compare: []Stack{{Label: "mine", Methods: []Spec{spec("a")}}, {}}}, []string{"mine", "mine (2)", "no method"}},
		{Request{Compare: []Stack{{Methods: []Spec{spec("a"), spec("b", "x", "1")}}, {Methods: []Spec{spec("a + b", "x", "1")}}}}, []string{"a + b x=1", "a + b x=1 (2)"}},
	} {
		if got := c.r.Labels(); !slices.Equal(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	hand := Fold([]Event{Started{Request: Request{Force: []Forced{{}}}}, SideStarted{Pruned}})
	if hand.Pruned.Label != "by hand" {
		t.Errorf("a side with forced tokens alone is called %q", hand.Pruned.Label)
	}
}

func TestOverlapAndJaccard(t *testing.T) {
	s := Fold(stacked())
	zip, va := s.Sides[0], s.Sides[1]
	// ZipVL keeps cells 0 and 3 in layer 1 (5 was taken out by hand), VASparse all.
	if got := Overlap(s.Sides[:2], 1); !slices.Equal(got, []uint8{3, 2, 2, 3, 2, 2}) {
		t.Errorf("overlap %v", got)
	}
	if j := Jaccards(zip, va); !reflect.DeepEqual(j, []float64{5.0 / 6, 2.0 / 6, 5.0 / 6}) {
		t.Errorf("Jaccard %v", j)
	}
	if j := Jaccard(zip, zip, 1); j != 1 {
		t.Errorf("a side agrees with itself to %v", j)
	}
	if j := jaccard([]bool{false}, []bool{false}); j != 1 {
		t.Errorf("two empty sets: %v", j)
	}
	if j := Jaccard(zip, nil, 1); j == j {
		t.Errorf("without a side: %v", j)
	}
	// A cell without a token is nobody's.
	s.Apply(Sequence{s.Tokens[:7]})
	if got := Overlap(s.Sides, 0); got[5] != NoToken {
		t.Errorf("overlap %v", got)
	}
}

func TestTableHasEverySideAndTellsItsBasis(t *testing.T) {
	table := Compare(Fold(stacked()))
	var got []string
	for _, r := range table.Rows {
		line := fmt.Sprintf("%s [%s]:", r.Key, r.Basis)
		for _, c := range r.Cells {
			line += " " + c.Text
			if c.Best {
				line += "*"
			}
			if c.RatioText != "" {
				line += " (" + c.RatioText + ")"
			}
			line += " |"
		}
		got = append(got, line)
	}
	want := []string{
		"answer []: Two. | Two. | Three sheep. | — |",
		"same []: — | the same | differs from token 1 on | — |",
		"ttft_ms [measured]: 60 ms* | 61 ms* (the same) | 80 ms (1.3× later) | — |",
		"decode_tokens_per_s [measured]: 200 tokens/s* | 210 tokens/s* (1.1× faster) | 150 tokens/s (1.3× slower) | — |",
		"prefill_flops [counted]: 1 kFLOPs | 700 FLOPs* (70 % of dense) | 1 kFLOPs (100 % of dense) | — |",
		"kv_bytes [counted]: 401 kB | 150 kB* (37 % of dense) | 401 kB (100 % of dense) | — |",
		"decode_weight_bytes [counted]: 12 MB | 12 MB (100 % of dense) | 12 MB (100 % of dense) | — |",
		"kept_mean [counted]: 6 | 4 (67 % of dense) | 6 (100 % of dense) | — |",
		"kept_last [counted]: 6 | 5 (83 % of dense) | 6 (100 % of dense) | — |",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	if len(table.Columns) != 4 || table.Columns[0].Label != Dense || table.Columns[3].Label != "none" {
		t.Errorf("columns %v", table.Columns)
	}
	if r := table.Rows[4].Cells[1].Ratio; math.Abs(r-1/0.7) > 1e-9 {
		t.Errorf("ratio %v", r)
	}
	if t2 := Compare(new(State)); len(t2.Columns) != 0 || len(t2.Rows) != 0 {
		t.Error("an empty run has a table")
	}
}

func TestSavingsOfEachSide(t *testing.T) {
	s := Fold(stacked())
	if got := SavingsOf(s, s.Sides[1]); len(got) == 0 || got[0].Pruned != 80 {
		t.Errorf("%+v", got)
	}
	if got := SavingsOf(s, s.Sides[2]); got != nil {
		t.Errorf("an unfinished side saves %+v", got)
	}
	if !reflect.DeepEqual(Savings(s), SavingsOf(s, s.Pruned)) {
		t.Error("Savings is not that of the first side")
	}
}

func TestPointsComeInOrderAndGoToCSV(t *testing.T) {
	events := append(stacked(), points()...)
	events = append(events, Point{Index: 1, Value: "0.5", KL: 0.125, Top1: 1, Steps: 2, Summary: SideDone{PrefillFLOPs: 500, KVBytes: 200_500, KeptByLayer: []int{6, 3, 3}, Visual: 6}}, Point{Index: -1}, Point{Index: 1 << 40})
	s := Fold(events)
	if len(s.Points) != 2 || s.Points[0].Value != "0.25" || s.Points[1].KL != 0.125 {
		t.Fatalf("%+v", s.Points)
	}
	for c, want := range map[Cost]float64{CostFLOPs: 0.5, CostKV: 0.5, CostKept: 4.0 / 6} {
		if got, ok := s.Cost(s.Points[1], c); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%v: %v, %v", c, got, ok)
		}
	}
	if _, ok := s.Cost(Point{}, CostFLOPs); ok {
		t.Error("a point that counted nothing has a cost")
	}
	var b bytes.Buffer
	if err := WritePoints(&b, s); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) != 3 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if want := []string{"0.25", "inf", "0", "2", "250", "0.25", "100250", "0.25", "2", "0.33333333", "0", ""}; !slices.Equal(lines[1], want) {
		t.Errorf("%q", lines[1])
	}
	if err := WritePoints(&b, Fold(sample())); err == nil {
		t.Error("a run without points was written")
	}
}

func TestInfiniteNumbersSurvive(t *testing.T) {
	for _, e := range []Event{Point{KL: math.Inf(1)}, Point{KL: 0}, Decision{Kind: "logits", Choices: &Choices{After: []Choice{{1, "x", math.Inf(-1)}, {2, "y", -1}}}}} {
		b, err := Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Unmarshal(b)
		if err != nil || !reflect.DeepEqual(e, back) {
			t.Errorf("%s came back as %+v, %v", b, back, err)
		}
	}
	if _, err := Marshal(Point{KL: math.NaN()}); err == nil {
		t.Error("a KL that is not a number was written")
	}
}
