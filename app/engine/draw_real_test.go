package engine

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	builtin "winnow/assets/models"
	"winnow/internal/trace"
)

// tiny is an untrained model of 32 pixels and 8 × 8 tokens, as assets/train-draw exports it.
var tiny = filepath.Join("testdata", "draw-tiny")

func tinyDrawing(steps int, methods ...trace.Spec) trace.Request {
	r := drawing(steps, methods...)
	r.Model, r.Draw.Solver = tiny, "dpm++2m"
	return r
}

func TestRealDrawingWithSADA(t *testing.T) {
	l := local(t)
	r := tinyDrawing(20, spec("sada"))
	r.Compare = []trace.Stack{{Methods: []trace.Spec{spec("stepcache", "interval=1")}}} // neutral
	events, err := collect(t, l, r)
	if err != nil {
		t.Fatal(err)
	}
	s := trace.Fold(events)
	if s.Drawing.Width != 32 || s.Drawing.Rows != 8 || s.Model.Name != "draw-tiny" || s.Model.Layers != 2 || strings.Join(s.Drawing.Words, " ") != "a red apple" {
		t.Errorf("%+v of %+v", s.Drawing, s.Model)
	}
	if s.Dense.Drawn.NFE != 20 || len(s.Dense.Denoised) != 20 {
		t.Errorf("dense: %+v", s.Dense.Drawn)
	}
	sada, neutral := s.Sides[0], s.Sides[1]
	evaluated, flops := 0, int64(0)
	for _, d := range sada.Denoised {
		if d.Kept > 0 {
			evaluated++
		}
		flops += d.FLOPs
	}
	if m := sada.Drawn; m.NFE >= 20 || m.NFE != evaluated || m.FLOPs != flops || m.FLOPs >= s.Dense.Drawn.FLOPs || m.PSNR == nil || m.SSIM == nil || len(m.Image) == 0 {
		t.Errorf("sada: %+v, %d evaluated", m, evaluated)
	}
	if m := neutral.Drawn; m.NFE != 20 || m.PSNR != nil || *m.SSIM != 1 || !bytes.Equal(m.Image, s.Dense.Drawn.Image) {
		t.Errorf("the neutral side is not dense: %+v", m)
	}
	again, err := collect(t, l, r)
	if err != nil || !bytes.Equal(trace.Fold(again).Pruned.Drawn.Image, sada.Drawn.Image) {
		t.Errorf("the same request draws something else: %v", err)
	}
}

func TestRealBuiltInDrawingModelIsTheDefault(t *testing.T) {
	shipped := drawingModels
	drawingModels = []builtin.Drawing{{Name: "tiny", Title: "Tiny", Files: os.DirFS(tiny)}}
	defer func() { drawingModels = shipped }()
	l := local(t)
	for _, name := range []string{"", "tiny"} {
		r := tinyDrawing(2)
		r.Model = name
		events, err := collect(t, l, r)
		if err != nil {
			t.Fatal(err)
		}
		if s := trace.Fold(events); s.Model.Name != "Tiny" || len(s.Dense.Drawn.Image) == 0 {
			t.Errorf("%q: %+v", name, s.Model)
		}
	}
	if _, err := resolveDrawing("small"); err == nil || !strings.Contains(err.Error(), "choose tiny, or a folder") {
		t.Errorf("got %v", err)
	}
}

func TestRealDrawingsThatCannotBe(t *testing.T) {
	l := local(t)
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.CopyFS(broken, os.DirFS(tiny)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(broken, "transformer", "diffusion_pytorch_model.safetensors")); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*trace.Request){
		"has no weights":                          func(r *trace.Request) { r.Model = broken },
		"has no folder transformer":               func(r *trace.Request) { r.Model = t.TempDir() },
		"a picture of 33 pixels a side: choose a": func(r *trace.Request) { r.Draw.Size = 33 },
		`there is no solver "magic"`:              func(r *trace.Request) { r.Draw.Solver = "magic" },
		"guidance is 0: choose":                   func(r *trace.Request) { r.Draw.Guidance = 0 },
		"FastV decides during":                    func(r *trace.Request) { r.Methods = []trace.Spec{spec("fastv", "layer=1")} },
	} {
		r := tinyDrawing(4)
		change(&r)
		if _, err := collect(t, l, r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-want %q in\n+got  %v", want, err)
		}
	}
	r := tinyDrawing(1)
	r.Draw.Prompt = strings.Repeat("a red apple and ", 20)
	events, err := collect(t, l, r)
	if s := trace.Fold(events); err != nil || len(s.Notices) != 1 || !strings.Contains(s.Notices[0], "reads 30 tokens; the last 50 of the prompt were left out") {
		t.Errorf("%v, notices %q", err, s.Notices)
	}
}

func TestRealDrawingIsCancelledBetweenSteps(t *testing.T) {
	l := local(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var events []trace.Event
	err := l.Run(ctx, tinyDrawing(50, spec("sada")), func(e trace.Event) {
		events = append(events, e)
		if d, ok := e.(trace.Denoised); ok && d.Step == 3 {
			cancel()
		}
	})
	s := trace.Fold(events)
	if err != nil || !s.Cancelled || len(s.Dense.Denoised) != 4 || s.Dense.Drawn == nil || s.Dense.Drawn.Ended != "cancelled" || s.Pruned != nil {
		t.Errorf("%v, %+v", err, s.Dense)
	}
	if events, err := collect(t, l, tinyDrawing(2)); err != nil || trace.Fold(events).Model.LoadMS != 0 {
		t.Errorf("a cancel unloaded the model: %v", err)
	}
}
