package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
)

// fakePainter draws a plain grey of 16 × 16 pixels, a little darker with every step that was skipped.
type fakePainter struct {
	begun, ended int // drawings
	runs         []string
	closed       bool
	broken       error // every side ends with it
	cut          int
}

func (f *fakePainter) Describe(name string) trace.Model {
	return trace.Model{Name: name, Layers: 2, Parameters: 1000, Device: "ref"}
}
func (f *fakePainter) Pruning(trace.Draw) pruning.Model { return pruning.Model{Layers: 2} }
func (f *fakePainter) Close() error                     { f.closed = true; return nil }

func (f *fakePainter) Admit(d trace.Draw, methods []pruning.Stacked) error {
	if d.Size%8 != 0 {
		return fmt.Errorf("a picture of %d pixels does not divide into tokens; choose a multiple of 8", d.Size)
	}
	for _, m := range methods {
		if m.Info.Stages[0] != pruning.Denoise {
			return fmt.Errorf("%s does not act on a drawing", m.Info.Title)
		}
	}
	return nil
}

func (f *fakePainter) Begin(_ context.Context, d trace.Draw) (easel, trace.Drawing, error) {
	f.begun++
	return &fakeEasel{f, d}, trace.Drawing{Width: 16, Height: 16, Rows: 2, Cols: 2, Steps: d.Steps, Solver: d.Solver, Words: strings.Fields(d.Prompt), Cut: f.cut}, nil
}

type fakeEasel struct {
	f *fakePainter
	d trace.Draw
}

func (e *fakeEasel) Close() { e.f.ended++ }

func (e *fakeEasel) Run(ctx context.Context, methods []pruning.Stacked, side string, emit func(trace.Event)) (*image.RGBA, trace.Drawn, error) {
	e.f.runs = append(e.f.runs, side)
	emit(trace.SideStarted{Side: side})
	out := trace.Drawn{Side: side, Ended: "cancelled"}
	grey := uint8(100)
	for i := range e.d.Steps {
		if err := ctx.Err(); err != nil {
			return nil, out, err
		}
		if e.f.broken != nil {
			return nil, trace.Drawn{}, e.f.broken
		}
		step := trace.Denoised{Side: side, Step: i, Kind: trace.StepFull, Kept: 4, MS: 1, FLOPs: 10}
		if len(methods) > 0 && i%2 == 1 {
			step.Kind, step.Kept, step.FLOPs = trace.StepSkip, 0, 0
			grey--
		} else {
			out.NFE++
		}
		out.MS, out.FLOPs = out.MS+step.MS, out.FLOPs+step.FLOPs
		emit(step)
	}
	img := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, out, err
	}
	out.Image, out.Ended = b.Bytes(), "done"
	return img, out, nil
}

// withPainter is an engine whose every model that draws is the fake.
func withPainter(t *testing.T, f *fakePainter) *Local {
	t.Helper()
	l := local(t)
	l.drawing = func(string) (opener, error) { return func(compute.Backend) (painter, error) { return f, nil }, nil }
	return l
}

func drawing(steps int, methods ...trace.Spec) trace.Request {
	return trace.Request{Model: "fake", Device: "ref", Methods: methods,
		Draw: &trace.Draw{Prompt: "a red apple", Seed: 7, Steps: steps, Solver: "flow-euler", Guidance: 3}}
}

func TestDrawingRunsAllSidesFromOneBeginning(t *testing.T) {
	f := new(fakePainter)
	l := withPainter(t, f)
	r := drawing(4, spec("stepcache"))
	r.Compare = []trace.Stack{{Methods: []trace.Spec{spec("stepcache", "interval=3")}}}
	events, err := collect(t, l, r)
	if err != nil {
		t.Fatal(err)
	}
	if f.begun != 1 || f.ended != 1 || strings.Join(f.runs, " ") != "dense pruned pruned2" {
		t.Errorf("begun %d, ended %d, runs %v", f.begun, f.ended, f.runs)
	}
	order := []string{"started", "model", "drawing", "side_started", "denoised"}
	for i, want := range order {
		if events[i].Type() != want {
			t.Errorf("event %d is %s, not %s", i, events[i].Type(), want)
		}
	}
	s := trace.Fold(events)
	if s.Dense == nil || len(s.Dense.Denoised) != 4 || s.Dense.Drawn.NFE != 4 || s.Dense.Drawn.PSNR != nil || s.Dense.Drawn.SSIM != nil {
		t.Fatalf("dense: %+v", s.Dense)
	}
	if len(s.Sides) != 2 || s.Pruned.Drawn == nil || s.Pruned.Drawn.NFE != 2 {
		t.Fatalf("sides: %+v", s.Sides)
	}
	for _, d := range s.Sides {
		// Two levels of 255 apart: 10·log10(255²/4).
		if p := d.Drawn.PSNR; p == nil || *p < 42.10 || *p > 42.12 || d.Drawn.SSIM == nil || *d.Drawn.SSIM > 1 || *d.Drawn.SSIM < 0.9 {
			t.Errorf("%s: psnr %v, ssim %v", d.Name, p, d.Drawn.SSIM)
		}
	}
}

func TestADenseDrawingIsAlone(t *testing.T) {
	f := &fakePainter{cut: 5}
	l := withPainter(t, f)
	events, err := collect(t, l, drawing(2))
	s := trace.Fold(events)
	if err != nil || s.Dense == nil || len(s.Sides) != 0 || len(s.Dense.Drawn.Image) == 0 {
		t.Fatalf("%v, %+v", err, s)
	}
	if len(s.Notices) != 1 || !strings.Contains(s.Notices[0], "reads 3 tokens; the last 5 of the prompt were left out") {
		t.Errorf("notices %q", s.Notices)
	}
	// The second drawing loads nothing; another kind of model takes its place, and gives it back.
	if _, err := collect(t, l, drawing(2)); err != nil || f.closed {
		t.Errorf("%v, closed %v", err, f.closed)
	}
	if _, err := collect(t, l, ask("Is there a sheep?")); err != nil || !f.closed {
		t.Errorf("%v, closed %v", err, f.closed)
	}
	if events, err = collect(t, l, drawing(2)); err != nil || len(trace.Fold(events).Dense.Drawn.Image) == 0 {
		t.Error(err)
	}
}

func TestEqualPicturesHaveNoPSNR(t *testing.T) {
	l := withPainter(t, new(fakePainter))
	events, err := collect(t, l, drawing(1, spec("stepcache"))) // the first step is never skipped
	s := trace.Fold(events)
	if err != nil || s.Pruned.Drawn.PSNR != nil || s.Pruned.Drawn.SSIM == nil || *s.Pruned.Drawn.SSIM < 0.999999 {
		t.Fatalf("%v, %+v", err, s.Pruned.Drawn)
	}
}

func TestDrawingsThatCannotBeAreRefused(t *testing.T) {
	file := filepath.Join("..", "..", "assets", "samples", "05-sheep.png")
	for want, change := range map[string]func(*Local, *trace.Request){
		"a drawing has no sweep":                  func(_ *Local, r *trace.Request) { r.Sweep = &trace.Sweep{} },
		"cannot be forced by hand in a drawing":   func(_ *Local, r *trace.Request) { r.Force = []trace.Forced{{}} },
		"has 0 steps; it takes a number from 1":   func(_ *Local, r *trace.Request) { r.Draw.Steps = 0 },
		"has 1001 steps":                          func(_ *Local, r *trace.Request) { r.Draw.Steps = 1001 },
		"does not divide into tokens":             func(_ *Local, r *trace.Request) { r.Draw.Size = 63 },
		`there is no method "magic"`:              func(_ *Local, r *trace.Request) { r.Methods = []trace.Spec{spec("magic")} },
		"FastV does not act on a drawing":         func(_ *Local, r *trace.Request) { r.Methods = []trace.Spec{spec("fastv", "layer=1")} },
		"both choose the denoising step":          func(_ *Local, r *trace.Request) { r.Methods = []trace.Spec{spec("sada"), spec("stepcache")} },
		`there is no model "sdxl" that draws`:     func(l *Local, r *trace.Request) { l.drawing, r.Model = resolveDrawing, "sdxl" },
		"there is no folder ./gone; check":        func(l *Local, r *trace.Request) { l.drawing, r.Model = resolveDrawing, "./gone" },
		"is a file; a model that draws is a fold": func(l *Local, r *trace.Request) { l.drawing, r.Model = resolveDrawing, file },
		`no device "quantum"`:                     func(_ *Local, r *trace.Request) { r.Device = "quantum" },
	} {
		l := withPainter(t, new(fakePainter))
		r := drawing(2, spec("stepcache"))
		change(l, &r)
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

func TestACancelledDrawingSaysSo(t *testing.T) {
	for _, at := range []string{trace.Dense, trace.Pruned} {
		l := withPainter(t, new(fakePainter))
		ctx, cancel := context.WithCancel(context.Background())
		var events []trace.Event
		err := l.Run(ctx, drawing(9, spec("stepcache")), func(e trace.Event) {
			events = append(events, e)
			if d, ok := e.(trace.Denoised); ok && d.Side == at && d.Step == 2 {
				cancel()
			}
		})
		s := trace.Fold(events)
		d := s.Side(at)
		if err != nil || !s.Cancelled || d == nil || len(d.Denoised) != 3 || d.Drawn == nil || d.Drawn.Ended != "cancelled" || d.Drawn.Image != nil {
			t.Errorf("%s: %v, %+v", at, err, d)
		}
		if l.painter == nil {
			t.Errorf("%s: a cancel is no failure of the device", at)
		}
		cancel()
	}
}

func TestADrawingThatBreaksUnloadsTheModel(t *testing.T) {
	f := &fakePainter{broken: errors.New("step 3: the latent has NaN")}
	l := withPainter(t, f)
	events, err := collect(t, l, drawing(4))
	if err == nil || !strings.Contains(trace.Fold(events).Error, "step 3") || !f.closed || l.painter != nil {
		t.Errorf("%v, closed %v", err, f.closed)
	}
}

func TestPreparingADrawingLoadsIt(t *testing.T) {
	l := withPainter(t, new(fakePainter))
	l.Prepare(context.Background(), drawing(2))
	if l.painter == nil {
		t.Fatal("nothing was loaded")
	}
	events, err := collect(t, l, drawing(2))
	if m := trace.Fold(events).Model; err != nil || m.LoadMS != 0 || m.Name != "fake" {
		t.Errorf("%v, %+v", err, m)
	}
}
