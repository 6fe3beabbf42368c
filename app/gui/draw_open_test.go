package gui

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
)

func TestDroppedDrawingRestoresEverything(t *testing.T) {
	b := drawBench(t, &fakeEngine{})
	b.draw.edit("", func(f *sketchForm) {
		f.Steps, f.Seed, f.Guidance, f.Solver = 30, 5, 4.5, "unipc"
		f.Methods = []stage{{Name: "sada", Params: map[string]string{"max_interval": "3"}}}
	})
	b.paint("A red disc, on the left!")
	p := b.draw.prunedSide()
	if got := b.draw.exportName() + b.draw.endName(); got != "a-red-disc-on-the-left-sada" {
		t.Errorf("name %q", got)
	}
	path := filepath.Join(t.TempDir(), "disc.png")
	if err := writeDrawing(path, func() ([]byte, error) { return p.Drawn.Image, nil }, b.draw.shown.events); err != nil {
		t.Fatal(err)
	}
	e := &fakeEngine{}
	o := newBench(t, e)
	o.dropped(fyne.Position{}, uris(path))
	o.until("the drawing is open", func() bool { return o.draw.shown.state != nil })
	f, u := o.draw.form, &o.draw.ui
	if !o.inDraw() || u.prompt.Text != "A red disc, on the left!" || f.Steps != 30 || f.Seed != 5 || f.Guidance != 4.5 || f.Solver != "unipc" {
		t.Errorf("in Draw %v, %+v", o.inDraw(), f)
	}
	if len(f.Methods) != 1 || o.draw.ui.stack.cards[0].Values()["max_interval"] != "3" {
		t.Errorf("methods %+v", f.Methods)
	}
	if u.pruned.Picture() == nil || u.titles[1].text.Text != b.draw.ui.titles[1].text.Text || len(e.asked()) != 0 {
		t.Errorf("title %q, %d runs", u.titles[1].text.Text, len(e.asked()))
	}
	o.draw.seek(6)
	if u.tokens.Kept() != b.drawTokens(6) {
		t.Errorf("step 6 computes %d tokens, the run's %d", u.tokens.Kept(), b.drawTokens(6))
	}
	o.undo()
	if o.draw.form.Steps != 50 {
		t.Error("undo does not bring back what was set before the drop")
	}
}

// drawTokens is how many tokens a step of the drawing shown computed.
func (b *bench) drawTokens(step int) int {
	b.draw.seek(step)
	return b.draw.ui.tokens.Kept()
}

func TestAskedRunAndPictureOpenInTheirViews(t *testing.T) {
	b := drawBench(t, &fakeEngine{})
	plain := filepath.Join(t.TempDir(), "plain.jsonl")
	if err := trace.WriteFile(plain, replay(trace.Request{Methods: []trace.Spec{{Name: "fastv"}}, Messages: []trace.Message{{Text: "Is it?"}}})); err != nil {
		t.Fatal(err)
	}
	b.openFiles([]string{plain})
	b.until("the run is open", func() bool { return b.shown.state != nil })
	if b.look.View != viewAsk {
		t.Errorf("an answer opens in %q", b.look.View)
	}
	b.setView(viewDraw)
	b.openFiles([]string{writePNG(t, "photo.png", 20, 10)})
	b.until("the picture is open", func() bool { return b.in != nil && b.in.Name == "photo.png" })
	if b.look.View != viewAsk {
		t.Errorf("a picture opens in %q", b.look.View)
	}
}

func TestFolderOfAModelThatDrawsIsChosen(t *testing.T) {
	e := &fakeEngine{}
	b := newBench(t, e)
	folder := filepath.Join("..", "engine", "testdata", "draw-tiny")
	b.openFiles([]string{folder})
	b.until("it is chosen", func() bool { return b.draw.form.Model != "" })
	if !b.inDraw() || b.draw.form.Model != folder || !strings.HasPrefix(b.ui.modelMenu.Text(), "draw-tiny") {
		t.Errorf("in Draw %v, model %q, menu %q", b.inDraw(), b.draw.form.Model, b.ui.modelMenu.Text())
	}
	b.paint("a disc")
	if r := e.asked()[0]; r.Model != folder {
		t.Errorf("drew with %q", r.Model)
	}
	b.setView(viewAsk)
	if !strings.HasPrefix(b.ui.modelMenu.Text(), "Sprites") {
		t.Errorf("Ask's menu says %q", b.ui.modelMenu.Text())
	}
}

func TestDrawViewIsRemembered(t *testing.T) {
	b := drawBench(t, &fakeEngine{})
	b.draw.ui.prompt.SetText("a disc")
	b.draw.edit("", func(f *sketchForm) { f.Steps = 20 })
	b.draw.setShow(showSlider)
	b.draw.remember()
	var look look
	if err := json.Unmarshal([]byte(b.app.Preferences().String(keyLook)), &look); err != nil || look.View != viewDraw {
		t.Errorf("view %q, %v", look.View, err)
	}
	f := parseSketch(b.app.Preferences().String(keyDraw))
	if f.Steps != 20 || f.Show != showSlider || f.Prompt != "a disc" || len(f.Methods) != 1 {
		t.Errorf("remembered %+v", f)
	}
	bad := parseSketch(`{"solver":"none","steps":-1,"guidance":0,"show":"x","split":7,"methods":[{"name":"fastv"},{"name":"stepcache"}]}`)
	if d := defaultSketch(); bad.Solver != d.Solver || bad.Steps != d.Steps || bad.Guidance != d.Guidance || bad.Show != d.Show || bad.Split != d.Split ||
		len(bad.Methods) != 1 || bad.Methods[0].Name != "stepcache" {
		t.Errorf("mended %+v", bad)
	}
}

func TestDrawTakesTheEngineFromAsk(t *testing.T) {
	e := &fakeEngine{pause: 30 * time.Millisecond}
	b := newBench(t, e)
	b.openSample(0)
	b.ui.question.SetText("Is there a tree?")
	b.ask()
	b.until("Ask is at work", func() bool { return b.state().Dense != nil })
	b.setView(viewDraw)
	e.mu.Lock()
	e.pause = 0
	e.mu.Unlock()
	b.paint("a disc")
	if !b.state().Cancelled || b.draw.ui.pruned.Picture() == nil {
		t.Errorf("Ask's run is cancelled: %v", b.state().Cancelled)
	}
	e.mu.Lock()
	e.pause = 30 * time.Millisecond
	e.mu.Unlock()
	b.submit()
	b.until("Draw is at work", func() bool { return b.draw.state().Dense != nil })
	b.openSample(1)
	b.until("the scene is open", func() bool { return b.in.Name != "" && b.run == nil })
	if s := b.draw.state(); !s.Cancelled || s.Running {
		t.Error("a drawing whose place another picture took still runs")
	}
}

func TestTwoMethodsThatChooseTheStepAreRefusedOnTheirCards(t *testing.T) {
	e := &fakeEngine{}
	b := drawBench(t, e)
	b.draw.edit("", func(f *sketchForm) { f.Methods = append(f.Methods, stage{Name: "stepcache"}) })
	b.draw.ui.stack.show()
	b.draw.ui.prompt.SetText("a disc")
	b.submit()
	if len(e.asked()) != 0 || !strings.Contains(b.ui.banner.Text(), "choose the denoising step") {
		t.Errorf("%d runs; banner %q", len(e.asked()), b.ui.banner.Text())
	}
	if !b.draw.ui.stack.add.Disabled() {
		t.Error("a third method is offered")
	}
}

func TestPreviewsThatAreTooLargeStayOutOfThePicture(t *testing.T) {
	big := make([]byte, trace.MaxPreviews/2+1)
	events := []trace.Event{trace.Denoised{Preview: big}, trace.Denoised{Step: 1, Preview: big}, trace.Ended{}}
	for _, e := range trace.Lighter(events) {
		if d, ok := e.(trace.Denoised); ok && d.Preview != nil {
			t.Error("a preview is kept")
		}
	}
	if d := events[0].(trace.Denoised); d.Preview == nil {
		t.Error("the run shown lost its previews")
	}
	if got := trace.Lighter(events[:1])[0].(trace.Denoised); got.Preview == nil {
		t.Error("previews that fit are left out")
	}
}

func TestModelOfARecordedDrawingIsTakenWhereItIsHere(t *testing.T) {
	b := drawBench(t, &fakeEngine{})
	folder := t.TempDir()
	for _, c := range []struct{ recorded, want, says string }{
		{folder, folder, ""},
		{filepath.Join(folder, "gone"), folder, "is not here"},
		{"some-built-in", "some-built-in", ""},
		{"", "", ""},
	} {
		if got := b.draw.takeModel(c.recorded); b.draw.form.Model != c.want || !strings.Contains(got, c.says) || c.says == "" && got != "" {
			t.Errorf("%q: model %q, %q", c.recorded, b.draw.form.Model, got)
		}
	}
	if f := b.draw.form.Folders; len(f) != 1 || f[0] != folder {
		t.Errorf("folders %q", f)
	}
}
