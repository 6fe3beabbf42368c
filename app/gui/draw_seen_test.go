package gui

import (
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/app/judge"
	"winnow/internal/trace"
)

// seenScript is replayDrawing with what a VLM saw of each side: answers by side, in the order of the
// facts of the prompt, missing ones right.
func seenScript(answers map[string][]string) func(trace.Request) []trace.Event {
	return func(r trace.Request) []trace.Event {
		events := replayDrawing(r)
		end := events[len(events)-1]
		events = events[:len(events)-1]
		sides := []string{trace.Dense}
		for i := range r.Stacks() {
			sides = append(sides, trace.SideName(i))
		}
		for _, side := range sides {
			facts := judge.Facts(r.Draw.Prompt)
			if len(facts) == 0 {
				continue
			}
			for i := range facts {
				facts[i].Answer, facts[i].Right = facts[i].Asked, true
				if a := answers[side]; i < len(a) && a[i] != "" {
					facts[i].Answer, facts[i].Right = a[i], a[i] == facts[i].Asked
				}
			}
			events = append(events, trace.Seen{Side: side, Judge: "Sprites 5.7M", Facts: facts, MS: 350})
		}
		return append(events, end)
	}
}

func TestDrawingSaysWhatTheVLMSees(t *testing.T) {
	e := &fakeEngine{script: seenScript(nil)}
	b := drawBench(t, e)
	row := b.draw.ui.seen
	if row.box.Visible() {
		t.Error("something is seen before there is a picture")
	}
	b.paint("a red apple on the left and a dog")
	if !row.box.Visible() || row.text.Text != "apple, dog · both" || !row.value.Visible() || row.long.Visible() || row.misses.Text() != "" {
		t.Errorf("%q, %q, in one line %v", row.text.Text, row.misses.Text(), row.value.Visible())
	}
	// Looking is no part of drawing: the status leaves twice 0.35 s out.
	if s := b.draw.state(); lookedMS(s) != 700 || s.TotalMS != 1700 {
		t.Errorf("%v of %v ms were for looking", lookedMS(s), s.TotalMS)
	}
	// The picture brings it back.
	path := filepath.Join(t.TempDir(), "apple.png")
	if err := writeDrawing(path, func() ([]byte, error) { return b.draw.prunedSide().Drawn.Image, nil }, b.draw.shown.events); err != nil {
		t.Fatal(err)
	}
	o := newBench(t, &fakeEngine{})
	o.dropped(fyne.Position{}, uris(path))
	o.until("the drawing is open", func() bool { return o.draw.shown.state != nil })
	if got := o.draw.ui.seen.text.Text; got != "apple, dog · both" {
		t.Errorf("the picture brings %q", got)
	}
	b.paint("a castle")
	if row.box.Visible() {
		t.Errorf("%q is seen of a prompt without a known thing", row.text.Text)
	}
}

func TestDrawingSaysWhatTheVLMMisses(t *testing.T) {
	// exist, where, colour of the apple, then exist of the others.
	e := &fakeEngine{script: seenScript(map[string][]string{trace.Dense: {"", "", "", "No"}, trace.Pruned: {"", "right", "blue"}})}
	b := drawBench(t, e)
	b.win.Resize(fyne.NewSize(1280, 800))
	b.paint("a red apple on the left, a strawberry and a motorcycle")
	row := b.draw.ui.seen
	if want := "dense: apple, no strawberry, motorcycle · SADA: apple, strawberry, motorcycle"; row.long.Text() != want || !row.long.Visible() || row.value.Visible() {
		t.Errorf("-want %q\n+got  %q, below %v", want, row.long.Text(), row.long.Visible())
	}
	if want := "SADA: apple not on the left, apple not red."; row.misses.Text() != want {
		t.Errorf("-want %q\n+got  %q", want, row.misses.Text())
	}
	for _, o := range []fyne.CanvasObject{row.long, row.misses} {
		if p, s := o.Position(), o.Size(); p.X < 0 || p.X+s.Width > row.box.Size().Width || p.Y+s.Height > row.box.Size().Height+0.5 {
			t.Errorf("%v + %v lies outside of %v", p, s, row.box.Size())
		}
	}
}

func TestStatusSaysThatTheVLMLooks(t *testing.T) {
	script := seenScript(nil)
	b := drawBench(t, &fakeEngine{})
	r := b.draw.form.request("cpu", 1)
	r.Draw.Prompt = "a red apple"
	var drawn []trace.Event
	for _, e := range script(r) {
		if e.Type() != "seen" && e.Type() != "ended" {
			drawn = append(drawn, e)
		}
	}
	b.draw.shown = snapshot{state: trace.Fold(drawn)}
	if got := b.draw.stage(); got != "the built-in VLM looks at the pictures" {
		t.Errorf("the stage is %q", got)
	}
	b.draw.shown = snapshot{state: trace.Fold(drawn[:len(drawn)-1])}
	if got := b.draw.stage(); !strings.HasPrefix(got, "SADA, 50 of 50") {
		t.Errorf("the stage is %q", got)
	}
}
