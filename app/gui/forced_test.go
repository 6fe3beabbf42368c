package gui

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
	"winnow/vision/figure"
)

func TestThreeClicksForceTurnAndClear(t *testing.T) {
	for _, kept := range []bool{true, false} {
		list := clicked(nil, 3, 4, kept)
		if len(list) != 1 || list[0].Forced != (trace.Forced{Row: 3, Col: 4, Keep: !kept}) {
			t.Fatalf("kept %v, first click: %+v", kept, list)
		}
		// What the repeated run shows now does not matter.
		list = clicked(list, 3, 4, !kept)
		if len(list) != 1 || list[0].Keep != kept {
			t.Fatalf("kept %v, second click: %+v", kept, list)
		}
		if list = clicked(list, 3, 4, kept); len(list) != 0 {
			t.Fatalf("kept %v, third click: %+v", kept, list)
		}
	}
}

// forcedBench shows a finished run at its last layer.
func forcedBench(t *testing.T, e *fakeEngine) *bench {
	b := newBench(t, e)
	b.restoreEdits(edits{Methods: []stage{{Name: "fastv"}}}, true)
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	b.stopPlaying()
	b.seek(fakeLayers - 1)
	return b
}

func cellWhere(b *bench, kept bool) (row, col int) {
	i := slices.Index(b.mask(), kept)
	return i / fakeSide, i % fakeSide
}

func TestAClickForcesAndRepeatsTheRunInPlace(t *testing.T) {
	e := &fakeEngine{script: replaySweep}
	b := forcedBench(t, e)
	b.look.Flat = true // no sweep among the runs
	row, col := cellWhere(b, true)
	b.cellTapped(row, col, false)
	if b.run == nil || !b.run.live {
		t.Fatal("no run has begun")
	}
	if got := b.ui.askButton.Text(); got != "Ask   ⏎" {
		t.Errorf("the button says %q for a run that is over at once", got)
	}
	b.until("the run is done", func() bool { return b.run == nil })
	runs := e.asked()
	if got := runs[len(runs)-1].Force; len(got) != 1 || got[0] != (trace.Forced{Row: row, Col: col}) {
		t.Errorf("asked with %v", got)
	}
	if b.keptHere(row, col) || b.at != fakeLayers-1 || b.playing != nil {
		t.Errorf("kept %v, layer %d, playing %v", b.keptHere(row, col), b.at, b.playing != nil)
	}
	if got := b.ui.clearForced.Text(); got != "Clear 1 forced" || !b.ui.clearForced.Visible() {
		t.Errorf("the chip says %q", got)
	}
	b.undo()
	b.until("the run is done", func() bool { return b.run == nil })
	if len(b.form.Force) != 0 || !b.keptHere(row, col) || b.ui.clearForced.Visible() {
		t.Errorf("undo leaves %v", b.form.Force)
	}
	b.redo()
	b.until("the run is done", func() bool { return b.run == nil })
	if len(b.form.Force) != 1 || b.keptHere(row, col) {
		t.Errorf("redo leaves %v", b.form.Force)
	}
	b.ui.view.SetCursor(row, col)
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	b.until("the run is done", func() bool { return b.run == nil })
	if len(b.form.Force) != 0 {
		t.Errorf("Delete leaves %v", b.form.Force)
	}
	row, col = cellWhere(b, false)
	b.ui.view.SetCursor(row, col)
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyF})
	b.until("the run is done", func() bool { return b.run == nil })
	if !b.keptHere(row, col) {
		t.Error("F does not force a dropped token in")
	}
	b.forceUpTo(row+1, min(col+2, fakeSide-1))
	b.until("the run is done", func() bool { return b.run == nil })
	for _, f := range b.form.Force {
		if !f.Keep || !b.keptHere(f.Row, f.Col) {
			t.Errorf("a block that was forced in has %+v", f)
		}
	}
	if len(b.form.Force) < 4 {
		t.Errorf("a block of %d", len(b.form.Force))
	}
}

func TestQuickClicksCancelTheRunBeforeAndOnlyTheLastCounts(t *testing.T) {
	e := &fakeEngine{script: replayForced}
	b := forcedBench(t, e)
	b.look.Flat = true
	e.mu.Lock()
	e.pause = 2 * time.Millisecond
	e.mu.Unlock()
	for c := range 5 {
		b.cellTapped(0, c, false)
	}
	b.until("the run is done", func() bool { return b.run == nil })
	b.settle()
	if got := len(b.state().Request.Force); got != 5 || b.state().Cancelled {
		t.Errorf("shown is a run with %d forced tokens, cancelled %v", got, b.state().Cancelled)
	}
}

func TestANewPictureClearsForcedTokensAndUndoBringsThemBack(t *testing.T) {
	b := forcedBench(t, &fakeEngine{script: replayForced})
	b.cellTapped(2, 3, false)
	b.until("the run is done", func() bool { return b.run == nil })
	b.openScene(1)
	b.until("it is open", func() bool { return b.in.Name == "02-airplane.png" })
	if len(b.form.Force) != 0 || b.ui.clearForced.Visible() {
		t.Errorf("forced on another picture: %v", b.form.Force)
	}
	b.undo()
	if len(b.form.Force) != 1 {
		t.Errorf("undo brings back %v", b.form.Force)
	}
}

func TestForcedTokensComeBackFromAFigure(t *testing.T) {
	b := forcedBench(t, &fakeEngine{script: replayForced})
	b.cellTapped(2, 3, false)
	b.until("the run is done", func() bool { return b.run == nil })
	b.cellTapped(9, 9, false)
	b.until("the run is done", func() bool { return b.run == nil })
	path := filepath.Join(t.TempDir(), "hand.png")
	if err := figure.Write(path, b.shown.state, b.shown.events, figure.Options{}); err != nil {
		t.Fatal(err)
	}
	fresh := newBench(t, &fakeEngine{script: replayForced})
	fresh.dropped(fyne.Position{}, uris(path))
	fresh.until("the run is back", func() bool { return fresh.state().Ended })
	if !slices.Equal(forceOf(fresh.form.Force), forceOf(b.form.Force)) || fresh.ui.clearForced.Text() != "Clear 2 forced" {
		t.Errorf("restored %v of %v, the chip says %q", fresh.form.Force, b.form.Force, fresh.ui.clearForced.Text())
	}
	if !slices.Equal(fresh.mask(), b.mask()) {
		t.Error("another mask is restored")
	}
}
