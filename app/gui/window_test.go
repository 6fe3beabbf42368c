package gui

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"winnow/internal/trace"
	"winnow/vision/figure"
	"winnow/vision/heatmap"
)

func TestAskShowsBothAnswersAndWhatWasSaved(t *testing.T) {
	e := &fakeEngine{}
	b := newBench(t, e)
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	if got := b.ui.denseCard.Text(); got != "Two sheep." {
		t.Errorf("dense: %q", got)
	}
	if got := b.ui.prunedCard.Text(); got != "One sheep." {
		t.Errorf("pruned: %q", got)
	}
	if got := b.ui.truth.Text(); !strings.HasSuffix(got, "Two.") {
		t.Errorf("the true answer is not shown: %q", got)
	}
	r := e.asked()[0]
	if r.Question() != "How many sheep are there?" || len(r.PictureData) == 0 || r.PictureName != "05-sheep.png" {
		t.Errorf("asked %q about %q, %d bytes", r.Question(), r.PictureName, len(r.PictureData))
	}
	if len(r.Methods) != 1 {
		t.Errorf("methods: %v", r.Methods)
	}
	if w := b.state(); w.VisualCount() != 256 || w.LayerCount() != fakeLayers {
		t.Errorf("%d tokens, %d layers", w.VisualCount(), w.LayerCount())
	}
}

func TestLaterSnapshotsReplaceWaitingOnes(t *testing.T) {
	var queued []func()
	var shown []snapshot
	f := &feed{do: func(g func()) { queued = append(queued, g) }, show: func(s snapshot) { shown = append(shown, s) }, pause: time.Hour, quiet: time.Hour}
	for range 1000 {
		f.put(snapshot{})
	}
	last := &trace.State{TotalMS: 7}
	f.put(snapshot{state: last, done: true})
	for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); time.Sleep(5 * time.Millisecond) {
		f.mu.Lock()
		n := len(queued)
		f.mu.Unlock()
		if n > 0 {
			break
		}
	}
	if len(queued) != 1 {
		t.Fatalf("%d calls are queued, want one", len(queued))
	}
	queued[0]()
	if len(shown) != 1 || shown[0].state != last || !shown[0].done {
		t.Errorf("shown %d snapshots, the last is not the newest", len(shown))
	}
}

func TestCancelledRunSaysSoAndKeepsTheWindow(t *testing.T) {
	b := newBench(t, &fakeEngine{pause: 20 * time.Millisecond})
	b.openSample(0)
	b.ui.question.SetText("Is there a tree?")
	b.ask()
	b.until("something is shown", func() bool { return b.state().Picture != nil })
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	b.until("the run is over", func() bool { return b.run == nil })
	if s := b.state(); !s.Cancelled || s.Error != "" {
		t.Errorf("cancelled %v, error %q", s.Cancelled, s.Error)
	}
	if got := b.ui.askButton.Text(); !strings.HasPrefix(got, "Ask") {
		t.Errorf("the button says %q", got)
	}
	b.engine.(*fakeEngine).pause = 0
	b.askAbout("Is there a duck?")
	if b.state().Pruned == nil || !b.state().Pruned.Done {
		t.Error("the next run did not end")
	}
}

func TestDyingEngineIsSaidInPlaceAndTheNextRunWorks(t *testing.T) {
	e := &fakeEngine{err: errors.New("the engine died: ggml_abort; ask again, which starts it anew"),
		script: func(r trace.Request) []trace.Event { return replay(r)[:9] }}
	b := newBench(t, e)
	b.openSample(0)
	b.askAbout("Is there a tree?")
	if !strings.Contains(b.ui.banner.Text(), "engine died") {
		t.Errorf("banner: %q", b.ui.banner.Text())
	}
	if b.in == nil || b.ui.question.Text != "Is there a tree?" {
		t.Error("picture or question is lost")
	}
	e.mu.Lock()
	e.err, e.script = nil, nil
	e.mu.Unlock()
	b.restart().Do()
	b.until("the run is done", func() bool { return b.run == nil })
	if b.ui.banner.Text() != "" || b.ui.prunedCard.Text() != "One sheep." {
		t.Errorf("banner %q, answer %q", b.ui.banner.Text(), b.ui.prunedCard.Text())
	}
}

func TestABannerMovesThePictureDown(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.win.Resize(fyne.NewSize(1024, 700))
	top := b.app.Driver().AbsolutePositionForObject(b.ui.view).Y
	b.ui.banner.Error("the engine stopped unexpectedly; ask again, which starts it anew, or choose another device", b.restart())
	under := b.ui.banner.Size().Height
	if got := b.app.Driver().AbsolutePositionForObject(b.ui.view).Y; under < 30 || under > 100 || got < top+under {
		t.Errorf("a banner %v high moves the picture from %v to %v", under, top, got)
	}
	b.ui.banner.Dismiss()
	if got := b.app.Driver().AbsolutePositionForObject(b.ui.view).Y; got != top {
		t.Errorf("dismissed, the picture stays at %v", got)
	}
}

func TestAnEngineThatStopsWithoutAWordIsAnError(t *testing.T) {
	b := newBench(t, &fakeEngine{script: func(r trace.Request) []trace.Event { return replay(r)[:4] }})
	b.openSample(0)
	b.askAbout("Is there a tree?")
	if !strings.Contains(b.state().Error, "before the run had ended") {
		t.Errorf("error: %q", b.state().Error)
	}
}

func TestWithoutQuestionOrPictureNothingIsAsked(t *testing.T) {
	e := &fakeEngine{}
	b := newBench(t, e)
	b.ui.question.SetText("What is this?")
	b.ask()
	if len(e.asked()) != 0 || !strings.Contains(b.ui.banner.Text(), "no picture") {
		t.Errorf("banner: %q", b.ui.banner.Text())
	}
	b.openSample(0)
	b.ui.question.SetText("  ")
	b.ask()
	if len(e.asked()) != 0 || !strings.Contains(b.ui.banner.Text(), "no question") {
		t.Errorf("banner: %q", b.ui.banner.Text())
	}
}

func TestTextModelIsAskedWithoutThePicture(t *testing.T) {
	e := &fakeEngine{}
	b := newBench(t, e)
	b.openSample(0)
	b.chooseModel("smollm2")
	b.askAbout("Why is the sky blue?")
	if r := e.asked()[0]; r.Picture != "" || r.PictureData != nil || r.Model != "smollm2" {
		t.Errorf("asked %q with %d bytes", r.Model, len(r.PictureData))
	}
}

func TestScrubbingChangesWhatIsShown(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.openSample(0)
	b.askAbout("Is there a tree?")
	b.stopPlaying()
	b.seek(1)
	before := b.drawn.overlay
	if got := b.tooltip(0, 0); len(got) < 2 || got[0] != "row 0, column 0" {
		t.Errorf("tooltip: %q", got)
	}
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	if b.at != 2 || b.drawn.overlay == before || b.ui.timeline.At() != 2 {
		t.Errorf("at layer %d, the timeline at %d", b.at, b.ui.timeline.At())
	}
	if got := strings.Join(b.tooltip(0, 0), " "); !strings.Contains(got, "dropped after layer 1") || !strings.Contains(got, "rank 256 of 256") {
		t.Errorf("tooltip: %q", got)
	}
	b.typedRune('a')
	if b.side() != b.state().Dense {
		t.Error("A does not show the dense side")
	}
	b.typedRune('3')
	if b.look.mode() != heatmap.Rank {
		t.Errorf("3 shows %v", b.look.mode())
	}
}

func TestShortRunIsPlayedOnceAndEndsAtTheLastLayer(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.openSample(0)
	b.askAbout("Is there a tree?")
	if b.playing == nil || b.at != 0 {
		t.Fatalf("not played; at layer %d", b.at)
	}
	b.until("the replay is over", func() bool { return b.playing == nil })
	if b.at != fakeLayers-1 {
		t.Errorf("it ends at layer %d", b.at)
	}
}

func uris(paths ...string) []fyne.URI {
	var out []fyne.URI
	for _, p := range paths {
		out = append(out, storage.NewFileURI(p))
	}
	return out
}

func TestDroppedPictureIsOpenedWhateverItsName(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	path := writePNG(t, "Foto é 1.png", 60, 40)
	b.dropped(fyne.Position{}, uris(path))
	b.until("it is open", func() bool { return b.in != nil })
	if b.in.Name != "Foto é 1.png" || b.in.Image.Bounds().Dx() != 60 || b.in.Path != path {
		t.Errorf("opened %q, %v", b.in.Name, b.in.Image.Bounds())
	}
	if !strings.Contains(b.ui.notice.Text(), "wrong with confidence") {
		t.Errorf("a photograph for the built-in model is not said: %q", b.ui.notice.Text())
	}
	b.openSample(2)
	if b.ui.notice.Text() != "" {
		t.Error("the notice stays over a sample scene")
	}
}

func TestOfSeveralFilesTheFirstPictureIsTaken(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("nothing to see"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.dropped(fyne.Position{}, uris(text, writePNG(t, "a.png", 8, 8), writePNG(t, "b.png", 9, 9)))
	b.until("one is open", func() bool { return b.in != nil })
	if b.in.Name != "a.png" || !strings.Contains(b.ui.banner.Text(), "3 files") {
		t.Errorf("opened %q, said %q", b.in.Name, b.ui.banner.Text())
	}
}

func TestWrongFileLosesNothing(t *testing.T) {
	dir := t.TempDir()
	bad := map[string]string{
		"empty.png": "", "text.jpg": "no picture", "cut.png": "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", "bad.jsonl": `{"type":"word"}`, "half.gguf/mmproj-half.gguf": "GGUF",
	}
	b := newBench(t, &fakeEngine{})
	b.openSample(1)
	b.askAbout("Is there a tree?")
	for name, content := range bad {
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		b.ui.banner.Dismiss()
		b.dropped(fyne.Position{}, uris(path))
		b.until(name+" is refused", func() bool { return b.ui.banner.Text() != "" })
		if b.in == nil || b.in.Name != "02-airplane.png" || b.ui.prunedCard.Text() != "One sheep." || b.form.Model != "" {
			t.Errorf("%s: something is lost", name)
		}
	}
	b.ui.banner.Dismiss()
	b.dropped(fyne.Position{}, uris(filepath.Join(dir, "gone.png")))
	b.until("it is refused", func() bool { return strings.Contains(b.ui.banner.Text(), "no file") })
	b.ui.banner.Dismiss()
	b.dropped(fyne.Position{}, nil)
	b.until("it is refused", func() bool { return b.ui.banner.Text() != "" })
}

func TestDroppedModelIsChosenWithItsProjectorBeside(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	dir := t.TempDir()
	decoder, projector := filepath.Join(dir, "llava-7b.gguf"), filepath.Join(dir, "mmproj-llava-7b.gguf")
	for _, p := range []string{decoder, projector} {
		if err := os.WriteFile(p, []byte("GGUF\x03\x00\x00\x00"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.dropped(fyne.Position{}, uris(projector, decoder))
	b.until("the model is chosen", func() bool { return b.form.Model == decoder })
	if !strings.HasPrefix(b.ui.modelMenu.Text(), "llava-7b.gguf") {
		t.Errorf("the menu says %q", b.ui.modelMenu.Text())
	}
}

// exportsOf writes a finished run as figure, trace and scores.
func exportsOf(t *testing.T, b *bench) (fig, jsonl, scores string) {
	t.Helper()
	dir := t.TempDir()
	fig, jsonl, scores = filepath.Join(dir, "run é.png"), filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "run.csv")
	layer := 2
	if err := figure.Write(fig, b.shown.state, b.shown.events, figure.Options{Layer: &layer}); err != nil {
		t.Fatal(err)
	}
	if err := trace.WriteFile(jsonl, b.shown.events); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(scores)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := writeScores(f, b.shown.state); err != nil {
		t.Fatal(err)
	}
	return fig, jsonl, scores
}

func TestDroppingAFigureOrTraceRestoresTheRun(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.openSample(4)
	b.form.Methods = []stage{{Name: "fastv", Params: map[string]string{"keep": "0.25"}}, {Name: "random", Off: true}}
	b.ui.stack.show()
	b.askAbout("How many sheep are there?")
	fig, jsonl, scores := exportsOf(t, b)

	for _, path := range []string{fig, jsonl} {
		fresh := newBench(t, &fakeEngine{})
		fresh.dropped(fyne.Position{}, uris(path))
		fresh.until("the run is back", func() bool { return fresh.state().Ended })
		if fresh.form.Question != "How many sheep are there?" || fresh.ui.question.Text != fresh.form.Question {
			t.Errorf("question: %q", fresh.form.Question)
		}
		if m := fresh.form.Methods; len(m) != 1 || m[0].Name != "fastv" || m[0].Params["keep"] != "0.25" || len(fresh.ui.stack.cards) != 1 {
			t.Errorf("methods: %v", m)
		}
		if fresh.in == nil || fresh.in.Name != "05-sheep.png" || fresh.in.Image.Bounds().Dx() != 448 || fresh.in.Scene == nil {
			t.Errorf("picture: %+v", fresh.in)
		}
		if fresh.ui.prunedCard.Text() != "One sheep." || !fresh.fits() || fresh.drawn.overlay == "none" {
			t.Error("the results are not back")
		}
		fresh.undo()
		if len(fresh.form.Methods) == 1 && fresh.form.Methods[0].Name == "fastv" {
			t.Error("undo does not bring the methods from before back")
		}
	}

	f, err := os.Open(scores)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) != 1+fakeLayers*256 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	kept := 0
	for _, l := range lines[1:] {
		if l[0] == "3" && l[6] == "true" {
			kept++
		}
	}
	if kept != fakeKept {
		t.Errorf("the CSV keeps %d tokens in layer 3, want %d", kept, fakeKept)
	}
}

func TestTraceWithoutItsPictureShowsAGreyOne(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	events := append([]trace.Event(nil), b.shown.events...)
	for i, e := range events {
		switch e := e.(type) {
		case trace.Started:
			e.Request.PictureData = nil
			events[i] = e
		case trace.Picture:
			e.Data = nil
			events[i] = e
		}
	}
	path := filepath.Join(t.TempDir(), "bare.jsonl")
	if err := trace.WriteFile(path, events); err != nil {
		t.Fatal(err)
	}
	fresh := newBench(t, &fakeEngine{})
	fresh.dropped(fyne.Position{}, uris(path))
	fresh.until("the run is back", func() bool { return fresh.state().Ended })
	if !strings.Contains(fresh.ui.banner.Text(), "carries no picture") || fresh.in == nil || !fresh.fits() {
		t.Errorf("banner: %q", fresh.ui.banner.Text())
	}
	// Asking again would ask about the grey picture.
	fresh.ask()
	if fresh.run != nil {
		t.Error("a run about the grey picture has begun")
	}
}

func TestPastedPathIsOpened(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	path := writePNG(t, "pasted one.png", 12, 12)
	b.app.Clipboard().SetContent("copy\nfile://" + strings.ReplaceAll(path, " ", "%20") + "\n")
	b.ui.question.TypedShortcut(&fyne.ShortcutPaste{Clipboard: b.app.Clipboard()})
	b.until("it is open", func() bool { return b.in != nil })
	if b.in.Name != "pasted one.png" {
		t.Errorf("opened %q", b.in.Name)
	}
	b.app.Clipboard().SetContent("How many?")
	b.ui.question.TypedShortcut(&fyne.ShortcutPaste{Clipboard: b.app.Clipboard()})
	if b.ui.question.Text != "How many?" {
		t.Errorf("the question is %q", b.ui.question.Text)
	}
}

func TestWindowRendersAtItsSizes(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.openSample(4)
	b.askAbout("How many sheep are there?")
	b.stopPlaying()
	for _, s := range []fyne.Size{{Width: 1440, Height: 900}, {Width: 1024, Height: 700}, {Width: 860, Height: 620}} {
		b.win.Resize(s)
		c := b.win.Canvas()
		if m := c.Content().MinSize(); m.Width > s.Width || m.Height > s.Height {
			t.Errorf("the window needs %v and has %v", m, s)
		}
		if got := c.Capture().Bounds().Size(); got.X < int(s.Width) {
			t.Errorf("captured %v of %v", got, s)
		}
		if narrow := s.Width < narrowBelow; b.ui.pages.Visible() != narrow {
			t.Errorf("at %v the switch between picture and results is %v", s, b.ui.pages.Visible())
		}
	}
	test.Tap(b.ui.askButton)
	if b.run == nil {
		t.Error("the button does not ask")
	}
	b.until("the run is done", func() bool { return b.run == nil })
}
