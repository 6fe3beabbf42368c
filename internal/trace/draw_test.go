package trace

import (
	"strings"
	"testing"
)

// drawn is a run of three steps, the second skipped on the pruned side.
func drawn() []Event {
	k, zero, psnr, ssim := -0.25, 0.0, 31.5, 0.97
	side := func(name string, second Denoised, nfe int, psnr, ssim *float64) []Event {
		second.Side, second.Step = name, 1
		return []Event{
			SideStarted{name},
			Denoised{Side: name, Kind: StepFull, Kept: 6, MS: 2, FLOPs: 100, Criterion: &k, Threshold: &zero, Window: []int{0, 2},
				Unstable: Floats{-1, 2, -3, 0, 1, 5}, Preview: []byte{1}},
			second,
			Denoised{Side: name, Step: 2, Kind: StepToken, Kept: 2, Tokens: []int{1, 5}, MS: 1, FLOPs: 40},
			Drawn{Side: name, Image: []byte{2}, Ended: "done", NFE: nfe, MS: 5, FLOPs: 240, PSNR: psnr, SSIM: ssim},
		}
	}
	events := []Event{
		Started{Schema: Schema, Request: Request{Model: "draw", Methods: []Spec{{Name: "sada"}},
			Draw: &Draw{Prompt: "a red apple", Seed: 7, Steps: 3, Solver: "flow-euler", Guidance: 3}}},
		Model{Name: "draw", Layers: 2},
		Drawing{Width: 12, Height: 8, Rows: 2, Cols: 3, Steps: 3, Solver: "flow-euler", Sigmas: Floats{1, 0.5, 0.25, 0}, Words: []string{"a", "red", "apple"}},
	}
	events = append(events, side(Dense, Denoised{Kind: StepFull, Kept: 6, MS: 2, FLOPs: 100}, 3, nil, nil)...)
	events = append(events, side(Pruned, Denoised{Kind: StepSkip, Why: "K ≤ 0"}, 2, &psnr, &ssim)...)
	events = append(events,
		Seen{Side: Dense, Judge: "sees", MS: 4, Facts: []Fact{{"exist", "apple", "Is there an apple in the picture?", "yes", "Yes", true}}},
		Seen{Side: Pruned, Judge: "sees", MS: 1, Facts: []Fact{{"exist", "apple", "Is there an apple in the picture?", "yes", "No", false}}})
	return append(events, Ended{MS: 11})
}

func TestStateOfADrawing(t *testing.T) {
	s := Fold(drawn())
	if rows, cols := s.Grid(); rows != 2 || cols != 3 || s.Drawing == nil || s.Request.Draw.Seed != 7 {
		t.Fatalf("grid %d × %d, drawing %v", rows, cols, s.Drawing)
	}
	p := s.Pruned
	if p == nil || !p.Done || len(p.Denoised) != 3 || p.Denoised[1].Kind != StepSkip || p.Drawn.NFE != 2 || *p.Drawn.SSIM != 0.97 {
		t.Fatalf("the pruned side is %+v", p)
	}
	if d := s.Dense; d == nil || d.Drawn.NFE != 3 || d.Drawn.PSNR != nil {
		t.Fatalf("the dense side is %+v", s.Dense)
	}
	if d, p := s.Dense.Seen, p.Seen; d == nil || p == nil || !d.Facts[0].Right || p.Facts[0].Answer != "No" || d.MS != 4 {
		t.Errorf("seen: %+v, %+v", d, p)
	}
	if snap := s.Snapshot(); len(snap.Pruned.Denoised) != 3 || snap.Pruned.Seen == nil {
		t.Error("a snapshot lacks something")
	}
}

func TestAHostileDrawing(t *testing.T) {
	s := Fold([]Event{Started{Schema: Schema}, Drawing{Rows: -1, Cols: 1 << 40}, SideStarted{Dense}})
	for i := range 2 * MaxDrawSteps {
		s.Apply(Denoised{Side: Dense, Step: i})
	}
	rows, cols := s.Grid()
	if rows != 0 || cols != 0 || len(s.Notices) != 1 || !strings.Contains(s.Notices[0], "cannot be") {
		t.Errorf("grid %d × %d, notices %q", rows, cols, s.Notices)
	}
	s.Apply(Seen{Side: Dense, Facts: make([]Fact, 1<<20)})
	s.Apply(Seen{Side: "gone"})
	if n := len(s.Dense.Seen.Facts); n != maxFacts {
		t.Errorf("%d facts were kept", n)
	}
	if n := len(s.Dense.Denoised); n != MaxDrawSteps {
		t.Errorf("%d steps were kept", n)
	}
}
