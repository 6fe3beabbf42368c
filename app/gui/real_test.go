package gui

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/app/engine"
	"winnow/internal/trace"
	"winnow/vision/figure"
)

// realBench is a window on the real engine and the built-in model: on the native libraries where
// they are installed, else in plain Go.
func realBench(t *testing.T) *bench {
	b := newBench(t, engine.NewLocal(engine.LocalOptions{}))
	b.look.Flat = true
	return b
}

func TestRealRunIsRestoredFromItsFigureAndAnswersTheSame(t *testing.T) {
	for _, methods := range [][]stage{
		{{Name: "corematching"}},
		{{Name: "corematching", Params: map[string]string{"beta": "0.5"}}, {Name: "zipvl", Params: map[string]string{"kv": "mixed", "tau": "0.9"}}},
		{{Name: "vasparse"}},
		{}, // forced tokens alone
	} {
		b := realBench(t)
		b.restoreEdits(edits{Methods: methods}, true)
		b.openSample(4)
		b.askAbout("What is in the picture?")
		if b.state().Error != "" {
			t.Fatalf("%v: %s", methods, b.state().Error)
		}
		b.stopPlaying()
		for _, kept := range []bool{true, false} {
			i := slices.Index(b.mask(), kept)
			if i < 0 {
				continue
			}
			b.cellTapped(i/16, i%16, false)
			b.until("the run is done", func() bool { return b.run == nil })
		}
		if len(b.form.Force) == 0 || b.state().Error != "" {
			t.Fatalf("%v: forced %v, error %q", methods, b.form.Force, b.state().Error)
		}
		path := filepath.Join(t.TempDir(), "run.png")
		if err := figure.Write(path, b.shown.state, b.shown.events, figure.Options{}); err != nil {
			t.Fatal(err)
		}
		fresh := realBench(t)
		fresh.dropped(fyne.Position{}, uris(path))
		fresh.until("the run is back", func() bool { return fresh.state().Ended })
		if !sameStages(known(fresh.form.Methods), known(b.form.Methods)) || !slices.Equal(forceOf(fresh.form.Force), forceOf(b.form.Force)) {
			t.Errorf("%v: restored %v with %v", methods, fresh.form.Methods, fresh.form.Force)
		}
		for _, again := range []bool{false, true} {
			if again {
				fresh.ask()
				fresh.until("it is asked again", func() bool { return fresh.run == nil })
			}
			for l := range b.state().LayerCount() {
				if !slices.Equal(fresh.state().Pruned.KeptMask(l), b.state().Pruned.KeptMask(l)) {
					t.Errorf("%v, again %v: another mask in layer %d", methods, again, l)
				}
			}
			for _, side := range []string{trace.Dense, trace.Pruned} {
				if got, want := fresh.state().Side(side).Text, b.state().Side(side).Text; got != want || got == "" {
					t.Errorf("%v, again %v: %s answers %q, before %q", methods, again, side, got, want)
				}
			}
		}
	}
}

func TestRealSweepIsRestoredFromItsFigure(t *testing.T) {
	b := realBench(t)
	b.look.Flat = false
	b.restoreEdits(edits{Methods: []stage{{Name: "fastv"}}}, true)
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	b.stopPlaying()
	b.until("the curve is whole", func() bool { c := b.curve(); return len(c.missing("")) == 0 || c.failed != "" })
	c := b.curve()
	if c.failed != "" {
		t.Fatal(c.failed)
	}
	first, last := c.points[0], c.points[len(c.points)-1]
	if last.KL != 0 || last.Top1 != 1 || first.KL <= last.KL || first.Summary.PrefillFLOPs >= last.Summary.PrefillFLOPs {
		t.Errorf("from %+v to %+v", first, last)
	}
	s, events := c.state()
	path := filepath.Join(t.TempDir(), "curve.png")
	if err := figure.Write(path, s, events, figure.Options{}); err != nil {
		t.Fatal(err)
	}
	fresh := realBench(t)
	fresh.dropped(fyne.Position{}, uris(path))
	fresh.until("it is back", func() bool { return fresh.state().Ended })
	again := fresh.curve()
	if again == nil || len(again.missing("")) > 0 || again.points[0].KL != first.KL || fresh.form.Question != "How many sheep are there?" {
		t.Errorf("restored %+v", again)
	}
}

// TestByHandIsQuick says how long a click takes to its answer. The aim is 300 ms on two idle
// cores; the bound leaves room for other work on the machine.
func TestByHandIsQuick(t *testing.T) {
	b := realBench(t)
	b.restoreEdits(edits{Methods: []stage{{Name: "corematching"}}}, true)
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	if m := b.state().Model; m == nil || m.Device == "ref" {
		t.Skip("the native libraries are not installed; plain Go is slower")
	}
	b.stopPlaying()
	var all []time.Duration
	for i := range 9 {
		b.cellTapped(i, i, false)
		b.until("the run is done", func() bool { return b.run == nil })
		all = append(all, b.live.took)
	}
	slices.Sort(all)
	t.Logf("from the click to the answer: median %v, %v to %v", all[4].Round(time.Millisecond), all[0].Round(time.Millisecond), all[8].Round(time.Millisecond))
	if all[0] > 3*time.Second {
		t.Errorf("the quickest of nine clicks took %v", all[0])
	}
}
