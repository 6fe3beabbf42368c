package gui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
)

func TestTabsAppearOnlyWhenTheRunHasSomethingForThem(t *testing.T) {
	for _, c := range []struct {
		name   string
		engine *fakeEngine
		want   string
	}{
		{"tokens and neurons", &fakeEngine{script: replay}, "Scores KV Neurons"},
		{"ratios and bits", &fakeEngine{script: replayRatios}, "Scores Layers KV Neurons"},
		{"words", &fakeEngine{script: replayWords}, "Scores KV Words Neurons"},
	} {
		b := newBench(t, c.engine)
		if b.ui.inspector.row.Visible() {
			t.Errorf("%s: tabs without a run", c.name)
		}
		b.openSample(4)
		b.askAbout("How many sheep are there?")
		if got := strings.Join(b.ui.inspector.names, " "); got != c.want {
			t.Errorf("%s: tabs %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheChosenTabIsRememberedAndTheKeysGoRound(t *testing.T) {
	b := newBench(t, &fakeEngine{script: replayRatios})
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	v := &b.ui.inspector
	b.typedRune(']')
	if b.look.Tab != "Layers" || !v.ratios.Visible() || v.curve.Visible() && v.tabs[0].view.Visible() {
		t.Errorf("] shows %q", b.look.Tab)
	}
	b.typedRune('[')
	b.typedRune('[')
	if b.look.Tab != "Neurons" {
		t.Errorf("[ from the first shows %q", b.look.Tab)
	}
	b.chooseTab("Layers")
	if !strings.Contains(b.app.Preferences().String(keyLook), `"tab":"Layers"`) {
		t.Error("the tab is not remembered")
	}
	// A run without ratios shows its scores and does not forget the choice.
	e := b.engine.(*fakeEngine)
	e.mu.Lock()
	e.script = replay
	e.mu.Unlock()
	b.askAbout("Is there a tree?")
	if b.look.Tab != "Layers" || v.ratios.Visible() || !v.tabs[0].view.Visible() {
		t.Error("without ratios their tab stays, or is forgotten")
	}
}

func TestAnotherQuestionLeavesTheRatiosBeforeAsOutlines(t *testing.T) {
	b := newBench(t, &fakeEngine{script: replayRatios})
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	b.chooseTab("Layers")
	if b.ui.inspector.before != nil {
		t.Error("a first run has something before it")
	}
	first := b.state().Pruned.Ratios()
	b.askAbout("Are there dogs?")
	if got := b.ui.inspector.before; !slices.Equal(got, first) || slices.Equal(got, b.state().Pruned.Ratios()) {
		t.Errorf("outlined %v, the first run had %v", got, first)
	}
	if got := b.ui.inspector.note.Text(); !strings.Contains(got, "How many sheep") {
		t.Errorf("the note says %q", got)
	}
	b.chooseLayer(3)
	if b.at != 3 || b.ui.timeline.At() != 3 {
		t.Errorf("a click on a layer's bar goes to layer %d", b.at)
	}
}

func TestWordsAreScrubbedAndShowWhatEachWasChosenWithout(t *testing.T) {
	b := newBench(t, &fakeEngine{script: replayWords})
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	b.stopPlaying()
	if !b.ui.words.Visible() || b.inWords() {
		t.Fatal("the line of words is not there, or in use already")
	}
	key := func(k fyne.KeyName) { b.typedKey(&fyne.KeyEvent{Name: k}) }
	b.seek(0)
	key(fyne.KeyDown)
	key(fyne.KeyRight)
	if !b.inWords() || b.words.at != 1 || b.layer() != -1 || b.ui.words.At() != 1 || b.ui.timeline.At() != -1 {
		t.Fatalf("words %+v, the scrubber at %d, the timeline at %d", b.words, b.ui.words.At(), b.ui.timeline.At())
	}
	// Looking at layer 0, where the prompt keeps all.
	b.seek(0)
	mask := b.mask()
	if mask[3] || !mask[fakeSide*fakeSide-1] {
		t.Errorf("a cell masked in all heads is kept %v, one in none %v", mask[3], mask[fakeSide*fakeSide-1])
	}
	tip := strings.Join(b.tooltip(0, 3), "\n")
	if !strings.Contains(tip, "masked in all heads") || !strings.Contains(tip, `word 2, " sheep", layer 0`) {
		t.Errorf("tooltip: %s", tip)
	}
	if tip := strings.Join(b.tooltip(1, 3), "\n"); !strings.Contains(tip, "50 % of the heads") {
		t.Errorf("tooltip: %s", tip)
	}
	b.typedRune('2')
	shot := b.drawn.overlay
	key(fyne.KeyUp)
	if b.inWords() || b.ui.words.At() != -1 || b.drawn.overlay == shot || !b.mask()[3] {
		t.Error("up does not go back to the layers")
	}
	b.typedRune('1')
	b.chooseTab("Words")
	b.ui.inspector.words.OnSelect(1)
	if !b.inWords() || b.words.at != 1 {
		t.Error("a row of the table does not go to its word")
	}
	b.setPlaying(true)
	b.until("the words were played", func() bool { return b.playing == nil })
	if b.words.at != b.state().Pruned.Steps()-1 {
		t.Errorf("it ends at word %d", b.words.at)
	}
	b.typedRune('a')
	if b.inWords() {
		t.Error("the dense side has words to scrub")
	}
}

func TestSuggestionsLeaveTheirRoomToTheMethodsOnceOneWasAsked(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.openSample(4)
	if !b.ui.suggestions.Visible() {
		t.Error("a new picture suggests nothing")
	}
	b.askAbout("How many sheep are there?")
	if b.ui.suggestions.Visible() {
		t.Error("the suggestions stay after the question")
	}
	b.focusQuestion()
	if !b.ui.suggestions.Visible() {
		t.Error("back in the question nothing is suggested")
	}
}

func TestConflictIsOnTheCardsBeforeTheRun(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.openSample(4)
	b.restoreEdits(edits{Methods: []stage{{Name: "fastv"}, {Name: "random", Params: map[string]string{"layer": "4"}}}}, true)
	if b.conflict() != "" {
		t.Fatalf("two methods in different layers: %s", b.conflict())
	}
	b.restoreEdits(edits{Methods: []stage{{Name: "fastv"}, {Name: "random"}}}, true)
	if got := b.conflict(); !strings.Contains(got, "both drop rows") {
		t.Fatalf("of two methods that drop rows in one layer is said %q", got)
	}
	b.ui.question.SetText("How many?")
	b.ask()
	if b.run != nil || !strings.Contains(b.ui.banner.Text(), "remove one") {
		t.Errorf("asked all the same; the banner says %q", b.ui.banner.Text())
	}
}
