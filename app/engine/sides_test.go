package engine

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"winnow/internal/trace"
)

// quick asks on the fastest device that there is.
func quick(question string, methods ...trace.Spec) trace.Request {
	r := ask(question)
	r.Methods, r.Device = methods, "auto"
	return r
}

func spec(name string, params ...string) trace.Spec {
	s := trace.Spec{Name: name, Params: map[string]string{}}
	for _, p := range params {
		k, v, _ := strings.Cut(p, "=")
		s.Params[k] = v
	}
	return s
}

func local(t *testing.T) *Local {
	t.Helper()
	l := NewLocal(LocalOptions{})
	t.Cleanup(func() { l.Close() })
	return l
}

func answered(t *testing.T, l *Local, r trace.Request) *trace.State {
	t.Helper()
	events, err := collect(t, l, r)
	if err != nil {
		t.Fatal(err)
	}
	return trace.Fold(events)
}

func TestCompareAnswersOnceForEachStack(t *testing.T) {
	l := local(t)
	r := quick("What is on the left?", spec("fastv", "layer=1", "keep=0.5"))
	r.Compare = []trace.Stack{{Methods: []trace.Spec{spec("fastv", "layer=1", "keep=0.25")}}, {Label: "by lot", Methods: []trace.Spec{spec("random", "layer=1", "keep=0.25")}}}
	s := answered(t, l, r)
	if len(s.Sides) != 3 || s.Dense == nil || !s.Ended {
		t.Fatalf("%d sides", len(s.Sides))
	}
	for i, d := range s.Sides {
		if d.Name != trace.SideName(i) || d.Summary == nil || d.Summary.KeptByLayer[5] != d.Summary.Visual/[]int{2, 4, 4}[i] || d.Summary.TTFTMS <= 0 || d.Text == "" {
			t.Errorf("side %d is %s: %+v", i, d.Name, d.Summary)
		}
	}
	// Each side is what it is alone.
	for i, stack := range r.Stacks() {
		one := r
		one.Methods, one.Compare = stack.Methods, nil
		alone := answered(t, l, one)
		if a, b := alone.Pruned, s.Sides[i]; a.Text != b.Text || a.Summary.PrefillFLOPs != b.Summary.PrefillFLOPs || a.Summary.KVBytes != b.Summary.KVBytes || trace.Jaccard(a, b, 5) != 1 {
			t.Errorf("stack %d alone answers %q, compared %q", i, a.Text, b.Text)
		}
	}
}

func TestForcedTokensStayOrGoOnEverySide(t *testing.T) {
	l := local(t)
	r := quick("Is there a sheep?", spec("fastv", "layer=1", "keep=0"))
	r.Compare = []trace.Stack{{Methods: []trace.Spec{spec("random", "layer=1", "keep=1")}}}
	r.Force = []trace.Forced{{Row: 3, Col: 4, Keep: true}, {Row: 15, Col: 15}}
	s := answered(t, l, r)
	all := s.Dense.Summary.Visual
	columns := int(math.Sqrt(float64(all)))
	for i, want := range []struct{ first, last int }{{all - 1, 1}, {all - 1, all - 1}} {
		if k := s.Sides[i].Summary.KeptByLayer; k[0] != want.first || k[5] != want.last {
			t.Errorf("side %d keeps %v, want %+v", i, k, want)
		}
	}
	if mask := s.Sides[0].KeptMask(5); !mask[3*columns+4] || mask[15*columns+15] {
		t.Error("what was forced in is gone, or what was forced out is there")
	}
	if s.Dense.Summary.KeptByLayer[5] != all {
		t.Error("the dense side lost a token")
	}
}

func TestForceAloneIsAPrunedSide(t *testing.T) {
	l := local(t)
	r := quick("Is there a sheep?")
	r.Force = []trace.Forced{{Row: 0, Col: 0}, {Row: 0, Col: 1}}
	s := answered(t, l, r)
	if len(s.Sides) != 1 || s.Pruned == nil || s.Pruned.Summary.KeptByLayer[0] != s.Pruned.Summary.Visual-2 || s.Pruned.Label != "by hand" || s.Pruned.Text == "" {
		t.Fatalf("got %+v", s.Sides)
	}
	r.Force = []trace.Forced{{Row: 0, Col: 0, Keep: true}}
	s = answered(t, l, r)
	if s.Pruned == nil || s.Pruned.Text != s.Dense.Text || s.Pruned.Summary.KVBytes != s.Dense.Summary.KVBytes {
		t.Error("a token kept that nobody takes changes the answer")
	}
}

func TestSweepPointsAreOrderedAndEndInDense(t *testing.T) {
	l := local(t)
	r := quick("What is on the left?", spec("fastv", "layer=1"))
	r.Sweep = &trace.Sweep{Param: "keep", Values: []string{"0", "0.5", "1"}}
	events, err := collect(t, l, r)
	if err != nil {
		t.Fatal(err)
	}
	s := trace.Fold(events)
	if len(s.Points) != 3 || len(s.Sides) != 0 || s.Dense == nil || s.Dense.Summary == nil {
		t.Fatalf("%d points, %d sides", len(s.Points), len(s.Sides))
	}
	for _, e := range events {
		if d, ok := e.(trace.Layer); ok && d.Side != trace.Dense {
			t.Fatalf("a sweep shows layers of side %s", d.Side)
		}
	}
	for i, p := range s.Points {
		m := p.Summary
		if p.Index != i || p.Value != r.Sweep.Values[i] || p.Steps != len(s.Dense.Words) || m.Answer != s.Dense.Summary.Answer || m.TTFTMS <= 0 ||
			i > 0 && (p.KL > s.Points[i-1].KL || m.PrefillFLOPs <= s.Points[i-1].Summary.PrefillFLOPs || m.KVBytes <= s.Points[i-1].Summary.KVBytes) {
			t.Errorf("point %d: %+v", i, p)
		}
	}
	none, all := s.Points[0], s.Points[2]
	if all.KL != 0 || all.Top1 != 1 || all.Summary.PrefillFLOPs != s.Dense.Summary.PrefillFLOPs || all.Summary.KVBytes != s.Dense.Summary.KVBytes {
		t.Errorf("with all tokens it is not the dense model: %+v, dense %+v", all, s.Dense.Summary)
	}
	if !(none.KL > 0) || math.IsInf(none.KL, 0) || none.Summary.KeptByLayer[5] != 0 {
		t.Errorf("without any visual token: %+v", none)
	}
}

// Only what a run really said is followed, however long it is.
func TestSweepFollowsAtMostSoManyTokens(t *testing.T) {
	l := local(t)
	r := quick("What is on the left?", spec("fastv"))
	r.Sampling.MaxTokens = 2
	r.Sweep = &trace.Sweep{Param: "keep", Values: []string{"0.5"}}
	if s := answered(t, l, r); s.Points[0].Steps != 2 {
		t.Errorf("%d tokens followed", s.Points[0].Steps)
	}
}

func TestRequestsThatCannotBeAreRefusedBeforeTheRun(t *testing.T) {
	l := local(t)
	sweep := func(w trace.Sweep) func(*trace.Request) { return func(r *trace.Request) { r.Sweep = &w } }
	many := make([]string, maxValues+1)
	for i := range many {
		many[i] = "0.5"
	}
	for want, change := range map[string]func(r *trace.Request){
		"stack 2 (fastv,layer=2 + random): FastV and Random both drop rows": func(r *trace.Request) {
			r.Compare = []trace.Stack{{Methods: []trace.Spec{spec("fastv", "layer=2"), spec("random")}}}
		},
		"stack 3 (C): there is no method \"magic\"": func(r *trace.Request) {
			r.Compare = []trace.Stack{{Methods: []trace.Spec{spec("random")}}, {Label: "C", Methods: []trace.Spec{spec("magic")}}}
		},
		"stack 2 of the comparison has no method": func(r *trace.Request) { r.Compare = []trace.Stack{{Label: "B"}} },
		"compares 5 stacks, 4 is the most":        func(r *trace.Request) { r.Compare = make([]trace.Stack, 4) },
		"the sweep moves method 2 of 1":           sweep(trace.Sweep{Method: 1, Param: "keep", Values: []string{"1"}}),
		"has no parameter or no values":           sweep(trace.Sweep{Param: "keep"}),
		"1001 values, 1000 is the most":           sweep(trace.Sweep{Param: "keep", Values: many}),
		`keep of fastv is "2"`:                    sweep(trace.Sweep{Param: "keep", Values: []string{"0", "2"}}),
		`fastv has no parameter "tau"`:            sweep(trace.Sweep{Param: "tau", Values: []string{"0"}}),
		"where no layer is left to profit":        sweep(trace.Sweep{Param: "layer", Values: []string{"1", "6"}}),
		"a sweep moves one stack, the run has 2": func(r *trace.Request) {
			r.Compare = []trace.Stack{{Methods: []trace.Spec{spec("random")}}}
			r.Sweep = &trace.Sweep{Param: "keep", Values: []string{"1"}}
		},
		"row 99, column 0 is forced by hand, but the picture's rows are 0 to ": func(r *trace.Request) {
			r.Force = []trace.Forced{{Row: 99}}
		},
		"row 0, column -1 is forced":                    func(r *trace.Request) { r.Force = []trace.Forced{{Col: -1}} },
		"row 1, column 2 is forced in and out":          func(r *trace.Request) { r.Force = []trace.Forced{{Row: 1, Col: 2}, {Row: 1, Col: 2, Keep: true}} },
		"1 visual tokens are forced by hand, and there": func(r *trace.Request) { r.Picture, r.Force = "", []trace.Forced{{Row: 1}} },
	} {
		r := quick("Is there a sheep?", spec("fastv"))
		change(&r)
		events, err := collect(t, l, r)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-want %q in\n+got  %v", want, err)
		}
		for _, e := range events {
			if e.Type() == "side_started" {
				t.Errorf("%s: a side ran first", want)
			}
		}
	}
}

func TestASweepIsCancelledBetweenPoints(t *testing.T) {
	l := local(t)
	r := quick("What is on the left?", spec("fastv"))
	r.Sweep = &trace.Sweep{Param: "keep"}
	for i := range 500 {
		r.Sweep.Values = append(r.Sweep.Values, fmt.Sprint(float64(i)/500))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	points := 0
	var at time.Time
	var last trace.Event
	err := l.Run(ctx, r, func(e trace.Event) {
		if e.Type() == "point" {
			if points++; points == 2 {
				at = time.Now()
				cancel()
			}
		}
		last = e
	})
	if end, ok := last.(trace.Ended); err != nil || !ok || !end.Cancelled || points > 3 {
		t.Errorf("it ended after %d points with %+v, %v", points, last, err)
	}
	// The promise is 50 ms; a machine that does other things may take longer.
	if took := time.Since(at); took > time.Second {
		t.Errorf("it ended %v after the cancel", took)
	}
	// The model is still there: a cancel is no failure of the device.
	if s := answered(t, l, quick("Is there a sheep?")); s.Model.LoadMS != 0 {
		t.Error("the model was loaded again after a cancel")
	}
}
