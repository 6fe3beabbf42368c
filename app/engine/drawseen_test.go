package engine

import (
	"context"
	"errors"
	"image"
	"slices"
	"strings"
	"testing"

	"winnow/internal/trace"
)

// fakeLooker says yes to everything, of pictures that are bright enough.
type fakeLooker struct {
	looked, closed int
	fails          int    // the picture, from 1, at which it breaks
	before         func() // called before each answer
}

func (f *fakeLooker) Name() string { return "fake" }
func (f *fakeLooker) Close()       { f.closed++ }
func (f *fakeLooker) Answer(ctx context.Context, img *image.RGBA, questions []string) ([]string, error) {
	if f.looked++; f.before != nil {
		f.before()
	}
	if f.looked == f.fails {
		return nil, errors.New("it is dark")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer := "No."
	if img.Pix[0] == 100 {
		answer = "Yes."
	}
	return slices.Repeat([]string{answer}, len(questions)), nil
}

// withLooker has the fake look at drawings, or fail to open.
func withLooker(t *testing.T, f *fakeLooker, err error) *int {
	t.Helper()
	opened, real := 0, openJudge
	openJudge = func(string, int) (looker, error) {
		if opened++; err != nil {
			return nil, err
		}
		return f, nil
	}
	t.Cleanup(func() { openJudge = real })
	return &opened
}

// ownDrawing is one of the built-in model.
func ownDrawing(steps int) trace.Request {
	r := drawing(steps, spec("stepcache"))
	r.Model = ""
	return r
}

func TestPicturesAreLookedAtInTheEnd(t *testing.T) {
	f := new(fakeLooker)
	withLooker(t, f, nil)
	events, err := collect(t, withPainter(t, new(fakePainter)), ownDrawing(4))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, e := range events {
		if n := e.Type(); n == "drawn" || n == "seen" || n == "ended" {
			order = append(order, n)
		}
	}
	if got := strings.Join(order, " "); got != "drawn drawn seen seen ended" {
		t.Errorf("the order is %s", got)
	}
	s := trace.Fold(events)
	d, p := s.Dense.Seen, s.Pruned.Seen
	if d == nil || p == nil || d.Judge != "fake" || len(d.Facts) != 2 || len(p.Facts) != 2 { // an apple, red
		t.Fatalf("dense %+v, pruned %+v", d, p)
	}
	if !d.Facts[0].Right || d.Facts[1].Right || p.Facts[0].Right || p.Facts[0].Answer != "No" || p.Facts[0].Asked != "yes" {
		t.Errorf("dense %+v, pruned %+v", d, p)
	}
	if s.Dense.Drawn.MS != 4 || f.closed != 1 {
		t.Errorf("dense took %v ms; closed %d times", s.Dense.Drawn.MS, f.closed)
	}
}

func TestAJudgeThatCannotLookFailsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		f   *fakeLooker
		err error
	}{
		"does not open":             {nil, errors.New("it is dark")},
		"breaks at the second side": {&fakeLooker{fails: 2}, nil},
	} {
		withLooker(t, c.f, c.err)
		l := withPainter(t, new(fakePainter))
		events, err := collect(t, l, ownDrawing(4))
		s := trace.Fold(events)
		if err != nil || s.Error != "" || s.Cancelled || len(s.Pruned.Drawn.Image) == 0 || l.painter == nil {
			t.Errorf("%s: %v, %q", name, err, s.Error)
		}
		if s.Dense.Seen != nil || s.Pruned.Seen != nil || len(s.Notices) != 1 || !strings.Contains(s.Notices[0], "did not look at the pictures, which are as they should be: it is dark") {
			t.Errorf("%s: notices %q", name, s.Notices)
		}
		if c.f != nil && c.f.closed != 1 {
			t.Errorf("%s: closed %d times", name, c.f.closed)
		}
	}
}

func TestLookingIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fakeLooker{before: cancel}
	withLooker(t, f, nil)
	l := withPainter(t, new(fakePainter))
	var events []trace.Event
	err := l.Run(ctx, ownDrawing(4), func(e trace.Event) { events = append(events, e) })
	s := trace.Fold(events)
	if err != nil || !s.Cancelled || s.Error != "" || s.Dense.Seen != nil || len(s.Notices) != 0 || len(s.Pruned.Drawn.Image) == 0 {
		t.Errorf("%v, %+v", err, s)
	}
	if f.looked != 1 || f.closed != 1 || l.painter == nil {
		t.Errorf("looked %d times, closed %d", f.looked, f.closed)
	}
}

func TestNobodyLooksWhereThereIsNothingToSee(t *testing.T) {
	opened := withLooker(t, new(fakeLooker), nil)
	for name, change := range map[string]func(*trace.Request){
		"a prompt without a known thing": func(r *trace.Request) { r.Draw.Prompt = "a castle in the fog" },
		"a model of somebody else":       func(r *trace.Request) { r.Model = "fake" },
		"a blind drawing":                func(r *trace.Request) { r.Draw.Blind = true },
	} {
		r := ownDrawing(2)
		change(&r)
		events, err := collect(t, withPainter(t, new(fakePainter)), r)
		if s := trace.Fold(events); err != nil || s.Dense.Seen != nil || *opened != 0 || len(s.Notices) != 0 {
			t.Errorf("%s: %v, %d judges, %q", name, err, *opened, s.Notices)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_ = withPainter(t, new(fakePainter)).Run(ctx, ownDrawing(9), func(e trace.Event) {
		if d, ok := e.(trace.Denoised); ok && d.Side == trace.Pruned {
			cancel()
		}
	})
	if *opened != 0 {
		t.Error("a cancelled drawing was looked at")
	}
}

// The built-in model draws, the built-in VLM looks.
func TestRealDrawingIsLookedAt(t *testing.T) {
	r := ownDrawing(4)
	r.Draw.Solver, r.Draw.Prompt = "dpm++2m", "a red apple on the left and a dog"
	events, err := collect(t, local(t), r)
	s := trace.Fold(events)
	if err != nil || len(s.Notices) != 0 || s.Dense.Seen == nil || s.Pruned.Seen == nil {
		t.Fatalf("%v, notices %q", err, s.Notices)
	}
	var asked []string
	for _, f := range s.Dense.Seen.Facts {
		asked = append(asked, f.Kind+" "+f.Noun+" "+f.Asked)
		if f.Answer == "" || f.Right != strings.EqualFold(f.Answer, f.Asked) {
			t.Errorf("%+v", f)
		}
	}
	if got := strings.Join(asked, ", "); got != "exist apple yes, where apple left, colour apple red, exist dog yes" {
		t.Errorf("asked %s", got)
	}
	if d := s.Dense.Seen; d.Judge == "" || !(d.MS > 0) {
		t.Errorf("%+v", d)
	}
	t.Logf("looking took %.0f and %.0f ms", s.Dense.Seen.MS, s.Pruned.Seen.MS)
}
