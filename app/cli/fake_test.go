package cli

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"winnow/app/engine"
	"winnow/internal/trace"
)

// fakeEngine answers without a model: 4 × 4 visual tokens, 3 layers, half dropped after layer 0.
type fakeEngine struct {
	fail    string // the run's error
	started chan struct{}
	halfway func() // ends a sweep at the value 0.5
	asked   trace.Request
	closed  bool
}

func (f *fakeEngine) Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	f.asked = r
	emit(trace.Started{Schema: trace.Schema, Version: "0", Time: "2026-01-02T03:04:05Z", Request: r})
	emit(trace.Model{Name: "tiny", Layers: 3, Hidden: 8, FFN: 16, Parameters: 1_234_567, Types: "q8_0", Device: "ref", Threads: 2})
	emit(trace.Notice{Text: "computing in plain Go"})
	if f.fail != "" {
		emit(trace.Failed{Error: f.fail})
		emit(trace.Ended{})
		return errors.New(f.fail)
	}
	emit(trace.Picture{Name: r.PictureName, Width: 64, Height: 64, Rows: 4, Cols: 4, EncodeMS: 3, Seen: trace.Box{X1: 64, Y1: 64}})
	tokens := []trace.Token{{Kind: "text", Part: "user"}}
	for i := range 16 {
		tokens = append(tokens, trace.Token{Kind: "visual", Part: "user", Row: i / 4, Col: i % 4, Position: i + 1})
	}
	emit(trace.Sequence{Tokens: tokens})
	emit(trace.SideStarted{Side: trace.Dense})
	for l := range 3 {
		emit(trace.Layer{Side: trace.Dense, Layer: l, N: 17, FLOPs: 1000})
	}
	emit(trace.Word{Side: trace.Dense, Text: " A\x1b[31m cat"})
	emit(trace.Word{Side: trace.Dense, Step: 1, Text: " sits"})
	if f.started != nil {
		close(f.started)
		<-ctx.Done()
		emit(trace.SideDone{Side: trace.Dense, Answer: "A cat sits", Ended: "cancelled"})
		emit(trace.Ended{Cancelled: true})
		return nil
	}
	emit(trace.SideDone{Side: trace.Dense, Answer: "A cat sits", Ended: "end token", TTFTMS: 60, PrefillMS: 50, DecodeMS: 20, Tokens: 2,
		TokensPerSecond: 100, PrefillFLOPs: 3000, DecodeFLOPs: 500, KVBytes: 4000, DecodeWeightBytes: 800, KeptByLayer: []int{16, 16, 16}, Visual: 16})
	if r.Sweep != nil {
		for i, v := range r.Sweep.Values {
			emit(trace.Point{Index: i, Value: v, KL: 0.5 - float64(i)/10, Top1: 0.75, Steps: 2, Summary: trace.SideDone{Side: trace.Pruned,
				TTFTMS: 30, PrefillFLOPs: 1500, KVBytes: 1000 * int64(i+1), KeptByLayer: []int{16, 8, 8}, Visual: 16}})
			if v == "0.5" && f.halfway != nil {
				f.halfway()
				emit(trace.Ended{Cancelled: true})
				return nil
			}
		}
	} else {
		for i, s := range r.Stacks() {
			if len(s.Methods) > 0 {
				f.prune(emit, trace.SideName(i), s.Methods[0].Name)
			}
		}
	}
	emit(trace.Ended{MS: 150, PeakMemory: 1 << 20})
	return nil
}

func (f *fakeEngine) prune(emit func(trace.Event), side, method string) {
	emit(trace.SideStarted{Side: side})
	emit(trace.Layer{Side: side, Layer: 0, N: 17, FLOPs: 1000})
	scores := trace.Floats{float32(math.NaN())}
	var rows, kept []int
	for i := range 16 {
		scores = append(scores, float32(i))
		if i < 8 {
			rows = append(rows, i+1)
		} else {
			kept = append(kept, i+1)
		}
	}
	emit(trace.Decision{Side: side, Method: method, Kind: "drop", Phase: "prefill", From: 1, To: 2, Rows: rows, Kept: kept,
		Scores: scores, Unit: "core neurons matched", Rule: "match ≥ 8, the elbow"})
	emit(trace.Decision{Side: side, Method: method, Kind: "neurons", Phase: "decode", Layer: 1, From: 1, To: 1, Neurons: []int{1, 5, 6}})
	alive := append([]int{0}, kept...)
	for l := 1; l < 3; l++ {
		emit(trace.Layer{Side: side, Layer: l, Rows: alive, N: len(alive), FLOPs: 500})
	}
	emit(trace.Word{Side: side, Text: "A cat"})
	emit(trace.Word{Side: side, Step: 1, Text: " sleeps"})
	emit(trace.SideDone{Side: side, Answer: "A cat sleeps", Ended: "end token", TTFTMS: 30, PrefillMS: 25, SelectMS: 1, DecodeMS: 10,
		Tokens: 2, TokensPerSecond: 200, PrefillFLOPs: 2000, DecodeFLOPs: 250, KVBytes: 2000, DecodeWeightBytes: 400, KeptByLayer: []int{16, 8, 8}, Visual: 16})
}

func (f *fakeEngine) Prepare(context.Context, trace.Request) {}
func (f *fakeEngine) Close() error                           { f.closed = true; return nil }
func (f *fakeEngine) Models(context.Context) ([]engine.ModelEntry, error) {
	return []engine.ModelEntry{
		{Name: "sprites", Title: "LLaVA sprites", Vision: true, Installed: true, BuiltIn: true, Bytes: 12_300_000, Licence: "MIT", Note: "knows painted scenes only"},
		{Name: "big", Title: "Big", Install: "run `winnow models install big`", Licence: "Apache-2.0"}}, nil
}
func (f *fakeEngine) Devices(context.Context) ([]engine.DeviceEntry, error) {
	return []engine.DeviceEntry{{ID: "cpu", Description: "a processor", Backend: "ggml cpu", Threads: 2, MemoryFree: 8_000_000_000}, {ID: "ref", Description: "plain Go"}}, nil
}

// fakeChat repeats what it was told.
type fakeChat struct {
	said   []string
	resets int
	closed bool
}

func (f *fakeChat) Say(ctx context.Context, text string, s trace.Sampling, emit func(trace.Event)) error {
	f.said = append(f.said, text)
	if text == "fail" {
		return errors.New("the conversation is full; start a new one")
	}
	for _, w := range strings.SplitAfter("you said "+text, " ") {
		emit(trace.Word{Side: trace.Dense, Text: w})
	}
	emit(trace.SideDone{Side: trace.Dense, Ended: "end token", TTFTMS: 5, TokensPerSecond: 40})
	return ctx.Err()
}
func (f *fakeChat) Reset() { f.resets++ }
func (f *fakeChat) Close() { f.closed = true }

// desk is a terminal with a fake engine behind it.
type desk struct {
	engine fakeEngine
	chat   fakeChat
	in     string
	ctx    context.Context

	windows  []Window // opened
	noWindow bool
}

// run gives what a command line prints and its exit code.
func (d *desk) run(t *testing.T, args ...string) (out, notes string, code int) {
	t.Helper()
	ctx := d.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	var o, e bytes.Buffer
	code = Run(ctx, args, Env{In: strings.NewReader(d.in), Out: &o, Err: &e,
		NewEngine: func() engine.Engine { return &d.engine },
		OpenChat:  func(context.Context, string, string, int) (Chat, error) { return &d.chat, nil },
		Window: func(w Window) error {
			if d.noWindow {
				return ErrNoWindow
			}
			d.windows = append(d.windows, w)
			return nil
		}})
	return o.String(), e.String(), code
}

// has fails where a text lacks one of the parts.
func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s lacks %q:\n%s", what, p, text)
		}
	}
}
