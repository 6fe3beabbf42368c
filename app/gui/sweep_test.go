package gui

import (
	"bytes"
	"encoding/csv"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
	"winnow/pruning"
)

func TestSweepValuesAreAllowedAndDifferent(t *testing.T) {
	for _, info := range pruning.Answering() {
		if info.Budget == "" {
			continue
		}
		_, p, ok := budget([]stage{{Name: info.Name}})
		if !ok || p.Name != info.Budget {
			t.Errorf("%s: its budget %q is no number with two ends", info.Name, info.Budget)
			continue
		}
		values := sweepValues(p)
		if len(values) < 2 {
			t.Errorf("%s: %d values", info.Name, len(values))
		}
		for i, v := range values {
			if _, err := p.Check(info.Name, v); err != nil {
				t.Errorf("%s: %v", info.Name, err)
			}
			if slices.Contains(values[:i], v) {
				t.Errorf("%s: %s comes twice", info.Name, v)
			}
		}
	}
	if _, _, ok := budget([]stage{{Name: "fastv", Off: true}}); ok {
		t.Error("a method that is off has the slider")
	}
}

func TestCurveIsComputedWhenIdleAndKept(t *testing.T) {
	e := &fakeEngine{script: replaySweep}
	b := forcedBench(t, e)
	b.until("the curve is whole", func() bool { c := b.curve(); return len(c.missing("")) == 0 })
	c := b.curve()
	if len(c.points) != sweepPoints || c.points[2].KL <= c.points[9].KL || c.dense == nil {
		t.Fatalf("%d points, dense %v", len(c.points), c.dense)
	}
	sweeps := func() (n int) {
		for _, r := range e.asked() {
			if r.Sweep != nil {
				n++
			}
		}
		return n
	}
	if sweeps() != 1 {
		t.Errorf("%d sweeps for one curve", sweeps())
	}
	// The value in force is no part of the key; another layer is.
	b.keepMoved(0.25)
	b.until("the run is done", func() bool { return b.run == nil && b.live.since.IsZero() })
	if b.curve() != c || valuesOf(b.form.Methods[0])["keep"] != "0.25" || b.ui.stack.cards[0].Values()["keep"] != "0.25" {
		t.Errorf("moved to %v, another curve %v", b.form.Methods, b.curve() != c)
	}
	runs := e.asked()
	if got := runs[len(runs)-1]; got.Sweep != nil || got.Methods[0].Params["keep"] != "0.25" {
		t.Errorf("the last run is %+v", got.Methods)
	}
	b.edit("", func(st []stage) []stage { st[0].Params["layer"] = "1"; return st })
	if b.curve() == c {
		t.Error("another layer has the same curve")
	}
	b.undo()
	if b.curve() != c {
		t.Error("undo does not bring the curve back")
	}
}

func TestTheValueWhereTheSliderRestsGetsItsPoint(t *testing.T) {
	e := &fakeEngine{script: replaySweep}
	b := forcedBench(t, e)
	b.until("the curve is whole", func() bool { return len(b.curve().missing("")) == 0 })
	b.keepMoved(0.37)
	if i := slices.Index(b.ui.keep.values, "0.37"); i < 1 || b.ui.keep.values[i-1] != "0.3333" {
		t.Errorf("drawn are %v", b.ui.keep.values)
	}
	b.until("it has a point", func() bool {
		c := b.curve()
		i := slices.Index(c.values, "0.37")
		return i >= 0 && c.points[i] != nil
	})
}

func TestAnEditStopsTheSweepAndItGoesOnLater(t *testing.T) {
	e := &fakeEngine{script: replaySweep}
	b := forcedBench(t, e)
	e.mu.Lock()
	e.pause = 15 * time.Millisecond
	e.mu.Unlock()
	some := func() int { return len(b.curve().values) - len(b.curve().missing("")) }
	b.until("a few points have come", func() bool { return some() >= 3 })
	b.keepMoved(0.75)
	if b.sweep.job != nil {
		t.Error("the sweep goes on while the slider moves")
	}
	had := some()
	if had == sweepPoints {
		t.Skip("the sweep was over before it could be stopped")
	}
	e.mu.Lock()
	e.pause = 0
	e.mu.Unlock()
	b.until("the curve is whole", func() bool { return len(b.curve().missing("")) == 0 && b.sweep.job == nil })
	runs := e.asked()
	last := runs[len(runs)-1]
	if last.Sweep == nil || len(last.Sweep.Values) > sweepPoints-had+1 {
		t.Errorf("it began anew: %+v", last.Sweep)
	}
}

func TestSweepIsExportedAndComesBack(t *testing.T) {
	b := forcedBench(t, &fakeEngine{script: replaySweep})
	b.until("the curve is whole", func() bool { return len(b.curve().missing("")) == 0 })
	s, events := b.curve().state()
	if len(s.Points) != sweepPoints || s.Dense == nil || s.Request.Sweep == nil || len(s.Request.Sweep.Values) != sweepPoints {
		t.Fatalf("%d points, sweep %+v", len(s.Points), s.Request.Sweep)
	}
	var out bytes.Buffer
	if err := trace.WritePoints(&out, s); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) != 1+sweepPoints {
		t.Fatalf("%d lines of CSV, %v", len(lines), err)
	}
	path := filepath.Join(t.TempDir(), "sweep.jsonl")
	if err := trace.WriteFile(path, events); err != nil {
		t.Fatal(err)
	}
	e := &fakeEngine{script: replaySweep}
	fresh := newBench(t, e)
	fresh.dropped(fyne.Position{}, uris(path))
	fresh.until("it is back", func() bool { return fresh.state().Ended })
	if c := fresh.curve(); c == nil || len(c.missing("")) != 0 || fresh.form.Question != "How many sheep are there?" {
		t.Errorf("the curve that came back: %+v", c)
	}
}

func TestSlowRunYieldsToTheSliderAndAQuickOneIsShown(t *testing.T) {
	e := &fakeEngine{script: replaySweep}
	b := forcedBench(t, e)
	b.look.Flat = true
	b.keepMoved(0.3)
	b.keepMoved(0.4)
	b.keepMoved(0.45)
	b.until("the runs are done", func() bool { return b.run == nil && b.live.since.IsZero() })
	if got := b.state().Request.Methods[0].Params["keep"]; got != "0.45" {
		t.Errorf("shown is keep %s", got)
	}
	e.mu.Lock()
	e.pause = 200 * time.Millisecond // a run of seconds
	e.mu.Unlock()
	b.keepMoved(0.6)
	first := b.run
	b.keepMoved(0.7)
	if b.run != first {
		t.Error("the run ended before it had its time")
	}
	b.until("the slow run has yielded", func() bool { return b.run != first })
	e.mu.Lock()
	e.pause = 0
	e.mu.Unlock()
	if b.run == nil || b.run.request.Methods[0].Params["keep"] != "0.7" {
		t.Errorf("it yielded to %+v", b.run)
	}
}

func TestSweepOfAnotherParameterIsSaid(t *testing.T) {
	b := forcedBench(t, &fakeEngine{script: replaySweep})
	r := b.state().Request
	r.Sweep = &trace.Sweep{Param: "layer", Values: []string{"1", "2"}}
	path := filepath.Join(t.TempDir(), "layers.jsonl")
	if err := trace.WriteFile(path, replaySweep(r)); err != nil {
		t.Fatal(err)
	}
	fresh := newBench(t, &fakeEngine{script: replaySweep})
	fresh.dropped(fyne.Position{}, uris(path))
	fresh.until("it is back", func() bool { return fresh.state().Ended })
	if got := fresh.ui.banner.Text(); !strings.Contains(got, "another parameter") || len(fresh.state().Points) != 2 {
		t.Errorf("the banner says %q, %d points", got, len(fresh.state().Points))
	}
}
