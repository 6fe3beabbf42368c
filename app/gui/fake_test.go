package gui

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"winnow/app/engine"
	"winnow/internal/trace"
)

// fakeEngine replays a script of events.
type fakeEngine struct {
	// script makes the events of a request; nil is replay.
	script func(trace.Request) []trace.Event
	// pause between two events.
	pause time.Duration
	// err is what Run returns after the events.
	err error

	mu       sync.Mutex
	runs     []trace.Request
	prepared int
	closed   bool
}

func (f *fakeEngine) Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	f.mu.Lock()
	f.runs = append(f.runs, r)
	script, pause, err := f.script, f.pause, f.err
	f.mu.Unlock()
	if script == nil {
		script = replay
		if r.Draw != nil {
			script = replayDrawing
		}
	}
	for _, e := range script(r) {
		select {
		case <-ctx.Done():
			emit(trace.Ended{Cancelled: true, MS: 12})
			return nil
		case <-time.After(pause):
		}
		emit(e)
	}
	return err
}

func (f *fakeEngine) Prepare(context.Context, trace.Request) {
	f.mu.Lock()
	f.prepared++
	f.mu.Unlock()
}

func (f *fakeEngine) Models(context.Context) ([]engine.ModelEntry, error) {
	return []engine.ModelEntry{
		{Name: "sprites", Title: "Sprites 5.7M", Vision: true, Installed: true, BuiltIn: true, Bytes: 6_400_000},
		{Name: "smollm2", Title: "SmolLM2 135M", Installed: true, Bytes: 98_000_000},
		{Name: "sprites-draw", Title: "Sprites Draw", Draws: true, Installed: true, BuiltIn: true},
		{Name: "big", Title: "Big 7B", Vision: true, Install: "winnow models install big"},
	}, nil
}

func (f *fakeEngine) Devices(context.Context) ([]engine.DeviceEntry, error) {
	return []engine.DeviceEntry{{ID: "cpu", Description: "a processor", Threads: 2}}, nil
}

func (f *fakeEngine) Close() error { f.closed = true; return nil }

func (f *fakeEngine) asked() []trace.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs
}

// The run that replay scripts: 16 × 16 visual tokens after 2 others, 6 layers, 41 tokens left
// after layer 1.
const (
	fakeSide, fakeLayers, fakeKept = 16, 6, 41
	fakeFirst                      = 2
)

func replay(r trace.Request) []trace.Event {
	n := fakeSide * fakeSide
	tokens := make([]trace.Token, 0, n+6)
	scores := make(trace.Floats, 0, n+6)
	nan := float32(math.NaN())
	for i := range n + 6 {
		t, s := trace.Token{Kind: "text", Position: i}, nan
		if c := i - fakeFirst; c >= 0 && c < n {
			t = trace.Token{Kind: "visual", Row: c / fakeSide, Col: c % fakeSide, Position: i}
			s = float32((c*73)%n) + 1
		}
		tokens, scores = append(tokens, t), append(scores, s)
	}
	var kept, dropped, rest []int
	for i, s := range scores {
		switch {
		case s != s:
			rest = append(rest, i)
		case s > float32(n-fakeKept):
			kept, rest = append(kept, i), append(rest, i)
		default:
			dropped = append(dropped, i)
		}
	}
	threshold := float64(n - fakeKept + 1)
	sum := fakeSum(r)
	out := []trace.Event{
		trace.Started{Schema: trace.Schema, Version: "test", Time: fmt.Sprintf("2026-01-02T03:04:05Z %s", r.Question()), Request: r},
		trace.Model{Name: "Sprites", Layers: fakeLayers, FFN: 32, Device: "cpu", Backend: "fake", Threads: 2},
		trace.Picture{Name: r.PictureName, Width: 448, Height: 448, SHA256: sum, Seen: trace.Box{X1: 448, Y1: 448}, Rows: fakeSide, Cols: fakeSide, Data: r.PictureData},
		trace.Sequence{Tokens: tokens},
		trace.SideStarted{Side: trace.Dense},
	}
	for l := range fakeLayers {
		out = append(out, trace.Layer{Side: trace.Dense, Layer: l, N: len(tokens)})
	}
	out = append(out,
		trace.Word{Side: trace.Dense, Text: "Two"}, trace.Word{Side: trace.Dense, Text: " sheep"}, trace.Word{Side: trace.Dense, Text: "."},
		summary(trace.Dense, "Two sheep.", n, n))
	if len(r.Methods) > 0 {
		out = append(out, trace.SideStarted{Side: trace.Pruned})
		for l := range fakeLayers {
			e := trace.Layer{Side: trace.Pruned, Layer: l, N: len(tokens)}
			if l >= 2 {
				e.N, e.Rows = len(rest), rest
			}
			out = append(out, e)
			if l == 1 {
				out = append(out, trace.Decision{Side: trace.Pruned, Method: r.Methods[0].Name, Kind: "drop", Phase: "prefill", Layer: 1, From: 2, To: 5,
					Rows: dropped, Kept: kept, Scores: scores, Threshold: &threshold, Inclusive: true, Unit: "match", Rule: fmt.Sprintf("match ≥ %v, the elbow of the sorted curve", threshold)})
			}
		}
		out = append(out,
			trace.Decision{Side: trace.Pruned, Method: r.Methods[0].Name, Kind: "neurons", Phase: "decode", Layer: 5, From: 1, To: 4, Neurons: []int{1, 5, 9}},
			trace.Word{Side: trace.Pruned, Text: "One"}, trace.Word{Side: trace.Pruned, Text: " sheep"}, trace.Word{Side: trace.Pruned, Text: "."},
			summary(trace.Pruned, "One sheep.", n, fakeKept))
	}
	return append(out, trace.Ended{MS: 310, PeakMemory: 58 << 20})
}

func summary(side, answer string, of, kept int) trace.SideDone {
	by := make([]int, fakeLayers)
	for l := range by {
		by[l] = of
		if l >= 2 {
			by[l] = kept
		}
	}
	f := float64(kept) / float64(of)
	return trace.SideDone{Side: side, Answer: answer, Ended: "end token", TTFTMS: 60*f + 10, Tokens: 3, TokensPerSecond: 100 + 100/f,
		PrefillFLOPs: int64(1e9 * f), KVBytes: int64(401_000 * f), DecodeWeightBytes: 1e6, KeptByLayer: by, Visual: of}
}

// fakeSum is the hash of the picture asked about, as the engine would find it.
func fakeSum(r trace.Request) string {
	var o opened
	if r.Picture != "" {
		o = loadFile(context.Background(), r.Picture)
	} else if r.PictureData != nil {
		o = loadBytes(context.Background(), r.PictureData, r.PictureName)
	}
	if o.in == nil {
		return ""
	}
	return o.in.SHA256
}

// bench is a window on a test driver whose calls to Fyne's thread are run by the test.
type bench struct {
	*window
	t     *testing.T
	queue chan func()
}

func newBench(t *testing.T, e engine.Engine) *bench {
	t.Helper()
	return benchOn(t, e, "")
}

// benchOn begins with settings that were remembered.
func benchOn(t *testing.T, e engine.Engine, form string) *bench {
	t.Helper()
	t.Setenv("LANG", "en_US.UTF-8")
	a := test.NewTempApp(t)
	a.Preferences().SetString(keyForm, form)
	queue := make(chan func(), 1024)
	b := &bench{window: newWindowOn(a, e, func(f func()) { queue <- f }), t: t, queue: queue}
	t.Cleanup(func() {
		b.close()
		b.settle()
	})
	b.started()
	b.until("the engine has listed its models", func() bool { return len(b.models) > 0 })
	return b
}

// patience is how long a test waits; plain Go computes the real model's runs for seconds.
const patience = 60 * time.Second

// until runs what is queued until a condition holds.
func (b *bench) until(what string, holds func() bool) {
	b.t.Helper()
	limit := time.After(patience)
	for !holds() {
		select {
		case f := <-b.queue:
			f()
		case <-limit:
			b.t.Fatalf("%v passed and not yet: %s", patience, what)
		}
	}
}

// settle runs what is queued for a short while.
func (b *bench) settle() {
	for {
		select {
		case f := <-b.queue:
			f()
		case <-time.After(60 * time.Millisecond):
			return
		}
	}
}

// openFirst opens a sample scene.
func (b *bench) openSample(i int) {
	b.t.Helper()
	b.openScene(i)
	b.until("the scene is open", func() bool { return b.in != nil && b.in.Scene != nil })
}

// askAbout asks and waits for the end.
func (b *bench) askAbout(question string) {
	b.t.Helper()
	b.ui.question.SetText(question)
	b.ask()
	if b.run == nil {
		b.t.Fatalf("nothing was asked; the banner says %q", b.ui.banner.Text())
	}
	b.until("the run is done", func() bool { return b.run == nil })
}

// writePNG makes a picture file.
func writePNG(t *testing.T, name string, width, height int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		img.Set(i%width, i/width, color.RGBA{uint8(i), uint8(i / 7), 90, 255})
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	return path
}
