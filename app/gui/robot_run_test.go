package gui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
)

// slow is a run that can be caught in the middle.
func slow() *fakeRobot { return &fakeRobot{fakeEngine: fakeEngine{pause: 50 * time.Millisecond}} }

// atStep waits until a run has made some steps.
func (b *bench) atStep(n int) {
	b.t.Helper()
	b.until("it has begun", func() bool { return b.robot.steps() > n })
}

func TestRobotIsPausedAndGoesOn(t *testing.T) {
	e := slow()
	b := robotBench(t, e)
	u := &b.robot.ui
	b.robot.run()
	if !strings.HasPrefix(u.run.Text(), "Pause") || !u.once.Disabled() {
		t.Errorf("the button says %q", u.run.Text())
	}
	b.atStep(3)
	b.press(fyne.KeySpace)
	b.until("it is paused", func() bool { return b.run == nil })
	n := b.robot.steps()
	if !b.robot.goesOn() || !strings.HasPrefix(u.run.Text(), "Go on") || n >= fakeSteps || b.robot.doing()[0] != "Paused" {
		t.Fatalf("after %d steps: %q, %q", n, u.run.Text(), b.robot.doing())
	}
	u.instruction.SetText("put the blue cube in the bowl")
	b.press(fyne.KeyReturn)
	if b.robot.steps() != n {
		t.Errorf("going on shows %d steps, before it were %d", b.robot.steps(), n)
	}
	b.until("it is done", func() bool { return b.run == nil })
	q := e.asked()[1]
	if !q.Act.Continue || q.Act.Instruction != "put the blue cube in the bowl" {
		t.Errorf("went on with %+v", q.Act)
	}
	s := b.robot.state()
	if len(s.Episodes) != 1 || len(s.Episodes[0].Moves) != fakeSteps || s.Episodes[0].Done == nil {
		t.Errorf("%d episodes, %d steps", len(s.Episodes), len(s.Episodes[0].Moves))
	}
	if th := s.Episodes[0].ThoughtAt(trace.Pruned, n); th == nil || th.Step != n || th.Instruction != q.Act.Instruction {
		t.Errorf("it did not look at once: %+v", th)
	}
	if got := trace.Fold(b.robot.shown.events); len(got.Episodes) != 1 || len(got.Episodes[0].Moves) != fakeSteps {
		t.Errorf("the trace has %d episodes", len(got.Episodes))
	}
}

func TestInstructionGoesIntoTheRunInProgress(t *testing.T) {
	e := slow()
	b := robotBench(t, e)
	b.robot.run()
	b.atStep(2)
	b.robot.say("open the drawer")
	b.until("it has gone on", func() bool { return len(e.asked()) == 2 })
	if q := e.asked()[1]; !q.Act.Continue || q.Act.Instruction != "open the drawer" || !b.robot.live() {
		t.Errorf("went on with %+v", q.Act)
	}
	b.robot.say("open the drawer") // the same again
	if b.run == nil || b.run.cancelled {
		t.Error("the same instruction ends the run")
	}
	b.robot.ui.stack.cards[0].OnChanged(map[string]string{"max": "0.7"})
	b.until("the method has gone into it", func() bool { return len(e.asked()) == 3 })
	if q := e.asked()[2]; !q.Act.Continue || q.Methods[0].Params["max"] != "0.7" {
		t.Errorf("went on with %+v", q.Methods)
	}
	if b.robot.since.step == 0 {
		t.Error("what was measured before the method changed still counts")
	}
	b.until("it is done", func() bool { return b.run == nil })
}

func TestStepLooksOnceAndResetBeginsAnew(t *testing.T) {
	e := &fakeRobot{}
	b := robotBench(t, e)
	stepped := func(want int) {
		t.Helper()
		b.until("it has stepped", func() bool { return b.run == nil })
		if got := b.robot.steps(); got != want {
			t.Errorf("%d steps, want %d", got, want)
		}
	}
	b.typedRune('.')
	stepped(fakeChunk)
	b.typedRune('.')
	stepped(2 * fakeChunk)
	b.typedRune('r')
	stepped(1)
	b.typedRune('.') // what is left of the chunk
	stepped(fakeChunk)
	runs := e.asked()
	for i, want := range []struct {
		moves  int
		goesOn bool
	}{{8, false}, {8, true}, {1, false}, {7, true}} {
		if a := runs[i].Act; a.Moves != want.moves || a.Continue != want.goesOn || a.Seed != 1 {
			t.Errorf("run %d: %+v", i, a)
		}
	}
	b.robot.chooseModel(trace.Expert)
	b.typedRune('.')
	stepped(1)
	if q := e.asked()[4]; q.Model != trace.Expert || q.Act.Continue || q.Act.Moves != 1 || len(q.Methods) != 0 || len(q.Act.Beside) != 0 {
		t.Errorf("the expert: %+v, %+v", q, q.Act)
	}
}

func TestAnotherSceneBeginsAnEpisode(t *testing.T) {
	for name, change := range map[string]func(*bench){
		"task":  func(b *bench) { b.robot.chooseTask("push") },
		"suite": func(b *bench) { b.robot.chooseSuite("metaworld") },
		"seed":  func(b *bench) { b.robot.ui.seed.SetText("77") },
		"model": func(b *bench) { b.robot.chooseModel(policyDense) },
	} {
		e := slow()
		b := robotBench(t, e)
		b.robot.run()
		b.atStep(1)
		change(b)
		if b.robot.live() || b.robot.goesOn() || b.robot.steps() == 0 {
			t.Errorf("%s: live %v, %d steps shown", name, b.robot.live(), b.robot.steps())
		}
		b.typedRune('.')
		b.until("it has stepped", func() bool { return b.run == nil })
		if q := e.asked()[1]; q.Act.Continue {
			t.Errorf("%s: goes on with %+v", name, q.Act)
		}
	}
}

func TestEpisodesOfARunAreLookedAtOneByOne(t *testing.T) {
	e := &fakeRobot{}
	b := robotBench(t, e)
	b.robot.ui.episodes.SetText("3")
	b.act()
	u := &b.robot.ui
	if b.robot.episode != 2 || u.episode.Text() != "Episode 3 of 3 ▾" || !strings.HasPrefix(u.exported.Text(), "Episode 3 · 24 steps · success (all 3 are written)") {
		t.Errorf("episode %d, %q, %q", b.robot.episode, u.episode.Text(), u.exported.Text())
	}
	b.press(fyne.KeyPageUp)
	if b.robot.episode != 1 || b.robot.at != fakeSteps-1 {
		t.Errorf("episode %d, step %d", b.robot.episode, b.robot.at)
	}
	u.episodes.SetText("0")
	if !u.refusal.Visible() || b.robot.form.Episodes != 3 {
		t.Error("no episodes are not refused")
	}
}

func TestFailureOfARobotIsSaidWithTheCommand(t *testing.T) {
	e := &fakeRobot{fail: "the simulator MuJoCo is not installed: run `winnow native install mujoco` (recorded episodes play without it)"}
	b := robotBench(t, e)
	b.act()
	if got := b.ui.banner.Text(); !strings.HasPrefix(got, "The simulator MuJoCo is not installed") {
		t.Errorf("banner %q", got)
	}
	ways := b.robot.ways(b.robot.state())
	if len(ways) != 2 || ways[1].Label != "Copy the command" {
		t.Fatalf("ways %+v", ways)
	}
	ways[1].Do()
	if got := b.app.Clipboard().Content(); got != "winnow native install mujoco" {
		t.Errorf("copied %q", got)
	}
	e.mu.Lock()
	e.fail = ""
	e.mu.Unlock()
	ways[0].Do()
	b.until("the run is done", func() bool { return b.run == nil })
	if b.ui.banner.Text() != "" || b.robot.steps() != fakeSteps {
		t.Errorf("banner %q, %d steps", b.ui.banner.Text(), b.robot.steps())
	}
}

func TestEpisodeThatCannotGoOnStartsAnew(t *testing.T) {
	e := slow()
	e.refuse = "the episode cannot be continued, since the engine was restarted; start it anew"
	b := robotBench(t, e)
	b.robot.run()
	b.atStep(2)
	b.robot.pause()
	b.until("it is paused", func() bool { return b.run == nil })
	n := b.robot.steps()
	b.act()
	if b.robot.steps() != n || b.robot.goesOn() || !strings.HasPrefix(b.ui.banner.Text(), "The episode cannot be continued") {
		t.Errorf("%d steps of %d, banner %q", b.robot.steps(), n, b.ui.banner.Text())
	}
	b.robot.ways(b.robot.state())[0].Do()
	b.until("the run is done", func() bool { return b.run == nil })
	if b.robot.steps() != fakeSteps || e.asked()[2].Act.Continue {
		t.Errorf("%d steps", b.robot.steps())
	}
}

func TestWithoutALearnedPolicyTheExpertActs(t *testing.T) {
	e := &fakeRobot{only: true}
	b := robotBench(t, e)
	u := &b.robot.ui
	if !strings.HasPrefix(u.policyNote.Text(), "No learned policy") || u.stack.box.Visible() || u.besides.Visible() {
		t.Errorf("note %q", u.policyNote.Text())
	}
	b.act()
	if r := e.asked()[0]; r.Model != trace.Expert || len(r.Methods) != 0 {
		t.Errorf("asked %+v", r)
	}
	if got := u.curvesTitle.Text(); got != "Next 1 action as sent" {
		t.Errorf("curves %q", got)
	}
	b.press(fyne.KeyHome)
	if got := u.curvesTitle.Text(); got != "Next 8 actions as sent" || u.cameras[0].Picture() == nil {
		t.Errorf("curves %q", got)
	}
	if got := b.robot.savingsHint(); !strings.Contains(got, "expert computes nothing") {
		t.Errorf("savings %q", got)
	}
}

func TestNothingIsRedrawnWhileLatencyIsMeasured(t *testing.T) {
	var s trace.State
	var events []trace.Event
	r := trace.Request{Model: policyCogVLA, Act: &trace.Act{Suite: "table", Task: "push", Episodes: 1, Beside: []string{policyDense}}}
	(&fakeRobot{}).Run(t.Context(), r, func(e trace.Event) { events = append(events, e) })
	for _, e := range events {
		s.Apply(e)
		quiet := thinking(&s, e)
		switch e := e.(type) {
		case trace.Thought:
			if !quiet {
				t.Errorf("redrawn while step %d is thought about", e.Step)
			}
		case trace.Moved:
			// After the sixth step of a chunk of eight two are left before the next look.
			if want := e.Step%fakeChunk >= fakeChunk-quietMoves-1; quiet != want {
				t.Errorf("step %d: quiet %v, want %v", e.Step, quiet, want)
			}
		case trace.EpisodeDone:
			if quiet {
				t.Error("the end is not drawn")
			}
		}
	}
	events = nil
	r.Model = trace.Expert
	(&fakeRobot{}).Run(t.Context(), r, func(e trace.Event) { events = append(events, e) })
	s = trace.State{}
	for _, e := range events {
		if s.Apply(e); thinking(&s, e) {
			t.Errorf("the expert is waited for: %+v", e)
		}
	}
}

func TestPauseHoldsARunThatWasAboutToGoOn(t *testing.T) {
	e := slow()
	b := robotBench(t, e)
	b.robot.run()
	b.atStep(2)
	b.robot.say("open the drawer")
	b.press(fyne.KeySpace)
	b.until("it is paused", func() bool { return b.run == nil })
	b.settle()
	if b.robot.live() || len(e.asked()) != 1 || !b.robot.goesOn() {
		t.Errorf("%d runs, live %v", len(e.asked()), b.robot.live())
	}
}
