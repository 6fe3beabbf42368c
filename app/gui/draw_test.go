package gui

import (
	"errors"
	"image"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
	"winnow/vision/quality"
)

// drawBench is a window in the Draw view.
func drawBench(t *testing.T, e *fakeEngine) *bench {
	t.Helper()
	b := newBench(t, e)
	b.win.Resize(fyne.NewSize(1440, 900))
	b.setView(viewDraw)
	return b
}

// paint draws a prompt and waits for the end.
func (b *bench) paint(prompt string) {
	b.t.Helper()
	b.draw.ui.prompt.SetText(prompt)
	b.submit()
	if b.run == nil || !b.run.draws {
		b.t.Fatalf("nothing was drawn; the banner says %q", b.ui.banner.Text())
	}
	b.until("the drawing is done", func() bool { return b.run == nil })
}

func TestDrawingShowsBothPicturesAndWhatWasSaved(t *testing.T) {
	e := &fakeEngine{}
	b := drawBench(t, e)
	u := &b.draw.ui
	if u.dense.Picture() != nil || !strings.Contains(u.dense.Hint(), "Type a prompt") {
		t.Errorf("before a run: %q", u.dense.Hint())
	}
	b.paint("  a red disc ")
	r := e.asked()[0]
	if r.Draw == nil || r.Draw.Prompt != "a red disc" || r.Draw.Steps != 50 || r.Draw.Solver != "dpm++2m" || r.Draw.Guidance != 3 || len(r.Messages) != 0 {
		t.Errorf("asked %+v", r)
	}
	if len(r.Methods) != 1 || r.Methods[0].Name != "sada" || r.Methods[0].Params != nil {
		t.Errorf("methods %+v", r.Methods)
	}
	if u.dense.Picture() == nil || u.pruned.Picture() == nil || u.difference.Picture() == nil {
		t.Error("a picture is missing")
	}
	if got := u.titles[1].text.Text; got != "SADA · 28 evaluations" {
		t.Errorf("title %q", got)
	}
	if u.psnr.Text() != "29.4 dB" || u.ssim.Text() != "0.951" {
		t.Errorf("PSNR %q, SSIM %q", u.psnr.Text(), u.ssim.Text())
	}
	rows := drawSavings(b.draw.state().Dense.Drawn, b.draw.prunedSide().Drawn)
	if len(rows) != 3 || rows[0].Text != "1.86× sooner" || rows[1].Text != "28 of 50" || rows[2].Text != "49 %" || rows[0].Basis != "measured" || rows[2].Basis != "counted" {
		t.Errorf("savings %+v", rows)
	}
	if b.draw.at != 49 || u.strip.At() != 49 || u.where.Text() != "finished" {
		t.Errorf("at step %d, the strip at %d, %q", b.draw.at, u.strip.At(), u.where.Text())
	}
}

func TestScrubbingADrawingShowsThatStepEverywhere(t *testing.T) {
	b := drawBench(t, &fakeEngine{})
	b.paint("a disc")
	u := &b.draw.ui
	last := u.dense.Picture()
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	if b.draw.at != 0 || u.curve.At() != 0 || u.dense.Picture() == last {
		t.Errorf("Home: step %d, the curve at %d", b.draw.at, u.curve.At())
	}
	u.strip.OnSeek(11) // on some tokens
	if u.tokens.Kept() != sketchUnstable || !strings.HasPrefix(u.tokensTitle.Text(), "Tokens computed at step 11: 20 of 64") {
		t.Errorf("%d tokens, %q", u.tokens.Kept(), u.tokensTitle.Text())
	}
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	if b.draw.at != 10 || u.tokens.Kept() != 0 || !strings.HasSuffix(u.tokensTitle.Text(), "none, skipped") {
		t.Errorf("step %d, %q", b.draw.at, u.tokensTitle.Text())
	}
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if b.draw.playing == nil {
		t.Fatal("Space does not play")
	}
	b.until("it has played on", func() bool { return b.draw.at > 12 })
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if b.draw.playing != nil {
		t.Error("Space does not pause")
	}
}

func TestWaysToCompareTwoPictures(t *testing.T) {
	b := drawBench(t, &fakeEngine{})
	b.paint("a disc")
	b.draw.seek(11)
	u := &b.draw.ui
	b.typedRune('2')
	if !u.wipe.Visible() || u.dense.Visible() || u.single.Visible() {
		t.Error("2 does not show the slider alone")
	}
	u.wipe.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	if b.draw.form.Split != 0 {
		t.Errorf("the divider at %v is not remembered", b.draw.form.Split)
	}
	b.typedRune('3')
	apart, ok := u.single.Picture().(*image.RGBA)
	if !u.single.Visible() || !ok {
		t.Fatal("3 does not show the difference")
	}
	a, _ := b.draw.pictureAt(b.draw.state().Dense, 11)
	p, _ := b.draw.pictureAt(b.draw.prunedSide(), 11)
	x, y := 0, 0
	for i := range a.Pix { // a byte that differs, not so much that it is cut
		if d := int(a.Pix[i]) - int(p.Pix[i]); d > 0 && quality.Amplified*d < 255 {
			if got := int(apart.Pix[i]); got != quality.Amplified*d {
				t.Fatalf("byte %d differs by %d and is drawn as %d", i, d, got)
			}
			x++
		} else if d == 0 && i%4 != 3 && apart.Pix[i] != 0 {
			y++
		}
	}
	if x == 0 || y > 0 {
		t.Errorf("%d bytes differ a little; %d are equal and drawn", x, y)
	}
	b.typedRune('4')
	if got := u.titles[0].text.Text; !strings.HasPrefix(got, "SADA: 20 of 64 tokens unstable") {
		t.Errorf("title %q", got)
	}
	over, n := b.draw.unstable(b.draw.prunedSide(), 11)
	if n != sketchUnstable || over.RGBAAt(0, 0).A != gone.A || over.RGBAAt(5, 3).A != 0xff {
		t.Errorf("%d unstable; stable %v, unstable %v", n, over.RGBAAt(0, 0), over.RGBAAt(5, 3))
	}
	b.draw.seek(10) // skipped: no method looked
	if got := u.titles[0].text.Text; !strings.Contains(got, "no method looked") {
		t.Errorf("title %q", got)
	}
}

func TestDrawingIsWatchedAndCancelled(t *testing.T) {
	b := drawBench(t, &fakeEngine{pause: 15 * time.Millisecond})
	u := &b.draw.ui
	u.prompt.SetText("a disc")
	b.submit()
	if got := u.button.Text(); !strings.HasPrefix(got, "Cancel") {
		t.Errorf("the button says %q", got)
	}
	if !strings.Contains(u.pruned.Hint(), "after the dense") {
		t.Errorf("the pruned side says %q", u.pruned.Hint())
	}
	b.until("the pruned side is at work", func() bool { p := b.draw.prunedSide(); return p != nil && len(p.Denoised) > 12 })
	if got := u.titles[1].text.Text; !strings.HasPrefix(got, "SADA · ") || u.pruned.Picture() == nil {
		t.Errorf("live: title %q", got)
	}
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !strings.HasPrefix(u.button.Text(), "Ending") {
		t.Errorf("the button says %q", u.button.Text())
	}
	b.until("the run is over", func() bool { return b.run == nil })
	if s := b.draw.state(); !s.Cancelled || s.Error != "" || u.pruned.Picture() == nil || u.dense.Picture() == nil {
		t.Errorf("cancelled %v, error %q", s.Cancelled, s.Error)
	}
	if u.dense.Picture() != image.Image(b.draw.finished(b.draw.state().Dense)) {
		t.Error("the dense picture, which was finished, is gone")
	}
	if got := u.titles[1].text.Text; !strings.HasSuffix(got, ", cancelled") {
		t.Errorf("title %q", got)
	}
	if u.psnr.Text() != "–" || !strings.HasPrefix(u.button.Text(), "Draw") {
		t.Errorf("PSNR %q, the button says %q", u.psnr.Text(), u.button.Text())
	}
	if !b.exportable() || b.draw.finished(b.draw.prunedSide()) != nil {
		t.Error("the trace cannot be exported, or the unfinished picture can")
	}
}

func TestErrorOfADrawingIsSaidInPlace(t *testing.T) {
	e := &fakeEngine{err: errors.New("no model that draws ships with winnow yet; train one"), script: func(r trace.Request) []trace.Event {
		return []trace.Event{trace.Started{Request: r}, trace.Failed{Error: "no model that draws ships with winnow yet; train one"}, trace.Ended{}}
	}}
	b := drawBench(t, e)
	b.paint("a disc")
	u := &b.draw.ui
	if got := b.ui.banner.Text(); got != "No model that draws ships with winnow yet; train one." {
		t.Errorf("banner %q", got)
	}
	if !strings.Contains(u.dense.Hint(), "error") || u.prompt.Text != "a disc" || !strings.HasPrefix(u.button.Text(), "Draw") {
		t.Errorf("hint %q, prompt %q, button %q", u.dense.Hint(), u.prompt.Text, u.button.Text())
	}
	e.mu.Lock()
	e.err, e.script = nil, nil
	e.mu.Unlock()
	b.draw.restart().Do()
	b.until("the run is done", func() bool { return b.run == nil })
	if b.ui.banner.Text() != "" || u.pruned.Picture() == nil {
		t.Errorf("banner %q", b.ui.banner.Text())
	}
}

func TestWithoutAPromptNothingIsDrawn(t *testing.T) {
	e := &fakeEngine{}
	b := drawBench(t, e)
	b.draw.ui.prompt.SetText("  ")
	b.submit()
	if len(e.asked()) != 0 || !strings.Contains(b.ui.banner.Text(), "no prompt") {
		t.Errorf("%d runs, banner %q", len(e.asked()), b.ui.banner.Text())
	}
}

func TestLongPromptIsSaid(t *testing.T) {
	b := drawBench(t, &fakeEngine{})
	b.paint(strings.Repeat("a disc and ", 30))
	if got := b.ui.banner.Text(); !strings.HasPrefix(got, "The text encoder reads 77 tokens") {
		t.Errorf("banner %q", got)
	}
}

func TestWithoutAMethodTheDensePictureIsDrawnAlone(t *testing.T) {
	e := &fakeEngine{}
	b := drawBench(t, e)
	b.draw.ui.stack.cards[0].OnRemove()
	b.paint("a disc")
	u := &b.draw.ui
	if r := e.asked()[0]; len(r.Methods) != 0 {
		t.Errorf("methods %+v", r.Methods)
	}
	if u.dense.Picture() == nil || u.pruned.Picture() != nil || !strings.Contains(u.pruned.Hint(), "No method") {
		t.Errorf("pruned: %q", u.pruned.Hint())
	}
	b.undo()
	if len(b.draw.form.Methods) != 1 || len(b.draw.ui.stack.cards) != 1 {
		t.Errorf("undone: %+v", b.draw.form.Methods)
	}
}

func TestSamplerIsAskedForAndUndone(t *testing.T) {
	e := &fakeEngine{}
	b := drawBench(t, e)
	u := &b.draw.ui
	u.steps.slider.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	u.guidance.slider.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	u.seed.SetText("77")
	u.seed.SetText("7x")
	if !u.refusal.Visible() {
		t.Error("a seed of letters is not refused")
	}
	b.draw.edit("", func(f *sketchForm) { f.Solver = "flow-euler" })
	b.paint("a disc")
	if d := e.asked()[0].Draw; d.Steps != 51 || d.Guidance != 1 || d.Seed != 77 || d.Solver != "flow-euler" {
		t.Errorf("drew %+v", d)
	}
	b.undo()
	b.undo()
	if b.draw.form.Seed != 0 || u.seed.Text != "0" || b.draw.form.Solver != "dpm++2m" {
		t.Errorf("undone: %+v, seed %q", b.draw.form, u.seed.Text)
	}
	b.typedRune('n')
	if b.draw.form.Seed == 0 && u.seed.Text == "0" {
		t.Error("N leaves the seed")
	}
}
