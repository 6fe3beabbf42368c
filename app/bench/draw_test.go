package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"winnow/app/judge"
	"winnow/assets/scenes"
	"winnow/internal/trace"
)

// greys draws greys of 16 × 16 pixels: dense 100, the first stack 90, the second 100, fewer steps 60.
type greys struct {
	asked []trace.Draw
	fail  error
	after func(n int)
}

func (g *greys) Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	g.asked = append(g.asked, *r.Draw)
	if g.after != nil {
		g.after(len(g.asked))
	}
	emit(trace.Started{Schema: trace.Schema, Request: r})
	if g.fail != nil {
		return g.fail
	}
	if ctx.Err() != nil {
		emit(trace.Ended{Cancelled: true})
		return nil
	}
	emit(trace.Model{Name: "tiny", Device: "ref"})
	emit(trace.Drawing{Width: 16, Height: 16, Rows: 2, Cols: 2, Steps: r.Draw.Steps})
	side := func(name string, level uint8, nfe int, ms float64, psnr *float64) {
		img := image.NewRGBA(image.Rect(0, 0, 16, 16))
		for i := range img.Pix {
			img.Pix[i] = level
			if i%4 == 3 {
				img.Pix[i] = 255
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			panic(err)
		}
		ssim := 0.9
		emit(trace.SideStarted{Side: name})
		emit(trace.Denoised{Side: name, Kind: trace.StepFull, Kept: 4, MS: 10, SelectMS: 2})
		if name == trace.Pruned {
			emit(trace.Denoised{Side: name, Step: 1, Kind: trace.StepToken, Kept: 1, MS: 5, SelectMS: 1})
		}
		emit(trace.Drawn{Side: name, Image: b.Bytes(), Ended: "done", NFE: nfe, MS: ms, SelectMS: 1, FLOPs: int64(nfe) * 100, PSNR: psnr, SSIM: &ssim})
	}
	level := uint8(100)
	if r.Draw.Steps < 10 {
		level = 60
	}
	side(trace.Dense, level, r.Draw.Steps, 400, nil)
	for i := range r.Stacks() {
		psnr := 28.0
		if i == 0 {
			side(trace.Pruned, 90, 4, 100, &psnr)
		} else {
			side(trace.SideName(i), 100, 5, 200, nil)
		}
	}
	emit(trace.Ended{})
	return nil
}

// knows answers rightly about dense pictures, wrongly about places in others, never about painted ones.
type knows struct{ facts map[string]string }

func (knows) Name() string { return "oracle" }
func (k knows) Answer(_ context.Context, img *image.RGBA, questions []string) ([]string, error) {
	out := make([]string, len(questions))
	for i, q := range questions {
		grey := img.Pix[0] == img.Pix[1] && img.Pix[1] == img.Pix[2]
		if img.Pix[0] == 100 && grey || img.Pix[0] == 90 && grey && !strings.HasPrefix(q, "Where") {
			a := k.facts[q]
			out[i] = strings.ToUpper(a[:1]) + a[1:] + "."
		}
	}
	return out, nil
}

func TestDrawPromptsAskForWhatTheySay(t *testing.T) {
	list, err := drawPrompts(9, 3)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for i, p := range list {
		exist := 0
		for _, f := range p.facts {
			kinds[f.Kind]++
			if f.Kind == scenes.Exist {
				exist++
				continue
			}
			if !strings.Contains(p.text, f.Asked) {
				t.Errorf("%q does not say %s", p.text, f.Asked)
			}
		}
		if want := 1 + i%3; exist != want || len(scenes.Mentioned(p.text)) != want || p.painted == nil {
			t.Errorf("%q has %d things, not %d", p.text, exist, want)
		}
	}
	for _, p := range list {
		if got := judge.Facts(p.text); !slices.Equal(got, p.facts) {
			t.Errorf("of %q is asked\n%+v, not\n%+v", p.text, got, p.facts)
		}
	}
	if kinds[scenes.Exist] != 18 || kinds[scenes.Where] != 18 || kinds[scenes.Colour] == 0 {
		t.Errorf("%v", kinds)
	}
	again, _ := drawPrompts(9, 3)
	other, _ := drawPrompts(9, 4)
	same := func(a, b []drawPrompt) bool {
		return slices.EqualFunc(a, b, func(a, b drawPrompt) bool { return a.text == b.text })
	}
	if !same(list, again) || same(list, other) {
		t.Error("prompts do not follow the seed")
	}
}

func drawOptions(g *greys) DrawOptions {
	o := DrawOptions{Runner: g, Model: "of greys", Prompts: 4, Solvers: []string{"ddim", "unipc"}, Draw: trace.Draw{Seed: 9, Steps: 20, Guidance: 3}, Fewer: true,
		Stacks: []trace.Stack{{Methods: []trace.Spec{{Name: "sada"}}}, {Methods: []trace.Spec{{Name: "stepcache", Params: map[string]string{"interval": "4"}}}}}}
	k := knows{map[string]string{}}
	prompts, _ := drawPrompts(o.Prompts, o.Draw.Seed)
	for _, p := range prompts { // one noun may stand elsewhere in another prompt: then the last counts
		for _, f := range p.facts {
			k.facts[f.Question] = f.Asked
		}
	}
	o.judge = k
	return o
}

func TestDrawBenchSumsUp(t *testing.T) {
	g := new(greys)
	o := drawOptions(g)
	r, err := RunDraw(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Runs != 4 || len(r.Solvers) != 4 || r.Model != "tiny" || r.Judge != "oracle" || r.CaptionPainted > 0.5 {
		t.Fatalf("%+v", r)
	}
	s, c := r.Solvers[0], r.Solvers[1]
	if s.Name != "ddim" || s.Method != "sada" || s.Speedup != 4 || s.NFERatio != 5 || s.FLOPsRatio != 5 || *s.PSNR != 28 || s.Equal != 0 || *s.SSIM != 0.9 || s.SelectShare != 0.01 {
		t.Errorf("sada: %+v", s)
	}
	if c.Method != "stepcache,interval=4" || c.Speedup != 2 || c.NFERatio != 4 || c.PSNR != nil || c.Equal != 4 || c.Token != nil || c.Fewer != nil {
		t.Errorf("stepcache: %+v", c)
	}
	if tk := s.Token; tk == nil || tk.Steps != 4 || tk.Kept != 0.25 || tk.MS.Median != 4 || tk.FullMS.Median != 8 || tk.Speedup != 2 {
		t.Errorf("token-wise steps: %+v", s.Token)
	}
	if !(s.CaptionPruned < s.CaptionDense) || c.CaptionPruned != c.CaptionDense || !(s.CaptionDifference.Mean < 0) || c.CaptionDifference.Mean != 0 {
		t.Errorf("captions %+v", s)
	}
	// 40 levels apart: 10·log10(255²/1600).
	if f := s.Fewer; f == nil || f.Steps.Median != 4 || *f.PSNR < 16.08 || *f.PSNR > 16.10 || f.Caption != 0 {
		t.Errorf("fewer: %+v", s.Fewer)
	}
	if n := len(g.asked); n != 16 || !g.asked[0].Blind || g.asked[0].Solver != "ddim" || g.asked[4].Solver != "unipc" || g.asked[4].Seed != 10 || g.asked[1].Steps != 4 {
		t.Errorf("%d requests: %+v", n, g.asked)
	}
	var text bytes.Buffer
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"4.00 (4.00–4.00)", "÷ 5.00", "28.0 (28.0)", "equal", "dense, 4 steps", "16.1 (16.1)", "measured without choosing", "the judge sees"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &text)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestDrawBenchEndsEarly(t *testing.T) {
	bad := errors.New("no model that draws")
	if _, err := RunDraw(t.Context(), drawOptions(&greys{fail: bad})); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	g := &greys{after: func(n int) {
		if n == 3 {
			cancel()
		}
	}}
	if _, err := RunDraw(ctx, drawOptions(g)); !errors.Is(err, context.Canceled) || len(g.asked) != 3 {
		t.Errorf("%v after %d requests", err, len(g.asked))
	}
	if _, err := RunDraw(t.Context(), DrawOptions{Runner: g, Prompts: -1}); err == nil {
		t.Error("less than one prompt was drawn")
	}
}
