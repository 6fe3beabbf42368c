package gui

import (
	"bytes"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
)

func TestRealDrawingIsRestoredFromItsPictureAndDrawsTheSame(t *testing.T) {
	folder, err := filepath.Abs(filepath.Join("..", "engine", "testdata", "draw-tiny"))
	if err != nil {
		t.Fatal(err)
	}
	b := realBench(t)
	b.setView(viewDraw)
	b.draw.chooseModel(folder)
	b.draw.edit("", func(f *sketchForm) {
		f.Steps, f.Seed, f.Guidance = 24, 5, 2
		f.Methods = []stage{{Name: "sada", Params: map[string]string{"tokens": "on"}}}
	})
	b.paint("a red apple")
	s, p := b.draw.state(), b.draw.prunedSide()
	if s.Error != "" || p == nil || p.Drawn == nil || p.Drawn.NFE >= 24 {
		t.Fatalf("error %q", s.Error)
	}
	kinds := map[string]bool{}
	for i, e := range p.Denoised {
		kinds[e.Kind] = true
		b.draw.seek(i)
		if got := b.draw.ui.tokens.Kept(); got != e.Kept {
			t.Errorf("step %d computed %d tokens, the grid shows %d", i, e.Kept, got)
		}
		if img, exact := b.draw.pictureAt(p, i); img == nil || !exact {
			t.Errorf("step %d has no picture", i)
		}
	}
	if !kinds[trace.StepFull] || len(kinds) < 2 {
		t.Errorf("kinds of steps: %v", kinds)
	}
	path := filepath.Join(t.TempDir(), "apple.png")
	if err := writeDrawing(path, func() ([]byte, error) { return p.Drawn.Image, nil }, b.draw.shown.events); err != nil {
		t.Fatal(err)
	}
	fresh := realBench(t)
	fresh.dropped(fyne.Position{}, uris(path))
	fresh.until("the drawing is back", func() bool { return fresh.draw.state().Ended })
	if f := fresh.draw.form; f.Model != folder || !f.same(b.draw.form) || fresh.draw.ui.prompt.Text != "a red apple" {
		t.Errorf("restored %+v", f)
	}
	fresh.submit()
	fresh.until("it is drawn again", func() bool { return fresh.run == nil })
	if again := fresh.draw.prunedSide(); again == nil || again.Drawn == nil || !bytes.Equal(again.Drawn.Image, p.Drawn.Image) {
		t.Errorf("drawn again it is another picture; error %q", fresh.draw.state().Error)
	}
}

func TestRealDrawingIsCancelledInTheMiddle(t *testing.T) {
	b := realBench(t)
	b.setView(viewDraw)
	b.draw.chooseModel(filepath.Join("..", "engine", "testdata", "draw-tiny"))
	b.draw.edit("", func(f *sketchForm) { f.Steps = trace.MaxDrawSteps })
	b.draw.ui.prompt.SetText("a red apple")
	b.submit()
	b.until("it is at work", func() bool { d := b.draw.state().Dense; return d != nil && len(d.Denoised) > 0 })
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	b.until("it has ended", func() bool { return b.run == nil })
	s := b.draw.state()
	if !s.Cancelled || s.Error != "" || s.Dense.Drawn != nil && len(s.Dense.Drawn.Image) > 0 {
		t.Errorf("cancelled %v after %d steps, error %q", s.Cancelled, len(s.Dense.Denoised), s.Error)
	}
	if b.draw.ui.dense.Picture() == nil || b.draw.ui.titles[0].text.Text == "Dense" {
		t.Error("what was drawn so far is gone")
	}
}
