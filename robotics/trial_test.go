package robotics

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/robotics/episode"
)

// pupil is a puppet that can be told something else.
type pupil struct{ puppet }

func (p *pupil) Instruct(text string) error {
	if text == "fly" {
		return errors.New("it cannot fly")
	}
	p.told = append(p.told, text)
	return nil
}

func begun(t *testing.T, w *world, a Actor, o Options) *Trial {
	t.Helper()
	x, err := Begin(w, a, o, 0)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func stepped(t *testing.T, x *Trial) Moment {
	t.Helper()
	m, err := x.Step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestATrialStandsBetweenSteps: it takes as many as it is told, and is over when the task is done.
func TestATrialStandsBetweenSteps(t *testing.T) {
	w, p := &world{goal: 1, max: 50}, &puppet{chunk: steps}
	x, err := Begin(w, p, Options{Seed: 7}, 2)
	if err != nil || x.Number() != 2 || x.Seed() != 9 || x.Over() || x.Now().Instruction != "walk" {
		t.Fatalf("%+v, %v", x, err)
	}
	for i := range 4 {
		m, before := stepped(t, x), x.Now()
		if m.Episode != 2 || m.Step != i || m.Result.Proprio[0] != before.Proprio[0] || (m.Asked != nil) != (i == 0 || i == 3) {
			t.Errorf("step %d is %+v", i, m)
		}
	}
	if o := x.Outcome(); !x.Over() || !o.Success || o.Steps != 4 || o.Reward != 1.375 || o.Seed != 9 || x.Recording() != nil {
		t.Errorf("%+v", o)
	}
	if _, err := x.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "the episode is over; begin the next") || len(w.sent) != 4 {
		t.Errorf("got %v", err)
	}
}

// TestALookIsOfTheNextStep, and asks once.
func TestALookIsOfTheNextStep(t *testing.T) {
	w, p := &world{goal: 9, max: 50}, &puppet{cameras: []string{"top"}, chunk: steps}
	x := begun(t, w, p, Options{})
	for range 2 {
		m, err := x.Look(t.Context())
		if err != nil || m.Asked == nil || m.Action[0] != 0.5 || len(m.Pictures) != 1 || len(w.sent) != 0 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	m := stepped(t, x)
	if len(p.seen) != 1 || len(w.painted) != 1 || m.Result.Reward != 0.5 || m.Asked == nil {
		t.Errorf("it looked %d times, painted %v, and moved %+v", len(p.seen), w.painted, m)
	}
}

// TestInstructInMidEpisode drops the chunk, so that the actor looks at once and knows.
func TestInstructInMidEpisode(t *testing.T) {
	w, p := &world{goal: 9, max: 50}, &pupil{puppet{chunk: steps}}
	x := begun(t, w, p, Options{Instruction: "run"})
	stepped(t, x)
	if _, err := x.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := x.Instruct("creep"); err != nil {
		t.Fatal(err)
	}
	if m := stepped(t, x); m.Asked == nil || m.Step != 1 || m.Seen.Instruction != "creep" || m.Action[0] != 0.5 {
		t.Errorf("the step after it is %+v", m)
	}
	if err := x.Instruct("fly"); err == nil || !strings.Contains(err.Error(), "step 3: it cannot fly") || x.Now().Instruction != "creep" {
		t.Errorf("%v, it is told %s", err, x.Now().Instruction)
	}
	if m := stepped(t, x); m.Asked != nil || m.Action[0] != 0.25 {
		t.Errorf("a refused instruction changed the step: %+v", m)
	}
	if err := x.Instruct(""); err != nil || !slices.Equal(p.told, []string{"run", "creep", "walk"}) || p.seen[1].Instruction != "creep" {
		t.Errorf("%v, told %v", err, p.told)
	}
	if x.Outcome().Instruction != "run" {
		t.Errorf("the outcome is of %s", x.Outcome().Instruction)
	}
}

// TestAnotherActorGoesOn where the first one stopped.
func TestAnotherActorGoesOn(t *testing.T) {
	w, p, q := &world{goal: 9, max: 50}, &puppet{chunk: steps}, &puppet{cameras: []string{"top"}, chunk: steps[2:]}
	x := begun(t, w, p, Options{})
	stepped(t, x)
	if err := x.Instruct("creep"); err != nil {
		t.Fatal(err)
	}
	if err := x.Recast(q); err != nil {
		t.Fatal(err)
	}
	if m := stepped(t, x); m.Step != 1 || m.Action[0] != 0.125 || len(m.Pictures) != 1 || !slices.Equal(q.told, []string{"creep"}) || len(p.seen) != 1 {
		t.Errorf("%+v, told %v", m, q.told)
	}
	if err := x.Recast(&puppet{cameras: []string{"left"}}); err == nil || !strings.Contains(err.Error(), "no camera") {
		t.Errorf("got %v", err)
	}
	r := begun(t, w, p, Options{Record: func(*episode.Episode) error { return nil }})
	if err := r.Recast(q); err == nil || !strings.Contains(err.Error(), "is being recorded") {
		t.Errorf("got %v", err)
	}
	stepped(t, r)
	if e := r.Recording(); e == nil || len(e.Steps) != 1 {
		t.Errorf("the recording is %+v", e)
	}
}

// TestACancelledTrialGoesOn as if nothing had been.
func TestACancelledTrialGoesOn(t *testing.T) {
	w, p := &world{goal: 9, max: 50}, &puppet{chunk: steps}
	x := begun(t, w, p, Options{})
	for range 3 {
		stepped(t, x)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Step(ctx); err != context.Canceled || len(w.sent) != 3 {
		t.Errorf("%v, %d steps", err, len(w.sent))
	}
	if m := stepped(t, x); m.Step != 3 || m.Asked == nil {
		t.Errorf("%+v", m)
	}
	p.chunk = [][]float32{{float32(math.NaN()), 0, 0, 0}}
	stepped(t, x)
	stepped(t, x)
	if _, err := x.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "episode 1 (seed 0), step 7: number 1 (x)") {
		t.Errorf("got %v", err)
	}
}
